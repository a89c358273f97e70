"""Processes that take turns, order kept: what was read first is written first.

The processes are forks: they share what is open for reading and writing, and nothing else. Whoever is free
first has the next turn to read, so that one that is slow, for whatever reason, gets fewer. Turns are numbered
as they are read; a process that has written one tells the others, and each counts what it is told. All of it
goes through pipes. A process that comes to an early end closes one that the others watch, which ends them;
the first one then says why.
"""

import os
import select
import signal
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

from labcheck.errors import Usage

State = TypeVar("State")
Answer = TypeVar("Answer")

CAN_FORK = hasattr(os, "fork")

_MANY = 1 << 12
"""So many turns cannot be written without this process, as it has one of them."""


class Turns(Generic[State]):
    """The turns of a process that is alone, which has all of them at any time."""

    def may_read(self) -> bool:
        """Take the turn to read, if it need not be waited for, and say whether it is here."""
        return True

    def take_reading(self) -> State | None:
        """Wait for the turn to read, and return what comes with it: what is left to do, or None."""
        return None

    def pass_reading(self, left: State, *, done: bool) -> None:
        """Let the next process read, or tell all that nothing is left."""

    def may_write(self) -> bool:
        """Say whether what this process read first, of what it has not written, is to be written now."""
        return True

    def take_writing(self) -> None:
        """Wait until that is so."""

    def pass_writing(self) -> None:
        """Let what was read next be written, by whichever process has it."""


class _Gone(Exception):
    """The process at the other end of a pipe has come to an end, or another that takes part."""


class _Pipe:
    """A pipe for messages; raises _Gone when there is nobody at the other end, or when a watched pipe closes.

    A process that is alone has no use for it, and does not wait for pickle to be imported.
    """

    def __init__(self) -> None:
        self._ends = dict(zip(("from", "to"), os.pipe(), strict=True))
        self.watched: tuple[_Pipe, ...] = ()
        for end in self._ends.values():
            os.set_blocking(end, False)

    def send(self, message: object) -> None:
        import pickle

        sent = pickle.dumps(message)
        self.write(len(sent).to_bytes(8, "big") + sent)

    def receive(self) -> Any:
        import pickle

        return pickle.loads(self._read(int.from_bytes(self._read(8), "big")))  # noqa: S301  # from our own fork

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                self._wait("to", select.POLLOUT)
                with suppress(BlockingIOError):  # another process has filled it meanwhile
                    left = left[os.write(self._ends["to"], left) :]
        except BrokenPipeError as error:
            raise _Gone from error

    def got(self, most: int) -> int:
        """Take so many bytes at most, of those that are there already, and say how many they were."""
        try:
            return len(os.read(self._ends["from"], most))
        except BlockingIOError:
            return 0

    def wait(self) -> None:
        """Wait for something to be there; another process may take it before this one does."""
        self._wait("from", select.POLLIN)

    def _read(self, size: int) -> bytes:
        read = b""
        while len(read) < size:
            self._wait("from", select.POLLIN)
            if not (part := os.read(self._ends["from"], size - len(read))):
                raise _Gone
            read += part
        return read

    def _wait(self, end: str, event: int) -> None:
        """Wait until reading or writing need not wait, or never will succeed."""
        poll = select.poll()
        poll.register(self._ends[end], event)
        for pipe in self.watched:
            pipe.be_watched(poll)
        if self._ends[end] not in dict(poll.poll()):
            raise _Gone

    def be_watched(self, poll: "select.poll") -> None:
        """Let `poll` return when there is nobody at the other end."""
        poll.register(self._ends["from"], 0)

    def keep(self, *ends: str) -> None:
        """Close the ends that are not named."""
        for end in self._ends.keys() - ends:
            os.close(self._ends.pop(end))


