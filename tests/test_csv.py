"""The stream: rows in, rows out; the quick way and the plain way give the same bytes on every file."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from types import MappingProxyType
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcheck.catalogue import built_in
from labcheck.sources import csv as stream
from labcheck.sources import memo
from labcheck.sources.columns import find_layout
from labcheck.sources.csv import Annotator, RowFormat
from labcheck.sources.files import decoder
from labcheck.sources.records import records
from labcheck.sources.refusals import Place
from labcheck.sources.rows import Judge
from labcheck.sources.stream import Stream, annotate
from labcheck.sources.tally import Tally
from labcheck.sources.verdicts import Reported

HEADER = ["id", "test", "value", "unit", "comment"]


def annotator(
    header: list[str] = HEADER,
    delimiter: bytes = b",",
    newline: bytes = b"\n",
    only: frozenset[str] = frozenset(),
    range_sets: Mapping[str, str | None] = MappingProxyType({}),
    exact: bool = True,
) -> Annotator:
    layout = find_layout(header, built_in(), asked={})
    judges = [
        Judge(built_in(), analyte=m.analyte, range_sets=range_sets, blank_is_absent=layout.wide)
        for m in layout.results
    ]
    return Annotator(
        header,
        layout,
        judges,
        delimiter,
        decoder(None),
        newline=newline,
        only=only,
        tally=Tally(exact=exact),
    )


def run(
    made: Annotator, body: bytes, *, quick: bool, piece: int = 1 << 17, rows: RowFormat | None = None
) -> bytes:
    pieces: Iterator[bytes] = iter([body[i : i + piece] for i in range(0, len(body), piece)])
    out: list[bytes] = []
    with nullcontext() if quick else patch.object(made, "block", return_value=None):
        annotate(Stream(made, lambda: next(pieces, b""), lambda: True, out.append, rows=rows), b"")
    return b"".join(out)


class Shown:
    """Rows as Python shows them; `asked` is how often what is added was written."""

    independent = True
    asked = 0

    def added(self, cells: Sequence[str]) -> str:
        self.asked += 1
        return f"{[*cells]}"

    def row(self, cells: Sequence[str], added: str) -> str:
        return f"{[*cells]} {added}\n"


def both(body: bytes, **options: object) -> tuple[bytes, Annotator]:
    """Hold to the same bytes and counts: quick, plain, in small pieces, forgetful with two lines a match."""
    quick, plain, small = (annotator(**options) for _ in range(3))  # type: ignore[arg-type]
    out = run(quick, body, quick=True)
    assert out == run(plain, body, quick=False) == run(small, body, quick=True, piece=7)
    with (
        patch.object(stream, "_AT_ONCE", 10),
        patch.object(stream, "_WORTH_MANY", 0),
        patch.object(memo, "MOST", 3),
    ):
        forgetful = annotator(**options)  # type: ignore[arg-type]
        assert out == run(forgetful, body, quick=True, piece=100)
        shown_quickly, shown_plainly = (annotator(**options) for _ in range(2))  # type: ignore[arg-type]
        shown = run(shown_quickly, body, quick=True, piece=100, rows=Shown())
    assert shown == run(shown_plainly, body, quick=False, rows=Shown())
    for other in (plain, small, forgetful, shown_quickly, shown_plainly):
        assert vars(quick.tally) == vars(other.tally)
    uncounted = annotator(**options, exact=False)  # type: ignore[arg-type]
    assert out == run(uncounted, body, quick=True)
    assert set(quick.tally.kinds) == set(uncounted.tally.kinds)
    return out, quick


JUDGED = b",vitd,22,ng/mL,low,L,30-40 ng/mL,"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"1,vitd,22,ng/mL,ok\n", b"1,vitd,22,ng/mL,ok" + JUDGED + b"\n"),
        (b"1,vitd,22,ng/mL,ok", b"1,vitd,22,ng/mL,ok" + JUDGED),
        (b'1,vitd,22,ng/mL,"a, b"\n', b'1,vitd,22,ng/mL,"a, b"' + JUDGED + b"\n"),
        (b'1,vitd,22,ng/mL,"a ""b"", c"\n', b'1,vitd,22,ng/mL,"a ""b"", c"' + JUDGED + b"\n"),
        (b'1,vitd,22,ng/mL,"a\nb"\n', b'1,vitd,22,ng/mL,"a\nb"' + JUDGED + b"\n"),
        (b'"1","vitd","22","ng/mL",""\n', b'"1","vitd","22","ng/mL",""' + JUDGED + b"\n"),
        (b'1,"vitd",22,ng/mL,5" pipe\n', b'1,"vitd",22,ng/mL,5" pipe' + JUDGED + b"\n"),
        (b'1,vitd,22,ng/mL,"a"b\n', b'1,vitd,22,ng/mL,"a"b' + JUDGED + b"\n"),
        (b'1,vitd,22,ng/mL,a"b"\n', b'1,vitd,22,ng/mL,a"b"' + JUDGED + b"\n"),
        (b"1,Ferritin,22,ng/mL,x\n", b"1,Ferritin,22,ng/mL,x,,,,,,,\n"),
        (b"\n\n1,vitd,22,ng/mL,ok\n\n", b"\n\n1,vitd,22,ng/mL,ok" + JUDGED + b"\n\n"),
        (b"1,vitd,22\n", b"1,vitd,22,,,,,,refused,,,ragged-row\n"),
        (b"1,vitd,22,ng/mL,ok,6\n", b"1,vitd,22,ng/mL,ok,6,,,,refused,,,ragged-row\n"),
        (
            b"1\n2,vitd,22,ng/mL,\n",
            b"1,,,,,,,,refused,,,ragged-row\n2,vitd,22,ng/mL," + JUDGED + b"\n",
        ),
        (
            b"1,x\n2,vitd,22,x\n",  # together they have the delimiters of one row
            b"1,x,,,,,,,refused,,,ragged-row\n2,vitd,22,x,,,,,refused,,,ragged-row\n",
        ),
        (b'1,vitd,"22,5",ng/mL,\n', b'1,vitd,"22,5",ng/mL,,vitd,22.5,ng/mL,low,L,30-40 ng/mL,\n'),
        (b"1,vitd,<4,ng/mL,=1+1\n", b"1,vitd,<4,ng/mL,=1+1,vitd,<4,ng/mL,low,L,30-40 ng/mL,\n"),
        (b"1,vitd,22,\xb5g/L,\xe9\n", b"1,vitd,22,\xb5g/L,\xe9" + JUDGED + b"\n"),
        (b"1,vitd,22,\xc2\xb5g/L,\0\n", b"1,vitd,22,\xc2\xb5g/L,\0" + JUDGED + b"\n"),
        (
            b'1,vitd,22,ng/mL,"never closed\n2,vitd,22,ng/mL,\n',
            b'1,vitd,22,ng/mL,"never closed\n2,vitd,22,ng/mL,' + JUDGED + b"\n",
        ),
        (b"", b""),
    ],
)
def test_each_row_comes_out_with_its_own_bytes(body: bytes, expected: bytes) -> None:
    assert both(body)[0] == expected


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("delimiter", [b",", b";", b"\t", b"|"])
def test_line_ends_and_delimiters_stay_as_they_were(newline: bytes, delimiter: bytes) -> None:
    lines = [b"1,vitd,22,ng/mL,a", b"2,b12,<150,pmol/L,", b"3,b12,zz,pmol/L,\0"]
    body = newline.join(line.replace(b",", delimiter) for line in lines) + newline
    out, _ = both(body, delimiter=delimiter, newline=b"\r\n" if newline == b"\r\n" else b"\n")
    assert out.count(newline) == 3
    assert out.count(b"\0") == 1
    rows = list(csv.reader(io.StringIO(out.decode(), newline=""), delimiter=delimiter.decode()))
    assert [row[8] for row in rows] == ["low", "indeterminate", "refused"]


def test_a_note_with_a_semicolon_is_quoted_where_that_is_the_delimiter() -> None:
    out, _ = both(b"1;vitd;22 H;mg/dL;\n1;vitd;999;nmol/dL;\n2;vitd;2 H;ng/mL;\n", delimiter=b";")
    assert b'"implausible;reported-flag-differs"' in out


def test_rows_can_be_chosen_by_category() -> None:
    body = b"1,vitd,22,ng/mL,\n2,vitd,35,ng/mL,\n3,vitd,zz,ng/mL,\n4,Ferritin,5,ng/mL,\n"
    out, made = both(body, only=frozenset({"low", "refused"}))
    assert [line[:1] for line in out.splitlines()] == [b"1", b"3"]
    assert made.tally.rows == 4
    with patch.object(stream, "_ANSWERS", 1):
        assert both(body * 3, only=frozenset({"low", "refused"}))[0] == out * 3


def test_refusals_are_counted_with_the_rows_of_a_spreadsheet() -> None:
    _, made = both(b"1,vitd,22,ng/mL,\n\n2,vitd,zz,ng/mL,\n3,vitd,35,ng/mL,\n4,b12,5,apples,\n")
    assert {kind.reason: rows for kind, rows in made.tally.examples.items()} == {
        "unreadable-value": [Place(4)],
        "unknown-unit": [Place(6)],
    }


def test_a_wide_table_has_cells_for_each_of_its_results() -> None:
    header = ["id", "vitamin_d_ng_ml", "x", "vitamin_b12_pmol_l"]
    body = b"1,22,,300\n2,,,\n3,zz,,100\n"
    out, made = both(body, header=header)
    rows = list(csv.reader(io.StringIO((made.header(",".join(header).encode() + b"\n") + out).decode())))
    assert [(row[7], row[14]) for row in rows] == [
        ("labcheck_vitd_category", "labcheck_b12_category"),
        ("low", "normal"),
        ("", ""),
        ("refused", "low"),
    ]


def test_rows_have_the_range_sets_own_words() -> None:
    body = (
        b"1,vitd,10,ng/mL,\n2,vitd,15,ng/mL,\n3,vitd,<35,ng/mL,\n4,b12,300,ng/L,\n5,x,1,y,\n6,vitd,zz,,\n7\n"
    )
    out, made = both(body, range_sets={"vitd": "iom-2011"})
    assert [row[-1] for row in csv.reader(io.StringIO(out.decode()))] == [
        "at risk of deficiency",
        "at risk of inadequacy",
        "at risk of deficiency or at risk of inadequacy or sufficient",
        "normal",  # the range of B12 that is used has no words of its own
        *("", "", ""),
    ]
    assert made.tally.labels == {
        "vitd": {
            "indeterminate": {"at risk of deficiency or at risk of inadequacy or sufficient": 1},
            "low": {"at risk of deficiency": 1, "at risk of inadequacy": 1},
        }
    }


def test_refusals_of_a_wide_table_are_named_row_by_row() -> None:
    made = annotator(["vitamin_d_ng_ml", "vitamin_b12_pmol_l"])
    made.tally.lists_refusals = True
    run(made, b"zz,300\n22,yy\nzz,yy\n", quick=True)
    assert [
        (one.place.row, one.kind.analyte, one.place.column, one.reported) for one in made.tally.unlisted
    ] == [
        (2, "vitd", "vitamin_d_ng_ml", Reported(value="zz", unit="ng/mL")),
        (3, "b12", "vitamin_b12_pmol_l", Reported(value="yy", unit="pmol/L")),
        (4, "vitd", "vitamin_d_ng_ml", Reported(value="zz", unit="ng/mL")),
        (4, "b12", "vitamin_b12_pmol_l", Reported(value="yy", unit="pmol/L")),
    ]


@pytest.mark.parametrize("quick", [True, False])
def test_what_a_refused_row_says_is_kept_as_it_stands_in_it(quick: bool) -> None:
    made = annotator(["loinc", "id", "test", "value", "note", "unit", "low", "high", "comparator"])
    made.tally.lists_refusals = True
    rows = b'1989-3,1, ,zz,,ng/mL,,,\nMar-89,2,"Vitamin D","1,060",,,30,50,\n,3,B12,22,"a, b",pg/mL,,,~\n'
    run(made, rows, quick=quick)
    assert [one.reported for one in made.tally.unlisted] == [
        Reported(" ", "1989-3", "zz", "ng/mL"),
        Reported("Vitamin D", "Mar-89", "1,060", "", "30-50"),
        Reported("B12", "", "~ 22", "pg/mL"),
    ]


@pytest.mark.parametrize("quick", [True, False])
def test_a_name_that_looks_alike_comes_before_those_of_the_rows_behind_it(quick: bool) -> None:
    first, second = annotator(["test", "value", "unit"]), annotator(["test", "value", "unit"])
    run(first, b"vitd,22,ng/mL\nFree Vitamin D,9,pg/mL\n", quick=quick)
    second.row = first.row
    run(second, b"Vitamin D child,9,pg/mL\n", quick=not quick)
    second.tally.add(first.tally)
    assert [*second.tally.look_alikes] == ["Free Vitamin D", "Vitamin D child"]


@pytest.mark.parametrize("long", [1, 300])
def test_a_name_that_looks_alike_is_told_however_long_its_row_is(long: int) -> None:
    made = annotator(["test", "value", "unit", "reference_range"])
    run(made, b"Free Vitamin D,9,pg/mL,%b\n" % (b"x" * long), quick=True)
    assert [*made.tally.look_alikes] == ["Free Vitamin D"]


def test_a_blank_line_of_one_column_is_a_blank_line() -> None:
    out, made = both(b"22\n\n35\n", header=["vitamin_d_ng_ml"])
    assert (out.count(b"\n\n"), made.tally.rows) == (1, 2)


def test_rows_that_each_have_a_range_of_their_own_are_judged_like_others() -> None:
    header = ["test", "value", "unit", "range"]
    body = b"".join(b"vitd,22,ng/mL,%d.%d-60\n" % (20 + i % 10, i % 1000) for i in range(400)) * 2
    out, made = both(body, header=header)
    assert out.count(b"low") == 800
    assert made.tally.notes["vitd"]["reported-range-differs"] == 160


CELLS = st.one_of(
    st.sampled_from(
        ["vitd", "b12", "Ferritin", "22", "22.5", "29.95", "<4", "1,060", "zz", "", "0", "999999"]
    ),
    st.sampled_from(
        ["ng/mL", "pmol/L", "µg/L", "IU", '"', '""', "\n", "\r\n", "\r", ",", ";", "\0", '"a"', ' "b"']
    ),
    st.text(max_size=8),
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Files by rule, with stray bytes now and then."""
    out = io.StringIO()
    newline = draw(st.sampled_from(["\n", "\r\n", "\n", "\r"]))
    for cells in draw(st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=12)):
        row = cells if draw(st.booleans()) else [*cells, "x", "vitd", "22", "ng/mL", ""][:5]
        if draw(st.booleans()):
            csv.writer(out, lineterminator=newline, quoting=draw(st.sampled_from([0, 1]))).writerow(row)
        else:
            out.write(",".join(row) + newline)
    return out.getvalue().encode("utf-8", "replace")


