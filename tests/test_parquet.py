import csv
import io
import json
import re
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labcheck.sources.verdicts import CELLS
from tests.conftest import Labcheck
from tests.test_catalogue import FERRITIN, MOLAR
from tests.test_frames import FOREIGN, HARD_NAMES, HARD_UNITS, HARD_VALUES, LOINCS, NAMES, OTHER_TESTS

HARD = [
    *(("vitd", text, "ng/mL", "") for text in HARD_VALUES),
    *((name, "25", "ng/mL", "") for name in (*NAMES, *OTHER_TESTS, *FOREIGN, *HARD_NAMES)),
    *(("vitd", "25", unit, "") for unit in HARD_UNITS),
    *(("", "25", "nmol/L", code) for code in LOINCS),
]
HEADER = ("test", "value", "unit", "loinc")


def write(file: Path, rows: Any = HARD, header: tuple[str, ...] = HEADER, **types: Any) -> str:
    columns = [
        pa.array(column, types.get(name))
        for name, column in zip(header, zip(*rows, strict=True), strict=True)
    ]
    pq.write_table(pa.table(columns, names=list(header)), file)
    return str(file)


def write_csv(file: Path, rows: Any = HARD, header: tuple[str, ...] = HEADER) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    file.write_bytes(text.getvalue().encode("utf-8", "surrogatepass"))
    return str(file)


def same(one: str | None, other: str | None) -> bool:
    """Say whether two cells are the same, as numbers if they are canonical values."""
    one, other = one or "", other or ""
    if one == other:
        return True
    sign, number = one[: -len(one.lstrip("<>=")) or None], one.lstrip("<>=")
    if not (number and other.startswith(sign if sign != one else "")):
        return False
    exact = Decimal(other.lstrip("<>="))
    return abs(Decimal(number) - exact) <= exact * Decimal("1e-9")


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--unit", "vitd=nmol/L"),
        ("--range-set", "iom-2011,nice-2024"),
        ("--range-set", "iom-2011"),  # which B12 has not
        ("--range-set", "ros-2018"),
        ("--range", "vitd=75-250 nmol/L", "--range-set", "nice-2024"),
        ("--range", "vitd=30-100", "--range", "b12=>=148 pmol/L"),
        ("--decimal", "comma"),
        ("--all-ranges",),
        ("--only", "low,refused"),
        ("--analyte", "vitd"),
    ],
)
def test_a_table_in_parquet_gets_what_it_gets_in_csv(
    labcheck: Labcheck, tmp_path: Path, options: tuple[str, ...]
) -> None:
    out, text = tmp_path / "out.parquet", tmp_path / "out.csv"
    by_parquet = labcheck("parquet", write(tmp_path / "in.parquet"), "-o", str(out), *options)
    by_csv = labcheck("csv", write_csv(tmp_path / "in.csv"), "-o", str(text), *options)
    assert (by_parquet.exit_code, by_parquet.stdout) == (by_csv.exit_code, "")
    rows = pq.read_table(out).to_pylist()
    expected = list(csv.DictReader(io.StringIO(text.read_text("utf-8"), newline="")))
    assert len(rows) == len(expected)
    assert list(rows[0]) == list(expected[0])
    for row, right in zip(rows, expected, strict=True):
        for name in right:
            if name == "labcheck_value":
                assert same(row[name], right[name]), (row, right)
            else:
                assert (row[name] or "") == right[name].replace("\r\n", "\n"), (name, row, right)
    one, other = (re.sub(r"row [0-9, .]+", "", ran.stderr) for ran in (by_parquet, by_csv))
    assert one == other  # but for the numbers of rows, which have no header here


def test_limits_too_fine_for_binary_floats_are_judged_by_the_core(labcheck: Labcheck, tmp_path: Path) -> None:
    catalogue = tmp_path / "molar.toml"
    catalogue.write_text(MOLAR, "utf-8")
    rows = [
        ("ferritin", number, unit) for number in ("1.913568", "15.5", "3") for unit in ("ng/mL", "nmol/L")
    ]
    out, text = tmp_path / "out.parquet", tmp_path / "out.csv"
    names = HEADER[:3]
    labcheck(
        "--catalogue", str(catalogue), "parquet", write(tmp_path / "in.parquet", rows, names), "-o", str(out)
    )
    labcheck(
        "--catalogue", str(catalogue), "csv", write_csv(tmp_path / "in.csv", rows, names), "-o", str(text)
    )
    expected = list(csv.DictReader(io.StringIO(text.read_text("utf-8"))))
    assert [row["labcheck_category"] for row in expected] == [
        "low",
        "low",
        "normal",
        "normal",
        "normal",
        "low",
    ]
    assert [
        {name: cell or "" for name, cell in row.items()} for row in pq.read_table(out).to_pylist()
    ] == expected


