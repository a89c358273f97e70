"""`labcheck csv`, called as a shell calls it."""

import codecs
import csv
import gzip
import io
import json
import os
import pty
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import jsonschema
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from labcheck.catalogue import loader
from labcheck.cli import app
from labcheck.reports.json import SCHEMA_FILE
from tests.conftest import Golden, Labcheck, Ran

VALUES = st.sampled_from(
    ["22", "29.95", "30", "30.0", "40.01", "<4", "1060", "zz", "", "0", "999999", "22 H"]
)
UNITS = st.sampled_from(["ng/mL", "nmol/L", "pg/mL", "pmol/L", "IU", ""])

LONG = "id,test,value,unit\n1,vitd,22,ng/mL\n2,b12,<150,pmol/L\n3,Ferritin,5,ng/mL\n"
ADDED = ",".join(
    f"labcheck_{name}" for name in ("analyte", "value", "unit", "category", "code", "range", "note")
)
OUT = (
    f"id,test,value,unit,{ADDED}\n"
    "1,vitd,22,ng/mL,vitd,22,ng/mL,low,L,30-40 ng/mL,\n"
    "2,b12,<150,pmol/L,b12,<203.3055,pg/mL,indeterminate,IND,200-900 pg/mL,\n"
    "3,Ferritin,5,ng/mL,,,,,,,\n"
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "results.csv"
    file.write_bytes(LONG.encode())
    return file


def piped(data: bytes, *args: str) -> Ran:
    result = CliRunner().invoke(app, ["csv", *args], input=data)
    return Ran(result.stdout_bytes.decode("utf-8", "surrogateescape"), result.stderr, result.exit_code)


def test_a_file_comes_out_with_verdicts(labcheck: Labcheck, table: Path) -> None:
    ran = labcheck("csv", str(table))
    assert ran.stdout == OUT
    assert ran.exit_code == 0
    assert ran.stderr.splitlines() == [
        "labcheck: 3 rows",
        "labcheck: b12: 1 indeterminate",
        "labcheck: vitd: 1 low",
        "labcheck: not covered, or not measured: 1",
    ]


def test_a_pipe_is_as_good_as_a_file() -> None:
    assert piped(LONG.encode()).stdout == piped(LONG.encode(), "-").stdout == OUT
    assert piped(LONG.encode(), "--quiet").stderr == ""


def test_a_row_and_the_same_result_typed_by_hand_never_disagree(labcheck: Labcheck) -> None:
    for value, unit in (
        ("22", "ng/mL"),
        ("<35", "nmol/L"),
        ("100", "nmol/L"),
        ("22 H", "ng/mL"),
        ("zz", "ng/mL"),
    ):
        by_hand = labcheck("vitd", value, "-u", unit, "--format", "csv").stdout.splitlines()[1]
        in_a_row = piped(f"test,value,unit\nvitd,{value},{unit}\n".encode()).stdout.splitlines()[1]
        assert by_hand == in_a_row


def test_refused_rows_stay_and_are_told(labcheck: Labcheck, tmp_path: Path) -> None:
    file, errors = tmp_path / "r.csv", tmp_path / "errors.csv"
    file.write_text(LONG + "4,vitd,zz,ng/mL\n5,1\n6,Calcitriol,40,pg/mL\n", "utf-8")
    ran = labcheck("csv", str(file), "--errors", str(errors))
    assert ran.exit_code == 3
    assert len(ran.stdout.splitlines()) == 7
    assert "labcheck: vitd: 1 refused, unreadable-value: in row 5" in ran.stderr
    assert "labcheck: 1 refused, ragged-row: in row 6" in ran.stderr
    assert "labcheck: 1 refused, wrong-analyte: in row 7" in ran.stderr
    listed = list(csv.reader(errors.read_text("utf-8").splitlines()))
    assert [cells[:4] for cells in listed] == [
        ["row", "analyte", "reason", "column"],
        ["5", "vitd", "unreadable-value", ""],
        ["6", "", "ragged-row", ""],
        ["7", "", "wrong-analyte", ""],
    ]
    assert [[*cells[4:9], cells[9][:18]] for cells in listed] == [
        ["test", "loinc", "value", "unit", "range", "advice"],
        ["vitd", "", "zz", "ng/mL", "", "The value is not o"],
        ["", "", "", "", "", "The row has more o"],
        ["Calcitriol", "", "40", "pg/mL", "", "The name, the code"],
    ]


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("odd", ["", "9\n"])
def test_two_columns_of_one_test_are_told_apart_in_what_is_refused(
    labcheck: Labcheck, tmp_path: Path, jobs: str, odd: str
) -> None:
    file, errors = tmp_path / "wide.csv", tmp_path / "errors.csv"
    file.write_text(f'id,b12 pg/mL,"B12, second pg/mL"\n1,250,"1,187"\n2,zz,300\n{odd}', "utf-8")
    columns = ("--column", "b12=2:pg/mL", "--column", "b12=3:pg/mL")
    ran = labcheck("csv", str(file), *columns, "--errors", str(errors), "--jobs", jobs)
    assert "b12: 1 refused, ambiguous-number: in row 2, B12, second pg/mL\n" in ran.stderr
    assert "b12: 1 refused, unreadable-value: in row 3, b12 pg/mL\n" in ran.stderr
    listed = list(csv.reader(errors.read_text("utf-8").splitlines()))
    assert [cells[:4] for cells in listed[1:3]] == [
        ["2", "b12", "ambiguous-number", "B12, second pg/mL"],
        ["3", "b12", "unreadable-value", "b12 pg/mL"],
    ]
    assert [cells[:4] for cells in listed[3:]] == ([["4", "", "ragged-row", ""]] if odd else [])


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_row_whose_quote_is_never_closed_is_named_though_nothing_can_stand_behind_it(
    labcheck: Labcheck, tmp_path: Path, jobs: str
) -> None:
    file, out, errors = (tmp_path / f"{name}.csv" for name in ("r", "out", "errors"))
    file.write_text(LONG + '4,vitd,22,"ng/mL\n5,vitd,22,ng/mL\n', "utf-8")
    ran = labcheck("csv", str(file), "-o", str(out), "--errors", str(errors), "--jobs", jobs)
    assert out.read_text("utf-8").splitlines()[4:] == [
        '4,vitd,22,"ng/mL',
        "5,vitd,22,ng/mL,vitd,22,ng/mL,low,L,30-40 ng/mL,",
    ]
    assert ran.exit_code == 3
    assert "labcheck: 1 refused, unclosed-quote: in row 5" in ran.stderr
    assert errors.read_text("utf-8") == (
        "row,analyte,reason,column,test,loinc,value,unit,range,advice\n"
        "5,,unclosed-quote,,,,,,,A quote in the row is never closed; close it or leave it out.\n"
    )
    assert labcheck("csv", str(file), "--only", "refused").stdout.splitlines()[1:] == ['4,vitd,22,"ng/mL']


@pytest.mark.parametrize(
    ("args", "exit_code"),
    [(("--fail-on", "low"), 1), (("--fail-on", "high"), 0), (("--fail-on", "indeterminate,high"), 1)],
)
def test_the_exit_code_tells_a_script(table: Path, args: tuple[str, ...], exit_code: int) -> None:
    assert piped(table.read_bytes(), *args).exit_code == exit_code
    assert piped(table.read_bytes() + b"4,vitd,zz,ng/mL\n", *args).exit_code == 3


@pytest.mark.parametrize(
    ("data", "args"),
    [
        (("\ufeff" + LONG).encode(), ()),
        (("\ufeff" + LONG).encode("utf-16-le"), ()),
        (("\ufeff" + LONG).encode("utf-16-be"), ()),
        (LONG.replace(",", ";").encode(), ()),
        (LONG.replace(",", "\t").encode(), ("--delimiter", "tab")),
        (LONG.replace("ng/mL", "µg/L").encode("latin-1"), ()),
        (LONG.replace("ng/mL", "µg/L").encode("latin-1"), ("--encoding", "latin-1")),
        (LONG.replace("\n", "\r\n").encode(), ()),
    ],
)
def test_files_are_read_as_they_are(data: bytes, args: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, ["csv", *args], input=data)
    assert result.exit_code == 0
    encoding = (
        "utf-16-le" if data[:2] == b"\xff\xfe" else "utf-16-be" if data[:2] == b"\xfe\xff" else "latin-1"
    )
    before, after = data.decode(encoding).splitlines(), result.stdout_bytes.decode(encoding).splitlines()
    assert all(line.startswith(own) for own, line in zip(before, after, strict=True))
    assert ("low" in after[1], "indeterminate" in after[2]) == (True, True)


def test_several_files_of_one_kind_are_one_table(labcheck: Labcheck, table: Path, tmp_path: Path) -> None:
    same, other = tmp_path / "same.csv", tmp_path / "other.csv"
    same.write_text(LONG, "utf-8")
    other.write_text("a,b\n", "utf-8")
    assert labcheck("csv", str(table), str(same)).stdout == OUT + OUT.split("\n", 1)[1]
    assert "has other columns" in labcheck("csv", str(table), str(other)).stderr


def test_refusals_of_several_files_name_the_file(labcheck: Labcheck, tmp_path: Path) -> None:
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for file in files:
        file.write_text(LONG + "4,vitd,zz,ng/mL\n", "utf-8")
    ran = labcheck("csv", *map(str, files), "--errors", str(tmp_path / "e.csv"))
    assert f"unreadable-value: in {files[0]}: row 5; {files[1]}: row 5" in ran.stderr
    header, *listed = (tmp_path / "e.csv").read_text("utf-8").splitlines()
    assert header.startswith("file,row,analyte,reason,")
    assert [line.split(",")[:4] for line in listed] == [
        [str(file), "5", "vitd", "unreadable-value"] for file in files
    ]


def test_a_file_without_a_last_line_break_keeps_its_rows_apart(labcheck: Labcheck, tmp_path: Path) -> None:
    first, second, third = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.csv"
    first.write_text("test,value,unit\nvitd,22,ng/mL", "utf-8")
    second.write_text("test,value,unit\nvitd,35,ng/mL\n", "utf-8")
    third.write_text("test;value;unit\nvitd;35;ng/mL\n", "utf-8")
    assert [
        line.split(",")[6] for line in labcheck("csv", str(first), str(second)).stdout.splitlines()[1:]
    ] == [
        "low",
        "normal",
    ]
    assert "has other columns" in labcheck("csv", str(first), str(third)).stderr


@pytest.mark.parametrize(("last", "between"), [("", b"\n"), ("\r", b"\r"), ("\r\n", b"\r\n")])
def test_rows_of_files_with_old_line_ends_are_kept_apart_by_one(
    labcheck: Labcheck, tmp_path: Path, last: str, between: bytes
) -> None:
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for file in files:
        file.write_bytes(f"test,value,unit\rvitd,22,ng/mL{last}".encode())
    out = tmp_path / "out.csv"
    labcheck("csv", *map(str, files), "-o", str(out))
    row = b"vitd,22,ng/mL,vitd,22,ng/mL,low,L,30-40 ng/mL,"
    assert out.read_bytes().split(b"\r", 1)[1] == row + between + row + last.encode()


def test_an_analyte_of_all_rows_does_not_outweigh_their_names() -> None:
    rows = b"test,value,unit\nFerritin,35,ng/mL\nCalcitriol,35,ng/mL\nB12,35,ng/mL\n,35,ng/mL\n"
    lines = piped(rows, "--analyte", "vitd").stdout.splitlines()[1:]
    assert [line.split(",")[6] for line in lines] == ["", "refused", "", "normal"]


def test_a_header_in_pieces_is_waited_for() -> None:
    with program("-q") as running:
        assert running.stdin
        assert running.stdout
        for piece in (b'"ID, x\n', b'";te', b"st;value;unit\n1;vitd;22;ng/mL\n"):
            running.stdin.write(piece)
            running.stdin.flush()
        assert running.stdout.readline() + running.stdout.readline()[:6] == b'"ID, x\n";test'
        assert b";low;" in running.stdout.readline()
        running.stdin.close()


def test_a_damaged_micro_sign_in_a_header_is_no_gram() -> None:
    ran = piped("id,vitd (\ufffdg/L),b12_pg_ml\n1,60,300\n".encode())
    assert ran.stdout.splitlines()[1] == "1,60,300,b12,300,pg/mL,normal,N,200-900 pg/mL,"


def test_what_is_missing_can_be_said() -> None:
    bare = b"when,value\nmonday,60\n"
    assert "low" in piped(bare, "--analyte", "vitd", "--unit", "nmol/L").stdout
    assert "low" in piped(bare, "--column", "vitd=value:nmol/L").stdout
    assert "missing-unit" in piped(b"test,value\nvitd,60\n").stdout
    assert "low" in piped(b"test,value\nvitd,60\n", "--unit", "vitd=nmol/L").stdout
    assert "high" in piped(b'test,value,unit\nb12,"1,060",ng/L\n', "--decimal", "point").stdout
    assert "x_category" in piped(LONG.encode(), "--prefix", "x_").stdout


def test_the_output_file_appears_only_when_it_is_whole(
    labcheck: Labcheck, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    ran = labcheck("csv", str(table), "-o", str(out))
    assert (ran.stdout, out.read_text("utf-8")) == ("", OUT)
    labcheck("csv", str(table), "nowhere.csv", "-o", str(out), "--prefix", "y_")
    assert out.read_text("utf-8") == OUT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "results.csv"]
    assert labcheck("csv", str(table), "-o", str(table)).exit_code == 0  # onto itself
    assert table.read_text("utf-8") == OUT


@pytest.mark.parametrize(
    ("data", "args", "sentence"),
    [
        (b"", (), "'-' is empty; its first line must name the columns"),
        (b'test,value,"unit\nvitd,22,ng/mL\n', (), "has a quote in its header that is never closed"),
        (b"x" * (1 << 21), (), "its first line does not end within a megabyte"),
        (LONG.encode(), ("--encoding", "hex"), "--encoding 'hex' is not known"),
        (LONG.encode(), ("--delimiter", "."), "--delimiter '.' is not one character"),
        (b"a,b\n1,2\n", (), "no column is known to hold a value; the columns are a, b"),
        (OUT.encode(), (), "there is a column 'labcheck_analyte' already; choose other names with --prefix"),
        (gzip.compress(LONG.encode(), mtime=0), (), "'-' is compressed; decompress it first, as with gzip"),
        (b"a\0b,c\n", (), "'-' is no table: its first line is not text"),
        (
            b"vitd,22,ng/mL\nvitd,45,ng/mL\n",
            ("--test", "1", "--value", "2", "--unit-column", "3"),
            "the first line must name the columns, and has '22' where the values stand",
        ),
        (LONG.encode(), ("--prefix", "=x"), "--prefix '=x': names of columns begin with a letter"),
        (LONG.encode(), ("-o", "out.csv.gz"), "would not be what its ending says; end it otherwise"),
        (LONG.encode(), ("--summary", "--all-ranges"), "--all-ranges adds columns to rows"),
        (LONG.encode(), ("nowhere.csv",), "'nowhere.csv' cannot be read: No such file or directory"),
        (LONG.encode(), ("/",), "'/' cannot be read: Is a directory"),
        (LONG.encode(), ("a\0b",), "cannot be read: embedded null byte"),
        (LONG.encode(), ("--delimiter", "ab"), "--delimiter 'ab' is not one character"),
        (
            LONG.encode(),
            ("--delimiter", "-"),
            "--delimiter '-' is not one character, or can stand in a number",
        ),
        (LONG.encode(), ("--encoding", "klingon"), "--encoding 'klingon' is not known"),
        (LONG.encode(), ("--encoding", "utf-16"), "no mark of its order of bytes; type --encoding utf-16-le"),
        (LONG.encode(), ("--encoding", "utf-32"), "--encoding 'utf-32' writes plain letters otherwise"),
        (LONG.encode("utf-16-le"), (), "its first line is not text; if that is UTF-16, say so with --enc"),
        (b"\n" + LONG.encode(), (), "'-' begins with a blank line; its first must name the columns"),
        (
            b"PK\x03\x04\x14\0\x06\0[Content_Types].xml\n",
            (),
            "a workbook or an archive; save the sheet as CSV",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", (), "is a workbook; save the sheet as CSV"),
        (b"PAR1\x15\x04", (), "is Parquet and no text; read it with labcheck parquet"),
        (LONG.encode(), ("-o", "out.json"), "would not be what its ending says; add --format json"),
        (LONG.encode(), ("-o", "out.md", "-f", "json"), "not be what its ending says; end it otherwise"),
        (
            LONG.encode(),
            ("-o", "out.csv", "--summary"),
            "would not be what its ending says; end it otherwise",
        ),
        (LONG.encode(), ("-o", "out.tsv", "-f", "csv"), "'out.tsv' would not be what its ending says"),
        (LONG.encode(), ("-o", "OUT.CSV.GZ"), "'OUT.CSV.GZ' would not be what its ending says"),
        (
            LONG.encode(),
            ("--errors", "e.json"),
            "--errors 'e.json': what is refused is listed as CSV; end the name in .csv",
        ),
        (
            b"sep=.\ntest.value.unit\n",
            (),
            "'-' begins with 'sep=.', which can be no delimiter; say with --del",
        ),
        (b"sep=\xa7\ntest\xa7value\n", (), "'-' begins with 'sep=\xa7', which can be no delimiter"),
        (b"sep=\ntest,value\n", (), "'-' begins with 'sep=', which can be no delimiter"),
        (LONG.encode(), ("-o", "out.XLSX"), "would not be what its ending says; end it otherwise"),
        (LONG.encode(), ("--only", "lwo"), "--only has no category 'lwo'"),
        (LONG.encode(), ("--unit", "nmol/L"), "--unit 'nmol/L' names no analyte"),
        (
            b"a,b\n22,300\n",
            ("--column", "vitd=a", "--column", "b12=b", "--unit", "nmol/L"),
            "--unit 'nmol/L' names no analyte",
        ),
        (LONG.encode(), ("--unit", "vitd=IU"), "'IU' cannot be converted"),
        (LONG.encode(), ("-o", "nowhere/x.csv"), "cannot be written: No such file or directory"),
    ],
)
def test_a_wrong_call_is_one_line_and_nothing_is_written(
    data: bytes, args: tuple[str, ...], sentence: str
) -> None:
    ran = piped(data, *args)
    assert (ran.stdout, ran.exit_code) == ("", 2)
    assert sentence in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_what_is_written_over_keeps_its_kind_and_its_permissions(table: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.touch(mode=0o600)
    assert piped(table.read_bytes(), "-o", str(own)).exit_code == 0
    assert own.stat().st_mode & 0o777 == 0o600
    link = tmp_path / "link.csv"
    link.symlink_to(own)
    assert piped(table.read_bytes(), "-o", str(link)).exit_code == 0
    assert link.is_symlink()
    for args in (("-o", "/dev/null"), ("-o", "/dev/null", "--errors", "/dev/null")):
        assert piped(table.read_bytes(), *args).exit_code == 0
    assert Path("/dev/null").is_char_device()
    assert "Is a directory" in piped(table.read_bytes(), "-o", str(tmp_path)).stderr


def test_one_column_can_be_judged_twice() -> None:
    ran = piped(b"a,b\n22,300\n", "--column", "vitd=a:ng/mL", "--column", "b12=a:pg/mL")
    assert "labcheck_vitd_category" in ran.stdout
    assert ",low,L," in ran.stdout


def test_a_header_alone_is_a_table_without_rows() -> None:
    assert piped(b"test,value,unit\n").stdout == f"test,value,unit,{ADDED}\n"
    assert piped(b"test,value,unit").stdout == f"test,value,unit,{ADDED}"


def program(*args: str) -> "subprocess.Popen[bytes]":
    command = [str(Path(sys.executable).with_name("labcheck")), "csv", *args]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_slow_producer_sees_each_row_answered_at_once() -> None:
    with program("-q") as running:
        assert running.stdin
        assert running.stdout
        running.stdin.write(b"test,value,unit\nvitd,22,ng/mL\n")
        running.stdin.flush()
        assert running.stdout.readline().startswith(b"test")
        assert b"low" in running.stdout.readline()  # while the pipe is still open
        running.stdin.write(b"vitd,35,")
        running.stdin.flush()
        running.stdin.write(b"ng/mL\n")
        running.stdin.flush()
        assert b"normal" in running.stdout.readline()
        running.stdin.close()


@pytest.mark.parametrize("packed", [".gz", ".zst"])
def test_packed_files_are_read_and_faulty_ones_refused(
    labcheck: Labcheck, tmp_path: Path, packed: str
) -> None:
    file, cut, no = (tmp_path / f"{name}.csv{packed}" for name in ("results", "cut", "no"))
    data = (gzip if packed == ".gz" else zstd).compress(LONG.encode() * 50)
    file.write_bytes(data)
    cut.write_bytes(data[: len(data) // 2])
    no.write_text("not packed", "utf-8")
    assert labcheck("csv", str(file)).stdout.startswith(OUT)
    for faulty in (cut, no):
        ran = labcheck("csv", str(faulty))
        assert ran.exit_code == 2
        assert f"{faulty.name}' cannot be read: " in ran.stderr


def test_without_its_extra_a_zstandard_file_is_refused_with_its_name(
    labcheck: Labcheck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setitem(sys.modules, "backports.zstd", None)
    ran = labcheck("csv", str(tmp_path / "x.csv.zst"))
    assert (ran.exit_code, ran.stderr.count("\n")) == (2, 1)
    assert "pip install '.[zstd]'" in ran.stderr


def test_half_a_character_at_the_end_is_told_and_half_a_pair_passed_on() -> None:
    halved = b"\xff\xfe" + (LONG + "4,vitd,22,ng/mL").encode("utf-16-le")
    assert "ends in the middle of a character" in piped(halved[:-1]).stderr
    lone = b"\xff\xfe" + "test,value,unit,x\nvitd,22,ng/mL,\ud83d\n".encode("utf-16-le", "surrogatepass")
    out = CliRunner().invoke(app, ["csv"], input=lone).stdout_bytes
    assert ",\ud83d,vitd,".encode("utf-16-le", "surrogatepass") in out


ROWS = {
    "tsv": f"id,test,value,unit,{ADDED}\n1,vitd,22,ng/mL,vitd,22,ng/mL,low,L,30-40 ng/mL,\n".replace(
        ",", "\t"
    ),
    "ndjson": '{"id": "1", "test": "vitd", "value": "22", "unit": "ng/mL", "labcheck_analyte": "vitd", '
    '"labcheck_value": "22", "labcheck_unit": "ng/mL", "labcheck_category": "low", "labcheck_code": "L", '
    '"labcheck_range": "30-40 ng/mL", "labcheck_note": null}\n',
    "markdown": "| id | test | value | unit |",
    "json": '{\n  "schema": "labcheck/1",\n  "rows": [\n    {"id": "1", "test": "vitd", ',
}


@pytest.mark.parametrize("format", ROWS)
def test_rows_come_in_other_formats(format: str) -> None:
    assert piped(LONG.encode(), "--format", format).stdout.startswith(ROWS[format])


def test_a_table_in_its_own_format_keeps_its_bytes_and_in_another_is_written_anew() -> None:
    tabs = LONG.replace(",", "\t").encode()
    assert piped(tabs, "--format", "tsv").stdout == piped(tabs).stdout == OUT.replace(",", "\t")
    assert piped(tabs, "--format", "csv").stdout == piped(LONG.encode(), "--format", "csv").stdout == OUT


def test_odd_rows_and_names_are_objects_too() -> None:
    names = piped(b"a,a_2,a,a,test,value\n1,2,3,4,x,5\n", "--format", "ndjson").stdout
    assert list(json.loads(names).items())[:4] == [("a", "1"), ("a_2", "2"), ("a_3", "3"), ("a_4", "4")]
    table = b'value,test,value,unit\n1,vitd,22,ng/mL,more,"a\nb"\n1,vitd\n\n"1,vitd\n2,b12,22,pg/mL\n'
    ran = piped(table, "--value", "3", "--format", "ndjson")
    first, second, third, fourth = map(json.loads, ran.stdout.splitlines())
    assert (first["value"], first["value_2"]) == ("1", "22")
    assert (first["column_5"], first["column_6"]) == ("more", "a\nb")
    assert (second["labcheck_note"], "unit" in second) == ("ragged-row", False)
    assert (third["value"], third["labcheck_note"]) == ('"1,vitd', "unclosed-quote")
    assert fourth["labcheck_category"] == "low"


def test_each_cell_has_its_own_encoding_in_another_format_too() -> None:
    table = b"note,test,value,unit\n\xb5,vitd,22,\xc2\xb5g/L\n"
    (row,) = map(json.loads, piped(table, "--format", "ndjson").stdout.splitlines())
    assert (row["note"], row["unit"], row["labcheck_category"]) == ("µ", "µg/L", "low")


def test_an_encoding_that_shifts_ends_with_its_cell() -> None:
    table = b"note,test,value,unit\na\x1b$B,vitd,22,ng/mL\n"
    (row,) = map(
        json.loads, piped(table, "--encoding", "iso2022_jp", "--format", "ndjson").stdout.splitlines()
    )
    assert (row["test"], row["value"], row["unit"]) == ("vitd", "22", "ng/mL")


def test_any_names_and_texts_are_objects_as_they_are() -> None:
    table = (
        '100%s,{"test"},value,unit\n{1},vitd,22,ng/mL\n\x1b[1m\x7f,vitd,22,ng/mL\n"µ ""%d""",vitd,22,ng/mL\n'
    )
    ran = piped(table.encode(), "--test", "2", "--format", "ndjson")
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [row["100%s"] for row in rows] == ["{1}", "\x1b[1m\x7f", 'µ "%d"']
    assert {row['{"test"}'] for row in rows} == {"vitd"}
    assert ran.stdout.isascii()
    assert "\x1b" not in ran.stdout
    assert "\x7f" not in ran.stdout


VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text("utf-8")))


@pytest.mark.parametrize("table", [LONG, LONG + "4,vitd,zz,ng/mL\n5,1\n", "test,value,unit\n"])
@pytest.mark.parametrize("args", [("--json",), ("--summary", "--json"), ("--format", "ndjson")])
def test_json_keeps_its_contract(table: str, args: tuple[str, ...]) -> None:
    ran = piped(table.encode(), *args)
    for document in ran.stdout.splitlines() if "ndjson" in args else [ran.stdout]:
        VALIDATOR.validate(json.loads(document))


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
    assert found == json.loads(piped(table, "--json").stdout)["summary"]
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


def test_each_reason_for_a_refusal_is_told_once_with_what_to_do_about_it() -> None:
    table = b"test,value,unit\nvitd,zz,ng/mL\nb12,22-25,ng/mL\nvitd\nvitd,22,\nb12,250,ng/L\n"
    ran = piped(table)
    assert ran.stderr.count("labcheck: unreadable-value: The value is not one number") == 1
    assert "labcheck: ragged-row: The row has more or fewer cells" in ran.stderr
    assert "labcheck: missing-unit: The result has no unit, or your own range has none: rows" in ran.stderr
    assert "ambiguous-number" not in ran.stderr
    written = piped(table, "--summary", "--format", "markdown").stdout
    assert written.count("- missing-unit: The result has no unit") == 1


def test_in_a_table_with_semicolons_a_point_before_three_digits_is_not_guessed_at() -> None:
    rows = "Vitamin D;18,4;ng/mL\nVitamin B12;12.345;pg/ml\nVitamin D;31.2;ng/mL\n"
    table = f"Analyt;Ergebnis;Einheit\n{rows}".encode()
    ran = piped(table)
    assert ";low;" in ran.stdout.splitlines()[1]
    assert ran.stdout.splitlines()[2].endswith(";b12;;;refused;;;ambiguous-number")
    assert ";normal;" in ran.stdout.splitlines()[3]
    assert "labcheck: ambiguous-number: The number can be read in two ways; say --decimal" in ran.stderr
    for decimal, value in (("point", "12.345"), ("comma", "12345")):
        assert f";b12;{value};pg/mL;" in piped(table, "--decimal", decimal).stdout
    commas = table.replace(b",", b".").replace(b";", b",")
    assert ",b12,12.345,pg/mL,low," in piped(commas).stdout


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"MSH|^~\\&|LAB\rOBX|1|NM|14635-7\r", "'-' is HL7 v2 and no table; read it with labcheck hl7"),
        (b"\x0bMSH|^~\\&|LAB\r", "read it with labcheck hl7"),
        (
            b'{"resourceType": "Bundle"}\n',
            "'-' is JSON and no table; if it is FHIR, read it with labcheck fhir",
        ),
        (b'[\n{"test": "vitd"}]\n', "'-' is JSON and no table"),
    ],
)
def test_a_document_that_is_no_table_is_sent_to_its_command(data: bytes, sentence: str) -> None:
    ran = piped(data)
    assert (ran.stdout, ran.exit_code) == ("", 2)
    assert sentence in ran.stderr


@pytest.mark.parametrize("code", ["vitd", "1989-3", "62292-8"])
def test_a_column_of_codes_has_names_or_loinc_codes(code: str) -> None:
    assert ",vitd,22,ng/mL,low," in piped(f"code,value,unit\n{code},22,ng/mL\n".encode()).stdout


def test_a_wide_table_with_names_alone_is_read_in_the_units_that_are_given() -> None:
    table = b"pat;Vitamin D;Vitamin B12\n1;22;250\n2;;100\n"
    ran = piped(table, "--unit", "vitd=ng/mL", "--unit", "b12=pg/mL")
    assert ran.stdout.splitlines()[1] == (
        "1;22;250;vitd;22;ng/mL;low;L;30-40 ng/mL;;b12;250;pg/mL;normal;N;200-900 pg/mL;"
    )
    assert ran.exit_code == 0
    assert "--unit vitd=ng/mL" in piped(table).stderr


def test_a_column_without_a_unit_beside_others_is_not_passed_over() -> None:
    ran = piped(b"id,Vitamin D (ng/mL),B12\n1,22,100\n2,30,150 pg/mL\n3,,\n")
    assert [row.split(",")[10:] for row in ran.stdout.splitlines()[1:]] == [
        ["b12", "", "", "refused", "", "", "missing-unit"],
        ["b12", "150", "pg/mL", "low", "L", "200-900 pg/mL", ""],
        [""] * 7,
    ]
    assert ran.exit_code == 3
    assert "b12: 1 refused, missing-unit: in row 2, B12" in ran.stderr


@pytest.mark.parametrize("jobs", [1, 2])
def test_columns_like_those_of_a_test_are_named_as_rows_are(jobs: int) -> None:
    ran = piped(b"id;25-OH Vitamin D2 (ng/mL);25-OH Vitamin D3 (ng/mL)\n1;20;15\n", "--jobs", str(jobs))
    assert ran.stdout.splitlines()[1] == "1;20;15;vitd;15;ng/mL;low;L;30-40 ng/mL;doubtful-name"
    assert "their names are like one that is: '25-OH Vitamin D2 (ng/mL)'\n" in ran.stderr


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("test,op,value,unit\nvitd,,22,ng/mL\nvitd,<,31,ng/mL\n", "'op' (column 2, row 3) has '<' by itself"),
        ('id;vitd_ng_ml;x\n1;22;">="\n', "'x' (column 3, row 2) has '>=' by itself"),
        ("op,test,value,unit\n≤,vitd,31,ng/mL\n", "'op' (column 1, row 2) has '≤' by itself"),
        ("test,value,unit,op\r\nvitd,31,ng/mL,>\r\n", "'op' (column 4, row 2) has '>' by itself"),
    ],
)
def test_a_column_of_comparators_is_never_passed_over(table: str, said: str) -> None:
    ran = piped(table.encode())
    assert (ran.stdout, ran.exit_code) == ("", 2)
    assert said in ran.stderr
    assert piped(table.encode(), "--comparator", "").exit_code == 0


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("late", [b"vitd,<,31,ng/mL\n", b'"vitd",<,31,"ng\n/mL"\n'])
def test_nor_is_one_that_is_filled_in_late(tmp_path: Path, jobs: int, late: bytes) -> None:
    table, out = tmp_path / "in.csv", tmp_path / "out.csv"
    row = b"vitd,,22,ng/mL\n"
    table.write_bytes(b"test,op,value,unit\n" + 30_000 * row + late + row)
    run = ["csv", str(table), "-o", str(out), "--jobs", str(jobs)]
    ran = CliRunner().invoke(app, run)
    assert ran.exit_code == 2
    assert "'op' (column 2, row 30002) has '<' by itself; say that it is the result's with" in ran.stderr
    assert not out.exists()
    assert CliRunner().invoke(app, [*run, "--comparator", ""]).exit_code in (0, 3)


