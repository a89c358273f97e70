"""The commands `hl7` and `fhir`: what laboratory systems send, a row for each result that is covered."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from labcheck.cli.bulk import (
    Report,
    check_ending,
    check_files,
    counting,
    report_of,
    rows_in,
)
from labcheck.cli.options import (
    DecimalOption,
    Errors,
    FailOn,
    Json,
    Only,
    Output,
    OwnRanges,
    QuietRun,
    RangeSetOption,
    RowFormatOption,
    Summary,
    catalogue_of,
    show_help_without,
    with_options,
)
from labcheck.cli.settings import categories, chosen_range_sets, own_ranges
from labcheck.errors import Usage
from labcheck.model import Outcome, Refusal
from labcheck.ranges import names_bands
from labcheck.wording import printable

if TYPE_CHECKING:
    from labcheck.sources.files import Read, Write
    from labcheck.sources.observations import Observation
    from labcheck.sources.tally import Tally
    from labcheck.sources.verdicts import Verdict

_SHOWN = 50
"""So many results are shown one by one on a terminal."""

Files = Annotated[list[str] | None, typer.Argument(metavar="[FILE]...", help="Files; - is stdin.")]
WithPatient = Annotated[
    bool, typer.Option("--with-patient", help="Add the patient's identifier, which is left out otherwise.")
]
FhirVersion = Literal["dstu2", "stu3", "r4", "r5"]
Judge = Callable[["Observation"], Outcome | None]
Judged = Iterable[tuple["Observation", Outcome | None]]
JudgedIn = Callable[["Read", "Write", Judge], Judged]
"""Reads a document and yields its observations with what was said of them; may write the document itself."""


class DocumentOptions(NamedTuple):
    """The options of both commands, as they were typed."""

    output: Output = None
    format: RowFormatOption = None
    json: Json = False
    summary: Summary = False
    only: Only = None
    decimal: DecimalOption = None
    range: OwnRanges = None
    range_set: RangeSetOption = None
    with_patient: WithPatient = False
    errors: Errors = None
    fail_on: FailOn = None
    quiet: QuietRun = False

    def report(self) -> Report:
        """Return the one report that they ask for."""
        to_file = self.output is not None
        return report_of(self.format, json=self.json, summary=self.summary, only=self.only, to_file=to_file)


@with_options(DocumentOptions)
def hl7(
    ctx: typer.Context,
    *,
    files: Files = None,
    options: DocumentOptions,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Of the messages; what they say themselves, if none.")
    ] = None,
) -> None:
    """Judge the results in HL7 v2 messages: a row for each one that is covered.

    \b
    labcheck hl7 *.hl7
    labcheck hl7 --format ndjson < feed.hl7

    On a terminal it shows them one by one. Exits with 3 if some could not be interpreted.
    """
    from labcheck.sources import hl7 as source

    def judged_in(read: "Read", _: "Write", judge: Judge) -> Judged:
        return ((one, judge(one)) for one in source.observations(read, encoding=encoding))

    _run(ctx, files, judged_in, options.report(), options)


@with_options(DocumentOptions)
def fhir(
    ctx: typer.Context,
    *,
    files: Files = None,
    options: DocumentOptions,
    annotate: Annotated[
        bool,
        typer.Option("--annotate", help="Print the document itself, each result judged with its verdict."),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="With --annotate: overwrite interpretations that are there.")
    ] = False,
    fhir_version: Annotated[
        FhirVersion | None,
        typer.Option("--fhir-version", help="With --annotate: the document's; told by its content, if none."),
    ] = None,
) -> None:
    """Judge the Observations in FHIR resources (JSON, NDJSON): a row for each one that is covered.

    \b
    labcheck fhir bundle.json
    labcheck fhir export.ndjson --annotate > annotated.ndjson

    On a terminal it shows them one by one. Exits with 3 if some could not be interpreted.
    """
    from labcheck.reports import fhir as annotated
    from labcheck.sources import fhir as source

    if replace and not annotate:
        raise Usage("--replace goes with --annotate")
    if fhir_version and not annotate:
        raise Usage("--fhir-version goes with --annotate")
    if annotate and len(files or ()) > 1:
        raise Usage("--annotate prints one document; name one file at a time")
    for_rows = options.format or options.json or options.summary or options.only or options.with_patient
    if annotate and for_rows:
        raise Usage("--annotate prints the document itself; leave the options for rows out")

    def judged_in(read: "Read", write: "Write", judge: Judge) -> Judged:
        if annotate:
            return annotated.annotate(read, write, judge, replace=replace, version=fhir_version)
        return ((one, judge(one)) for one in source.observations(read))

    _run(ctx, files, judged_in, None if annotate else options.report(), options)


def _run(
    ctx: typer.Context,
    files: list[str] | None,
    judged_in: JudgedIn,
    report: Report | None,
    options: DocumentOptions,
) -> None:
    """Judge the observations of all files, and put out the report, or nothing where there is none."""
    from labcheck.sources.asked import Asked
    from labcheck.sources.observations import judge, look_alike, reported
    from labcheck.sources.refusals import Place
    from labcheck.sources.verdicts import verdict_of

    show_help_without(ctx, files)
    check_files(files, options.output, options.errors, whole=report is None)
    check_ending(options.output, *([report.format or "csv"] if report else ["json", "ndjson"]))
    catalogue = catalogue_of(ctx)
    own = own_ranges(options.range or (), catalogue, None, options.decimal)
    range_sets = chosen_range_sets(options.range_set, catalogue, own)
    only = categories(options.only, "--only")
    labelled = names_bands((catalogue[id] for id in catalogue.ids), range_sets, own)
    shown: list[tuple[str, str, Outcome]] = []
    run = counting(
        report,
        Asked(catalogue, range_sets, own),
        output=options.output,
        errors=options.errors,
        fail_on=options.fail_on,
        quiet=options.quiet,
        noun="observation",
        places=["place"],
        findings=shown,
    )
    with run as (tally, write, refusals):
        results = _Results(write, report, with_patient=options.with_patient, labelled=labelled)

        def say(one: "Observation") -> Outcome | None:
            return judge(one, catalogue, range_sets=range_sets, own_ranges=own, decimal=options.decimal)

        for place, observation, outcome in _judged(files or ["-"], lambda read: judged_in(read, write, say)):
            verdict = verdict_of(outcome, labelled=labelled)
            why = outcome.text if isinstance(outcome, Refusal) else ""
            tally.add_one(Place(words=place), verdict, reported(observation), why)
            if outcome is None and (name := look_alike(observation, catalogue.identifier)):
                tally.look_alike(name)
            if refusals:
                tally.list_refusals(refusals)
            if outcome and (not only or verdict.kind.category in only):
                results.put(place, observation, verdict)
            if outcome and not options.summary and len(shown) < _SHOWN:
                shown.append((place, observation.name, outcome))
        results.end(tally)


def _judged(
    files: list[str], judged_in: Callable[["Read"], Judged]
) -> Iterator[tuple[str, "Observation", Outcome | None]]:
    """Yield what stands in each file, with its place, which names the file where there are several."""
    from labcheck.sources.files import open_input

    for name in files:
        before = f"{name}: " if len(files) > 1 else ""
        with open_input(name) as source:
            for observation, outcome in judged_in(source.read):
                yield before + observation.place, observation, outcome


class _Results:
    """Writes results as rows, if the report has them."""

    def __init__(self, write: "Write", report: Report | None, *, with_patient: bool, labelled: bool) -> None:
        from labcheck.sources.observations import COLUMNS
        from labcheck.sources.verdicts import CELLS, LABEL

        self._write = write
        self._rows = rows_in(report.format or "csv") if report and not report.summary else None
        self._with_patient = with_patient
        self._columns = [*COLUMNS, *(["patient"] if with_patient else [])]
        self._added = [f"labcheck_{cell}" for cell in ((*CELLS, LABEL) if labelled else CELLS)]
        self._has_begun = False

    def _begin(self) -> None:
        """Write what stands before the rows, unless it is there; until then nothing is put out."""
        if self._rows and not self._has_begun:
            self._has_begun = True
            self._write(self._rows.start(self._columns, self._added).encode())

    def put(self, place: str, observation: "Observation", verdict: "Verdict") -> None:
        from labcheck.sources.observations import cells_of

        self._begin()
        if self._rows:
            cells = [place, *cells_of(observation, with_patient=self._with_patient)]
            row = self._rows.row([printable(cell) for cell in cells], self._rows.added(verdict.cells))
            self._write(row.encode())

    def end(self, tally: "Tally") -> None:
        self._begin()
        if self._rows:
            self._write(self._rows.end(tally).encode())
