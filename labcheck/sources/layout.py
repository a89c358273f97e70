"""What the header of a table settles: the results that each row holds, and where they stand."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from labcheck.model import Analyte
from labcheck.sources.headers import in_parts

RANGES = frozenset({"range", "low", "high"})
"""The roles of columns that hold the laboratory's ranges."""


class Measured(NamedTuple):
    """Where one result of each row stands: columns by role, counted from 0, and what the header settles."""

    columns: Mapping[str, int]
    analyte: Analyte | None = None
    unit: str | None = None
    doubt: str | None = None
    label: str = ""

    def range_units(self, header: Sequence[str]) -> Mapping[str, str]:
        """Return the units that the header names for a range or its ends, by role: `ref_range_ng_ml`."""
        units = {role: in_parts(header[self.columns[role]])[1] for role in RANGES & self.columns.keys()}
        return {role: unit for role, unit in units.items() if unit}


class Layout(NamedTuple):
    """The results that each row holds; in a wide table an empty cell means that nothing was measured.

    `look_alikes` are the names of columns that are none of them, though they are like that of a test.
    """

    results: tuple[Measured, ...]
    wide: bool
    look_alikes: tuple[str, ...] = ()

    @property
    def has_ranges(self) -> bool:
        """Whether any column holds the laboratory's ranges."""
        return any(not RANGES.isdisjoint(measured.columns) for measured in self.results)
