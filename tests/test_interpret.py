from collections.abc import Sequence
from decimal import Decimal, localcontext
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck import Category, Interpretation, LabcheckError, interpret
from labcheck.catalogue import built_in
from labcheck.errors import UnreadableRange, UnreadableValue
from labcheck.model import Note
from labcheck.reading import read_value
from labcheck.units import Unit, accepted_units

LOW, NORMAL, HIGH = Category.LOW, Category.NORMAL, Category.HIGH


def codes(judged: Interpretation) -> list[str]:
    return [note.code for note in judged.notes]


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "category"),
    [
        ("vitd", "29.99", "ng/mL", LOW),
        ("vitd", "30", "ng/mL", NORMAL),
        ("vitd", "30.01", "ng/mL", NORMAL),
        ("vitd", "39.99", "ng/mL", NORMAL),
        ("vitd", "40", "ng/mL", NORMAL),
        ("vitd", "40.01", "ng/mL", HIGH),
        ("vitd", "30", "µg/L", NORMAL),
        ("vitd", "3000", "ng/dL", NORMAL),
        ("vitd", "74.8", "nmol/L", LOW),  # 29.968
        ("vitd", "74.9", "nmol/L", NORMAL),  # 30.008
        ("vitd", "99.8", "nmol/L", NORMAL),  # 39.984
        ("vitd", "99.9", "nmol/L", HIGH),  # 40.024
        ("b12", "199", "pg/mL", LOW),
        ("b12", "200", "ng/L", NORMAL),
        ("b12", "900", "pg/mL", NORMAL),
        ("b12", "901", "pg/mL", HIGH),
        ("b12", "147.5", "pmol/L", LOW),  # 199.92
        ("b12", "147.6", "pmol/L", NORMAL),  # 200.05
        ("b12", "664", "pmol/L", NORMAL),  # 899.97
        ("b12", "664.1", "pmol/L", HIGH),  # 900.10
    ],
)
def test_a_result_is_judged_by_the_articles_range(
    analyte: str, value: str, unit: str, category: Category
) -> None:
    assert interpret(analyte, value, unit=unit).category is category


def test_a_conversion_is_exact_and_says_where_its_factor_is_from() -> None:
    judged = interpret("vitd", "55", unit="nmol/L")
    assert (str(judged.canonical), judged.code) == ("22.0352 ng/mL", "L")
    assert judged.conversion
    assert judged.conversion.factor == Decimal("0.40064")
    assert judged.conversion.molar_mass
    assert judged.conversion.molar_mass.value == Decimal("400.64")
    assert "C27H44O2" in judged.conversion.molar_mass.source.citation


def test_the_canonical_unit_is_not_converted_and_keeps_its_digits() -> None:
    judged = interpret("vitd", "22.50", unit="NG/ML")
    assert judged.conversion is None
    assert str(judged.canonical) == "22.50 ng/mL"


def test_metric_prefixes_need_no_molar_mass() -> None:
    judged = interpret("b12", "0.4", unit="ng/mL")
    assert judged.conversion
    assert judged.conversion.molar_mass is None
    assert judged.canonical.value == 400


def test_a_censored_result_keeps_its_comparator_and_can_be_indeterminate() -> None:
    judged = interpret("b12", "<150", unit="pmol/L")
    assert str(judged.canonical) == "<203.3055 pg/mL"
    assert (judged.category, judged.code) == (Category.INDETERMINATE, "IND")
    assert judged.possible == (LOW, NORMAL)


def test_a_certain_result_has_no_other_possible_category() -> None:
    assert interpret("vitd", "<5").possible == ()


@pytest.mark.parametrize(
    ("analyte", "value", "unit"),
    [
        ("vitd", "0.99", "ng/mL"),
        ("vitd", "1001", "ng/mL"),
        ("b12", "9.9", "pg/mL"),
        ("b12", "1000001", "pg/mL"),
        ("vitd", ">1001", "ng/mL"),
        ("vitd", "5.397605346934028e-79", "nmol/L"),
    ],
)
def test_an_impossible_value_is_refused(analyte: str, value: str, unit: str) -> None:
    with pytest.raises(LabcheckError, match="possible") as refusal:
        interpret(analyte, value, unit=unit)
    assert refusal.value.code == "impossible-value"


