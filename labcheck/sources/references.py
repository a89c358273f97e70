"""What the resources of one FHIR document say of others in it: which results are gone, of which specimen.

A report that was withdrawn withdraws the results that it refers to, and a panel those that are its members. A
reference is an address, relative (`Observation/7`) or whole, or that of a contained resource (`#7`).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, cast

from labcheck.errors import Malformed
from labcheck.sources.elements import Object, get, modified, objects, words_of
from labcheck.sources.json import Text
from labcheck.sources.resources import Resource, resources
from labcheck.sources.status import FHIR_STATUSES, Status
from labcheck.wording import quote

_GONE = (Status.WITHDRAWN, Status.ABSENT)
_OF_REPORTS = frozenset((*FHIR_STATUSES, "partial", "modified"))


class References(NamedTuple):
    """What is said of resources, by what refers to them: a status that withdraws, words for a specimen."""

    gone: Mapping[str, str]
    specimens: Mapping[str, str]

    def withdrawal(self, resource: Resource) -> str:
        """Return the status of what holds an Observation, or refers to it, and withdraws it; or empty."""
        status = get(resource.report, "status", str) or ""
        found = next((self.gone[name] for name in _names(resource) if name in self.gone), None)
        return found or (status if FHIR_STATUSES.get(status) in _GONE else "")

    def specimen(self, resource: Resource) -> str | None:
        """Return all that is said of an Observation's specimen, or of the one specimen of its report."""
        value = cast("Object", resource.value)
        own = get(value, "specimen", dict)
        of_report = objects(resource.report, "specimen")
        given = own or (of_report[0] if len(of_report) == 1 else {})
        contained = (*_contained(resource.report), *_contained(value))
        reference = get(given, "reference", str) or ""
        said = [get(given, "display", str), *_contained_words(contained, reference)]
        said += [self.specimens.get(key) for key in _keys(reference)]
        return ", ".join(dict.fromkeys(filter(None, said))) or None


def read_references(text: Text) -> References:
    """Look through a document for what its resources say of each other; most say nothing that counts."""
    gone: dict[str, str] = {}
    specimens: dict[str, str] = {}
    grouped: dict[str, list[str]] = {}  # what the members of a panel are referred to by, by its names
    if not any(word in text.raw for word in (b"DiagnosticReport", b"hasMember", b"related", b"Specimen")):
        return References(gone, specimens)
    for resource, _ in resources(Resource(text.value, "")):
        with suppress(Malformed):  # which is told when it is read
            value = cast("Object", resource.value)
            if resource.is_a("DiagnosticReport"):
                _withdraw(gone, get(value, "status", str), _addresses(objects(value, "result")))
            elif resource.is_a("Observation") and (addresses := _addresses(members(value))):
                _withdraw(gone, get(value, "status", str), addresses)
                for name in _names(resource):
                    grouped.setdefault(name, []).extend(addresses)
            elif resource.is_a("Specimen") and (words := _specimen_words(value)):
                specimens |= dict.fromkeys(_names(resource), words)
    _withdraw_members(gone, grouped)
    return References(gone, specimens)


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


def _addresses(references: Sequence[Object]) -> list[str]:
    return list(filter(None, (get(one, "reference", str) for one in references)))


def _withdraw(gone: dict[str, str], status: str | None, addresses: Sequence[str]) -> None:
    """Keep what is referred to with a status that withdraws it."""
    if status and FHIR_STATUSES.get(status) in _GONE:
        for address in addresses:
            gone |= dict.fromkeys(_keys(address), status)


def _withdraw_members(gone: dict[str, str], grouped: dict[str, list[str]]) -> None:
    """Withdraw the members of panels that are gone, and their members."""
    waiting = list(gone)
    while waiting:
        name = waiting.pop()
        for address in grouped.pop(name, ()):
            keys = [key for key in _keys(address) if key not in gone]
            gone |= dict.fromkeys(keys, gone[name])
            waiting += keys


def _keys(reference: str) -> Sequence[str]:
    """Return what a reference is kept under: itself, and the end of its address."""
    address, _, _ = reference.partition("/_history/")
    if not address or address.startswith("#"):
        return ()
    return _plain(address), "/" + "/".join(address.split("/")[-2:])


def _names(resource: Resource) -> Iterator[str]:
    """Yield what references to a resource can be kept under.

    Without an address of its own it may have any that ends in its id.
    """
    value = cast("Object", resource.value)
    type, id, url = value.get("resourceType"), value.get("id"), resource.url
    if url:
        yield _plain(url)
        if url.split("/")[-2:-1] == [type]:
            yield "/".join(url.split("/")[-2:])
    if id:
        yield f"{type}/{id}"
        if not url:
            yield f"/{type}/{id}"


def _plain(address: str) -> str:
    return address.lower() if address.lower().startswith("urn:") else address


def _contained(value: Object) -> list[Object]:
    return [one for one in get(value, "contained", list) or () if isinstance(one, dict)]


def _contained_words(contained: Sequence[Object], reference: str) -> Iterator[str]:
    """Yield the words of the contained specimen that is referred to."""
    for one in contained:
        if one.get("resourceType") == "Specimen" and reference == f"#{one.get('id')}":
            yield _specimen_words(one)


def _specimen_words(specimen: Object) -> str:
    """Return what a Specimen says that it is, in words and codes."""
    return ", ".join(words_of(get(specimen, "type", dict) or {}))
