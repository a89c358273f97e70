"""A Parquet file through, a batch of rows at a time: PyArrow reads and writes, the expressions judge.

What they leave unjudged is few, and goes through the core row by row; so do all rows where something is asked
for that no expression knows (every published range, a unit in the header beside one in the row). So the
outcome is that of `labcheck csv` on the same table, and memory holds a batch, whatever the size of the file.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from labcheck.catalogue import Catalogue
from labcheck.errors import LabcheckError, UnreadableFile, Usage
from labcheck.frames import interpret_frame
from labcheck.model import REFUSED, REPORTED, DecimalMark
from labcheck.ranges import OwnRange, used_range
from labcheck.sources.columns import Measured, find_layout
from labcheck.sources.files import Write
from labcheck.sources.rows import CELLS, LABEL, Given, Judge, Kind
from labcheck.sources.tally import Tally
from labcheck.wording import quote

BATCH = 1 << 17
"""Rows judged at a time."""

_FIGURES = frozenset(("value", "low", "high"))
"""What is a number where its column is one; numbers of other columns are concepts."""


@dataclass
class Parquet:
    """What the options settle, and what the run has come to; as in `labcheck.sources.table.Table`."""

    catalogue: Catalogue
    tally: Tally
    asked: Mapping[str, str]
    wide: Sequence[str]
    analyte: str | None
    units: Mapping[str, str]
    decimal: DecimalMark | None
    range_sets: Mapping[str, str | None]
    own_ranges: Mapping[str, OwnRange]
    all_ranges: Sequence[str]
    prefix: str
    only: frozenset[str]
    refusals: Write | None
    batch: int = field(default=BATCH)

    def annotate(self, name: str, write: Write | None) -> None:
        """Annotate a file, or only count what is in it; refusals are told by row, the first one being 1."""
        with _readable(name):
            file = pq.ParquetFile(name, pre_buffer=False)
            names = file.schema_arrow.names
        layout = find_layout(names, self.catalogue, asked=self.asked, wide=self.wide, analyte=self.analyte)
        results = [_Result(self, measured, names, wide=layout.wide) for measured in layout.results]
        schema = file.schema_arrow
        for result in results:
            for added in result.added:
                if added in names:
                    raise Usage(f"there is a column {quote(added)} already; choose other names with --prefix")
                schema = schema.append(pa.field(added, pa.string()))
        with ExitStack() as stack:
            sink = pa.PythonFile(_Sink(write), mode="w") if write else None
            writer = stack.enter_context(pq.ParquetWriter(sink, schema)) if sink else None
            for table in _batches(file, name, self.batch):
                judged = [result.judge(table) for result in results]
                for result, columns in zip(results, judged, strict=True):
                    result.count(columns, self.tally.rows + 1)
                self.tally.rows += table.num_rows
                if self.refusals:
                    self.tally.list_refusals(self.refusals)
                if writer:
                    columns = [*table.columns, *(column for columns in judged for column in columns)]
                    whole = pa.Table.from_arrays(columns, schema=schema)
                    writer.write_table(whole.filter(_any_of(judged, self.only)) if self.only else whole)

    @property
    def is_expressed(self) -> bool:
        """Whether the options ask for nothing but what expressions know."""
        sets = {id: chosen for id, chosen in self.range_sets.items() if chosen}
        known = all(chosen in (REPORTED, *self.catalogue[id].range_sets) for id, chosen in sets.items())
        return known and not self.all_ranges and not self.own_ranges


class _Key(NamedTuple):
    """What the verdict on a row rests on."""

    value: str
    given: Given


class _Result:
    """One result of each row: the columns that it stands in, and what judges it."""

    def __init__(self, options: Parquet, measured: Measured, names: Sequence[str], *, wide: bool) -> None:
        self._options = options
        self._measured = measured
        self._wide = wide
        self._names = names
        self._judged: dict[_Key, tuple[str, ...]] = {}
        self._seen: set[str] = set()
        self.added = [f"{options.prefix}{measured.label}{cell}" for cell in self._judge.cells]

    @cached_property
    def _judge(self) -> Judge:
        options = self._options
        return Judge(
            options.catalogue,
            analyte=self._measured.analyte,
            units=options.units,
            decimal=options.decimal,
            range_sets=options.range_sets,
            own_ranges=options.own_ranges,
            all_ranges=options.all_ranges,
            blank_is_absent=self._wide,
        )

    def judge(self, table: Any) -> list[Any]:
        """Return the columns that are added for a batch."""
        texts = {
            role: _text(table.column(number), role, self._names[number], self._options.decimal)
            for role, number in self._measured.columns.items()
        }
        columns = self._judged_columns(texts, table.num_rows)
        if "test" in texts:
            self._look_out(texts["test"].filter(pc.is_null(columns[CELLS.index("category")])))
        return columns

    def _judged_columns(self, texts: Mapping[str, Any], count: int) -> list[Any]:
        if not self._is_expressed:
            every = self._by_core(texts, range(count))
            return [pa.chunked_array([pa.array(column, pa.string())]) for column in every]
        columns = self._by_expressions(texts)
        left = pc.equal(columns[CELLS.index("category")], "unjudged").fill_null(False)
        rows = pc.indices_nonzero(left).to_pylist()
        if not rows:
            return columns
        return [
            pc.replace_with_mask(column.combine_chunks(), left.combine_chunks(), pa.array(cells, pa.string()))
            for column, cells in zip(columns, self._by_core(texts, rows), strict=True)
        ]

    @property
    def _is_expressed(self) -> bool:
        roles = set(self._measured.columns)
        # A unit in the header of a column that several analytes share, or beside one of units, is the core's.
        plain = self._measured.unit is None or (self._measured.analyte is not None and "unit" not in roles)
        return self._options.is_expressed and plain

    def _by_expressions(self, texts: Mapping[str, Any]) -> list[Any]:
        analyte, unit = self._measured.analyte, self._measured.unit
        judged = interpret_frame(
            pa.table(dict(texts)),
            **cast("dict[str, Any]", {role: role for role in texts}),
            analyte=analyte and analyte.id,
            units={analyte.id: unit} if analyte and unit else self._options.units,
            range_sets={id: chosen for id, chosen in self._options.range_sets.items() if chosen},
            decimal=self._options.decimal,
            wide=self._wide,
            catalogue=self._options.catalogue,
        )
        return [judged.column(f"labcheck_{cell}") for cell in self._judge.cells]

    def _by_core(self, texts: Mapping[str, Any], rows: Sequence[int]) -> list[list[str | None]]:
        """Ask the core about some rows, once for those that are the same; return the cells by column."""
        roles = list(texts)
        taken = [texts[role].take(list(rows)).to_pylist() for role in roles]
        if len(self._judged) > BATCH:
            self._judged.clear()
        verdicts = []
        for cells in zip(*taken, strict=True):
            given = {role: cell or "" for role, cell in zip(roles, cells, strict=True)}
            value = given.pop("value")
            key = _Key(value, Given(header_unit=self._measured.unit, **given))
            if key not in self._judged:
                said = self._judge.judge(*key).cells
                self._judged[key] = (*said, *[""] * (len(self._judge.cells) - len(said)))
            verdicts.append(self._judged[key])
        columns = zip(*verdicts, strict=True) if verdicts else [()] * len(self.added)
        return [[cell or None for cell in column] for column in columns]

    def _look_out(self, names: Any) -> None:
        """Keep the names of tests that are not covered but like one that is."""
        if len(self._seen) > BATCH:
            self._seen.clear()
        for name in filter(None, pc.unique(names).to_pylist()):
            if name not in self._seen:
                self._seen.add(name)
                if like := self._judge.look_alike(Given(test=name)):
                    self._options.tally.look_alike(like)

    def count(self, columns: Sequence[Any], first: int) -> None:
        """Count a batch, of which the first row has that number."""
        tally = self._options.tally
        cells = dict(zip(self._judge.cells, columns, strict=True))
        names = [name for name in ("analyte", "category", "note", LABEL) if name in cells]
        table = pa.table({name: cells[name] for name in (*names, "value")})
        kinds = table.group_by(names).aggregate([([], "count_all")]).to_pylist()
        for counted in kinds:
            tally.kinds[self._kind(counted)] += counted["count_all"]
        if tally.widths:
            values = table.group_by(["analyte", "value"]).aggregate([([], "count_all")]).to_pylist()
            for counted in values:
                tally.count_value(counted["analyte"] or "", counted["value"] or "", counted["count_all"])
        if any(tally.wants(self._kind(counted)) for counted in kinds):
            for number, row in enumerate(table.to_pylist(), start=first):
                if row["category"] == REFUSED and tally.wants(kind := self._kind(row)):
                    tally.refuse(number, kind)

    def _kind(self, row: Mapping[str, Any]) -> Kind:
        analyte, category, note = (row[name] or "" for name in ("analyte", "category", "note"))
        words = (row.get(LABEL) or "") if analyte in self._labelled else ""
        return Kind(analyte, category, note, words)

    @cached_property
    def _labelled(self) -> frozenset[str]:
        """The analytes whose range has words of its own for its bands; a row's own range has none."""
        options = self._options
        used = {
            id: used_range(options.catalogue[id], options.range_sets.get(id)) for id in options.catalogue.ids
        }
        return frozenset(
            id
            for id, one in used.items()
            if one
            and one.names_bands
            and id not in options.own_ranges
            and options.range_sets.get(id) != REPORTED
        )


