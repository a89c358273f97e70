"""What is remembered of keys stays bounded; what is forgotten is answered, and counted, all the same."""

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
from labcheck.sources.memo import CountingMemo, Memo
from labcheck.sources.rows import Judge
from labcheck.sources.tally import Tally, bin_widths
from labcheck.sources.verdicts import Kind
from labcheck.sources.ways import Ways
from tests.judges import Counting

COLUMNS = {"test": 0, "value": 1, "unit": 2}


def made(judge: Judge | None = None, *, widths: bool = False, exact: bool = True) -> tuple[Memo, Tally]:
    tally = Tally(bin_widths(built_in()) if widths else {}, exact=exact)
    judge = judge or Judge(built_in())
    known = Ways(
        Measured(COLUMNS), judge, b",", bytes.decode, header=[*COLUMNS], end=b"\n", notice=tally.look_alike
    )
    return (CountingMemo if exact else Memo)(known, tally), tally


LOW = Kind("vitd", "low", "")
UNREADABLE = Kind("vitd", "refused", "unreadable-value")


def low(*values: int) -> list[bytes]:
    return [b"vitd,%d,ng/mL" % value for value in values]


@pytest.mark.parametrize("exact", [True, False])
def test_keys_that_come_again_are_kept_and_others_forgotten(
    monkeypatch: pytest.MonkeyPatch, *, exact: bool
) -> None:
    monkeypatch.setattr(memos, "GENERATION", 2)
    memo, _ = made(exact=exact)
    for others in ((11, 12), (13, 14), (15, 16)):
        memo.given(low(10, *others))
        memo.forget_if_large()
    assert not memo
    with patch.object(memo.ways, "of", side_effect=memo.ways.of) as worked_out:
        memo.given(low(10, 14, 16))
    assert worked_out.call_count == 1  # 14 alone was forgotten


def test_a_memo_counts_all_when_it_hands_over_and_is_empty_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memos, "GENERATION", 2)
    memo, tally = made()
    for others in ((10, 11, 12), (13, 14), (15, 16)):
        (*_, refusal) = memo.given([*low(10, *others), b"vitd,zz,ng/mL"])
        memo.forget_if_large()
    assert (refusal[-18:], tally.kinds) == (b",unreadable-value\n", {})
    memo.hand_over()
    assert tally.kinds == {LOW: 10, UNREADABLE: 3}
    assert not memo
    memo.hand_over()
    assert tally.kinds == {LOW: 10, UNREADABLE: 3}


def test_a_memo_that_need_not_count_tells_each_kind_that_came() -> None:
    memo, tally = made(exact=False)
    memo.given([*low(10, 10, 11), b"vitd,zz,ng/mL", b"vitd,35," + b" " * 300 + b"ng/mL"])
    memo.hand_over()
    assert set(tally.kinds) == {LOW, UNREADABLE, Kind("vitd", "normal", "")}


def test_refusals_are_to_be_named_where_they_are_counted() -> None:
    for exact, named in ((True, [UNREADABLE]), (False, [])):
        memo, _ = made(exact=exact)
        memo.given([b"vitd,zz,ng/mL", *low(10)])
        assert [*memo.named.values()] == named


@pytest.mark.parametrize("came_again", [0, 1, 2])
def test_where_few_keys_come_again_one_new_key_in_a_few_is_remembered(
    monkeypatch: pytest.MonkeyPatch, came_again: int
) -> None:
    monkeypatch.setattr(memos, "GENERATION", 8)
    memo, tally = made()
    memo.given(low(*range(5, 14)))
    memo.forget_if_large()
    memo.given(low(*range(14 - came_again, 23 - came_again)))
    memo.forget_if_large()
    given = memo.given([b"vitd,1%d.5,ng/mL" % digit for digit in range(10)])
    assert given[4] == b",vitd,14.5,ng/mL,low,L,30-40 ng/mL,\n"
    all_of_them = came_again == 2  # of the nine, one is less than an eighth
    assert len(memo) == (10 if all_of_them else 2)
    memo.hand_over()
    assert tally.kinds == {LOW: 9 + 9 + 10}


def test_a_first_generation_says_nothing_of_what_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memos, "GENERATION", 2)
    memo, _ = made()
    memo.given(low(10, 11, 12))
    memo.forget_if_large()
    memo.given(low(13, 14, 15))
    assert set(memo) == {*low(13, 14, 15)}


def test_a_memo_that_forgets_takes_no_more_memory_than_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memos, "GENERATION", most := 30)
    memo, _ = made()
    most_memory = sys.getsizeof(dict.fromkeys(range(most + 1)))
    for number in range(100, 1000):
        memo.given(low(*range(10, 25), number, number))
        assert sys.getsizeof(memo) <= most_memory + 100
        memo.forget_if_large()


def test_a_key_that_comes_at_every_other_row_is_remembered_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memos, "GENERATION", 2)
    memo, _ = made()
    for values in ((10, 11, 12), (13, 14, 15)):
        memo.given(low(*values))
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


def test_who_goes_on_elsewhere_counts_older_keys_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memos, "GENERATION", 2)
    memo, tally = made()
    memo.given(low(10, 11, 12))
    memo.forget_if_large()
    memo.start_again()
    memo.given(low(10, 10))
    memo.hand_over()
    assert tally.kinds == {LOW: 2}


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
    uncounted, met = made(exact=False)
    plain, expected = made(widths=True)
    with patch.object(memos, "GENERATION", most):
        for keys in blocks:
            known = [plain.ways.of([c.encode() for c in next(csv.reader([key.decode()]))]) for key in keys]
            answers = [answer for answer, _ in known]
            assert forgetful.given(keys) == uncounted.given(keys) == answers
            for answer, group in known:
                plain.count(answer, group)
            for memo in (forgetful, uncounted):
                memo.forget_if_large()
                assert len(memo) <= most
    for memo in (forgetful, uncounted, plain):
        memo.hand_over()
    assert (counted.kinds, counted.values) == (expected.kinds, expected.values)
    assert set(met.kinds) == set(expected.kinds)


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
    memo = CountingMemo(known, tally)
    (answer,) = memo.given([b'"\0itd"v22vng/mL'])
    assert answer.startswith(b'v"vitd"v22vng/mLv')
    memo.hand_over()
    assert tally.values == {"vitd": {220: 1}}
