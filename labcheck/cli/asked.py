"""What the commands over tables share, whatever file those stand in: the options, and what they settle."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labcheck.catalogue import Catalogue
from labcheck.cli.options import categories, chosen_range_sets, own_ranges
from labcheck.errors import Usage
from labcheck.model import DecimalMark
from labcheck.units import read_unit
from labcheck.wording import quote

if TYPE_CHECKING:
    from labcheck.sources.asked import Asked
    from labcheck.sources.roles import Role

DefaultUnits = Annotated[
    list[str] | None,
    typer.Option("--unit", "-u", metavar="ANALYTE=UNIT", help="For rows without a unit."),
]
OneAnalyte = Annotated[
    str | None, typer.Option("--analyte", metavar="ANALYTE", help="Of rows that name no test.")
]
WideColumns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="ANALYTE=COLUMN:UNIT",
        help="A column of a wide file holds results; no other is then looked for.",
    ),
]
Prefix = Annotated[str, typer.Option("--prefix", help="What the added columns' names begin with.")]
AllRanges = Annotated[
    bool,
    typer.Option("--all-ranges", help="Add the category by each published range, a column each."),
]


def _column(name: str, of: str) -> Any:
    return typer.Option(name, metavar="COLUMN", help=f"The column of {of}, by name or number; '' for none.")


TestColumn = Annotated[str | None, _column("--test", "tests' names")]
ComponentColumn = Annotated[str | None, _column("--component", "names that can contradict the tests'")]
LoincColumn = Annotated[str | None, _column("--loinc", "LOINC codes")]
SpecimenColumn = Annotated[str | None, _column("--specimen", "specimens")]
ValueColumn = Annotated[str | None, _column("--value", "values")]
UnitColumn = Annotated[str | None, _column("--unit-column", "units")]
ComparatorColumn = Annotated[str | None, _column("--comparator", "< and >")]
RangeColumn = Annotated[str | None, _column("--range-column", "the laboratory's ranges")]
LowColumn = Annotated[str | None, _column("--low", "their low ends")]
HighColumn = Annotated[str | None, _column("--high", "their high ends")]
FlagColumn = Annotated[str | None, _column("--flag", "the laboratory's flags, H or L")]
StatusColumn = Annotated[str | None, _column("--status", "the results' status, as cancelled")]


def asked_of(
    catalogue: Catalogue,
    *,
    columns: "Mapping[Role, str | None]",
    wide: Sequence[str] | None,
    analyte: str | None,
    units: Sequence[str] | None,
    decimal: DecimalMark | None,
    ranges: Sequence[str] | None,
    range_set: str | None,
    all_ranges: bool,
    prefix: str,
    only: str | None,
    summary: bool,
) -> "Asked":
    """Return what the options settle; `columns` are by role, None for one that is to be found.

    Raises Usage for what cannot be; with `summary` there are no rows that columns could be added to.
    """
    from labcheck.sources.asked import Asked

    if summary and all_ranges:
        raise Usage("--all-ranges adds columns to rows, and the summary has none; leave one of them out")
    if prefix[:1] in ("=", "+", "-", "@") or not prefix.isprintable():
        raise Usage(f"--prefix {quote(prefix)}: names of columns begin with a letter; type one as in lab_")
    only_one = _only_analyte(analyte, wide or (), catalogue)
    own = own_ranges(ranges or (), catalogue, only_one, decimal)
    return Asked(
        catalogue=catalogue,
        columns={role: name for role, name in columns.items() if name is not None},
        wide=wide or (),
        analyte=analyte,
        units=_default_units(units or (), catalogue, only_one),
        decimal=decimal,
        range_sets=chosen_range_sets(range_set, catalogue, own),
        own_ranges=own,
        all_ranges=catalogue.range_set_ids if all_ranges else (),
        prefix=prefix,
        only=categories(only, "--only"),
    )


def _only_analyte(analyte: str | None, wide: Sequence[str], catalogue: Catalogue) -> str | None:
    """Return the analyte that all rows are of, if the options say so."""
    named = {catalogue[id].id for id, equals, _ in (text.partition("=") for text in wide) if equals}
    return analyte or (named.pop() if len(named) == 1 else None)


def _default_units(texts: Sequence[str], catalogue: Catalogue, analyte: str | None) -> dict[str, str]:
    """Read `vitd=nmol/L`; the unit alone will do where all rows are of one analyte."""
    units = {}
    for text in texts:
        id, equals, unit = text.partition("=")
        if not equals and analyte is None:
            raise Usage(f"--unit {quote(text)} names no analyte; type it as in vitd=nmol/L")
        known = catalogue[id if equals else analyte or ""]
        units[known.id] = read_unit(unit if equals else text).code
    return units
