"""What is remembered of keys stays bounded, and what is forgotten is counted and answered all the same."""

import csv
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck.catalogue import built_in
from labcheck.sources import answers
from labcheck.sources.answers import Answers
from labcheck.sources.columns import Measured
from labcheck.sources.rows import Given, Judge
from labcheck.sources.stretches import Same, Stretches
from labcheck.sources.tally import Tally, bin_widths
from labcheck.sources.verdicts import Kind, Verdict

COLUMNS = {"test": 0, "value": 1, "unit": 2}


class Counting(Judge):
    """A judge that counts how often it is asked for a verdict, and for a quick way."""

    asked = ways = 0

    def judge(self, value: str, given: Given) -> Verdict:
        self.asked += 1
        return super().judge(value, given)

    def stretches(self, given: Given) -> Stretches | Same | Verdict | None:
        self.ways += 1
        return super().stretches(given)


def made(judge: Judge | None = None, *, widths: bool = False) -> tuple[Answers, Tally]:
    tally = Tally(widths=bin_widths(built_in()) if widths else {})
    judge = judge or Judge(built_in())
    only = frozenset({"low"})
    return Answers(Measured(COLUMNS), judge, b",", bytes.decode, tally, end=b"\n", only=only), tally


LOW = Kind("vitd", "low", "")


def test_a_memo_that_is_full_keeps_what_came_often_and_counts_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MEMO", 3)
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
    monkeypatch.setattr(answers, "MEMO", 3)
    memo, tally = made()
    memo.given([b"vitd,%d,ng/mL" % value for value in range(10, 14)])
    memo.forget_if_large()
    assert (len(memo), len(memo.passed), tally.kinds) == (0, 0, {LOW: 4})


def test_who_goes_on_elsewhere_counts_from_nothing_and_remembers() -> None:
    judge = Counting(built_in())
    memo, tally = made(judge)
    memo.given([b"vitd,<10,ng/mL"] * 3)
    before = judge.asked
    memo.start_again()
    memo.given([b"vitd,<10,ng/mL"] * 2)
    memo.hand_over()
    assert (judge.asked, tally.kinds[LOW]) == (before, 2)


KEYS = [
    b"vitd,22,ng/mL",
    b"vitd,22,ug/L",
    b"vitd,35.0,ng/mL",
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
    with patch.object(answers, "MEMO", most):
        for keys in blocks:
            known = [plain.of([c.encode() for c in next(csv.reader([key.decode()]))]) for key in keys]
            given = forgetful.given(keys)
            assert given == [answer for answer, _ in known]
            assert {a for a in given if a in forgetful.passed} == {a for a, kind in known if kind == LOW}
            for answer, kind in known:
                plain.count(answer, kind)
            before = len(forgetful)
            forgetful.forget_if_large()
            assert len(forgetful) <= (before // 2 if before > most else most)
    forgetful.hand_over()
    assert (counted.kinds, counted.values) == (expected.kinds, expected.values)


def test_answers_that_no_key_keeps_are_forgotten_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MEMO", 1)
    memo, _ = made()
    memo.given([b"vitd,%d," % value + b" " * 300 + b"ng/mL" for value in range(10, 13)])
    assert (len(memo), len(memo.passed)) == (0, 3)
    memo.forget_if_large()
    assert not memo.passed


def test_what_the_core_has_said_is_remembered_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_JUDGED", 3)
    judge = Counting(built_in())
    memo, _ = made(judge)
    memo.of([b"vitd", b"<10", b"ng/mL"])
    before = judge.asked
    for value in (10, 11, 12, 13, 10, 11, 12, 13):
        memo.of([b"vitd", b"<%d" % value, b"ng/mL"])
    assert judge.asked == before + 3
    memo.of([b"vitd", b"<14", b"ng/mL"])
    memo.of([b"vitd", b"<10", b"ng/mL"])
    assert judge.asked == before + 5


def test_a_key_of_any_length_is_answered_and_a_long_one_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_LONGEST", 20)
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


def test_ways_of_answering_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_JUDGED", 3)
    judge = Counting(built_in())
    memo, _ = made(judge)
    for number in (0, 1, 2, 3, 0, 1, 2, 3):
        memo.of([b"Test %d" % number, b"1", b"ng/mL"])
    assert judge.ways == 4
    for number in (4, 0):
        memo.of([b"Test %d" % number, b"1", b"ng/mL"])
    assert judge.ways == 6


def test_that_a_way_was_asked_for_once_is_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MEMO", 3)
    monkeypatch.setattr(answers, "_FEW", 0)
    judge = Counting(built_in())
    memo, _ = made(judge)
    for number in (0, 1, 2, 2):  # the first has its way at once, the others when they come again
        memo.of([b"Test %d" % number, b"1", b"ng/mL"])
    assert judge.ways == 2
    for number in (3, 4, 5, 1):
        memo.of([b"Test %d" % number, b"1", b"ng/mL"])
    assert judge.ways == 2