@pytest.mark.parametrize(
    ("analyte", "value", "noted"),
    [
        ("vitd", "1", True),
        ("vitd", "3.9", True),
        ("vitd", "4", False),
        ("vitd", "150", False),
        ("vitd", "150.1", True),
        ("vitd", "1000", True),
        ("vitd", "<3", False),  # everyday results: an assay stops there
        ("vitd", "<1", False),
        ("vitd", "<0.9", True),  # no assay stops there: a slip in the unit or the decimal mark
        ("vitd", "<1001", True),
        ("vitd", ">0.9", True),
        ("vitd", ">150", False),
        ("vitd", ">151", True),
        ("b12", "10", True),
        ("b12", "50", False),
        ("b12", ">2000", False),
        ("b12", "50001", True),
    ],
)
def test_an_implausible_value_gets_a_note(analyte: str, value: str, noted: bool) -> None:
    assert ("implausible" in codes(interpret(analyte, value))) is noted


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "mistake"),
    [
        ("vitd", "40", "pg/mL", "1,25-dihydroxyvitamin D"),
        ("b12", "0.4", "pg/mL", "may be ng/mL"),
    ],
)
def test_a_refusal_names_the_likely_mistake(analyte: str, value: str, unit: str, mistake: str) -> None:
    with pytest.raises(LabcheckError, match=mistake):
        interpret(analyte, value, unit=unit)


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "mistake"),
    [("vitd", "160", "ng/mL", "may be nmol/L"), ("b12", "400", "ng/mL", "may be pg/mL")],
)
def test_a_note_names_the_likely_mistake(analyte: str, value: str, unit: str, mistake: str) -> None:
    assert mistake in interpret(analyte, value, unit=unit).notes[0].text


@pytest.mark.parametrize(
    ("analyte", "unit", "value", "likely"),
    [
        *(("b12", "pg/mL", "12", False), ("b12", "ng/mL", "12", False)),
        *(("b12", "ng/mL", "49", False), ("b12", "ng/mL", "50", True)),
        *(("b12", "ug/L", "999", True), ("b12", "ng/mL", "1000", True)),
        *(("vitd", "ng/mL", "374.4", True), ("vitd", "ng/mL", "374.5", False)),  # 149.9996 and 150.0397 ng/mL
    ],
)
def test_no_mistake_is_likely_that_would_not_make_it_plausible(
    analyte: str, unit: str, value: str, likely: bool
) -> None:
    note = interpret(analyte, value, unit=unit).notes[0]
    assert (note.code, "may be" in note.text) == ("implausible", likely)


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "noted"),
    [
        ("vitd", "100", "nmol/L", True),  # 99.5 to 100.5 is 39.9 to 40.3 ng/mL
        ("vitd", "100.0", "nmol/L", False),
        ("vitd", "75", "nmol/L", True),
        ("vitd", "80", "nmol/L", False),
        ("vitd", "40", "ng/mL", False),  # not converted: the limit is printed as the result is
        ("vitd", "40", "ug/L", False),
        ("vitd", "<100", "nmol/L", False),
        ("b12", "0.2", "ng/mL", True),
    ],
)
def test_rounding_that_straddles_a_limit_gets_a_note(
    analyte: str, value: str, unit: str, noted: bool
) -> None:
    assert ("near-limit" in codes(interpret(analyte, value, unit=unit))) is noted


def test_a_limit_that_is_printed_in_the_reported_unit_is_met_exactly() -> None:
    assert codes(interpret("vitd", "50", unit="nmol/L", range="50-125 nmol/L")) == []
    assert codes(interpret("vitd", "20", unit="ng/mL", range="50-125 nmol/L")) == ["near-limit"]


