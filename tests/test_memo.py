"""What is remembered of keys stays bounded, and what is forgotten is counted and answered all the same."""

import csv
import sys
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck.catalogue import built_in
from labcheck.sources import memo as memos
from labcheck.sources import ways
from labcheck.sources.layout import Measured
from labcheck.sources.memo import Memo
from labcheck.sources.rows import Judge
from labcheck.sources.tally import Tally, bin_widths
from labcheck.sources.verdicts import Kind
from labcheck.sources.ways import Ways
from tests.judges import Counting

COLUMNS = {"test": 0, "value": 1, "unit": 2}


def made(judge: Judge | None = None, *, widths: bool = False) -> tuple[Memo, Tally]:
    tally = Tally(widths=bin_widths(built_in()) if widths else {})
    judge = judge or Judge(built_in())
    known = Ways(
        Measured(COLUMNS), judge, b",", bytes.decode, header=[*COLUMNS], end=b"\n", notice=tally.look_alike
    )
    return Memo(known, tally, only=frozenset({"low"})), tally


LOW = Kind("vitd", "low", "")


def test_a_memo_that_is_full_keeps_what_came_often_and_counts_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memos, "MOST_KEYS", 3)
    memo, tally = made()
    often = b"vitd,10,ng/mL"
    memo.given([often, often, b"vitd,11,ng/mL", b"vitd,12,ng/mL"])
    memo.forget_if_large()
    assert (len(memo), len(memo.passed), tally.kinds) == (3, 3, {})
    (refusal,) = memo.given([b"vitd,zz,ng/mL"])
    assert memo.named == {refusal: Kind("vitd", "refused", "unreadable-value")}
    memo.forget_if_large()
    assert set(memo) == {often}
    assert memo.passed == {b",vitd,10,ng/mL,low,L,30-40 ng/mL,\n"}
    assert tally.kinds == {LOW: 2, Kind("vitd", "refused", "unreadable-value"): 1}
    assert memo.given([often]) == [*memo.passed]
    memo.hand_over()
    assert tally.kinds[LOW] == 5
    assert not memo


def test_a_memo_of_keys_that_came_equally_often_is_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memos, "MOST_KEYS", 3)
    memo, tally = made()
    memo.given([b"vitd,%d,ng/mL" % value for value in range(10, 14)])
    memo.forget_if_large()
    assert (len(memo), len(memo.passed), tally.kinds) == (0, 0, {LOW: 4})


def test_a_memo_of_keys_that_came_more_than_once_keeps_each_new_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memos, "MOST_KEYS", 3)
    memo, _ = made()
    memo.given([b"vitd,%d,ng/mL" % value for value in range(10, 14)] * 2)
    memo.forget_if_large()
    keys = {b"vitd,%d,ng/mL" % value for value in range(14, 17)}
    memo.given(keys)
    assert set(memo) == keys


def test_a_memo_of_keys_that_came_only_once_keeps_one_new_key_in_a_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memos, "MOST_KEYS", 3)
    memo, tally = made()
    memo.given([b"vitd,%d,ng/mL" % value for value in range(10, 14)])
    memo.forget_if_large()
    given = memo.given([b"vitd,1%d.5,ng/mL" % digit for digit in range(10)])
    assert given[4] == b",vitd,14.5,ng/mL,low,L,30-40 ng/mL,\n"
    assert set(memo) == {b"vitd,10.5,ng/mL", b"vitd,18.5,ng/mL"}
    assert memo.passed == {*given}
    often = b"vitd,10.5,ng/mL"
    memo.given([often] * 3 + [b"vitd,%d,ng/mL" % value for value in range(14, 29)])
    memo.forget_if_large()
    assert set(memo) == {often}
    memo.given([b"vitd,10,ng/mL", often, b"vitd,18.5,ng/mL"] * 2 + [b"vitd,11,ng/mL", b"vitd,12,ng/mL"])
    memo.forget_if_large()
    assert often in memo
    memo.hand_over()
    assert tally.kinds == {LOW: 4 + 10 + 3 + 15 + 8}


def test_a_memo_that_forgets_takes_no_more_memory_than_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memos, "MOST_KEYS", most := 30)
    memo, _ = made()
    most_memory = sys.getsizeof(dict.fromkeys(range(most + 1)))
    for number in range(100, 1000):
        memo.given([b"vitd,%d,ng/mL" % value for value in (*range(10, 25), number, number)])
        assert sys.getsizeof(memo) <= most_memory + 100
        memo.forget_if_large()


