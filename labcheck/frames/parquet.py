"""A Parquet file through, a batch of rows at a time: PyArrow reads and writes, the expressions judge.

What they leave unjudged is few, and goes through the core row by row; so do all rows where something is asked
for that no expression knows (every published range, a unit in the header beside one in the row). So the
outcome is that of `labcheck csv` on the same table, and memory holds a batch, whatever the size of the file.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from labcheck.errors import LabcheckError, UnreadableFile, Usage
from labcheck.frames.batch import Result
from labcheck.model import COMPARATORS
from labcheck.sources.asked import Asked
from labcheck.sources.files import Write
from labcheck.sources.tally import Tally
from labcheck.sources.unread import FIRST, Unread
from labcheck.sources.verdicts import CELLS
from labcheck.wording import quote

BATCH = 1 << 17
"""Rows judged at a time."""


def annotate(name: str, asked: Asked, tally: Tally, *, write: Write | None, refusals: Write | None) -> None:
    """Annotate a file, or, without `write`, only count what is in it.

    Refusals are told by row, the first one being 1.
    """
    with _readable(name):
        file = pq.ParquetFile(name, pre_buffer=False)
        schema = file.schema_arrow
    names = schema.names
    layout = asked.layout(names)
    for column in layout.look_alikes:
        tally.look_alike(column)
    results = [Result(asked, tally, measured, names, wide=layout.wide) for measured in layout.results]
    for result in results:
        for added in result.added:
            if added in names:
                raise Usage(f"there is a column {quote(added)} already; choose other names with --prefix")
            schema = schema.append(pa.field(added, pa.string()))
    unread = Unread(names, layout, asked.roles, asked.catalogue.identifier, asked.unit_codes)
    with ExitStack() as stack:
        sink = pa.PythonFile(_Sink(write), mode="w") if write else None
        writer = stack.enter_context(pq.ParquetWriter(sink, schema)) if sink else None
        for table in _batches(file, name):
            if not tally.rows:
                unread.check(_rows(table.slice(0, FIRST), 1))
                unread.decide()
            if unread.watches:
                unread.check_signs(_rows(_with_signs(table), None))
            judged = [result.judge(table, first=tally.rows + 1) for result in results]
            tally.rows += table.num_rows
            if refusals:
                tally.unlisted.sort(key=lambda one: one.place.row)
                tally.list_refusals(refusals)
            if writer:
                columns = [*table.columns, *(column for columns in judged for column in columns)]
                whole = pa.Table.from_arrays(columns, schema=schema)
                writer.write_table(whole.filter(_any_of(judged, asked.only)) if asked.only else whole)


def _rows(table: Any, start: int | None) -> Iterator[tuple[int | None, list[str]]]:
    """Yield the cells of rows, which are numbered from `start`, if they follow each other."""
    for number, row in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True)):
        cells = ["" if cell is None else str(cell) for cell in row]
        yield (None if start is None else start + number), cells


def _with_signs(table: Any) -> Any:
    """Return the rows that have a comparator and nothing else in a cell."""
    signs, found = pa.array(COMPARATORS), set[int]()
    for column in table.columns:
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
            found.update(pc.indices_nonzero(pc.is_in(texts, signs)).to_pylist())
    return table.take(sorted(found)) if found else table.slice(0, 0)


def _any_of(columns: Sequence[Sequence[Any]], only: frozenset[str]) -> Any:
    """Return which rows have a result of these categories."""
    place = CELLS.index("category")
    first, *others = (pc.is_in(cells[place], pa.array(sorted(only))) for cells in columns)
    for other in others:
        first = pc.or_(first, other)
    return first


def _batches(file: Any, name: str) -> Iterator[Any]:
    batches = file.iter_batches(batch_size=BATCH, use_threads=False)
    while True:
        with _readable(name):
            batch = next(batches, None)
        if batch is None:
            return
        yield pa.Table.from_batches([batch])


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Raise UnreadableFile for what PyArrow says of a file."""
    try:
        yield
    except LabcheckError:
        raise
    except pa.ArrowException as error:
        said = str(error).splitlines()[0].rstrip(".")
        hint = "; a table of text is for labcheck csv" if "magic bytes" in said else ""
        raise UnreadableFile(f"{quote(name, 200)} cannot be read as a Parquet file: {said}{hint}") from error
    except OSError as error:
        if Path(name).is_dir():
            raise UnreadableFile(
                f"{quote(name, 200)} is a directory; name one of the files in it at a time"
            ) from error
        raise UnreadableFile(f"{quote(name, 200)} cannot be read: {error.strerror or error}") from error


class _Sink(io.RawIOBase):
    """What PyArrow takes for a file: it hands on the bytes that are written."""

    def __init__(self, write: Write) -> None:
        super().__init__()
        self._write = write

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._write(bytes(data))
        return len(data)
