"""Bytes -> the JSON texts in them: one document, or one a line (NDJSON), with every digit as written.

Which of the two a file is shows in its first line: it is a JSON text of its own, or it only begins one. A
text has to be in memory as a whole, so that one longer than LONGEST is not read.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from labcheck.errors import Malformed
from labcheck.sources.files import Read
from labcheck.wording import quote

LONGEST = 1 << 26
"""Bytes of a line or a document beyond which it is not read."""

Path = tuple[str | int, ...]
"""The keys and indices that lead to a value of a text."""

BOM = "\ufeff".encode()
_BLANK = re.compile("[ \t\n\r]*")


class Number(str):
    """A number of a JSON text, as it was written."""

    __slots__ = ()


class Text(NamedTuple):
    """Bytes of a file, and the JSON value in them: those of a `line` (from 1), or all where it is None.

    `problem` is why they cannot be read; `ignored` bytes are blank, or the rest of what is too long.
    """

    raw: bytes
    line: int | None = None
    value: object = None
    problem: Malformed | None = None
    ignored: bool = False


class _Line(NamedTuple):
    """A line's bytes, or a piece of it where it is too long; `first` of them or not."""

    number: int
    raw: bytes
    too_long: bool
    first: bool


def parse(text: str) -> object:
    """Return the value of a JSON text, its numbers as Number; raise Malformed, which says where it broke."""
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if error.lineno > 1 else ""
        raise Malformed(f"this is not JSON: {error.msg} ({line}column {error.colno})") from error
    except RecursionError as error:
        raise Malformed("this is nested too deeply") from error


def decode(raw: bytes) -> str:
    """Return the text without a byte order mark; raise Malformed."""
    try:
        return raw.removeprefix(BOM).decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"this is not UTF-8 text, from byte {error.start + 1} on") from error


def spans(text: str, paths: Collection[Path]) -> dict[Path, tuple[int, int]]:
    """Return where the values at `paths` begin and end in a JSON text that `parse` takes."""
    wanted: dict[str | int, Any] = {}
    for path in paths:
        deeper = wanted
        for key in path:
            deeper = deeper.setdefault(key, {})
    found: dict[Path, tuple[int, int]] = {}

    def blank(at: int) -> int:
        return _BLANK.match(text, at).end()  # type: ignore[union-attr]  # it always matches

    def skip(at: int, wanted: dict[str | int, Any] | None, path: Path) -> int:
        """Return where a value that begins at `at` ends; only on the way to a wanted one look into it."""
        start = at
        if not wanted or text[at] not in "{[":
            at = _DECODER.raw_decode(text, at)[1]
        else:
            keyed, index = text[at] == "{", 0
            at = blank(at + 1)
            while text[at] not in "}]":
                key: str | int = index
                if keyed:
                    key, at = _DECODER.raw_decode(text, at)
                    at = blank(blank(at) + 1)
                at = blank(skip(at, wanted.get(key), (*path, key)))
                index += 1
                if text[at] == ",":
                    at = blank(at + 1)
            at += 1
        if path in paths:
            found[path] = start, at
        return at

    skip(blank(0), wanted, ())
    return found


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        [(twice, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise Malformed(f"an object has the key {quote(twice)} twice; which one counts is not known")
    return made


def _constant(name: str) -> object:
    raise Malformed(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Number, parse_int=Number, parse_constant=_constant
)


def texts(read: Read) -> Iterator[Text]:
    """Yield the JSON texts of a stream and what lies between them: together they are all of its bytes."""
    lines = _lines(read)
    for line in lines:
        text = _read(line)
        opens = _begins(line) in (b"{", b"[") and not line.too_long
        if text.problem and opens:
            yield from _document(line, lines)
        elif text.ignored:
            yield text
        else:
            yield text
            yield from map(_read, lines)


def _document(first: _Line, lines: Iterator[_Line]) -> Iterator[Text]:
    """Yield what begins with a line that is no text: one over many lines, or lines of which it is broken."""
    taken, size = [first], len(first.raw)
    for line in lines:
        taken.append(line)
        size += len(line.raw)
        if size > LONGEST:
            whole = Text(b"".join(line.raw for line in taken), problem=_too_long())
            break
    else:
        whole = _valued(Text(b"".join(line.raw for line in taken)))
    if whole.problem and _are_apart(taken):
        yield from map(_read, taken)
        yield from map(_read, lines)
    else:
        yield whole
        yield from (Text(line.raw, ignored=True) for line in lines)


def _are_apart(lines: Sequence[_Line]) -> bool:
    """Say whether lines are texts of their own, of which the first is broken, and not those of one text."""
    if any(_begins(line) in (b"}", b"]", b",") for line in lines):
        return False
    first = lines[0]
    return _begins(first) == b"{" and any(_is_resource(line, like=first) for line in lines)


def _begins(line: _Line) -> bytes:
    return line.raw.removeprefix(BOM).lstrip()[:1]


def _indent(line: _Line) -> int:
    raw = line.raw.removeprefix(BOM)
    return len(raw) - len(raw.lstrip())


def _is_resource(line: _Line, *, like: _Line) -> bool:
    """Say whether a line is a resource of its own, and not indented as one inside of what `like` begins."""
    if _begins(line) != b"{" or _indent(line) > _indent(like) or b'"resourceType"' not in line.raw:
        return False
    value = _read(line).value
    return isinstance(value, dict) and "resourceType" in value


def _read(line: _Line) -> Text:
    if line.too_long and line.first:
        return Text(line.raw, line.number, problem=_too_long())
    if line.too_long or not line.raw.removeprefix(BOM).strip():
        return Text(line.raw, line.number, ignored=True)
    return _valued(Text(line.raw, line.number))


def _valued(text: Text) -> Text:
    try:
        return text._replace(value=parse(decode(text.raw)))
    except Malformed as problem:
        return text._replace(problem=problem)


def _too_long() -> Malformed:
    return Malformed(f"this is longer than {LONGEST >> 20} MB; split it, with a resource a line as in NDJSON")


def _lines(read: Read) -> Iterator[_Line]:
    """Yield lines with their line breaks, one that is too long in pieces."""
    parts: list[bytes] = []
    number, size, pieces = 1, 0, 0
    while block := read():
        *whole, rest = block.split(b"\n")
        for end in whole:
            yield _Line(number, b"".join((*parts, end, b"\n")), pieces > 0, pieces == 0)
            number, parts, size, pieces = number + 1, [], 0, 0
        parts.append(rest)
        size += len(rest)
        if size > LONGEST:
            yield _Line(number, b"".join(parts), too_long=True, first=pieces == 0)
            parts, size, pieces = [], 0, pieces + 1
    if last := b"".join(parts):
        yield _Line(number, last, pieces > 0, pieces == 0)
