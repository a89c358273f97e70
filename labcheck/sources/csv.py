"""The CSV stream: bytes in, the same bytes out with cells appended to each record. The one hot loop.

How it is fast
--------------
A block of bytes is read (`os.read`, so that whatever a slow producer has sent is answered at once). If every
line of it has the header's number of columns, one pattern finds the key cells of all its lines; a memo turns
the key (the very bytes of `vitd,22.5,ng/mL`) into the cells to append; lines and suffixes are joined. No line
is parsed into cells, none is written anew. What a distinct key costs is kept low by `Stretches`.

Why it is right
---------------
The quick way is taken only where its picture of the block is the same as that of Python's csv module:

- line breaks are all LF or all CRLF, and none stands inside quotes;
- a quote stands only at a cell's edge, or doubled inside quotes (`_masked` looks at each quote's neighbours);
- with quoted delimiters masked, the block reduced to delimiters and line breaks is exactly
  `,,,,\\n` repeated, so that each line has each column.

Anything else - ragged rows, quoted line breaks, stray quotes, blank lines, lone CR, NUL beside a quote - goes
through `plain`, which lets the csv module read record by record and keeps each record's own bytes. A
test holds both to the same output on every file.

Text is decoded cell by cell and only where a cell is looked at: the rest may be in any encoding.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from labcheck.sources.columns import Layout, Measured
from labcheck.sources.rows import (
    CELLS,
    REFUSED,
    Given,
    Judge,
    Kind,
    Same,
    Stretches,
    Verdict,
    plain_places,
    refused,
)

MEMO = 40_000
"""Distinct keys remembered for each result of a row; some 10 MB."""

EXAMPLES = 5
_LARGE = 1 << 20

RAGGED = refused("", "ragged-row")
UNCLOSED = refused("", "unclosed-quote")

csv.field_size_limit(2**31 - 1)


@dataclass
class Tally:
    """What has come of the rows so far, and the first rows (numbered as in a spreadsheet) of each refusal."""

    rows: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    examples: dict[Kind, list[int]] = field(default_factory=dict)
    on_refusal: Callable[[int, Kind], object] | None = None

    def refuse(self, row: int, kind: Kind) -> None:
        rows = self.examples.setdefault(kind, [])
        if len(rows) < EXAMPLES:
            rows.append(row)
        if self.on_refusal:
            self.on_refusal(row, kind)

    def wants(self, kind: Kind) -> bool:
        """Say whether rows of that kind are to be named."""
        return kind.category == REFUSED and (
            self.on_refusal is not None or len(self.examples.get(kind, ())) < EXAMPLES
        )


class _Result:
    """One result of each row: turns the key cells of a row into the bytes to append, and remembers them."""

    def __init__(
        self,
        measured: Measured,
        judge: Judge,
        delimiter: bytes,
        decode: Callable[[bytes], str],
        numbered: dict[Kind, int],
        end: bytes,
    ) -> None:
        """Take the numbers of kinds from `numbered`, and end remembered suffixes with `end`."""
        self._end = end
        self._size = 0  # of the keys that are remembered, in bytes
        self.columns = sorted(measured.columns.values())
        roles = {column: role for role, column in measured.columns.items()}
        self._roles = [roles[column] for column in self.columns]
        self._value = self._roles.index("value")
        self._unit = measured.unit
        self._judge = judge
        self._delimiter = delimiter
        self._decode = decode
        self._ways: dict[tuple[bytes, ...], _Way] = {}
        self._judged: dict[tuple[bytes, ...], tuple[bytes, int]] = {}  # the core's answers, which cost most
        self._numbered = numbered
        self.kinds: dict[Key, int] = {}
        self.suffixes = _Memo(self._remember)

    def forget(self) -> None:
        """Empty the memos if they have grown large."""
        if len(self.suffixes) > MEMO or self._size > _LARGE * 4:
            self._size = 0
            self.suffixes.clear()
            self.kinds.clear()
        if len(self._ways) > MEMO // 10:
            self._ways.clear()
        if len(self._judged) > MEMO // 10:
            self._judged.clear()

    def answer(self, cells: Sequence[bytes]) -> tuple[bytes, int]:
        """Return what to append for a row with these key cells (in column order), and its kind's number."""
        value, others = cells[self._value], (*cells[: self._value], *cells[self._value + 1 :])
        way = self._ways.get(others)
        if way is None:
            way = self._ways[others] = self._way(others)
        if way.always:
            return way.always
        if way.plain and plain_places(value) >= 0:
            return way.plain
        if way.stretches and (found := way.stretches.find(value)) and (written := way.written[found[0]]):
            before, after, kind = written
            return before + found[1] + after, kind
        key = (*others, value)
        if key not in self._judged:
            self._judged[key] = self._written(self._judge.judge(self._decode(value), way.given))
        return self._judged[key]

    def _remember(self, key: "Key") -> bytes:
        """Answer a key, and keep the number of its kind: a block is counted by numbers, which is quick."""
        self._size += len(key) if isinstance(key, bytes) else sum(map(len, key))
        suffix, self.kinds[key] = self.answer(self._cells(key))
        return suffix + self._end

    def _way(self, others: tuple[bytes, ...]) -> "_Way":
        given = self._given(others)
        stretches = self._judge.stretches(given)
        if isinstance(stretches, Verdict):
            return _Way(given, always=self._written(stretches))
        if isinstance(stretches, Same):
            return _Way(given, plain=self._written(stretches.verdict))
        if stretches is None:
            return _Way(given)
        return _Way(given, stretches, [v and self._parted(v) for v in stretches.verdicts])

    def _given(self, others: Sequence[bytes]) -> Given:
        roles = [role for role in self._roles if role != "value"]
        known = dict(zip(roles, map(self._decode, others), strict=True))
        return Given(
            test=known.get("test"),
            loinc=known.get("loinc"),
            unit=(known.get("unit") or "").strip() or self._unit,
            comparator=known.get("comparator"),
        )

    def _written(self, verdict: Verdict) -> tuple[bytes, int]:
        return self._joined(verdict.cells), self._number(verdict.kind)

    def _number(self, kind: Kind) -> int:
        return self._numbered.setdefault(kind, len(self._numbered))

    def _parted(self, verdict: Verdict) -> tuple[bytes, bytes, int]:
        """Return what stands before and behind the value, which is the second cell."""
        return (
            self._joined(verdict.cells[:1]) + self._delimiter,
            self._joined(verdict.cells[2:]),
            self._number(verdict.kind),
        )

    def _joined(self, cells: Sequence[str]) -> bytes:
        return b"".join(self._delimiter + quoted(cell, self._delimiter) for cell in cells)

    def _cells(self, key: "Key") -> list[bytes]:
        if isinstance(key, bytes):
            return self._split(key)
        return [cell for run in key for cell in self._split(run)]

    def _split(self, run: bytes) -> list[bytes]:
        if b'"' not in run:
            return run.split(self._delimiter)
        text = run.replace(b"\0", self._delimiter).decode("latin-1")
        row = next(csv.reader([text], delimiter=self._delimiter.decode()))
        return [cell.encode("latin-1") for cell in row]


