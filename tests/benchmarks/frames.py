"""How long engines take from Parquet to Parquet, as a ratio to the same verdicts written by hand in each.

    python tests/benchmarks/frames.py [ROWS] [ROUNDS] [ENGINE]...
    python tests/benchmarks/frames.py spark

Each round runs every program once in a process of its own, the order turning; the figures are medians, of
seconds and of the ratio within a round. What is written by hand does the same for these rows and no others:
two names, four units, comparators, both kinds of limits, the canonical value as text; near limits it trusts
binary floats. The counts by category are compared. `labcheck csv` and `labcheck parquet` do the table, too.
`spark` takes 10^5, 10^6 and 10^7 rows on one core and on two.
"""

import csv
import importlib.util
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from table import rows  # type: ignore[import-not-found]  # it stands beside this one

HEADER = ("id", "test", "value", "unit", "comment")
_CALL = 'test="test", value="value", unit="unit"'
_CASE = """
    CASE WHEN sign = '' THEN CASE WHEN y < low THEN 'low' WHEN y > high THEN 'high' ELSE 'normal' END
         WHEN sign = '<' AND y <= low THEN 'low' WHEN sign = '>' AND y >= high THEN 'high'
         ELSE 'indeterminate' END
"""
_SQL = f"""
    SELECT id, test, value, unit, comment, test AS labcheck_analyte,
        concat(sign, CAST(y AS {{text}})) AS labcheck_value,
        CASE test WHEN 'b12' THEN 'pg/mL' ELSE 'ng/mL' END AS labcheck_unit,
        CASE WHEN possible THEN category ELSE 'refused' END AS labcheck_category,
        CASE category WHEN 'low' THEN 'L' WHEN 'normal' THEN 'N' WHEN 'high' THEN 'H' ELSE 'IND' END
            AS labcheck_code,
        CASE test WHEN 'b12' THEN '200-900 pg/mL' ELSE '30-40 ng/mL' END AS labcheck_range,
        CASE WHEN NOT possible THEN 'impossible-value' WHEN y < least OR y > most THEN 'implausible' END
            AS labcheck_note
    FROM (SELECT *, {_CASE} AS category, y >= bottom AND y <= top AS possible FROM (
        SELECT *, x * CASE unit WHEN 'nmol/L' THEN CAST(0.40064 AS DOUBLE)
                WHEN 'pmol/L' THEN CAST(1.35537 AS DOUBLE)
                ELSE CAST(1 AS DOUBLE) END AS y,
            CASE test WHEN 'b12' THEN 200 ELSE 30 END AS low,
            CASE test WHEN 'b12' THEN 900 ELSE 40 END AS high,
            CASE test WHEN 'b12' THEN 10 ELSE 1 END AS bottom,
            CASE test WHEN 'b12' THEN 1000000 ELSE 1000 END AS top,
            CASE test WHEN 'b12' THEN 50 ELSE 4 END AS least,
            CASE test WHEN 'b12' THEN 2000 ELSE 150 END AS most
        FROM (SELECT *, CASE WHEN value LIKE '<%' THEN '<' WHEN value LIKE '>%' THEN '>' ELSE '' END AS sign,
            TRY_CAST(ltrim({{trim}}) AS DOUBLE) AS x FROM {{table}}))) AS judged
"""  # noqa: S608  # the program's own text
_DUCKDB = _SQL.format(text="VARCHAR", trim="value, '<>'", table="frame").replace(
    "frame", "read_parquet('{source}')"
)
_SPARK = _SQL.format(text="STRING", trim="'<>', value", table="frame").replace(
    "ltrim('<>', value)", "trim(LEADING '<>' FROM value)"
)
_SESSION = """
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master("local[{cores}]").config("spark.ui.enabled", "false")
    .config("spark.driver.extraJavaOptions", "-XX:-DontCompileHugeMethods")
    .config("spark.driver.memory", "4g")
    .config("spark.log.level", "ERROR").getOrCreate())
frame = spark.read.parquet("{source}")
"""
_POLARS = """
import polars as pl
c = pl.col
b12 = c("test") == "b12"
def either(a, b): return pl.when(b12).then(a).otherwise(b)
def text(a, b): return pl.when(b12).then(pl.lit(a)).otherwise(pl.lit(b))
factor = pl.when(c("unit") == "nmol/L").then(0.40064).when(c("unit") == "pmol/L").then(1.35537).otherwise(1.0)
sign = (pl.when(c("value").str.starts_with("<")).then(pl.lit("<"))
    .when(c("value").str.starts_with(">")).then(pl.lit(">")).otherwise(pl.lit("")))
x = c("value").str.strip_chars_start("<>").cast(pl.Float64, strict=False)
y, s = c("y"), c("sign")
low, high = either(200.0, 30.0), either(900.0, 40.0)
exact = (pl.when(y < low).then(pl.lit("low")).when(y > high).then(pl.lit("high")).otherwise(pl.lit("normal")))
category = (pl.when(s == "").then(exact).when((s == "<") & (y <= low)).then(pl.lit("low"))
    .when((s == ">") & (y >= high)).then(pl.lit("high")).otherwise(pl.lit("indeterminate")))
possible = (y >= either(10.0, 1.0)) & (y <= either(1e6, 1000.0))
out = (pl.scan_parquet("{source}").with_columns(y=x * factor, sign=sign).with_columns(
    labcheck_analyte=c("test"), labcheck_value=pl.concat_str(s, y.cast(pl.String)),
    labcheck_unit=text("pg/mL", "ng/mL"),
    labcheck_category=pl.when(possible).then(category).otherwise(pl.lit("refused")),
    labcheck_code=category.replace_strict({{"low": "L", "normal": "N", "high": "H", "indeterminate": "IND"}}),
    labcheck_range=text("200-900 pg/mL", "30-40 ng/mL"),
    labcheck_note=pl.when(~possible).then(pl.lit("impossible-value"))
        .when((y < either(50.0, 4.0)) | (y > either(2000.0, 150.0))).then(pl.lit("implausible")))
    .drop("y", "sign"))
out.sink_parquet("{out}")
"""
_PANDAS = """
import numpy as np, pandas as pd
frame = pd.read_parquet("{source}")
b12 = frame["test"].eq("b12")
sign = frame["value"].str.slice(0, 1).where(frame["value"].str.slice(0, 1).isin(["<", ">"]), "")
factor = frame["unit"].map({{"nmol/L": 0.40064, "pmol/L": 1.35537}}).fillna(1.0)
y = frame["value"].str.lstrip("<>").astype("float64") * factor
low, high = np.where(b12, 200.0, 30.0), np.where(b12, 900.0, 40.0)
category = np.select(
    [sign.eq("") & (y < low), sign.eq("") & (y > high), sign.eq(""),
     sign.eq("<") & (y <= low), sign.eq(">") & (y >= high)],
    ["low", "high", "normal", "low", "high"], "indeterminate")
possible = (y >= np.where(b12, 10.0, 1.0)) & (y <= np.where(b12, 1e6, 1000.0))
frame["labcheck_analyte"] = frame["test"]
frame["labcheck_value"] = sign + y.astype("str")
frame["labcheck_unit"] = np.where(b12, "pg/mL", "ng/mL")
frame["labcheck_category"] = np.where(possible, category, "refused")
codes = {{"low": "L", "normal": "N", "high": "H", "indeterminate": "IND"}}
frame["labcheck_code"] = pd.Series(category).map(codes)
frame["labcheck_range"] = np.where(b12, "200-900 pg/mL", "30-40 ng/mL")
odd = (y < np.where(b12, 50.0, 4.0)) | (y > np.where(b12, 2000.0, 150.0))
frame["labcheck_note"] = np.select([~possible, odd], ["impossible-value", "implausible"], None)
frame.to_parquet("{out}")
"""
PROGRAMS = {
    "polars": {
        "ours": "import polars as pl\n"
        f'interpret_frame(pl.scan_parquet("{{source}}"), {_CALL}).sink_parquet("{{out}}")',
        "by hand": _POLARS,
    },
    "duckdb": {
        "ours": "import duckdb\n"
        f"interpret_frame(duckdb.read_parquet(\"{{source}}\"), {_CALL}).write_parquet(\"{{out}}\")",
        "by hand": f'import duckdb\nduckdb.sql("""{_DUCKDB}""").write_parquet("{{out}}")',
    },
    "pandas": {
        "ours": "import pandas as pd\n"
        f'interpret_frame(pd.read_parquet("{{source}}"), {_CALL}).to_parquet("{{out}}")',
        "by hand": _PANDAS,
    },
    "pyspark": {
        "ours": _SESSION + f'interpret_frame(frame, {_CALL}).write.parquet("{{out}}")',
        "by hand": _SESSION
        + f'frame.createOrReplaceTempView("frame")\nspark.sql("""{_SPARK}""").write.parquet("{{out}}")',
    },
}  # fmt: skip


