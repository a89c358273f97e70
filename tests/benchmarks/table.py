"""How long a table takes from file to file, as a ratio to a plain copy by Python's csv module.

    python tests/benchmarks/table.py [ROWS] [ROUNDS]

Each round runs every command once, the order turning; the figure is the median over the rounds of time / time
of the copy. `distinct` has a different value in every row, which no memo helps with. Polars and DuckDB are
measured if they are installed beside labcheck; they do the same job with the article's ranges written out.
"""

import csv
import importlib.util
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

LABCHECK = str(Path(sys.executable).with_name("labcheck"))
COPY = "import csv, sys\ncsv.writer(sys.stdout).writerows(csv.reader(open(sys.argv[1], newline='')))"
POLARS = """
import sys, polars as pl
c = pl.col
factor = (
    pl.when(c("unit") == "nmol/L").then(0.40064).when(c("unit") == "pmol/L").then(1.35537).otherwise(1.0)
)
low, high = (pl.when(c("test") == "b12").then(b).otherwise(d) for b, d in ((200.0, 30.0), (900.0, 40.0)))
x = c("value").str.strip_chars_start("<>").cast(pl.Float64, strict=False) * factor
above = pl.when(x > high).then(pl.lit("high")).otherwise(pl.lit("normal"))
category = pl.when(x < low).then(pl.lit("low")).otherwise(above)
pl.scan_csv(sys.argv[1], infer_schema=False).with_columns(x=x, category=category).sink_csv(sys.stdout.buffer)
"""
DUCKDB = """
import sys, duckdb
duckdb.execute(f'''COPY (
    SELECT *, CASE WHEN x < low THEN 'low' WHEN x > high THEN 'high' ELSE 'normal' END AS category FROM (
        SELECT *, try_cast(ltrim(value, '<>') AS DOUBLE)
            * CASE unit WHEN 'nmol/L' THEN 0.40064 WHEN 'pmol/L' THEN 1.35537 ELSE 1 END AS x,
            CASE test WHEN 'b12' THEN 200 ELSE 30 END AS low,
            CASE test WHEN 'b12' THEN 900 ELSE 40 END AS high
        FROM read_csv('{sys.argv[1]}', all_varchar=true, header=true))
    ) TO '/dev/stdout' (FORMAT csv)''')
"""


def rows(count: int, *, distinct: bool) -> Iterator[tuple[str, ...]]:
    """Make rows as a laboratory's export has them: two tests, two units each, 2 % with a comparator."""
    chance = random.Random(1)  # noqa: S311  # the same rows each time, no secret
    places = 5 if distinct else 1
    for number in range(count):
        test, unit, middle = chance.choice(
            (("vitd", "ng/mL", 28), ("vitd", "nmol/L", 70), ("b12", "pg/mL", 420), ("b12", "pmol/L", 310))
        )
        value = f"{middle * chance.lognormvariate(0, 0.45):.{places if test == 'vitd' or distinct else 0}f}"
        comparator = chance.choice("<>") if chance.random() < 0.02 else ""
        yield f"P{number:07}", test, comparator + value, unit, chance.choice(("", "", "fasting", "a, b"))


def seconds(command: list[str], out: Path) -> float:
    """Run a command with its output in a file, and return how long it took."""
    with out.open("wb") as file:
        start = time.perf_counter()
        subprocess.run(command, stdout=file, check=True)
        return time.perf_counter() - start


def main(count: int, rounds: int) -> None:
    """Measure, and print a line for each command."""
    with TemporaryDirectory() as folder:
        usual, distinct, out = (Path(folder) / name for name in ("usual.csv", "distinct.csv", "out"))
        for file in (usual, distinct):
            with file.open("w", newline="", encoding="utf-8") as text:
                writer = csv.writer(text)
                writer.writerow(("id", "test", "value", "unit", "comment"))
                writer.writerows(rows(count, distinct=file is distinct))
        commands = {"csv copy": [sys.executable, "-c", COPY, str(usual)]}
        for name, file in (("usual", usual), ("distinct", distinct)):
            for jobs in ("1", "2"):
                commands[f"labcheck, {name}, {jobs} job(s)"] = [LABCHECK, "csv", str(file), "-q", "-j", jobs]
            for peer, program in (("polars", POLARS), ("duckdb", DUCKDB)):
                if importlib.util.find_spec(peer):
                    commands[f"{peer}, {name}"] = [sys.executable, "-c", program, str(file)]
        times: dict[str, list[float]] = {name: [] for name in commands}
        names = list(commands)
        for turn in range(rounds):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                times[name].append(seconds(commands[name], out))
    print(f"{'command':30}{'median s':>10}{'rows/s':>12}{'ratio':>8}   ({count:,} rows, {rounds} rounds)")
    for name in names:
        ratios = (one / copy for one, copy in zip(times[name], times["csv copy"], strict=True))
        print(
            f"{name:30}{median(times[name]):10.2f}{count / median(times[name]):12,.0f}{median(ratios):8.2f}"
        )


if __name__ == "__main__":
    main(
        count=int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000,
        rounds=int(sys.argv[2]) if len(sys.argv) > 2 else 5,
    )
