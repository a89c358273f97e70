"""A result as a laboratory's system sends it, whatever the format, and the core's answer to it.

Readers of messages (HL7 v2) and of resources (FHIR) bring what they find into this one shape; `judge` asks
the core. What a format says of a result beside its number - that it was withdrawn, that it is preliminary -
is acted on here, so that it has the same effect in every format.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from labcheck.catalogue import Catalogue
from labcheck.errors import (
    IncompatibleUnit,
    LabcheckError,
    UnknownUnit,
    WrongAnalyte,
)
from labcheck.identify import LOINC_CODE, Identified, Identifier
from labcheck.interpret import interpret
from labcheck.model import DecimalMark, Outcome, Refusal
from labcheck.ranges import OwnRange
from labcheck.sources.status import Status, check_status, notes_on_status
from labcheck.sources.verdicts import Reported
from labcheck.specimens import check_specimen, notes_on_specimen
from labcheck.units import Unit, are_same, read_unit
from labcheck.wording import quote

_LOINC = frozenset(("ln", "lnc", "2.16.840.1.113883.6.1", "urn:oid:2.16.840.1.113883.6.1"))
"""Code systems that mean LOINC; so does any with `loinc` in its name."""


@dataclass(frozen=True)
class Observation:
    """What a document says of one result, as it was written; None or empty where it says nothing.

    `place` is where it stands (`message 3, OBX 12`). The first of `names` is the one that tells the test;
    `loinc` has its LOINC codes and `local` those of other systems. `value` has its comparator in front; it
    is None where no value is due, as the observation only groups others. `range` may have a unit of its own.
    `decimal` and `range_decimal` are the decimal marks of both where the format fixes them; `flags` are the
    laboratory's. `status_text` is what `status` was read from. `specimen` is what was examined, if that is
    said beside the names. `groups` are the names and codes of what it stands under: an order, a report, a
    panel.

    `problem` is why it cannot be used. Where nothing but a `problem` is known, a whole piece of the document
    could not be read. `patient` identifies a person: it is for whoever asks for it, and for no message.
    """

    place: str
    names: tuple[str, ...] = ()
    loinc: tuple[str, ...] = ()
    local: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    value: str | None = None
    unit: str | None = None
    decimal: DecimalMark | None = None
    range: str | None = None
    range_decimal: DecimalMark | None = None
    flags: tuple[str, ...] = ()
    status: Status = Status.FINAL
    status_text: str = ""
    date: str | None = None
    specimen: str | None = None
    problem: LabcheckError | None = None
    patient: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The test's name, or failing that its local code."""
        return next(iter((*self.names, *self.local)), "")

    @property
    def code(self) -> str:
        """The test's LOINC code, or failing that its local one."""
        return next(iter((*self.loinc, *self.local)), "")


COLUMNS = ("place", "date", "code", "name", "value", "unit", "reference_range", "flag")
"""What a row says of an observation before what labcheck adds."""


def cells_of(observation: Observation, *, with_patient: bool) -> list[str]:
    """Return the cells under COLUMNS but for the place, and the patient's identifier if it is asked for."""
    cells = (observation.date, observation.code, observation.name, observation.value, observation.unit)
    patient = [observation.patient or ""] if with_patient else []
    return [*(cell or "" for cell in cells), observation.range or "", " ".join(observation.flags), *patient]


def reported(observation: Observation) -> Reported:
    """Return what an observation says of its result, in short."""
    return Reported(
        test=observation.name or "",
        loinc=observation.code or "",
        value=observation.value or "",
        unit=observation.unit or "",
        range=observation.range or "",
    )


def judge(
    observation: Observation,
    catalogue: Catalogue,
    *,
    range_sets: Mapping[str, str | None] = MappingProxyType({}),
    own_ranges: Mapping[str, OwnRange] = MappingProxyType({}),
    decimal: DecimalMark | None = None,
) -> Outcome | None:
    """Judge one observation; None if the catalogue does not cover it, or if it only groups others.

    `range_sets` and the user's `own_ranges`, which outrank them, are by analyte; `decimal` settles numbers
    like `1,060` where the format does not.
    """
    problem, analyte = observation.problem, ""
    if problem is None and observation.value is None:
        return None
    try:
        if problem and not observation.code and not observation.name:
            raise problem
        found = _identify(observation, catalogue.identifier)
        if found is None:
            return None
        analyte = found.analyte.id
        if problem:
            raise problem
        check_status(observation.status, observation.status_text)
        judged = interpret(
            found.analyte,
            observation.value or "",
            unit=observation.unit or None,
            range=own_ranges.get(analyte),
            range_set=range_sets.get(analyte),
            reported_range=observation.range,
            reported_flag=observation.flags,
            decimal=decimal,
            value_decimal=observation.decimal,
            range_decimal=observation.range_decimal,
            loinc=found.loinc,
            doubt=found.doubt,
            assume_unit=False,
        )
    except LabcheckError as error:
        return Refusal(analyte, observation.value or "", observation.unit, error.code, error.text)
    of_specimen = notes_on_specimen(observation.specimen, found.analyte)
    of_status = notes_on_status(observation.status, observation.status_text)
    return judged._replace(notes=(*judged.notes, *of_specimen, *of_status))


