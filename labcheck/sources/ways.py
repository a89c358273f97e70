"""The key cells of a row -> what is appended to it, worked out: what a key costs that is not remembered.

Rows that differ in their value alone share a `_Way`, and most plain numbers are answered from its stretches;
the core is asked for what is left. In a table whose values are nearly all different, even that is most of the
work; so `Ways.quick` answers rows that differ in the digits behind the point alone, as 22.5 and 22.71.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from labcheck.sources.columns import Measured
from labcheck.sources.records import quoted
from labcheck.sources.rows import Given, Judge
from labcheck.sources.stretches import Same, Stretches
from labcheck.sources.verdicts import NOT_COVERED, Kind, Reported, Verdict

LONGEST_KEY = 250
"""Keys of more bytes than this are not remembered."""

_WAYS = 1_000
"""How many combinations of the other cells a way is kept for; about 8 kB each."""

_EACH_ITS_OWN = 200
"""Beyond this many, a way is worked out only for a combination that has come before."""

_SEEN_ONCE = 32_000
"""How many combinations are remembered as seen once; about 7 MB."""

_JUDGED = 4_000
"""How many verdicts of the core are remembered; about 3 MB."""

_ALIKE = 8_000
"""How many beginnings and ends of keys are remembered; about 3 MB."""

Key = bytes | tuple[bytes, ...]
"""Key cells as they stand in the file: a run of neighbouring cells, or several runs."""


class Group:
    """The answers of one kind: the keys of those that are remembered, and how many others were given."""

    __slots__ = ("keys", "kind", "others")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.keys: list[Key] = []
        self.others = 0


Answer = tuple[bytes, Group]
"""What is appended to a row, and the group it is counted in."""

Part = tuple[bytes, bytes, Group]
"""What stands before and behind the canonical value in answers of a group."""


class _Way(NamedTuple):
    """How rows that differ in their value alone are answered; where nothing else is known, by the core.

    `always` is the answer to any value, or to any that `only` includes; `parts` are what an answer is made
    of, for each of the `stretches` that is not for the core to judge.
    """

    given: Given
    always: Answer | None = None
    only: Same | None = None
    stretches: Stretches | None = None
    parts: Sequence[Part | None] = ()


_Alike = tuple[bytes, bytes, Group, bytes, Callable[[int, int], bytes] | None]
"""What answers rows that differ only behind the point: a part, the digits before it, the converter."""


class Ways:
    """Answers rows for one of their results, by their key cells, which are those of `columns`."""

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
        """Write `end` behind each answer.

        Tell `notice` the names of tests that are not covered but like one that is.
        """
        self.columns = sorted(measured.columns.values())
        self.delimiter = delimiter
        self.groups: dict[Kind, Group] = {}
        roles = {column: role for role, column in measured.columns.items()}
        self._roles = [roles[column] for column in self.columns]
        self._value = self._roles.index("value")
        self._unit = measured.unit
        self._judge = judge
        self._decode = decode
        self._end = end
        self._tell = notice
        self._ways: dict[tuple[bytes, ...], _Way] = {}
        self._once: set[tuple[bytes, ...]] = set()
        self._judged: dict[tuple[bytes, ...], Answer] = {}
        self._by_affixes: dict[tuple[bytes, bytes], _Alike | tuple[()]] = {}
        cell, split = rb'[^"%b]*+' % re.escape(delimiter), re.escape(delimiter)
        self._fraction = re.compile(  # as much as a plain number may have
            rb'(%b[1-9]\d{0,6}+)\.(\d{1,6}+)(%b[^"]*+|)' % ((cell + split) * self._value, split)
        ).fullmatch

    def quick(self, key: bytes) -> Answer | None:
        """Answer a row by its key as it stands, if its value and all that begin so far get the same verdict.

        Keys without quotes, with the same prefix up to the point of the value and the same suffix behind its
        digits, are of rows that differ in these digits alone.
        """
        if not (found := self._fraction(key)):
            return None
        prefix, digits, suffix = found.groups()
        alike = self._by_affixes.get((prefix, suffix))
        if alike is None:
            alike = self._find_alike(key, prefix, suffix)
        if not alike:
            return None
        before, behind, group, whole, converted = alike
        value = converted(int(whole + digits), len(digits)) if converted else digits
        return before + value + behind, group

    def _find_alike(self, key: bytes, prefix: bytes, suffix: bytes) -> _Alike | tuple[()]:
        """Return how to answer rows with these affixes, or nothing if that depends on the digits between."""
        cells = key.split(self.delimiter)
        whole, _, _ = cells.pop(self._value).partition(b".")
        if (way := self._ways.get(tuple(cells))) is None:
            return ()
        alike: _Alike | tuple[()] = ()
        if way.stretches and (at := way.stretches.of_all(whole)) is not None and (part := way.parts[at]):
            before, behind, group = part
            if way.stretches.converts:
                alike = before, behind, group, whole, way.stretches.converted
            else:
                alike = before + whole + b".", behind, group, whole, None
        if len(self._by_affixes) > _ALIKE:
            self._by_affixes.clear()
        self._by_affixes[prefix, suffix] = alike
        return alike

    def of(self, cells: list[bytes]) -> Answer:
        """Answer a row with these key cells, which are used up."""
        value = cells.pop(self._value)
        others = tuple(cells)
        way = self._ways.get(others) or self._way(others)
        if way.stretches and (found := way.stretches.find(value)) and (part := way.parts[found[0]]):
            before, behind, group = part
            return before + found[1] + behind, group
        if way.always and (way.only is None or way.only.includes(value)):
            return way.always
        return self._asked(value, others, way)

    def reported(self, cells: Sequence[bytes]) -> Reported:
        """Return what a row with these key cells says of its result."""
        value, others = cells[self._value], [*cells[: self._value], *cells[self._value + 1 :]]
        return self._given(others).reported(self._decode(value))

    def _asked(self, value: bytes, others: tuple[bytes, ...], way: _Way) -> Answer:
        key = (*others, value)
        answer = self._judged.get(key)
        if answer is None:
            if len(self._judged) > _JUDGED:
                self._judged.clear()
            answer = self._answer(self._judge.judge(self._decode(value), way.given))
            self._notice(answer, way.given)
            if sum(map(len, key)) <= LONGEST_KEY:
                self._judged[key] = answer
        return answer

    def _way(self, others: tuple[bytes, ...]) -> _Way:
        given = self._given(others)
        short = sum(map(len, others)) <= LONGEST_KEY
        if short and len(self._ways) > _EACH_ITS_OWN and others not in self._once:
            # Where each row has others, as a range of its own, working out a way for one row would cost most.
            if len(self._once) > _SEEN_ONCE:
                self._once.clear()
            self._once.add(others)
            return _Way(given)
        way = self._found_way(given)
        self._notice(way.always, given)
        if short:
            if len(self._ways) > _WAYS:
                self._ways.clear()
                self._once.clear()
            self._ways[others] = way
        return way

    def _notice(self, answer: Answer | None, given: Given) -> None:
        """Keep the name of a test that is not covered but like one that is."""
        if answer and answer[1].kind == NOT_COVERED.kind and (name := self._judge.look_alike(given)):
            self._tell(name)

    def _found_way(self, given: Given) -> _Way:
        match self._judge.stretches(given):
            case Verdict() as verdict:
                return _Way(given, self._answer(verdict))
            case Same() as same:
                return _Way(given, self._answer(same.verdict), same)
            case Stretches() as stretches:
                return _Way(
                    given, stretches=stretches, parts=[v and self._part(v) for v in stretches.verdicts]
                )
            case None:
                return _Way(given)

    def _answer(self, verdict: Verdict) -> Answer:
        """Return a verdict as it is written, filled up if it has fewer cells than others."""
        missing = len(self._judge.cells) - len(verdict.cells)
        return self._joined((*verdict.cells, *[""] * missing)) + self._end, self._group(verdict.kind)

    def _part(self, verdict: Verdict) -> Part:
        before = self._joined(verdict.cells[:1]) + self.delimiter
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
        return b"".join(self.delimiter + quoted(cell, self.delimiter) for cell in cells)
