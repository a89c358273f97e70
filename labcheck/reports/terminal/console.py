"""The console that reports are printed on, and what they are put together from."""

import re
from collections.abc import Iterable, Iterator
from decimal import Context, Decimal
from typing import TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labcheck import reports
from labcheck.model import Analyte, Category, Interval, Statement

_WIDEST = 100
_NARROWEST = 20

NARROW = 60
"""A terminal of fewer columns has labels above what they are for, not beside it."""

DISCLAIMER = Text(reports.DISCLAIMER, style="italic")

# Seen as well on a light as on a dark background; Rich takes the nearest where a terminal has fewer colours.
COLOURS = {
    Category.LOW: "#c98a00",
    Category.NORMAL: "#2e9e4f",
    Category.HIGH: "#b060d0",
    Category.INDETERMINATE: "#2090b0",
}


def open_console(file: TextIO) -> Console:
    """Make the console that reports are printed on; it obeys NO_COLOR, pipes and the terminal's width."""
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    console.width = max(_NARROWEST, min(console.width, _WIDEST))
    return console


def print_parts(console: Console, parts: Iterable[RenderableType]) -> None:
    """Print without the blanks that Rich fills its lines up with; in a file they would be in the way."""
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    console.file.write(re.sub(r" +$", "", captured.get(), flags=re.MULTILINE))


def title(analyte: Analyte) -> Text:
    """Say which test it is."""
    return Text.assemble((analyte.name, "bold"), f"  {analyte.test}, {analyte.specimen}")


def grid(columns: int, gap: int) -> Table:
    """Make a table without lines, `gap` blanks between columns, where words break but are never cut."""
    table = Table.grid(padding=(0, gap, 0, 0))
    for _ in range(columns):
        table.add_column(overflow="fold")
    return table


def bullets(texts: Iterable[Text]) -> RenderableType:
    """Set texts under each other, each behind a bullet."""
    table = grid(2, 1)
    for text in texts:
        table.add_row("•", text)
    return table


def listed(heading: str, texts: Iterable[Text]) -> Iterator[RenderableType]:
    """Yield a heading with bullets under it, or nothing where there are none."""
    if items := list(texts):
        yield Text(f"\n{heading}", style="bold")
        yield Padding(bullets(items), (0, 2))


def sections(analyte: Analyte, age: Decimal | None) -> Iterator[RenderableType]:
    """Yield the sections of the analyte's page, or what of them fits `age`."""
    for section in analyte.sections:
        yield from listed(section.heading, fitting(section.says, age))


def fitting(statements: Iterable[Statement], age: Decimal | None, *, named: bool = True) -> Iterator[Text]:
    """Yield the statements that fit `age`, with the group each is for and its source, if not the article."""
    for statement in statements:
        if statement.fits(age):
            text = Text()
            if statement.group and named:
                text.append(f"{statement.group.capitalize()}: ", style="bold")
            text.append(statement.text)
            cited = statement.source.citation if statement.source.checked != "article" else None
            if source := statement.published or cited:
                text.append(f" ({source})", style="italic")
            yield text


def shortened(interval: Interval) -> Interval:
    """Round the ends to four digits."""
    short = Context(prec=4)
    return interval._replace(
        low=None if interval.low is None else short.plus(interval.low).normalize(),
        high=None if interval.high is None else short.plus(interval.high).normalize(),
    )
