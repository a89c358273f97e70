"""Cells that nothing reads, and that would change a verdict if they belonged to the result beside them.

A comparator, a unit, the name of another test or specimen, or a mark that a result does not count would be
lost without a word under a header that is not known; so the run stops and asks. The first rows are looked at
cell by cell, all others for the signs of comparators alone.
"""

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from labcheck.errors import Usage
from labcheck.identify import Identifier
from labcheck.model import COMPARATOR_WORDS, COMPARATORS
from labcheck.sources.beside import without_one
from labcheck.sources.headers import read_header
from labcheck.sources.hints import (
    BESIDE_UNITS,
    OF_ANY_SPECIMEN,
    OF_COMPARATORS,
    OF_DRUGS,
    OF_OTHER_MATTERS,
    OF_OTHER_TESTS,
    OF_OTHER_VALUES,
    OF_PLACES,
    OF_RANGES,
    OF_SAMPLES,
    OF_SPECIMENS,
    OF_TIMES,
    OF_UNITS,
    REMARKS,
    as_copy,
    bare,
    has_any,
    is_copy,
    is_number,
    is_of,
    is_of_no_sample,
    is_other_value,
    is_value,
    remarks_off_scale,
    says_off_scale,
    unit_in,
)
from labcheck.sources.known import Known, cell_of
from labcheck.sources.layout import RANGES, Layout, Measured
from labcheck.sources.marks import beyond, is_called, uncounted
from labcheck.sources.records import records
from labcheck.sources.roles import OPTIONS, Role, names_of, normalised
from labcheck.sources.rows import WORDS
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

_ADVICE_ON_MARKS = "write '<' into a column of its own, or say that the number counts with {nothing}"
_ADVICE_ON_STATUS = "leave such rows out, or say that they count with {nothing}"
_IS_ANOTHER = ", which is another test"
_WIDE_ONES = "--column vitd=COLUMN:UNIT"
_ADVICE = "say that it is the result's with {option}, or that it is not with {nothing}"

_TESTS = frozenset(names_of("test"))

_LONGEST = 80
"""Longer cells are remarks, and are passed over."""

Row = tuple[int | None, Sequence[str]]
"""The cells of a row, and its number if it has one."""


class _Found(NamedTuple):
    """A cell that would count, in which column and row, and what it says that a column of `role` would.

    `advice` is what to do about it, where `option` names the column, and `nothing` says that it is none.
    `of` are the results that it can be said of.
    """

    role: Role
    column: int
    row: int | None
    cell: str
    says: str
    of: Sequence[Measured]
    advice: str = _ADVICE


