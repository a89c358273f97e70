"""Cells that nothing reads, and that would change a verdict if they belonged to the result beside them.

A comparator, a unit, the name of another test or specimen, or a mark that a result does not count would be
lost without a word under a header that is not known; so the run stops and asks. The first rows are looked at
cell by cell, all others for the signs of comparators alone.
"""

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from itertools import islice

from labcheck.errors import Usage
from labcheck.identify import Identifier
from labcheck.model import COMPARATOR_WORDS, COMPARATORS
from labcheck.sources.findings import WIDE_ONES, At, Findings, Found
from labcheck.sources.hints import (
    OF_COMPARATORS,
    OF_OTHER_VALUES,
    OF_PLACES,
    as_copy,
    is_copy,
    is_number,
    is_of,
    is_value,
    unit_in,
)
from labcheck.sources.known import Known, cell_of
from labcheck.sources.layout import Layout
from labcheck.sources.records import records
from labcheck.sources.roles import OPTIONS, Role, normalised
from labcheck.sources.rows import LEAVE_OPEN, OPERATORS, WORDS
from labcheck.units import are_same, read_unit
from labcheck.wording import quote

FIRST = 300
"""So many rows are looked at cell by cell."""

_AS_BYTES = [sign.encode() for sign in sorted({sign.strip("=") for sign in COMPARATORS})]
_DIGITS = frozenset(b"0123456789")
_TEXTS = frozenset(("component", "status", "specimen"))
"""Roles in whose columns a comparator would say nothing."""

_LONGEST = 80
"""Longer cells are remarks, and are passed over."""

Row = tuple[int | None, Sequence[str]]
"""The cells of a row, and its number if it has one."""


