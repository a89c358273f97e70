"""Blocks through an annotator: read, annotate, write.

One process does it, or several take turns (turns.py): whoever has the turn to read takes a block and passes
the turn on as soon as it is sure where the next block begins. The turn to write goes round in the same order,
so that rows come out as they came in. Waiting for each other's turn costs time, and blocks cost memory: the
longer the input, the more blocks are taken in one turn, as long as they are there already, and each of them
is written as soon as it may be.
"""

from collections.abc import Callable
from typing import NamedTuple

from labcheck.sources.csv import Annotator, Block, RowFormat, Written
from labcheck.sources.files import MOST_BLOCKS, Read, Write
from labcheck.sources.records import LONGEST
from labcheck.sources.tally import Tally
from labcheck.sources.turns import Turns, take_turns

_LARGE = 1 << 20

_A_BLOCK_MORE = 1 << 23
"""After so many bytes each, a turn takes one block more."""

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
    turns: Turns[Left] = Turns()
    left = _step(stream, Left(rest, row=annotator.row, seen=len(rest)), turns)
    while not left.done and (jobs == 1 or left.seen <= alone or annotator.looks):
        left = _step(stream, left, turns)
    if left.done:
        annotator.hand_over()
        return annotator.last_written.is_open

    def others_part(turns: Turns[Left]) -> tuple[Tally, Written]:
        annotator.start_again()
        _take_part(stream._replace(progress=None), None, turns)
        return annotator.tally, annotator.last_written

    others = take_turns(jobs, lambda turns: _take_part(stream, left, turns), others_part)
    for tally, _ in others:
        annotator.tally.add(tally, annotator.file)
    return max(annotator.last_written, *(written for _, written in others)).is_open


def _keep_what_is_freed() -> None:
    """Let what a block took be used for the next; else it goes back to the system, and comes page by page.

    glibc keeps no more than twice what it has seen freed in one piece. This piece is never written to, so
    that it takes no memory itself.
    """
    bytes(_KEPT)


def _take_part(stream: Stream, left: Left | None, turns: Turns[Left]) -> None:
    """Do what falls to this process; the first one begins with what is `left`."""
    left = left or turns.take_reading()
    while left and not left.done:
        left = _step(stream, left, turns, most=min(MOST_BLOCKS, 1 + left.seen // _A_BLOCK_MORE))
        if not left.done:
            left = turns.take_reading()
    stream.annotator.hand_over()


def _step(stream: Stream, left: Left, turns: Turns[Left], *, most: int = 1) -> Left:
    """Read, annotate and write blocks, `most` of them at most; return what the next one to read has left."""
    annotator = stream.annotator
    annotator.row, annotator.longest = left.row, left.longest
    blocks: list[Block] = []
    out: list[bytes] = []
    while True:
        left = _read_on(stream, left)
        waiting = left.waiting
        cut = waiting.rfind(b"\n") + 1
        block = annotator.block(waiting[:cut]) if cut else None
        if block is not None:
            blocks.append(block)
            left = left._replace(waiting=waiting[cut:], need=len(waiting) - cut, row=left.row + block.lines)
            if len(blocks) < most and not left.ended and stream.has_more():
                continue
            turns.pass_reading(left, done=left.done)
            _annotate(stream, blocks, out, turns)
            break
        _annotate(stream, blocks, out, turns)
        plain, used = annotator.plain(waiting, final=left.ended, rows=stream.rows)
        out.append(plain)
        waiting = waiting[used:]
        # A record without an end: when it is large, look again only when there is twice as much.
        need = len(waiting) * (2 if len(waiting) > _LARGE else 1)
        left = Left(waiting, need, annotator.row, annotator.longest, left.seen, left.ended)
        if used or left.ended:
            turns.pass_reading(left, done=left.done)
            break
    turns.take_writing()
    _write(stream, out)
    if stream.refusals:
        annotator.tally.list_refusals(stream.refusals)
    turns.pass_writing()
    return left


def _annotate(stream: Stream, blocks: list[Block], out: list[bytes], turns: Turns[Left]) -> None:
    """Annotate blocks, in order, and write what is `out` where the turn to write is here already.

    For the sake of memory, each is let go of as soon as it is done.
    """
    annotator = stream.annotator
    while blocks:
        block = blocks.pop(0)
        quick = annotator.quick(block, rows=stream.rows)
        out.append(annotator.plain(block.data, final=True, rows=stream.rows)[0] if quick is None else quick)
        if turns.may_write():
            _write(stream, out)


def _write(stream: Stream, out: list[bytes]) -> None:
    annotator = stream.annotator
    for written in filter(None, out):
        stream.write(written)
        annotator.last_written = Written(annotator.row, is_open=not written.endswith((b"\n", b"\r")))
    out.clear()


def _read_on(stream: Stream, left: Left) -> Left:
    """Read until there is more than is needed, or no more."""
    parts, size, ended = [left.waiting], len(left.waiting), left.ended
    while not ended and size <= left.need:
        got = stream.read()
        parts.append(got)
        size += len(got)
        ended = not got
    seen = left.seen + size - len(left.waiting)
    if stream.progress:
        stream.progress(seen, left.row)
    return left._replace(waiting=b"".join(parts), seen=seen, ended=ended)
