"""CSV records with their own bytes: what Python's csv module takes for one, and the text that it stood in."""

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

csv.field_size_limit(2**31 - 1)

LONGEST = 1 << 24
"""A record of several lines and more bytes than this is one line whose quote was never closed."""

_LINE = re.compile(rb"[^\r\n]*(?:\r\n?|\n)?")


class Record(NamedTuple):
    """One record: its `raw` bytes, its cells, and whether each of its quotes is closed."""

    raw: bytes
    cells: list[bytes]
    closed: bool


def records(data: bytes, delimiter: bytes, *, final: bool) -> Iterator[Record]:
    """Yield each whole record, in order.

    A quote that nothing closes, up to the end of the file or for LONGEST bytes, costs its own line alone:
    that is yielded as not closed, and reading goes on behind it. Without `final`, what is incomplete at the
    end is left out.
    """
    used = 0
    while used < len(data):
        for record in _closed(data[used:], delimiter, final=final):
            used += len(record.raw)
            yield record
        if used == len(data) or not (final or len(data) - used > LONGEST):
            return
        line = _LINE.match(data, used)
        if line is None or (line.end() == len(data) and not final):
            return
        used = line.end()
        yield Record(line[0], [], closed=False)


def _closed(data: bytes, delimiter: bytes, *, final: bool) -> Iterator[Record]:
    """Yield whole records up to one that is incomplete or whose quotes nothing closes."""
    taken: list[str] = []
    starved = False

    def lines() -> Iterator[str]:
        nonlocal starved
        for line in io.StringIO(data.decode("latin-1"), newline=""):
            taken.append(line)
            yield line
        starved = True

    used = 0
    for row in csv.reader(lines(), delimiter=delimiter.decode()):
        raw = "".join(taken)
        long = len(taken) > 1 and len(raw) > LONGEST
        taken.clear()
        used += len(raw)
        whole = raw.endswith("\n") or (raw.endswith("\r") and used < len(data))  # CR may be half of CR LF
        if starved or long or not (final or whole):
            return
        yield Record(raw.encode("latin-1"), [cell.encode("latin-1") for cell in row], closed=True)


def ended(raw: bytes) -> tuple[bytes, bytes]:
    """Split a record into its cells and its line break."""
    for end in (b"\r\n", b"\n", b"\r"):
        if raw.endswith(end):
            return raw[: -len(end)], end
    return raw, b""


def quoted(cell: str, delimiter: bytes) -> bytes:
    """Write one cell of ours, in quotes where it needs them."""
    written = cell.encode()
    if delimiter in written or b'"' in written:
        return b'"' + written.replace(b'"', b'""') + b'"'
    return written
