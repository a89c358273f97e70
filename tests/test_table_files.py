"""`labcheck csv`: what files, pipes and terminals it reads and writes."""

import codecs
import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from backports import zstd
from typer.testing import CliRunner

from labcheck.cli.app import app
from tests.conftest import LONG, Labcheck
from tests.tables import OUT, on_a_terminal, piped


def program(*args: str) -> "subprocess.Popen[bytes]":
    command = [str(Path(sys.executable).with_name("labcheck")), "csv", *args]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


HOSTILE = 'id,test,value,unit\n"\x1b[2J\x9b\x07\u202ex\ty\rz",vitd,22,ng/mL\n'.encode()


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


def test_a_file_is_not_counted_twice(table: Path) -> None:
    ran = CliRunner().invoke(app, ["csv", str(table), "-", str(table)], input=LONG.encode())
    assert (ran.stdout, ran.exit_code) == ("", 2)
    assert f"'{table}' is named twice, and would be counted twice; name it once" in ran.stderr
    ran = CliRunner().invoke(app, ["csv", str(table), f"{table.parent}/./{table.name}"])
    assert f"/./{table.name}' is named twice" in ran.stderr


def test_what_is_no_hl7_at_all_is_told_with_what_reads_it() -> None:
    stderr = CliRunner().invoke(app, ["hl7"], input=b"[]").stderr
    said = "this is no HL7 message: it has no MSH segment"
    assert f"labcheck: 1 refused, malformed: before message 1 - {said}\n" in stderr
    assert "`labcheck hl7` reads HL7 v2, `fhir` JSON, `csv` tables." in stderr


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
