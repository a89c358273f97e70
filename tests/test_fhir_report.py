"""`labcheck.reports.fhir`: the document back, with what was judged in it."""

import json
from io import BytesIO
from typing import Any

import pytest
from fhir.resources import bundle, observation
from fhir.resources.R4B import bundle as bundle_r4
from fhir.resources.R4B import observation as observation_r4
from fhir.resources.STU3 import observation as observation_stu3
from hypothesis import given
from hypothesis import strategies as st

from labcheck import Interpretation, interpret
from labcheck.catalogue import built_in
from labcheck.model import Outcome, Refusal
from labcheck.reports import DISCLAIMER, compared, named
from labcheck.reports import fhir as report
from labcheck.reports.fhir import annotate
from labcheck.sources.fhir import observations
from labcheck.sources.json import parse
from labcheck.sources.observations import Observation, judge

Json = dict[str, Any]
Answers = list[tuple[Observation, Outcome | None]]

V3, V2 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "http://hl7.org/fhir/v2/0078"
OLD_CATEGORY = "http://hl7.org/fhir/observation-category"
CODE: Json = {"coding": [{"system": "http://loinc.org", "code": "1989-3"}], "text": "Vitamin D"}
QUANTITY: Json = {"value": 22.5, "unit": "ng/mL"}
VITD: Json = {"resourceType": "Observation", "status": "final", "code": CODE, "valueQuantity": QUANTITY}
PANEL: Json = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "Vitamins"},
    "component": [
        {"code": {"text": "Ferritin"}, "valueQuantity": {"value": 106, "unit": "ug/L"}},
        {"code": {"text": "B12"}, "valueQuantity": {"value": 150, "comparator": "<", "unit": "pmol/L"}},
        {"code": CODE, "valueQuantity": {"value": 35.0, "unit": "ng/mL"}},
    ],
}
LOW = {"coding": [{"system": V3, "code": "L", "display": "Low"}]}
LOW_BEFORE_R4 = {"coding": [{"system": V2, "code": "L", "display": "Low"}]}
HIGH = {"coding": [{"system": V3, "code": "H"}]}


def annotated(document: bytes, **options: Any) -> tuple[bytes, Answers]:
    file, out = BytesIO(document), BytesIO()
    answers = list(
        annotate(lambda: file.read(1000), out.write, lambda one: judge(one, built_in()), **options)
    )
    return out.getvalue(), answers


def back(document: object, **options: Any) -> Any:
    return json.loads(annotated(json.dumps(document).encode(), **options)[0])


def test_an_interpretation_and_a_note_are_added() -> None:
    written = back(VITD)
    assert {key: written[key] for key in VITD} == VITD
    assert list(written) == [*VITD, "interpretation", "note"]
    assert written["interpretation"] == [LOW]
    (note,) = written["note"]
    assert note["authorString"] == "labcheck"
    others = "; ".join(
        f"{words} ({named(standing.range)})"
        for standing, words in compared(interpret("vitd", "22.5", unit="ng/mL"))
    )
    assert note["text"] == (
        "labcheck: low; 22.5 ng/mL, range 30-40 ng/mL. Range: article on vitamin D, B12 and low back pain, "
        f"undated. By other published ranges: {others}. {DISCLAIMER}"
    )


def test_the_note_says_what_was_converted_and_what_is_to_be_noted() -> None:
    written = back({**VITD, "status": "preliminary", "valueQuantity": {"value": 55, "unit": "nmol/L"}})
    text = written["note"][0]["text"]
    assert "low; 55 nmol/L = 22.0352 ng/mL, range" in text
    assert "may still change" in text
    assert "LOINC 1989-3 stands for mass" in text


def test_what_is_judged_in_a_component_is_said_there_and_noted_on_the_observation() -> None:
    written = back(PANEL)
    assert [list(part) for part in written["component"]] == [
        ["code", "valueQuantity"],
        ["code", "valueQuantity", "interpretation"],
        ["code", "valueQuantity", "interpretation"],
    ]
    codes = [part["interpretation"][0]["coding"][0]["code"] for part in written["component"][1:]]
    assert codes == ["IND", "N"]
    assert [note["text"].split(";")[0] for note in written["note"]] == [
        "labcheck, component 2: indeterminate: low or normal",
        "labcheck, component 3: normal",
    ]
    written = back({**PANEL, "component": [5, None, *PANEL["component"]]})
    assert [len(part) for part in written["component"][2:]] == [2, 3, 3]


def test_what_was_not_judged_stays_as_it_was() -> None:
    for document in (
        {**VITD, "status": "entered-in-error"},
        {**VITD, "code": {"text": "Ferritin"}},
        {**VITD, "valueQuantity": {"value": 22}},
        {"resourceType": "Patient"},
    ):
        raw = json.dumps(document).encode()
        assert annotated(raw)[0] == raw


