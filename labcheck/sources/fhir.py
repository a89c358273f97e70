"""FHIR resources (JSON, DSTU2 to R5) -> observations: of bundles, reports and bulk exports, in order."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple, cast

from labcheck.errors import LabcheckError, Malformed
from labcheck.sources.elements import (
    Object,
    as_written,
    flags_of,
    get,
    identity,
    json_type,
    measured,
    modified,
    objects,
    range_of,
)
from labcheck.sources.files import Read
from labcheck.sources.json import Path, Text, texts
from labcheck.sources.observations import Observation
from labcheck.sources.references import References, check_report, members, read_references
from labcheck.sources.remarks import casts_doubt
from labcheck.sources.resources import Resource, joined, resources
from labcheck.sources.status import FHIR_STATUSES, Status, doubted
from labcheck.sources.versions import Versions, read_versions
from labcheck.wording import clipped, quote

_NO_PATIENTS = frozenset(("Device", "Location", "Substance", "Medication", "Specimen"))
"""What an Observation can be of that is nobody."""


class Found(NamedTuple):
    """An observation, and the JSON object of its resource with the way there.

    `component` is the index of the component that it is, if it is one. There is no resource where a piece
    of the document cannot be read.
    """

    observation: Observation
    resource: Object | None = None
    path: Path = ()
    component: int | None = None


def observations(read: Read) -> Iterator[Observation]:
    """Yield each observation of a stream, and whatever cannot be read with its place, in order."""
    for text in texts(read):
        for found in find(text):
            yield found.observation


def find(text: Text) -> Iterator[Found]:
    """Yield the observations in one JSON text."""
    place = "" if text.line is None else f"line {text.line}"
    if text.problem:
        yield Found(Observation(place or "document", problem=text.problem))
    if text.problem or text.ignored:
        return
    said = read_references(text)
    versions = read_versions(text)
    for resource, problem in resources(Resource(text.value, place)):
        try:
            if problem:
                raise problem
            if resource.is_a("Observation"):
                yield from _found(resource, cast("Object", resource.value), said, versions)
            elif resource.is_a("DiagnosticReport"):
                check_report(cast("Object", resource.value))
        except LabcheckError as error:
            yield Found(Observation(resource.place or "document", problem=error))


def _found(resource: Resource, value: Object, said: References, versions: Versions) -> Iterator[Found]:
    """Yield an Observation, then each of its components."""
    place = resource.place or "resource"
    shared = _shared(value, resource, said, versions)
    groups = bool(value.get("component") or members(value))
    whole = _observation(value, place, shared, groups=groups)
    yield Found(whole, value, resource.path)
    shared = shared._replace(groups=(*shared.groups, *whole.names, *whole.loinc, *whole.local))
    for i, component in enumerate(get(value, "component", list) or ()):
        here = joined(resource.place, f"component {i + 1}")
        if isinstance(component, dict):
            yield Found(_observation(component, here, shared, groups=False), value, resource.path, i)
        else:
            problem = Malformed(f"this is {json_type(component)}, not a component")
            yield Found(Observation(here, problem=problem))


class _Shared(NamedTuple):
    """What an Observation says for itself and for all its components."""

    status: Status = Status.UNKNOWN
    status_text: str = ""
    date: str | None = None
    patient: str | None = None
    specimen: str | None = None
    groups: tuple[str, ...] = ()
    problem: LabcheckError | None = None


def _shared(value: Object, resource: Resource, said: References, versions: Versions) -> _Shared:
    report = resource.report
    try:
        text = get(value, "status", str) or ""
        if text not in FHIR_STATUSES:
            raise Malformed(f"its status {quote(text)} is none that FHIR knows")
        text = said.withdrawal(resource) or text
        period = get(value, "effectivePeriod", dict) or {}
        dates = [get(value, key, str) for key in ("effectiveDateTime", "effectiveInstant")]
        dates += [get(period, "start", str), get(value, "issued", str)]
        patients = [*_patients(value), *_patients(report)]
        specimen = said.specimen(resource)
        doubts = [*versions.doubts(resource), *_doubts(value)]
        problem = modified(value) or modified(report)
    except Malformed as error:
        return _Shared(problem=error)
    date, patient = next(filter(None, dates), None), next(filter(None, patients), None)
    status, text = doubted(FHIR_STATUSES[text], text, doubts)
    return _Shared(status, text, date, patient, specimen, said.groups_of(resource), problem)


def _doubts(value: Object) -> Iterator[str]:
    """Yield what says of an Observation that it may not stand, or is of no patient."""
    remarks = [get(one, "text", str) for one in objects(value, "note")]
    remarks += [get(value, key, str) for key in ("comments", "comment")]
    for remark in filter(casts_doubt, filter(None, remarks)):
        yield f"with the remark {clipped(remark)}"
    of = get(get(value, "subject", dict) or {}, "reference", str) or ""
    if of.split("/")[-2:-1] and of.split("/")[-2] in _NO_PATIENTS:
        yield f"of {clipped(of)}"


def _patients(value: Object) -> Iterator[str | None]:
    """Yield what identifies the patient of an Observation or a report."""
    subject = get(value, "subject", dict) or {}
    yield get(subject, "reference", str)
    yield get(get(subject, "identifier", dict) or {}, "value", str)


def _observation(value: Object, place: str, shared: _Shared, *, groups: bool) -> Observation:
    """Read an Observation or a component; if it `groups` others, no value of its own is due."""
    try:
        names, loinc, local = identity(value)
    except Malformed as problem:
        return Observation(place, problem=problem)
    text, unit = as_written(value)
    known = Observation(
        place,
        names=names,
        loinc=loinc,
        local=local,
        value=text,
        unit=unit,
        status=shared.status,
        status_text=shared.status_text,
        date=shared.date,
        specimen=shared.specimen,
        groups=shared.groups,
        problem=shared.problem,
        patient=shared.patient,
    )
    try:
        span, range_decimal = range_of(value)
        known = replace(known, range=span, range_decimal=range_decimal, flags=flags_of(value))
        text, unit, decimal = measured(value, groups=groups)
    except LabcheckError as problem:
        return replace(known, problem=known.problem or problem)
    return replace(known, value=text, unit=unit, decimal=decimal)
