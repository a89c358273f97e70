"""The last steps: why a row has no verdict, which one it has, what a reader has to know, and the cells."""

from collections.abc import Callable, Sequence

import narwhals.stable.v2 as nw

from labcheck.errors import (
    ImpossibleValue,
    IncompatibleUnit,
    MissingUnit,
    NoValue,
    UnreadableRange,
    UnreadableValue,
    WrongAnalyte,
)
from labcheck.frames import expressions as ex
from labcheck.frames import reported
from labcheck.frames.expressions import UNJUDGED, Case, Expr, Value, any_of, chosen, equals
from labcheck.frames.rules import CompiledScale, Rules
from labcheck.frames.settings import Columns, Own, Settings, Step, by_analyte
from labcheck.model import REFUSED, Category
from labcheck.units import read_unit

NOT_COVERED = "not-covered"
UNUSUAL = tuple(f"unusual-{what}" for what in ("value", "unit", "name", "code", "range", "flag"))
UNUSUAL_VALUE, UNUSUAL_UNIT, UNUSUAL_NAME, UNUSUAL_CODE, UNUSUAL_RANGE, UNUSUAL_FLAG = UNUSUAL

_PLACES = 9
"""What a converted value is rounded to, after it has been compared."""

_MOST = 1e6
"""More than this has not so many places in a binary float."""


def reasons(columns: Columns, settings: Settings, own: Own) -> Step:
    """Say why a row has no verdict, '' if it has one, and what the verdict is."""
    value, product, comparator = own("value"), own("product"), own("comparator")
    no_value = ex.says_nothing(value)
    cases = [
        (own("meant") == REFUSED, WrongAnalyte.code),
        (own("meant") == "", NOT_COVERED),
        (own("meant") == UNJUDGED, UNUSUAL_NAME),
    ]
    if settings.wide:
        cases.insert(0, (ex.is_blank(value), NOT_COVERED))
    if columns.loinc:
        cases.insert(-1, ((own("meant") == UNJUDGED) & (own("coded") == UNJUDGED), UNUSUAL_CODE))
    if columns.comparator:
        cases.append((own("beside") == UNJUDGED, UNUSUAL_VALUE))
        no_value = (no_value & (own("beside") == "")) | ex.is_blank(value)

    def impossible(rules: Rules) -> Expr:
        below, above = ex.outside(rules.analyte.possible, product, rules.starts)
        return ((comparator == "") & below) | (~comparator.str.starts_with("<") & above)

    digits = min(rules.digits for rules in settings.rules)
    of_range: list[Case] = []
    if columns.bring_ranges:
        ranged = own("ranged")
        of_range = [
            (ranged == UNJUDGED, UNUSUAL_RANGE),
            (_is_by_report(settings, own) & (ranged == reported.UNREADABLE), UnreadableRange.code),
        ]
    category = _by_scale(
        settings, own, lambda rules, scale: ex.category(scale, product, comparator, rules.starts)
    )
    return {
        "reason": chosen(
            [
                *cases,
                (
                    ~own("readable"),
                    chosen(
                        [(no_value, NoValue.code), (ex.is_slip(value), UnreadableValue.code)], UNUSUAL_VALUE
                    ),
                ),
                *([(reported.is_odd(own("flag")), UNUSUAL_FLAG)] if columns.flag else []),
                (own("float") == 0.0, ImpossibleValue.code),
                (own("code") == "", MissingUnit.code),
                (own("code") == REFUSED, IncompatibleUnit.code),
                (own("code") == UNJUDGED, UNUSUAL_UNIT),
                (ex.has_more_digits(own("number"), digits) & own("edge"), UNUSUAL_VALUE),
                (by_analyte(settings, own, impossible), ImpossibleValue.code),
                *of_range,
                *(
                    ((own("meant") == rules.analyte.id) & (own("factor") != 1.0), MissingUnit.code)
                    for rules in settings.rules
                    if rules.must_be_canonical
                ),
            ],
            "",
        ),
        "category": _unless_by_report(columns, settings, own, reported.category(own), category),
    }


def categories(columns: Columns, settings: Settings, own: Own) -> Step:
    """Say which categories a result can have, for what the laboratory says to be compared with."""
    published = _words(settings, own, lambda scale: scale.categories)
    return {"categories": _unless_by_report(columns, settings, own, own("by_report"), published)}


def _is_by_report(settings: Settings, own: Own) -> Expr:
    """Say whether the row's own range judges it, where there is one."""
    return equals(own("meant"), sorted(settings.reported)) if settings.reported else nw.lit(False)


def _unless_by_report(
    columns: Columns, settings: Settings, own: Own, by_report: Expr, otherwise: Expr
) -> Expr:
    """Choose what the row's own range says where that is the one that judges."""
    if not (columns.bring_ranges and settings.reported):
        return otherwise
    return chosen([(_is_by_report(settings, own) & (own("ranged") == reported.READ), by_report)], otherwise)


def _by_scale(settings: Settings, own: Own, say: Callable[[Rules, CompiledScale], Value]) -> Expr:
    """Choose what is said by the rules and the scale that a row is compared with."""

    def by_kind(rules: Rules) -> Value:
        *others, last = rules.scales
        cases = [(ex.is_judged_by(scale, own("code"), rules.factors), say(rules, scale)) for scale in others]
        return chosen(cases, say(rules, last)) if cases else say(rules, last)

    return by_analyte(settings, own, by_kind)


