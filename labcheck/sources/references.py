"""What the resources of one FHIR document say of others in it: which are gone, their specimen, their group.

A report that was withdrawn withdraws the results that it refers to, and a panel those that are its members. A
reference is an address, relative (`Observation/7`) or whole, or that of a contained resource (`#7`).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import NamedTuple, TypeVar, cast

from labcheck.errors import Malformed
from labcheck.sources.elements import Object, get, modified, objects, words_of
from labcheck.sources.json import Path, Text
from labcheck.sources.resources import Resource, resources
from labcheck.sources.status import FHIR_STATUSES, Status
from labcheck.specimens import is_blood
from labcheck.wording import quote

_WITHDRAW = frozenset(("entered-in-error", "cancelled", "cannot-be-obtained"))
"""The statuses of a report that hold for the results it refers to; others are of what is still to come."""

_WITHDRAW_MEMBERS = frozenset(code for code, one in FHIR_STATUSES.items() if one is Status.WITHDRAWN)
"""Those of a panel that hold for its members."""

_WITHDRAW_ENTRIES = frozenset(("entered-in-error", "cancelled"))
"""Those of a document that hold for its entries."""

_WITHDRAWING = {
    "DiagnosticReport": _WITHDRAW,
    "Observation": _WITHDRAW_MEMBERS,
    "Composition": _WITHDRAW_ENTRIES,
}
"""The statuses that withdraw results, by the resource that refers to them."""

_REFERRING = (b"DiagnosticReport", b"hasMember", b"related", b"Specimen", b"Composition")
"""One of these stands in each document that has anything to say here."""

_OF_REPORTS = frozenset((*FHIR_STATUSES, "partial", "modified"))

_DIFFERENT = "several that differ"
"""What stands for specimens of which not all are blood, as a result can be of any."""

_Drawn = tuple[str | None, Sequence[str]]
"""What a reference to a specimen says of it itself, and what the specimen is kept under."""


Said = TypeVar("Said", str, list[_Drawn])


class References(NamedTuple):
    """What is said of resources, by what refers to them: a status that withdraws, words for a specimen.

    `drawn` is from which specimens results are, by the reports and panels that they belong to, and `groups`
    what those are called.
    """

    gone: Mapping[str, str]
    specimens: Mapping[str, str]
    drawn: Mapping[str, Sequence[_Drawn]]
    groups: Mapping[str, Sequence[str]]

    def withdrawal(self, resource: Resource) -> str:
        """Return the status of what holds an Observation, or refers to it, and withdraws it; or empty."""
        status = get(resource.report, "status", str) or ""
        found = next((self.gone[name] for name in names_of(resource) if name in self.gone), None)
        return found or (status if status in _WITHDRAW else "")

    def specimen(self, resource: Resource) -> str | None:
        """Return all that is said of an Observation's specimen, or of those of its report or panel."""
        own = get(cast("Object", resource.value), "specimen", dict)
        given = [own] if own else objects(resource.report, "specimen")
        referring = (self.drawn[name] for name in names_of(resource) if name in self.drawn)
        several = [_drawn(one, resource) for one in given] or chain.from_iterable(referring)
        texts = list(dict.fromkeys(map(self._words, several)))  # one is empty if nobody says what it is
        others = [text for text in texts if text and not is_blood(text)]
        return (_DIFFERENT if 0 < len(others) < len(texts) else ", ".join(filter(None, texts))) or None

    def _words(self, drawn: _Drawn) -> str:
        """Return all that is said of one specimen."""
        display, keys = drawn
        return ", ".join(dict.fromkeys(filter(None, [display, *map(self.specimens.get, keys)])))

    def groups_of(self, resource: Resource) -> tuple[str, ...]:
        """Return the names and codes of the report that holds an Observation, and of what refers to it."""
        referring = (self.groups[name] for name in names_of(resource) if name in self.groups)
        return (*_called(resource.report), *chain.from_iterable(referring))


def read_references(text: Text) -> References:
    """Look through a document for what its resources say of each other; most say nothing that counts."""
    gone: dict[str, str] = {}
    specimens: dict[str, str] = {}
    drawn: dict[str, list[_Drawn]] = {}
    groups: dict[str, list[str]] = {}
    grouped: dict[str, list[str]] = {}  # the keys of the members of a panel, by its names
    if not any(word in text.raw for word in _REFERRING):
        return References(gone, specimens, drawn, groups)
    for resource, _ in resources(Resource(text.value, "")):
        with suppress(Malformed):  # which is told when it is read
            value = cast("Object", resource.value)
            if resource.is_a("Specimen"):
                words = words_of(get(value, "type", dict) or {})
                if (status := get(value, "status", str) or "available") != "available":
                    words.append(status)
                words += [word for one in objects(value, "condition") for word in words_of(one)]
                specimens |= dict.fromkeys(names_of(resource), ", ".join(words))
            elif results := _results(value, resource):
                status = get(value, "status", str) or ""
                if status in _WITHDRAWING[str(value["resourceType"])]:
                    gone |= dict.fromkeys(results, status)
                if resource.is_a("Observation"):
                    for name in names_of(resource):
                        grouped.setdefault(name, []).extend(results)
                called = _called(value)
                specimens_of_all = [_drawn(one, resource) for one in _specimens_of_all(value, resource)]
                for result in results:
                    groups.setdefault(result, []).extend(called)
                    drawn.setdefault(result, []).extend(specimens_of_all)
    _hand_down(drawn, grouped)
    _hand_down(gone, grouped)
    return References(gone, specimens, drawn, groups)


