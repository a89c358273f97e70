"""What is appended to a row, remembered by its key cells: what judging costs is paid once a key.

A key is the bytes of the cells that a verdict rests on, as in `vitd,22.5,ng/mL`. `Memo` is a dict of what
has been said, so that a known key costs one look-up; what an unknown one costs is in `ways.py`.

It is the younger of two generations. When it is full, it becomes the older one, and what that still had is
forgotten: a key that comes again moves from the older to the younger. Where few do, as with values that have
many digits, remembering costs more than it saves, and only one new key in a few is remembered from then on.

How often each key came is counted where it is asked for, by `CountingMemo`; a second dict would cost half as
much as the first. So an answer stands there in an `itertools.repeat` with a number of times: giving it once
more counts it down.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import cycle, repeat
from operator import length_hint
from typing import Any

from labcheck.sources.records import split_line
from labcheck.sources.tally import Tally
from labcheck.sources.verdicts import Kind, Reported
from labcheck.sources.ways import LONGEST_KEY, Group, Key, Ways

GENERATION = 16_000
"""Distinct keys in a generation, for each result of a row; two of them take some 9 MB."""

_ONE_IN = 8
"""One new key in so many is remembered where fewer come again: one that comes often is soon among them."""

_TURNS = 1021
"""A prime, so that the turns of keys to be remembered never keep step with a table that repeats itself."""

_TIMES = sys.maxsize

_QUOTE = ord('"')  # bytes are looked through for a number much faster than for other bytes


class Memo(dict[Key, Any]):
    """What to append to a row for one of its results, by the row's key.

    A value is what gives the answer: here, the answer itself. A kind of result that comes is counted at least
    once. `named` are those refusals, with their kinds, of which the rows are still to be named.
    """

    def __init__(self, ways: Ways, tally: Tally) -> None:
        """Ask `ways` for what is not known."""
        super().__init__()
        self.ways = ways
        self.named: dict[bytes, Kind] = {}
        self._delimiter = ways.delimiter
        self._tally = tally
        self._older: dict[Key, Any] = {}
        self._had = 0  # so many keys the older generation had at first
        self._sparing = False
        self._one_in_few = cycle(turn % _ONE_IN == 0 for turn in range(_TURNS))

    def given(self, keys: Iterable[Key]) -> list[bytes]:
        """Answer rows with these keys."""
        return list(map(self.__getitem__, keys))

    def __missing__(self, key: Key) -> Any:
        if (known := self._older.pop(key, None)) is not None:
            self[key] = known
            return known
        text = self._text(key)
        answer, group = self.ways.of(self._cells(text))
        if group.is_refused and self._tally.wants(group.kind):
            self.named[answer] = group.kind
        if len(text) > LONGEST_KEY or (self._sparing and not next(self._one_in_few)):
            self.count(answer, group)
            return self._once(answer)
        self[key] = known = self._remembered(key, answer, group)
        return known

    def _once(self, answer: bytes) -> Any:
        """Return what gives an answer that is not remembered."""
        return answer

    def _remembered(self, key: Key, answer: bytes, group: Group) -> Any:
        """Return what gives an answer from now on."""
        self.count(answer, group)
        return answer

    def count(self, answer: bytes, group: Group) -> None:
        """Count an answer once."""
        group.counted += 1

    def forget_if_large(self) -> None:
        """Keep memory flat; to be called now and then."""
        if len(self) > GENERATION:
            self._sparing = (self._had - len(self._older)) * _ONE_IN < self._had
            self._drop(self._older)
            self._older, self._had = dict(self), len(self)
            self.clear()

    def hand_over(self) -> None:
        """Count in the tally what was counted here, and remember nothing."""
        for known in (self._older, self):
            self._drop(known)
            known.clear()
        for kind, group in self.ways.groups.items():
            if group.counted:
                self._tally.kinds[kind] += group.counted
                group.counted = 0

    def _drop(self, known: Mapping[Key, Any]) -> None:
        """Count what is to be forgotten."""

    def start_again(self) -> None:
        """Count from nothing, and go on remembering."""
        for group in self.ways.groups.values():
            group.counted = 0

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


class CountingMemo(Memo):
    """One that counts each result, and its value where the tally has bins for it."""

    def given(self, keys: Iterable[Key]) -> list[bytes]:
        return list(map(next, map(self.__getitem__, keys)))

    def _once(self, answer: bytes) -> Iterator[bytes]:
        return iter((answer,))

    def _remembered(self, key: Key, answer: bytes, group: Group) -> "repeat[bytes]":
        group.keys.append(key)
        return repeat(answer, _TIMES)

    def count(self, answer: bytes, group: Group) -> None:
        super().count(answer, group)
        self._count_value(answer, group, 1)

    def _drop(self, known: Mapping[Key, "repeat[bytes]"]) -> None:
        if not known:
            return
        for group in self.ways.groups.values():
            gone = [key for key in group.keys if key in known]
            group.keys = [key for key in group.keys if key not in known]
            lefts = list(map(length_hint, map(known.__getitem__, gone)))
            group.counted += len(gone) * _TIMES - sum(lefts)
            if self._tally.widths:
                for key, left in zip(gone, lefts, strict=True):
                    self._count_value(next(known[key]), group, _TIMES - left)

    def _count_value(self, answer: bytes, group: Group, times: int) -> None:
        if self._tally.widths:
            canonical = split_line(answer, self._delimiter)[2].decode()
            self._tally.count_value(group.kind.analyte, canonical, times)

    def start_again(self) -> None:
        super().start_again()
        for known in (self._older, self):
            for key, answers in known.items():
                known[key] = repeat(next(answers), _TIMES)
