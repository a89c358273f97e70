"""The command `parquet`: as `csv`, for Parquet files."""

from contextlib import ExitStack
from typing import Annotated, Literal

import typer

from labcheck.cli.bulk import (
    Errors,
    Only,
    Output,
    QuietRun,
    Summary,
    check_files,
    exit_by,
    open_refusals,
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
from labcheck.cli.table import Column, column, default_units, only_analyte, published
from labcheck.errors import Usage
from labcheck.wording import quote

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
    decimal: DecimalOption = None,
    range: OwnRanges = None,
    range_set: RangeSetOption = None,
    all_ranges: Annotated[
        bool,
        typer.Option("--all-ranges", help="Add the category by each published range, a column each."),
    ] = False,
    errors: Errors = None,
    fail_on: FailOn = None,
    quiet: QuietRun = False,
) -> None:
    """Judge every result of a Parquet file: its rows come out with what labcheck says in columns of text.

    \b
    labcheck parquet results.parquet -o interpreted.parquet
    labcheck parquet results.parquet --summary
    labcheck parquet wide.parquet --column vitd=LBXVIDMS:nmol/L -o out.parquet

    Needs the extra `frames`. Takes the options of `labcheck csv` but for those on text (--delimiter,
    --encoding) and processes (--jobs). On a terminal it prints the summary; rows are counted from 1. Exits
    with 3 if some rows could not be interpreted.
    """
    try:
        from labcheck.frames.parquet import Parquet
    except ModuleNotFoundError as error:
        raise Usage("Parquet files need more: pip install 'labcheck[frames]'") from error
    from labcheck.sources.columns import ROLES
    from labcheck.sources.files import open_output
    from labcheck.sources.tally import Tally, bin_widths

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
    if report.summary and all_ranges:
        raise Usage("--all-ranges adds columns to rows, and the summary has none; leave one of them out")
    check_files(ctx, [file], output, errors, whole=only is None)
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
        Parquet(
            catalogue=catalogue,
            tally=tally,
            asked={role: name for role, name in zip(ROLES, columns, strict=True) if name is not None},
            wide=wide or (),
            analyte=analyte,
            units=default_units(unit or (), catalogue, only_one),
            decimal=decimal,
            range_sets=range_sets,
            own_ranges=own,
            all_ranges=published(catalogue) if all_ranges else (),
            prefix=prefix,
            only=categories(only, "--only"),
            refusals=refusals,
        ).annotate(file, None if report.summary else write)
        if report.summary:
            write_summary(report, tally, catalogue, range_sets, own, write, to_file=output is not None)
    if not quiet and not report.summary:
        tell(tally)
    exit_by(tally, watched)