def test_where_nothing_is_judged_the_option_that_may_settle_it_is_named() -> None:
    table, hint = (
        b"name,value,unit\nDoe,22,ng/mL\n",
        "nothing was judged; if the tests' names stand in another",
    )
    assert hint in piped(table, "--analyte", "vitd").stderr
    assert "\nNothing was judged; if" in piped(table, "--analyte", "vitd", "--summary").stdout
    for judged in (piped(table, "--analyte", "vitd", "--test", ""), piped(b"name,value\nvitd,22\n")):
        assert "nothing was judged" not in judged.stderr
    assert "nothing was judged" not in piped(b"name,value,unit\n").stderr


def test_a_file_is_not_counted_twice(table: Path) -> None:
    ran = CliRunner().invoke(app, ["csv", str(table), "-", str(table)], input=LONG.encode())
    assert (ran.stdout, ran.exit_code) == ("", 2)
    assert f"'{table}' is named twice, and would be counted twice; name it once" in ran.stderr


def test_another_specimen_is_refused() -> None:
    table = b"test,where,value,unit\nvitd,urine,22,ng/mL\nvitd,serum,22,ng/mL\n"
    ran = piped(table, "--specimen", "where")
    refused, judged = ran.stdout.splitlines()[1:]
    assert refused.endswith(",,,,refused,,,wrong-analyte")
    assert judged.endswith(",vitd,22,ng/mL,low,L,30-40 ng/mL,")


