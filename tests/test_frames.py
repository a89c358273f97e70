"""Each engine against the core, row by row."""

import re
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import ROUND_FLOOR, Context, Decimal
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as given_by
from hypothesis import strategies as st

from labcheck.catalogue import Catalogue, built_in
from labcheck.errors import LabcheckError
from labcheck.frames import interpret_frame
from labcheck.ranges import OwnRange, limits, read_own_range
from labcheck.reading import NO_VALUE
from labcheck.sources.rows import Given, Judge
from labcheck.sources.verdicts import CELLS, LABEL
from labcheck.units import everyday_units, factor, other_spellings, read_unit
from tests import engines
from tests.engines import Cells, Run, each_engine
from tests.test_catalogue import FERRITIN, MOLAR, loinc, names

TOLERANCE = Decimal("1e-9")


class Row(NamedTuple):
    """What a row of a table says of a result; None where it says nothing."""

    test: str | None = None
    value: str | None = None
    unit: str | None = None
    comparator: str | None = None
    loinc: str | None = None
    range: str | None = None
    low: str | None = None
    high: str | None = None
    flag: str | None = None


def columns_of(rows: Sequence[Row]) -> dict[str, list[str | None]]:
    return {role: [getattr(row, role) for row in rows] for role in Row._fields}


ROLES = {role: role for role in Row._fields}


def judged(row: Row, judge: Judge) -> Cells:
    """Return what the core says of a row."""
    said = {role: cell or "" for role, cell in row._asdict().items()}
    return judge.judge(said.pop("value"), Given(**said)).cells


def agree(row: Row, said: Sequence[str | None], expected: Cells, *, may_pass: bool = False) -> None:
    """Hold one row's cells to the core's; only a hard row may be left to the careful reader."""
    names = (*CELLS, LABEL)[: len(said)]
    cells = dict(zip(names, ("" if cell is None else cell for cell in said), strict=True))
    right = dict(zip_longest(names, expected, fillvalue=""))  # a refusal has no label
    if cells["category"] == "unjudged":
        assert may_pass, (row, cells, right)
        assert cells["note"].startswith("unusual-"), row
        assert not any(cells.get(name) for name in ("value", "unit", "code", "range", LABEL)), row
        assert cells["analyte"] in ("", right["analyte"]), (row, cells, right)
        return
    number, exact = cells.pop("value"), right.pop("value")
    assert cells == right, (row, cells, right)
    assert bool(number) == bool(exact), (row, number, exact)
    if exact:
        parts = [re.fullmatch(r"([<>=]*)([0-9.eE+-]+)", text) for text in (number, exact)]
        assert all(parts), (row, number, exact)
        (sign, one), (same, other) = (part.groups() for part in parts if part)
        assert sign == same, (row, number, exact)
        one, other = Decimal(one), Decimal(other)
        assert abs(one - other) <= TOLERANCE * other, (row, number, exact)


def hold(run: Run, rows: Sequence[Row], judge: Judge, *, may_pass: bool = False, **options: Any) -> None:
    said = run(columns_of(rows), **{**ROLES, **options})
    assert len(said) == len(rows)
    for row, cells in zip(rows, said, strict=True):
        agree(row, cells, judged(row, judge), may_pass=may_pass)


# At the limits ------------------------------------------------------------------------------------------


def beside_limits(id: str, range_set: str | None, own: OwnRange | None = None) -> Iterator[Row]:
    """Make results at each limit of an analyte in each everyday unit, and next to it, of ever more digits."""
    analyte = built_in()[id]
    for unit in everyday_units():
        by = factor(unit, read_unit(analyte.unit), analyte.molar_mass)
        of = read_unit(analyte.unit) if own and own.unit is None else unit
        for limit in limits(analyte, of, range_set=range_set, own=own):
            for places in range(14):
                step = Decimal((0, (1,), -places))
                fine = Context(prec=80)
                floor = fine.divide(limit, by).quantize(step, ROUND_FLOOR, fine)
                for number in (floor - step, floor, floor + step, floor + 2 * step):
                    if number >= 0 and len(f"{number:f}".replace(".", "").strip("0")) <= 14:
                        for comparator in ("", "<", "<=", ">", ">=") if places in (0, 1, 9) else ("",):
                            yield Row(id, f"{comparator}{number:f}", unit.code)


@cache
def expected_beside_limits(
    id: str, range_set: str | None, own: OwnRange | None = None
) -> list[tuple[Row, Cells]]:
    judge = Judge(built_in(), range_sets={id: range_set}, own_ranges={id: own} if own else {})
    return [(row, judged(row, judge)) for row in dict.fromkeys(beside_limits(id, range_set, own))]


def hold_beside_limits(run: Run, expected: Sequence[tuple[Row, Cells]], **options: Any) -> None:
    table = columns_of([row for row, _ in expected])
    said = run(
        {role: table[role] for role in ("test", "value", "unit")},
        test="test",
        value="value",
        unit="unit",
        **options,
    )
    for (row, right), cells in zip(expected, said, strict=True):
        agree(row, cells, right, may_pass=len((row.value or "").strip("<>=")) > 14)


@each_engine
@pytest.mark.parametrize(
    ("id", "range_set"), [(id, name) for id in built_in().ids for name in built_in()[id].range_sets]
)
def test_no_verdict_moves_at_a_limit_in_any_unit(run: Run, id: str, range_set: str) -> None:
    expected = expected_beside_limits(id, range_set)
    assert len(expected) > 1000
    hold_beside_limits(run, expected, range_sets={id: range_set})


@each_engine
@pytest.mark.parametrize(
    "range",
    ["30-100", "30.1-99.9 ng/mL", "75-250 nmol/L", ">=50.5 nmol/l", "<0,05 mg/l", "0-50 nmol/L"],
)
def test_no_verdict_moves_at_a_limit_of_a_range_of_ones_own(run: Run, range: str) -> None:
    own = read_own_range(range, "comma" if "," in range else None)
    expected = expected_beside_limits("vitd", "reported", own)
    hold_beside_limits(run, expected, range_sets={"vitd": "reported"}, own_ranges={"Vitamin D": own})
    elsewhere = {row.unit for row, cells in expected if cells[6] == "missing-unit"}
    assert elsewhere == (set() if own.unit else {unit.code for unit in everyday_units()} - {"ng/mL", "ug/L"})


@each_engine
def test_a_number_with_many_digits_beside_a_limit_is_left_to_the_careful_reader(run: Run) -> None:
    near = ["29." + "9" * 20, "30." + "0" * 19 + "1", "40." + "0" * 20 + "1", "39." + "9" * 30]
    far = ["29.5" + "0" * 20 + "1", "30.1" + "0" * 20 + "1", "41." + "9" * 20, "30." + "0" * 20]
    said = run({"value": near + far}, value="value", analyte="vitd", units={"vitd": "ng/mL"})
    assert [cells[3] for cells in said] == ["unjudged"] * 4 + ["low", "normal", "high", "normal"]
    assert [cells[6] for cells in said[:4]] == ["unusual-value"] * 4


