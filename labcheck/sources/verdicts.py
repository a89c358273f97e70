"""What a row says of a result, and what its verdict is: the cells to add, and the kind to count it by."""

from typing import NamedTuple

from labcheck.model import REFUSED, Interpretation, Outcome, Refusal

CELLS = ("analyte", "value", "unit", "category", "code", "range", "note")
"""What is added for each result, in this order."""

LABEL = "label"
"""What is added behind them where a range set has words of its own for where a result lies."""


class Reported(NamedTuple):
    """What a document says of a result: the test's name and its LOINC code, the value with its comparator."""

    test: str = ""
    loinc: str = ""
    value: str = ""
    unit: str = ""
    range: str = ""


class Kind(NamedTuple):
    """What rows are counted by: a category, `refused`, or '' for what is not covered.

    `reason` is the code of a refusal, and has the codes of notes otherwise, joined by `;`. `label` has the
    words of a range set that has its own.
    """

    analyte: str
    category: str
    reason: str
    label: str = ""


class Verdict(NamedTuple):
    """The cells for a row, and its kind."""

    kind: Kind
    cells: tuple[str, ...]


NOT_COVERED = Verdict(Kind("", "", ""), ("",) * len(CELLS))
"""On a test that the catalogue does not cover, or a result that was not measured."""


def cells_of(judged: Interpretation) -> tuple[str, ...]:
    """Return the cells for a result that was judged."""
    canonical = judged.canonical
    return (
        judged.analyte.id,
        f"{canonical.comparator or ''}{canonical.value:f}",
        canonical.unit,
        str(judged.category),
        judged.code,
        str(judged.range),
        ";".join(note.code for note in judged.notes),
    )


def verdict_of(outcome: Outcome | None, *, labelled: bool = False) -> Verdict:
    """Return the verdict that an outcome is; None is what the catalogue does not cover.

    Where it is to be `labelled`, it has a cell for that.
    """
    if outcome is None or isinstance(outcome, Refusal):
        verdict, label = refused(outcome.analyte, outcome.code) if outcome else NOT_COVERED, ""
    else:
        cells, label = cells_of(outcome), outcome.label
        named = label if outcome.range.names_bands else ""
        verdict = Verdict(Kind(outcome.analyte.id, str(outcome.category), cells[-1], named), cells)
    return verdict._replace(cells=(*verdict.cells, label)) if labelled else verdict


def refused(analyte: str, reason: str) -> Verdict:
    """Return the verdict on a row that cannot be interpreted."""
    return Verdict(Kind(analyte, REFUSED, reason), (analyte, "", "", REFUSED, "", "", reason))
