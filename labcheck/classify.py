"""An interval against bands.

A measurement is an interval, and has a category only if all of it lies in bands of that one category.
Pure: no text, no units (both sides are in the same one), no I/O.
"""

from collections.abc import Iterable

from labcheck.model import Band, Category, Interval, categories_of


def classify(interval: Interval, bands: Iterable[Band]) -> tuple[Category, ...]:
    """Return the categories that `interval` can have, once each, from low to high; one means certainty."""
    return categories_of(bands_met(interval, bands))


def bands_met(interval: Interval, bands: Iterable[Band]) -> tuple[Band, ...]:
    """Return the bands that something in `interval` can lie in."""
    return tuple(band for band in bands if band.interval.meets(interval))
