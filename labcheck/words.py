"""A name -> its words that say something, whatever their order, in one spelling."""

import re
from collections.abc import Mapping

from labcheck.wording import folded

Words = frozenset[str]

SAY_NOTHING = frozenset({
    *("total", "tot", "gesamt", "serum", "plasma", "ser", "plas", "s", "p", "suero", "siero"),
    *("level", "levels", "lvl", "concentration", "quant", "quantitative", "ia"),
    *("value", "result", "results", "spiegel", "in", "of", "en"),
})  # fmt: skip
"""Words that add nothing to a test's name."""

EVERYWHERE = {
    "vit": "vitamin",
    "vitamine": "vitamin",
    "vitamina": "vitamin",
    "witamina": "vitamin",
    "vitamini": "vitamin",
    "vitamiini": "vitamin",
    "harn": "urine",
    "urin": "urine",
    "orina": "urine",
}
"""Spellings that are one in the name of any test; an analyte has its own, and specimens have theirs."""


def words_of(name: str, words: Mapping[str, str]) -> Words:
    """Return the words of a name that say something, letters and digits apart, in `words`' spelling."""
    return frozenset(in_order(name, words)) - SAY_NOTHING


def in_order(name: str, words: Mapping[str, str]) -> list[str]:
    """Return all words of a name in their order, letters and digits apart, in `words`' spelling."""
    # Two hydroxy groups, whatever else is written.
    plain = re.sub(r"\(oh\)\s*2(?!\d)", " 1 oh ", folded(name))
    plain = re.sub(r"^[\W_]*b[\W_]+(?=[bv])", "blood ", plain)  # B- is blood, as S- is serum,
    plain = re.sub(r"(?<=\d)[\W_]+b[\W_]*$", " blood", plain)  # and so is a B behind `B12`
    known = {**EVERYWHERE, **words}
    found = (known.get(word, word).split() for word in re.findall(r"[^\W\d_]+|\d+", plain))
    return [word for several in found for word in several]
