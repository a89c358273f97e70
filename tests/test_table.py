"""`labcheck csv`, called as a shell calls it: rows, columns, and what is refused."""

import csv
import gzip
from pathlib import Path

import pytest
from typer.testing import CliRunner

from labcheck.cli.app import app
from tests.conftest import LONG, Labcheck
from tests.tables import ADDED, OUT, piped


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
    for quiet in ((), ("--quiet",)):
        assert piped(table.read_bytes(), *args, *quiet).exit_code == exit_code
        assert piped(table.read_bytes() + b"4,vitd,zz,ng/mL\n", *args, *quiet).exit_code == 3


def test_an_analyte_of_all_rows_does_not_outweigh_their_names() -> None:
    rows = b"test,value,unit\nFerritin,35,ng/mL\nCalcitriol,35,ng/mL\nB12,35,ng/mL\n,35,ng/mL\n"
    lines = piped(rows, "--analyte", "vitd").stdout.splitlines()[1:]
    assert [line.split(",")[6] for line in lines] == ["", "refused", "", "normal"]


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


@pytest.mark.parametrize(
    ("data", "args", "sentence"),
    [
        (b"", (), "standard input is empty; its first line must name the columns"),
        (b'test,value,"unit\nvitd,22,ng/mL\n', (), "has a quote in its header that is never closed"),
        (b"x" * (1 << 21), (), "its first line does not end within a megabyte"),
        (LONG.encode(), ("--encoding", "hex"), "--encoding 'hex' is not known"),
        (LONG.encode(), ("--delimiter", "."), "--delimiter '.' is not one character"),
        (b"a,b\n1,2\n", (), "no column is known to hold a value; the columns are a, b"),
        (b"Report\n\ntest;value;unit\nvitd;22;nM\n", (), "line 3 can be that of the names: leave out what"),
        (b"sep=,\nA,B\ntest,value\n", (), "line 3 can be that of the names"),
        (b"Report\r\rtest,value,unit\rvitd,22,ng/mL\r", (), "line 3 can be that of the names"),
        (b"item,number\nVitamin D (ng/mL),22\n", (), "for a file of one test\n"),
        (OUT.encode(), (), "there is a column 'labcheck_analyte' already; choose other names with --prefix"),
        (gzip.compress(LONG.encode(), mtime=0), (), "'-' is compressed; decompress it first, as with gzip"),
        (b"a\0b,c\n", (), "'-' is no table: its first line is not text"),
        (
            b"vitd,22,ng/mL\nvitd,45,ng/mL\n",
            ("--test", "1", "--value", "2", "--unit-column", "3"),
            "the first line must name the columns, and has '22' where the values stand",
        ),
        (
            b"Vitamin D,22,ng/mL\nB12,150,pg/mL\n",
            ("--unit", "vitd=ng/mL"),
            "the first line must name the columns, and has '22' where the values stand",
        ),
        *(
            (
                b"22 ng/mL\n35 ng/mL\n",
                how,
                "the first line must name the columns, and has '22 ng/mL' where the values stand",
            )
            for how in (("--analyte", "vitd", "--value", "1"), ("--column", "vitd=1"))
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
        (LONG.encode(), ("-o", "out.parquet"), "not be what its ending says; end it otherwise"),
        (LONG.encode(), ("",), "a name of a file is empty; is a variable of the shell not set?"),
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


def test_one_column_can_be_judged_twice() -> None:
    ran = piped(b"a,b\n22,300\n", "--column", "vitd=a:ng/mL", "--column", "b12=a:pg/mL")
    assert "labcheck_vitd_category" in ran.stdout
    assert ",low,L," in ran.stdout


def test_a_header_alone_is_a_table_without_rows() -> None:
    assert piped(b"test,value,unit\n").stdout == f"test,value,unit,{ADDED}\n"
    assert piped(b"test,value,unit").stdout == f"test,value,unit,{ADDED}"


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
    "table", ["test,value,unit\nvitd,22,ng/mL\nb12,300,pg/mL\n", "vitd_ng_ml,b12_pg_ml\n22,300\n"]
)
def test_a_test_that_is_known_and_not_asked_for_is_not_like_one(table: str) -> None:
    ran = piped(table.encode(), "--analyte", "vitd")
    assert "vitd: 1 low" in ran.stderr
    assert "like one that is" not in ran.stderr


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


def test_another_specimen_is_refused() -> None:
    table = b"test,where,value,unit\nvitd,urine,22,ng/mL\nvitd,serum,22,ng/mL\n"
    ran = piped(table, "--specimen", "where")
    refused, judged = ran.stdout.splitlines()[1:]
    assert refused.endswith(",,,,refused,,,wrong-analyte")
    assert judged.endswith(",vitd,22,ng/mL,low,L,30-40 ng/mL,")


def test_a_delimiter_that_the_next_line_has_as_often_outweighs_another() -> None:
    ran = piped(b"test;value;remarks, long, of the doctor\nvitd;22 ng/mL;x\n", "-q")
    assert ran.stdout.endswith("vitd;22 ng/mL;x;vitd;22;ng/mL;low;L;30-40 ng/mL;\n")


def test_a_comparator_that_may_be_that_of_another_test_is_not_passed_over() -> None:
    ran = piped(b"id,vitd_op,vitd_ng_ml,x,b12_pg_ml\n1,<,31,>,300\n")
    assert "'x' (column 4, row 2) has '>' by itself" in ran.stderr


def test_a_column_of_comparators_can_be_named_beside_one_of_a_wide_table() -> None:
    table = b"id,vitd_op,vitd_ng_ml,b12_op,b12_pg_ml\n1,<,31,>,300\n"
    ran = piped(table, "--column", "vitd=vitd_ng_ml", "--comparator", "vitd_op")
    assert ran.stdout.endswith(",vitd,<31,ng/mL,indeterminate,IND,30-40 ng/mL,\n")


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


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            "id,test,Result (ng/mL)\n1,vitd,22\nid,test,Result (nmol/L)\n2,vitd,60\n",
            "'Result (nmol/L)' where",
        ),
        ("id,vitd_ng_ml\n1,22\nid,vitd_nmol_l\n2,60\n", "'vitd_nmol_l' where the first has 'vitd_ng_ml'"),
        (
            "test,value,unit,memo\nvitd,22,ng/mL,x\ntest,memo,unit,value\nvitd,30,ng/mL,22\n",
            "with 'memo' where the first has 'value'; split the file before it",
        ),
    ],
)
def test_a_second_line_of_other_names_is_not_passed_over(table: str, said: str) -> None:
    ran = piped(table.encode())
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert "60" not in ran.stdout


def test_the_same_line_of_names_again_is_passed_on() -> None:
    ran = piped(f"{LONG}{LONG}".encode(), "-q")
    assert ran.stdout.splitlines()[4] == "id,test,value,unit,,,,,,,"
    assert ran.stdout.splitlines()[1:4] == ran.stdout.splitlines()[5:]


def test_a_code_beside_the_tests_name_counts_whatever_its_column_is_called() -> None:
    for name in ("test_code", "LabCode", "loinc_cd", "obs_code"):
        ran = piped(f"test,value,unit,{name}\nVitamin D,45,ng/mL,1649-3\n".encode())
        assert (ran.exit_code, "refused,,,wrong-analyte" in ran.stdout) == (3, True)


def test_nothing_measured_in_a_wide_table_is_no_refusal() -> None:
    ran = piped(b"id,vitamin_d_ng_ml\n1,\n2,22\n")
    assert (ran.exit_code, ran.stdout.splitlines()[1]) == (0, "1,,,,,,,,")
    assert piped(b"test,value,unit\nvitd,,ng/mL\n").exit_code == 3
