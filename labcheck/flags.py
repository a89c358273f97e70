"""What a laboratory's flag beside a value says: its category (`H`), or that it was off the scale (`<`)."""

import re
from collections.abc import Sequence
from decimal import Decimal

from labcheck.model import COMPARATOR_WORDS, COMPARATORS, Category, Comparator

_LOW = (
    *("L", "LL", "LOW", "LO", "VERY LOW", "CRITICAL LOW", "CRITICALLY LOW", "PANIC LOW", "< LLN", "<LLN"),
    *("LX", "LU"),
    *("BELOW NORMAL", "BELOW LOW NORMAL", "BELOW RANGE", "BELOW REFERENCE RANGE"),
    *("DEFICIENT", "DEFICIENCY", "INSUFFICIENT", "INSUFFICIENCY"),
    *("BAS", "BAJO", "BAJA", "BASSO", "NIEDRIG", "ERNIEDRIGT", "LAAG", "↓", "↓↓", "▼", "▼▼"),
)
_NORMAL = (
    *("N", "NORMAL", "WNL", "IN RANGE", "WITHIN RANGE", "WITHIN REFERENCE RANGE", "WITHIN NORMAL LIMITS"),
    *("SUFFICIENT", "OPTIMAL", "NO", "FALSE", "NEIN", "NON", "NEE", "FALSCH", "FAUX", "FALSO"),
)
_HIGH = (
    *("H", "HH", "HIGH", "HI", "VERY HIGH", "CRITICAL HIGH", "CRITICALLY HIGH", "PANIC HIGH"),
    *("> ULN", ">ULN", "HX", "HU"),
    *("ABOVE NORMAL", "ABOVE HIGH NORMAL", "ABOVE RANGE", "ABOVE REFERENCE RANGE", "ELEVATED", "TOXIC"),
    *("HAUT", "ÉLEVÉ", "ELEVE", "ALTO", "ALTA", "HOCH", "ERHÖHT", "HOOG", "↑", "↑↑", "▲", "▲▲"),
    *("+", "++", "+++"),
)
_ABNORMAL = (
    *("A", "AA", "ABN", "ABNORMAL", "ANORMAL", "OUT OF RANGE", "CRITICAL", "PANIC"),
    *("Y", "YES", "TRUE", "JA", "OUI", "SI", "SÍ", "WAHR", "VRAI", "VERDADERO", "VERO"),
)
_ANY = ("IND", "INDETERMINATE", "EQUIVOCAL", "FINAL")

SIDES: dict[str, tuple[Category, ...]] = {
    **dict.fromkeys(_LOW, (Category.LOW,)),
    **dict.fromkeys(_NORMAL, (Category.NORMAL,)),
    **dict.fromkeys(_HIGH, (Category.HIGH,)),
    **dict.fromkeys(_ABNORMAL, (Category.LOW, Category.HIGH)),
    **dict.fromkeys(_ANY, (Category.LOW, Category.NORMAL, Category.HIGH)),
}
"""The categories that a flag stands for, in capitals. Not `B`, which is `bas` here and "better" in HL7."""

_LIMITS = (
    *("LOD", "LOQ", "LLOQ", "DETECTION", "DETECTION LIMIT", "DETECTABLE LIMIT", "LIMIT OF DETECTION"),
    *("QUANTIFICATION LIMIT", "QUANTITATION LIMIT", "LIMIT OF QUANTIFICATION", "LIMIT OF QUANTITATION"),
    *("ULOQ", "AMR", "LINEARITY", "REPORTING LIMIT", "MEASURING RANGE", "MEASUREMENT RANGE"),
)
"""What an assay can measure up to or down to."""

