"""The Narwhals expressions that the steps of a verdict are made of.

Only what every engine has is used: comparing, choosing, and a few functions on text. No condition is ever
null, as engines differ in what they make of that: a missing text is an empty one, a number that is none is 0.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw

from labcheck.frames.rules import LONGEST, NEAR, CompiledScale, Edge, edges_of
from labcheck.model import COMPARATORS, Category, Interval
from labcheck.reading import HYPHENS, NO_SIGNS, NO_VALUE
from labcheck.sources.rows import OPERATORS
from labcheck.units import read_unit

UNJUDGED = "unjudged"
"""What a text means that only the careful reader knows."""

BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001))))
"""All that Python takes for a blank; to the `\\s` of most engines, some are none."""

_LINE_ENDS = "\n\r\x85\u2028\u2029"
"""To some engines, `$` stands in front of one of these, too, where it is the last character."""

_BARE = r"^[0-9]+(?:\.[0-9]+)?$"
_PLAIN = rf"^[{BLANKS}]*(?:(?:[<>]=?|=[<>]|[≤≥]) *)?[0-9]+(?:\.[0-9]+)?[{BLANKS}]*$"
_SIGNS = f"<>=≤≥{BLANKS}"

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
    return expr.cast(nw.String).fill_null("")


def lowered(text: Expr) -> Expr:
    """Write a text in lower case as Python does; to some, the capital of a dotted i is a plain one."""
    return text.str.replace_all("İ", "i\u0307", literal=True).str.to_lowercase()


def pointed(text: Expr) -> Expr:
    """Write numbers that have a decimal comma with a point; what has a point already is no plain number."""
    return chosen(
        [(~text.str.contains("[0-9]"), text), (text.str.contains(".", literal=True), "?0")],
        text.str.replace_all(",", ".", literal=True),
    )


def concept(column: str, dtype: Any) -> Expr:
    """Write a column of comparators or of concepts as text; one of floats has whole numbers, and gaps."""
    if not dtype.is_float():
        return text(column, dtype)
    expr = nw.col(column)
    missing = expr.is_nan() | expr.is_null()
    whole = nw.when(missing).then(nw.lit(0.0)).otherwise(expr).cast(nw.Int64)
    return whole.cast(nw.String)


def sign_in(plain: Expr) -> Expr:
    """Return what stands in front of a plain number."""
    return plain.str.strip_chars(f"0123456789.{BLANKS}")


def comparator(sign: Expr) -> Expr:
    """Return the plain spelling of a comparator, '' for what is none."""
    return _by_meaning(sign, COMPARATORS, "")


def comparator_beside(comparator: Expr) -> Expr:
    """Return what a cell of its own says, in capitals, in the plain spelling; UNJUDGED for no comparator."""
    return _by_meaning(
        comparator, {text: COMPARATORS.get(sign, "") for text, sign in OPERATORS.items()}, UNJUDGED
    )


def _by_meaning(text: Expr, meanings: Mapping[str, str], otherwise: str) -> Expr:
    different = dict.fromkeys(meanings.values())
    cases = [(equals(text, [one for one in meanings if meanings[one] == said]), said) for said in different]
    return chosen(cases, otherwise)


def is_bare(value: Expr) -> Expr:
    """Say whether a text is digits with at most a point, and nothing else."""
    ended = any_of(value.str.ends_with(end) for end in _LINE_ENDS)
    return value.str.contains(_BARE) & ~ended & (value.str.len_chars() <= LONGEST)


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
    word = lowered(bare).str.strip_chars_end(".")
    return word.is_in(sorted(NO_VALUE)) | (bare.str.strip_chars(NO_SIGNS + HYPHENS) == "")


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


def is_judged_by(scale: CompiledScale, unit: Expr, codes: Iterable[str]) -> Expr:
    """Say whether a result in that unit, of those codes, is compared with this scale."""
    return equals(unit, [code for code in codes if read_unit(code).kind == scale.kind])


def category(scale: CompiledScale, product: Expr, comparator: Expr, starts: Mapping[Edge, float]) -> Expr:
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


def words(
    words: Sequence[str], scale: CompiledScale, product: Expr, comparator: Expr, starts: Mapping[Edge, float]
) -> Expr:
    """Return which of the words, one for each band, are those of bands that a result can lie in."""
    edges = scale.edges

    def among(words_of: Callable[[int], Sequence[str]], included: bool | None = None) -> Expr:
        ends = [edge if included is None else edge._replace(included=included) for edge in edges]
        cases = [(product < starts[end], either(words_of(n))) for n, end in enumerate(ends)]
        return chosen(cases, either(words_of(len(ends))))

    def lower(n: int) -> Sequence[str]:
        return words[: n + 1]

    def upper(n: int) -> Sequence[str]:
        return words[n:]

    return chosen(
        [
            (comparator == "<", among(lower, included=True)),
            (comparator == "<=", among(lower)),
            (comparator == ">", among(upper, included=False)),
            (comparator == ">=", among(upper)),
        ],
        among(lambda n: words[n : n + 1]),
    )


def either(words: Iterable[str]) -> str:
    """Join words that are different: `low or normal`."""
    return " or ".join(dict.fromkeys(words))


def near_an_edge(product: Expr, starts: Mapping[Edge, float]) -> Expr:
    """Say whether a number with too many digits lies where only exact arithmetic can tell the side."""
    limits = sorted({float(edge.limit) for edge in starts})
    return any_of((product > limit * (1 - NEAR)) & (product < limit * (1 + NEAR)) for limit in limits)


def within(product: Expr, distance: Expr, scales: Iterable[CompiledScale]) -> Expr:
    """Say whether a number lies so near to a limit of a scale."""
    limits = sorted({float(edge.limit) for scale in scales for edge in scale.edges})
    near = ((product > limit - distance) & (product < limit + distance) for limit in limits)
    return any_of(near) if limits else nw.lit(False)


class Outside(NamedTuple):
    """Whether a result is below or above the limits of what is possible or plausible."""

    below: Expr
    above: Expr


def outside(limits: Interval, product: Expr, starts: Mapping[Edge, float]) -> Outside:
    """Compare with both ends, which are included in what is possible or plausible."""
    low, high = edges_of(limits)
    return Outside(product < starts[low], product >= starts[high])
