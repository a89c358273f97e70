from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck import Interpretation, interpret
from labcheck.catalogue import built_in
from labcheck.errors import IncompatibleUnit, LabcheckError, Malformed, UnknownUnit, UnreadableValue
from labcheck.model import Outcome, Refusal
from labcheck.sources.observations import Observation, judge, look_alike, one_unit, sorted_codes
from labcheck.sources.status import Status

VITD = Observation("entry 1", names=("Vitamin D",), value="22", unit="ng/mL")


def judged(observation: Observation) -> Interpretation:
    outcome = judge(observation, built_in())
    assert isinstance(outcome, Interpretation)
    return outcome


def refused(observation: Observation) -> Refusal:
    outcome = judge(observation, built_in())
    assert isinstance(outcome, Refusal)
    return outcome


def notes(observation: Observation) -> list[str]:
    return [note.code for note in judged(observation).notes]


def test_an_observation_is_judged_as_a_result_typed_by_hand_is() -> None:
    assert judged(VITD) == interpret("vitd", "22", unit="ng/mL")


def test_what_the_catalogue_does_not_cover_is_neither_judged_nor_refused() -> None:
    assert judge(replace(VITD, names=("Ferritin",)), built_in()) is None
    assert judge(Observation("entry 1", value="22"), built_in()) is None


def test_one_that_has_our_code_in_another_system_is_listed() -> None:
    of_a_laboratory = Observation("entry 1", local=("62292-8",), value="22", unit="ng/mL")
    assert judge(of_a_laboratory, built_in()) is None
    assert look_alike(of_a_laboratory, built_in().identifier) == "62292-8"


def test_what_only_groups_others_has_no_value_to_judge() -> None:
    assert judge(replace(VITD, value=None), built_in()) is None
    assert refused(replace(VITD, value="")).code == "no-value"


def test_a_unit_is_never_assumed() -> None:
    assert refused(replace(VITD, unit=None)).code == "missing-unit"
    assert judged(replace(VITD, value="22 ng/mL", unit=None)).category == "low"


@pytest.mark.parametrize(
    ("names", "loinc", "local", "expected"),
    [
        (("our own name",), ("1989-3",), (), "vitd"),
        ((), ("1989-3",), (), "vitd"),
        ((), (), ("VITD",), "vitd"),
        (("our own name",), (), ("VITD",), None),  # the name is what tells the test, its code may not
        (("Vitamin D", "our own name"), (), (), "vitd"),
        (("our own name", "Vitamin D"), (), (), None),
        (("Vitamin D",), (), ("25hvd1",), "vitd"),
        (("Vitamin D",), ("1989-3", "62292-8"), ("25hvd1",), "vitd"),
    ],
)
def test_names_and_codes_tell_the_test(
    names: tuple[str, ...], loinc: tuple[str, ...], local: tuple[str, ...], expected: str | None
) -> None:
    outcome = judge(replace(VITD, names=names, loinc=loinc, local=local), built_in())
    assert (outcome and judged(replace(VITD, names=names, loinc=loinc, local=local)).analyte.id) == expected


@pytest.mark.parametrize(
    ("observation", "name"),
    [
        (Observation("1", names=("Hydroxyvit", "25-OH Vitamin D"), value="22"), "25-OH Vitamin D"),
        (Observation("1", names=("Lab 17",), local=("VITD",), value="22"), "VITD"),
        (Observation("1", names=("Lab 17", "Vitamin D status"), value="22"), "Vitamin D status"),
        (Observation("1", names=("Lab 17",), local=("17",), value="22"), None),
        (Observation("1", names=("Vitamins", "Vitamin D")), None),  # a group
    ],
)
def test_what_is_not_covered_but_like_what_is_can_be_named(
    observation: Observation, name: str | None
) -> None:
    assert judge(observation, built_in()) is None
    assert look_alike(observation, built_in().identifier) == name


