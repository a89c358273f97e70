"""The elements of a FHIR Observation -> text: what was observed, its value, range and flags.

Nothing is taken on trust: another JSON type than FHIR gives a key is an error rather than passed over. What
one version of FHIR has once and another in a list is read either way.
"""

import re
from typing import TypeVar

from labcheck.errors import IncompatibleUnit, Malformed, NoValue, UnreadableValue
from labcheck.model import DecimalMark
from labcheck.sources.json import Number
from labcheck.sources.observations import one_unit, sorted_codes
from labcheck.wording import quote

T = TypeVar("T")
Object = dict[str, object]

_COMPARATORS = frozenset(("<", "<=", ">", ">="))
_KINDS: dict[type, str] = {  # in this order: a number is a text here, too
    Number: "a number",
    str: "a text",
    dict: "an object",
    list: "a list",
    object: "true, false or null",
}


def kind(value: object) -> str:
    """Return how a message calls the JSON type of a value."""
    return next(name for type, name in _KINDS.items() if isinstance(value, type))


def get(value: Object, key: str, of: type[T]) -> T | None:
    """Return what stands under a key, or None; raise Malformed where it is of another JSON type."""
    found = value.get(key)
    if found is None:
        return None
    if not isinstance(found, of) or (of is str and isinstance(found, Number)):
        raise Malformed(f"its {key} is {kind(found)}, not {_KINDS[of]}")
    return found


def objects(value: Object, key: str) -> list[Object]:
    """Return the objects of a list; raise Malformed where it is none or holds anything else."""
    found = get(value, key, list) or []
    for item in found:
        if not isinstance(item, dict):
            raise Malformed(f"its {key} holds {kind(item)}, not objects alone")
    return found


def concept(value: Object) -> list[str]:
    """Return the codes of a CodeableConcept, or failing that its text."""
    codes = [get(coding, "code", str) for coding in objects(value, "coding")]
    return list(filter(None, codes)) or list(filter(None, [get(value, "text", str)]))


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
    return (
        tuple(dict.fromkeys(filter(None, (" ".join((name or "").split()) for name in names)))),
        loinc,
        local,
    )


def modified(value: Object) -> UnreadableValue | None:
    """Return why what has a modifierExtension cannot be used, nor anything in it."""
    if not get(value, "modifierExtension", list):
        return None
    return UnreadableValue("its modifierExtension may change what it means, and is not understood here")


def measured(value: Object, *, groups: bool) -> tuple[str | None, str | None, DecimalMark | None]:
    """Return the value as text, its unit, and the decimal mark if JSON fixes it.

    The value is None where none is due, as what `groups` others needs none. Raises NoValue for a
    dataAbsentReason, UnreadableValue for what is not one number, IncompatibleUnit for two units.
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
            return _quantity(get(value, "valueQuantity", dict) or {})
        case ["valueString"]:
            return get(value, "valueString", str), None, None
        case ["valueInteger"]:
            return get(value, "valueInteger", Number), None, "point"
        case [key]:
            raise UnreadableValue(f"its value is a {key.removeprefix('value')}, not one number")
        case _:
            raise Malformed(f"it has {' and '.join(keys)}, of which there can be one")


def _quantity(quantity: Object) -> tuple[str, str | None, DecimalMark | None]:
    number, comparator = get(quantity, "value", Number) or "", get(quantity, "comparator", str) or ""
    if comparator and comparator not in _COMPARATORS:
        raise UnreadableValue(f"{quote(f'{comparator} {number}')} has a comparator that is not understood")
    return f"{comparator}{number}" if number else "", _unit(quantity), "point"


def _unit(*quantities: Object) -> str | None:
    """Return the one unit that quantities give, as text, as a code or as both."""
    return one_unit(*(get(quantity, key, str) or "" for quantity in quantities for key in ("unit", "code")))


def range_of(value: Object) -> str | None:
    """Return the reference range, if there is but one, for everybody; it may be prose."""
    ranges = objects(value, "referenceRange")
    if len(ranges) != 1 or {"age", "appliesTo"}.intersection(ranges[0]):
        return None
    only = ranges[0]
    meanings = filter(None, (get(only, key, dict) for key in ("type", "meaning")))
    if {code for meaning in meanings for code in concept(meaning)} - {"normal"}:
        return None  # a range to treat to, or a critical one
    low, high = get(only, "low", dict) or {}, get(only, "high", dict) or {}
    start, end = get(low, "value", Number), get(high, "value", Number)
    if start is None and end is None:
        return get(only, "text", str)
    if "comparator" in {*low, *high} or not re.search("[1-9]", f"{start}{end}"):
        return None  # `0-0` is how some systems say that they have none
    try:
        unit = _unit(low, high) or ""
    except IncompatibleUnit:
        return None
    span = f">={start}" if end is None else f"<={end}" if start is None else f"{start}-{end}"
    return f"{span} {unit}".strip()


def flags_of(value: Object) -> tuple[str, ...]:
    """Return the codes of the laboratory's own interpretation, one or in a list."""
    given = value.get("interpretation")
    concepts = [given] if isinstance(given, dict) else objects(value, "interpretation")
    return tuple(dict.fromkeys(flag for given in concepts for flag in concept(given)))