class _Shared(NamedTuple):
    """The pipes between processes.

    There is a byte in `reading` while no process has the turn to read; what comes with it is in `left`. Each
    process has an end of its own of `written`, where the others put a byte for each turn that they have
    written, and of `alive`, which closes when it ends.
    """

    reading: _Pipe
    left: _Pipe
    written: list[_Pipe]
    alive: list[_Pipe]

    def close(self) -> None:
        for pipe in (self.reading, self.left, *self.written, *self.alive):
            pipe.keep()


class _Round(Turns[State]):
    """The turns of process `number` of several; the first one begins with the turn to read."""

    def __init__(self, number: int, shared: _Shared) -> None:
        self._shared = shared
        self._may_read = False
        self._written = 0  # so many turns, as far as is known: never too many
        self._told, self._to_tell = _apart(shared.written, number)
        self._to_write = deque([0] if number == 0 else [])
        alive, others = _apart(shared.alive, number)
        alive.keep("to")
        for pipe in others:
            pipe.keep("from")
        for pipe in (shared.reading, shared.left, *shared.written):
            pipe.watched = others

    def may_read(self) -> bool:
        self._may_read = self._may_read or bool(self._shared.reading.got(1))
        return self._may_read

    def take_reading(self) -> State | None:
        while not self.may_read():
            self._shared.reading.wait()
        turn, left = self._shared.left.receive()
        if left is None:
            self._offer(turn, None)
        else:
            self._to_write.append(turn)
        return left  # type: ignore[no-any-return]  # a message is what its sender made it

    def pass_reading(self, left: State, *, done: bool) -> None:
        self._offer(self._to_write[-1] + 1, None if done else left)

    def _offer(self, turn: int, left: State | None) -> None:
        """Let any process read. What is left can be more than a pipe holds: whoever may read must know."""
        self._may_read = False
        self._shared.reading.write(b"r")
        self._shared.left.send((turn, left))

    def may_write(self) -> bool:
        if self._to_write[0] != self._written:
            self._written += self._told.got(_MANY)
        return self._to_write[0] == self._written

    def take_writing(self) -> None:
        while not self.may_write():
            self._told.wait()

    def pass_writing(self) -> None:
        self._to_write.popleft()
        self._written += 1
        for pipe in self._to_tell:
            pipe.write(b"w")


def _apart(pipes: Sequence[_Pipe], number: int) -> tuple[_Pipe, tuple[_Pipe, ...]]:
    """Return the pipe of this number, and the others."""
    return pipes[number], (*pipes[:number], *pipes[number + 1 :])


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

    Until the pipe to `release` them closes none may leave, as it would be missed.
    """

    shared: _Shared
    release: _Pipe
    answers: dict[int, _Pipe]


def _forked(count: int, other: Callable[[Turns[Any]], object]) -> _Forks:
    """Start all processes but this one, of so many; raise Usage if the system has no more of them."""
    answers: dict[int, _Pipe] = {}
    try:
        written, alive = ([_Pipe() for _ in range(count)] for _ in range(2))
        shared = _Shared(_Pipe(), _Pipe(), written, alive)
        release = _Pipe()
        for number in range(1, count):
            answer = _Pipe()
            fork = os.fork()
            if not fork:
                _be_other(lambda: other(_Round(number, shared)), answer, release)  # noqa: B023  # called at once
            answer.keep("from")
            answers[fork] = answer
    except OSError as error:
        for fork in answers:
            os.kill(fork, signal.SIGKILL)
            os.waitpid(fork, 0)
        raise Usage(f"no more processes can be had: {error.strerror}; type --jobs 1") from error
    release.keep("to")
    return _Forks(shared, release, answers)


def _taken(
    count: int, first: Callable[[Turns[Any]], object], other: Callable[[Turns[Any]], Answer]
) -> list[Answer]:
    shared, release, forks = _forked(count, other)
    try:
        try:
            first(_Round(0, shared))
        except _Gone:  # one that has left early says why in its answer; the others must see that it is over
            shared.close()
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
        shared.close()
        for pipe in (release, *forks.values()):
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