@pytest.mark.parametrize(
    ("names", "loinc", "local"),
    [
        (("1,25-Dihydroxyvitamin D",), (), ()),
        (("Vitamin D",), ("62290-2",), ()),
        (("Vitamin D",), ("1989-3", "62290-2"), ()),
        (("Vitamin D",), ("1989-3", "2345-7"), ()),  # one of ours and one that is not
        (("Vitamin D",), ("2345-7", "1989-3"), ()),
        ((), ("1989-3", "2132-9"), ()),
        (("Vitamin D", "Calcitriol"), (), ()),
        (("our own name", "Calcitriol"), (), ()),
        (("Vitamin D", "B12"), (), ()),
        (("Vitamin D", "Free vitamin D"), ("1989-3",), ()),
        (("Vitamin B12",), (), ("HOLOTC",)),
        (("Vitamin B12",), (), ("VITD",)),
        (("Vitamin D",), (), ("17", "1649-3")),  # LOINC's code of 1,25, in whatever system
        (("Vitamin D",), (), ("LOINC 1649–3",)),
        (("Vitamin B12",), (), ("1989-3",)),
    ],
)
def test_names_and_codes_that_can_be_another_test_are_refused(
    names: tuple[str, ...], loinc: tuple[str, ...], local: tuple[str, ...]
) -> None:
    refusal = refused(replace(VITD, names=names, loinc=loinc, local=local))
    assert (refusal.code, refusal.analyte) == ("wrong-analyte", "")


def test_a_code_that_a_spreadsheet_damaged_is_refused_in_whatever_system() -> None:
    assert refused(replace(VITD, local=("Mar-89",))).code == "damaged-code"
    assert judge(replace(VITD, names=("our own name",), local=("1989-3",)), built_in()) is None


def test_of_two_codes_the_one_that_suits_the_unit_counts() -> None:
    both = replace(VITD, loinc=("1989-3", "14635-7"))
    assert notes(both) == []
    assert "code-unit-conflict" not in notes(replace(both, value="55", unit="nmol/L"))
    assert "code-unit-conflict" in notes(replace(VITD, loinc=("1989-3",), value="55", unit="nmol/L"))


@pytest.mark.parametrize(
    ("status", "note"),
    [
        (Status.FINAL, []),
        (Status.PRELIMINARY, ["preliminary"]),
        (Status.CORRECTED, ["corrected"]),
        (Status.UNKNOWN, ["status-unknown"]),
    ],
)
def test_a_result_that_may_not_be_the_last_word_says_so(status: Status, note: list[str]) -> None:
    assert notes(replace(VITD, status=status, status_text="P")) == note
    assert notes(replace(VITD, status=status)) == note


@pytest.mark.parametrize(("status", "code"), [(Status.WITHDRAWN, "withdrawn"), (Status.ABSENT, "no-value")])
def test_a_result_that_was_withdrawn_or_is_not_there_is_not_judged(status: Status, code: str) -> None:
    refusal = refused(replace(VITD, status=status, status_text="D"))
    assert (refusal.analyte, refusal.code) == ("vitd", code)
    assert "'D'" in refusal.text


def test_a_problem_refuses_what_is_covered_and_what_may_be() -> None:
    problem = UnreadableValue("its value is a Range, not one number")
    assert refused(replace(VITD, problem=problem)).text == problem.text
    assert refused(replace(VITD, problem=problem, value=None)).code == "unreadable-value"
    assert refused(Observation("line 4", problem=Malformed("this is not JSON"))).code == "malformed"
    assert judge(replace(VITD, names=("Ferritin",), problem=problem), built_in()) is None


def test_the_reports_range_and_flag_are_compared() -> None:
    assert notes(replace(VITD, range="20-50")) == ["reported-range-differs"]
    assert notes(replace(VITD, flags=("H",))) == ["reported-flag-differs"]
    assert notes(replace(VITD, flags=("A", "N"))) == ["reported-flag-differs"]  # N says more than A
    for sure in ("L", "LL", "H", "HH"):
        (note,) = judged(replace(VITD, value="35", flags=("A", sure, "AA"))).notes
        assert note.text.startswith(f"The report flags it {sure}, which says ")
    assert notes(replace(VITD, range="Winter: 10-37", flags=("*",))) == ["unreadable-range", "flag-unknown"]
    assert notes(replace(VITD, flags=("L", "*"))) == []


def test_a_flag_that_says_off_scale_is_not_lost_behind_another() -> None:
    below = judged(replace(VITD, value="35", flags=("N", "<")))
    assert (str(below.category), str(below.canonical)) == ("indeterminate", "<35 ng/mL")
    assert refused(replace(VITD, value=">35", flags=("N", "<"))).code == "unreadable-value"


def test_another_range_set_can_be_asked_for() -> None:
    outcome = judge(replace(VITD, range="20-50"), built_in(), range_sets={"vitd": "reported"})
    assert isinstance(outcome, Interpretation)
    assert outcome.category == "normal"


