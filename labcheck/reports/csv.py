"""CSV: one row a result, with the result as it was given and then the `labcheck_*` columns."""

import csv
import io
from collections.abc import Sequence

from labcheck.model import Outcome, Refusal
from labcheck.wording import printable

COLUMNS = tuple(
    f"labcheck_{name}" for name in ("analyte", "value", "unit", "category", "code", "range", "note")
)


def several(outcomes: Sequence[Outcome]) -> str:
    """Return a header and a row for each outcome, lines ended as on this platform's terminal."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("test", "value", "unit", *COLUMNS))
    for outcome in outcomes:
        writer.writerow(_row(outcome))
    return text.getvalue()


def _row(outcome: Outcome) -> tuple[str | None, ...]:
    if isinstance(outcome, Refusal):
        given = (outcome.analyte, outcome.reported, outcome.unit or "")
        return (*map(printable, given), outcome.analyte, None, None, "refused", None, None, outcome.code)
    canonical = outcome.canonical
    return (
        outcome.analyte.id,
        printable(outcome.reported.text),
        printable(outcome.reported.unit or ""),
        outcome.analyte.id,
        f"{canonical.comparator or ''}{canonical.value:f}",
        canonical.unit,
        outcome.category,
        outcome.code,
        str(outcome.range),
        ";".join(note.code for note in outcome.notes),
    )