@each_engine
def test_beside_a_limit_is_within_a_billionth_of_it(run: Run) -> None:
    within, beyond = ["29.9999999700001", "30.0000000299999"], ["29.9999999699999", "30.0000000300001"]
    said = run({"value": within + beyond}, value="value", analyte="vitd", units={"vitd": "ng/mL"})
    assert [cells[3] for cells in said] == ["unjudged", "unjudged", "low", "normal"]


@each_engine
@pytest.mark.parametrize("before", ["", "<", "<= "])
def test_a_number_of_up_to_40_characters_is_plain(run: Run, before: str) -> None:
    rows = [Row("vitd", f"{before}22.".ljust(characters, "0"), "ng/mL") for characters in (39, 40, 41)]
    hold(run, rows, Judge(built_in()), may_pass=True)
    assert [cells[3] for cells in run(columns_of(rows), **ROLES)] == ["low", "low", "unjudged"]


@each_engine
def test_a_converted_value_is_written_as_the_core_writes_it(run: Run) -> None:
    rows = [
        *(Row("vitd", f"{tenths / 10}", "nmol/L") for tenths in range(25, 2500)),
        *(Row("b12", f"{comparator}{n}", "pmol/L") for n in range(20, 2000) for comparator in ("", "<")),
        *(Row("b12", f"{n}", unit) for n in range(20_000, 90_000, 500) for unit in ("pg/dL", "ng/L")),
        *(Row("vitd", number, "ug/dL") for number in ("2.999999999999", "3", "3.000000000001", "4", "10.0")),
    ]
    table = {role: column for role, column in columns_of(rows).items() if role in ("test", "value", "unit")}
    said = run(table, test="test", value="value", unit="unit")
    judge = Judge(built_in())
    assert [cells[1] for cells in said] == [judged(row, judge)[1] for row in rows]


# Rows as they come --------------------------------------------------------------------------------------

NAMES = [
    name
    for id in built_in().ids
    for name in (id, built_in()[id].name, *built_in()[id].names.accepted, *built_in()[id].names.doubtful)
]
OTHER_TESTS = [name for id in built_in().ids for name in built_in()[id].names.refused]
FOREIGN = [
    "Ferritin",
    "Vitamin B12 binding capacity",
    "vitamin_d_percent_rda",
    "TSH",
    "50912",
    "",
    "Vitamin D/Calcium",
    "Vitamin D/B12",
    "B12: total",
    "25-OH Vitamin D %",
]
LOINCS = [one.code for id in built_in().ids for one in built_in()[id].loinc]
UNITS = [spelling for unit in everyday_units() for spelling in (unit.code, *other_spellings(unit))]
COMPARATORS = ["", "<", "<=", "=<", "≤", ">", ">=", "=>", "≥"]

plain_numbers = st.one_of(
    st.decimals("0", "2000000", places=0),
    st.decimals("0", "3000", places=1),
    st.decimals("0", "1000", places=4),
    st.sampled_from(re.split(" ", "29 29.5 30 30.0 40 40.1 74.8 74.9 75 99.8 100 100.0 200")).map(Decimal),
).map(lambda number: f"{number:f}")  # fmt: skip


@st.composite
def plain_rows(draw: st.DrawFn) -> Row:
    """Draw a row that every engine has to understand."""
    beside = draw(st.sampled_from(["", "", *COMPARATORS, "="]))
    before = draw(st.sampled_from(COMPARATORS)) if beside in ("", "=") else ""
    blank = draw(st.sampled_from(["", " "]))
    number = f"{before}{blank}{draw(plain_numbers)}{blank}"
    nothing = ["", " "] if beside else ["", "pending", "QNS.", "-"]
    return Row(
        test=draw(st.sampled_from([*NAMES, *OTHER_TESTS, *FOREIGN[:5]]).flatmap(in_any_case)),
        value=draw(st.sampled_from([number, number, number, *nothing])),
        unit=draw(st.sampled_from(["", *UNITS]).flatmap(in_any_case)),
        comparator=beside if draw(st.booleans()) or beside else None,
    )


def in_any_case(text: str) -> st.SearchStrategy[str]:
    return (
        st.sampled_from([text, text.upper(), text.lower(), f" {text} "]) if text != "G/L" else st.just(text)
    )


