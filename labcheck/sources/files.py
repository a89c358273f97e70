"""What is read and written: pipes, gzip, Zstandard, encodings, a file that appears only when whole."""

import codecs
import importlib
import os
import select
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from labcheck.errors import UnreadableFile, Usage
from labcheck.wording import installs, printable, quote

BLOCK = 1 << 16

MOST_BLOCKS = 16
"""So many blocks are taken in one turn at most; each costs a process some 200 kB."""

_ASCII = bytes(range(ord(" "), ord("~") + 1))

Read = Callable[[], bytes]
Write = Callable[[bytes], object]


class Input(NamedTuple):
    """What is open for reading.

    `read` returns the next bytes there are, at most a block, and none at the end. `has_more` says whether
    there are any, or none will come, so that it need not wait; where that cannot be known, it says no.
    Where `is_plain`, they are those of the file itself, so that a fork can read on. `size` is that of the
    file, if it is one.
    """

    read: Read
    has_more: Callable[[], bool]
    is_plain: bool
    size: int | None


@contextmanager
def open_input(name: str) -> Iterator[Input]:
    """Open a file, `-` for standard input; `.gz` and `.zst` are decompressed. Raises UnreadableFile."""
    if not name:
        raise UnreadableFile("a name of a file is empty; is a variable of the shell not set?")
    packed = name.endswith((".gz", ".zst"))
    with _opened(name) as (file, faults):
        status = None if packed or name == "-" else os.fstat(file.fileno())
        size = status.st_size if status and stat.S_ISREG(status.st_mode) else None
        yield Input(
            lambda: _read(name, file, faults),
            lambda: size is not None or _has_more(file),  # a file never has to be waited for
            is_plain=not packed,
            size=size,
        )


_Opened = tuple[IO[bytes], tuple[type[Exception], ...]]
"""A file, and the errors that reading it can raise."""


@contextmanager
def _opened(name: str) -> Iterator[_Opened]:
    if name == "-":
        _widen(sys.stdin.buffer)
        yield sys.stdin.buffer, (OSError,)
        return
    open_file = {".gz": _open_gzip, ".zst": _open_zstd}.get(Path(name).suffix, _open_plain)
    try:
        file, faults = open_file(name)
    except (OSError, ValueError) as error:  # the latter for a NUL in the name
        reason = getattr(error, "strerror", error)
        raise UnreadableFile(f"{quote(name, 200)} cannot be read: {reason}") from error
    with file:
        yield file, faults