def test_the_words_of_a_range_are_counted_for_rows_without_one_of_their_own(
    labcheck: Labcheck, tmp_path: Path
) -> None:
    catalogue = tmp_path / "worded.toml"
    worded = FERRITIN.replace('"low", below', '"low", label = "scarce", below')
    catalogue.write_text(worded, "utf-8")
    rows = [("ferritin", "3", "ng/mL", range) for range in ("", "", "5-9")]
    names = ("test", "value", "unit", "range")
    options = ("--range-set", "reported", "--json")
    file, text = write(tmp_path / "in.parquet", rows, names), write_csv(tmp_path / "in.csv", rows, names)
    by_parquet = labcheck("--catalogue", str(catalogue), "parquet", file, *options)
    by_csv = labcheck("--catalogue", str(catalogue), "csv", text, *options)
    labels = json.loads(by_csv.stdout)["summary"]["labels"]
    assert labels == {"ferritin": {"low": {"scarce": 2}}}
    assert json.loads(by_parquet.stdout)["summary"]["labels"] == labels


def test_rows_that_come_again_get_what_they_get_alone(labcheck: Labcheck, tmp_path: Path) -> None:
    rows = [HARD[number % 50] for number in range(331)] + [(None, "22", "ng/mL", ""), ("", "22", "ng/mL", "")]
    whole, alone = tmp_path / "whole.parquet", tmp_path / "alone.parquet"
    labcheck("parquet", write(tmp_path / "in.parquet", rows), "-o", str(whole))
    labcheck("parquet", write(tmp_path / "in.parquet", HARD[:50]), "-o", str(alone))
    out = pq.read_table(whole).to_pylist()
    assert out[:331] == [pq.read_table(alone).to_pylist()[number % 50] for number in range(331)]
    assert [row["test"] for row in out[331:]] == [None, ""]


def test_each_batch_goes_on_where_the_one_before_ended(
    labcheck: Labcheck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "in.parquet")
    whole = labcheck(
        "parquet", file, "-o", str(tmp_path / "whole.parquet"), "--errors", str(tmp_path / "whole")
    )
    monkeypatch.setattr("labcheck.frames.parquet.BATCH", 7)
    parts = labcheck(
        "parquet", file, "-o", str(tmp_path / "parts.parquet"), "--errors", str(tmp_path / "parts")
    )
    assert (parts.exit_code, parts.stderr) == (whole.exit_code, whole.stderr) == (3, whole.stderr)
    assert pq.read_table(tmp_path / "parts.parquet").equals(pq.read_table(tmp_path / "whole.parquet"))
    assert (tmp_path / "parts").read_text() == (tmp_path / "whole").read_text()
    assert pq.ParquetFile(tmp_path / "parts.parquet").num_row_groups > 10


def test_a_wide_table_has_a_column_of_numbers_for_a_test(labcheck: Labcheck, tmp_path: Path) -> None:
    rows = [(1, 60.0, None), (2, None, 150.0), (3, 74.8, 250.5)]
    file = write(tmp_path / "in.parquet", rows, ("SEQN", "LBXVIDMS", "B12"))
    ran = labcheck(
        *("parquet", file, "-o", str(tmp_path / "out.parquet")),
        *("--column", "vitd=LBXVIDMS:nmol/L", "--column", "b12=B12:pmol/L"),
    )
    assert ran.exit_code == 0
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.column_names[:3] == ["SEQN", "LBXVIDMS", "B12"]
    assert out["labcheck_vitd_category"].to_pylist() == ["low", None, "low"]
    assert out["labcheck_b12_value"].to_pylist() == [None, "203.3055", "339.520185"]
    assert out["labcheck_vitd_note"].to_pylist() == [None, None, None]
    assert "not covered, or not measured: 2" in ran.stderr


