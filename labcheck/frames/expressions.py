"""One row's verdict as Narwhals expressions, in steps that each add columns for the next.

Only what every engine has is used: comparing, choosing, and a few functions on text. No condition is ever
null, as engines differ in what they make of that: a missing text is an empty one, a number that is none is 0.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import and_, or_
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw

from labcheck.frames.names import NamePatterns
from labcheck.frames.rules import LONGEST, NEAR, Edge, Scale, edges_of
from labcheck.identify import LONGEST as LONGEST_NAME
from labcheck.model import Category, Interval
from labcheck.reading import NO_SIGNS, NO_VALUE
from labcheck.sources.rows import COMPARATORS
from labcheck.units import read_unit

REFUSED, UNJUDGED, SAYS_NOTHING = "refused", "unjudged", "says-nothing"
"""What a text can mean beside an analyte: another test, what only the careful reader knows, or nothing."""

BLANKS = " \t\r\n"
_BARE = r"^[0-9]+(?:\.[0-9]+)?$"
_PLAIN = rf"^[{BLANKS}]*(?:(?:[<>]=?|=[<>]|[≤≥]) *)?[0-9]+(?:\.[0-9]+)?[{BLANKS}]*$"
_SIGNS = f"<>=≤≥{BLANKS}"
_COMPARATORS = {"<=": ("<=", "=<", "≤"), ">=": (">=", "=>", "≥"), "<": ("<",), ">": (">",)}
_LOINC = "^[0-9]{1,7}-[0-9]$"
_LOCAL = "^[A-Za-z0-9_:]*$"
"""A code that is none of LOINC's, nor a date that a spreadsheet has made of one."""

Expr = nw.Expr
Value = nw.Expr | str | float | None
Case = tuple[Expr, Value]


def chosen(cases: Iterable[Case], otherwise: Value) -> Expr:
    """Choose the value of the first case that holds."""
    result = _expression(otherwise)
    for condition, value in reversed(list(cases)):
        result = nw.when(condition).then(_expression(value)).otherwise(result)
    return result


def _expression(value: Value) -> Expr:
    if value is None:
        return nw.lit(None, nw.String)
    return value if isinstance(value, nw.Expr) else nw.lit(value)


def any_of(conditions: Iterable[Expr]) -> Expr:
    """Say whether one of the conditions holds."""
    return reduce(or_, conditions)


def all_of(conditions: Iterable[Expr]) -> Expr:
    """Say whether all of them hold."""
    return reduce(and_, conditions)


def only_where(condition: Expr, costly: Expr) -> Expr:
    """Say whether both hold; engines that can, ask for the second where the first does."""
    return nw.when(condition).then(costly).otherwise(nw.lit(False))


def equals(expr: Expr, texts: Iterable[str]) -> Expr:
    """Say whether it is one of a few texts."""
    return any_of(expr == text for text in texts)


def text(column: str, dtype: Any) -> Expr:
    """Write a column as text; what is missing is empty."""
    expr = nw.col(column)
    if dtype.is_float():
        written = (
            nw.when(expr.is_nan() | expr.is_null())
            .then(nw.lit(None, nw.String))
            .otherwise(expr.cast(nw.String))
        )
        # Some engines write a float that is a whole number without its point.
        whole = ~written.fill_null(".").str.contains("[.a-zA-Z]")
        expr = nw.when(whole).then(nw.concat_str(written, nw.lit(".0"))).otherwise(written)
    elif dtype != nw.String:
        expr = expr.cast(nw.String)
    return expr.fill_null("")


def pointed(text: Expr) -> Expr:
    """Write numbers that have a decimal comma with a point; what has a point already is no plain number."""
    return chosen(
        [(text.str.contains(".", literal=True), nw.lit("?0"))], text.str.replace_all(",", ".", literal=True)
    )


def concept(column: str, dtype: Any) -> Expr:
    """Write a column of comparators or of concepts as text; one of floats has whole numbers, and gaps."""
    if not dtype.is_float():
        return text(column, dtype)
    expr = nw.col(column)
    missing = expr.is_nan() | expr.is_null()
    whole = nw.when(missing).then(nw.lit(0.0)).otherwise(expr).cast(nw.Int64)
    return whole.cast(nw.String)


