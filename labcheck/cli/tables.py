"""A run of `csv`, once what its options settle is known."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from labcheck.cli.bulk import Report, check_ending, check_files, counting, progress
from labcheck.sources.asked import Asked
from labcheck.sources.files import open_input
from labcheck.sources.table import Table, one_byte
from labcheck.sources.turns import CAN_FORK

_ALONE = 4 << 20
"""So many bytes are done by one process; a second is not worth its memory before."""


def annotate_files(
    asked: Asked,
    report: Report,
    files: Sequence[str],
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    output: Path | None = None,
    errors: Path | None = None,
    fail_on: str | None = None,
    jobs: int | None = None,
    quiet: bool = False,
) -> None:
    """Judge the tables in `files`, or the one of a pipe if there are none; exit by what has come of it.

    The keywords are the options of those names, as they were typed.
    """
    check_files(files, output, errors, whole=not (report.format or asked.only))
    check_ending(output, report.format)
    several = len(files) > 1
    run = counting(
        report,
        asked,
        output=output,
        errors=errors,
        fail_on=fail_on,
        quiet=quiet,
        places=["file", "row"] if several else ["row"],
    )
    with run as (tally, write, refusals):
        table = Table(
            asked,
            tally=tally,
            delimiter=one_byte(delimiter),
            encoding=encoding,
            other=report.rows,
            writes=not report.summary,
            shown=output is None and sys.stdout.isatty(),
            several=several,
            refusals=refusals,
            jobs=jobs or (2 if CAN_FORK and (os.cpu_count() or 1) > 1 else 1),
            alone=0 if jobs else _ALONE,
        )
        shows_progress = not quiet and (report.summary or output is not None or not sys.stdout.isatty())
        for name in files or ["-"]:
            with open_input(name) as source, progress(source, wanted=shows_progress) as update:
                table.annotate(name, source, write, update)
        table.end(write)
