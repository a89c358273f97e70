"""`labcheck csv`, called as a shell calls it."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from labcheck.cli import app
from tests.conftest import Labcheck, Ran

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


def test_a_pipe_is_as_good_as_a_file(table: Path) -> None:
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
    assert errors.read_text("utf-8") == (
        "row,analyte,reason\n5,vitd,unreadable-value\n6,,ragged-row\n7,,wrong-analyte\n"
    )


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


def test_compressed_files_are_read(labcheck: Labcheck, tmp_path: Path) -> None:
    file = tmp_path / "results.csv.gz"
    file.write_bytes(gzip.compress(LONG.encode()))
    assert labcheck("csv", str(file)).stdout == OUT


def test_several_files_of_one_kind_are_one_table(labcheck: Labcheck, table: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n", "utf-8")
    assert labcheck("csv", str(table), str(table)).stdout == OUT + OUT.split("\n", 1)[1]
    assert "has other columns" in labcheck("csv", str(table), str(other)).stderr


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


def test_an_analyte_of_all_rows_does_not_outweigh_their_names() -> None:
    rows = b"test,value,unit\nFerritin,35,ng/mL\nCalcitriol,35,ng/mL\nB12,35,ng/mL\n,35,ng/mL\n"
    lines = piped(rows, "--analyte", "vitd").stdout.splitlines()[1:]
    assert [line.split(",")[6] for line in lines] == ["", "refused", "", "normal"]


def test_a_header_in_pieces_is_waited_for() -> None:
    with program("-q") as running:
        assert running.stdin
        assert running.stdout
        for piece in (b"ID, x", b";te", b"st;value;unit\n1;vitd;22;ng/mL\n"):
            running.stdin.write(piece)
            running.stdin.flush()
        assert running.stdout.readline().startswith(b"ID, x;test")
        assert b";low;" in running.stdout.readline()
        running.stdin.close()


def test_what_is_missing_can_be_said(tmp_path: Path) -> None:
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
        (LONG.encode(), ("nowhere.csv",), "'nowhere.csv' cannot be read: No such file or directory"),
        (LONG.encode(), ("/",), "'/' cannot be read: Is a directory"),
        (LONG.encode(), ("a\0b",), "cannot be read: embedded null byte"),
        (LONG.encode(), ("--delimiter", "ab"), "--delimiter 'ab' is not one character"),
        (LONG.encode(), ("--encoding", "klingon"), "--encoding 'klingon' is not known"),
        (LONG.encode(), ("--only", "lwo"), "--only has no category 'lwo'"),
        (LONG.encode(), ("--unit", "nmol/L"), "--unit 'nmol/L' names no analyte"),
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
    assert piped(table.read_bytes(), "-o", "/dev/null").exit_code == 0
    assert Path("/dev/null").is_char_device()
    assert "Is a directory" in piped(table.read_bytes(), "-o", str(tmp_path)).stderr


def test_one_column_can_be_judged_twice() -> None:
    ran = piped(b"a,b\n22,300\n", "--column", "vitd=a:ng/mL", "--column", "b12=a:pg/mL")
    assert "labcheck_vitd_category" in ran.stdout
    assert ",low,L," in ran.stdout


def test_a_gzip_file_that_is_none_is_refused(labcheck: Labcheck, tmp_path: Path) -> None:
    file = tmp_path / "x.csv.gz"
    file.write_bytes(b"no gzip")
    assert "cannot be read: Not a gzipped file" in labcheck("csv", str(file)).stderr


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


def test_a_reader_that_has_enough_ends_it_quietly(tmp_path: Path) -> None:
    file = tmp_path / "big.csv"
    file.write_bytes(b"test,value,unit\n" + b"vitd,22,ng/mL\n" * 200_000)
    labcheck = Path(sys.executable).with_name("labcheck")
    ran = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {labcheck} csv {file} | head -2"], capture_output=True, check=False
    )
    assert (ran.stderr, ran.returncode, ran.stdout.count(b"\n")) == (b"", 141, 2)


def test_a_full_disk_is_an_error(table: Path) -> None:
    labcheck = Path(sys.executable).with_name("labcheck")
    ran = subprocess.run(
        ["bash", "-c", f"{labcheck} csv {table} > /dev/full"], capture_output=True, check=False
    )
    assert ran.returncode == 74
    assert ran.stderr == b"labcheck: the output cannot be written: No space left on device\n"
