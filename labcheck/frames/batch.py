"""A batch of rows of a Parquet file -> the columns that are added, and the counts.

Rows that say the same are judged once, where most of them come again: that is what costs.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, cast

import pyarrow as pa
import pyarrow.compute as pc

from labcheck.errors import Usage
from labcheck.frames import interpret_frame
from labcheck.frames.expressions import UNJUDGED
from labcheck.frames.rules import TooFine
from labcheck.model import REFUSED, REPORTED, DecimalMark
from labcheck.ranges import names_bands
from labcheck.sources.asked import Asked
from labcheck.sources.layout import Measured
from labcheck.sources.refusals import Place, Refused
from labcheck.sources.rows import Given
from labcheck.sources.tally import Tally
from labcheck.sources.verdicts import CELLS, LABEL, Kind
from labcheck.wording import quote

_REMEMBERED = 1 << 17
"""So many answers of the core, and names of tests that are not covered, are kept."""

_READ_BY_THE_CORE = frozenset(("component", "specimen", "status"))
"""Columns that expressions do not read."""

_FIGURES = frozenset(("value", "low", "high"))
"""What is a number where its column is one; numbers of other columns are concepts."""


class _Key(NamedTuple):
    """What the verdict on a row rests on."""

    value: str
    given: Given


class Result:
    """One result of each row: the columns that it stands in, and what judges it."""

    def __init__(
        self, asked: Asked, tally: Tally, measured: Measured, names: Sequence[str], *, wide: bool
    ) -> None:
        self._asked = asked
        self._tally = tally
        self._measured = measured
        self._wide = wide
        self._names = names
        # Where a row has several results, a refusal names its column.
        self._column = names[measured.columns["value"]] if wide else ""
        self._judged: dict[_Key, tuple[str, ...]] = {}
        self._seen: set[str] = set()
        self._judge = asked.judge(measured, wide=wide)
        self._range_units = measured.range_units(names)
        self.added = [f"{asked.prefix}{measured.label}{cell}" for cell in self._judge.cells]

    def judge(self, table: Any, *, first: int) -> list[Any]:
        """Return the columns that are added for a batch, of which the first row has that number; count it."""
        texts = {
            role: _text(table.column(number), role, self._names[number], self._asked.decimal)
            for role, number in self._measured.columns.items()
        }
        columns = self._judged_columns(texts, table.num_rows)
        for role in ("test", "component"):
            if role in texts:
                self._look_out(texts[role].filter(pc.is_null(columns[CELLS.index("category")])))
        self._count(columns, texts, first)
        return columns

    def _judged_columns(self, texts: Mapping[str, Any], count: int) -> list[Any]:
        first, place = _distinct(list(texts.values()), count)
        if len(first) > count / 2:
            return self._judged_each(texts, count)
        once = self._judged_each({role: column.take(first) for role, column in texts.items()}, len(first))
        return [column.take(place) for column in once]

    def _judged_each(self, texts: Mapping[str, Any], count: int) -> list[Any]:
        columns = self._by_expressions(texts) if self._is_expressed else None
        if columns is None:
            every = self._by_core(texts, range(count))
            return [pa.chunked_array([pa.array(column, pa.string())]) for column in every]
        left = pc.equal(columns[CELLS.index("category")], UNJUDGED).fill_null(False)
        rows = pc.indices_nonzero(left).to_pylist()
        if not rows:
            return columns
        return [
            pc.replace_with_mask(column.combine_chunks(), left.combine_chunks(), pa.array(cells, pa.string()))
            for column, cells in zip(columns, self._by_core(texts, rows), strict=True)
        ]

    @property
    def _is_expressed(self) -> bool:
        """Whether nothing is asked for but what expressions know."""
        asked, roles = self._asked, set(self._measured.columns)
        sets = {id: chosen for id, chosen in asked.range_sets.items() if chosen}
        known = all(chosen in (REPORTED, *asked.catalogue[id].range_sets) for id, chosen in sets.items())
        # A unit in the header of a column that several analytes share, or beside one of units, is the core's.
        plain = self._measured.unit is None or (self._measured.analyte is not None and "unit" not in roles)
        known = known and roles.isdisjoint(_READ_BY_THE_CORE) and not asked.all_ranges
        known = known and not self._range_units and not ("range" in roles and roles & {"low", "high"})
        return known and plain and self._measured.doubt is None

    def _by_expressions(self, texts: Mapping[str, Any]) -> list[Any] | None:
        analyte, unit = self._measured.analyte, self._measured.unit
        try:
            judged = interpret_frame(
                pa.table(dict(texts)),
                **cast("dict[str, Any]", {role: role for role in texts}),
                analyte=analyte and analyte.id,
                units={analyte.id: unit} if analyte and unit else self._asked.units,
                range_sets={id: chosen for id, chosen in self._asked.range_sets.items() if chosen},
                own_ranges=self._asked.own_ranges,
                decimal=self._asked.decimal,
                wide=self._wide,
                catalogue=self._asked.catalogue,
            )
        except TooFine:
            return None
        return [judged.column(f"labcheck_{cell}") for cell in self._judge.cells]

    def _by_core(self, texts: Mapping[str, Any], rows: Sequence[int]) -> list[list[str | None]]:
        """Ask the core about some rows, once for those that are the same; return the cells by column."""
        roles = list(texts)
        taken = [texts[role].take(list(rows)).to_pylist() for role in roles]
        if len(self._judged) > _REMEMBERED:
            self._judged.clear()
        verdicts = []
        for cells in zip(*taken, strict=True):
            key = self._key(dict(zip(roles, cells, strict=True)))
            if key not in self._judged:
                said = self._judge.judge(*key).cells
                self._judged[key] = (*said, *[""] * (len(self._judge.cells) - len(said)))
            verdicts.append(self._judged[key])
        columns = zip(*verdicts, strict=True) if verdicts else [()] * len(self.added)
        return [[cell or None for cell in column] for column in columns]

    def _key(self, cells: Mapping[str, str | None]) -> _Key:
        said = {role: cell or "" for role, cell in cells.items()}
        value = said.pop("value")
        given = Given(header_unit=self._measured.unit, **said)
        return _Key(value, given.with_range_units(self._range_units))

    def _look_out(self, names: Any) -> None:
        """Keep the names of tests that are not covered but like one that is."""
        if len(self._seen) > _REMEMBERED:
            self._seen.clear()
        for name in filter(None, pc.unique(names).to_pylist()):
            if name not in self._seen:
                self._seen.add(name)
                if like := self._judge.look_alike(Given(test=name)):
                    self._tally.look_alike(like)

    def _count(self, columns: Sequence[Any], texts: Mapping[str, Any], first: int) -> None:
        tally = self._tally
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
            for number, row in enumerate(table.to_pylist()):
                if row["category"] == REFUSED and tally.wants(kind := self._kind(row)):
                    key = self._key({role: column[number].as_py() for role, column in texts.items()})
                    reported = key.given.reported(key.value)
                    tally.refuse(Refused(Place(first + number, self._column), kind, reported))

    def _kind(self, row: Mapping[str, Any]) -> Kind:
        analyte, category, note = (row[name] or "" for name in ("analyte", "category", "note"))
        has_own = "no-reported-range" not in note.split(";")
        by_own = has_own and self._asked.range_sets.get(analyte) == REPORTED
        words = "" if by_own or analyte not in self._labelled else row.get(LABEL) or ""
        return Kind(analyte, category, note, words)

    @cached_property
    def _labelled(self) -> frozenset[str]:
        """The analytes whose published range has words of its own for its bands."""
        asked = self._asked
        return frozenset(
            id
            for id in asked.catalogue.ids
            if names_bands([asked.catalogue[id]], asked.range_sets, asked.own_ranges)
        )


def _distinct(columns: Sequence[Any], count: int) -> tuple[Any, Any]:
    """Return where each different row comes first, and for each row which of them it is."""
    place = pa.array([0] * count, pa.int64())
    for column in columns:
        codes = column.combine_chunks().dictionary_encode("encode")
        both = pc.add(pc.multiply(pc.cast(place, pa.int64()), len(codes.dictionary)), codes.indices)
        place = both.dictionary_encode().indices
    rows = pa.table({"place": place, "row": pa.array(range(count), pa.int64())})
    return rows.group_by("place").aggregate([("row", "min")]).sort_by("place")["row_min"], place


def _text(column: Any, role: str, name: str, decimal: DecimalMark | None) -> Any:
    """Write a column as text, numbers with the decimal mark that texts have.

    Concepts are whole numbers, even where gaps have made floats.
    """
    if pa.types.is_duration(column.type):
        raise Usage(f"the column {quote(name)} is {column.type}, not numbers or text")
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