@pytest.mark.parametrize(
    ("header", "options"),
    [
        (("Result (nmol/L)",), ("--analyte", "vitd")),
        (("Result (nmol/L)", "unit"), ("--analyte", "vitd")),
        (("Result (nmol/L)", "unit", "test"), ()),
        (("Vitamin D (nmol/L)", "unit"), ()),
    ],
)
def test_a_unit_in_the_header_counts_as_in_csv(
    labcheck: Labcheck, tmp_path: Path, header: tuple[str, ...], options: tuple[str, ...]
) -> None:
    rows = [
        (value, unit, "vitd")[: len(header)]
        for value in ("74.8", "74.9", "74,9", "75 nmol/L", "30 ng/mL")
        for unit in ("", "nmol/L", "ng/mL")
    ]
    out, text = tmp_path / "out.parquet", tmp_path / "out.csv"
    labcheck("parquet", write(tmp_path / "in.parquet", rows, header), "-o", str(out), *options)
    labcheck("csv", write_csv(tmp_path / "in.csv", rows, header), "-o", str(text), *options)
    expected = list(csv.DictReader(io.StringIO(text.read_text("utf-8"), newline="")))
    assert {"low", "normal", "refused"} <= {cell for row in expected for cell in row.values()}
    for row, right in zip(pq.read_table(out).to_pylist(), expected, strict=True):
        assert {name: cell or "" for name, cell in row.items()} == right


def test_refusals_of_a_wide_table_are_told_by_row_and_column(labcheck: Labcheck, tmp_path: Path) -> None:
    rows = [("x", "22..5"), ("60", ""), ("x", "0"), ("60", "x")]
    file = write(tmp_path / "in.parquet", rows, ("LBXVIDMS", "B12"))
    ran = labcheck(
        *("parquet", file, "-o", str(tmp_path / "out.parquet"), "--errors", str(tmp_path / "errors.csv")),
        *("--column", "vitd=LBXVIDMS:nmol/L", "--column", "b12=B12:pmol/L"),
    )
    told = csv.DictReader(io.StringIO((tmp_path / "errors.csv").read_text("utf-8"), newline=""))
    assert [[one[name] for name in ("row", "reason", "column", "value", "unit")] for one in told] == [
        ["1", "unreadable-value", "LBXVIDMS", "x", "nmol/L"],
        ["1", "unreadable-value", "B12", "22..5", "pmol/L"],
        ["3", "unreadable-value", "LBXVIDMS", "x", "nmol/L"],
        ["3", "impossible-value", "B12", "0", "pmol/L"],
        ["4", "unreadable-value", "B12", "x", "pmol/L"],
    ]
    assert "vitd: 2 refused, unreadable-value: in row 1, LBXVIDMS; row 3, LBXVIDMS\n" in ran.stderr


def test_a_row_of_a_wide_table_is_chosen_by_any_of_its_results(labcheck: Labcheck, tmp_path: Path) -> None:
    rows = [("20", "300"), ("90", "300"), ("90", "100"), ("", "")]
    file = write(tmp_path / "in.parquet", rows, ("LBXVIDMS", "B12"))
    labcheck(
        *("parquet", file, "-o", str(tmp_path / "out.parquet"), "--only", "low"),
        *("--column", "vitd=LBXVIDMS:nmol/L", "--column", "b12=B12:pmol/L"),
    )
    chosen = pq.read_table(tmp_path / "out.parquet").select(["LBXVIDMS", "B12"]).to_pylist()
    assert [tuple(row.values()) for row in chosen] == [rows[0], rows[2]]


def test_what_is_no_number_among_numbers_is_a_gap(labcheck: Labcheck, tmp_path: Path) -> None:
    nan = float("nan")
    rows = [("vitd", 4.0, nan, nan, "ng/mL"), ("vitd", nan, 4171756.0, 30.0, "ng/mL")]
    file = write(tmp_path / "in.parquet", rows, ("test", "value", "operator_concept_id", "low", "unit"))
    ran = labcheck("parquet", file, "-o", str(tmp_path / "out.parquet"))
    assert ran.exit_code == 3
    out = pq.read_table(tmp_path / "out.parquet")
    assert out["labcheck_value"].to_pylist() == ["4.0", None]
    assert out["labcheck_note"].to_pylist() == [None, "no-value"]


