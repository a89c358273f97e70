"""The key cells of a row -> what is appended to it, remembered: what judging costs is paid once a key.

A key is the bytes of the cells that a verdict rests on, as in `vitd,22.5,ng/mL`. `Answers` is a dict of what
has been said, so that a known key costs one look-up; the rest of the module is what an unknown one costs,
which is most of the work in a table whose values are all different. Rows that differ in their value alone
share a `_Way`, and most plain numbers are answered from its stretches; the core is asked for what is left.

How often a key came is to be known, for the counts and for what to forget; a second dict for that would cost
half as much as the first. So an answer stands in an `itertools.repeat` with a number of times: giving it once
more counts it down.
"""

import csv
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, repeat
from operator import length_hint
from typing import NamedTuple

from labcheck.sources.columns import Measured
from labcheck.sources.records import quoted
from labcheck.sources.rows import Given, Judge
from labcheck.sources.stretches import Same, Stretches
from labcheck.sources.tally import Tally
from labcheck.sources.verdicts import NOT_COVERED, Kind, Verdict

MEMO = 32_000
"""Distinct keys remembered for each result of a row; some 9 MB."""

_TIMES = sys.maxsize

_SAMPLE = 500
"""So many keys tell which half comes more often."""

_JUDGED = 4_000
_FEW = 200
_LONGEST = 250
"""A key of more bytes is not remembered."""

Key = bytes | tuple[bytes, ...]
"""Key cells as they stand in the file: a run of neighbouring cells, or several runs."""


class _Way(NamedTuple):
    """How rows that differ in their value alone are answered; where nothing else is known, by the core.

    `always` is the verdict on any value, `plain` the one on any plain number; `parts` are what stands before
    and behind the canonical value, for each of the `stretches` that is not for the core to judge.
    """

    given: Given
    always: Verdict | None = None
    plain: Same | None = None
    stretches: Stretches | None = None
    parts: Sequence[tuple[bytes, bytes, Kind] | None] = ()