def test_a_digit_far_behind_the_point_still_decides() -> None:
    below, above = "99.840255591054313099041533546325", "99.840255591054313099041533546327"
    assert interpret("vitd", below, unit="nmol/L").category is NORMAL  # 40 / 0.40064 lies between the two
    assert interpret("vitd", above, unit="nmol/L").category is HIGH


def test_a_likely_mistake_is_named_on_its_own_side_alone() -> None:
    assert "nmol/L" not in interpret("vitd", "2", unit="ng/mL").notes[0].text


@pytest.mark.parametrize(
    ("value", "noted"),
    [
        ("22 L", False),
        ("22 H", True),
        ("22 normal", True),
        ("22 haut", True),
        ("22 Élevé", True),
        ("22 alto", True),
        ("22 bas", False),
        ("50 bas", True),
        ("50 bajo", True),
        ("<35 H", True),
        ("<35 L", False),
        ("22 *", False),
    ],
)
def test_a_laboratorys_flag_that_says_otherwise_gets_a_note(value: str, noted: bool) -> None:
    assert ("reported-flag-differs" in codes(interpret("vitd", value, unit="ng/mL"))) is noted


@pytest.mark.parametrize(
    ("value", "flag", "reported", "category"),
    [
        ("150", "<", "<150", Category.INDETERMINATE),
        ("150", "(<)", "<150", Category.INDETERMINATE),
        ("150", "[ < ]", "<150", Category.INDETERMINATE),
        ("150", "Off scale low", "<150", Category.INDETERMINATE),
        ("150 pmol/L", "L <", "<150 pmol/L", Category.INDETERMINATE),
        ("150", ("L", "<"), "<150", Category.INDETERMINATE),
        ("150", "≤", "<=150", Category.INDETERMINATE),
        ("150", "⩽", "<=150", Category.INDETERMINATE),
        ("100", "<", "<100", LOW),
        ("100", ">", ">100", Category.INDETERMINATE),
        ("700", ">", ">700", HIGH),
        ("700 H", ">", ">700 H", HIGH),
        ("100", ">H", ">100", Category.INDETERMINATE),
        ("100", "h >", ">100", Category.INDETERMINATE),
        ("100", "> AMR", ">100", Category.INDETERMINATE),
        ("100", ">=ULOQ", ">=100", Category.INDETERMINATE),
        ("150", "below det. limit <", "<150", Category.INDETERMINATE),
        ("148", ("<", "<="), "<=148", Category.INDETERMINATE),
        ("150", "< 150.0", "<150", Category.INDETERMINATE),
        ("150", "(>150)", ">150", Category.INDETERMINATE),
        ("150", "<<", "<150", Category.INDETERMINATE),
        ("150", "H (>150)", ">150", Category.INDETERMINATE),
        ("150", "less than", "<150", Category.INDETERMINATE),
        ("150", "Below LOD", "<150", Category.INDETERMINATE),
    ],
)
def test_a_flag_that_says_off_scale_is_the_comparator_that_a_value_lacks(
    value: str, flag: str | Sequence[str], reported: str, category: Category
) -> None:
    judged = interpret("b12", value, unit="pmol/L", reported_flag=flag)
    assert (judged.category, judged.reported.text) == (category, reported)
    assert judged.canonical.comparator == judged.reported.comparator == read_value(reported).comparator
    note = next(note for note in judged.notes if note.code == "off-scale")
    assert f"read as {judged.reported.comparator}{judged.reported.value}, not as" in note.text


@pytest.mark.parametrize(
    "flag", ["-->", "> 3 days", ">30", "<->", "H>>L", "> ULN", "LLN <", "< normal", f"a{' ' * 40_000}!"]
)
def test_a_sign_that_is_part_of_something_else_is_no_comparator(flag: str) -> None:
    assert str(interpret("vitd", "35", unit="ng/mL", reported_flag=flag).canonical) == "35 ng/mL"


@pytest.mark.parametrize(
    ("flag", "notes"),
    [("<", []), ("<=", []), ("> 3", ["flag-unknown"]), ("<5", ["flag-unknown"]), ("-", []), ("", [])],
)
def test_a_value_that_has_a_comparator_keeps_it_whatever_the_flag(flag: str, notes: list[str]) -> None:
    judged = interpret("b12", "<150", unit="pmol/L", reported_flag=flag)
    assert (judged.canonical.comparator, codes(judged)) == ("<", notes)