class _Way(NamedTuple):
    """How rows that differ in their value alone are answered; where nothing else is known, by the core."""

    given: Given
    stretches: Stretches | None = None
    written: Sequence[tuple[bytes, bytes, int] | None] = ()
    always: tuple[bytes, int] | None = None
    plain: tuple[bytes, int] | None = None


Key = bytes | tuple[bytes, ...]


class _Memo(dict[Key, bytes]):
    """What to append, by key; asks for what it does not know."""

    def __init__(self, ask: Callable[[Key], bytes]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, key: Key) -> bytes:
        found = self[key] = self._ask(key)
        return found


def quoted(cell: str, delimiter: bytes) -> bytes:
    """Write one cell of ours, in quotes where it needs them."""
    written = cell.encode()
    if delimiter in written or b'"' in written:
        return b'"' + written.replace(b'"', b'""') + b'"'
    return written


class Annotator:
    """Appends cells to records; holds what the header says and what has been counted."""

    def __init__(
        self,
        header: Sequence[str],
        layout: Layout,
        judges: Sequence[Judge],
        delimiter: bytes,
        decode: Callable[[bytes], str],
        *,
        prefix: str = "labcheck_",
        only: frozenset[str] = frozenset(),
        newline: bytes = b"\n",
        tally: Tally | None = None,
    ) -> None:
        """Expect most lines to end in `newline`; pass on rows of the categories in `only`, or all of them."""
        self.tally = tally or Tally()
        self._delimiter = delimiter
        self._columns = len(header)
        self._only = only
        self._newline = newline
        self._numbered: dict[Kind, int] = {}
        last = len(layout.results) - 1
        self._results = [
            _Result(measured, judge, delimiter, decode, self._numbered, newline if i == last else b"")
            for i, (measured, judge) in enumerate(zip(layout.results, judges, strict=True))
        ]
        self.added = [f"{prefix}{measured.label}{cell}" for measured in layout.results for cell in CELLS]
        self._blank = b"".join(delimiter for _ in self.added)
        self._per_line = delimiter * (self._columns - 1) + b"\n"
        self._other_bytes = bytes(set(range(256)) - {10, delimiter[0]})
        self._runs = sorted({run for result in self._results for run in _runs(result.columns)})
        self._find = re.compile(self._pattern()).findall
        self._keys = [self._key_of(result) for result in self._results]
        self.row = 1  # the header's

    def _pattern(self) -> bytes:
        """Return the pattern of a line that is known to have each column: it captures the key cells."""
        delimiter = re.escape(self._delimiter)
        cell, parts, column = b"[^%b]*+" % delimiter, [], 0
        for first, last in self._runs:
            parts += [b"[^%b]*+%b" % (delimiter, delimiter)] * (first - column)
            parts.append(b"(%b)" % delimiter.join([cell] * (last - first + 1)))
            column = last + 1
            if column < self._columns:
                parts.append(delimiter)
            else:  # the last cell of a line ends with it
                parts[-1] = b"(%b)" % delimiter.join([cell] * (last - first) + [b"[^\n]*+"])
        return b"".join(parts) + b"[^\n]*+\n"

    def _key_of(self, result: _Result) -> tuple[int, ...]:
        """Return which runs are a result's own; each run is one captured piece."""
        return tuple(i for i, (first, _) in enumerate(self._runs) if first in result.columns)

    def header(self, raw: bytes) -> bytes:
        """Return the header record with the added names."""
        body, end = _ended(raw)
        return body + b"".join(self._delimiter + quoted(name, self._delimiter) for name in self.added) + end

    def quick(self, data: bytes) -> bytes | None:
        """Annotate a block of whole lines, or return None if the plain way is needed."""
        count = data.count(b"\n")
        if self._newline == b"\n":
            if b"\r" in data:
                return None
        elif not data.count(b"\r\n") == data.count(b"\r") == count:
            return None
        masked = _masked(data, self._delimiter) if b'"' in data else data
        if self._columns == 1 and (data[:1] in b"\r\n" or b"\n\n" in data or b"\n\r" in data):
            return None  # a blank line, which one column cannot tell from an empty cell
        if masked is None or masked.translate(None, self._other_bytes) != self._per_line * count:
            return None
        found = self._find(masked if self._newline == b"\n" else masked.replace(b"\r", b""))
        lines = data.split(self._newline)
        lines.pop()
        pieces: list[list[bytes]] = [lines]
        kinds: list[list[int]] = []
        for result, runs in zip(self._results, self._keys, strict=True):
            keys = found if len(self._runs) == 1 else _picked(found, runs)
            pieces.append(list(map(result.suffixes.__getitem__, keys)))
            kinds.append(list(map(result.kinds.__getitem__, keys)))
            result.forget()
        self._count(kinds, count)
        if self._only:
            wanted = {number for kind, number in self._numbered.items() if kind.category in self._only}
            return b"".join(
                b"".join(record)
                for record, of in zip(zip(*pieces, strict=True), zip(*kinds, strict=True), strict=True)
                if not wanted.isdisjoint(of)
            )
        together = [b""] * (len(pieces) * count)
        for i, piece in enumerate(pieces):
            together[i :: len(pieces)] = piece
        return b"".join(together)

    def _count(self, kinds: list[list[int]], count: int) -> None:
        named = list(self._numbered)
        for of in kinds:
            wanted = set()
            for number, times in Counter(of).items():
                self.tally.kinds[named[number]] += times
                if self.tally.wants(named[number]):
                    wanted.add(number)
            if wanted:
                for row, number in enumerate(of, start=self.row + 1):
                    if number in wanted:
                        self.tally.refuse(row, named[number])
        self.tally.rows += count
        self.row += count

    def plain(self, data: bytes, *, final: bool) -> tuple[bytes, int]:
        """Annotate record by record; return the output and how many bytes of `data` it is for.

        An incomplete record at the end is left, unless `final` says that nothing follows.
        """
        out, used = [], 0
        for raw, row, closed in records(data, self._delimiter, final=final):
            used += len(raw)
            out.append(self._record(raw, row, closed=closed))
        for result in self._results:
            result.forget()
        return b"".join(out), used

    def _record(self, raw: bytes, row: list[bytes], *, closed: bool) -> bytes:
        if not row:
            return b"" if self._only else raw  # a blank line
        self.row += 1
        body, end = _ended(raw)
        kinds: tuple[Kind, ...]
        if not closed:
            suffix, kinds = b"", (UNCLOSED.kind,)
        elif len(row) != self._columns:
            padding = self._delimiter * (self._columns - len(row))
            cells = [quoted(cell, self._delimiter) for cell in RAGGED.cells]
            rest = b"".join([self._delimiter] * (len(self.added) - len(cells)))
            suffix = padding + b"".join(self._delimiter + cell for cell in cells) + rest
            kinds = (RAGGED.kind,)
        else:
            answers = [result.answer([row[column] for column in result.columns]) for result in self._results]
            named = list(self._numbered)
            suffix, kinds = (
                b"".join(cells for cells, _ in answers),
                tuple(named[number] for _, number in answers),
            )
        self.tally.rows += 1
        for kind in kinds:
            self.tally.kinds[kind] += 1
            if kind.category == REFUSED:
                self.tally.refuse(self.row, kind)
        if self._only and not any(kind.category in self._only for kind in kinds):
            return b""
        return body + suffix + end if closed else raw


