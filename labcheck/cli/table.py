"""The command `csv`: tables of results in, the same tables with the verdicts out."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from labcheck.catalogue import Catalogue
from labcheck.cli.edge import CATEGORY_MET, complain
from labcheck.cli.options import (
    DecimalOption,
    FailOn,
    Json,
    RangeSetOption,
    catalogue_of,
    categories,
    chosen_range_set,
)
from labcheck.errors import Usage
from labcheck.units import read_unit
from labcheck.wording import quote

if TYPE_CHECKING:
    from labcheck.sources.files import Input, Write
    from labcheck.sources.table import Other
    from labcheck.sources.tally import Tally

ROWS_REFUSED = 3
"""The exit code for a document of which some rows cannot be interpreted; it outranks CATEGORY_MET."""

_ALONE = 16 << 20
"""So many bytes are done by one process; a second is not worth its memory before."""

_WORTH_SHOWING = 8 << 20
"""A run over fewer bytes is over before anybody has read how far it is."""

Column = str | None
TableFormat = Literal["terminal", "csv", "tsv", "json", "ndjson", "markdown"]


def _column(name: str, of: str) -> Any:
    return typer.Option(name, metavar="COLUMN", help=f"The column of {of}, by name or number.")


def csv(
    ctx: typer.Context,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="CSV files; - is stdin.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here, once all is done.")
    ] = None,
    format: Annotated[
        TableFormat | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="csv, tsv, json, ndjson, markdown or terminal (the summary); as the table came, if none.",
        ),
    ] = None,
    json: Json = False,
    summary: Annotated[
        bool,
        typer.Option(
            "--summary", help="Print counts and a histogram instead of rows; also as json, markdown."
        ),
    ] = False,
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
    wide: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="ANALYTE=COLUMN:UNIT", help="A column of a wide file holds results."
        ),
    ] = None,
    test: Annotated[Column, _column("--test", "tests' names")] = None,
    loinc: Annotated[Column, _column("--loinc", "LOINC codes")] = None,
    value: Annotated[Column, _column("--value", "values")] = None,
    unit_column: Annotated[Column, _column("--unit-column", "units")] = None,
    comparator: Annotated[Column, _column("--comparator", "< and >")] = None,
    range_column: Annotated[Column, _column("--range-column", "the laboratory's ranges")] = None,
    low: Annotated[Column, _column("--low", "their low ends")] = None,
    high: Annotated[Column, _column("--high", "their high ends")] = None,
    flag: Annotated[Column, _column("--flag", "the laboratory's flags, H or L")] = None,
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
    range_set: RangeSetOption = None,
    all_ranges: Annotated[
        bool,
        typer.Option("--all-ranges", help="Add the category by each published range, a column each."),
    ] = False,
    errors: Annotated[
        Path | None, typer.Option("--errors", metavar="FILE", help="Write every refused row's number here.")
    ] = None,
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
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print neither counts nor progress on stderr.")
    ] = False,
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
    from labcheck.sources.files import open_input, open_output
    from labcheck.sources.table import Table, decoder, one_byte
    from labcheck.sources.tally import Tally, bin_widths
    from labcheck.sources.turns import CAN_FORK

    if sys.stdin is None and (not files or "-" in files):
        raise Usage("standard input is closed; name a file")
    if not files and sys.stdin.isatty():
        print(ctx.get_help())
        raise typer.Exit(2)
    catalogue = catalogue_of(ctx)
    rows_wanted = output is not None or only is not None or not sys.stdout.isatty()
    report = _report_of(format, json=json, summary=summary, rows_wanted=rows_wanted)
    if report.summary and only is not None:
        raise Usage("--only chooses rows, and the summary has none; leave one of them out")
    range_sets = {id: chosen_range_set(range_set, catalogue[id], catalogue) for id in catalogue.ids}
    columns = (test, loinc, value, unit_column, comparator, range_column, low, high, flag)
    tally = Tally(
        widths=bin_widths(catalogue) if report.format == "terminal" else {}, lists_refusals=errors is not None
    )
    watched = categories(fail_on, "--fail-on")
    with ExitStack() as stack:
        refusals = stack.enter_context(open_output(errors)) if errors else None
        if refusals:
            refusals(b"row,analyte,reason\n")
        write = stack.enter_context(open_output(output))
        table = Table(
            catalogue=catalogue,
            tally=tally,
            asked={role: name for role, name in zip(ROLES, columns, strict=True) if name is not None},
            wide=wide or (),
            analyte=analyte,
            units=_units(unit or (), catalogue, analyte),
            delimiter=one_byte(delimiter),
            decode=decoder(encoding),
            decimal=decimal,
            range_sets=range_sets,
            all_ranges=_published(catalogue) if all_ranges else (),
            prefix=prefix,
            only=categories(only, "--only"),
            other=report.rows,
            writes=not report.summary,
            refusals=refusals,
            jobs=jobs or (2 if CAN_FORK and (os.cpu_count() or 1) > 1 else 1),
            alone=0 if jobs else _ALONE,
        )
        shows_progress = not quiet and (report.summary or output is not None or not sys.stdout.isatty())
        for name in files or ["-"]:
            with open_input(name) as source, _progress(source, wanted=shows_progress) as progress:
                table.annotate(name, source, write, progress)
        table.end(write)
        if report.summary:
            _write_summary(report, tally, catalogue, range_sets, write, to_file=output is not None)
    if not quiet and not report.summary:
        _tell(tally)
    if tally.refused:
        raise typer.Exit(ROWS_REFUSED)
    if any(kind.category in watched for kind in tally.kinds):
        raise typer.Exit(CATEGORY_MET)


class _Report(NamedTuple):
    """What is put out: rows in a format ('' for the table's own), or the summary in one."""

    format: str
    summary: bool

    def rows(self, delimiter: bytes) -> "Other | None":
        """Return what writes the rows of a table with that delimiter, None if it is the table itself."""
        own = {b",": "csv", b"\t": "tsv"}.get(delimiter)
        if self.summary or self.format in ("", own):
            return None
        if self.format in ("csv", "tsv"):
            from labcheck.reports.csv import Rows as Separated

            return Separated("," if self.format == "csv" else "\t")
        if self.format == "markdown":
            from labcheck.reports.markdown import Rows as MarkdownRows

            return MarkdownRows()
        from labcheck.reports.json import Rows as JsonRows

        return JsonRows(lines=self.format == "ndjson")


def _report_of(format: TableFormat | None, *, json: bool, summary: bool, rows_wanted: bool) -> _Report:
    """Return the one report that the options ask for: on a terminal the summary, where none is named."""
    if json and format not in (None, "json"):
        raise Usage(f"--json and --format {format} are different reports; ask for one of them")
    named = "json" if json else format or ""
    if summary and named not in ("", "terminal", "json", "markdown"):
        raise Usage(f"the summary is not to be had as {named}; ask for terminal, json or markdown")
    if summary or named == "terminal" or (not named and not rows_wanted):
        return _Report(named or "terminal", summary=True)
    return _Report(named, summary=False)


def _write_summary(
    report: _Report,
    tally: "Tally",
    catalogue: Catalogue,
    range_sets: Mapping[str, str | None],
    write: "Write",
    *,
    to_file: bool,
) -> None:
    if report.format == "json":
        from labcheck.reports import json

        write(json.summary(tally).encode())
    elif report.format == "markdown":
        from labcheck.reports import markdown

        write(markdown.summary(tally).encode())
    else:
        from labcheck.reports.terminal.console import open_console
        from labcheck.reports.terminal.overview import print_overview

        text = StringIO()
        console = open_console(text if to_file else sys.stdout)
        print_overview(tally, catalogue, range_sets, console)
        write(text.getvalue().encode())


@contextmanager
def _progress(source: "Input", *, wanted: bool) -> "Iterator[Callable[[int, int], object] | None]":
    """Show how far a long run over a file has come, if somebody looks on."""
    watched = sys.stderr is not None and sys.stderr.isatty()
    if not wanted or not watched or source.size is None or source.size < _WORTH_SHOWING:
        yield None
        return
    from labcheck.reports.terminal import progress

    with progress.shown(source.size, sys.stderr) as update:
        yield update


def _published(catalogue: Catalogue) -> list[str]:
    """Return the range sets of all analytes, once each."""
    return list(dict.fromkeys(id for analyte in catalogue.ids for id in catalogue[analyte].range_sets))


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


def _tell(tally: "Tally") -> None:
    """Say on stderr what has come of the rows."""
    complain(f"{tally.rows:,} {'row' if tally.rows == 1 else 'rows'}")
    for analyte, counts in tally.interpreted.items():
        complain(f"{analyte}: " + ", ".join(f"{number:,} {category}" for category, number in counts.items()))
    if tally.not_covered:
        complain(f"not covered, or not measured: {tally.not_covered:,}")
    for kind, number, rows in tally.refused:
        more = ", ..." if number > len(rows) else ""
        of = f"{kind.analyte}: " if kind.analyte else ""
        complain(f"{of}{number:,} refused, {kind.reason}: in row {', '.join(map(str, rows))}{more}")