def named(name: Expr, patterns: NamePatterns) -> Expr:
    """Say whose name it is, in lower case: an analyte's id, REFUSED, UNJUDGED, or '' for not covered."""
    verbatim = [(_is_verbatim(name, id, patterns), id) for id in patterns.accepted]
    other = _not_verbatim(name, patterns)
    more = only_where(other.str.contains(patterns.says_more), ~other.str.contains(patterns.method))
    return chosen(
        [
            *verbatim,
            (more | (other.str.len_chars() > LONGEST_NAME), ""),
            *((other.str.contains(pattern), id) for id, pattern in patterns.accepted.items()),
            *((other.str.contains(pattern), REFUSED) for pattern in patterns.refused),
            (other.str.contains(patterns.unsure), UNJUDGED),
        ],
        "",
    )


def _is_verbatim(name: Expr, id: str, patterns: NamePatterns) -> Expr:
    return name.is_in([one for one, of in patterns.verbatim.items() if of == id])


def _not_verbatim(name: Expr, patterns: NamePatterns) -> Expr:
    """Return what patterns are for; names as the catalogue has them become empty, which costs little."""
    return nw.when(name.is_in(list(patterns.verbatim))).then(nw.lit("")).otherwise(name)


def doubted(name: Expr, by_name: Expr, patterns: NamePatterns) -> Expr:
    """Say whether a name that is accepted may mean something else."""
    accepted = equals(by_name, patterns.accepted)
    other = _not_verbatim(name, patterns)
    verbatim = name.is_in(sorted(patterns.doubtful_verbatim))
    return only_where(accepted, verbatim | other.str.contains(patterns.doubtful))


def coded(code: Expr, codes: Mapping[str, str]) -> Expr:
    """Say what a code means, by what `codes` has of it: likewise, and SAYS_NOTHING."""
    meanings = dict.fromkeys(codes.values())
    return chosen(
        [
            (code == "", SAYS_NOTHING),
            *((equals(code, [c for c in codes if codes[c] == meaning]), meaning) for meaning in meanings),
            (code.str.contains(_LOINC), ""),
            (code.str.contains(_LOCAL), SAYS_NOTHING),
        ],
        UNJUDGED,
    )


def meant(by_name: Expr, by_code: Expr, name: Expr, ids: Iterable[str], patterns: NamePatterns) -> Expr:
    """Say what a name and a code mean together."""
    agree = (name == "") | (by_name == by_code)
    return chosen(
        [
            ((by_name == REFUSED) | (by_code == REFUSED), REFUSED),
            ((by_code == UNJUDGED), UNJUDGED),
            (by_code == SAYS_NOTHING, by_name),
            (by_name == UNJUDGED, UNJUDGED),
            (by_code == "", ""),
            (agree, by_code),
            (equals(by_name, ids), REFUSED),
            (name.str.contains(patterns.contradicts), UNJUDGED),
        ],
        by_code,
    )


def comparator_in(plain: Expr) -> Expr:
    """Return the comparator of a plain number, in its plain spelling."""
    sign = plain.str.strip_chars(f"0123456789.{BLANKS}")
    return chosen([(equals(sign, signs), comparator) for comparator, signs in _COMPARATORS.items()], "")


def comparator_beside(comparator: Expr) -> Expr:
    """Return what a cell of its own says, in the plain spelling; UNJUDGED for what is no comparator."""
    plain = {sign: comparator for comparator, signs in _COMPARATORS.items() for sign in signs}
    meanings = {text: plain.get(sign, "") for text, sign in COMPARATORS.items()}
    known: list[Case] = [
        (equals(comparator, [text for text in meanings if meanings[text] == meaning]), meaning)
        for meaning in dict.fromkeys(["", *meanings.values()])
    ]
    return chosen(known, UNJUDGED)


def is_bare(value: Expr) -> Expr:
    """Say whether a text is digits with at most a point, and nothing else."""
    # To some engines, `$` stands in front of a last line feed, too.
    return value.str.contains(_BARE) & ~value.str.ends_with("\n") & (value.str.len_chars() <= LONGEST)


def is_plain(value: Expr) -> Expr:
    """Say whether a text is that, perhaps with a comparator in front and blanks around."""
    return value.str.contains(_PLAIN) & (value.str.len_chars() <= LONGEST)


