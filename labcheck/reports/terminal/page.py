"""The pages that look things up: all that is known of an analyte, its units, its published ranges."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Context, Decimal

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labcheck.model import Analyte, RangeSet
from labcheck.reports import bar, named, ranges
from labcheck.reports.terminal.console import (
    COLOURS,
    DISCLAIMER,
    NARROW,
    fitting,
    grid,
    listed,
    print_parts,
    sections,
    shortened,
    title,
)
from labcheck.units import accepted_units, factor, other_spellings, read_unit


def print_page(analyte: Analyte, console: Console, age: Decimal | None = None) -> None:
    """Print all that the catalogue says of an analyte, or what of it fits somebody of `age` years."""
    cautions = [caution.statement for caution in analyte.cautions]
    others = map(Text, analyte.not_this_test)
    parts = [
        title(analyte),
        *sections(analyte, age),
        *listed("Cautions", fitting(cautions, age, named=False)),
    ]
    accepted = analyte.names.accepted
    own = () if analyte.id in map(str.lower, accepted) else (analyte.id,)
    names = [", ".join((*own, *accepted))]
    if analyte.names.doubt:
        names.append(f"{', '.join(analyte.names.doubtful)}. {analyte.names.doubt}")
    codes = [loinc.code for loinc in analyte.loinc if not loinc.refused]
    names += [f"LOINC {', '.join(codes)}"] if codes else []
    parts += listed("Names that are understood, in any case and order of words", map(Text, names))
    print_parts(console, [*parts, *listed("Not this test", others), "", DISCLAIMER])


def print_ranges(analytes: Iterable[Analyte], defaults: Mapping[str, str], console: Console) -> None:
    """Print all range sets: drawn to scale on one axis an analyte, then band by band with their sources.

    `defaults` has the id of the set that is used where no other is asked for, by analyte.
    """
    parts: list[RenderableType] = []
    for analyte in analytes:
        parts += [title(analyte), "", _picture(analyte, console)]
        for range_set in analyte.range_sets.values():
            parts += _range_set(range_set, analyte, defaults)
    print_parts(console, [*parts, "--range-set NAME judges by one of them.", "", DISCLAIMER])


def _picture(analyte: Analyte, console: Console) -> Text:
    """Paint the bands of all sets, with labels beside them or, where the terminal is narrow, above."""
    glyphs = bar.ASCII if console.options.ascii_only else bar.UNICODE
    narrow = console.width < NARROW
    units = (unit.code for unit in ranges.units_of(analyte).values())
    margin = 2 if narrow else 4 + max(map(len, (*analyte.range_sets, *units)))
    picture = Text(no_wrap=True, overflow="crop")
    for row in ranges.picture(analyte, console.width - margin - 2, glyphs):
        label = f"  {row.label}"
        if not narrow:
            picture.append(label.ljust(margin))
        else:
            picture.append(f"{label}\n  " if row.label else "  ")
        for category, characters in row.zones:
            picture.append(characters, COLOURS[category])
        picture.append(f"{row.text}\n")
    return picture


def _range_set(
    range_set: RangeSet, analyte: Analyte, defaults: Mapping[str, str]
) -> Iterator[RenderableType]:
    """Yield a set's bands in the unit of each kind, printed or converted (≈), and its source."""
    yield Text(f"{named(range_set)} ({ranges.marked(range_set.id, analyte, defaults)})", style="bold")
    table = grid(3, 2)
    scales = [ranges.scale_in(kind, range_set, analyte) for kind in ranges.units_of(analyte)]
    table.add_row(*(scale.unit for scale, _ in scales))
    for number, band in enumerate(range_set.bands):
        intervals = (
            str(scale.bands[number].interval) if printed else f"≈ {shortened(scale.bands[number].interval)}"
            for scale, printed in scales
        )
        words = Text(ranges.words_of(band))
        words.stylize(f"bold {COLOURS[band.category]}", 0, len(band.category))
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
    print_parts(console, [title(analyte), *weighed, "", table])