def test_a_comparator_that_may_be_that_of_another_test_is_not_passed_over() -> None:
    ran = piped(b"id,vitd_op,vitd_ng_ml,x,b12_pg_ml\n1,<,31,>,300\n")
    assert "'x' (column 4, row 2) has '>' by itself" in ran.stderr


def test_a_column_of_comparators_can_be_named_beside_one_of_a_wide_table() -> None:
    table = b"id,vitd_op,vitd_ng_ml,b12_op,b12_pg_ml\n1,<,31,>,300\n"
    ran = piped(table, "--column", "vitd=vitd_ng_ml", "--comparator", "vitd_op")
    assert ran.stdout.endswith(",vitd,<31,ng/mL,indeterminate,IND,30-40 ng/mL,\n")


def test_what_is_no_hl7_at_all_is_told_with_what_reads_it() -> None:
    stderr = CliRunner().invoke(app, ["hl7"], input=b"[]").stderr
    assert "labcheck: 1 refused, malformed: before message 1\n" in stderr
    assert "`labcheck hl7` reads HL7 v2, `fhir` JSON, `csv` tables." in stderr


@pytest.mark.parametrize("columns", [40, 80])
def test_the_summary_says_what_to_do_about_refusals(
    labcheck: Labcheck, golden: Golden, tmp_path: Path, columns: int
) -> None:
    file = tmp_path / "table.csv"
    rows = ("vitd,zz,ng/mL", "vitd,22,", 'b12,"1,060",pg/mL', "b12,250,pg/mL", "Calcitriol,22,pg/mL", "b12")
    file.write_text("\n".join(["test,value,unit", *rows]), "utf-8")
    args = (str(file), "--range-set", "iom-2011", "--summary")
    golden(f"csv-summary-refusals-{columns}.txt", labcheck("csv", *args, columns=columns).stdout)


