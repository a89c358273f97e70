"""What the steps of a verdict share: which columns are read, and what holds for all rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from labcheck.catalogue import Catalogue
from labcheck.frames.expressions import Expr, Value, chosen
from labcheck.frames.rules import Rules
from labcheck.model import DecimalMark
from labcheck.units import Unit

Step = dict[str, Expr]
Own = Callable[[str], Expr]
"""Returns the column that an earlier step has added under that name."""


class Columns(NamedTuple):
    """The names of the columns that are read, by role."""

    value: str
    test: str | None = None
    loinc: str | None = None
    unit: str | None = None
    comparator: str | None = None
    range: str | None = None
    low: str | None = None
    high: str | None = None
    flag: str | None = None

    @property
    def bring_ranges(self) -> bool:
        """Whether rows can have a range of their own."""
        return any((self.range, self.low, self.high))

    @property
    def bring_ranges_twice(self) -> bool:
        """Whether the ends of ranges have columns beside that of ranges."""
        return bool(self.range and (self.low or self.high))


class Settings(NamedTuple):
    """What holds for all rows.

    `rules` are those of each analyte that is judged: of all, or of `only` one, whose rows need not name it.
    `units`, for rows without one, are by analyte id; `reported` are the analytes that the row's own range
    judges, where it has one. Where rows are `labelled`, there is a column for the words of the range.
    """

    catalogue: Catalogue
    rules: Sequence[Rules]
    units: Mapping[str, Unit]
    reported: frozenset[str]
    labelled: bool
    decimal: DecimalMark | None
    only: str | None
    wide: bool


def by_analyte(settings: Settings, own: Own, say: Callable[[Rules], Value]) -> Expr:
    """Choose what is said by the rules of the row's analyte; the last one speaks for rows of none."""
    *others, last = settings.rules
    return chosen([(own("meant") == rules.analyte.id, say(rules)) for rules in others], say(last))
