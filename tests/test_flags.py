from decimal import Decimal

import pytest

from labcheck.flags import SIDES, is_unknown, marks, of_codes, off_scale
from labcheck.model import COMPARATOR_WORDS
from labcheck.reading import read_value
from labcheck.sources.rows import OPERATORS


@pytest.mark.parametrize(
    ("codes", "words", "flags"),
    [
        (["L"], ["Low"], ("L",)),
        (["H", "A"], [], ("H", "A")),
        ([">"], ["Off scale high"], (">",)),
        (["17"], [">"], ("17", ">")),
        (["17"], ["high"], ("17", "high")),
        (["N"], ["<35 (LOD)"], ("N", "<35 (LOD)")),
        (["N"], ["below measurable range, < 35"], ("N", "below measurable range, < 35")),
        (["N"], ["no comment"], ("N",)),
        (["17"], ["something"], ("17",)),
        (["H"], [">"], ("H", ">")),
        (["H"], [">80"], ("H", ">80")),
        (["H"], ["> ULN"], ("H",)),
        (["17", ">"], ["high", "Off scale high"], ("17", ">")),
        ([], ["High"], ("High",)),
        ([], ["something"], ("something",)),
        ([], [], ()),
    ],
)
def test_words_are_kept_beside_codes_where_they_say_more(
    codes: list[str], words: list[str], flags: tuple[str, ...]
) -> None:
    assert of_codes(codes, words) == flags


@pytest.mark.parametrize(
    ("flag", "comparator"),
    [
        *(
            (flag, "<")
            for flag in ("<", "<<", "L <", "L,<31", "L; < 31", "(<31)", "< 31", "BLQ", "ND", "L~<")
        ),
        *(
            (flag, "<")
            for flag in (
                "Below detection limit",
                "below LOQ (31)",
                "BELOW LOD 20",
                "not detected",
                "<31 !",
                "<31, L",
            )
        ),
        *(
            (flag, "<")
            for flag in (
                "<31 L",
                "L/<31",
                "!<31",
                "<31 ng/mL",
                "N.D.",
                "below  LOQ",
                "Below LOQ (31 ng/mL)",
            )
        ),
        *((flag, "<") for flag in ("'<", '"<"', "{<}", "<.", "↓<", "▼ <", "<↓", "<\u200b", "\ufeff<")),
        *((flag, "<") for flag in ("< 3.1e1", "<31.", "<31,0", "﹤", "≪", "〈", "‹31", "< 310E-1")),
        *((flag, "<=") for flag in ("≦", "≦31")),
        *(
            (flag, "<")
            for flag in ("LOW <31", "<31 Low", "< LOQ (31)", "<LOD 31", "LOD <31", "< LLOQ: 31 ng/mL")
        ),
        *((flag, ">") for flag in ("▲>", "﹥31", "↑↑ >")),
        *((flag, "<") for flag in ("<31 (L)", "(L) <31", "(L), < 31 ng/mL")),
        *((flag, ">") for flag in (">", "H >", "> AMR", "Above linearity", "H,>31")),
        *((flag, "") for flag in ("<30", "L", "H *", "> ULN", "below", "below 31", "see below LOQ", "")),
        *((flag, "") for flag in ("< LLN L", ">ULN H", "< reference range", "> target", "< limit of normal")),
    ],
)
def test_a_flag_can_say_that_the_value_was_off_the_scale(flag: str, comparator: str) -> None:
    assert off_scale([flag], Decimal(31)) == frozenset(filter(None, [comparator]))


@pytest.mark.parametrize(
    ("flag", "known"),
    [
        *((flag, True) for flag in ("H*", "High *", "HIGH!", "(L)", "very high", "niedrig", "Hoch", "h")),
        *((flag, False) for flag in ("high, see note", "X", "*", "")),
    ],
)
def test_a_flag_is_known_whatever_marks_stand_around_it(flag: str, *, known: bool) -> None:
    assert all(mark.upper() in SIDES for mark in marks(flag)) is known


@pytest.mark.parametrize(
    ("flag", "unknown"),
    [
        *(
            (flag, [flag])
            for flag in ("high, see note", "LOW - BELOW LOQ", "see report", "TX", "cancelled", "pending")
        ),
        *((flag, [flag]) for flag in ("*", "!", "#", "?", "<?", "?<", "+<", "35<", "<35>", "1", "17")),
        *((flag, []) for flag in ("H", "high", "", "W", "0", "0.0", "< LLN", "L, <", "WNL", "below LOQ")),
        *((flag, []) for flag in ("Y", "yes", "No", "TRUE", "false", "ja", "nein", "WAHR", "faux", "@")),
        *((flag, []) for flag in ("+", "++", "-", "--", ".", "( )", "_", "H *", "L!", "▲", "▼▼", "N.D.")),
        *(
            (flag, [])
            for flag in ("BELOW LOW NORMAL", "Critical High", "erhöht", "high critical", "Deficient")
        ),
    ],
)
def test_words_of_a_flag_that_are_not_understood_are_told(flag: str, unknown: list[str]) -> None:
    assert list(filter(is_unknown, marks(flag))) == unknown


@pytest.mark.parametrize(
    ("flag", "comparator"),
    [*((flag, "<") for flag in ("LL <", "LL, <", "LL<", "LL ND", "low <")), ("HH >", ">"), ("< LL", None)],
)
def test_a_side_beside_a_sign_does_not_hide_it(flag: str, comparator: str | None) -> None:
    assert off_scale([flag]) == frozenset(filter(None, [comparator]))


@pytest.mark.parametrize(
    ("flag", "comparator"), [("≤=31", "<="), ("＜= 31", "<="), ("=>31", ">="), ("⩾31", ">=")]
)
def test_a_sign_in_any_spelling_beside_the_value_is_one(flag: str, comparator: str) -> None:
    assert off_scale([flag], Decimal(31)) == {comparator}


@pytest.mark.parametrize("word", COMPARATOR_WORDS)
def test_the_words_for_a_comparator_mean_the_same_wherever_they_stand(word: str) -> None:
    assert off_scale([word.lower()]) == {COMPARATOR_WORDS[word]}
    assert OPERATORS[word] == COMPARATOR_WORDS[word]
    if " " in word:  # codes as LT stand in a column of their own
        assert read_value(f"{word.lower()} 5").comparator == COMPARATOR_WORDS[word]
