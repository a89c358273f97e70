"""The commands that judge: one for each analyte of the catalogue, all with one signature, and `panel`."""

import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

import typer
from typer.core import TyperCommand

from labcheck.catalogue import Catalogue
from labcheck.cli.edge import Ended, Exit, complain
from labcheck.cli.options import (
    Age,
    DecimalOption,
    FailOn,
    Format,
    FormatOption,
    Json,
    NoCompare,
    Quiet,
    RangeSetOption,
    Values,
    Verbose,
    catalogue_of,
    command,
    known_units,
)
from labcheck.cli.settings import categories, chosen_range_set, one_report
from labcheck.errors import LabcheckError, Usage
from labcheck.interpret import interpret
from labcheck.model import REFUSED, Analyte, Interpretation, Outcome, Refusal
from labcheck.ranges import names_bands
from labcheck.wording import quote

Printer = Callable[[Sequence[Outcome], bool], None]
"""Prints outcomes; the flag says that there is one, asked for alone."""


def analyte_command(analyte: Analyte, doubt: str | None) -> TyperCommand:
    """Make the command that judges results of one analyte; `doubt` is what else its name can mean."""
    normal = analyte.default_range.normal
    example = f"{normal.low or normal.high or 1:f}"
    name, test = (text.replace("[", r"\[") for text in (analyte.name, analyte.test))  # which Rich would read

    def judge(
        ctx: typer.Context,
        value: Annotated[
            str, typer.Argument(metavar="VALUE", help="The result as reported: 22, 22,5, '<5', '22 ng/mL'.")
        ],
        unit_behind: Annotated[
            str | None, typer.Argument(metavar="UNIT", help="Its unit, which --unit gives as well.")
        ] = None,
        unit: Annotated[
            str | None,
            typer.Option(
                "--unit",
                "-u",
                metavar="UNIT",
                help=f"Its unit; {analyte.unit} if there is none.",
                autocompletion=known_units,
            ),
        ] = None,
        range: Annotated[
            str | None,
            typer.Option("--range", metavar="RANGE", help="Your own range: 30-100, '>30', '75-250 nmol/L'."),
        ] = None,
        low: Annotated[
            str | None, typer.Option("--low", metavar="VALUE", help="The low end of your own range.")
        ] = None,
        high: Annotated[
            str | None, typer.Option("--high", metavar="VALUE", help="The high end of it.")
        ] = None,
        range_set: RangeSetOption = None,
        no_compare: NoCompare = False,
        decimal: DecimalOption = None,
        age: Age = None,
        format: FormatOption = None,
        json: Json = False,
        quiet: Quiet = False,
        verbose: Verbose = False,
        fail_on: FailOn = None,
    ) -> None:
        catalogue = catalogue_of(ctx)
        watched = categories(fail_on, "--fail-on")
        own = _own_range(range, low, high)
        report = _report_of(
            format,
            json,
            quiet,
            verbose,
            compare=not no_compare,
            labelled=lambda: own is None and _are_labelled(range_set, [analyte], catalogue),
        )
        if own is not None and range_set is not None:
            raise Usage("your own range and --range-set are two ranges to judge by; give one of them")
        if unit is not None and unit_behind is not None:
            raise Usage(f"two units, {quote(unit_behind)} and {quote(unit)}; give one of them")
        unit = unit_behind if unit is None else unit
        try:
            chosen = chosen_range_set(range_set, analyte, catalogue) if own is None else None
            outcome: Outcome = interpret(
                analyte, value, unit=unit, range=own, range_set=chosen, decimal=decimal, age=age, doubt=doubt
            )
        except LabcheckError as error:
            outcome = Refusal(analyte.id, value, unit, error.code, error.text)
        _finish([outcome], report, watched, alone=True)

    return command(
        judge,
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


def panel(
    ctx: typer.Context,
    results: Annotated[
        list[str],
        typer.Argument(metavar="ANALYTE=VALUE...", help="Results, each with its unit: b12=180pg/mL."),
    ],
    range_set: RangeSetOption = None,
    no_compare: NoCompare = False,
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
    labcheck panel vitd=22 b12=180pg/mL --range-set iom-2011,nice-2024

    With --range-set, results of an analyte for which it names none are refused.
    """
    catalogue = catalogue_of(ctx)
    analytes: list[Analyte] = []
    report = _report_of(
        format,
        json,
        quiet,
        verbose,
        compare=not no_compare,
        labelled=lambda: _are_labelled(range_set, analytes, catalogue),
    )
    watched = categories(fail_on, "--fail-on")
    outcomes: list[Outcome] = []
    if apart := [result for result in results if "=" not in result]:  # it may be the unit of the one before
        raise Usage(
            f"{quote(apart[0])} has no '=' between a test and its value; type it as in vitd=22, and a unit "
            "with its value, as in vitd=22ng/mL or 'vitd=22 ng/mL'"
        )
    for result in results:
        id, _, value = result.partition("=")
        try:
            found = catalogue.identify(id)
            analytes.append(found.analyte)
            every = [catalogue[id] for id in catalogue.ids]
            chosen = chosen_range_set(range_set, found.analyte, catalogue, every)
            outcomes.append(
                interpret(found.analyte, value, range_set=chosen, decimal=decimal, age=age, doubt=found.doubt)
            )
        except LabcheckError as error:
            outcomes.append(Refusal(id, value, None, error.code, error.text))
    _finish(outcomes, report, watched, alone=False)


def _own_range(range: str | None, low: str | None, high: str | None) -> str | None:
    """Return a user's own range, which may be given by its ends; both of them are included."""
    if low is None and high is None:
        return range
    if range is not None:
        raise Usage("--range has its ends already; leave --low and --high out")
    for option, end in (("--low", low), ("--high", high)):
        if end is not None and not re.fullmatch(r"\s*[.,]?[0-9][0-9.,' ]*(?:[^\W\d_].*)?", end):
            raise Usage(f"{option} {quote(end)} is not one number; type one as in 30 or '75 nmol/L'")
    if low is None or high is None:
        return f"<={high}" if low is None else f">={low}"
    return f"{low} - {high}"


def _are_labelled(range_set: str | None, analytes: Sequence[Analyte], catalogue: Catalogue) -> bool:
    """Say whether rows are to have a label, as a range that was asked for has words of its own."""
    try:
        chosen = {analyte.id: chosen_range_set(range_set, analyte, catalogue) for analyte in analytes}
    except LabcheckError:  # which is why all of them are refused
        return False
    return names_bands(analytes, chosen)


def _report_of(
    format: Format | None,
    json: bool,
    quiet: bool,
    verbose: bool,
    *,
    compare: bool,
    labelled: Callable[[], bool],
) -> Printer:
    """Return the one report that the options ask for; rows of it are `labelled` or not."""
    report = one_report(format, "json" if json else None, "quiet" if quiet else None) or "terminal"
    if verbose and report != "terminal":
        raise Usage(f"--verbose adds to the report for the terminal; leave it or {report} out")
    if report == "quiet":
        return _print_categories
    if report == "terminal":
        return partial(_print_terminal, verbose=verbose, compare=compare)
    if report == "csv":
        return partial(_print_rows, labelled=labelled)
    return partial(_print_file, report, compare=compare)


def _print_categories(outcomes: Sequence[Outcome], alone: bool) -> None:
    """Print a word a line; what no word can carry, and nobody should miss, goes to stderr."""
    for outcome in outcomes:
        if isinstance(outcome, Interpretation) or not alone:
            print(_category(outcome))
    sys.stdout.flush()
    for judged in (outcome for outcome in outcomes if isinstance(outcome, Interpretation)):
        for note in judged.notes:
            complain(f"note: {note.text}" if alone else f"{judged.analyte.id}: note: {note.text}")


def _print_terminal(outcomes: Sequence[Outcome], _: bool, *, verbose: bool, compare: bool) -> None:
    from labcheck.reports.terminal.console import open_console
    from labcheck.reports.terminal.summary import print_summary

    if judged := [outcome for outcome in outcomes if isinstance(outcome, Interpretation)]:
        print_summary(judged, open_console(sys.stdout), verbose=verbose, compare=compare)


def _print_rows(outcomes: Sequence[Outcome], _: bool, *, labelled: Callable[[], bool]) -> None:
    from labcheck.reports import csv

    sys.stdout.write(csv.several(outcomes, labelled=labelled()))


def _print_file(report: str, outcomes: Sequence[Outcome], alone: bool, *, compare: bool) -> None:
    if report == "json":
        from labcheck.reports import json

        sys.stdout.write(
            json.one(outcomes[0], compare=compare) if alone else json.several(outcomes, compare=compare)
        )
    else:
        from labcheck.reports import markdown

        sys.stdout.write(markdown.several(outcomes, compare=compare))


def _category(outcome: Outcome) -> str:
    return outcome.category if isinstance(outcome, Interpretation) else REFUSED


def _finish(outcomes: Sequence[Outcome], report: Printer, watched: frozenset[str], alone: bool) -> None:
    """Print the report, say what was refused and why, and exit with the code that follows."""
    report(outcomes, alone)
    sys.stdout.flush()  # what follows on stderr comes behind it, and not at all if it cannot be written
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    for refusal in refusals:
        complain(refusal.text if alone else f"{quote(refusal.analyte)}: {refusal.text}")
    if refusals:
        raise Ended(Exit.REFUSED)
    if watched.intersection(map(_category, outcomes)):
        raise Ended(Exit.CATEGORY_MET)
