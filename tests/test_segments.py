from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck.sources.segments import END_OF_BLOCK, LONGEST, START_OF_BLOCK, Segment, damaged, segments
from labcheck.sources.segments import MSH as MSH_SEGMENT

MSH = b"MSH|^~\\&|LAB"


def cut(data: bytes, block: int = 1 << 17) -> list[Segment]:
    file = BytesIO(data)
    return list(segments(lambda: file.read(block)))


def texts(data: bytes) -> list[bytes]:
    return [segment.text for segment in cut(data)]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\r\r", b"  \r", b"\r\0\r"])
def test_any_line_break_ends_a_segment_and_blank_lines_are_nothing(end: bytes) -> None:
    assert [text.rstrip() for text in texts(MSH + end + b"PID|1" + end + b"OBX|1" + end)] == [
        MSH,
        b"PID|1",
        b"OBX|1",
    ]


def test_a_line_that_is_no_segment_belongs_to_the_one_before() -> None:
    assert texts(MSH + b"\rOBX|1|TX|a||see\nbelow\nABCDE\nABC:\n|F\rOBX|2\r") == [
        MSH,
        b"OBX|1|TX|a||see\nbelow\nABCDE\nABC:\n|F",
        b"OBX|2",
    ]


def test_the_separator_is_the_messages_own() -> None:
    assert texts(b"MSH#^~\\&#\rOBX#1\nNTE|2\rOBX#3") == [b"MSH#^~\\&#", b"OBX#1\nNTE|2", b"OBX#3"]


DAMAGED = [
    *(b"obx|1|NM", b"Obx|1", b"OBX |1|NM", b'"OBX|1|NM', b"'OBX|1", b"\xa0OBX|1", b"OBX[2]|1", b"OBX^1^NM"),
    *(
        b"0BX|1|NM",
        b"OBX\t|1",
        b"\xbf\xefOBX|1",
        b"msh|^~\\&|LAB",
        b"MSH ^~\\&|",
        b"obr|1|",
        b'"PID||77',
    ),
]


@pytest.mark.parametrize("line", DAMAGED)
def test_a_line_that_looks_like_a_damaged_segment_is_one_of_its_own(line: bytes) -> None:
    assert texts(MSH + b"\rOBX|1\r" + line + b"\rOBX|3\r") == [MSH, b"OBX|1", line, b"OBX|3"]
    assert damaged(line, b"|") in line.upper().replace(b"0", b"O")


@pytest.mark.parametrize(
    "begin",
    [
        *(
            b"OB",
            b"BX",
            b"xOBX",
            b"OBX1",
            b"OBY",
            b"ABX",
            b"OCX",
            b"OBX\xff1",
            b"\xffOB",
            b"",
            b"OXB",
            b"BOX",
        ),
        *(b"O\0BX", b"O BX", b"1 OBX", b">>>>>>>>>OBX", b"OBX 2"),
    ],
)
def test_a_line_with_a_type_of_value_where_obx_has_it_is_a_damaged_one(begin: bytes) -> None:
    line = begin + b"|2|NM|2132-9^B12^LN||100|pg/mL"
    assert texts(MSH + b"\rOBX|1\r" + line + b"\rOBX|3\r") == [MSH, b"OBX|1", line, b"OBX|3"]
    assert damaged(line, b"|") == b"OBX"


@pytest.mark.parametrize("line", [b"2|NM|B12||100", b"OBX2|nm|B12||100", b"OBX 2| SN |B12||100"])
def test_a_line_that_has_lost_a_separator_is_a_damaged_one(line: bytes) -> None:
    assert texts(MSH + b"\rOBX|1\r" + line + b"\rOBX|3\r") == [MSH, b"OBX|1", line, b"OBX|3"]
    assert damaged(line, b"|") == b"OBX"
    assert damaged(line, b"") == b""


@pytest.mark.parametrize(
    "line", [b"ZBX|1|NM|x", b"NTE|1|TX|x", b"OBR|1|NM|x", b"OBY|1|x|", b"see below | (NM)"]
)
def test_other_segments_and_texts_are_no_damaged_obx(line: bytes) -> None:
    assert damaged(line, b"|") == b""


