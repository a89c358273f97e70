"""One row of a table -> what labcheck adds to it. The core judges; here its answer is put into cells.

`Judge.judge` is the plain way, every row through `interpret`. `Judge.stretches` is the quick way for rows
that differ in their number alone: between the values at which an answer can change (the limits of bands, of
what is possible, of what is plausible) the core is asked once, and its answer holds for the whole stretch. At
such a value, near it, and for whatever is not plain digits, the plain way is taken.
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from functools import partial
from itertools import chain, pairwise
from typing import NamedTuple

from labcheck.catalogue import Catalogue
from labcheck.errors import AmbiguousNumber, IncompatibleUnit, LabcheckError, UnreadableValue
from labcheck.flags import off_scale
from labcheck.identify import Identified
from labcheck.interpret import interpret
from labcheck.model import EXACT, REFUSED, Analyte, DecimalMark, Interpretation, Outcome, Refusal
from labcheck.ranges import OwnRange, limits, names_bands, other_ranges
from labcheck.reading import COMPARATORS, is_blank, read_value
from labcheck.units import Unit, factor, read_unit
from labcheck.wording import quote

CELLS = ("analyte", "value", "unit", "category", "code", "range", "note")
"""What is added for each result, in this order."""

LABEL = "label"
"""What is added behind them where a range set has words of its own for where a result lies."""


class Kind(NamedTuple):
    """What rows are counted by: a category, `refused`, or '' for what is not covered.

    `reason` is the code of a refusal, and has the codes of notes otherwise, joined by `;`. `label` has the
    words of a range set that has its own.
    """

    analyte: str
    category: str
    reason: str
    label: str = ""


class Verdict(NamedTuple):
    """The cells for a row, and its kind."""

    kind: Kind
    cells: tuple[str, ...]


class Given(NamedTuple):
    """What a row says of a result beside its value; None where the table has no such column.

    `range`, or its ends `low` and `high`, and `flag` are the laboratory's own; `header_unit` is the unit that
    the header names for the value.
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

    @property
    def reported_range(self) -> str | None:
        """The laboratory's range as one text; an end of its own is inclusive."""
        low, high = ("" if is_blank(end or "") else (end or "").strip() for end in (self.low, self.high))
        if not is_blank(self.range or "") or not (low or high):
            return self.range
        return f"{low}-{high}" if low and high else f">={low}" if low else f"<={high}"


_LONGEST_NAME = 60

_MOST_DIGITS = 14
"""Longer numbers go the plain way."""

_ZERO = ord("0")

_FINE = Context(prec=14)

OPERATORS: dict[str, str] = {
    **COMPARATORS,
    **dict.fromkeys(("", "=", "EQ"), ""),
    # The words of PCORnet's RESULT_MODIFIER; its others (NI, OT, TX, UN) leave open what the number is.
    "LT": "<",
    "LE": "<=",
    "GT": ">",
    "GE": ">=",
    # The OMOP Common Data Model's concepts of the domain `Meas Value Operator`; 0 is no concept.
    "4171756": "<",
    "4171754": "<=",
    "4172704": ">",
    "4171755": ">=",
    "4172703": "",
    "0": "",
}
"""What a cell of its own says of how a value compares, '' for that it is just the value."""


NOT_COVERED = Verdict(Kind("", "", ""), ("",) * len(CELLS))
"""On a test that the catalogue does not cover, or a result that was not measured."""


def _may_be_grouped(text: str) -> bool:
    """Say whether a number means something else where commas are decimal: `12.345`, not `0.345`."""
    try:
        return read_value(text).value != read_value(text, "comma").value
    except LabcheckError:
        return False


def _comparator(given: Given) -> str | None:
    """Return the sign that is to stand before the value, or None for what is no comparator."""
    return OPERATORS.get((given.comparator or "").strip().upper())


