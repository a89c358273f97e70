"""The vocabulary that every step shares: what goes in, what is known, what comes out.

All of it is immutable, and none of it does I/O. Numbers are `Decimal`, with the digits that were written:
a binary float would move a result across a limit. Plain records are named tuples,
which Python makes in a quarter of the time that a dataclass takes it at every start.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, NamedTuple, Self

Comparator = Literal["<", "<=", ">", ">="]
DecimalMark = Literal["point", "comma"]

EXACT = Context(prec=250)
"""Arithmetic on numbers as read (at most 100 digits) times a factor (at most 34): nothing is rounded."""


class Category(StrEnum):
    """Where a result stands against a range; `code` is its HL7 v3 ObservationInterpretation."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    INDETERMINATE = "indeterminate"

    @property
    def code(self) -> str:
        return {"low": "L", "normal": "N", "high": "H", "indeterminate": "IND"}[self]


@dataclass(frozen=True)
class Interval:
    """Numbers from `low` to `high`; None means without end on that side."""

    low: Decimal | None = None
    high: Decimal | None = None
    includes_low: bool = True
    includes_high: bool = True

    def scaled(self, factor: Decimal) -> Self:
        """Multiply both ends by a positive factor, exactly."""
        return replace(
            self,
            low=None if self.low is None else EXACT.multiply(self.low, factor),
            high=None if self.high is None else EXACT.multiply(self.high, factor),
        )

    def meets(self, other: "Interval") -> bool:
        """Say whether the two have a number in common."""
        return _starts_before_end(self, other) and _starts_before_end(other, self)

    def __contains__(self, number: Decimal) -> bool:
        return self.meets(Interval(number, number))

    def __str__(self) -> str:
        """Write it as a report would: `30-40`, `<5.7`, `>=60`."""
        low = "" if self.low is None else f"{self.low:f}"
        high = "" if self.high is None else f"{self.high:f}"
        if low and high and self.includes_low and self.includes_high:
            return f"{low}-{high}"
        ends = (
            low and f"{'>=' if self.includes_low else '>'}{low}",
            high and f"{'<=' if self.includes_high else '<'}{high}",
        )
        return " ".join(filter(None, ends))


def _starts_before_end(a: Interval, b: Interval) -> bool:
    if a.low is None or b.high is None or a.low < b.high:
        return True
    return a.low == b.high and a.includes_low and b.includes_high


@dataclass(frozen=True)
class Quantity:
    """A number with its comparator and unit, as in FHIR's Quantity; `value` is positive."""

    comparator: Comparator | None
    value: Decimal
    unit: str

    def __str__(self) -> str:
        return f"{self.comparator or ''}{self.value:f} {self.unit}"

    @property
    def interval(self) -> Interval:
        """Where the true concentration can lie: `<4` is [0, 4), `>=150` is [150, ∞), `22` is [22, 22]."""
        match self.comparator:
            case "<" | "<=":
                return Interval(Decimal(0), self.value, includes_high=self.comparator == "<=")
            case ">" | ">=":
                return Interval(self.value, None, includes_low=self.comparator == ">=")
            case None:
                return Interval(self.value, self.value)


@dataclass(frozen=True)
class Measurement:
    """A result as it was reported: `text` as written, and what was read from it.

    `unit` is as written and None where none was given; `flag` is the laboratory's own behind the number
    (`H`, `*`). The number of digits of `value` is the precision that was reported.
    """

    text: str
    comparator: Comparator | None
    value: Decimal
    unit: str | None = None
    flag: str | None = None

    def __str__(self) -> str:
        """Write it as it was reported, its unit once, with every kind of white space as a blank."""
        text, unit = " ".join(self.text.split()), " ".join((self.unit or "").split())
        if self.flag:
            text = f"{self.comparator or ''}{self.value:f}"
        flagged = f" (flagged {self.flag})" if self.flag else ""
        return f"{text if unit in text else f'{text} {unit}'}{flagged}"


class Source(NamedTuple):
    """Who says so, and how far it was `checked`: article, seen, second-hand, computed, project or user."""

    citation: str
    checked: str


class Band(NamedTuple):
    """One stretch of a range set, in the set's unit, and the category of what lies in it."""

    category: Category
    interval: Interval


class RangeSet(NamedTuple):
    """Bands from low to high, in `unit`, as one source published them in `year` (None: it bears no date)."""

    id: str
    unit: str
    source: Source
    bands: tuple[Band, ...]
    year: int | None = None
    remark: str | None = None

    def __str__(self) -> str:
        return f"{self.normal} {self.unit}"

    @property
    def normal(self) -> Interval:
        """The normal range, in `unit`."""
        return next(band.interval for band in self.bands if band.category is Category.NORMAL)


