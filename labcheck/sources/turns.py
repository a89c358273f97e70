"""Processes that take turns, order kept: a turn to read and a turn to write go round between them.

A turn is a message in a pipe to the next process. The processes are forks: they share what is open for
reading and writing, and nothing else. A process that comes to an early end closes its pipes, which ends the
others; the first one then says why.
"""

import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

from labcheck.errors import Usage

State = TypeVar("State")
Answer = TypeVar("Answer")

CAN_FORK = hasattr(os, "fork")


class Turns(Generic[State]):
    """The turns of a process that is alone, which has both at any time."""

    def take_reading(self) -> State | None:
        """Wait for the turn to read, and return what comes with it: what is left to do, or None."""
        return None

    def pass_reading(self, left: State, *, done: bool) -> None:
        """Let the next process read, or tell it that all is done."""

    def may_write(self) -> bool:
        """Take the turn to write, if it need not be waited for, and say whether it is here."""
        return True

    def take_writing(self) -> None:
        """Wait for the turn to write, if it is not here."""

    def pass_writing(self) -> None:
        """Let the next process write."""


class _Gone(Exception):
    """The process at the other end of a pipe has come to an end."""


class _Pipe:
    """A pipe for messages; raises _Gone when there is nobody at the other end.

    A process that is alone has no use for it, and does not wait for pickle to be imported.
    """

    def __init__(self) -> None:
        self._ends = dict(zip(("from", "to"), os.pipe(), strict=True))

    def send(self, message: object) -> None:
        import pickle

        sent = pickle.dumps(message)
        left = memoryview(len(sent).to_bytes(8, "big") + sent)
        try:
            while left:
                left = left[os.write(self._ends["to"], left) :]
        except BrokenPipeError as error:
            raise _Gone from error

    def receive(self) -> Any:
        import pickle

        return pickle.loads(self._read(int.from_bytes(self._read(8), "big")))  # noqa: S301  # from our own fork

    def has_more(self) -> bool:
        """Say whether receiving need not wait."""
        poll = select.poll()
        poll.register(self._ends["from"])
        return bool(poll.poll(0))

    def _read(self, size: int) -> bytes:
        read = b""
        while len(read) < size:
            if not (part := os.read(self._ends["from"], size - len(read))):
                raise _Gone
            read += part
        return read

    def keep(self, *ends: str) -> None:
        """Close the ends that are not named."""
        for end in self._ends.keys() - ends:
            os.close(self._ends.pop(end))


class _Round(Turns[State]):
    """The turns of process `number` of several; each has a pipe from the one before and one to the next."""

    def __init__(self, number: int, reading: list[_Pipe], writing: list[_Pipe]) -> None:
        self._count = len(reading)
        after = (number + 1) % self._count
        self._reading = reading[number], reading[after]
        self._writing = writing[number], writing[after]
        self._may_write = number == 0
        for pipes in (reading, writing):
            for i, pipe in enumerate(pipes):
                pipe.keep(*(end for end, of in (("from", number), ("to", after)) if i == of))

    def take_reading(self) -> State | None:
        left, others = self._reading[0].receive()
        if left is None and others:
            self._reading[1].send((None, others - 1))
        return left  # type: ignore[no-any-return]  # a message is what its sender made it

    def pass_reading(self, left: State, *, done: bool) -> None:
        self._reading[1].send((None if done else left, self._count - 2))

    def may_write(self) -> bool:
        if not self._may_write and self._writing[0].has_more():
            self.take_writing()
        return self._may_write

    def take_writing(self) -> None:
        if not self._may_write:
            self._writing[0].receive()
            self._may_write = True

    def pass_writing(self) -> None:
        self._may_write = False
        self._writing[1].send(())


def take_turns(
    count: int, first: Callable[[Turns[Any]], object], other: Callable[[Turns[Any]], Answer]
) -> list[Answer]:
    """Run `first` here and `other` in `count - 1` forks, and return what those return.

    Raises what any of them raises; where a signal has ended one of them, it ends this process, too. Meanwhile
    a pipe that nobody reads any more is an error to handle: only the output's ends the program.
    """
    before = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        return _taken(count, first, other)
    except BrokenPipeError:
        signal.signal(signal.SIGPIPE, before)
        signal.raise_signal(signal.SIGPIPE)
        raise
    finally:
        signal.signal(signal.SIGPIPE, before)


class _Forks(NamedTuple):
    """The processes that take part with this one, each with the pipe that its answer comes through.

    Until the pipe to `release` them closes none may leave, as a turn can still come.
    """

    reading: list[_Pipe]
    writing: list[_Pipe]
    release: _Pipe
    answers: dict[int, _Pipe]


def _forked(count: int, other: Callable[[Turns[Any]], object]) -> _Forks:
    """Start all processes but this one, of so many; raise Usage if the system has no more of them."""
    answers: dict[int, _Pipe] = {}
    try:
        reading, writing = ([_Pipe() for _ in range(count)] for _ in range(2))
        release = _Pipe()
        for number in range(1, count):
            answer = _Pipe()
            fork = os.fork()
            if not fork:
                _be_other(lambda: other(_Round(number, reading, writing)), answer, release)  # noqa: B023  # called at once
            answer.keep("from")
            answers[fork] = answer
    except OSError as error:
        for fork in answers:
            os.kill(fork, signal.SIGKILL)
            os.waitpid(fork, 0)
        raise Usage(f"no more processes can be had: {error.strerror}; type --jobs 1") from error
    release.keep("to")
    return _Forks(reading, writing, release, answers)


def _taken(
    count: int, first: Callable[[Turns[Any]], object], other: Callable[[Turns[Any]], Answer]
) -> list[Answer]:
    reading, writing, release, forks = _forked(count, other)
    try:
        try:
            first(_Round(0, reading, writing))
        except _Gone:  # one that has left early says why in its answer; the others must see that it is over
            for pipe in (*reading, *writing):
                pipe.keep()
        answers = [_answer_of(fork, answer) for fork, answer in forks.items()]
        for error in sorted((error for _, error in answers if error), key=lambda e: isinstance(e, _Gone)):
            raise error
        return [answer for answer, _ in answers]
    except BaseException:
        for fork in forks:
            with suppress(ProcessLookupError):
                os.kill(fork, signal.SIGKILL)
        raise
    finally:
        for pipe in (*reading, *writing, release, *forks.values()):
            pipe.keep()
        for fork in forks:
            with suppress(ChildProcessError):
                os.waitpid(fork, 0)


def _be_other(work: Callable[[], object], answer: _Pipe, release: _Pipe) -> NoReturn:
    """Do the work of a fork and end; it must never go on with what the first process does next."""
    try:
        release.keep("from")
        answer.send((work(), None))
        release.receive()
    except Exception as error:  # whatever it is, the first process raises it
        with suppress(Exception):
            answer.send((None, error))
    finally:
        os._exit(0)


def _answer_of(fork: int, pipe: _Pipe) -> tuple[Any, Exception | None]:
    try:
        return pipe.receive()  # type: ignore[no-any-return]  # a message is what its sender made it
    except _Gone:
        _, status = os.waitpid(fork, 0)
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else signal.SIGKILL
        if number == signal.SIGKILL:
            raise RuntimeError("another process that took part in the work was killed") from None
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        raise
