"""The command `csv`: tables of results in, the same tables with the verdicts out."""

from typing import Annotated

import typer

from labcheck.cli.bulk import report_of
from labcheck.cli.options import (
    Errors,
    FailOn,
    Json,
    Only,
    Output,
    QuietRun,
    RowFormatOption,
    Summary,
    catalogue_of,
    show_help_without,
    with_options,
)
from labcheck.cli.table_options import TableOptions


@with_options(TableOptions)
def csv(
    ctx: typer.Context,
    *,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="CSV files; - is stdin.")
    ] = None,
    output: Output = None,
    format: RowFormatOption = None,
    json: Json = False,
    summary: Summary = False,
    only: Only = None,
    options: TableOptions,
    delimiter: Annotated[
        str | None, typer.Option("--delimiter", help="Between cells; found in the header.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Of the cells; UTF-8, and Windows-1252 where it is none.")
    ] = None,
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
    from labcheck.cli.tables import annotate_files

    show_help_without(ctx, files)
    report = report_of(format, json=json, summary=summary, only=only, to_file=output is not None)
    annotate_files(
        options.settle(catalogue_of(ctx), only=only, summary=report.summary),
        report,
        files or (),
        delimiter=delimiter,
        encoding=encoding,
        output=output,
        errors=errors,
        fail_on=fail_on,
        jobs=jobs,
        quiet=quiet,
    )
