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
from labcheck.sources.ways import Answer, Ways
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


def worked_out(memo: Memo, keys: list[bytes]) -> list[bytes]:
    """Answer rows with these keys, and return those of the keys that were not known."""
    of, asked = memo.ways.of, list[bytes]()

    def noted(cells: list[bytes]) -> Answer:
        asked.append(b",".join(cells))
        return of(cells)

    with patch.object(memo.ways, "of", noted):
        memo.given(keys)
    return asked


@pytest.mark.parametrize("exact", [True, False])
def test_the_first_keys_are_kept_and_others_worked_out_each_time(
    monkeypatch: pytest.MonkeyPatch, *, exact: bool
) -> None:
    monkeypatch.setattr(memos, "MOST", 2)
    memo, _ = made(exact=exact)
    assert worked_out(memo, low(10, 11, 12, 10)) == low(10, 11, 12)
    assert worked_out(memo, low(12, 11, 10)) == low(12)


def test_a_memo_counts_all_when_it_hands_over_and_is_empty_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memos, "MOST", 2)
    memo, tally = made()
    for others in ((10, 11, 12), (13, 14), (15, 16)):
        (*_, refusal) = memo.given([*low(10, *others), b"vitd,zz,ng/mL"])
        memo.learn_anew_if_due(2 + len(others))
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


@pytest.mark.parametrize(("known", "learns"), [(13, True), (14, False), (15, False)])
def test_all_is_learnt_anew_where_more_than_an_eighth_of_the_rows_is_not_known(
    monkeypatch: pytest.MonkeyPatch, known: int, *, learns: bool
) -> None:
    monkeypatch.setattr(memos, "MOST", 2)
    memo, tally = made()
    memo.given([*low(10, 11), *low(10) * (known - 2), *low(12, 13)])
    memo.learn_anew_if_due(known + 2)
    assert worked_out(memo, low(12, 12)) == (low(12) if learns else low(12, 12))
    memo.hand_over()
    assert tally.kinds == {LOW: known + 2 + 2}


def test_it_is_not_asked_whether_to_learn_anew_before_as_many_were_not_known_as_can_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memos, "MOST", 2)
    memo, _ = made()
    memo.given(low(10, 11, 12))
    memo.learn_anew_if_due(3)
    assert set(memo) == {*low(10, 11)}
    memo.given(low(13))
    memo.learn_anew_if_due(1)
    assert not memo


def times_learnt_anew(memo: Memo, keys: list[bytes]) -> int:
    """Answer a row at a time, and return how often all was forgotten."""
    times = 0
    for key in keys:
        memo.given([key])
        memo.learn_anew_if_due(1)
        times += not memo
    return times


def test_where_each_row_has_a_key_of_its_own_it_is_learnt_anew_ever_more_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memos, "MOST", 2)
    memo, _ = made()
    own = low(*range(100, 200))
    assert times_learnt_anew(memo, own[:4]) == 1  # two known, two not
    assert times_learnt_anew(memo, own[4:9]) == 0
    assert times_learnt_anew(memo, own[9:10]) == 1  # two known, four not
    assert times_learnt_anew(memo, own[10:20]) == 1
    assert times_learnt_anew(memo, own[20:]) == 2  # after 18, and 34 more


def test_where_keys_come_again_it_is_learnt_anew_as_soon_as_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memos, "MOST", 2)
    memo, _ = made()
    own = low(*range(100, 200))
    assert times_learnt_anew(memo, own[:4]) == 1
    assert times_learnt_anew(memo, [*own[4:6], *own[4:6] * 20, *own[6:10]]) == 0  # it was asked
    assert times_learnt_anew(memo, own[10:12]) == 1


def test_a_memo_takes_no_more_memory_than_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memos, "MOST", most := 30)
    memo, _ = made()
    most_memory = sys.getsizeof(dict.fromkeys(range(most)))
    for number in range(100, 1000):
        memo.given(low(*range(10, 25), number, number))
        assert sys.getsizeof(memo) <= most_memory + 100
        memo.learn_anew_if_due(17)


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
    uncounted, met = made(exact=False)
    plain, expected = made(widths=True)
    with patch.object(memos, "MOST", most):
        for keys in blocks:
            known = [plain.ways.of([c.encode() for c in next(csv.reader([key.decode()]))]) for key in keys]
            answers = [answer for answer, _ in known]
            assert forgetful.given(keys) == uncounted.given(keys) == answers
            for answer, group in known:
                plain.count(answer, group)
            for memo in (forgetful, uncounted):
                assert len(memo) <= most
                memo.learn_anew_if_due(len(keys))
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
