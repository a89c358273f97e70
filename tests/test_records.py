import pytest

from labcheck.sources.records import LONGEST, Record, ended, quoted, records, shortened


def raw(data: bytes, *, final: bool = True, longest: int = LONGEST) -> list[tuple[bytes, bool]]:
    found = records(data, b",", final=final, longest=longest)
    return [(record.raw, record.closed) for record in found]


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"a,b\nc,d\n", [b"a,b\n", b"c,d\n"]),
        (b"a,b\r\nc,d\r\n", [b"a,b\r\n", b"c,d\r\n"]),
        (b"a,b\rc,d\r", [b"a,b\r", b"c,d\r"]),
        (b'a,"b\nc"\nd,e', [b'a,"b\nc"\n', b"d,e"]),
        (b'a,"b""\n""c"\n', [b'a,"b""\n""c"\n']),
        (b'a,5" pipe\nd,e\n', [b'a,5" pipe\n', b"d,e\n"]),
        (b"\n\na\n", [b"\n", b"\n", b"a\n"]),
        (b"", []),
    ],
)
def test_records_keep_their_own_bytes(data: bytes, whole: list[bytes]) -> None:
    assert raw(data) == [(record, True) for record in whole]


@pytest.mark.parametrize("data", [b"a,b", b'a,"b\n', b"a,b\r", b'a,"b""'])
def test_what_may_go_on_is_waited_for(data: bytes) -> None:
    assert raw(data, final=False) == []


def test_a_quote_that_nothing_closes_costs_its_own_line_alone() -> None:
    assert raw(b'1\n"a\r\nb\n') == [(b"1\n", True), (b'"a\r\n', False), (b"b\n", True)]
    assert raw(b'"a\rb') == [(b'"a\r', False), (b"b", True)]


def test_rows_between_two_quotes_that_stand_alone_are_rows() -> None:
    data = b'a,"x\nb,1\nc,"y\nd\n'
    assert raw(data) == [(b'a,"x\n', False), (b"b,1\n", True), (b'c,"y\n', False), (b"d\n", True)]
    assert raw(b'a,"x\n""y"\nb\n') == [(b'a,"x\n""y"\n', True), (b"b\n", True)]


def test_a_record_of_several_lines_beyond_the_limit_is_a_quote_never_closed() -> None:
    data = b'"a\nb\nc\nd\ne\nf"\ng\n'
    lines: list[tuple[bytes, bool]] = [(b'"a\n', False), (b"b\n", True), (b"c\n", True)]
    assert raw(data, longest=10)[:3] == raw(data[:-3], final=False, longest=10)[:3] == lines
    assert raw(b'"abcdefghijkl"\n', longest=10) == [(b'"abcdefghijkl"\n', True)]
    assert raw(b'"abcdefghijkl', final=False, longest=10) == []  # one line can be of any length


def test_one_is_looked_behind_less_far_each_time() -> None:
    limits = [LONGEST]
    for _ in range(20):
        limits.append(shortened(limits[-1]))
    assert limits[1] == LONGEST // 2
    assert limits[-1] == limits[-2] == 1 << 12


def test_cells_are_unquoted() -> None:
    assert next(records(b'a,"b "", c"\n', b",", final=True)) == Record(
        b'a,"b "", c"\n', [b"a", b'b ", c'], closed=True
    )


def test_a_record_is_split_from_its_line_break() -> None:
    assert [ended(b"a" + end) for end in (b"\r\n", b"\n", b"\r", b"")] == [
        (b"a", b"\r\n"),
        (b"a", b"\n"),
        (b"a", b"\r"),
        (b"a", b""),
    ]


@pytest.mark.parametrize(("cell", "written"), [("a", b"a"), ("a;b", b'"a;b"'), ('a"b', b'"a""b"'), ("", b"")])
def test_a_cell_of_ours_is_quoted_where_it_needs_it(cell: str, written: bytes) -> None:
    assert quoted(cell, b";") == written
