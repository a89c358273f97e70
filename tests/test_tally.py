import pytest

from labcheck.catalogue import built_in
from labcheck.sources import tally as tallies
from labcheck.sources.refusals import Place, Refused
from labcheck.sources.tally import EXAMPLES, Tally, bin_widths
from labcheck.sources.verdicts import NOT_COVERED, Kind, Reported

LOW, REFUSED = Kind("vitd", "low", ""), Kind("b12", "refused", "no-value")


def test_results_are_counted_by_analyte_and_category_and_refusals_by_reason() -> None:
    tally = Tally()
    for kind in (LOW, LOW, REFUSED, NOT_COVERED.kind):
        tally.count(kind, "")
    tally.refuse(Refused(Place(7), REFUSED))
    assert tally.interpreted == {"vitd": {"low": 2}}
    assert tally.refused == [(REFUSED, 1, [Place(7)])]
    assert tally.not_covered == 1


def test_values_are_counted_in_bins_and_censored_ones_in_none() -> None:
    tally = Tally(widths={"vitd": 0.1})
    for value in ("29.95", "30", "30.0", "30.05", "0.3", "<4", ">150", ""):
        tally.count(LOW, value)
    tally.count(Kind("b12", "low", ""), "150")
    assert tally.values == {"vitd": {3: 1, 299: 1, 300: 3}}


def test_the_bins_of_an_analyte_are_a_power_of_ten_wide() -> None:
    assert bin_widths(built_in()) == {"b12": 1.0, "vitd": 0.1}


def test_the_first_places_of_a_refusal_are_kept_and_all_of_them_listed_if_asked_for() -> None:
    tally, lines = Tally(lists_refusals=True), list[bytes]()
    for row in range(2, 2 + EXAMPLES + 2):
        assert tally.wants(REFUSED)
        tally.refuse(Refused(Place(row), REFUSED, reported=Reported("B12", "2132-9", 'a "1"', "x" * 200)))
    tally.list_refusals(lines.append)
    tally.list_refusals(lines.append)
    assert tally.examples[REFUSED] == list(map(Place, (2, 3, 4, 5, 6)))
    assert b"".join(lines).count(b"\n") == EXAMPLES + 2
    assert lines[0].startswith(
        b'2,b12,no-value,,B12,2132-9,"a ""1""",'
        + b"x" * 100
        + "…".encode()
        + b',,"Nothing was measured, nothing is reported yet, or'
    )


def test_a_place_with_a_line_break_is_listed_in_one_line() -> None:
    tally, lines = Tally(lists_refusals=True), list[bytes]()
    tally.refuse(Refused(Place(2, file="a\nb.csv"), REFUSED))
    tally.list_refusals(lines.append)
    assert b"".join(lines).startswith(b"a\\nb.csv,2,b12,")


def test_without_a_list_no_more_places_are_wanted_than_are_shown() -> None:
    tally = Tally()
    for row in range(EXAMPLES):
        tally.refuse(Refused(Place(row), REFUSED))
    assert not tally.wants(REFUSED)
    assert not tally.wants(LOW)


def test_the_counts_of_two_halves_are_added() -> None:
    one, other = Tally(widths={"vitd": 0.1}), Tally(widths={"vitd": 0.1})
    one.rows, other.rows = 3, 4
    for tally, rows in ((one, (9, 2)), (other, (3, 2))):
        tally.count(LOW, "22")
        tally.count(REFUSED, "")
        for row in rows:
            tally.refuse(Refused(Place(row), REFUSED))
    one.add(other)
    assert (one.rows, one.kinds[LOW], one.values) == (7, 2, {"vitd": {220: 2}})
    assert one.refused == [(REFUSED, 2, list(map(Place, (2, 2, 3, 9))))]


def test_names_that_look_alike_are_kept_as_they_came_whoever_met_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tallies, "_LOOK_ALIKES", 30)
    names = [f"Vitamin D {number}" for number in range(40)]
    alone, one, other = Tally(), Tally(), Tally()
    for row, name in enumerate([*names, *names]):
        alone.look_alike(name, row)
        (one, other)[row // 3 % 2].look_alike(name, row)
    one.add(other)
    assert [*one.look_alikes] == [*alone.look_alikes] == names[:30]


@pytest.mark.parametrize(
    ("met", "ending"),
    [(20, "D19"), (21, "D19, and 1 more"), (29, "D19, and 9 more"), (30, "D19, and at least 10 more")],
)
def test_of_names_that_look_alike_the_first_are_named_and_the_others_counted(
    met: int, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "_LOOK_ALIKES", 30)
    tally = Tally()
    for number in range(met):
        tally.look_alike(f"d{number}")
    named = tally.named_look_alikes(str.upper)
    assert named.startswith("D0, D1, ")
    assert named.endswith(f"D18, {ending}")


def test_names_that_look_alike_and_were_met_in_one_block_stay_in_order() -> None:
    for first_adds in (True, False):
        one, other = Tally(), Tally()
        for name in ("Vitamin D b", "Vitamin D a"):
            one.look_alike(name, 5)
        other.look_alike("Vitamin D a", 90)
        both, added = (one, other) if first_adds else (other, one)
        both.add(added)
        assert [*both.look_alikes.items()] == [("Vitamin D b", 5), ("Vitamin D a", 5)]
