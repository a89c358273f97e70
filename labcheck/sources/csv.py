"""The CSV stream: bytes in, the same bytes out with cells appended to each record. The one hot loop.

How it is fast
--------------
A block of bytes is read, whatever a slow producer has sent, so that it is answered at once. If every line of
it has the header's number of columns, a pattern takes it apart into lines and their key cells, many lines at
a time, as a match has its own cost; a memo turns the key, the very bytes of `vitd,22.5,ng/mL`, into the cells
to append, and counts where counts are wanted; lines and answers are joined. No line is parsed into cells,
none is written anew, unless in another format.

Why it is right
---------------
The quick way is taken only where its picture of the block is the same as that of Python's csv module:

- line breaks are all LF or all CRLF, and none stands inside quotes;
- a quote stands only at a cell's edge, or doubled inside quotes (`_masked` looks at each quote's neighbours);
- with quoted delimiters masked, the pattern of a line, which has each column and takes nothing but whole
  lines, is found as many times as there are lines.

Anything else - ragged rows, quoted line breaks, stray quotes, blank lines, lone CR, NUL beside a quote - goes
through `plain`, which lets the csv module read record by record and keeps each record's own bytes. A
test holds both to the same output on every file.

Text is decoded cell by cell and only where a cell is looked at: the rest may be in any encoding.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import NamedTuple, Protocol

from labcheck.errors import RAGGED_ROW, UNCLOSED_QUOTE
from labcheck.model import REFUSED
from labcheck.sources.layout import Layout
from labcheck.sources.memo import CountingMemo, Memo
from labcheck.sources.records import LONGEST, Record, ended, quoted, records, shortened, split_line
from labcheck.sources.refusals import Place, Refused
from labcheck.sources.rows import Judge
from labcheck.sources.tally import Tally
from labcheck.sources.unread import UnreadText
from labcheck.sources.verdicts import CELLS, Kind, refused
from labcheck.sources.ways import Ways

RAGGED = refused("", RAGGED_ROW)
UNCLOSED = refused("", UNCLOSED_QUOTE)

_AT_ONCE = 150
"""One match covers whole lines of about this many cells; a larger pattern would compile slowly."""

_WORTH_MANY = 10_000
"""A pattern of many lines takes as long to compile as it saves in about this many rows."""

_SUFFIXES = 10_000
"""How many distinct added cells are kept as another format writes them; about 3 MB."""

_ANSWERS = 30_000
"""How many answers are kept with whether --only passes on their rows; about 4 MB."""

_CATEGORY = CELLS.index("category")


class RowFormat(Protocol):
    """Writes rows in another format than the table's own.

    Where they are `independent`, each can be written without those before it, and so by several processes.
    """

    @property
    def independent(self) -> bool: ...

    def added(self, cells: Sequence[str]) -> str:
        """Return how the cells that are added to a row are written."""

    def row(self, cells: Sequence[str], added: str) -> str:
        """Return a row, or what stands for it, with what is written of the cells that are added."""


class Block(NamedTuple):
    """Whole lines, each of them a record; the same `masked`, with quoted delimiters and CR out of the way.

    Where it `hides` delimiters, NUL stands for each of them.
    """

    data: bytes
    masked: bytes
    lines: int
    hides: bool


class Written(NamedTuple):
    """The number of the last record that was written, and whether it `is_open`: no line break ends it."""

    row: int
    is_open: bool


class _Passed(dict[bytes, bool]):
    """Whether rows with an answer are passed on, remembered by the answer."""

    def __init__(self, only: frozenset[str], delimiter: bytes) -> None:
        """Pass on those of a category in `only`."""
        super().__init__()
        self._only = only
        self._delimiter = delimiter

    def __missing__(self, answer: bytes) -> bool:
        if len(self) > _ANSWERS:
            self.clear()
        _, *cells = split_line(answer, self._delimiter)
        self[answer] = passed = cells[_CATEGORY].decode() in self._only
        return passed


class Annotator:
    """Appends cells to records; holds what the header says and counts into `tally`."""

    def __init__(
        self,
        header: Sequence[str],
        layout: Layout,
        judges: Sequence[Judge],
        delimiter: bytes,
        decode: Callable[[bytes], str],
        *,
        tally: Tally,
        prefix: str = "labcheck_",
        only: frozenset[str] = frozenset(),
        newline: bytes = b"\n",
        writes: bool = True,
        file: str = "",
        unread: UnreadText | None = None,
    ) -> None:
        """Expect most lines to end in `newline`; pass on rows of the categories in `only`, or all of them.

        Where `writes` is off, rows are counted and nothing is put out. `file` is what the places of refusals
        are to name beside the row. `unread` is for cells that nothing reads.
        """
        self.tally = tally
        self.row = 1  # the number of the last record that was read; the first is the header
        self.last_written = Written(1, is_open=False)
        self.added = [
            f"{prefix}{measured.label}{cell}"
            for measured, judge in zip(layout.results, judges, strict=True)
            for cell in judge.cells
        ]
        self.longest = LONGEST  # see `records`
        self._delimiter = delimiter
        self._decode = decode
        self._columns = len(header)
        self._only = only
        self._passed = _Passed(only, delimiter)
        self._writes = writes
        self._names = [
            header[measured.columns["value"]] if layout.wide else "" for measured in layout.results
        ]
        self.file = file
        self._newline = newline
        self._unread = unread
        self._rows_before = tally.rows  # of other files
        ends = [b""] * (len(layout.results) - 1) + [newline]
        memo = CountingMemo if tally.exact else Memo
        self._memos = [
            memo(Ways(measured, judge, delimiter, decode, header=header, end=end, notice=self._notice), tally)
            for measured, judge, end in zip(layout.results, judges, ends, strict=True)
        ]
        read_by = {
            column: [i for i, memo in enumerate(self._memos) if column in memo.ways.columns]
            for column in range(self._columns)
        }
        runs = _runs(read_by)
        self._line = self._pattern(runs)
        self._parts = 1 + len(runs)
        self._at_once = max(1, _AT_ONCE // self._columns)
        self._keys = [
            tuple(number for number, (first, _) in enumerate(runs, 1) if i in read_by[first])
            for i in range(len(self._memos))
        ]
        self._suffixes: dict[bytes, str] = {}
        self._ragged, self._unclosed = (
            b"".join(delimiter + quoted(cell, delimiter) for cell in broken.cells)
            + delimiter * (len(self.added) - len(broken.cells))
            for broken in (RAGGED, UNCLOSED)
        )

    def _pattern(self, runs: Sequence[tuple[int, int]]) -> bytes:
        """Return the pattern of a line that has each column: it captures the line and its key cells."""
        delimiter = re.escape(self._delimiter)
        between, last = b"[^%b]*+" % delimiter, b"[%b]*+" % _all_but(self._delimiter + b"\n")
        cells = [between] * (self._columns - 1) + [last]
        for start, end in runs:
            cells[start] = b"(" + cells[start]
            cells[end] += b")"
        return b"(" + delimiter.join(cells) + b")\n"

    def header(self, raw: bytes) -> bytes:
        """Return the header record with the added names."""
        body, end = ended(raw)
        return body + b"".join(self._delimiter + quoted(name, self._delimiter) for name in self.added) + end

    def block(self, data: bytes) -> Block | None:
        """Return whole lines for `quick`, or None if some of them may not be one record each."""
        lines = data.count(b"\n")
        if self._newline == b"\n":
            if b"\r" in data:
                return None
        elif not data.count(b"\r\n") == data.count(b"\r") == lines:
            return None
        masked = _masked(data, self._delimiter) if b'"' in data else data
        if masked is None:
            return None
        hides = masked is not data
        return Block(data, masked if self._newline == b"\n" else masked.replace(b"\r", b""), lines, hides)

    def quick(self, block: Block, *, rows: RowFormat | None = None) -> bytes | None:
        """Annotate whole lines, or return None if one of them has more or fewer columns than the header.

        With `rows`, the output is theirs.
        """
        if self._unread:
            self._unread.check(block.masked, self.row, final=True)
        parts = self._taken_apart(block)
        if len(parts) != block.lines * self._parts or (self._columns == 1 and not all(parts)):
            return None  # an empty line of one column is a blank line
        answers: list[list[bytes]] = []
        for memo, runs in zip(self._memos, self._keys, strict=True):
            columns = [parts[run :: self._parts] for run in runs]
            answers.append(memo.given(columns[0] if len(columns) == 1 else zip(*columns, strict=True)))
        self._name_refusals(answers, parts)
        self.tally.rows += block.lines
        self.row += block.lines
        for memo in self._memos:
            memo.learn_anew_if_due(block.lines)
        return self._written(parts, answers, rows, hides=block.hides) if self._writes else b""

    def _taken_apart(self, block: Block) -> list[bytes]:
        """Return each line without its end and, behind it, the runs of its key cells.

        These are fewer than there are lines if one of them has more or fewer columns than the header.
        """
        parts: list[bytes] = []
        text, left = block.masked, block.lines
        if self.row >= _WORTH_MANY and left >= self._at_once:
            parts, text = _split(self._many_lines, text, left // self._at_once)
            left %= self._at_once
        if left:
            parts += _split(self._one_line, text, left)[0]
        return parts

    @cached_property
    def _one_line(self) -> re.Pattern[bytes]:
        return re.compile(b"^" + self._line, re.MULTILINE)

    @cached_property
    def _many_lines(self) -> re.Pattern[bytes]:
        return re.compile(b"^" + self._line * self._at_once, re.MULTILINE)

    def _written(
        self, parts: list[bytes], answers: list[list[bytes]], rows: RowFormat | None, *, hides: bool
    ) -> bytes:
        """Return lines, each with its answers, as far as --only passes them on."""
        if not self._only and not rows:
            together, width = parts, 1 + len(answers)
            if width != self._parts:
                together = [b""] * (width * len(answers[0]))
                together[::width] = parts[:: self._parts]
            for i, column in enumerate(answers, 1):
                together[i::width] = column
            written = b"".join(together)
            return written.replace(b"\0", self._delimiter) if hides else written
        lines = parts[:: self._parts]
        if hides:
            lines = [line.replace(b"\0", self._delimiter) for line in lines]
        chosen: Iterable[tuple[bytes, ...]] = zip(lines, *answers, strict=True)
        if self._only:
            passed = self._passed
            chosen = (record for record in chosen if any(passed[answer] for answer in record[1:]))
        if not rows:
            return b"".join(chain.from_iterable(chosen))
        return "".join(
            self._row(split_line(line, self._delimiter), b"".join(answers), rows) for line, *answers in chosen
        ).encode()

    def _row(self, cells: Sequence[bytes], suffix: bytes, rows: RowFormat) -> str:
        """Return a row in another format; `suffix` is what stands behind it in the table's own."""
        if (added := self._suffixes.get(suffix)) is None:
            if len(self._suffixes) > _SUFFIXES:
                self._suffixes.clear()
            _, *ours = split_line(suffix.removesuffix(self._newline), self._delimiter)
            added = self._suffixes[suffix] = rows.added([cell.decode() for cell in ours])
        return rows.row([self._decode(cell) for cell in cells], added)

    def _name_refusals(self, given: list[list[bytes]], parts: list[bytes]) -> None:
        """Tell the tally the rows of refusals, in order, as long as it wants to know."""
        refused: list[tuple[int, int, Kind]] = []
        for i, (memo, column) in enumerate(zip(self._memos, given, strict=True)):
            if memo.named and not memo.named.keys().isdisjoint(column):
                refused += [
                    (number, i, memo.named[answer])
                    for number, answer in enumerate(column)
                    if answer in memo.named
                ]
        for number, i, kind in sorted(refused):
            runs = [parts[number * self._parts + run] for run in self._keys[i]]
            reported = self._memos[i].reported(runs[0] if len(runs) == 1 else tuple(runs))
            self.tally.refuse(Refused(self._place(self.row + 1 + number, self._names[i]), kind, reported))
        if refused:
            for memo in self._memos:
                memo.unname()

    @property
    def looks(self) -> bool:
        """Whether more of the first rows are to come, of which the cells that nothing reads are looked at."""
        return self._unread is not None and self._unread.looks

    def plain(self, data: bytes, *, final: bool, rows: RowFormat | None = None) -> tuple[bytes, int]:
        """Annotate record by record; return the output and how many bytes of `data` it is for.

        An incomplete record at the end is left, unless `final` says that nothing follows. With `rows`, the
        output is theirs.
        """
        if self._unread:
            self._unread.check(data, self.row, final=final)
        out, used = [], 0
        for record in records(data, self._delimiter, final=final, longest=self.longest):
            used += len(record.raw)
            if not record.closed:
                self.longest = shortened(self.longest)
            out.append(self._record(record, rows))
            self.row += 1
        return b"".join(out), used

    def _record(self, record: Record, rows: RowFormat | None) -> bytes:
        if record.closed and not record.cells:
            return b"" if rows or self._only or not self._writes else record.raw  # a blank line
        self.tally.rows += 1
        whole = record.closed and len(record.cells) == self._columns
        suffix, kinds = self._answered(record.cells) if whole else self._broken(closed=record.closed)
        if not self._passes(kinds):
            return b""
        body, end = ended(record.raw)
        if rows:
            return self._row(record.cells if record.closed else [body], suffix, rows).encode()
        if not record.closed:
            return record.raw
        missing = self._delimiter * (self._columns - len(record.cells))
        return body + missing + suffix.removesuffix(self._newline) + end

    def _answered(self, cells: Sequence[bytes]) -> tuple[bytes, list[Kind]]:
        """Count a record, and return what stands behind it and of what kinds its results are."""
        suffix, kinds = b"", []
        for memo, name in zip(self._memos, self._names, strict=True):
            key_cells = [cells[i] for i in memo.ways.columns]
            answer, group = memo.ways.of([*key_cells])
            memo.count(answer, group)
            if group.kind.category == REFUSED:
                reported = memo.ways.reported(key_cells)
                self.tally.refuse(Refused(self._place(self.row + 1, name), group.kind, reported))
            kinds.append(group.kind)
            suffix += answer
        return suffix, kinds

    def _broken(self, *, closed: bool) -> tuple[bytes, list[Kind]]:
        """Do the same with a record that cannot be read into columns."""
        kind = (RAGGED if closed else UNCLOSED).kind
        self.tally.count(kind, "")
        self.tally.refuse(Refused(self._place(self.row + 1), kind))
        return self._ragged if closed else self._unclosed, [kind]

    def _notice(self, name: str) -> None:
        self.tally.look_alike(name, self._rows_before + self.row)

    def _place(self, row: int, column: str = "") -> Place:
        return Place(row, column, file=self.file)

    def _passes(self, kinds: Sequence[Kind]) -> bool:
        return self._writes and (not self._only or any(kind.category in self._only for kind in kinds))

    def start_again(self) -> None:
        """Count from nothing."""
        self.tally.start_again()
        for memo in self._memos:
            memo.start_again()

    def hand_over(self) -> None:
        """Count in the tally what was counted here; nothing may follow.

        Raises Usage where the rows that came say together that a column should have been read.
        """
        if self._unread:
            self._unread.decide()
        for memo in self._memos:
            memo.hand_over()


