"""What a laboratory says of its own result, as expressions: the range that it prints, and its flag.

A range in plain digits is in the unit of the result, so that both are compared as they were written: a binary
float tells any two numbers of 15 digits apart, and no factor comes between. All other ranges are for the
careful reader.
"""

import re

import narwhals.stable.v2 as nw

from labcheck.flags import AROUND, NO_FLAG, OFF_SCALE, SAYS_SOMETHING, SIDES
from labcheck.frames import expressions as ex
from labcheck.frames.expressions import UNJUDGED, Case, Expr, all_of, any_of, chosen, equals
from labcheck.frames.rules import Rules, edges_of
from labcheck.frames.settings import Columns, Own, Settings, Step, by_analyte
from labcheck.model import Category

READ, UNREADABLE = "read", "unreadable"
"""What a row's own range can be, beside UNJUDGED, and '' for there being none."""

_SIDES = {mark.lower(): said for mark, said in SIDES.items()}
_NO_FLAG = sorted(map(str.lower, NO_FLAG))
_NUMBER = r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"
_TWO_ENDS = f"^{_NUMBER} *[-–] *{_NUMBER}$"
_ONE_END = f"^(?:[<>]=?|=[<>]|[≤≥]) *{_NUMBER}$"


def ends(columns: Columns, _: Settings, own: Own) -> Step:
    """Read both ends of the row's own range, '' where it is open, and the comparator of one with one end.

    Where ends have columns beside that of ranges, `low` and `high` are what stands there.
    """
    named = [role for role in ("low", "high") if columns._asdict()[role]]
    low, high = (
        chosen([(ex.says_nothing(own(role)), "")], own(role)) if role in named else nw.lit("")
        for role in ("low", "high")
    )
    plain = [ex.says_nothing(own(role)) | own(role).str.contains(f"^{_NUMBER}$") for role in named]
    ranged: list[Case] = [((low == "") & (high == ""), ""), (all_of(plain), READ)] if named else []
    if not columns.range:
        return {"from": low, "to": high, "sign": nw.lit(""), "ranged": chosen(ranged, UNJUDGED)}
    text, sign = own("range"), ex.comparator(ex.sign_in(own("range")))
    two, one = text.str.contains(_TWO_ENDS), text.str.contains(_ONE_END)
    here, number = ~ex.says_nothing(text), ex.number_in(text)
    starts = [(two, text.str.replace_all("[ –-].*$", "")), (one & sign.str.starts_with(">"), number)]
    stops = [(two, text.str.replace_all("^.*[ –-]", "")), (one & sign.str.starts_with("<"), number)]
    prose: list[Case] = [
        ((two | one) & all_of(plain) if named else two | one, READ),
        (here & ~text.str.contains("[0-9]"), UNREADABLE),
        (here, UNJUDGED),
    ]
    return {
        **({"low": low, "high": high} if named else {}),
        "from": chosen([*starts, (here, "")], low),
        "to": chosen([*stops, (here, "")], high),
        "sign": chosen([(one, sign)], ""),
        "ranged": chosen([*prose, *ranged], UNJUDGED if named else ""),
    }


def numbers(columns: Columns, _: Settings, own: Own) -> Step:
    """Make numbers of both ends, 0 where there is none."""
    read = own("ranged") == READ
    both = (("least", "low"), ("most", "high")) if columns.bring_ranges_twice else ()
    return {
        number: chosen([(read & (own(end) != ""), own(end))], "0").cast(nw.Float64)
        for number, end in (("start", "from"), ("stop", "to"), *both)
    }


def _differ(own: Own) -> Expr:
    """Say whether the ends beside a range are a range, and end elsewhere; 0 is no end."""
    least, most = own("least"), own("most")
    other_low = (least > 0.0) & (least != own("start"))
    other_high = (most > 0.0) & (most != own("stop"))
    return (other_low | other_high) & ((own("high") == "") | (most > least))


