import pytest

from labcheck.flags import of_codes


@pytest.mark.parametrize(
    ("codes", "words", "flags"),
    [
        (["L"], ["Low"], ("L",)),
        (["H", "A"], [], ("H", "A")),
        ([">"], ["Off scale high"], (">",)),
        (["17"], [">"], ("17", ">")),
        (["17"], ["high"], ("17", "high")),
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
