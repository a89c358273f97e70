"""The range bar, as rows of characters: zones to scale, the value on them, the limits under them.

Pure text; terminal paints it. The zones differ by their characters too, so that colour is never needed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from itertools import accumulate, groupby, pairwise
from operator import itemgetter

from labcheck.classify import bands_met, classify
from labcheck.model import Band, Category, Interval, Quantity


@dataclass(frozen=True)
class Glyphs:
    """The characters of a bar, for a terminal that can show them or for one that has ASCII alone."""

    zones: dict[Category, str]
    mark: str
    left: str
    right: str
    line: str
    stop: str
    edge: str


UNICODE = Glyphs(
    {Category.LOW: "░", Category.NORMAL: "█", Category.HIGH: "▒", Category.INDETERMINATE: "╱"},
    mark="▼",
    left="◀",
    right="▶",
    line="─",
    stop="┃",
    edge="┊",
)
ASCII = Glyphs(
    {Category.LOW: ".", Category.NORMAL: "#", Category.HIGH: ":", Category.INDETERMINATE: "/"},
    mark="v",
    left="<",
    right=">",
    line="-",
    stop="|",
    edge="|",
)


Zones = tuple[tuple[Category, str], ...]
"""A row of zones from left to right: the category of each, and its characters."""


@dataclass(frozen=True)
class Bar:
    """Rows of equal width: the value's mark, the zones, their names and limits.

    `legend` is one row where names and limits have room beside each other, else two.
    """

    mark: str
    zones: Zones
    legend: tuple[str, ...]


def draw(quantity: Quantity, label: str, bands: Sequence[Band], width: int, glyphs: Glyphs) -> Bar:
    """Draw `quantity` against `bands`, both in one unit, on an axis from 0.

    The axis ends at one and a half times the last limit, or behind a value that is larger; a value more than
    four times that limit is an arrow at the edge. `label` stands beside the mark.
    """
    limits = [band.interval.high for band in bands if band.interval.high]
    end = _axis(quantity.value, limits)
    at = _column(quantity.value, end, width)
    mark = _mark(quantity, label, at, quantity.value > end, width, glyphs)
    return Bar(mark, *named_zones(bands, end, width, glyphs))


def named_zones(
    bands: Sequence[Band], end: Decimal, width: int, glyphs: Glyphs
) -> tuple[Zones, tuple[str, ...]]:
    """Draw bands to scale from 0 to `end`; return the zones, and their names and limits as a Bar's legend."""
    limits = [band.interval.high for band in bands if band.interval.high and band.interval.high <= end]
    cells = [classify(_cell(i, end, width), bands)[0] for i in range(width)]
    runs = [(category, len(list(run))) for category, run in groupby(cells)]
    starts = accumulate((length for _, length in runs), initial=0)
    middles = [
        (start + length / 2, str(category)) for start, (category, length) in zip(starts, runs, strict=False)
    ]
    drawn = tuple((category, glyphs.zones[category] * length) for category, length in runs)
    return drawn, _merged(_placed(middles, width), limits_under(limits, limits, end, width))


def zones(bands: Sequence[Band], end: Decimal, width: int, glyphs: Glyphs) -> Zones:
    """Draw bands to scale from 0 to `end`, with an edge where one meets another of its category."""
    cells = [bands_met(_cell(i, end, width), bands)[0] for i in range(width)]
    edges = [False, *(a != b and a.category == b.category for a, b in pairwise(cells))]
    characters = [
        (band.category, glyphs.edge if edge else glyphs.zones[band.category])
        for band, edge in zip(cells, edges, strict=True)
    ]
    runs = groupby(characters, key=itemgetter(0))
    return tuple((category, "".join(character for _, character in run)) for category, run in runs)


def limits_under(limits: Sequence[Decimal], printed: Sequence[Decimal], end: Decimal, width: int) -> str:
    """Write what is `printed` for each limit under its place on an axis from 0 to `end`."""
    places = [_column(limit, end, width) for limit in limits]
    return _placed(zip(places, map(_short, printed), strict=True), width)


def ticks(end: Decimal, width: int) -> str:
    """Write round numbers along an axis from 0 to `end`, at most one in eight columns, long ones in more."""
    least = end * max(8, 4 - (end * 8 / width).adjusted()) / width
    power = Decimal(1).scaleb(least.adjusted())
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= least)
    numbers = [step * i for i in range(int(end / step) + 1)]
    return limits_under(numbers, numbers, end, width)


def _column(number: Decimal, end: Decimal, width: int) -> int:
    return min(int(number / end * width), width - 1)


def _short(limit: Decimal) -> str:
    """Write a limit with four digits, which a bar cannot show finer than."""
    return f"{Context(prec=4).plus(limit).normalize():f}"


def _axis(value: Decimal, limits: Sequence[Decimal]) -> Decimal:
    usual = (limits[-1] if limits else value) * Decimal("1.5")
    if not limits:
        return usual
    return value * Decimal("1.2") if usual < value * Decimal("1.1") <= limits[-1] * 4 else usual


def _cell(number: int, end: Decimal, width: int) -> Interval:
    middle = (Decimal(number) + Decimal("0.5")) / width * end
    return Interval(middle, middle)


def _mark(quantity: Quantity, label: str, at: int, beyond: bool, width: int, glyphs: Glyphs) -> str:
    """Return the row above the zones: a mark for a value, an arrow along what a censored one can be."""
    comparator = quantity.comparator or ""
    if beyond and "<" not in comparator:
        start, sign = width - 1, glyphs.right
    elif "<" in comparator:
        start, sign = 0, glyphs.left + glyphs.line * (at - 1) + glyphs.stop
    elif ">" in comparator:
        start, sign = at, glyphs.stop + glyphs.line * (width - at - 2) + glyphs.right
    else:
        start, sign = at, glyphs.mark
    end = start + len(sign)
    if end + 1 + len(label) <= width:
        return f"{' ' * start}{sign} {label}".ljust(width)
    if "<" in comparator:  # the arrow fills the row: write the label into it
        return f"{sign[:2]} {label} {sign[4 + len(label) :]}"[:width].ljust(width)
    return f"{label} {sign}".rjust(end)[:width].ljust(width)


def _placed(labels: Iterable[tuple[float, str]], width: int) -> str:
    """Write each label around its column, moved where two would touch, left out where none fits."""
    row = ""
    for middle, label in labels:
        start = min(max(round(middle - len(label) / 2), 0), width - len(label))
        if row:
            start = max(start, len(row) + 1)
        if start + len(label) <= width:
            row = row.ljust(start) + label
    return row.ljust(width)


def _merged(names: str, limits: str) -> tuple[str, ...]:
    """Return the two rows as one where no name comes nearer than a blank to a limit."""
    near = (f" {limits} "[i : i + 3] for i in range(len(names)))
    if any(name != " " and around.strip() for name, around in zip(names, near, strict=True)):
        return names, limits
    return ("".join(max(pair) for pair in zip(names, limits, strict=True)),)
