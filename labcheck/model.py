"""The vocabulary that every step shares: what goes in, what is known, what comes out.

All of it is immutable, and none of it does I/O. Numbers are `Decimal`, with the digits that were written:
a binary float would move a result across a limit. But for the categories, all of it are named tuples, which
Python makes in a quarter of the time that dataclasses take it at every start, and without what those import.
"""

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, NamedTuple, Self

DecimalMark = Literal["point", "comma"]
Comparator = Literal["<", "<=", ">", ">="]
COMPARATORS: Mapping[str, Comparator] = MappingProxyType({
    "<": "<", "＜": "<", "<=": "<=", "=<": "<=", "≤": "<=", "⩽": "<=",
    ">": ">", "＞": ">", ">=": ">=", "=>": ">=", "≥": ">=", "⩾": ">=",
})  # fmt: skip
"""The signs that are written for each."""

COMPARATOR_WORDS: Mapping[str, Comparator] = MappingProxyType({
    **dict.fromkeys(("LT", "LESS THAN", "LOWER THAN", "FEWER THAN", "KLEINER ALS"), "<"),
    **dict.fromkeys(("LE", "AT MOST", "LESS THAN OR EQUAL TO"), "<="),
    **dict.fromkeys(("GT", "GREATER THAN", "MORE THAN", "HIGHER THAN", "GRÖSSER ALS"), ">"),
    **dict.fromkeys(("GE", "AT LEAST", "GREATER THAN OR EQUAL TO"), ">="),
})  # fmt: skip
"""The words that are written for each in a cell or a flag of their own, in capitals."""

QuantityKind = Literal["mass", "substance"]
"""What is counted in a volume: grams or moles."""

REFUSED = "refused"
"""What stands where a category would, for a result that cannot be interpreted."""

REPORTED, USER = "reported", "user"
"""The ids of ranges that no catalogue has: the one on the report, and the user's own."""

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


class Interval(NamedTuple):
    """Numbers from `low` to `high`; None means without end on that side."""

    low: Decimal | None = None
    high: Decimal | None = None
    includes_low: bool = True
    includes_high: bool = True

    def scaled(self, factor: Decimal) -> Self:
        """Multiply both ends by a positive factor, exactly."""
        return self._replace(
            low=None if self.low is None else EXACT.multiply(self.low, factor),
            high=None if self.high is None else EXACT.multiply(self.high, factor),
        )

    def meets(self, other: "Interval") -> bool:
        """Say whether the two have a number in common."""
        return _starts_before_end(self, other) and _starts_before_end(other, self)

    def __contains__(self, number: object) -> bool:
        return isinstance(number, Decimal) and self.meets(Interval(number, number))

    def __str__(self) -> str:
        """Write it as a report would: `30-40`, `<5.7`, `>=60`, `12 to <20`."""
        low = "" if self.low is None else f"{self.low:f}"
        high = "" if self.high is None else f"{self.high:f}"
        if low and high:
            if self.includes_low and self.includes_high:
                return f"{low}-{high}"
            return f"{'' if self.includes_low else '>'}{low} to {'' if self.includes_high else '<'}{high}"
        if low:
            return f"{'>=' if self.includes_low else '>'}{low}"
        return f"{'<=' if self.includes_high else '<'}{high}" if high else "any"


def _starts_before_end(a: Interval, b: Interval) -> bool:
    if a.low is None or b.high is None or a.low < b.high:
        return True
    return a.low == b.high and a.includes_low and b.includes_high


class Quantity(NamedTuple):
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


class Measurement(NamedTuple):
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
    """Who says so, and how far it was `checked`: article, seen, second-hand, computed, project or user.

    What a user or a document brings along is `user`.
    """

    citation: str
    checked: str


class Band(NamedTuple):
    """One stretch of a range set, and the category of what lies in it.

    `label` is the source's own word for it (None: it has none); `printed` is what the source prints where the
    interval closes a gap that it leaves.
    """

    category: Category
    interval: Interval
    label: str | None = None
    printed: str | None = None

    @property
    def word(self) -> str:
        """The source's own word, or the category."""
        return self.label or self.category