def test_what_is_no_text_is_read_as_it_is_written(labcheck: Labcheck, tmp_path: Path) -> None:
    rows = [("vitd", Decimal("22.50"), 4171756, "ng/mL"), ("b12", Decimal("250.00"), None, "pg/mL")]
    types = {
        "value": pa.decimal128(9, 2),
        "operator_concept_id": pa.float64(),
        "test": pa.dictionary(pa.int8(), pa.string()),
    }
    file = write(tmp_path / "in.parquet", rows, ("test", "value", "operator_concept_id", "unit"), **types)
    assert labcheck("parquet", file, "-o", str(tmp_path / "out.parquet")).exit_code == 0
    out = pq.read_table(tmp_path / "out.parquet")
    assert out["labcheck_value"].to_pylist() == ["<22.50", "250.00"]
    assert out.schema.field("value").type == pa.decimal128(9, 2)


@pytest.mark.parametrize("options", [(), ("--range-set", "reported"), ("--decimal", "comma")])
def test_the_laboratorys_own_ranges_and_flags_count_as_in_csv(
    labcheck: Labcheck, tmp_path: Path, options: tuple[str, ...]
) -> None:
    header = ("test", "value", "unit", "reference_range", "low", "high", "flag")
    rows = [
        ("vitd", value, "nmol/L", range, low, high, flag)
        for value in ("74,9", "75", "75.0", "<50", ">120", "250.5")
        for range in ("", "75-250", "30,0 - 100,5", "prose", "0-2-7.2", "75-250 nmol/L", ">=75")
        for low, high in (("", ""), ("50", "125,5"))
        for flag in ("", "H", "(l)", "ö")
    ]
    out, text = tmp_path / "out.parquet", tmp_path / "out.csv"
    labcheck("parquet", write(tmp_path / "in.parquet", rows, header), "-o", str(out), *options)
    labcheck("csv", write_csv(tmp_path / "in.csv", rows, header), "-o", str(text), *options)
    expected = csv.DictReader(io.StringIO(text.read_text("utf-8"), newline=""))
    for row, right in zip(pq.read_table(out).to_pylist(), expected, strict=True):
        assert same(row.pop("labcheck_value"), right.pop("labcheck_value")), (row, right)
        assert {name: cell or "" for name, cell in row.items()} == right


def test_a_unit_in_the_header_of_ranges_counts_as_in_csv(labcheck: Labcheck, tmp_path: Path) -> None:
    header = ("test", "value", "unit", "Reference Range (ng/mL)")
    rows = [("vitd", value, "nmol/L", "20-40") for value in ("45", "75", "120")]
    file = write(tmp_path / "in.parquet", rows, header)
    labcheck("parquet", file, "-o", str(tmp_path / "out.parquet"), "--range-set", "reported")
    categories = pq.read_table(tmp_path / "out.parquet")["labcheck_category"].to_pylist()
    assert categories == ["low", "normal", "high"]


@pytest.mark.parametrize("type", [pa.float64(), pa.decimal128(9, 3)])
@pytest.mark.parametrize("options", [("--all-ranges",), ()])
def test_a_column_of_numbers_has_no_decimal_comma(
    labcheck: Labcheck, tmp_path: Path, type: Any, options: tuple[str, ...]
) -> None:
    rows = [("b12", Decimal("250.125"), Decimal("200.125"), "pg/mL")]
    figures = [(test, float(a), float(b), unit) if type == pa.float64() else (test, a, b, unit)
               for test, a, b, unit in rows]  # fmt: skip
    file = write(tmp_path / "in.parquet", figures, ("test", "value", "low", "unit"), value=type, low=type)
    ran = labcheck("parquet", file, "--decimal", "comma", "-o", str(tmp_path / "out.parquet"), *options)
    assert ran.exit_code == 0
    (row,) = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert (row["labcheck_value"], row["labcheck_note"]) == ("250.125", None)


def test_the_summary_is_that_of_csv(labcheck: Labcheck, tmp_path: Path) -> None:
    by_parquet = labcheck("parquet", write(tmp_path / "in.parquet"), "--summary", "--unit", "vitd=nmol/L")
    by_csv = labcheck("csv", write_csv(tmp_path / "in.csv"), "--summary", "--unit", "vitd=nmol/L")
    one, other = (re.sub(r"row [0-9, .]+", "", ran.stdout) for ran in (by_parquet, by_csv))
    assert one == other  # but for the numbers of rows, which have no header here
    assert "low" in by_parquet.stdout


