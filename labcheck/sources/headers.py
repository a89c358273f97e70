"""One name of a header -> the test and the unit it names: `Vitamin D (nmol/L)`, `serum_vitamin_d_ng_ml`."""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from labcheck.errors import LabcheckError
from labcheck.identify import Identified, Identifier
from labcheck.units import accepted_units, read_unit

_BRACKETED = re.compile(r"[(\[]([^()\[\]]+)[)\]]\s*$")


class Header(NamedTuple):
    """The test and the unit that a name says; `problem` is why it is that of another test."""

    test: Identified | None
    unit: str | None
    problem: LabcheckError | None = None


def read_header(name: str, identifier: Identifier) -> Header:
    """Read one name of a header; a unit without a test counts if something stands between it and the rest."""
    behind = None
    try:
        for before, unit in _split(name):
            if test := identifier.identify(before.rstrip("([ "), None):
                return Header(test, unit)
            if not before[-1:].isalnum():
                behind = behind or unit
        return Header(identifier.identify(name, None), behind)
    except LabcheckError as error:
        return Header(None, None, error)


def resembles(name: str, identifier: Identifier) -> bool:
    """Say whether a name, with or without a unit, has all the words of a test's name."""
    return any(map(identifier.resembles, (name, *(before for before, _ in _split(name)))))


def unit_in(name: str) -> str | None:
    """Return the unit that a name ends in, in brackets."""
    return parted(name)[1]


def parted(name: str) -> tuple[str, str | None]:
    """Return a name without the unit that it ends in, in brackets, and that unit; None if there is none.

    `PM` in capitals is the time of the day, not picomoles.
    """
    match = _BRACKETED.search(name)
    if match is None or ("/" not in match[1] and match[1].isupper()):
        return name, None
    try:
        return name[: match.start()], read_unit(match[1]).code
    except LabcheckError:
        return name, None


@lru_cache(maxsize=1000)
def in_parts(name: str) -> tuple[str, str | None]:
    """Return a name without the unit that it ends in, with or without brackets, and that unit.

    Without brackets it is one with a slash, and something stands between it and the rest: `Result ng/mL`,
    `ref_range_ng_ml`.
    """
    before, unit = parted(name)
    if unit:
        return before, unit
    found = (one for one in _split(name) if "/" in one[1] and one[0] and not one[0][-1].isalnum())
    return next(found, (name, None))


def _split(name: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before the unit that a name ends in, and the unit; the longest unit first."""
    if (match := _BRACKETED.search(name)) and (unit := unit_in(name)):
        yield name[: match.start(1)], unit
    if "\ufffd" in name:  # it may have been a micro sign
        return
    squeezed = re.sub(r"[^a-z0-9%]", "", name.lower().replace("µ", "u").replace("μ", "u"))
    for ending, code in _endings():
        if squeezed.endswith(ending):
            before, left = name, len(ending)
            while left:
                left -= before[-1].isalnum()
                before = before[:-1]
            yield before, code


@cache
def _endings() -> Sequence[tuple[str, str]]:
    """Return how each unit can stand at the end of a name, the longest first, and its code."""
    codes = {unit.code.lower().replace("/", ""): unit.code for unit in accepted_units()}
    return sorted(codes.items(), key=lambda ending: len(ending[0]), reverse=True)
