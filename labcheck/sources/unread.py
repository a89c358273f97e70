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
from labcheck.identify import Identifier
from labcheck.model import COMPARATOR_WORDS, COMPARATORS
from labcheck.sources.beside import without_one
from labcheck.sources.headers import read_header
from labcheck.sources.hints import (
    BESIDE_UNITS,
    OF_COMPARATORS,
    OF_DRUGS,
    OF_OTHER_MATTERS,
    OF_OTHER_TESTS,
    OF_OTHER_VALUES,
    OF_PLACES,
    OF_RANGES,
    OF_SPECIMENS,
    OF_TIMES,
    OF_UNITS,
    as_copy,
    bare,
    does_not_count,
    has_any,
    is_copy,
    is_number,
    is_of,
    is_other_value,
    unit_in,
)
from labcheck.sources.layout import RANGES, Layout
from labcheck.sources.limits import IN_NHANES, YES, says_off_scale, whose_value
from labcheck.sources.records import records
from labcheck.sources.roles import OPTIONS, Role, names_of, normalised
from labcheck.sources.rows import OPERATORS, WORDS
from labcheck.sources.status import says_there_is_none
from labcheck.specimens import is_other, is_surely_other
from labcheck.units import are_same, read_unit
from labcheck.wording import quote

FIRST = 300
"""So many rows are looked at cell by cell."""

_SIGNS = frozenset(sign.strip("=") for sign in COMPARATORS)
_AS_BYTES = [sign.encode() for sign in sorted(_SIGNS)]
_DIGITS = frozenset(b"0123456789")
_TEXTS = frozenset(("component", "status", "specimen"))
"""Roles in whose columns a comparator would say nothing."""

_ADVICE_ON_MARKS = "write '<' into a column of its own, or say that the number counts with --comparator ''"

_LONGEST = 80
"""Longer cells are remarks, and are passed over."""

Row = tuple[int | None, Sequence[str]]
"""The cells of a row, and its number if it has one."""


class _Found(NamedTuple):
    """A cell that would count, in which column and row, and what it says that a column of `role` would.

    `advice` is what to do about it, if that is not to say that the column has that role or has it not.
    """

    role: Role
    column: int
    row: int | None
    cell: str
    says: str
    advice: str = ""


