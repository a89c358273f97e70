"""Bytes of HL7 v2 -> segments, as they come in: from a file, a batch or a feed that need not end.

CR ends a segment, and so do LF and CRLF, which files from other systems have. A line that is no segment
belongs to the one before it, as some senders break the lines of a text; but not one that looks like a segment
that was damaged, which would be lost without a word. Where files were put together, a message can begin in
the middle of a line.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from labcheck.sources.files import Read

LONGEST = 1 << 18
"""Bytes that are kept of a segment; what is longer holds a picture or a report, and no number."""

START_OF_BLOCK, END_OF_BLOCK = b"\x0b", b"\x1c"
"""What frames a message that was sent over a network (MLLP)."""

_PUNCTUATION = rb"[!-/:-@\[-`{-~]"
_HEAD = rb"MSH(%b)((?:(?!\1)%b){4,5})" % (_PUNCTUATION, _PUNCTUATION)
MSH = re.compile(rb"%b(?:\1|$)" % _HEAD)
"""The beginning of a message, with the separator of fields and the other four or five."""

_MSH_INSIDE = re.compile(rb"%b\1" % _HEAD)
_BREAKS = re.compile(rb"[\r\n\x0b\x1c]")
_SEGMENT = re.compile(rb"[A-Z][A-Z0-9]{2}(?:[^\w\s]|$)")
_DAMAGED = re.compile(
    rb"(?i)[^0-9a-z]{0,8}(?=[o0]bx\s*%b|msh\s*%b{3}|(?:[o0]br|pid|spm)\s*(%b)\d*\1)(...)"
    % ((_PUNCTUATION,) * 3)
)
TYPES = ("NM", "SN", "ST", "TX", "FT", "CE", "CWE", "CF", "DT", "TM", "TS")
"""What OBX has in its second field: the type of its value."""

_TYPE = b"(?i:%b)" % "|".join(TYPES).encode()
_MISSPELLED = re.compile(
    rb"(?!OBX|OBR)(?:[A-Y]BX|O[A-Z]X|OB[A-Z]|OXB|XOB|BOX)(%b)\w*\1 *%b *\1" % (_PUNCTUATION, _TYPE)
)
OBX_INSIDE = re.compile(rb"OBX(%b)\d*\1(?:%b|(?<=\d\1))\1[^\r\n]*?\1" % (_PUNCTUATION, _TYPE))
"""Another OBX in the middle of a segment: the break before it was lost."""
INSIDE = re.compile(rb"(SPM|OBR|PID)(%b)\d*\2" % _PUNCTUATION)
"""A specimen, an order or a patient in the middle of a segment, likewise."""

_HEADS = (b"MSH", b"FHS", b"BHS")
_BOM = "\ufeff".encode()
_PADDING = b" \t\0\x1a"


class Segment(NamedTuple):
    """One segment, at most LONGEST bytes of it; `cut` if nothing ended it, `too_long` if there was more.

    A byte that frames a block is a segment of its own.
    """

    text: bytes
    cut: bool = False
    too_long: bool = False


def segments(read: Read) -> Iterator[Segment]:
    """Yield each segment once the next one begins, its block ends, or nothing more comes."""
    lines: list[bytes] = []
    size, cut, separator = 0, False, b""
    for line, end in _lines(read):
        text = line
        if lines and separator and text.startswith(b"ADD" + separator):  # the one before goes on in it
            last = lines.pop()
            size -= len(last) + bool(lines)
            text = last + text[4:]
        elif lines and (_begins(text, separator) or damaged(text, separator)):
            yield Segment(b"\n".join(lines), cut, size > LONGEST)
            lines, size = [], 0
        if text[:3] in _HEADS:
            separator = text[3:4]
        if text.strip(_PADDING):
            size += len(text) + bool(lines)
            if size <= LONGEST or not lines:
                lines.append(text[:LONGEST])
            cut = end in (b"", b"MSH", START_OF_BLOCK)
        if end in (START_OF_BLOCK, END_OF_BLOCK):
            if lines:
                yield Segment(b"\n".join(lines), cut, size > LONGEST)
            lines, size = [], 0
            yield Segment(end)
    if lines:
        yield Segment(b"\n".join(lines), cut, size > LONGEST)


def _begins(line: bytes, separator: bytes) -> bool:
    """Say whether a line is the beginning of a segment, rather than more of the one before."""
    at_home = line[:3] in _HEADS or not separator or line[3:4] in (b"", separator)
    return at_home and _SEGMENT.match(line) is not None


def damaged(line: bytes, separator: bytes) -> bytes:
    """Return which segment (OBX, MSH, OBR, PID or SPM) a line looks like that is none, or nothing."""
    if _begins(line, separator):
        return b"OBX" if _MISSPELLED.match(line) else b""
    if found := _DAMAGED.match(line):
        return found[2].upper().replace(b"0", b"O")
    if not separator:
        return b""
    end = re.escape(separator)
    return b"OBX" if re.match(rb".{0,20}?%b *%b *%b" % (end, _TYPE, end), line, re.DOTALL) else b""


def _lines(read: Read) -> Iterator[tuple[bytes, bytes]]:
    """Yield each line with what ended it: a byte, MSH where one follows in the same line, or nothing."""
    parts: list[bytes] = []
    size = 0
    while block := read():
        start = 0
        for match in _BREAKS.finditer(block):
            parts.append(block[start : match.start()])
            yield from _parted(b"".join(parts), match[0])
            start, parts, size = match.end(), [], 0
        if size <= LONGEST:  # of what is longer the rest is let go
            parts.append(block[start:])
            size += len(block) - start
    yield from _parted(b"".join(parts), b"")


def _parted(line: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
    line, start = line.removeprefix(_BOM).lstrip(_PADDING), 0
    for match in _MSH_INSIDE.finditer(line, 1):
        yield line[start : match.start()], b"MSH"
        start = match.start()
    yield line[start:], end
