"""A row is answered as the core would, in whatever way; what is kept for that is bounded."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcheck.catalogue import built_in
from labcheck.ranges import read_own_range
from labcheck.sources import ways
from labcheck.sources.layout import Measured
from labcheck.sources.records import quoted
from labcheck.sources.rows import Given, Judge
from labcheck.sources.verdicts import Kind
from labcheck.sources.ways import Answer, Ways
from tests.judges import Counting

SIMPLE = Measured({"test": 0, "value": 1, "unit": 2})
CELLS = {
    "test": ["vitd", "b12", "Ferritin", "Calcitriol", "25-OH D3", ""],
    "loinc": ["62292-8", "2132-9", "14635-7", "Mar-89", ""],
    "unit": ["ng/mL", "nmol/L", "pg/mL", "pmol/L", "ng/L", "IU", "5.5", "", ' "ng/mL"'],
    "comparator": ["", "", "=", "<", ">=", "4172704", "LT", "eq", "NI", "x"],
    "range": ["", "30-100", "75-250 nmol/L", "<30", "0-0", "20,5-50", "see comment"],
    "low": ["", "30", "12.5", "zz"],
    "high": ["", "50.0", "40,5"],
    "flag": ["", "H", "L", "final", "<35", "> 22.5"],
}
LIKELY = {
    "test": ["vitd", "b12"],
    "loinc": [""],
    "unit": ["ng/mL", "nmol/L", "pg/mL", "pmol/L"],
    "comparator": [""],
    "range": [""],
    "low": [""],
    "high": [""],
}
SETS = {
    "vitd": [None, "article", "iom-2011", "endocrine-2011", "ros-2018", "reported", "nice-2024"],
    "b12": [None, "article", "nice-2024", "reported", "ros-2018"],
}
OWN = {
    "vitd": [None, None, "20-50", "75-250 nmol/L", "<=49.9", "> 30 ug/L"],
    "b12": [None, None, "150-350", ">=258 pmol/L"],
}
NEAR_LIMITS = [
    "12",
    "19.99",
    "20",
    "30",
    "30.0",
    "40.1",
    "49.9",
    "50",
    "75",
    "99.8",
    "100",
    "133",
    "258",
    "350",
]
values = st.one_of(
    st.decimals("0", "1500", places=0).map(str),
    st.decimals("0", "300", places=1).map(str),
    st.decimals("0", "90", places=3).map(str),
    st.sampled_from(NEAR_LIMITS),
    st.sampled_from(["1.060", "12.345", "200.000", "0.345", "1000.125", "22.50", "1.060 ng/mL", "<12.345"]),
    st.sampled_from(
        [
            "",
            "zz",
            "<15",
            "<4.0",
            "22..5",
            "22.",
            "-22.5",
            "22.5.1",
            ">150",
            "22 H",
            "22,5",
            "1,060",
            "022",
            "0",
            "999999999",
            "22 nmol/L",
        ]
    ),
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Measured, Judge, list[list[bytes]]]:
    """Rows of key cells, in the order of their columns, with what is to judge them."""
    roles = draw(st.lists(st.sampled_from(list(CELLS)), unique=True).map(lambda some: {"unit", *some}))
    order = draw(st.permutations(["value", *sorted(roles)]))
    analyte = built_in()[draw(st.sampled_from(["vitd", "b12"]))] if draw(st.booleans()) else None
    header_unit = draw(st.sampled_from([None, None, None, "ng/mL", "pmol/L"]))
    measured = Measured({role: column for column, role in enumerate(order)}, analyte, header_unit)
    judge = Judge(
        built_in(),
        analyte=analyte,
        units=draw(st.sampled_from([{}, {"vitd": "nmol/L", "b12": "pmol/L"}])),
        decimal=draw(st.sampled_from([None, "point", "comma"])),
        range_sets={id: draw(st.sampled_from(sets)) for id, sets in SETS.items()},
        own_ranges={
            id: read_own_range(own, None) for id, owns in OWN.items() if (own := draw(st.sampled_from(owns)))
        },
        all_ranges=draw(st.sampled_from([(), ("article", "iom-2011", "ros-2018", "nice-2024")])),
        blank_is_absent=draw(st.booleans()),
        points_may_group=draw(st.booleans()),
    )
    few = {
        role: st.sampled_from([draw(st.sampled_from(LIKELY.get(role, cells))), draw(st.sampled_from(cells))])
        for role, cells in CELLS.items()
    }
    row = [values if role == "value" else few[role] for role in order]
    rows = draw(st.lists(st.tuples(*row), min_size=1, max_size=8))
    return measured, judge, [[cell.encode() for cell in cells] for cells in rows]


def made(judge: Judge, measured: Measured = SIMPLE, delimiter: bytes = b",") -> Ways:
    header = sorted(measured.columns, key=measured.columns.__getitem__)
    return Ways(measured, judge, delimiter, bytes.decode, header=header, end=b"\n", notice=str)


def said(found: Answer) -> tuple[bytes, Kind]:
    return found[0], found[1].kind


def joined(cells: Sequence[str], delimiter: bytes) -> bytes:
    return b"".join(delimiter + quoted(cell, delimiter) for cell in cells) + b"\n"


@settings(max_examples=600)
@given(tables(), st.sampled_from([b",", b";", b"\t"]))
def test_the_bytes_of_an_answer_are_the_cells_of_the_cores_verdict(
    table: tuple[Measured, Judge, list[list[bytes]]], delimiter: bytes
) -> None:
    measured, judge, rows = table
    known = made(judge, measured, delimiter)
    for row in rows:
        others = {role: row[column].decode() for role, column in measured.columns.items()}
        value = others.pop("value")
        core = judge.judge(value, Given(header_unit=measured.unit, **others))
        cells = [*core.cells, *[""] * (len(judge.cells) - len(core.cells))]
        expected = (joined(cells, delimiter), core.kind)
        assert said(known.of([*row])) == expected  # whatever was asked before
        assert said(made(judge, measured, delimiter).of([*row])) == expected


@pytest.mark.parametrize(
    ("range_set", "own", "unit"),
    [
        ("iom-2011", None, "ng/mL"),
        ("iom-2011", None, "nmol/L"),
        ("ros-2018", None, "ng/mL"),
        (None, "25-60", "ng/mL"),
        (None, ">55 nmol/L", "ng/mL"),
        (None, "<=49.9 nmol/L", "nmol/L"),
    ],
)
def test_an_answer_changes_where_the_range_that_is_used_says_so(
    range_set: str | None, own: str | None, unit: str
) -> None:
    own_ranges = {"vitd": read_own_range(own, None)} if own else {}
    judge = Judge(built_in(), range_sets={"vitd": range_set}, own_ranges=own_ranges)
    known = made(judge)
    for halves in range(10, 300):
        value = f"{halves / 2:g}"
        verdict = judge.judge(value, Given("vitd", unit=unit))
        assert known.of([b"vitd", value.encode(), unit.encode()])[0] == joined(verdict.cells, b",")


def test_a_point_that_may_group_thousands_is_for_the_core() -> None:
    judge = Judge(built_in(), points_may_group=True)
    known = made(judge, delimiter=b";")
    _, group = known.of([b"vitd", b"22.345", b"ng/mL"])
    assert group.kind.reason == "ambiguous-number"


def test_what_the_core_has_said_is_remembered_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_JUDGED", 3)
    judge = Counting(built_in())
    known = made(judge)
    known.of([b"vitd", b"<10", b"ng/mL"])
    before = judge.asked
    for value in (10, 11, 12, 13, 10, 11, 12, 13):
        known.of([b"vitd", b"<%d" % value, b"ng/mL"])
    assert judge.asked == before + 3
    known.of([b"vitd", b"<14", b"ng/mL"])
    known.of([b"vitd", b"<10", b"ng/mL"])
    assert judge.asked == before + 5


def test_ways_of_answering_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_WAYS", 3)
    judge = Counting(built_in())
    known = made(judge)
    for number in (0, 1, 2, 3, 0, 1, 2, 3):
        known.of([b"Test %d" % number, b"1", b"ng/mL"])
    assert judge.ways == 4
    for number in (4, 0):
        known.of([b"Test %d" % number, b"1", b"ng/mL"])
    assert judge.ways == 6


def test_that_a_way_was_asked_for_once_is_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_SEEN_ONCE", 3)
    monkeypatch.setattr(ways, "_EACH_ITS_OWN", 0)
    judge = Counting(built_in())
    known = made(judge)
    for number in (0, 1, 2, 2):  # the first has its way at once, the others when they come again
        known.of([b"Test %d" % number, b"1", b"ng/mL"])
    assert judge.ways == 2
    for number in (3, 4, 5, 1):
        known.of([b"Test %d" % number, b"1", b"ng/mL"])
    assert judge.ways == 2


def test_plain_numbers_are_answered_without_the_core() -> None:
    judge = Counting(built_in())
    known = made(judge)
    known.of([b"vitd", b"1", b"nmol/L"])
    before = judge.asked
    for value, canonical in ((b"22.5", "9.0144,"), (b"22.75", "9.11456,"), (b"22", "8.81408,")):
        answer, group = known.of([b"vitd", value, b"nmol/L"])
        assert answer.decode().startswith(f",vitd,{canonical}")
        assert group.kind == Kind("vitd", "low", "")
    assert judge.asked == before
