"""A histogram of many results across a range, as rows of characters; pure text, terminal paints it.

The columns stand on the same axis as the zones of the range under them, from 0 to scale. What lies beyond its
end is counted, not drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

from labcheck.model import Band
from labcheck.reports import bar

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ASCII = " .:|"


@dataclass(frozen=True)
class Histogram:
    """Rows from top to bottom, each of equal width, then the zones under them and their legend, as in a Bar.

    `beyond` is the number of results above the end of the axis, `end`.
    """

    rows: tuple[str, ...]
    zones: bar.Zones
    legend: tuple[str, ...]
    beyond: int
    end: Decimal


_STEPS = tuple(map(Decimal, ("1", "1.2", "1.5", "2", "2.5", "3", "4", "5", "6", "8")))


def draw(
    bins: Mapping[int, int],
    bin_width: Decimal,
    bands: Sequence[Band],
    width: int,
    height: int,
    glyphs: bar.Glyphs,
) -> Histogram:
    """Draw how many results lie where: `bins` are counts by number, each `bin_width` of the bands' unit wide.

    The axis ends behind the last limit or behind 99.5 % of the results, whichever is further. Each column
    is a round number of bins wide, so that none shows more for holding one more step of the usual rounding,
    and begins at a limit where that can be.
    """
    limits = [band.interval.high for band in bands if band.interval.high]
    ends = [(_most(bins) + 1) * bin_width, *(limit * Decimal("1.25") for limit in limits)]
    needed = max(ends) / width
    fitting = _steps(needed, bin_width)
    step = next((step for step in fitting if not any(limit % step for limit in limits)), fitting[0])
    columns = [0] * width
    beyond = 0
    for number, results in bins.items():
        at = int(number * bin_width / step)
        if at < width:
            columns[at] += results
        else:
            beyond += results
    end = step * width
    steps = _ASCII if glyphs is bar.ASCII else _EIGHTHS
    return Histogram(
        _stacked(columns, height, steps), *bar.named_zones(bands, end, width, glyphs), beyond, end
    )


def _steps(needed: Decimal, bin_width: Decimal) -> list[Decimal]:
    """Return the round widths of a column, in whole bins, from what is `needed` to about twice that."""
    powers = range(bin_width.adjusted(), needed.adjusted() + 2)
    steps = [step.scaleb(power) for power in powers for step in _STEPS]
    fitting = [step for step in steps if step >= needed and not step % bin_width]
    return [step for step in fitting if step <= max(2 * needed, fitting[0])]


def _most(bins: Mapping[int, int]) -> int:
    """Return the bin up to which 99.5 % of the results lie."""
    numbers = sorted(bins)
    reached = accumulate(bins[number] for number in numbers)
    total = sum(bins.values())
    return next(number for number, seen in zip(numbers, reached, strict=True) if seen * 200 >= total * 199)


def _stacked(columns: Sequence[int], height: int, steps: str) -> tuple[str, ...]:
    """Write columns from top to bottom; whatever is not empty shows at least the lowest step."""
    parts = len(steps) - 1
    tallest = max(*columns, 1)
    filled = [max(round(count / tallest * height * parts), 1) if count else 0 for count in columns]
    return tuple(
        "".join(steps[min(max(level - row * parts, 0), parts)] for level in filled)
        for row in reversed(range(height))
    )
