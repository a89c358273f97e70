"""Columns of yes and no, by their names: a value is beyond an assay's limit, a row does not count."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

YES = frozenset((
    *("1", "1.0", "y", "yes", "true", "t", "x", "j", "ja", "oui", "si", "sí", "wahr", "vrai"),
    *("left", "right"),
))  # fmt: skip
NO = frozenset(("0", "0.0", "n", "no", "false", "f", "nein", "non", "falsch", "faux"))
"""What a mark has, in small letters."""

_WHOSE = r"(?:(?!is_|was_)(?P<before>.+?)_)?(?:is_?|was_?)?"
_FLAGS = r"(?:flag|fl|indicator|ind)"
_MARKS = rf"(?:_?(?:{_FLAGS}|yn|mark))"
_BEHIND = rf"(?:{_MARKS}|_?limit)?(?:_(?P<behind>.+))?"
_BELOW, _ABOVE = r"(?:below|under|lt|less_?than|lower_?than)", r"(?:above|over|gt|greater_?than|exceeds?)"
_DETECTED = r"(?:l?lod|l?loq|mdl|dl|detection|quantification|quantitation)"
_LIMIT = (
    rf"(?:reporting_?)?(?:limit(?:_of_(?:detection|quantification|quantitation))?|{_DETECTED}(?:_limit)?)"
)
_RANGE = r"(?:measur(?:ing|ement|able)_?|analytical_?|reportable_?|linear_?)range"
_CENSORED = r"cens(?:or(?:ed|ing)?)?(?:_type)?"

_Side = Literal["<", ">"]

_BELOW_ONE = (
    rf"{_WHOSE}(?:{_BELOW}_?(?:the_)?(?:{_LIMIT}|{_RANGE})|(?:left_?)?{_CENSORED}|non_?detects?|nd"
    rf"|undetect(?:ed|able)|blq|bloq|bql|bdl|lblloqfl|(?:l?lod|l?loq|mdl|lt|less_?than)_{_FLAGS}){_BEHIND}"
)
_ABOVE_ONE = (
    rf"{_WHOSE}(?:{_ABOVE}_?(?:the_)?(?:reporting_?limit|ulo[dq]|upper_limit|{_RANGE})"
    rf"|right_?{_CENSORED}|(?:ulo[dq]|gt|greater_?than)_{_FLAGS}){_BEHIND}"
)
_BEYOND: Mapping[_Side, Sequence[str]] = {
    "<": (_BELOW_ONE, r"(?P<before>.+?)_(?:is_)?(?:lt|less_than)(?P<behind>)"),
    ">": (_ABOVE_ONE, r"(?P<before>.+?)_(?:is_)?(?:gt|greater_than)(?P<behind>)"),
}
"""What heads a column, normalised, that marks the values beyond a limit, by the side, and whose those are.

`vitd_lt_20` marks those below a value that somebody chose, and is none.
"""

_WITHIN = (
    rf"{_WHOSE}(?:detect(?:ed|able|s)?|quantifiable|quantified|above_?(?:the_)?(?:l?lo[dq]|detection))"
    rf"{_BEHIND}"
)
"""What heads one that marks those within the lower limit."""

_UNCOUNTED = (
    rf"{_WHOSE}(?:(?:deleted?|cancel(?:l?ed)?|void(?:ed)?|reject(?:ed)?|retract(?:ed)?|invalid(?:ated)?"
    r"|exclude[ds]?|superseded|entered_in_error|storno|storniert|ungultig|geloscht|annulee?|anulado|annullato)"
    rf"(?:{_MARKS}|_?(?:at|on|date|dt))?|del{_MARKS})"
)
_COUNTED = (
    rf"{_WHOSE}(?:(?:valid|validated|verified|released|usable|reportable|gultig|valide|valido){_MARKS}?"
    rf"|active{_MARKS}|use_record)"
)
"""What heads a column, normalised, that marks rows which do not count, or those that do."""

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}.*"
"""When a row was deleted, which is a mark, too."""

_OF_ROWS = frozenset(("test", "result", "row", "record", "lab", "sample", "specimen", "order", "observation"))

_IN_NHANES = r"lbd(\w+)lc"
"""What a mark of values below a limit is called there; the value is `lbx...`, whose name can be longer."""


class Beyond(NamedTuple):
    """Whose value is beyond a limit, a test's or column's by its name, or '' for the row's; and the side."""

    whose: str
    side: _Side


def beyond(column: str, cell: str) -> Beyond | None:
    """Return what a cell marks as beyond a limit; None for no mark.

    The column is as a header calls it, normalised, the cell in small letters.
    """
    if cell in YES:
        mark = _heads_beyond(column)
        return mark and mark._replace(side=">" if cell == "right" else mark.side)
    if cell == "nd":
        mark = _heads_beyond(column) or _heads_within(column)
        return mark and mark._replace(side="<")
    return _heads_within(column) if cell in NO else None


def uncounted(column: str, cell: str) -> str | None:
    """Return whose result a cell marks as one to leave out, likewise; None for no mark."""
    if cell in NO:
        return _heads_uncounted(_COUNTED, column)
    is_date = cell[:1].isdigit() and re.fullmatch(_DATE, cell) is not None
    return _heads_uncounted(_UNCOUNTED, column) if cell in YES or is_date else None


@lru_cache(maxsize=1000)
def _heads_beyond(column: str) -> Beyond | None:
    if match := re.fullmatch(_IN_NHANES, column):
        return Beyond(f"lbx{match[1]}", "<")
    found = ((side, re.fullmatch(one, column)) for side, patterns in _BEYOND.items() for one in patterns)
    return next((Beyond(_whose(match), side) for side, match in found if match), None)


@lru_cache(maxsize=1000)
def _heads_within(column: str) -> Beyond | None:
    match = re.fullmatch(_WITHIN, column)
    return match and Beyond(_whose(match), "<")


@lru_cache(maxsize=1000)
def _heads_uncounted(pattern: str, column: str) -> str | None:
    match = re.fullmatch(pattern, column)
    return match and ("" if match["before"] in _OF_ROWS else match["before"] or "")


def is_called(column: str, name: str) -> bool:
    """Say whether a column of values is the one that a mark names."""
    return column == name or (name.startswith("lbx") and column.startswith(name))


def _whose(match: re.Match[str]) -> str:
    whose = match["before"] or match["behind"] or ""
    return "" if whose in ("value", "result") else whose