class Judge:
    """Judges rows: all of `analyte` if it is given, else of what each names."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        analyte: Analyte | None = None,
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
        self._units = units or {}
        self._decimal: DecimalMark | None = decimal
        self._range_sets = range_sets or {}
        self._all_ranges = all_ranges
        self._blank_is_absent = blank_is_absent
        self.points_may_group = points_may_group and decimal is None

    def judge(self, value: str, given: Given) -> Verdict:
        """Judge one row by asking the core."""
        if self._blank_is_absent and not value.strip():
            return NOT_COVERED
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
        text = f"{comparator}{value}" if value.strip() else value
        if self.points_may_group and _may_be_grouped(text):
            return refused(analyte.id, AmbiguousNumber.code)
        try:
            judged = interpret(
                analyte,
                text,
                unit=self._unit(text, given, analyte),
                range=self._own_ranges.get(analyte.id),
                range_set=self._range_sets.get(analyte.id),
                reported_range=given.reported_range,
                reported_flag=given.flag,
                decimal=self._decimal,
                loinc=found.loinc,
                doubt=found.doubt,
                assume_unit=False,
            )
        except LabcheckError as error:
            return refused(analyte.id, error.code)
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
        of = partial(limits, analyte, unit, reported_range=given.reported_range, decimal=self._decimal)
        used = of(own=self._own_ranges.get(analyte.id), range_set=self._range_sets.get(analyte.id))
        others = (of(range_set=id) for id in self._all_ranges if id in analyte.range_sets)
        return sorted({*used, *chain.from_iterable(others)})

    def _unit(self, value: str, given: Given, analyte: Analyte) -> str | None:
        """Return the unit beside the value, or what --unit says where there is none in the value either.

        Raises IncompatibleUnit where a row and its header disagree, and as reading the value does.
        """
        unit, header_unit = (given.unit or "").strip(), given.header_unit
        if unit and header_unit and read_unit(unit) != read_unit(header_unit):
            raise IncompatibleUnit(f"the row says {quote(unit)}, its header {header_unit}")
        if unit or header_unit or analyte.id not in self._units:
            return unit or header_unit
        return None if read_value(value, self._decimal).unit else self._units[analyte.id]

    def _identify(self, given: Given) -> Identified | None:
        if not (given.test or "").strip() and not (given.loinc or "").strip():
            return Identified(self._analyte, None) if self._analyte else None
        test, code, identifier = given.test, given.loinc, self._catalogue.identifier
        if test and not (code or "").strip() and identifier.is_code(test):
            test, code = None, test  # a column of tests can hold LOINC codes
        found = identifier.identify(test, code)
        if found and self._analyte and found.analyte.id != self._analyte.id:
            return None
        return found

    def look_alike(self, given: Given) -> str | None:
        """Return the name of a test that is not covered, if it is like one that is."""
        name = " ".join((given.test or "").split())[:_LONGEST_NAME]
        return name if self._catalogue.identifier.resembles(name) else None

    def stretches(self, given: Given) -> "Stretches | Same | Verdict | None":
        """Return the quick way for rows that say `given`, their one verdict, or None if there is neither."""
        if self._decimal == "comma" or _comparator(given) != "":
            return None
        if off_scale([given.flag or ""]):  # the number is not the value
            return None
        try:
            found = self._identify(given)
        except LabcheckError as error:
            # Where no value is no result, that comes before the name, and is for the core to see.
            return None if self._blank_is_absent else refused("", error.code)
        if found is None:
            return NOT_COVERED
        try:
            read = read_unit(self._unit("1", given, found.analyte) or "")
            by = factor(read, read_unit(found.analyte.unit), found.analyte.molar_mass)
        except LabcheckError:
            return Same(self.judge("1", given), self.points_may_group)
        try:
            ends = self._ends(given, found.analyte, read)
        except LabcheckError:  # of the range, which is looked at last: for each value by the core
            return None
        return Stretches(self, given, ends, by, converted=read.code != found.analyte.unit)


class Same(NamedTuple):
    """The one verdict on every plain number, as where the unit is refused; what is no number has its own."""

    verdict: Verdict
    points_may_group: bool

    def includes(self, text: bytes) -> bool:
        """Say whether the verdict is the one on this text."""
        whole, _, part = text.partition(b".")
        return is_plain(text) and not (self.points_may_group and _looks_grouped(whole, part))


def is_plain(text: bytes) -> bool:
    """Say whether text is a number above zero in digits, with at most a point between them."""
    whole, point, part = text.partition(b".")
    return _is_plain(text, whole, point, part) and float(text) > 0


def _looks_grouped(whole: bytes, part: bytes) -> bool:
    """Say whether the point may be one between thousands; the core knows for certain."""
    return len(part) == 3 and len(whole) <= 3


def _is_plain(text: bytes, whole: bytes, point: bytes, part: bytes) -> bool:
    if not whole.isdigit() or (point and not part.isdigit()) or len(text) > _MOST_DIGITS:
        return False
    return whole[0] != _ZERO or len(whole) == 1


class Stretches:
    """The core's answers for values between the limits, for rows that differ in their number alone."""

    def __init__(
        self, judge: Judge, given: Given, ends: Sequence[Decimal], by: Decimal, *, converted: bool
    ) -> None:
        middles = [(low + high) / 2 for low, high in pairwise([Decimal(0), *ends])]
        verdicts = [judge.judge(f"{_FINE.divide(middle, by):f}", given) for middle in middles]
        # None: impossible, for the core to say; so is all beyond the last end.
        self.verdicts = [None if v.kind.category == REFUSED else v for v in verdicts] + [None]
        self._points_may_group = judge.points_may_group
        self._by_places = -int(by.as_tuple().exponent)
        self._by = int(by.scaleb(self._by_places, EXACT)) if converted else None
        # Binary floats only find the stretch, and only where they are surely far from its ends: by more than
        # half a unit in the last digit (which the note on rounding asks about) and more than their own error.
        self._ends = [float(end / by) for end in ends]
        error = self._ends[-1] * 1e-9
        self._margins = [0.6 * 10.0**-places + error for places in range(_MOST_DIGITS + 1)]

    def find(self, text: bytes) -> tuple[int, bytes] | None:
        """Return the number of the stretch and the canonical value, or None for what the core must judge."""
        whole, point, part = text.partition(b".")
        if not _is_plain(text, whole, point, part):
            return None
        number, places = float(text), len(part)
        if not number or (places == 3 and self._points_may_group and _looks_grouped(whole, part)):
            return None
        margin = self._margins[places]
        at = bisect(self._ends, number - margin)
        if at != bisect(self._ends, number + margin):
            return None
        if self._by is None:
            return at, text
        product, places = int(whole + part) * self._by, places + self._by_places
        if places <= 0:
            return at, b"%d" % (product * 10**-places)
        written = b"%0*d" % (places + 1, product)
        behind = written[-places:].rstrip(b"0")
        return at, written[:-places] + b"." + behind if behind else written[:-places]