def test_a_key_that_comes_at_every_other_row_is_remembered_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memos, "MOST_KEYS", 2)
    memo, _ = made()
    memo.given([b"vitd,10,ng/mL", b"vitd,11,ng/mL", b"vitd,12,ng/mL"])
    memo.forget_if_large()
    for number in range(100, 700):
        memo.given([b"vitd,%d.5,ng/mL" % number, b"b12,300,pg/mL"])
    assert b"b12,300,pg/mL" in memo


def test_who_goes_on_elsewhere_counts_from_nothing_and_remembers() -> None:
    judge = Counting(built_in())
    memo, tally = made(judge)
    not_kept = b"vitd,<10," + b" " * 300 + b"ng/mL"
    memo.given([b"vitd,<10,ng/mL"] * 3 + [not_kept])
    before = judge.asked
    memo.start_again()
    memo.given([b"vitd,<10,ng/mL"] * 2)
    memo.hand_over()
    assert (judge.asked, tally.kinds[LOW]) == (before, 2)


KEYS = [
    b"vitd,22,ng/mL",
    b"vitd,22,ug/L",
    b"vitd,22.5,ng/mL",
    b"vitd,22.75,ng/mL",
    b"vitd,61.25,nmol/L",
    b"vitd,61.5,nmol/L",
    b"vitd,30.0,ng/mL",
    b"vitd,<4,ng/mL",
    b"vitd,zz,ng/mL",
    b"b12,300,pg/mL",
    b"Ferritin,5,ng/mL",
    b'"vitd","22",ng/mL',
    b"vitd,22," + b" " * 300 + b"ng/mL",
]


@given(st.lists(st.lists(st.sampled_from(KEYS), min_size=1), max_size=8), st.integers(1, 9))
def test_answers_and_counts_are_the_same_whatever_is_forgotten(blocks: list[list[bytes]], most: int) -> None:
    forgetful, counted = made(widths=True)
    plain, expected = made(widths=True)
    with patch.object(memos, "MOST_KEYS", most):
        for keys in blocks:
            known = [plain.ways.of([c.encode() for c in next(csv.reader([key.decode()]))]) for key in keys]
            given = forgetful.given(keys)
            assert given == [answer for answer, _ in known]
            low = {answer for answer, group in known if group.kind == LOW}
            assert {answer for answer in given if answer in forgetful.passed} == low
            for answer, group in known:
                plain.count(answer, group)
            before = len(forgetful)
            forgetful.forget_if_large()
            assert len(forgetful) <= (before // 2 if before > most else most)
    forgetful.hand_over()
    plain.hand_over()
    assert (counted.kinds, counted.values) == (expected.kinds, expected.values)


def test_answers_that_no_key_keeps_are_forgotten_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memos, "MOST_KEYS", 1)
    memo, _ = made()
    memo.given([b"vitd,%d," % value + b" " * 300 + b"ng/mL" for value in range(10, 13)])
    assert (len(memo), len(memo.passed)) == (0, 3)
    memo.forget_if_large()
    assert not memo.passed


def test_a_key_of_any_length_is_answered_and_a_long_one_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memos, "LONGEST_KEY", 20)
    monkeypatch.setattr(ways, "LONGEST_KEY", 20)
    judge = Counting(built_in())
    memo, _ = made(judge)
    long = b" " * 20
    (answer,) = memo.given([b"vitd," + long + b"22,ng/mL"])
    assert answer.startswith(b",vitd,22,ng/mL,low,")
    assert memo.given([(b"vitd", b"22" + long, b"ng/mL")]) == [answer]
    before = judge.asked
    for _ in range(2):
        (answer,) = memo.given([b"vitd,<22" + long + b",ng/mL"])
        assert answer.startswith(b",vitd,<22,ng/mL,low,")
    assert (len(memo), judge.asked) == (0, before + 2)


def test_a_value_is_found_in_an_answer_behind_a_delimiter_in_quotes() -> None:
    tally = Tally(widths=bin_widths(built_in()))
    known = Ways(
        Measured(COLUMNS), Judge(built_in()), b"v", bytes.decode, header=[*COLUMNS], end=b"\n", notice=str
    )
    memo = Memo(known, tally, only=frozenset())
    (answer,) = memo.given([b'"\0itd"v22vng/mL'])
    assert answer.startswith(b'v"vitd"v22vng/mLv')
    memo.hand_over()
    assert tally.values == {"vitd": {220: 1}}
