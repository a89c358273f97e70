"""Step one: text -> a measurement or a range. Pure text; knows no analyte and none of its numbers.

What is not certainly one number is refused with a reason, never guessed at. A point is a decimal point, and
a comma a decimal comma unless the number could as well be one with grouped thousands (`1,060`): that one is
refused until the decimal mark is named. `1.060` is read as 1.06; were it meant as 1060, the reading
would be a thousandth of it, which the analyte's possible and plausible limits bring to light.
"""

import re
from decimal import Decimal

from labcheck.errors import (
    AmbiguousNumber,
    ImpossibleValue,
    NoValue,
    UnreadableAge,
    UnreadableRange,
    UnreadableValue,
    Usage,
)
from labcheck.model import COMPARATORS, Comparator, DecimalMark, Interval, Measurement
from labcheck.wording import quote

LONGEST = 100
"""A text longer than this many characters is not a number that a laboratory wrote."""

OLDEST = 130
"""An age in years above this is a slip of the hand."""

HYPHENS = "−–—‐‑‒"
"""What can stand for the hyphen of a range, or for "no value"."""

_SIGNS = str.maketrans(f"\u00a0\u2007\u2009\u202f＜＞≤⩽≥⩾’{HYPHENS}", f"    <>≤≤≥≥'{'-' * len(HYPHENS)}")
_GROUPING = re.compile("(?<=[0-9])[\u00a0\u2007\u2009\u202f](?=[0-9])")
"""Blanks that are typed to keep a number together; an ordinary one can also keep two apart."""

_LESS, _MORE = r"less|lower|fewer", r"more|greater|higher"
_INFERIOR = r"inf(?:[ée]rieure?|\.)?|inferior|inferiore|menor|minore"
_SUPERIOR = r"sup(?:[ée]rieure?|\.)?|superior|superiore|mayor|maior|maggiore"
_THAN, _OR_EQUAL = r"(?:à|a|de|di|que|do\ que)", r"(?:ou\ [ée]gale?|o\ igual|ou\ igual|o\ uguale)"
_SIGN = {of: " | ".join(sign for sign in COMPARATORS if COMPARATORS[sign] == of) for of in ("<=", ">=")}
_COMPARATOR = rf"""
    (?P<at_most>  {_SIGN["<="]} | <\ ?or\ ?= | <\ = | (?:{_LESS})\ than\ or\ equal\ to | at\ most
                | (?:{_INFERIOR})\ {_OR_EQUAL}\ {_THAN}\b )
  | (?P<at_least> {_SIGN[">="]} | >\ ?or\ ?= | >\ = | (?:{_MORE})\ than\ or\ equal\ to | at\ least
                | (?:{_SUPERIOR})\ {_OR_EQUAL}\ {_THAN}\b )
  | (?P<below>    < | (?:{_LESS})\ than | below | under | kleiner(?:\ als)? | unter
                | (?:{_INFERIOR})\ {_THAN}\b | (?:moins|menos)\ de\b )
  | (?P<above>    > | (?:{_MORE})\ than | above | over | gr(?:ö|oe)(?:ß|ss)er(?:\ als)? | (?:ü|ue)ber
                | (?:{_SUPERIOR})\ {_THAN}\b | (?:plus|m[áa]s)\ de\b )
"""
_BEHIND = rf"(?P<or_less> or\ (?:{_LESS}) ) | (?P<or_more> or\ (?:{_MORE}) )"
_MEANT: dict[str, Comparator] = {
    "at_most": "<=",
    "at_least": ">=",
    "below": "<",
    "above": ">",
    "or_less": "<=",
    "or_more": ">=",
}
_NUMBER = r"[.,]?[0-9](?:[0-9.,' ]*[0-9.,'])?"
_EXPONENT = r"e[+-]?0*(?P<power>[0-9]+)(?![0-9a-z])"
# A laboratory's own flag: single letters in capitals, so that `l` stays a litre.
_FLAG = r"(?-i:HH|LL|AA|[HLNA])|high|low|normal|abnormal|haut|bas|[ée]lev[ée]|alto|bajo|\*+|!+|↑+|↓+"
_UNIT = r"[(\[]?(?:[^\W\d_]|%|[?\ufffd](?=[a-z])).*?"

_VALUE = rf"""
    (?: {_COMPARATOR} )?\ *
    (?P<sign> [+-]? )(?P<number> {_NUMBER} )(?P<exponent> {_EXPONENT} )?
    (?: \ *(?: {_BEHIND} ) )?
    (?: \ *[(\[]?(?P<flag> {_FLAG} )[)\]]?(?=\ |$) )?
    (?: \ *(?P<unit> {_UNIT} ) )??
    (?: (?<![/ ])(?<!\ per|\ pro)\ +[(\[]?(?P<flag_behind> {_FLAG} )[)\]]? )?  # not the L of `nmol / L`
    """
