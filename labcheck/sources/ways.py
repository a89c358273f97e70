"""The key cells of a row -> what is appended to it, worked out: what a key costs that is not remembered.

Rows that differ in their value alone share a way of answering them; most plain numbers are answered from its
stretches, and the core is asked for what is left.
"""

from collections.abc import Callable, Sequence

from labcheck.errors import Usage
from labcheck.model import REFUSED
from labcheck.sources.layout import Measured
from labcheck.sources.records import quoted
from labcheck.sources.roles import normalised
from labcheck.sources.rows import Given, Judge
from labcheck.sources.stretches import Same, Stretches
from labcheck.sources.verdicts import NOT_COVERED, Kind, Reported, Verdict
from labcheck.wording import quote

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

Key = bytes | tuple[bytes, ...]
"""Key cells as they stand in the file: a run of neighbouring cells, or several runs."""


class Group:
    """The answers of one kind: how many were counted, and the keys of those that are to be counted later."""

    __slots__ = ("counted", "is_refused", "keys", "kind")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.is_refused = kind.category == REFUSED
        self.keys: list[Key] = []
        self.counted = 0


Answer = tuple[bytes, Group]
"""What is appended to a row, and the group it is counted in."""

Part = tuple[bytes, bytes, Group]
"""What stands before and behind the canonical value in answers of a group."""


_Way = Callable[[bytes], Answer | None]
"""Answers rows that differ in their value alone, by that, unless it is for the core."""


class Ways:
    """Answers rows for one of their results, by their key cells, which are those of `columns`."""

    def __init__(
        self,
        measured: Measured,
        judge: Judge,
        delimiter: bytes,
        decode: Callable[[bytes], str],
        *,
        header: Sequence[str],
        end: bytes,
        notice: Callable[[str], object],
    ) -> None:
        """Write `end` behind each answer; `header` has the names of all columns.

        Tell `notice` the names of tests that are not covered but like one that is.
        """
        self._names = {role: header[column] for role, column in measured.columns.items()}
        self.columns = sorted(measured.columns.values())
        self.delimiter = delimiter
        self.groups: dict[Kind, Group] = {}
        roles = {column: role for role, column in measured.columns.items()}
        self._roles = [roles[column] for column in self.columns]
        self._value = self._roles.index("value")
        self._unit = measured.unit
        self._range_units = measured.range_units(header)
        self._judge = judge
        self._decode = decode
        self._end = end
        self._tell = notice
        self._ways: dict[tuple[bytes, ...], _Way] = {}
        self._once: set[tuple[bytes, ...]] = set()
        self._judged: dict[tuple[bytes, ...], Answer] = {}

    def of(self, cells: list[bytes]) -> Answer:
        """Answer a row with these key cells, which are used up."""
        value = cells.pop(self._value)
        others = tuple(cells)
        way = self._ways.get(others) or self._way(others)
        return way(value) or self._asked(value, others)

    def reported(self, cells: Sequence[bytes]) -> Reported:
        """Return what a row with these key cells says of its result."""
        value, others = cells[self._value], [*cells[: self._value], *cells[self._value + 1 :]]
        return self._given(others).reported(self._decode(value))

    def _asked(self, value: bytes, others: tuple[bytes, ...]) -> Answer:
        key = (*others, value)
        answer = self._judged.get(key)
        if answer is None:
            if len(self._judged) > _JUDGED:
                self._judged.clear()
            text, given = self._decode(value), self._given(others)
            self._check_is_no_header(text, given)
            answer = self._answer(self._judge.judge(text, given))
            self._notice(answer, given)
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
            return _asks
        way = self._found_way(given)
        if short:
            if len(self._ways) > _WAYS:
                self._ways.clear()
                self._once.clear()
            self._ways[others] = way
        return way

    def _notice(self, answer: Answer, given: Given) -> None:
        """Keep the name of a test that is not covered but like one that is."""
        if answer[1].kind == NOT_COVERED.kind and (name := self._judge.look_alike(given)):
            self._tell(name)

    def _check_is_no_header(self, value: str, given: Given) -> None:
        """Raise Usage where names of columns stand in a row, other ones than in the header."""
        if not self._judge.heads(value, given):
            return
        said = {
            **{role: text for role, text in given._asdict().items() if role in self._names},
            "value": value,
        }
        for role, text in said.items():
            if normalised(text or "") != normalised(self._names[role]):
                other, name = quote(text or ""), quote(self._names[role])
                raise Usage(
                    f"among the rows stands a second line of names, with {other} where the first has {name}; "
                    "split the file before it"
                )

    def _found_way(self, given: Given) -> _Way:
        if self._judge.may_head(given):
            return _asks
        match self._judge.stretches(given):
            case Verdict() as verdict:
                always = self._answer(verdict)
                self._notice(always, given)
                return lambda _: always
            case Same() as same:
                if_plain = self._answer(same.verdict)
                return lambda value: if_plain if same.includes(value) else None
            case Stretches() as stretches:
                return stretches.answers([v and self._part(v) for v in stretches.verdicts])
            case None:
                return _asks

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
        return Given(header_unit=self._unit, **known).with_range_units(self._range_units)

    def _joined(self, cells: Sequence[str]) -> bytes:
        return b"".join(self.delimiter + quoted(cell, self.delimiter) for cell in cells)


def _asks(_: bytes) -> None:
    """Leave each value to the core."""