def test_a_b_is_no_flag_as_it_can_say_low_or_better() -> None:
    assert codes(interpret("vitd", "50", unit="ng/mL", reported_flag="B")) == []


@pytest.mark.parametrize("flag", ["> 3 days", "<5", "fasting > 8 h"])
def test_a_flag_that_only_contains_a_sign_is_no_comparator(flag: str) -> None:
    assert interpret("b12", "150", unit="pmol/L", reported_flag=flag).canonical.comparator is None


@pytest.mark.parametrize(
    ("value", "flag"), [("<150", ">"), (">=150", "<"), ("150", "< >"), ("150", ("<", ">"))]
)
def test_a_flag_that_says_the_other_side_is_refused(value: str, flag: str | Sequence[str]) -> None:
    with pytest.raises(UnreadableValue, match="below the number or above it"):
        interpret("b12", value, unit="pmol/L", reported_flag=flag)


@pytest.mark.parametrize(
    ("analyte", "age", "words", "said"),
    [
        ("vitd", "17.9", "rickets", True),
        ("vitd", "18", "rickets", False),
        ("vitd", "17.9", "adults", False),
        ("vitd", "18", "adults", True),
        ("b12", "0.9", "baby", True),
        ("b12", "1", "baby", False),
    ],
)
def test_an_age_group_ends_where_it_says(analyte: str, age: str, words: str, said: bool) -> None:
    judged = interpret(analyte, "22" if analyte == "vitd" else "150", age=age)
    assert (words in " ".join(meaning.text for meaning in judged.meanings)) is said


def test_under_five_ends_at_five() -> None:
    for age, said in (("4.9", True), ("5", False), (None, False)):
        texts = " ".join(caution.statement.text for caution in interpret("vitd", "22", age=age).cautions)
        assert ("under 5" in texts) is said


def test_nothing_of_the_catalogue_can_be_changed() -> None:
    judged = interpret("vitd", "22")
    for mapping in (judged.analyte.meanings, judged.analyte.range_sets, judged.analyte.names.words):
        with pytest.raises(TypeError):
            mapping["low"] = ()  # type: ignore[index]


def test_a_unit_that_was_not_given_is_assumed_in_plain_sight() -> None:
    assert codes(interpret("vitd", "22")) == ["unit-assumed"]
    assert codes(interpret("vitd", "22", unit="ng/mL")) == []
    assert codes(interpret("vitd", "22 ng/mL")) == []