class _At(NamedTuple):
    """A cell, its column by number and by what it is called, normalised, and its row."""

    number: int
    row: int | None
    cell: str
    cells: Sequence[str]
    name: str


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
        self._is_long = not layout.wide
        self._identifier = identifier
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
        self._remarked = {number: self._of_remarks(self._called[number]) for number in self._unread}
        self._words: dict[int, _Found] = {}
        self._copies: dict[int, _Found] = {}
        self._names: dict[int, _Found] = {}  # columns with other names than those of the one test
        self._ours: set[int] = set()  # columns with its name
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
            for number in self._unread:
                cell = cell_of(cells, number)
                if self._is_word(cell.upper(), self._called[number]):
                    found = _Found("comparator", number, row, cell, " by itself", self._layout.results)
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
        return not is_of(OF_PLACES, name) if cell in COMPARATOR_WORDS else is_of(OF_COMPARATORS, name)

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

    def check_signs(self, rows: Iterable[Row]) -> None:
        """Raise Usage for a comparator that stands alone in one of the cells."""
        for row, cells in rows:
            self._look_for_signs(row, cells, (*self._unread, *self._texts))

    def _look_for_signs(self, row: int | None, cells: Sequence[str], columns: Iterable[int]) -> None:
        for number in columns:
            is_sign = cell_of(cells, number) in COMPARATORS
            if is_sign and not self._is_of_another(self._called[number]) and self._known.covers(cells):
                found = _Found("comparator", number, row, cells[number], " by itself", self._layout.results)
                self._ask_of(found, cells)

    def _look_for_units(self, row: int | None, cells: Sequence[str]) -> None:
        """Raise Usage for a row of units below the header, of which one is not the header's."""
        for one in self._layout.results if self._layout.wide else ():
            number = one.columns["value"]
            cell = cell_of(cells, number)
            unit = None if any(map(str.isdigit, cell)) else unit_in(cell)
            if unit and not (one.unit and are_same(read_unit(unit), read_unit(one.unit))):
                raise Usage(
                    f"{quote(self._header[number])} (column {number + 1}, row {row}) has the unit "
                    f"{quote(cell)}, where a value is due; leave that row out, and give the unit with "
                    f"{_WIDE_ONES}"
                )

    def _look_at(self, number: int, row: int | None, cell: str, cells: Sequence[str]) -> None:
        """Look at a cell; it is a copy of a value if it has the same number."""
        is_of_another = is_of(OF_OTHER_VALUES, self._called[number])
        if any(map(str.isdigit, cell)) and number not in self._differ and not is_of_another:
            self._look_for_copies(number, row, cell, cells)
        at = _At(number, row, cell, cells, self._called[number])
        if (found := self._found(at)) and self._known.covers(cells):
            self._ask_of(found, cells)

    def _look_for_copies(self, number: int, row: int | None, cell: str, cells: Sequence[str]) -> None:
        values = [value for value in self._known.values(cells) if value.strip()]
        comparator, numbers = as_copy(cell)
        copied = [value for value in values if any(is_copy(one, value, comparator) for one in numbers)]
        if not copied:
            if any(map(is_number, numbers)) and values and self._known.covers(cells):
                self._differ.add(number)
        elif comparator and not {comparator, None}.intersection(self._known.comparators(cells)):
            says = f", where {quote(copied[0])} is read"
            which = _WIDE_ONES if self._layout.wide else OPTIONS["value"]
            advice = f"say which column holds the results with {which}"
            if not is_value(cell):
                value = quote(self._header[self._layout.results[0].columns["value"]])
                advice = f"write it so into {value}, or say that what stands there counts with "
                advice += f"{_WIDE_ONES}" if self._layout.wide else f"{which} {value}"
            found = _Found("value", number, row, cell, says, self._layout.results, advice)
            self._copies.setdefault(number, found)

    def _found(self, at: "_At") -> _Found | None:
        """Return what a cell says that would count; what is said first outweighs the rest."""
        looks = [self._sign, self._mark, self._words_for_a_limit, self._no_result, self._code]
        looks.append(self._other_value)
        if any(map(str.isalpha, at.cell)):
            looks += [self._no_result_in_words, self._specimen, self._test, self._unit]
        return next(filter(None, (look(at) for look in looks)), None)

    def _say(
        self, at: "_At", role: Role, says: str, advice: str = _ADVICE, of: Sequence[Measured] = ()
    ) -> _Found:
        of = of or self._remarked[at.number] or self._layout.results
        return _Found(role, at.number, at.row, at.cell, says, of, advice)

    def _sign(self, at: "_At") -> _Found | None:
        if bare(at.cell) not in COMPARATORS or self._is_of_another(at.name):
            return None
        return self._say(at, "comparator", " by itself")

    def _mark(self, at: "_At") -> _Found | None:
        mark = beyond(at.name, at.cell.lower())
        in_a_study = at.name in ("cens", "censored") and any(is_of(OF_TIMES, other) for other in self._called)
        if mark is None or in_a_study:  # a person in one, whose time goes on
            return None
        of = self._of_test(mark.whose) if mark.whose else self._layout.results
        if not of:
            return None
        says = ", which marks a value beyond the assay's limit"
        return self._say(at, "comparator", says, _ADVICE_ON_MARKS.replace("<", mark.side), of)

    def _words_for_a_limit(self, at: "_At") -> _Found | None:
        is_remark = bool(self._remarked[at.number])
        may_be = is_remark or self._is_long or not _SIGNS.isdisjoint(at.cell)
        if not may_be or is_of(OF_OTHER_TESTS, at.name):
            return None
        if says_off_scale(at.cell) or (is_remark and remarks_off_scale(at.cell)):
            return self._say(at, "flag", ", which says that a value was off the scale")
        return None

    def _no_result(self, at: "_At") -> _Found | None:
        whose = uncounted(at.name, at.cell.lower())
        of = self._of_test(whose) if whose else ()
        if (whose is None or (whose and not of)) and not self._begins_no_sample(at):
            return None
        return self._say(at, "status", ", which says that a row does not count", _ADVICE_ON_STATUS, of)

    def _begins_no_sample(self, at: "_At") -> bool:
        """Say whether a row begins with this cell, or names its sample so, and is none's by what it says."""
        if not is_of_no_sample(at.cell) or is_of(OF_PLACES, at.name):
            return False
        first = next(one for one in self._unread if cell_of(at.cells, one))
        return at.number == first or is_of(OF_SAMPLES, at.name)

    def _code(self, at: "_At") -> _Found | None:
        """Return that a cell is a LOINC code, unless it is one of the row's test, by the test's name."""
        if at.cell not in self._identifier.codes:
            return None
        analyte, loinc = self._identifier.codes[at.cell]
        if analyte is self._known.analyte_of(at.cells) and not loinc.refused:
            return None
        if self._is_long:
            return self._say(at, "loinc", ", which is a LOINC code")
        is_alone = len(self._layout.results) == 1
        return self._say(at, "status", _IS_ANOTHER, _ADVICE_ON_STATUS) if is_alone else None

    def _other_value(self, at: "_At") -> _Found | None:
        if not (self._is_long or len(self._layout.results) == 1):
            return None
        if not is_other_value(at.name, at.cell, self._known.values(at.cells)):
            return None
        advice = _ADVICE if self._is_long else f"say which column holds the results with {_WIDE_ONES}"
        return self._say(at, "value", ", which can be the value, too", advice)

    def _no_result_in_words(self, at: "_At") -> _Found | None:
        is_remark = bool(self._remarked[at.number]) or "status" in at.name
        if not (self._is_long or is_remark) or is_of(OF_OTHER_MATTERS, at.name):
            return None
        if not says_there_is_none(at.cell, is_remark=is_remark):
            return None
        return self._say(at, "status", ", which says that there is no result")

    def _specimen(self, at: "_At") -> _Found | None:
        is_due = has_any(OF_SPECIMENS, at.name) and not any(map(str.isdigit, at.cell))
        if not self._is_long:
            is_due = is_due and OF_ANY_SPECIMEN.issuperset(at.name.split("_"))
        can_be = is_due or (self._is_long and not self._known.says_blood(at.cells))
        if is_of((*OF_OTHER_TESTS, *OF_OTHER_MATTERS), at.name):
            return None
        if (can_be and is_surely_other(at.cell)) or (is_due and is_other(at.cell)):
            return self._say(at, "specimen", ", which is no blood")
        return None

    def _test(self, at: "_At") -> _Found | None:
        """Return that a cell names another test; where nothing names the row's, remember what others say."""
        if is_of(OF_DRUGS, at.name):
            return None
        analyte, is_named = self._known.analyte_of(at.cells), self._known.is_named(at.cells)
        if analyte and not is_named and (self._is_long or at.name in _TESTS):
            role: Role = "test" if self._is_long else "status"
            advice = _ADVICE if self._is_long else _ADVICE_ON_STATUS
            if self._identifier.is_another(at.cell, analyte):
                return self._say(at, role, _IS_ANOTHER, advice)
            if self._identifier.is_of(at.cell, analyte):
                self._ours.add(at.number)
            else:
                says = f", where other rows have a name of {analyte.name}"
                self._names.setdefault(at.number, self._say(at, role, says, advice))
            return None
        if not self._identifier.is_another_of_ours(at.cell, analyte if self._is_long else None):
            return None
        if self._is_long:
            return self._say(at, "component", _IS_ANOTHER)
        return self._say(at, "status", _IS_ANOTHER, _ADVICE_ON_STATUS)

    def _of_remarks(self, name: str) -> Sequence[Measured]:
        """Return the results that a column, by its name, has remarks on, as `comment` or `vitd_comment`."""
        whose = "" if name in REMARKS else without_one(name, REMARKS)
        if not whose:
            return self._layout.results if whose is not None else ()
        return self._of_test(whose)

    def _of_test(self, name: str) -> Sequence[Measured]:
        """Return the results that are of the test of that name, or stand in the column of that name."""
        results = self._layout.results
        called = [(self._called[one.columns["value"]], one) for one in results]
        if there := [one for value, one in called if is_called(value, name)]:
            return there
        test = read_header(name, self._identifier).test
        if not test or self._is_long:
            return results if test else ()
        return [one for one in results if one.analyte is test.analyte]

    def _is_of_another(self, name: str) -> bool:
        """Say whether a column of comparators, by its name, is that of another one that nothing reads."""
        whose = without_one(name, (*names_of("comparator"), "op", "prefix", "sign", "cmp", "lt"))
        others = (f"_{self._called[number]}_" for number in self._unread if self._called[number] != name)
        is_of_one = whose and any(f"_{whose}_" in other for other in others) and not self._of_test(whose)
        return is_of(OF_OTHER_VALUES, name) or bool(is_of_one)

    def _unit(self, at: "_At") -> _Found | None:
        unit = unit_in(at.cell)
        if unit is None:
            return None
        if "unit" in at.name and is_of(OF_RANGES, at.name):
            self._check_unit_of_ranges(self._header[at.number], unit, at.cells)
            return None
        given = [one.unit for one in self._layout.results]
        can_be_of_others = has_any(OF_UNITS, at.name) or (self._layout.wide and all(given))
        if can_be_of_others and not self._may_be_of_the_value(at.name):
            return None
        if all(one and are_same(read_unit(one), read_unit(unit)) for one in given):
            return None
        return self._say(at, "unit", ", which is a unit")

    def _check_unit_of_ranges(self, name: str, unit: str, cells: Sequence[str]) -> None:
        """Raise Usage where ranges are in another unit than the result beside them."""
        for one in self._layout.results:
            column = one.columns.get("unit", len(cells))
            of_result = unit_in(cell_of(cells, column)) if column < len(cells) else one.unit
            differs = of_result is not None and not are_same(read_unit(unit), read_unit(of_result))
            if differs and not RANGES.isdisjoint(one.columns) and self._known.covers(cells):
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

    def _ask_of(self, found: _Found, cells: Sequence[str]) -> None:
        """Raise Usage, unless it is settled which column has that role, or what the row says."""
        is_sign = found.cell in COMPARATORS  # which is of any of the results, where a remark is of one
        if is_sign and self._layout.wide and self._have_comparators:
            return
        whose = [[one] for one in found.of] if is_sign else [found.of]
        if not all(self._known.settles(found.role, cells, found.cell, of) for of in whose):
            self._ask(found)

    def _ask(self, found: _Found) -> None:
        """Raise Usage, unless it is settled which column has that role."""
        if found.role in self._settled:
            return
        option, name = OPTIONS[found.role], self._header[found.column]
        named = quote(name) if self._header.count(name) == 1 else str(found.column + 1)
        where = f"column {found.column + 1}" + ("" if found.row is None else f", row {found.row}")
        known = {one.columns.get(found.role) for one in self._layout.results}
        other = known.pop() if len(known) == 1 else None
        advice = found.advice.format(
            option=f"{option} {named}",
            nothing=f"{option} {quote('' if other is None else self._header[other])}",
        )
        raise Usage(f"{quote(name)} ({where}) has {quote(found.cell)}{found.says}; {advice}")


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
            rows = list(islice(self._rows(data, row, final=final), FIRST + 1 - row))
            self._last = row + len(rows)
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
