"""The resources of a FHIR document, however they are nested."""

from collections.abc import Iterator
from typing import NamedTuple

from labcheck.errors import Malformed
from labcheck.sources.elements import Object, get, json_type, modified
from labcheck.sources.json import Path
from labcheck.wording import quote

_READ = {name.lower(): name for name in ("Observation", "DiagnosticReport", "Bundle", "Parameters")}
"""The resources in which results stand, in lower case; FHIR knows them in no other spelling than its own."""


class Resource(NamedTuple):
    """What should be a resource, and where; or if it `holds` resources, an entry or a parameter.

    `report` is the report that it is a part of, `url` its own in a bundle.
    """

    value: object
    place: str
    path: Path = ()
    holds: bool = False
    report: Object = {}  # noqa: RUF012  # which nobody changes
    url: str = ""

    def inner(self, value: object, place: str, *path: str | int) -> "Resource":
        return Resource(value, joined(self.place, place), (*self.path, *path))

    def is_a(self, type: str) -> bool:
        return isinstance(self.value, dict) and not self.holds and self.value.get("resourceType") == type


def joined(*places: str) -> str:
    """Return a place within another, which may have no name."""
    return ", ".join(filter(None, places))


def resources(outermost: Resource) -> Iterator[tuple[Resource, Malformed | None]]:
    """Yield a resource and those that it holds, in order, each with what is wrong with it if anything is.

    Resources are nested as deep as the sender likes, which a recursion would not survive.
    """
    waiting = [outermost]
    while waiting:
        resource, inside, problem = waiting.pop(), list[Resource](), None
        try:
            inside += _inside(resource)
        except Malformed as error:
            problem = error
        yield resource, problem
        waiting += reversed(inside)


def _inside(outer: Resource) -> Iterator[Resource]:
    """Yield what a resource, or a list of them, holds; raise Malformed if it is neither."""
    value = outer.value
    if isinstance(value, list) and not outer.path:
        for i, item in enumerate(value):
            yield outer.inner(item, f"item {i + 1}", i)
        return
    if not isinstance(value, dict):
        raise Malformed(f"this is {json_type(value)}, not a FHIR resource")
    if outer.holds:
        yield from _held(outer, value)
        return
    _check_type(value)
    for key in ("entry", "parameter"):
        for i, item in enumerate(get(value, key, list) or ()):
            yield outer.inner(item, f"{key} {i + 1}", key, i)._replace(holds=True)
    report = value if outer.is_a("DiagnosticReport") else {}
    for i, item in enumerate(get(value, "contained", list) or ()):
        yield outer.inner(item, f"contained {i + 1}", "contained", i)._replace(report=report)


def _check_type(value: Object) -> None:
    """Raise Malformed for what is no resource, or is one of which the content cannot be understood."""
    if not (type := get(value, "resourceType", str)):
        raise Malformed("this is no FHIR resource: it has no resourceType")
    if (meant := _READ.get(type.strip().lower(), type)) != type:
        raise Malformed(f"its resourceType is {quote(type)}, which FHIR spells {meant!r}")
    if type in ("Bundle", "Parameters") and (problem := modified(value)):
        raise Malformed(problem.text)


def _held(outer: Resource, value: Object) -> Iterator[Resource]:
    """Yield the resource of an entry or a parameter, and the parts of the latter."""
    if problem := modified(value):
        raise Malformed(problem.text)
    if value.get("resource") is None and value.get("resourceType") is not None:
        raise Malformed("its resource stands where an entry should hold it, under `resource`")
    if value.get("resource") is not None:
        url = value.get("fullUrl")
        inner = outer.inner(value["resource"], "", "resource")
        yield inner._replace(url=url if isinstance(url, str) else "")
    for i, part in enumerate(get(value, "part", list) or ()):
        yield outer.inner(part, f"part {i + 1}", "part", i)._replace(holds=True)