def notes(columns: Columns, settings: Settings, own: Own) -> Step:
    """Say of each note whether a reader has to know it, were there a verdict; in the order of `interpret`."""
    comparator, product, code = own("comparator"), own("product"), own("code")
    exact, less = comparator == "", comparator.str.starts_with("<")
    figure = nw.concat_str(own("meant"), code, own("number").str.strip_chars_start("0"), separator=" ")
    rounded = [figure for rules in settings.rules for figure in rules.rounded]

    def implausible(rules: Rules) -> Expr:
        low, high = ex.outside(rules.analyte.plausible, product, rules.starts)
        too_low, too_high = ex.outside(rules.analyte.possible, product, rules.starts)
        return (exact & low) | (~less & high) | (~exact & (too_low | too_high))

    def near(rules: Rules) -> Expr:
        return ex.within(product, own("factor"), rules.scales)

    near_limit = ex.only_where(exact & by_analyte(settings, own, near), figure.is_in(rounded))
    step = {
        "implausible": by_analyte(settings, own, implausible),
        "near-limit": _unless_by_report(columns, settings, own, nw.lit(False), near_limit),
        **_notes_on_report(columns, settings, own),
    }
    if columns.loinc or columns.test:
        loinc = own("loinc" if columns.loinc else "test")
        step["code-unit-conflict"] = any_of(
            equals(loinc, [one.code for one in rules.analyte.loinc if one.kind == kind])
            & equals(code, [unit for unit in rules.factors if read_unit(unit).kind != kind])
            for rules in settings.rules
            for kind in sorted({one.kind for one in rules.analyte.loinc if one.kind})
        )
        step["doubtful-name"] = own("doubtful")
    return step


def _notes_on_report(columns: Columns, settings: Settings, own: Own) -> Step:
    step = {}
    ranged = own("ranged") if columns.bring_ranges else nw.lit("")
    if settings.reported:
        step["no-reported-range"] = _is_by_report(settings, own) & (ranged == "")
    if columns.bring_ranges:
        step["unreadable-range"] = ranged == reported.UNREADABLE
        differs = own("by_report") != own("categories")
        step["reported-range-differs"] = (ranged == reported.READ) & differs
    if columns.flag:
        step["reported-flag-differs"] = reported.flag_differs(own)
        step["flag-unknown"] = reported.flag_is_unknown(own)
    return step


def values(_: Columns, __: Settings, own: Own) -> Step:
    """Round what was converted to what the core writes, from 1 to _MOST; beyond, leave it as it is."""
    product = own("product")
    usual = (product >= 1.0) & (product <= _MOST)
    # Next to a limit, none of the digits that tell on which side it is may be lost: 14 of them, if not more.
    steps = chosen([(own("edge") & (product < 100.0), 1e13), (own("edge"), 1e12)], 10.0**_PLACES)
    return {"usual": usual, "rounded": chosen([(usual, (product * steps).round(0) / steps)], product)}


def cells(columns: Columns, settings: Settings, own: Own, notes: Sequence[str]) -> Step:
    """Write the columns that are added."""
    judged, meant, reason = own("reason") == "", own("meant"), own("reason")
    unjudged = equals(reason, UNUSUAL)
    written = nw.when(own("factor") == 1.0).then(own("number")).otherwise(_written(own))
    published = _by_scale(settings, own, lambda _, scale: scale.range)

    def of_judged(expr: Value) -> Expr:
        return chosen([(judged, expr)], None)

    row = {
        "analyte": chosen([((reason == NOT_COVERED) | equals(meant, (REFUSED, UNJUDGED)), None)], meant),
        "value": of_judged(nw.concat_str(own("comparator"), written)),
        "unit": of_judged(by_analyte(settings, own, lambda rules: rules.analyte.unit)),
        "category": chosen(
            [(judged, own("category")), (reason == NOT_COVERED, None), (unjudged, UNJUDGED)], REFUSED
        ),
        "code": of_judged(chosen([(own("category") == str(one), one.code) for one in Category], "")),
        "range": of_judged(_unless_by_report(columns, settings, own, reported.as_written(own), published)),
        "note": chosen(
            [(judged, _joined(notes, own)), (reason == NOT_COVERED, None)],
            reason,
        ),
    }
    if settings.labelled:
        words = _words(settings, own, lambda scale: scale.words)
        row["label"] = of_judged(_unless_by_report(columns, settings, own, own("by_report"), words))
    return row


def _written(own: Own) -> Expr:
    rounded = own("rounded")
    whole = chosen([(own("usual"), rounded.round(0))], 0.0).cast(nw.Int64)
    as_is = own("edge") | ~own("usual")
    exact = chosen([(as_is, rounded)], rounded.round(_PLACES))  # Polars has divided inexactly
    is_whole = rounded == whole.cast(nw.Float64)
    return nw.when(is_whole).then(whole.cast(nw.String)).otherwise(exact.cast(nw.String))


def _words(settings: Settings, own: Own, of: Callable[[CompiledScale], Sequence[str]]) -> Expr:
    """Return what a scale has for each of the bands that a result can lie in."""
    product, comparator = own("product"), own("comparator")
    return _by_scale(
        settings, own, lambda rules, scale: ex.words(of(scale), scale, product, comparator, rules.starts)
    )


def _joined(notes: Sequence[str], own: Own) -> Expr:
    """Join the codes of the notes that a row gets, null if it gets none."""
    codes = nw.concat_str(*(chosen([(own(note), f"{note};")], "") for note in notes))
    return chosen([(any_of(map(own, notes)), codes.str.strip_chars_end(";"))], None)