def check_report(report: Object) -> None:
    """Raise what is wrong with a report, or not understood, that could withdraw the results in it."""
    results = objects(report, "result")
    for result in results:
        get(result, "reference", str)
    if problem := modified(report):
        raise problem
    status = get(report, "status", str) or ""
    if status not in _OF_REPORTS and (results or report.get("contained")):
        raise Malformed(f"its status {quote(status)} is none that FHIR knows")


def members(value: Object) -> list[Object]:
    """Return the references of an Observation to those that it groups, in any version of FHIR."""
    related = [one for one in objects(value, "related") if get(one, "type", str) == "has-member"]
    return [*objects(value, "hasMember"), *(get(one, "target", dict) or {} for one in related)]


def keys_of(references: Sequence[Object], resource: Resource) -> list[str]:
    """Return what the resources are kept under that a resource refers to."""
    return [key for one in references for key in keys(get(one, "reference", str) or "", resource.path)]


def _results(value: Object, resource: Resource) -> list[str]:
    """Return what the results are kept under that a report refers to, or the members of a panel."""
    if resource.is_a("DiagnosticReport"):
        return keys_of(objects(value, "result"), resource)
    if resource.is_a("Composition"):
        return keys_of(list(_entries(value)), resource)
    return keys_of(members(value), resource) if resource.is_a("Observation") else []


def _entries(value: Object) -> Iterator[Object]:
    """Yield the references to the entries of a document's sections, which can be nested."""
    waiting = objects(value, "section")
    while waiting:
        section = waiting.pop()
        yield from objects(section, "entry")
        waiting += objects(section, "section")


def _specimens_of_all(value: Object, resource: Resource) -> list[Object]:
    """Return the specimens of a report, or the one of a panel; raise Malformed for what is none."""
    if resource.is_a("Observation"):
        return list(filter(None, [get(value, "specimen", dict)]))
    return objects(value, "specimen")


def _called(value: Object) -> list[str]:
    """Return the names and codes of a report or a panel, of which none is due."""
    with suppress(Malformed):  # which is told where that counts
        return words_of(get(value, "code", dict) or {})
    return []


def _drawn(specimen: Object, resource: Resource) -> _Drawn:
    """Read a reference to a specimen, which stands in a resource."""
    return get(specimen, "display", str), keys(get(specimen, "reference", str) or "", resource.path)


def _hand_down(said: dict[str, Said], grouped: Mapping[str, Sequence[str]]) -> None:
    """Give the members of panels, and theirs, what is said of the panels and not of them themselves."""
    waiting = [name for name in said if said[name]]
    while waiting:
        name = waiting.pop()
        lacking = dict.fromkeys(key for key in grouped.get(name, ()) if not said.get(key))
        said |= dict.fromkeys(lacking, said[name])
        waiting += lacking


def keys(reference: str, path: Path) -> Sequence[str]:
    """Return what a reference, from the resource of that path, is kept under.

    That is itself and the end of its address, or what it is called within the same resource.
    """
    address, _, _ = reference.partition("/_history/")
    if not address:
        return ()
    if address.startswith("#"):
        return (f"{_container(path)}{address}",)
    return _plain(address), "/" + "/".join(address.split("/")[-2:])


def names_of(resource: Resource) -> Iterator[str]:
    """Yield what references to a resource can be kept under.

    Without an address of its own it may have any that ends in its id. A contained one is known within its
    container alone.
    """
    value = cast("Object", resource.value)
    type, id, url = value.get("resourceType"), value.get("id"), resource.url
    if "contained" in resource.path:
        yield f"{_container(resource.path)}#{id}"
        return
    if url:
        yield _plain(url)
        if url.split("/")[-2:-1] == [type]:
            yield "/".join(url.split("/")[-2:])
    if id:
        yield f"{type}/{id}"
        if not url:
            yield f"/{type}/{id}"


def _container(path: Path) -> Path:
    """Return the path of the resource that contains the one of a path, or of itself if none does."""
    return path[: path.index("contained")] if "contained" in path else path


def _plain(address: str) -> str:
    return address.lower() if address.lower().startswith("urn:") else address