class Unread:
    """The cells of a table that nothing reads, by its header and its results."""

    def __init__(
        self,
        header: Sequence[str],
        layout: Layout,
        asked: Container[str],
        identifier: Identifier,
        units: Collection[str] = (),
    ) -> None:
        """Take the roles that are `asked` for: an option names their column, or says that there is none.

        `units` are the codes of those that rows without one are taken to be in.
        """
        self._header = header
        self._called = [*map(normalised, header)]
        self._layout = layout
        read = {number for one in layout.results for number in one.columns.values()}
        self._unread = [number for number in range(len(header)) if number not in read]
        self._texts = {
            number for one in layout.results for role, number in one.columns.items() if role in _TEXTS
        }
        self._settled = {role for role in OPTIONS if role in asked}
        have_units = all(one.unit or "unit" in one.columns for one in layout.results)
        if layout.wide and len(layout.results) > 1 and have_units:
            self._settled.add("unit")
        self._known = Known(layout, units, identifier)
        self._have_comparators = all("comparator" in one.columns for one in layout.results)
        self._findings = Findings(self._called, layout, self._unread, self._known, identifier)
        self._words: dict[int, Found] = {}
        self._copies: dict[int, Found] = {}
        self._names: dict[int, Found] = {}  # columns with other names than those of the one test
        self._ours: set[int] = set()  # columns with its name
        said = {one.columns["comparator"] for one in layout.results if "comparator" in one.columns}
        self._called_so = set[int]() if "comparator" in self._settled else said  # by their names alone
        self._no_operators: dict[int, Row] = {}  # those that begin with something else
        self._operators: set[int] = set()  # those that have comparators
        self._others: set[int] = set()  # columns with other cells than such words
        self._differ: set[int] = set()  # columns with other cells than copies of the value

    @property
    def watches(self) -> bool:
        """Whether all rows are to be looked through for comparators, as no column is known to hold them."""
        return "comparator" not in self._settled and not self._have_comparators

    def check(self, rows: Iterable[Row]) -> None:
        """Raise Usage for what is found in the cells of these rows, as far as one cell tells it."""
        for row, cells in rows:
            self._look_for_signs(row, cells, self._texts)
            self._look_for_units(row, cells)
            self._look_at_comparators(row, cells)
            for number in self._unread:
                cell = cell_of(cells, number)
                if self._is_word(cell.upper(), self._called[number]):
                    found = Found("comparator", number, row, cell, " by itself", self._layout.results)
                    if self._known.covers(cells) and not self._have_comparators:
                        self._words.setdefault(number, found)
                elif cell:
                    self._others.add(number)
                    if len(cell) <= _LONGEST:
                        self._look_at(number, row, cell, cells)

    def _is_word(self, cell: str, name: str) -> bool:
        """Say whether a cell, in capitals, is a word for a comparator, as far as its column's name tells."""
        if cell not in WORDS:
            return False
        can_be_more = cell not in COMPARATOR_WORDS or len(cell) == len("LT")  # also initials, places, genes
        return is_of(OF_COMPARATORS, name) if can_be_more else not is_of(OF_PLACES, name)

    def decide(self) -> None:
        """Raise Usage for what only all the cells of a column tell, of those that were looked at."""
        for number, found in self._words.items():
            if number not in self._others:
                self._ask(found)
        for number, found in self._copies.items():
            if number not in self._differ:
                self._ask(found)
        for number, found in self._names.items():
            if number in self._ours:
                self._ask(found)
        for number, (row, cells) in self._no_operators.items():
            if number not in self._operators:
                said = quote(cell_of(cells, number))
                raise Usage(
                    f"{self._where(number, row)} has {said}, which is no comparator; say with "
                    f"{OPTIONS['comparator']} '' that the column has none, or name it there if it has"
                )

    def check_signs(self, rows: Iterable[Row]) -> None:
        """Raise Usage for a comparator that stands alone in one of the cells."""
        for row, cells in rows:
            self._look_for_signs(row, cells, (*self._unread, *self._texts))

    def _look_for_signs(self, row: int | None, cells: Sequence[str], columns: Iterable[int]) -> None:
        for number in columns:
            is_sign = cell_of(cells, number) in COMPARATORS
            name = self._called[number]
            if is_sign and not self._findings.is_of_another(name) and self._known.covers(cells):
                found = Found("comparator", number, row, cells[number], " by itself", self._layout.results)
                self._ask_of(found, cells)

    def _look_for_units(self, row: int | None, cells: Sequence[str]) -> None:
        """Raise Usage for a row of units below the header, of which one is not the header's."""
        for one in self._layout.results if self._layout.wide else ():
            number = one.columns["value"]
            cell = cell_of(cells, number)
            unit = None if any(map(str.isdigit, cell)) else unit_in(cell)
            if unit and not (one.unit and are_same(read_unit(unit), read_unit(one.unit))):
                raise Usage(
                    f"{self._where(number, row)} has the unit {quote(cell)}, where a value is due; leave "
                    f"that row out, and give the unit with {WIDE_ONES}"
                )

    def _look_at_comparators(self, row: int | None, cells: Sequence[str]) -> None:
        """Look at columns of comparators that were found by their names, and can be of something else."""
        for number in self._called_so - self._operators:
            cell = cell_of(cells, number)
            if cell and self._known.covers(cells):
                if cell.upper() in OPERATORS or cell.upper() in LEAVE_OPEN:
                    self._operators.add(number)
                else:
                    self._no_operators.setdefault(number, (row, cells))

    def _where(self, number: int, row: int | None) -> str:
        """Return a column's name, and where a cell of it stands."""
        where = f"column {number + 1}" + ("" if row is None else f", row {row}")
        return f"{quote(self._header[number])} ({where})"

    def _look_at(self, number: int, row: int | None, cell: str, cells: Sequence[str]) -> None:
        """Look at a cell; it is a copy of a value if it has the same number."""
        is_of_another = is_of(OF_OTHER_VALUES, self._called[number])
        if any(map(str.isdigit, cell)) and number not in self._differ and not is_of_another:
            self._look_for_copies(number, row, cell, cells)
        at = At(number, row, cell, cells, self._called[number])
        if (found := self._findings.found(at)) and self._known.covers(cells):
            self._ask_of(found, cells)
        elif (names_ours := self._findings.names_ours(at)) is not None:
            says = ", where other rows have a name of the test that is judged"
            if names_ours:
                self._ours.add(number)
            else:
                self._names.setdefault(number, self._findings.another(at, says=says))

    def _look_for_copies(self, number: int, row: int | None, cell: str, cells: Sequence[str]) -> None:
        values = [value for value in self._known.values(cells) if value.strip()]
        comparator, numbers = as_copy(cell)
        copied = [value for value in values if any(is_copy(one, value, comparator) for one in numbers)]
        if not copied:
            if any(map(is_number, numbers)) and values and self._known.covers(cells):
                self._differ.add(number)
        elif comparator and not {comparator, None}.intersection(self._known.comparators(cells)):
            says = f", where {quote(copied[0])} is read"
            role, advice = self._advice_on_copy(cell)
            found = Found(role, number, row, cell, says, self._layout.results, advice)
            self._copies.setdefault(number, found)

    def _advice_on_copy(self, cell: str) -> tuple[Role, str]:
        """Return what to do about a value with a comparator, and of which role's column that is said.

        Where it is settled which column holds the results, only that there is no comparator can be said.
        """
        which = WIDE_ONES if self._layout.wide else OPTIONS["value"]
        value = quote(self._header[self._layout.results[0].columns["value"]])
        if "value" in self._settled:
            instead = f"name it instead with {which}" if is_value(cell) else f"write it so into {value}"
            return "comparator", f"{instead}, or say that the number counts with {{nothing}}"
        if is_value(cell):
            return "value", f"say which column holds the results with {which}"
        counts = which if self._layout.wide else f"{which} {value}"
        return "value", f"write it so into {value}, or say that what stands there counts with {counts}"

    def _ask_of(self, found: Found, cells: Sequence[str]) -> None:
        """Raise Usage, unless it is settled which column has that role, or what the row says."""
        is_sign = found.cell in COMPARATORS  # which is of any of the results, where a remark is of one
        if is_sign and self._layout.wide and self._have_comparators:
            return
        whose = [[one] for one in found.of] if is_sign else [found.of]
        if not all(self._known.settles(found.role, cells, found.cell, of) for of in whose):
            self._ask(found)

    def _ask(self, found: Found) -> None:
        """Raise Usage, unless it is settled which column has that role."""
        if found.role in self._settled:
            return
        option, name = OPTIONS[found.role], self._header[found.column]
        named = quote(name) if self._header.count(name) == 1 else str(found.column + 1)
        known = {one.columns.get(found.role) for one in self._layout.results}
        other = known.pop() if len(known) == 1 else None
        nothing = quote("" if other is None else self._header[other])
        advice = found.advice.replace("{option}", f"{option} {named}").replace(
            "{nothing}", f"{option} {nothing}"
        )
        raise Usage(f"{self._where(found.column, found.row)} has {quote(found.cell)}{found.says}; {advice}")


