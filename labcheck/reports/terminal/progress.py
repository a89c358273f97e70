"""How far a long run has come, on a terminal beside the output."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

_SECONDS = 0.1


@contextmanager
def shown(total: int, file: TextIO) -> Iterator[Callable[[int, int], None]]:
    """Show bytes of `total`, rows, rate and time left; yield a function that is told bytes and rows.

    Nothing runs beside the work, as a thread would: it may fork.
    """
    columns = (
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(file=file, markup=False, emoji=False)
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as progress:
        task = progress.add_task("", total=total, rows=0)
        due = monotonic()

        def update(seen: int, rows: int) -> None:
            nonlocal due
            if monotonic() >= due:
                progress.update(task, completed=seen, rows=rows, refresh=True)
                due = monotonic() + _SECONDS

        yield update