def _identify(observation: Observation, identifier: Identifier) -> Identified | None:
    """Return which test is meant; raise WrongAnalyte where its names and codes do not agree on one."""
    names, codes = observation.names or observation.local[:1] or ("",), observation.loinc
    # A local code can tell that another test is meant, but only the test's name that this one is.
    by_local = filter(None, [identifier.identify(local, None) for local in observation.local])
    if codes:
        found = [identifier.identify(name, code) for name in names for code in codes]
        for code in filter(identifier.is_code, observation.local if any(found) else ()):
            identifier.identify(None, code)  # which raises where it is one of a look-alike
    else:
        first, *others = [identifier.identify(name, None) for name in names]
        # A code of LOINC's is that whatever its system is called, and can contradict the name.
        for code in filter(identifier.is_code, observation.local if first else ()):
            identifier.identify(names[0], code)
        found = [first, *filter(None, others)] if first else [None]
    known = _suiting([meant for meant in found if meant], observation.unit)
    if not known:
        return None
    check_specimen(observation.specimen, known[0].analyte)
    if len(known) < len(found) or len({meant.analyte.id for meant in (*known, *by_local)}) > 1:
        said = dict.fromkeys((*names, *codes, *observation.local))
        raise WrongAnalyte(f"{', '.join(map(quote, said))} can be different tests")
    doubts = (identifier.doubt_of_group(group, known[0]) for group in observation.groups)
    doubt = next(filter(None, (*(meant.doubt for meant in known), *doubts)), None)
    return known[0]._replace(doubt=doubt)


def look_alike(observation: Observation, identifier: Identifier) -> str | None:
    """Return the name of one that is not covered, if it is like one that is, or is one beside others."""
    if observation.value is None and observation.problem is None:
        return None
    said = (*observation.names, *observation.local)
    return next((text for text in said if identifier.resembles(text) or identifier.is_code(text)), None)


def _suiting(found: list[Identified], unit: str | None) -> list[Identified]:
    """Put first what was meant by a code for the unit's kind, as where moles and mass are both coded."""
    with suppress(LabcheckError):
        kind = read_unit(unit or "").kind
        return sorted(found, key=lambda meant: meant.loinc is None or meant.loinc.kind != kind)
    return found


def sorted_codes(codings: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Part codes, each with its system, into LOINC's and others, without repetitions.

    A code of LOINC's form without a system is taken for one of LOINC's, so that it can contradict a name.
    """
    loinc: dict[str, None] = {}
    local: dict[str, None] = {}
    for code, system in codings:
        plain = code.strip()
        known = system.strip().lower() in _LOINC or "loinc" in system.lower()
        formed = not system.strip() and re.fullmatch(LOINC_CODE, plain)
        if plain:
            (loinc if known or formed else local)[plain] = None
    return tuple(loinc), tuple(local)


def one_unit(*texts: str, ucum: Collection[str] = ()) -> str | None:
    """Return the unit that several fields give, in the first spelling that is understood, or as it stands.

    Those in `ucum` are codes of that system, which say for certain what is meant. Raises IncompatibleUnit
    where two fields give different units, and UnknownUnit for such a code that is not understood beside one
    that is.
    """
    given = list(dict.fromkeys(text for text in texts if text.strip()))
    understood: dict[str, Unit | None] = {}  # None is a unit that is no concentration
    for text in given if len(given) > 1 else ():
        try:
            understood[text] = read_unit(text)
        except IncompatibleUnit:
            understood[text] = None
        except UnknownUnit:
            if text in ucum:
                raise
    first, *others = understood.values() or [None]
    if not all(first and other and are_same(first, other) for other in others):
        raise IncompatibleUnit(f"{' and '.join(map(quote, understood))} are both given as its unit")
    return next(iter((*understood, *given)), None)
