"""What two analytes cannot both have: a name or a LOINC code by which a result would be taken for the other.

A test that one refuses may well be another's own: what is mistaken for vitamin D can be an analyte itself.
"""

from collections.abc import Iterator

from labcheck.model import Analyte
from labcheck.wording import quote
from labcheck.words import words_of


def find_clash(analyte: Analyte, other: Analyte) -> str | None:
    """Return the first key of `analyte` that takes what `other` has, and what it is; None where none does.

    Names are compared as documents' are: by their words, in the spelling of either of the two.
    """
    ours, theirs = _accepted(analyte), _accepted(other)
    for key, name in _names(analyte):
        if _spelled(name, analyte, other) & theirs:
            return f"{key}: {quote(name)} is a name of {other.id} already"
    for _, name in _names(other):
        if _spelled(name, analyte, other) & ours:
            return f"names.words: {quote(name)}, a name of {other.id}, would be read as {analyte.id}"
    codes = {loinc.code for loinc in other.loinc if not loinc.refused}
    for number, loinc in enumerate(analyte.loinc, start=1):
        if loinc.code in codes and not loinc.refused:
            return f"loinc[{number}].code: {loinc.code} is a code of {other.id} already"
    return None


def _names(analyte: Analyte) -> Iterator[tuple[str, str]]:
    """Yield the names that are accepted, each with the key that it stands under."""
    yield "id", analyte.id
    yield "name", analyte.name
    for name in analyte.names.accepted:
        yield "names.accepted", name
    for name in analyte.names.doubtful:
        yield "names.doubtful", name


def _accepted(analyte: Analyte) -> set[frozenset[str]]:
    return {words_of(name, analyte.names.words) for _, name in _names(analyte)} - {frozenset()}


def _spelled(name: str, *analytes: Analyte) -> set[frozenset[str]]:
    return {words_of(name, analyte.names.words) for analyte in analytes}
