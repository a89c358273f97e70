"""One row of a table -> what labcheck adds to it. The core judges; here its answer is put into cells.

`Judge.judge` is the plain way, every row through `interpret`. `Judge.stretches` finds the quick way for rows
that differ in their number alone.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import NamedTuple

from labcheck.catalogue import Catalogue
from labcheck.errors import AmbiguousNumber, IncompatibleUnit, LabcheckError, UnreadableValue
from labcheck.flags import has_a_number, off_scale
from labcheck.identify import Identified
from labcheck.interpret import interpret
from labcheck.model import COMPARATOR_WORDS, COMPARATORS, Analyte, Comparator, DecimalMark, Interpretation
from labcheck.ranges import OwnRange, end_elsewhere, limits, names_bands, other_ranges
from labcheck.reading import is_blank, lacks_a_unit, read_value
from labcheck.sources.headers import parted, read_header
from labcheck.sources.roles import names_of, normalised
from labcheck.sources.status import Status, check_status, notes_on_status, read_status
from labcheck.sources.stretches import Same, Stretches
from labcheck.sources.verdicts import CELLS, LABEL, NOT_COVERED, Reported, Verdict, refused, verdict_of
from labcheck.specimens import check_specimen, notes_on_specimen
from labcheck.units import Unit, are_same, factor, read_unit
from labcheck.wording import quote


class Given(NamedTuple):
    """What a row says of a result beside its value; None where the table has no such column.

    `range`, or its ends `low` and `high`, `flag` and `status` are the laboratory's own; `component` is a name
    beside the test's. `header_unit` is the unit that the header names for the value.
    """

    test: str | None = None
    loinc: str | None = None
    unit: str | None = None
    comparator: str | None = None
    range: str | None = None
    low: str | None = None
    high: str | None = None
    flag: str | None = None
    header_unit: str | None = None
    specimen: str | None = None
    component: str | None = None
    status: str | None = None

    @property
    def ends(self) -> str:
        """The ends of the laboratory's range as one text, '' for none; each is inclusive."""
        low, high = ("" if is_blank(end or "") else (end or "").strip() for end in (self.low, self.high))
        if not (low or high):
            return ""
        return f"{low}-{high}" if low and high else f">={low}" if low else f"<={high}"

    @property
    def ranges(self) -> Sequence[str]:
        """The laboratory's range as it is written, and by its ends, as far as there are any."""
        return [text for text in (self.range or "", self.ends) if not is_blank(text)]

    def with_the_unit_of_its_name(self) -> "Given":
        """Return the same with a unit behind the test's name, as in `Vitamin D (nmol/L)`, for a header's.

        Where the header has another one, it takes the place of the row's, which then differs from it.
        """
        test = self.test or ""
        name, unit = parted(test)
        if unit is None or "/" not in test[len(name) :]:  # `(PM)` is no pM there
            return self
        if self.header_unit not in (None, unit):
            return self._replace(test=name, unit=unit)
        return self._replace(test=name, header_unit=unit)

    def with_range_units(self, units: Mapping[str, str]) -> "Given":
        """Return the same with a unit behind the range or its ends, by role, where it has none of its own."""
        said = {role: _with_unit(getattr(self, role) or "", unit) for role, unit in units.items()}
        return self._replace(**said)

    def reported(self, value: str) -> Reported:
        """Return what a row says of its result, as it stands there."""
        return Reported(
            test=self.test or "",
            loinc=self.loinc or "",
            value=f"{self.comparator or ''} {value}".strip(),
            unit=self.unit or self.header_unit or "",
            range="; ".join(dict.fromkeys(self.ranges)),
        )


def _with_unit(text: str, unit: str) -> str:
    """Return a range or an end of one with a unit behind it, if it has none of its own."""
    return f"{text} {unit}" if lacks_a_unit(text) else text


_LONGEST_NAME = 60

_HEADS_TESTS = frozenset(names_of("test"))

_SIDES: dict[str, Comparator] = {
    **dict.fromkeys(("BELOW", "UNDER", "UNTER"), "<"),
    **dict.fromkeys(("ABOVE", "OVER", "ÜBER"), ">"),
}
"""What can also mean a side of the range, elsewhere than in a comparator's own column."""

WORDS: frozenset[str] = frozenset((*COMPARATOR_WORDS, *_SIDES))
"""The words that mean a comparator in a cell of its own."""

_CONCEPTS = {"4171756": "<", "4171754": "<=", "4172704": ">", "4171755": ">=", "4172703": "", "0": ""}
"""The OMOP Common Data Model's concepts of the domain `Meas Value Operator`; 0 is no concept.

Where some rows have none, a program may have made decimal numbers of them.
"""

LEAVE_OPEN = frozenset(("NI", "OT", "TX", "UN"))
"""PCORnet's codes for what is no comparator, with which a number can mean anything; such rows are refused."""