class MolarMass(NamedTuple):
    """Grams in a mole of the compound that laboratories calculate with, which `source` names."""

    value: Decimal
    source: Source


class Mistake(NamedTuple):
    """The likely slip behind a value that is too `side` for one of `units` (UCUM codes)."""

    side: Literal["low", "high"]
    units: tuple[str, ...]
    text: str


class Statement(NamedTuple):
    """A sentence for people, with its source; `ages` (years) where it holds for an age group alone."""

    text: str
    source: Source
    group: str | None = None
    ages: Interval = Interval()
    published: str | None = None

    def fits(self, age: Decimal | None) -> bool:
        """Say whether it concerns somebody of `age` years; None means that the age is not known."""
        return age is None or age in self.ages


class Caution(NamedTuple):
    """A statement that certain categories earn, or only values `above` a bound in the canonical unit."""

    statement: Statement
    categories: tuple[Category, ...]
    above: Decimal | None
    brief: bool

    def fits(self, possible: Iterable[Category], interval: Interval, age: Decimal | None) -> bool:
        """Say whether a result earns it that can be one of `possible`; what is for an age needs an age."""
        beyond = self.above is None or not interval.meets(Interval(None, self.above))
        grown = self.statement.group is None or (age is not None and self.statement.fits(age))
        return beyond and grown and not set(self.categories).isdisjoint(possible)


class Names(NamedTuple):
    """What documents call an analyte's test, and what is mistaken for it; `words` are spellings of words."""

    accepted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    words: Mapping[str, str] = MappingProxyType({})


class Loinc(NamedTuple):
    """A LOINC code of an analyte: the `kind` of unit that it stands for, or why it is `refused`."""

    code: str
    kind: Literal["mass", "substance"] | None
    refused: str | None
    source: Source


class Section(NamedTuple):
    """A heading of an analyte's page, and what stands under it."""

    heading: str
    says: tuple[Statement, ...]


class Analyte(NamedTuple):
    """What is measured, and all that the catalogue knows of it.

    `unit` is the canonical one, a UCUM code; `possible` and `plausible` are in it, ends included.
    """

    id: str
    name: str
    test: str
    specimen: str
    unit: str
    not_this_test: tuple[str, ...]
    names: Names
    loinc: tuple[Loinc, ...]
    molar_mass: MolarMass | None
    range_sets: Mapping[str, RangeSet]
    possible: Interval
    plausible: Interval
    mistakes: tuple[Mistake, ...]
    meanings: Mapping[Category, tuple[Statement, ...]]
    cautions: tuple[Caution, ...]
    sections: tuple[Section, ...]

    def __repr__(self) -> str:
        return f"<Analyte {self.id}>"

    @property
    def default_range(self) -> RangeSet:
        """The file's first range set."""
        return next(iter(self.range_sets.values()))


class Conversion(NamedTuple):
    """How the reported number became the canonical one: times `factor`."""

    factor: Decimal
    molar_mass: MolarMass | None


class Note(NamedTuple):
    """What a reader has to know beside the category; `code` is stable, `text` is for people."""

    code: str
    text: str


@dataclass(frozen=True)
class Interpretation:
    """A result, judged.

    `canonical` is in the analyte's unit and exact; `conversion` is None where none was needed. `possible`
    has the categories that an indeterminate result can have, from low to high, and is empty otherwise.
    `range` is the set that was used, in its own unit.
    """

    analyte: Analyte
    reported: Measurement
    canonical: Quantity
    conversion: Conversion | None
    category: Category
    possible: tuple[Category, ...]
    range: RangeSet
    notes: tuple[Note, ...]
    cautions: tuple[Caution, ...] = field(repr=False)
    age: Decimal | None = None

    @property
    def code(self) -> str:
        """The category's HL7 v3 ObservationInterpretation: L, N, H or IND."""
        return self.category.code

    @property
    def meanings(self) -> tuple[Statement, ...]:
        """What the category can mean, for somebody of that age."""
        return tuple(meaning for meaning in self.analyte.meanings[self.category] if meaning.fits(self.age))


class Refusal(NamedTuple):
    """A result that cannot be interpreted: what was asked, as it was given, and why not.

    `code` is the stable reason of a LabcheckError, `text` its sentence for people.
    """

    analyte: str
    reported: str
    unit: str | None
    code: str
    text: str


Outcome = Interpretation | Refusal
