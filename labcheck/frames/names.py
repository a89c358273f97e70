r"""The names of tests as regular expressions that every engine reads alike, on text in lower case.

An engine cannot take a name to its words as `identify.py` does, so each name of the catalogue becomes a
pattern: its words in the order of the catalogue or turned round (`Vitamin D, 25-OH`), in any of their
spellings, with signs between them and with words around them that say nothing (`serum`). What else could
still be a name of ours, because every word of it is one that our names have, is told apart as well: only the
careful reader knows. All other names are surely not covered.

The patterns use no look-around, no back-reference and no `\w`: RE2 and Rust have none of the former, and the
engines do not agree on the latter.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from labcheck.catalogue import Catalogue
from labcheck.dates import MONTHS
from labcheck.errors import WrongAnalyte
from labcheck.identify import (
    CAST_DOUBT,
    CONTRADICT,
    DASHES,
    METHOD,
    PROPERTY,
    SAYS_MORE,
)
from labcheck.model import REFUSED, Analyte
from labcheck.words import EVERYWHERE, SAY_NOTHING, in_order

_SIGN = r"[ ,.;()\[\]_+-]"
OTHER = r"[^\x00-\x0a\x0c-\x1b -\x7f]"
"""What is beyond ASCII, and the few blanks in it that the engines do not agree on."""

_SEPARATOR = r"[\x00-\x0a\x0c-\x1b -`{-\x7f]"
"""All else but letters in lower case."""
_NOTHING = "^$."
_PART = 40
"""So many names go into one pattern; RE2 takes thirty times as long for one beyond its memory."""
_WITH_OTHER = rf"[a-z0-9]*{OTHER}(?:{OTHER}|[a-z0-9])*"


class NamePatterns(NamedTuple):
    """Patterns for a name in lower case: by analyte, of other tests, of what only the core knows.

    `verbatim` has the analytes of accepted names as they stand in the catalogue, which need no pattern;
    `doubtful` are those of the `accepted` names that are noted, and `doubtful_verbatim` likewise. `codes` are
    what LOINC codes mean, of which `doubtful_codes` do not settle a doubtful name. What is `dated` can be
    what a spreadsheet made of a code, or a code that is spelled in an unusual way. A `foreign` name has a
    letter or a blank that not all engines take as Python does, among words that could be ours. What LOINC
    says behind a name, a `property`, is taken off before the others. `says_more` has a sign that no name of
    ours has, unless it is part of a method's name.
    With a word of `contradicts` a name may contradict a code; one that is `another` has no other words.
    """

    verbatim: Mapping[str, str]
    doubtful_verbatim: frozenset[str]
    accepted: Mapping[str, str]
    doubtful: str
    refused: Sequence[str]
    unsure: str
    foreign: str
    codes: Mapping[str, str]
    doubtful_codes: frozenset[str]
    dated: str
    property: str
    says_more: str
    method: str
    contradicts: str
    another: str


@lru_cache(4)
def name_patterns(catalogue: Catalogue) -> NamePatterns:
    """Compile the names of all analytes; each pattern matches only what the identifier says the same of."""
    analytes = [catalogue[id] for id in catalogue.ids]
    verbatim: dict[str, str] = {}
    doubtful_verbatim: set[str] = set()
    accepted: dict[str, str] = {}
    doubtful: list[str] = []
    refused: list[str] = []
    for analyte in analytes:
        names = analyte.names
        for name in (*analyte.sure_names, *names.doubtful):
            lower = name.lower()
            if (meant := _meant(lower, catalogue)) and meant[0] == analyte.id:
                verbatim[lower] = analyte.id
                doubtful_verbatim.update([lower] if meant[1] else [])
        doubted = list(_patterns(names.doubtful, analyte, catalogue, (analyte.id, True)))
        sure = _patterns(analyte.sure_names, analyte, catalogue, (analyte.id, False))
        accepted[analyte.id] = _any([*sure, *doubted])
        doubtful += doubted
        refused += dict.fromkeys(_patterns(names.refused, analyte, catalogue, None))
    unsure, foreign = _of_our_words(analytes)
    codes = catalogue.identifier.codes
    return NamePatterns(
        verbatim=verbatim,
        doubtful_verbatim=frozenset(doubtful_verbatim),
        accepted=accepted,
        doubtful=_any(doubtful) if doubtful else _NOTHING,
        refused=[_any(refused[start : start + _PART]) for start in range(0, len(refused), _PART)],
        unsure=unsure,
        foreign=foreign,
        codes={code: REFUSED if one.refused else of.id for code, (of, one) in codes.items()},
        doubtful_codes=frozenset(code for code, (_, one) in codes.items() if one.doubtful),
        dated=rf"^{_date()}|^(?:{_unusual_code()})$",
        property=PROPERTY,
        says_more=SAYS_MORE,
        method=_words_in(METHOD),
        contradicts=_contradicting(analytes),
        another=_another(analytes),
    )


def _of_our_words(analytes: Sequence[Analyte]) -> tuple[str, str]:
    """Match names of which every word is one that ours have, and those of them with a letter beyond ASCII.

    `25 oh d vitamin total` is one, `vitamin d binding protein` is none; one with an unusual dash is of the
    latter.
    """
    known = "|".join(sorted(_vocabulary(analytes)))
    methods, properties = _words_in(METHOD), _words_in(PROPERTY)
    token = rf"(?:{known}|(?:{methods})+|{_WITH_OTHER})(?:{_SEPARATOR}+|$)"
    part = rf"(?:{known}|(?:{methods})+|{properties}|{_WITH_OTHER})"
    return (
        rf"^{_SEPARATOR}*(?:{token})+$",
        rf"^{_SEPARATOR}*(?:{part}{_SEPARATOR}+)*{_WITH_OTHER}(?:{_SEPARATOR}+{part})*{_SEPARATOR}*$",
    )


def _date() -> str:
    """Match what a spreadsheet can make of a code: `mar-89`, `1.3.1989 00:00`."""
    part = rf"(?:{'|'.join(MONTHS)}|de|[0-9]+|{_WITH_OTHER})"
    midnight = rf"[t ]+(?:00:00|12:00)|[t0-9:. ]*{OTHER}"
    return rf"(?:{part}[-./ ]+){{1,5}}{part}\.?(?:$|{midnight})"


def _unusual_code() -> str:
    """Match a LOINC code with more around or inside of it than its digits: `loinc: 1989-3`, `1989 - 3`."""
    around, odd = r"(?:loinc|\^ln|[\s:])*", rf"(?:[loinc^\s:]|{OTHER}){{0,20}}"
    dash = f"[-{DASHES}]"
    code = rf"[0-9](?:[0-9\s:]|{OTHER})*{dash}(?:[\s:]|{OTHER})*[0-9]"
    return rf"{around}{code}{around}|{odd}{OTHER}{odd}{code}{odd}|{odd}{code}{odd}{OTHER}{odd}"


def _contradicting(analytes: Sequence[Analyte]) -> str:
    """Match names that can have a word of another test or specimen (`in urine`); the core knows which do."""
    others = {
        word for one in analytes for name in one.names.refused for word in in_order(name, one.names.words)
    }
    against = {word for analyte in analytes for word in _spellings(CONTRADICT | others, analyte)}
    letters = "|".join(sorted(word for word in against if word.isalpha()))
    digits = "|".join(sorted(word for word in CONTRADICT if word.isdigit()))
    return (
        rf"(?:^|[^a-z])(?:{letters})(?:[^a-z]|$)|(?:^|[^0-9])(?:{digits})(?:[^0-9]|$)"
        rf"|\(oh\)|^{_SEPARATOR}*b{_SEPARATOR}|{OTHER}"
    )


def _another(analytes: Sequence[Analyte]) -> str:
    """Match what can be words of other tests and specimens, and nothing else; the core knows which are."""
    words = {word for analyte in analytes for word in _spellings(CAST_DOUBT, analyte) if word.isalpha()}
    return rf"^[^a-z]*(?:(?:{'|'.join(sorted(words))})[^a-z]*)+$"


def _words_in(pattern: str) -> str:
    """Match one of the words that a pattern has."""
    written = re.sub(r"\\[a-z]", " ", pattern)
    return "|".join(dict.fromkeys(re.findall(r"(?:\[ms\])?[a-z]{2,}", written)))


def _any(patterns: Iterable[str]) -> str:
    """Match one of the patterns with nothing but signs and words that say nothing around it."""
    nothing = "|".join(sorted(SAY_NOTHING))
    either = "|".join(dict.fromkeys(patterns))
    return rf"^{_SIGN}*(?:(?:{nothing}){_SIGN}+)*(?:{either})(?:{_SIGN}+(?:{nothing}))*{_SIGN}*$"


def _patterns(
    names: Iterable[str], analyte: Analyte, catalogue: Catalogue, expected: tuple[str, bool] | None
) -> Iterator[str]:
    for name in names:
        words = [word for word in in_order(name, analyte.names.words) if word not in SAY_NOTHING]
        for start in range(len(words)):
            turned = [*words[start:], *words[:start]]
            if _meant(" ".join(turned), catalogue) == expected:
                yield _sequence(turned, analyte, two_groups="1" in turned)


def _meant(name: str, catalogue: Catalogue) -> tuple[str, bool] | None:
    """Return the analyte of that name ('' for none) and whether it is doubtful; None for another test."""
    try:
        found = catalogue.identifier.identify(name, None)
    except WrongAnalyte:
        return None
    return (found.analyte.id, found.doubt is not None) if found else ("", False)


def _sequence(words: Sequence[str], analyte: Analyte, *, two_groups: bool, behind: str = "") -> str:
    """Match words in this order, each alone or several by one of their spellings (`hydroxyvitamin`).

    Where there are `two_groups`, `(OH)2` may stand for the second one, and it stands for nothing else.
    `behind` is how the word in front ends: between letters and digits there need be no sign.
    """
    if not words:
        return ""
    known = {**EVERYWHERE, **analyte.names.words}
    ways: dict[tuple[str, str], list[str]] = {}
    for count in range(1, len(words) + 1):
        spelled = [spelling for spelling, stands in known.items() if stands.split() == list(words[:count])]
        spelled += words[:count] if count == 1 else []
        rests: dict[str, str] = {}
        for spelling in spelled:
            if (end := _end(spelling)) not in rests:
                rests[end] = _sequence(words[count:], analyte, two_groups=two_groups, behind=end)
            ways.setdefault((_apart(behind, spelling), rests[end]), []).append(spelling)
    either = [f"{apart}(?:{'|'.join(spelled)}){rest}" for (apart, rest), spelled in ways.items()]
    if two_groups and words[0] == "oh":
        rest = _sequence(words[1:], analyte, two_groups=two_groups, behind="2")
        either.append(rf"{_apart(behind, 'oh')}\(oh\) *2{rest}")
    return either[0] if len(either) == 1 else f"(?:{'|'.join(either)})"


def _end(spelling: str) -> str:
    """Return what of a spelling settles what may stand behind it."""
    return spelling if spelling == "oh" else "2" if spelling[-1].isdigit() else "d"


def _apart(behind: str, spelling: str) -> str:
    """Match what may stand between an end and a spelling; `(oh)2` is something else than `oh` and `2`."""
    if not behind:
        return ""
    sign = _SIGN.replace(")", "") if behind == "oh" and spelling == "2" else _SIGN
    return sign + ("*" if behind[-1].isdigit() != spelling[0].isdigit() else "+")


def _spellings(words: Iterable[str], analyte: Analyte) -> Iterator[str]:
    """Yield the words, and whatever stands for one of them among others."""
    wanted = set(words)
    yield from wanted
    for spelling, stands in {**EVERYWHERE, **analyte.names.words}.items():
        if wanted.intersection(stands.split()):
            yield spelling


def _vocabulary(analytes: Iterable[Analyte]) -> set[str]:
    """Return every run of letters that a name which is accepted or refused can have."""
    words = {*SAY_NOTHING, *EVERYWHERE}
    for analyte in analytes:
        words.update(analyte.names.words)
        for name in (*analyte.sure_names, *analyte.names.doubtful, *analyte.names.refused):
            words.update(in_order(name, analyte.names.words))
    return {word for word in words if re.fullmatch("[a-z]+", word)}
