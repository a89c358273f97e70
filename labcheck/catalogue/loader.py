"""A TOML file -> an `Analyte`.

Whatever is wrong is told as `file: key: what is wrong`: a missing key, one that is not known, a wrong type,
a number without a source, bands that overlap or leave a gap.
"""

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast

from labcheck.catalogue.table import Table
from labcheck.errors import BadCatalogue, LabcheckError
from labcheck.identify import LOINC_CODE
from labcheck.model import (
    REPORTED,
    USER,
    Analyte,
    Band,
    Category,
    Caution,
    Interval,
    Loinc,
    Meaning,
    Mistake,
    MolarMass,
    Names,
    QuantityKind,
    RangeSet,
    Scale,
    Section,
    Source,
    Statement,
)
from labcheck.units import Unit, read_unit
from labcheck.wording import quote

_CHECKED = ("article", "seen", "second-hand", "computed", "project")


def load(file: Path) -> Analyte:
    """Read one analyte's file; raise BadCatalogue with the file and the key of the first fault."""
    try:
        content = tomllib.loads(file.read_bytes().decode(), parse_float=Decimal)
    except OSError as error:
        raise BadCatalogue(f"{file}: cannot be read: {error.strerror}") from error
    except (ValueError, ArithmeticError, RecursionError) as error:  # not TOML, not UTF-8, numbers without end
        raise BadCatalogue(f"{file}: is not a TOML file: {error}") from error
    table = Table(content, file)
    analyte = _Reader(table).analyte()
    table.done()
    return analyte


class _Reader:
    """Reads one file; holds the sources, age groups and canonical unit that its other tables refer to."""

    def __init__(self, file: Table) -> None:
        self._file = file
        self._unit = _unit(file, "unit")
        self._sources = {
            id: Source(table.text("citation"), table.one_of("checked", _CHECKED))
            for id, table in file.named_tables("sources")
        }
        self._groups: dict[str, Interval] = {}
        if "age_group" in file:
            for name, table in file.named_tables("age_group"):
                self._source(table)
                self._groups[name] = table.interval()
        self._molar_mass = self._read_molar_mass()

    def analyte(self) -> Analyte:
        file = self._file
        id = file.text("id")
        if not re.fullmatch(r"[a-z][a-z0-9_-]*", id):
            raise file.fault("id", f"expected lower-case letters, digits, '-' or '_', found {quote(id)}")
        possible = self._limits("possible")
        return Analyte(
            id=id,
            name=file.text("name"),
            test=file.text("test"),
            specimen=file.text("specimen"),
            unit=self._unit.code,
            not_this_test=file.texts("not_this_test") if "not_this_test" in file else (),
            names=self._names(),
            loinc=tuple(self._loinc(table) for table in file.tables("loinc")),
            molar_mass=self._molar_mass,
            range_sets=self._range_sets(),
            possible=possible,
            plausible=self._plausible(possible),
            mistakes=tuple(self._mistake(table) for table in file.tables("mistake")),
            meanings=self._meanings(),
            cautions=tuple(self._caution(table) for table in file.tables("caution")),
            sections=tuple(self._section(table) for table in file.tables("section")),
        )

    def _source(self, table: Table) -> Source:
        return self._sources[table.one_of("source", tuple(self._sources))]

    def _read_molar_mass(self) -> MolarMass | None:
        if "molar_mass" not in self._file:
            if self._unit.kind == "substance":
                raise self._file.fault("molar_mass", f"is missing; {self._unit.code} counts molecules")
            return None
        table = self._file.table("molar_mass")
        mass = MolarMass(table.positive("value"), self._source(table))
        table.done()
        return mass

    def _names(self) -> Names:
        if "names" not in self._file:
            return Names()
        table = self._file.table("names")
        words = MappingProxyType(dict(table.named_texts("words")) if "words" in table else {})
        doubtful = table.texts("doubtful") if "doubtful" in table else ()
        doubt = table.text("doubt") if doubtful else None
        refused = table.texts("refused") if "refused" in table else ()
        names = Names(table.texts("accepted"), refused, words, doubtful, doubt)
        table.done()
        return names

    def _loinc(self, table: Table) -> Loinc:
        code = table.text("code")
        if not re.fullmatch(LOINC_CODE, code):
            raise table.fault("code", f"expected a LOINC code, found {quote(code)}")
        if code[-1] != (check := _check_digit(code[:-2])):
            raise table.fault("code", f"{quote(code)} is mistyped; a code {code[:-2]} would end in -{check}")
        refused = table.text("refused") if "refused" in table else None
        kind = None if refused else cast("QuantityKind", table.one_of("kind", ("mass", "substance")))
        doubtful = not refused and table.flag("doubtful")
        return Loinc(code, kind, refused, self._source(table), doubtful)

    def _range_sets(self) -> Mapping[str, RangeSet]:
        sets: dict[str, RangeSet] = {}
        for table in self._file.tables("range_set"):
            one = self._range_set(table)
            if one.id in sets:
                raise table.fault("id", f"another range set is already called {quote(one.id)}")
            sets[one.id] = one
        if not sets:
            raise self._file.fault("range_set", "is missing; expected one range set or more")
        return MappingProxyType(sets)

    def _range_set(self, table: Table) -> RangeSet:
        id, source = table.text("id"), self._source(table)
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", id) or id in (REPORTED, USER):
            raise table.fault(
                "id", f"expected a name in lower case, not {USER} or {REPORTED}, found {quote(id)}"
            )
        return RangeSet(
            id=id,
            name=table.text("name") if "name" in table else source.citation,
            source=source,
            scales=self._scales(table),
            year=int(table.positive("year")) if "year" in table else None,
            population=table.text("population") if "population" in table else None,
            ages=self._ages(table),
            remark=table.text("remark") if "remark" in table else None,
        )

    def _ages(self, table: Table) -> Interval:
        if "ages" not in table:
            return Interval()
        ages = table.table("ages")
        interval = ages.interval()
        ages.done()
        return interval

    def _scales(self, table: Table) -> tuple[Scale, ...]:
        """Read a scale for each unit; a bound has as many numbers as there are units."""
        units = [_read_unit(table, "unit", text) for text in table.text_or_texts("unit")]
        if len({unit.kind for unit in units}) != len(units) or not units:
            raise table.fault("unit", "expected one unit, or two of which one counts moles")
        for unit in units:
            if unit.kind != self._unit.kind and self._molar_mass is None:
                raise table.fault("unit", f"{unit.code} needs a [molar_mass] beside {self._unit.code}")
        rows = [_bands(band, len(units)) for band in table.tables("bands")]
        scales = tuple(
            Scale(unit.code, unit.kind, tuple(row[number] for row in rows))
            for number, unit in enumerate(units)
        )
        for scale in scales:
            _prove(table, scale)
        return scales

    def _plausible(self, possible: Interval) -> Interval:
        plausible = self._limits("plausible")
        for end, least, most in (
            ("from", possible.low, plausible.low),
            ("to", plausible.high, possible.high),
        ):
            if least is not None and most is not None and least > most:
                raise self._file.fault(f"plausible.{end}", f"lies outside of [possible], {possible}")
        return plausible

    def _limits(self, key: str) -> Interval:
        table = self._file.table(key)
        limits = table.interval()
        if limits.low is None or limits.high is None:
            raise table.fault("", "expected both `from` and `to`")
        self._source(table)
        table.done()
        return limits

    def _mistake(self, table: Table) -> Mistake:
        self._source(table)
        return Mistake(
            cast('Literal["low", "high"]', table.one_of("side", ("low", "high"))),
            tuple(_read_unit(table, "units", text).code for text in table.texts("units")),
            table.text("text"),
            _read_unit(table, "unit", table.text("unit")).code if "unit" in table else None,
        )

    def _meanings(self) -> Mapping[Category, tuple[Meaning, ...]]:
        meanings: dict[Category, tuple[Meaning, ...]] = dict.fromkeys(Category, ())
        for table in self._file.tables("meaning"):
            category = Category(table.one_of("category", tuple(Category)))
            certain = table.flag("certain") if "certain" in table else None
            meanings[category] += (Meaning(self._statement(table), certain),)
        return MappingProxyType(meanings)

    def _statement(self, table: Table) -> Statement:
        group = table.one_of("for", tuple(self._groups)) if "for" in table else None
        return Statement(
            text=table.text("text"),
            source=self._source(table),
            group=group,
            ages=self._groups[group] if group else Interval(),
            published=table.text("published") if "published" in table else None,
        )

    def _caution(self, table: Table) -> Caution:
        categories = table.texts("categories") if "categories" in table else tuple(Category)
        for category in categories:
            if category not in tuple(Category):
                raise table.fault("categories", f"expected {', '.join(Category)}, found {quote(category)}")
        return Caution(
            categories=tuple(Category(category) for category in categories),
            above=table.number("above") if "above" in table else None,
            brief=table.flag("brief"),
            statement=self._statement(table),
        )

    def _section(self, table: Table) -> Section:
        section = Section(
            table.text("heading"), tuple(self._statement(says) for says in table.tables("says"))
        )
        if not section.says:
            raise table.fault("says", "is missing; expected a statement or more")
        return section


