"""The commands that look things up: `explain`, `units`, `convert`, `schema`."""

import sys
from decimal import Context
from typing import Annotated

import typer

from labcheck.cli.options import NAMED, Age, DecimalOption, catalogue_of
from labcheck.interpret import given_unit
from labcheck.model import EXACT
from labcheck.reading import read_age, read_value
from labcheck.units import factor, read_unit


def explain(ctx: typer.Context, analyte: Annotated[str, NAMED], age: Age = None) -> None:
    """Tell what the source article says of an analyte, as a page.

    \b
    labcheck explain vitd
    labcheck explain b12 --age 0.5
    """
    from labcheck.reports import terminal

    years = None if age is None else read_age(age)
    terminal.print_page(catalogue_of(ctx)[analyte], terminal.open_console(sys.stdout), years)


def units(ctx: typer.Context, analyte: Annotated[str | None, NAMED] = None) -> None:
    """List every unit that is understood, with its factor to the canonical one.

    \b
    labcheck units
    labcheck units vitd
    """
    from labcheck.reports import terminal

    catalogue = catalogue_of(ctx)
    for id in catalogue.ids if analyte is None else [analyte]:
        terminal.print_units(catalogue[id], terminal.open_console(sys.stdout))


def convert(
    ctx: typer.Context,
    analyte: Annotated[str, NAMED],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="A number, perhaps with a comparator: 55, '<10'.")
    ],
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="Its unit.")],
    to: Annotated[
        str | None, typer.Argument(metavar="TO", help="The unit to convert to; the canonical one.")
    ] = None,
    decimal: DecimalOption = None,
) -> None:
    """Convert between units, with the factor and the molar mass.

    \b
    labcheck convert vitd 55 nmol/L ng/mL
    labcheck convert b12 200 pg/mL pmol/L
    """
    known = catalogue_of(ctx)[analyte]
    reported = read_value(value, decimal)
    given, wanted = read_unit(unit), read_unit(to or known.unit)
    given_unit(reported, given)
    by = factor(given, wanted, known.molar_mass)
    exact = EXACT.multiply(reported.value, by)
    rounded = Context(prec=8).plus(exact).normalize()
    sign, mark = "=" if rounded == exact else "≈", reported.comparator or ""
    print(f"{mark}{reported.value:f} {given.code} {sign} {mark}{rounded:f} {wanted.code}")
    mass = known.molar_mass if given.kind != wanted.kind else None
    source = f"; {mass.value:f} g/mol, {mass.source.citation}" if mass else ""
    print(f"factor {Context(prec=8).plus(by):f}{source}")


def schema() -> None:
    """Print the JSON Schema of what --json prints."""
    from labcheck.reports.json import SCHEMA_FILE

    print(SCHEMA_FILE.read_text("utf-8"), end="")