class Scale(NamedTuple):
    """The bands of a range set from low to high, in one of the units that its source printed."""

    unit: str
    kind: QuantityKind
    bands: tuple[Band, ...]


class RangeSet(NamedTuple):
    """What one source published in `year` (None: it bears no date), for `population` (None: it names none).

    `ages`, in years, are those of the population.

    It has a scale for each unit in which it was printed, with the bounds as they were printed there: they
    are rounded, so that one scale cannot be had from the other. `unit`, `bands` and `normal` are the first's.
    """

    id: str
    name: str
    source: Source
    scales: tuple[Scale, ...]
    year: int | None = None
    population: str | None = None
    ages: Interval = Interval()
    remark: str | None = None

    def __str__(self) -> str:
        return f"{self.normal} {self.unit}"

    @property
    def unit(self) -> str:
        return self.scales[0].unit

    @property
    def bands(self) -> tuple[Band, ...]:
        return self.scales[0].bands

    @property
    def names_bands(self) -> bool:
        """Whether the source has words of its own for where a result lies."""
        return any(band.label is not None for band in self.bands)

    @property
    def normal(self) -> Interval:
        """The normal range, in `unit`."""
        return next(band.interval for band in self.bands if band.category is Category.NORMAL)

    def printed_for(self, kind: QuantityKind) -> "RangeSet":
        """Return the set with the scale alone that a result in a unit of that `kind` is compared with."""
        if len(self.scales) == 1:
            return self
        fitting = [scale for scale in self.scales if scale.kind == kind]
        return self._replace(scales=(*fitting, *self.scales)[:1])


def categories_of(bands: Iterable[Band]) -> tuple[Category, ...]:
    """Return the categories of bands, once each, in their order."""
    return tuple(dict.fromkeys(band.category for band in bands))


class Standing(NamedTuple):
    """Where a result stands by one range set, of which `range` has the scale that it was compared with.

    `bands` are those that the result can lie in, from low to high, in the analyte's unit; one is certainty.
    """

    range: RangeSet
    bands: tuple[Band, ...]

    @property
    def categories(self) -> tuple[Category, ...]:
        """The categories that the result can have, once each, from low to high."""
        return categories_of(self.bands)

    @property
    def category(self) -> Category:
        return self.categories[0] if len(self.categories) == 1 else Category.INDETERMINATE

    @property
    def possible(self) -> tuple[Category, ...]:
        """The categories that the result can have where that is more than one, else nothing."""
        return self.categories if len(self.categories) > 1 else ()

    @property
    def label(self) -> str:
        """The source's own words for where the result lies."""
        return " or ".join(dict.fromkeys(band.word for band in self.bands))


class MolarMass(NamedTuple):
    """Grams in a mole of the compound that laboratories calculate with, which `source` names."""

    value: Decimal
    source: Source


class Mistake(NamedTuple):
    """The likely slip behind a value that is too `side` for one of `units` (UCUM codes).

    Where it is another `unit`, it is likely only if the number is plausible in that.
    """

    side: Literal["low", "high"]
    units: tuple[str, ...]
    text: str
    unit: str | None = None


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


class Meaning(NamedTuple):
    """What a category can mean; `certain` where it is said only of results whose band is certain, or is not.

    An indeterminate result can be either: its source may leave open what a band means.
    """

    statement: Statement
    certain: bool | None = None


class Caution(NamedTuple):
    """A statement that certain categories earn, or only values `above` a bound, itself excluded.

    The bound is in the canonical unit.
    """

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
    """What documents call an analyte's test, and what is mistaken for it; `words` are spellings of words.

    `doubtful` names are accepted, too, but may mean something else: `doubt` says what.
    """

    accepted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    words: Mapping[str, str] = MappingProxyType({})
    doubtful: tuple[str, ...] = ()
    doubt: str | None = None


