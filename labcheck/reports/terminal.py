"""Rich: what a person reads on a terminal. The only module that imports rich.

Nothing of what a user typed is ever read as markup: it comes in as `Text`. Widths are the console's, so
that 40 columns work as well as 200; beyond 100 the lines would be hard to read and are kept shorter.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Context, Decimal
from typing import TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labcheck.classify import classify
from labcheck.model import (
    Analyte,
    Band,
    Category,
    Interpretation,
    Interval,
    Quantity,
    RangeSet,
    Standing,
    Statement,
)
from labcheck.ranges import canonical_bands, normal_in
from labcheck.reports import DISCLAIMER, bands_of, bar, cited, compared, named, ranges
from labcheck.units import Unit, accepted_units, factor, other_spellings, read_unit

_WIDEST = 100
_NARROWEST = 20
_NARROW = 60
_DISCLAIMER = Text(DISCLAIMER, style="italic")
# Seen as well on a light as on a dark background; Rich takes the nearest where a terminal has fewer colours.
_COLOURS = {
    Category.LOW: "#c98a00",
    Category.NORMAL: "#2e9e4f",
    Category.HIGH: "#b060d0",
    Category.INDETERMINATE: "#2090b0",
}


def open_console(file: TextIO) -> Console:
    """Make the console that reports are printed on; it obeys NO_COLOR, pipes and the terminal's width."""
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    console.width = max(_NARROWEST, min(console.width, _WIDEST))
    return console


def print_summary(
    results: Sequence[Interpretation], console: Console, *, verbose: bool = False, compare: bool = True
) -> None:
    """Print each result's summary, then the disclaimer.

    `verbose` adds the sections of the analyte's page, `compare` what the other published ranges say.
    """
    summaries = [part for judged in results for part in _summary(judged, console, verbose, compare)]
    _print(console, [*summaries, _DISCLAIMER])


def print_page(analyte: Analyte, console: Console, age: Decimal | None = None) -> None:
    """Print all that the catalogue says of an analyte, or what of it fits somebody of `age` years."""
    cautions = [caution.statement for caution in analyte.cautions]
    others = map(Text, analyte.not_this_test)
    parts = [
        _title(analyte),
        *_sections(analyte, age),
        *_list("Cautions", _fitting(cautions, age, named=False)),
    ]
    names = [", ".join((analyte.id, *analyte.names.accepted))]
    codes = [loinc.code for loinc in analyte.loinc if not loinc.refused]
    names += [f"LOINC {', '.join(codes)}"] if codes else []
    parts += _list("Names that are understood, in any case and order of words", map(Text, names))
    _print(console, [*parts, *_list("Not this test", others), "", _DISCLAIMER])


def print_ranges(analytes: Iterable[Analyte], console: Console) -> None:
    """Print all range sets: drawn to scale on one axis an analyte, then band by band with their sources."""
    parts: list[RenderableType] = []
    for analyte in analytes:
        parts += [_title(analyte), "", _picture(analyte, console)]
        for range_set in analyte.range_sets.values():
            parts += _range_set(range_set, analyte)
    _print(console, [*parts, "--range-set NAME judges by one of them.", "", _DISCLAIMER])


def _picture(analyte: Analyte, console: Console) -> Text:
    """Paint the bands of all sets, with labels beside them or, where the terminal is narrow, above."""
    glyphs = bar.ASCII if console.options.ascii_only else bar.UNICODE
    narrow = console.width < _NARROW
    margin = 2 if narrow else 4 + max(map(len, analyte.range_sets))
    picture = Text(no_wrap=True, overflow="crop")
    for row in ranges.picture(analyte, console.width - margin - 2, glyphs):
        label = f"  {row.label}"
        if not narrow:
            picture.append(label.ljust(margin))
        else:
            picture.append(f"{label}\n  " if row.label else "  ")
        for category, characters in row.zones:
            picture.append(characters, _COLOURS[category])
        picture.append(f"{row.text}\n")
    return picture


def _range_set(range_set: RangeSet, analyte: Analyte) -> Iterator[RenderableType]:
    """Yield a set's bands in the unit of each kind, printed or converted (≈), and its source."""
    default = ", the default" if range_set.id == analyte.default_range.id else ""
    yield Text(f"{named(range_set)} ({range_set.id}{default})", style="bold")
    table = _grid(3, 2)
    scales = [ranges.scale_in(kind, range_set, analyte) for kind in ranges.units_of(analyte)]
    table.add_row(*(scale.unit for scale, _ in scales))
    for number, band in enumerate(range_set.bands):
        intervals = (
            str(scale.bands[number].interval) if printed else f"≈ {_shortened(scale.bands[number].interval)}"
            for scale, printed in scales
        )
        words = Text(ranges.words_of(band))
        words.stylize(f"bold {_COLOURS[band.category]}", 0, len(band.category))
        table.add_row(*intervals, words)
    yield Padding(table, (0, 2))
    yield Padding(Text(ranges.provenance(range_set)), (0, 2, 1, 2))


