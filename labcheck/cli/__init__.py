"""The command line: one file a kind of command; app.py brings them together. Typer is imported nowhere else.

Data goes to stdout and nothing else does; sentences for people go to stderr. Whatever is slow to import
(rich, pint, csv, Typer itself) is imported by the report or the step that needs it.
"""

import gc
import signal
import sys
from collections.abc import Callable
from functools import partial

from labcheck.cli.edge import run
from labcheck.cli.plain import plain_csv


def main() -> None:
    """Run the program; `| head` ends it as it would end `cat`."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    program = plain_csv(sys.argv[1:])
    begin: Callable[[], int]
    if program:
        begin = partial(run, program)
    else:
        from labcheck.cli.app import app

        begin = app  # which does so itself, as its tests call it
    gc.freeze()  # what is loaded stays: looking through it for garbage at the end is a tenth of a short run
    sys.exit(begin())
