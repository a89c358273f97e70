"""Remarks on a result, in words: that there is none, that it does not stand, that it was off the scale."""

import re

from labcheck.sources.status import says_there_is_none
from labcheck.wording import folded

_OFF_SCALE = (
    r"(?:(?:the |this )?(?:results?|values?|wert|ergebnis|resultat|valeur|resultado)"
    r" (?:(?:is|was|ist|est|es) )?)?"
    r"(?:below|under|less than|lower than|above|exceeds|greater than|higher than|unter|uber|onder|boven"
    r"|inferieure? a[ul]?|superieure? a[ul]?|por debajo|por encima|sotto|sopra)(?: \w+){0,3}? "
    r"(?:(?:detection|quantification|quantitation|reporting|measuring|measurement|assay) (?:limit|range)"
    r"|limits? of (?:detection|quantification|quantitation)|measur\w+ (?:range|limit)|l?lo[dq]|amr"
    r"|messbereich|nachweisgrenze|bestimmungsgrenze|detectiegrens"
    r"|(?:seuil|limite) de (?:detection|quantification|deteccion))\b.*"
)
"""What begins a remark, folded, that the value was off the scale."""

_IN_ANY = ("limit", "range", "lod", "loq", "amr", "bereich", "grenz", "grens", "seuil")
"""One of these stands in each such remark."""

_UNFIT = (
    r"\bresults? (?:is |are )?(?:invalid|unreliable|not reliable)\b|\bmislabel"
    r"|\bwrong (?:patient|tube|specimen)\b|\bdo not use (?:this|the|these)? ?results?\b|\bdisregard\b"
    r"|\bnicht verwertbar|\bverwechs|\bungultig|\bfalscher patient\b"
    r"|\b(?:specimen|sample|serum|probe) (?:is |was )?contaminat"
)
"""What says in a remark, folded, that a result is not to be used."""

_DOUBTFUL = (
    rf"{_UNFIT}|\b(?:corrected|amended) (?:result|report)\b|\bpreviously reported\b"
    r"|\b(?:specimen|sample|serum|probe) (?:is |was |ist |war )?(?:grossly |stark )?(?:ha?e?moly|clott)"
)
"""What says in one that a result may not stand; not what may happen with every assay."""


def is_off_scale(text: str) -> bool:
    """Say whether a remark is that the value is beyond what the assay can measure."""
    plain = folded(text)
    return any(part in plain for part in _IN_ANY) and re.fullmatch(_OFF_SCALE, plain) is not None


def is_unfit(text: str) -> bool:
    """Say whether a remark is that a result is not to be used."""
    return re.search(_UNFIT, folded(text)) is not None


def casts_doubt(text: str) -> bool:
    """Say whether one of the sentences of a remark is that a result may not stand, or was off the scale."""
    sentences = map(str.strip, re.split(r"[.;!\n]+", text))
    return any(
        says_there_is_none(one, is_remark=True) or is_off_scale(one) or re.search(_DOUBTFUL, folded(one))
        for one in filter(None, sentences)
    )
