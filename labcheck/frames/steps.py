"""The steps of a verdict: each adds columns that the next one reads, and the last one leaves seven.

Steps rather than one expression, so that no engine works anything out twice.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw

from labcheck.catalogue import Catalogue
from labcheck.errors import ImpossibleValue, MissingUnit, NoValue, Usage, WrongAnalyte
from labcheck.frames import expressions as ex
from labcheck.frames.expressions import REFUSED, UNJUDGED, Expr, Value, all_of, any_of, chosen, equals
from labcheck.frames.names import name_patterns
from labcheck.frames.rules import Rules, Scale, unit_spellings
from labcheck.model import Category
from labcheck.units import Unit, read_unit
from labcheck.wording import quote

NOT_COVERED = "not-covered"
UNUSUAL = ("unusual-value", "unusual-unit", "unusual-name", "unusual-code")
UNUSUAL_VALUE, UNUSUAL_UNIT, UNUSUAL_NAME, UNUSUAL_CODE = UNUSUAL

_PLACES = 9
"""What a converted value is rounded to, after it has been compared, where it is 1 or more."""

Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]
Step = dict[str, Expr]
Own = Callable[[str], Expr]
"""Returns the column that an earlier step has added under that name."""


class Columns(NamedTuple):
    """The names of the columns that are read."""

    value: str
    test: str | None
    loinc: str | None
    unit: str | None
    comparator: str | None


class Given(NamedTuple):
    """What holds for all rows.

    `rules` are those of each analyte that is judged: of all, or of `only` one, whose rows need not name it.
    `units`, for rows without one, are by analyte id.
    """

    catalogue: Catalogue
    rules: Sequence[Rules]
    units: Mapping[str, Unit]
    only: str | None
    wide: bool


def annotate(frame: Frame, columns: Columns, given: Given, prefix: str) -> Frame:
    """Add the seven columns to a frame, and nothing else."""
    schema = frame.collect_schema()
    between: list[str] = []

    def own(name: str) -> Expr:
        return nw.col(f"_{prefix}{name}")

    def add(step: Step, start: str) -> None:
        nonlocal frame
        names = {f"{start}{prefix}{name}": expr for name, expr in step.items()}
        if taken := [name for name in names if name in schema]:
            raise Usage(f"there is a column {quote(taken[0])} already; choose another prefix")
        frame = frame.with_columns(*(expr.alias(name) for name, expr in names.items()))
        if start:
            between.extend(names)

    add(_texts(columns, given, schema), "_")
    for step in (_readings, _tests, _units, _factors, _products):
        add(step(columns, given, own), "_")
    notes = _notes(columns, given, own)
    add({**_reasons(columns, given, own), **notes}, "_")
    add(_cells(list(notes), given, own), "")
    return frame.drop(*between)


def _texts(columns: Columns, given: Given, schema: Mapping[str, Any]) -> Step:
    """Write what a verdict rests on as text: names in lower case, units as well unless they are codes."""

    def text(column: str) -> Expr:
        return ex.text(column, schema[column])

    step = {"value": text(columns.value)}
    if columns.test:
        step["test"] = text(columns.test).str.to_lowercase()
    if columns.loinc:
        step["loinc"] = text(columns.loinc).str.strip_chars(ex.BLANKS)
    if columns.unit:
        given_as, codes = text(columns.unit), set(unit_spellings().values())
        step["spelled"] = chosen(
            [(equals(given_as, sorted(codes)), given_as)],
            given_as.str.strip_chars(ex.BLANKS).str.to_lowercase(),
        )
    if columns.comparator:
        comparator = ex.concept(columns.comparator, schema[columns.comparator])
        step["beside"] = ex.comparator_beside(comparator.str.strip_chars(ex.BLANKS))
    return step


def _readings(columns: Columns, given: Given, own: Own) -> Step:
    """Read each of the texts for itself."""
    value = own("value")
    bare = ex.is_bare(value)
    plain = chosen([(bare, nw.lit(True))], ex.is_plain(value))
    step = {
        "bare": bare,
        "plain": plain,
        "number": chosen([(bare, value), (plain, ex.number_in(value))], "0"),
    }
    if columns.test:
        step["named"] = ex.named(own("test"), name_patterns(given.catalogue))
    if columns.loinc:
        analytes = [given.catalogue[id] for id in given.catalogue.ids]
        codes = {
            one.code: REFUSED if one.refused else analyte.id for analyte in analytes for one in analyte.loinc
        }
        step["coded"] = ex.coded(own("loinc"), codes)
    return step


def _tests(columns: Columns, given: Given, own: Own) -> Step:
    """Settle the number, and whose result it is: an analyte's id, REFUSED, UNJUDGED, '' for not covered."""
    step = {
        "float": own("number").cast(nw.Float64),
        "before": chosen([(own("bare") | ~own("plain"), "")], ex.comparator_in(own("value"))),
    }
    name, code = (own(role).str.strip_chars(ex.BLANKS) for role in ("test", "loinc"))
    patterns = name_patterns(given.catalogue)
    if columns.test and columns.loinc:
        found = ex.meant(own("named"), own("coded"), name, given.catalogue.ids, patterns)
        blank = (name == "") & (code == "")
        ours = equals(own("coded"), given.catalogue.ids)
        unknown = ours & (own("named") == "") & (name != "")
        step["doubtful"] = (ex.doubted(own("test"), own("named"), patterns) & ~ours) | unknown
    elif columns.test:
        found, blank = own("named"), name == ""
        step["doubtful"] = ex.doubted(own("test"), own("named"), patterns)
    elif columns.loinc:
        found, blank = chosen([(own("coded") == ex.SAYS_NOTHING, "")], own("coded")), code == ""
    else:
        return {**step, "meant": nw.lit(given.only)}
    if given.only is None:
        return {**step, "meant": found}
    kept = equals(found, (given.only, REFUSED, UNJUDGED))
    return {**step, "meant": chosen([(blank, given.only), (kept, found)], "")}


