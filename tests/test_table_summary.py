"""`labcheck csv --summary`: the counts instead of the rows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LONG, VALIDATOR, Golden, Labcheck
from tests.tables import on_a_terminal, piped


def test_the_summary_counts_what_the_rows_say() -> None:
    table = (LONG + "4,vitd,zz,ng/mL\n5,vitd,35,ng/mL\n").encode()
    found = json.loads(piped(table, "--summary", "--json").stdout)["summary"]
    assert found == {
        "rows": 5,
        "interpreted": {"b12": {"indeterminate": 1}, "vitd": {"low": 1, "normal": 1}},
        "labels": {},
        "refused": [{"analyte": "vitd", "reason": "unreadable-value", "count": 1, "first": [5]}],
        "notes": {},
        "not_covered": 1,
        "look_alikes": [],
    }
    for quiet in ((), ("--quiet",)):
        assert found == json.loads(piped(table, "--summary", "--json", *quiet).stdout)["summary"]
        assert found == json.loads(piped(table, "--json", *quiet).stdout)["summary"]
    written = piped(table, "--summary", "--format", "markdown").stdout
    assert "| vitd | refused (unreadable-value) | 1 |\n| | not covered, or not measured | 1 |\n" in written


def test_the_summary_tells_notes_and_names_that_are_like_ours() -> None:
    table = b"test,value,unit,flag\nvitd,200,ng/mL,L\nvitd,250,ng/mL,\n25-OH D3,22,ng/mL,\n"
    table += b"Vitamin D (child),3,ng/mL,\n"
    notes = {"doubtful-name": 1, "implausible": 2, "reported-flag-differs": 1}
    found = json.loads(piped(table, "--summary", "--json").stdout)["summary"]
    assert (found["notes"], found["look_alikes"]) == ({"vitd": notes}, ["Vitamin D (child)"])
    assert "2 implausible" in piped(table).stderr
    assert piped(table).stderr.count("labcheck: implausible: The value is unusually low or high") == 1
    assert "near-limit" not in piped(table).stderr
    assert "like one that is: 'Vitamin D (child)'" in piped(table).stderr
    assert "With a note: 1 doubtful-name, 2 implausible" in piped(table, "--format", "terminal").stdout
    written = piped(table, "--summary", "--format", "markdown").stdout
    assert "| vitd | with the note implausible | 2 |" in written
    assert "\n\n- implausible: The value is unusually" in written
    assert "like one that is: Vitamin D (child)" in written


@pytest.mark.parametrize("columns", [40, 80])
def test_the_summary_says_what_notes_mean(
    labcheck: Labcheck, golden: Golden, tmp_path: Path, columns: int
) -> None:
    file = tmp_path / "table.csv"
    rows = ("vitd,200,ng/mL,H,20-50", "vitd,100,nmol/L,,", "b12,450,pg/mL,L,x-y", "25-OH D3,22,ng/mL,,")
    file.write_text("\n".join(["test,value,unit,flag,range", *rows]), "utf-8")
    golden(
        f"csv-summary-notes-{columns}.txt", labcheck("csv", str(file), "--summary", columns=columns).stdout
    )


@pytest.mark.parametrize("columns", [40, 80])
def test_the_summary_says_what_to_do_about_refusals(
    labcheck: Labcheck, golden: Golden, tmp_path: Path, columns: int
) -> None:
    file = tmp_path / "table.csv"
    rows = ("vitd,zz,ng/mL", "vitd,22,", 'b12,"1,060",pg/mL', "b12,250,pg/mL", "Calcitriol,22,pg/mL", "b12")
    file.write_text("\n".join(["test,value,unit", *rows]), "utf-8")
    args = (str(file), "--range-set", "iom-2011", "--summary")
    golden(f"csv-summary-refusals-{columns}.txt", labcheck("csv", *args, columns=columns).stdout)


@pytest.mark.parametrize("own", ["<1000", ">999", "0-1000"])
def test_a_histogram_is_drawn_over_any_range(own: str) -> None:
    table = "test,value,unit\n" + "".join(f"vitd,{value},ng/mL\n" for value in range(10, 50))
    ran = piped(table.encode(), "--summary", "--range", f"vitd={own}")
    assert ran.exit_code == 0
    assert "█" in ran.stdout


def test_a_terminal_is_shown_the_summary_unless_rows_are_asked_for(table: Path) -> None:
    assert "3 rows" in on_a_terminal(str(table))
    assert "No diagnosis" in on_a_terminal(str(table))
    assert "labcheck_category" in on_a_terminal(str(table), "--format", "csv")
    assert "labcheck_category" in on_a_terminal(str(table), "--only", "low")
    assert "Usage" in on_a_terminal()


@pytest.mark.parametrize("columns", [40, 80])
def test_the_summary_looks_as_it_did(
    labcheck: Labcheck, golden: Golden, tmp_path: Path, columns: int
) -> None:
    rows = [f"vitd,{value / 2},ng/mL" for value in range(20, 130) for _ in range(130 - value)]
    rows += [f"b12,{value},pmol/L" for value in range(100, 900, 7)] + ["b12,<150,pmol/L"] * 3
    rows += ["vitd,pending,ng/mL", "vitd,22,IU", "Ferritin,9,ng/mL", "x"]
    file = tmp_path / "table.csv"
    file.write_text("\n".join(["test,value,unit", *rows]), "utf-8")
    ran = labcheck("csv", str(file), "--summary", columns=columns)
    assert ran.stderr == ""
    golden(f"csv-summary-{columns}.txt", ran.stdout)


def test_the_summary_tells_two_bands_of_one_category_apart() -> None:
    rows = b"test,value,unit\n" + b"vitd,10,ng/mL\n" * 2 + b"vitd,15,ng/mL\nvitd,30,ng/mL\n"
    args = ("--range-set", "iom-2011")
    apart = "vitd: 3 low (2 at risk of deficiency, 1 at risk of inadequacy), 1 normal (sufficient)"
    assert f"labcheck: {apart}\n" in piped(rows, *args).stderr
    shown = piped(rows, *args, "--summary").stdout
    assert "    2  50.0%  at risk of deficiency\n    1  25.0%  at risk of inadequacy\n  normal  1" in shown
    written = piped(rows, *args, "--summary", "--format", "markdown").stdout
    assert (
        "| vitd | low, of which at risk of inadequacy | 1 |\n| vitd | normal: sufficient | 1 |\n" in written
    )
    document = json.loads(piped(rows, *args, "--summary", "--json").stdout)
    VALIDATOR.validate(document)
    assert document["summary"]["labels"] == {
        "vitd": {
            "low": {"at risk of deficiency": 2, "at risk of inadequacy": 1},
            "normal": {"sufficient": 1},
        }
    }


@pytest.mark.parametrize("columns", [40, 80])
def test_the_summary_with_labels_looks_as_it_did(
    labcheck: Labcheck, golden: Golden, tmp_path: Path, columns: int
) -> None:
    rows = [f"vitd,{value / 2},ng/mL" for value in range(10, 130) for _ in range(130 - value)]
    rows += [f"b12,{value},pmol/L" for value in range(100, 900, 7)] + ["vitd,<15,ng/mL", "vitd,<30,ng/mL"]
    file = tmp_path / "table.csv"
    file.write_text("\n".join(["test,value,unit", *rows]), "utf-8")
    args = ("--summary", "--range-set", "iom-2011,nice-2024")
    golden(f"csv-summary-labels-{columns}.txt", labcheck("csv", str(file), *args, columns=columns).stdout)


def test_the_summary_draws_ones_own_range() -> None:
    rows = "test,value,unit\n" + "vitd,70,nmol/L\n" * 30
    drawn = piped(rows.encode(), "--summary", "--range", "vitd=50-125 nmol/L").stdout
    assert "ng/mL; 50-125 nmol/L, your own range.\n" in drawn


def test_the_summary_draws_the_range_that_was_used() -> None:
    rows = "test,value,unit\n" + "vitd,25,ng/mL\n" * 30
    drawn = piped(rows.encode(), "--summary", "--range-set", "iom-2011").stdout
    assert "20-50 ng/mL, Institute of Medicine 2011" in drawn
    by_report = piped(rows.encode(), "--summary", "--range-set", "reported").stdout
    assert "30-40 ng/mL," not in by_report


def test_the_summary_needs_no_more_than_ascii(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("test,value,unit\n" + "vitd,25,ng/mL\n" * 30, "utf-8")
    command = [str(Path(sys.executable).with_name("labcheck")), "csv", str(file), "--summary"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "COLUMNS": "60"}
    shown = subprocess.run(command, capture_output=True, check=True, env=environment).stdout
    assert shown.isascii()
    assert b"low     30  100.0%  ####################\n" in shown
