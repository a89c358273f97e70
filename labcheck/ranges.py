"""Which range a result is judged by, and where it stands by it.

That is a published set of the catalogue, the range that stands on the report, or the user's own; all of them
are range sets from here on. A set that was printed in two units is compared in the kind of unit that the
result came in: its bounds are rounded in each, and converting them would give two answers for one limit.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from labcheck.classify import bands_met
from labcheck.errors import (
    LabcheckError,
    MissingUnit,
    UnknownRangeSet,
    UnknownUnit,
    UnreadableRange,
)
from labcheck.model import (
    REPORTED,
    USER,
    Analyte,
    Band,
    Category,
    DecimalMark,
    Interpretation,
    Interval,
    Quantity,
    RangeSet,
    Scale,
    Source,
    Standing,
)
from labcheck.reading import is_blank, read_range
from labcheck.units import Unit, factor, read_unit
from labcheck.wording import did_you_mean, quote

_ROUNDED = Decimal("0.03")
"""By so large a share the ends of one range differ at most that is printed in moles and by mass."""


class OwnRange(NamedTuple):
    """A user's own range: its text, what was read from it, and the unit behind it, None if it has none."""

    text: str
    normal: Interval
    unit: Unit | None


def read_own_range(text: str, decimal: DecimalMark | None) -> OwnRange:
    """Read a user's own range."""
    normal, unit_text = read_range(text, decimal)
    try:
        return OwnRange(text, normal, None if unit_text is None else read_unit(unit_text))
    except (UnknownUnit, MissingUnit) as error:  # prose behind a number, not a unit
        raise UnreadableRange(f"{quote(text)} is not one range; type one as in 30-100") from error


def ranges_of(
    analyte: Analyte,
    unit: Unit,
    id: str | None,
    reported: str | None,
    decimal: DecimalMark | None,
) -> tuple[RangeSet, RangeSet | None]:
    """Return the range set that `id` asks for, and the report's own range if it has one that can be read."""
    beside = None
    if reported is not None and not is_blank(reported):
        try:
            beside = _reported_range(reported, decimal, unit, analyte)
        except LabcheckError as error:
            if id == REPORTED:
                raise UnreadableRange(f"the report's own range cannot be used: {error.text}") from error
    if id == REPORTED and beside is not None:
        return beside, beside
    return chosen(id, analyte).printed_for(unit.kind), beside


def chosen(id: str | None, analyte: Analyte) -> RangeSet:
    """Return the range set that judges where `id` is asked for and a report brings no range of its own.

    Raises UnknownRangeSet if the analyte has none of that id.
    """
    return analyte.default_range if id is None or id == REPORTED else published(id, analyte)


def published(id: str, analyte: Analyte) -> RangeSet:
    """Return the analyte's range set of that id; raise UnknownRangeSet with those that it has."""
    if id in analyte.range_sets:
        return analyte.range_sets[id]
    raise unknown_range_set(id, [analyte])


def unknown_range_set(id: str, analytes: Sequence[Analyte]) -> UnknownRangeSet:
    """Return the error that none of `analytes` has a range set of that id, with those that they have."""
    known = list(dict.fromkeys([*(name for one in analytes for name in one.range_sets), REPORTED]))
    if len(analytes) == 1:
        of, listed = f" for {analytes[0].name}", ", ".join(known)
    else:
        of = ""
        listed = "; ".join(f"{', '.join(one.range_sets)} for {one.name}" for one in analytes)
        listed += f"; {REPORTED} for any of them"
    return UnknownRangeSet(
        f"there is no range set {quote(id)}{of}{did_you_mean(id, known, likeness=0.7)}; known are {listed}"
    )


def used_range(analyte: Analyte, id: str | None) -> RangeSet | None:
    """Return what `chosen` does, or None if the analyte has no such range set: its results are refused."""
    try:
        return chosen(id, analyte)
    except UnknownRangeSet:
        return None


def names_bands(
    analytes: Iterable[Analyte],
    range_sets: Mapping[str, str | None],
    own_ranges: Mapping[str, OwnRange] = MappingProxyType({}),
) -> bool:
    """Say whether any of the ranges that `analytes` are judged by has words of its own for its bands.

    Both are by analyte: the ids of `range_sets`, and `own_ranges`, which have no words and outrank them.
    """
    published = (analyte for analyte in analytes if analyte.id not in own_ranges)
    used = (used_range(analyte, range_sets.get(analyte.id)) for analyte in published)
    return any(one.names_bands for one in used if one)


