"""The edge: exit codes, the two streams, and the one line that any error ends in."""

import codecs
import os
import sys
from collections.abc import Callable
from io import StringIO
from typing import TextIO

import typer

from labcheck.errors import LabcheckError
from labcheck.wording import printable

CATEGORY_MET, REFUSED, FAULT, NOT_WRITTEN = 1, 2, 70, 74
"""Exit codes beside 0: a category of --fail-on, a refusal, a bug, an output that cannot be written."""

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
        return NOT_WRITTEN
    try:
        code = program() or 0
        sys.stdout.flush()
    except LabcheckError as error:
        complain(error.text)
        return error.exit_code
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        complain(f"{error.format_message()} (see {context.command_path if context else 'labcheck'} --help)")
        return REFUSED
    except OSError as error:
        sys.stdout = StringIO()  # what is left in the buffer must not fail once more at exit
        complain(f"the output cannot be written: {error.strerror}")
        return NOT_WRITTEN
    except Exception as error:  # a fault of ours: whatever it is, the user gets one line
        if os.environ.get("LABCHECK_DEBUG") == "1":
            raise
        complain(f"a fault in labcheck, {type(error).__name__}: {error} (LABCHECK_DEBUG=1 shows where)")
        return FAULT
    return code


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