def make(folder: Path, count: int) -> tuple[Path, Path]:
    """Write the same rows as Parquet and as CSV."""
    parquet, text = folder / "in.parquet", folder / "in.csv"
    schema = pa.schema([(name, pa.string()) for name in HEADER])
    with text.open("w", newline="", encoding="utf-8") as file, pq.ParquetWriter(parquet, schema) as writer:
        lines = csv.writer(file)
        lines.writerow(HEADER)
        for batch in _batches(count):
            lines.writerows(batch)
            columns = [pa.array(column, pa.string()) for column in zip(*batch, strict=True)]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
    return parquet, text


def _batches(count: int) -> Iterator[list[tuple[str, ...]]]:
    batch = []
    for row in rows(count, distinct=True):
        batch.append(row)
        if len(batch) == 200_000:
            yield batch
            batch = []
    if batch:
        yield batch


def seconds(command: list[str]) -> float:
    """Run a command, and return how long it took."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def counts(out: Path) -> dict[str, int]:
    """Count the rows of an output by category."""
    if out.suffix == ".csv":
        with out.open(newline="", encoding="utf-8") as file:
            categories = pa.array(row["labcheck_category"] for row in csv.DictReader(file))
    else:
        categories = pq.read_table(out, columns=["labcheck_category"])["labcheck_category"]
    return {one["values"]: one["counts"] for one in sorted(categories.value_counts().to_pylist(), key=str)}


def program(engine: str, kind: str, source: Path, out: Path, cores: int = 2) -> list[str]:
    """Return the command for a program of an engine."""
    code = "from labcheck.frames import interpret_frame\n" if kind == "ours" else ""
    code += PROGRAMS[engine][kind].format(source=source, out=out, cores=cores)
    return [sys.executable, "-c", code]


def compare(count: int, rounds: int, engines: list[str]) -> None:
    """Measure each engine against what is written by hand in it, and print a line for each program."""
    labcheck = str(Path(sys.executable).with_name("labcheck"))
    with TemporaryDirectory() as name:
        folder = Path(name)
        source, text = make(folder, count)
        outs = {
            f"{engine}, {kind}": folder / f"{engine}.{kind[:2]}.parquet"
            for engine in engines
            for kind in PROGRAMS[engine]
        }
        commands = {
            label: program(label.split(", ")[0], label.split(", ")[1], source, outs[label]) for label in outs
        }
        outs |= {"labcheck csv": folder / "out.csv", "labcheck parquet": folder / "out.parquet"}
        commands["labcheck csv"] = [labcheck, "csv", str(text), "-q", "-o", str(outs["labcheck csv"])]
        commands["labcheck parquet"] = [
            labcheck,
            "parquet",
            str(source),
            "-q",
            "-o",
            str(outs["labcheck parquet"]),
        ]
        times: dict[str, list[float]] = {label: [] for label in commands}
        labels = list(commands)
        for turn in range(rounds):
            for label in labels[turn % len(labels) :] + labels[: turn % len(labels)]:
                if outs[label].is_dir():
                    for part in outs[label].iterdir():
                        part.unlink()
                    outs[label].rmdir()
                times[label].append(seconds(commands[label]))
        found = {label: counts(outs[label]) for label in labels}
    print(f"{'program':20}{'median s':>10}{'rows/s':>12}{'by hand / ours':>16}   ({count:,} rows)")
    for label in labels:
        by_hand = times.get(label.replace("ours", "by hand"), []) if "ours" in label else []
        ratios = [one / other for one, other in zip(by_hand, times[label], strict=False)]
        ratio = f"{median(ratios):.2f}" if ratios else ""
        took = median(times[label])
        print(f"{label:20}{took:10.2f}{count / took:12,.0f}{ratio:>16}   {found[label]}")


def spark() -> None:
    """Measure how the time on Spark grows with the rows, on one core and on two."""
    print(f"{'rows':>12}{'1 core, s':>12}{'2 cores, s':>12}   (with the start of Spark)")
    for count in (10**5, 10**6, 10**7):
        with TemporaryDirectory() as name:
            source, _ = make(Path(name), count)
            took = [
                seconds(program("pyspark", "ours", source, Path(name) / f"out{cores}", cores))
                for cores in (1, 2)
            ]
        print(f"{count:12,}{took[0]:12.1f}{took[1]:12.1f}")


if __name__ == "__main__":
    asked = sys.argv[1:]
    if asked == ["spark"]:
        spark()
    else:
        numbers = [int(text) for text in asked if text.isdigit()]
        named = [text for text in asked if not text.isdigit()]
        compare(
            numbers[0] if numbers else 1_000_000,
            numbers[1] if len(numbers) > 1 else 3,
            named or [engine for engine in PROGRAMS if importlib.util.find_spec(engine)],
        )
