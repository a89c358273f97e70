"""`labcheck csv`: other ranges to judge rows by than the default ones."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from labcheck.catalogue import loader
from labcheck.cli.app import app
from tests.conftest import LONG, Labcheck
from tests.tables import OUT, UNITS, VALUES, piped

BY_SET = b"test,value,unit\nvitd,45,ng/mL\nvitd,50,nmol/L\nb12,300,pg/mL\nvitd,zz,ng/mL\nvitd\n"


def verdicts(*args: str) -> list[dict[str, str | None]]:
    return [json.loads(line) for line in piped(BY_SET, *args, "--format", "ndjson").stdout.splitlines()]


def written(table: bytes, *args: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(piped(table, *args).stdout)))


def names_in(format: str, *names: str) -> list[str]:
    return [f"labcheck_{name}".replace("_", "\\_" if format == "markdown" else "_") for name in names]


OWN = ["30-100", "75-250 nmol/L", ">30", "<= 50 ug/L", "20.5-22.4"]


def reason(value: str) -> str:
    """Return why a row without a unit is refused, which a single result without one is not."""
    read = {"": "no-value", "zz": "unreadable-value", "0": "impossible-value"}
    return read.get(value, "missing-unit")


def test_rows_are_judged_by_another_range_set() -> None:
    first, second, third, *_ = verdicts("--range-set", "iom-2011,nice-2024")
    assert (first["labcheck_category"], first["labcheck_range"]) == ("normal", "20-50 ng/mL")
    assert (second["labcheck_category"], second["labcheck_range"]) == ("normal", "50-125 nmol/L")
    assert (third["labcheck_category"], third["labcheck_range"]) == ("indeterminate", ">350 ng/L")


def test_an_analyte_that_the_asked_set_is_not_for_is_refused_and_by_the_environment_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert verdicts("--range-set", "iom-2011")[2]["labcheck_note"] == "unknown-range-set"
    monkeypatch.setenv("LABCHECK_RANGE_SET", "iom-2011")
    first, _, third, *_ = verdicts()
    assert (first["labcheck_range"], third["labcheck_range"]) == ("20-50 ng/mL", "200-900 pg/mL")


@pytest.mark.parametrize(
    ("args", "labelled"),
    [
        ((), False),
        (("--range-set", "article"), False),
        (("--range-set", "iom-2011"), True),
        (("--range-set", "nice-2024"), True),
        (("--range-set", "nice-2024", "--analyte", "b12"), True),
        (("--range-set", "nice-2024", "--analyte", "vitd"), False),
        (("--range-set", "nonsense,nice-2024"), False),
    ],
)
def test_there_are_labels_where_a_range_that_is_used_has_them(args: tuple[str, ...], labelled: bool) -> None:
    header = piped(BY_SET, *args).stdout.partition("\n")[0]
    assert ("labcheck_label" in header) == labelled


@pytest.mark.parametrize("format", ["csv", "tsv", "json", "ndjson", "markdown"])
def test_a_label_stands_behind_the_note_in_every_format(format: str) -> None:
    out = piped(BY_SET, "--range-set", "iom-2011,nice-2024", "--all-ranges", "--format", format).stdout
    note, label, by = (out.index(plain) for plain in names_in(format, "note", "label", "by_article"))
    assert note < label < by
    found = ("sufficient", "sufficient", "indeterminate")
    if format.endswith("json"):
        rows = json.loads(out)["rows"] if format == "json" else list(map(json.loads, out.splitlines()))
        assert [row["labcheck_label"] for row in rows] == [*found, None, None]
    else:
        assert out.count("sufficient") == 2
        assert {line.count("|" if format == "markdown" else "\t") for line in out.splitlines()[:7]} == (
            {17} if format == "markdown" else {15 if format == "tsv" else 0}
        )


def test_a_wide_table_has_labels_for_those_tests_alone_whose_range_has_them() -> None:
    rows = b"id,vitamin_d_ng_ml,vitamin_b12_pmol_l\n1,22,300\n2,,\n3,15,zz\n"
    out = written(rows, "--range-set", "endocrine-2011")
    assert [row["labcheck_vitd_label"] for row in out] == ["insufficient", "", "deficient"]
    assert "labcheck_b12_label" not in out[0]
    assert [row["labcheck_b12_note"] for row in out] == ["unknown-range-set", "", "unreadable-value"]


def test_a_range_set_of_ones_own_catalogue_brings_its_labels(labcheck: Labcheck, tmp_path: Path) -> None:
    text = (Path(loader.__file__).parent / "vitd.toml").read_text("utf-8")
    own, table = tmp_path / "vitd.toml", tmp_path / "t.csv"
    own.write_text(text.replace('"low", below = 30', '"low", label = "short, of it", below = 30'), "utf-8")
    table.write_text("test,value,unit\nvitd,22,ng/mL\nvitd,22,ng/mL\nvitd,35,ng/mL\n", "utf-8")
    out = labcheck("csv", str(table), "--catalogue", str(own)).stdout.splitlines()
    assert [line.rpartition("ng/mL,")[2] for line in out[1:]] == [
        ',"short, of it"',
        ',"short, of it"',
        ",normal",
    ]
    outranked = labcheck("csv", str(table), "--catalogue", str(own), "--range", "vitd=20-50").stdout
    assert "labcheck_label" not in outranked


@settings(max_examples=60)
@given(st.sampled_from(["vitd", "b12"]), VALUES, UNITS, st.sampled_from(OWN))
def test_ones_own_range_judges_a_row_as_it_does_one_result(
    analyte: str, value: str, unit: str, own: str
) -> None:
    row = f"test,value,unit\n{analyte},{value},{unit}\n".encode()
    alone = CliRunner().invoke(app, [analyte, value, "-u", unit, "--range", own, "-f", "csv"])
    assert piped(row, "--range", f"{analyte}={own}").stdout.splitlines()[1:] == (
        alone.stdout.splitlines()[1:]
        if unit
        else [f"{analyte},{value},,{analyte},,,refused,,,{reason(value)}"]
    )


@pytest.mark.parametrize(
    ("row", "own", "category"),
    [
        ("vitd,29.9,ng/mL", "vitd=30-100", "low"),
        ("vitd,30,ng/mL", "vitd=30-100", "normal"),
        ("vitd,100,ng/mL", "vitd=30-100", "normal"),
        ("vitd,100.1,ng/mL", "vitd=30-100", "high"),
        ("vitd,75,nmol/L", "vitd = 75-250 nmol/L", "normal"),
        ("vitd,74.9,nmol/L", "25-OH Vitamin D=75-250 nmol/L", "low"),
        ("vitd,75,nmol/L", "vitd=30-100", "refused"),
        ("vitd,30,ng/mL", "vitd=>30", "low"),
        ("vitd,150,ng/mL", "vitd=>=30", "normal"),
        ("b12,950,pg/mL", "vitd=30-100", "high"),
    ],
)
def test_ones_own_range_is_for_the_analyte_that_it_names(row: str, own: str, category: str) -> None:
    line = json.loads(piped(f"test,value,unit\n{row}\n".encode(), "--range", own, "-f", "ndjson").stdout)
    assert line["labcheck_category"] == category
    assert line["labcheck_note"] == ("missing-unit" if category == "refused" else None)


@pytest.mark.parametrize(
    "args",
    [
        ("--analyte", "vitd", "--range", ">=20"),
        ("--column", "vitd=value", "--unit", "ng/mL", "--range", "=>20"),
        ("--range", "vitd=20-45 ng/mL", "--range-set", "nice-2024", "--analyte", "vitd"),
    ],
)
def test_ones_own_range_needs_no_name_where_all_rows_are_of_one_analyte(args: tuple[str, ...]) -> None:
    assert ",normal,N," in piped(b"value,unit\n45,ng/mL\n", *args).stdout


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("--range", "30-100"), "--range '30-100' names no analyte; type it as in vitd=30-100"),
        (("--range", ">=30"), "--range '>=30' names no analyte"),
        (("--range", "zinc=1-2"), "no analyte is called 'zinc'"),
        (("--range", "vitd=0-0"), "--range: '0-0' is not a range"),
        (("--range", "vitd="), "--range: '' is not one range"),
        (("--range", "vitd=30-100 apples"), "--range: '30-100 apples' is not one range"),
        (("--range", "vitd=30-100 IU"), "--range: 'IU' cannot be converted"),
        (("--range", "vitd=3000-5000"), "--range: '3000-5000' in ng/mL is no range that Vitamin D can have"),
        (("--range", "b12=1,060-2,000"), "--range: '1,060-2,000' can be read in two ways"),
        (("--range", "vitd=1-2", "--range", "Vitamin D=1-2"), "--range gives two ranges for Vitamin D"),
        (("--range", "vitd=20-50", "--range-set", "iom-2011"), "both say what to judge Vitamin D by"),
        (("--range", "b12=20-50", "--range-set", "reported"), "both say what to judge Vitamin B12 by"),
    ],
)
def test_a_range_of_ones_own_that_cannot_be_used_is_told_at_once(
    args: tuple[str, ...], sentence: str
) -> None:
    ran = piped(LONG.encode(), *args)
    assert (ran.stdout, ran.exit_code, ran.stderr.count("\n")) == ("", 2, 1)
    assert sentence in ran.stderr


def test_ones_own_range_outranks_the_environment_and_has_no_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABCHECK_RANGE_SET", "iom-2011")
    assert "labcheck_label" in piped(LONG.encode()).stdout
    assert piped(LONG.encode(), "--range", "vitd=20-50").stdout.splitlines()[:2] == [
        OUT.splitlines()[0],
        "1,vitd,22,ng/mL,vitd,22,ng/mL,normal,N,20-50 ng/mL,",
    ]


def test_a_column_of_one_analyte_has_none_for_the_sets_of_others() -> None:
    wide = b"pat,vitd_ng_ml,b12_pg_ml\n1,45,300\n"
    header, row = piped(wide, "--all-ranges").stdout.splitlines()
    by = [cell.removeprefix("labcheck_") for cell in header.split(",") if "_by_" in cell]
    vitd = [f"vitd_by_{id}" for id in ("article", "iom-2011", "endocrine-2011", "ros-2018")]
    assert by == [*vitd, "b12_by_article", "b12_by_nice-2024"]
    assert row.count(",") == header.count(",")


def test_each_published_set_has_a_column_if_asked_for() -> None:
    sets = ("article", "iom-2011", "endocrine-2011", "ros-2018", "nice-2024")
    by = [[row[f"labcheck_by_{id}"] for id in sets] for row in verdicts("--all-ranges")]
    assert by == [
        ["high", "normal", "normal", "normal", None],
        ["low", "normal", "low", "indeterminate", None],
        ["normal", None, None, None, "indeterminate"],
        [None] * 5,
        [None] * 5,
    ]
    rows = piped(BY_SET, "--all-ranges").stdout.splitlines()
    assert {row.count(",") for row in rows} == {14}


@pytest.mark.parametrize(
    ("header", "args", "sentence"),
    [
        (
            "Analyt;Wert;Einheit;von;bis",
            (),
            "no column is known to hold ranges; the columns are Analyt, Wert, Einheit, von, bis; say which",
        ),
        ("id;vitd_ng_ml", (), "no column is known to hold the ranges of a test's column, as vitd_range"),
        ("Wert;Einheit", ("--analyte", "VITD"), "no column is known to hold ranges; the columns are Wert"),
    ],
)
def test_without_a_column_of_ranges_none_is_judged_by_the_reports_own(
    header: str, args: tuple[str, ...], sentence: str
) -> None:
    ran = piped(header.encode() + b"\n", *args, "--range-set", "reported")
    assert (ran.stdout, ran.exit_code) == ("", 2)
    assert sentence in ran.stderr


def test_ranges_of_ones_own_need_no_column_of_the_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABCHECK_RANGE_SET", "reported")
    assert piped(b"test,value,unit\nvitd,22,ng/mL\n").exit_code == 2
    own = ("--range", "vitd=20-50", "--range", "b12=150-350")
    assert ",normal," in piped(b"test,value,unit\nvitd,22,ng/mL\n", *own).stdout
    assert ",normal," in piped(b"value,unit\n22,ng/mL\n", "--analyte", "vitd", *own[:2]).stdout


def test_the_laboratorys_own_range_judges_if_asked_for() -> None:
    rows = (
        b"test,value,unit,reference_range,low,high,flag\nvitd,45,ng/mL,30-100,,,N\nvitd,75,nmol/L,,50,125,\n"
        b"vitd,22,ng/mL,,,,\nvitd,22,ng/mL,<20 low 20-30 fair,,,\n"
    )
    lines = piped(rows, "--range-set", "reported", "--format", "ndjson").stdout.splitlines()
    found = [json.loads(line) for line in lines]
    assert "labcheck_label" not in found[0]
    assert [(row["labcheck_category"], row["labcheck_range"], row["labcheck_note"]) for row in found] == [
        ("normal", "30-100 ng/mL", None),
        ("normal", "50-125 nmol/L", None),
        ("low", "30-40 ng/mL", "no-reported-range"),
        ("refused", None, "unreadable-range"),
    ]
    notes = [json.loads(line)["labcheck_note"] for line in piped(rows, "-f", "ndjson").stdout.splitlines()]
    differs = "reported-range-differs;reported-flag-differs"
    assert notes == [differs, "near-limit", None, "unreadable-range"]


@pytest.mark.parametrize(
    ("header", "cells", "range", "category"),
    [
        ("Reference Range (ng/mL)", "20-40", "20-40 ng/mL", "high"),
        ("Reference Range (ng/mL)", "50-100 nmol/L", "50-100 nmol/L", "high"),
        ("Low (ng/mL),High [ng/mL]", "20,40", "20-40 ng/mL", "high"),
        ("Low (ng/mL),High [ng/mL]", "20,", ">=20 ng/mL", "normal"),
        ("Low (ng/mL),High (nmol/L)", "20,40", "", "refused"),  # which is no range
        ("range", "75-150", "75-150 nmol/L", "normal"),
        *(
            (f"Reference Range {name}", text, "50-100 ng/mL", "low")
            for name in ("(ng/mL)", "ng/mL")
            for text in ("50 to 100", "Norm: 50-100", "50 - 100")
        ),
        ("ref_range_ng_ml", "at least 50", ">=50 ng/mL", "low"),
        ("Ref Range (ng/mL),Ref Range (nmol/L)", "50-100,125-250", "50-100 ng/mL", "low"),
        ("Low (ng/mL),High (ng/mL),Low (nmol/L),High (nmol/L)", "50,100,125,250", "50-100 ng/mL", "low"),
    ],
)
def test_a_unit_in_the_header_of_ranges_is_theirs(header: str, cells: str, range: str, category: str) -> None:
    table = f"test,value,unit,{header}\nvitd,120,nmol/L,{cells}\n".encode()
    (row,) = written(table, "--range-set", "reported")
    assert (row["labcheck_range"], row["labcheck_category"]) == (range, category)


def test_a_unit_in_the_header_of_ranges_is_theirs_in_a_wide_table() -> None:
    table = b"vitd (nmol/L),b12 (pg/mL),vitd ref low (ng/mL),b12_range\n120,150,50,100-800\n"
    (row,) = written(table, "--range-set", "reported")
    assert (row["labcheck_vitd_range"], row["labcheck_vitd_category"]) == (">=50 ng/mL", "low")
    assert (row["labcheck_b12_range"], row["labcheck_b12_category"]) == ("100-800 pg/mL", "normal")


@pytest.mark.parametrize(
    ("range", "low", "high", "note"),
    [
        ("30-100", "20", "50", "unreadable-range"),
        ("30-100", "", "50", "unreadable-range"),
        ("30-100", "31", "", "unreadable-range"),
        (">30", "30", "100", "unreadable-range"),
        ("30 - 100.0", "30.0", "100", ""),
        ("30-100", "30", "", ""),
        (">30", "30", "", ""),
        ("<40", "0", "40", "reported-range-differs"),
        ("30-100", "50", "20", ""),  # which is no range
        ("75-250 nmol/L", "30", "100", ""),  # the same but for rounding
        ("75-250 nmol/L", "20", "50", "unreadable-range"),
        ("30-100 µg/L", "20 ng/mL", "", "unreadable-range"),
        ("30-100 ng/ml", "30 ng/mL", "", ""),
        ("30-100", "30 µg/L", "100 µg/L", ""),
        ("30-100", "20 ng/mL", "50 ng/mL", "unreadable-range"),
        ("prose", "20", "50", "unreadable-range"),
    ],
)
def test_ends_that_are_not_those_of_the_range_beside_them_leave_none(
    range: str, low: str, high: str, note: str
) -> None:
    table = f"test,value,unit,range,low,high\nvitd,15,ng/mL,{range},{low},{high}\n".encode()
    (row,) = written(table)
    assert row["labcheck_note"] == note


@pytest.mark.parametrize(
    ("mark", "range", "high", "contradicts"),
    [
        ("point", "200-1,100", "900", True),
        ("point", "200-1,100", "1100", False),
        ("comma", "200-1.000", "1000,0", False),
        ("comma", "200-1.000", "800", True),
    ],
)
def test_ends_are_compared_by_the_decimal_mark_that_is_given(
    mark: str, range: str, high: str, *, contradicts: bool
) -> None:
    table = f"test;value;unit;range;low;high\nb12;850;pg/mL;{range};200;{high}\n".encode()
    (row,) = csv.DictReader(io.StringIO(piped(table, "--decimal", mark).stdout), delimiter=";")
    assert ("unreadable-range" in row["labcheck_note"]) is contradicts


def test_ranges_of_a_test_in_two_units_are_the_same_one() -> None:
    table = (
        b"id,Vitamin D (nmol/L),vitd ref range (nmol/L),vitd ref range (ng/mL)\n1,60,75-250,30-100\n"
        b"2,80,75-250,30-100\n"
    )
    rows = written(table, "--range-set", "reported")
    assert [row["labcheck_vitd_category"] for row in rows] == ["low", "normal"]
