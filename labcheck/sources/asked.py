"""What the options settle of how a table is judged, whatever kind of file it stands in."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from labcheck.catalogue import Catalogue
from labcheck.model import REPORTED, DecimalMark
from labcheck.ranges import OwnRange
from labcheck.sources.columns import find_layout, no_ranges
from labcheck.sources.layout import Layout, Measured
from labcheck.sources.rows import Judge
from labcheck.units import read_unit


class Asked(NamedTuple):
    """What is asked for.

    `columns` are names or numbers by role, `wide` texts as in `vitd=LBXVIDMS:nmol/L`; `units`, for rows
    without one, and `range_sets` and `own_ranges`, to judge by, are by analyte. Rows of the categories in
    `only` are passed on, or all of them. `prefix` is what the added columns' names begin with.
    """

    catalogue: Catalogue
    range_sets: Mapping[str, str | None]
    own_ranges: Mapping[str, OwnRange] = MappingProxyType({})
    all_ranges: Sequence[str] = ()
    columns: Mapping[str, str] = MappingProxyType({})
    wide: Sequence[str] = ()
    analyte: str | None = None
    units: Mapping[str, str] = MappingProxyType({})
    decimal: DecimalMark | None = None
    prefix: str = "labcheck_"
    only: frozenset[str] = frozenset()

    def layout(self, header: Sequence[str]) -> Layout:
        """Find the columns in a header; raise Usage where they are not certain, or lack what is asked for."""
        found = find_layout(
            header,
            self.catalogue,
            asked=self.columns,
            wide=self.wide,
            analyte=self.analyte,
            units=self.units,
        )
        if self._needs_ranges and not found.has_ranges:
            raise no_ranges(header, wide=found.wide)
        return found

    @property
    def roles(self) -> frozenset[str]:
        """The roles of which the options say where their column is, or that there is none."""
        return frozenset((*self.columns, *(["value"] if self.wide else [])))

    @property
    def unit_codes(self) -> frozenset[str]:
        """The units that rows without one are taken to be in."""
        return frozenset(read_unit(unit).code for unit in self.units.values())

    def judge(self, measured: Measured, *, wide: bool, points_may_group: bool = False) -> Judge:
        """Make what judges one result of each row."""
        return Judge(
            self.catalogue,
            analyte=measured.analyte,
            doubt=measured.doubt,
            units=self.units,
            decimal=self.decimal,
            range_sets=self.range_sets,
            own_ranges=self.own_ranges,
            all_ranges=self.all_ranges,
            blank_is_absent=wide,
            points_may_group=points_may_group,
        )

    @property
    def _needs_ranges(self) -> bool:
        """Whether rows are to be judged by the ranges beside them."""
        ids = self.catalogue.ids if self.analyte is None else [self.catalogue[self.analyte].id]
        return any(self.range_sets.get(id) == REPORTED for id in ids if id not in self.own_ranges)