def _split(lines: re.Pattern[bytes], text: bytes, times: int) -> tuple[list[bytes], bytes]:
    """Return what `lines` captures in so many matches, and what is behind the last of them."""
    parts = lines.split(text, times)
    rest = parts.pop()
    del parts[:: lines.groups + 1]  # what stands before each match
    return parts, rest


def _masked(data: bytes, delimiter: bytes) -> bytes | None:
    """Return data with delimiters inside quotes as NUL, or None where quotes are not plainly cells' own."""
    outside_and_in = data.split(b'"')
    if len(outside_and_in) % 2 == 0:
        return None
    edges = (delimiter[0], 10, 13)
    inside = outside_and_in[1::2]
    together = b"".join(inside)
    if b"\n" in together or b"\0" in data:
        return None
    first, *between, last = outside_and_in[::2]
    if (first and first[-1] not in edges) or (last and last[0] not in edges):
        return None
    for piece in between:
        if piece and (piece[0] not in edges or piece[-1] not in edges):
            return None
    if delimiter in together:
        outside_and_in[1::2] = [piece.replace(delimiter, b"\0") for piece in inside]
        return b'"'.join(outside_and_in)
    return data


def _all_but(signs: bytes) -> bytes:
    """Return what stands in a pattern's set for all other bytes: faster than `[^...]` if that has several."""
    starts = [0, *(sign + 1 for sign in sorted(signs))]
    ends = [*(sign - 1 for sign in sorted(signs)), 255]
    return b"".join(
        b"\\x%02x-\\x%02x" % (start, end) for start, end in zip(starts, ends, strict=True) if start <= end
    )


def _runs(read_by: Mapping[int, Sequence[int]]) -> list[tuple[int, int]]:
    """Return neighbouring columns that the same memos read, and any at all, as (first, last)."""
    runs: list[tuple[int, int]] = []
    for column, readers in read_by.items():
        if readers and runs and runs[-1][1] == column - 1 and read_by[column - 1] == readers:
            runs[-1] = (runs[-1][0], column)
        elif readers:
            runs.append((column, column))
    return runs
