"""Which Observations of one FHIR document no longer stand: older versions, those replaced, those deleted."""

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple, cast

from labcheck.errors import Malformed
from labcheck.sources.elements import Object, get, objects
from labcheck.sources.json import Path, Text
from labcheck.sources.references import keys, keys_of, names_of
from labcheck.sources.resources import Resource, resources

_SAY_SO = (b"DELETE", b'"history"', b"versionId", b"replaces")
"""One of these stands in each document that has anything to say here."""


class Versions(NamedTuple):
    """The paths of older versions, and what those that are replaced or deleted are kept under."""

    older: frozenset[Path] = frozenset()
    replaced: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()

    def doubts(self, resource: Resource) -> list[str]:
        """Return why an Observation that is there may not stand any more."""
        names = set(names_of(resource))
        said = {
            "of an older version": resource.path in self.older,
            "replaced by another": not self.replaced.isdisjoint(names),
            "deleted by another entry": not self.deleted.isdisjoint(names),
        }
        return [doubt for doubt, holds in said.items() if holds]


class _Version(NamedTuple):
    """One version of a resource; the newest is the largest, and in a history the first."""

    updated: str
    number: int
    back: int
    path: Path


def read_versions(text: Text) -> Versions:
    """Look through a document for what no longer stands; most have nothing of the kind."""
    if not any(word in text.raw for word in _SAY_SO):
        return Versions()
    versions: dict[tuple[object, ...], list[_Version]] = {}
    replaced, deleted = list[str](), list[str]()
    for resource, _ in resources(Resource(text.value, "")):
        with suppress(Malformed):  # which is told when it is read
            if resource.holds:
                deleted += _deleted(resource)
            if resource.is_a("Observation"):
                replaced += _replaced(resource)
                version = _version(resource)
                for name in names_of(resource):
                    versions.setdefault((*_bundle(resource.path), name), []).append(version)
    older = set[Path]()
    for several in versions.values():
        newest = max(several)
        older.update(one.path for one in several if one != newest)
    return Versions(frozenset(older), frozenset(replaced), frozenset(deleted))


def _version(resource: Resource) -> _Version:
    meta = get(cast("Object", resource.value), "meta", dict) or {}
    number = get(meta, "versionId", str) or ""
    entries = [-step for step in resource.path if isinstance(step, int)]
    return _Version(
        get(meta, "lastUpdated", str) or "",
        int(number) if number.isascii() and number.isdigit() and len(number) < 20 else 0,
        entries[-1] if entries else 0,
        resource.path,
    )


def _bundle(path: Path) -> Path:
    """Return the path of the bundle that an entry's resource stands in."""
    return path[:-3] if path[-1:] == ("resource",) else path


def _deleted(entry: Resource) -> Sequence[str]:
    """Return what the resource is kept under that an entry deletes."""
    request = get(entry.value, "request", dict) or {} if isinstance(entry.value, dict) else {}
    is_deletion = get(request, "method", str) == "DELETE"
    return keys(get(request, "url", str) or "", entry.path) if is_deletion else ()


def _replaced(resource: Resource) -> list[str]:
    """Return what the Observations are kept under that one replaces."""
    related = objects(cast("Object", resource.value), "related")
    targets = [get(one, "target", dict) or {} for one in related if get(one, "type", str) == "replaces"]
    return keys_of(targets, resource)
