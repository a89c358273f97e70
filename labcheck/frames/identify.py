"""Whose result a row is, as expressions: an analyte's id, REFUSED for another test, '' for not covered.

What only the careful reader knows is UNJUDGED. As `labcheck.identify` does, it errs towards "not covered".
"""

from collections.abc import Sequence

import narwhals.stable.v2 as nw

from labcheck.frames.expressions import UNJUDGED, Case, Expr, any_of, chosen, equals, only_where
from labcheck.frames.names import OTHER, NamePatterns
from labcheck.frames.settings import Own, Step
from labcheck.identify import LOINC_CODE, LONGEST
from labcheck.model import REFUSED

SAYS_NOTHING = "says-nothing"
"""What a code means that is none of LOINC's."""

_LOINC = f"^{LOINC_CODE}$"
_UNIT_BEHIND = r" *[(\[][^()\[\]]*/[^()\[\]]*[)\]] *$"
"""What may be the unit of the value behind a test's name."""

_LOCAL = "^[A-Za-z0-9_:]*$"
"""A code that is none of LOINC's, nor a date that a spreadsheet has made of one."""


def to_match(name: Expr, patterns: NamePatterns) -> Step:
    """Return what patterns are for; names as the catalogue has them become empty, which costs little.

    `unknown` is the name as it is, `other` is without what LOINC says behind it, and without a unit.
    """
    unknown = nw.when(name.is_in(list(patterns.verbatim))).then(nw.lit("")).otherwise(name)
    bare = unknown.str.replace_all(patterns.property, " ").str.replace_all(_UNIT_BEHIND, "")
    return {"unknown": unknown, "other": bare}


def named(own: Own, patterns: NamePatterns, *, or_coded: bool) -> Expr:
    """Say whose name it is, in lower case, or whose code, `or_coded`, where codes have no column."""
    name, unknown, other = own("test"), own("unknown"), own("other")
    verbatim = [(_is_verbatim(name, id, patterns), id) for id in patterns.accepted]
    more = only_where(other.str.contains(patterns.says_more), ~other.str.contains(patterns.method))
    found = chosen(
        [
            *verbatim,
            *(_by_code(unknown, patterns) if or_coded else []),
            (unknown.str.len_chars() > LONGEST, ""),
            (other.str.contains(patterns.foreign), UNJUDGED),
            (more, ""),
            *((other.str.contains(pattern), id) for id, pattern in patterns.accepted.items()),
            *((other.str.contains(pattern), REFUSED) for pattern in patterns.refused),
            (other.str.contains(patterns.unsure), UNJUDGED),
        ],
        "",
    )
    return chosen([(has_a_unit(unknown) & (found != ""), UNJUDGED)], found)


def has_a_unit(name: Expr) -> Expr:
    """Say whether what may be the value's unit stands behind a name, where the core reads it."""
    return name.str.contains(_UNIT_BEHIND)


def _by_code(name: Expr, patterns: NamePatterns) -> list[Case]:
    codes = patterns.codes
    different = dict.fromkeys(codes.values())
    cases: list[Case] = [
        (name.is_in([code for code in codes if codes[code] == said]), said) for said in different
    ]
    return [*cases, (_is_dated(name, patterns), UNJUDGED)]


def _is_dated(name: Expr, patterns: NamePatterns) -> Expr:
    """Say whether a name can be what a spreadsheet has made of a code."""
    return only_where(
        name.str.contains(f"[0-9]|{OTHER}"), name.str.contains(patterns.dated) & ~name.str.contains(_LOINC)
    )


def is_code(name: Expr, patterns: NamePatterns) -> Expr:
    """Say whether a name is one of our codes, or can have been one."""
    return name.is_in(list(patterns.codes)) | _is_dated(name, patterns)


def _is_verbatim(name: Expr, id: str, patterns: NamePatterns) -> Expr:
    return name.is_in([one for one, of in patterns.verbatim.items() if of == id])


def doubted(own: Own, patterns: NamePatterns) -> Expr:
    """Say whether a name that is accepted may mean something else."""
    accepted = equals(own("named"), patterns.accepted)
    verbatim = own("test").is_in(sorted(patterns.doubtful_verbatim))
    return only_where(accepted, verbatim | own("other").str.contains(patterns.doubtful))


def coded(code: Expr, patterns: NamePatterns) -> Expr:
    """Say what a code means, as a name does, or SAYS_NOTHING."""
    codes = patterns.codes
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


def _can_contradict(code: Expr, by_name: Expr, patterns: NamePatterns) -> Expr:
    """Say whether a code that is none of LOINC's can be the name of another test than that of ours."""
    code = code.str.to_lowercase()
    agrees = any_of((by_name == id) & code.str.contains(own) for id, own in patterns.accepted.items())
    names = (*patterns.accepted.values(), *patterns.refused, patterns.unsure, patterns.another)
    return only_where(code.str.contains("[a-z]"), any_of(map(code.str.contains, names)) & ~agrees)


def meant(own: Own, ids: Sequence[str], patterns: NamePatterns) -> Expr:
    """Say what a name and a code mean together."""
    name, code, by_name, by_code = own("test"), own("loinc"), own("named"), own("coded")
    is_local = (by_code == SAYS_NOTHING) & (code != "")
    return chosen(
        [
            ((by_name == REFUSED) | (by_code == REFUSED), REFUSED),
            ((by_code == UNJUDGED), UNJUDGED),
            (is_local & equals(by_name, ids) & _can_contradict(code, by_name, patterns), UNJUDGED),
            (by_code == SAYS_NOTHING, by_name),
            (by_name == UNJUDGED, UNJUDGED),
            (equals(by_code, ids) & has_a_unit(name), UNJUDGED),
            ((by_code == "") & equals(by_name, ids), REFUSED),
            (by_code == "", ""),
            (by_name == by_code, by_code),
            (equals(by_name, ids), REFUSED),
            (name.str.contains(patterns.contradicts), UNJUDGED),
        ],
        by_code,
    )
