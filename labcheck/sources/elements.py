"""The elements of a FHIR Observation -> text: what was observed, its value, range and flags.

Nothing is taken on trust: another JSON type than FHIR gives a key is an error rather than passed over. What
one version of FHIR has once and another in a list is read either way.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import chain
from typing import NamedTuple, TypeVar, get_args

from labcheck.errors import (
    IncompatibleUnit,
    LabcheckError,
    Malformed,
    NoValue,
    UnknownUnit,
    UnreadableValue,
)
from labcheck.flags import SIDES, of_codes
from labcheck.model import Category, Comparator, DecimalMark
from labcheck.reading import read_range
from labcheck.sources.json import Number
from labcheck.sources.observations import one_unit, sorted_codes
from labcheck.units import are_same, read_unit
from labcheck.wording import quote

T = TypeVar("T")
Object = dict[str, object]

_NORMAL = frozenset(("normal", "normal range", "reference range"))
"""Codes of ranges for healthy people; others are therapeutic or critical."""

_UCUM = "http://unitsofmeasure.org"

_KINDS: dict[type, str] = {  # in this order: a number is a text here, too
    Number: "a number",
    str: "a text",
    dict: "an object",
    list: "a list",
    object: "true, false or null",
}


def json_type(value: object) -> str:
    """Return how a message calls the JSON type of a value."""
    return next(name for type, name in _KINDS.items() if isinstance(value, type))


def get(value: Object, key: str, of: type[T]) -> T | None:
    """Return what stands under a key, or None; raise Malformed where it is of another JSON type."""
    found = value.get(key)
    if found is None:
        return None
    if not isinstance(found, of) or (of is str and isinstance(found, Number)):
        raise Malformed(f"its {key} is {json_type(found)}, not {_KINDS[of]}")
    return found


def objects(value: Object, key: str) -> list[Object]:
    """Return the objects of a list; raise Malformed where it is none or holds anything else."""
    found = get(value, key, list) or []
    for item in found:
        if not isinstance(item, dict):
            raise Malformed(f"its {key} holds {json_type(item)}, not objects alone")
    return found


def concept(value: Object) -> list[str]:
    """Return the codes of a CodeableConcept, or failing that its text."""
    codes, _ = _codes_and_words(value)
    return codes or list(filter(None, [get(value, "text", str)]))


def words_of(value: Object) -> list[str]:
    """Return all that a CodeableConcept says, in words and in codes."""
    codes, words = _codes_and_words(value)
    return [*words, *codes]


def _codes_and_words(value: Object) -> tuple[list[str], list[str]]:
    """Return the codes of a CodeableConcept, and its text and what its codings display."""
    codings = objects(value, "coding")
    words = [get(value, "text", str), *(get(coding, "display", str) for coding in codings)]
    codes = [get(coding, "code", str) for coding in codings]
    return list(filter(None, codes)), list(filter(None, words))


def identity(value: Object) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the names, LOINC codes and other codes of what was observed; raise Malformed without any."""
    code = get(value, "code", dict)
    if not code:
        raise Malformed("it has no code that says what was observed")
    codings = objects(code, "coding")
    names = [get(code, "text", str), *(get(coding, "display", str) for coding in codings)]
    loinc, local = sorted_codes(
        (get(coding, "code", str) or "", get(coding, "system", str) or "") for coding in codings
    )
    named = tuple(dict.fromkeys(filter(None, (" ".join((name or "").split()) for name in names))))
    if not (named or loinc or local):
        raise Malformed("its code does not say what was observed")
    return named, loinc, local


def modified(value: Object) -> UnreadableValue | None:
    """Return why what has a modifierExtension, or rules of its own, cannot be used, nor anything in it."""
    found = get(value, "modifierExtension", list) and "modifierExtension"
    found = found or (get(value, "implicitRules", str) and "implicitRules")
    if not found:
        return None
    return UnreadableValue(f"its {found} may change what it means, and is not understood here")


def measured(value: Object, *, groups: bool) -> tuple[str | None, str | None, DecimalMark | None]:
    """Return the value as text, its unit, and the decimal mark if JSON fixes it.

    The value is None where none is due: what `groups` others needs none. Raises NoValue for a
    dataAbsentReason, UnreadableValue for what is not one number, IncompatibleUnit for two units, UnknownUnit
    for a code of UCUM that contradicts what is written beside it.
    """
    if problem := modified(value):
        raise problem
    if (reason := get(value, "dataAbsentReason", dict)) is not None:
        raise NoValue(f"it has no value; dataAbsentReason is {quote(' '.join(concept(reason)))}")
    keys = [key for key in value if re.fullmatch("value[A-Z][A-Za-z]*", key) and value[key] is not None]
    match keys:
        case []:
            return None if groups else "", None, None
        case ["valueQuantity"]:
            if _is_absent(value):
                raise NoValue("its value has a data-absent-reason")
            return _quantity(get(value, "valueQuantity", dict) or {})
        case ["valueString"]:
            return get(value, "valueString", str), None, None
        case ["valueInteger"]:
            return get(value, "valueInteger", Number), None, "point"
        case [key]:
            raise UnreadableValue(f"its value is a {key.removeprefix('value')}, not one number")
        case _:
            raise Malformed(f"it has {' and '.join(keys)}, of which there can be one")


def _is_absent(value: Object) -> bool:
    """Say whether an extension of the quantity says why there is none."""
    quantities = (get(value, key, dict) or {} for key in ("valueQuantity", "_valueQuantity"))
    urls = (get(one, "url", str) or "" for quantity in quantities for one in objects(quantity, "extension"))
    return any(url.endswith("/data-absent-reason") for url in urls)