@settings(max_examples=400)
@given(
    files(),
    st.sampled_from([b"\n", b"\r\n"]),
    st.sampled_from([{}, {"vitd": "iom-2011"}, {"vitd": "ros-2018", "b12": "nice-2024"}]),
)
def test_the_quick_way_and_the_plain_way_give_the_same_bytes(
    body: bytes, newline: bytes, range_sets: Mapping[str, str | None]
) -> None:
    _, made = both(body, newline=newline, range_sets=range_sets)
    rows = sum(1 for record in records(body, b",", final=True) if record.cells or not record.closed)
    assert made.tally.rows == rows


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("id,specimen,vitd_ng_ml,b12_pg_ml", b"1,serum,35,300\n2,urine,22,x\n3,,,100\n"),
        ("vitd_ng_ml,status,b12_pg_ml", b"35,final,300\n22,cancelled,100\n,deleted,100\n"),
        ("vitd_ng_ml,vitd_nmol_l,specimen,x,status", b"35,87,CSF,1,\n35,87,,2,amended\n"),
        ("vitd_op,vitd_ng_ml,specimen,b12_pg_ml,b12_op", b"<,35,,300,>\n,35,urine,300,\n"),
    ],
)
def test_what_several_results_of_a_row_share_is_read_for_each(header: str, body: bytes) -> None:
    out, made = both(body * 3, header=header.split(","))
    assert out.count(b"\n") == body.count(b"\n") * 3
    assert sum(made.tally.kinds.values()) == body.count(b"\n") * 6


@settings(max_examples=200)
@given(st.binary(max_size=200).map(lambda b: b.replace(b"x", b'"').replace(b"y", b",").replace(b"z", b"\n")))
def test_any_bytes_at_all_give_the_same_bytes_both_ways(body: bytes) -> None:
    both(body)


def test_what_is_added_is_written_once_and_not_remembered_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "_SUFFIXES", 1)
    lines = {value: b"1,vitd,%d,ng/mL,\n" % value for value in (21, 22, 23)}
    shown = Shown()
    run(annotator(), lines[21] * 2 + lines[22] + lines[21] + lines[23] + lines[21], quick=True, rows=shown)
    assert shown.asked == 4