OFF_SCALE: dict[str, Comparator] = {
    **COMPARATORS,
    **dict.fromkeys((f"BELOW {limit}" for limit in _LIMITS), "<"),
    **dict.fromkeys((f"ABOVE {limit}" for limit in _LIMITS), ">"),
    **COMPARATOR_WORDS,
    **dict.fromkeys(("<<", "OFF SCALE LOW", "OFF-SCALE LOW"), "<"),
    **dict.fromkeys(("BELOW ABSOLUTE LOW-OFF INSTRUMENT SCALE", "BLQ", "BLOQ", "BQL", "BDL"), "<"),
    **dict.fromkeys(("NOT DETECTED", "NOT DETECTABLE", "UNDETECTED", "UNDETECTABLE", "NON DETECT"), "<"),
    **dict.fromkeys(("NON-DETECT", "ND", "N.D", "UNTER MESSBEREICH", "UNTER NACHWEISGRENZE"), "<"),
    **dict.fromkeys(("NICHT NACHWEISBAR", "NICHT NACHGEWIESEN", "NONDETECT", "NON DETECTABLE"), "<"),
    **dict.fromkeys(("NOT QUANTIFIABLE", "NON DÉTECTÉ", "NO DETECTADO", "BELOW LIMIT"), "<"),
    **dict.fromkeys((">>", "OFF SCALE HIGH", "OFF-SCALE HIGH"), ">"),
    "ABOVE ABSOLUTE HIGH-OFF INSTRUMENT SCALE": ">",
}
"""Flags that say on which side of the number the value is, as it was beyond what the assay can measure."""

_KNOWN = SIDES.keys() | OFF_SCALE.keys()

_SIGN, _WORDS = "[<>＜＞≤≥⩽⩾]=?|=[<>]", r"[^\W\d_](?:[^\W\d_]|[ .-])*"
_ARROWS = "[↑↓▲▼]{1,2}"
_SIGN_BY_WORDS = rf"({_SIGN})\s*({_WORDS}|{_ARROWS})|({_WORDS}?|{_ARROWS})\s*({_SIGN})"
_LIMIT = r"[0-9]+(?:[.,][0-9]*)?(?:[eE][+-]?[0-9]{1,2})?"
_UNIT = r"(?:\s*[^\W\d_]{1,5}(?:/[^\W\d_]{1,3})?)?"
_SIDE = rf"[(\[]?(?i:[A-Z]{{1,2}}|{'|'.join(map(re.escape, sorted(SIDES, key=len, reverse=True)))})[)\]]?"
_OF_THE_ASSAY = rf"(?i:{'|'.join(sorted(_LIMITS, key=len, reverse=True))})\s*[:=(\[]?"
_BEFORE = rf"(?:(?:{_SIDE}|{_OF_THE_ASSAY})[\s,;/]*)?[(\[]?\s*"
_SIGN_BY_NUMBER = (
    rf"{_BEFORE}({_SIGN})\s*(?:{_OF_THE_ASSAY}\s*)?({_LIMIT}){_UNIT}\s*[)\]]?(?:[\s,;/]*{_SIDE})?"
)
_WORDS_BY_NUMBER = rf"({_WORDS}?)\s*[(\[]?\s*{_LIMIT}{_UNIT}"
"""Words with a limit behind them, as `below LOQ (20)`."""

AROUND = "()[]{} \t*!.'\"“”„‘’"
"""What can stand around a flag and say nothing more."""

_USUAL = str.maketrans("≦≧﹤﹥≪≫〈〉‹›", "≤≥<><><><>", "\u200b\u200c\u200d\u2060\ufeff")
"""Other letters for the signs of comparators, and those that nobody sees."""

SAYS_SOMETHING = r"[^\w\s()\[\]{}'\"“”„‘’.,;:~/|\\-]"
"""What no mark is between words, as a sign or a star."""

_OF_THE_RANGE = frozenset((
    *("ULN", "LLN", "NORMAL", "NORM", "REF", "REFERENCE", "UL", "LL", "REFERENZBEREICH", "NORMBEREICH"),
    *("TARGET", "PREVIOUS", "PRIOR", "OPTIMAL", "MEDIAN", "MEAN", "AVERAGE"),
))  # fmt: skip
"""Words for what is no limit of the assay, though a sign stands beside it: of the range, another value."""

NO_FLAG = frozenset(("N/A", "NA", "NONE", "NULL", "NIL", "NAN", "UNKNOWN", "@"))
"""What stands for none; `N/A` is not N with A, and `@` is i2b2's."""

_LONGEST = 60
"""A longer text is no flag."""


