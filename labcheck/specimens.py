"""What was examined, as a document says it beside a test's name: blood, something else, or not understood."""

import re
from collections.abc import Mapping

from labcheck.errors import WrongAnalyte
from labcheck.model import Analyte, Note
from labcheck.reading import is_blank
from labcheck.wording import folded, quote
from labcheck.words import EVERYWHERE, Words, words_of

OTHER_SPECIMENS = frozenset((
    *("urine", "csf", "liquor", "spinal", "fluid", "saliva", "stool", "hair", "milk", "tissue", "marrow"),
    "cells",
))  # fmt: skip
"""Specimens other than blood, as which serum and plasma are drawn."""

_SPECIMENS = {
    other: specimen
    for specimen, others in {
        "urine": "u ur urn urines urina urinas sammelurin spontanurin morgenurin urinprobe urinrohrchen "
        "mocz moczu moc virtsa idrar randu umed urc",
        "stool": "stuhl stl selles feces faeces heces fezes kal fec stuhlprobe stuhlrohrchen",
        "saliva": "speichel salive slina sputum sal spt speichelprobe",
        "cells": "rbc rbcs erythrocytes erythrocyte erythrozyten eritrocitos hematies leukocytes lymphocytes",
        "hair": "haare cheveux nail nails nagel har haarprobe",
        "milk": "muttermilch bmk",
        "tissue": "gewebe biopsy biopsie semen seminal smn sperma ejakulat tiss",
        "quality": "qc calibrator kalibrator blank leerwert",
        "fluid": "fruchtwasser synovial pleura pleural ascites punktat tranenflussigkeit aspirate "
        "fld amn plr prt snv",
        "csf": "likwor lcr",
        "marrow": "knochenmark bonem",
        "dried": "dbs trockenblut trockenblutkarte droogbloed spot spots bloodspot seche seco",
    }.items()
    for other in others.split()
}
"""Other words for these, in a text that names a specimen and nothing else."""

_NO_SPECIMENS_OF_OURS = OTHER_SPECIMENS | {"dried", "quality"}
"""Dried blood has its cells in it. Other whole blood is what many call the tube that serum is made from.

A quality control is nobody's.
"""

_DAMAGED = r"h(?:a|ae|e)?moly[tsz]\w*|hemoli[sz]\w*|emolizz\w*|lip(?:a|ae|e)?mi\w*|[ei][ck]ter\w*"
_IN_ORDER = (
    rf"\b(?:no|non|not|nicht|keine?|sans|without|ohne)[\s-]+(?:{_DAMAGED})"
    rf"|(?:{_DAMAGED})\s*[:=]\s*(?:no|none|nein|nil|neg\w*|absent|0)\b"
)
"""What says that a specimen is not damaged in such a way."""

_UNFIT = (
    r"\b(?:unsatisfactory|unavailable|error|reject\w*|cancel\w*|storniert|annule\w*|annullat\w*|anulad\w*)\b"
    rf"|\b(?:qns|insufficient|insufi\w*|insuffi\w*|not sufficient|too old|not received)\b|{_DAMAGED}"
    r"|\b(?:contaminat\w*|kontaminiert|leak\w*|broken|spilled|expired|mislabel\w*|unlabel\w*|missing)\b"
    r"|\b(?:dog|canine|cat|feline|mouse|murine|rat|bovine|calf|horse|equine|rabbit|pig|porcine|monkey|animal)\b"
    r"|\b(?:spiked|eqa|proficiency|ringversuch|pooled|ultrafiltrate|dialysate|wrong tube|wrong specimen)\b"
    r"|\bno (?:sample|specimen|serum|plasma|blood)\b|\bkein\b|\bfehlt\b"
)
"""What in a text for a specimen says that it is not to be used, or that there is none."""

_OTHER = _NO_SPECIMENS_OF_OURS - {"quality"}
_OTHERS = {word: specimen for word, specimen in _SPECIMENS.items() if len(word) > len("ur")}

_CONTROL = frozenset(("control", "kontrolle"))
"""A control of the assay, or a person in a study."""

_UNMISTAKABLE = frozenset(("urine", "csf", "liquor", "stool", "saliva"))
_BESIDE = frozenset((
    *("24", "12", "24h", "12h", "h", "hr", "hrs", "hour", "hours", "std", "timed", "spot", "random", "first"),
    *("morning", "midstream", "clean", "catch", "void", "voided", "collection", "collected", "sample"),
    *("specimen", "spec", "fresh", "frozen", "aliquot", "probe", "echantillon", "muestra", "des", "de"),
))  # fmt: skip
"""What stands beside the word for a specimen in a cell that says nothing more."""

