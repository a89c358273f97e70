"""CSV and TSV: one row a result, with the result as it was given and then the `labcheck_*` columns."""

import csv
import io
from collections.abc import Sequence

from labcheck.model import Outcome, Refusal
from labcheck.sources.tally import Tally
from labcheck.sources.verdicts import CELLS, LABEL, verdict_of
from labcheck.wording import printable


class Rows:
    """Rows as CSV or TSV: of documents, and of a table that came with another delimiter."""

    independent = True

    def __init__(self, delimiter: str) -> None:
        self._text = io.StringIO()
        end = "\r\n"  # which has both characters, as what a row can end in is put in quotes in a cell
        self._writer = csv.writer(self._text, delimiter=delimiter, lineterminator=end)
        self._columns = 0

    def start(self, columns: Sequence[str], added: Sequence[str]) -> str:
        """Return the header."""
        self._columns = len(columns)
        return self.row(columns, self.added(added))

    def added(self, cells: Sequence[str]) -> str:
        """Return how the cells that are added to a row are written."""
        return self._line(cells)

    def row(self, cells: Sequence[str], added: str) -> str:
        """Return a row; one that is too short is filled up, so that what is added stands in its columns."""
        missing = [""] * (self._columns - len(cells))
        before = self._line([*cells, *missing, ""])  # up to the delimiter
        return f"{before}{added}\n"

    def end(self, tally: Tally) -> str:
        """Return nothing: a table ends with its last row."""
        return ""

    def _line(self, cells: Sequence[str]) -> str:
        self._writer.writerow(cells)
        line = self._text.getvalue()[:-2]
        self._text.seek(0)
        self._text.truncate()
        return line


def several(outcomes: Sequence[Outcome], *, labelled: bool = False) -> str:
    """Return a header and a row for each outcome, as `labcheck csv` would give them.

    Where they are to be `labelled`, there is a column for that.
    """
    rows = Rows(",")
    names = (*CELLS, LABEL) if labelled else CELLS
    lines = [rows.start(("test", "value", "unit"), [f"labcheck_{name}" for name in names])]
    lines += [
        rows.row(_given(outcome), rows.added(verdict_of(outcome, labelled=labelled).cells))
        for outcome in outcomes
    ]
    return "".join(lines)


def _given(outcome: Outcome) -> list[str]:
    if isinstance(outcome, Refusal):
        given = (outcome.analyte, outcome.reported, outcome.unit or "")
    else:
        given = (outcome.analyte.id, outcome.reported.text, outcome.reported.unit or "")
    return [printable(text) for text in given]
