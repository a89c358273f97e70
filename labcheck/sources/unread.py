"""Comparators that stand alone in cells which nothing reads: they can be those of the results beside them."""

import re
from collections.abc import Callable, Iterable, Sequence

from labcheck.errors import Usage
from labcheck.model import COMPARATORS
from labcheck.sources.columns import Measured
from labcheck.sources.records import records
from labcheck.wording import quote

_SIGNS = sorted({sign.strip("=").encode() for sign in COMPARATORS})


def check_unread(
    header: Sequence[str],
    results: Sequence[Measured],
    cells: Iterable[tuple[int, str]],
    row: int | None = None,
) -> None:
    """Raise Usage if one of a table's cells is a comparator by itself, and none that belongs to a result.

    `cells` come each with the number of its column, and may all be of one `row`.
    """
    read = {number for one in results for number in one.columns.values()}
    for number, cell in cells:
        if number not in read and cell.strip() in COMPARATORS:
            name = quote(header[number]) if header.count(header[number]) == 1 else number + 1
            where = f"column {number + 1}" if row is None else f"column {number + 1}, row {row}"
            raise Usage(
                f"{quote(header[number])} ({where}) has {quote(cell)} by itself; say that it is the value's "
                f"with --comparator {name}, or that it is not with --comparator ''"
            )


class UnreadText:
    """Looks for them in the text of a table; nearly all of it is passed over without a look at its cells."""

    def __init__(
        self,
        header: Sequence[str],
        results: Sequence[Measured],
        delimiter: bytes,
        decode: Callable[[bytes], str],
    ) -> None:
        self._header = header
        self._results = results
        self._delimiter = delimiter
        self._decode = decode
        self._ends = re.compile(rb'=?[\s\xc2\xa0]*"?(?:[%b\r\n]|\Z)' % re.escape(delimiter)).match

    def check(self, data: bytes, row: int, *, final: bool) -> None:
        """Raise Usage for the first of these records, which come behind that row, that has one.

        An incomplete record at the end is left, unless `final` says that nothing follows.
        """
        signs = [sign for sign in _SIGNS if sign.isascii()] if data.isascii() else _SIGNS
        if not any(self._ends_a_cell(sign, data) for sign in signs):
            return
        for number, record in enumerate(records(data, self._delimiter, final=final), row + 1):
            cells = map(self._decode, record.cells[: len(self._header)])
            check_unread(self._header, self._results, enumerate(cells), number)

    def _ends_a_cell(self, sign: bytes, data: bytes) -> bool:
        at = data.find(sign)
        while at >= 0 and not self._ends(data, at + len(sign)):
            at = data.find(sign, at + 1)
        return at >= 0