def _unit(table: Table, key: str) -> Unit:
    return _read_unit(table, key, table.text(key))


def _read_unit(table: Table, key: str, text: str) -> Unit:
    try:
        return read_unit(text)
    except LabcheckError as error:
        raise table.fault(key, error.text) from error


def _check_digit(number: str) -> str:
    """Return the last digit of a LOINC code by those before it (mod 10, as on payment cards)."""
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(number)))
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def _bands(table: Table, scales: int) -> tuple[Band, ...]:
    """Read one band, as it is on each of the scales."""
    category = Category(table.one_of("category", tuple(Category)))
    label = table.text("label") if "label" in table else None
    printed = table.text("printed") if "printed" in table else None
    return tuple(Band(category, interval, label, printed) for interval in table.intervals(scales))


def _prove(table: Table, scale: Scale) -> None:
    """Raise unless the bands run from low to high over all numbers, each in one band alone."""
    bands = scale.bands
    if [band.category for band in bands].count(Category.NORMAL) != 1:
        raise table.fault("bands", "expected one band of category 'normal'")
    order = [band.category for band in bands if band.category is not Category.INDETERMINATE]
    if order != sorted(order, key=tuple(Category).index):
        raise table.fault("bands", "expected low before normal before high")
    if bands[0].interval.low is not None or bands[-1].interval.high is not None:
        raise table.fault("bands", "expected the first without a lower end and the last without an upper one")
    for number, (lower, upper) in enumerate(pairwise(bands), start=1):
        end, start = lower.interval, upper.interval
        if end.high is None or end.high != start.low or end.includes_high == start.includes_low:
            raise table.fault(
                "bands", f"band {number} and band {number + 1} overlap or leave a gap ({scale.unit})"
            )
