"""FHIR resources (JSON, DSTU2 to R5) -> observations: of bundles, reports and bulk exports, in order."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple, cast

from labcheck.errors import LabcheckError, Malformed
from labcheck.sources.elements import (
    Object,
    as_written,
    flags_of,
    get,
    identity,
    kind,
    measured,
    modified,
    objects,
    range_of,
)
from labcheck.sources.files import Read
from labcheck.sources.json import Path, Text, texts
from labcheck.sources.observations import Observation
from labcheck.sources.status import FHIR_STATUSES, Status
from labcheck.wording import quote

_READ = {name.lower(): name for name in ("Observation", "DiagnosticReport", "Bundle", "Parameters")}
"""The resources in which results stand, in lower case; FHIR knows them in no other spelling than its own."""

_GONE = (Status.WITHDRAWN, Status.ABSENT)


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
    gone = _gone(text) if b"DiagnosticReport" in text.raw else {}
    for resource, problem in _resources(_Resource(text.value, place)):
        try:
            if problem:
                raise problem
            if resource.is_a("Observation"):
                yield from _found(resource, cast("Object", resource.value), gone)
        except Malformed as error:
            yield Found(Observation(resource.place or "document", problem=error))


class _Resource(NamedTuple):
    """What should be a resource, and where; or if it `holds` resources, an entry or a parameter.

    `report` is the report that it is a part of, `url` its own in a bundle.
    """

    value: object
    place: str
    path: Path = ()
    holds: bool = False
    report: Object = {}  # noqa: RUF012  # which nobody changes
    url: str = ""

    def inner(self, value: object, place: str, *path: str | int) -> "_Resource":
        return _Resource(value, _joined(self.place, place), (*self.path, *path))

    def is_a(self, type: str) -> bool:
        return isinstance(self.value, dict) and not self.holds and self.value.get("resourceType") == type


def _joined(*places: str) -> str:
    return ", ".join(filter(None, places))


def _resources(outermost: _Resource) -> Iterator[tuple[_Resource, Malformed | None]]:
    """Yield a resource and those that it holds, in order, each with what is wrong with it if anything is.

    Resources are nested as deep as the sender likes, which a recursion would not survive.
    """
    waiting = [outermost]
    while waiting:
        resource, inside, problem = waiting.pop(), list[_Resource](), None
        try:
            inside += _inside(resource)
        except Malformed as error:
            problem = error
        yield resource, problem
        waiting += reversed(inside)


def _inside(outer: _Resource) -> Iterator[_Resource]:
    """Yield what a resource, or a list of them, holds; raise Malformed if it is neither."""
    value = outer.value
    if isinstance(value, list) and not outer.path:
        for i, item in enumerate(value):
            yield outer.inner(item, f"item {i + 1}", i)
        return
    if not isinstance(value, dict):
        raise Malformed(f"this is {kind(value)}, not a FHIR resource")
    if outer.holds:
        yield from _held(outer, value)
        return
    if not (type := get(value, "resourceType", str)):
        raise Malformed("this is no FHIR resource: it has no resourceType")
    if (meant := _READ.get(type.lower(), type)) != type:
        raise Malformed(f"its resourceType is {quote(type)}, which FHIR spells {meant!r}")
    for key in ("entry", "parameter"):
        for i, item in enumerate(get(value, key, list) or ()):
            yield outer.inner(item, f"{key} {i + 1}", key, i)._replace(holds=True)
    report = value if outer.is_a("DiagnosticReport") else {}
    for i, item in enumerate(get(value, "contained", list) or ()):
        yield outer.inner(item, f"contained {i + 1}", "contained", i)._replace(report=report)


def _held(outer: _Resource, value: Object) -> Iterator[_Resource]:
    """Yield the resource of an entry or a parameter, and the parts of the latter."""
    if value.get("resource") is not None:
        url = value.get("fullUrl")
        inner = outer.inner(value["resource"], "", "resource")
        yield inner._replace(url=url if isinstance(url, str) else "")
    for i, part in enumerate(get(value, "part", list) or ()):
        yield outer.inner(part, f"part {i + 1}", "part", i)._replace(holds=True)


def _gone(text: Text) -> Mapping[str, str]:
    """Return the status of each report that was withdrawn or is not there, by what refers to its results."""
    gone: dict[str, str] = {}
    for resource, _ in _resources(_Resource(text.value, "")):
        with suppress(Malformed):  # which is told when it is read
            report = cast("Object", resource.value) if resource.is_a("DiagnosticReport") else {}
            status = get(report, "status", str) or ""
            for result in objects(report, "result") if FHIR_STATUSES.get(status) in _GONE else ():
                reference, _, _ = (get(result, "reference", str) or "").partition("/_history/")
                gone[reference] = gone["/" + "/".join(reference.split("/")[-2:])] = status
    return gone


def _report_status(resource: _Resource, value: Object, gone: Mapping[str, str]) -> str:
    """Return the status of the report that an Observation is in, or that refers to it and is gone."""
    id, url = value.get("id"), resource.url
    # Without an address of its own it may have any that ends in its id.
    names = (url, *((f"Observation/{id}", "" if url else f"/Observation/{id}") if id else ()))
    status = next((gone[name] for name in names if name and name in gone), None)
    return status or get(resource.report, "status", str) or ""


def _found(resource: _Resource, value: Object, gone: Mapping[str, str]) -> Iterator[Found]:
    """Yield an Observation, then each of its components."""
    place = resource.place or "resource"
    shared = _shared(value, _report_status(resource, value, gone), resource.report)
    groups = any(value.get(key) for key in ("component", "hasMember", "related"))
    yield Found(_observation(value, place, shared, groups=groups), value, resource.path)
    for i, component in enumerate(get(value, "component", list) or ()):
        here = _joined(resource.place, f"component {i + 1}")
        if isinstance(component, dict):
            yield Found(_observation(component, here, shared, groups=False), value, resource.path, i)
        else:
            problem = Malformed(f"this is {kind(component)}, not a component")
            yield Found(Observation(here, problem=problem))


class _Shared(NamedTuple):
    """What an Observation says for itself and for all its components."""

    status: Status = Status.UNKNOWN
    status_text: str = ""
    date: str | None = None
    patient: str | None = None
    specimen: str | None = None
    problem: LabcheckError | None = None


def _shared(value: Object, report_status: str, report: Object) -> _Shared:
    try:
        text = get(value, "status", str) or ""
        if FHIR_STATUSES.get(report_status) in _GONE:  # so is all that is in the report
            text = report_status
        if text not in FHIR_STATUSES:
            raise Malformed(f"its status {quote(text)} is none that FHIR knows")
        period = get(value, "effectivePeriod", dict) or {}
        dates = [get(value, key, str) for key in ("effectiveDateTime", "effectiveInstant")]
        dates += [get(period, "start", str), get(value, "issued", str)]
        patients = [*_patients(value), *_patients(report)]
        specimen = get(get(value, "specimen", dict) or {}, "display", str)
        objects(value, "note")  # nothing is read from these, but an annotated document is written to them
        for key in ("comments", "comment"):
            get(value, key, str)
        problem = modified(value)
    except Malformed as error:
        return _Shared(problem=error)
    date, patient = next(filter(None, dates), None), next(filter(None, patients), None)
    return _Shared(FHIR_STATUSES[text], text, date, patient, specimen, problem)


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
        problem=shared.problem,
        patient=shared.patient,
    )
    try:
        known = replace(known, range=range_of(value), flags=flags_of(value))
        text, unit, decimal = measured(value, groups=groups)
    except LabcheckError as problem:
        return replace(known, problem=known.problem or problem)
    return replace(known, value=text, unit=unit, decimal=decimal)