def off_scale(flags: Sequence[str], value: Decimal | None = None) -> frozenset[Comparator]:
    """Return the comparators that flags stand for: some say that the value was off the assay's scale.

    One of them with the `value` itself, as `<35` beside 35, says so, too.
    """
    said = {mark.upper() for flag in flags for mark in marks(flag)}
    found = {comparator for mark, comparator in OFF_SCALE.items() if mark in said}
    by_number = filter(None, map(_by_number, flags))
    return frozenset(found | {comparator for comparator, number in map(_parts, by_number) if number == value})


def is_unknown(mark: str) -> bool:
    """Say whether a part of a flag says something in words, signs or digits that is not understood.

    A single letter does not: HL7 has many that are beside the point, as for a value that is worse. Nor does
    a 0, which stands where there is no flag.
    """
    known = any(mark.upper() in one for one in (SIDES, OFF_SCALE, NO_FLAG))
    says = re.search(rf"{SAYS_SOMETHING}|[1-9]", mark) or len(re.findall(r"[^\W\d_]", mark)) > 1
    return not known and bool(says)


def of_codes(codes: Sequence[str], words: Sequence[str]) -> tuple[str, ...]:
    """Return a flag that is given in codes and in words: its codes, and those words that say more."""
    scale = off_scale(codes)
    is_known = any(mark.upper() in SIDES for code in codes for mark in marks(code))
    more = [
        text
        for text in words
        if off_scale([text]) - scale
        or has_a_number(text)
        or (re.search(rf"{_SIGN}|[0-9]", text) and any(map(is_unknown, marks(text))))
        or not (codes and (is_known or scale or text.upper() not in SIDES))
    ]
    return tuple(dict.fromkeys((*codes, *more)))


def has_a_number(flag: str) -> bool:
    """Say whether a flag can stand for a comparator beside one value, and not beside another."""
    return _by_number(flag) is not None


def _by_number(flag: str) -> re.Match[str] | None:
    if len(flag) > _LONGEST or not any(map(str.isdigit, flag)):  # as nearly always: the pattern is large
        return None
    return re.fullmatch(_SIGN_BY_NUMBER, _plain(flag))


def as_usual(text: str) -> str:
    """Return a text with the signs of comparators as they are usually written."""
    return text.translate(_USUAL)


def _plain(flag: str) -> str:
    return as_usual(flag).strip(AROUND)


def _parts(match: re.Match[str]) -> tuple[Comparator, Decimal]:
    side = COMPARATORS[match[1].strip("=")]
    comparator = COMPARATORS[f"{side[0]}="] if "=" in match[1] else side  # `≤=` is one, too
    return comparator, Decimal(match[2].replace(",", "."))


def marks(flag: str) -> list[str]:
    """Return a flag as it was written, in parts where it is several: `L <`, `>H`, `> AMR`.

    Those are known, or a sign with words, which it is not to be lost beside.
    """
    whole = " ".join((_plain(flag) or flag.strip()).split())
    if not whole or whole.upper() in _KNOWN or whole.upper() in NO_FLAG or len(whole) > _LONGEST:
        return [whole]
    parts = re.split(r"[\s,;~/|]+", whole)
    if (found := re.fullmatch(_WORDS_BY_NUMBER, whole)) and found[1].upper() in OFF_SCALE:
        return [found[1]]
    in_capitals = set(map(str.upper, parts))
    found = re.fullmatch(_SIGN_BY_WORDS, whole)
    if found and found[3] and found[3].upper() in SIDES:  # `LL<`
        return [found[3], found[4]]
    is_known = in_capitals <= _KNOWN
    is_in_front = not is_known or re.match(_SIGN, whole)  # `< LL` is of the range, `LL, <` is not
    has_a_sign = in_capitals & OFF_SCALE.keys() or re.search(_SIGN, whole)
    of_the_range = not _OF_THE_RANGE.isdisjoint(re.findall(r"[^\W\d_]+", whole.upper()))
    if has_a_sign and of_the_range and is_in_front:
        return [whole]
    if is_known:
        return parts
    return list(filter(None, found.groups())) if found else [whole]
