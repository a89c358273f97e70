"""What is remembered of keys stays bounded, and what is forgotten is counted and answered all the same."""

import csv
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck.catalogue import built_in
from labcheck.sources import answers, ways
from labcheck.sources.answers import Answers
from labcheck.sources.columns import Measured
from labcheck.sources.rows import Given, Judge
from labcheck.sources.stretches import Same, Stretches
from labcheck.sources.tally import Tally, bin_widths
from labcheck.sources.verdicts import Kind, Verdict
from labcheck.sources.ways import Ways

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
    known = Ways(Measured(COLUMNS), judge, b",", bytes.decode, end=b"\n", notice=tally.look_alike)
    return Answers(known, tally, only=frozenset({"low"})), tally


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


def test_a_memo_of_keys_that_came_more_than_once_keeps_each_new_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MEMO", 3)
    memo, _ = made()
    memo.given([b"vitd,%d,ng/mL" % value for value in range(10, 14)] * 2)
    memo.forget_if_large()
    keys = {b"vitd,%d,ng/mL" % value for value in range(14, 17)}
    memo.given(keys)
    assert set(memo) == keys


def test_a_memo_of_keys_that_came_only_once_keeps_one_new_key_in_a_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "MEMO", 3)
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


def test_a_key_that_comes_at_every_other_row_is_remembered_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "MEMO", 2)
    memo, _ = made()
    memo.given([b"vitd,10,ng/mL", b"vitd,11,ng/mL", b"vitd,12,ng/mL"])
    memo.forget_if_large()
    for number in range(100, 700):
        memo.given([b"vitd,%d.5,ng/mL" % number, b"b12,300,pg/mL"])
    assert b"b12,300,pg/mL" in memo


def test_long_keys_are_not_remembered_by_their_affixes_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MEMO", 2)
    memo, _ = made()
    memo.given([b"vitd,10,ng/mL", b"vitd,11,ng/mL", b"vitd,12,ng/mL"])
    memo.forget_if_large()
    with patch.object(Ways, "quick", side_effect=AssertionError):
        (answer,) = memo.given([b"vitd,22.5," + b" " * 300 + b"ng/mL"])
    assert answer.startswith(b",vitd,22.5,ng/mL,low")


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
    with patch.object(answers, "MEMO", most):
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
    monkeypatch.setattr(answers, "MEMO", 1)
    memo, _ = made()
    memo.given([b"vitd,%d," % value + b" " * 300 + b"ng/mL" for value in range(10, 13)])
    assert (len(memo), len(memo.passed)) == (0, 3)
    memo.forget_if_large()
    assert not memo.passed


def test_what_the_core_has_said_is_remembered_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_JUDGED", 3)
    judge = Counting(built_in())
    memo, _ = made(judge)
    memo.ways.of([b"vitd", b"<10", b"ng/mL"])
    before = judge.asked
    for value in (10, 11, 12, 13, 10, 11, 12, 13):
        memo.ways.of([b"vitd", b"<%d" % value, b"ng/mL"])
    assert judge.asked == before + 3
    memo.ways.of([b"vitd", b"<14", b"ng/mL"])
    memo.ways.of([b"vitd", b"<10", b"ng/mL"])
    assert judge.asked == before + 5


def test_a_key_of_any_length_is_answered_and_a_long_one_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "LONGEST_KEY", 20)
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


def test_ways_of_answering_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_WAYS", 3)
    judge = Counting(built_in())
    memo, _ = made(judge)
    for number in (0, 1, 2, 3, 0, 1, 2, 3):
        memo.ways.of([b"Test %d" % number, b"1", b"ng/mL"])
    assert judge.ways == 4
    for number in (4, 0):
        memo.ways.of([b"Test %d" % number, b"1", b"ng/mL"])
    assert judge.ways == 6


def test_that_a_way_was_asked_for_once_is_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_SEEN_ONCE", 3)
    monkeypatch.setattr(ways, "_EACH_ITS_OWN", 0)
    judge = Counting(built_in())
    memo, _ = made(judge)
    for number in (0, 1, 2, 2):  # the first has its way at once, the others when they come again
        memo.ways.of([b"Test %d" % number, b"1", b"ng/mL"])
    assert judge.ways == 2
    for number in (3, 4, 5, 1):
        memo.ways.of([b"Test %d" % number, b"1", b"ng/mL"])
    assert judge.ways == 2


def test_rows_that_differ_behind_the_point_alone_are_answered_at_once() -> None:
    judge = Counting(built_in())
    memo, _ = made(judge)
    memo.ways.of([b"vitd", b"1", b"nmol/L"])
    before = judge.asked
    for value, canonical in (("22.5", "9.0144,"), ("22.75", "9.11456,"), ("22.0", "8.81408,")):
        found = memo.ways.quick(f"vitd,{value},nmol/L".encode())
        assert found
        assert found[0].decode().startswith(f",vitd,{canonical}")
        assert found[1].kind == LOW
    assert judge.asked == before


@pytest.mark.parametrize(
    "key",
    [
        b"vitd,22,ng/mL",
        b"vitd,22.,ng/mL",
        b"vitd,.5,ng/mL",
        b"vitd,022.5,ng/mL",
        b"vitd,0.5,ng/mL",  # 0.0 begins so, too
        b"vitd,22..5,ng/mL",
        b"vitd,22.5.5,ng/mL",
        b"vitd,-22.5,ng/mL",
        b"vitd,22.5e1,ng/mL",
        b"vitd,29.95,ng/mL",  # near the limit of 30, as are others that begin so
        b"vitd,30.5,ng/mL",
        b"vitd,22.1234567,ng/mL",
        b'"vitd",22.5,ng/mL',
        b"Ferritin,22.5,ng/mL",
        b"vitd,22.5,apples",
        b"vitd,12345.5,ng/mL",
    ],
)
def test_other_rows_are_not_answered_by_their_affixes(key: bytes) -> None:
    memo, _ = made()
    for cells in ([b"vitd", b"ng/mL"], [b"Ferritin", b"ng/mL"], [b"vitd", b"apples"]):
        memo.ways.of([cells[0], b"1", cells[1]])
    assert memo.ways.quick(b"vitd,22.5,ng/mL")
    for _ in range(2):
        assert memo.ways.quick(key) is None


def test_affixes_are_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bytes] = []
    of_all = Stretches.of_all

    def noted(self: Stretches, whole: bytes) -> int | None:
        looked.append(whole)
        return of_all(self, whole)

    monkeypatch.setattr(ways, "_ALIKE", 2)
    monkeypatch.setattr(Stretches, "of_all", noted)
    memo, _ = made()
    memo.ways.of([b"vitd", b"1", b"ng/mL"])
    for whole in (10, 11, 12, 10, 11, 12, 13, 10):
        assert memo.ways.quick(b"vitd,%d.5,ng/mL" % whole)
    assert looked == [b"10", b"11", b"12", b"13", b"10"]