@pytest.mark.parametrize(
    ("asked", "format"),
    [
        (("--json",), "json"),
        (("--format", "json"), "json"),
        (("--summary", "-f", "markdown"), "markdown"),
        (("-f", "terminal"), "terminal"),
    ],
)
def test_counts_are_to_be_had_in_the_formats_of_csv(
    labcheck: Labcheck, tmp_path: Path, asked: tuple[str, ...], format: str
) -> None:
    by_parquet = labcheck("parquet", write(tmp_path / "in.parquet", HARD[:1]), *asked)
    by_csv = labcheck("csv", write_csv(tmp_path / "in.csv", HARD[:1]), "--summary", "--format", format)
    assert by_parquet.stdout == by_csv.stdout != ""


def test_the_summary_can_go_into_a_file(labcheck: Labcheck, tmp_path: Path) -> None:
    file, out = write(tmp_path / "in.parquet", HARD[:1]), tmp_path / "out.txt"
    shown = labcheck("parquet", file, "--summary")
    assert labcheck("parquet", file, "--summary", "-o", str(out)).stdout == ""
    assert out.read_text("utf-8") == shown.stdout != ""


@pytest.mark.parametrize("options", [("--quiet",), ("--summary",), ("--json",)])
def test_what_has_come_of_the_rows_is_told_once_at_most(
    labcheck: Labcheck, tmp_path: Path, options: tuple[str, ...]
) -> None:
    file, out = write(tmp_path / "in.parquet", HARD[:1]), str(tmp_path / "out")
    assert "1 row" in labcheck("parquet", file, "-o", out).stderr
    assert labcheck("parquet", file, "-o", out, *options).stderr == ""


@pytest.mark.parametrize(
    ("args", "exit_code"),
    [((), 0), (("--fail-on", "low"), 1), (("--fail-on", "high"), 0), (("--fail-on", "normal,low"), 1)],
)
def test_the_exit_code_tells_a_script(
    labcheck: Labcheck, tmp_path: Path, args: tuple[str, ...], exit_code: int
) -> None:
    low, refused = ("vitd", "22", "ng/mL", ""), ("vitd", "22", "IU", "")
    for rows, expected in (([low], exit_code), ([low, refused], 3)):
        file = write(tmp_path / "in.parquet", rows)
        assert labcheck("parquet", file, "-o", str(tmp_path / "out.parquet"), *args).exit_code == expected


def test_a_file_can_take_the_place_of_its_input(labcheck: Labcheck, tmp_path: Path) -> None:
    file = write(tmp_path / "in.parquet", HARD[:2])
    assert labcheck("parquet", file, "-o", file).exit_code == 0
    out = pq.read_table(file)
    assert (out.num_rows, out.column_names[: len(HEADER)]) == (2, list(HEADER))


def test_rows_come_out_as_parquet_where_it_is_asked_for(labcheck: Labcheck, tmp_path: Path) -> None:
    file, out = write(tmp_path / "in.parquet", HARD[:2]), tmp_path / "out.parquet"
    assert labcheck("parquet", file, "--format", "parquet", "-o", str(out)).exit_code == 0
    assert pq.read_table(out).num_rows == 2


def test_a_table_without_rows_keeps_its_columns(labcheck: Labcheck, tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"test": pa.array([], pa.string()), "value": pa.array([], pa.string())}),
        tmp_path / "in.parquet",
    )
    assert (
        labcheck("parquet", str(tmp_path / "in.parquet"), "-o", str(tmp_path / "out.parquet")).exit_code == 0
    )
    assert pq.read_table(tmp_path / "out.parquet").column_names == [
        "test",
        "value",
        *(f"labcheck_{cell}" for cell in CELLS),
    ]