HARD_VALUES = re.split(
    r"\s+",
    """22 22.5 .5 +3 2.2E1 22,5 0,500 1,234.5 1.234,5 1_187 1'250 22_ng/mL <5 <=5 =<5 ≤5 >5 >=5 =>5 ≥5 ＜5
    GREATER_THAN_2000 less_than_4 22_L 103_High 29,30_* 13,80_! 22_(L) 1,060 1.060 N/A pending QNS TNP
    folgt See_Comments - -- 22-25 120/80 375,_390 ?7 ~22 5..4 nan inf 1e999 *000 0 00 0.0 -5 5.4e-79 022
    22. 22..5 ..5 5.. 0..0 .. < <_ << <<5 <=>5 ><5 5< = =5 ٢٢ 1e5 Inf NaN 0x16 1e-5 999999999999999999999 +inf
    −5 – "" __""",
)
HARD_VALUES = [text.replace("_", " ") for text in HARD_VALUES]
HARD_VALUES += [
    "22\u00a0",
    "\u00a022",
    "1\u202f187",
    "1_000",
    "22\n",
    "\t22",
    *("22\u2028", "22.5\x85", "\x1f22", "22\x0b", "22..5\u2029", "PENDİNG", "N\u0130L", "\u3000"),
    "30." + "0" * 20,
    "9" * 99,
    "1" * 101,
]
HARD_NAMES = [
    *("25-hydroxyvitamin D3 [Mass/volume] in Serum or Plasma", "Cobalamins:MCnc:Pt:Ser/Plas:Qn"),
    *("Glucose [Mass/volume] in Serum or Plasma", "Cobalamin (Vitamin B12) [Mass/volume] in Urine"),
    *("25(OH)D3 Ser/Plas-mCnc", "Vitamin D [Moles/volume] in Serum or Plasma", "B12 by LC/MS"),
    *("Holo TC [Moles/volume] by CLIA", "Vit B12 SerPl-mCnc"),
    *("1,25(OH)2D", "25(OH)2 vitamin D", "25 (OH) D", "B-Vitamin D", "B - B12", "S-25-OH Vitamin D"),
    *("Vitamin D₃", "VITAMIN D,25-OH,TOTAL,IA", "Vitamin D, 25-Hydroxy", "25-Hydroxyvitamin D3", "vitamind"),
    *("vitamin  d", "vitamin-d\n", "d vitamin", "25ohvitamind", "Vitamin B 12", "VitB12", "b12 (serum)"),
    *("Vitamin D <25", "Hämoglobin", "Vitamin D – 25-OH", "cobalamin" * 30, "vitd" + " " * 250, "Holo-TC II"),
    *("Vitamin B12 (active)", "25-OH-Vitamin D2", "urine vitamin D", "Vit. D", "Vit.B12", "Vitamín D"),
    *("25-OH Vitamin D, LC/MS", "Vitamin D3 (LC-MS/MS)", "B12 CLIA", "vitamin d ms", "vitd elisa/x"),
    *("_clia b12", "Ferritin, ECLIA"),
    *("Vitamin D\u2028", "Vitamin D [Moles/volume] in\u2029 Serum or Plasma"),
    "25-OH D2:MCnc:Pt:Ser/Pla\u017f:Qn",
    "V\u0130tam\u0130n D [Mole\u017f/volume] \u0130n Serum or Pla\u017fma",
    *("Vitamin D in\x1cserum", "ıa vitd"),
    *("25(OH)D3\x85 Ser/Pla\u017f-mCnc(OH)2", "\x00B12 TC 2:MCnc:Pt:Ser/Pla\u017f:Qn"),
    *("Créatinine/Hb", "CA 19–9", "Holo-TCII", "vitamin Ddihydroxy", "25OH Vitamin D3"),
    *("Vitamin D (nmol/L)", "25-OH Vitamin D [ng/mL] ", "Glucose (mg/dL)", "Calcitriol (pg/mL)"),
    *("Vitamin D i.S.", "Vitamin B12 im Serum", "B12 in urine", "B12 IM", "Vitamina D en suero"),
    *("Vitamin-D-Spiegel", "Vitamin D of serum"),
    *("vit d 25 hydroxy total", "B12 ratio", "K", "d3-25-oh", "1,25-(OH)2-Vitamin D3"),
]  # fmt: skip
HARD_UNITS = [
    *("G/L", "g/L", "?g/L", "IU/L", "%", "µg", "ng", "ng/ML", "NG/ML", "nG/mL", "ng / ml", "ng/100ml"),
    *("ng.mL-1", "fmol/mL", "ng**9", "Âµg/L", "ΜG/L", "ng ml", "ng\u00a0/mL", "NM", "mol/L", "mmol/l"),
    *("İU/L", "\u3000ng/mL\u2028"),
    *("(ng/mL)", "x" * 70, "\u00a0", "()", "IU", "iu/ml", "U/L", "mIU/L", "ug", "mcg", "nmol", "PMOL"),
]  # fmt: skip
CODED = [
    "LOINC 1989-3",
    "loinc:1989-3",
    "1989-3^LN",
    "1989–3",
    "1989 - 3",
    "LOINC",
    "1989-3 LOINC",
    "1989-33",
    "1989-3\u2028",
    "1989-3\x1c^LN",
    "loınc:\u20291989-3",
    "1989\u00a0-\u30003",
    "68438-1 -mCnc",
    "16695-9[Mass/volume] in Serum or Plasma",
]
DATED = [
    "Mar-89",
    "mrz 89",
    "Mars-1989",
    "août-89",
    "1989-03-01 00:00:00",
    "3/1/1989",
    "01.03.1989",
    "1.3.89",
    "Mar-89\u00a0",
    "1.3.89\x1c",
    "3\u00a01/1989",
    "Mar-8\u03079",
    "\uff13/1/\uff119\uff189",
    "1\uff19\uff18\uff19-\uff103-\uff101 \uff10\uff10:00\uff1a\uff10\uff10",
]
HARD_LOINCS = [
    *("", "Mar-89", "1989-03", "01.03.1989", "LOINC 1989-3", "1989–3", "2345-7", "GLU", "12 34", "1989-3^LN"),
    *("x", "1989_3", "1989-3\u2028", "2236-8\u2029", "\x1d62290-2"),
]  # fmt: skip
WORDS = re.split(" ", "25 oh vitamin d b 12 1 2 d3 total serum (oh)2 (oh) hydroxy é x b12 holo")