def _widen(file: IO[bytes]) -> None:
    """Let a pipe hold all the blocks of a turn, so that both ends wait less for each other.

    Linux alone can do it, up to a size that its administrator sets.
    """
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        for blocks in (MOST_BLOCKS, MOST_BLOCKS // 4):
            if fcntl.fcntl(file, fcntl.F_GETPIPE_SZ) < blocks * BLOCK:
                with suppress(OSError):
                    fcntl.fcntl(file, fcntl.F_SETPIPE_SZ, blocks * BLOCK)


def _open_plain(name: str) -> _Opened:
    return Path(name).open("rb"), (OSError,)


def _open_gzip(name: str) -> _Opened:
    import gzip
    import zlib

    return cast("IO[bytes]", gzip.open(name, "rb")), (OSError, EOFError, zlib.error)


def _open_zstd(name: str) -> _Opened:
    """Open with the standard library, which can from Python 3.14 on, or with its backport."""
    for module in ("compression.zstd", "backports.zstd"):
        with suppress(ImportError):
            zstd = importlib.import_module(module)
            return cast("IO[bytes]", zstd.open(name, "rb")), (OSError, EOFError, zstd.ZstdError)
    raise UnreadableFile(
        f"{quote(name, 200)} needs what reads Zstandard: {installs('zstd')}, or decompress it first"
    )


def _read(name: str, file: IO[bytes], faults: tuple[type[Exception], ...]) -> bytes:
    try:
        return file.read1(BLOCK)  # type: ignore[attr-defined, no-any-return]  # every buffered reader has it
    except faults as error:  # a directory, or not what its name says
        raise UnreadableFile(f"{quote(name, 200)} cannot be read: {error}") from error


def _has_more(file: IO[bytes]) -> bool:
    with suppress(OSError, ValueError):  # on Windows, of whatever is no socket
        return bool(select.select([file], [], [], 0)[0])
    return False


def utf_16(encoding: str | None) -> str | None:
    """Return the name of an encoding if it is UTF-16: `utf-16-le`, `utf-16-be`, or `utf-16` with either."""
    try:
        name = codecs.lookup(encoding or "").name
    except (LookupError, ValueError):
        return None
    return name if name.startswith("utf-16") else None


def as_utf8(
    name: str, read: Read, write: Write, first: bytes, encoding: str | None = None
) -> tuple[bytes, Read, Write, bool]:
    """Return first bytes, reader and writer, of a UTF-16 file as if it were UTF-8, and whether it was one.

    It is one if it begins with a mark of the order of bytes, or by its `encoding`, as `utf_16` returns it.
    Half a surrogate pair, which is no text, comes out as it went in.
    """
    order = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(first[:2], encoding)
    if order is None:
        return first, read, write, False
    if order == "utf-16":
        raise UnreadableFile(
            f"{quote(name, 200)} has no mark of its order of bytes; type --encoding utf-16-le or utf-16-be"
        )
    decoder = codecs.getincrementaldecoder(order)("surrogatepass")

    def utf8(data: bytes, *, final: bool = False) -> bytes:
        try:
            return decoder.decode(data, final).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            raise UnreadableFile(f"{quote(name, 200)} ends in the middle of a character") from error

    def read_utf8() -> bytes:
        while got := read():
            if data := utf8(got):
                return data
        return utf8(b"", final=True)

    return (
        utf8(first),
        read_utf8,
        lambda data: write(data.decode("utf-8", "surrogatepass").encode(order, "surrogatepass")),
        True,
    )


def decoder(encoding: str | None) -> Callable[[bytes], str]:
    """Return what decodes a cell; without an `encoding` UTF-8, and Windows-1252 for a cell that is none."""
    if encoding is None:
        return _decode_any
    try:
        read = _ASCII.decode(encoding, "replace")
    except (LookupError, ValueError) as error:
        raise Usage(f"--encoding {quote(encoding)} is not known; type one as in latin-1 or cp1252") from error
    if read != _ASCII.decode():  # the signs between fields are looked for before anything is decoded
        raise Usage(
            f"--encoding {quote(encoding)} writes plain letters otherwise than ASCII, and cannot be read; "
            "convert the file to UTF-8 first"
        )
    return lambda cell: cell.decode(encoding, "replace")


def _decode_any(cell: bytes) -> str:
    try:
        return cell.decode()
    except UnicodeDecodeError:
        return cell.decode("cp1252", "replace")


def is_stdout(path: Path | None) -> bool:
    """Say whether that is standard output, which None and `-` stand for, or the file that it goes into."""
    return path is None or str(path) in ("-", "/dev/stdout", "/dev/fd/1") or _is_open_as(1, path)


def _is_stderr(path: Path) -> bool:
    return sys.stderr is not None and (str(path) in ("/dev/stderr", "/dev/fd/2") or _is_open_as(2, path))


def _is_open_as(number: int, path: Path) -> bool:
    """Say whether a path is that of the file behind a standard stream, which is then not to be replaced."""
    try:
        status = path.stat()
        return stat.S_ISREG(status.st_mode) and os.path.samestat(status, os.fstat(number))
    except (OSError, ValueError):
        return False


@contextmanager
def open_output(path: Path | None) -> Iterator[Write]:
    """Yield a function that writes bytes, at once to a standard stream or to a file that appears at the end.

    A terminal is no file whose bytes have to stay: it gets nothing that it could act on.
    """
    if path is None or is_stdout(path) or _is_stderr(path):
        stream = sys.stdout if is_stdout(path) else sys.stderr
        out = stream.buffer
        _widen(out)

        def write(data: bytes) -> None:
            out.write(data)
            out.flush()

        yield partial(_show, write) if stream.isatty() else write
        return
    if path.exists() and not path.is_file():  # a pipe or a device is written to, never replaced
        try:
            with path.open("wb", buffering=0) as file:
                write_all = partial(_write_all, file)
                yield partial(_show, write_all) if file.isatty() else write_all
        except IsADirectoryError as error:
            raise UnreadableFile(f"{quote(str(path), 200)} cannot be written: {error.strerror}") from error
        return
    try:
        path = path.resolve()
    except (OSError, RuntimeError) as error:  # links that lead round in a circle
        raise UnreadableFile(f"{quote(str(path), 200)} cannot be written: {error}") from error
    mode = path.stat().st_mode & 0o777 if path.exists() else None
    unfinished = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with _removed_by_signals(unfinished):
            try:
                number = os.open(unfinished, flags, 0o666 if mode is None else mode)
            except OSError as error:
                raise UnreadableFile(
                    f"{quote(str(path), 200)} cannot be written: {error.strerror}"
                ) from error
            with os.fdopen(number, "wb", buffering=0) as whole:
                yield partial(_write_all, whole)
            if mode is not None:
                unfinished.chmod(mode)
            unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _show(write: Write, data: bytes) -> None:
    """Write text to a terminal, with escapes for control codes; a lone CR would go back in the line."""
    text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n")
    write(printable(text, but="\n\t").encode())


@contextmanager
def _removed_by_signals(file: Path) -> Iterator[None]:
    """Remove `file` if one of the signals comes that would end the program, and end it then."""
    names = ("SIGTERM", "SIGHUP", "SIGPIPE", "SIGQUIT", "SIGXCPU", "SIGALRM", "SIGUSR1", "SIGUSR2")
    before: dict[int, Any] = {}

    def end(number: int, _: object) -> None:
        file.unlink(missing_ok=True)
        signal.signal(number, before[number])
        signal.raise_signal(number)

    for number in (getattr(signal, name) for name in names if hasattr(signal, name)):
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it, which a run is to outlive
            before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _write_all(file: IO[bytes], data: bytes) -> None:
    """Write to a file without a buffer, which takes what it can at a time."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