def own_range(own: OwnRange, given: Unit | None, analyte: Analyte) -> RangeSet:
    """Make a range set of a user's own range, for a result in the unit `given`; None is no unit."""
    text, normal, unit = own
    canonical = read_unit(analyte.unit)
    if unit is not None:
        if given is None and factor(unit, canonical, analyte.molar_mass) != 1:
            raise MissingUnit(f"the range is in {unit.code}, and the result has no unit; give it with --unit")
    elif given is not None and factor(given, canonical, analyte.molar_mass) != 1:
        raise MissingUnit(
            f"the range {quote(text)} has no unit, and the result is in {given.code}; "
            f"give it one, as in '30-100 {given.code}'"
        )
    return _as_set(USER, "your own range", text, normal, unit or canonical, analyte)


def _reported_range(text: str, decimal: DecimalMark | None, given: Unit, analyte: Analyte) -> RangeSet:
    """Make a range set of the range on a report, which is in the result's unit if it names none."""
    normal, unit_text = read_range(text, decimal)
    unit = given if unit_text is None else read_unit(unit_text)
    return _as_set(REPORTED, "the range on the report", text, normal, unit, analyte)


def end_elsewhere(text: str, other: str, given: Unit, analyte: Analyte, decimal: DecimalMark | None) -> bool:
    """Say whether the second of two ranges has an end that the first has not; 0 is none.

    They are in the unit `given` if they name none. Raises as reading them does.
    """
    (one, own), (two, others) = (read_range(range, decimal) for range in (text, other))
    unit, other_unit = (given if spelled is None else read_unit(spelled) for spelled in (own, others))
    canonical = read_unit(analyte.unit)
    by, other_by = (factor(each, canonical, analyte.molar_mass) for each in (unit, other_unit))
    most = Decimal(0) if unit.kind == other_unit.kind else _ROUNDED
    return any(
        end and (first is None or abs(first * by - end * other_by) > most * end * other_by)
        for first, end in ((one.low, two.low), (one.high, two.high))
    )


def _as_set(id: str, name: str, text: str, normal: Interval, unit: Unit, analyte: Analyte) -> RangeSet:
    """Make a range set of a normal range; one that is open to a side judges nothing there."""
    by = factor(unit, read_unit(analyte.unit), analyte.molar_mass)
    if not normal.scaled(by).meets(analyte.possible):
        raise UnreadableRange(f"{quote(text)} in {unit.code} is no range that {analyte.name} can have")
    bands = [Band(Category.NORMAL, normal)]
    if normal.low is not None:
        below = Interval(None, normal.low, includes_high=not normal.includes_low)
        bands.insert(0, Band(Category.LOW, below))
    if normal.high is not None:
        above = Interval(normal.high, None, includes_low=not normal.includes_high)
        bands.append(Band(Category.HIGH, above))
    return RangeSet(id, name, Source(name, "user"), (Scale(unit.code, unit.kind, tuple(bands)),))


def canonical_bands(range_set: RangeSet, analyte: Analyte) -> tuple[Band, ...]:
    """Return the bands of the set's first scale in the analyte's unit, exactly."""
    if range_set.unit == analyte.unit:
        return range_set.bands
    by = factor(read_unit(range_set.unit), read_unit(analyte.unit), analyte.molar_mass)
    return tuple(band._replace(interval=band.interval.scaled(by)) for band in range_set.bands)


def normal_in(unit: Unit, range_set: RangeSet, analyte: Analyte) -> Interval:
    """Return the normal range of the set's first scale in `unit`, exactly towards mass units."""
    return range_set.normal.scaled(factor(read_unit(range_set.unit), unit, analyte.molar_mass))


def stand(canonical: Quantity, range_set: RangeSet, analyte: Analyte) -> Standing:
    """Return where a result, in the analyte's unit, stands by the set's first scale."""
    return Standing(range_set, bands_met(canonical.interval, canonical_bands(range_set, analyte)))


def other_ranges(judged: Interpretation) -> tuple[Standing, ...]:
    """Return where a result stands by each published range set of its analyte but the one that was used."""
    analyte = judged.analyte
    kind = read_unit(judged.reported.unit or analyte.unit).kind
    return tuple(
        stand(judged.canonical, range_set.printed_for(kind), analyte)
        for id, range_set in analyte.range_sets.items()
        if id != judged.range.id
    )


def limits(
    analyte: Analyte,
    unit: Unit,
    *,
    own: OwnRange | None = None,
    range_set: str | None = None,
    reported_range: str | None = None,
    decimal: DecimalMark | None = None,
) -> tuple[Decimal, ...]:
    """Return where an answer of `interpret` can change for exact results in `unit`: canonical, ascending.

    `own` outranks `range_set`. Raises as `interpret` does.
    """
    used, beside = ranges_of(analyte, unit, None if own else range_set, reported_range, decimal)
    sets = filter(None, (own_range(own, unit, analyte) if own else used, beside))
    intervals = [band.interval for one in sets for band in canonical_bands(one, analyte)]
    intervals += [analyte.possible, analyte.plausible]
    return tuple(sorted({end for interval in intervals for end in (interval.low, interval.high) if end}))