def test_a_unit_behind_the_value_counts() -> None:
    assert interpret("vitd", "55 nmol/L").canonical.value == Decimal("22.0352")
    assert interpret("vitd", "55 nmol/L", unit="NMOL/L").canonical.value == Decimal("22.0352")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"value": "22 ng/mL", "unit": "nmol/L"}, "incompatible-unit"),
        ({"value": "22", "unit": ""}, "missing-unit"),
        ({"value": "22", "unit": "IU"}, "incompatible-unit"),
        ({"value": "22", "unit": "apples"}, "unknown-unit"),
        ({"value": "22", "range": "0-0"}, "unreadable-range"),
        ({"value": "22", "range": "<150 Mangel / 150-220 Grau"}, "unreadable-range"),
        ({"value": "22", "range": "1,060-2,000"}, "ambiguous-number"),
        ({"value": "55", "unit": "nmol/L", "range": "50-125"}, "missing-unit"),
        ({"value": "55", "range": "50-125 nmol/L"}, "missing-unit"),
        ({"value": "55", "unit": "ng/mL", "range": "30-100 pmol/L"}, "unreadable-range"),
        ({"value": "55", "unit": "ng/mL", "age": "old"}, "unreadable-age"),
        ({"value": "55", "unit": "ng/mL", "age": "-1"}, "unreadable-age"),
        ({"value": "pending"}, "no-value"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_code(arguments: dict[str, str], code: str) -> None:
    with pytest.raises(LabcheckError) as refusal:
        interpret("vitd", **arguments)  # type: ignore[arg-type]
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("value", "unit", "own", "category"),
    [
        ("29", "ng/mL", "30-100", LOW),
        ("30", "ng/mL", "30-100", NORMAL),
        ("100", "ng/mL", "30-100", NORMAL),
        ("101", "ng/mL", "30-100", HIGH),
        ("49.99", "nmol/L", "50-125 nmol/L", LOW),
        ("50", "nmol/L", "50-125 nmol/L", NORMAL),
        ("125", "nmol/L", "50-125 nmol/L", NORMAL),
        ("125.01", "nmol/L", "50-125 nmol/L", HIGH),
        ("55", "nmol/L", "30-100 ng/mL", LOW),
        ("55", "ug/L", "30-100", NORMAL),  # µg/L is ng/mL: nothing to settle
        ("30", "ng/mL", ">30", LOW),
        ("30.1", "ng/mL", ">30", NORMAL),
        ("45", None, "30-100 ng/mL", NORMAL),
        ("999", "ng/mL", ">30", NORMAL),  # a range with one side judges that side alone
        ("30", "ng/mL", "<30", HIGH),
        ("29", "ng/mL", "<30", NORMAL),
        ("30", "ng/mL", "<=30", NORMAL),
    ],
)
def test_a_range_of_ones_own_comes_first(value: str, unit: str, own: str, category: Category) -> None:
    judged = interpret("vitd", value, unit=unit, range=own)
    assert (judged.category, judged.range.id) == (category, "user")


def test_a_number_that_may_have_grouped_thousands_is_told_so() -> None:
    with pytest.raises(LabcheckError, match="--decimal comma"):
        interpret("b12", "1.060")
    assert "--decimal comma" in interpret("b12", "<1.000").notes[-1].text
    assert "1,25-dihydroxyvitamin D" in interpret("vitd", "<8 pg/mL").notes[0].text


def test_a_decimal_mark_is_named_for_text_alone() -> None:
    assert interpret("b12", 250.125, decimal="comma").canonical.value == Decimal("250.125")
    assert interpret("vitd", Decimal("22.5"), decimal="comma").category is LOW


def test_an_analyte_may_be_called_by_its_other_names() -> None:
    assert interpret("Cobalamin", "300").analyte.id == "b12"
    with pytest.raises(LabcheckError) as refusal:
        interpret("Calcitriol", "40")
    assert refusal.value.code == "wrong-analyte"


def test_a_code_that_does_not_suit_the_unit_gets_a_note() -> None:
    by_code = {loinc.code: loinc for loinc in built_in()["vitd"].loinc}
    for code, unit, noted in (
        ("1989-3", "nmol/L", True),
        ("1989-3", "ng/mL", False),
        ("14635-7", "ng/mL", True),
    ):
        judged = interpret("vitd", "60", unit=unit, loinc=by_code[code])
        assert ("code-unit-conflict" in codes(judged)) is noted


def test_a_missing_unit_is_refused_where_none_may_be_assumed() -> None:
    with pytest.raises(LabcheckError) as refusal:
        interpret("vitd", "22", assume_unit=False)
    assert refusal.value.code == "missing-unit"
    assert interpret("vitd", "22 ng/mL", assume_unit=False).category is LOW


def test_a_laboratorys_flag_is_shown_as_one() -> None:
    assert str(interpret("vitd", "22 L", unit="ng/mL").reported) == "22 ng/mL (flagged L)"


def test_an_interpretation_is_short_to_look_at() -> None:
    assert len(repr(interpret("vitd", "22"))) < 2000


def test_an_unknown_analyte_is_told_the_nearest() -> None:
    with pytest.raises(LabcheckError, match="did you mean vitd") as refusal:
        interpret("vitx", "22")
    assert refusal.value.code == "unknown-analyte"


@pytest.mark.parametrize("value", [22, 22.0, Decimal(22), "22"])
def test_a_number_is_as_good_as_its_text(value: str | float | Decimal) -> None:
    assert interpret("vitd", value, unit="ng/mL").category is LOW


