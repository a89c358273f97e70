"""Opening what is read and written: pipes, gzip, UTF-16, and a file that appears only when whole."""

import codecs
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from labcheck.errors import UnreadableFile
from labcheck.wording import quote

BLOCK = 1 << 17

Read = Callable[[], bytes]
Write = Callable[[bytes], object]


@contextmanager
def open_input(name: str) -> Iterator[Read]:
    """Yield a function that returns the next bytes there are, at most a block, and none at the end.

    `-` is standard input; `.gz` is decompressed. Raises UnreadableFile.
    """
    try:
        with _opened(name) as file:
            yield lambda: _read(name, file)
    except ValueError as error:  # a NUL in the name
        raise UnreadableFile(f"{quote(name, 200)} cannot be read: {error}") from error


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        if name.endswith(".gz"):
            import gzip

            file: IO[bytes] = cast("IO[bytes]", gzip.open(name, "rb"))  # noqa: SIM115  # likewise
        else:
            file = Path(name).open("rb")  # noqa: SIM115  # closed by the `with` below
    except OSError as error:
        raise UnreadableFile(f"{quote(name, 200)} cannot be read: {error.strerror}") from error
    with file:
        yield file


def _read(name: str, file: IO[bytes]) -> bytes:
    try:
        return file.read1(BLOCK)  # type: ignore[attr-defined, no-any-return]  # every buffered reader has it
    except (OSError, EOFError) as error:  # a directory, or no gzip file
        raise UnreadableFile(f"{quote(name, 200)} cannot be read: {error}") from error


def as_utf8(read: Read, write: Write, first: bytes) -> tuple[bytes, Read, Write, bool]:
    """Return first bytes, reader and writer, of a UTF-16 file as if it were UTF-8, and whether it was one."""
    order = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(first[:2])
    if order is None:
        return first, read, write, False
    decoder = codecs.getincrementaldecoder(order)("replace")

    def read_utf8() -> bytes:
        while got := read():
            if text := decoder.decode(got):
                return text.encode()
        return decoder.decode(b"", final=True).encode()

    return (
        decoder.decode(first).encode(),
        read_utf8,
        lambda data: write(data.decode("utf-8", "replace").encode(order)),
        True,
    )


@contextmanager
def open_output(path: Path | None) -> Iterator[Write]:
    """Yield a function that writes bytes, at once to standard output or to a file that appears at the end."""
    if path is None:
        out = sys.stdout.buffer

        def write(data: bytes) -> None:
            out.write(data)
            out.flush()

        yield write
        return
    path = path.resolve()
    if path.exists() and not path.is_file():  # a pipe or a device is written to, never replaced
        try:
            with path.open("wb") as file:
                yield file.write
        except IsADirectoryError as error:
            raise UnreadableFile(f"{quote(str(path), 200)} cannot be written: {error.strerror}") from error
        return
    try:
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise UnreadableFile(f"{quote(str(path), 200)} cannot be written: {error.strerror}") from error
    unfinished = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            yield file.write
        unfinished.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Return the mask of new files' permissions, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
