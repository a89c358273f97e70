"""The steps of a verdict: each adds columns that the next one reads, and the last one leaves what is added.

Steps rather than one expression, so that no engine works anything out twice.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import narwhals.stable.v2 as nw

from labcheck.errors import Usage
from labcheck.frames import expressions as ex
from labcheck.frames import identify, reported, verdicts
from labcheck.frames.expressions import UNJUDGED, Expr, any_of, chosen, equals
from labcheck.frames.names import name_patterns
from labcheck.frames.rules import Rules, refused_units, unit_spellings
from labcheck.frames.settings import Columns, Own, Settings, Step, by_analyte
from labcheck.model import REFUSED
from labcheck.wording import quote

Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]


def annotate(frame: Frame, columns: Columns, settings: Settings, prefix: str) -> Frame:
    """Add the columns of a verdict to a frame, and nothing else."""
    if isinstance(frame, nw.DataFrame) and frame.implementation.is_pandas():
        return _annotate_pandas(frame, columns, settings, prefix)
    return _annotate(frame, columns, settings, prefix)


def _annotate_pandas(frame: nw.DataFrame[Any], columns: Columns, settings: Settings, prefix: str) -> Frame:
    """Go through Arrow, which is faster than pandas in all of this."""
    read = list(dict.fromkeys(filter(None, columns)))
    types = frame.to_native().dtypes
    for column in read:  # Arrow would make numbers of some
        if frame.schema[column] == nw.Unknown and not str(types[column]).startswith("Sparse"):
            raise _no_text(column, types[column])
    try:
        arrow = frame.select(read).to_arrow()
    except (TypeError, ValueError):  # numbers and texts in one column, which pandas writes as texts
        return _annotate(frame, columns, settings, prefix)
    judged = _annotate(nw.from_native(arrow), columns, settings, prefix).drop(arrow.column_names)
    _check_free(judged.columns, frame.columns)
    added = nw.DataFrame.from_arrow(judged, backend="pandas")
    return frame.with_columns(*(added[name] for name in added.columns))


def _check_free(names: Iterable[str], taken: Iterable[str]) -> None:
    """Check that no column has one of the names, in any case: not all engines tell cases apart."""
    present = {str(name).lower(): name for name in taken}
    for name in names:
        if name.lower() in present:
            raise Usage(f"there is a column {quote(present[name.lower()])} already; choose another prefix")


def _annotate(frame: Frame, columns: Columns, settings: Settings, prefix: str) -> Frame:
    schema = frame.collect_schema()
    between: dict[str, None] = {}

    def own(name: str) -> Expr:
        return nw.col(f"_{prefix}{name}")

    def add(step: Step, start: str) -> None:
        nonlocal frame
        names = {f"{start}{prefix}{name}": expr for name, expr in step.items()}
        _check_free(names, schema)
        frame = frame.with_columns(*(expr.alias(name) for name, expr in names.items()))
        if start:
            between.update(dict.fromkeys(names))

    steps = [_readings, _parts, _tests, _units, _factors, _products, _edges]
    steps += [reported.ends, reported.numbers, reported.standing] if columns.bring_ranges else []
    steps += [verdicts.categories] if columns.bring_ranges or columns.flag else []
    steps += [verdicts.reasons, verdicts.values]
    add(_texts(columns, settings, schema), "_")
    for step in steps:
        add(step(columns, settings, own), "_")
    notes = verdicts.notes(columns, settings, own)
    add(notes, "_")
    add(verdicts.cells(columns, settings, own, list(notes)), "")
    return frame.drop(*between)


def _no_text(column: str, dtype: object) -> Usage:
    return Usage(f"the column {quote(column)} is {dtype}, not numbers or text")


def _texts(columns: Columns, settings: Settings, schema: Mapping[str, Any]) -> Step:
    """Write what a verdict rests on as text: names in lower case, units as well unless they are codes."""

    def text(column: str) -> Expr:
        if schema[column].is_nested() or schema[column] == nw.Duration:
            raise _no_text(column, schema[column])
        return ex.text(column, schema[column])

    def figure(column: str) -> Expr:
        has_comma = settings.decimal == "comma" and not schema[column].is_numeric()
        return ex.pointed(text(column)) if has_comma else text(column)

    step = {"value": figure(columns.value)}
    if columns.test:
        step["test"] = text(columns.test).str.strip_chars(ex.BLANKS).str.to_lowercase()
    if columns.loinc:
        step["loinc"] = text(columns.loinc).str.strip_chars(ex.BLANKS)
    if columns.test and columns.loinc:  # a column of tests can hold codes, too
        name, code = step["test"], step["loinc"]
        is_code = (code == "") & identify.is_code(name, name_patterns(settings.catalogue))
        step["test"] = chosen([(is_code, "")], name)
        step["loinc"] = chosen([(is_code, name)], code)
    if columns.unit:
        given_as, codes = text(columns.unit), set(unit_spellings().values())
        step["spelled"] = chosen(
            [(equals(given_as, sorted(codes)), given_as)],
            ex.lowered(given_as.str.strip_chars(ex.BLANKS)),
        )
    if columns.comparator:
        comparator = ex.concept(columns.comparator, schema[columns.comparator])
        step["beside"] = ex.comparator_beside(comparator.str.strip_chars(ex.BLANKS).str.to_uppercase())
    ends = {"range": columns.range, "low": columns.low, "high": columns.high}
    step |= {role: figure(column).str.strip_chars(ex.BLANKS) for role, column in ends.items() if column}
    if columns.flag:
        step["flag"] = text(columns.flag)
    return step


def _readings(columns: Columns, settings: Settings, own: Own) -> Step:
    """Read each of the texts for itself."""
    value = own("value")
    bare = ex.is_bare(value)
    step = {"bare": bare, "plain": chosen([(bare, nw.lit(True))], ex.is_plain(value))}
    if columns.test:
        step |= identify.to_match(own("test"), name_patterns(settings.catalogue))
    if columns.loinc:
        step["coded"] = identify.coded(own("loinc"), name_patterns(settings.catalogue))
    return step


def _parts(columns: Columns, settings: Settings, own: Own) -> Step:
    """Take a plain number apart, and match the name."""
    value, bare, plain = own("value"), own("bare"), own("plain")
    step = {
        "number": chosen([(bare, value), (plain, ex.number_in(value))], "0"),
        "sign_before": chosen([(bare | ~plain, "")], ex.sign_in(value)),
    }
    if columns.test:
        patterns = name_patterns(settings.catalogue)
        step["named"] = identify.named(own, patterns, or_coded=not columns.loinc)
    return step


def _tests(columns: Columns, settings: Settings, own: Own) -> Step:
    """Settle the number, and whose result it is: an analyte's id, REFUSED, UNJUDGED, '' for not covered."""
    step = {
        "float": own("number").cast(nw.Float64),
        "before": ex.comparator(own("sign_before")),
    }
    name, code = own("test"), own("loinc")
    patterns = name_patterns(settings.catalogue)
    if columns.test and columns.loinc:
        found = identify.meant(own, settings.catalogue.ids, patterns)
        blank = (name == "") & (code == "")
        ours = equals(own("coded"), settings.catalogue.ids)
        unknown = ours & (own("named") == "") & (name != "")
        certain = ours & ~code.is_in(sorted(patterns.doubtful_codes))
        alone = ours & (name == "") & ~certain
        step["doubtful"] = (identify.doubted(own, patterns) & ~certain) | unknown | alone
    elif columns.test:
        found, blank = own("named"), name == ""
        step["doubtful"] = identify.doubted(own, patterns) | name.is_in(sorted(patterns.doubtful_codes))
    elif columns.loinc:
        found, blank = chosen([(own("coded") == identify.SAYS_NOTHING, "")], own("coded")), code == ""
        step["doubtful"] = code.is_in(sorted(patterns.doubtful_codes))
    else:
        return {**step, "meant": nw.lit(settings.only)}
    if settings.only is None:
        return {**step, "meant": found}
    kept = equals(found, (settings.only, REFUSED, UNJUDGED))
    return {**step, "meant": chosen([(blank, settings.only), (kept, found)], "")}


