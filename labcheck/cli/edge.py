"""The edge: exit codes, the two streams, and the one line that any error ends in."""

import codecs
import os
import sys
from collections.abc import Callable
from enum import IntEnum
from io import StringIO
from typing import TextIO

from labcheck.errors import LabcheckError
from labcheck.wording import printable


class Ended(Exception):
    """The run is over, and its exit code is known."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Exit(IntEnum):
    """The exit codes beside 0; SOME_REFUSED outranks CATEGORY_MET."""

    CATEGORY_MET = 1  # a category that --fail-on names
    REFUSED = 2  # a result or a request that cannot be used
    SOME_REFUSED = 3  # a document of which some results cannot be interpreted
    FAULT = 70  # a bug
    NOT_WRITTEN = 74  # an output that cannot be written
    INTERRUPTED = 130  # by Ctrl-C


_LONGEST = 500
_ASCII = {
    "≤": "<=",
    "⩽": "<=",
    "≥": ">=",
    "⩾": ">=",
    "＜": "<",
    "＞": ">",
    "−": "-",
    "’": "'",
    "≈": "~",
    "•": "*",
    "µ": "u",
    "μ": "u",
    "…": "...",
    "–": "-",
    "é": "e",
    "è": "e",
}


def run(program: Callable[[], int | None]) -> int:
    """Run `program` and return the exit code; every error is one line on stderr, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        _transliterate(stream)
    if sys.stdout is None:
        complain("the output cannot be written: standard output is closed")
        return Exit.NOT_WRITTEN
    try:
        code = _ran(program)
        sys.stdout.flush()
    except LabcheckError as error:
        complain(error.text)
        return Exit.REFUSED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except OSError as error:
        sys.stdout = StringIO()  # what is left in the buffer must not fail once more at exit
        complain(f"the output cannot be written: {error.strerror}")
        return Exit.NOT_WRITTEN
    except Exception as error:  # a fault of ours: whatever it is, the user gets one line
        if os.environ.get("LABCHECK_DEBUG") == "1":
            raise
        complain(f"a fault in labcheck, {type(error).__name__}: {error} (LABCHECK_DEBUG=1 shows where)")
        return Exit.FAULT
    return code


def _ran(program: Callable[[], int | None]) -> int:
    try:
        return program() or 0
    except Ended as ended:
        return ended.code


def complain(sentence: str) -> None:
    """Say what is wrong, on one line of stderr."""
    line = printable(" ".join(sentence.split()))
    if sys.stderr is None:  # the shell has closed it
        return
    try:
        print(
            f"labcheck: {line[:_LONGEST]}{'…' if len(line) > _LONGEST else ''}", file=sys.stderr, flush=True
        )
    except OSError:
        sys.stderr = StringIO()  # likewise


def _transliterate(stream: TextIO | None) -> None:
    """Let a stream that cannot encode a character write the nearest that it can."""

    def nearest(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        lost = error.object[error.start : error.end]
        return "".join(_ASCII.get(character, "?") for character in lost), error.end

    codecs.register_error("labcheck", nearest)
    if stream is not None and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="labcheck")
