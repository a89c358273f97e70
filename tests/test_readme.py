"""The README cannot lie: what its blocks show is run and compared (`pytest --golden` writes it)."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from labcheck.model import NOTES

_NOT_OURS = ("FORCE_COLOR", "LABCHECK_DEBUG", "LABCHECK_RANGE_SET")
README = Path(__file__).parents[1] / "README.md"


def ran(command: str) -> str:
    """Run a line as a reader would, with both streams in the order they were written."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {key: value for key, value in os.environ.items() if key not in _NOT_OURS}
    return subprocess.run(
        ["bash", "-c", f"exec 2>&1; {command}"],
        stdout=subprocess.PIPE,
        env={**env, "PATH": path, "COLUMNS": "80", "PYTHONUTF8": "1"},
        text=True,
        encoding="utf-8",
        check=False,
    ).stdout


def replayed(block: re.Match[str]) -> str:
    commands = [line for line in block[1].splitlines() if line.startswith("$ ")]
    return "```console\n" + "".join(f"{command}\n{ran(command[2:])}" for command in commands) + "```\n"


def test_every_console_block_shows_what_the_program_prints(request: pytest.FixtureRequest) -> None:
    text = README.read_text("utf-8")
    replay = re.sub(r"```console\n(.*?)```\n", replayed, text, flags=re.DOTALL)
    if request.config.getoption("--golden"):
        README.write_text(replay, "utf-8")
    assert README.read_text("utf-8") == replay
    assert text.count("```console") > 5


def test_each_python_block_prints_what_stands_below_it() -> None:
    blocks = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 4
    for code, printed in blocks:
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert ran.stdout == printed


def test_the_short_catalogue_file_can_be_used_as_the_line_below_it_does(tmp_path: Path) -> None:
    match = re.search(r"```toml\n(.*?)```\n\n```sh\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert match
    (tmp_path / "examplin.toml").write_text(match[1], "utf-8")
    assert "  30 ng/mL    NORMAL\n" in ran(f"cd '{tmp_path}' && {match[2]}")


def listed_modules(text: str) -> Iterator[str]:
    tree = text[text.index("labcheck/\n  wording.py") :].split("```", 1)[0]
    for line in tree.splitlines()[1:]:
        yield line.split()[0]


def test_the_layout_names_every_module() -> None:
    package = README.parent / "labcheck"
    modules = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in package.iterdir()
        if path.name not in ("__init__.py", "__main__.py", "__pycache__", "py.typed")
    }
    assert set(listed_modules(README.read_text("utf-8"))) == modules


@pytest.mark.parametrize("package", ["sources", "frames"])
def test_a_package_says_what_each_of_its_modules_is_for(package: str) -> None:
    folder = README.parent / "labcheck" / package
    said = (folder / "__init__.py").read_text("utf-8").split('"""')[1]
    modules = {path.name for path in folder.glob("*.py")} - {"__init__.py"}
    assert set(re.findall(r"\b[a-z0-9]+\.py\b", said)) == modules


def test_the_readme_names_every_reason_and_note() -> None:
    from labcheck import errors
    from labcheck.reports.json import SCHEMA_FILE

    text = README.read_text("utf-8")
    codes = {cls.code for cls in errors.LabcheckError.__subclasses__()} - {"usage", "bad-catalogue"}
    interpretation = json.loads(SCHEMA_FILE.read_text("utf-8"))["$defs"]["interpretation"]["properties"]
    notes = interpretation["notes"]["items"]["properties"]["code"]["enum"]
    for code in codes:
        assert f"`{code}`" in text, code
    assert notes == list(NOTES)
    for code, sentence in NOTES.items():
        assert f"- `{code}`: {sentence}" in text, code
