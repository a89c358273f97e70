"""What is run without Typer is what Typer would run."""

import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labcheck.cli import edge, tables
from labcheck.cli.app import app
from labcheck.cli.plain import plain_csv

WORDS = ("csv", "a.csv", "b c.csv", "-", "-q", "--quiet", "-o", "--output", "out.csv", "", "--", "-qo", "é=1")
OTHERS = ("--summary", "--only", "low", "--output=x.csv", "-ox.csv", "--help", "--catalogue", "-5", "--quie")


class Pipe(StringIO):
    """Standard input that is no terminal, or one."""

    terminal = False

    def isatty(self) -> bool:
        return self.terminal


def asked_for(patch: pytest.MonkeyPatch, run: Any) -> Sequence[object]:
    """Return what a run would do, or what it ends with before."""
    calls: list[object] = []

    def annotate_files(asked: Any, report: object, files: Sequence[str], **options: object) -> None:
        settled = asked._replace(catalogue=asked.catalogue.ids, columns={**asked.columns})
        calls.append((settled, report, list(files), {name: x for name, x in options.items() if x}))

    patch.setattr(tables, "annotate_files", annotate_files)
    patch.setattr(sys, "stdin", Pipe())
    code = edge.run(run)
    return [*calls, code]


@given(st.lists(st.sampled_from((*WORDS, *OTHERS)), max_size=6))
@example(["a.csv", "b c.csv", "-q", "-o", "out.csv"])
@example(["-o", "a.csv", "-o", "b.csv"])
@example([])
def test_it_is_the_same_run_as_typers(args: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", Pipe())
        plain = plain_csv(["csv", *args])
        if plain is None:
            return

        def typers() -> None:
            with pytest.raises(SystemExit) as ended:
                app(["csv", *args])
            assert ended.value.code == 0

        assert asked_for(patch, plain) == asked_for(patch, typers)


@pytest.mark.parametrize("args", [[], ["a.csv"], ["-", "--quiet"], ["-q", "a.csv", "b.csv", "-o", "c.csv"]])
def test_names_of_files_output_and_quiet_are_plain(monkeypatch: pytest.MonkeyPatch, args: list[str]) -> None:
    monkeypatch.setattr(sys, "stdin", Pipe())
    assert plain_csv(["csv", *args])


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["vitd", "22"],
        ["a.csv"],
        ["csv", "--help"],
        ["csv", "a.csv", "--only", "low"],
        ["csv", "a.csv", "-o"],
        ["csv", "a.csv", "-o", "-q"],
        ["csv", "a.csv", "-o", "b.csv", "-o", "c.csv"],
        ["csv", "a.csv", "--", "-q"],
        ["csv", ""],
    ],
)
def test_whatever_else_is_typed_is_for_typer(monkeypatch: pytest.MonkeyPatch, args: list[str]) -> None:
    monkeypatch.setattr(sys, "stdin", Pipe())
    assert plain_csv(args) is None


def test_without_anything_to_read_typer_shows_the_help(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Pipe()
    terminal.terminal = True
    monkeypatch.setattr(sys, "stdin", terminal)
    assert plain_csv(["csv", "-q"]) is None
    assert plain_csv(["csv", "-q", "a.csv"])
    monkeypatch.setattr(sys, "stdin", None)
    assert plain_csv(["csv", "-q"]) is None


def test_a_shell_that_asks_for_completions_asks_typer(monkeypatch: pytest.MonkeyPatch, table: Path) -> None:
    assert plain_csv(["csv", str(table)])
    monkeypatch.setenv("_LABCHECK_COMPLETE", "complete_bash")
    assert plain_csv(["csv", str(table)]) is None
