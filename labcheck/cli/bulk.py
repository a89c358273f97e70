"""What the commands over many results share: which report, the summary, progress, the exit code."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import StringIO
from os.path import realpath
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from labcheck.cli.edge import Ended, Exit, complain
from labcheck.cli.settings import categories, one_report
from labcheck.errors import Usage
from labcheck.model import Outcome
from labcheck.wording import quote

if TYPE_CHECKING:
    from labcheck.sources.asked import Asked
    from labcheck.sources.files import Input, Write
    from labcheck.sources.table import TableFormat
    from labcheck.sources.tally import Tally

_WORTH_SHOWING = 8 << 20
"""A run over fewer bytes is over before anybody has read how far it is."""

RowFormatName = Literal["csv", "tsv", "json", "ndjson", "markdown"]
FormatName = Literal[RowFormatName, "terminal"]


class Report(NamedTuple):
    """What is put out: rows in a format ('' for the table's own), or the summary in one."""

    format: str
    summary: bool

    @property
    def has_counts(self) -> bool:
        """Whether counts are put out: rows in JSON, which are one object, end with them."""
        return self.summary or self.format == "json"

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
    files: Sequence[str] | None, output: Path | None, errors: Path | None, *, whole: bool
) -> None:
    """Raise Usage where there is nothing to read, or before a file is lost.

    An input can be written over only where the output has the `whole` of it. None is read twice.
    """
    from labcheck.sources.files import is_stdout

    known = {name: realpath(name) if name != "-" and "\0" not in name else name for name in files or ()}
    times = Counter(map(known.__getitem__, files or ()))
    if twice := [name for name, path in known.items() if times[path] > 1]:
        raise Usage(f"{quote(twice[-1], 200)} is named twice, and would be counted twice; name it once")
    if errors and is_stdout(errors) and is_stdout(output):
        raise Usage("standard output would have both results and refusals; name a file for one of them")
    read = {realpath(name) for name in files or () if "\0" not in name}
    for path, other_use in (
        (errors, read),
        (output, set() if whole else read),
        (output, {realpath(errors)} if errors and not errors.is_char_device() else set()),
    ):
        if path and not is_stdout(path) and realpath(path) in other_use:
            raise Usage(f"{quote(str(path), 200)} would be lost: it has two uses here; name another file")
    if sys.stdin is None and (not files or "-" in files):
        raise Usage("standard input is closed; name a file")


_ENDINGS = {
    ".csv": ("", "csv"),
    ".tsv": ("", "tsv"),
    ".json": ("json",),
    ".ndjson": ("ndjson",),
    ".jsonl": ("ndjson",),
    ".md": ("markdown",),
    ".parquet": ("parquet",),
    **dict.fromkeys((".xlsx", ".xls", ".ods", ".gz", ".zst"), ()),
}
"""What a file can hold whose name ends so; '' is a table in its own format."""


def check_ending(path: Path | None, *held: str) -> None:
    """Raise Usage where a file's name would say that it holds none of the formats that it can hold."""
    formats = _ENDINGS.get(path.suffix.lower()) if path else None
    if formats is not None and not set(held) & set(formats):
        can = formats and formats[-1] in get_args(RowFormatName) and held[0] in ("", "csv")
        asked = f"add --format {formats[-1]}, or " if can else ""
        raise Usage(f"{quote(str(path), 200)} would not be what its ending says; {asked}end it otherwise")


def report_of(
    format: FormatName | None, *, json: bool, summary: bool, only: str | None, to_file: bool
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


@contextmanager
def counting(
    report: Report | None,
    by: "Asked",
    *,
    output: Path | None,
    errors: Path | None,
    fail_on: str | None,
    quiet: bool,
    noun: str = "row",
    places: Sequence[str] = ("row",),
    findings: Sequence[tuple[str, str, Outcome]] = (),
) -> "Iterator[tuple[Tally, Write, Write | None]]":
    """Run over many results: yield what counts, the output, and the list of refusals if one is asked for.

    `noun` is what a result is called, `places` are the list's columns for where it stands. When all are
    counted, write the summary, with the `findings` that there are then (place, name of the test, outcome), or
    tell the counts; and exit by them.
    """
    from labcheck.sources.files import open_output
    from labcheck.sources.tally import Tally, bin_widths

    summary = report if report and report.summary else None
    widths = bin_widths(by.catalogue) if summary and summary.format == "terminal" else {}
    exact = not quiet or (report is not None and report.has_counts)
    tally = Tally(widths, exact=exact, lists_refusals=errors is not None, noun=noun)
    watched = categories(fail_on, "--fail-on")
    with ExitStack() as stack:
        refusals = stack.enter_context(_open_refusals(errors, places))
        write = stack.enter_context(open_output(output))
        yield tally, write, refusals
        if summary:
            _write_summary(summary, tally, by, write, to_file=output is not None, findings=findings)
    if not quiet and not summary:
        _tell(tally)
    _exit_by(tally, watched)


def _write_summary(
    report: Report,
    tally: "Tally",
    by: "Asked",
    write: "Write",
    *,
    to_file: bool,
    findings: Sequence[tuple[str, str, Outcome]],
) -> None:
    """Write the counts in the report's format; on a terminal, the `findings` stand before them."""
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
        print_overview(tally, by.catalogue, by.range_sets, by.own_ranges, console, shown)
        write(text.getvalue().encode())


@contextmanager
def _open_refusals(path: Path | None, places: Sequence[str]) -> "Iterator[Write | None]":
    """Open the list of refusals, if one is asked for; `places` are its columns for where they stand."""
    from labcheck.sources.files import open_output
    from labcheck.sources.refusals import LISTED

    if path is None:
        yield None
        return
    if "csv" not in _ENDINGS.get(path.suffix.lower(), ("csv",)):
        raise Usage(
            f"--errors {quote(str(path), 200)}: what is refused is listed as CSV; end the name in .csv"
        )
    with open_output(path) as write:
        write(f"{','.join([*places, *LISTED])}\n".encode())
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


def _tell(tally: "Tally") -> None:
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
    if tally.hint:
        complain(tally.hint)
    if tally.look_alikes:
        names = tally.named_look_alikes(quote)
        complain(f"not judged, though their names are like one that is: {names}")
        complain("labcheck explain, as in labcheck explain vitd, lists the names that are understood")
    for kind, number, _ in tally.refused:
        of = f"{kind.analyte}: " if kind.analyte else ""
        where = tally.where(kind)
        within = "" if where.startswith(("before ", "after ")) else "in "
        said = tally.texts.get(kind)
        why = f" - {'' if number == 1 else 'the first: '}{said}" if said else ""
        complain(f"{of}{number:,} refused, {kind.reason}: {within}{where}{why}")
    for reason, text in tally.advice.items():
        complain(f"{reason}: {text}")


def _counted(tally: "Tally", analyte: str, category: str) -> str:
    """Say how many results a category has, and where they lie in the range set's own words."""
    label, labels = tally.labels_of(analyte, category)
    words = label or ", ".join(f"{number:,} {label}" for label, number in labels.items())
    return f"{tally.interpreted[analyte][category]:,} {category}{f' ({words})' if words else ''}"


def _exit_by(tally: "Tally", watched: frozenset[str]) -> None:
    """Exit with the code that the counts lead to, if it is not 0."""
    if tally.refused:
        raise Ended(Exit.SOME_REFUSED)
    if any(kind.category in watched for kind in tally.kinds):
        raise Ended(Exit.CATEGORY_MET)
