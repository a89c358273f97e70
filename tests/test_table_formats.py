"""`labcheck csv`: rows in other formats than the table's own."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import LONG, VALIDATOR
from tests.tables import ADDED, OUT, UNITS, VALUES, piped

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


@pytest.mark.parametrize("table", [LONG, LONG + "4,vitd,zz,ng/mL\n5,1\n", "test,value,unit\n"])
@pytest.mark.parametrize("args", [("--json",), ("--summary", "--json"), ("--format", "ndjson")])
def test_json_keeps_its_contract(table: str, args: tuple[str, ...]) -> None:
    ran = piped(table.encode(), *args)
    documents = ran.stdout.splitlines() if "ndjson" in args else [ran.stdout]
    assert len(documents) == (table.count("\n") - 1 if "ndjson" in args else 1)
    for document in documents:
        VALIDATOR.validate(json.loads(document))


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


@pytest.mark.parametrize("format", ["tsv", "markdown"])
def test_ragged_rows_keep_what_is_added_in_its_columns(format: str) -> None:
    ran = piped(b'test,value,unit\nvitd,22\nvitd,22,ng/mL,"more\nof it"\n', "--format", format)
    short = ran.stdout.splitlines()[2 if format == "markdown" else 1]
    cells = [cell.strip() for cell in (short.strip("| ").split("|") if "|" in short else short.split("\t"))]
    assert cells[:7] == ["vitd", "22", "", "", "", "", "refused"]
    assert "ragged-row" in ran.stdout
    if format == "markdown":
        assert ran.stdout.splitlines()[3].startswith("| vitd | 22 | ng/mL more of it |")


def test_a_line_end_in_a_cell_is_quoted_in_a_table_written_anew() -> None:
    table = b'id,test,value,unit\n"a\rb",vitd,22,ng/mL\n'
    assert '"a\rb"\tvitd' in piped(table, "--format", "tsv").stdout


def test_each_key_of_a_row_is_there_once() -> None:
    table = b"column_5,test,value,unit\nA,vitd,22,ng/mL,EXTRA\n"
    row = json.loads(piped(table, "--format", "ndjson").stdout)
    assert (row["column_5"], row["_column_5"]) == ("A", "EXTRA")
    names = b"test,value,unit" + b"," * 5000 + b"\nvitd,22,ng/mL" + b"," * 5000 + b"\n"
    assert len(json.loads(piped(names, "--format", "ndjson").stdout)) == 3 + 5000 + 7