def print_units(analyte: Analyte, console: Console) -> None:
    """Print every accepted unit with what a number in it is multiplied by to be in the canonical one."""
    canonical, mass = read_unit(analyte.unit), analyte.molar_mass
    table = Table(box=None, padding=(0, 3, 0, 0))
    for heading in ("unit", f"times, for {analyte.unit}", "also written"):
        table.add_column(heading, overflow="fold")
    for unit in accepted_units():
        if unit.kind == canonical.kind or mass:
            table.add_row(
                unit.code,
                f"{Context(prec=8).plus(factor(unit, canonical, mass)):f}",
                ", ".join(other_spellings(unit)),
            )
    weighed = [Text(f"{mass.value:f} g/mol, {mass.source.citation}")] if mass else []
    _print(console, [_title(analyte), *weighed, "", table])


def _print(console: Console, parts: Iterable[RenderableType]) -> None:
    """Print without the blanks that Rich fills its lines up with; in a file they would be in the way."""
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    console.file.write(re.sub(r" +$", "", captured.get(), flags=re.MULTILINE))


def _summary(
    judged: Interpretation, console: Console, verbose: bool, compare: bool
) -> Iterator[RenderableType]:
    bands = canonical_bands(judged.range, judged.analyte)
    yield _title(judged.analyte)
    yield Padding(_headline(judged, bands, console), (0, 2))
    yield Padding(_bar(judged, bands, console), (0, 2, 1, 2))
    yield _labelled(_facts(judged, verbose), console)
    if compare and (others := compared(judged)):
        unit = read_unit(judged.reported.unit or judged.analyte.unit)
        yield Text(f"By other published ranges, in {unit.code}", style="bold")
        yield Padding(_compared(judged.analyte, others, unit, console), (0, 0, 0, 2))
    if verbose:
        yield from _sections(judged.analyte, judged.age)
    yield ""


def _title(analyte: Analyte) -> Text:
    return Text.assemble((analyte.name, "bold"), f"  {analyte.test}, {analyte.specimen}")


def _headline(judged: Interpretation, bands: Sequence[Band], console: Console) -> Text:
    assumed = "" if judged.reported.unit else f" {judged.analyte.unit} (assumed: no unit was given)"
    line = Text(f"{judged.reported}{assumed}", style="bold")
    if judged.conversion:
        sign, rounded = _rounded(judged.canonical, bands)
        line.append(f" {sign} {rounded}", style="not bold")
    word = Text.assemble((f" {judged.category.upper()} ", f"bold black on {_COLOURS[judged.category]}"))
    if judged.label != judged.category:
        word.append(f" {' or '.join(judged.possible) or judged.label}")
    gap = "   " if line.cell_len + word.cell_len + 3 <= console.width - 4 else "\n"
    return Text.assemble(line, gap, word)


def _rounded(quantity: Quantity, bands: Sequence[Band]) -> tuple[str, Quantity]:
    """Round a quantity to four digits, or as many more as keep it in its category."""
    for digits in range(4, len(quantity.value.as_tuple().digits) + 1):
        short = Quantity(quantity.comparator, Context(prec=digits).plus(quantity.value), quantity.unit)
        if classify(short.interval, bands) == classify(quantity.interval, bands):
            return "=" if short == quantity else "≈", short
    return "=", quantity


def _bar(judged: Interpretation, bands: Sequence[Band], console: Console) -> Text:
    glyphs = bar.ASCII if console.options.ascii_only else bar.UNICODE
    _, shown = _rounded(judged.canonical, bands) if judged.conversion else ("=", judged.canonical)
    label = f"{shown.comparator or ''}{shown.value:f}"
    drawn = bar.draw(judged.canonical, label, bands, console.width - 4, glyphs)
    zones = [(characters, _COLOURS[category]) for category, characters in drawn.zones]
    rows = (f"{drawn.mark}\n", "bold"), *zones, ("\n" + "\n".join(drawn.legend), "")
    return Text.assemble(*rows, no_wrap=True, overflow="crop")