def is_slip(value: Expr) -> Expr:
    """Say whether a text is digits with two points side by side: `22..5`."""
    return value.str.contains(r"^[0-9]*\.\.[0-9]*$")


def number_in(plain: Expr) -> Expr:
    """Return the digits of a plain number, without its comparator."""
    return plain.str.strip_chars(_SIGNS)


def is_blank(text: Expr) -> Expr:
    """Say whether a text is empty."""
    return text.str.strip_chars(BLANKS) == ""


def says_nothing(value: Expr) -> Expr:
    """Say whether a text is a word or a sign for there being no value."""
    bare = value.str.strip_chars(BLANKS)
    word = bare.str.to_lowercase().str.strip_chars_end(".")
    return word.is_in(sorted(NO_VALUE)) | (bare.str.strip_chars(NO_SIGNS + "−–—") == "")


def has_more_digits(number: Expr, most: int) -> Expr:
    """Say whether a number has more characters than that, but for the zeros behind its point."""
    behind_a_point = number.str.contains(".", literal=True)
    trimmed = nw.when(behind_a_point).then(number.str.strip_chars_end("0")).otherwise(number)
    return only_where(number.str.len_chars() > most, trimmed.str.len_chars() > most)


def by_unit(unit: Expr, values: Mapping[str, str | float]) -> Expr:
    """Choose by the unit's code; the caller sees to it that it is one of them."""
    different = dict.fromkeys(values.values())
    cases: list[Case] = [
        (equals(unit, [code for code in values if values[code] == value]), value) for value in different
    ]
    return chosen(cases[:-1], cases[-1][1])


def is_judged_by(scale: Scale, unit: Expr, codes: Iterable[str]) -> Expr:
    """Say whether a result in that unit, of those codes, is compared with this scale."""
    return equals(unit, [code for code in codes if scale.kind in (None, read_unit(code).kind)])


def category(scale: Scale, product: Expr, comparator: Expr, starts: Mapping[Edge, float]) -> Expr:
    """Return the one category that all of a result lies in, or indeterminate, as `classify` does."""
    edges = [starts[edge] for edge in scale.edges]
    one = chosen(
        [(product < start, str(here)) for start, here in zip(edges, scale.categories, strict=False)],
        str(scale.categories[-1]),
    )
    changes = [n for n, edge in enumerate(scale.edges) if scale.categories[n] != scale.categories[n + 1]]
    if not changes:
        return one
    first, last = scale.edges[changes[0]], scale.edges[changes[-1]]
    # Below a number, the number itself is left out, so that it may stand on the limit; likewise above one.
    surely_low = ((comparator == "<") & (product < starts[first._replace(included=True)])) | (
        (comparator == "<=") & (product < starts[first])
    )
    surely_high = ((comparator == ">") & (product >= starts[last._replace(included=False)])) | (
        (comparator == ">=") & (product >= starts[last])
    )
    cases: list[Case] = [
        (comparator == "", one),
        (surely_low, str(scale.categories[0])),
        (surely_high, str(scale.categories[-1])),
    ]
    return chosen(cases, str(Category.INDETERMINATE))


def near_an_edge(product: Expr, starts: Mapping[Edge, float]) -> Expr:
    """Say whether a number with too many digits lies where only exact arithmetic can tell the side."""
    limits = sorted({float(edge.limit) for edge in starts})
    return any_of((product > limit * (1 - NEAR)) & (product < limit * (1 + NEAR)) for limit in limits)


def within(product: Expr, distance: Expr, scales: Iterable[Scale]) -> Expr:
    """Say whether a number lies so near to a limit of a scale."""
    limits = sorted({float(edge.limit) for scale in scales for edge in scale.edges})
    return any_of((product > limit - distance) & (product < limit + distance) for limit in limits)


class Outside(NamedTuple):
    """Whether a result is below or above the limits of what is possible or plausible."""

    below: Expr
    above: Expr


def outside(limits: Interval, product: Expr, starts: Mapping[Edge, float]) -> Outside:
    """Compare with both ends, which are included in what is possible or plausible."""
    low, high = edges_of(limits)
    return Outside(product < starts[low], product >= starts[high])
