"""The program: read, convert, classify, annotate.

Every way in comes through here, but for the many results of a table or a dataframe, whose quick ways are held
to what this says.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Literal

from labcheck.catalogue import built_in
from labcheck.classify import bands_met
from labcheck.errors import (
    ImpossibleValue,
    IncompatibleUnit,
    MissingUnit,
    UnknownUnit,
    UnreadableValue,
)
from labcheck.flags import AROUND, SIDES, is_unknown, marks, off_scale
from labcheck.model import (
    EXACT,
    REPORTED,
    Analyte,
    Comparator,
    DecimalMark,
    Interpretation,
    Interval,
    Loinc,
    Measurement,
    Note,
    Quantity,
    RangeSet,
    Standing,
)
from labcheck.ranges import OwnRange, canonical_bands, own_range, ranges_of, read_own_range, stand
from labcheck.reading import check_decimal_mark, is_blank, read_age, read_value
from labcheck.units import Unit, are_same, convert, factor, read_unit
from labcheck.wording import quote


def interpret(
    analyte: str | Analyte,
    value: str | int | float | Decimal,
    *,
    unit: str | None = None,
    range: str | OwnRange | None = None,
    range_set: str | None = None,
    reported_range: str | None = None,
    reported_flag: str | Sequence[str] | None = None,
    decimal: DecimalMark | None = None,
    value_decimal: DecimalMark | None = None,
    range_decimal: DecimalMark | None = None,
    age: Decimal | float | str | None = None,
    loinc: Loinc | None = None,
    doubt: str | None = None,
    assume_unit: bool = True,
) -> Interpretation:
    """Judge one result.

    `analyte` is an id of the built-in catalogue (`vitd`, `b12`), a name of its test, or an Analyte, as
    `Catalogue([file])["ferritin"]` gives it. `value` is the result as it was reported, with its comparator
    (`<5`) and perhaps its unit, which `unit` must not contradict; without any unit the canonical one is
    taken, and a note says so. `range` is the user's own normal range, both ends normal, in the canonical unit
    or in the one written behind it; with one end it judges that side alone. Without it the range set of the
    id `range_set` is used, or the analyte's default one.

    `reported_range` and `reported_flag` are what the report says beside the value: its normal range, in the
    result's unit or in the one written behind it, and its mark (`H`, `low`) or several. Where they say
    otherwise than the range that is used, a note says so, and another where that range cannot be read. The
    marks `<` and `>` (off scale) are the comparator of a value that has none, with a note, too. With the
    `range_set` `reported` the report's range is the one that is used; if there is none, the default is, with
    a note.

    `decimal` settles numbers like `1,060`; `value_decimal` and `range_decimal` that of the value and that of
    the report's range alone, where a format fixes one of them. `age`, in years from 0 to 130, picks the
    cautions that fit. `loinc` is the code that came with the result; a unit that does not suit it gets a
    note. `doubt` is what else the test can be by its name, and becomes a note. Where `assume_unit` is off, a
    missing unit is refused.

    Raises LabcheckError, whose `code` is the reason.
    """
    for each in (decimal, value_decimal, range_decimal):
        check_decimal_mark(each)
    if isinstance(analyte, str):
        found = built_in().identify(analyte)
        analyte, doubt = found.analyte, doubt or found.doubt
    flags = [reported_flag] if isinstance(reported_flag, str) else reported_flag or ()
    mark = (value_decimal or decimal) if isinstance(value, str) else "point"
    written = read_value(str(value), mark)
    reported = _with_comparator(written, off_scale(flags, written.value))
    given = given_unit(reported, None if unit is None else read_unit(unit))
    if given is None and not assume_unit:
        raise MissingUnit(f"{quote(reported.text)} has no unit; give the one that the report uses")
    canonical = Quantity(reported.comparator, reported.value, analyte.unit)
    conversion = None
    if given and given.code != analyte.unit:
        canonical, conversion = convert(reported, given, read_unit(analyte.unit), analyte.molar_mass)
    mistake = partial(_likely_mistake, reported=reported, given=given, analyte=analyte, decimal=mark)
    _check_possible(reported, canonical, given, analyte, mistake)
    unit_of = given or read_unit(analyte.unit)
    asked = range_set if range is None else None
    used, beside = ranges_of(analyte, unit_of, asked, reported_range, range_decimal or decimal)
    if range is not None:
        own = read_own_range(range, decimal) if isinstance(range, str) else range
        used = own_range(own, given, analyte)
    standing = stand(canonical, used, analyte)
    years = None if age is None else read_age(f"{age:f}" if isinstance(age, Decimal) else str(age))
    return Interpretation(
        analyte=analyte,
        reported=reported._replace(unit=reported.unit or unit),
        canonical=canonical,
        conversion=conversion,
        standing=standing,
        notes=(
            *_notes_on_value(given, canonical, analyte, mistake),
            *([_off_scale_note(reported)] if reported.comparator != written.comparator else []),
            *_notes_on_rounding(reported, unit_of, standing, analyte),
            *_notes_on_report(
                standing,
                None if beside is None else stand(canonical, beside, analyte),
                missing=range is None and range_set == REPORTED and beside is None,
                unread=reported_range if beside is None and not is_blank(reported_range or "") else None,
            ),
            *_notes_on_flags(standing, written, flags),
            *_notes_on_age(standing.range, years),
            *_notes_on_code(loinc, given),
            *([Note("doubtful-name", doubt)] if doubt else []),
        ),
        cautions=tuple(
            caution
            for caution in analyte.cautions
            if caution.fits(standing.categories, canonical.interval, years)
        ),
        age=years,
    )


def _with_comparator(reported: Measurement, flagged: frozenset[Comparator]) -> Measurement:
    """Return a measurement with the comparator of its flag; raise UnreadableValue where they do not agree."""
    sides = {comparator[0] for comparator in (reported.comparator or "", *flagged) if comparator}
    if len(sides) > 1:
        raise UnreadableValue(
            f"{quote(reported.text)} is flagged {' and '.join(sorted(flagged))}, off the assay's scale: "
            "it can be below the number or above it; ask the laboratory"
        )
    if reported.comparator or not flagged:
        return reported
    comparator = max(flagged, key=len)  # `<=` holds whatever `<` does
    return reported._replace(comparator=comparator, text=f"{comparator}{reported.text.strip()}")


def given_unit(reported: Measurement, beside: Unit | None) -> Unit | None:
    """Return the unit behind the value or `beside` it.

    Raises IncompatibleUnit where they are not the same, and UnreadableValue where something else is behind.
    """
    try:
        behind = None if reported.unit is None else read_unit(reported.unit)
    except UnknownUnit as error:
        if beside is None:
            raise
        instead = "check the number, and type it alone"
        if said := off_scale([reported.unit or ""]):
            instead = f"if that is what it says, type '{min(said)}{reported.value:f}'"
        raise UnreadableValue(
            f"{quote(reported.text)} has more than a number, and {quote(reported.unit or '')} is no unit; "
            f"{instead}"
        ) from error
    if beside and behind and not are_same(beside, behind):
        raise IncompatibleUnit(
            f"{quote(reported.text)} names the unit {behind.code}, but {beside.code} was given beside it; "
            "leave one of them out"
        )
    return beside or behind


def _check_possible(
    reported: Measurement,
    canonical: Quantity,
    given: Unit | None,
    analyte: Analyte,
    mistake: Callable[[str], str],
) -> None:
    side = _outside(canonical, analyte.possible)
    if side:
        unit = given.code if given else analyte.unit
        raise ImpossibleValue(
            f"{quote(reported.text)} in {unit} is too {side} to be {analyte.name} (labcheck takes "
            f"{_span(analyte.possible)} {analyte.unit} as possible){mistake(side)}; check the number and the "
            "unit"
        )


def _notes_on_value(
    given: Unit | None, canonical: Quantity, analyte: Analyte, mistake: Callable[[str], str]
) -> Iterator[Note]:
    if given is None:
        yield Note("unit-assumed", f"No unit was given; the value was taken as {analyte.unit}.")
    if side := _odd(canonical, analyte):
        yield Note(
            "implausible",
            f"Unusually {side}: labcheck takes {_span(analyte.plausible)} {analyte.unit} as "
            f"plausible{mistake(side)}. Check the number and the unit.",
        )


def _off_scale_note(reported: Measurement) -> Note:
    """Tell that the comparator was no part of the value."""
    number = f"{reported.value:f}"
    return Note(
        "off-scale",
        f"The report flags it {reported.comparator}, off the assay's scale: it was read as "
        f"{reported.comparator}{number}, not as {number}.",
    )


def _notes_on_rounding(
    reported: Measurement, unit: Unit, standing: Standing, analyte: Analyte
) -> Iterator[Note]:
    same = factor(unit, read_unit(standing.range.unit), analyte.molar_mass) == 1
    if same or reported.comparator is not None:  # where it is the same, the limit is printed as the result is
        return
    half = Decimal((0, (5,), int(reported.value.as_tuple().exponent) - 1))
    rounded_from = Interval(EXACT.subtract(reported.value, half), EXACT.add(reported.value, half))
    by = factor(unit, read_unit(analyte.unit), analyte.molar_mass)
    near = Standing(
        standing.range, bands_met(rounded_from.scaled(by), canonical_bands(standing.range, analyte))
    )
    words = _or(near.possible) or near.label
    if words != standing.label:
        yield Note(
            "near-limit",
            f"{reported.value:f} {unit.code} is rounded: it can stand for {_span(rounded_from)}, "
            f"which is {words}.",
        )


def _notes_on_report(
    used: Standing,
    by_report: Standing | None,
    *,
    missing: bool,
    unread: str | None,
) -> Iterator[Note]:
    if missing:
        yield Note(
            "no-reported-range", f"The report brings no range; {used.range}, {used.range.name}, was used."
        )
    if unread is not None:
        yield Note(
            "unreadable-range",
            f"The range on the report, {quote(unread)}, cannot be read as one range; it was not compared.",
        )
    if by_report and by_report.categories != used.categories:
        yield Note(
            "reported-range-differs",
            f"By the range on the report, {by_report.range}, it is {_or(by_report.categories)}; {_by(used)}",
        )


def _notes_on_flags(used: Standing, written: Measurement, beside: Sequence[str]) -> Iterator[Note]:
    """Compare the flags behind the value and beside it; behind it, none but those that are known is read."""
    marks_beside = [mark for flag in beside for mark in marks(flag)]
    says = {mark: SIDES.get(mark.upper(), ()) for mark in (*marks(written.flag or ""), *marks_beside)}
    sides = [set(said) for said in says.values() if said]
    if differing := {
        mark: said
        for mark, said in says.items()
        if said
        and not any(side < set(said) for side in sides)  # `A` is low or high, and beside it `L` says more
        and not set(said).intersection(used.categories)
    }:
        said = " and ".join(_or(categories) for categories in dict.fromkeys(differing.values()))
        yield Note(
            "reported-flag-differs",
            f"The report flags it {' and '.join(differing)}, which says {said}; {_by(used)}",
        )
    others = [flag for flag in beside if not off_scale([flag], written.value)]
    unknown = [mark for flag in others for mark in marks(flag) if is_unknown(mark)]
    if sides:  # beside which a star says nothing more
        unknown = [mark for mark in unknown if mark.strip(AROUND)]
    if unknown:
        told = " and ".join(map(quote, dict.fromkeys(unknown)))
        yield Note(
            "flag-unknown", f"The report flags it {told}, which is not understood; it was not compared."
        )


def _by(used: Standing) -> str:
    return f"by the range used here it is {_or(used.categories)}."


def _notes_on_age(used: RangeSet, years: Decimal | None) -> Iterator[Note]:
    if years is not None and years not in used.ages:
        yield Note(
            "other-population",
            f"The range used is for {used.population}; it says nothing of somebody aged {years:f}.",
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
    exact = quantity._replace(comparator=None)
    side = _outside(quantity, analyte.plausible)
    return side or (_outside(exact, analyte.possible) if quantity.comparator else None)


def _likely_mistake(
    side: str, *, reported: Measurement, given: Unit | None, analyte: Analyte, decimal: DecimalMark | None
) -> str:
    """Return what may have been mistaken, to be told; what `decimal` settled is not asked about."""
    unit = given.code if given else analyte.unit
    texts = [
        mistake.text
        for mistake in analyte.mistakes
        if mistake.side == side and unit in mistake.units and _is_plausible(reported, mistake.unit, analyte)
    ]
    if side == "low" and decimal is None and re.search(r"\b[0-9]{1,3}\.[0-9]{3}\b", reported.text):
        texts.append("if the point groups thousands, say --decimal comma")
    return "".join(f"; {text}" for text in texts)


def _is_plausible(reported: Measurement, unit: str | None, analyte: Analyte) -> bool:
    """Say whether a number would be plausible in another unit, if there is one."""
    if unit is None:
        return True
    by = factor(read_unit(unit), read_unit(analyte.unit), analyte.molar_mass)
    return EXACT.multiply(reported.value, by) in analyte.plausible


def _or(words: Iterable[str]) -> str:
    return " or ".join(words)


def _span(interval: Interval) -> str:
    return f"{interval.low:f} to {interval.high:f}"
