"""A whole file through: what the options settle, what the header says, then the stream."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple, Protocol

from labcheck.errors import LabcheckError, UnreadableFile, Usage
from labcheck.sources.asked import Asked
from labcheck.sources.csv import Annotator, RowFormat, Written
from labcheck.sources.files import BLOCK, Input, Read, Write, as_utf8, decoder, utf_16
from labcheck.sources.layout import Layout
from labcheck.sources.records import records
from labcheck.sources.stream import Stream, annotate
from labcheck.sources.tally import Tally
from labcheck.sources.unread import Unread, UnreadText
from labcheck.wording import quote

_DELIMITERS = (b",", b";", b"\t", b"|")
_LONGEST_HEADER = 1 << 20
_LINES_ABOVE = 20
"""Among so many lines the names of columns are looked for, where the first has none."""
_BOM = "\ufeff".encode()
_SAYS_DELIMITER = re.compile(rb"(?i)sep=([^\r\n]{0,4})(?:\r\n|\r|\n)").match
"""What a spreadsheet can write before the header, and takes for no row."""


class TableFormat(RowFormat, Protocol):
    """Another format for a whole table than its own."""

    def start(self, columns: Sequence[str], added: Sequence[str]) -> str:
        """Return what stands before the rows."""

    def end(self, tally: Tally) -> str:
        """Return what stands behind them."""


class Table:
    """What the options settle for every file of a run, and what the run has come to."""

    def __init__(
        self,
        asked: Asked,
        tally: Tally,
        *,
        delimiter: bytes | None,
        encoding: str | None,
        other: Callable[[bytes], TableFormat | None],
        writes: bool,
        shown: bool,
        several: bool,
        refusals: Write | None,
        jobs: int,
        alone: int,
    ) -> None:
        """Pass rows on in the format `other` or in the table's own; count them alone where `writes` is off.

        Where they are `shown` on a terminal, they are UTF-8 whatever the file is. Where there are `several`
        files, places name them. A file of more than `alone` bytes is worth `jobs` processes; where its size
        is not known, so many are done by one first.
        """
        self._asked = asked
        self._tally = tally
        self._delimiter = delimiter
        self._other = other
        self._writes = writes
        self._shown = shown
        self._several = several
        self._refusals = refusals
        self._jobs = jobs
        self._alone = alone
        self._utf_16 = utf_16(encoding)
        self._decode = decoder(None if self._utf_16 else encoding)
        self._shape: tuple[object, ...] | None = None
        self._rows: TableFormat | None = None
        self._open = False

    def annotate(
        self, name: str, source: Input, write: Write, progress: Callable[[int, int], object] | None
    ) -> None:
        """Annotate one file; raise Usage if its columns are not those of the file before."""
        head, is_whole = _read_what_is_there(self._read_head(name, source.read, write), source)
        shape = (head.header, head.delimiter, head.recoded)
        if self._shape not in (None, shape):
            raise Usage(f"{quote(name, 200)} has other columns than the file before; run it on its own")
        annotator = self._annotator(name, head, is_whole=is_whole)
        if self._shape is None:
            self._shape = shape
            self._rows = self._other(head.delimiter)
            if self._rows:
                write(self._rows.start(head.header, annotator.added).encode())
            elif self._writes:
                head.write(head.before + annotator.header(head.raw))
                annotator.last_written = Written(1, is_open=not head.raw.endswith((b"\n", b"\r")))
        elif self._open and not self._rows:
            head.write(head.newline)  # the last row of the file before had no line break
        stream = Stream(
            annotator,
            head.read,
            source.has_more,
            write if self._rows else head.write,
            refusals=self._refusals,
            rows=self._rows,
            progress=progress,
        )
        shared = source.is_plain and not head.recoded and (self._rows is None or self._rows.independent)
        alone = 0 if (source.size or 0) > self._alone else self._alone
        self._open = annotate(stream, head.rest, jobs=self._jobs if shared else 1, alone=alone)

    def _read_head(self, name: str, read: Read, write: Write) -> "_Head":
        """Read up to the end of the header; raise UnreadableFile or Usage if there is none."""
        start = _at_least(b"", read, lambda got: len(got) > 1)
        start, read, recode, recoded = as_utf8(name, read, write, start, self._utf_16)
        decode = partial(bytes.decode, errors="replace") if recoded else self._decode
        start = _at_least(start, read, _has_a_line)
        bom = _BOM if start.startswith(_BOM) else b""
        said = _SAYS_DELIMITER(start, len(bom))
        before = start[: said.end()] if said else bom
        delimiter = self._delimiter or (_said_first(name, said[1]) if said else _delimiter_of(start))
        raw, rest = _first_record(name, start[len(before) :], read, delimiter)
        return _Head(
            before=before.removeprefix(bom) if self._shown else before,
            raw=raw,
            header=[decode(cell) for cell in _cells(name, raw, delimiter)],
            rest=rest,
            delimiter=delimiter,
            decode=decode,
            read=read,
            write=write if self._shown else recode,
            recoded=recoded,
        )

    def _annotator(self, name: str, head: "_Head", *, is_whole: bool) -> Annotator:
        """Make what annotates the rows under a header; raise Usage where its columns are not certain.

        That is known best where the head `is_whole`, and has all of the rows.
        """
        layout = self._layout(head)
        for column in layout.look_alikes:
            self._tally.look_alike(column)
        cells = Unread(
            head.header, layout, self._asked.roles, self._asked.catalogue.identifier, self._asked.unit_codes
        )
        unread = UnreadText(cells, len(head.header), head.delimiter, head.decode)
        unread.check(head.rest, 1, final=is_whole)
        if is_whole:
            unread.decide()
        annotator = Annotator(
            head.header,
            layout,
            [
                self._asked.judge(measured, wide=layout.wide, points_may_group=head.delimiter == b";")
                for measured in layout.results
            ],
            head.delimiter,
            head.decode,
            tally=self._tally,
            prefix=self._asked.prefix,
            only=self._asked.only,
            newline=head.newline,
            writes=self._writes,
            file=name if self._several else "",
            unread=unread,
        )
        if taken := set(annotator.added).intersection(head.header):
            raise Usage(f"there is a column {quote(min(taken))} already; choose other names with --prefix")
        return annotator

    def _layout(self, head: "_Head") -> Layout:
        """Find the columns; raise Usage where that fails, and say so if a later line has their names."""
        try:
            return self._asked.layout(head.header)
        except Usage as error:
            if line := self._line_of_names(head):
                text = f"{error.text}; line {line} can be that of the names: leave out what stands above it"
                raise Usage(text) from error
            raise

    def _line_of_names(self, head: "_Head") -> int | None:
        """Return the number of the first line behind the header that names columns, as it should."""
        above = len((head.before + head.raw).splitlines())
        for number, line in enumerate(head.rest.splitlines()[:_LINES_ABOVE], above + 1):
            delimiter = self._delimiter or _delimiter_of(line)
            names = next(records(line, delimiter, final=True), None)
            with suppress(LabcheckError):
                if names and names.closed and not any(map(_is_number, names.cells)):
                    self._asked.layout([*map(head.decode, names.cells)])
                    return number
        return None

    def end(self, write: Write) -> None:
        """Write what stands behind the last row."""
        if self._rows:
            write(self._rows.end(self._tally).encode())


class _Head(NamedTuple):
    """What a file begins with: what stands `before` its header, the header `raw` and by cells, the `rest`.

    `decode`, `read` and `write` are for what follows; it is `recoded` if the file is not UTF-8 or the like.
    """

    before: bytes
    raw: bytes
    header: list[str]
    rest: bytes
    delimiter: bytes
    decode: Callable[[bytes], str]
    read: Read
    write: Write
    recoded: bool

    @property
    def newline(self) -> bytes:
        return b"\r\n" if self.raw.endswith(b"\r\n") else b"\n"


def _read_what_is_there(head: _Head, source: Input) -> tuple[_Head, bool]:
    """Read on up to a block as far as it need not wait, and say whether that is all there is."""
    rest, before = head.rest, len(head.before) + len(head.raw)
    while before + len(rest) < BLOCK and source.has_more():
        if not (got := head.read()):
            return head._replace(rest=rest), True
        rest += got
    return head._replace(rest=rest), False


_OTHERS = {
    b"MSH|": "is HL7 v2 and no table; read it with labcheck hl7",
    b"FHS|": "is HL7 v2 and no table; read it with labcheck hl7",
    b"BHS|": "is HL7 v2 and no table; read it with labcheck hl7",
    b"{": "is JSON and no table; if it is FHIR, read it with labcheck fhir",
    b"[": "is JSON and no table; if it is FHIR, read it with labcheck fhir",
    b"PAR1\x15": "is Parquet and no text; read it with labcheck parquet",
    b"PK\x03\x04": "is a workbook or an archive; save the sheet as CSV, or unzip the archive first",
    b"\xd0\xcf\x11\xe0": "is a workbook; save the sheet as CSV",
    b"\x1f\x8b": "is compressed; decompress it first, as with gzip",
    b"\x28\xb5\x2f\xfd": "is compressed; decompress it first, as with zstd",
}
"""What other files begin with, and what to do about them."""


def _cells(name: str, raw: bytes, delimiter: bytes) -> list[bytes]:
    """Return the cells of the header."""
    bare = raw.lstrip(b"\x0b \t\r\n")
    for beginning, advice in _OTHERS.items():
        if bare.startswith(beginning):
            raise UnreadableFile(f"{quote(name, 200)} {advice}")
    if b"\0" in raw:
        raise UnreadableFile(
            f"{quote(name, 200)} is no table: its first line is not text; if that is UTF-16, say so with "
            "--encoding utf-16-le or utf-16-be"
        )
    header = next(records(raw, delimiter, final=True), None)
    if header is None:
        called = "standard input" if name == "-" else quote(name, 200)
        raise UnreadableFile(f"{called} is empty; its first line must name the columns")
    if header.closed and not header.cells:
        raise UnreadableFile(f"{quote(name, 200)} begins with a blank line; its first must name the columns")
    if not header.closed:
        raise UnreadableFile(f"{quote(name, 200)} has a quote in its header that is never closed")
    return header.cells


def _at_least(start: bytes, read: Read, enough: Callable[[bytes], bool]) -> bytes:
    """Read on until there is `enough`, or nothing more."""
    while not enough(start) and (got := read()):
        start += got
    return start


def _has_a_line(start: bytes) -> bool:
    """Say whether there is a line, of which the end is known, or more than a header can be."""
    outside = b"".join(start.split(b'"')[::2])
    return len(start) > _LONGEST_HEADER or b"\n" in outside or b"\r" in outside[:-1]


def _first_record(name: str, start: bytes, read: Read, delimiter: bytes) -> tuple[bytes, bytes]:
    """Return the first record's bytes and what has been read behind it."""
    while True:
        for record in records(start[:_LONGEST_HEADER], delimiter, final=False):
            return record.raw, start[len(record.raw) :]
        if len(start) > _LONGEST_HEADER:
            raise UnreadableFile(
                f"{quote(name, 200)} is no table: its first line does not end within a megabyte"
            )
        got = read()
        if not got:
            return start, b""
        start += got