composed_names = st.builds(
    str.join, st.sampled_from([" ", "-", "", ", "]), st.lists(st.sampled_from(WORDS), max_size=5)
)
hard_rows = st.builds(
    Row,
    test=st.none()
    | st.sampled_from([*NAMES, *OTHER_TESTS, *FOREIGN, *HARD_NAMES])
    | st.sampled_from([*LOINCS, *DATED, *CODED, " 1989-3 "])
    | composed_names,
    value=st.none()
    | st.sampled_from(HARD_VALUES)
    | st.builds("{}{}".format, st.sampled_from(COMPARATORS), plain_numbers)
    | st.text(max_size=6),
    unit=st.none() | st.sampled_from([*UNITS, *HARD_UNITS]) | st.text(max_size=4),
    comparator=st.none()
    | st.sampled_from(
        [*COMPARATORS, "=", "4171756", "0", "4171757", "~", "1", " < ", "\t<", "-", "LT", "ge"]
    ),
    loinc=st.none() | st.sampled_from([*LOINCS, *HARD_LOINCS]),
    range=st.none(),
    low=st.none(),
    high=st.none(),
    flag=st.none(),
)
# A row that fails names itself; to shrink the table around it would take some engines an hour.
each_row = settings(
    max_examples=12,
    phases=[phase for phase in Phase if phase is not Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@each_engine
@each_row
@given_by(rows=st.lists(plain_rows(), min_size=20, max_size=60))
def test_a_plain_row_gets_the_verdict_of_the_core(run: Run, rows: list[Row]) -> None:
    table = {role: column for role, column in columns_of(rows).items() if role != "loinc"}
    said = run(
        table, test="test", value="value", unit="unit", comparator="comparator", units={"vitd": "nmol/L"}
    )
    judge = Judge(built_in(), units={"vitd": "nmol/L"})
    for row, cells in zip(rows, said, strict=True):
        agree(row, cells, judged(row, judge))


@each_engine
@each_row
@given_by(rows=st.lists(hard_rows, min_size=20, max_size=60))
def test_a_hard_row_gets_the_verdict_of_the_core_or_none(run: Run, rows: list[Row]) -> None:
    hold(run, rows, Judge(built_in(), units={"b12": "pmol/L"}), may_pass=True, units={"b12": "pmol/L"})


# What the laboratory says itself -------------------------------------------------------------------------

ENDS = re.split(" ", "0 4 20 29.9 30 30.0 30.5 75 75.0 100 150 200 250 900 1000 2500 2500000 0.5 040")
RANGES = [
    *("", " ", "-", "N/A", "see comment", "not established", "0-0", "100-30", "0-2-7.2", "<0", ">0", "30"),
    *("30-100", "30 - 100", "75–250", " 75-250 ", "(30-100)", "30,5-100", "30-100 ng/mL", "30 to 100", "<30"),
    *("<=30", "≤ 30", ">30", "> 30", ">=30", "=> 30", "> OR = 60", "0.2 OR LESS", "30-", "-30", "0.5-0.9"),
    *("1001-2000", ">1000", ">=1000", ">999", "<1", "<=1", "<1.5", "3000000-4000000", "a1", "\n30-100"),
    *("030-40", "30.00000000000000001-40", "29.99999999999-40.00000000001", "30-100\n", "30\n-100"),
    *("30- 100", "12-50-"),
]  # fmt: skip
FLAGS = [
    *("", "H", "h", "L", "l", "(L)", "[H] ", "N", "A", "aa", "LL", "High", "low", "normal", "ABNORMAL", "*"),
    *("↑", "↓↓", "?", "H\n", " L\t", "hıgh", "HİGH", "Ｈ", "é", "H*", "critical", "()"),
    *("<", ">", "L <", "≥", "off scale low", "H,A", "L/", "critical high", "＜", "h;l", "=<"),
    *("L\x1f>=", "h\x1cN"),
]  # fmt: skip
reporting_rows = st.builds(
    Row,
    test=st.sampled_from(["vitd", "b12", "Vitamin D"]),
    value=st.builds(
        "{}{}".format,
        st.sampled_from(["", "", "", *COMPARATORS]),
        plain_numbers | st.sampled_from(ENDS) | st.sampled_from(HARD_VALUES),
    ),
    unit=st.sampled_from(["ng/mL", "nmol/L", "pg/mL", "pmol/L", "ug/L", ""]),
    comparator=st.just(""),
    loinc=st.just(""),
    range=st.none()
    | st.sampled_from(RANGES)
    | st.builds("{}-{}".format, st.sampled_from(ENDS), st.sampled_from(ENDS))
    | st.builds("{}{}".format, st.sampled_from(COMPARATORS), st.sampled_from(ENDS)),
    low=st.none() | st.sampled_from([*ENDS, "", "-", "<30"]),
    high=st.none() | st.sampled_from([*ENDS, "", "N/A", "30-40"]),
    flag=st.none() | st.sampled_from(FLAGS),
)
SETS: Sequence[dict[str, str]] = [{"b12": "reported"}, {"vitd": "reported", "b12": "nice-2024"}]


@each_engine
@pytest.mark.parametrize("sets", SETS, ids=str)
@settings(each_row, max_examples=6)
@given_by(rows=st.lists(reporting_rows, min_size=40, max_size=80))
def test_what_a_report_says_gets_the_verdict_of_the_core_or_none(
    run: Run, sets: dict[str, str], rows: list[Row]
) -> None:
    hold(run, rows, Judge(built_in(), range_sets=sets), may_pass=True, range_sets=sets)


@each_engine
@pytest.mark.parametrize("sets", SETS, ids=str)
def test_every_plain_range_and_flag_is_understood(run: Run, sets: dict[str, str]) -> None:
    rows = [
        Row("vitd", value, unit, range=range, low=low, high=high, flag=flag)
        for unit in ("ng/mL", "nmol/L")
        for value in re.split(" ", "4 29.9 30 30.0 35 40 75 75.1 99.9 100 100.1 250 350")
        for range, low, high in (
            *(("30-100", "", ""), ("75 – 250", "0", "1"), (">=30", "", ""), ("<100", "", "")),
            *(("≤ 100", "", ""), ("", "30", "100"), (None, "30", ""), ("", "", "100"), ("N/A", "1", "2")),
            *(("not established", "", ""), ("0-0", "", ""), ("100-30", "", ""), ("5000-6000", "", "")),
            *(("0.01-0.2", "", ""), (">30", "-", "-"), ("", "0", ""), (">=0", "", "")),
        )
        for flag in ("", "H", "(l)", "Normal", "A", "*", "below normal", "see note", "N/A", "none", "W")
    ]  # fmt: skip
    hold(run, rows, Judge(built_in(), range_sets=sets), range_sets=sets)


@each_engine
@pytest.mark.parametrize("role", ["range", "low", "high"])
def test_a_range_may_have_one_column_of_any_kind(run: Run, role: str) -> None:
    sets, end = {"vitd": "reported"}, {"range": "50-90", "low": "50", "high": "50"}[role]
    rows = [Row("vitd", value, "ng/mL", **{role: end}) for value in ("49.9", "50", "50.1", "90.1")]
    table = columns_of(rows)
    roles = ("test", "value", "unit", role)
    said = run({role: table[role] for role in roles}, **{role: role for role in roles}, range_sets=sets)
    judge = Judge(built_in(), range_sets=sets)
    for row, cells in zip(rows, said, strict=True):
        agree(row, cells, judged(row, judge))


@each_engine
def test_a_flag_that_says_off_scale_is_left_to_the_careful_reader(run: Run) -> None:
    rows = [
        Row("vitd", value, "ng/mL", flag=flag)
        for value in ("0.5", "4", "35")
        for flag in ("<", "L <", "≥", "L\x1f>", ">H", "> amr", "-->")
    ]
    hold(run, rows, Judge(built_in()), may_pass=True)
    assert {cells[6] for cells in run(columns_of(rows), **ROLES)} == {"unusual-flag"}


@each_engine
def test_a_comparator_beside_a_range_is_judged(run: Run) -> None:
    rows = [
        Row("vitd", f"{comparator}{number}", "ng/mL", range=range)
        for comparator in ("<", "<=", ">", ">=")
        for number in ("4", "20", "29.9", "30", "35", "40", "100", "100.1", "150")
        for range in ("30-100", ">=30", "<100", "<=100", ">30", "0-100", ">=0", ">0")
    ]
    rows += [Row("vitd", f"<{number}", "ng/mL", high="100.0") for number in ("99", "100", "100.1")]
    for sets in ({}, *SETS):
        hold(run, rows, Judge(built_in(), range_sets=sets), range_sets=sets)


@each_engine
def test_a_flag_is_compared_with_all_that_a_comparator_leaves_open(run: Run) -> None:
    rows = [
        Row("b12", f"{comparator}{number}", "pg/mL", range=range, flag=flag)
        for comparator in ("<", ">")
        for number in ("150", "200", "500", "900", "1000")
        for range in ("", "100-300", ">=160")
        for flag in ("H", "(l)", "N", "A", "*")
    ]
    for sets in ({}, *SETS):
        hold(run, rows, Judge(built_in(), range_sets=sets), range_sets=sets)


@each_engine
def test_a_number_with_many_digits_beside_a_range_is_left_to_the_careful_reader(run: Run) -> None:
    few = [
        Row("vitd", "32.99999999999", "ng/mL", range="33-77"),
        Row("vitd", "33", "ng/mL", low="33.00000000001", high="77"),
        Row("vitd", "77", "ng/mL", range="33-76.99999999999"),
    ]
    many = [
        Row("vitd", "32.99999999999999999", "ng/mL", range="33-77"),
        Row("vitd", "33", "ng/mL", low="33.00000000000000001", high="77"),
        Row("vitd", "77", "ng/mL", range="33-76.99999999999999999"),
    ]
    sets = {"vitd": "reported"}
    hold(run, few, Judge(built_in(), range_sets=sets), range_sets=sets)
    hold(run, many, Judge(built_in(), range_sets=sets), may_pass=True, range_sets=sets)
    assert {cells[6] for cells in run(columns_of(many), **ROLES, range_sets=sets)} == {"unusual-range"}


@each_engine
@settings(each_row, max_examples=6)
@given_by(
    rows=st.lists(
        reporting_rows.map(lambda row: Row(*(cell and cell.replace(".", ",") for cell in row)))
        | reporting_rows,
        min_size=40,
        max_size=80,
    )
)
def test_numbers_with_a_decimal_comma_get_the_verdict_of_the_core_or_none(run: Run, rows: list[Row]) -> None:
    hold(run, rows, Judge(built_in(), decimal="comma"), may_pass=True, decimal="comma")


@each_engine
def test_a_decimal_comma_is_read_where_it_is_asked_for(run: Run) -> None:
    rows = [
        Row("vitd", value, "nmol/L", range="75,5-250", flag="H")
        for value in ("22,5", "<4", ">= 300,0", "100")
    ]
    hold(run, rows, Judge(built_in(), decimal="comma"), decimal="comma")
    rows = [Row("vitd", value, "nmol/L") for value in (",", "-,", "N.A.", "pending", "-")]
    hold(run, rows, Judge(built_in(), decimal="comma"), may_pass=True, decimal="comma")
    point = Row("vitd", "22.5", "nmol/L", range="", flag="")
    (said,) = run(columns_of([point]), **ROLES, decimal="comma")
    assert said[3] == "unjudged"


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"value": ["1.234", "250,5"]}, {"value": pl.Categorical}),
        pl.DataFrame({"value": ["1.234", "250,5"]}, {"value": pl.Enum(["1.234", "250,5"])}),
        pd.DataFrame({"value": ["1.234", "250,5"]}, dtype="category"),
        pd.DataFrame({"value": ["1.234", "250,5", 250.5]}, dtype=object),
        pa.table({"value": pa.array(["1.234", "250,5"]).dictionary_encode()}),
        pa.table({"value": pa.array(["1.234", "250,5"], pa.string_view())}),
        duckdb.sql("SELECT unnest(['1.234', '250,5'])::ENUM ('1.234', '250,5') AS value"),
    ],
    ids=["categorical", "enum", "category", "object", "dictionary", "view", "duckdb-enum"],
)
def test_a_decimal_comma_is_read_in_every_type_of_text(frame: Any) -> None:
    out = interpret_frame(frame, value="value", analyte="b12", units={"b12": "pg/mL"}, decimal="comma")
    said = nw.from_native(out).select("labcheck_category", "labcheck_note")
    rows = (said.collect() if isinstance(said, nw.LazyFrame) else said).rows()
    assert rows[0] == ("unjudged", "unusual-value")
    assert rows[1][0] == "normal"
    assert all(row[0] == "unjudged" for row in rows[2:])