def _facts(judged: Interpretation, verbose: bool) -> Iterator[tuple[str, list[Text]]]:
    yield "Range", [Text(_range(judged))]
    if verbose and judged.conversion:
        mass = judged.conversion.molar_mass
        by = f"times {judged.conversion.factor:f}"
        yield "Converted", [Text(f"{by}; {mass.value:f} g/mol, {mass.source.citation}" if mass else by)]
    notes = [note.text for note in judged.notes if note.code != "unit-assumed"]  # the headline says that one
    yield "Note", [Text(text, style="bold") for text in notes]
    if judged.meanings:
        yield "Meaning", [Text(" ".join(meaning.text for meaning in judged.meanings))]
    if verbose:
        yield (
            "Cautions",
            list(_fitting((caution.statement for caution in judged.cautions), judged.age, named=False)),
        )
    else:
        yield "Cautions", [Text(caution.statement.text) for caution in judged.cautions if caution.brief]


def _range(judged: Interpretation) -> str:
    plain = all(band.label is None for band in judged.range.bands)
    ages = " It is the same for every age." if judged.age is not None and not judged.range.population else ""
    return f"{judged.range if plain else bands_of(judged.range)}, {cited(judged.range)}{ages}"


def _compared(
    analyte: Analyte, others: Iterable[tuple[Standing, str]], unit: Unit, console: Console
) -> RenderableType:
    """Set beside each set its normal range in the reported unit, and what the result is by it."""
    narrow = console.width < _NARROW
    table = _grid(1 if narrow else 3, 2)
    for standing, words in others:
        exact = normal_in(unit, standing.range, analyte)
        normal = _shortened(exact)
        cells = named(standing.range), f"{'' if normal == exact else '≈ '}{normal}", _painted(standing, words)
        if narrow:
            table.add_row(f"{cells[0]}, {cells[1]}")
            table.add_row(Padding(cells[2], (0, 0, 0, 2)))
        else:
            table.add_row(*cells)
    return table


def _painted(standing: Standing, words: str) -> Text:
    text = Text(words)
    text.stylize(f"bold {_COLOURS[standing.category]}", 0, len(standing.category))
    return text


def _shortened(interval: Interval) -> Interval:
    """Round the ends to four digits."""
    short = Context(prec=4)
    return replace(
        interval,
        low=None if interval.low is None else short.plus(interval.low).normalize(),
        high=None if interval.high is None else short.plus(interval.high).normalize(),
    )


def _labelled(facts: Iterable[tuple[str, list[Text]]], console: Console) -> RenderableType:
    """Set texts beside their labels, or under them where the terminal is narrow."""
    narrow = console.width < _NARROW
    table = _grid(1, 0) if narrow else _grid(2, 2)
    for label, texts in facts:
        if not texts:
            continue
        body = _bullets(texts) if len(texts) > 1 else texts[0]
        if narrow:
            table.add_row(Text(label, style="bold"))
            table.add_row(body)
        else:
            table.add_row(Text(label, style="bold"), body)
    return table


def _sections(analyte: Analyte, age: Decimal | None) -> Iterator[RenderableType]:
    for section in analyte.sections:
        yield from _list(section.heading, _fitting(section.says, age))


def _list(heading: str, texts: Iterable[Text]) -> Iterator[RenderableType]:
    """Yield a heading with bullets under it, or nothing where there are none."""
    if items := list(texts):
        yield Text(f"\n{heading}", style="bold")
        yield Padding(_bullets(items), (0, 2))


def _grid(columns: int, gap: int) -> Table:
    """Make a table without lines, `gap` blanks between columns, where words break but are never cut."""
    table = Table.grid(padding=(0, gap, 0, 0))
    for _ in range(columns):
        table.add_column(overflow="fold")
    return table


def _bullets(texts: Iterable[Text]) -> RenderableType:
    table = _grid(2, 1)
    for text in texts:
        table.add_row("•", text)
    return table


def _fitting(statements: Iterable[Statement], age: Decimal | None, *, named: bool = True) -> Iterator[Text]:
    """Yield the statements that fit `age`, with the group each is for and its source, if not the article."""
    for statement in statements:
        if statement.fits(age):
            text = Text()
            if statement.group and named:
                text.append(f"{statement.group.capitalize()}: ", style="bold")
            text.append(statement.text)
            cited = statement.source.citation if statement.source.checked != "article" else None
            if source := statement.published or cited:
                text.append(f" ({source})", style="italic")
            yield text