def test_an_interpretation_that_is_there_is_kept_and_compared() -> None:
    written = back({**VITD, "interpretation": [HIGH]})
    assert written["interpretation"] == [HIGH]
    assert "flags it H, which says high; by the range used here it is low" in written["note"][0]["text"]
    assert "flags it" not in back({**VITD, "interpretation": [LOW]})["note"][0]["text"]


def test_an_interpretation_that_is_there_can_be_replaced() -> None:
    written = back({**VITD, "interpretation": [HIGH], "issued": "2024"}, replace=True)
    assert (list(written)[4:], written["interpretation"]) == (["interpretation", "issued", "note"], [LOW])
    assert "flags it H" in written["note"][0]["text"]
    before_r4 = back({**VITD, "interpretation": {"coding": [{"system": V2, "code": "H"}]}}, replace=True)
    assert before_r4["interpretation"] == LOW_BEFORE_R4
    assert back({**VITD, "interpretation": HIGH}, replace=True)["interpretation"] == LOW


@pytest.mark.parametrize("empty", [None, []])
def test_an_empty_place_is_filled(empty: object) -> None:
    written = annotated(json.dumps({**VITD, "interpretation": empty, "note": empty}).encode())[0]
    assert json.loads(written)["interpretation"] == [LOW]
    assert len(json.loads(written)["note"]) == 1
    assert (written.count(b'"interpretation"'), written.count(b'"note"')) == (1, 1)


def test_a_note_that_is_there_comes_first() -> None:
    theirs = {"text": "haemolytic"}
    assert back({**VITD, "note": [theirs]})["note"][0] == theirs
    assert len(back({**VITD, "note": [theirs]})["note"]) == 2


@pytest.mark.parametrize("changes", [{"note": "a text"}, {"note": [5]}, {"comments": []}, {"comment": 5}])
def test_where_a_note_cannot_be_added_nothing_is(changes: Json) -> None:
    raw = json.dumps({**VITD, **changes}).encode()
    written, ((_, refusal),) = annotated(raw)
    assert written == raw
    assert isinstance(refusal, Refusal)
    assert refusal.code == "malformed"


@pytest.mark.parametrize("document", [VITD, PANEL, {**VITD, "comments": "haemolytic"}])
def test_to_annotate_twice_is_to_annotate_once(document: Json) -> None:
    once = annotated(json.dumps(document).encode())[0]
    assert annotated(once)[0] == once


@pytest.mark.parametrize("as_list", [True, False])
def test_what_says_that_a_value_was_off_the_scale_is_not_replaced(*, as_list: bool) -> None:
    below: Json = {"coding": [{"code": "<"}, {"code": "L"}]}
    quantity = {"value": 35, "unit": "ng/mL"}
    document = {**VITD, "valueQuantity": quantity, "interpretation": [below] if as_list else below}
    once = annotated(json.dumps(document).encode(), replace=True)[0]
    for _, outcome in annotated(once)[1]:
        assert isinstance(outcome, Interpretation)
        assert str(outcome.canonical) == "<35 ng/mL"
    assert annotated(once, replace=True)[0] == once


@pytest.mark.parametrize(
    ("changes", "key", "interpretation"),
    [
        ({}, "note", [LOW]),
        ({"category": [{"text": "laboratory"}]}, "note", [LOW]),
        ({"note": []}, "note", [LOW]),
        ({"comments": "haemolytic"}, "comments", LOW_BEFORE_R4),
        ({"category": {"text": "laboratory"}}, "comments", LOW_BEFORE_R4),
        ({"related": []}, "comments", LOW_BEFORE_R4),
        ({"comment": "haemolytic"}, "comment", LOW_BEFORE_R4),
        ({"context": {"reference": "Encounter/1"}}, "comment", LOW_BEFORE_R4),
        ({"category": [{"coding": [{"system": V2}]}]}, "comment", LOW_BEFORE_R4),
        ({"method": {"coding": [{"system": f"{V2[:-4]}0936"}]}}, "comments", LOW_BEFORE_R4),
        ({"comments": "x", "method": {"coding": [{"system": V3}]}}, "comments", [LOW]),
        ({"category": [{"coding": [{"system": OLD_CATEGORY}]}]}, "comment", LOW_BEFORE_R4),
        ({"category": [{"coding": [{"system": OLD_CATEGORY}]}], "basedOn": []}, "comment", LOW_BEFORE_R4),
        ({"category": {"coding": [{"system": OLD_CATEGORY}]}}, "comments", LOW_BEFORE_R4),
        ({"meta": {"profile": ["http://hl7.org/fhir/3.0/StructureDefinition/x"]}}, "comment", LOW_BEFORE_R4),
        ({"meta": {"profile": ["http://hl7.org/fhir/1.0/StructureDefinition/x"]}}, "comments", LOW_BEFORE_R4),
        ({"meta": {"profile": ["http://hl7.org/fhir/4.0/x"]}, "method": {"text": V2}}, "note", [LOW]),
        ({"meta": {"profile": ["http://a.example/x"]}}, "note", [LOW]),
        ({"meta": {"profile": 5}}, "note", [LOW]),
        (
            {"contained": [{"resourceType": "Specimen", "type": {"coding": [{"system": f"{V2[:-4]}0487"}]}}]},
            "note",
            [LOW],
        ),
    ],
)
def test_the_version_shows_in_what_a_document_has(changes: Json, key: str, interpretation: object) -> None:
    written = back({**VITD, **changes})
    assert written["interpretation"] == interpretation
    assert {"note", "comments", "comment"}.intersection(written) == {key}
    text = written[key][0]["text"] if key == "note" else written[key]
    assert text.startswith(f"{changes[key]}\n" if key in changes and key != "note" else "labcheck: low;")