class Answers(dict[Key, "repeat[bytes]"]):
    """What to append to a row for one of its results, by the row's key.

    `named` are those refusals, with their kinds, of which the rows are still to be named, `passed` those
    answers whose rows --only passes on.
    """

    def __init__(
        self,
        measured: Measured,
        judge: Judge,
        delimiter: bytes,
        decode: Callable[[bytes], str],
        tally: Tally,
        *,
        end: bytes,
        only: frozenset[str],
    ) -> None:
        """Write `end` behind each answer; `only` are the categories that --only passes on."""
        super().__init__()
        self.columns = sorted(measured.columns.values())
        self.named: dict[bytes, Kind] = {}
        self.passed: set[bytes] = set()
        roles = {column: role for role, column in measured.columns.items()}
        self._roles = [roles[column] for column in self.columns]
        self._value = self._roles.index("value")
        self._unit = measured.unit
        self._judge = judge
        self._delimiter = delimiter
        self._decode = decode
        self._tally = tally
        self._end = end
        self._only = only
        self._ways: dict[tuple[bytes, ...], _Way] = {}
        self._once: set[tuple[bytes, ...]] = set()
        self._judged: dict[tuple[bytes, ...], Verdict] = {}
        self._keys: defaultdict[Kind, list[Key]] = defaultdict(list)

    def given(self, keys: Iterable[Key]) -> list[bytes]:
        """Answer rows with these keys, and count them."""
        return list(map(next, map(self.__getitem__, keys)))

    def __missing__(self, key: Key) -> "repeat[bytes]":
        if type(key) is bytes and b'"' not in key:
            answer, kind = self.of(key.split(self._delimiter))
        else:
            runs = (key,) if isinstance(key, bytes) else key
            answer, kind = self.of([cell for run in runs for cell in self._split(run)])
        if kind.category in self._only:
            self.passed.add(answer)
        if (len(key) if isinstance(key, bytes) else sum(map(len, key))) > _LONGEST:
            self.count(answer, kind)
            return repeat(answer, 1)
        self._keys[kind].append(key)
        known = self[key] = repeat(answer, _TIMES)
        return known

    def of(self, cells: list[bytes]) -> tuple[bytes, Kind]:
        """Answer a row with these key cells, in the order of their columns, and say of what kind it is."""
        value = cells.pop(self._value)
        others = tuple(cells)
        way = self._ways.get(others) or self._way(others)
        if way.stretches and (found := way.stretches.find(value)) and (part := way.parts[found[0]]):
            before, behind, kind = part
            return before + found[1] + behind, kind
        if way.always:
            return self._written(way.always)
        if way.plain and way.plain.includes(value):
            return self._written(way.plain.verdict)
        return self._written(self._asked(value, others, way))

    def verdict(self, cells: list[bytes]) -> Verdict:
        """Return the verdict on a row with these key cells, in the order of their columns."""
        value = cells.pop(self._value)
        others = tuple(cells)
        way = self._ways.get(others) or self._way(others)
        if way.stretches and (found := way.stretches.find(value)):
            stretch, canonical = found
            if known := way.stretches.verdicts[stretch]:
                analyte, _, *rest = known.cells
                return known._replace(cells=(analyte, canonical.decode(), *rest))
        if way.always:
            return way.always
        return self._asked(value, others, way)

    def count(self, answer: bytes, kind: Kind) -> None:
        """Count in the tally an answer that is not remembered."""
        self._tally.count(kind, self._canonical(answer))

    def hand_over(self) -> None:
        """Count in the tally what was counted here, and remember nothing."""
        self._forget(0)

    def start_again(self) -> None:
        """Count from nothing, and go on remembering."""
        for key, known in self.items():
            self[key] = repeat(next(known), _TIMES)

    def forget_if_large(self) -> None:
        """Keep memory flat: leave the keys that come most often; to be called now and then."""
        if len(self) > MEMO or len(self.passed) > 2 * MEMO:
            some = sorted(map(length_hint, islice(self.values(), 0, None, 1 + len(self) // _SAMPLE)))
            self._forget(some[len(some) // 2] if some else 0)

    def _forget(self, least: int) -> None:
        """Forget the keys that have `least` times left or more; count in the tally how often they came."""
        self.passed.clear()
        for kind, keys in self._keys.items():
            kept, gone = [], 0
            for key in keys:
                known = self[key]
                left = length_hint(known)
                if left >= least:
                    del self[key]
                    gone += _TIMES - left
                    if self._tally.widths:
                        self._tally.count_value(kind.analyte, self._canonical(next(known)), _TIMES - left)
                    continue
                kept.append(key)
                if kind.category in self._only:
                    answer = next(known)
                    self[key] = repeat(answer, left)
                    self.passed.add(answer)
            self._keys[kind] = kept
            self._tally.kinds[kind] += gone

    def _canonical(self, answer: bytes) -> str:
        """Return the canonical value in an answer, empty if it has none."""
        return answer.split(self._delimiter, 3)[2].decode()

    def unname(self) -> None:
        """Leave out of `named` what the tally has enough rows of."""
        self.named = {answer: kind for answer, kind in self.named.items() if self._tally.wants(kind)}

    def _asked(self, value: bytes, others: tuple[bytes, ...], way: _Way) -> Verdict:
        key = (*others, value)
        verdict = self._judged.get(key)
        if verdict is None:
            if len(self._judged) > _JUDGED:
                self._judged.clear()
            verdict = self._padded(self._judge.judge(self._decode(value), way.given))
            self._notice(verdict, way.given)
            if sum(map(len, key)) <= _LONGEST:
                self._judged[key] = verdict
        return verdict

    def _written(self, verdict: Verdict) -> tuple[bytes, Kind]:
        answer = self._joined(verdict.cells) + self._end
        if self._tally.wants(verdict.kind):
            self.named[answer] = verdict.kind
        return answer, verdict.kind

    def _way(self, others: tuple[bytes, ...]) -> _Way:
        given = self._given(others)
        if sum(map(len, others)) > _LONGEST:
            return self._found_way(given)
        if len(self._ways) > _FEW and others not in self._once:
            # Where each row has others, as a range of its own, working out a way for one row would cost most.
            if len(self._once) > MEMO:
                self._once.clear()
            self._once.add(others)
            return _Way(given)
        if len(self._ways) > _JUDGED:
            self._ways.clear()
            self._once.clear()
        way = self._ways[others] = self._found_way(given)
        self._notice(way.always, given)
        return way

    def _notice(self, verdict: Verdict | None, given: Given) -> None:
        """Keep the name of a test that is not covered but like one that is."""
        if verdict and verdict.kind == NOT_COVERED.kind and (name := self._judge.look_alike(given)):
            self._tally.look_alike(name)

    def _found_way(self, given: Given) -> _Way:
        match self._judge.stretches(given):
            case Verdict() as verdict:
                return _Way(given, always=self._padded(verdict))
            case Same() as same:
                return _Way(given, plain=same._replace(verdict=self._padded(same.verdict)))
            case Stretches() as stretches:
                return _Way(
                    given, stretches=stretches, parts=[v and self._parts(v) for v in stretches.verdicts]
                )
            case None:
                return _Way(given)

    def _parts(self, verdict: Verdict) -> tuple[bytes, bytes, Kind]:
        before = self._joined(verdict.cells[:1]) + self._delimiter
        return before, self._joined(verdict.cells[2:]) + self._end, verdict.kind

    def _given(self, others: Sequence[bytes]) -> Given:
        roles = [role for role in self._roles if role != "value"]
        known = dict(zip(roles, map(self._decode, others), strict=True))
        return Given(header_unit=self._unit, **known)

    def _joined(self, cells: Sequence[str]) -> bytes:
        return b"".join(self._delimiter + quoted(cell, self._delimiter) for cell in cells)

    def _padded(self, verdict: Verdict) -> Verdict:
        """Fill up a verdict that has fewer cells than others."""
        missing = len(self._judge.cells) - len(verdict.cells)
        return verdict._replace(cells=(*verdict.cells, *[""] * missing)) if missing else verdict

    def _split(self, run: bytes) -> list[bytes]:
        """Return the cells of a run; beside quotes, a NUL stands for a delimiter in quotes."""
        if b'"' not in run:
            return run.split(self._delimiter)
        text = run.replace(b"\0", self._delimiter).decode("latin-1")
        row = next(csv.reader([text], delimiter=self._delimiter.decode()))
        return [cell.encode("latin-1") for cell in row]
