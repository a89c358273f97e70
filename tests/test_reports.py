"""What people read is held by golden files (`pytest --golden` writes them), JSON by its schema."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck import LabcheckError, interpret
from labcheck.model import Refusal
from labcheck.reports.json import one, several
from tests.conftest import VALIDATOR, Golden, Labcheck


@pytest.mark.parametrize(
    ("name", "command", "columns"),
    [
        ("vitd-low", "vitd 22 --unit ng/mL", 80),
        ("vitd-low-narrow", "vitd 22 --unit ng/mL", 40),
        ("vitd-low-wide", "vitd 22 --unit ng/mL", 200),
        ("vitd-normal", "vitd 35 -u ng/mL", 80),
        ("vitd-near-limit", "vitd 100 -u nmol/L", 80),
        ("vitd-beyond", "vitd 200", 80),
        ("vitd-off-scale", "vitd >150 -u ng/mL", 80),
        ("vitd-child", "vitd 22 -u ng/mL --age 3", 80),
        ("vitd-verbose", "vitd 55 -u nmol/L --verbose", 80),
        ("vitd-own-range", "vitd 60 -u nmol/L --range", 80),
        ("b12-indeterminate", "b12 <150 -u pmol/L", 80),
        ("b12-indeterminate-narrow", "b12 <150 -u pmol/L", 40),
        ("b12-high", "b12 1500 -u ng/L", 80),
        ("b12-nice", "b12 250 -u ng/L --range-set nice-2024", 80),
        ("vitd-above-article", "vitd 45 -u ng/mL", 80),
        ("vitd-endocrine", "vitd 50 -u nmol/L --range-set endocrine-2011", 80),
        ("vitd-alone", "vitd 22 -u ng/mL --no-compare", 80),
        ("panel", "panel vitd=22 b12=180pg/mL", 80),
        ("panel.md", "panel vitd=22 b12=<150pmol/L b12=a|b --format markdown", 80),
        ("panel.csv", "panel vitd=22 b12=<150pmol/L b12=a|b --format csv", 80),
        ("vitd.json", "vitd 55 -u nmol/L --json", 80),
        ("refusal.json", "vitd 22-25 --json", 80),
        ("explain-vitd", "explain vitd", 80),
        ("explain-b12", "explain b12", 80),
        ("explain-b12-infant", "explain b12 --age 0.5", 40),
        ("units-b12", "units b12", 80),
        ("ranges", "ranges", 80),
        ("ranges-vitd-narrow", "ranges vitd", 40),
        ("ranges-b12.md", "ranges b12 --format markdown", 80),
        ("ranges-vitd.csv", "ranges vitd --format csv", 80),
        ("ranges-b12.json", "ranges b12 --json", 80),
    ],
)
def test_a_report_looks_as_it_did(
    labcheck: Labcheck, golden: Golden, name: str, command: str, columns: int
) -> None:
    args = command.split()
    ran = labcheck(*args, *(["50-125 nmol/L"] if args[-1] == "--range" else []), columns=columns)
    golden(name if "." in name else f"{name}.txt", ran.stdout)
    assert all(len(line) <= columns for line in ran.stdout.splitlines()) or "." in name


@pytest.mark.parametrize(
    "value", ["22", "35", "45", "200", "3", "<35", "<5", ">150", "100 nmol/L", "400 nmol/L"]
)
def test_a_summary_fits_on_one_screen(labcheck: Labcheck, value: str) -> None:
    for analyte in ("vitd", "b12"):
        if analyte == "vitd" or value != "3":
            lines = labcheck(analyte, value).stdout.splitlines()
            assert len(lines) <= (26 if any(line.startswith("Note ") for line in lines) else 24)


def test_nothing_of_a_typed_text_is_markup(labcheck: Labcheck) -> None:
    assert "22 [ng/mL]" in labcheck("vitd", "22 [ng/mL]").stdout
    assert "22 ng/mL (flagged *)" in labcheck("vitd", "22 [*]", "-u", "ng/mL").stdout


def test_rounding_for_show_never_crosses_a_limit(labcheck: Labcheck) -> None:
    assert "= 40.003904 ng/mL" not in labcheck("vitd", "99.85", "-u", "nmol/L").stdout
    assert "≈ 40.004 ng/mL    HIGH" in labcheck("vitd", "99.85", "-u", "nmol/L").stdout


# JSON


def parsed(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


@given(
    st.sampled_from(["vitd", "b12"]),
    st.decimals("0.001", "100000", places=3).map(str) | st.text(),
    st.sampled_from(["", "<", ">", "<=", ">="]),
    st.sampled_from([None, "ng/mL", "pmol/L", "nM", "IU"]) | st.text(),
    st.sampled_from([None, "30-100 ng/mL", ">30", "<5 nmol/L"]),
    st.sampled_from([None, "iom-2011", "ros-2018", "nice-2024", "reported"]),
    st.sampled_from([None, "20-50", ">30"]),
)
def test_every_outcome_keeps_the_contract(
    analyte: str,
    value: str,
    comparator: str,
    unit: str | None,
    own: str | None,
    range_set: str | None,
    reported: str | None,
) -> None:
    text = comparator + value
    try:
        outcome: Any = interpret(
            analyte, text, unit=unit, range=own, range_set=range_set, reported_range=reported
        )
    except LabcheckError as error:
        outcome = Refusal(analyte, text, unit, error.code, error.text)
    for written in (one(outcome), several([outcome, outcome]), one(outcome, compare=False)):
        VALIDATOR.validate(json.loads(written))
        assert all(c == "\n" or (c.isascii() and c.isprintable()) for c in written)


def test_the_keys_of_an_interpretation_are_the_documented_ones(labcheck: Labcheck) -> None:
    found = parsed(labcheck("b12", "<150", "-u", "pmol/L", "--json").stdout)
    keys = (
        "schema analyte reported canonical conversion category code label possible range other_ranges notes "
        "cautions disclaimer"
    )
    assert " ".join(found) == keys
    assert found["schema"] == "labcheck/1"
    assert found["analyte"] == {"id": "b12", "name": "Vitamin B12"}
    assert found["reported"] == {"text": "<150", "comparator": "<", "value": 150, "unit": "pmol/L"}
    assert found["canonical"] == {"comparator": "<", "value": Decimal("203.3055"), "unit": "pg/mL"}
    assert found["conversion"]["factor"] == Decimal("1.35537")
    assert found["conversion"]["molar_mass"] == Decimal("1355.37")
    assert (found["category"], found["code"], found["possible"]) == (
        "indeterminate",
        "IND",
        ["low", "normal"],
    )
    assert (found["range"]["set"], found["range"]["low"], found["range"]["high"]) == ("article", 200, 900)


def test_json_has_where_a_result_stands_by_each_other_range(labcheck: Labcheck) -> None:
    found = parsed(labcheck("vitd", "50", "-u", "nmol/L", "--range-set", "endocrine-2011", "--json").stdout)
    assert (found["category"], found["label"], found["range"]["year"]) == ("low", "insufficient", 2011)
    others = {other["range"]["set"]: other for other in found["other_ranges"]}
    assert set(others) == {"article", "iom-2011", "ros-2018"}
    assert others["iom-2011"]["label"] == "sufficient"
    assert others["ros-2018"]["range"] == {
        "set": "ros-2018",
        "name": "Royal Osteoporosis Soc.",
        "year": 2018,
        "text": ">50 nmol/L",
        "low": 50,
        "high": None,
        "unit": "nmol/L",
        "source": "UK Royal Osteoporosis Society, as others quote it",
    }
    assert "other_ranges" not in parsed(
        labcheck("vitd", "50", "-u", "nmol/L", "--no-compare", "--json").stdout
    )


def test_a_comparison_is_left_out_on_request(labcheck: Labcheck) -> None:
    for report in ((), ("--format", "markdown")):
        command = ("panel", "vitd=45", "b12=250", *report)
        assert "other published" in labcheck(*command).stdout
        assert "other published" not in labcheck(*command, "--no-compare").stdout


def test_a_set_without_an_upper_limit_is_told_where_another_calls_it_high(labcheck: Labcheck) -> None:
    for report in ((), ("--format", "markdown")):
        assert "no upper limit" in " ".join(labcheck("vitd", "200", *report).stdout.split())
        assert "no upper limit" not in labcheck("vitd", "35", *report).stdout


def test_whom_a_range_is_for_is_told_with_it(labcheck: Labcheck) -> None:
    assert "NICE NG239 2024, people over 16" in labcheck("b12", "300").stdout
    own = " ".join(labcheck("b12", "300", "--range-set", "nice-2024", "--age", "3").stdout.split())
    assert "For people over 16." in own
    assert "same for every age" not in own


def test_a_refusal_is_json_too(labcheck: Labcheck) -> None:
    ran = labcheck("vitd", "-5", "--json")
    assert parsed(ran.stdout) == {
        "schema": "labcheck/1",
        "error": {
            "code": "impossible-value",
            "text": "'-5' is negative, which a concentration cannot be",
            "analyte": "vitd",
            "reported": "-5",
        },
    }
    assert (ran.stderr, ran.exit_code) == ("labcheck: '-5' is negative, which a concentration cannot be\n", 2)


def test_a_refusal_in_a_panel_says_whose_it_is(labcheck: Labcheck) -> None:
    results = parsed(labcheck("panel", "vitd=", "zinc=5", "--json").stdout)["results"]
    assert [result["error"]["analyte"] for result in results] == ["vitd", "zinc"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("22.50", "22.50"),
        ("1e2", "100"),
        (".5e2", "50"),
        ("22.0352", "22.0352"),
        ("99.999999999999999999", "99.999999999999999999"),
    ],
)
def test_numbers_keep_their_digits(labcheck: Labcheck, value: str, written: str) -> None:
    assert f'"value": {written},' in labcheck("vitd", value, "-u", "ng/mL", "--json").stdout


def test_the_schema_knows_every_reason_and_nothing_else() -> None:
    known = set(VALIDATOR.schema["$defs"]["refusal"]["properties"]["error"]["properties"]["code"]["enum"])
    assert known == {cls.code for cls in LabcheckError.__subclasses__()} - {
        "usage",
        "bad-catalogue",
        "unreadable-file",
    }


def test_a_refusal_of_an_option_is_json_too(labcheck: Labcheck) -> None:
    for args in (("vitd", "22", "--age", "old"), ("vitd", "22", "--range", "x"), ("vitd", "22", "-u", "x")):
        assert parsed(labcheck(*args, "--json").stdout)["error"]["reported"] == "22"
    (result,) = parsed(labcheck("panel", "zinc=22", "--json").stdout)["results"]
    assert result["error"]["code"] == "unknown-analyte"


def test_the_schema_is_printed_and_is_a_schema(labcheck: Labcheck) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(labcheck("schema").stdout))


def test_the_range_sets_keep_the_contract(labcheck: Labcheck) -> None:
    found = parsed(labcheck("ranges", "--json").stdout)
    VALIDATOR.validate(json.loads(labcheck("ranges", "--json").stdout))
    assert [(analyte["id"], len(analyte["range_sets"])) for analyte in found["analytes"]] == [
        ("b12", 2),
        ("vitd", 4),
    ]
    assert {analyte["default"] for analyte in found["analytes"]} == {"article"}


def test_text_that_is_no_text_is_still_json(labcheck: Labcheck) -> None:
    assert parsed(labcheck("vitd", "\udc80\x7f\x1b", "--json").stdout)["error"]["reported"] == "?\x7f\x1b"


@pytest.mark.parametrize(
    ("command", "labels"),
    [
        ("vitd 15 --range-set iom-2011", ["at risk of inadequacy"]),
        ("vitd zz --range-set iom-2011", [""]),
        ("vitd 15 --range 10-20", None),
        ("vitd 15 --range-set nonsense", None),
        ("vitd 15", None),
        ("panel vitd=<15 b12=950 --range-set iom-2011,article", None),
        (
            "panel b12=950 vitd=<15 b12=zz --range-set endocrine-2011,nice-2024",
            ["deficiency unlikely", "deficient", ""],
        ),
    ],
)
def test_rows_have_a_label_where_a_range_that_is_used_has_them(
    labcheck: Labcheck, command: str, labels: list[str] | None
) -> None:
    rows = list(csv.DictReader(io.StringIO(labcheck(*command.split(), "--format", "csv").stdout)))
    assert [row["labcheck_label"] for row in rows if "labcheck_label" in row] == (labels or [])


def test_ones_own_range_has_no_labels_whatever_the_environment_says(
    labcheck: Labcheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABCHECK_RANGE_SET", "iom-2011")
    assert "labcheck_label" in labcheck("vitd", "15", "-f", "csv").stdout
    assert "labcheck_label" not in labcheck("vitd", "15", "--range", "10-20", "-f", "csv").stdout


def test_csv_has_a_row_for_each_result(labcheck: Labcheck) -> None:
    rows = list(csv.DictReader(io.StringIO(labcheck("panel", "vitd=2", "b12=zz", "--format", "csv").stdout)))
    assert [(row["test"], row["labcheck_category"], row["labcheck_note"]) for row in rows] == [
        ("vitd", "low", "unit-assumed;implausible"),
        ("b12", "refused", "unreadable-value"),
    ]
