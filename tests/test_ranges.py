"""The published range sets at each of their limits, the laboratory's own range, and where they disagree."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck import Category, Interpretation, LabcheckError, interpret, other_ranges
from labcheck.catalogue import built_in
from labcheck.model import Scale
from labcheck.ranges import limits
from labcheck.units import read_unit

LOW, NORMAL, HIGH, INDETERMINATE = Category

# What the sources print, just below, at and just above each limit.
LIMITS = {
    ("vitd", "article", "ng/mL"): [
        ("29.99", LOW, "low"),
        ("30", NORMAL, "normal"),
        ("30.01", NORMAL, "normal"),
        ("39.99", NORMAL, "normal"),
        ("40", NORMAL, "normal"),
        ("40.01", HIGH, "high"),
    ],
    ("b12", "article", "pg/mL"): [
        ("199.9", LOW, "low"),
        ("200", NORMAL, "normal"),
        ("200.1", NORMAL, "normal"),
        ("899.9", NORMAL, "normal"),
        ("900", NORMAL, "normal"),
        ("900.1", HIGH, "high"),
    ],
    ("vitd", "iom-2011", "ng/mL"): [
        ("11.99", LOW, "at risk of deficiency"),
        ("12", LOW, "at risk of inadequacy"),
        ("12.01", LOW, "at risk of inadequacy"),
        ("19.99", LOW, "at risk of inadequacy"),
        ("20", NORMAL, "sufficient"),
        ("20.01", NORMAL, "sufficient"),
        ("49.99", NORMAL, "sufficient"),
        ("50", NORMAL, "sufficient"),
        ("50.01", HIGH, "possible concern"),
    ],
    ("vitd", "iom-2011", "nmol/L"): [
        ("29.9", LOW, "at risk of deficiency"),
        ("30", LOW, "at risk of inadequacy"),
        ("30.1", LOW, "at risk of inadequacy"),
        ("49.9", LOW, "at risk of inadequacy"),
        ("50", NORMAL, "sufficient"),
        ("50.1", NORMAL, "sufficient"),
        ("124.9", NORMAL, "sufficient"),
        ("125", NORMAL, "sufficient"),
        ("125.1", HIGH, "possible concern"),
    ],
    ("vitd", "endocrine-2011", "ng/mL"): [
        ("19.99", LOW, "deficient"),
        ("20", LOW, "insufficient"),
        ("20.01", LOW, "insufficient"),
        ("29.99", LOW, "insufficient"),
        ("30", NORMAL, "sufficient"),
        ("30.01", NORMAL, "sufficient"),
        ("99.99", NORMAL, "sufficient"),
        ("100", NORMAL, "sufficient"),
        ("100.01", HIGH, "high"),
    ],
    ("vitd", "ros-2018", "nmol/L"): [
        ("24.9", LOW, "deficient"),
        ("25", INDETERMINATE, "may be inadequate in some"),
        ("25.1", INDETERMINATE, "may be inadequate in some"),
        ("49.9", INDETERMINATE, "may be inadequate in some"),
        ("50", INDETERMINATE, "may be inadequate in some"),
        ("50.1", NORMAL, "sufficient for almost all"),
    ],
    ("b12", "nice-2024", "ng/L"): [
        ("179.9", LOW, "deficiency confirmed"),
        ("180", INDETERMINATE, "indeterminate"),
        ("180.1", INDETERMINATE, "indeterminate"),
        ("349.9", INDETERMINATE, "indeterminate"),
        ("350", INDETERMINATE, "indeterminate"),
        ("350.1", NORMAL, "deficiency unlikely"),
    ],
    ("b12", "nice-2024", "pmol/L"): [
        ("132.9", LOW, "deficiency confirmed"),
        ("133", INDETERMINATE, "indeterminate"),
        ("133.1", INDETERMINATE, "indeterminate"),
        ("257.9", INDETERMINATE, "indeterminate"),
        ("258", INDETERMINATE, "indeterminate"),
        ("258.1", NORMAL, "deficiency unlikely"),
    ],
}
CASES = [(*place, *case) for place, cases in LIMITS.items() for case in cases]
SCALES = [
    (id, range_set.id, scale)
    for id in built_in().ids
    for range_set in built_in()[id].range_sets.values()
    for scale in range_set.scales
]


def codes(judged: Interpretation) -> list[str]:
    return [note.code for note in judged.notes]


@pytest.mark.parametrize(("analyte", "range_set", "unit", "value", "category", "label"), CASES)
def test_a_set_is_as_its_source_prints_it(
    analyte: str, range_set: str, unit: str, value: str, category: Category, label: str
) -> None:
    judged = interpret(analyte, value, unit=unit, range_set=range_set)
    assert (judged.category, judged.label, judged.possible) == (category, label, ())
    assert (judged.range.id, judged.range.unit) == (range_set, unit)
    assert codes(judged) == []


def test_the_table_above_has_each_limit_of_each_set_in_each_unit() -> None:
    for analyte, range_set, scale in SCALES:
        values = {Decimal(value) for value, *_ in LIMITS[analyte, range_set, scale.unit]}
        assert values >= {band.interval.high for band in scale.bands[:-1]}
    assert len(SCALES) == len(LIMITS)


@pytest.mark.parametrize(("analyte", "range_set", "scale"), SCALES)
def test_a_censored_result_can_be_of_all_bands_on_its_side(
    analyte: str, range_set: str, scale: Scale
) -> None:
    for number, (lower, upper) in enumerate(pairwise(scale.bands), start=1):
        below, above = scale.bands[:number], scale.bands[number:]
        with_lower = (lower, *above) if lower.interval.includes_high else above
        with_upper = (*below, upper) if upper.interval.includes_low else below
        for comparator, bands in (("<", below), ("<=", with_upper), (">", above), (">=", with_lower)):
            judged = interpret(
                analyte, f"{comparator}{lower.interval.high}", unit=scale.unit, range_set=range_set
            )
            assert [band.word for band in judged.standing.bands] == [band.word for band in bands]
            assert judged.standing.categories == tuple(dict.fromkeys(band.category for band in bands))


@given(st.sampled_from(SCALES), st.decimals("10", "1000", places=2), st.decimals("10", "1000", places=2))
def test_more_is_never_a_lower_band(one: tuple[str, str, Scale], value: Decimal, other: Decimal) -> None:
    analyte, range_set, scale = one
    words = [band.word for band in scale.bands]
    less, more = (
        words.index(interpret(analyte, number, unit=scale.unit, range_set=range_set).label)
        for number in sorted((value, other))
    )
    assert less <= more


def test_a_set_in_two_units_is_compared_in_the_kind_of_the_result() -> None:
    for value, unit in (
        ("20", "ng/mL"),
        ("50", "nmol/L"),
        ("20", "ug/L"),
        ("0.05", "umol/L"),
        ("2", "µg/dL"),
    ):
        judged = interpret("vitd", value, unit=unit, range_set="iom-2011")
        assert (judged.category, judged.label) == (NORMAL, "sufficient")
    for value, unit in (("19.99", "ug/L"), ("0.04999", "umol/L")):
        assert interpret("vitd", value, unit=unit, range_set="iom-2011").category is LOW
    assert interpret("vitd", "20", range_set="iom-2011").range.unit == "ng/mL"  # the unit that is assumed


def test_a_set_in_one_unit_is_converted_to() -> None:
    for value, label in (("9.9", "deficient"), ("10.1", "may be inadequate in some"), ("20.1", "sufficient")):
        assert label in interpret("vitd", value, unit="ng/mL", range_set="ros-2018").label


def test_an_unknown_set_is_refused_with_the_known_ones() -> None:
    for analyte, name in (("vitd", "nonsense"), ("b12", "iom-2011"), ("vitd", "")):
        with pytest.raises(LabcheckError, match="known are article, ") as refusal:
            interpret(analyte, "300", range_set=name)
        assert refusal.value.code == "unknown-range-set"


def test_rounding_that_straddles_two_labels_of_one_category_gets_a_note() -> None:
    (note,) = interpret("vitd", "50", unit="nmol/L", range_set="endocrine-2011").notes
    assert note.code == "near-limit"
    assert note.text.endswith("which is deficient or insufficient.")


def test_what_its_source_leaves_open_is_told_from_what_the_report_leaves_open() -> None:
    (by_source,) = interpret("b12", "250", range_set="nice-2024").meanings
    (by_report,) = interpret("b12", "<250", range_set="nice-2024").meanings
    assert "leaves open" in by_source.text
    assert "no exact number" in by_report.text


# The other sets


def by_others(analyte: str, value: str, unit: str, **how: str) -> dict[str, str]:
    judged = interpret(analyte, value, unit=unit, **how)  # type: ignore[arg-type]
    return {standing.range.id: f"{standing.category}: {standing.label}" for standing in other_ranges(judged)}


def test_a_result_is_compared_with_every_other_set() -> None:
    assert by_others("vitd", "45", "ng/mL") == {
        "iom-2011": "normal: sufficient",
        "endocrine-2011": "normal: sufficient",
        "ros-2018": "normal: sufficient for almost all",
    }
    assert by_others("vitd", "45", "ng/mL", range_set="iom-2011")["article"] == "high: high"
    assert set(by_others("vitd", "45", "ng/mL", range="30-100")) == set(built_in()["vitd"].range_sets)
    assert by_others("b12", "<150", "pmol/L") == {
        "nice-2024": "indeterminate: deficiency confirmed or indeterminate"
    }


def test_each_other_set_is_compared_in_the_kind_of_the_result() -> None:
    ranges = {s.range.id: str(s.range) for s in other_ranges(interpret("vitd", "50", unit="nmol/L"))}
    assert ranges == {
        "iom-2011": "50-125 nmol/L",
        "endocrine-2011": "30-100 ng/mL",
        "ros-2018": ">50 nmol/L",
    }


# The laboratory's own range and flag


@pytest.mark.parametrize(
    ("value", "unit", "reported", "category"),
    [
        ("29", "ng/mL", "30-100", LOW),
        ("30", "ng/mL", "30 – 100 ng/mL", NORMAL),
        ("100", "ng/mL", "(30-100)", NORMAL),
        ("101", "ng/mL", "30-100", HIGH),
        ("49", "nmol/L", "50-125", LOW),  # without a unit it is in the result's
        ("50", "nmol/L", "50-125", NORMAL),
        ("50", "nmol/L", "30-100 ng/mL", LOW),
        ("20", "ng/mL", ">30", LOW),
        ("35", "ng/mL", ">30", NORMAL),
        ("999", "ng/mL", ">30", NORMAL),
        ("999", "ng/mL", "<30", HIGH),
        ("2", "ng/mL", "<30", NORMAL),
        ("31", "ng/mL", "30,0-100,0", NORMAL),
    ],
)
def test_the_reported_range_judges_when_it_is_asked_for(
    value: str, unit: str, reported: str, category: Category
) -> None:
    judged = interpret("vitd", value, unit=unit, range_set="reported", reported_range=reported)
    assert (judged.category, judged.range.id) == (category, "reported")
    assert not {"reported-range-differs", "no-reported-range"}.intersection(codes(judged))


@pytest.mark.parametrize("reported", [None, "", " ", "-", "N/A"])
def test_without_a_reported_range_the_default_is_used_and_said(reported: str | None) -> None:
    judged = interpret("vitd", "45", unit="ng/mL", range_set="reported", reported_range=reported)
    assert (judged.category, judged.range.id, codes(judged)) == (HIGH, "article", ["no-reported-range"])
    assert "30-40 ng/mL" in judged.notes[0].text


UNREADABLE = [
    "0-0",
    "0-2-7.2",
    "<20 deficient, 20-30 insufficient, 30-100 sufficient",
    "<150 Mangel / 150-220 Grau",
    "1,060-2,000",
    "30-100 apples",
    "30-100 IU/L",
    "100-30",
    "30-100 pmol/L",
    "see comment below",
]


@pytest.mark.parametrize("reported", UNREADABLE)
def test_an_unreadable_reported_range_is_refused_where_it_is_to_be_used(reported: str) -> None:
    with pytest.raises(LabcheckError) as refusal:
        interpret("vitd", "45", unit="ng/mL", range_set="reported", reported_range=reported)
    assert refusal.value.code == "unreadable-range"


@pytest.mark.parametrize("reported", UNREADABLE)
def test_an_unreadable_reported_range_draws_no_verdict_and_is_told(reported: str) -> None:
    judged = interpret("vitd", "45", unit="ng/mL", reported_range=reported)
    assert (judged.category, codes(judged)) == (HIGH, ["unreadable-range"])


def test_a_reported_range_that_says_otherwise_gets_a_note_with_both() -> None:
    (note,) = interpret("vitd", "45", unit="ng/mL", reported_range="30-100").notes
    assert note.code == "reported-range-differs"
    assert note.text == (
        "By the range on the report, 30-100 ng/mL, it is normal; by the range used here it is high."
    )
    for reported in ("20-40", "<44", None):
        assert codes(interpret("vitd", "45", unit="ng/mL", reported_range=reported)) == []
    by_own = interpret("vitd", "45", unit="ng/mL", range="20-50", reported_range="50-100")
    assert (by_own.category, codes(by_own)) == (NORMAL, ["reported-range-differs"])


@pytest.mark.parametrize(
    ("age", "told"), [(None, []), ("15.9", True), ("16", True), ("16.1", []), ("70", [])]
)
def test_a_range_for_other_ages_is_told(age: str | None, told: object) -> None:
    judged = interpret("b12", "300", unit="pg/mL", range_set="nice-2024", age=age)
    assert codes(judged) == (["other-population"] if told else [])
    assert codes(interpret("b12", "300", unit="pg/mL", age=age)) == []


def test_ones_own_range_outranks_every_other() -> None:
    for reported, told in ((None, []), ("prose", ["unreadable-range"])):
        judged = interpret(
            "vitd", "45", unit="ng/mL", range="20-50", range_set="reported", reported_range=reported
        )
        assert (judged.range.id, codes(judged)) == ("user", told)


@pytest.mark.parametrize(
    ("value", "flag", "differs"),
    [
        ("22", "L", False),
        ("22", "LL", False),
        ("22", "low", False),
        ("22", "(L)", False),
        ("22", "H", True),
        ("22", "HH", True),
        ("22", "High", True),
        ("22", "N", True),
        ("22", "↑", True),
        ("22", "A", False),  # abnormal: low or high
        ("35", "A", True),
        ("35", "abnormal", True),
        ("35", "N", False),
        ("<35", "L", False),
        ("<35", "H", True),
        ("22", "", False),
        ("22", "H *", True),
        ("22", "H, A", True),
        ("22 L", "H", True),
        ("22 H", "L", True),
    ],
)
def test_a_flag_beside_the_value_that_says_otherwise_gets_a_note(
    value: str, flag: str, differs: bool
) -> None:
    judged = interpret("vitd", value, unit="ng/mL", reported_flag=flag)
    assert codes(judged) == ["reported-flag-differs"] * differs


def test_the_note_on_a_flag_has_both() -> None:
    (note,) = interpret("vitd", "35", unit="ng/mL", reported_flag="A").notes
    assert note.text == "The report flags it A, which says low or high; by the range used here it is normal."


@pytest.mark.parametrize(
    ("range_set", "reported"),
    [(None, None), ("iom-2011", "25-80"), ("ros-2018", "prose"), ("reported", "60-200 nmol/L")],
)
def test_between_the_limits_an_answer_does_not_change(range_set: str | None, reported: str | None) -> None:
    def answer(value: Decimal) -> tuple[Category, list[str]]:
        judged = interpret("vitd", value, unit="ng/mL", range_set=range_set, reported_range=reported)
        return judged.category, codes(judged)

    ends = limits(built_in()["vitd"], read_unit("ng/mL"), range_set=range_set, reported_range=reported)
    assert list(ends) == sorted(ends)
    for low, high in pairwise(ends):
        assert answer(low + (high - low) / 8) == answer(high - (high - low) / 8)


@given(st.text(), st.text(), st.sampled_from([None, "reported"]))
def test_any_reported_text_is_judged_or_refused(reported: str, flag: str, range_set: str | None) -> None:
    try:
        judged = interpret(
            "vitd", "45", unit="ng/mL", reported_range=reported, reported_flag=flag, range_set=range_set
        )
    except LabcheckError as refusal:
        assert refusal.code in ("unreadable-range", "unreadable-value")
        assert refusal.text.isprintable()
    else:
        assert all(note.text.isprintable() for note in judged.notes)