def standing(columns: Columns, settings: Settings, own: Own) -> Step:
    """Say whether the range is one, and the categories that the result can have by it: `low or normal`."""
    number, start, stop, sign = own("float"), own("start"), own("stop"), own("sign")
    has_start, has_stop = own("from") != "", own("to") != ""
    most = min(rules.digits for rules in settings.rules)
    beside = ("low", "high") if columns.bring_ranges_twice else ()
    longer = any_of(ex.has_more_digits(own(text), most) for text in ("from", "to", "number", *beside))
    differ: list[Case] = [(_differ(own), UNREADABLE)] if beside else []

    def impossible(rules: Rules) -> Expr:
        bottom, top = edges_of(rules.analyte.possible)
        past, at = rules.starts[top], rules.starts[top._replace(included=False)]
        above = (start * own("factor") >= past) | ((sign == ">") & (start * own("factor") >= at))
        at, past = rules.starts[bottom], rules.starts[bottom._replace(included=True)]
        below = (stop * own("factor") < at) | ((sign == "<") & (stop * own("factor") < past))
        return (has_start & above) | (has_stop & below)

    low, normal, high = str(Category.LOW), str(Category.NORMAL), str(Category.HIGH)
    at_start, at_stop = has_start & (number == start), has_stop & (number == stop)
    below = (has_start & (number < start)) | (at_start & (sign == ">"))
    above = (has_stop & (number > stop)) | (at_stop & (sign == "<"))
    comparator = own("comparator")
    less, more = comparator.str.starts_with("<"), comparator.str.starts_with(">")
    surely_low = (below & ~more) | (at_start & (comparator == "<"))
    surely_high = (above & ~less) | (at_stop & (comparator == ">"))
    # What is below a number reaches down to 0, which only a range from more than that leaves under it.
    has_low = has_start & (start > 0.0)
    reaches_low = (has_low & (number < start)) | (at_start & (sign == ">") & (comparator == ">="))
    reaches_high = (has_stop & (number > stop)) | (at_stop & (sign == "<") & (comparator == "<="))
    may_be_low = (less & has_low) | (more & reaches_low)
    may_be_high = (less & reaches_high) | (more & has_stop)
    by_report: list[Case] = [
        (surely_low, low),
        (surely_high, high),
        (may_be_low & may_be_high, ex.either((low, normal, high))),
        (may_be_low, ex.either((low, normal))),
        (may_be_high, ex.either((normal, high))),
    ]
    return {
        "ranged": chosen(
            [
                (own("ranged") != READ, own("ranged")),
                (longer, UNJUDGED),
                *differ,
                (has_stop & (stop <= start), UNREADABLE),
                (has_start & ~has_stop & (start == 0.0), UNREADABLE),
                (by_analyte(settings, own, impossible), UNREADABLE),
            ],
            READ,
        ),
        "by_report": chosen(by_report, normal),
    }


def category(own: Own) -> Expr:
    """Return the one category that a result has by its own range, or indeterminate."""
    certain = (Category.LOW, Category.NORMAL, Category.HIGH)
    return chosen(
        [(equals(own("by_report"), map(str, certain)), own("by_report"))], str(Category.INDETERMINATE)
    )


def as_written(own: Own) -> Expr:
    """Write the row's own range, in the unit of the result: `30-100 ng/mL`, `>=60 ng/mL`."""
    sign = own("sign")
    both = (own("from") != "") & (own("to") != "")
    one = chosen([(sign != "", sign), (own("from") != "", ">=")], "<=")
    return nw.concat_str(
        chosen([(both, "")], one), own("from"), chosen([(both, "-")], ""), own("to"), nw.lit(" "), own("code")
    )


def is_odd(flag: Expr) -> Expr:
    """Say whether a flag is several, may say that the number is not the value, or is in foreign letters."""
    known = "|".join(re.escape(mark.lower()) for mark in (*SIDES, *OFF_SCALE))
    several = rf"^(?:(?:{known})(?:[{ex.BLANKS},;~/|]+|$))+$"
    mark = _mark(flag)
    # Engines and Python differ in what is the other case of letters such as a dotless i.
    foreign = flag.str.contains(r"[^\x00-\x7f↑↓▲▼]")
    one = equals(mark, [*_SIDES, *_NO_FLAG])
    blanks = flag.str.contains(r"[\t\n\v\f\r\x1c-\x1f]|  ")  # which Python takes for one each
    return foreign | blanks | mark.str.contains("[<>0-9]") | (mark.str.contains(several) & ~one)


def _mark(flag: Expr) -> Expr:
    return flag.str.strip_chars(AROUND).str.to_lowercase()


def flag_differs(own: Own) -> Expr:
    """Say whether the flag stands for none of the categories that the result can have."""
    mark = _mark(own("flag"))
    return any_of(
        equals(mark, [text for text in _SIDES if _SIDES[text] == said])
        & ~any_of(own("categories").str.contains(str(one), literal=True) for one in said)
        for said in dict.fromkeys(_SIDES.values())
    )


def flag_is_unknown(own: Own) -> Expr:
    """Say whether the flag has words or signs that are not understood."""
    mark, alone = _mark(own("flag")), f"^[{re.escape(AROUND)}]*[*!][{re.escape(AROUND)}]*$"
    says = mark.str.contains(f"[a-z].*[a-z]|{SAYS_SOMETHING}") | own("flag").str.contains(alone)
    return says & ~equals(mark, [*_SIDES, *_NO_FLAG])
