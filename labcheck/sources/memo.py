"""What is appended to a row, remembered by its key cells, and counted: what judging costs is paid once a key.

A key is the bytes of the cells that a verdict rests on, as in `vitd,22.5,ng/mL`. `Memo` is a dict of what
has been said, so that a known key costs one look-up; what an unknown one costs is in `ways.py`. When it is
full, it forgets the rarer half. Where most keys came only once till then, as values do that have many digits,
remembering costs more than it saves, and only one new key in a few is remembered from then on.

How often a key came is to be known, for the counts and for what to forget; a second dict for that would cost
half as much as the first. So an answer stands in an `itertools.repeat` with a number of times: giving it once
more counts it down.
"""

import sys
from collections.abc import Iterable, Iterator
from itertools import cycle, islice, repeat
from operator import length_hint

from labcheck.sources.records import split_line
from labcheck.sources.tally import Tally
from labcheck.sources.verdicts import Kind, Reported
from labcheck.sources.ways import LONGEST_KEY, Group, Key, Ways

MOST_KEYS = 32_000
"""Distinct keys remembered for each result of a row; some 9 MB."""

_ONE_IN = 8
"""One new key in so many is remembered where most come once: one that comes often is soon among them."""

_TURNS = 1021
"""A prime, so that the turns of keys to be remembered never keep step with a table that repeats itself."""

_TIMES = sys.maxsize

_QUOTE = ord('"')  # bytes are looked through for a number much faster than for other bytes

_SAMPLE = 500
"""Size of the sample that tells how often keys come."""


class Memo(dict[Key, "repeat[bytes]"]):
    """What to append to a row for one of its results, by the row's key.

    `named` are those refusals, with their kinds, of which the rows are still to be named, `passed` those
    answers whose rows --only passes on.
    """

    def __init__(self, ways: Ways, tally: Tally, *, only: frozenset[str]) -> None:
        """Ask `ways` for what is not known; `only` are the categories that --only passes on."""
        super().__init__()
        self.ways = ways
        self.named: dict[bytes, Kind] = {}
        self.passed: set[bytes] = set()
        self._delimiter = ways.delimiter
        self._tally = tally
        self._only = only
        self._sparing = False  # most keys came only once
        self._one_in_few = cycle(turn % _ONE_IN == 0 for turn in range(_TURNS))

    def given(self, keys: Iterable[Key]) -> list[bytes]:
        """Answer rows with these keys, and count them."""
        return list(map(next, map(self.__getitem__, keys)))

    def __missing__(self, key: Key) -> Iterator[bytes]:
        text = self._text(key)
        short = len(text) <= LONGEST_KEY
        answer, group = self.ways.of(self._cells(text))
        if group.is_refused and self._tally.wants(group.kind):
            self.named[answer] = group.kind
        if self._only and group.kind.category in self._only:
            self.passed.add(answer)
        if short and (not self._sparing or next(self._one_in_few)):
            group.keys.append(key)
            self[key] = times = repeat(answer, _TIMES)
            return times
        self.count(answer, group)
        return iter((answer,))

    def count(self, answer: bytes, group: Group) -> None:
        """Count an answer that is not remembered."""
        group.others += 1
        if self._tally.widths:
            self._tally.count_value(group.kind.analyte, self._canonical(answer), 1)

    def hand_over(self) -> None:
        """Count in the tally what was counted here, and remember nothing."""
        self._forget(0)

    def start_again(self) -> None:
        """Count from nothing, and go on remembering."""
        for key, known in self.items():
            self[key] = repeat(next(known), _TIMES)
        for group in self.ways.groups.values():
            group.others = 0

    def forget_if_large(self) -> None:
        """Keep memory flat: leave the keys that come most often; to be called now and then."""
        if len(self) > MOST_KEYS:
            some = sorted(map(length_hint, islice(self.values(), 0, None, 1 + len(self) // _SAMPLE)))
            median = some[len(some) // 2]
            self._sparing = median >= _TIMES - 1
            self._forget(median)
        elif len(self.passed) > 2 * MOST_KEYS:
            self._renew_passed()

    def _forget(self, least: int) -> None:
        """Forget the keys that have `least` times left or more; count in the tally how often they came."""
        rest: dict[Key, repeat[bytes]] = {}
        for kind, group in self.ways.groups.items():
            kept, gone = [], group.others
            lefts = map(length_hint, map(self.__getitem__, group.keys))
            for key, left in zip(group.keys, lefts, strict=True):
                if left < least:
                    kept.append(key)
                    rest[key] = self[key]
                    continue
                gone += _TIMES - left
                if self._tally.widths:
                    self._tally.count_value(kind.analyte, self._canonical(next(self[key])), _TIMES - left)
            group.keys, group.others = kept, 0
            if gone:
                self._tally.kinds[kind] += gone
        self.clear()  # keys taken out one by one leave holes, and a dict with holes grows more than it needs
        self.update(rest)
        self._renew_passed()

    def _renew_passed(self) -> None:
        """Leave in `passed` the answers that are remembered."""
        self.passed.clear()
        for kind, group in self.ways.groups.items():
            if kind.category in self._only:
                for key in group.keys:
                    left, answer = length_hint(self[key]), next(self[key])
                    self[key] = repeat(answer, left)
                    self.passed.add(answer)

    def _canonical(self, answer: bytes) -> str:
        """Return the canonical value in an answer, empty if it has none."""
        return split_line(answer, self._delimiter)[2].decode()

    def unname(self) -> None:
        """Leave out of `named` what the tally has enough rows of."""
        self.named = {answer: kind for answer, kind in self.named.items() if self._tally.wants(kind)}

    def reported(self, key: Key) -> Reported:
        """Return what a row with this key says of its result."""
        return self.ways.reported(self._cells(self._text(key)))

    def _text(self, key: Key) -> bytes:
        return key if isinstance(key, bytes) else self._delimiter.join(key)

    def _cells(self, text: bytes) -> list[bytes]:
        """Return the cells of a key's text; beside quotes, a NUL stands for a delimiter in quotes."""
        if _QUOTE not in text:
            return text.split(self._delimiter)
        return split_line(text.replace(b"\0", self._delimiter), self._delimiter)
