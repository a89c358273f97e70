"""Interpretations -> what a person or a program reads: a file for each output format, and for each picture.

Each format takes the outcomes in order: an `Interpretation`, or the `Refusal` of a result that cannot be
interpreted. Only terminal imports rich.
"""

from labcheck.model import Category, Interpretation, RangeSet, Standing
from labcheck.ranges import other_ranges

DISCLAIMER = (
    "No diagnosis: this sets a number beside a range. Your laboratory's own range and your clinician come "
    "first. Start, stop or change nothing because of this."
)
"""Stands at the end of everything that a person reads."""


def named(range_set: RangeSet) -> str:
    """Return what a range set is called, with its year and whom it is for."""
    if range_set.source.checked == "user":
        return range_set.name
    dated = f"{range_set.name} {range_set.year}" if range_set.year else f"{range_set.name}, undated"
    return f"{dated}, {range_set.population}" if range_set.population else dated


def cited(range_set: RangeSet) -> str:
    """Return where a range set is from, and what has to be said of it, in sentences.

    Its name comes first where the citation does not say it already.
    """
    citation = range_set.source.citation
    if not all(word.rstrip(".") in citation.lower() for word in range_set.name.lower().split()):
        citation = f"{range_set.name}: {citation}"
    dated = "" if range_set.source.checked == "user" else f", {range_set.year or 'undated'}"
    people = f" For {range_set.population}." if range_set.population else ""
    return f"{citation}{dated}.{people} {range_set.remark or ''}".strip()


def bands_of(range_set: RangeSet) -> str:
    """Return all bands of the first scale, in the source's own words."""
    bands = (
        f"{band.interval} {band.word}{f' (printed: {band.printed})' if band.printed else ''}"
        for band in range_set.bands
    )
    return f"{', '.join(bands)} ({range_set.unit})"


def compared(judged: Interpretation) -> list[tuple[Standing, str]]:
    """Return where a result stands by each other set, and that as words.

    Where one set calls it high, it is said of those that cannot.
    """
    others = other_ranges(judged)
    high = any(Category.HIGH in standing.categories for standing in (judged.standing, *others))
    return [
        (
            standing,
            f"{verdict(standing)} (no upper limit)" if high and _open(standing) else verdict(standing),
        )
        for standing in others
    ]


def _open(standing: Standing) -> bool:
    return Category.NORMAL in standing.categories and standing.range.normal.high is None


def verdict(standing: Standing) -> str:
    """Return the category, and the source's own words for it or, where it can be several, which."""
    words = " or ".join(standing.possible) or standing.label
    return standing.category if words == standing.category else f"{standing.category}: {words}"