class Loinc(NamedTuple):
    """A LOINC code of an analyte: the `kind` of unit that it stands for, or why it is `refused`.

    One that is `doubtful` may mean something else, unless the name beside it is certain.
    """

    code: str
    kind: QuantityKind | None
    refused: str | None
    source: Source
    doubtful: bool = False


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
    meanings: Mapping[Category, tuple[Meaning, ...]]
    cautions: tuple[Caution, ...]
    sections: tuple[Section, ...]

    def __repr__(self) -> str:
        return f"<Analyte {self.id}>"

    @property
    def sure_names(self) -> tuple[str, ...]:
        """What its test is called and no other: the accepted names that are not doubtful."""
        return (self.id, self.name, *self.names.accepted)

    @property
    def default_range(self) -> RangeSet:
        """The file's first range set, by which a result is judged where nobody asks for another."""
        return next(iter(self.range_sets.values()))


class Conversion(NamedTuple):
    """How the reported number became the canonical one: times `factor`."""

    factor: Decimal
    molar_mass: MolarMass | None


class Note(NamedTuple):
    """What a reader has to know beside the category; `code` is stable, `text` is for people."""

    code: str
    text: str


NOTES: Mapping[str, str] = MappingProxyType({
    "unit-assumed": "No unit was given, and the canonical one was taken.",
    "implausible": "The value is unusually low or high; check the number and the unit.",
    "off-scale": "The laboratory's own flag, < or >, was taken for the comparator that the number lacks.",
    "near-limit": "What the rounded figure can stand for lies, once converted, on both sides of a limit.",
    "no-reported-range": "The report's own range was to be used, and there is none; the default was used.",
    "unreadable-range": "The report's own range cannot be read as one, and was not compared.",
    "reported-range-differs": "By the report's own range the category is another one.",
    "reported-flag-differs": "The laboratory's own flag says otherwise than the range that was used.",
    "flag-unknown": "What the laboratory's own flag says is not understood, and was not compared.",
    "code-unit-conflict": "The LOINC code stands for the other kind of unit; the value was read by its unit.",
    "other-population": "The range that was used is for people of other ages.",
    "doubtful-name": "The name of the test, or its code, can mean something else, too.",
    "specimen-unknown": "What is said of the specimen is not understood, or is that it was not to be used.",
    "preliminary": "The laboratory may still change the result.",
    "corrected": "The result replaces an earlier one.",
    "status-unknown": "Whether the laboratory stands by the result is not known.",
})  # fmt: skip
"""What the code of a note says, where there is no room for each result's own sentence."""


class Interpretation(NamedTuple):
    """A result, judged.

    `canonical` is in the analyte's unit, and exact (from grams to moles by a factor of 34 digits);
    `conversion` is None where none was needed; `standing` is where the result stands by the range that was
    used.
    """

    analyte: Analyte
    reported: Measurement
    canonical: Quantity
    conversion: Conversion | None
    standing: Standing
    notes: tuple[Note, ...]
    cautions: tuple[Caution, ...]
    age: Decimal | None = None

    def __repr__(self) -> str:
        return f"<Interpretation {self.analyte.id} {self.reported}: {self.category}>"

    @property
    def category(self) -> Category:
        return self.standing.category

    @property
    def code(self) -> str:
        """The category's HL7 v3 ObservationInterpretation: L, N, H or IND."""
        return self.category.code

    @property
    def label(self) -> str:
        """The source's own word for where the result lies: `insufficient`, `deficiency unlikely`."""
        return self.standing.label

    @property
    def possible(self) -> tuple[Category, ...]:
        """The categories that the result can have where that is more than one, else nothing."""
        return self.standing.possible

    @property
    def range(self) -> RangeSet:
        """The range set that was used, with the scale alone that the result was compared with."""
        return self.standing.range

    @property
    def meanings(self) -> tuple[Statement, ...]:
        """What the category can mean, for somebody of that age."""
        certain = not self.possible
        return tuple(
            meaning.statement
            for meaning in self.analyte.meanings[self.category]
            if meaning.certain in (None, certain) and meaning.statement.fits(self.age)
        )


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
