import copy
import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck import Interpretation
from labcheck.catalogue import built_in
from labcheck.model import Refusal
from labcheck.sources.fhir import observations
from labcheck.sources.observations import Observation, judge
from labcheck.sources.status import Status

Json = dict[str, Any]

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
V3 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
VITD: Json = {
    "resourceType": "Observation",
    "id": "vitd",
    "status": "final",
    "category": [{"coding": [{"code": "laboratory"}]}],
    "code": {
        "coding": [
            {"system": "http://lab.example/tests", "code": "VD25"},
            {"system": LOINC, "code": "1989-3", "display": "Calcidiol [Mass/volume] in Serum or Plasma"},
        ],
        "text": "Vitamin D (25-OH)",
    },
    "subject": {"reference": "Patient/77"},
    "effectiveDateTime": "2024-03-04T08:15:00+01:00",
    "valueQuantity": {"value": 22.5, "unit": "ng/mL", "system": UCUM, "code": "ng/mL"},
    "interpretation": [{"coding": [{"system": V3, "code": "L"}]}],
    "referenceRange": [{"low": {"value": 30, "unit": "ng/mL"}, "high": {"value": 100, "unit": "ng/mL"}}],
}
PANEL: Json = {
    "resourceType": "Observation",
    "status": "preliminary",
    "code": {"text": "Vitamins"},
    "component": [
        {"code": {"text": "Ferritin"}, "valueQuantity": {"value": 106, "unit": "ug/L"}},
        {
            "code": {"coding": [{"system": LOINC, "code": "14685-2"}]},
            "valueQuantity": {"value": 150, "comparator": "<", "unit": "pmol/L"},
            "interpretation": [{"coding": [{"system": V3, "code": "N"}]}],
        },
    ],
}
BUNDLE: Json = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "77", "name": [{"family": "Muster"}]}},
        {"resource": VITD},
        {"request": {"method": "DELETE", "url": "Observation/9"}},
        {"resource": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PANEL}]}},
        {
            "resource": {
                "resourceType": "DiagnosticReport",
                "status": "final",
                "code": {"text": "Vitamins"},
                "contained": [{**VITD, "id": "c"}],
            }
        },
    ],
}


def read(document: object) -> list[Observation]:
    file = BytesIO(document if isinstance(document, bytes) else json.dumps(document, indent=1).encode())
    return list(observations(lambda: file.read(1 << 17)))


def one(**changes: Any) -> Observation:
    """Read VITD with keys changed, or left out where they are None."""
    changed = {key: value for key, value in {**VITD, **changes}.items() if value is not None}
    (found,) = read(changed)
    return found


def value(**quantity: Any) -> Observation:
    return one(valueQuantity=quantity)


def code(observation: Observation) -> str:
    outcome = judge(observation, built_in())
    match outcome:
        case Interpretation():
            return str(outcome.category)
        case Refusal():
            return outcome.code
        case _:
            return ""


def test_an_observation_is_read_with_its_place_date_and_flag() -> None:
    assert read({"resourceType": "Bundle", "entry": [{"resource": VITD}]}) == [
        Observation(
            "entry 1",
            names=("Vitamin D (25-OH)", "Calcidiol [Mass/volume] in Serum or Plasma"),
            loinc=("1989-3",),
            local=("VD25",),
            value="22.5",
            unit="ng/mL",
            decimal="point",
            range="30-100 ng/mL",
            range_decimal="point",
            flags=("L",),
            status_text="final",
            date="2024-03-04T08:15:00+01:00",
            patient="Patient/77",
        )
    ]


def test_observations_are_found_wherever_they_stand() -> None:
    found = read(BUNDLE)
    assert [(one.place, code(one)) for one in found] == [
        ("entry 2", "low"),
        ("entry 4, entry 1", ""),
        ("entry 4, entry 1, component 1", ""),
        ("entry 4, entry 1, component 2", "indeterminate"),
        ("entry 5, contained 1", "low"),
    ]


@pytest.mark.parametrize(
    ("document", "places"),
    [
        (VITD, ["resource"]),
        (PANEL, ["resource", "component 1", "component 2"]),
        ([VITD, PANEL], ["item 1", "item 2", "item 2, component 1", "item 2, component 2"]),
        ({"resourceType": "Parameters", "parameter": [{"resource": VITD}]}, ["parameter 1"]),
        (
            {
                "resourceType": "Parameters",
                "parameter": [{"part": [{}, {"resource": VITD, "part": [{"resource": VITD}]}]}],
            },
            ["parameter 1, part 2", "parameter 1, part 2, part 1"],
        ),
        ({**PANEL, "component": [], "contained": [VITD]}, ["resource", "contained 1"]),
        ({"resourceType": "Patient"}, []),
        ({"resourceType": "Bundle"}, []),
    ],
)
def test_places_tell_where(document: object, places: list[str]) -> None:
    assert [found.place for found in read(document)] == places


def test_a_line_is_part_of_the_place() -> None:
    lines = [json.dumps(document).encode() for document in (VITD, BUNDLE)]
    assert [found.place for found in read(b"\n".join(lines))][:3] == [
        "line 1",
        "line 2, entry 2",
        "line 2, entry 4, entry 1",
    ]


def test_a_component_shares_what_the_observation_says_of_all() -> None:
    _, _, component = read({**PANEL, "subject": {"reference": "Patient/77"}, "issued": "2024-03-05"})
    assert (component.status, component.date, component.patient) == (
        Status.PRELIMINARY,
        "2024-03-05",
        "Patient/77",
    )
    assert component.flags == ("N",)