_RANGE = rf"""
    [(\[]?\ *
    (?: (?: normal | norm | ref(?:erence|erenz|\.)? )\ *:?\ * )?
    (?: (?: (?P<from> [>≥]\ ?=? )\ * )?
        (?P<low> {_NUMBER} )\ *(?: (?P<unit_of_low> {_UNIT} )\ *)?
        (?: - | to | bis | tot | \.\. | (?<=\ )[àa](?=\ )
          | (?(from) (?=[<≤]) | (?!) ) )\ *
        (?: (?P<to> [<≤]\ ?=? )\ * )?(?P<high> {_NUMBER} )
      | (?: {_COMPARATOR} )\ *(?P<only> {_NUMBER} )
      | (?P<first> {_NUMBER} )\ *(?: {_BEHIND} ) )
    \ *[)\]]?
    (?: \ *(?P<unit> {_UNIT} ) )?
    [)\]]?
    """


def _numbers(sign: str, groups: str) -> tuple[str, dict[int, None], str]:
    """Return how numbers with that decimal mark look, which signs group their digits, and the mark."""
    plain = rf"[0-9]*[{sign}]?[0-9]+|[0-9]+\."  # `22.` is how some programs print a whole number
    first = r"(?![0-9]{3}[ ])[1-9][0-9]{0,2}"  # `180 200` is two numbers rather than one
    grouped = rf"{first}(?P<group>[{groups}])[0-9]{{3}}(?:(?P=group)[0-9]{{3}})*(?:[{sign}][0-9]+)?"
    return f"(?:{plain}|{grouped})", dict.fromkeys(map(ord, groups)), sign


_NUMBERS = {"point": _numbers(".", " ,'"), "comma": _numbers(",", " .'")}

NO_SIGNS = "-. *_"
"""A text of these signs alone says nothing."""

NO_VALUE = frozenset(
    re.split(
        r"\s*[,\n]\s*",
        """n/a, na, n.a, n.d, nd, none, null, nil, tbd, unknown, blank, error, canceled, cancelled
        pending, in progress, to follow, folgt, ausstehend, en cours, en attente, pendiente
        not done, not tested, not performed, test not performed, tnp, dnr, cnp, nicht bestimmt
        not measured, not available, not reported, no result, no value, no sample, clotted
        qns, quantity not sufficient, insufficient, insufficient sample
        hemolyzed, hemolysed, haemolyzed, haemolysed, hemolytic, haemolytic, lipemic, lipaemic
        hämolytisch, hémolysé, hemolizada, muestra hemolizada, kein material, material fehlt
        material insuficiente, muestra insuficiente, échantillon insuffisant, quantité insuffisante
        see comment, see comments, see note, see notes, see report, siehe kommentar, voir commentaire
        ver comentario, volgt, #n/a, nan, #wert!, #value!, #null!, in attesa, em andamento, w toku""",
    )
)
"""Words for there being no value, in lower case."""


def read_value(text: str, decimal: DecimalMark | None = None) -> Measurement:
    """Read one result, as a person or a laboratory wrote it.

    A comparator in front, a laboratory's flag and a unit behind the number are kept apart. `decimal` settles
    which mark is the decimal one; the other then groups thousands.
    Raises NoValue, UnreadableValue, AmbiguousNumber, or ImpossibleValue for zero and below.
    """
    if _is_plain(text, decimal) and (number := Decimal(text)):
        return Measurement(text, None, number)
    plain = _plain(text)
    if _says_nothing(plain):
        raise NoValue(f"{quote(text)} is not a value: nothing was measured, or it is not reported yet")
    match = re.fullmatch(_VALUE, plain, re.VERBOSE | re.IGNORECASE) if len(plain) <= LONGEST else None
    unreadable = UnreadableValue(f"{quote(text)} is not one number; type one as in 22.5 or '<5'")
    if match is None or len(match["power"] or "") > 2:
        raise unreadable
    value = _decimal(match["number"], decimal, text)
    if match["exponent"]:
        value = Decimal(f"{value:f}{match['exponent']}")
    if match["sign"] == "-":
        raise ImpossibleValue(f"{quote(text)} is negative, which a concentration cannot be")
    if not value and re.match(r"[^/]*[0-9]", match["unit"] or ""):  # `0x22`, `0O22`: it is no zero
        raise unreadable
    if not value:
        raise ImpossibleValue(f"{quote(text)} is zero, which no assay can measure; type '<' and its limit")
    return Measurement(
        text=text,
        comparator=_comparator(match, text),
        value=value,
        unit=match["unit"],
        flag=" ".join(filter(None, (match["flag"], match["flag_behind"]))) or None,
    )


