"""What is appended to a row, remembered by its key cells: what judging costs is paid once a key.

A key is the bytes of the cells that a verdict rests on, as in `vitd,22.5,ng/mL`. `Memo` is a dict of what
has been said, so that a known key costs one look-up; what an unknown one costs is in `ways.py`.

Keys that come often are among the first to come: so what is known when it is full stays, and other keys are
worked out each time. Only where too many rows have one of those, as in another part of a file that is sorted,
is all forgotten, and learnt anew.

How often each key came is counted where it is asked for, by `CountingMemo`; a second dict would cost half as
much as the first. So an answer stands there in an `itertools.repeat` with a number of times: giving it once
more counts it down.
"""

import sys
from collections.abc import Iterable, Iterator
from itertools import repeat
from operator import length_hint
from typing import Any

from labcheck.sources.records import split_line
from labcheck.sources.tally import Tally
from labcheck.sources.verdicts import Kind, Reported
from labcheck.sources.ways import LONGEST_KEY, Group, Key, Ways

MOST = 32_000
"""So many keys are known at most, for each result of a row; they take some 9 MB."""

_ONE_IN = 8
"""Where one row in so many has a key that is not known, it is time to learn anew."""

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
        self._rows = self._unknown = 0  # since it was last asked whether to learn anew
        self._until_asked = MOST

    def given(self, keys: Iterable[Key]) -> list[bytes]:
        """Answer rows with these keys."""
        return list(map(self.__getitem__, keys))

    def __missing__(self, key: Key) -> Any:
        text = self._text(key)
        answer, group = self.ways.of(self._cells(text))
        if group.is_refused and self._tally.wants(group.kind):
            self.named[answer] = group.kind
        if len(self) >= MOST:
            self._unknown += 1
            return self._once(answer, group)
        if len(text) > LONGEST_KEY:
            return self._once(answer, group)
        self[key] = known = self._remembered(key, answer, group)
        return known

    def _once(self, answer: bytes, group: Group) -> Any:
        """Count an answer that is not remembered, and return what gives it."""
        self.count(answer, group)
        return answer

    def _remembered(self, key: Key, answer: bytes, group: Group) -> Any:
        """Count an answer, now or later, and return what gives it from now on."""
        return self._once(answer, group)

    def count(self, answer: bytes, group: Group) -> None:
        """Count an answer once."""
        group.counted += 1

    def learn_anew_if_due(self, rows: int) -> None:
        """Forget all where too few of the keys that come are known; `rows` have come since the last call."""
        self._rows += rows
        if self._unknown < self._until_asked:
            return
        if self._unknown * _ONE_IN > self._rows:
            self._forget()
            self._until_asked *= 2  # where each row has a key of its own, no keys are better than others
        else:
            self._until_asked = MOST
        self._rows = self._unknown = 0

    def _forget(self) -> None:
        """Count what was asked for, as far as it is not counted yet, and remember nothing."""
        self.clear()

    def hand_over(self) -> None:
        """Count in the tally what was counted here, and remember nothing."""
        self._forget()
        for kind, group in self.ways.groups.items():
            if group.counted:
                self._tally.kinds[kind] += group.counted
                group.counted = 0

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

    def _once(self, answer: bytes, group: Group) -> Iterator[bytes]:
        self.count(answer, group)
        return iter((answer,))

    def _remembered(self, key: Key, answer: bytes, group: Group) -> "repeat[bytes]":
        group.keys.append(key)
        return repeat(answer, _TIMES)

    def count(self, answer: bytes, group: Group) -> None:
        super().count(answer, group)
        self._count_value(answer, group, 1)

    def _forget(self) -> None:
        for group in self.ways.groups.values():
            lefts = list(map(length_hint, map(self.__getitem__, group.keys)))
            group.counted += len(lefts) * _TIMES - sum(lefts)
            if self._tally.widths:
                for key, left in zip(group.keys, lefts, strict=True):
                    self._count_value(next(self[key]), group, _TIMES - left)
            group.keys.clear()
        super()._forget()

    def _count_value(self, answer: bytes, group: Group, times: int) -> None:
        if self._tally.widths:
            canonical = split_line(answer, self._delimiter)[2].decode()
            self._tally.count_value(group.kind.analyte, canonical, times)

    def start_again(self) -> None:
        super().start_again()
        for key, answers in self.items():
            self[key] = repeat(next(answers), _TIMES)