def test_digits_are_kept() -> None:
    for number in ("22.50", "2.25E1", "022.5e0"[1:], "22.500000000000000000000001"):
        text = json.dumps(VITD).replace("22.5", number)
        assert read(text.encode())[0].value == number


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"valueQuantity": {"value": 22, "unit": "ng/mL"}}, "low"),
        ({"valueQuantity": {"value": 22, "system": UCUM, "code": "ng/mL"}}, "low"),
        ({"valueQuantity": {"value": 22, "unit": "µg/l Serum", "code": "ug/L"}}, "low"),
        ({"valueQuantity": {"value": 22, "unit": "ng/mL", "code": "nmol/L"}}, "incompatible-unit"),
        ({"valueQuantity": {"value": 22}}, "missing-unit"),
        ({"valueQuantity": {"value": 22, "unit": ""}}, "missing-unit"),
        ({"valueQuantity": {"value": 10, "comparator": "<", "unit": "ng/mL"}}, "low"),
        ({"valueQuantity": {"value": 40, "comparator": ">", "unit": "ng/mL"}}, "high"),
        ({"valueQuantity": {"value": 40, "comparator": ">=", "unit": "ng/mL"}}, "indeterminate"),
        ({"valueQuantity": {"value": 40, "comparator": "ad", "unit": "ng/mL"}}, "unreadable-value"),
        ({"valueQuantity": {"value": 40, "comparator": "~", "unit": "ng/mL"}}, "unreadable-value"),
        ({"valueQuantity": {"value": 4, "comparator": "3", "unit": "ng/mL"}}, "unreadable-value"),
        ({"valueQuantity": {"unit": "ng/mL"}}, "no-value"),
        ({"valueQuantity": {}}, "no-value"),
        ({"valueQuantity": {"value": -5, "unit": "ng/mL"}}, "impossible-value"),
        ({"valueQuantity": {"value": 0, "unit": "ng/mL"}}, "impossible-value"),
        ({"valueQuantity": None}, "no-value"),
        ({"valueQuantity": None, "valueString": "<10 ng/mL"}, "low"),
        ({"valueQuantity": None, "valueString": "see comment"}, "no-value"),
        ({"valueQuantity": None, "valueString": "1,060 ng/L"}, "ambiguous-number"),
        ({"valueQuantity": None, "valueInteger": 22}, "missing-unit"),
        ({"valueQuantity": None, "valueRange": {"low": {"value": 20}}}, "unreadable-value"),
        ({"valueQuantity": None, "valueRatio": {}}, "unreadable-value"),
        ({"valueQuantity": None, "valueCodeableConcept": {"text": "22"}}, "unreadable-value"),
        ({"valueQuantity": None, "valueBoolean": True}, "unreadable-value"),
        ({"valueString": "22 ng/mL"}, "malformed"),  # two values
        ({"valueQuantity": None, "valueRange": {}, "status": "void"}, "malformed"),
        ({"dataAbsentReason": {"coding": [{"code": "unknown"}]}}, "no-value"),
        ({"dataAbsentReason": {"text": "lost"}, "valueQuantity": None}, "no-value"),
        ({"modifierExtension": [{"url": "http://x.example", "valueBoolean": True}]}, "unreadable-value"),
        ({"valueQuantity": None, "hasMember": [{"reference": "Observation/1"}]}, ""),
        ({"valueQuantity": None, "related": [{"type": "has-member"}]}, ""),
    ],
)
def test_a_value_is_read_by_its_type(changes: Json, expected: str) -> None:
    assert code(one(**changes)) == expected


@pytest.mark.parametrize(
    ("text", "status", "expected"),
    [
        ("final", Status.FINAL, "low"),
        ("appended", Status.FINAL, "low"),
        ("preliminary", Status.PRELIMINARY, "low"),
        ("amended", Status.CORRECTED, "low"),
        ("corrected", Status.CORRECTED, "low"),
        ("unknown", Status.UNKNOWN, "low"),
        (None, Status.UNKNOWN, "low"),
        ("registered", Status.ABSENT, "no-value"),
        ("specimen-in-process", Status.ABSENT, "no-value"),
        ("cancelled", Status.ABSENT, "no-value"),
        ("cannot-be-obtained", Status.ABSENT, "no-value"),
        ("entered-in-error", Status.WITHDRAWN, "withdrawn"),
        ("Final", Status.UNKNOWN, "malformed"),
        ("void", Status.UNKNOWN, "malformed"),
    ],
)
def test_the_status_decides_whether_a_result_is_judged(
    text: str | None, status: Status, expected: str
) -> None:
    found = one(status=text)
    assert (found.status, code(found)) == (status, expected)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("final", "low"), ("entered-in-error", "withdrawn"), ("cancelled", "no-value"), ("partial", "low")],
)
def test_what_is_in_a_report_that_was_withdrawn_is_withdrawn(status: str, expected: str) -> None:
    (found,) = read({"resourceType": "DiagnosticReport", "status": status, "contained": [VITD]})
    assert code(found) == expected


@pytest.mark.parametrize(
    ("coding", "names", "loinc", "local"),
    [
        ({"text": "Vitamin  D"}, ("Vitamin D",), (), ()),
        ({"coding": [{"code": "VITD"}]}, (), (), ("VITD",)),
        ({"coding": [{"code": "1989-3"}]}, (), ("1989-3",), ()),
        ({"coding": [{"code": "1989-3", "system": "http://lab.example"}]}, (), (), ("1989-3",)),
        ({"coding": [{"display": "Vitamin D"}], "text": "Vitamin D"}, ("Vitamin D",), (), ()),
        ({"coding": [], "text": " "}, (), (), ()),
    ],
)
def test_the_codings_of_a_test_are_kept_apart(
    coding: Json, names: tuple[str, ...], loinc: tuple[str, ...], local: tuple[str, ...]
) -> None:
    found = one(code=coding)
    assert (found.names, found.loinc, found.local) == (names, loinc, local)


def test_the_specimen_that_an_observation_shows_is_not_passed_over() -> None:
    assert code(one(specimen={"display": "Random urine"})) == "wrong-analyte"
    assert code(one(specimen={"display": "Serum"})) == code(one()) != "wrong-analyte"
    assert code(one(specimen={"reference": "Specimen/urine"})) == code(one())


