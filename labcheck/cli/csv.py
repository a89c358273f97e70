"""The command `csv`: tables of results in, the same tables with the verdicts out."""

import os
import sys
from typing import Annotated

import typer

from labcheck.cli.asked import TableOptions, with_table_options
from labcheck.cli.bulk import (
    Errors,
    JudgedBy,
    Only,
    Output,
    QuietRun,
    RowFormatOption,
    Summary,
    check_ending,
    check_files,
    counting,
    progress,
    report_of,
)
from labcheck.cli.options import FailOn, Json, catalogue_of

_ALONE = 4 << 20
"""So many bytes are done by one process; a second is not worth its memory before."""


@with_table_options
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
    from labcheck.sources.files import open_input
    from labcheck.sources.table import Table, one_byte
    from labcheck.sources.turns import CAN_FORK

    report = report_of(format, json=json, summary=summary, only=only, to_file=output is not None)
    check_files(ctx, files, output, errors, whole=not (report.format or only))
    check_ending(output, report.format)
    asked = options.settle(catalogue_of(ctx), only=only, summary=report.summary)
    by = JudgedBy(asked.catalogue, asked.range_sets, asked.own_ranges)
    several = len(files or ()) > 1
    run = counting(
        report,
        by,
        output=output,
        errors=errors,
        fail_on=fail_on,
        quiet=quiet,
        places=["file", "row"] if several else ["row"],
    )
    with run as (tally, write, refusals):
        table = Table(
            asked,
            tally=tally,
            delimiter=one_byte(delimiter),
            encoding=encoding,
            other=report.rows,
            writes=not report.summary,
            shown=output is None and sys.stdout.isatty(),
            several=several,
            refusals=refusals,
            jobs=jobs or (2 if CAN_FORK and (os.cpu_count() or 1) > 1 else 1),
            alone=0 if jobs else _ALONE,
        )
        shows_progress = not quiet and (report.summary or output is not None or not sys.stdout.isatty())
        for name in files or ["-"]:
            with open_input(name) as source, progress(source, wanted=shows_progress) as update:
                table.annotate(name, source, write, update)
        table.end(write)
