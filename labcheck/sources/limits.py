"""What says that a value is beyond an assay's limit: a column that marks such values, or a cell in words."""

import re
from functools import lru_cache

from labcheck.flags import off_scale
from labcheck.model import COMPARATOR_WORDS

YES = frozenset(("1", "1.0", "y", "yes", "true", "t", "left", "x", "ja", "oui", "si", "sí", "wahr", "vrai"))
NO = frozenset(("0", "0.0", "n", "no", "false", "f", "nein", "non", "falsch", "faux"))
"""What a mark has, in small letters."""

_BEYOND = (
    r"(?:(?P<before>.+?)_)?(?:"
    r"(?:below|under|lt|less_than|lower_than)_(?:the_)?(?:reporting_)?(?:l?lod|l?loq|mdl|dl|detection|limit)"
    r"|(?:above|over|gt|greater_than)_(?:the_)?(?:reporting_)?(?:ulo[dq]|upper_limit|limit)"
    r"|(?:is_|left_)?cens(?:ored)?|non_?detects?|nd|(?:l?lod|l?loq|blq|bql|bdl)_(?:flag|fl|indicator|ind)"
    r"|blq|bloq|bql|bdl|lblloqfl"
    r"|(?<=_)(?:is_)?(?:lt|gt|less_than|greater_than)"
    r")(?:_limit)?(?:_(?P<behind>.+))?"
)
"""What heads a column, normalised, that marks the values beyond a limit, and whose those are."""

_WITHIN = (
    r"(?:(?P<before>.+?)_)?"
    r"(?:(?:is_|was_)?(?:detected|detectable|quantifiable|quantified)|detect(?:s|_flag)?|above_(?:the_)?l?lo[dq])"
    r"(?:_(?P<behind>.+))?"
)
"""What heads one that marks those within it."""

IN_NHANES = r"lbd(\w+)lc"
"""What the former is called there; the value is `lbx...`."""

_MAY_MEAN_MORE = frozenset((*COMPARATOR_WORDS, "ND", "N.D", "N.D."))
"""What can mean something else where no flag is due: no data, Lithuania."""

_MAY_SAY_SO = "[<>]|detect|détect|nachw|lo[dq]|limit|scale|messber|b[dql]{2}|quant|linear|amr|range"
"""What is found in such words, in small letters."""


@lru_cache(maxsize=1000)
def whose_value(column: str, cell: str) -> str | None:
    """Return whose value a cell marks as beyond a limit: a test's, by its name, or `value`; None for no mark.

    The column is as a header calls it, normalised, the cell in small letters.
    """
    pattern = _BEYOND if cell in YES else _WITHIN if cell in NO else None
    match = re.fullmatch(pattern, column) if pattern else None
    return match and (match["before"] or match["behind"] or "value")


def says_off_scale(cell: str) -> bool:
    """Say whether a cell, wherever it stands, says in words that a value is beyond a limit."""
    if (
        not re.search(_MAY_SAY_SO, cell.lower())
        or not any(map(str.isalpha, cell))
        or cell.upper() in _MAY_MEAN_MORE
    ):
        return False
    return bool(off_scale([cell]))