def test_a_decimal_mark_that_the_format_fixes_outweighs_the_one_that_is_asked_for() -> None:
    def value(observation: Observation) -> Outcome | None:
        return judge(observation, built_in(), decimal="comma")

    assert isinstance(value(replace(VITD, value="22.500")), Refusal)  # 22,500 is not possible
    fixed = value(replace(VITD, value="22.500", decimal="point"))
    assert isinstance(fixed, Interpretation)
    assert str(fixed.canonical) == "22.500 ng/mL"


def test_who_it_is_of_is_not_in_what_is_logged() -> None:
    assert "Patient/1" not in repr(replace(VITD, patient="Patient/1"))


def test_a_test_is_called_by_its_name_and_shown_with_its_code() -> None:
    assert (VITD.name, VITD.code) == ("Vitamin D", "")
    assert Observation("entry 1", local=("VITD",)).name == "VITD"
    both = replace(VITD, loinc=("1989-3",), local=("VITD",))
    assert (both.name, both.code) == ("Vitamin D", "1989-3")
    assert replace(VITD, local=("VITD",)).code == "VITD"


@pytest.mark.parametrize(
    ("code", "system", "is_loinc"),
    [
        ("1989-3", "LN", True),
        ("1989-3", "http://loinc.org", True),
        ("1989-3", "http://loinc.org/", True),
        ("1989-3", "urn:oid:2.16.840.1.113883.6.1", True),
        (" 1989-3 ", "", True),
        ("1989-3", "L", False),
        ("1989-3", "99LAB", False),
        ("VITD", "", False),
        ("25-OH", "", False),
    ],
)
def test_a_code_is_loincs_by_its_system_or_by_its_form(code: str, system: str, is_loinc: bool) -> None:
    loinc, local = sorted_codes([(code, system), (code, system), ("", "LN")])
    assert (loinc, local) == (((code.strip(),), ()) if is_loinc else ((), (code.strip(),)))


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        ((), None),
        (("", " "), None),
        (("ng/mL",), "ng/mL"),
        (("apples",), "apples"),
        (("", "ng/mL"), "ng/mL"),
        (("NG/ML", "ng/mL"), "NG/ML"),
        (("ng/mL", "ug/L"), "ng/mL"),
        (("local unit", "ng/mL"), "ng/mL"),
        (("local unit", "another"), "local unit"),
    ],
)
def test_a_unit_can_be_given_twice(texts: tuple[str, ...], unit: str | None) -> None:
    assert one_unit(*texts) == unit


@pytest.mark.parametrize(
    "texts", [("nmol/L", "ng/mL"), ("IU/L", "ng/mL"), ("ng/mL", "[iU]/L"), ("ng/mL", "local", "ng/dL")]
)
def test_a_unit_that_is_given_twice_must_be_the_same(texts: tuple[str, ...]) -> None:
    with pytest.raises(IncompatibleUnit):
        one_unit(*texts)


def test_a_code_of_ucum_is_not_outweighed_by_what_stands_beside_it() -> None:
    assert one_unit("ng/mL", "10*9/L") == "ng/mL"
    with pytest.raises(UnknownUnit):
        one_unit("ng/mL", "10*9/L", ucum=["10*9/L"])
    assert one_unit("10*9/L", ucum=["10*9/L"]) == "10*9/L"


some = st.none() | st.text()
many = st.lists(st.text() | st.sampled_from(["1989-3", "Vitamin D", "B12", "N", "H"]), max_size=3).map(tuple)


@given(
    st.builds(
        Observation,
        place=st.text(),
        names=many,
        loinc=many,
        local=many,
        value=some | st.sampled_from(["22", "<5"]),
        unit=some | st.just("ng/mL"),
        range=some,
        flags=many,
        status=st.sampled_from(Status),
        status_text=st.text(),
        decimal=st.sampled_from([None, "point", "comma"]),
        problem=st.none() | st.just(Malformed("this is not JSON")),
    )
)
def test_any_observation_is_judged_refused_or_not_covered(observation: Observation) -> None:
    outcome = judge(observation, built_in())
    if isinstance(outcome, Refusal):
        assert outcome.text.isprintable()
        assert outcome.code in {error.code for error in LabcheckError.__subclasses__()}
    if observation.problem or observation.status in (Status.WITHDRAWN, Status.ABSENT):
        assert not isinstance(outcome, Interpretation)
