"""The engines that the dataframes' tests go through: a table of columns in, what is added to each row out.

PySpark is one of them; its tests run where it is installed.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from labcheck.frames import interpret_frame

Cells = tuple[str, ...]
Table = Mapping[str, Sequence[Any]]
Run = Callable[..., list[Cells]]


def _added(names: Sequence[str]) -> list[str]:
    return [name for name in names if name.startswith("labcheck_")]


def _is_text(column: Sequence[Any]) -> bool:
    return all(cell is None or isinstance(cell, str) for cell in column)


def _through_polars(table: Table, **options: Any) -> list[Cells]:
    out = interpret_frame(_polars(table), **options)
    assert isinstance(out, pl.DataFrame)
    return out.select(_added(out.columns)).rows()


def _through_lazy_polars(table: Table, **options: Any) -> list[Cells]:
    out = interpret_frame(_polars(table).lazy(), **options)
    assert isinstance(out, pl.LazyFrame)
    return out.select(_added(out.collect_schema().names())).collect().rows()


def _polars(table: Table) -> pl.DataFrame:
    return pl.DataFrame(
        [pl.Series(name, column, pl.String if _is_text(column) else None) for name, column in table.items()]
    )


def _through_pandas(table: Table, **options: Any) -> list[Cells]:
    return _of_pandas(interpret_frame(_pandas(table, "str"), **options))


def _through_pandas_objects(table: Table, **options: Any) -> list[Cells]:
    return _of_pandas(interpret_frame(_pandas(table, "object"), **options))


def _pandas(table: Table, text: str) -> Any:
    return pd.DataFrame(
        {name: pd.Series(column, dtype=text if _is_text(column) else None) for name, column in table.items()}
    )


def _of_pandas(out: Any) -> list[Cells]:
    assert isinstance(out, pd.DataFrame)
    added = out[_added(list(out.columns))]
    return [tuple(row) for row in added.astype(object).where(added.notna(), None).to_numpy()]


def _through_pyarrow(table: Table, **options: Any) -> list[Cells]:
    out = interpret_frame(_pyarrow(table), **options)
    assert isinstance(out, pa.Table)
    return [tuple(row.values()) for row in out.select(_added(out.column_names)).to_pylist()]


def _pyarrow(table: Table) -> Any:
    return pa.table(
        {name: pa.array(column, pa.string() if _is_text(column) else None) for name, column in table.items()}
    )


def _through_duckdb(table: Table, **options: Any) -> list[Cells]:
    out = interpret_frame(duckdb.from_arrow(_pyarrow(table)), **options)
    assert isinstance(out, duckdb.DuckDBPyRelation)
    return out.project(", ".join(_added(out.columns))).fetchall()


def _through_pyspark(table: Table, **options: Any) -> list[Cells]:
    types = {name: "string" if _is_text(column) else _number_type(column) for name, column in table.items()}
    schema = ", ".join(f"{name} {type}" for name, type in types.items())
    frame = spark().createDataFrame(list(zip(*table.values(), strict=True)), schema)
    out = interpret_frame(frame, **options)
    return [tuple(row) for row in out.select(*_added(out.columns)).collect()]


def _number_type(column: Sequence[Any]) -> str:
    return "double" if any(isinstance(cell, float) for cell in column) else "bigint"


@cache
def spark() -> Any:
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed: pip install --group spark")
    builder = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    return builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()


_RUNS: Mapping[str, Run] = {
    "polars": _through_polars,
    "lazy polars": _through_lazy_polars,
    "pandas": _through_pandas,
    "pandas objects": _through_pandas_objects,
    "pyarrow": _through_pyarrow,
    "duckdb": _through_duckdb,
    "pyspark": _through_pyspark,
}
each_engine = pytest.mark.parametrize(
    "run",
    [
        pytest.param(run, id=name, marks=[pytest.mark.pyspark] if name == "pyspark" else [])
        for name, run in _RUNS.items()
    ],
)
