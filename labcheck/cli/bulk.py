"""What the commands over many results share: which report, the summary, progress, the exit code."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from os.path import realpath
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from labcheck.catalogue import Catalogue
from labcheck.cli.edge import Exit, complain
from labcheck.cli.options import one_report
from labcheck.errors import Usage
from labcheck.model import Outcome
from labcheck.ranges import OwnRange
from labcheck.wording import quote

if TYPE_CHECKING:
    from labcheck.sources.files import Input, Write
    from labcheck.sources.table import TableFormat
    from labcheck.sources.tally import Tally

_WORTH_SHOWING = 8 << 20
"""A run over fewer bytes is over before anybody has read how far it is."""

RowFormat = Literal["terminal", "csv", "tsv", "json", "ndjson", "markdown"]

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here, once all is done.")
]
RowFormatOption = Annotated[
    RowFormat | None,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="csv, tsv, json, ndjson, markdown, or terminal, which is for people to read.",
    ),
]
Summary = Annotated[
    bool,
    typer.Option("--summary", help="Print counts instead of rows; as json or markdown, too."),
]
Only = Annotated[
    str | None,
    typer.Option("--only", metavar="CATEGORIES", help="Pass on these alone, as in low,refused."),
]
Errors = Annotated[
    Path | None, typer.Option("--errors", metavar="FILE", help="Write here where each refused result stands.")
]
QuietRun = Annotated[bool, typer.Option("--quiet", "-q", help="Print neither counts nor progress on stderr.")]


class Report(NamedTuple):
    """What is put out: rows in a format ('' for the table's own), or the summary in one."""

    format: str
    summary: bool

    def rows(self, delimiter: bytes) -> "TableFormat | None":
        """Return what writes the rows of a table with that delimiter, None if it is the table itself."""
        own = {b",": "csv", b"\t": "tsv"}.get(delimiter)
        return None if self.summary or self.format in ("", own) else rows_in(self.format)


def rows_in(format: str) -> "TableFormat":
    """Return what writes rows in a format."""
    if format in ("csv", "tsv"):
        from labcheck.reports.csv import Rows as Separated

        return Separated("," if format == "csv" else "\t")
    if format == "markdown":
        from labcheck.reports.markdown import Rows as MarkdownRows

        return MarkdownRows()
    from labcheck.reports.json import Rows as JsonRows

    return JsonRows(lines=format == "ndjson")


def check_files(
    ctx: typer.Context, files: Sequence[str] | None, output: Path | None, errors: Path | None, *, whole: bool
) -> None:
    """Exit with the command's help where there is nothing to read; raise Usage before a file is lost.

    An input can be written over only where the output has the `whole` of it.
    """
    from labcheck.sources.files import is_stdout

    if errors and is_stdout(errors) and is_stdout(output):
        raise Usage("standard output would have both results and refusals; name a file for one of them")
    read = {realpath(name) for name in files or () if name != "-" and "\0" not in name}
    for path, other_use in (
        (errors, read),
        (output, set() if whole else read),
        (output, {realpath(errors)} if errors and not errors.is_char_device() else set()),
    ):
        if path and not is_stdout(path) and realpath(path) in other_use:
            raise Usage(f"{quote(str(path), 200)} would be lost: it has two uses here; name another file")
    if sys.stdin is None and (not files or "-" in files):
        raise Usage("standard input is closed; name a file")
    if not files and sys.stdin.isatty():
        print(ctx.get_help())
        raise typer.Exit(Exit.REFUSED)


_ENDINGS = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".md": "markdown"}


def check_ending(output: Path | None, report: Report) -> None:
    """Raise Usage where a file's name would say that it holds another format than it would."""
    ending = output.suffix.lower() if output else ""
    if ending in (".xlsx", ".xls", ".ods", ".parquet"):
        raise Usage(
            f"{quote(str(output), 200)} would not be what its ending says; end it otherwise, as in .csv"
        )
    if (meant := _ENDINGS.get(ending, report.format)) != report.format:
        raise Usage(
            f"{quote(str(output), 200)} would not be what its ending says; add --format {meant}, or end it "
            "otherwise"
        )


