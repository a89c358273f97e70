"""The command `csv`: tables of results in, the same tables with the verdicts out."""

import os
import sys
from typing import Annotated

import typer

from labcheck.cli.asked import (
    AllRanges,
    ComparatorColumn,
    ComponentColumn,
    DefaultUnits,
    FlagColumn,
    HighColumn,
    LoincColumn,
    LowColumn,
    OneAnalyte,
    Prefix,
    RangeColumn,
    SpecimenColumn,
    StatusColumn,
    TestColumn,
    UnitColumn,
    ValueColumn,
    WideColumns,
    asked_of,
)
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
from labcheck.cli.options import (
    DecimalOption,
    FailOn,
    Json,
    OwnRanges,
    RangeSetOption,
    catalogue_of,
)

_ALONE = 4 << 20
"""So many bytes are done by one process; a second is not worth its memory before."""


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
    unit: DefaultUnits = None,
    analyte: OneAnalyte = None,
    wide: WideColumns = None,
    test: TestColumn = None,
    component: ComponentColumn = None,
    loinc: LoincColumn = None,
    specimen: SpecimenColumn = None,
    value: ValueColumn = None,
    unit_column: UnitColumn = None,
    comparator: ComparatorColumn = None,
    range_column: RangeColumn = None,
    low: LowColumn = None,
    high: HighColumn = None,
    flag: FlagColumn = None,
    status: StatusColumn = None,
    prefix: Prefix = "labcheck_",
    delimiter: Annotated[
        str | None, typer.Option("--delimiter", help="Between cells; found in the header.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Of the cells; UTF-8, and Windows-1252 where it is none.")
    ] = None,
    decimal: DecimalOption = None,
    range: OwnRanges = None,
    range_set: RangeSetOption = None,
    all_ranges: AllRanges = False,
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
    asked = asked_of(
        catalogue_of(ctx),
        columns={
            "test": test,
            "component": component,
            "loinc": loinc,
            "specimen": specimen,
            "value": value,
            "unit": unit_column,
            "comparator": comparator,
            "range": range_column,
            "low": low,
            "high": high,
            "flag": flag,
            "status": status,
        },
        wide=wide,
        analyte=analyte,
        units=unit,
        decimal=decimal,
        ranges=range,
        range_set=range_set,
        all_ranges=all_ranges,
        prefix=prefix,
        only=only,
        summary=report.summary,
    )
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