@each_engine
def test_a_column_of_numbers_has_no_decimal_comma(run: Run) -> None:
    table = {"value": [104.125, 30.0], "low": [30.5, None], "high": [100.25, 100.0]}
    said = run(
        table, value="value", low="low", high="high", analyte="vitd", units={"vitd": "ng/mL"}, decimal="comma"
    )
    assert [cells[1] for cells in said] == ["104.125", "30.0"]
    assert [cells[6] for cells in said] == [None, None]


@each_engine
def test_every_hard_string_gets_the_verdict_of_the_core_or_none(run: Run) -> None:
    rows = [Row("vitd", text, "ng/mL") for text in HARD_VALUES]
    rows += [Row(name, "25", "ng/mL") for name in (*CODED, *DATED)]
    rows += [
        Row(name, "25", "ng/mL", None, code)
        for name in [*HARD_NAMES, *FOREIGN]
        for code in ("", "1989-3", "2132-9")
    ]
    rows += [Row("vitd", "25", unit) for unit in HARD_UNITS]
    rows += [
        Row(name, "25", "ng/mL", None, code)
        for code in (*LOINCS, *HARD_LOINCS)
        for name in ("", "vitd", "b12", "Ferritin", "25-OH vitamin D3")
    ]
    hold(run, rows, Judge(built_in()), may_pass=True)


@each_engine
def test_a_blank_of_any_kind_at_either_end_says_nothing(run: Run) -> None:
    """To some engines, `$` stands in front of a last line end, and few of them know all blanks."""
    blanks = [chr(code) for code in range(0x3001) if chr(code).isspace()]
    plain = Row("vitd", "25", "ng/mL", "<", "1989-3", "30-100", flag="")
    rows = [
        plain._replace(**{role: text})
        for role in ("test", "value", "unit", "comparator", "loinc", "range")
        for blank in blanks
        for text in (f"{getattr(plain, role)}{blank}", f"{blank}{getattr(plain, role)}")
    ]
    hold(run, rows, Judge(built_in()))


@each_engine
def test_a_figure_with_many_zeros_is_near_a_limit_that_it_may_be_rounded_to(run: Run) -> None:
    rows = [Row("vitd", "40000." + "0" * zeros, "ng/L") for zeros in (1, 10, 24, 33)]
    hold(run, rows, Judge(built_in()))
    assert {judged(row, Judge(built_in()))[6] for row in rows} == {"near-limit"}


@each_engine
def test_every_name_of_the_catalogue_is_known(run: Run) -> None:
    rows = [Row(name, "25", "ng/mL") for name in (*NAMES, *OTHER_TESTS, *FOREIGN)]
    hold(run, rows, Judge(built_in()))


@each_engine
@pytest.mark.parametrize(
    "name",
    [
        "Vitamin D, 25-OH",
        "Vitamin D, 25-OH, total",
        "D (25-OH)",
        "Cobalamin (vitamin B12)",
        "B12, vitamin (serum)",
    ],
)
def test_a_name_of_the_catalogue_may_be_turned_round(run: Run, name: str) -> None:
    row = Row(name, "25", "ng/mL")
    hold(run, [row], Judge(built_in()))
    assert judged(row, Judge(built_in()))[3] != "refused"


