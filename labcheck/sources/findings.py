"""What a cell that nothing reads says that would change a verdict, if it belonged to the result beside it."""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from labcheck.identify import Identifier
from labcheck.model import COMPARATORS, Analyte
from labcheck.sources.beside import without_one
from labcheck.sources.headers import read_header
from labcheck.sources.hints import (
    BESIDE_UNITS,
    OF_ANY_SPECIMEN,
    OF_DRUGS,
    OF_ORDERS,
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
    bare,
    has_any,
    is_of,
    is_of_no_sample,
    is_other_value,
    says_off_scale,
    unit_in,
)
from labcheck.sources.known import Known, cell_of
from labcheck.sources.layout import RANGES, Layout, Measured
from labcheck.sources.marks import beyond, is_called, uncounted
from labcheck.sources.remarks import is_off_scale, is_unfit
from labcheck.sources.roles import Role, names_of
from labcheck.sources.status import says_there_is_none
from labcheck.specimens import is_other, is_surely_other
from labcheck.units import are_same, read_unit

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{4}"
"""What says nothing but when, as a row's deletion."""

_SIGNS = frozenset(sign.strip("=") for sign in COMPARATORS)
_NOT_OF_SAMPLES = (*OF_PLACES, *OF_OTHER_MATTERS)
_NOT_OF_SPECIMENS = (*OF_OTHER_TESTS, *OF_OTHER_MATTERS)

ADVICE_ON_MARKS = "write '<' into a column of its own, or say that the number counts with {nothing}"
ADVICE_ON_STATUS = "leave such rows out, or say that they count with {nothing}"
_IS_ANOTHER = ", which is another test"
WIDE_ONES = "--column vitd=COLUMN:UNIT"
ADVICE_ON_RANGES = (
    "write the unit behind each range, as in '30-100 ng/mL', or say that there are none with "
    "--range-column ''"
)
ADVICE = "say that it is the result's with {option}, or that it is not with {nothing}"

_TESTS = frozenset(names_of("test"))


class Found(NamedTuple):
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
    advice: str = ADVICE


class At(NamedTuple):
    """A cell, its column by number and by what it is called, normalised, and its row."""

    number: int
    row: int | None
    cell: str
    cells: Sequence[str]
    name: str


