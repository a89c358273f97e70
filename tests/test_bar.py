from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck import Category, interpret
from labcheck.catalogue import built_in
from labcheck.classify import classify
from labcheck.model import Band, Interval, Quantity
from labcheck.reports import bar

BANDS = built_in()["vitd"].default_range.bands


def drawn(text: str, width: int = 60, bands: tuple[Band, ...] = BANDS) -> bar.Bar:
    canonical = interpret("vitd", text, unit="ng/mL").canonical
    return bar.draw(canonical, text, bands, width, bar.ASCII)


def test_zones_are_to_scale() -> None:
    assert [(category, len(zone)) for category, zone in drawn("22").zones] == [
        (Category.LOW, 30),
        (Category.NORMAL, 10),
        (Category.HIGH, 20),
    ]


@pytest.mark.parametrize(
    ("value", "mark"),
    [
        ("22", " " * 22 + "v 22"),
        ("30", " " * 30 + "v 30"),
        ("54.321", " " * 47 + "54.321 v"),
        ("<5", "<----| <5"),
        ("<900", "<- <900 " + "-" * 51 + "|"),
        (">50", " " * 46 + ">50 |-------->"),
        ("900", " " * 55 + "900 >"),
        (">150", " " * 54 + ">150 >"),
    ],
)
def test_the_value_is_marked_where_it_lies(value: str, mark: str) -> None:
    assert drawn(value).mark.rstrip() == mark


@given(
    st.sampled_from(["", "<", ">", "<=", ">="]),
    st.decimals("1", "1000", places=2),
    st.integers(20, 200),
    st.sampled_from([BANDS, built_in()["b12"].default_range.bands]),
)
def test_every_row_is_as_wide_as_asked_and_the_mark_stands_in_the_values_zone(
    comparator: str, value: Decimal, width: int, bands: tuple[Band, ...]
) -> None:
    quantity = Quantity(comparator or None, value, "x")  # type: ignore[arg-type]
    picture = bar.draw(quantity, f"{comparator}{value}", bands, width, bar.ASCII)
    zones = [category for category, zone in picture.zones for _ in zone]
    assert {len(picture.mark), len(zones), *map(len, picture.legend)} == {width}
    if not comparator and "v" in picture.mark:
        at = picture.mark.index("v")
        here = classify(Interval(value, value), bands)[0]
        assert here in zones[max(at - 1, 0) : at + 2]


@given(st.decimals("0.0001", "1000000", places=4), st.integers(10, 200))
def test_an_axis_starts_at_0_and_has_room_between_its_numbers(end: Decimal, width: int) -> None:
    row = bar.ticks(end, width)
    assert len(row) == width
    numbers = [Decimal(number) for number in row.split()]
    assert numbers[0] == 0
    assert len({high - low for low, high in pairwise(numbers)}) <= 1
