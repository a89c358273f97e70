"""FHIR: the same document back, with an interpretation and a note added to each observation that was judged.

What is added is put into the document's own text, so that the rest stays as it was to the byte: the order of
keys, the digits of numbers, the layout, which what is added takes on. R4 and later have lists of
interpretations and notes; DSTU2 and STU3 have one interpretation, and a comment for the note.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple, cast

from labcheck.errors import Malformed
from labcheck.flags import off_scale
from labcheck.model import Category, Interpretation, Outcome
from labcheck.reports import DISCLAIMER, cited, compared, named, verdict
from labcheck.sources.elements import Object, flags_of, objects
from labcheck.sources.fhir import Found, find
from labcheck.sources.files import Read, Write
from labcheck.sources.json import BOM, Path, decode, spans, texts
from labcheck.sources.observations import Observation
from labcheck.wording import printable

Judge = Callable[[Observation], Outcome | None]
Answered = Sequence[tuple[Found, Interpretation]]

_DISPLAYS = {
    Category.LOW: "Low",
    Category.NORMAL: "Normal",
    Category.HIGH: "High",
    Category.INDETERMINATE: "Indeterminate",
}
_CODES = frozenset(category.code for category in Category)


class _Version(NamedTuple):
    """How a version of FHIR says it: the system of codes, one or a `list` of them, the key for words."""

    system: str
    list: bool
    words: str
    in_components: bool


_R4 = _Version("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", True, "note", True)
_STU3 = _Version("http://hl7.org/fhir/v2/0078", False, "comment", True)
_DSTU2 = _Version("http://hl7.org/fhir/v2/0078", False, "comments", False)
VERSIONS = {"dstu2": _DSTU2, "stu3": _STU3, "r4": _R4, "r5": _R4}
_BY_NUMBER = {"1": _DSTU2, "3": _STU3, "4": _R4, "5": _R4}
_PROFILE = re.compile(r"http://hl7\.org/fhir/([1345])\.")
_OLD = ('"http://hl7.org/fhir/v2/', '"http://hl7.org/fhir/observation-category"')
"""Systems of codes that R4 has moved to terminology.hl7.org."""


def annotate(
    read: Read, write: Write, judge: Judge, *, replace: bool = False, version: str | None = None
) -> Iterator[tuple[Observation, Outcome | None]]:
    """Write the stream with what `judge` says of its observations, and yield each with that, in order.

    An interpretation that is there already is kept unless `replace` says otherwise, and a note tells where it
    differs; one that says that the value was off the scale is kept in any case. Without a `version` (one of
    VERSIONS) it is told from each text. Each line is written once its observations are judged, before the
    first of them is yielded.
    """
    for text in texts(read):
        judged = [(found, judge(found.observation)) for found in find(text)]
        answered = [(found, outcome) for found, outcome in judged if isinstance(outcome, Interpretation)]
        try:
            written = _annotated(text.raw, answered, version, replace=replace) if answered else text.raw
        except RecursionError:  # it takes a little more depth than reading did
            place = f"line {text.line}" if text.line else "document"
            problem = Malformed("this is nested too deeply to be annotated; it is passed on as it was")
            judged.append((found := Found(Observation(place, problem=problem)), judge(found.observation)))
            written = text.raw
        write(written)
        yield from ((found.observation, outcome) for found, outcome in judged)


def _annotated(raw: bytes, answered: Answered, stated: str | None, *, replace: bool) -> bytes:
    document = decode(raw)
    resources = [found.resource or {} for found, _ in answered]
    version = VERSIONS[stated] if stated else _version(document, resources)
    changes: list[_Change] = []
    for _, of_one_resource in groupby(answered, key=lambda answer: answer[0].path):
        of_one = list(of_one_resource)
        changes += _interpretations(of_one, version, replace=replace)
        changes += _notes(of_one, version)
    where = spans(document, {path for change in changes for path in (change.path, change.path[:-1])})
    edits = sorted((_edit(document, where, change) for change in changes), key=lambda edit: edit[0])
    pieces, at = [raw[: len(BOM)] if raw.startswith(BOM) else b""], 0
    for start, end, new in edits:
        pieces += [document[at:start].encode(), new.encode()]
        at = end
    return b"".join([*pieces, document[at:].encode()])


def _version(document: str, resources: Sequence[Object]) -> _Version:
    """Tell the version by its profile or what only it has; without any sign it is R4, which R5 is like."""
    for one in resources:
        if named := _PROFILE.match(_profile(one)):
            return _BY_NUMBER[named[1]]
    parts = [part for one in resources for part in (one, *_components(one))]
    kinds = {type(part.get("interpretation")) for part in parts}
    keys = {key for one in resources for key in one}
    if list in kinds or "note" in keys or '"http://terminology.hl7.org/' in document:
        return _R4
    categories = {type(one.get("category")) for one in resources}
    old = {"comments", "comment", "related", "context"}
    if dict not in kinds | categories and not keys & old and not _has_old_systems(document, resources):
        return _R4
    in_components = any("interpretation" in part for one in resources for part in _components(one))
    return (
        _STU3 if keys & {"comment", "context", "basedOn"} or list in categories or in_components else _DSTU2
    )


def _profile(resource: Object) -> str:
    """Return the first of the profiles that a resource says it follows, or nothing."""
    meta = resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    return str(profiles[0]) if isinstance(profiles, list) and profiles else ""


def _has_old_systems(document: str, resources: Sequence[Object]) -> bool:
    """Say whether Observations have codes of systems before R4; what they contain may come from elsewhere."""
    if not any(system in document for system in _OLD):
        return False
    own = json.dumps([{key: one[key] for key in one if key != "contained"} for one in resources])
    return any(system in own for system in _OLD)


def _components(resource: Object) -> Sequence[Object]:
    components = resource.get("component")
    return [one for one in components if isinstance(one, dict)] if isinstance(components, list) else []


class _Change(NamedTuple):
    """A value for a path: instead of what is there, or `behind` it in its list or text."""

    path: Path
    value: object
    behind: bool = False


def _interpretations(answered: Answered, version: _Version, *, replace: bool) -> Iterator[_Change]:
    for found, judged in answered:
        target, path = found.resource or {}, found.path
        if found.component is not None:
            if not version.in_components:
                continue
            path = (*path, "component", found.component)
            target = cast("list[Object]", target["component"])[found.component]
        there = target.get("interpretation")
        if replace or not there:
            coding = {"system": version.system, "code": judged.code, "display": _DISPLAYS[judged.category]}
            kept = _off_scale(there, judged.reported.value)
            as_list = isinstance(there, list) if there else version.list
            concept: Object = {"coding": [coding]}
            if kept and not as_list:
                concept = {**kept[0], "coding": [*_others(kept[0]), coding]}
            yield _Change((*path, "interpretation"), [*kept, concept] if as_list else concept)


def _off_scale(there: object, value: Decimal) -> list[Object]:
    """Return those interpretations that say that the value was off the scale, which its number does not."""
    concepts = (one for one in (there if isinstance(there, list) else [there]) if isinstance(one, dict))
    return [one for one in concepts if off_scale(flags_of({"interpretation": one}), value)]


def _others(concept: Object) -> list[Object]:
    """Return the codings of an interpretation that say something else than the category."""
    return [each for each in objects(concept, "coding") if each.get("code") not in _CODES]


def _notes(answered: Answered, version: _Version) -> Iterator[_Change]:
    """Say in words what was judged, unless the very words are there already."""
    resource, path = answered[0][0].resource or {}, answered[0][0].path
    words = [_in_words(judged, found.component) for found, judged in answered]
    key = next((key for key in ("note", "comments", "comment") if key in resource), version.words)
    there: Any = resource.get(key)
    said = [note.get("text") for note in there or ()] if key == "note" else there or ""
    new = [text for text in words if text not in said]
    notes = [{"authorString": "labcheck", "text": text} for text in new]
    if not there:
        yield _Change((*path, key), notes if key == "note" else "\n".join(new))
    else:
        added: Sequence[object] = notes if key == "note" else new
        yield from (_Change((*path, key), value, behind=True) for value in added)


def _in_words(judged: Interpretation, component: int | None) -> str:
    part = "" if component is None else f", component {component + 1}"
    converted = f" = {judged.canonical}" if judged.conversion else ""
    others = "; ".join(f"{words} ({named(standing.range)})" for standing, words in compared(judged))
    sentences = (
        f"labcheck{part}: {verdict(judged.standing)}; {judged.reported}{converted}, range {judged.range}.",
        f"Range: {cited(judged.range)}",
        *([f"By other published ranges: {others}."] if others else []),
        *(note.text for note in judged.notes),
        DISCLAIMER,
    )
    return printable(" ".join(sentences))


_MEMBER = re.compile(r'\{(\s*)"(?:[^"\\]|\\.)*"(\s*:\s*)')
_ELEMENT = re.compile(r"\[(\s*)")


def _edit(document: str, where: Mapping[Path, tuple[int, int]], change: _Change) -> tuple[int, int, str]:
    """Return which part of a document to replace, and with what."""
    owner = where[change.path[:-1]]
    opening = _MEMBER.match(document, owner[0])
    assert opening is not None  # noqa: S101  # an object with a code in it
    gap, colon = opening.groups()
    last, closing = _end_of_last(document, owner[1])
    space = gap or (" " if colon.endswith(" ") else "")
    step = gap.rpartition("\n")[2].removeprefix(closing.rpartition("\n")[2]) or "  "
    if change.path not in where:
        key = json.dumps(change.path[-1])
        return last, last, f",{space}{key}{colon}{_laid_out(change.value, gap, step, colon)}"
    start, end = where[change.path]
    if not change.behind:
        return start, end, _laid_out(change.value, gap, step, colon)
    if isinstance(change.value, str):
        return end - 1, end - 1, json.dumps(f"\n{change.value}", ensure_ascii=False)[1:-1]
    element = _ELEMENT.match(document, start)
    assert element is not None  # noqa: S101  # a list
    last, _ = _end_of_last(document, end)
    return last, last, f",{element[1] or space}{_laid_out(change.value, element[1], step, colon)}"


def _end_of_last(document: str, end: int) -> tuple[int, str]:
    """Return where the last thing ends in what ends at `end`, and the white space behind it."""
    last = end - 1
    while document[last - 1] in " \t\r\n":
        last -= 1
    return last, document[last : end - 1]


def _laid_out(value: object, gap: str, step: str, colon: str) -> str:
    """Write a value as what is around it is written: on lines of its own after a `gap` that has one."""
    if "\n" not in gap:
        comma = ", " if colon.endswith(" ") else ","
        return json.dumps(value, ensure_ascii=False, separators=(comma, colon))
    lines = json.dumps(value, ensure_ascii=False, indent=step, separators=(",", colon))
    return lines.replace("\n", gap[gap.rindex("\r\n" if "\r\n" in gap else "\n") :])