def as_written(value: Object) -> tuple[str | None, str | None]:
    """Return the value and the unit as they stand, to be shown where they cannot be used."""
    quantity = value.get("valueQuantity")
    if not isinstance(quantity, dict):
        texts = (value.get(key) for key in ("valueString", "valueInteger"))
        return next((text for text in texts if isinstance(text, str)), None), None
    number, units = (
        [text for key in keys if isinstance(text := quantity.get(key), str)]
        for keys in (("comparator", "value"), ("unit", "code"))
    )
    return " ".join(number) or None, ", ".join(dict.fromkeys(units)) or None


def _quantity(quantity: Object) -> tuple[str, str | None, DecimalMark | None]:
    if quantity.get("_comparator"):
        raise UnreadableValue("its comparator has an extension, which is not understood here")
    number, comparator = get(quantity, "value", Number) or "", get(quantity, "comparator", str) or ""
    if comparator and comparator not in get_args(Comparator):
        raise UnreadableValue(f"{quote(f'{comparator} {number}')} has a comparator that is not understood")
    return f"{comparator}{number}" if number else "", _unit(quantity), "point"


def _unit(*quantities: Object) -> str | None:
    """Return the one unit that quantities give, as text, as a code or as both."""
    ucum = [get(one, "code", str) or "" for one in quantities if get(one, "system", str) == _UCUM]
    return one_unit(*(text for quantity in quantities for text in _units(quantity)), ucum=ucum)


def _units(quantity: Object) -> list[str]:
    return list(filter(None, (get(quantity, key, str) for key in ("unit", "code"))))


class _Range(NamedTuple):
    """One reference range: its ends or its text, what says that it is not for everybody in health.

    It `is_typed` if it says what it is for, and `is_numbers` if it has no text alone.
    """

    span: str
    limits: Sequence[str]
    is_typed: bool
    is_numbers: bool

    def __str__(self) -> str:
        return f"limited ({', '.join(self.limits)}): {self.span}" if self.limits else self.span


def range_of(value: Object) -> tuple[str | None, DecimalMark | None]:
    """Return the reference range, and the decimal mark if JSON fixes it, as it does that of numbers.

    Where there are several, or it is not for everybody, it is prose that says so.
    """
    ranges = [one for one in map(_range, objects(value, "referenceRange")) if one.span]
    usual = [one for one in ranges if not one.limits]
    if len(usual) == 1 and usual[0].is_typed:
        ranges = usual  # beside it are critical ones, or those for other people
    found = dict.fromkeys(map(str, ranges))
    if len(found) > 1:
        return f"several: {'; '.join(found)}", None
    in_numbers = all(one.is_numbers for one in ranges)
    return next(iter(found), None), "point" if found and in_numbers else None


def _range(one: Object) -> _Range:
    meanings = filter(None, (get(one, key, dict) for key in ("type", "meaning")))
    meant = [code for meaning in meanings for code in concept(meaning)]
    limits = [code for code in meant if code.lower() not in _NORMAL]
    limits += [key for key in ("age", "appliesTo", "modifierExtension") if one.get(key)]
    text = get(one, "text", str) or ""
    if Category.NORMAL not in SIDES.get(text.strip().upper(), (Category.NORMAL,)):
        limits.append(text)
    ends = (_number(get(one, side, dict) or {}) for side in ("low", "high"))
    return _Range(_span(one) or "", limits, bool(meant), any(end is not None for end in ends))


def _span(one: Object) -> str | None:
    """Return the ends of a range, or failing that its text; prose, where both give different ranges."""
    low, high = get(one, "low", dict) or {}, get(one, "high", dict) or {}
    start, end = _number(low), _number(high)
    text = get(one, "text", str)
    if not re.search("[1-9]", f"{start}{end}"):  # `0-0` is how some systems say that they have none
        return text
    try:
        unit = _unit(low, high) or ""
        comparators = [get(side, "comparator", str) for side in (low, high)]
    except (IncompatibleUnit, UnknownUnit):
        comparators = ["and another unit"]
    if any(comparators):
        return f"from {_written(low)} to {_written(high)}"
    span = f">={start}" if end is None else f"<={end}" if start is None else f"{start}-{end}"
    return _as_its_text_has_it(f"{span} {unit}".strip(), text or "")


def _as_its_text_has_it(span: str, text: str) -> str:
    """Return a range with the unit that its text gives, or prose where that gives another range."""
    try:
        (in_numbers, unit), (in_words, named) = read_range(span), read_range(text)
        differs = (in_numbers.low or 0, in_numbers.high) != (in_words.low or 0, in_words.high)
        other = named and read_unit(named)
        if differs or (unit and other and not are_same(read_unit(unit), other)):
            return f"several: {span}; {text}"
    except LabcheckError:  # it is no range, or not one that is understood
        return span
    return f"{span} {named}" if named and not unit else span


def _number(quantity: Object) -> str | None:
    """Return the number of a quantity, without the exponent that JSON may write."""
    number = get(quantity, "value", Number)
    return f"{Decimal(number):f}" if number and "e" in number.lower() else number


def _written(quantity: Object) -> str:
    """Return a quantity as it stands, for prose."""
    number = get(quantity, "value", Number)
    return " ".join(filter(None, (get(quantity, "comparator", str), number, *_units(quantity)[:1])))


def flags_of(value: Object) -> tuple[str, ...]:
    """Return the laboratory's own interpretations, one or in a list, by their codes or in words."""
    given = value.get("interpretation")
    concepts = [given] if isinstance(given, dict) else objects(value, "interpretation")
    flags = (of_codes(*_codes_and_words(given)) for given in concepts)
    return tuple(dict.fromkeys(chain.from_iterable(flags)))