@pytest.mark.parametrize(
    ("changes", "reported"),
    [
        ({"valueQuantity": {"value": 22.50, "unit": "ng/mL", "code": "nmol/L"}}, ("22.5", "ng/mL, nmol/L")),
        ({"valueQuantity": {"value": 22, "comparator": "ad", "code": "ng/mL"}}, ("ad 22", "ng/mL")),
        ({"valueQuantity": {"value": "22", "unit": 5}}, ("22", "5")),
        ({"dataAbsentReason": {"text": "clotted"}}, ("22.5", "ng/mL")),
        ({"valueQuantity": None, "valueInteger": 22, "modifierExtension": [{}]}, ("22", None)),
        ({"valueQuantity": None, "valueRange": {"low": {"value": 5}}}, (None, None)),
        ({"status": "new"}, ("22.5", "ng/mL")),
    ],
)
def test_what_is_refused_is_shown_as_it_was_reported(changes: Json, reported: tuple[str | None, ...]) -> None:
    refused = one(**changes)
    assert refused.problem
    assert (refused.value, refused.unit) == reported
    assert (refused.range, refused.flags) == ("30-100 ng/mL", ("L",))


def bundle(*resources: Json, urls: bool = True) -> Json:
    entries = [
        {"resource": resource, **({"fullUrl": f"http://a.example/{i}"} if urls else {})}
        for i, resource in enumerate(resources)
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


@pytest.mark.parametrize(
    ("reference", "urls", "expected"),
    [
        ("http://a.example/1", True, "withdrawn"),
        ("Observation/vitd", True, "withdrawn"),
        ("Observation/vitd", False, "withdrawn"),
        ("Observation/vitd/_history/2", True, "withdrawn"),
        ("http://a.example/Observation/vitd", False, "withdrawn"),
        ("http://b.example/Observation/vitd", True, "low"),
        ("Observation/vitd2", True, "low"),
        ("#vitd", True, "low"),
        (None, True, "low"),
    ],
)
def test_a_report_that_was_withdrawn_withdraws_the_results_that_it_refers_to(
    reference: str | None, urls: bool, expected: str
) -> None:
    result = {"reference": reference} if reference else {}
    report = {"resourceType": "DiagnosticReport", "status": "entered-in-error", "result": [result]}
    assert [code(one) for one in read(bundle(report, VITD, urls=urls))] == [expected]
    assert [code(one) for one in read(bundle({**report, "status": "final"}, VITD, urls=urls))] == ["low"]


@pytest.mark.parametrize(
    "broken",
    [
        {"result": [None, {"reference": "Observation/vitd"}]},
        {"result": [{"reference": 5}, {"reference": "Observation/vitd"}]},
        {"result": {"reference": "Observation/vitd"}},
        {"status": ["entered-in-error"]},
        {"status": "Entered-In-Error"},
        {"status": "withdrawn"},
        {"status": "final", "modifierExtension": [{"url": "http://a.example"}]},
    ],
)
def test_a_report_with_a_flaw_that_may_have_withdrawn_its_results_is_told(broken: Json) -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "status": "entered-in-error",
        "result": [{"reference": "Observation/vitd"}],
    }
    told, _ = read(bundle({**report, **broken}, VITD))
    assert code(told) in ("malformed", "unreadable-value")


def test_a_report_of_no_results_may_say_what_it_likes() -> None:
    report = {"resourceType": "DiagnosticReport", "status": "draft"}
    assert [code(one) for one in read(bundle(report, VITD))] == ["low"]


def test_what_withdraws_a_panel_withdraws_its_members_and_theirs() -> None:
    def panel(id: str, member: str, status: str = "final") -> Json:
        return {**PANEL, "id": id, "status": status, "component": [], "hasMember": [{"reference": member}]}

    report = {
        "resourceType": "DiagnosticReport",
        "status": "entered-in-error",
        "result": [{"reference": "Observation/p"}],
    }
    panels = [panel("q", "Observation/vitd"), panel("p", "Observation/q")]
    assert [code(one) for one in read(bundle(VITD, report, *panels))] == ["withdrawn", "", ""]
    assert [code(one) for one in read(bundle(VITD, *panels))] == ["low", "", ""]
    gone = panel("q", "Observation/vitd", "entered-in-error")
    assert code(read(bundle(VITD, gone))[0]) == "withdrawn"
    related = [{"type": "has-member", "target": {"reference": "Observation/vitd"}}]
    assert code(read(bundle(VITD, {**gone, "hasMember": None, "related": related}))[0]) == "withdrawn"


@pytest.mark.parametrize(
    ("url", "reference", "expected"),
    [
        ("urn:uuid:A1", "urn:uuid:a1", "withdrawn"),
        ("http://s.example/fhir/Observation/7", "Observation/7", "withdrawn"),
        ("http://s.example/fhir/Observation/7", "Observation/8", "low"),
    ],
)
def test_a_reference_is_to_the_address_of_a_resource(url: str, reference: str, expected: str) -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "status": "entered-in-error",
        "result": [{"reference": reference}],
    }
    without = {key: value for key, value in VITD.items() if key != "id"}
    entries = [{"resource": report}, {"resource": without, "fullUrl": url}]
    assert [code(one) for one in read({"resourceType": "Bundle", "entry": entries})] == [expected]


