"""CSV: one row a result, with the result as it was given and then the `labcheck_*` columns."""

import csv
import io
from collections.abc import Sequence

from labcheck.model import Outcome, Refusal
from labcheck.sources.rows import CELLS, cells_of, refused
from labcheck.wording import printable

COLUMNS = tuple(f"labcheck_{name}" for name in CELLS)


def several(outcomes: Sequence[Outcome]) -> str:
    """Return a header and a row for each outcome, as `labcheck csv` would give them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("test", "value", "unit", *COLUMNS))
    for outcome in outcomes:
        writer.writerow(_row(outcome))
    return text.getvalue()


def _row(outcome: Outcome) -> tuple[str, ...]:
    if isinstance(outcome, Refusal):
        given = (outcome.analyte, outcome.reported, outcome.unit or "")
        return (*map(printable, given), *refused(outcome.analyte, outcome.code).cells)
    given = (outcome.analyte.id, outcome.reported.text, outcome.reported.unit or "")
    return (*map(printable, given), *cells_of(outcome))
