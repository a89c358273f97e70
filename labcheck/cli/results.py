"""The commands that judge: one for each analyte of the catalogue, all with one signature, and `panel`."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, cast

import typer
from typer.core import TyperCommand

from labcheck.cli.edge import CATEGORY_MET, REFUSED, complain
from labcheck.cli.options import (
    REFUSED_WORD,
    Age,
    DecimalOption,
    FailOn,
    Format,
    FormatOption,
    Json,
    Quiet,
    Values,
    Verbose,
    catalogue_of,
    categories,
)
from labcheck.errors import LabcheckError, UnknownAnalyte, Usage
from labcheck.interpret import interpret
from labcheck.model import Analyte, Interpretation, Outcome, Refusal
from labcheck.wording import quote

Report = Callable[[Sequence[Outcome], bool], None]
"""Prints outcomes; the flag says that there is one, asked for alone."""


def analyte_command(analyte: Analyte) -> TyperCommand:
    """Make the command that judges results of one analyte."""
    normal = analyte.default_range.normal
    example = f"{normal.low or normal.high or 1:f}"
    name, test = (text.replace("[", r"\[") for text in (analyte.name, analyte.test))  # which Rich would read
    single = typer.Typer(add_completion=False)

    @single.command(
        analyte.id,
        cls=Values,
        short_help=f"Judge one {name} result.",
        help=f"""Judge one {name} result: {test}.

        \b
        labcheck {analyte.id} {example} --unit {analyte.unit}
        labcheck {analyte.id} "<{example}" --json
        cat=$(labcheck {analyte.id} {example} -q)

        Exits with 0 for any category, 1 for one that --fail-on names, 2 for a value that cannot be used.""",
    )
    def judge(
        value: Annotated[
            str, typer.Argument(metavar="VALUE", help="The result as reported: 22, 22,5, '<5', '22 ng/mL'.")
        ],
        unit_behind: Annotated[
            str | None, typer.Argument(metavar="UNIT", help="Its unit, which --unit gives as well.")
        ] = None,
        unit: Annotated[
            str | None,
            typer.Option("--unit", "-u", metavar="UNIT", help=f"Its unit; {analyte.unit} if there is none."),
        ] = None,
        range: Annotated[
            str | None,
            typer.Option("--range", metavar="RANGE", help="Your own range: 30-100, '>30', '75-250 nmol/L'."),
        ] = None,
        decimal: DecimalOption = None,
        age: Age = None,
        format: FormatOption = None,
        json: Json = False,
        quiet: Quiet = False,
        verbose: Verbose = False,
        fail_on: FailOn = None,
    ) -> None:
        report = _report_of(format, json, quiet, verbose)
        watched = categories(fail_on, "--fail-on")
        if unit is not None and unit_behind is not None:
            raise Usage(f"two units, {quote(unit_behind)} and {quote(unit)}; give one of them")
        unit = unit_behind if unit is None else unit
        try:
            outcome: Outcome = interpret(analyte, value, unit=unit, range=range, decimal=decimal, age=age)
        except LabcheckError as error:
            outcome = Refusal(analyte.id, value, unit, error.code, error.text)
        _finish([outcome], report, watched, alone=True)

    return cast("TyperCommand", typer.main.get_command(single))


def panel(
    ctx: typer.Context,
    results: Annotated[
        list[str],
        typer.Argument(metavar="ANALYTE=VALUE...", help="Results, each with its unit: b12=180pg/mL."),
    ],
    decimal: DecimalOption = None,
    age: Age = None,
    format: FormatOption = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    fail_on: FailOn = None,
) -> None:
    """Judge several results at once.

    \b
    labcheck panel vitd=22 b12=180pg/mL
    labcheck panel "vitd=55 nmol/L" "b12=<150 pmol/L" --json
    """
    report = _report_of(format, json, quiet, verbose)
    watched = categories(fail_on, "--fail-on")
    outcomes: list[Outcome] = []
    for result in results:
        id, equals, value = result.partition("=")
        try:
            if not equals:
                raise UnknownAnalyte("it names no analyte; type one as in vitd=22 or b12=180pg/mL")
            outcomes.append(interpret(catalogue_of(ctx)[id], value, decimal=decimal, age=age))
        except LabcheckError as error:
            outcomes.append(Refusal(id, value, None, error.code, error.text))
    _finish(outcomes, report, watched, alone=False)


def _report_of(format: Format | None, json: bool, quiet: bool, verbose: bool) -> Report:
    """Return the one report that the options ask for."""
    asked = [name for name, wanted in ((format, True), ("json", json), ("quiet", quiet)) if name and wanted]
    if len(set(asked)) > 1:
        raise Usage(f"{' and '.join(asked)} are different reports; ask for one of them")
    report = asked[0] if asked else "terminal"
    if verbose and report != "terminal":
        raise Usage(f"--verbose adds to the report for the terminal; leave it or {report} out")
    if report == "quiet":
        return _print_categories
    return partial(_print_terminal, verbose=verbose) if report == "terminal" else partial(_print_file, report)


def _print_categories(outcomes: Sequence[Outcome], alone: bool) -> None:
    """Print a word a line; what no word can carry, and nobody should miss, goes to stderr."""
    for outcome in outcomes:
        if isinstance(outcome, Interpretation):
            print(outcome.category)
            for note in outcome.notes:
                complain(f"note: {note.text}" if alone else f"{outcome.analyte.id}: note: {note.text}")
        elif not alone:
            print(REFUSED_WORD)


def _print_terminal(outcomes: Sequence[Outcome], _: bool, verbose: bool) -> None:
    from labcheck.reports import terminal

    if judged := [outcome for outcome in outcomes if isinstance(outcome, Interpretation)]:
        terminal.print_summary(judged, terminal.open_console(sys.stdout), verbose=verbose)


def _print_file(report: str, outcomes: Sequence[Outcome], alone: bool) -> None:
    if report == "json":
        from labcheck.reports import json

        sys.stdout.write(json.one(outcomes[0]) if alone else json.several(outcomes))
    elif report == "csv":
        from labcheck.reports import csv

        sys.stdout.write(csv.several(outcomes))
    else:
        from labcheck.reports import markdown

        sys.stdout.write(markdown.several(outcomes))


def _category(outcome: Outcome) -> str:
    return outcome.category if isinstance(outcome, Interpretation) else REFUSED_WORD


def _finish(outcomes: Sequence[Outcome], report: Report, watched: frozenset[str], alone: bool) -> None:
    """Print the report, say what was refused and why, and exit with the code that follows."""
    report(outcomes, alone)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    for refusal in refusals:
        complain(refusal.text if alone else f"{quote(refusal.analyte)}: {refusal.text}")
    if refusals:
        raise typer.Exit(REFUSED)
    if watched.intersection(map(_category, outcomes)):
        raise typer.Exit(CATEGORY_MET)