def test_it_writes_to_a_pipe(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "labcheck", "parquet", write(tmp_path / "in.parquet", HARD[:3])]
    ran = subprocess.run(command, capture_output=True, check=False)
    assert pq.read_table(pa.BufferReader(ran.stdout)).num_rows == 3


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("-",), "a Parquet file is not read from a pipe, as its index is at its end; name the file"),
        (("gone.parquet",), "'gone.parquet' cannot be read: "),
        (("text.parquet",), "'text.parquet' cannot be read as a Parquet file: "),
        ((".",), "'.' is a directory; name one of the files in it at a time"),
        (("in.parquet", "--prefix", "=x"), "--prefix '=x': names of columns begin with a letter"),
        (("in.parquet", "-o", "in.parquet", "--only", "low"), "'in.parquet' would be lost"),
        (("annotated.parquet", "-o", "out.parquet"), "there is a column 'labcheck_note' already"),
        (("timed.parquet", "-o", "out.parquet"), "the column 'value' is duration[us], not numbers or text"),
        (("listed.parquet", "-o", "out.parquet"), "the column 'value' cannot be read as text: list<"),
        (
            ("in.parquet", "--format", "csv"),
            "Invalid value for '--format' / '-f': 'csv' is not one of 'parquet'",
        ),
        (
            ("in.parquet", "--summary", "-f", "parquet"),
            "counts are not to be had as Parquet; ask for terminal",
        ),
        (("in.parquet", "--summary", "--all-ranges"), "--all-ranges adds columns to rows, and the summary"),
        (("in.parquet", "-o", "out.csv"), "'out.csv' would not be what its ending says; end it otherwise"),
        (("in.parquet", "--json", "-o", "out.parquet"), "'out.parquet' would not be what its ending says"),
        (("in.parquet", "--json", "--only", "low"), "--only chooses rows, and the summary has none"),
        (("in.parquet", "--value", "wert"), "--value: no column is called 'wert'"),
    ],
)
def test_what_does_not_fit_is_told(
    labcheck: Labcheck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in.parquet", HARD[:1])
    (tmp_path / "text.parquet").write_text("test,value\n")
    write(tmp_path / "annotated.parquet", [("vitd", "22", "")], ("test", "value", "labcheck_note"))
    write(tmp_path / "listed.parquet", [("vitd", [22.0])], ("test", "value"))
    write(tmp_path / "timed.parquet", [("vitd", timedelta(1))], ("test", "value"))
    ran = labcheck("parquet", *args)
    assert ran.exit_code == 2
    assert ran.stderr.startswith(f"labcheck: {said}")
    assert not (tmp_path / "out.parquet").exists()


def test_what_is_no_parquet_file_is_told_with_what_reads_it(labcheck: Labcheck, tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("test,value\n")
    ran = labcheck("parquet", str(tmp_path / "text.parquet"))
    assert ran.stderr.endswith("not a parquet file; a table of text is for labcheck csv\n")


def test_without_the_extra_it_is_named(labcheck: Labcheck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "labcheck.frames.parquet", None)
    assert "pip install '.[frames]'" in labcheck("parquet", "in.parquet").stderr


def test_a_column_of_comparators_is_never_passed_over(
    labcheck: Labcheck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labcheck.frames.parquet.BATCH", 1)
    header = ("test", "op", "value", "unit")
    rows = [("vitd", None, 22.0, "ng/mL"), ("vitd", "< ", 31.0, "ng/mL")]
    file, out = write(tmp_path / "in.parquet", rows, header), tmp_path / "out.parquet"
    ran = labcheck("parquet", file, "-o", str(out))
    assert "'op' (column 2) has '< ' by itself; say that it is" in ran.stderr
    assert not out.exists()
    labcheck("parquet", file, "-o", str(out), "--comparator", "op")
    assert pq.read_table(out)["labcheck_value"].to_pylist() == ["22.0", "<31.0"]
    labcheck("parquet", file, "-o", str(out), "--comparator", "")
    assert pq.read_table(out)["labcheck_value"].to_pylist() == ["22.0", "31.0"]


def test_another_specimen_is_refused(labcheck: Labcheck, tmp_path: Path) -> None:
    rows = [("vitd", "Urine", 22.0, "ng/mL"), ("vitd", "Serum", 22.0, "ng/mL")]
    file = write(tmp_path / "in.parquet", rows, ("test", "specimen", "value", "unit"))
    labcheck("parquet", file, "-o", str(tmp_path / "out.parquet"))
    table = pq.read_table(tmp_path / "out.parquet")
    assert table["labcheck_category"].to_pylist() == ["refused", "low"]
    assert table["labcheck_note"].to_pylist() == ["wrong-analyte", None]


def test_what_else_a_column_of_a_wide_table_can_mean_is_noted(labcheck: Labcheck, tmp_path: Path) -> None:
    header = ("id", "25-OH Vitamin D2 (ng/mL)", "25-OH Vitamin D3 (ng/mL)")
    file = write(tmp_path / "wide.parquet", [(1, 20.0, 15.0)], header)
    out = tmp_path / "out.parquet"
    ran = labcheck("parquet", file, "-o", str(out))
    assert pq.read_table(out)["labcheck_vitd_note"].to_pylist() == ["doubtful-name"]
    assert "their names are like one that is: '25-OH Vitamin D2 (ng/mL)'" in ran.stderr
