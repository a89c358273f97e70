"""The command `csv`: tables of results in, the same tables with the verdicts out."""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Annotated, Any

import typer

from labcheck.catalogue import Catalogue
from labcheck.cli.bulk import (
    Errors,
    Only,
    Output,
    QuietRun,
    RowFormatOption,
    Summary,
    check_files,
    exit_by,
    open_refusals,
    progress,
    report_of,
    tell,
    write_summary,
)
from labcheck.cli.options import (
    DecimalOption,
    FailOn,
    Json,
    OwnRanges,
    RangeSetOption,
    catalogue_of,
    categories,
    chosen_range_sets,
    own_ranges,
)
from labcheck.errors import Usage
from labcheck.units import read_unit
from labcheck.wording import quote

_ALONE = 4 << 20
"""So many bytes are done by one process; a second is not worth its memory before."""

Column = str | None


def column(name: str, of: str) -> Any:
    """Make the option that names a column of that."""
    return typer.Option(name, metavar="COLUMN", help=f"The column of {of}, by name or number.")


def csv(
    ctx: typer.Context,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="CSV files; - is stdin.")
    ] = None,
    output: Output = None,
    format: RowFormatOption = None,
    json: Json = False,
    summary: Summary = False,
    only: Only = None,
    unit: Annotated[
        list[str] | None,
        typer.Option("--unit", "-u", metavar="ANALYTE=UNIT", help="For rows without a unit."),
    ] = None,
    analyte: Annotated[
        str | None, typer.Option("--analyte", metavar="ANALYTE", help="Of rows that name no test.")
    ] = None,
    wide: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="ANALYTE=COLUMN:UNIT", help="A column of a wide file holds results."
        ),
    ] = None,
    test: Annotated[Column, column("--test", "tests' names")] = None,
    loinc: Annotated[Column, column("--loinc", "LOINC codes")] = None,
    value: Annotated[Column, column("--value", "values")] = None,
    unit_column: Annotated[Column, column("--unit-column", "units")] = None,
    comparator: Annotated[Column, column("--comparator", "< and >")] = None,
    range_column: Annotated[Column, column("--range-column", "the laboratory's ranges")] = None,
    low: Annotated[Column, column("--low", "their low ends")] = None,
    high: Annotated[Column, column("--high", "their high ends")] = None,
    flag: Annotated[Column, column("--flag", "the laboratory's flags, H or L")] = None,
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
    range: OwnRanges = None,
    range_set: RangeSetOption = None,
    all_ranges: Annotated[
        bool,
        typer.Option("--all-ranges", help="Add the category by each published range, a column each."),
    ] = False,
    errors: Errors = None,
    fail_on: FailOn = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            max=64,
            metavar="N",
            help="Processes; 1 for a small table, 2 for a large one.",
        ),
    ] = None,
    quiet: QuietRun = False,
) -> None:
    """Judge every result of a table: each row comes out as it was, with what labcheck says appended.

    \b
    labcheck csv results.csv > interpreted.csv
    labcheck csv results.csv --summary
    labcheck csv wide.csv --column vitd=LBXVIDMS:nmol/L -o out.csv
    cat results.csv | labcheck csv --only low,high --format ndjson

    On a terminal it prints the summary. Exits with 3 if some rows could not be interpreted.
    """
    from labcheck.sources.columns import ROLES
    from labcheck.sources.files import decoder, open_input, open_output
    from labcheck.sources.table import Table, one_byte
    from labcheck.sources.tally import Tally, bin_widths
    from labcheck.sources.turns import CAN_FORK

    report = report_of(format, json=json, summary=summary, only=only, to_file=output is not None)
    check_files(ctx, files, output, errors, whole=not (report.format or only))
    if report.summary and all_ranges:
        raise Usage("--all-ranges adds columns to rows, and the summary has none; leave one of them out")
    if prefix[:1] in ("=", "+", "-", "@") or not prefix.isprintable():
        raise Usage(f"--prefix {quote(prefix)}: names of columns begin with a letter; type one as in lab_")
    catalogue = catalogue_of(ctx)
    only_one = only_analyte(analyte, wide or (), catalogue)
    own = own_ranges(range or (), catalogue, only_one, decimal)
    range_sets = chosen_range_sets(range_set, catalogue, own)
    columns = (test, loinc, value, unit_column, comparator, range_column, low, high, flag)
    tally = Tally(
        widths=bin_widths(catalogue) if report.format == "terminal" else {}, lists_refusals=errors is not None
    )
    watched = categories(fail_on, "--fail-on")
    with ExitStack() as stack:
        refusals = stack.enter_context(open_refusals(errors, "row"))
        write = stack.enter_context(open_output(output))
        table = Table(
            catalogue=catalogue,
            tally=tally,
            asked={role: name for role, name in zip(ROLES, columns, strict=True) if name is not None},
            wide=wide or (),
            analyte=analyte,
            units=default_units(unit or (), catalogue, only_one),
            delimiter=one_byte(delimiter),
            decode=decoder(encoding),
            decimal=decimal,
            range_sets=range_sets,
            own_ranges=own,
            all_ranges=published(catalogue) if all_ranges else (),
            prefix=prefix,
            only=categories(only, "--only"),
            other=report.rows,
            writes=not report.summary,
            shown=output is None and sys.stdout.isatty(),
            several=len(files or ()) > 1,
            refusals=refusals,
            jobs=jobs or (2 if CAN_FORK and (os.cpu_count() or 1) > 1 else 1),
            alone=0 if jobs else _ALONE,
        )
        shows_progress = not quiet and (report.summary or output is not None or not sys.stdout.isatty())
        for name in files or ["-"]:
            with open_input(name) as source, progress(source, wanted=shows_progress) as update:
                table.annotate(name, source, write, update)
        table.end(write)
        if report.summary:
            write_summary(report, tally, catalogue, range_sets, own, write, to_file=output is not None)
    if not quiet and not report.summary:
        tell(tally)
    exit_by(tally, watched)


def only_analyte(analyte: str | None, wide: Sequence[str], catalogue: Catalogue) -> str | None:
    """Return the analyte that all rows are of, if the options say so."""
    named = {catalogue[id].id for id, equals, _ in (text.partition("=") for text in wide) if equals}
    return analyte or (named.pop() if len(named) == 1 else None)


def published(catalogue: Catalogue) -> list[str]:
    """Return the range sets of all analytes, once each."""
    return list(dict.fromkeys(id for analyte in catalogue.ids for id in catalogue[analyte].range_sets))


def default_units(texts: Sequence[str], catalogue: Catalogue, analyte: str | None) -> dict[str, str]:
    """Read `vitd=nmol/L`; the unit alone will do where all rows are of one analyte."""
    units = {}
    for text in texts:
        id, equals, unit = text.partition("=")
        if not equals and analyte is None:
            raise Usage(f"--unit {quote(text)} names no analyte; type it as in vitd=nmol/L")
        known = catalogue[id if equals else analyte or ""]
        units[known.id] = read_unit(unit if equals else text).code
    return units
