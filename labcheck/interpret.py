"""The program: read, convert, classify, annotate. Every way in - command line, API - comes through here."""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from labcheck.catalogue import built_in
from labcheck.classify import classify
from labcheck.errors import ImpossibleValue, IncompatibleUnit, MissingUnit, UnknownUnit, UnreadableRange
from labcheck.model import (
    EXACT,
    Analyte,
    Band,
    Category,
    DecimalMark,
    Interpretation,
    Interval,
    Loinc,
    Measurement,
    Note,
    Quantity,
    RangeSet,
    Source,
)
from labcheck.reading import read_age, read_range, read_value
from labcheck.units import Unit, convert, factor, read_unit
from labcheck.wording import quote

_FLAGS = {
    **dict.fromkeys(("L", "LL", "LOW"), Category.LOW),
    **dict.fromkeys(("N", "NORMAL"), Category.NORMAL),
    **dict.fromkeys(("H", "HH", "HIGH"), Category.HIGH),
}


def interpret(
    analyte: str | Analyte,
    value: str | int | float | Decimal,
    *,
    unit: str | None = None,
    range: str | None = None,
    decimal: DecimalMark | None = None,
    age: Decimal | float | str | None = None,
    loinc: Loinc | None = None,
    assume_unit: bool = True,
) -> Interpretation:
    """Judge one result.

    `analyte` is an id of the built-in catalogue (`vitd`, `b12`) or an Analyte. `value` is the result as it
    was reported, with its comparator (`<5`) and perhaps its unit; without any unit the canonical one is
    taken, and a note says so. `range` is the user's own normal range, in the canonical unit or in the one
    written behind it; without it the analyte's default range set is used. `decimal` settles numbers
    like `1,060`. `age`, in years, picks the cautions that fit. `loinc` is the code that came with the result;
    a unit that does not suit it gets a note. Where `assume_unit` is off, a missing unit is refused.

    Raises LabcheckError, whose `code` is the reason.
    """
    analyte = analyte if isinstance(analyte, Analyte) else built_in()[analyte]
    reported = read_value(str(value), decimal if isinstance(value, str) else None)
    given = given_unit(reported, None if unit is None else read_unit(unit))
    if given is None and not assume_unit:
        raise MissingUnit(f"{quote(reported.text)} has no unit; give the one that the report uses")
    canonical = Quantity(reported.comparator, reported.value, analyte.unit)
    conversion = None
    if given and given.code != analyte.unit:
        canonical, conversion = convert(reported, given, read_unit(analyte.unit), analyte.molar_mass)
    _check_possible(reported, canonical, given, analyte)
    range_set = analyte.default_range if range is None else _own_range(range, decimal, given, analyte)
    bands = canonical_bands(range_set, analyte)
    categories = classify(canonical.interval, bands)
    category = categories[0] if len(categories) == 1 else Category.INDETERMINATE
    years = None if age is None else read_age(str(age))
    return Interpretation(
        analyte=analyte,
        reported=replace(reported, unit=reported.unit or unit),
        canonical=canonical,
        conversion=conversion,
        category=category,
        possible=categories if len(categories) > 1 else (),
        range=range_set,
        notes=(
            *_notes_on_value(reported, given, canonical, analyte),
            *_notes_on_verdict(reported, given, range_set, bands, categories, analyte),
            *_notes_on_code(loinc, given),
        ),
        cautions=tuple(
            caution for caution in analyte.cautions if caution.fits(categories, canonical.interval, years)
        ),
        age=years,
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
        if given is None and factor(unit, canonical, analyte.molar_mass) != 1:
            raise MissingUnit(f"the range is in {unit.code}, and the result has no unit; give it with --unit")
    elif given is not None and factor(given, canonical, analyte.molar_mass) != 1:
        raise MissingUnit(
            f"the range {quote(text)} has no unit, and the result is in {given.code}; "
            f"give it one, as in '30-100 {given.code}'"
        )
    if not normal.scaled(factor(unit, canonical, analyte.molar_mass)).meets(analyte.possible):
        raise UnreadableRange(f"{quote(text)} in {unit.code} is no range that {analyte.name} can have")
    bands = [Band(Category.NORMAL, normal)]
    if normal.low is not None:
        below = Interval(None, normal.low, includes_high=not normal.includes_low)
        bands.insert(0, Band(Category.LOW, below))
    if normal.high is not None:
        above = Interval(normal.high, None, includes_low=not normal.includes_high)
        bands.append(Band(Category.HIGH, above))
    return RangeSet("user", unit.code, Source("your own range", "user"), tuple(bands))


def canonical_bands(range_set: RangeSet, analyte: Analyte) -> tuple[Band, ...]:
    """Return the set's bands in the analyte's unit, exactly."""
    if range_set.unit == analyte.unit:
        return range_set.bands
    by = factor(read_unit(range_set.unit), read_unit(analyte.unit), analyte.molar_mass)
    return tuple(band._replace(interval=band.interval.scaled(by)) for band in range_set.bands)


def _check_possible(
    reported: Measurement,
    canonical: Quantity,
    given: Unit | None,
    analyte: Analyte,
) -> None:
    side = _outside(canonical, analyte.possible)
    if side:
        unit = given.code if given else analyte.unit
        mistake = _likely_mistake(side, reported, given, analyte)
        raise ImpossibleValue(
            f"{quote(reported.text)} in {unit} is too {side} to be {analyte.name} (labcheck takes "
            f"{_span(analyte.possible)} {analyte.unit} as possible){mistake}; check the number and the unit"
        )


def _notes_on_value(
    reported: Measurement, given: Unit | None, canonical: Quantity, analyte: Analyte
) -> Iterator[Note]:
    if given is None:
        yield Note("unit-assumed", f"No unit was given; the value was taken as {analyte.unit}.")
    if side := _odd(canonical, analyte):
        mistake = _likely_mistake(side, reported, given, analyte)
        yield Note(
            "implausible",
            f"Unusually {side}: labcheck takes {_span(analyte.plausible)} {analyte.unit} as "
            f"plausible{mistake}. Check the number and the unit.",
        )


def _notes_on_verdict(
    reported: Measurement,
    given: Unit | None,
    range_set: RangeSet,
    bands: tuple[Band, ...],
    categories: tuple[Category, ...],
    analyte: Analyte,
) -> Iterator[Note]:
    unit = given or read_unit(analyte.unit)
    same = factor(unit, read_unit(range_set.unit), analyte.molar_mass) == 1
    if not same and reported.comparator is None:  # where it is, the limit is printed as the result is
        half = Decimal((0, (5,), int(reported.value.as_tuple().exponent) - 1))
        rounded_from = Interval(EXACT.subtract(reported.value, half), EXACT.add(reported.value, half))
        by = factor(unit, read_unit(analyte.unit), analyte.molar_mass)
        near = classify(rounded_from.scaled(by), bands)
        if len(near) > 1:
            yield Note(
                "near-limit",
                f"{reported.value:f} {unit.code} is rounded: it can stand for {_span(rounded_from)}, "
                f"which is {' or '.join(near)}.",
            )
    flagged = _FLAGS.get((reported.flag or "").upper())
    if flagged and flagged not in categories:
        yield Note(
            "reported-flag-differs",
            f"The report flags it {reported.flag}, which says {flagged}; by the range used here it is "
            f"{' or '.join(categories)}.",
        )


def _notes_on_code(loinc: Loinc | None, given: Unit | None) -> Iterator[Note]:
    if loinc and given and loinc.kind != given.kind:
        yield Note(
            "code-unit-conflict",
            f"LOINC {loinc.code} stands for {loinc.kind} in a volume, but the unit is {given.code}; the "
            "value was read by its unit.",
        )


def _outside(quantity: Quantity, limits: Interval) -> Literal["low", "high"] | None:
    """Say on which side a quantity lies outside; below an assay's limit (`<3`) it is never too low."""
    interval = quantity.interval
    if limits.high is not None and interval.low is not None and interval.low > limits.high:
        return "high"
    if quantity.comparator is None and limits.low is not None and quantity.value < limits.low:
        return "low"
    return None


def _odd(quantity: Quantity, analyte: Analyte) -> Literal["low", "high"] | None:
    """Say on which side a quantity is implausible; an assay's limit only where no value can be."""
    exact = replace(quantity, comparator=None)
    side = _outside(quantity, analyte.plausible)
    return side or (_outside(exact, analyte.possible) if quantity.comparator else None)


def _likely_mistake(side: str, reported: Measurement, given: Unit | None, analyte: Analyte) -> str:
    unit = given.code if given else analyte.unit
    texts = [mistake.text for mistake in analyte.mistakes if mistake.side == side and unit in mistake.units]
    if side == "low" and re.search(r"\b[0-9]{1,3}\.[0-9]{3}\b", reported.text):
        texts.append("if the point groups thousands, say --decimal comma")
    return "".join(f"; {text}" for text in texts)


def _span(interval: Interval) -> str:
    return f"{interval.low:f} to {interval.high:f}"
