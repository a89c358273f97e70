"""The command `csv`: tables of results in, the same tables with the verdicts out."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labcheck.catalogue import Catalogue
from labcheck.cli.edge import CATEGORY_MET, complain
from labcheck.cli.options import REFUSED_WORD, DecimalOption, FailOn, catalogue_of, categories
from labcheck.errors import Usage
from labcheck.units import read_unit
from labcheck.wording import quote

if TYPE_CHECKING:
    from labcheck.sources.csv import Tally
    from labcheck.sources.rows import Kind

ROWS_REFUSED = 3
"""The exit code for a document of which some rows cannot be interpreted; it outranks CATEGORY_MET."""


def csv(
    ctx: typer.Context,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="CSV files; - is stdin.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here, once all is done.")
    ] = None,
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="CATEGORIES", help="Pass on these rows alone: low,refused."),
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option("--unit", "-u", metavar="ANALYTE=UNIT", help="For rows without a unit."),
    ] = None,
    analyte: Annotated[
        str | None, typer.Option("--analyte", metavar="ANALYTE", help="All rows are of this one.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="ANALYTE=COLUMN:UNIT", help="A column of a wide file holds results."
        ),
    ] = None,
    test: Annotated[
        str | None, typer.Option("--test", metavar="COLUMN", help="The column of tests' names.")
    ] = None,
    loinc: Annotated[str | None, typer.Option("--loinc", metavar="COLUMN", help="Of LOINC codes.")] = None,
    value: Annotated[str | None, typer.Option("--value", metavar="COLUMN", help="Of values.")] = None,
    unit_column: Annotated[
        str | None, typer.Option("--unit-column", metavar="COLUMN", help="Of units.")
    ] = None,
    comparator: Annotated[
        str | None, typer.Option("--comparator", metavar="COLUMN", help="Of < and >.")
    ] = None,
    prefix: Annotated[
        str, typer.Option("--prefix", help="What the added columns' names begin with.")
    ] = "labcheck_",
    delimiter: Annotated[
        str | None, typer.Option("--delimiter", help="Between cells; found in the header.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Of the cells; UTF-8, and Windows-1252 where it is none.")
    ] = None,
    decimal: DecimalOption = None,
    errors: Annotated[
        Path | None, typer.Option("--errors", metavar="FILE", help="Write every refused row's number here.")
    ] = None,
    fail_on: FailOn = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no summary on stderr.")] = False,
) -> None:
    """Judge every result of a table: each row comes out as it was, with what labcheck says appended.

    \b
    labcheck csv results.csv > interpreted.csv
    labcheck csv wide.csv --column vitd=LBXVIDMS:nmol/L -o out.csv
    cat results.csv | labcheck csv --only low,high

    Exits with 3 if some rows could not be interpreted.
    """
    from labcheck.sources.columns import ROLES
    from labcheck.sources.csv import Tally
    from labcheck.sources.files import open_input, open_output
    from labcheck.sources.table import Table, decoder, one_byte

    if sys.stdin is None and (not files or "-" in files):
        raise Usage("standard input is closed; name a file")
    if not files and sys.stdin.isatty():
        print(ctx.get_help())
        raise typer.Exit(2)
    catalogue = catalogue_of(ctx)
    table = Table(
        catalogue=catalogue,
        asked={
            role: name
            for role, name in zip(ROLES, (test, loinc, value, unit_column, comparator), strict=True)
            if name is not None
        },
        wide=column or (),
        analyte=analyte,
        units=_units(unit or (), catalogue, analyte),
        delimiter=one_byte(delimiter),
        decode=decoder(encoding),
        decimal=decimal,
        prefix=prefix,
        only=categories(only, "--only"),
    )
    watched = categories(fail_on, "--fail-on")
    tally = Tally()
    with ExitStack() as stack:
        if errors:
            report = stack.enter_context(open_output(errors))
            report(b"row,analyte,reason\n")
            tally.on_refusal = lambda row, kind: report(f"{row},{kind.analyte},{kind.reason}\n".encode())
        write = stack.enter_context(open_output(output))
        shape: tuple[object, ...] | None = None
        for name in files or ["-"]:
            with open_input(name) as read:
                shape = table.annotate(name, read, write, tally, shape)
    if not quiet:
        _summarise(tally)
    if any(kind.category == REFUSED_WORD for kind in tally.kinds):
        raise typer.Exit(ROWS_REFUSED)
    if any(kind.category in watched for kind in tally.kinds):
        raise typer.Exit(CATEGORY_MET)


def _units(texts: Sequence[str], catalogue: Catalogue, analyte: str | None) -> dict[str, str]:
    """Read `vitd=nmol/L`; the unit alone will do where all rows are of one analyte."""
    units = {}
    for text in texts:
        id, equals, unit = text.partition("=")
        if not equals and analyte is None:
            raise Usage(f"--unit {quote(text)} names no analyte; type it as in vitd=nmol/L")
        known = catalogue[id if equals else analyte or ""]
        units[known.id] = read_unit(unit if equals else text).code
    return units


def _summarise(tally: "Tally") -> None:
    """Say on stderr what has come of the rows."""
    complain(f"{tally.rows:,} rows")
    judged = [kind for kind in tally.kinds if kind.category not in ("", REFUSED_WORD)]
    for analyte in sorted({kind.analyte for kind in judged}):
        counts = {kind.category: tally.kinds[kind] for kind in judged if kind.analyte == analyte}
        complain(f"{analyte}: " + ", ".join(f"{counts[name]:,} {name}" for name in sorted(counts)))
    if other := sum(number for kind, number in tally.kinds.items() if not kind.category):
        complain(f"not covered, or not measured: {other:,}")
    for kind in sorted(kind for kind in tally.kinds if kind.category == REFUSED_WORD):
        complain(_refusals(kind, tally))


def _refusals(kind: "Kind", tally: "Tally") -> str:
    number, rows = tally.kinds[kind], tally.examples.get(kind, [])
    more = ", ..." if number > len(rows) else ""
    of = f"{kind.analyte}: " if kind.analyte else ""
    return f"{of}{number:,} refused, {kind.reason}: in row {', '.join(map(str, rows))}{more}"