OPERATORS: dict[str, str] = {
    **COMPARATORS,
    **COMPARATOR_WORDS,  # LT, LE, GT, GE are PCORnet's
    **_SIDES,
    **dict.fromkeys(("", "NULL", "NONE", "NAN", "NA", "N/A"), ""),
    **dict.fromkeys(("=", "EQ", "E"), ""),  # E in i2b2, whose L and G may be low and something else
    **{f"{concept}{point}": sign for concept, sign in _CONCEPTS.items() for point in ("", ".0")},
}
"""What a comparator in a cell of its own means; '' is none."""


def _may_be_grouped(text: str) -> bool:
    """Say whether a number means something else where commas are decimal: `12.345`, not `0.345`."""
    try:
        return read_value(text).value != read_value(text, "comma").value
    except LabcheckError:
        return False


def _comparator(given: Given) -> str | None:
    """Return the sign that is to stand before the value, or None for what is no comparator."""
    return OPERATORS.get((given.comparator or "").strip().upper())


def _without(comparator: str, value: str) -> str:
    """Return a value without a sign in front that says the same as the comparator beside it."""
    sign = max(filter(value.startswith, COMPARATORS), key=len, default="")
    return value.removeprefix(sign) if COMPARATORS.get(sign) == comparator else value


def _status(given: Given) -> tuple[Status, str]:
    text = (given.status or "").strip()
    return read_status(text), text