def _units(columns: Columns, given: Given, own: Own) -> Step:
    """Read the unit, or take the one that is known for rows without, and settle the comparator."""
    defaults = [(own("meant") == id, unit.code) for id, unit in given.units.items()]
    default = chosen(defaults, "") if defaults else nw.lit("")
    beside, before = own("beside"), own("before")
    step = {
        "comparator": chosen([(beside != "", beside)], before) if columns.comparator else before,
        "readable": own("plain") & ~((beside != "") & (before != "")) if columns.comparator else own("plain"),
    }
    if not columns.unit:
        return {**step, "code": default}
    spellings = unit_spellings()
    spelled = own("spelled")
    known = [
        (equals(spelled, [code, *(s for s in spellings if spellings[s] == code)]), code)
        for code in dict.fromkeys(spellings.values())
    ]
    lacking = [
        (own("meant") == rules.analyte.id) & equals(spelled, lacks)
        for rules in given.rules
        if (lacks := [text for pair in spellings.items() if pair[1] not in rules.factors for text in pair])
    ]
    unknown = [(any_of(lacking), UNJUDGED)] if lacking else []
    return {**step, "code": chosen([(own("spelled") == "", default), *unknown, *known], UNJUDGED)}


def _factors(_: Columns, given: Given, own: Own) -> Step:
    """Choose what the number is multiplied by to be in the analyte's unit."""

    def by_unit(rules: Rules) -> Expr:
        return ex.by_unit(own("code"), {code: float(by) for code, by in rules.factors.items()})

    return {"factor": _by_analyte(given, own, by_unit)}


def _products(_: Columns, __: Given, own: Own) -> Step:
    """Convert."""
    return {"product": own("float") * own("factor")}


def _by_analyte(given: Given, own: Own, say: Callable[[Rules], Value]) -> Expr:
    """Choose what is said by the rules of the row's analyte; the last one speaks for rows of none."""
    *others, last = given.rules
    return chosen([(own("meant") == rules.analyte.id, say(rules)) for rules in others], say(last))


def _reasons(columns: Columns, given: Given, own: Own) -> Step:
    """Say why a row has no verdict, '' if it has one, and what the verdict is."""
    value, product, comparator = own("value"), own("product"), own("comparator")
    no_value = ex.says_nothing(value)
    cases = [
        (own("meant") == REFUSED, WrongAnalyte.code),
        (own("meant") == "", NOT_COVERED),
        (own("meant") == UNJUDGED, UNUSUAL_NAME),
    ]
    if given.wide:
        cases.insert(0, (ex.is_blank(value), NOT_COVERED))
    if columns.loinc:
        cases.insert(-1, ((own("meant") == UNJUDGED) & (own("coded") == UNJUDGED), UNUSUAL_CODE))
    if columns.comparator:
        cases.append((own("beside") == UNJUDGED, UNUSUAL_VALUE))
        no_value = (no_value & (own("beside") == "")) | ex.is_blank(value)

    def impossible(rules: Rules) -> Expr:
        below, above = ex.outside(rules.analyte.possible, product, rules.starts)
        return ((comparator == "") & below) | (~comparator.str.starts_with("<") & above)

    digits = min(rules.digits for rules in given.rules)
    return {
        "reason": chosen(
            [
                *cases,
                (~own("readable"), chosen([(no_value, NoValue.code)], UNUSUAL_VALUE)),
                (own("float") == 0.0, ImpossibleValue.code),
                (own("code") == "", MissingUnit.code),
                (own("code") == UNJUDGED, UNUSUAL_UNIT),
                (
                    ex.has_more_digits(own("number"), digits)
                    & _by_analyte(given, own, lambda rules: ex.near_an_edge(product, rules.starts)),
                    UNUSUAL_VALUE,
                ),
                (_by_analyte(given, own, impossible), ImpossibleValue.code),
            ],
            "",
        ),
        "category": _by_scale(
            given, own, lambda rules, scale: ex.category(scale, product, comparator, rules.starts)
        ),
    }