def cells_of(judged: Interpretation) -> tuple[str, ...]:
    """Return the cells for a result that was judged."""
    canonical = judged.canonical
    return (
        judged.analyte.id,
        f"{canonical.comparator or ''}{canonical.value:f}",
        canonical.unit,
        str(judged.category),
        judged.code,
        str(judged.range),
        ";".join(note.code for note in judged.notes),
    )


def verdict_of(outcome: Outcome | None, *, labelled: bool = False) -> Verdict:
    """Return the verdict that an outcome is; None is what the catalogue does not cover.

    Where it is to be `labelled`, it has a cell for that.
    """
    if outcome is None or isinstance(outcome, Refusal):
        verdict, label = refused(outcome.analyte, outcome.code) if outcome else NOT_COVERED, ""
    else:
        cells, label = cells_of(outcome), outcome.label
        named = label if outcome.range.names_bands else ""
        verdict = Verdict(Kind(outcome.analyte.id, str(outcome.category), cells[-1], named), cells)
    return verdict._replace(cells=(*verdict.cells, label)) if labelled else verdict


def refused(analyte: str, reason: str) -> Verdict:
    """Return the verdict on a row that cannot be interpreted."""
    return Verdict(Kind(analyte, REFUSED, reason), (analyte, "", "", REFUSED, "", "", reason))