def read_range(text: str, decimal: DecimalMark | None = None) -> tuple[Interval, str | None]:
    """Read one reference range, and the unit behind it if there is one.

    `30-100` includes both ends, `>30 - <100` neither; `<5.7` and `> OR = 60` are ranges with one side, in or
    without the number as it is written. Raises UnreadableRange for whatever is not one range (`0-0`, `>=0`,
    `0-2-7.2`, prose), and AmbiguousNumber.
    """
    match = _match_range(_plain(text))
    unreadable = UnreadableRange(f"{quote(text)} is not one range; type one as in 30-100 or '>30'")
    if match is None:
        raise unreadable
    units = {unit for unit in (match["unit_of_low"], match["unit"]) if unit}
    if len(units) > 1:
        raise UnreadableRange(f"{quote(text)} has a unit of its own at each end; type it with one of them")
    try:
        numbers = [
            _decimal(match[name], decimal, text) for name in ("low", "high", "only", "first") if match[name]
        ]
    except UnreadableValue as error:
        if decimal is None:
            raise unreadable from error
        raise UnreadableRange(f"{quote(text)} is not one range with a decimal {decimal}") from error
    comparator = _comparator(match, text)
    if comparator is None:
        from_sign, to_sign = ((match[end] or "").strip() for end in ("from", "to"))
        interval = Interval(numbers[0], numbers[1], from_sign != ">", to_sign != "<")
    else:
        low, high = (None, numbers[0]) if comparator in ("<", "<=") else (numbers[0], None)
        interval = Interval(low, high, comparator != ">", comparator != "<")
    if interval.high is not None and (interval.low or Decimal(0)) >= interval.high:
        raise UnreadableRange(f"{quote(text)} is not a range: it must end above where it starts")
    if interval.high is None and not interval.low:
        raise UnreadableRange(f"{quote(text)} is not a range: everything is in it")
    return interval, next(iter(units), None)


def lacks_a_unit(text: str) -> bool:
    """Say whether a reference range, or a number that is one end of it, has no unit; prose lacks none."""
    if match := _match_range(_plain(text)):
        return not (match["unit_of_low"] or match["unit"])
    return any(map(str.isdigit, text)) and not any(map(str.isalpha, text))


def _match_range(plain: str) -> re.Match[str] | None:
    return re.fullmatch(_RANGE, plain, re.VERBOSE | re.IGNORECASE) if len(plain) <= LONGEST else None


def is_blank(text: str) -> bool:
    """Say whether a text stands for there being nothing: it is empty, or `-`, or `N/A`."""
    return _says_nothing(_plain(text))


def check_decimal_mark(mark: object) -> None:
    """Raise Usage for what is no decimal mark, as no checker of types sees it in a notebook."""
    if mark not in (None, "point", "comma"):
        raise Usage(f"{quote(str(mark))} is no decimal mark; say point or comma")


def read_age(text: str) -> Decimal:
    """Read an age in years, `42` or `0.5`; raise UnreadableAge."""
    if not re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]+)?", text) or len(text) > 20 or Decimal(text) > OLDEST:
        raise UnreadableAge(f"{quote(text)} is not an age in years; type one as in 42 or 0.5")
    return Decimal(text)


def _plain(text: str) -> str:
    """Write the signs that mean the same in one way. A tab parts cells: it never groups digits."""
    return _GROUPING.sub("'", text).replace("\t", "  ").translate(_SIGNS).strip()


def _says_nothing(plain: str) -> bool:
    return not plain.strip(NO_SIGNS) or plain.lower().rstrip(".") in NO_VALUE


def _is_plain(text: str, decimal: DecimalMark | None) -> bool:
    """Say whether text is digits with at most a decimal point: most are, and need none of the grammar."""
    whole, point, part = text.partition(".")
    return (
        len(text) <= LONGEST
        and whole.isascii()
        and whole.isdigit()
        and (not point or (decimal != "comma" and part.isascii() and part.isdigit()))
    )


def _comparator(match: re.Match[str], text: str) -> Comparator | None:
    found = [_MEANT[name] for name, part in match.groupdict().items() if part and name in _MEANT]
    if len(found) > 1:
        raise UnreadableValue(f"{quote(text)} has two comparators; type one")
    return found[0] if found else None


def _decimal(number: str, decimal: DecimalMark | None, text: str) -> Decimal:
    """Read digits with their decimal mark and grouping; `text` is what a message quotes."""
    marks: tuple[DecimalMark, ...] = (decimal,) if decimal else ("point", "comma")
    readings: dict[DecimalMark, Decimal] = {}
    for mark in marks:
        pattern, grouping, sign = _NUMBERS[mark]
        if re.fullmatch(pattern, number):
            readings[mark] = Decimal(number.translate(grouping).replace(sign, "."))
    if not readings:
        hint = f" with a decimal {decimal}" if decimal else ""
        example = "22,5" if decimal == "comma" else "22.5"
        raise UnreadableValue(f"{quote(text)} is not one number{hint}; type one as in {example} or '<5'")
    if "," in number and len(set(readings.values())) > 1:
        raise AmbiguousNumber(
            f"{quote(text)} can be read in two ways; say --decimal comma for {readings['comma']}, "
            f"--decimal point for {readings['point']}"
        )
    return next(iter(readings.values()))