def _by_scale(given: Given, own: Own, say: Callable[[Rules, Scale], Value]) -> Expr:
    """Choose what is said by the rules and the scale that a row is compared with."""

    def by_kind(rules: Rules) -> Value:
        *others, last = rules.scales
        cases = [(ex.is_judged_by(scale, own("code"), rules.factors), say(rules, scale)) for scale in others]
        return chosen(cases, say(rules, last)) if cases else say(rules, last)

    return _by_analyte(given, own, by_kind)


def _cells(notes: Sequence[str], given: Given, own: Own) -> Step:
    """Write the seven columns."""
    judged, meant, reason = own("reason") == "", own("meant"), own("reason")
    unjudged = equals(reason, UNUSUAL)
    product = nw.when(own("product") >= 1).then(own("product").round(_PLACES)).otherwise(own("product"))
    written = nw.when(own("factor") == 1.0).then(own("number")).otherwise(product.cast(nw.String))

    def of_judged(expr: Value) -> Expr:
        return chosen([(judged, expr)], None)

    return {
        "analyte": chosen([((reason == NOT_COVERED) | equals(meant, (REFUSED, UNJUDGED)), None)], meant),
        "value": of_judged(nw.concat_str(own("comparator"), written)),
        "unit": of_judged(_by_analyte(given, own, lambda rules: rules.analyte.unit)),
        "category": chosen(
            [(judged, own("category")), (reason == NOT_COVERED, None), (unjudged, UNJUDGED)], REFUSED
        ),
        "code": of_judged(chosen([(own("category") == str(one), one.code) for one in Category], "")),
        "range": of_judged(_by_scale(given, own, lambda _, scale: scale.range)),
        "note": chosen(
            [(judged, _joined(notes, own)), (reason == NOT_COVERED, None)],
            reason,
        ),
    }


def _notes(columns: Columns, given: Given, own: Own) -> Step:
    """Say of each note whether a reader has to know it, were there a verdict."""
    comparator, product, code = own("comparator"), own("product"), own("code")
    exact, less = comparator == "", comparator.str.starts_with("<")
    figure = nw.concat_str(own("meant"), code, own("number").str.strip_chars_start("0"), separator=" ")
    rounded = [figure for rules in given.rules for figure in rules.rounded]

    def implausible(rules: Rules) -> Expr:
        low, high = ex.outside(rules.analyte.plausible, product, rules.starts)
        too_low, too_high = ex.outside(rules.analyte.possible, product, rules.starts)
        return (exact & low) | (~less & high) | (~exact & (too_low | too_high))

    def near(rules: Rules) -> Expr:
        return ex.within(product, own("factor"), rules.scales)

    notes = {
        "implausible": _by_analyte(given, own, implausible),
        "near-limit": ex.only_where(exact & _by_analyte(given, own, near), figure.is_in(rounded)),
    }
    if columns.loinc:
        notes["code-unit-conflict"] = any_of(
            equals(own("loinc"), [one.code for one in rules.analyte.loinc if one.kind == kind])
            & equals(code, [unit for unit in rules.factors if read_unit(unit).kind != kind])
            for rules in given.rules
            for kind in {one.kind for one in rules.analyte.loinc if one.kind}
        )
    if columns.test:
        notes["doubtful-name"] = own("doubtful")
    return notes


def _joined(notes: Sequence[str], own: Own) -> Expr:
    """Join the codes of notes that a row gets, null if it gets none."""
    several = [together for count in range(len(notes), 0, -1) for together in combinations(notes, count)]
    return chosen([(all_of(map(own, together)), ";".join(together)) for together in several], None)
