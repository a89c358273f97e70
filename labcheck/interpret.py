"""The program: read, convert, classify, annotate. Every way in - command line, API - comes through here."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from labcheck.catalogue import built_in
from labcheck.classify import classify
from labcheck.errors import (
    ImpossibleValue,
    IncompatibleUnit,
    MissingUnit,
    UnknownUnit,
    UnreadableRange,
    quote,
)
from labcheck.model import (
    EXACT,
    Analyte,
    Band,
    Category,
    Conversion,
    DecimalMark,
    Interpretation,
    Interval,
    Measurement,
    Note,
    Quantity,
    RangeSet,
    Source,
)
from labcheck.reading import read_range, read_value
from labcheck.units import Unit, factor, read_unit


def interpret(
    analyte: str | Analyte,
    value: str | int | float | Decimal,
    *,
    unit: str | None = None,
    range: str | None = None,
    decimal: DecimalMark | None = None,
    age: Decimal | int | None = None,
) -> Interpretation:
    """Judge one result.

    `analyte` is an id of the built-in catalogue (`vitd`, `b12`) or an Analyte. `value` is the result as it
    was reported, with its comparator (`<5`) and perhaps its unit; without any unit the canonical one is
    taken, and a note says so. `range` is the user's own normal range, in the canonical unit or in the one
    written behind it; without it the analyte's default range set is used. `decimal` settles numbers
    like `1,060`. `age`, in years, picks the cautions that fit.

    Raises LabcheckError, whose `code` is the reason.
    """
    analyte = analyte if isinstance(analyte, Analyte) else built_in()[analyte]
    reported = read_value(str(value), decimal)
    given = given_unit(reported, None if unit is None else read_unit(unit))
    canonical, conversion = _convert(reported, given, analyte)
    _check_possible(reported, canonical, given, analyte)
    range_set = analyte.default_range if range is None else _own_range(range, decimal, given, analyte)
    bands = canonical_bands(range_set, analyte)
    categories = classify(canonical.interval, bands)
    category = categories[0] if len(categories) == 1 else Category.INDETERMINATE
    age = None if age is None else Decimal(age)
    return Interpretation(
        analyte=analyte,
        reported=replace(reported, unit=reported.unit or unit),
        canonical=canonical,
        conversion=conversion,
        category=category,
        possible=categories if len(categories) > 1 else (),
        range=range_set,
        notes=tuple(_notes(reported, given, canonical, conversion, bands, analyte)),
        cautions=tuple(
            caution for caution in analyte.cautions if caution.fits(category, canonical.interval, age)
        ),
        age=age,
    )


def given_unit(reported: Measurement, beside: Unit | None) -> Unit | None:
    """Return the unit behind the value or `beside` it; raise IncompatibleUnit where they are not the same."""
    behind = None if reported.unit is None else read_unit(reported.unit)
    if beside and behind and beside != behind:
        raise IncompatibleUnit(
            f"{quote(reported.text)} names the unit {behind.code}, but {beside.code} was given beside it; "
            "leave one of them out"
        )
    return beside or behind


def _convert(
    reported: Measurement, given: Unit | None, analyte: Analyte
) -> tuple[Quantity, Conversion | None]:
    canonical = Quantity(reported.comparator, reported.value, analyte.unit)
    if given is None or given.code == analyte.unit:
        return canonical, None
    by = factor(given, read_unit(analyte.unit), analyte.molar_mass)
    molar_mass = analyte.molar_mass if given.kind != read_unit(analyte.unit).kind else None
    value = EXACT.multiply(reported.value, by).normalize(EXACT)  # 22.0352, not 22.03520
    return replace(canonical, value=value), Conversion(by, molar_mass)


def _own_range(text: str, decimal: DecimalMark | None, given: Unit | None, analyte: Analyte) -> RangeSet:
    """Make a range set of a user's own range."""
    normal, unit_text = read_range(text, decimal)
    canonical = read_unit(analyte.unit)
    unit = canonical
    if unit_text is not None:
        try:
            unit = read_unit(unit_text)
        except (UnknownUnit, MissingUnit) as error:  # prose behind a number, not a unit
            raise UnreadableRange(f"{quote(text)} is not one range; type one as in 30-100") from error
    elif given is not None and factor(given, canonical, analyte.molar_mass) != 1:
        raise MissingUnit(
            f"the range {quote(text)} has no unit, and the result is in {given.code}; "
            f"type '{text.strip()} {given.code}' or '{text.strip()} {canonical.code}'"
        )
    bands = [Band(Category.NORMAL, normal)]
    if normal.low is not None:
        below = Interval(None, normal.low, includes_high=not normal.includes_low)
        bands.insert(0, Band(Category.LOW, below))
    if normal.high is not None:
        above = Interval(normal.high, None, includes_low=not normal.includes_high)
        bands.append(Band(Category.HIGH, above))
    return RangeSet(
        "user", "your own range", unit.code, Source("given with the result", "user"), tuple(bands)
    )