@each_engine
def test_a_name_of_a_catalogue_that_is_no_name_to_the_core_is_none(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "ferritin.toml"
    file.write_text(names("iron/ferritin"), "utf-8")
    catalogue = Catalogue([file])
    rows = [Row(name, "25", "ng/mL") for name in ("iron/ferritin", "ferritin")]
    hold(run, rows, Judge(catalogue), catalogue=catalogue)
    assert [judged(row, Judge(catalogue))[0] for row in rows] == ["", "ferritin"]


@each_engine
def test_a_text_of_more_than_200_characters_is_no_name(run: Run) -> None:
    rows = [
        Row("vitd".ljust(characters - 6, "-") + " serum", "25", "ng/mL") for characters in (199, 200, 201)
    ]
    hold(run, rows, Judge(built_in()))
    assert [cells[0] for cells in run(columns_of(rows), **ROLES)] == ["vitd", "vitd", None]


@each_engine
def test_every_spelling_of_an_everyday_unit_is_known(run: Run) -> None:
    hold(run, [Row("vitd", "25", unit) for unit in UNITS], Judge(built_in()))


@each_engine
def test_a_unit_that_an_analyte_cannot_have_is_left_to_the_careful_reader(run: Run, tmp_path: Path) -> None:
    """Without a molar mass, moles cannot be converted: in no unit may they count as grams."""
    file = tmp_path / "ferritin.toml"
    file.write_text(FERRITIN, "utf-8")
    catalogue = Catalogue([file])
    rows = [Row(test, "22", unit) for test in ("Ferritin", "vitd") for unit in UNITS]
    hold(run, rows, Judge(catalogue), may_pass=True, catalogue=catalogue)
    said = run(columns_of(rows), **ROLES, catalogue=catalogue)
    left = [row for row, cells in zip(rows, said, strict=True) if cells[3] == "unjudged"]
    assert {(row.test, read_unit(row.unit or "").kind) for row in left} == {("Ferritin", "substance")}


@each_engine
@pytest.mark.parametrize(
    ("unit", "values"),
    [
        ("umol/L", "0.0748 0.0749 0.0998 0.0999"),
        ("mg/L", "0.0299 0.03 0.0301 0.0399 0.04 0.0401"),
        ("ng/dL", "2999 3000 3001 3999 4000 4001"),
    ],
)
def test_rows_without_a_unit_may_have_any_that_can_be_converted(run: Run, unit: str, values: str) -> None:
    units = {"vitd": unit}
    rows = [Row("vitd", value) for value in values.split(" ")]
    hold(run, rows, Judge(built_in(), units=units), units=units)
    assert {judged(row, Judge(built_in(), units=units))[3] for row in rows} == {"low", "normal", "high"}


@each_engine
def test_every_word_and_sign_for_no_value_is_known(run: Run) -> None:
    signs = ["-", "–", "—", "−", "*", "_", ".", "--", "−-.", "- –", "\u2010", "\u2011", "\u2012"]
    words = [spelled for word in NO_VALUE for spelled in (word, word.upper(), f" {word}. ")]
    hold(run, [Row("vitd", text, "ng/mL") for text in (*signs, *sorted(words))], Judge(built_in()))


@each_engine
def test_a_word_for_no_value_says_nothing_only_without_a_comparator(run: Run) -> None:
    rows = [Row("vitd", "pending", "ng/mL", "="), *(Row("vitd", " ", "ng/mL", sign) for sign in ("", "<"))]
    hold(run, rows, Judge(built_in()))
    rows = [Row("vitd", text, "ng/mL", sign) for text in ("pending", "-") for sign in ("<", ">=", "~")]
    hold(run, rows, Judge(built_in()), may_pass=True)
    assert {cells[6] for cells in run(columns_of(rows), **ROLES)} == {"unusual-value"}


@each_engine
def test_what_is_surely_no_concentration_and_no_number_is_refused(run: Run) -> None:
    rows = [Row("vitd", "25", unit) for unit in ("%", "IU/L", "U/mL", "mmol", "µg")]
    hold(run, [*rows, Row("vitd", "22..5", "ng/mL"), Row("b12", "pending", "%")], Judge(built_in()))


# Columns as they are found ------------------------------------------------------------------------------


@each_engine
def test_a_column_of_floats_is_read_by_its_digits(run: Run) -> None:
    floats = [22.5, 30.0, 100.0, 74.88, 99.8, 74.9, 0.5, 1e-7, 1e9, float("inf"), 39.99, 40.0, 104.123456789]
    said = run(
        {"value": [*floats, None, float("nan")]}, value="value", analyte="vitd", units={"vitd": "nmol/L"}
    )
    judge = Judge(built_in(), analyte=built_in()["vitd"], units={"vitd": "nmol/L"})
    for number, cells in zip(floats, said, strict=False):
        agree(Row(), cells, judge.judge(str(number), Given()).cells, may_pass=not 1e-3 < number < 1e7)
    assert [cells[6] for cells in said[-2:]] == ["no-value", "no-value"]


@each_engine
def test_whole_numbers_are_read_as_they_are(run: Run) -> None:
    said = run({"value": [22, 75, 100, 0, -5]}, value="value", analyte="vitd", units={"vitd": "nmol/L"})
    assert [cells[3] for cells in said] == ["low", "normal", "high", "refused", "unjudged"]
    assert [cells[6] for cells in said[1:4]] == ["near-limit", "near-limit", "impossible-value"]


@each_engine
def test_codes_say_whose_result_it_is_without_a_name(run: Run) -> None:
    rows = [
        Row(value="60", unit=unit, loinc=code)
        for code in (*LOINCS, *HARD_LOINCS)
        for unit in ("ng/mL", "nmol/L")
    ]
    table = {role: column for role, column in columns_of(rows).items() if role in ("value", "unit", "loinc")}
    said = run(table, value="value", unit="unit", loinc="loinc")
    for row, cells in zip(rows, said, strict=True):
        agree(
            row,
            cells,
            judged(row, Judge(built_in())),
            may_pass=row.loinc not in (*LOINCS, "", "GLU", "2345-7"),
        )
    assert "code-unit-conflict" in {cells[6] for cells in said}


@each_engine
def test_a_code_of_one_analyte_beside_the_name_of_another_is_refused(run: Run) -> None:
    rows = [
        Row(name, "60", "ng/mL", loinc=one.code)
        for named, coded in (("vitd", "b12"), ("b12", "vitd"))
        for name in (named, *built_in()[named].names.accepted, *built_in()[named].names.doubtful)
        for one in built_in()[coded].loinc
    ]
    hold(run, rows, Judge(built_in()))
    assert {judged(row, Judge(built_in()))[6] for row in rows} == {"wrong-analyte"}


@each_engine
def test_a_local_code_can_contradict_a_name(run: Run) -> None:
    names, judge = ("Vitamin D", "B12", "Glucose", ""), Judge(built_in())
    agreeing = [("Vitamin D", code) for code in ("", "VITD", "25OHD", "L0123", "GLU")]
    agreeing += [(name, code) for name in ("Glucose", "") for code in ("B12", "P", "TOTAL", "HOLOTC", "PTH")]
    hold(run, [Row(name, "60", "ng/mL", loinc=code) for name, code in agreeing], judge)
    codes = ("HOLOTC", "VITD125", "B12", "VITD", "D3", "25-OH D", "Q", "FERRITIN", "PTH", "RBC FOLATE")
    rows = [Row(name, "60", "ng/mL", loinc=code) for name in names for code in codes]
    hold(run, rows, judge, may_pass=True)
    assert {judged(row, judge)[6] for row in rows} >= {"wrong-analyte", ""}


@each_engine
def test_a_flag_of_signs_is_told_where_it_is_not_understood(run: Run) -> None:
    judge = Judge(built_in())

    def flagged(*flags: str) -> list[Row]:
        return [Row("Vitamin D", "45", "ng/mL", flag=flag) for flag in flags]

    hold(
        run, flagged("*", "!", "**", "+", "++", "--", "-", "#", "?", "H *", "(L)", "▲", "▼", "()", "."), judge
    )
    blanks = ("below\tLOQ", "not\ndetected", "\nND", "below\tnormal", "x\ny", "below  LOQ", "L\r\n")
    hold(run, flagged("'<", "<?", "↓<", "LOW <45", *blanks), judge, may_pass=True)


@each_engine
def test_a_code_that_one_analyte_refuses_stays_anothers_own(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "ferritin.toml"
    file.write_text(loinc("1989-3", 'refused = "another test"'), "utf-8")
    catalogue = Catalogue([file])
    hold(run, [Row(value="60", unit="ng/mL", loinc="1989-3")], Judge(catalogue), catalogue=catalogue)


@each_engine
def test_a_column_of_tests_can_hold_codes(run: Run) -> None:
    rows = [Row(f" {code} ", "60", unit) for code in LOINCS for unit in ("ng/mL", "nmol/L")]
    rows += [Row("2345-7", "60", "ng/mL"), Row("17-OH-Progesteron", "60", "ng/mL"), Row("12", "60", "ng/mL")]
    table = {role: column for role, column in columns_of(rows).items() if role in ("test", "value", "unit")}
    said = run(table, test="test", value="value", unit="unit")
    for row, cells in zip(rows, said, strict=True):
        agree(row, cells, judged(row, Judge(built_in())))
    hold(run, rows, Judge(built_in()))


@each_engine
@pytest.mark.parametrize("roles", [("test", "value", "unit"), Row._fields], ids=["names", "names and codes"])
def test_a_date_that_may_have_been_a_code_is_left_to_the_careful_reader(
    run: Run, roles: Sequence[str]
) -> None:
    table = columns_of([Row(name, "60", "ng/mL") for name in DATED])
    said = run({role: table[role] for role in roles}, **{role: role for role in roles})
    assert {cells[3] for cells in said} == {"unjudged"}


@each_engine
def test_one_analyte_can_be_judged_alone(run: Run) -> None:
    rows = [
        Row(test, "22", "ng/mL") for test in ("vitd", "B12", "", "Ferritin", "Calcitriol", "vitamin d2 d")
    ]
    table = {role: column for role, column in columns_of(rows).items() if role in ("test", "value", "unit")}
    said = run(table, test="test", value="value", unit="unit", analyte="vitd")
    judge = Judge(built_in(), analyte=built_in()["vitd"])
    for row, cells in zip(rows, said, strict=True):
        agree(row, cells, judged(row, judge), may_pass=row.test == "vitamin d2 d")


@each_engine
def test_a_blank_cell_of_a_wide_table_is_no_result(run: Run) -> None:
    table = {"value": ["60", None, " ", "", "pending"]}
    said = run(table, value="value", analyte="vitd", units={"vitd": "nmol/L"}, wide=True)
    assert [cells[3] for cells in said] == ["low", None, None, None, "refused"]


@each_engine
@pytest.mark.parametrize("name", ["vitd", "Calcitriol", "Vitamín D", "Ferritin"])
def test_a_blank_cell_of_a_wide_table_is_no_result_by_any_name(run: Run, name: str) -> None:
    rows = [Row(name, value, "ng/mL") for value in (None, "", " ")]
    hold(run, rows, Judge(built_in(), blank_is_absent=True), wide=True)


@each_engine
@pytest.mark.parametrize(
    "concepts", [[4171756, 4171755, 4172703, 0, 99], ["4171756", "4171755", "4172703", "0", "99"]]
)
def test_a_concept_of_omop_is_a_comparator(run: Run, concepts: list[Any]) -> None:
    table = {"value": [4.0] * 5, "comparator": concepts}
    said = run(table, value="value", comparator="comparator", analyte="vitd", units={"vitd": "ng/mL"})
    assert [cells[1] for cells in said] == ["<4.0", ">=4.0", "4.0", "4.0", None]
    assert said[4][6] == "unusual-value"


@each_engine
@pytest.mark.parametrize("gap", [None, float("nan")])
def test_a_gap_makes_floats_of_the_concepts(run: Run, gap: float | None) -> None:
    table = {"value": [4.0] * 2, "comparator": [4171756.0, gap]}
    said = run(table, value="value", comparator="comparator", analyte="vitd", units={"vitd": "ng/mL"})
    assert [cells[1] for cells in said] == ["<4.0", "4.0"]


def test_the_frame_keeps_its_rows_columns_and_order() -> None:
    frame = pl.DataFrame({"b": [3, 1, 2], "value": ["22", "50", "35"], "a": ["x", "y", "z"]})
    out = interpret_frame(frame, value="value", analyte="vitd", units={"vitd": "ng/mL"}, prefix="own_")
    assert out.columns == ["b", "value", "a", *(f"own_{name}" for name in CELLS)]
    assert out.select(frame.columns).equals(frame)
    assert out["own_category"].to_list() == ["low", "high", "normal"]


@pytest.mark.parametrize("index", [[7, 7, 1], ["a", 3, None], [0, 1, 2]])
@pytest.mark.parametrize("values", [["22", "<50", "35"], [22, "<50", 35], [22.0, 50.0, 35.0]])
def test_a_frame_of_pandas_keeps_its_index_and_may_mix_numbers_with_texts(
    index: list[Any], values: list[Any]
) -> None:
    frame = pd.DataFrame({"value": values, "x": [1, 2, 3]}, index=index)
    out = interpret_frame(frame, value="value", analyte="vitd", units={"vitd": "ng/mL"})
    assert list(out.columns) == ["value", "x", *(f"labcheck_{name}" for name in CELLS)]
    assert out.index.equals(frame.index)
    assert out[frame.columns].equals(frame)
    middle = "indeterminate" if values[1] == "<50" else "high"
    assert list(out["labcheck_category"]) == ["low", middle, "normal"]


def test_a_frame_of_pandas_loses_no_column_of_its_own() -> None:
    frame = pd.DataFrame({"value": ["22"], "labcheck_note": ["mine"]})
    with pytest.raises(LabcheckError, match="there is a column 'labcheck_note' already"):
        interpret_frame(frame, value="value", analyte="vitd")


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        ({"value": "wert"}, "usage", "there is no column 'wert'; the columns are value, labcheck_unit"),
        ({"analyte": "ferritin"}, "unknown-analyte", "no analyte is called 'ferritin'"),
        ({"analyte": "vitamin D3"}, "usage", "`analyte`: 'vitamin D3' leaves open what the rows are of; if"),
        ({"units": {"vitd": "IU"}}, "incompatible-unit", "'IU' cannot be converted"),
        ({"range_sets": {"vitd": "nice-2024"}}, "unknown-range-set", "there is no range set 'nice-2024'"),
        ({"range_sets": {"vitd": "reported"}}, "usage", "say with `range`, or `low` and `high`, where"),
        ({"own_ranges": {"vitd": "some"}}, "unreadable-range", "'some' is not one range"),
        ({"own_ranges": {"vitd": "5-9 g/L"}}, "unreadable-range", "'5-9 g/L' in g/L is no range that"),
        ({"decimal": "semicolon"}, "usage", "'semicolon' is no decimal mark; say point or comma"),
        ({"unit": ""}, "usage", "there is no column ''"),
        ({}, "usage", "there is a column 'labcheck_unit' already; choose another prefix"),
        ({"prefix": "x_", "analyte": None}, "usage", "say with `test`, `loinc` or `analyte`"),
    ],
)
def test_what_does_not_fit_is_told(options: dict[str, Any], code: str, text: str) -> None:
    frame = pl.DataFrame({"value": ["22"], "labcheck_unit": [""]})
    with pytest.raises(LabcheckError) as raised:
        interpret_frame(frame, **{"value": "value", "analyte": "vitd", **options})
    assert raised.value.code == code
    assert raised.value.text.startswith(text)


