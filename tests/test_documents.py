"""`labcheck hl7` and `labcheck fhir`, called as a shell calls them."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from labcheck.cli.app import app
from tests.conftest import VALIDATOR, Golden, Labcheck, Ran

HL7 = "\r".join([
    r"MSH|^~\&|LAB|HOSPITAL|||20240301||ORU^R01|1|P|2.5",
    "PID|1||P-0815||Doe^Jane",
    "OBR|1|||PANEL|||20240229",
    "OBX|1|NM|14635-7^25-OH Vitamin D^LN||60|nmol/L|50-150|N|||F|||20240301",
    "OBX|2|SN|vitb12^Vitamin B12^L||<^150|pmol/L|||||P",
    "OBX|3|NM|feri^Ferritin^L||106|ug/L|15-150|N|||F",
    "OBX|4|ST|25hvd^Vitamin D3 (25-OH)^L||$|nmol/L|50-140|N|||D",
    r"MSH|^~\&|LAB|HOSPITAL|||20240302||ORU^R01|2|P|2.5",
    "OBX|1|ST|25hvd^Vitamin D (25-OH)^L||=1+1|nmol/L||||||F",
    "",
]).encode()  # fmt: skip

OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "1989-3"}], "text": "25-OH vitamin D"},
    "subject": {"reference": "Patient/0815", "display": "Jane Doe"},
    "effectiveDateTime": "2024-03-01",
    "valueQuantity": {"value": 22.50, "unit": "ng/mL"},
}
FHIR = (
    json.dumps(OBSERVATION).replace("22.5", "22.50")
    + "\n{broken\n"
    + json.dumps({**OBSERVATION, "status": "entered-in-error"})
    + "\n"
    + json.dumps({**OBSERVATION, "code": {"text": "Ferritin"}})
    + "\n"
).encode()


def piped(command: str, data: bytes, *args: str) -> Ran:
    result = CliRunner().invoke(app, [command, *args], input=data)
    return Ran(result.stdout_bytes.decode(), result.stderr, result.exit_code)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_each_covered_result_of_a_message_is_a_row_with_its_place() -> None:
    ran = piped("hl7", HL7)
    assert ran.exit_code == 3
    assert [
        (row["place"], row["code"], row["value"], row["labcheck_category"], row["labcheck_note"])
        for row in rows(ran.stdout)
    ] == [
        ("message 1, OBX 1", "14635-7", "60", "low", "reported-range-differs;reported-flag-differs"),
        ("message 1, OBX 2", "vitb12", "<150", "indeterminate", "preliminary"),
        ("message 1, OBX 4", "25hvd", "$", "refused", "withdrawn"),
        ("message 2, OBX 1", "25hvd", "=1+1", "refused", "unreadable-value"),
    ]
    assert ran.stderr.splitlines()[:4] == [
        "labcheck: 5 observations",
        "labcheck: b12: 1 indeterminate",
        "labcheck: vitd: 1 low",
        "labcheck: b12: with a note: 1 preliminary",
    ]


def test_each_covered_result_of_a_resource_is_a_row_and_a_broken_line_says_so() -> None:
    ran = piped("fhir", FHIR)
    assert ran.exit_code == 3
    assert [
        (row["place"], row["date"], row["value"], row["labcheck_category"], row["labcheck_note"])
        for row in rows(ran.stdout)
    ] == [
        ("line 1", "2024-03-01", "22.50", "low", ""),
        ("line 2", "", "", "refused", "malformed"),
        ("line 3", "2024-03-01", "22.5", "refused", "withdrawn"),
    ]


def test_a_terminal_is_told_of_results_that_it_is_not_shown() -> None:
    data = b"".join(json.dumps({**OBSERVATION, "id": str(number)}).encode() + b"\n" for number in range(60))
    shown = piped("fhir", data, "--format", "terminal").stdout
    assert (shown.count("LOW"), "\nand 10 more, which --format csv lists\n" in shown) == (50, True)
    assert "more, which" not in piped("fhir", FHIR, "--format", "terminal").stdout


@pytest.mark.parametrize("command", ["hl7", "fhir"])
@pytest.mark.parametrize(("option", "name"), [("-o", "out.json"), ("-o", "out.tsv"), ("--errors", "e.md")])
def test_no_file_says_by_its_ending_that_it_holds_what_it_does_not(
    command: str, option: str, name: str
) -> None:
    ran = piped(command, b"", option, name)
    assert (ran.exit_code, ran.stdout) == (2, "")
    what = "what is refused is listed as CSV" if option == "--errors" else "would not be what its ending says"
    assert name in ran.stderr
    assert what in ran.stderr


@pytest.mark.parametrize("name", ["out.json", "out.ndjson", "out"])
def test_an_annotated_document_is_json(tmp_path: Path, name: str) -> None:
    assert piped("fhir", FHIR, "--annotate", "-o", str(tmp_path / name)).exit_code == 3
    assert (tmp_path / name).read_bytes().count(b"\n") == FHIR.count(b"\n")


@pytest.mark.parametrize(("command", "data"), [("hl7", HL7), ("fhir", FHIR)])
def test_the_summary_is_the_counts_alone(command: str, data: bytes) -> None:
    counts = piped(command, data, "--summary").stdout
    assert counts.splitlines()[0].endswith(" observations")
    assert piped(command, data, "--format", "terminal").stdout.endswith(counts)


@pytest.mark.parametrize(("command", "data"), [("hl7", HL7), ("fhir", FHIR)])
def test_nobodys_name_or_number_comes_out_unless_it_is_asked_for(command: str, data: bytes) -> None:
    for args in ((), ("--json",), ("--format", "terminal"), ("--summary", "--json")):
        ran = piped(command, data, *args)
        assert not {"0815", "Jane", "Doe"} & set(ran.stdout.replace("-", " ").replace("/", " ").split())
        assert "0815" not in ran.stderr
    asked = rows(piped(command, data, "--with-patient").stdout)
    assert asked[0]["patient"].endswith("0815")
    assert "Jane" not in piped(command, data, "--with-patient").stdout


@pytest.mark.parametrize(("command", "data"), [("hl7", HL7), ("fhir", FHIR)])
def test_the_formats_are_those_of_tables(command: str, data: bytes) -> None:
    lines = [json.loads(line) for line in piped(command, data, "--format", "ndjson").stdout.splitlines()]
    document = json.loads(piped(command, data, "--json").stdout)
    assert document["rows"] == lines
    for value in (*lines, document, json.loads(piped(command, data, "--summary", "--json").stdout)):
        VALIDATOR.validate(value)
    assert piped(command, data, "--format", "tsv").stdout.startswith("place\tdate\tcode\tname\tvalue")
    assert piped(command, data, "--format", "markdown").stdout.startswith("| place | date |")


def test_results_can_be_chosen_and_judged_by_another_range() -> None:
    chosen = rows(piped("hl7", HL7, "--only", "low,indeterminate").stdout)
    assert [row["labcheck_category"] for row in chosen] == ["low", "indeterminate"]
    first, *_ = rows(piped("hl7", HL7, "--range-set", "reported").stdout)
    assert (first["labcheck_category"], first["labcheck_range"]) == ("normal", "50-150 nmol/L")


def test_a_label_stands_behind_the_note_where_a_range_that_is_used_has_them() -> None:
    found = rows(piped("hl7", HL7, "--range-set", "iom-2011,nice-2024").stdout)
    assert list(found[0])[-2:] == ["labcheck_note", "labcheck_label"]
    assert [row["labcheck_label"] for row in found] == [
        "sufficient",
        "deficiency confirmed or indeterminate",
        "",
        "",
    ]
    assert "labcheck_label" not in rows(piped("hl7", HL7, "--range-set", "reported").stdout)[0]


def test_results_are_judged_by_ones_own_range() -> None:
    own = ("--range", "vitd=50-125 nmol/L", "--range", "b12=300-400")
    first, second, *_ = rows(piped("hl7", HL7, *own).stdout)
    assert (first["labcheck_category"], first["labcheck_range"]) == ("normal", "50-125 nmol/L")
    assert (second["labcheck_category"], second["labcheck_note"]) == ("refused", "missing-unit")
    assert "50-125 nmol/L, your own range\n" in piped("hl7", HL7, *own, "--format", "terminal").stdout
    assert "Range: your own range." in piped("fhir", FHIR, "--range", "vitd=20-50", "--annotate").stdout
    for args in (("--range", "50-125"), ("--range", "vitd=zz"), (*own, "--range-set", "iom-2011")):
        ran = piped("hl7", HL7, *args)
        assert (ran.stdout, ran.exit_code, ran.stderr.count("\n")) == ("", 2, 1)


def test_the_decimal_mark_of_ones_own_range_is_ones_own_whatever_the_document_has() -> None:
    (row, *_) = rows(piped("fhir", FHIR, "--range", "vitd=1,060-22,5", "--decimal", "comma").stdout)
    assert (row["labcheck_category"], row["labcheck_range"]) == ("normal", "1.060-22.5 ng/mL")


def test_the_exit_code_tells_a_script() -> None:
    clean = HL7.split(b"\rOBX|4")[0] + b"\r"
    assert piped("hl7", clean).exit_code == 0
    assert piped("hl7", clean, "--fail-on", "low").exit_code == 1
    assert piped("hl7", HL7, "--fail-on", "low").exit_code == 3


def test_several_files_are_told_apart_and_refusals_listed(labcheck: Labcheck, tmp_path: Path) -> None:
    one, two, errors = tmp_path / "a.hl7", tmp_path / "b.hl7", tmp_path / "errors.csv"
    one.write_bytes(HL7)
    two.write_bytes(HL7)
    ran = labcheck("hl7", str(one), str(two), "--errors", str(errors), "-q")
    assert rows(ran.stdout)[0]["place"] == f"{one}: message 1, OBX 1"
    listed = rows(errors.read_text("utf-8"))
    assert [row["reason"] for row in listed] == ["withdrawn", "unreadable-value"] * 2
    assert listed[0]["place"] == f"{one}: message 1, OBX 4"
    shown = [listed[1][name] for name in ("test", "loinc", "value", "unit", "range")]
    assert shown == ["Vitamin D (25-OH)", "25hvd", "=1+1", "nmol/L", ""]
    assert listed[0]["range"] == "50-140"
    assert "its status is 'D'" in listed[0]["advice"]


@pytest.mark.parametrize("columns", [40, 80])
def test_a_terminal_is_shown_each_result(
    labcheck: Labcheck, golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("feed.hl7").write_bytes(HL7)
    ran = labcheck("hl7", "feed.hl7", "--format", "terminal", columns=columns)
    assert ran.exit_code == 3
    golden(f"hl7-{columns}.txt", ran.stdout)


def test_an_annotated_document_is_the_document_and_what_was_added() -> None:
    ran = piped("fhir", FHIR, "--annotate")
    first, second, third, fourth = ran.stdout.splitlines()
    annotated = json.loads(first)
    assert annotated["interpretation"][0]["coding"][0]["code"] == "L"
    assert {key: value for key, value in annotated.items() if key in OBSERVATION} == OBSERVATION
    assert '"value": 22.50' in first
    assert [second, third, fourth] == FHIR.decode().splitlines()[1:]
    assert ran.exit_code == 3
    again = piped("fhir", ran.stdout.encode(), "--annotate").stdout
    assert again == ran.stdout
    assert piped("fhir", ran.stdout.encode(), "--annotate", "--replace").exit_code == 3


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("fhir", "--replace"), "--replace goes with --annotate"),
        (("fhir", "--fhir-version", "stu3"), "--fhir-version goes with --annotate"),
        *(
            (("fhir", "--annotate", *option), "--annotate prints the document itself")
            for option in (
                ["--json"],
                ["--format", "csv"],
                ["--summary"],
                ["--only", "low"],
                ["--with-patient"],
            )
        ),
        (("fhir", "a", "b"), "'a' cannot be read"),
        (("fhir", "--annotate", "a", "b"), "name one file at a time"),
        (("hl7", "--only", "lwo"), "--only has no category 'lwo'"),
        (("hl7", "--encoding", "klingon"), "--encoding 'klingon' is not known"),
        (("hl7", "--encoding", "utf-16"), "--encoding 'utf-16' writes plain letters otherwise"),
        (("hl7", "--encoding", "cp500"), "--encoding 'cp500' writes plain letters otherwise"),
        (("hl7", "nowhere.hl7"), "'nowhere.hl7' cannot be read: No such file or directory"),
        (("fhir", "/"), "'/' cannot be read: Is a directory"),
        (("fhir", "--range-set", "nonsense"), "there is no range set 'nonsense'"),
    ],
)
def test_a_wrong_call_is_one_line(args: tuple[str, ...], sentence: str) -> None:
    ran = piped(args[0], b"", *args[1:])
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert sentence in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["hl7", "fhir"])
def test_what_cannot_be_read_at_all_is_a_refusal_with_its_place(command: str) -> None:
    ran = piped(command, b"\x00\xff no document")
    assert ran.exit_code == 3
    assert "malformed" in ran.stdout


def test_without_its_extra_hl7_is_refused_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hl7", None)
    ran = piped("hl7", HL7)
    assert ran.exit_code == 2
    assert "pip install '.[hl7]'" in ran.stderr


@settings(max_examples=60)
@given(
    st.sampled_from([("hl7", HL7), ("fhir", FHIR)]),
    st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=3)), max_size=5),
    st.integers(0, 10_000),
)
def test_no_document_ends_in_a_fault(
    document: tuple[str, bytes], changes: list[tuple[int, bytes]], end: int
) -> None:
    command, data = document
    for number, new in changes:
        at = number % len(data)
        data = data[:at] + new + data[at + 1 :]
    ran = piped(command, data[: end % (len(data) + 1)])
    assert ran.exit_code in (0, 3), ran.stderr


@pytest.mark.parametrize("fed", [b"\x0b" + HL7 + b"\x1c\r", HL7 + HL7.split(b"\r")[0] + b"\rPID|1\r"])
def test_a_slow_feed_is_answered_message_by_message(fed: bytes) -> None:
    command = [str(Path(sys.executable).with_name("labcheck")), "hl7", "--format", "ndjson", "-q"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin
        assert running.stdout
        running.stdin.write(fed)
        running.stdin.flush()
        assert b'"labcheck_category": "low"' in running.stdout.readline()  # while the pipe is still open
        running.stdin.close()
