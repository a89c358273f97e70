"""What is said of a row is what the core says, in whatever way it was found."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcheck.catalogue import built_in
from labcheck.ranges import read_own_range
from labcheck.sources.columns import Measured
from labcheck.sources.records import quoted
from labcheck.sources.rows import Given, Judge
from labcheck.sources.verdicts import Kind
from labcheck.sources.ways import Group, Ways

CELLS = {
    "test": ["vitd", "b12", "Ferritin", "Calcitriol", "25-OH D3", ""],
    "loinc": ["62292-8", "2132-9", "14635-7", "Mar-89", ""],
    "unit": ["ng/mL", "nmol/L", "pg/mL", "pmol/L", "ng/L", "IU", "5.5", "", ' "ng/mL"'],
    "comparator": ["", "", "=", "<", ">=", "4172704", "LT", "eq", "NI", "x"],
    "range": ["", "30-100", "75-250 nmol/L", "<30", "0-0", "20,5-50", "see comment"],
    "low": ["", "30", "12.5", "zz"],
    "high": ["", "50.0", "40,5"],
    "flag": ["", "H", "L", "final"],
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


def asked(measured: Measured, judge: Judge, delimiter: bytes) -> Ways:
    return Ways(measured, judge, delimiter, bytes.decode, end=b"\n", notice=str)


def said(found: tuple[bytes, Group] | None) -> tuple[bytes, Kind] | None:
    return (found[0], found[1].kind) if found else None


def joined(cells: Sequence[str], delimiter: bytes) -> bytes:
    return b"".join(delimiter + quoted(cell, delimiter) for cell in cells) + b"\n"


@settings(max_examples=600, deadline=None)
@given(tables(), st.sampled_from([b",", b";", b"\t"]))
def test_the_bytes_of_an_answer_are_the_cells_of_the_cores_verdict(
    table: tuple[Measured, Judge, list[list[bytes]]], delimiter: bytes
) -> None:
    measured, judge, rows = table
    ways = asked(measured, judge, delimiter)
    for row in rows:
        others = {role: row[column].decode() for role, column in measured.columns.items()}
        value = others.pop("value")
        core = judge.judge(value, Given(header_unit=measured.unit, **others))
        cells = [*core.cells, *[""] * (len(judge.cells) - len(core.cells))]
        expected = (joined(cells, delimiter), core.kind)
        assert said(ways.of([*row])) == expected  # whatever was asked before
        assert said(asked(measured, judge, delimiter).of([*row])) == expected
        quick = None if any(b'"' in cell for cell in row) else ways.quick(delimiter.join(row))
        assert said(quick) in (None, expected)


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
    measured = Measured({"test": 0, "value": 1, "unit": 2})
    ways = asked(measured, judge, b",")
    for halves in range(10, 300):
        value = f"{halves / 2:g}"
        verdict = judge.judge(value, Given("vitd", unit=unit))
        assert ways.of([b"vitd", value.encode(), unit.encode()])[0] == joined(verdict.cells, b",")


def test_a_point_that_may_group_thousands_is_for_the_core() -> None:
    judge = Judge(built_in(), points_may_group=True)
    ways = asked(Measured({"test": 0, "value": 1, "unit": 2}), judge, b";")
    _, group = ways.of([b"vitd", b"22.345", b"ng/mL"])
    assert group.kind.reason == "ambiguous-number"
    for key in (b"vitd;22.34;ng/mL", b"vitd;22.345;ng/mL"):
        assert ways.quick(key) is None