_PLAIN = {
    word: specimen
    for word, specimen in _SPECIMENS.items()
    if len(word) > len("sal") and word not in ("spot", "spots")
}
"""Words that mean a specimen even where none is due."""

_SURELY_OTHER = _UNMISTAKABLE.union(
    word for word, specimen in {**EVERYWHERE, **_PLAIN}.items() if specimen in _UNMISTAKABLE
)

_BLOOD = (
    r"\b(?:s|p|b|ser|pl|plas|bld[acv]?|wb|ppp|prp|sst|pst|edta|k[23]?|li|na|naf|lihep|hep|gel|top|kan|soro)\b"
    r"|blood|blut|bloed|\bblod|sang|krew|veri\b|кров|血|serum|seerumi|suero|siero|surowic|сыворот"
    r"|plasm|плазм|osocz|\bven(?:ous|os[oa]?|eux|a)\b|arter|[ck]apill|prick|heparin|citrat|zitrat"
    r"|tube|rohrchen|vacu|monovette"
)
"""What in a text for a specimen says that it is blood, or a part of it, or stands on a tube for blood."""


def is_blood(text: str) -> bool:
    """Say whether what is said of a specimen is that it is blood, or a part of it."""
    return (
        not _words(text) & (_NO_SPECIMENS_OF_OURS | _CONTROL) and re.search(_BLOOD, _plain(text)) is not None
    )


def is_surely_other(text: str) -> bool:
    """Say whether a text, wherever it stands, is the name of a specimen other than blood and nothing else."""
    if _SURELY_OTHER.isdisjoint(re.findall(r"[^\W\d_]+", text.lower())):  # as nearly always
        return False
    return words_of(text, _PLAIN) <= _UNMISTAKABLE | _BESIDE


def is_other(text: str) -> bool:
    """Say whether a text, where a specimen may be named, is the name of one other than blood alone."""
    words = words_of(text, _OTHERS)
    return not words.isdisjoint(_OTHER) and words <= _OTHER | _BESIDE | {"blood"}


def check_specimen(specimen: str | None, analyte: Analyte) -> None:
    """Raise WrongAnalyte if what is said of a specimen, beside a test's name, is not the analyte's."""
    if not specimen:
        return
    if _words(specimen) & _NO_SPECIMENS_OF_OURS - _words(analyte.specimen):
        raise WrongAnalyte(
            f"the specimen is {quote(specimen)}; {analyte.name} is measured in {analyte.specimen}"
        )


def notes_on_specimen(
    specimen: str | None, analyte: Analyte, *, may_be_a_number: bool = False
) -> tuple[Note, ...]:
    """Return what is to be known of a result if what is said of its specimen is not understood.

    Where it `may_be_a_number` of the sample, as in a table, it is that if it has a digit; else it can be a
    code that nothing here has a list of.
    """
    text = (specimen or "").strip()
    if not text:
        return ()
    said = [
        part
        for part in re.split("[,;&^]", text)
        if not is_blank(part) and not (may_be_a_number and re.search("[0-9]", part))
    ]
    plain = re.sub(_IN_ORDER, "", _plain(text))
    is_clotted = re.search(r"\b(?:clotted|geronnen)\b", plain) and not re.search(_BLOOD, plain)
    if is_clotted or re.search(_UNFIT, plain):  # clotted blood is what serum is made from
        unfit = f"Its specimen is {quote(text)}: whether it could be used is not known."
        return (Note("specimen-unknown", unfit),)
    if not said or is_blood(text) or _words(text) & _words(analyte.specimen):
        return ()
    unknown = f"Its specimen is {quote(text)}: whether that is {analyte.specimen} is not known."
    return (Note("specimen-unknown", unknown),)


def names_another(text: str, analyte: Analyte) -> bool:
    """Say whether a text about something else, as the name of an order, surely names another specimen."""
    words = words_of(text, _PLAIN)
    return not words.isdisjoint((_UNMISTAKABLE | {"dried"}) - _words(analyte.specimen))


def spelled_as_specimens(words: Mapping[str, str]) -> Mapping[str, str]:
    """Return how words are spelled in a text that names a test and its specimen, by those of the test."""
    return {**words, **_SPECIMENS}


def _plain(text: str) -> str:
    return folded(text).replace("_", " ")


def _words(text: str) -> Words:
    spelled = re.sub(r"(?i)\b(?:bld|blood)[._]dot\b", "dbs", text)  # as LOINC has it
    return words_of(spelled, _SPECIMENS)