def _text(column: Any, role: str, name: str, decimal: DecimalMark | None) -> Any:
    """Write a column as text, numbers with the decimal mark that texts have.

    Concepts are whole numbers, even where gaps have made floats.
    """
    try:
        written = _written(column, role)
    except pa.ArrowException as error:
        raise Usage(f"the column {quote(name)} cannot be read as text: {column.type}") from error
    is_number = pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)
    return pc.replace_substring(written, ".", ",") if is_number and decimal == "comma" else written


def _written(column: Any, role: str) -> Any:
    if not pa.types.is_floating(column.type):
        return pc.cast(column, pa.string())
    numbers = pc.if_else(pc.is_nan(column), None, column)
    if role not in _FIGURES:
        return pc.cast(pc.cast(numbers, pa.int64()), pa.string())
    written = pc.cast(numbers, pa.string())
    pointed = pc.match_substring_regex(written, "[.a-zA-Z]")
    return pc.if_else(pointed, written, pc.binary_join_element_wise(written, ".0", ""))


def _any_of(columns: Sequence[Sequence[Any]], only: frozenset[str]) -> Any:
    """Return which rows have a result of these categories."""
    place = CELLS.index("category")
    first, *others = (pc.is_in(cells[place], pa.array(sorted(only))) for cells in columns)
    for other in others:
        first = pc.or_(first, other)
    return first


def _batches(file: Any, name: str, size: int) -> Iterator[Any]:
    batches = file.iter_batches(batch_size=size, use_threads=False)
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
        said = str(error).splitlines()[0]
        raise UnreadableFile(f"{quote(name, 200)} cannot be read as a Parquet file: {said}") from error
    except OSError as error:
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
