"""The summary of a result: the range bar, what it rests on and means, what other published ranges say."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Context

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from labcheck.classify import classify
from labcheck.model import (
    Analyte,
    Band,
    Interpretation,
    Quantity,
    Standing,
)
from labcheck.ranges import canonical_bands, normal_in
from labcheck.reports import bands_of, bar, cited, compared, named
from labcheck.reports.terminal.console import (
    COLOURS,
    DISCLAIMER,
    NARROW,
    bullets,
    fitting,
    grid,
    print_parts,
    sections,
    shortened,
    title,
)
from labcheck.units import Unit, read_unit


def print_summary(
    results: Sequence[Interpretation], console: Console, *, verbose: bool = False, compare: bool = True
) -> None:
    """Print each result's summary, then the disclaimer.

    `verbose` adds the sections of the analyte's page, `compare` what the other published ranges say.
    """
    summaries = [part for judged in results for part in _summary(judged, console, verbose, compare)]
    print_parts(console, [*summaries, DISCLAIMER])


def _summary(
    judged: Interpretation, console: Console, verbose: bool, compare: bool
) -> Iterator[RenderableType]:
    bands = canonical_bands(judged.range, judged.analyte)
    yield title(judged.analyte)
    yield Padding(headline(judged, bands, console), (0, 2))
    yield Padding(_bar(judged, bands, console), (0, 2, 1, 2))
    yield _labelled(_facts(judged, verbose), console)
    if compare and (others := compared(judged)):
        unit = read_unit(judged.reported.unit or judged.analyte.unit)
        yield Text(f"By other published ranges, in {unit.code}", style="bold")
        yield Padding(_compared(judged.analyte, others, unit, console), (0, 0, 0, 2))
    if verbose:
        yield from sections(judged.analyte, judged.age)
    yield ""


def headline(judged: Interpretation, bands: Sequence[Band], console: Console) -> Text:
    """Say what was reported, converted where it was, and the category; `bands` are those of its range."""
    assumed = "" if judged.reported.unit else f" {judged.analyte.unit} (assumed: no unit was given)"
    line = Text(f"{judged.reported}{assumed}", style="bold")
    if judged.conversion:
        sign, rounded = _rounded(judged.canonical, bands)
        line.append(f" {sign} {rounded}", style="not bold")
    word = Text.assemble((f" {judged.category.upper()} ", f"bold black on {COLOURS[judged.category]}"))
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
    zones = [(characters, COLOURS[category]) for category, characters in drawn.zones]
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
            list(fitting((caution.statement for caution in judged.cautions), judged.age, named=False)),
        )
    else:
        yield "Cautions", [Text(caution.statement.text) for caution in judged.cautions if caution.brief]


def _range(judged: Interpretation) -> str:
    ages = " It is the same for every age." if judged.age is not None and not judged.range.population else ""
    return (
        f"{bands_of(judged.range) if judged.range.names_bands else judged.range}, {cited(judged.range)}{ages}"
    )


def _compared(
    analyte: Analyte, others: Iterable[tuple[Standing, str]], unit: Unit, console: Console
) -> RenderableType:
    """Set beside each set its normal range in the reported unit, and what the result is by it."""
    narrow = console.width < NARROW
    table = grid(1 if narrow else 3, 2)
    for standing, words in others:
        exact = normal_in(unit, standing.range, analyte)
        normal = shortened(exact)
        cells = named(standing.range), f"{'' if normal == exact else '≈ '}{normal}", _painted(standing, words)
        if narrow:
            table.add_row(f"{cells[0]}, {cells[1]}")
            table.add_row(Padding(cells[2], (0, 0, 0, 2)))
        else:
            table.add_row(*cells)
    return table


def _painted(standing: Standing, words: str) -> Text:
    text = Text(words)
    text.stylize(f"bold {COLOURS[standing.category]}", 0, len(standing.category))
    return text


def _labelled(facts: Iterable[tuple[str, list[Text]]], console: Console) -> RenderableType:
    """Set texts beside their labels, or under them where the terminal is narrow."""
    narrow = console.width < NARROW
    table = grid(1, 0) if narrow else grid(2, 2)
    for label, texts in facts:
        if not texts:
            continue
        body = bullets(texts) if len(texts) > 1 else texts[0]
        if narrow:
            table.add_row(Text(label, style="bold"))
            table.add_row(body)
        else:
            table.add_row(Text(label, style="bold"), body)
    return table
