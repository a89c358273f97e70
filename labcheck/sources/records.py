"""CSV records with their own bytes: what Python's csv module takes for one, and the text that it stood in."""

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

csv.field_size_limit(2**31 - 1)

LONGEST = 1 << 24
"""A record of several lines and more bytes than this is one line whose quote was never closed."""

_SHORTEST = 1 << 12

_LINE = re.compile(rb"[^\r\n]*(?:\r\n?|\n)?")


class Record(NamedTuple):
    """One record: its `raw` bytes, its cells, and whether each of its quotes is closed."""

    raw: bytes
    cells: list[bytes]
    closed: bool


def records(data: bytes, delimiter: bytes, *, final: bool, longest: int = LONGEST) -> Iterator[Record]:
    """Yield each whole record, in order.

    A quote that nothing closes, up to the end of the file or for `longest` bytes, costs its own line alone:
    that is yielded as not closed, and reading goes on behind it, with half of `longest` (see `shortened`), as
    looking far each time would take time without end. Without `final`, what is incomplete at the end is left
    out.
    """
    text = io.StringIO(data.decode("latin-1"), newline="")
    used = 0
    while used < len(data):
        text.seek(used)
        record = None
        for record in _closed(text, len(data) - used, delimiter, longest, final=final):
            used += len(record.raw)
            yield record
        if record and not record.closed:
            longest = shortened(longest)
            continue
        if used == len(data) or not (final or len(data) - used > longest):
            return
        line = _LINE.match(data, used)
        if line is None or (line.end() == len(data) and not final):
            return
        used, longest = line.end(), shortened(longest)
        yield Record(line[0], [], closed=False)


def shortened(longest: int) -> int:
    """Return how far to look for the end of a quote after one was not found within `longest` bytes."""
    return max(longest // 2, min(longest, _SHORTEST))


def _closed(text: io.StringIO, size: int, delimiter: bytes, longest: int, *, final: bool) -> Iterator[Record]:
    """Yield whole records up to one that is incomplete or whose quotes nothing closes."""
    taken: list[str] = []
    length = 0  # of what is taken
    starved = False

    def lines() -> Iterator[str]:
        nonlocal length, starved
        for line in text:
            if taken and length + len(line) > longest:
                break
            taken.append(line)
            length += len(line)
            yield line
        starved = True

    used = 0
    for row in csv.reader(lines(), delimiter=delimiter.decode()):
        raw = "".join(taken)
        if len(taken) > 1 and not starved and _stray(raw, delimiter.decode()):
            yield Record(taken[0].encode("latin-1"), [], closed=False)
            return
        taken.clear()
        length = 0
        used += len(raw)
        whole = raw.endswith("\n") or (raw.endswith("\r") and used < size)  # CR may be half of CR LF
        if starved or not (final or whole):
            return
        yield Record(raw.encode("latin-1"), [cell.encode("latin-1") for cell in row], closed=True)


def _stray(raw: str, delimiter: str) -> bool:
    """Say whether something else than the end of a cell stands behind a quote that should close one.

    Over several lines that is two quotes that stand alone, and the lines between them are rows.
    """
    _, *between = raw.replace('""', "").split('"')[::2]
    return any(piece and piece[0] not in (delimiter, "\r", "\n") for piece in between)


def split_line(line: bytes, delimiter: bytes) -> list[bytes]:
    """Return the cells of a record, or of a part of one, that is a line without its break."""
    if b'"' not in line:
        return line.split(delimiter)
    row = next(csv.reader([line.decode("latin-1")], delimiter=delimiter.decode()))
    return [cell.encode("latin-1") for cell in row]


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