@pytest.mark.parametrize("name", ["LABCHECK_NOTE", "_Labcheck_Value"])
def test_no_column_is_added_that_differs_in_its_case_alone(name: str) -> None:
    with pytest.raises(LabcheckError, match=f"there is a column '{name}' already"):
        interpret_frame(duckdb.sql(f"SELECT '22' AS value, 'mine' AS {name}"), value="value", analyte="vitd")


def test_columns_of_one_name_are_told() -> None:
    frame = pd.DataFrame([["22", "1", "2"]], columns=["value", "x", "x"])
    with pytest.raises(LabcheckError, match="several columns have the same name"):
        interpret_frame(frame, value="value", analyte="vitd")


@pytest.mark.parametrize(
    "frame", [pl.DataFrame({"value": [["22"]]}), pd.DataFrame({"value": [["22"]]})], ids=["polars", "pandas"]
)
def test_a_column_of_lists_is_told(frame: Any) -> None:
    with pytest.raises(LabcheckError, match=r"the column 'value' is List\(String\), not numbers or text"):
        interpret_frame(frame, value="value", analyte="vitd")


def test_a_unit_that_an_analyte_cannot_have_is_told(tmp_path: Path) -> None:
    file = tmp_path / "ferritin.toml"
    file.write_text(FERRITIN, "utf-8")
    frame = pl.DataFrame({"value": ["22"]})
    options: dict[str, Any] = {"analyte": "ferritin", "catalogue": Catalogue([file])}
    with pytest.raises(LabcheckError, match="nmol/L cannot be converted to ng/mL: no molar mass is known"):
        interpret_frame(frame, value="value", units={"ferritin": "nmol/L"}, **options)


