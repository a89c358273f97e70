"""What the tests share: the program, called as a shell calls it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, settings
from typer.testing import CliRunner

from labcheck.cli.app import app
from labcheck.reports.json import SCHEMA_FILE

# How long an example takes says nothing on a machine that does other things, too.
settings.register_profile("labcheck", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("labcheck")


@dataclass(frozen=True)
class Ran:
    """What a run of the program left: its two streams and its exit code."""

    stdout: str
    stderr: str
    exit_code: int


Labcheck = Callable[..., Ran]


@pytest.fixture
def labcheck(monkeypatch: pytest.MonkeyPatch) -> Labcheck:
    """Return a function that reads like the shell: `labcheck("vitd", "22", "-u", "ng/mL")`."""
    monkeypatch.delenv("LABCHECK_DEBUG", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("LABCHECK_RANGE_SET", raising=False)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*args: str, columns: int = 80) -> Ran:
        result = CliRunner().invoke(app, args, env={"COLUMNS": str(columns)})
        return Ran(result.stdout, result.stderr, result.exit_code)

    return run


VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text("utf-8")))
"""Holds what is put out as JSON to its contract."""

LONG = "id,test,value,unit\n1,vitd,22,ng/mL\n2,b12,<150,pmol/L\n3,Ferritin,5,ng/mL\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return a file with the table `LONG`."""
    file = tmp_path / "results.csv"
    file.write_bytes(LONG.encode())
    return file


Golden = Callable[[str, str], None]


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Return a function that holds a text to the golden file of that name, or writes it with `--golden`."""

    def hold(name: str, text: str) -> None:
        file = Path(__file__).parent / "golden" / name
        if request.config.getoption("--golden"):
            file.write_text(text, "utf-8")
        assert text == file.read_text("utf-8")

    return hold


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden", action="store_true", help="write the golden files anew; review the difference"
    )
