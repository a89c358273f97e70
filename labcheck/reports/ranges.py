"""The range sets of an analyte under each other: the picture, as rows of characters, and the files.

terminal/page.py paints the picture. In a file a row is one band on one scale, with its bounds as printed.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from labcheck.model import REPORTED, Analyte, Band, Category, QuantityKind, RangeSet, Scale
from labcheck.ranges import canonical_bands
from labcheck.reports import bar, json, markdown, named
from labcheck.units import Unit, factor, read_unit

CHECKED = {
    "article": "as it stands in the article",
    "seen": "read in the source",
    "second-hand": "not read in the source itself",
    "computed": "computed",
    "project": "judgement of the labcheck project",
}
"""How far a source was checked, for people."""

_COLUMNS = (
    *("analyte", "set", "name", "year", "unit", "category", "label", "range", "printed"),
    *("population", "remark", "source", "checked"),
)


class Row(NamedTuple):
    """One row of the picture: the zones of a set, or a text under them."""

    label: str
    zones: bar.Zones = ()
    text: str = ""


def picture(analyte: Analyte, width: int, glyphs: bar.Glyphs) -> Iterator[Row]:
    """Draw all sets to scale on one axis, each with its limits as printed, between an axis for each unit."""
    sets = {id: canonical_bands(one, analyte) for id, one in analyte.range_sets.items()}
    limits = [limit for bands in sets.values() for limit in _limits(bands)]
    end = max(limits, default=Decimal(1)) * Decimal("1.2")
    canonical, *others = units_of(analyte).values()
    yield Row(canonical.code, text=bar.ticks(end, width))
    for id, bands in sets.items():
        yield Row(id, bar.zones(bands, end, width, glyphs))
        for scale in analyte.range_sets[id].scales:
            printed = _limits(scale.bands)
            by = factor(read_unit(scale.unit), canonical, analyte.molar_mass)
            places = [limit * by for limit in printed]
            for text in _with_unit(bar.limits_under(places, printed, end, width), scale.unit):
                yield Row("", text=text)
    for unit in others:
        by = factor(unit, canonical, analyte.molar_mass)
        yield Row(unit.code, text=bar.ticks(end / by, width))
    categories = sorted({band.category for bands in sets.values() for band in bands}, key=[*Category].index)
    legend = [f"{glyphs.zones[category]} {category}" for category in categories]
    yield Row("", text=("  " if len("  ".join(legend)) <= width else " ").join(legend))


def _with_unit(row: str, unit: str) -> tuple[str, ...]:
    """Write the unit behind the numbers or, where there is no room, in front of them, or else under them."""
    behind = f"{row.rstrip()}  {unit}"
    if len(behind) <= len(row):
        return (behind.ljust(len(row)),)
    if row[: len(unit) + 1].strip():
        return row, unit.rjust(len(row))
    return (unit + row[len(unit) :],)


def _limits(bands: Sequence[Band]) -> list[Decimal]:
    return [band.interval.high for band in bands if band.interval.high]


def units_of(analyte: Analyte) -> Mapping[QuantityKind, Unit]:
    """Return the canonical unit, and the first unit of the other kind that a set is printed in."""
    units = {(unit := read_unit(analyte.unit)).kind: unit}
    for range_set in analyte.range_sets.values():
        for scale in range_set.scales:
            units.setdefault(scale.kind, read_unit(scale.unit))
    return units


def scale_in(kind: QuantityKind, range_set: RangeSet, analyte: Analyte) -> tuple[Scale, bool]:
    """Return the set's scale of that kind, and whether it was printed; else its first one is converted."""
    for scale in range_set.scales:
        if scale.kind == kind:
            return scale, True
    unit = units_of(analyte)[kind]
    by = factor(read_unit(range_set.unit), unit, analyte.molar_mass)
    bands = (band._replace(interval=band.interval.scaled(by)) for band in range_set.bands)
    return Scale(unit.code, kind, tuple(bands)), False


def as_csv(analytes: Sequence[Analyte]) -> str:
    """Return a header and a row for each band in each printed unit."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_rows(analytes))
    return text.getvalue()


def _rows(analytes: Sequence[Analyte]) -> Iterator[tuple[str, ...]]:
    for analyte in analytes:
        for one in analyte.range_sets.values():
            for scale in one.scales:
                for band in scale.bands:
                    yield (
                        *(analyte.id, one.id, one.name, str(one.year or ""), scale.unit),
                        *(band.category, band.label or "", str(band.interval), band.printed or ""),
                        *(one.population or "", one.remark or "", one.source.citation, one.source.checked),
                    )


def as_markdown(analytes: Sequence[Analyte], defaults: Mapping[str, str]) -> str:
    """Return a section for each set, with a table of its bands; `defaults` has a set's id by analyte."""
    return "\n".join(_lines(analytes, defaults)) + "\n"


def _lines(analytes: Sequence[Analyte], defaults: Mapping[str, str]) -> Iterator[str]:
    for analyte in analytes:
        yield f"## {markdown.plain(analyte.name)}\n"
        for id, one in analyte.range_sets.items():
            yield f"### {markdown.plain(f'{named(one)} ({marked(id, analyte, defaults)})')}\n"
            yield f"| {' | '.join(scale.unit for scale in one.scales)} | |"
            yield f"|{'---|' * (len(one.scales) + 1)}"
            for bands in zip(*(scale.bands for scale in one.scales), strict=True):
                cells = [*(str(band.interval) for band in bands), words_of(bands[0])]
                yield f"| {' | '.join(map(markdown.plain, cells))} |"
            yield f"\n{markdown.plain(provenance(one))}\n"


def marked(id: str, analyte: Analyte, defaults: Mapping[str, str]) -> str:
    """Return a set's id, and whether it is the one that is used where no other is asked for."""
    default = defaults[analyte.id]
    if default == REPORTED and id == analyte.default_range.id:
        return f"{id}, the default where a report brings no range"
    return f"{id}, the default" if id == default else id


def words_of(band: Band) -> str:
    """Return a band's category, its source's word for it, and what is printed where that differs."""
    label = f": {band.label}" if band.label else ""
    return f"{band.category}{label}{f' (printed: {band.printed})' if band.printed else ''}"


def provenance(range_set: RangeSet) -> str:
    """Return where a set is from, how far that was checked, and what has to be said of it."""
    source = f"{range_set.source.citation}; {CHECKED[range_set.source.checked]}."
    return f"{source} {range_set.remark}" if range_set.remark else source


def as_json(analytes: Sequence[Analyte], defaults: Mapping[str, str]) -> str:
    """Return all sets as one JSON document; `defaults` has a set's id by analyte."""
    found = [_analyte(analyte, defaults[analyte.id]) for analyte in analytes]
    return json.written({"schema": json.SCHEMA, "analytes": found})


def _analyte(analyte: Analyte, default: str) -> json.Value:
    return {
        "id": analyte.id,
        "name": analyte.name,
        "default": default,
        "range_sets": [_set(range_set) for range_set in analyte.range_sets.values()],
    }


def _set(one: RangeSet) -> json.Value:
    return {
        "set": one.id,
        "name": one.name,
        "year": None if one.year is None else Decimal(one.year),
        "population": one.population,
        "remark": one.remark,
        "source": one.source.citation,
        "checked": one.source.checked,
        "scales": [
            {"unit": scale.unit, "bands": [_band(band) for band in scale.bands]} for scale in one.scales
        ],
    }


def _band(band: Band) -> json.Value:
    return {
        "category": band.category,
        "label": band.label,
        "text": str(band.interval),
        "low": band.interval.low,
        "high": band.interval.high,
        "printed": band.printed,
    }
