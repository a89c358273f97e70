"""Processes that take turns: what one of them returns, raises or ends with, the first one tells."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from unittest.mock import Mock

import pytest

from labcheck.errors import Usage
from labcheck.sources.turns import CAN_FORK, Turns, take_turns

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="taking turns needs fork")


def taken(first: Callable[[Turns[int]], object], other: Callable[[Turns[int]], object]) -> list[object]:
    return take_turns(2, first, other)


def test_what_the_others_return_is_returned() -> None:
    def first(turns: Turns[int]) -> None:
        turns.pass_reading(20, done=False)

    def other(turns: Turns[int]) -> int:
        return (turns.take_reading() or 0) + 1

    assert taken(first, other) == [21]


class Signal:
    """What one process waits for until another gives it."""

    def __init__(self) -> None:
        self.reads, self.writes = os.pipe()

    def give(self) -> None:
        os.write(self.writes, b"x")

    def wait(self) -> None:
        os.read(self.reads, 1)


def test_the_turn_to_write_need_not_be_waited_for() -> None:
    has_read, may_pass = Signal(), Signal()

    def first(turns: Turns[int]) -> None:
        assert turns.may_write()
        turns.pass_reading(1, done=False)
        has_read.wait()
        turns.pass_writing()
        assert turns.take_reading() == 2
        assert not turns.may_write()
        may_pass.give()
        turns.take_writing()

    def other(turns: Turns[int]) -> list[bool]:
        assert turns.take_reading() == 1
        may = [turns.may_write()]
        has_read.give()
        turns.pass_reading(2, done=False)
        turns.take_writing()
        turns.take_writing()  # it is here, and stays
        may.append(turns.may_write())
        may_pass.wait()
        turns.pass_writing()
        return may

    assert taken(first, other) == [[False, True]]


def test_whoever_is_free_reads_and_is_written_in_its_turn() -> None:
    may_read, has_read, is_written, has_seen = (Signal() for _ in range(4))

    def first(turns: Turns[int]) -> None:
        turns.pass_reading(1, done=False)
        assert turns.may_read()
        assert turns.take_reading() == 1
        turns.pass_reading(2, done=False)
        may_read.give()
        has_read.wait()
        turns.pass_writing()
        is_written.give()
        has_seen.wait()
        assert turns.may_write()
        turns.pass_writing()

    def other(turns: Turns[int]) -> list[bool]:
        may_read.wait()
        assert turns.take_reading() == 2
        has_read.give()
        is_written.wait()
        may = [turns.may_write()]  # the second turn is not written yet
        has_seen.give()
        turns.take_writing()
        return [*may, turns.may_write()]

    assert taken(first, other) == [[False, True]]


def test_what_another_raises_is_raised() -> None:
    def other(_: Turns[int]) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        taken(lambda turns: turns.take_reading(), other)


def test_a_system_that_has_no_more_processes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", Mock(side_effect=BlockingIOError(11, "Resource temporarily unavailable")))
    with pytest.raises(
        Usage, match=r"^no more processes .* Resource temporarily unavailable; type --jobs 1$"
    ):
        taken(lambda turns: turns.take_reading(), lambda turns: turns.take_reading())


def test_what_the_first_raises_ends_the_others() -> None:
    def first(_: Turns[int]) -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        taken(first, lambda turns: turns.take_reading())


def test_the_signal_that_ends_another_ends_the_first() -> None:
    program = (
        "import os, signal\n"
        "from labcheck.sources.turns import take_turns\n"
        "take_turns(2, lambda t: t.take_reading(), lambda t: os.kill(os.getpid(), signal.SIGTERM))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (-signal.SIGTERM, b"")


def test_a_process_that_is_killed_is_told() -> None:
    with pytest.raises(RuntimeError, match="was killed"):
        taken(lambda turns: turns.take_reading(), lambda _: os.kill(os.getpid(), signal.SIGKILL))


def test_a_process_that_leaves_without_an_answer_is_told() -> None:
    with pytest.raises(RuntimeError, match="was killed"):
        taken(lambda turns: turns.take_reading(), lambda _: os._exit(0))