class Unread:
    """The cells of a table that nothing reads, by its header and its results."""

    def __init__(
        self, header: Sequence[str], layout: Layout, asked: Container[str], identifier: Identifier
    ) -> None:
        """Take the roles that are `asked` for: an option names their column, or says that there is none."""
        self._header = header
        self._called = [*map(normalised, header)]
        self._layout = layout
        self._identifier = identifier
        read = {number for one in layout.results for number in one.columns.values()}
        self._unread = [number for number in range(len(header)) if number not in read]
        self._texts = {
            number for one in layout.results for role, number in one.columns.items() if role in _TEXTS
        }
        self._asked = frozenset(role for role in OPTIONS if role in asked)
        settled = {*self._asked}
        settled |= {role for role in OPTIONS if all(role in one.columns for one in layout.results)} - {
            "value"
        }
        have_units = all(one.unit or "unit" in one.columns for one in layout.results)
        if layout.wide and len(layout.results) > 1 and have_units:
            settled.add("unit")
        self._settled = settled
        self._words: dict[int, _Found] = {}
        self._copies: dict[int, _Found] = {}
        self._others: set[int] = set()  # columns with other cells than such words
        self._differ: set[int] = set()  # columns with other cells than copies of the value

    @property
    def watches(self) -> bool:
        """Whether all rows are to be looked through for comparators, as no column is known to hold them."""
        return "comparator" not in self._settled

    def check(self, rows: Iterable[Row]) -> None:
        """Raise Usage for what is found in the cells of these rows, as far as one cell tells it."""
        for row, cells in rows:
            self._look_for_signs(row, cells, self._texts)
            self._look_for_units(row, cells)
            for number in self._unread:
                cell = _cell(cells, number)
                if self._is_word(cell.upper(), self._called[number]):
                    if self._is_covered(cells):
                        self._words.setdefault(number, _Found("comparator", number, row, cell, " by itself"))
                elif cell:
                    self._others.add(number)
                    if len(cell) <= _LONGEST:
                        self._look_at(number, row, cell, cells)

    def _is_word(self, cell: str, name: str) -> bool:
        """Say whether a cell, in capitals, is a word for a comparator, as far as its column's name tells."""
        if cell not in WORDS:
            return False
        return not is_of(OF_PLACES, name) if cell in COMPARATOR_WORDS else is_of(OF_COMPARATORS, name)

    def decide(self) -> None:
        """Raise Usage for what only all the cells of a column tell, of those that were looked at."""
        for number, found in self._words.items():
            if number not in self._others:
                self._ask(found)
        for number, found in self._copies.items():
            if number not in self._differ:
                self._ask(found)

    def check_signs(self, rows: Iterable[Row]) -> None:
        """Raise Usage for a comparator that stands alone in one of the cells."""
        for row, cells in rows:
            self._look_for_signs(row, cells, (*self._unread, *self._texts))

    def _look_for_signs(self, row: int | None, cells: Sequence[str], columns: Iterable[int]) -> None:
        for number in columns:
            is_sign = _cell(cells, number) in COMPARATORS
            if is_sign and not self._is_of_another(self._called[number]) and self._is_covered(cells):
                self._ask(_Found("comparator", number, row, cells[number], " by itself"))

    def _look_for_units(self, row: int | None, cells: Sequence[str]) -> None:
        """Raise Usage for a row of units below the header, of which one is not the header's."""
        for one in self._layout.results if self._layout.wide else ():
            number = one.columns["value"]
            cell = _cell(cells, number)
            if cell and not any(map(str.isdigit, cell)) and unit_in(cell) not in (None, one.unit):
                raise Usage(
                    f"{quote(self._header[number])} (column {number + 1}, row {row}) has the unit "
                    f"{quote(cell)}, where a value is due; leave that row out, and give the unit with "
                    "--column vitd=COLUMN:UNIT"
                )

    def _look_at(self, number: int, row: int | None, cell: str, cells: Sequence[str]) -> None:
        """Look at a cell; it is a copy of a value if it has the same number."""
        is_of_another = is_of(OF_OTHER_VALUES, self._called[number])
        if any(map(str.isdigit, cell)) and number not in self._differ and not is_of_another:
            self._look_for_copies(number, row, cell, cells)
        if (found := self._found(number, row, cell, cells)) and self._is_covered(cells):
            self._ask(found, beside=self._beside(cells))

    def _look_for_copies(self, number: int, row: int | None, cell: str, cells: Sequence[str]) -> None:
        values = [value for value in self._values(cells) if value.strip()]
        comparator, numbers = as_copy(cell)
        copied = [value for value in values if any(is_copy(one, value, comparator) for one in numbers)]
        if not copied:
            if any(map(is_number, numbers)) and values and self._is_covered(cells):
                self._differ.add(number)
        elif comparator and not {comparator, None}.intersection(self._beside(cells)):
            says = f", where {quote(copied[0])} is read"
            which = "--column vitd=COLUMN:UNIT" if self._layout.wide else OPTIONS["value"]
            advice = f"say which column holds the results with {which}"
            self._copies.setdefault(number, _Found("value", number, row, cell, says, advice))

    def _found(self, number: int, row: int | None, cell: str, cells: Sequence[str]) -> _Found | None:
        """Return what a cell says that would count."""
        name, is_long = self._called[number], not self._layout.wide

        def found(role: Role, says: str, advice: str = "") -> _Found:
            return _Found(role, number, row, cell, says, advice)

        if bare(cell) in COMPARATORS and not self._is_of_another(name):
            return found("comparator", " by itself")
        if self._marks_a_limit(name, cell.lower()):
            return found("comparator", ", which marks a value beyond the assay's limit", _ADVICE_ON_MARKS)
        is_of_another = is_of(OF_OTHER_TESTS, name)
        if says_off_scale(cell) and not is_of_another and (is_long or not _SIGNS.isdisjoint(cell)):
            return found("flag", ", which says that a value was off the scale")
        if does_not_count(name, cell.lower()):
            advice = "leave such rows out, or say that they count with --status ''"
            return found("status", ", which says that a row does not count", advice)
        if is_long and cell in self._identifier.codes:
            return self._found_code(found, cell, cells)
        if is_long and is_other_value(name, cell):
            return found("value", ", which can be the value, too")
        return self._found_in_words(found, name, cell, cells) if any(map(str.isalpha, cell)) else None

    def _found_in_words(
        self, found: Callable[[Role, str], _Found], name: str, cell: str, cells: Sequence[str]
    ) -> _Found | None:
        is_of_another = is_of(OF_OTHER_TESTS, name)
        is_of_others = is_of(OF_OTHER_MATTERS, name)
        if (not self._layout.wide or "status" in name) and not is_of_others and says_there_is_none(cell):
            return found("status", ", which says that there is no result")
        names_a_specimen = has_any(OF_SPECIMENS, name) and not any(map(str.isdigit, cell))
        surely = is_surely_other(cell) and (names_a_specimen or not self._layout.wide)
        if not is_of_another and (surely or (names_a_specimen and is_other(cell))):
            return found("specimen", ", which is no blood")
        if self._identifier.is_another(cell) and not is_of(OF_DRUGS, name):
            return found("component", ", which is another test")
        return self._found_unit(found, name, cell, cells)

    def _found_code(
        self, found: Callable[[Role, str], _Found], code: str, cells: Sequence[str]
    ) -> _Found | None:
        analyte, loinc = self._identifier.codes[code]
        test = _cell(cells, self._layout.results[0].columns.get("test"))
        with suppress(LabcheckError):
            named = self._identifier.identify(test, None)
            if named and named.analyte is analyte and not loinc.refused:
                return None
        return found("loinc", ", which is a LOINC code")

    def _is_of_another(self, name: str) -> bool:
        """Say whether a column of comparators, by its name, is that of another one that nothing reads."""
        names = (*names_of("comparator"), "op", "prefix", "sign", "cmp", "lt")
        whose = without_one(name, names)
        others = [self._called[number] for number in self._unread]
        is_of_one = whose in others and read_header(whose or "", self._identifier).test is None
        return is_of(OF_OTHER_VALUES, name) or is_of_one

    def _found_unit(
        self, found: Callable[[Role, str], _Found], name: str, cell: str, cells: Sequence[str]
    ) -> _Found | None:
        unit = unit_in(cell)
        if unit is None:
            return None
        if "unit" in name and has_any(OF_RANGES, name):
            self._check_unit_of_ranges(name, unit, cells)
            return None
        can_be_of_others = has_any(OF_UNITS, name) or (
            self._layout.wide and all(one.unit for one in self._layout.results)
        )
        if can_be_of_others and not self._may_be_of_the_value(name):
            return None
        if all(one.unit == unit for one in self._layout.results):
            return None
        return found("unit", ", which is a unit")

    def _check_unit_of_ranges(self, name: str, unit: str, cells: Sequence[str]) -> None:
        """Raise Usage where ranges are in another unit than the result beside them."""
        for one in self._layout.results:
            column = one.columns.get("unit", len(cells))
            of_result = unit_in(_cell(cells, column)) if column < len(cells) else one.unit
            differs = of_result is not None and not are_same(read_unit(unit), read_unit(of_result))
            if differs and not RANGES.isdisjoint(one.columns) and self._is_covered(cells):
                raise Usage(
                    f"{quote(name)} has {unit} for ranges of results in {of_result}; write the unit behind "
                    "each range, as in '30-100 ng/mL', or say with --range-column '' that there are none"
                )

    def _may_be_of_the_value(self, name: str) -> bool:
        """Say whether a column, by its name, has units, and none of a test that is not ours."""
        more = [word for word in re.split("_|[0-9]+", name) if word and not has_any(OF_UNITS, word)]
        if len(more) == name.count("_") + 1 or not has_any(OF_UNITS, name):
            return False
        return BESIDE_UNITS.issuperset(more) or read_header("_".join(more), self._identifier).test is not None

    def _marks_a_limit(self, name: str, cell: str) -> bool:
        """Say whether a cell, in small letters, marks a value of ours as beyond an assay's limit."""
        if cell in YES and (match := re.fullmatch(IN_NHANES, name)):
            values = (self._called[one.columns["value"]] for one in self._layout.results)
            return any(value.startswith(f"lbx{match[1]}") for value in values)
        whose = whose_value(name, cell)
        if name in ("cens", "censored") and any(is_of(OF_TIMES, other) for other in self._called):
            return False  # a person in a study, whose time goes on
        return whose is not None and (
            whose in ("value", "result") or read_header(whose, self._identifier).test is not None
        )

    def _values(self, cells: Sequence[str]) -> Iterator[str]:
        for one in self._layout.results:
            if one.columns["value"] < len(cells):
                yield cells[one.columns["value"]]

    def _beside(self, cells: Sequence[str]) -> list[str | None]:
        """Return what the columns of comparators say in a row."""
        columns = [one.columns["comparator"] for one in self._layout.results if "comparator" in one.columns]
        return [OPERATORS.get(cells[column].strip().upper()) for column in columns if column < len(cells)]

    def _is_covered(self, cells: Sequence[str]) -> bool:
        """Say whether a row has a result of a test that is judged, or that is refused."""
        if self._layout.wide:
            return any(value.strip() for value in self._values(cells))
        columns = self._layout.results[0].columns
        test, loinc = (_cell(cells, columns.get(role)) for role in ("test", "loinc"))
        if not test and not loinc:
            return self._layout.results[0].analyte is not None
        try:
            code = loinc or (test if self._identifier.is_code(test) else "")
            return self._identifier.identify(test if code != test else "", code) is not None
        except LabcheckError:
            return True

    def _ask(self, found: _Found, beside: Sequence[str | None] = ()) -> None:
        """Raise Usage, unless it is settled which column has that role.

        One that was found by its name does not settle a lone sign where it says nothing itself in that row,
        as `beside` tells of a row of a long table.
        """
        doubtful = found.cell in COMPARATORS and "comparator" not in self._asked and not self._layout.wide
        known = doubtful and [*beside] == [""]
        if found.role in self._settled and not known:
            return
        option, name = OPTIONS[found.role], self._header[found.column]
        named = quote(name) if self._header.count(name) == 1 else str(found.column + 1)
        where = f"column {found.column + 1}" + ("" if found.row is None else f", row {found.row}")
        other = quote(self._header[self._layout.results[0].columns["comparator"]]) if known else "''"
        advice = f"say that it is the result's with {option} {named}, or that it is not with {option} {other}"
        raise Usage(f"{quote(name)} ({where}) has {quote(found.cell)}{found.says}; {found.advice or advice}")


def _cell(cells: Sequence[str], number: int | None) -> str:
    """Return what stands in a column, without the blanks around it; nothing where there is none."""
    return cells[number].strip() if number is not None and number < len(cells) else ""


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

    def check(self, data: bytes, row: int, *, final: bool) -> None:
        """Raise Usage for what is found in these records, which come behind that row.

        An incomplete record at the end is left, unless `final` says that nothing follows.
        """
        if row <= FIRST and self._last <= FIRST:  # the header is row 1
            rows = list(islice(self._rows(data, row, final=final), FIRST + 1 - row))
            self._last = row + len(rows)
            self._unread.check(rows)
            if self._last > FIRST:
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