class Findings:
    """What the cells of a table can say, by its header and its results."""

    def __init__(
        self,
        called: Sequence[str],
        layout: Layout,
        unread: Collection[int],
        known: Known,
        identifier: Identifier,
    ) -> None:
        """Take what the columns are called, normalised, and which of them are `unread`."""
        self._called = called
        self._layout = layout
        self._is_long = not layout.wide
        self._unread = unread
        self._known = known
        self._identifier = identifier
        self._looks = (
            *(self._sign, self._mark, self._words_for_a_limit, self._no_result, self._code),
            self._other_value,
        )
        self._looks_at_words = (
            *self._looks,
            *(self._no_result_in_words, self._specimen, self._test, self._unit),
        )
        self._remarked = {number: self._of_remarks(called[number]) for number in unread}

    def found(self, at: At) -> Found | None:
        """Return what a cell says that would count; what is said first outweighs the rest."""
        if re.fullmatch(_DATE, at.cell):
            return self._no_result(at)
        looks = self._looks_at_words if any(map(str.isalpha, at.cell)) else self._looks
        return next(filter(None, (look(at) for look in looks)), None)

    def _say(self, at: At, role: Role, says: str, advice: str = ADVICE, of: Sequence[Measured] = ()) -> Found:
        of = of or self._remarked[at.number] or self._layout.results
        return Found(role, at.number, at.row, at.cell, says, of, advice)

    def _sign(self, at: At) -> Found | None:
        if bare(at.cell) not in COMPARATORS or self.is_of_another(at.name):
            return None
        return self._say(at, "comparator", " by itself")

    def _mark(self, at: At) -> Found | None:
        mark = beyond(at.name, at.cell.lower())
        in_a_study = "cens" in at.name and any(is_of(OF_TIMES, other) for other in self._called)
        if mark is None or in_a_study:  # a person in one, whose time goes on
            return None
        of = self._of_test(mark.whose) if mark.whose else self._layout.results
        if not of:
            return None
        says = ", which marks a value beyond the assay's limit"
        return self._say(at, "comparator", says, ADVICE_ON_MARKS.replace("<", mark.side), of)

    def _words_for_a_limit(self, at: At) -> Found | None:
        is_remark = bool(self._remarked[at.number])
        may_be = is_remark or self._is_long or not _SIGNS.isdisjoint(at.cell)
        if not may_be or is_of(OF_OTHER_TESTS, at.name):
            return None
        if says_off_scale(at.cell) or (is_remark and is_off_scale(at.cell)):
            return self._say(at, "flag", ", which says that a value was off the scale")
        return None

    def _no_result(self, at: At) -> Found | None:
        whose = uncounted(at.name, at.cell.lower())
        of = self._of_test(whose) if whose else ()
        if (whose is None or (whose and not of)) and not self._begins_no_sample(at):
            return None
        return self._say(at, "status", ", which says that a row does not count", ADVICE_ON_STATUS, of)

    def _begins_no_sample(self, at: At) -> bool:
        """Say whether a row begins with this cell, or names its sample so, and is none's by what it says."""
        if is_of(_NOT_OF_SAMPLES, at.name) or not is_of_no_sample(at.cell):
            return False
        first = next(one for one in self._unread if cell_of(at.cells, one))
        return at.number == first or is_of(OF_SAMPLES, at.name)

    def _code(self, at: At) -> Found | None:
        """Return that a cell is a LOINC code, unless it is one of the row's test, by the test's name."""
        if at.cell not in self._identifier.codes:
            return None
        analyte, loinc = self._identifier.codes[at.cell]
        if analyte is self._known.analyte_of(at.cells) and not loinc.refused:
            return None
        if self._is_long:
            return self._say(at, "loinc", ", which is a LOINC code")
        return self.another(at) if len(self._layout.results) == 1 else None

    def _other_value(self, at: At) -> Found | None:
        if not (self._is_long or len(self._layout.results) == 1):
            return None
        if not is_other_value(at.name, at.cell, self._known.values(at.cells)):
            return None
        advice = ADVICE if self._is_long else f"say which column holds the results with {WIDE_ONES}"
        return self._say(at, "value", ", which can be the value, too", advice)

    def _no_result_in_words(self, at: At) -> Found | None:
        in_remarks = bool(self._remarked[at.number])
        is_remark = in_remarks or "status" in at.name
        if not (self._is_long or is_remark) or is_of(OF_OTHER_MATTERS, at.name):
            return None
        is_unfit_one = in_remarks and is_unfit(at.cell)
        if not is_unfit_one and not says_there_is_none(at.cell, is_remark=is_remark):
            return None
        has_a_status = any(cell_of(at.cells, one.columns.get("status")) for one in self._layout.results)
        advice = ADVICE_ON_STATUS if has_a_status or is_unfit_one else ADVICE
        return self._say(at, "status", ", which says that there is no result", advice)

    def _specimen(self, at: At) -> Found | None:
        if is_of(_NOT_OF_SPECIMENS, at.name):
            return None
        is_due = has_any(OF_SPECIMENS, at.name) and not any(map(str.isdigit, at.cell))
        if not self._is_long or "source" in at.name:
            is_due = is_due and OF_ANY_SPECIMEN.issuperset(at.name.split("_"))
        if is_due:
            names_one = is_surely_other(at.cell) or is_other(at.cell)
        else:
            names_one = self._is_long and is_surely_other(at.cell) and not self._known.says_blood(at.cells)
        return self._say(at, "specimen", ", which is no blood") if names_one else None

    def _test(self, at: At) -> Found | None:
        """Return that a cell names another test."""
        if is_of(OF_DRUGS, at.name):
            return None
        if analyte := self._unnamed(at):
            return self.another(at) if self._identifier.is_another(at.cell, analyte) else None
        if not self._identifier.may_name_one(at.cell):
            return None
        can_contradict = self._is_long and not is_of(OF_ORDERS, at.name)  # but for what is refused
        analyte = self._known.analyte_of(at.cells) if can_contradict else None
        is_another = self._identifier.is_another_of_ours(at.cell, analyte)
        return self.another(at, "component") if is_another else None

    def another(self, at: At, role: Role = "test", says: str = _IS_ANOTHER) -> Found:
        """Return that a cell names another test than its row's, which a column of that `role` would."""
        if self._is_long:
            return self._say(at, role, says)
        return self._say(at, "status", says, ADVICE_ON_STATUS)  # the only one of them in a wide table

    def names_ours(self, at: At) -> bool | None:
        """Say whether a cell names the test that all rows are taken to be of; None where it can name none."""
        analyte = None if is_of(OF_DRUGS, at.name) else self._unnamed(at)
        return None if analyte is None else self._identifier.is_of(at.cell, analyte)

    def _unnamed(self, at: At) -> Analyte | None:
        """Return the analyte of a row that does not name it, where the cell can."""
        can_name = self._is_long or at.name in _TESTS
        return self._known.unnamed(at.cells) if can_name else None

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

    def is_of_another(self, name: str) -> bool:
        """Say whether a column of comparators, by its name, is that of another one that nothing reads."""
        whose = without_one(name, (*names_of("comparator"), "op", "prefix", "sign", "cmp", "lt"))
        others = (f"_{self._called[number]}_" for number in self._unread if self._called[number] != name)
        is_of_one = whose and any(f"_{whose}_" in other for other in others) and not self._of_test(whose)
        return is_of(OF_OTHER_VALUES, name) or bool(is_of_one)

    def _unit(self, at: At) -> Found | None:
        unit = unit_in(at.cell)
        if unit is None:
            return None
        if "unit" in at.name and is_of(OF_RANGES, at.name):
            return self._unit_of_ranges(at, unit)
        given = [one.unit for one in self._layout.results]
        can_be_of_others = has_any(OF_UNITS, at.name) or (self._layout.wide and all(given))
        if can_be_of_others and not self._may_be_of_the_value(at.name):
            return None
        if all(one and are_same(read_unit(one), read_unit(unit)) for one in given):
            return None
        return self._say(at, "unit", ", which is a unit")

    def _unit_of_ranges(self, at: At, unit: str) -> Found | None:
        """Return that ranges are in another unit than the result beside them."""
        for one in self._layout.results:
            column = one.columns.get("unit")
            of_result = one.unit if column is None else unit_in(cell_of(at.cells, column))
            differs = of_result is not None and not are_same(read_unit(unit), read_unit(of_result))
            if differs and not RANGES.isdisjoint(one.columns):
                says = f", where ranges stand beside results in {of_result}"
                return self._say(at, "range", says, ADVICE_ON_RANGES)
        return None

    def _may_be_of_the_value(self, name: str) -> bool:
        """Say whether a column, by its name, has units, and none of a test that is not ours."""
        more = [word for word in re.split("_|[0-9]+", name) if word and not has_any(OF_UNITS, word)]
        if len(more) == name.count("_") + 1 or not has_any(OF_UNITS, name):
            return False
        return BESIDE_UNITS.issuperset(more) or read_header("_".join(more), self._identifier).test is not None