class Judge:
    """Judges rows: all of `analyte` if it is given, else of what each names.

    `doubt` is what else that analyte's rows may be, beside what a row's own name leaves open.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        analyte: Analyte | None = None,
        doubt: str | None = None,
        units: Mapping[str, str] | None = None,
        decimal: DecimalMark | None = None,
        range_sets: Mapping[str, str | None] | None = None,
        own_ranges: Mapping[str, OwnRange] | None = None,
        all_ranges: Sequence[str] = (),
        blank_is_absent: bool = False,
        points_may_group: bool = False,
    ) -> None:
        """Take `units` and `range_sets` by analyte id: for rows without a unit, and to judge by.

        `own_ranges`, which are the user's, outrank `range_sets`. `all_ranges` are range sets of which each
        has a cell for its category; `blank_is_absent` if no value is no result. Where `points_may_group`
        digits, as in a table whose delimiter is a semicolon, `12.345` is refused, unless `decimal` is known.
        """
        self._own_ranges = own_ranges or {}
        if analyte:
            all_ranges = [id for id in all_ranges if id in analyte.range_sets]
        analytes = [analyte] if analyte else [catalogue[id] for id in catalogue.ids]
        self._labelled = names_bands(analytes, range_sets or {}, self._own_ranges)
        self.cells = (*CELLS, *([LABEL] if self._labelled else []), *(f"by_{id}" for id in all_ranges))
        self._catalogue = catalogue
        self._analyte = analyte
        self._doubt = doubt
        self._units = units or {}
        self._decimal: DecimalMark | None = decimal
        self._range_sets = range_sets or {}
        self._all_ranges = all_ranges
        self._blank_is_absent = blank_is_absent
        self._points_may_group = points_may_group and decimal is None

    def judge(self, value: str, given: Given) -> Verdict:
        """Judge one row by asking the core."""
        if self._blank_is_absent and not value.strip():
            return NOT_COVERED
        given = given.with_the_unit_of_its_name()
        try:
            found = self._identify(given)
        except LabcheckError as error:
            return refused("", error.code)
        if found is None:
            return NOT_COVERED
        analyte = found.analyte
        comparator = _comparator(given)
        if comparator is None:  # it must never become part of the number
            return refused(analyte.id, UnreadableValue.code)
        bare = _without(comparator, value.strip())
        if comparator and bare.startswith("="):  # which would make another comparator of it
            return refused(analyte.id, UnreadableValue.code)
        text = f"{comparator}{bare}" if bare else value
        if self._points_may_group and _may_be_grouped(text):
            return refused(analyte.id, AmbiguousNumber.code)
        status, status_text = _status(given)
        try:
            check_status(status, status_text)
            unit = self._unit(text, given, analyte)
            judged = interpret(
                analyte,
                text,
                unit=unit,
                range=self._own_ranges.get(analyte.id),
                range_set=self._range_sets.get(analyte.id),
                reported_range=self._reported_range(given, analyte, text, unit),
                reported_flag=given.flag,
                decimal=self._decimal,
                loinc=found.loinc,
                doubt=found.doubt,
                assume_unit=False,
            )
        except LabcheckError as error:
            return refused(analyte.id, error.code)
        of_specimen, of_status = (
            notes_on_specimen(given.specimen, analyte, may_be_a_number=True),
            notes_on_status(status, status_text),
        )
        judged = judged._replace(notes=(*judged.notes, *of_specimen, *of_status))
        verdict = verdict_of(judged, labelled=self._labelled)
        return verdict._replace(cells=(*verdict.cells, *self._by_all(judged)))

    def _by_all(self, judged: Interpretation) -> Sequence[str]:
        """Return the category by each of the sets, empty where a set is not for that analyte."""
        if not self._all_ranges:
            return ()
        standings = {standing.range.id: standing.category for standing in other_ranges(judged)}
        standings[judged.range.id] = judged.category
        return [str(standings.get(id, "")) for id in self._all_ranges]

    def _ends(self, given: Given, analyte: Analyte, unit: Unit) -> Sequence[Decimal]:
        """Return where a verdict can change, ascending, in the analyte's unit."""
        reported_range = self._reported_range(given, analyte, "1", unit.code)
        of = partial(limits, analyte, unit, reported_range=reported_range, decimal=self._decimal)
        used = of(own=self._own_ranges.get(analyte.id), range_set=self._range_sets.get(analyte.id))
        others = (of(range_set=id) for id in self._all_ranges if id in analyte.range_sets)
        return sorted({*used, *chain.from_iterable(others)})

    def _reported_range(self, given: Given, analyte: Analyte, value: str, unit: str | None) -> str | None:
        """Return the laboratory's range on a value as one text; its unit stands in it where none is given.

        Where it is written, and by its ends is another one, that is both texts, which are none together.
        """
        match given.ranges:
            case [text, ends]:
                with suppress(LabcheckError):  # of what cannot be read, which cannot be compared
                    spelled = read_unit(unit or read_value(value, self._decimal).unit or analyte.unit)
                    if end_elsewhere(text, ends, spelled, analyte, self._decimal):
                        return f"{text}; {ends}"
                return text
            case [text]:
                return text
        return given.range

    def _unit(self, value: str, given: Given, analyte: Analyte) -> str | None:
        """Return the unit beside the value, or what --unit says where there is none in the value either.

        Raises IncompatibleUnit where a row and its header disagree, and as reading the value does.
        """
        unit, header_unit = (given.unit or "").strip(), given.header_unit
        unit = "" if is_blank(unit) else unit
        if unit and header_unit and not are_same(read_unit(unit), read_unit(header_unit)):
            raise IncompatibleUnit(f"the row says {quote(unit)}, its header {header_unit}")
        if unit or header_unit or analyte.id not in self._units:
            return unit or header_unit
        return None if read_value(value, self._decimal).unit else self._units[analyte.id]

    def _identify(self, given: Given) -> Identified | None:
        if found := self._named(given):
            check_specimen(given.specimen, found.analyte)
            return self._catalogue.identifier.check_component(given.component, found)
        return None

    def _named(self, given: Given) -> Identified | None:
        test, code = self._catalogue.identifier.told_apart(given.test or "", given.loinc or "")
        if not test.strip() and not code.strip():
            return Identified(self._analyte, None, self._doubt) if self._analyte else None
        found = self._catalogue.identifier.identify(test, code)
        if found and self._analyte and found.analyte.id != self._analyte.id:
            return None
        return found

    def may_head(self, given: Given) -> bool:
        """Say whether a column's name stands where that of a test is due."""
        return given.test is not None and normalised(given.test) in _HEADS_TESTS

    def heads(self, value: str, given: Given) -> bool:
        """Say whether a row has names of columns in the place of a test's name, or of a value."""
        if not any(map(str.isalpha, value)):
            return False
        if given.test is None:
            return self._identifies(value)
        return self.may_head(given) and not any(map(str.isdigit, value))

    def _identifies(self, value: str) -> bool:
        """Say whether the name of one of the tests stands where a value is due, with a unit behind it."""
        return len(value) <= _LONGEST_NAME and read_header(value, self._catalogue.identifier).test is not None

    def look_alike(self, given: Given) -> str | None:
        """Return the name of a test that is not covered, if it is like one that is."""
        names = (" ".join((name or "").split())[:_LONGEST_NAME] for name in (given.test, given.component))
        return next(filter(self._is_like_one, names), None)

    def _is_like_one(self, name: str) -> bool:
        """Say whether a name resembles one that is understood, and is none itself, as of another analyte."""
        identifier = self._catalogue.identifier
        with suppress(LabcheckError):
            return identifier.resembles(name) and not identifier.identify(name, None)
        return True

    def stretches(self, given: Given) -> Stretches | Same | Verdict | None:
        """Return the quick way for rows that say `given`, their one verdict, or None if there is neither."""
        if self._decimal == "comma" or _comparator(given) != "":
            return None
        given = given.with_the_unit_of_its_name()
        if off_scale([given.flag or ""]) or has_a_number(given.flag or ""):  # the number may not be the value
            return None
        try:
            found = self._identify(given)
        except LabcheckError as error:
            # Where no value is no result, that comes before the name, and is for the core to see.
            return None if self._blank_is_absent else refused("", error.code)
        if found is None:
            return NOT_COVERED
        try:
            check_status(*_status(given))
            read = read_unit(self._unit("1", given, found.analyte) or "")
            by = factor(read, read_unit(found.analyte.unit), found.analyte.molar_mass)
        except LabcheckError:
            return Same(self.judge("1", given), self._points_may_group)
        try:
            ends = self._ends(given, found.analyte, read)
        except LabcheckError:  # of the range, which is looked at last: for each value by the core
            return None
        return Stretches(
            lambda number: self.judge(number, given),
            ends,
            by,
            converts=read.code != found.analyte.unit,
            points_may_group=self._points_may_group,
        )