@pytest.mark.parametrize(
    ("modifier", "value"), [("EQ", "22"), ("LT", "<22"), ("le", "<=22"), ("GT", ">22"), ("GE", ">=22")]
)
def test_the_words_for_comparators_of_pcornet_are_read(modifier: str, value: str) -> None:
    table = f"LAB_LOINC,RESULT_NUM,RESULT_MODIFIER,RESULT_UNIT\n1989-3,22,{modifier},ng/mL\n"
    assert f",vitd,{value},ng/mL," in piped(table.encode()).stdout


@pytest.mark.parametrize("modifier", ["NI", "OT", "TX", "UN"])
def test_a_word_that_leaves_a_number_open_is_refused(modifier: str) -> None:
    ran = piped(f"test,value,comparator,unit\nvitd,22,{modifier},ng/mL\n".encode())
    assert ",vitd,,,refused,,,unreadable-value\n" in ran.stdout
    assert "or its comparator is none of <, <=, > and >=" in ran.stderr


@pytest.mark.parametrize("own", ["<1000", ">999", "0-1000"])
def test_a_histogram_is_drawn_over_any_range(own: str) -> None:
    table = "test,value,unit\n" + "".join(f"vitd,{value},ng/mL\n" for value in range(10, 50))
    ran = piped(table.encode(), "--summary", "--range", f"vitd={own}")
    assert ran.exit_code == 0
    assert "█" in ran.stdout