@pytest.mark.parametrize(
    ("type", "expected"),
    [
        ({"text": "Urine"}, "wrong-analyte"),
        ({"coding": [{"code": "78014005", "display": "Urine"}]}, "wrong-analyte"),
        ({"coding": [{"code": "UR"}]}, "wrong-analyte"),
        ({"text": "Serum"}, "low"),
        (None, "low"),
    ],
)
def test_a_specimen_that_is_referred_to_is_not_passed_over(type: Json | None, expected: str) -> None:
    specimen = {"resourceType": "Specimen", "id": "s", "type": type}
    report = {"resourceType": "DiagnosticReport", "status": "final"}
    of_another = {"reference": "Specimen/t"}
    by_id, inside = {"reference": "Specimen/s"}, {"reference": "#s"}
    for document, answer in (
        (bundle(specimen, {**VITD, "specimen": by_id}), expected),
        (bundle({**VITD, "specimen": by_id}, specimen, urls=False), expected),
        (bundle(specimen, {**VITD, "specimen": of_another}), "low"),
        ({**VITD, "specimen": inside, "contained": [specimen]}, expected),
        ({**report, "contained": [{**VITD, "specimen": inside}, specimen]}, expected),
        ({**report, "contained": [VITD, specimen], "specimen": [inside]}, expected),
        ({**report, "contained": [VITD, specimen], "specimen": [inside, of_another]}, "low"),
    ):
        assert [code(one) for one in read(document)] == [answer]


@pytest.mark.parametrize(
    ("status", "notes"),
    [
        ("available", []),
        (None, []),
        *((status, ["specimen-unknown"]) for status in ("unavailable", "unsatisfactory", "entered-in-error")),
    ],
)
def test_a_specimen_that_may_not_be_used_is_noted(status: str | None, notes: list[str]) -> None:
    specimen = {"resourceType": "Specimen", "id": "s", "type": {"text": "Serum"}, "status": status}
    (found,) = read({**VITD, "specimen": {"reference": "#s"}, "contained": [specimen]})
    judged = judge(found, built_in())
    assert isinstance(judged, Interpretation)
    assert [note.code for note in judged.notes] == notes


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"display": "Urine"}, "wrong-analyte"),
        ({"reference": "Specimen/s"}, "wrong-analyte"),
        ({"display": "Serum"}, "low"),
        ({"reference": "Specimen/t"}, "low"),
    ],
)
def test_the_specimen_of_a_report_or_a_panel_is_that_of_the_results_it_refers_to(
    said: Json, expected: str
) -> None:
    urine = {"resourceType": "Specimen", "id": "s", "type": {"text": "Urine"}}
    by_id = {"reference": f"Observation/{VITD['id']}"}
    report = {"resourceType": "DiagnosticReport", "status": "final", "result": [by_id]}
    panel = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Panel"},
        "hasMember": [by_id],
    }
    own = {**VITD, "specimen": {"display": "Serum"}}
    for over, result, answer in (
        ({**report, "specimen": [said]}, VITD, expected),
        ({**panel, "specimen": said}, VITD, expected),
        ({**report, "specimen": [said]}, own, "low"),
        ({**report, "specimen": [said, {"display": "Serum"}]}, VITD, "low"),
        ({**report, "specimen": [said, {"display": "Blood"}]}, VITD, "low"),
        ({**report, "specimen": [said, {"display": "Random urine"}]}, VITD, expected),
        # No list, as it has to be; the status holds all the same.
        ({**report, "status": "entered-in-error", "specimen": said}, VITD, "withdrawn"),
    ):
        assert code(read(bundle(over, urine, result, urls=False))[-1]) == answer


@pytest.mark.parametrize(
    ("called", "doubtful"),
    [
        ({"text": "1,25-dihydroxyvitamin D"}, True),
        ({"coding": [{"system": LOINC, "code": "62290-2"}]}, True),
        ({"coding": [{"display": "Vitamin B12"}]}, True),
        *(({"text": "Vitamin D"}, False), ({"text": "Vitamins and minerals"}, False), ({}, False)),
        ({"coding": [{"system": LOINC, "code": "62292-8"}]}, False),
    ],
)
def test_a_result_under_the_name_of_another_test_is_noted(called: Json, *, doubtful: bool) -> None:
    report = {"resourceType": "DiagnosticReport", "status": "final", "code": called}
    panel = {"resourceType": "Observation", "status": "final", "code": called}
    reference = {"reference": "Observation/vitd"}
    part = {"code": VITD["code"], "valueQuantity": VITD["valueQuantity"]}
    documents: list[Json] = [bundle({**report, "result": [reference]}, VITD), {**report, "contained": [VITD]}]
    if called:  # a panel has to say what it is
        documents += [
            bundle({**report, "result": [reference]}, VITD, {**panel, "hasMember": [reference]}),
            bundle({**panel, "hasMember": [reference]}, VITD),
            {**panel, "component": [part]},
        ]
    for document in documents:
        (judged,) = filter(None, (judge(one, built_in()) for one in read(document)))
        assert isinstance(judged, Interpretation)
        assert ("doubtful-name" in [note.code for note in judged.notes]) is doubtful


def test_an_interpretation_in_words_is_read_beside_a_code_of_the_laboratorys() -> None:
    coding = [{"system": "urn:lab", "code": "17"}]
    assert code(one(interpretation=[{"coding": coding, "text": ">"}])) == "indeterminate"
    assert one(interpretation=[{"coding": [{**coding[0], "display": "Low"}]}]).flags == ("17", "Low")


def test_a_contained_resource_is_known_within_its_container_alone() -> None:
    urine = {"resourceType": "Specimen", "id": "1", "type": {"text": "Urine"}}
    report = {"resourceType": "DiagnosticReport", "status": "final", "contained": [urine]}
    serum = {**urine, "type": {"text": "Serum"}}
    for reference in ("Specimen/1", "http://a.example/Specimen/1"):
        observation = {**VITD, "specimen": {"reference": reference}}
        assert [code(one) for one in read(bundle(report, observation, serum, urls=False))] == ["low"]
    other = {
        **report,
        "status": "entered-in-error",
        "contained": [],
        "result": [{"reference": "Observation/c"}],
    }
    inside = {**PANEL, "component": [], "contained": [{**VITD, "id": "c"}]}
    assert [code(one) for one in read(bundle(other, inside))] == ["", "low"]
    gone = {**inside, "status": "entered-in-error", "hasMember": [{"reference": "#c"}]}
    assert [code(one) for one in read(bundle(gone))] == ["", "withdrawn"]