@pytest.mark.parametrize(
    ("version", "key", "interpretation"),
    [
        ("dstu2", "comments", LOW_BEFORE_R4),
        ("stu3", "comment", LOW_BEFORE_R4),
        ("r4", "note", [LOW]),
        ("r5", "note", [LOW]),
    ],
)
@pytest.mark.parametrize("changes", [{}, {"related": []}, {"context": {}}, {"category": [{"text": "lab"}]}])
def test_the_version_that_is_named_outweighs_every_sign(
    version: str, key: str, interpretation: object, changes: Json
) -> None:
    written = back({**VITD, **changes}, version=version)
    assert written["interpretation"] == interpretation
    assert key in written


def test_dstu2_has_no_place_for_it_in_a_component() -> None:
    written = back({**PANEL, "category": {"text": "laboratory"}})
    assert all("interpretation" not in part for part in written["component"])
    assert written["comments"].count("labcheck, component") == 2
    stu3 = back({**PANEL, "comment": "x"})
    assert stu3["component"][2]["interpretation"]["coding"][0]["code"] == "N"


@pytest.mark.parametrize(
    ("document", "added"),
    [
        ('{"a":1,%s}', '"interpretation":[{"coding":[{"system":"'),
        ('{"a": 1, %s}', '"interpretation": [{"coding": [{"system": "'),
        ('{ "a" : 1, %s }', '"interpretation" : [{"coding" : [{"system" : "'),
        ("{\n  %s\n}\n", '\n  "interpretation": [\n    {\n      "coding": [\n        {\n          "system"'),
        ("{\r\n\t%s\r\n}\r\n", '\r\n\t"interpretation": [\r\n\t\t{\r\n\t\t\t"coding"'),
        ('[\n {\n  "a": 1,\n  %s\n }\n]', '\n  "interpretation": [\n   {\n    "coding": [\n     {\n'),
    ],
)
def test_what_is_added_takes_on_the_layout_around_it(document: str, added: str) -> None:
    colon = " : " if " : " in document else ":" if '"a":1' in document else ": "
    inside = json.dumps(VITD, separators=(",", colon))[1:-1]
    raw = (document % inside).encode()
    written = annotated(raw)[0]
    assert added.encode() in written
    at = written.index(b'"interpretation"')
    start = written.rindex(b",", 0, at)
    end = start + len(written) - len(raw)
    assert written[:start] + written[end:] == raw  # nothing else has changed


def test_lines_stay_lines_and_broken_ones_stay_as_they_are() -> None:
    line = json.dumps(VITD, separators=(",", ":")).encode()
    data = b"\xef\xbb\xbf" + line + b"\r\n\n\xff\n" + line + b'\n{"broken\n' + line
    written, answers = annotated(data)
    assert [len(part) > len(line) for part in written.split(b"\n")] == [True, False, False, True, False, True]
    assert written.startswith(b"\xef\xbb\xbf{")
    assert [isinstance(outcome, Refusal) for _, outcome in answers] == [False, True, False, True, False]


def test_a_line_is_written_before_its_answers_are_given() -> None:
    line = json.dumps(VITD).encode() + b"\n"
    blocks, out = iter([line, line, b""]), BytesIO()
    answers = annotate(lambda: next(blocks), out.write, lambda one: judge(one, built_in()))
    next(answers)
    assert b"interpretation" in out.getvalue()
    assert next(blocks) == line


