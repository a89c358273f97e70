"""What is remembered of keys stays bounded, and what is forgotten is counted and answered all the same."""

import pytest

from labcheck.catalogue import built_in
from labcheck.sources import answers
from labcheck.sources.answers import Answers
from labcheck.sources.columns import Measured
from labcheck.sources.rows import Given, Judge
from labcheck.sources.stretches import Same, Stretches
from labcheck.sources.tally import Tally
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


def made(judge: Judge | None = None) -> tuple[Answers, Tally]:
    tally = Tally()
    judge = judge or Judge(built_in())
    only = frozenset({"low"})
    return Answers(Measured(COLUMNS), judge, b",", bytes.decode, tally, end=b"\n", only=only), tally


def test_a_memo_that_is_full_is_emptied_and_what_it_counted_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MEMO", 3)
    memo, tally = made()
    for value in range(10, 13):
        memo.counts[memo[b"vitd,%d,ng/mL" % value]] += 1
    memo.forget_if_large()
    assert (len(memo), len(memo.kinds), len(memo.passed), tally.kinds) == (3, 3, 3, {})
    refusal = memo[b"vitd,zz,ng/mL"]
    memo.counts[refusal] += 1
    assert memo.named == {refusal}
    memo.forget_if_large()
    assert not any((memo, memo.kinds, memo.named, memo.passed, memo.counts))
    assert tally.kinds == {Kind("vitd", "low", ""): 3, Kind("vitd", "refused", "unreadable-value"): 1}
    assert memo[b"vitd,10,ng/mL"].startswith(b",vitd,10,ng/mL,low,")


def test_answers_that_no_key_keeps_are_forgotten_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MEMO", 3)
    memo, _ = made()
    for value in range(10, 14):
        memo.of([b"vitd", b"%d" % value, b"ng/mL"])  # as for records that are read one by one
    assert (len(memo), len(memo.kinds)) == (0, 4)
    memo.forget_if_large()
    assert not memo.kinds


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
    assert memo[b"vitd," + long + b"22,ng/mL"].startswith(b",vitd,22,ng/mL,low,")
    assert memo[(b"vitd", b"22" + long, b"ng/mL")].startswith(b",vitd,22,ng/mL,low,")
    before = judge.asked
    for _ in range(2):
        assert memo[b"vitd,<22" + long + b",ng/mL"].startswith(b",vitd,<22,ng/mL,low,")
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
