from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck.catalogue import built_in
from labcheck.ranges import canonical_bands
from labcheck.reports import bar, histogram

VITD = built_in()["vitd"]
BANDS = canonical_bands(VITD.default_range, VITD)


def drawn(bins: dict[int, int], width: int = 76, glyphs: bar.Glyphs = bar.UNICODE) -> histogram.Histogram:
    return histogram.draw(bins, Decimal("0.1"), BANDS, width, 6, glyphs)


def test_the_tallest_column_fills_the_height_and_the_smallest_still_shows() -> None:
    found = drawn({220: 1000, 350: 1})
    assert [row.strip() for row in found.rows[:5]] == ["█"] * 5
    assert found.rows[5].strip().endswith("▁")


def test_a_column_stands_over_the_zone_that_its_values_lie_in() -> None:
    found = drawn({299: 1, 300: 1, 400: 1, 401: 1})
    zones = [category for category, characters in found.zones for _ in characters]
    under = [zone for column, zone in zip(found.rows[-1], zones, strict=True) if column != " "]
    assert under == ["low", "normal", "high"]  # the limit itself shares a column with what is just above it


def test_even_values_make_an_even_picture() -> None:
    found = drawn(dict.fromkeys(range(10, 500), 1))
    full = found.rows[0].strip()
    assert set(full[:-1]) == {"█"}


def test_a_few_far_away_are_counted_and_not_drawn() -> None:
    found = drawn({220: 999, 2500: 1})
    assert (found.beyond, found.end < 250) == (1, True)


def test_ascii_alone_will_do() -> None:
    assert "".join(drawn({220: 10, 350: 3}, glyphs=bar.ASCII).rows).isascii()


@given(
    st.dictionaries(st.integers(0, 10_000), st.integers(1, 10**6), min_size=1),
    st.integers(16, 96),
    st.sampled_from([bar.UNICODE, bar.ASCII]),
)
def test_every_result_is_drawn_or_counted_as_beyond(
    bins: dict[int, int], width: int, glyphs: bar.Glyphs
) -> None:
    found = drawn(bins, width, glyphs)
    assert {len(row) for row in found.rows} == {width}
    assert sum(len(characters) for _, characters in found.zones) == width
    assert found.beyond <= 0.005 * sum(bins.values())
    assert found.beyond == sum(
        count for number, count in bins.items() if number * Decimal("0.1") >= found.end
    )


@pytest.mark.parametrize("width", [16, 36, 76, 96])
def test_the_axis_holds_the_limits(width: int) -> None:
    assert drawn({50: 1}, width).end >= 50