def annotate(
    annotator: Annotator,
    read: Callable[[], bytes],
    write: Callable[[bytes], object],
    rest: bytes,
    *,
    quick: bool = True,
) -> None:
    """Read until nothing comes and write all that is complete, annotated; `rest` came behind the header."""
    waiting, need, ended = rest, 0, False
    while not ended:
        while waiting and len(waiting) >= need:
            waiting, used = _step(annotator, write, waiting, quick=quick, final=False)
            if not used:
                # A record without an end: when it is large, look again only when there is twice as much.
                need = 2 * len(waiting) if len(waiting) > _LARGE else 0
                break
            need = 0
        got = read()
        ended = not got
        waiting += got
    while waiting:
        waiting, _ = _step(annotator, write, waiting, quick=quick, final=True)


def _step(
    annotator: Annotator, write: Callable[[bytes], object], waiting: bytes, *, quick: bool, final: bool
) -> tuple[bytes, int]:
    """Annotate what can be of `waiting`, and return what is left and how many bytes are done."""
    used = waiting.rfind(b"\n") + 1
    out = annotator.quick(waiting[:used]) if quick and used else None
    if out is None:
        out, used = annotator.plain(waiting, final=final)
    if out:
        write(out)
    return waiting[used:], used


def records(data: bytes, delimiter: bytes, *, final: bool) -> Iterator[tuple[bytes, list[bytes], bool]]:
    """Yield each whole record: its own bytes, its cells, and whether its quotes are closed."""
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
        taken.clear()
        used += len(raw)
        whole = raw.endswith("\n") or (raw.endswith("\r") and used < len(data))  # CR may be half of CR LF
        if not final and (starved or not whole):
            return
        yield raw.encode("latin-1"), [cell.encode("latin-1") for cell in row], not starved


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


def _picked(found: list[tuple[bytes, ...]], runs: tuple[int, ...]) -> list[bytes] | list[tuple[bytes, ...]]:
    if len(runs) == 1:
        return [pieces[runs[0]] for pieces in found]
    return [tuple(pieces[run] for run in runs) for pieces in found]


def _runs(columns: Sequence[int]) -> list[tuple[int, int]]:
    """Return neighbouring columns as (first, last)."""
    runs: list[tuple[int, int]] = []
    for column in columns:
        if runs and runs[-1][1] == column - 1:
            runs[-1] = (runs[-1][0], column)
        else:
            runs.append((column, column))
    return runs


def _ended(raw: bytes) -> tuple[bytes, bytes]:
    """Split a record into its cells and its line break."""
    for end in (b"\r\n", b"\n", b"\r"):
        if raw.endswith(end):
            return raw[: -len(end)], end
    return raw, b""