@pytest.mark.parametrize("status", ["registered", "preliminary", "partial", "unknown"])
def test_what_is_still_to_come_of_a_report_or_a_panel_withdraws_nothing(status: str) -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "status": status,
        "result": [{"reference": "Observation/vitd"}],
    }
    assert [code(one) for one in read(bundle(report, VITD))] == ["low"]
    panel = {**PANEL, "component": [], "status": status, "hasMember": [{"reference": "Observation/vitd"}]}
    if status != "partial":
        assert code(read(bundle(VITD, panel))[0]) == "low"


def test_rules_and_modifiers_that_are_not_understood_are_told() -> None:
    extension = [{"url": "http://a.example/not-done", "valueBoolean": True}]
    assert code(one(implicitRules="http://a.example/rules")) == "unreadable-value"
    entry = {"modifierExtension": extension, "resource": VITD}
    assert [code(one) for one in read({"resourceType": "Bundle", "entry": [entry]})] == ["malformed"]
    report = {"resourceType": "DiagnosticReport", "status": "final", "modifierExtension": extension}
    assert [code(one) for one in read({**report, "contained": [VITD]})] == ["unreadable-value"] * 2


@pytest.mark.parametrize("entry", [VITD, {**VITD, "resource": None}])
def test_an_entry_that_does_not_hold_its_resource_is_told(entry: Json) -> None:
    assert [code(one) for one in read({"resourceType": "Bundle", "entry": [entry]})] == ["malformed"]


def test_what_only_replaces_another_groups_nothing() -> None:
    without = {key: value for key, value in VITD.items() if not key.startswith("value")}
    related = [{"type": "replaces", "target": {"reference": "Observation/1"}}]
    assert [code(one) for one in read({**without, "related": related})] == ["no-value"]


def test_a_report_that_was_withdrawn_may_come_behind_its_results_and_may_be_broken_elsewhere() -> None:
    broken = {"resourceType": "DiagnosticReport", "status": 5, "result": "none"}
    report = {
        "resourceType": "DiagnosticReport",
        "status": "entered-in-error",
        "result": [{"reference": "Observation/p"}],
    }
    found = read(bundle({**PANEL, "id": "p"}, VITD, broken, report))
    assert [code(one) for one in found] == ["", "", "withdrawn", "low", "malformed"]


def test_an_observation_without_an_id_is_in_no_report_that_refers_to_another() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "status": "cancelled",
        "result": [{"reference": "Observation/"}, {}],
    }
    without = {key: value for key, value in VITD.items() if key != "id"}
    assert [code(one) for one in read([report, without])] == ["low"]


def test_what_may_change_an_observation_may_change_its_components() -> None:
    extension = [{"url": "http://a.example/not-done", "valueBoolean": True}]
    assert [code(one) for one in read({**PANEL, "modifierExtension": extension})] == [
        "",
        "",
        "unreadable-value",
    ]
    assert code(one(modifierExtension=extension)) == "unreadable-value"
    last = {**PANEL["component"][1], "modifierExtension": extension}
    assert code(read({**PANEL, "component": [last]})[1]) == "unreadable-value"


def test_whose_result_a_report_holds_is_said_by_the_report() -> None:
    report = {"resourceType": "DiagnosticReport", "status": "final", "subject": {"reference": "Patient/9"}}
    without = {key: value for key, value in VITD.items() if key != "subject"}
    found = read({**report, "contained": [without, VITD]})
    assert [one.patient for one in found] == ["Patient/9", "Patient/77"]


def test_codings_of_different_tests_are_refused() -> None:
    both = [{"system": LOINC, "code": "1989-3"}, {"system": LOINC, "code": "62290-2"}]
    assert code(one(code={"coding": both})) == "wrong-analyte"
    assert code(one(code={"coding": both[:1], "text": "1,25-Dihydroxyvitamin D"})) == "wrong-analyte"


@pytest.mark.parametrize(
    ("ranges", "text"),
    [
        (None, None),
        ([], None),
        ([{"low": {"value": 30.0, "unit": "ng/mL"}, "high": {"value": 100}}], "30.0-100 ng/mL"),
        ([{"low": {"value": 30, "code": "ng/mL"}}], ">=30 ng/mL"),
        ([{"high": {"value": 14}}], "<=14"),
        ([{"high": {"value": 14}, "text": "below 14"}], "<=14"),
        ([{"low": {"value": 0}, "high": {"value": 7}}], "0-7"),
        ([{"low": {"value": 0}, "high": {"value": 0}}], None),
        ([{"low": {"value": 0.0}, "high": {"value": 0}}], None),
        (
            [{"low": {"value": 30, "unit": "ng/mL"}, "high": {"value": 250, "unit": "nmol/L"}}],
            "from 30 ng/mL to 250 nmol/L",
        ),
        ([{"low": {"value": 30, "comparator": ">"}, "high": {"value": 100}}], "from > 30 to 100"),
        ([{"text": "Winter: 10 - 37.4"}], "Winter: 10 - 37.4"),
        ([{"low": {"value": 30}}, {"low": {"value": 20}}], "several: >=30; >=20"),
        ([{"low": {"value": 30}}, {"text": "see comment"}], "several: >=30; see comment"),
        ([{"low": {"value": 30}}, {"low": {"value": 30}}, {}], ">=30"),
        ([{"low": {"value": 30}, "age": {"low": {"value": 18}}}], "limited (age): >=30"),
        ([{"low": {"value": 30}, "appliesTo": [{"text": "pregnant"}]}], "limited (appliesTo): >=30"),
        ([{"low": {"value": 30}, "age": None, "appliesTo": []}], ">=30"),
        ([{"low": {"value": 30}, "modifierExtension": [{}]}], "limited (modifierExtension): >=30"),
        ([{"low": {"value": 30}, "type": {"text": "Normal Range"}}], ">=30"),
        ([{"low": {"value": 30}, "type": {"coding": [{"code": "normal"}]}}], ">=30"),
        (
            [{"low": {"value": 30}, "type": {"coding": [{"code": "therapeutic"}]}}],
            "limited (therapeutic): >=30",
        ),
        (
            [{"low": {"value": 30}, "meaning": {"coding": [{"code": "treatment"}]}}],
            "limited (treatment): >=30",
        ),
        ([{}], None),
    ],
)
def test_a_range_is_drawn_where_there_is_one_for_everybody(ranges: list[Json] | None, text: str) -> None:
    found = one(referenceRange=ranges)
    assert (found.range, found.problem) == (text, None)


