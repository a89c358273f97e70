"""What has come of a document's results: counts, shares, and for each analyte a histogram."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Context, Decimal
from typing import NamedTuple

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from labcheck.catalogue import Catalogue
from labcheck.model import REPORTED, Analyte, Category, Outcome, RangeSet, Refusal
from labcheck.ranges import OwnRange, canonical_bands, own_range, used_range
from labcheck.reports import bar, histogram, named
from labcheck.reports.terminal.console import COLOURS, DISCLAIMER, NARROW, grid, print_parts, title
from labcheck.reports.terminal.summary import headline
from labcheck.sources.tally import Tally
from labcheck.units import read_unit
from labcheck.wording import printable

_HEIGHT = 6
_ENOUGH = 20  # results, for a histogram to say something
_EIGHTHS = "▏▎▍▌▋▊▉█"


class Finding(NamedTuple):
    """One result of a document: where it stands, the test as the document calls it, and what came of it."""

    place: str
    name: str
    outcome: Outcome


def print_overview(
    tally: Tally,
    catalogue: Catalogue,
    range_sets: Mapping[str, str | None],
    own_ranges: Mapping[str, OwnRange],
    console: Console,
    findings: Sequence[Finding] = (),
) -> None:
    """Print the `findings`, then the counts.

    `range_sets` are those that were asked for, by analyte, None for the default; `own_ranges` outrank them.
    """
    used = {id: _used(catalogue[id], range_sets.get(id), own_ranges.get(id)) for id in tally.interpreted}
    parts = [part for finding in findings for part in _finding(finding, console)]
    covered = sum(tally.kinds.values()) - tally.not_covered
    if findings and covered > len(findings):
        parts.append(Text(f"and {covered - len(findings):,} more, which --format csv lists\n"))
    print_parts(console, [*parts, *_parts(tally, catalogue, used, console), DISCLAIMER])


def _finding(finding: Finding, console: Console) -> Iterator[RenderableType]:
    outcome = finding.outcome
    yield Text.assemble(printable(finding.place), "  ", (printable(finding.name), "bold"))
    if isinstance(outcome, Refusal):
        reported = " ".join(filter(None, (outcome.reported, outcome.unit)))
        before = f"{printable(reported)}   " if reported else ""
        yield Padding(Text.assemble(before, (" REFUSED ", "reverse")), (0, 2))
        yield Padding(Text(printable(outcome.text)), (0, 2, 1, 2))
        return
    bands = canonical_bands(outcome.range, outcome.analyte)
    yield Padding(headline(outcome, bands, console), (0, 2))
    notes = "\n".join(note.text for note in outcome.notes)
    yield Padding(Text(f"{outcome.range}, {named(outcome.range)}\n{notes}".rstrip()), (0, 2, 1, 2))


def _parts(
    tally: Tally, catalogue: Catalogue, used: Mapping[str, RangeSet | None], console: Console
) -> Iterator[RenderableType]:
    yield Text(f"{tally.total}\n", style="bold")
    for id, counts in tally.interpreted.items():
        yield title(catalogue[id])
        yield from _shares(tally, id, console)
        if notes := tally.notes.get(id):
            said = ", ".join(f"{number:,} {note}" for note, number in notes.items())
            yield Padding(Text(f"With a note: {said}"), (0, 2))
        if range_set := used[id]:
            yield from _histogram(tally, catalogue[id], range_set, sum(counts.values()), console)
        yield ""
    if tally.explained:
        yield Text("Notes", style="bold")
        yield _explained(tally.explained, console)
    yield from _refused(tally, console)
    if tally.not_covered:
        yield Text(f"Not covered, or not measured: {tally.not_covered:,}\n")
    if tally.hint:
        yield Text(f"{tally.hint[0].upper()}{tally.hint[1:]}.\n")
    if tally.look_alikes:
        names = tally.named_look_alikes(printable)
        yield Text(f"Not judged, though their names are like one that is: {names}\n", style="bold")


def _explained(texts: Mapping[str, str], console: Console) -> RenderableType:
    """Say what codes mean, beside them or, where the terminal is narrow, under them."""
    narrow = console.width < NARROW
    table = grid(1 if narrow else 2, 2)
    for code, text in texts.items():
        if narrow:
            table.add_row(code)
            table.add_row(Padding(Text(text), (0, 0, 0, 2)))
        else:
            table.add_row(code, Text(text))
    return Padding(table, (0, 2, 1, 2))


def _used(analyte: Analyte, id: str | None, own: OwnRange | None) -> RangeSet | None:
    """Return the range set that all results were judged by, or None where each had its report's own."""
    if own:
        return own_range(own, read_unit(analyte.unit), analyte)
    used = None if id == REPORTED else used_range(analyte, id)
    return used and used.printed_for(read_unit(analyte.unit).kind)


