"""The commands that look things up: `explain`, `ranges`, `units`, `convert`, `schema`."""

import sys
from collections.abc import Callable
from decimal import Context
from functools import partial
from typing import Annotated

import typer

from labcheck import units as units_of
from labcheck.cli.options import NAMED, Age, DecimalOption, FormatOption, Json, catalogue_of
from labcheck.cli.settings import chosen_range_set, one_report
from labcheck.errors import MissingUnit
from labcheck.interpret import given_unit
from labcheck.model import Analyte, Quantity
from labcheck.reading import read_age, read_value
from labcheck.units import read_unit
from labcheck.wording import quote


def explain(ctx: typer.Context, analyte: Annotated[str, NAMED], age: Age = None) -> None:
    """Tell what the source article says of an analyte, as a page.

    \b
    labcheck explain vitd
    labcheck explain b12 --age 0.5
    """
    from labcheck.reports.terminal import page
    from labcheck.reports.terminal.console import open_console

    years = None if age is None else read_age(age)
    page.print_page(catalogue_of(ctx)[analyte], open_console(sys.stdout), years)


def ranges(
    ctx: typer.Context,
    analyte: Annotated[str | None, NAMED] = None,
    format: FormatOption = None,
    json: Json = False,
) -> None:
    """Show the published ranges under each other, with their sources: what --range-set can name.

    The default is the one that LABCHECK_RANGE_SET names or, failing that, the first of the catalogue.

    \b
    labcheck ranges
    labcheck ranges vitd --format csv
    """
    from labcheck.reports import ranges

    catalogue = catalogue_of(ctx)
    analytes = [catalogue[id] for id in (catalogue.ids if analyte is None else [analyte])]
    chosen = {one.id: chosen_range_set(None, one, catalogue, analytes) for one in analytes}
    defaults = {one.id: chosen[one.id] or one.default_range.id for one in analytes}
    written: dict[str, Callable[[list[Analyte]], str]] = {
        "json": partial(ranges.as_json, defaults=defaults),
        "csv": ranges.as_csv,
        "markdown": partial(ranges.as_markdown, defaults=defaults),
    }
    if report := written.get(one_report(format, "json" if json else None) or ""):
        sys.stdout.write(report(analytes))
        return
    from labcheck.reports.terminal import page
    from labcheck.reports.terminal.console import open_console

    page.print_ranges(analytes, defaults, open_console(sys.stdout))


def units(ctx: typer.Context, analyte: Annotated[str | None, NAMED] = None) -> None:
    """List every unit that is understood, with its factor to the canonical one.

    \b
    labcheck units
    labcheck units vitd
    """
    from labcheck.reports.terminal import page
    from labcheck.reports.terminal.console import open_console

    catalogue = catalogue_of(ctx)
    for id in catalogue.ids if analyte is None else [analyte]:
        page.print_units(catalogue[id], open_console(sys.stdout))


def convert(
    ctx: typer.Context,
    analyte: Annotated[str, NAMED],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="A number, perhaps with a comparator: 55, '<10'.")
    ],
    unit: Annotated[
        str | None, typer.Argument(metavar="UNIT", help="Its unit, which can stand in the value as well.")
    ] = None,
    to: Annotated[
        str | None, typer.Argument(metavar="TO", help="The unit to convert to; the canonical one.")
    ] = None,
    decimal: DecimalOption = None,
) -> None:
    """Convert between units, with the factor and the molar mass.

    \b
    labcheck convert vitd 55 nmol/L ng/mL
    labcheck convert b12 200 pg/mL pmol/L
    labcheck convert b12 "<150 pmol/L"
    """
    known = catalogue_of(ctx)[analyte]
    reported = read_value(value, decimal)
    if reported.unit and to is None:  # what stands behind it is what to convert to
        unit, to = None, unit
    given = given_unit(reported, read_unit(unit) if unit else None)
    if given is None:
        raise MissingUnit(f"{quote(value)} has no unit; type it behind, as in nmol/L")
    wanted = read_unit(known.unit if to is None else to)
    exact, conversion = units_of.convert(reported, given, wanted, known.molar_mass)
    short = Context(prec=8)
    rounded = exact._replace(value=short.plus(exact.value).normalize())
    before = Quantity(reported.comparator, reported.value, given.code)
    print(f"{before} {'=' if rounded == exact else '≈'} {rounded}")
    mass = conversion.molar_mass
    source = f"; {mass.value:f} g/mol, {mass.source.citation}" if mass else ""
    print(f"factor {short.plus(conversion.factor):f}{source}")


def schema() -> None:
    """Print the JSON Schema of what --json prints."""
    from labcheck.reports.json import SCHEMA_FILE

    print(SCHEMA_FILE.read_text("utf-8"), end="")