@pytest.mark.parametrize(
    "ranges",
    [
        [{"low": {"value": 40}, "high": {"value": 100}}, {"text": "see comment"}],
        [{"low": {"value": 40}, "high": {"value": 100}, "age": {"low": {"value": 18}}}],
        [{"low": {"value": 75, "unit": "nmol/L"}, "high": {"value": 100, "unit": "ng/mL"}}],
        [{"low": {"value": 40}, "type": {"text": "40-100 for treatment"}}],
    ],
)
def test_a_range_that_is_there_but_not_for_everybody_is_never_said_to_be_missing(ranges: list[Json]) -> None:
    observation = one(referenceRange=ranges)
    judged = judge(observation, built_in())
    assert isinstance(judged, Interpretation)
    assert "unreadable-range" in [note.code for note in judged.notes]
    refused = judge(observation, built_in(), range_sets={"vitd": "reported"})
    assert isinstance(refused, Refusal)
    assert refused.code == "unreadable-range"


@pytest.mark.parametrize(
    ("interpretation", "flags"),
    [
        (None, ()),
        ([], ()),
        ([{"coding": [{"code": "H"}, {"code": "H"}]}, {"coding": [{"code": "A"}]}], ("H", "A")),
        ({"coding": [{"code": "L"}]}, ("L",)),  # before R4
        ([{"text": "low"}], ("low",)),
    ],
)
def test_flags_are_one_or_a_list(interpretation: object, flags: tuple[str, ...]) -> None:
    assert one(interpretation=interpretation).flags == flags


@pytest.mark.parametrize(
    ("changes", "date"),
    [
        ({}, "2024-03-04T08:15:00+01:00"),
        ({"effectiveDateTime": None, "effectiveInstant": "2024-03-05T00:00:00Z"}, "2024-03-05T00:00:00Z"),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2024-03"}}, "2024-03"),
        ({"effectiveDateTime": None, "issued": "2024"}, "2024"),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2023"}, "issued": "2024"}, "2023"),
        ({"effectiveDateTime": None}, None),
    ],
)
def test_the_date_is_the_samples_or_failing_that_the_reports(changes: Json, date: str | None) -> None:
    assert one(**changes).date == date


@pytest.mark.parametrize(
    ("subject", "patient"),
    [
        ({"reference": "Patient/77"}, "Patient/77"),
        ({"identifier": {"value": "0815"}, "display": "Vera Muster"}, "0815"),
        ({"display": "Vera Muster"}, None),
        (None, None),
    ],
)
def test_a_person_is_identified_by_no_name(subject: Json | None, patient: str | None) -> None:
    found = one(subject=subject)
    assert found.patient == patient
    assert "Muster" not in repr(found)