def report_of(
    format: RowFormat | None, *, json: bool, summary: bool, only: str | None, to_file: bool
) -> Report:
    """Return the one report that the options ask for: on a terminal the summary, where none is named."""
    rows_wanted = to_file or only is not None or not sys.stdout.isatty()
    named = one_report(format, "json" if json else None) or ""
    if summary and named not in ("", "terminal", "json", "markdown"):
        raise Usage(f"the summary is not to be had as {named}; ask for terminal, json or markdown")
    if summary or named == "terminal" or (not named and not rows_wanted):
        if only is not None:
            raise Usage("--only chooses rows, and the summary has none; leave one of them out")
        return Report(named or "terminal", summary=True)
    return Report(named, summary=False)


def write_summary(
    report: Report,
    tally: "Tally",
    catalogue: Catalogue,
    range_sets: Mapping[str, str | None],
    own_ranges: Mapping[str, OwnRange],
    write: "Write",
    *,
    to_file: bool,
    findings: Sequence[tuple[str, str, Outcome]] = (),
) -> None:
    """Write the counts in the report's format; what results were judged by is as in `print_overview`.

    On a terminal, `findings` stand before them: place, name of the test, and outcome.
    """
    if report.format == "json":
        from labcheck.reports import json

        write(json.summary(tally).encode())
    elif report.format == "markdown":
        from labcheck.reports import markdown

        write(markdown.summary(tally).encode())
    else:
        from labcheck.reports.terminal.console import open_console
        from labcheck.reports.terminal.overview import Finding, print_overview

        text = StringIO()
        console = open_console(text if to_file else sys.stdout)
        shown = [Finding(*finding) for finding in findings]
        print_overview(tally, catalogue, range_sets, own_ranges, console, shown)
        write(text.getvalue().encode())


@contextmanager
def open_refusals(path: Path | None, place: str) -> "Iterator[Write | None]":
    """Open the list of refusals, if one is asked for; `place` names its column for where they stand."""
    from labcheck.sources.files import open_output
    from labcheck.sources.tally import LISTED

    if path is None:
        yield None
        return
    with open_output(path) as write:
        write(f"{','.join([place, *LISTED])}\n".encode())
        yield write


@contextmanager
def progress(source: "Input", *, wanted: bool) -> "Iterator[Callable[[int, int], object] | None]":
    """Show how far a long run over a file has come, if somebody looks on."""
    watched = sys.stderr is not None and sys.stderr.isatty()
    if not wanted or not watched or source.size is None or source.size < _WORTH_SHOWING:
        yield None
        return
    from labcheck.reports.terminal.progress import shown

    with shown(source.size, sys.stderr) as update:
        yield update


def tell(tally: "Tally") -> None:
    """Say on stderr what has come of the rows."""
    complain(tally.total)
    for analyte, counts in tally.interpreted.items():
        complain(f"{analyte}: " + ", ".join(_counted(tally, analyte, category) for category in counts))
    for analyte, counts in tally.notes.items():
        notes = ", ".join(f"{number:,} {note}" for note, number in counts.items())
        complain(f"{analyte}: with a note: {notes}")
    for note, text in tally.explained.items():
        complain(f"{note}: {text}")
    if tally.not_covered:
        complain(f"not covered, or not measured: {tally.not_covered:,}")
    if tally.look_alikes:
        names = ", ".join(map(quote, tally.look_alikes))
        complain(f"not covered, though their names are like one that is: {names}")
    for kind, number, _ in tally.refused:
        of = f"{kind.analyte}: " if kind.analyte else ""
        where = tally.where(kind)
        within = "" if where.startswith(("before ", "after ")) else "in "
        complain(f"{of}{number:,} refused, {kind.reason}: {within}{where}")
    for reason, text in tally.advice.items():
        complain(f"{reason}: {text}")


def _counted(tally: "Tally", analyte: str, category: str) -> str:
    """Say how many results a category has, and where they lie in the range set's own words."""
    label, labels = tally.labels_of(analyte, category)
    words = label or ", ".join(f"{number:,} {label}" for label, number in labels.items())
    return f"{tally.interpreted[analyte][category]:,} {category}{f' ({words})' if words else ''}"


def exit_by(tally: "Tally", watched: frozenset[str]) -> None:
    """Exit with the code that the counts lead to, if it is not 0."""
    if tally.refused:
        raise typer.Exit(Exit.SOME_REFUSED)
    if any(kind.category in watched for kind in tally.kinds):
        raise typer.Exit(Exit.CATEGORY_MET)