def test_an_interpretation_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        interpret("vitd", "22").category = HIGH  # type: ignore[misc]


@pytest.mark.parametrize("analyte", ["vitd", "b12"])
@pytest.mark.parametrize("category", Category)
def test_every_category_has_a_meaning_and_a_caution(analyte: str, category: Category) -> None:
    known = built_in()[analyte]
    for certain in (True, False):
        assert any(meaning.certain in (None, certain) for meaning in known.meanings[category])
    assert any(category in caution.categories and caution.brief for caution in known.cautions)


def test_a_caution_follows_what_the_result_can_be() -> None:
    def cautions(value: str) -> str:
        return " ".join(caution.statement.text for caution in interpret("b12", value).cautions)

    assert "injection" in cautions("<250")
    assert "injection" not in cautions(">800")
    assert "supplements are the reason" in cautions(">800")


def test_above_the_articles_range_is_not_called_toxic() -> None:
    for value, toxic in (("41", False), ("150", False), ("151", True), (">150", True)):
        for own in (None, "20-300"):  # it is said of the value, whatever range it is compared with
            texts = " ".join(c.statement.text for c in interpret("vitd", value, range=own).cautions)
            assert ("poisoning" in texts) is toxic, value


@pytest.mark.parametrize("age", [10, "10", 10.0, Decimal(10), Decimal("1E+1"), Decimal("10.0")])
def test_an_age_is_the_same_however_it_is_given(age: Decimal | float | str) -> None:
    assert interpret("vitd", "22", age=age).age == 10


def test_an_age_picks_what_is_said() -> None:
    child, adult = (interpret("vitd", "22", age=age) for age in (3, 40))
    assert "rickets" in " ".join(m.text for m in child.meanings)
    assert "rickets" not in " ".join(m.text for m in adult.meanings)
    assert any("under 5" in c.statement.text for c in child.cautions)
    assert not any("under 5" in c.statement.text for c in adult.cautions)


@given(
    st.sampled_from(["vitd", "b12"]),
    st.sampled_from(accepted_units()),
    st.decimals("0.0001", "100000", places=4),
    st.sampled_from(["", "<", ">", "<=", ">="]),
)
def test_a_result_in_any_unit_is_judged_as_its_canonical_value_is(
    analyte: str, unit: Unit, number: Decimal, comparator: str
) -> None:
    try:
        judged = interpret(analyte, f"{comparator}{number}", unit=unit.code)
    except LabcheckError as refusal:
        assert refusal.code == "impossible-value"
        return
    again = interpret(analyte, str(judged.canonical))
    assert (again.category, again.possible) == (judged.category, judged.possible)
    assert judged.canonical.comparator == (comparator or None)


@given(st.decimals("1", "1000", places=6), st.integers(min_value=1, max_value=28))
def test_a_callers_own_decimal_context_changes_nothing(number: Decimal, digits: int) -> None:
    expected = interpret("vitd", f"{number}").category
    with localcontext(prec=digits):
        assert interpret("vitd", f"{number}").category is expected


@given(st.sampled_from(["vitd", "b12"]), st.text(), st.none() | st.text(), st.none() | st.text())
def test_any_text_is_judged_or_refused(analyte: str, value: str, unit: str | None, own: str | None) -> None:
    try:
        interpret(analyte, value, unit=unit, range=own)
    except LabcheckError as refusal:
        assert refusal.text.isprintable()


def test_the_flag_of_the_laboratory_is_kept() -> None:
    assert read_value("22 L").flag == interpret("vitd", "22 L").reported.flag == "L"


def test_the_name_that_an_analyte_is_asked_for_by_can_leave_open_what_it_is() -> None:
    assert codes(interpret("25-OH vitamin D3", "22 ng/mL")) == ["doubtful-name"]
    assert codes(interpret("25-OH vitamin D", "22 ng/mL")) == []


def test_what_is_no_decimal_mark_is_told() -> None:
    with pytest.raises(LabcheckError, match="'Point' is no decimal mark; say point or comma"):
        interpret("vitd", "1,060", decimal="Point")  # type: ignore[arg-type]