class UnreadText:
    """The same of a table in text; nearly all of it is passed over without a look at its cells."""

    def __init__(
        self, unread: Unread, columns: int, delimiter: bytes, decode: Callable[[bytes], str]
    ) -> None:
        self._unread = unread
        self._columns = columns
        self._delimiter = delimiter
        self._decode = decode
        self._last = 1  # row that was looked at
        self._ends = re.compile(rb'=?[\s\xc2\xa0]*"?(?:[%b\r\n]|\Z)' % re.escape(delimiter)).match

    @property
    def looks(self) -> bool:
        """Whether more of the first rows are to come, which tell something together."""
        return self._last <= FIRST

    def check(self, data: bytes, row: int, *, final: bool) -> None:
        """Raise Usage for what is found in these records, which come behind that row.

        An incomplete record at the end is left, unless `final` says that nothing follows.
        """
        if row <= FIRST and self.looks:  # the header is row 1
            first = islice(self._rows(data, row, final=final), FIRST + 1 - row)
            rows = [(number, cells) for number, cells in first if number > self._last]
            self._last += len(rows)
            self._unread.check(rows)
            if not self.looks:
                self.decide()
        if self._unread.watches and self._has_a_sign(data):
            self._unread.check_signs(self._rows(data, row, final=final))

    def decide(self) -> None:
        """Raise Usage for what the cells together tell, once all of the first rows have come."""
        self._unread.decide()

    def _rows(self, data: bytes, row: int, *, final: bool) -> Iterator[tuple[int, list[str]]]:
        for number, record in enumerate(records(data, self._delimiter, final=final), row + 1):
            cells = (cell.replace(b"\0", self._delimiter) for cell in record.cells[: self._columns])
            yield number, list(map(self._decode, cells))  # NUL is what a delimiter in quotes is masked as

    def _has_a_sign(self, data: bytes) -> bool:
        """Say whether a cell may end in the sign of a comparator."""
        return any(self._ends_a_cell(sign, data) for sign in _AS_BYTES)

    def _ends_a_cell(self, sign: bytes, data: bytes) -> bool:
        if sign[0] not in data:  # a byte is found much faster than several, and its number than itself
            return False
        sought = sign if len(sign) > 1 else sign[0]
        at = data.find(sought)
        while at >= 0:
            end = at + len(sign)
            if (end == len(data) or data[end] not in _DIGITS) and self._ends(data, end):
                return True
            at = data.find(sought, end)
        return False
