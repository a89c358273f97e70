"""The command `parquet`: as `csv`, for Parquet files."""

import sys
from typing import Annotated, Literal

import typer

from labcheck.cli.bulk import check_ending, check_files, counting, report_of
from labcheck.cli.options import (
    Errors,
    FailOn,
    Json,
    Only,
    Output,
    QuietRun,
    Summary,
    catalogue_of,
    with_options,
)
from labcheck.cli.table_options import TableOptions
from labcheck.errors import Usage
from labcheck.wording import installs

ParquetFormat = Literal["parquet", "terminal", "json", "markdown"]


@with_options(TableOptions)
def parquet(
    ctx: typer.Context,
    *,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A Parquet file.")],
    output: Output = None,
    format: Annotated[
        ParquetFormat | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="parquet, or the counts instead: terminal, json, markdown.",
        ),
    ] = None,
    json: Json = False,
    summary: Summary = False,
    only: Only = None,
    options: TableOptions,
    errors: Errors = None,
    fail_on: FailOn = None,
    quiet: QuietRun = False,
) -> None:
    """Judge every result of a Parquet file: its rows come out with what labcheck says in columns of text.

    \b
    labcheck parquet results.parquet -o interpreted.parquet
    labcheck parquet results.parquet --summary
    labcheck parquet wide.parquet --column vitd=LBXVIDMS:nmol/L -o out.parquet

    Needs the extra `frames`. Takes the options of `labcheck csv` but for those on text and processes.

    On a terminal it prints the summary. Exits with 3 if some rows could not be interpreted.
    """
    try:
        from labcheck.frames.parquet import annotate
    except ModuleNotFoundError as error:
        raise Usage(f"Parquet files need PyArrow and Narwhals: {installs('frames')}") from error

    from labcheck.sources.files import is_stdout

    if file == "-":
        raise Usage("a Parquet file is not read from a pipe, as its index is at its end; name the file")
    if format == "parquet" and (summary or json):
        raise Usage("counts are not to be had as Parquet; ask for terminal, json or markdown")
    counts = None if format == "parquet" else format
    report = report_of(
        counts,
        json=json,
        summary=summary or json or counts is not None,
        only=only,
        to_file=output is not None or format == "parquet",
    )
    if not report.summary and sys.stdout.isatty() and is_stdout(output):
        raise Usage("Parquet is nothing for a terminal; name a file with --output")
    check_files([file], output, errors, whole=only is None)
    check_ending(output, report.format if report.summary else "parquet")
    asked = options.settle(catalogue_of(ctx), only=only, summary=report.summary)
    run = counting(report, asked, output=output, errors=errors, fail_on=fail_on, quiet=quiet)
    with run as (tally, write, refusals):
        annotate(file, asked, tally, write=None if report.summary else write, refusals=refusals)
