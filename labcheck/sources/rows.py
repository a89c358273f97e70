"""One row of a table -> what labcheck adds to it. The core judges; here its answer is put into cells.

`Judge.judge` is the plain way, every row through `interpret`. `Judge.stretches` is the quick way for rows
that differ in their number alone: between the values at which an answer can change (the limits of bands, of
what is possible, of what is plausible) the core is asked once, and its answer holds for the whole stretch. At
such a value, near it, and for whatever is not plain digits, the plain way is taken.
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from itertools import pairwise
from typing import NamedTuple

from labcheck.catalogue import Catalogue
from labcheck.errors import LabcheckError, UnreadableValue
from labcheck.identify import Identified
from labcheck.interpret import interpret
from labcheck.model import EXACT, Analyte, DecimalMark, Interpretation
from labcheck.ranges import limits
from labcheck.units import factor, read_unit

CELLS = ("analyte", "value", "unit", "category", "code", "range", "note")
"""What is added for each result, in this order."""

REFUSED = "refused"


class Kind(NamedTuple):
    """What rows are counted by; `category` is one, or `refused` with its `reason`, or '' for not covered."""

    analyte: str
    category: str
    reason: str


class Verdict(NamedTuple):
    """The cells for a row, and its kind."""

    kind: Kind
    cells: tuple[str, ...]


class Given(NamedTuple):
    """What a row says of a result beside its value; None where the table has no such column."""

    test: str | None = None
    loinc: str | None = None
    unit: str | None = None
    comparator: str | None = None


_MOST_DIGITS = 14
"""Longer numbers go the plain way."""

_ZERO = ord("0")

_FINE = Context(prec=14)

_COMPARATORS = frozenset(("", "=", "<", "<=", "=<", "≤", ">", ">=", "=>", "≥"))

NOTHING = Verdict(Kind("", "", ""), ("",) * len(CELLS))


class Judge:
    """Judges rows: all of `analyte` if it is given, else of what each names."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        analyte: Analyte | None = None,
        units: Mapping[str, str] | None = None,
        decimal: DecimalMark | None = None,
        blank_is_absent: bool = False,
    ) -> None:
        """Take `units` (by analyte id) for rows without one; `blank_is_absent` if no value is no result."""
        self._catalogue = catalogue
        self._analyte = analyte
        self._units = units or {}
        self._decimal: DecimalMark | None = decimal
        self._blank_is_absent = blank_is_absent

    def judge(self, value: str, given: Given) -> Verdict:
        """Judge one row by asking the core."""
        if self._blank_is_absent and not value.strip():
            return NOTHING
        try:
            found = self._identify(given)
        except LabcheckError as error:
            return refused("", error.code)
        if found is None:
            return NOTHING
        analyte = found.analyte
        comparator = (given.comparator or "").strip()
        if comparator not in _COMPARATORS:  # it must never become part of the number
            return refused(analyte.id, UnreadableValue.code)
        text = value if comparator in ("", "=") or not value.strip() else f"{comparator}{value}"
        unit = (given.unit or "").strip() or self._units.get(analyte.id)
        try:
            judged = interpret(
                analyte, text, unit=unit, decimal=self._decimal, loinc=found.loinc, assume_unit=False
            )
        except LabcheckError as error:
            return refused(analyte.id, error.code)
        return Verdict(Kind(analyte.id, str(judged.category), ""), cells_of(judged))

    def _identify(self, given: Given) -> Identified | None:
        if not (given.test or "").strip() and not (given.loinc or "").strip():
            return Identified(self._analyte, None) if self._analyte else None
        found = self._catalogue.identifier.identify(given.test, given.loinc)
        if found and self._analyte and found.analyte.id != self._analyte.id:
            return None
        return found

    def stretches(self, given: Given) -> "Stretches | Same | Verdict | None":
        """Return the quick way for rows that say `given`, their one verdict, or None if there is neither."""
        if self._decimal == "comma" or (given.comparator or "").strip():
            return None
        try:
            found = self._identify(given)
        except LabcheckError as error:
            return None if self._blank_is_absent else refused("", error.code)
        if found is None:
            return NOTHING
        unit = (given.unit or "").strip() or self._units.get(found.analyte.id)
        try:
            read = read_unit(unit or "")
            by = factor(read, read_unit(found.analyte.unit), found.analyte.molar_mass)
            ends = limits(found.analyte, read)
        except LabcheckError:
            return Same(self.judge("1", given))
        return Stretches(self, given, ends, by, converted=read.code != found.analyte.unit)


class Same(NamedTuple):
    """The one verdict on every plain number, as where the unit is refused; what is no number has its own."""

    verdict: Verdict


def plain_places(text: bytes) -> int:
    """Return the digits behind the point of a number in digits above zero, or -1 for any other text."""
    whole, point, part = text.partition(b".")
    if not whole.isdigit() or (point and not part.isdigit()) or len(text) > _MOST_DIGITS:
        return -1
    if whole[0] == _ZERO and (len(whole) > 1 or not float(text)):
        return -1
    return len(part)


class Stretches:
    """The core's answers for values between the limits, for rows that differ in their number alone."""

    def __init__(
        self, judge: Judge, given: Given, ends: Sequence[Decimal], by: Decimal, *, converted: bool
    ) -> None:
        middles = [(low + high) / 2 for low, high in pairwise([Decimal(0), *ends])]
        verdicts = [judge.judge(f"{_FINE.divide(middle, by):f}", given) for middle in middles]
        # None: impossible, for the core to say; so is all beyond the last end.
        self.verdicts = [None if v.kind.category == REFUSED else v for v in verdicts] + [None]
        places = -int(by.as_tuple().exponent)
        self._by = (int(by.scaleb(places, EXACT)), places) if converted else None
        # Binary floats only find the stretch, and only where they are surely far from its ends: by more than
        # half a unit in the last digit (which the note on rounding asks about) and more than their own error.
        self._float_ends = [float(end) for end in ends]
        self._float_by = float(by)
        error = float(ends[-1]) * 1e-9
        self._margins = [float(by) * 0.6 * 10.0**-places + error for places in range(_MOST_DIGITS + 1)]

    def find(self, text: bytes) -> tuple[int, bytes] | None:
        """Return the number of the stretch and the canonical value, or None for what the core must judge."""
        places = plain_places(text)
        if places < 0:
            return None
        near, margin = float(text) * self._float_by, self._margins[places]
        at = bisect(self._float_ends, near - margin)
        if at != bisect(self._float_ends, near + margin):
            return None
        return at, text if self._by is None else _product(text, places, *self._by)


def _product(text: bytes, places: int, digits: int, by_places: int) -> bytes:
    """Multiply a plain number by `digits` over ten to the `by_places`, exactly, without trailing zeros."""
    product, places = int(text.replace(b".", b"")) * digits, places + by_places
    if places <= 0:
        return b"%d" % (product * 10**-places)
    written = b"%0*d" % (places + 1, product)
    part = written[-places:].rstrip(b"0")
    return written[:-places] + b"." + part if part else written[:-places]


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


def refused(analyte: str, reason: str) -> Verdict:
    """Return the verdict on a row that cannot be interpreted."""
    return Verdict(Kind(analyte, REFUSED, reason), (analyte, "", "", REFUSED, "", "", reason))