@pytest.mark.parametrize(
    ("document", "place", "says"),
    [
        (b"{", "document", "not JSON"),
        (b'{"resourceType": "Observation"', "document", "not JSON"),
        (b"\xff\xfe", "line 1", "not UTF-8"),
        (b"{}", "line 1", "no resourceType"),
        (b"22", "line 1", "a number, not a FHIR resource"),
        (b"null", "line 1", "null, not a FHIR resource"),
        (b'["x"]', "line 1, item 1", "a text, not"),
        (b'[["x"]]', "line 1, item 1", "a list, not"),
        (b'{"resourceType": 5}', "line 1", "its resourceType is a number, not a text"),
        (b'{"resourceType": "Bundle", "entry": {}}', "line 1", "its entry is an object, not a list"),
        (b'{"resourceType": "Bundle", "entry": [5]}', "line 1, entry 1", "a number, not"),
        (b'{"resourceType": "Bundle", "entry": [{"resource": []}]}', "line 1, entry 1", "a list, not"),
        (b'{"resourceType": "Group", "contained": [true]}', "line 1, contained 1", "true"),
        (b'{"resourceType": "Observation"}', "line 1", "no code"),
        (
            b'{"resourceType": "Observation", "code": {"coding": [{}]}}',
            "line 1",
            "its code does not say what",
        ),
        (
            b'{"resourceType": "observation"}',
            "line 1",
            "its resourceType is 'observation', which FHIR spells 'O",
        ),
        (b'{"resourceType": "Observation", "code": []}', "line 1", "its code is a list"),
        (b'{"a": 1, "a": 2}', "document", "twice"),
        (b'{"a": NaN}', "document", "NaN"),
        (b"[" * 100_000, "document", "too deeply"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(document: bytes, place: str, says: str) -> None:
    (found,) = read(document)
    assert (found.place, code(found)) == (place, "malformed")
    assert says in str(found.problem)


def test_a_component_that_is_none_is_told_and_the_others_are_read() -> None:
    found = read({**PANEL, "component": [5, *PANEL["component"]]})
    assert [(one.place, code(one)) for one in found] == [
        ("resource", ""),
        ("component 1", "malformed"),
        ("component 2", ""),
        ("component 3", "indeterminate"),
    ]
    found = read({"resourceType": "Bundle", "entry": [{"resource": {**PANEL, "component": {}}}]})
    assert [(one.place, code(one)) for one in found] == [("entry 1", ""), ("entry 1", "malformed")]


def test_bundles_may_be_nested_as_deep_as_json_may() -> None:
    document: Json = VITD
    for _ in range(100):
        document = {"resourceType": "Bundle", "entry": [{"resource": document}]}
    (found,) = read(document)
    assert (found.place.count("entry"), code(found)) == (100, "low")


def places_in(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places_in(inner, (*path, key))


def put(document: Any, path: tuple[str | int, ...], new: object) -> Any:
    changed = copy.deepcopy(document)
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = new
    return changed


JUNK: list[object] = [None, True, 5, 1e308, "", "x", "\ud800", [], ["x"], [5], [[]], {}, {"x": 1}, [{}]]
CODES = {"", "low", "normal", "high", "indeterminate", "malformed", "withdrawn", "wrong-analyte"} | {
    *("no-value", "unreadable-value", "missing-unit", "unknown-unit", "incompatible-unit", "impossible-value")
}


@given(st.sampled_from(sorted(places_in(BUNDLE), key=str)), st.sampled_from(JUNK))
def test_a_wrong_type_anywhere_has_an_answer(path: tuple[str | int, ...], junk: object) -> None:
    for found in read(put(BUNDLE, path, junk)):
        assert found.place
        assert code(found) in CODES


@pytest.mark.parametrize("junk", [5, "x", True, [5], {"value": "22"}])
@pytest.mark.parametrize("path", sorted(places_in(VITD), key=str), ids=str)
def test_a_wrong_type_in_what_is_read_never_makes_another_verdict(
    path: tuple[str | int, ...], junk: object
) -> None:
    found = read(put(VITD, path, junk))
    assert {code(one) for one in found} <= CODES - {"normal", "high", "indeterminate"}


def test_a_document_cut_anywhere_is_one_problem() -> None:
    text = json.dumps(BUNDLE).encode()
    for end in range(1, len(text)):
        assert [code(one) for one in read(text[:end])] == ["malformed"], end


@given(st.lists(st.sampled_from([VITD, PANEL, BUNDLE, {"resourceType": "Patient"}]), max_size=6), st.data())
def test_every_line_is_answered_in_order_whatever_the_others_are(
    documents: list[Json], data: st.DataObject
) -> None:
    lines = [json.dumps(document).encode() for document in documents]
    broken = data.draw(st.lists(st.integers(0, len(lines)), max_size=2))
    for at in broken:
        lines.insert(at, b'{"broken')
    lines.insert(0, json.dumps({"resourceType": "Patient"}).encode())
    found = read(b"\n".join(lines))
    expected = []
    for number, line in enumerate(lines, start=1):
        alone = [one.place for one in read(line + b"\n")] if line != b'{"broken' else ["document"]
        expected += [
            place.replace("document", f"line {number}").replace("line 1", f"line {number}") for place in alone
        ]
    assert [one.place for one in found] == expected


@given(st.binary())
def test_any_bytes_have_an_answer(data: bytes) -> None:
    for found in read(data):
        assert code(found) in ("", "malformed")


@pytest.mark.parametrize("begin", [b"", b" ", b"\t", b"\xef\xbb\xbf "])
@pytest.mark.parametrize("indent", [b"", b"  "])
def test_a_broken_first_line_costs_no_other_line(begin: bytes, indent: bytes) -> None:
    if len(indent) > len(begin.strip(b"\xef\xbb\xbf")):
        begin += indent
    good = indent + json.dumps(VITD).encode() + b"\n"
    found = read(begin + b'{"resourceType":"Observation","status":\n' + good * 2)
    assert [(one.place, one.problem is None) for one in found] == [
        ("line 1", False),
        ("line 2", True),
        ("line 3", True),
    ]


def test_a_resource_inside_of_a_broken_document_is_no_line() -> None:
    inside = b"  " + json.dumps(VITD).encode() + b"\n"
    (found,) = read(b'{"resourceType": "Bundle", "entry": [\n' + inside + b"\n")
    assert (found.place, found.problem is None) == ("document", False)


@pytest.mark.parametrize("indent", [b"", b"  "])
def test_a_result_inside_of_a_broken_document_is_no_line_though_it_stands_on_one(indent: bytes) -> None:
    inside = indent + json.dumps(VITD).encode() + b"\n"
    (found,) = read(
        indent + b'{"resourceType": "DiagnosticReport", "contained": [\n' + inside + b'], "x": 1\n'
    )
    assert (found.place, found.problem is None) == ("document", False)


def test_a_comparator_that_has_an_extension_is_not_passed_over() -> None:
    absent = {"extension": [{"url": "http://a.example/x", "valueCode": "unknown"}]}
    assert code(value(value=22, unit="ng/mL", _comparator=absent)) == "unreadable-value"


def test_the_numbers_of_a_range_have_a_point_whatever_its_text_is_to_have() -> None:
    in_numbers = one(referenceRange=[{"low": {"value": 25}, "high": {"value": 50.25}}])
    assert (in_numbers.range, in_numbers.range_decimal) == ("25-50.25", "point")
    (exponent,) = read(json.dumps(VITD).replace('"value": 30', '"value": 3E+1').encode())
    assert exponent.range == "30-100 ng/mL"
    in_words = one(referenceRange=[{"text": "25,000-50,000"}])
    assert (in_words.range, in_words.range_decimal) == ("25,000-50,000", None)
    for found in (in_numbers, in_words):
        judged = judge(found, built_in(), range_sets={"vitd": "reported"}, decimal="comma")
        assert isinstance(judged, Interpretation)
        assert judged.category == "low"


def test_what_any_of_the_codes_leaves_open_is_told_in_either_order() -> None:
    for order in (("1989-3", "62292-8"), ("62292-8", "1989-3")):
        (found,) = read({**VITD, "code": {"coding": [{"system": LOINC, "code": each} for each in order]}})
        judged = judge(found, built_in())
        assert isinstance(judged, Interpretation)
        assert [note.code for note in judged.notes] == ["doubtful-name"]


@pytest.mark.parametrize(("status", "expected"), [("entered-in-error", "withdrawn"), ("final", "low")])
def test_a_document_that_was_withdrawn_withdraws_its_entries(status: str, expected: str) -> None:
    inner = {"entry": [{"reference": "Observation/vitd"}]}
    composition = {"resourceType": "Composition", "status": status, "section": [{"section": [inner]}]}
    found = read({"resourceType": "Bundle", "entry": [{"resource": composition}, {"resource": VITD}]})
    assert [code(each) for each in found] == [expected]


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ({"low": {"value": 30}, "high": {"value": 100}, "text": "30-100 nmol/L"}, "30-100 nmol/L"),
        ({"low": {"value": 30}, "high": {"value": 100}, "text": "30.0 - 100 (adults)"}, "30-100"),
        ({"low": {"value": 30}, "text": ">30"}, ">=30"),
        ({"low": {"value": 30}, "high": {"value": 100}, "text": "20-50"}, "several: 30-100; 20-50"),
        (
            {"low": {"value": 30, "unit": "ng/mL"}, "text": ">=30 nmol/L"},
            "several: >=30 ng/mL; >=30 nmol/L",
        ),
        ({"low": {"value": 0}, "high": {"value": 0}, "text": "30-50"}, "30-50"),
        ({"high": {"value": 20}, "text": "Deficient"}, "limited (Deficient): <=20"),
        ({"low": {"value": 30}, "text": "Sufficient"}, ">=30"),
    ],
)
def test_the_text_of_a_range_is_not_passed_over(span: Json, expected: str) -> None:
    assert one(referenceRange=[span]).range == expected


def test_a_bundle_with_rules_of_its_own_is_not_read() -> None:
    bundle = {"resourceType": "Bundle", "implicitRules": "http://a.example/x", "entry": [{"resource": VITD}]}
    (found,) = read(bundle)
    assert code(found) == "malformed"
    assert "implicitRules" in str(found.problem)


def test_a_report_that_was_cancelled_withdraws_the_members_of_its_panels() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "status": "cancelled",
        "result": [{"reference": "Observation/p"}],
    }
    panel = {**PANEL, "id": "p", "component": [], "hasMember": [{"reference": "Observation/vitd"}]}
    found = read([report, panel, VITD])
    assert code(found[-1]) == "no-value"


def test_of_several_ranges_the_one_that_is_typed_as_normal_counts() -> None:
    def typed(code: str, low: int, high: int) -> Json:
        return {"type": {"coding": [{"code": code}]}, "low": {"value": low}, "high": {"value": high}}

    normal, critical = typed("normal", 30, 100), typed("critical", 10, 150)
    assert one(referenceRange=[critical, normal]).range == "30-100"
    untyped = {"low": {"value": 20}}
    assert one(referenceRange=[normal, untyped]).range == "several: 30-100; >=20"
    assert one(referenceRange=[untyped, critical]).range == "several: >=20; limited (critical): 10-150"


def statuses(*entries: Json, type: str = "collection") -> list[str]:
    """Return what each result of a bundle is known by: its status, and what is said against it."""
    return [
        found.status_text for found in read({"resourceType": "Bundle", "type": type, "entry": [*entries]})
    ]


def version(status: str, number: str = "", **changes: Any) -> Json:
    meta = {"meta": {"versionId": number}} if number else {}
    return {
        "fullUrl": "http://x.org/Observation/a",
        "resource": {**VITD, **meta, "id": "a", "status": status, **changes},
    }


def test_older_versions_of_a_result_are_noted() -> None:
    history = statuses(version("entered-in-error"), version("final"), type="history")
    assert history == ["entered-in-error", "final, of an older version"]
    numbered = statuses(version("final", "1"), version("corrected", "2"))
    assert numbered == ["final, of an older version", "corrected"]
    (old, new) = read(
        {"resourceType": "Bundle", "entry": [version("final", "9"), version("corrected", "10")]}
    )
    assert (old.status, new.status) == (Status.UNKNOWN, Status.CORRECTED)


def test_what_another_entry_deletes_is_noted() -> None:
    deletion: Json = {"request": {"method": "DELETE", "url": "Observation/a"}}
    assert statuses(deletion, version("final")) == ["final, deleted by another entry"]
    assert statuses({**version("final"), **deletion}) == ["final, deleted by another entry"]
    assert statuses({"request": {"method": "PUT", "url": "Observation/a"}}, version("final")) == ["final"]


def test_what_another_observation_replaces_is_noted() -> None:
    new = {**VITD, "id": "b", "related": [{"type": "replaces", "target": {"reference": "Observation/a"}}]}
    assert statuses(version("final"), {"resource": new}) == ["final, replaced by another", "final"]


@pytest.mark.parametrize(
    "changes",
    [
        {"note": [{"text": "Result invalid, wrong patient"}]},
        {"comments": "Specimen mislabelled - disregard"},
        {"subject": {"reference": "Device/analyser"}},
    ],
)
def test_what_is_said_against_an_observation_is_noted(changes: Json) -> None:
    found = one(**changes)
    assert found.status is Status.UNKNOWN
    assert found.status_text.startswith("final, ")
    assert one(note=[{"text": "Taken at home"}], subject={"reference": "Patient/1"}).status is Status.FINAL


@pytest.mark.parametrize("key", ["valueQuantity", "_valueQuantity"])
def test_a_value_that_is_said_to_be_absent_is_none(key: str) -> None:
    absent = [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "error"}]
    quantity = {"value": 22.5, "unit": "ng/mL"}
    changes = {"valueQuantity": quantity, key: {**(quantity if key[0] != "_" else {}), "extension": absent}}
    assert code(one(**changes)) == "no-value"
