"""The fields of an HL7 segment -> text: what was observed, its value, unit and flags."""

import re
from itertools import chain
from typing import TYPE_CHECKING, get_args

from labcheck.errors import UnreadableValue
from labcheck.flags import of_codes
from labcheck.model import Comparator, DecimalMark
from labcheck.sources.observations import one_unit, sorted_codes
from labcheck.wording import quote

if TYPE_CHECKING:
    import hl7

_NUMBERS = frozenset(("NM", "SN"))
_TEXTS = frozenset(("", "NM", "ST", "TX", "FT"))
_COMPARATORS = frozenset(("", "=", *get_args(Comparator)))


def decimal_mark(kind: str, value: str) -> DecimalMark | None:
    """Return the decimal mark that a type fixes; a comma in such a number is none of its own."""
    return "point" if kind in _NUMBERS and "," not in value else None


def identity(segment: "hl7.Segment", number: int) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the names, LOINC codes and other codes of a field; each part of it has up to three codings."""
    parts = [[*part, *[""] * 12] for part in _components(segment, number)]
    codings = [part[start : start + 3] for part in parts for start in (0, 3, 9)]
    names = [*(name for _, name, _ in codings), *(part[8] for part in parts)]  # the last as written down
    loinc, local = sorted_codes((code, system) for code, _, system in codings)
    return tuple(dict.fromkeys(filter(None, (" ".join(name.split()) for name in names)))), loinc, local


def flags_of(obx: "hl7.Segment") -> tuple[str, ...]:
    """Return the flags of OBX-8, each by its codes or in words."""
    parts = [[*part, *[""] * 9][:9] for part in _components(obx, 8)]
    flags = (
        of_codes([*filter(None, (part[0], part[3]))], [*filter(None, (part[1], part[4], part[8]))])
        for part in parts
    )
    return tuple(dict.fromkeys(chain.from_iterable(flags)))


def unit_of(obx: "hl7.Segment") -> str | None:
    """Return the one unit of OBX-6, which can be in codes and in words."""
    parts = [[*part, "", "", "", "", ""][:6] for part in _components(obx, 6)]
    codings = [part[start : start + 3] for part in parts for start in (0, 3)]
    ucum = [code for code, _, system in codings if system.upper() == "UCUM"]
    return one_unit(*(text for code, name, _ in codings for text in (code, name)), ucum=ucum)


def value_of(obx: "hl7.Segment", kind: str) -> str:
    """Return OBX-5 as a number is written elsewhere; raise UnreadableValue for what is not one number."""
    repetitions = [part for part in _components(obx, 5) if any(part)]
    if not repetitions:
        return ""
    written = whole(obx, 5)
    if len(repetitions) > 1:
        raise UnreadableValue(f"{quote(written)} has several values")
    if kind == "SN":
        comparator, number, separator, second = (*(text.strip() for text in repetitions[0]), *[""] * 4)[:4]
        if separator or second or (number and comparator not in _COMPARATORS):
            raise UnreadableValue(f"{quote(written)} is a range, a ratio or a grade, not one number")
        return f"{comparator.removeprefix('=')}{number}" if number else comparator
    if kind not in _TEXTS:
        raise UnreadableValue(f"{quote(written)} is of the type {quote(kind)}, not a number or a text")
    return written


def _components(segment: "hl7.Segment", number: int) -> list[list[str]]:
    """Return a field's repetitions, each as its components; each has one at least."""
    from hl7 import Repetition

    field = segment(number) if number < len(segment) else []
    return [
        [_text(segment, part) for part in (part if isinstance(part, Repetition) else [part])] or [""]
        for part in field
    ]


def first(segment: "hl7.Segment", number: int) -> str:
    """Return a field's first component."""
    return next((part[0].strip() for part in _components(segment, number)), "")


def specimen_of(segment: "hl7.Segment", number: int) -> str:
    """Return all that a field says of a specimen, as a code or in words, in whichever component."""
    said = (text.strip() for part in _components(segment, number) for text in part)
    return ", ".join(dict.fromkeys(filter(None, said)))


def whole(segment: "hl7.Segment", number: int) -> str:
    """Return a field as it stands, without the separators that nothing follows."""
    field = str(segment(number)) if number < len(segment) else ""
    return _text(segment, field.rstrip(segment.separators[2:]))


def _text(segment: "hl7.Segment", part: object) -> str:
    """Return a part's text without escape sequences; `""` is how HL7 says that there is none.

    The library would drop what it does not know, repeat `.sp` as often as it is told to, and log the text.
    """
    text, escape = str(part), str(segment.esc)
    if text == '""':
        return ""
    if escape not in text:
        return text
    _, field, repetition, component, subcomponent = segment.separators
    known: dict[str, str] = {"F": field, "R": repetition, "S": component, "T": subcomponent}
    known |= {"E": escape, "": escape, ".br": "\n", ".sp": "\n", "H": "", "N": ""}

    def plain(sequence: re.Match[str]) -> str:
        body = sequence[1]
        if re.fullmatch(r"X(?:[0-9A-Fa-f]{2})+", body):
            return bytes.fromhex(body[1:]).decode("latin-1")
        return known.get(body, "\ufffd")  # what is not understood must not look like a number

    mark = re.escape(escape)
    return re.sub(f"{mark}([^{mark}]*){mark}", plain, text)