def _shares(tally: Tally, analyte: str, console: Console) -> Iterator[RenderableType]:
    """Yield each category with its number, share and bar, and under it the range set's own words for it."""
    counts = tally.interpreted[analyte]
    total = sum(counts.values())
    shown = [one for one in Category if counts.get(one) or one is not Category.INDETERMINATE]
    figures = {one: (f"{counts.get(one, 0):,}", f"{counts.get(one, 0) / total:.1%}") for one in shown}
    widths = [max(map(len, column)) for column in zip(*figures.values(), strict=True)]
    name = max(map(len, shown))
    room = max(console.width - 40, 8)
    for category in shown:
        number = counts.get(category, 0)
        line = Text.assemble((category.ljust(name), f"bold {COLOURS[category]}"), overflow="fold")
        line.append(f"  {figures[category][0]:>{widths[0]}}  {figures[category][1]:>{widths[1]}}  ")
        drawn = _bar(number / total * room, ascii_only=console.options.ascii_only)
        yield Padding(line.append(drawn, COLOURS[category]), (0, 2))
        label, labels = tally.labels_of(analyte, category)
        if label:
            yield Padding(Text(label), (0, 2, 0, 4))
        elif labels:
            table = grid(3, 2)
            table.columns[0].justify = table.columns[1].justify = "right"
            for label, of_which in labels.items():
                table.add_row(f"{of_which:,}", f"{of_which / total:.1%}", Text(label))
            yield Padding(table, (0, 2, 0, 4))


def _bar(length: float, *, ascii_only: bool) -> str:
    if ascii_only:
        return "#" * round(length)
    eighths = max(round(length * 8), 1) if length else 0
    return _EIGHTHS[-1] * (eighths // 8) + (_EIGHTHS[eighths % 8 - 1] if eighths % 8 else "")


def _histogram(
    tally: Tally, analyte: Analyte, range_set: RangeSet, judged: int, console: Console
) -> Iterator[RenderableType]:
    bins = tally.values.get(analyte.id)
    if not bins or sum(bins.values()) < _ENOUGH:
        return
    bands = canonical_bands(range_set, analyte)
    glyphs = bar.ASCII if console.options.ascii_only else bar.UNICODE
    width = console.width - 4
    drawn = histogram.draw(bins, Decimal(str(tally.widths[analyte.id])), bands, width, _HEIGHT, glyphs)
    text = Text(no_wrap=True, overflow="crop")
    for row in drawn.rows:
        start = 0
        for category, characters in drawn.zones:
            text.append(row[start : start + len(characters)], COLOURS[category])
            start += len(characters)
        text.append("\n")
    for category, characters in drawn.zones:
        text.append(characters, COLOURS[category])
    text.append("\n" + "\n".join(drawn.legend))
    yield Padding(text, (1, 2, 0, 2))
    yield Padding(Text(" ".join(_remarks(analyte, range_set, drawn, judged - sum(bins.values())))), (0, 2))


def _remarks(
    analyte: Analyte, range_set: RangeSet, drawn: histogram.Histogram, censored: int
) -> Iterator[str]:
    yield f"{analyte.unit}; {range_set}, {named(range_set)}."
    if drawn.beyond:
        yield f"{drawn.beyond:,} above {Context(prec=4).plus(drawn.end).normalize():f} are not drawn."
    if censored:
        yield f"{censored:,} with < or > are counted, not drawn."


def _refused(tally: Tally, console: Console) -> Iterator[RenderableType]:
    if not tally.refused:
        return
    yield Text("Refused", style="bold")
    narrow = console.width < NARROW
    table = grid(3 if narrow else 4, 2)
    table.columns[2].justify = "right"
    for kind, number, _ in tally.refused:
        counted, where = (kind.analyte, kind.reason, f"{number:,}"), tally.where(kind)
        if narrow:
            table.add_row(*counted)
            table.add_row("", Padding(Text(where), (0, 0, 0, 2)))
        else:
            table.add_row(*counted, where)
    yield Padding(table, (0, 2, 1, 2))
    yield _explained(tally.advice, console)