def _delimiter_of(start: bytes) -> bytes:
    """Return the delimiter that the first line has most of, outside quotes, and the second as many of.

    Where the second line has another number of each, it does not count.
    """
    lines = b"".join(start.split(b'"')[::2]).splitlines()[:2]
    first, second = (*lines, b"", b"")[:2]
    agreeing = [one for one in _DELIMITERS if one in first and first.count(one) == second.count(one)]
    return max(agreeing or _DELIMITERS, key=first.count)


def _is_number(cell: bytes) -> bool:
    return cell.replace(b".", b"").strip().isdigit()


def _said_first(name: str, delimiter: bytes) -> bytes:
    """Return the delimiter that a line before the header says."""
    if not _can_part(delimiter.decode("latin-1")):
        raise Usage(
            f"{quote(name, 200)} begins with {quote('sep=' + delimiter.decode('latin-1'))}, which can be no "
            "delimiter; say with --delimiter what stands between the cells"
        )
    return delimiter


def _can_part(delimiter: str) -> bool:
    """Say whether a character can stand between cells: none can that is part of a number or a name."""
    return (
        len(delimiter) == 1
        and delimiter.isascii()
        and not delimiter.isalnum()
        and delimiter not in '"\r\n\0.<>=-+'
    )


def one_byte(delimiter: str | None) -> bytes | None:
    """Read a delimiter as an option gives it: a character or its name."""
    if delimiter is None:
        return None
    named = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}.get(delimiter, delimiter)
    if not _can_part(named):
        raise Usage(
            f"--delimiter {quote(delimiter)} is not one character, or can stand in a number or a name; type "
            "one as in ';' or tab"
        )
    return named.encode()
