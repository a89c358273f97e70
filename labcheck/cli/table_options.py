"""What the commands over tables share, whatever file those stand in: the options, and what they settle."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from labcheck.catalogue import Catalogue
from labcheck.cli.options import DecimalOption, OwnRanges, RangeSetOption
from labcheck.cli.settings import categories, check_one_each, chosen_range_sets, own_ranges
from labcheck.errors import Usage
from labcheck.units import read_unit
from labcheck.wording import quote

if TYPE_CHECKING:
    from labcheck.sources.asked import Asked

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


class TableOptions(NamedTuple):
    """The options themselves, as they were typed; each column is named by its header or number."""

    unit: DefaultUnits = None
    analyte: OneAnalyte = None
    wide: WideColumns = None
    test: Annotated[str | None, _column("--test", "tests' names")] = None
    component: Annotated[str | None, _column("--component", "names that can contradict the tests'")] = None
    loinc: Annotated[str | None, _column("--loinc", "LOINC codes")] = None
    specimen: Annotated[str | None, _column("--specimen", "specimens")] = None
    value: Annotated[str | None, _column("--value", "values")] = None
    unit_column: Annotated[str | None, _column("--unit-column", "units")] = None
    comparator: Annotated[str | None, _column("--comparator", "< and >")] = None
    range_column: Annotated[str | None, _column("--range-column", "the laboratory's ranges")] = None
    low: Annotated[str | None, _column("--low", "their low ends")] = None
    high: Annotated[str | None, _column("--high", "their high ends")] = None
    flag: Annotated[str | None, _column("--flag", "the laboratory's flags, H or L")] = None
    status: Annotated[str | None, _column("--status", "the results' status, as cancelled")] = None
    prefix: Prefix = "labcheck_"
    decimal: DecimalOption = None
    range: OwnRanges = None
    range_set: RangeSetOption = None
    all_ranges: AllRanges = False

    def settle(self, catalogue: Catalogue, *, only: str | None, summary: bool) -> "Asked":
        """Return what the options settle.

        Raises Usage for what cannot be; with `summary` there are no rows that columns could be added to.
        """
        from labcheck.sources.asked import Asked

        if summary and self.all_ranges:
            raise Usage("--all-ranges adds columns to rows, and the summary has none; leave one of them out")
        if self.prefix[:1] in ("=", "+", "-", "@") or not self.prefix.isprintable():
            raise Usage(
                f"--prefix {quote(self.prefix)}: names of columns begin with a letter; type one as in lab_"
            )
        check_one_each("--column", self.wide or (), catalogue)
        only_one = _only_analyte(self.analyte, self.wide or (), catalogue)
        own = own_ranges(self.range or (), catalogue, only_one, self.decimal)
        return Asked(
            catalogue=catalogue,
            columns={role: name for role, name in self._columns.items() if name is not None},
            wide=self.wide or (),
            analyte=self.analyte,
            units=_default_units(self.unit or (), catalogue, only_one),
            decimal=self.decimal,
            range_sets=chosen_range_sets(self.range_set, catalogue, own),
            own_ranges=own,
            all_ranges=catalogue.range_set_ids if self.all_ranges else (),
            prefix=self.prefix,
            only=categories(only, "--only"),
        )

    @property
    def _columns(self) -> Mapping[str, str | None]:
        from labcheck.sources.roles import OPTIONS

        return {role: getattr(self, option[2:].replace("-", "_")) for role, option in OPTIONS.items()}


def _only_analyte(analyte: str | None, wide: Sequence[str], catalogue: Catalogue) -> str | None:
    """Return the analyte that all rows are of, if the options say so."""
    named = {catalogue[id].id for id, equals, _ in (text.partition("=") for text in wide) if equals}
    return analyte or (named.pop() if len(named) == 1 else None)


def _default_units(texts: Sequence[str], catalogue: Catalogue, analyte: str | None) -> dict[str, str]:
    """Read `vitd=nmol/L`; the unit alone will do where all rows are of one analyte."""
    units = {}
    check_one_each("--unit", texts, catalogue)
    for text in texts:
        id, equals, unit = text.partition("=")
        if not equals and analyte is None:
            raise Usage(f"--unit {quote(text)} names no analyte; type it as in vitd=nmol/L")
        known = catalogue[id if equals else analyte or ""]
        if known.id in units:
            raise Usage(f"--unit gives two units for {known.name}; give one of them")
        units[known.id] = read_unit(unit if equals else text).code
    return units