def _units(columns: Columns, settings: Settings, own: Own) -> Step:
    """Read the unit, or take the one that is known for rows without, and settle the comparator."""
    defaults = [(own("meant") == id, unit.code) for id, unit in settings.units.items()]
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
        (spelled.is_in([code, *(s for s in spellings if spellings[s] == code)]), code)
        for code in dict.fromkeys(spellings.values())
    ]
    lacking = [
        (own("meant") == rules.analyte.id) & equals(spelled, lacks)
        for rules in settings.rules
        if (lacks := [text for pair in spellings.items() if pair[1] not in rules.factors for text in pair])
    ]
    unknown = [(any_of(lacking), UNJUDGED)] if lacking else []
    refused = (spelled.is_in(refused_units()), REFUSED)
    return {**step, "code": chosen([(spelled == "", default), *unknown, *known, refused], UNJUDGED)}


def _factors(_: Columns, settings: Settings, own: Own) -> Step:
    """Choose what the number is multiplied by to be in the analyte's unit."""

    def by_unit(rules: Rules) -> Expr:
        return ex.by_unit(own("code"), {code: float(by) for code, by in rules.factors.items()})

    return {"factor": by_analyte(settings, own, by_unit)}


def _products(_: Columns, __: Settings, own: Own) -> Step:
    """Convert."""
    return {"product": own("float") * own("factor")}


def _edges(_: Columns, settings: Settings, own: Own) -> Step:
    """Say whether the result is next to a limit."""
    return {"edge": by_analyte(settings, own, lambda rules: ex.near_an_edge(own("product"), rules.starts))}
