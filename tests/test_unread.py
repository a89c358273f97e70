from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labcheck.errors import LabcheckError, Usage
from labcheck.sources.columns import Measured
from labcheck.sources.records import records
from labcheck.sources.unread import UnreadText, check_unread


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            [(0, "<"), (1, " > ")],
            "'op' (column 2) has ' > ' by itself; say that it is the value's with --comparator 'op', or that",
        ),
        ([(3, "≥")], "'x' (column 4) has '≥' by itself; say that it is the value's with --comparator 4, or "),
        ([(1, "<5"), (1, ""), (2, "x"), (3, "<>"), (4, "-")], None),
    ],
)
def test_a_comparator_that_nothing_reads_is_told(cells: list[tuple[int, str]], said: str | None) -> None:
    results = [Measured({"test": 0, "value": 2})]
    if said is None:
        check_unread(["test", "op", "value", "x", "x"], results, cells)
        return
    with pytest.raises(LabcheckError) as caught:
        check_unread(["test", "op", "value", "x", "x"], results, cells)
    assert caught.value.text.startswith(said)


HEADER = ["test", "op", "value"]
RESULTS = [Measured({"test": 0, "value": 2})]


def plainly(data: bytes, row: int, *, final: bool) -> None:
    for number, record in enumerate(records(data, b",", final=final), row + 1):
        cells = enumerate(cell.decode() for cell in record.cells[: len(HEADER)])
        check_unread(HEADER, RESULTS, cells, number)


def said(check: Callable[..., None], data: bytes, *, final: bool) -> str | None:
    try:
        check(data, 6, final=final)
    except Usage as error:
        return error.text
    return None


cells = st.sampled_from(
    ["", "<", ">", "<=", "≤", "=>", " < ", '"<"', '"<\n"', "<\t", "<\u00a0", "<5", "<,", "5", "a<", "µ", '"']
)


@given(st.lists(st.tuples(cells, cells, cells)), st.sampled_from(["\n", "\r\n", "\r", ""]), st.booleans())
@example([("vitd", "<", "31")], "\n", False)
@example([("vitd", "≥ ", "31")], "\n", False)
@example([("vitd", "<", "31"), ("", "", "")], "", True)
@example([("vitd", '"<"', "31")], "\n", False)
@example([("vitd", "<\u00a0", "31")], "\n", False)
def test_text_is_looked_through_as_if_cell_by_cell(
    rows: list[tuple[str, str, str]], end: str, final: bool
) -> None:
    data = "".join(",".join(row) + end for row in rows).encode()
    quickly = UnreadText(HEADER, RESULTS, b",", bytes.decode).check
    assert said(quickly, data, final=final) == said(plainly, data, final=final)
