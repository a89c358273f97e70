"""A result that cannot be interpreted: where it stands, what it says, and its line in the list of such."""

from typing import NamedTuple

from labcheck.errors import ADVICE
from labcheck.sources.records import quoted
from labcheck.sources.verdicts import Kind, Reported
from labcheck.wording import clipped, printable

_LONGEST_CELL = 100
"""A cell in the list is cut after this many characters."""


class Place(NamedTuple):
    """Where a result stands.

    In a `row`, numbered as in a spreadsheet, and in a `column` of it where a row has several results; or
    where `words` say, as in `message 3, OBX 12`. `file` is named where there are several.
    """

    row: int = 0
    column: str = ""
    words: str = ""
    file: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether the number of the row says all."""
        return not (self.column or self.words or self.file)

    def __str__(self) -> str:
        before = f"{self.file}: " if self.file else ""
        column = f", {clipped(self.column)}" if self.column else ""
        return f"{before}{self.words or f'row {self.row}'}{column}"


class Refused(NamedTuple):
    """A result that cannot be interpreted."""

    place: Place
    kind: Kind
    reported: Reported = Reported()
    text: str = ""
    """Why, in a sentence of its own, where there is one."""


LISTED = ("analyte", "reason", "column", *Reported._fields, "advice")
"""What is listed of a refused result behind its place, before which stands its file if there are several."""


def listed(one: Refused) -> bytes:
    """Return its line of the list, with the cells of LISTED."""
    row, column, words, file = one.place
    before = [printable(file)] if file else []
    column, *reported = (clipped(text, _LONGEST_CELL) for text in (column, *one.reported))
    advice = printable(one.text) or ADVICE.get(one.kind.reason, "")
    place = printable(words) or str(row)
    cells = (*before, place, one.kind.analyte, one.kind.reason, column, *reported, advice)
    return b",".join(quoted(cell, b",") for cell in cells) + b"\n"
