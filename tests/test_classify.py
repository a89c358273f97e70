from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck.classify import classify
from labcheck.model import Band, Category, Comparator, Interval, Quantity

LOW, NORMAL, HIGH = Category.LOW, Category.NORMAL, Category.HIGH
BANDS = (
    Band(LOW, Interval(None, Decimal(30), includes_high=False)),
    Band(NORMAL, Interval(Decimal(30), Decimal(40))),
    Band(HIGH, Interval(Decimal(40), None, includes_low=False)),
)
JUST = Decimal("1e-20")
COMPARATORS: tuple[Comparator | None, ...] = (None, "<", "<=", ">", ">=")


def categories(comparator: Comparator | None, value: Decimal | str) -> tuple[Category, ...]:
    return classify(Quantity(comparator, Decimal(value), "ng/mL").interval, BANDS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal(30) - JUST, LOW),
        (Decimal(30), NORMAL),
        (Decimal(30) + JUST, NORMAL),
        (Decimal(40) - JUST, NORMAL),
        (Decimal(40), NORMAL),
        (Decimal(40) + JUST, HIGH),
    ],
)
def test_a_limit_belongs_to_the_band_that_includes_it(value: Decimal, expected: Category) -> None:
    assert categories(None, value) == (expected,)


@pytest.mark.parametrize(
    ("comparator", "value", "expected"),
    [
        ("<", "5", (LOW,)),
        ("<", "30", (LOW,)),
        ("<=", "30", (LOW, NORMAL)),
        ("<", "35", (LOW, NORMAL)),
        ("<", "40", (LOW, NORMAL)),
        ("<=", "40", (LOW, NORMAL)),
        ("<", "41", (LOW, NORMAL, HIGH)),
        (">", "150", (HIGH,)),
        (">", "40", (HIGH,)),
        (">=", "40", (NORMAL, HIGH)),
        (">", "35", (NORMAL, HIGH)),
        (">=", "30", (NORMAL, HIGH)),
        (">", "29", (LOW, NORMAL, HIGH)),
    ],
)
def test_a_censored_value_has_the_categories_of_all_it_can_be(
    comparator: Comparator, value: str, expected: tuple[Category, ...]
) -> None:
    assert categories(comparator, value) == expected


positive = st.decimals("0.001", "1000", places=3)


@given(positive, positive)
def test_more_is_never_a_lower_category(one: Decimal, other: Decimal) -> None:
    order = [LOW, NORMAL, HIGH]
    less, more = sorted((one, other))
    assert order.index(categories(None, less)[0]) <= order.index(categories(None, more)[0])


@given(st.sampled_from(COMPARATORS), positive, positive)
def test_a_censored_value_can_be_whatever_a_value_inside_it_is(
    comparator: Comparator | None, limit: Decimal, value: Decimal
) -> None:
    if value in Quantity(comparator, limit, "ng/mL").interval:
        assert set(categories(None, value)) <= set(categories(comparator, limit))


@given(positive, positive, st.decimals("0.001", "1000", places=3))
def test_scaling_keeps_what_is_inside(low: Decimal, value: Decimal, factor: Decimal) -> None:
    interval = Interval(low, None)
    assert (value in interval) == (value * factor in interval.scaled(factor))


@pytest.mark.parametrize(
    ("interval", "written"),
    [
        (Interval(Decimal(30), Decimal(40)), "30-40"),
        (Interval(None, Decimal("5.7"), includes_high=False), "<5.7"),
        (Interval(Decimal(60), None), ">=60"),
        (Interval(Decimal(12), Decimal(20), includes_high=False), "12 to <20"),
        (Interval(Decimal(12), Decimal(20), includes_low=False), ">12 to 20"),
        (Interval(Decimal(12), None, includes_low=False), ">12"),
        (Interval(Decimal("1E+2"), Decimal("2E+2")), "100-200"),
    ],
)
def test_an_interval_is_written_as_a_report_would(interval: Interval, written: str) -> None:
    assert str(interval) == written
