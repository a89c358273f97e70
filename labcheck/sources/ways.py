"""The key cells of a row -> what is appended to it, worked out: what a key costs that is not remembered.

Rows that differ in their value alone share a `_Way`, and most plain numbers are answered from its stretches;
the core is asked for what is left. In a table whose values are nearly all different, even that is most of the
work; so `Ways.quick` answers rows that differ in the digits behind the point alone, as 22.5 and 22.71.
"""

import re
from collections.abc import Callable, Sequence
from itertools import count
from typing import NamedTuple

from labcheck.sources.columns import Measured
from labcheck.sources.records import quoted
from labcheck.sources.rows import Given, Judge
from labcheck.sources.stretches import Same, Stretches
from labcheck.sources.verdicts import NOT_COVERED, Kind, Verdict

LONGEST = 250
"""Of more bytes than this nothing is remembered."""

_JUDGED = 4_000
_BEGUN = 8_000
_FEW = 200
_ONCE = 32_000

Key = bytes | tuple[bytes, ...]
"""Key cells as they stand in the file: a run of neighbouring cells, or several runs."""


class Group:
    """The answers of one kind: the keys of those that are remembered, a count of the others."""

    __slots__ = ("keys", "kind", "others")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.keys: list[Key] = []
        self.others = count()


Part = tuple[bytes, bytes, Group]
"""What stands before and behind the canonical value in answers of a group."""


class _Way(NamedTuple):
    """How rows that differ in their value alone are answered; where nothing else is known, by the core.

    `always` is the verdict on any value, `plain` the one on any plain number; `parts` are what an answer is
    made of, for each of the `stretches` that is not for the core to judge.
    """

    given: Given
    always: Verdict | None = None
    plain: Same | None = None
    stretches: Stretches | None = None
    parts: Sequence[Part | None] = ()


_Begun = tuple[bytes, bytes, Group, bytes, Callable[[int, int], bytes] | None]
"""How rows are answered whose values begin alike: a part, the digits before the point, and what converts."""


class Ways:
    """Answers rows for one of their results, by their key cells, in the order of their columns."""

    def __init__(
        self,
        measured: Measured,
        judge: Judge,
        delimiter: bytes,
        decode: Callable[[bytes], str],
        *,
        end: bytes,
        notice: Callable[[str], object],
    ) -> None:
        """Write `end` behind each answer; tell `notice` names that are only like one that is covered."""
        columns = sorted(measured.columns.values())
        roles = {column: role for role, column in measured.columns.items()}
        self._roles = [roles[column] for column in columns]
        self._value = self._roles.index("value")
        self._unit = measured.unit
        self._judge = judge
        self._delimiter = delimiter
        self._decode = decode
        self._end = end
        self._tell = notice
        self._ways: dict[tuple[bytes, ...], _Way] = {}
        self._once: set[tuple[bytes, ...]] = set()
        self.groups: dict[Kind, Group] = {}
        self._judged: dict[tuple[bytes, ...], Verdict] = {}
        self._begun: dict[tuple[bytes, bytes], _Begun | tuple[()]] = {}
        mark = re.escape(delimiter)
        self._fraction = re.compile(
            rb'(%b[1-9]\d{0,6}+)\.(\d{1,6}+)(%b[^"]*+|)' % (rb'[^"%b]*+%b' % (mark, mark) * self._value, mark)
        ).fullmatch

    def quick(self, key: bytes) -> tuple[bytes, Group] | None:
        """Answer a row by its key cells as they stand, if its value is of many that begin and end up alike.

        Keys without quotes, and with the same bytes before and behind the digits that follow the value's
        point, are of rows that differ in these digits alone.
        """
        if not (found := self._fraction(key)):
            return None
        begin, digits, end = found.groups()
        begun = self._begun.get((begin, end))
        if begun is None:
            begun = self._beginning(key, begin, end)
        if not begun:
            return None
        before, behind, group, whole, converted = begun
        value = converted(int(whole + digits), len(digits)) if converted else digits
        return before + value + behind, group

    def _beginning(self, key: bytes, begin: bytes, end: bytes) -> _Begun | tuple[()]:
        """Return how to answer rows that differ in digits between `begin` and `end`; nothing if not alike."""
        cells = key.split(self._delimiter)
        whole, _, _ = cells.pop(self._value).partition(b".")
        if (way := self._ways.get(tuple(cells))) is None:
            return ()
        begun: _Begun | tuple[()] = ()
        if way.stretches and (at := way.stretches.of_all(whole)) is not None and (part := way.parts[at]):
            before, behind, group = part
            if way.stretches.converts:
                begun = before, behind, group, whole, way.stretches.converted
            else:
                begun = before + whole + b".", behind, group, whole, None
        if len(self._begun) > _BEGUN:
            self._begun.clear()
        self._begun[begin, end] = begun
        return begun

    def of(self, cells: list[bytes]) -> tuple[bytes, Group]:
        """Answer a row with these key cells, and say of what kind the answer is."""
        value = cells.pop(self._value)
        others = tuple(cells)
        way = self._ways.get(others) or self._way(others)
        if way.stretches and (found := way.stretches.find(value)) and (part := way.parts[found[0]]):
            before, behind, group = part
            return before + found[1] + behind, group
        if way.always:
            return self._written(way.always)
        if way.plain and way.plain.includes(value):
            return self._written(way.plain.verdict)
        return self._written(self._asked(value, others, way))

    def verdict(self, cells: list[bytes]) -> Verdict:
        """Return the verdict on a row with these key cells."""
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

    def _asked(self, value: bytes, others: tuple[bytes, ...], way: _Way) -> Verdict:
        key = (*others, value)
        verdict = self._judged.get(key)
        if verdict is None:
            if len(self._judged) > _JUDGED:
                self._judged.clear()
            verdict = self._padded(self._judge.judge(self._decode(value), way.given))
            self._notice(verdict, way.given)
            if sum(map(len, key)) <= LONGEST:
                self._judged[key] = verdict
        return verdict

    def _written(self, verdict: Verdict) -> tuple[bytes, Group]:
        return self._joined(verdict.cells) + self._end, self._group(verdict.kind)

    def _way(self, others: tuple[bytes, ...]) -> _Way:
        given = self._given(others)
        if sum(map(len, others)) > LONGEST:
            return self._found_way(given)
        if len(self._ways) > _FEW and others not in self._once:
            # Where each row has others, as a range of its own, working out a way for one row would cost most.
            if len(self._once) > _ONCE:
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
            self._tell(name)

    def _found_way(self, given: Given) -> _Way:
        match self._judge.stretches(given):
            case Verdict() as verdict:
                return _Way(given, always=self._padded(verdict))
            case Same() as same:
                return _Way(given, plain=same._replace(verdict=self._padded(same.verdict)))
            case Stretches() as stretches:
                return _Way(
                    given, stretches=stretches, parts=[v and self._part(v) for v in stretches.verdicts]
                )
            case None:
                return _Way(given)

    def _part(self, verdict: Verdict) -> Part:
        before = self._joined(verdict.cells[:1]) + self._delimiter
        return before, self._joined(verdict.cells[2:]) + self._end, self._group(verdict.kind)

    def _group(self, kind: Kind) -> Group:
        if (group := self.groups.get(kind)) is None:
            group = self.groups[kind] = Group(kind)
        return group

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