def test_what_is_nested_too_deeply_to_be_annotated_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def spans(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(report, "spans", spans)
    raw = json.dumps(VITD).encode()
    written, ((_, judged), (told, refusal)) = annotated(raw + b"\n")
    assert (written, judged is None) == (raw + b"\n", False)
    assert isinstance(refusal, Refusal)
    assert (told.place, refusal.code) == ("line 1", "malformed")


@pytest.mark.parametrize("depth", [100, 300, 330, 400, 1000, 3000, 30_000])
def test_any_depth_has_an_answer(depth: int) -> None:
    raw = b'{"resourceType":"Bundle","entry":[{"resource":' * depth + json.dumps(VITD).encode()
    written, answers = annotated(raw + b"}]}" * depth)
    assert (written == raw + b"}]}" * depth) == isinstance(answers[-1][1], Refusal)


R4_VITD: Json = {
    **VITD,
    "category": [{"text": "laboratory"}],
    "subject": {"reference": "Patient/1"},
    "effectiveDateTime": "2024-03-04",
    "note": [{"text": "haemolytic"}],
    "component": PANEL["component"],
}


@pytest.mark.parametrize(
    ("model", "document"),
    [
        (observation_r4.Observation, VITD),
        (observation_r4.Observation, PANEL),
        (observation_r4.Observation, R4_VITD),
        (observation_r4.Observation, {**VITD, "interpretation": [HIGH]}),
        (observation.Observation, VITD),
        (observation.Observation, PANEL),
        (observation.Observation, R4_VITD),
        (observation_stu3.Observation, {**VITD, "comment": "haemolytic"}),
        (
            observation_stu3.Observation,
            {**VITD, "category": [{"coding": [{"system": OLD_CATEGORY, "code": "laboratory"}]}]},
        ),
        (
            observation_r4.Observation,
            {**VITD, "contained": [{"resourceType": "Specimen", "type": {"coding": [{"system": V2}]}}]},
        ),
        (observation_stu3.Observation, {**PANEL, "context": {"reference": "Encounter/1"}}),
        (
            bundle_r4.Bundle,
            {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": R4_VITD}]},
        ),
        (bundle.Bundle, {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": R4_VITD}]}),
    ],
)
@pytest.mark.parametrize("replace", [False, True])
def test_what_comes_out_is_valid(model: Any, document: Json, replace: bool) -> None:
    model.model_validate(document)
    written = back(document, replace=replace)
    assert written != document
    model.model_validate(written)


documents = st.fixed_dictionaries(
    {
        "resourceType": st.just("Observation"),
        "code": st.sampled_from([CODE, {"text": "Ferritin"}, {"text": "Vitamin B12"}]),
        "valueQuantity": st.fixed_dictionaries({
            "value": st.integers(0, 300) | st.decimals("0", "100", places=2).map(float),
            "unit": st.sampled_from(["ng/mL", "nmol/L", "apples"]),
        }),
    },
    optional={
        "status": st.sampled_from(["final", "entered-in-error", "corrected"]),
        "interpretation": st.sampled_from([None, [], [HIGH], [LOW], LOW_BEFORE_R4]),
        "note": st.sampled_from([[], [{"text": "Ä \\ \" [ { , } ]"}], "x"]),
        "comments": st.text(),
        "component": st.just(PANEL["component"]),
        "category": st.sampled_from([{"text": "lab"}, [{"text": "lab"}]]),
    },
)  # fmt: skip


ADDED = {"interpretation", "note", "comments", "comment"}


def grown(before: Any, after: Any, key: str = "") -> bool:
    """Say whether all of `before` is in `after`, in the same order and with the same digits."""
    if key in ADDED and before in (None, [], ""):
        return True
    if isinstance(before, dict):
        same_keys = list(after)[: len(before)] == list(before) and set(after) - set(before) <= ADDED
        return same_keys and all(grown(value, after[key], key) for key, value in before.items())
    if isinstance(before, list):
        same_length = len(after) == len(before) or (key == "note" and len(after) > len(before))
        return same_length and all(map(grown, before, after))
    same_text = key in ("comments", "comment") and f"{after}".startswith(before)
    return same_text or (type(before), before) == (type(after), after)


@given(st.lists(documents, max_size=3), st.sampled_from([None, 1, 4, "\t"]), st.booleans())
def test_nothing_is_changed_but_what_is_added(parts: list[Json], indent: Any, escaped: bool) -> None:
    document = {"resourceType": "Bundle", "entry": [{"resource": part} for part in parts]}
    raw = json.dumps(document, indent=indent, ensure_ascii=escaped).encode()
    written, answers = annotated(raw)
    assert grown(parse(raw.decode()), parse(written.decode()))
    file = BytesIO(raw)
    assert [one.place for one, _ in answers] == [one.place for one in observations(lambda: file.read(999))]
    judged = sum(not isinstance(outcome, Refusal | None) for _, outcome in answers)
    assert (written == raw) == (judged == 0)


@given(st.binary() | st.text(alphabet='{}[]",:resourceTypObvan 1\n').map(str.encode))
def test_any_bytes_come_back(data: bytes) -> None:
    assert annotated(data)[0] == data