@pytest.mark.parametrize("errors", ["-", "/dev/stdout"])
def test_rows_and_refusals_do_not_both_go_to_standard_output(errors: str) -> None:
    for args in ((), ("--summary",), ("-o", "-")):
        ran = piped(b"test,value,unit\nvitd,zz,ng/mL\n", "--errors", errors, *args)
        assert (ran.exit_code, ran.stdout) == (2, "")
        assert "standard output would have both results and refusals" in ran.stderr


def test_refusals_go_to_standard_output_where_rows_do_not(tmp_path: Path) -> None:
    out = str(tmp_path / "out.csv")
    ran = piped(b"test,value,unit\nvitd,zz,ng/mL\n", "--errors", "-", "-o", out)
    assert ran.stdout.startswith(
        "row,analyte,reason,column,test,loinc,value,unit,range,advice\n2,vitd,unreadable-value,,vitd,,zz,ng/mL,"
    )


@pytest.mark.parametrize("name", ["/dev/stderr", "/dev/fd/2"])
def test_what_stands_in_a_file_for_standard_error_is_not_lost(name: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [str(Path(sys.executable).with_name("labcheck")), "csv", "--errors", name, "-q"]
    with log.open("wb") as file:
        file.write(b"before\n")
        file.flush()
        subprocess.run(command, input=b"test,value,unit\nvitd,zz,ng/mL\n", stderr=file, check=False)
    assert log.read_text("utf-8").startswith("before\nrow,analyte,reason,")


def test_standard_input_and_output_are_no_file_of_that_name() -> None:
    ran = piped(b"test,value,unit\nvitd,22,ng/mL\n", "-", "-o", "-", "--only", "low")
    assert (ran.exit_code, len(ran.stdout.splitlines())) == (0, 2)


def test_links_that_lead_round_in_a_circle_are_told(table: Path, tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for args in ((str(loop),), (str(table), "-o", str(loop)), (str(table), "--errors", str(loop))):
        ran = CliRunner().invoke(app, ["csv", *args])
        assert ran.exit_code == 2
        assert "cannot be" in ran.stderr


@pytest.mark.parametrize("encoding", ["utf-16-le", "UTF-16BE", "utf_16_le"])
def test_utf_16_without_a_mark_is_read_where_it_is_named(encoding: str) -> None:
    result = CliRunner().invoke(app, ["csv", "-q", "--encoding", encoding], input=LONG.encode(encoding))
    assert result.stdout_bytes == OUT.encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_mark_outweighs_what_is_said_of_the_order_of_bytes(encoding: str) -> None:
    data = codecs.BOM_UTF16_LE + LONG.encode("utf-16-le")
    result = CliRunner().invoke(app, ["csv", "-q", "--encoding", encoding], input=data)
    assert result.stdout_bytes == codecs.BOM_UTF16_LE + OUT.encode("utf-16-le")


@pytest.mark.parametrize("before", ["sep=;\n", "SEP=;\r\n", "\ufeffsep=;\n", "sep=;\r"])
def test_the_delimiter_that_a_spreadsheet_has_written_first_is_taken(before: str) -> None:
    table = f"{before}name, first,and so,on;test;value;unit\nA;vitd;22;ng/mL\nB;vitd;zz;ng/mL\n"
    ran = piped(table.encode())
    assert ran.stdout.startswith(
        table.splitlines(keepends=True)[0] + "name, first,and so,on;test;value;unit;lab"
    )
    assert "\nA;vitd;22;ng/mL;vitd;22;ng/mL;low;" in ran.stdout
    assert "unreadable-value: in row 3\n" in ran.stderr  # as the spreadsheet numbers them
    assert json.loads(piped(table.encode(), "--json").stdout)["rows"][0]["test"] == "vitd"


def test_no_file_is_lost_to_another_use(table: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    for args in (
        ("--errors", str(table)),
        ("-o", str(table), "--only", "low"),
        ("-o", str(table), "--format", "json"),
        ("-o", str(other), "--errors", str(other)),
    ):
        ran = CliRunner().invoke(app, ["csv", str(table), *args])
        assert ran.exit_code == 2
        assert "would be lost: it has two uses here" in ran.stderr
    assert table.read_text("utf-8") == LONG
    assert not other.exists()


def test_standard_output_can_be_named(table: Path, tmp_path: Path) -> None:
    for name in ("-", "/dev/stdout"):
        log = tmp_path / "log"
        log.write_text("before\n", "utf-8")
        with log.open("ab") as out:
            command = [str(Path(sys.executable).with_name("labcheck")), "csv", str(table), "-q", "-o", name]
            subprocess.run(command, stdout=out, check=True)
        assert log.read_text("utf-8") == f"before\n{OUT}"


def on_a_terminal(*args: str, columns: int = 80) -> str:
    """Run the program with a terminal for its three streams, and return what it shows."""
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (40, columns))
    environment = {**os.environ, "TERM": "xterm-256color"}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        environment.pop(name, None)
    command = [str(Path(sys.executable).with_name("labcheck")), "csv", *args]
    shown = b""
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environment):
        os.close(its)
        with suppress(OSError):  # what a terminal says when nobody writes to it any more
            while got := os.read(ours, 1 << 16):
                shown += got
    os.close(ours)
    return shown.decode()


def test_a_terminal_is_shown_the_summary_unless_rows_are_asked_for(table: Path) -> None:
    assert "3 rows" in on_a_terminal(str(table))
    assert "No diagnosis" in on_a_terminal(str(table))
    assert "labcheck_category" in on_a_terminal(str(table), "--format", "csv")
    assert "labcheck_category" in on_a_terminal(str(table), "--only", "low")
    assert "Usage" in on_a_terminal()


HOSTILE = 'id,test,value,unit\n"\x1b[2J\x9b\x07\u202ex\ty\rz",vitd,22,ng/mL\n'.encode()


@pytest.mark.parametrize("args", [("--only", "low"), ("--format", "csv"), ("--format", "tsv")])
def test_no_control_character_of_a_cell_reaches_a_terminal(args: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "hostile.csv"
    file.write_bytes(HOSTILE + b'"\x9b31m",vitd,22,ng/mL\r\n')
    shown = on_a_terminal(str(file), *args).replace("\r\n", "\n")
    assert not [letter for letter in shown if not letter.isprintable() and letter not in "\n\t"]
    assert "\\x1b[2J\\x9b\\x07\\u202ex\ty" in shown
    assert ("›31m" if "tsv" in args else "\\udc9b31m") in shown
    assert "low" in shown
    assert "\x1b[2J\x9b\x07\u202ex" in piped(HOSTILE, *args[:2]).stdout


def test_a_terminal_that_is_named_is_one_too(tmp_path: Path) -> None:
    file = tmp_path / "hostile.csv"
    file.write_bytes(HOSTILE)
    assert "\\x1b[2J\\x9b" in on_a_terminal(str(file), "-o", "/dev/stderr")


def test_a_terminal_is_shown_utf_16_as_text(tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    file.write_text(LONG, "utf-16")
    assert on_a_terminal(str(file), "--only", "low").startswith("id,test,value,unit,labcheck_analyte")


def test_a_long_run_shows_how_far_it_is_where_somebody_looks_on(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_bytes(b"test,value,unit\n" + b"vitd,22,ng/mL\n" * 700_000)
    out = ("-o", str(tmp_path / "out.csv"))
    assert "rows" in on_a_terminal(str(file), *out).replace("labcheck: 700,000 rows", "")
    assert on_a_terminal(str(file), *out, "--quiet") == ""


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


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("--json", "--format", "csv"), "csv and json are different reports"),
        (("--summary", "--format", "tsv"), "the summary is not to be had as tsv"),
        (("--summary", "--only", "low"), "--only chooses rows, and the summary has none"),
        (("--jobs", "0"), "Invalid value for '--jobs'"),
    ],
)
def test_options_that_do_not_fit_together_are_told(args: tuple[str, ...], sentence: str) -> None:
    ran = piped(LONG.encode(), *args)
    assert (ran.stdout, ran.exit_code, ran.stderr.count("\n")) == ("", 2, 1)
    assert sentence in ran.stderr


BY_SET = b"test,value,unit\nvitd,45,ng/mL\nvitd,50,nmol/L\nb12,300,pg/mL\nvitd,zz,ng/mL\nvitd\n"


def verdicts(*args: str) -> list[dict[str, str | None]]:
    return [json.loads(line) for line in piped(BY_SET, *args, "--format", "ndjson").stdout.splitlines()]


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


def names_in(format: str, *names: str) -> list[str]:
    return [f"labcheck_{name}".replace("_", "\\_" if format == "markdown" else "_") for name in names]


def test_a_wide_table_has_labels_for_those_tests_alone_whose_range_has_them() -> None:
    rows = b"id,vitamin_d_ng_ml,vitamin_b12_pmol_l\n1,22,300\n2,,\n3,15,zz\n"
    out = list(csv.DictReader(io.StringIO(piped(rows, "--range-set", "endocrine-2011").stdout)))
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


OWN = ["30-100", "75-250 nmol/L", ">30", "<= 50 ug/L", "20.5-22.4"]


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


def reason(value: str) -> str:
    """Return why a row without a unit is refused, which a single result without one is not."""
    read = {"": "no-value", "zz": "unreadable-value", "0": "impossible-value"}
    return read.get(value, "missing-unit")


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


def test_the_summary_draws_ones_own_range() -> None:
    rows = "test,value,unit\n" + "vitd,70,nmol/L\n" * 30
    drawn = piped(rows.encode(), "--summary", "--range", "vitd=50-125 nmol/L").stdout
    assert "ng/mL; 50-125 nmol/L, your own range.\n" in drawn


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
        ("id;vitd_ng_ml", (), "a table with a column for each test has no ranges beside its results; name"),
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


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from(["vitd", "b12", "Ferritin", "Calcitriol"]), VALUES, UNITS), max_size=20
    )
)
def test_rows_in_another_format_say_what_rows_in_their_own_do(results: list[tuple[str, str, str]]) -> None:
    table = "\n".join(["test,value,unit", *map(",".join, results)]).encode() + b"\n"
    own = list(csv.DictReader(io.StringIO(piped(table).stdout)))
    other = [json.loads(line) for line in piped(table, "--format", "ndjson").stdout.splitlines()]
    assert [{name: cell or "" for name, cell in row.items()} for row in other] == own