@pytest.mark.parametrize(
    "line",
    [b"obx", b"see OBX|2", b"msh: see below", b"PID, in 2019", b"obr", b"OBXY|1", b"pid|a|b", b"NTE|1"],
)
def test_a_line_that_only_mentions_a_segment_is_none(line: bytes) -> None:
    assert damaged(line, b"|") == b""
    assert damaged(b"OBX|1", b"|") == b""


def test_a_nul_in_front_of_a_segment_is_none_of_it() -> None:
    assert texts(MSH + b"\r\0OBX|1\r\0 \tOBX|2\r") == [MSH, b"OBX|1", b"OBX|2"]


def test_an_empty_field_behind_the_separators_is_none_of_them() -> None:
    found = MSH_SEGMENT.match(b"MSH|^~\\&||WEST")
    assert found
    assert found.groups() == (b"|", b"^~\\&")


def test_an_indented_segment_and_a_byte_order_mark_are_understood() -> None:
    assert texts(b"\xef\xbb\xbf" + MSH + b"\r  OBX|1\r\tOBX|2\r") == [MSH, b"OBX|1", b"OBX|2"]


def test_what_frames_a_block_is_a_segment_of_its_own() -> None:
    assert texts(b"\x0b" + MSH + b"\rOBX|1\r\x1c\r\x0b" + MSH + b"\rOBX|2\x1c\r") == [
        *(START_OF_BLOCK, MSH, b"OBX|1", END_OF_BLOCK),
        *(START_OF_BLOCK, MSH, b"OBX|2", END_OF_BLOCK),
    ]


def test_a_message_can_begin_in_the_middle_of_a_line() -> None:
    first, second, third = cut(b"OBX|1|NM|a||2" + MSH + b"|x\rOBX|1\r")
    assert (first.text, second.text, third.text) == (b"OBX|1|NM|a||2", MSH + b"|x", b"OBX|1")
    assert (first.cut, second.cut, third.cut) == (True, False, False)


def test_what_only_looks_like_a_message_in_a_text_is_left_there() -> None:
    text = b"NTE|1||see MSH|1 and MSH"
    assert texts(text) == [text]


@pytest.mark.parametrize(
    ("end", "is_cut"), [(b"", True), (b"\r", False), (b"\n\r", False), (b"\x1c", False), (b"\x0b", True)]
)
def test_a_segment_that_nothing_ended_is_cut(end: bytes, is_cut: bool) -> None:
    assert cut(MSH + b"\rOBX|1" + end)[1].cut is is_cut


def test_the_rest_of_what_is_too_long_is_let_go() -> None:
    big = b"OBX|1|ED|a||" + b"x" * (LONGEST * 3)
    head, long, after = cut(MSH + b"\r" + big + b"\rOBX|2\r")
    assert (head.too_long, long.too_long, after) == (False, True, Segment(b"OBX|2"))
    assert len(long.text) == LONGEST
    many = cut(MSH + b"\rOBX|1|TX|a||" + b"line\n" * LONGEST + b"\rOBX|2\r", block=1000)
    assert (many[1].too_long, len(many[1].text) <= LONGEST, many[2].text) == (True, True, b"OBX|2")


def test_a_segment_comes_out_once_the_next_begins() -> None:
    blocks = iter([MSH + b"\rOBX|1\rOBX|2", b"", b"never read"])
    found = segments(lambda: next(blocks))
    assert [next(found).text for _ in range(3)] == [MSH, b"OBX|1", b"OBX|2"]
    assert next(blocks) == b"never read"


@given(st.lists(st.sampled_from([MSH, b"OBX|1|ST", b"\r", b"\n", b"\x0b", b"\x1c", b" ", b"x", b"|", b"\0"])))
def test_where_the_blocks_end_changes_nothing(parts: list[bytes]) -> None:
    data = b"".join(parts)
    whole = cut(data)
    for size in (1, 2, 7):
        assert cut(data, size) == whole


@given(st.binary())
def test_any_bytes_are_cut(data: bytes) -> None:
    assert sum(len(segment.text) for segment in cut(data)) <= len(data)
