"""Cells that nothing reads, and that would change a verdict if they belonged to the result beside them.

A comparator or a unit under a header that is not known would be lost without a word; so the run stops and
asks. The first rows are looked at cell by cell, all others for the signs of comparators alone.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from labcheck.errors import LabcheckError, Usage
from labcheck.flags import off_scale
from labcheck.model import COMPARATORS
from labcheck.sources.columns import Layout
from labcheck.sources.records import records
from labcheck.sources.roles import OPTIONS, Role
from labcheck.sources.rows import OPERATORS
from labcheck.units import read_unit
from labcheck.wording import quote

FIRST = 300
"""So many rows are looked at cell by cell."""

_SIGNS = frozenset(sign.strip("=") for sign in COMPARATORS)
_MARKS = _SIGNS | {"/", "%"}
"""What a cell has that says one of these things in another way than by a word."""

_WORDS = frozenset(word for word, sign in OPERATORS.items() if sign and word.replace(" ", "").isalpha())
_SPECIMENS = frozenset((
    *("urine", "urin", "urina", "orina", "mocz", "sammelurin", "spontanurin", "csf", "liquor"),
    *("stool", "stuhl", "feces", "faeces", "heces", "saliva", "speichel"),
))  # fmt: skip
"""What alone in a cell can be nothing but a specimen."""

_LONGEST = 40
"""Of longer cells, which are remarks, nothing is thought."""


class _Found(NamedTuple):
    """A cell that would count, in which column and row, and what it says that a column of `role` would."""

    role: Role
    column: int
    row: int | None
    cell: str
    says: str


class Unread:
    """The cells of a table that nothing reads, by its header and its results."""

    def __init__(self, header: Sequence[str], layout: Layout, asked: Container[str]) -> None:
        """Take the roles that are `asked` for: an option names their column, or says that there is none."""
        self._header = header
        self._layout = layout
        read = {number for one in layout.results for number in one.columns.values()}
        self._unread = [number for number in range(len(header)) if number not in read]
        settled = {role for role in OPTIONS if role in asked}
        if layout.wide and all(one.unit for one in layout.results):
            settled.add("unit")
        for role in ("unit", "specimen"):
            if all(role in one.columns for one in layout.results):
                settled.add(role)
        self._settled = settled

    @property
    def watches(self) -> bool:
        """Whether all rows are to be looked through for comparators, as no column is known to hold them."""
        known = all("comparator" in one.columns for one in self._layout.results)
        return not known and "comparator" not in self._settled

    def check(self, rows: Iterable[tuple[int | None, Sequence[str]]]) -> None:
        """Raise Usage for what is found in the cells of rows, each with its number if it has one."""
        words: dict[int, _Found] = {}
        others: set[int] = set()
        for row, cells in rows:
            for number in self._unread:
                cell = cells[number].strip() if number < len(cells) else ""
                if cell.upper() in _WORDS:
                    words.setdefault(number, _Found("comparator", number, row, cell, " by itself"))
                elif cell:
                    others.add(number)
                    if len(cell) <= _LONGEST and (not _MARKS.isdisjoint(cell) or cell.lower() in _SPECIMENS):
                        for found in self._found(number, row, cell, cells):
                            self._ask(found)
        for number, found in words.items():
            if number not in others:  # `LT` is a country, too
                self._ask(found)

    def check_signs(self, rows: Iterable[tuple[int | None, Sequence[str]]]) -> None:
        """Raise Usage for a comparator that stands alone in one of the cells."""
        for row, cells in rows:
            for number in self._unread:
                if number < len(cells) and cells[number].strip() in COMPARATORS:
                    self._ask(_Found("comparator", number, row, cells[number], " by itself"))

    def _found(self, number: int, row: int | None, cell: str, cells: Sequence[str]) -> Iterator[_Found]:
        if cell in COMPARATORS:
            yield _Found("comparator", number, row, cell, " by itself")
        elif not _SIGNS.isdisjoint(cell):
            if off_scale([cell]):
                yield _Found("flag", number, row, cell, ", which says that a value was off the scale")
            for one in self._layout.results:
                value = cells[one.columns["value"]] if one.columns["value"] < len(cells) else ""
                if cell[0] in _SIGNS and _same_number(cell.lstrip("<>=≤≥ "), value):
                    yield _Found("value", number, row, cell, f", where {quote(value)} is read")
        elif cell.lower() in _SPECIMENS:
            yield _Found("specimen", number, row, cell, ", which is no blood")
        else:
            with suppress(LabcheckError):
                unit = read_unit(cell).code
                if any(one.unit != unit for one in self._layout.results):
                    yield _Found("unit", number, row, cell, ", which is a unit")

    def _ask(self, found: _Found) -> None:
        if found.role in self._settled:
            return
        option = OPTIONS[found.role]
        known = [one.columns[found.role] for one in self._layout.results if found.role in one.columns]
        name, other = self._named(found.column), self._named(known[0]) if known else "''"
        where = f"column {found.column + 1}" + ("" if found.row is None else f", row {found.row}")
        advice = f"say that it is the result's with {option} {name}, or that it is not with {option} {other}"
        if found.role == "value":
            which = "--column vitd=COLUMN:UNIT" if self._layout.wide else option
            advice = f"say which column holds the results with {which}"
        raise Usage(
            f"{quote(self._header[found.column])} ({where}) has {quote(found.cell)}{found.says}; {advice}"
        )

    def _named(self, column: int) -> str:
        """Return how an option names a column."""
        name = self._header[column]
        return quote(name) if self._header.count(name) == 1 else str(column + 1)


class UnreadText:
    """The same of a table in text; nearly all of it is passed over without a look at its cells."""

    def __init__(
        self, unread: Unread, columns: int, delimiter: bytes, decode: Callable[[bytes], str]
    ) -> None:
        self._unread = unread
        self._columns = columns
        self._delimiter = delimiter
        self._decode = decode
        self._looked_at = 0
        self._ends = re.compile(rb'=?[\s\xc2\xa0]*"?(?:[%b\r\n]|\Z)' % re.escape(delimiter)).match

    def check(self, data: bytes, row: int, *, final: bool) -> None:
        """Raise Usage for what is found in these records, which come behind that row.

        An incomplete record at the end is left, unless `final` says that nothing follows.
        """
        if self._looked_at < FIRST:
            rows = list(islice(self._rows(data, row, final=final), FIRST - self._looked_at))
            self._looked_at += len(rows)
            self._unread.check(rows)
        if self._unread.watches and self._has_a_sign(data):
            self._unread.check_signs(self._rows(data, row, final=final))

    def _rows(self, data: bytes, row: int, *, final: bool) -> Iterator[tuple[int, list[str]]]:
        for number, record in enumerate(records(data, self._delimiter, final=final), row + 1):
            yield number, [self._decode(cell) for cell in record.cells[: self._columns]]

    def _has_a_sign(self, data: bytes) -> bool:
        """Say whether a cell may end in the sign of a comparator."""
        return any(self._ends_a_cell(sign.encode(), data) for sign in _SIGNS)

    def _ends_a_cell(self, sign: bytes, data: bytes) -> bool:
        size = len(sign)
        at = data.find(sign) if sign[:1] in data else -1  # one byte is found much faster than several
        while at >= 0 and (data[at + size : at + size + 1].isdigit() or not self._ends(data, at + size)):
            at = data.find(sign, at + size)
        return at >= 0


def _same_number(text: str, other: str) -> bool:
    with suppress(ValueError):
        return float(text.replace(",", ".")) == float(other.replace(",", "."))
    return False
