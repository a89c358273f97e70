"""The command `parquet`: as `csv`, for Parquet files."""

from typing import Annotated, Literal

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
    Summary,
    check_ending,
    check_files,
    counting,
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
from labcheck.errors import Usage
from labcheck.wording import installs

ParquetFormat = Literal["parquet", "terminal", "json", "markdown"]


def parquet(
    ctx: typer.Context,
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
    decimal: DecimalOption = None,
    range: OwnRanges = None,
    range_set: RangeSetOption = None,
    all_ranges: AllRanges = False,
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
    check_files(ctx, [file], output, errors, whole=only is None)
    check_ending(output, report.format if report.summary else "parquet")
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
    run = counting(report, by, output=output, errors=errors, fail_on=fail_on, quiet=quiet)
    with run as (tally, write, refusals):
        annotate(file, asked, tally, write=None if report.summary else write, refusals=refusals)