def test_nothing_measured_in_a_wide_table_is_no_refusal() -> None:
    ran = piped(b"id,vitamin_d_ng_ml\n1,\n2,22\n")
    assert (ran.exit_code, ran.stdout.splitlines()[1]) == (0, "1,,,,,,,,")
    assert piped(b"test,value,unit\nvitd,,ng/mL\n").exit_code == 3


@pytest.mark.parametrize("format", ["tsv", "markdown"])
def test_ragged_rows_keep_what_is_added_in_its_columns(format: str) -> None:
    ran = piped(b'test,value,unit\nvitd,22\nvitd,22,ng/mL,"more\nof it"\n', "--format", format)
    short = ran.stdout.splitlines()[2 if format == "markdown" else 1]
    cells = [cell.strip() for cell in (short.strip("| ").split("|") if "|" in short else short.split("\t"))]
    assert cells[:7] == ["vitd", "22", "", "", "", "", "refused"]
    assert "ragged-row" in ran.stdout
    if format == "markdown":
        assert ran.stdout.splitlines()[3].startswith("| vitd | 22 | ng/mL more of it |")


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


def test_a_header_without_a_line_break_keeps_the_next_files_rows_apart(
    labcheck: Labcheck, tmp_path: Path
) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("test,value,unit", "utf-8")
    two.write_text("test,value,unit\nvitd,22,ng/mL\n", "utf-8")
    assert [line[:12] for line in labcheck("csv", str(one), str(two)).stdout.splitlines()] == [
        "test,value,u",
        "vitd,22,ng/m",
    ]


def test_a_byte_order_mark_before_a_quoted_name_is_none_of_it() -> None:
    ran = piped(b'\xef\xbb\xbf"sample\nid",test,value,unit\n1,vitd,22,ng/mL\n')
    assert ran.stdout.startswith('\ufeff"sample\nid",test,value,unit,labcheck_analyte')
    assert ran.exit_code == 0


def test_a_line_end_in_a_cell_is_quoted_in_a_table_written_anew() -> None:
    table = b'id,test,value,unit\n"a\rb",vitd,22,ng/mL\n'
    assert '"a\rb"\tvitd' in piped(table, "--format", "tsv").stdout


def test_each_key_of_a_row_is_there_once() -> None:
    table = b"column_5,test,value,unit\nA,vitd,22,ng/mL,EXTRA\n"
    row = json.loads(piped(table, "--format", "ndjson").stdout)
    assert (row["column_5"], row["_column_5"]) == ("A", "EXTRA")
    names = b"test,value,unit" + b"," * 5000 + b"\nvitd,22,ng/mL" + b"," * 5000 + b"\n"
    assert len(json.loads(piped(names, "--format", "ndjson").stdout)) == 3 + 5000 + 7