@pytest.mark.parametrize("name", ["^vitd.*$", "*"])
@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame], ids=["polars", "pandas"])
def test_a_name_that_some_engine_takes_for_several_columns_is_told(make: Any, name: str) -> None:
    frame = make({name: ["35"], "vitd_old": ["12"]})
    with pytest.raises(LabcheckError, match="rename the column"):
        interpret_frame(frame, value=name, analyte="vitd")


@pytest.mark.pyspark
def test_a_name_that_spark_takes_apart_is_told() -> None:
    frame = engines.spark().createDataFrame([("35",)], "`a.b` string")
    with pytest.raises(LabcheckError, match=r"rename the column 'a\.b'"):
        interpret_frame(frame, value="a.b", analyte="vitd")


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"value": [timedelta(1)]}),
        pd.DataFrame({"value": [timedelta(1)]}),
        pa.table({"value": [timedelta(1)]}),
    ],
    ids=["polars", "pandas", "pyarrow"],
)
def test_a_column_of_times_is_told(frame: Any) -> None:
    with pytest.raises(LabcheckError, match=r"the column 'value' is Duration.*, not numbers or text"):
        interpret_frame(frame, value="value", analyte="vitd")


@pytest.mark.parametrize(
    "frame", [[22], pd.Series(["22"]), "results.parquet"], ids=["list", "series", "path"]
)
def test_what_is_no_dataframe_is_told(frame: object) -> None:
    what = f"{type(frame).__name__} is no dataframe of pandas, Polars, PyArrow, DuckDB or PySpark"
    with pytest.raises(LabcheckError, match=what):
        interpret_frame(frame, value="value", analyte="vitd")


@pytest.mark.parametrize(
    ("role", "name"),
    [("range", "Reference Range (ng/mL)"), ("low", "ref_low_ng_ml"), ("high", "High [nmol/L]")],
)
def test_a_unit_in_the_name_of_ranges_is_not_passed_over(role: str, name: str) -> None:
    named: dict[str, Any] = {role: name}
    frame = pl.DataFrame({"value": ["22"], name: ["30"]})
    with pytest.raises(LabcheckError, match=f"`{role}`: the unit in the name .* is not read here"):
        interpret_frame(frame, value="value", analyte="vitd", **named)


@pytest.mark.parametrize("option", ["units", "range_sets", "own_ranges"])
def test_what_is_by_analyte_has_to_name_it(option: str) -> None:
    wrong: dict[str, Any] = {option: "ng/mL"}
    with pytest.raises(LabcheckError, match=f"`{option}` has to name the analyte"):
        interpret_frame(pl.DataFrame({"value": ["22"]}), value="value", analyte="vitd", **wrong)


def test_limits_that_binary_floats_cannot_keep_apart_are_told(tmp_path: Path) -> None:
    file = tmp_path / "molar.toml"
    file.write_text(MOLAR, "utf-8")
    with pytest.raises(LabcheckError, match="too near to each other for binary floats"):
        interpret_frame(
            pl.DataFrame({"value": ["22"]}), value="value", analyte="ferritin", catalogue=Catalogue([file])
        )


def test_without_narwhals_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "narwhals.stable.v2", None)
    with pytest.raises(LabcheckError, match=r"pip install '\.\[frames\]'"):
        interpret_frame(pl.DataFrame({"value": ["22"]}), value="value", analyte="vitd")


def test_digits_with_two_points_side_by_side_are_refused() -> None:
    frame = pl.DataFrame({"value": ["..5", "5..", "22..5", "22.5"]})
    judged = interpret_frame(frame, value="value", analyte="vitd", units={"vitd": "ng/mL"})
    assert judged["labcheck_note"].to_list() == ["unreadable-value"] * 3 + [None]


@pytest.mark.parametrize(
    "column", [pd.PeriodIndex(["2002", "2005"], freq="Y"), pd.interval_range(0, 2), [1j, 2j]]
)
def test_what_is_neither_numbers_nor_text_is_told(column: Any) -> None:
    with pytest.raises(LabcheckError, match="not numbers or text"):
        interpret_frame(pd.DataFrame({"v": column}), value="v", analyte="vitd", units={"vitd": "ng/mL"})


def test_a_sparse_column_is_read() -> None:
    frame = pd.DataFrame({"v": pd.arrays.SparseArray([22.0, 35.0])})
    judged = interpret_frame(frame, value="v", analyte="vitd", units={"vitd": "ng/mL"})
    assert judged["labcheck_category"].tolist() == ["low", "normal"]