def test_what_a_rounded_figure_can_stand_for_is_said_in_words_or_categories() -> None:
    judged = interpret("vitd", "75 nmol/L", range_set="endocrine-2011")
    assert [note.text for note in judged.notes] == [
        "75 nmol/L is rounded: it can stand for 74.5 to 75.5, which is low or normal."
    ]


def test_a_point_is_taken_for_one_that_groups_only_where_that_would_make_more_of_too_little() -> None:
    (note,) = interpret("b12", "5000.125 pg/mL").notes
    assert "--decimal" not in note.text
    with pytest.raises(LabcheckError, match="if the point groups thousands, say --decimal comma"):
        interpret("b12", "1.060 pg/mL")


def test_a_unit_behind_the_value_must_be_the_one_beside_it() -> None:
    with pytest.raises(LabcheckError, match="names the unit ng/mL, but ng/dL was given beside it"):
        interpret("vitd", "22 ng/mL", unit="ng/dL")
    assert interpret("vitd", "22 ng/mL", unit="µg/L").category == "low"


def test_of_several_flags_the_one_that_says_more_counts() -> None:
    (note,) = interpret("vitd", "22 ng/mL", reported_flag=("A", "H")).notes
    assert note.text.startswith("The report flags it H, which says high;")
    assert codes(interpret("vitd", "35 ng/mL", reported_flag="A")) == ["reported-flag-differs"]
    (note,) = interpret("vitd", "35 ng/mL", reported_flag=("A", "L")).notes
    assert note.text.startswith("The report flags it L, which says low;")


def test_of_two_flags_behind_the_value_none_is_lost() -> None:
    assert codes(interpret("vitd", "22 ng/mL", reported_flag=None)) == []
    (note,) = interpret("vitd", "22 low ng/mL normal").notes
    assert note.text.startswith("The report flags it normal, which says normal;")


def test_a_flag_with_the_limit_that_was_read_is_understood() -> None:
    for flag in ("<LOD", "<22", "< 22 ng/mL", "below LOQ (22)"):
        assert codes(interpret("vitd", "22 ng/mL", reported_flag=flag)) == ["off-scale"]
    assert codes(interpret("vitd", "22 ng/mL", reported_flag="< 20 ng/mL")) == ["flag-unknown"]


def test_a_doubt_of_the_callers_is_told() -> None:
    (note,) = interpret("vitd", "22 ng/mL", doubt="It may be a part.").notes
    assert note == Note("doubtful-name", "It may be a part.")


def test_the_value_and_the_reports_range_can_have_decimal_marks_of_their_own() -> None:
    judged = partial(
        interpret, "vitd", "1.060", unit="ug/dL", reported_range="1.000-2.000", range_set="reported"
    )
    assert judged(value_decimal="point").category == "normal"
    assert judged(value_decimal="point", range_decimal="point", decimal="comma").category == "normal"
    with pytest.raises(UnreadableRange, match="is no range that Vitamin D can have"):
        judged(value_decimal="point", decimal="comma")


def test_a_flag_that_is_not_understood_is_told() -> None:
    (note,) = interpret("vitd", "35 ng/mL", reported_flag="see below").notes
    assert note.code == "flag-unknown"
    assert note.text.startswith("The report flags it 'see below', which is not understood;")
    assert codes(interpret("vitd", "22 ng/mL", reported_flag="N/A")) == []


@pytest.mark.parametrize("value", ["35 (insufficient)", "<10 (LOD)", "40 (repeat)"])
def test_what_stands_behind_a_number_beside_its_unit_is_not_called_a_unit(value: str) -> None:
    with pytest.raises(LabcheckError, match="is no unit; check the number, and type it alone") as caught:
        interpret("vitd", value, unit="ng/mL")
    assert caught.value.code == "unreadable-value"
    with pytest.raises(LabcheckError, match="is not a unit that is known here") as caught:
        interpret("vitd", value)
    assert caught.value.code == "unknown-unit"
