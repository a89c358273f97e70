"""What is loaded at start, in a fresh process: the slow libraries only where their work is due."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


def loaded(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    # Without measuring coverage, which has modules of its own.
    plain = {name: text for name, text in os.environ.items() if not name.startswith("COV")}
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=plain
    )
    return set(ran.stderr.split())


def run(*args: str) -> set[str]:
    return loaded(
        "import sys; from labcheck.cli import main; "
        f"sys.argv[1:] = {list(args)!r}\ntry: main()\nexcept SystemExit as e: assert not e.code"
    )


def test_typer_is_one_that_does_not_load_pydantic() -> None:
    assert "pydantic" not in run("vitd", "22", "-q")


def test_importing_labcheck_loads_no_typer_rich_or_pint() -> None:
    assert loaded("import labcheck").isdisjoint({"typer", "rich", "pint"})


def test_interpreting_in_an_everyday_unit_loads_no_pint() -> None:
    assert "pint" not in loaded("from labcheck import interpret; interpret('vitd', '22', unit='ng/mL')")
    assert "pint" not in loaded("from labcheck import interpret; interpret('vitd', '22', unit='nmol/L')")
    assert "pint" in loaded("from labcheck import interpret; interpret('vitd', '22', unit='pmol/mL')")


@pytest.mark.parametrize("args", [("-q",), ("--json",)])
def test_a_short_answer_loads_neither_pint_nor_rich(args: tuple[str, ...]) -> None:
    assert run("vitd", "22", "-u", "ng/mL", *args).isdisjoint({"pint", "rich", "csv", "labcheck.sources"})


def test_a_plain_table_loads_neither_typer_nor_what_dataclasses_need(table: Path) -> None:
    slow = {"typer", "rich", "pint", "inspect", "dataclasses"}
    assert run("csv", str(table)).isdisjoint(slow)
    assert "typer" in run("csv", str(table), "--only", "low")


def test_the_summary_loads_no_pint() -> None:
    assert "pint" not in run("vitd", "22", "-u", "ng/mL")


def test_version_and_help_load_no_more_than_typer_does() -> None:
    assert run("--version").isdisjoint({"pint", "rich", "labcheck.reports.terminal"})
    assert run("--help").isdisjoint({"pint", "labcheck.reports.terminal"})
    assert run("vitd", "--help").isdisjoint({"pint", "labcheck.reports.terminal"})


def test_reading_fhir_needs_no_library() -> None:
    assert loaded("import labcheck.reports.fhir").isdisjoint({"hl7", "fhir", "pint", "rich", "typer", "csv"})


def test_neither_help_nor_a_dataframes_module_loads_an_engine() -> None:
    engines = {"narwhals", "pyarrow", "polars", "pandas", "duckdb"}
    assert run("csv", "--help").isdisjoint(engines)
    assert run("parquet", "--help").isdisjoint(engines)
    assert loaded("import labcheck.frames").isdisjoint(engines)


def test_the_extras_that_messages_name_are_those_of_the_package() -> None:
    sources = "".join(file.read_text("utf-8") for file in (PROJECT / "labcheck").rglob("*.py"))
    package = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(re.findall(r"installs\('(\w+)'\)", sources)) == set(package["optional-dependencies"])
