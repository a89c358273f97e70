from hypothesis import given
from hypothesis import strategies as st

from labcheck.catalogue import built_in
from labcheck.reports import bar, ranges


def pictured(id: str, width: int = 60) -> list[ranges.Row]:
    return list(ranges.picture(built_in()[id], width, bar.ASCII))


def test_sets_are_drawn_to_one_scale_under_each_other() -> None:
    drawn = {row.label: "".join(zone for _, zone in row.zones) for row in pictured("vitd") if row.zones}
    assert {len(zones) for zones in drawn.values()} == {60}  # two columns for each ng/mL
    assert drawn["article"] == "." * 15 + "#" * 5 + ":" * 40
    assert drawn["iom-2011"] == "......|..." + "#" * 15 + ":" * 35
    assert drawn["ros-2018"] == "." * 5 + "/" * 5 + "#" * 50


def test_the_picture_has_an_axis_for_each_kind_of_unit() -> None:
    first, *_, last, legend = pictured("vitd")
    assert (first.label, first.text.split()) == ("ng/mL", ["0", "20", "40", "60", "80", "100", "120"])
    assert (last.label, last.text.split()) == ("nmol/L", ["0", "50", "100", "150", "200", "250"])
    assert legend.text == ". low  # normal  : high  / indeterminate"


@given(st.sampled_from(["vitd", "b12"]), st.integers(10, 200))
def test_each_row_of_the_picture_is_as_wide_as_asked(id: str, width: int) -> None:
    for row in pictured(id, width)[:-1]:
        assert len(row.text or "".join(zone for _, zone in row.zones)) == width


@given(st.sampled_from(["vitd", "b12"]), st.integers(20, 200))
def test_each_row_of_limits_has_its_unit(id: str, width: int) -> None:
    text = " ".join(row.text for row in pictured(id, width) if not row.label)
    printed = [scale.unit for one in built_in()[id].range_sets.values() for scale in one.scales]
    assert [word for word in text.split() if "/" in word.strip("/")] == printed
