"""The same verdicts over a whole dataframe, in the engine that it came in.

`interpret_frame` compiles the catalogue into expressions that Narwhals hands to pandas, Polars, PyArrow,
DuckDB or PySpark: what goes in comes out with columns added, a lazy frame stays lazy, no row passes through
Python. What no expression can read for certain (`22,5`, `1 187`, a unit that is spelled in an unusual way) is
not guessed at: its category is `unjudged`, and its note says what is unusual. `labcheck.interpret` reads it.

    rules.py         the catalogue's limits -> numbers that floats can be compared with
    names.py         its names of tests -> regular expressions that every engine reads alike
    settings.py      what holds for all rows, and which columns are read
    steps.py         a verdict, step by step; each adds columns for the next:
      identify.py      whose result it is
      expressions.py   its value and unit, its category
      reported.py      the laboratory's own range and flag
      verdicts.py      why there is none, or which one there is, and the cells
    parquet.py       the same over a file, batch.py over its parts
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

from labcheck.catalogue import Catalogue, built_in
from labcheck.errors import Usage
from labcheck.model import REPORTED, DecimalMark
from labcheck.ranges import OwnRange, names_bands, read_own_range
from labcheck.reading import check_decimal_mark
from labcheck.sources.headers import in_parts
from labcheck.sources.layout import RANGES
from labcheck.units import factor, read_unit
from labcheck.wording import installs, printable, quote

Frame = TypeVar("Frame")


def interpret_frame(
    frame: Frame,
    *,
    value: str,
    test: str | None = None,
    loinc: str | None = None,
    unit: str | None = None,
    comparator: str | None = None,
    range: str | None = None,
    low: str | None = None,
    high: str | None = None,
    flag: str | None = None,
    analyte: str | None = None,
    units: Mapping[str, str] | None = None,
    range_sets: Mapping[str, str] | None = None,
    own_ranges: Mapping[str, str | OwnRange] | None = None,
    decimal: DecimalMark | None = None,
    wide: bool = False,
    prefix: str = "labcheck_",
    catalogue: Catalogue | None = None,
) -> Frame:
    """Judge each row of a frame, and return it with the columns of `labcheck csv` added, all of text.

    Those are `labcheck_analyte`, `_value` and `_unit` (canonical), `_category`, `_code`, `_range`, `_note`.

    `value`, `test`, `loinc`, `unit` and `comparator` are names of columns; comparators may be OMOP's operator
    concepts. So are `range`, `low`, `high` and `flag`, which the laboratory itself says of the result.
    `analyte` is the id of the one that all rows are of, or, beside `test` or `loinc`, the only one to be
    judged. `units` are those of rows without one, and `range_sets` what results are judged by, both by
    analyte id; by `reported` it is the row's own range. `own_ranges`, by analyte id, too, are the user's
    (`30-100 nmol/L`; without a unit, in that of the analyte) and outrank `range_sets`. `decimal` is the
    decimal mark of texts. Where the column of values is one of a `wide` table, a missing value is no result
    rather than a refused one. `prefix` is what the new columns' names begin with. An empty cell of the CSV is
    a null here.

    Where a range has words of its own for its bands, there is a column for them, too.

    A plain number gets the category and the notes that `interpret` gives, at each limit, too, or is refused
    for the same reason. It is digits with at most a decimal mark, of 40 characters or fewer, with a
    comparator in front or in its own column; a column of numbers is read by what the engine writes for them.
    Whatever else there is, apart from words for there being no value, is `unjudged`, with the note
    `unusual-value`, `unusual-unit`, `unusual-name` or `unusual-code`. So is a number with more digits than a
    binary float surely holds (14, with the built-in ranges) that lies within a billionth of a limit, with
    `unusual-range` a result beside a range that is not two plain numbers or one with a comparator, and with
    `unusual-flag` one beside a flag that says several things, or that the value was off the scale.
    A converted `labcheck_value` is right to a billionth of it.

    Raises LabcheckError where there is no such column, analyte, unit or range set, or a range cannot be read,
    where the name of a column of ranges has a unit (`ref_range_ng_ml`), where a column that is read has
    lists, where names of columns are not distinct or mean several to their engine, and where limits of the
    catalogue are too near to each other for binary floats.
    """
    nw = _narwhals()
    from labcheck.frames.rules import rules_of
    from labcheck.frames.settings import Columns, Settings
    from labcheck.frames.steps import annotate

    _check_types({"units": units, "range_sets": range_sets, "own_ranges": own_ranges})
    check_decimal_mark(decimal)
    catalogue = catalogue or built_in()
    only = None if analyte is None else _only(analyte, catalogue)
    ids = catalogue.ids if only is None else [only]
    default_units = {catalogue[id].id: read_unit(spelled) for id, spelled in (units or {}).items()}
    sets = {catalogue[id].id: range_set for id, range_set in (range_sets or {}).items()}
    for id, spelled in default_units.items():
        factor(spelled, read_unit(catalogue[id].unit), catalogue[id].molar_mass)
    own = {
        catalogue[id].id: read_own_range(range, decimal) if isinstance(range, str) else range
        for id, range in (own_ranges or {}).items()
    }
    reported = frozenset(id for id, range_set in sets.items() if range_set == REPORTED and id not in own)
    others = tuple(default_units.values())
    rules = [rules_of(catalogue, id, sets.get(id), own.get(id), others) for id in ids]
    if test is None and loinc is None and only is None:
        raise Usage("say with `test`, `loinc` or `analyte` whose results the rows are")
    columns = Columns(
        value=value,
        test=test,
        loinc=loinc,
        unit=unit,
        comparator=comparator,
        range=range,
        low=low,
        high=high,
        flag=flag,
    )
    for role in sorted(RANGES):
        _check_has_no_unit(role, columns._asdict()[role])
    read = _read(frame, [column for column in columns if column is not None], nw)
    if reported and not columns.bring_ranges:
        raise Usage("say with `range`, or `low` and `high`, where the ranges are that `reported` judges by")
    labelled = names_bands([catalogue[id] for id in ids], sets, own)
    settings = Settings(catalogue, rules, default_units, reported, labelled, decimal, only, wide)
    return cast("Frame", annotate(read, columns, settings, prefix).to_native())


def _only(name: str, catalogue: Catalogue) -> str:
    """Return the id of the analyte that all rows are of."""
    found = catalogue.identify(name)
    if found.doubt:
        raise Usage(
            f"`analyte`: {quote(name)} leaves open what the rows are of; if they are all, say "
            f"{found.analyte.id!r}"
        )
    return found.analyte.id


def _check_has_no_unit(role: str, name: str | None) -> None:
    """Check that ranges are in the unit of the result, or have one of their own."""
    if name and in_parts(name)[1]:
        raise Usage(
            f"`{role}`: the unit in the name {quote(name)} is not read here; write it behind each range, or "
            "rename the column where it is that of the results"
        )


def _check_types(by_analyte: Mapping[str, object]) -> None:
    """Check what a call in a notebook gets wrong, as no checker of types sees it."""
    for option, chosen in by_analyte.items():
        if not isinstance(chosen, Mapping | None):
            raise Usage(f"`{option}` has to name the analyte, as in {{'vitd': {chosen!r}}}")


def _read(frame: object, columns: Iterable[str], nw: Any) -> Any:
    """Wrap a frame that has these columns."""
    try:
        read = nw.from_native(frame)
        names = read.collect_schema().names()
    except TypeError as error:
        raise Usage(
            f"{type(frame).__name__} is no dataframe of pandas, Polars, PyArrow, DuckDB or PySpark"
        ) from error
    except nw.exceptions.DuplicateError as error:
        raise Usage(
            "several columns have the same name; rename them, as no engine tells them apart"
        ) from error
    for column in columns:
        if column not in names:
            raise Usage(
                f"there is no column {quote(str(column))}; "
                f"the columns are {', '.join(printable(str(name)) for name in names)}"
            )
        if re.fullmatch(r"\*|\^.*\$", column) or (_is_spark(read) and re.search("[.`]", column)):
            raise Usage(f"rename the column {quote(column)}: its engine takes that for more than a name")
    return read


def _is_spark(frame: Any) -> bool:
    return bool(frame.implementation.is_pyspark() or frame.implementation.is_pyspark_connect())


def _narwhals() -> Any:
    try:
        import narwhals.stable.v2
    except ModuleNotFoundError as error:
        raise Usage(f"dataframes need Narwhals: {installs('frames')}") from error
    return narwhals.stable.v2