def canonical_bands(range_set: RangeSet, analyte: Analyte) -> tuple[Band, ...]:
    """Return the set's bands in the analyte's unit, exactly."""
    if range_set.unit == analyte.unit:
        return range_set.bands
    by = factor(read_unit(range_set.unit), read_unit(analyte.unit), analyte.molar_mass)
    return tuple(band._replace(interval=band.interval.scaled(by)) for band in range_set.bands)


def _check_possible(reported: Measurement, canonical: Quantity, given: Unit | None, analyte: Analyte) -> None:
    side = _outside(canonical, analyte.possible)
    if side:
        unit = given.code if given else analyte.unit
        raise ImpossibleValue(
            f"{quote(reported.text)} in {unit} is too {side} to be {analyte.name} (labcheck takes "
            f"{_span(analyte.possible)} {analyte.unit} as possible){_likely_mistake(side, unit, analyte)}; "
            "check the number and the unit"
        )


def _notes(
    reported: Measurement,
    given: Unit | None,
    canonical: Quantity,
    conversion: Conversion | None,
    bands: tuple[Band, ...],
    analyte: Analyte,
) -> Iterator[Note]:
    if given is None:
        yield Note("unit-assumed", f"No unit was given; the value was taken as {analyte.unit}.")
    if side := _outside(canonical, analyte.plausible):
        mistake = _likely_mistake(side, given.code if given else analyte.unit, analyte)
        yield Note(
            "implausible",
            f"Unusually {side}: labcheck takes {_span(analyte.plausible)} {analyte.unit} as "
            f"plausible{mistake}. Check the number and the unit.",
        )
    if given and conversion and conversion.factor != 1 and canonical.comparator is None:
        half = Decimal((0, (5,), int(reported.value.as_tuple().exponent) - 1))
        rounded_from = Interval(EXACT.subtract(reported.value, half), EXACT.add(reported.value, half))
        near = classify(rounded_from.scaled(conversion.factor), bands)
        if len(near) > 1:
            yield Note(
                "near-limit",
                f"{reported.value:f} {given.code} is rounded: it can stand for {_span(rounded_from)}, "
                f"which is {' or '.join(near)}.",
            )


def _outside(quantity: Quantity, limits: Interval) -> Literal["low", "high"] | None:
    """Say on which side a quantity lies outside; below an assay's limit (`<3`) it is never too low."""
    interval = quantity.interval
    if limits.high is not None and interval.low is not None and interval.low > limits.high:
        return "high"
    if quantity.comparator is None and limits.low is not None and quantity.value < limits.low:
        return "low"
    return None


def _likely_mistake(side: str, unit: str, analyte: Analyte) -> str:
    texts = [mistake.text for mistake in analyte.mistakes if mistake.side == side and unit in mistake.units]
    return "".join(f"; {text}" for text in texts)


def _span(interval: Interval) -> str:
    return f"{interval.low:f} to {interval.high:f}"
