"""FHIR resources (JSON, DSTU2 to R5) -> observations: of bundles, reports and bulk exports, in order."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from labcheck.errors import LabcheckError, Malformed
from labcheck.sources.elements import Object, flags_of, get, identity, kind, measured, objects, range_of
from labcheck.sources.files import Read
from labcheck.sources.json import Path, Text, texts
from labcheck.sources.observations import Observation, Status
from labcheck.wording import quote

_STATUSES: Mapping[str, Status] = MappingProxyType({
    **dict.fromkeys(("final", "appended"), Status.FINAL),
    "preliminary": Status.PRELIMINARY,
    **dict.fromkeys(("amended", "corrected"), Status.CORRECTED),
    **dict.fromkeys(("registered", "specimen-in-process"), Status.ABSENT),
    **dict.fromkeys(("cancelled", "cannot-be-obtained"), Status.ABSENT),
    "entered-in-error": Status.WITHDRAWN,
    **dict.fromkeys(("unknown", ""), Status.UNKNOWN),
})  # fmt: skip
# Where a resource holds others: the key of the list, and the key of the resource in each of its objects.
_INSIDE = (("entry", "resource"), ("parameter", "resource"), ("contained", ""))


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
    # Resources are nested as deep as the sender likes, which a recursion would not survive.
    waiting = [_Resource(text.value, place)]
    while waiting:
        resource = waiting.pop()
        inside: list[_Resource] = []
        try:
            inside += _inside(resource)
            if isinstance(resource.value, dict) and resource.value["resourceType"] == "Observation":
                yield from _found(resource, resource.value)
        except Malformed as problem:
            yield Found(Observation(resource.place or "document", problem=problem))
        waiting += reversed(inside)


class _Resource(NamedTuple):
    """What should be a resource, and where; `report` is the status of the report that it is a part of."""

    value: object
    place: str
    path: Path = ()
    report: str = ""

    def inner(self, value: object, place: str, *path: str | int, report: str = "") -> "_Resource":
        return _Resource(value, _joined(self.place, place), (*self.path, *path), report)


def _joined(*places: str) -> str:
    return ", ".join(filter(None, places))


def _inside(outer: _Resource) -> Iterator[_Resource]:
    """Yield what a resource, or a list of them, holds; raise Malformed if it is neither."""
    value = outer.value
    if isinstance(value, list) and not outer.path:
        for i, item in enumerate(value):
            yield outer.inner(item, f"item {i + 1}", i)
        return
    if not isinstance(value, dict):
        raise Malformed(f"this is {kind(value)}, not a FHIR resource")
    type = get(value, "resourceType", str)
    if not type:
        raise Malformed("this is no FHIR resource: it has no resourceType")
    report = get(value, "status", str) or "" if type == "DiagnosticReport" else ""
    for key, within in _INSIDE:
        for i, item in enumerate(get(value, key, list) or ()):
            if not within:
                yield outer.inner(item, f"{key} {i + 1}", key, i, report=report)
            elif not isinstance(item, dict):
                yield outer.inner(item, f"{key} {i + 1}", key, i)
            elif item.get(within) is not None:
                yield outer.inner(item[within], f"{key} {i + 1}", key, i, within)


def _found(resource: _Resource, value: Object) -> Iterator[Found]:
    """Yield an Observation, then each of its components."""
    place = resource.place or "resource"
    shared = _shared(value, resource.report)
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
    problem: LabcheckError | None = None


def _shared(value: Object, report: str) -> _Shared:
    try:
        text = get(value, "status", str) or ""
        if _STATUSES.get(report) in (Status.WITHDRAWN, Status.ABSENT):  # so is all that is in the report
            text = report
        if text not in _STATUSES:
            raise Malformed(f"its status {quote(text)} is none that FHIR knows")
        period = get(value, "effectivePeriod", dict) or {}
        dates = [get(value, key, str) for key in ("effectiveDateTime", "effectiveInstant")]
        dates += [get(period, "start", str), get(value, "issued", str)]
        subject = get(value, "subject", dict) or {}
        identifier = get(subject, "identifier", dict) or {}
        patients = [get(subject, "reference", str), get(identifier, "value", str)]
        objects(value, "note")  # nothing is read from these, but an annotated document is written to them
        for key in ("comments", "comment"):
            get(value, key, str)
    except Malformed as problem:
        return _Shared(problem=problem)
    return _Shared(_STATUSES[text], text, next(filter(None, dates), None), next(filter(None, patients), None))


def _observation(value: Object, place: str, shared: _Shared, *, groups: bool) -> Observation:
    """Read an Observation or a component; if it `groups` others, no value of its own is due."""
    try:
        names, loinc, local = identity(value)
    except Malformed as problem:
        return Observation(place, problem=problem)
    known = Observation(
        place,
        names=names,
        loinc=loinc,
        local=local,
        status=shared.status,
        status_text=shared.status_text,
        date=shared.date,
        problem=shared.problem,
        patient=shared.patient,
    )
    try:
        text, unit, decimal = measured(value, groups=groups)
        range, flags = range_of(value), flags_of(value)
    except LabcheckError as problem:
        return replace(known, problem=known.problem or problem)
    return replace(known, value=text, unit=unit, decimal=decimal, range=range, flags=flags)
