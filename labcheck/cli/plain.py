"""`labcheck csv` with nothing but names of files, --output and --quiet: what Typer need not be loaded for.

That would take as long as a hundred thousand rows do, and its memory again in each process. Whatever else is
typed is for Typer to read; a test holds both to the same run.
"""

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

_COMPLETING = "_LABCHECK_COMPLETE"
"""The environment variable by which a shell asks what a line can go on with."""


def plain_csv(args: Sequence[str]) -> Callable[[], None] | None:
    """Return what runs the program with these arguments, or None if that is for Typer to find out."""
    if args[:1] != ["csv"] or _COMPLETING in os.environ or os.name == "nt":  # where Typer expands `*.csv`
        return None
    files: list[str] = []
    output: str | None = None
    quiet = False
    left = iter(args[1:])
    for arg in left:
        if arg in ("-q", "--quiet"):
            quiet = True
        elif arg in ("-o", "--output") and output is None:
            output = next(left, "")
            if output[:1] in ("", "-"):
                return None
        elif arg == "-" or arg[:1] not in ("", "-"):
            files.append(arg)
        else:
            return None
    if not files and (sys.stdin is None or sys.stdin.isatty()):
        return None
    return partial(_run, files, Path(output) if output else None, quiet=quiet)


def _run(files: Sequence[str], output: Path | None, *, quiet: bool) -> None:
    from labcheck.catalogue import Catalogue
    from labcheck.cli.bulk import report_of
    from labcheck.cli.settings import chosen_range_sets
    from labcheck.cli.tables import annotate_files
    from labcheck.sources.asked import Asked

    report = report_of(None, json=False, summary=False, only=None, to_file=output is not None)
    catalogue = Catalogue()
    asked = Asked(catalogue, chosen_range_sets(None, catalogue))
    annotate_files(asked, report, files, output=output, quiet=quiet)
