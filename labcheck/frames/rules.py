"""The catalogue -> numbers that binary floats can be compared with, and no verdict moves.

An engine reads the digits as a binary float and multiplies it by a float factor. Both steps keep the order of
numbers, so a limit needs no exact arithmetic, only the right float to stand for it: the product of the first
number (of so many digits) on the limit's far side. Whether the last number on its near side gives a smaller
product is proved here, with Decimal, for each limit in each unit, and digits are taken off until it does. For
numbers with more digits than that, which lie within NEAR of a limit, the engine must not say.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from labcheck.catalogue import Catalogue
from labcheck.classify import bands_met
from labcheck.errors import IncompatibleUnit, Usage
from labcheck.model import Analyte, Band, Category, Interval, QuantityKind, RangeSet
from labcheck.ranges import OwnRange, canonical_bands, chosen, own_range
from labcheck.units import Unit, everyday_units, factor, other_spellings, read_unit

NEAR = 1e-9
"""How near to a limit, as a share of it, a number with too many digits is left undecided."""

LONGEST = 40
"""No plain number has more characters."""

_NO_CONCENTRATIONS = (
    *("%", "iu", "iu/l", "iu/ml", "miu/l", "u/l", "u/ml"),
    *("mg", "ug", "\u00b5g", "\u03bcg", "mcg", "ng", "pg", "mmol", "umol", "nmol", "pmol"),
)
_FINE = Context(prec=80)
_MOST_DIGITS = 15  # a binary float tells any two numbers of so many digits apart
_LEAST_DIGITS = 6


class TooFine(Usage):
    """What only decimal arithmetic can judge by."""


class Edge(NamedTuple):
    """A limit in the canonical unit; a number below it (or on it, where `included`) is on its near side."""

    limit: Decimal
    included: bool


class CompiledScale(NamedTuple):
    """The bands that an analyte's results are judged by; of several scales, those in a unit of its `kind`.

    `words` are the source's own for each band.
    """

    kind: QuantityKind
    range: str
    categories: tuple[Category, ...]
    words: tuple[str, ...]
    edges: tuple[Edge, ...]


class Rules(NamedTuple):
    """What is compiled for one analyte.

    `factors` are those of the everyday units by UCUM code; `starts` has the product at which the far side of
    each edge begins; `rounded` are results (`vitd nmol/L 75`) that a limit could be rounded to. Where the
    range is the user's and has no unit, results `must_be_canonical`.
    """

    analyte: Analyte
    scales: tuple[CompiledScale, ...]
    factors: Mapping[str, Decimal]
    starts: Mapping[Edge, float]
    digits: int
    rounded: tuple[str, ...]
    must_be_canonical: bool


def unit_spellings() -> dict[str, str]:
    """Return the UCUM code of everyday units by their spellings, in lower case, no blanks around a slash.

    A gram without a prefix is left out: `G/L` in lower case would be one.
    """
    spelled = {}
    for unit in everyday_units():
        for text in (unit.code, *other_spellings(unit)):
            lower = text.lower()
            # With the other micro sign, with blanks around the slash, with none in front of the volume.
            for spelling in (
                lower,
                lower.replace("\u00b5", "\u03bc"),
                lower.replace("/", " / "),
                lower.replace("100 ", "100"),
            ):
                if not spelling.startswith("g") and read_unit(spelling) == unit:
                    spelled[spelling] = unit.code
    return spelled


def refused_units() -> list[str]:
    """Return spellings, in lower case, of what is known to be no concentration."""
    return [spelling for spelling in _NO_CONCENTRATIONS if _is_refused(spelling)]


def _is_refused(spelling: str) -> bool:
    try:
        read_unit(spelling)
    except IncompatibleUnit:
        return True
    return False


@lru_cache(16)  # a file is judged in batches, all of them by the same rules
def rules_of(
    catalogue: Catalogue, id: str, range_set: str | None, own: OwnRange | None, others: tuple[Unit, ...]
) -> Rules:
    """Compile what judges by the user's own range, else by `range_set`, in everyday units and `others`.

    Raises UnknownRangeSet, UnreadableRange for one that the analyte cannot have, and TooFine.
    """
    analyte = catalogue[id]
    canonical = read_unit(analyte.unit)
    factors = {
        unit.code: factor(unit, canonical, analyte.molar_mass)
        for unit in (*everyday_units(), *others)
        if unit.kind == canonical.kind or analyte.molar_mass
    }
    used = own_range(own, canonical, analyte) if own else chosen(range_set, analyte)
    scales = tuple(_scales(used, analyte))
    limits = {edge.limit for scale in scales for edge in scale.edges}
    limits |= {edge.limit for span in (analyte.possible, analyte.plausible) for edge in edges_of(span)}
    edges = [Edge(limit, included) for limit in sorted(limits) for included in (False, True)]
    digits, starts = _starts(edges, list(factors.values()))
    rounded = tuple(_rounded(used, analyte, factors, digits))
    must_be_canonical = own is not None and own.unit is None
    return Rules(analyte, scales, factors, starts, digits, rounded, must_be_canonical)


def edges_of(limits: Interval) -> tuple[Edge, Edge]:
    """Return both ends of what is possible or plausible, which are included in it."""
    if limits.low is None or limits.high is None:  # the loader lets none through
        raise AssertionError(limits)
    return Edge(limits.low, False), Edge(limits.high, True)


def _scales(used: RangeSet, analyte: Analyte) -> Iterator[CompiledScale]:
    for scale in used.scales:
        one = used.printed_for(scale.kind)
        # No result is below 0: a range from there has nothing under it (`0-20`).
        bands = [band for band in canonical_bands(one, analyte) if band.interval.high != 0]
        edges = tuple(
            Edge(band.interval.high or Decimal(0), band.interval.includes_high) for band in bands[:-1]
        )
        categories, words = zip(*((band.category, band.word) for band in bands), strict=True)
        yield CompiledScale(scale.kind, str(one), categories, words, edges)


def _starts(edges: Sequence[Edge], factors: Sequence[Decimal]) -> tuple[int, dict[Edge, float]]:
    """Return how many digits a number may have, and for each edge the least product on its far side."""
    for digits in range(_MOST_DIGITS, _LEAST_DIGITS, -1):
        starts = {edge: _start(edge, factors, digits) for edge in edges}
        if None not in starts.values():
            return digits, {edge: start for edge, start in starts.items() if start is not None}
    raise TooFine("limits of the catalogue are too near to each other for binary floats in some unit")


def _start(edge: Edge, factors: Sequence[Decimal], digits: int) -> float | None:
    """Return the least product on the far side of an edge, None where the near side has one as large."""
    if edge.limit == 0:  # which is refused before it is compared
        return 0.0
    below, above = [], []
    for by in factors:
        # Behind the last digit: the nearest numbers of so many digits on both sides, the limit itself apart.
        exact = _FINE.divide(edge.limit, by)
        down = Context(prec=digits, rounding=ROUND_FLOOR).plus(exact)
        up = Context(prec=digits, rounding=ROUND_CEILING).plus(exact)
        if down == up and down * by == edge.limit:  # the limit is such a number
            down = down if edge.included else Context(prec=digits).next_minus(down)
            up = Context(prec=digits).next_plus(up) if edge.included else up
        below.append(float(down) * float(by))
        above.append(float(up) * float(by))
    return min(above) if max(below) < min(above) else None


def _rounded(used: RangeSet, analyte: Analyte, factors: Mapping[str, Decimal], digits: int) -> Iterator[str]:
    """Yield the results, converted, that may be a rounded figure from a limit's other side.

    There is one or two for each limit and number of decimal places. They are written as analyte, unit and
    number, without zeros in front.
    """
    for code, by in factors.items():
        one = used.printed_for(read_unit(code).kind)
        if factor(read_unit(code), read_unit(one.unit), analyte.molar_mass) == 1:
            continue
        bands = canonical_bands(one, analyte)
        for limit in {band.interval.high for band in bands if band.interval.high}:
            for places in range(LONGEST):
                step = Decimal((0, (1,), -places))
                floor = _FINE.divide(limit, by).quantize(step, ROUND_FLOOR, _FINE)
                for number in (floor, _FINE.add(floor, step)):
                    if _straddles(number, step / 2, by, bands):
                        written = f"{number:f}".lstrip("0")
                        if len(trimmed(written)) <= digits:
                            yield f"{analyte.id} {code} {written}"


def trimmed(number: str) -> str:
    """Return a number without the zeros behind its point, which add no digit."""
    return number.rstrip("0") if "." in number else number


def _straddles(number: Decimal, half: Decimal, by: Decimal, bands: Sequence[Band]) -> bool:
    """Say whether a number that was rounded to within `half` can be of bands that have not one word."""
    met = bands_met(Interval(_FINE.subtract(number, half), _FINE.add(number, half)).scaled(by), bands)
    return len({(band.category, band.word) for band in met}) > 1
