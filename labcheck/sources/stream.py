"""Blocks through an annotator: read, annotate, write.

One process does it, or several take turns (turns.py): whoever has the turn to read takes a block and passes
the turn on as soon as it is sure where the next block begins. What was read first is written first, so that
rows come out as they came in. Waiting for each other costs time, and blocks cost memory: the longer the
input, the more blocks are taken in one turn, as long as they are there already, and each of them is written
as soon as it may be. A process that is ahead of the others goes on with the next turn meanwhile.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from labcheck.sources.csv import Annotator, Block, RowFormat, Written
from labcheck.sources.files import MOST_BLOCKS, Read, Write
from labcheck.sources.records import LONGEST
from labcheck.sources.tally import Tally
from labcheck.sources.turns import Turns, take_turns

_LARGE = 1 << 20

_A_BLOCK_MORE = 1 << 24
"""After so many bytes each, a turn takes one block more."""

_MOST_HELD = 3
"""At most so many turns of one process wait to be written."""

_SMALL = 1 << 11
"""So many bytes, and a little more, can be passed on without waiting for somebody to take them."""

_KEPT = 1 << 23
"""So many bytes can be freed and be used again without asking the system for them."""


class Left(NamedTuple):
    """What is still to do; the turn to read comes with it.

    `waiting` was read and not annotated; more is read when it is no longer than `need` bytes. `row` is the
    number of the last record before it, `longest` how far to look for the end of a quote, `seen` how many
    bytes have been read, `ended` that there are no more.
    """

    waiting: bytes
    need: int = 0
    row: int = 1
    longest: int = LONGEST
    seen: int = 0
    ended: bool = False

    @property
    def done(self) -> bool:
        return self.ended and not self.waiting


class Stream(NamedTuple):
    """Where blocks come from, what annotates them, where they go to.

    `has_more` says whether reading need not wait. `refusals` takes the list of refusals, `progress` is told
    how many bytes and records have been read. `rows` is the other format to write in, if it is not the
    table's own.
    """

    annotator: Annotator
    read: Read
    has_more: Callable[[], bool]
    write: Write
    refusals: Write | None = None
    rows: RowFormat | None = None
    progress: Callable[[int, int], object] | None = None


def annotate(stream: Stream, rest: bytes, *, jobs: int = 1, alone: int = 0) -> bool:
    """Annotate all that comes, and say whether the last row written lacks a line break.

    `rest` came behind the header. After `alone` bytes, `jobs` processes take turns; the first block is done
    before, so that what all of them need is worked out once, and so are the rows that are looked at together.
    At the end, the tally of the annotator has counted all.
    """
    _keep_what_is_freed()
    annotator = stream.annotator
    process = _Process(stream, Turns())
    left = process.step(Left(rest, row=annotator.row, seen=len(rest)))
    while not left.done and (jobs == 1 or left.seen <= alone or annotator.looks):
        left = process.step(left)
    if left.done:
        annotator.hand_over()
        return annotator.last_written.is_open

    def others_part(turns: Turns[Left]) -> tuple[Tally, Written]:
        annotator.start_again()
        _Process(stream._replace(progress=None), turns).take_part(None)
        return annotator.tally, annotator.last_written

    others = take_turns(jobs, lambda turns: _Process(stream, turns).take_part(left), others_part)
    for tally, _ in others:
        annotator.tally.add(tally, annotator.file)
    return max(annotator.last_written, *(written for _, written in others)).is_open


def _keep_what_is_freed() -> None:
    """Let what a block took be used for the next; else it goes back to the system, and comes page by page.

    glibc keeps no more than twice what it has seen freed in one piece. This piece is never written to, so
    that it takes no memory itself.
    """
    bytes(_KEPT)


class _Held:
    """What was read in one turn and is not written yet: its `rows`, all of them or as far as annotated.

    `last` is the number of the last of them.
    """

    def __init__(self) -> None:
        self.rows: list[bytes] = []
        self.last = 0
        self.refusals: list[bytes] = []
        self.is_whole = False

    def add(self, rows: bytes, last: int) -> None:
        self.rows.append(rows)
        self.last = last


class _Process:
    """What one process reads, annotates and writes."""

    def __init__(self, stream: Stream, turns: Turns[Left]) -> None:
        self._stream = stream
        self._annotator = stream.annotator
        self._turns = turns
        self._held: deque[_Held] = deque()

    def take_part(self, left: Left | None) -> None:
        """Do what falls to this process; the first one begins with what is `left`."""
        left = left or self._turns.take_reading()
        while left and not left.done:
            left = self.step(left, most=min(MOST_BLOCKS, 1 + left.seen // _A_BLOCK_MORE))
            if not left.done:
                while self._held and not self._may_hold_more():
                    self._wait_and_write()
                left = self._turns.take_reading()
        while self._held:
            self._wait_and_write()
        self._annotator.hand_over()

    def _may_hold_more(self) -> bool:
        """Say whether to take a turn to read before all is written."""
        return len(self._held) < _MOST_HELD and self._stream.has_more() and self._turns.may_read()

    def step(self, left: Left, *, most: int = 1) -> Left:
        """Read and annotate blocks, `most` of them at most, and write them if it is their turn.

        Return what the next one to read has left.
        """
        stream, annotator = self._stream, self._annotator
        annotator.row, annotator.longest = left.row, left.longest
        held = _Held()
        self._held.append(held)
        blocks: list[Block] = []
        while True:
            left = self._read_on(left)
            waiting = left.waiting
            cut = waiting.rfind(b"\n") + 1
            block = annotator.block(waiting[:cut]) if cut else None
            if block is not None:
                blocks.append(block)
                left = left._replace(
                    waiting=waiting[cut:], need=len(waiting) - cut, row=left.row + block.lines
                )
                if len(blocks) < most and not left.ended and stream.has_more():
                    continue
                self._pass_reading(left, held)
                self._annotate(blocks, held)
                break
            self._annotate(blocks, held)
            plain, used = annotator.plain(waiting, final=left.ended, rows=stream.rows)
            held.add(plain, annotator.row)
            waiting = waiting[used:]
            # A record without an end: when it is large, look again only when there is twice as much.
            need = len(waiting) * (2 if len(waiting) > _LARGE else 1)
            left = Left(waiting, need, annotator.row, annotator.longest, left.seen, left.ended)
            if used or left.ended:
                self._pass_reading(left, held)
                break
        if stream.refusals:
            annotator.tally.list_refusals(held.refusals.append)
        held.is_whole = True
        self._write()
        return left

    def _read_on(self, left: Left) -> Left:
        """Read until there is more than is needed, or no more; what is annotated does not wait for that."""
        stream = self._stream
        parts, size, ended = [left.waiting], len(left.waiting), left.ended
        while not ended and size <= left.need:
            while any(held.rows or held.is_whole for held in self._held) and not stream.has_more():
                self._wait_and_write()
            got = stream.read()
            parts.append(got)
            size += len(got)
            ended = not got
        seen = left.seen + size - len(left.waiting)
        if stream.progress:
            stream.progress(seen, left.row)
        return left._replace(waiting=b"".join(parts), seen=seen, ended=ended)

    def _pass_reading(self, left: Left, held: _Held) -> None:
        """Let any process read what is left.

        Where that has to wait until one does, it must not be that all others wait for this one to write.
        """
        while len(left.waiting) > _SMALL and self._held[0] is not held:
            self._wait_and_write()
        self._turns.pass_reading(left, done=left.done)

    def _annotate(self, blocks: list[Block], held: _Held) -> None:
        """Annotate blocks, in order, and write what may be written already.

        For the sake of memory, each is let go of as soon as it is done.
        """
        annotator, rows = self._annotator, self._stream.rows
        while blocks:
            block = blocks.pop(0)
            done = annotator.quick(block, rows=rows)
            if done is None:
                done, _ = annotator.plain(block.data, final=True, rows=rows)
            held.add(done, annotator.row)
            self._write()

    def _wait_and_write(self) -> None:
        self._turns.take_writing()
        self._write()

    def _write(self) -> None:
        """Write what is annotated, as far as it is this process's turn."""
        stream = self._stream
        while self._held and self._turns.may_write():
            held = self._held[0]
            for rows in filter(None, held.rows):
                stream.write(rows)
                is_open = not rows.endswith((b"\n", b"\r"))
                self._annotator.last_written = Written(held.last, is_open)
            held.rows.clear()
            if not held.is_whole:
                break
            if stream.refusals and held.refusals:
                stream.refusals(b"".join(held.refusals))
            self._turns.pass_writing()
            self._held.popleft()
