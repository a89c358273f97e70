from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck.catalogue import built_in
from labcheck.ranges import read_own_range
from labcheck.sources.rows import Given, Judge
from labcheck.sources.stretches import Same, Stretches, is_plain
from labcheck.sources.verdicts import Verdict

JUDGE = Judge(built_in(), units={"b12": "pmol/L"})


numbers = st.one_of(
    st.decimals("0", "2000000", places=0),
    st.decimals("0", "3000", places=1),
    st.decimals("0", "1000", places=4),
    st.sampled_from(
        [
            "29",
            "29.5",
            "29.9",
            "29.95",
            "30",
            "30.0",
            "30.05",
            "40",
            "40.0",
            "40.1",
            "74.8",
            "74.9",
            "75",
            "99.8",
            "99.9",
            "100",
            "100.0",
            "199",
            "200",
            "201",
            "899",
            "900",
            "901",
        ]
    ).map(Decimal),
    st.sampled_from(
        [
            "1",
            "4",
            "4.0",
            "150",
            "150.0",
            "1000",
            "1000.0",
            "10",
            "50",
            "2000",
            "1000000",
            "148",  # half a unit below it is 147.5, and 200 pg/mL are 147.56 pmol/L
            "0.99",
            "3.99",
            "150.01",
            "0",
            "00",
            "022",
            "22.",
        ]
    ),
)
UNITS = ["ng/mL", "µg/L", "nmol/L", "ng/dL", "pg/mL", "pmol/L", "ng/L", "IU/L", "", "apples"]


def find(stretches: Stretches, text: str) -> tuple[str, int] | None:
    """Return the canonical value of a number and the number of its stretch."""
    found = stretches.answers([(b"", b"", number) for number in range(len(stretches.verdicts))])(
        text.encode()
    )
    return (found[0].decode(), found[1]) if found else None


RANGES = [None, "", "30-100", "75-250 nmol/L", "<5", ">= 29.9", "0-0", "74.9 - 100", "see comment"]
FLAGS = [None, "", "H", "low", "A", "*", "<", " > ", "L <", "≤", "(>)", "< >", "> 3 days"]


@given(
    numbers,
    st.sampled_from(["vitd", "b12", "Ferritin", "Calcitriol"]),
    st.sampled_from(UNITS),
    st.sampled_from(RANGES),
    st.sampled_from(FLAGS),
)
def test_the_quick_way_says_what_the_core_says(
    number: Decimal | str, test: str, unit: str, range: str | None, flag: str | None
) -> None:
    text = number if isinstance(number, str) else f"{number:f}"
    given_ = Given(test, None, unit, range=range, flag=flag)
    verdict = JUDGE.judge(text, given_)
    match JUDGE.stretches(given_):
        case Verdict() as always:
            assert always == verdict
        case Same() as same if is_plain(text.encode()):
            assert same.verdict == verdict
        case Stretches() as stretches if found := find(stretches, text):
            known = stretches.verdicts[found[1]]
            if known is not None:
                cells = (known.cells[0], found[0], *known.cells[2:])
                assert (known.kind, cells) == (verdict.kind, verdict.cells)


@pytest.mark.parametrize("text", ["22", "22.5", "0.50", "1000000", "12345678901234"])
def test_a_plain_number_is_digits_with_at_most_a_point(text: str) -> None:
    assert is_plain(text.encode())


@pytest.mark.parametrize(
    "text", ["0", "00.5", "022", "22.", ".5", "22,5", "", "-5", "٢", "1" * 15, "1e5", "0.0"]
)
def test_any_other_number_is_for_the_core(text: str) -> None:
    assert not is_plain(text.encode())


def test_what_the_number_alone_does_not_tell_is_for_the_core() -> None:
    assert Judge(built_in(), decimal="comma").stretches(Given("b12", unit="pg/mL")) is None
    assert JUDGE.stretches(Given("b12", unit="pg/mL", comparator="<")) is None
    assert isinstance(JUDGE.stretches(Given("b12", unit="pg/mL", comparator="=")), Stretches)


def test_rounding_by_half_a_unit_is_left_to_the_core() -> None:
    stretches = JUDGE.stretches(Given("b12", unit="pmol/L"))
    assert isinstance(stretches, Stretches)
    assert find(stretches, "148") is None
    assert JUDGE.judge("148", Given("b12", unit="pmol/L")).cells[-1] == "near-limit"
    assert find(stretches, "149") is not None


def test_a_stretch_without_an_answer_is_for_the_core() -> None:
    stretches = JUDGE.stretches(Given("vitd", unit="ng/mL"))
    assert isinstance(stretches, Stretches)
    low, normal = (find(stretches, text) for text in ("22.5", "35.5"))
    assert low
    assert normal
    of_all = [(b"<", b">", number) for number in range(len(stretches.verdicts))]
    answer = stretches.answers([None if part[2] == low[1] else part for part in of_all])
    assert (answer(b"22.5"), answer(b"35.5")) == (None, (b"<35.5>", normal[1]))


def test_a_number_is_for_the_core_wherever_its_rounding_can_reach_a_limit() -> None:
    own = {"vitd": read_own_range("29.8557-40 ng/mL", None)}  # 0.48 of a digit from 75 nmol/L
    judge, row = Judge(built_in(), own_ranges=own), Given("vitd", unit="nmol/L")
    stretches = judge.stretches(row)
    assert isinstance(stretches, Stretches)
    assert find(stretches, "75") is None
    assert judge.judge("75", row).cells[-1] == "near-limit"


def test_no_note_on_rounding_is_taken_over_from_a_rounder_number() -> None:
    own = {"vitd": read_own_range("23.9384-24.1384 ng/mL", None)}  # 60 nmol/L are right in its middle
    judge, row = Judge(built_in(), own_ranges=own), Given("vitd", unit="nmol/L")
    stretches = judge.stretches(row)
    assert isinstance(stretches, Stretches)
    found = find(stretches, "60.01")
    assert found
    known = stretches.verdicts[found[1]]
    assert known
    assert known.cells[-1] == judge.judge("60.01", row).cells[-1] == ""
    assert judge.judge("60", row).cells[-1] == "near-limit"
