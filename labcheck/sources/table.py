"""A whole file through: what the options settle, what the header says, then the stream."""

from collections.abc import Callable, Mapping, Sequence

from labcheck.catalogue import Catalogue
from labcheck.errors import UnreadableFile, Usage
from labcheck.model import Analyte, DecimalMark
from labcheck.sources.columns import find_layout
from labcheck.sources.csv import Annotator, Tally, annotate, records
from labcheck.sources.files import Read, Write, as_utf8
from labcheck.sources.rows import Judge
from labcheck.wording import quote

_DELIMITERS = (b",", b";", b"\t", b"|")
_LONGEST_HEADER = 1 << 20
_BOM = "\ufeff".encode()


class Table:
    """What the options settle for every file of a run."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        asked: Mapping[str, str],
        wide: Sequence[str],
        analyte: str | None,
        units: Mapping[str, str],
        delimiter: bytes | None,
        decode: Callable[[bytes], str],
        decimal: DecimalMark | None,
        prefix: str,
        only: frozenset[str],
    ) -> None:
        self._catalogue = catalogue
        self._asked = asked
        self._wide = wide
        self._analyte = analyte
        self._units = units
        self._delimiter = delimiter
        self._decode = decode
        self._decimal: DecimalMark | None = decimal
        self._prefix = prefix
        self._only = only
        self._ended = True

    def annotate(
        self, name: str, read: Read, write: Write, tally: Tally, earlier: tuple[object, ...] | None
    ) -> tuple[object, ...]:
        """Annotate one file; return its shape, which must be that of an `earlier` one if there was."""
        start, read, write, recoded = as_utf8(read, write, _at_least(b"", read, lambda data: len(data) > 1))
        decode = bytes.decode if recoded else self._decode
        start = _at_least(
            start, read, lambda data: len(data) > _LONGEST_HEADER or b"\n" in data or b"\r" in data
        )
        delimiter = self._delimiter or _delimiter_of(start)
        raw, start = _first_record(name, start, read, delimiter)
        bom = _BOM if raw.startswith(_BOM) else b""
        none: tuple[bytes, list[bytes], bool] = (b"", [], True)
        _, cells, closed = next(records(raw[len(bom) :], delimiter, final=True), none)
        if not closed:
            raise UnreadableFile(f"{quote(name, 200)} has a quote in its header that is never closed")
        header = [decode(cell) for cell in cells]
        if not header:
            raise UnreadableFile(f"{quote(name, 200)} is empty; its first line must name the columns")
        shape = (header, delimiter, recoded)
        if earlier not in (None, shape):
            raise Usage(f"{quote(name, 200)} has other columns than the file before; run it on its own")
        layout = find_layout(
            header, self._catalogue, asked=self._asked, wide=self._wide, analyte=self._analyte
        )
        annotator = Annotator(
            header,
            layout,
            [self._judge(measured.analyte, wide=layout.wide) for measured in layout.results],
            delimiter,
            decode,
            prefix=self._prefix,
            only=self._only,
            newline=b"\r\n" if raw.endswith(b"\r\n") else b"\n",
            tally=tally,
        )
        if taken := set(annotator.added).intersection(header):
            raise Usage(f"there is a column {quote(min(taken))} already; choose other names with --prefix")

        def noted(data: bytes) -> None:
            self._ended = data.endswith((b"\n", b"\r"))
            write(data)

        if earlier is None:
            noted(annotator.header(raw))
        elif not self._ended:
            write(b"\n")  # the file before had no line break at its end
        annotate(annotator, read, noted, start)
        return shape

    def _judge(self, analyte: Analyte | None, *, wide: bool) -> Judge:
        return Judge(
            self._catalogue,
            analyte=analyte,
            units=self._units,
            decimal=self._decimal,
            blank_is_absent=wide,
        )


def _at_least(start: bytes, read: Read, enough: Callable[[bytes], bool]) -> bytes:
    """Read on until there is `enough`, or nothing more."""
    while not enough(start) and (got := read()):
        start += got
    return start


def _first_record(name: str, start: bytes, read: Read, delimiter: bytes) -> tuple[bytes, bytes]:
    """Return the first record's bytes and what has been read behind it."""
    while True:
        for raw, _, _ in records(start[:_LONGEST_HEADER], delimiter, final=False):
            return raw, start[len(raw) :]
        if len(start) > _LONGEST_HEADER:
            raise UnreadableFile(
                f"{quote(name, 200)} is no table: its first line does not end within a megabyte"
            )
        got = read()
        if not got:
            return start, b""
        start += got


def _delimiter_of(start: bytes) -> bytes:
    """Return the delimiter that the first line has most of, outside quotes."""
    line = b"".join(start.split(b'"')[::2]).splitlines()[:1]
    return max(_DELIMITERS, key=line[0].count) if line else b","


def one_byte(delimiter: str | None) -> bytes | None:
    """Read a delimiter as an option gives it: a character or its name."""
    if delimiter is None:
        return None
    named = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}.get(delimiter, delimiter)
    if len(named) != 1 or not named.isascii() or named in '"\r\n\0' or named.isalnum() or named in ".<>=-+":
        raise Usage(f"--delimiter {quote(delimiter)} is not one character; type one as in ';' or tab")
    return named.encode()


def decoder(encoding: str | None) -> Callable[[bytes], str]:
    """Return what decodes a cell; without an `encoding` UTF-8, and Windows-1252 for a cell that is none."""
    if encoding is None:

        def decode(cell: bytes) -> str:
            try:
                return cell.decode()
            except UnicodeDecodeError:
                return cell.decode("cp1252", "replace")

        return decode
    try:
        b"a".decode(encoding, "replace")
    except (LookupError, ValueError) as error:
        raise Usage(f"--encoding {quote(encoding)} is not known; type one as in latin-1 or cp1252") from error
    return lambda cell: cell.decode(encoding, "replace")
