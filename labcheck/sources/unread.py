"""Cells that nothing reads, and that would change a verdict if they belonged to the result beside them.

A comparator or a unit under a header that is not known would be lost without a word; so the run stops and
asks. The first rows are looked at cell by cell, all others for the signs of comparators alone.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from labcheck.errors import LabcheckError, Usage, WrongAnalyte
from labcheck.flags import off_scale
from labcheck.identify import Identifier
from labcheck.model import COMPARATORS
from labcheck.reading import read_value
from labcheck.sources.columns import Layout
from labcheck.sources.records import records
from labcheck.sources.roles import OPTIONS, Role, normalised
from labcheck.sources.rows import OPERATORS, WORDS
from labcheck.specimens import is_surely_other
from labcheck.units import read_unit
from labcheck.wording import quote

FIRST = 300
"""So many rows are looked at cell by cell."""

_SIGNS = frozenset(sign.strip("=") for sign in COMPARATORS)
_AS_BYTES = [sign.encode() for sign in sorted(_SIGNS)]
_BEFORE = "".join({*"".join(COMPARATORS), " "})
_MARKS = _SIGNS | {"/", "%"}
"""What a cell has that says one of these things in another way than by a word."""

_PLACES = frozenset(("country", "country_code", "nation", "nationality", "state", "language", "lang", "land"))
"""What has `LT` and `GE` as well, and means Lithuania and Georgia."""

_TEXTS = frozenset(("component", "status", "specimen"))
"""Roles in whose columns a comparator would say nothing."""

_MARKS_LIMIT = (
    r"(?:(?P<before>.+?)_)?(?:"
    r"(?:below|under|lt|less_than|lower_than)_(?:the_)?(?:l?lod|l?loq|mdl|dl|detection|limit)"
    r"|(?:above|over|gt|greater_than)_(?:the_)?(?:ulo[dq]|upper_limit)"
    r"|(?:is_|left_)?censored|non_?detects?|(?:l?lod|l?loq|blq|bdl)_(?:flag|fl|indicator|ind)"
    r"|blq|bloq|bdl|lblloqfl"
    r")(?:_limit)?(?:_(?P<behind>.+))?"
)
"""What heads a column, normalised, that marks the values beyond an assay's limit, and whose."""

_MARKS_DETECTION = (
    r"(?:(?P<before>.+?)_)?"
    r"(?:(?:is_|was_)?(?:detected|detectable|quantifiable|quantified)|detects?|above_(?:the_)?l?lo[dq])"
    r"(?:_(?P<behind>.+))?"
)
"""What heads a column that marks those within it."""

_IN_NHANES = r"lbd(\w+)lc"
"""What it is called there; the value is `lbx...`."""

_ADVICE_ON_MARKS = "write '<' into a column of its own, or say that the number counts with --comparator ''"

_YES = frozenset(("1", "1.0", "y", "yes", "true", "t", "left"))
_NO = frozenset(("0", "0.0", "n", "no", "false", "f"))

_UNDETECTED = frozenset((
    "not detected", "non-detect", "nondetect", "non detect", "undetected", "undetectable", "not detectable",
    "not quantifiable", "below lod", "below loq", "below lloq", "below detection limit",
    "below limit of detection", "nicht nachweisbar", "non détecté", "no detectado",
))  # fmt: skip
"""What is said of one result that was below the limit; in a wide table, it can be of any."""

_NAMES_A_TEST = re.compile(r"vit|hydroxy|cobal|calci|b.?12|d[23]").search
"""What is found in the name of a test that ours can be mistaken for, in small letters."""

_LONGEST = 40
"""Longer cells are remarks, and are passed over."""

Row = tuple[int | None, Sequence[str]]
"""The cells of a row, and its number if it has one."""


class _Found(NamedTuple):
    """A cell that would count, in which column and row, and what it says that a column of `role` would.

    `advice` is what to do about it, if that is not to say that the column has that role or has it not.
    """

    role: Role
    column: int
    row: int | None
    cell: str
    says: str
    advice: str = ""


class Unread:
    """The cells of a table that nothing reads, by its header and its results."""

    def __init__(
        self, header: Sequence[str], layout: Layout, asked: Container[str], identifier: Identifier
    ) -> None:
        """Take the roles that are `asked` for: an option names their column, or says that there is none."""
        self._header = header
        self._layout = layout
        self._identifier = identifier
        read = {number for one in layout.results for number in one.columns.values()}
        self._unread = [number for number in range(len(header)) if number not in read]
        self._texts = {
            number for one in layout.results for role, number in one.columns.items() if role in _TEXTS
        }
        self._asked = frozenset(role for role in OPTIONS if role in asked)
        settled = {*self._asked}
        settled |= {role for role in OPTIONS if all(role in one.columns for one in layout.results)} - {
            "value"
        }
        if layout.wide and all(one.unit or "unit" in one.columns for one in layout.results):
            settled.add("unit")
        self._settled = settled
        self._words: dict[int, _Found] = {}
        self._copies: dict[int, _Found] = {}
        self._others: set[int] = set()  # columns with other cells than such words
        self._differ: set[int] = set()  # columns with other cells than copies of the value

    @property
    def watches(self) -> bool:
        """Whether all rows are to be looked through for comparators, as no column is known to hold them."""
        return "comparator" not in self._settled

    def check(self, rows: Iterable[Row]) -> None:
        """Raise Usage for what is found in the cells of these rows, as far as one cell tells it."""
        for row, cells in rows:
            self._look_for_signs(row, cells, self._texts)
            self._look_for_units(row, cells)
            for number in self._unread:
                cell = cells[number].strip() if number < len(cells) else ""
                if cell.upper() in WORDS and normalised(self._header[number]) not in _PLACES:
                    if self._is_covered(cells):
                        self._words.setdefault(number, _Found("comparator", number, row, cell, " by itself"))
                elif cell:
                    self._others.add(number)
                    if len(cell) <= _LONGEST:
                        self._look_at(number, row, cell, cells)

    def decide(self) -> None:
        """Raise Usage for what only all the cells of a column tell, of those that were looked at."""
        for number, found in self._words.items():
            if number not in self._others:
                self._ask(found)
        for number, found in self._copies.items():
            if number not in self._differ:
                self._ask(found)

    def check_signs(self, rows: Iterable[Row]) -> None:
        """Raise Usage for a comparator that stands alone in one of the cells."""
        for row, cells in rows:
            self._look_for_signs(row, cells, (*self._unread, *self._texts))

    def _look_for_signs(self, row: int | None, cells: Sequence[str], columns: Iterable[int]) -> None:
        for number in columns:
            if number < len(cells) and cells[number].strip() in COMPARATORS and self._is_covered(cells):
                self._ask(_Found("comparator", number, row, cells[number], " by itself"))

    def _look_for_units(self, row: int | None, cells: Sequence[str]) -> None:
        """Raise Usage for a row of units below the header, of which one is not the header's."""
        for one in self._layout.results if self._layout.wide else ():
            number = one.columns["value"]
            cell = cells[number].strip() if number < len(cells) else ""
            if "/" in cell and not any(map(str.isdigit, cell)) and _unit_in(cell) not in (None, one.unit):
                raise Usage(
                    f"{quote(self._header[number])} (column {number + 1}, row {row}) has the unit "
                    f"{quote(cell)}, where a value is due; leave that row out, and give the unit with "
                    "--column vitd=COLUMN:UNIT"
                )

    def _look_at(self, number: int, row: int | None, cell: str, cells: Sequence[str]) -> None:
        """Look at a cell; it is a copy of a value if it has the same number."""
        if any(map(str.isdigit, cell)) and number not in self._differ:
            values = [value for value in self._values(cells) if value.strip()]
            comparator, bare = _as_copy(cell)
            copied = [value for value in values if _same_number(bare, value)]
            if not copied:
                if _is_number(bare) and values and self._is_covered(cells):
                    self._differ.add(number)
            elif comparator and not {comparator, None}.intersection(self._beside(cells)):
                says = f", where {quote(copied[0])} is read"
                which = "--column vitd=COLUMN:UNIT" if self._layout.wide else OPTIONS["value"]
                advice = f"say which column holds the results with {which}"
                self._copies.setdefault(number, _Found("value", number, row, cell, says, advice))
        if self._tells_of_a_limit(number, cell.lower()):
            if self._is_covered(cells):
                says = ", which marks a value beyond the assay's limit"
                self._ask(_Found("comparator", number, row, cell, says, _ADVICE_ON_MARKS))
        elif not _MARKS.isdisjoint(cell) or is_surely_other(cell) or _NAMES_A_TEST(cell.lower()):
            found = self._found(number, row, cell)
            if found and self._is_covered(cells):
                self._ask(found, beside=self._beside(cells))

    def _found(self, number: int, row: int | None, cell: str) -> _Found | None:
        if cell in COMPARATORS:
            return _Found("comparator", number, row, cell, " by itself")
        if not _SIGNS.isdisjoint(cell):
            is_flag = any(map(str.isalpha, cell)) and off_scale([cell])
            says = ", which says that a value was off the scale"
            return _Found("flag", number, row, cell, says) if is_flag else None
        if is_surely_other(cell):
            return _Found("specimen", number, row, cell, ", which is no blood")
        try:
            self._identifier.identify(cell, None)
        except WrongAnalyte:
            return _Found("component", number, row, cell, ", which is another test")
        except LabcheckError:
            return None
        unit = _unit_in(cell)
        if unit and any(one.unit != unit for one in self._layout.results):
            return _Found("unit", number, row, cell, ", which is a unit")
        return None

    def _tells_of_a_limit(self, number: int, cell: str) -> bool:
        """Say whether a cell, in small letters, says that a value of ours is beyond an assay's limit."""
        if cell in _UNDETECTED:
            return not self._layout.wide
        if cell not in _YES and cell not in _NO:
            return False
        return self._marks(
            _MARKS_LIMIT if cell in _YES else _MARKS_DETECTION, normalised(self._header[number])
        )

    def _marks(self, what: str, name: str) -> bool:
        """Say whether a column, by its name, marks values of ours."""
        if what is _MARKS_LIMIT and (match := re.fullmatch(_IN_NHANES, name)):
            values = (normalised(self._header[one.columns["value"]]) for one in self._layout.results)
            return any(value.startswith(f"lbx{match[1]}") for value in values)
        if not (match := re.fullmatch(what, name)):
            return False
        whose = match["before"] or match["behind"] or "value"
        try:
            found = self._identifier.identify(whose.replace("_", " "), None)
        except LabcheckError:
            return False
        return found is not None or whose in ("value", "result")

    def _values(self, cells: Sequence[str]) -> Iterator[str]:
        for one in self._layout.results:
            if one.columns["value"] < len(cells):
                yield cells[one.columns["value"]]

    def _beside(self, cells: Sequence[str]) -> list[str | None]:
        """Return what the columns of comparators say in a row."""
        columns = [one.columns["comparator"] for one in self._layout.results if "comparator" in one.columns]
        return [OPERATORS.get(cells[column].strip().upper()) for column in columns if column < len(cells)]

    def _is_covered(self, cells: Sequence[str]) -> bool:
        """Say whether a row has a result of a test that is judged, or that is refused."""
        if self._layout.wide:
            return any(value.strip() for value in self._values(cells))
        columns = self._layout.results[0].columns
        test, loinc = (
            cells[columns[role]] if role in columns and columns[role] < len(cells) else ""
            for role in ("test", "loinc")
        )
        if not test.strip() and not loinc.strip():
            return self._layout.results[0].analyte is not None
        try:
            code = loinc or (test if self._identifier.is_code(test) else "")
            return self._identifier.identify(test if code != test else "", code) is not None
        except LabcheckError:
            return True

    def _ask(self, found: _Found, beside: Sequence[str | None] = ()) -> None:
        """Raise Usage, unless it is settled which column has that role.

        One that was found by its name does not settle a lone sign where it says nothing itself in that row,
        as `beside` tells of a row of a long table.
        """
        doubtful = found.cell in COMPARATORS and "comparator" not in self._asked and not self._layout.wide
        known = doubtful and [*beside] == [""]
        if found.role in self._settled and not known:
            return
        option, name = OPTIONS[found.role], self._header[found.column]
        named = quote(name) if self._header.count(name) == 1 else str(found.column + 1)
        where = f"column {found.column + 1}" + ("" if found.row is None else f", row {found.row}")
        other = quote(self._header[self._layout.results[0].columns["comparator"]]) if known else "''"
        advice = f"say that it is the result's with {option} {named}, or that it is not with {option} {other}"
        raise Usage(f"{quote(name)} ({where}) has {quote(found.cell)}{found.says}; {found.advice or advice}")


class UnreadText:
    """The same of a table in text; nearly all of it is passed over without a look at its cells."""

    def __init__(
        self, unread: Unread, columns: int, delimiter: bytes, decode: Callable[[bytes], str]
    ) -> None:
        self._unread = unread
        self._columns = columns
        self._delimiter = delimiter
        self._decode = decode
        self._last = 1  # row that was looked at
        self._ends = re.compile(rb'=?[\s\xc2\xa0]*"?(?:[%b\r\n]|\Z)' % re.escape(delimiter)).match

    def check(self, data: bytes, row: int, *, final: bool) -> None:
        """Raise Usage for what is found in these records, which come behind that row.

        An incomplete record at the end is left, unless `final` says that nothing follows.
        """
        if row <= FIRST and self._last <= FIRST:  # the header is row 1
            rows = list(islice(self._rows(data, row, final=final), FIRST + 1 - row))
            self._last = row + len(rows)
            self._unread.check(rows)
            if self._last > FIRST:
                self.decide()
        if self._unread.watches and self._has_a_sign(data):
            self._unread.check_signs(self._rows(data, row, final=final))

    def decide(self) -> None:
        """Raise Usage for what the cells together tell, once all of the first rows have come."""
        self._unread.decide()

    def _rows(self, data: bytes, row: int, *, final: bool) -> Iterator[tuple[int, list[str]]]:
        for number, record in enumerate(records(data, self._delimiter, final=final), row + 1):
            cells = (cell.replace(b"\0", self._delimiter) for cell in record.cells[: self._columns])
            yield number, list(map(self._decode, cells))  # NUL is what a delimiter in quotes is masked as

    def _has_a_sign(self, data: bytes) -> bool:
        """Say whether a cell may end in the sign of a comparator."""
        return any(self._ends_a_cell(sign, data) for sign in _AS_BYTES)

    def _ends_a_cell(self, sign: bytes, data: bytes) -> bool:
        size = len(sign)
        at = data.find(sign) if sign[:1] in data else -1  # one byte is found much faster than several
        while at >= 0 and (data[at + size : at + size + 1].isdigit() or not self._ends(data, at + size)):
            at = data.find(sign, at + size)
        return at >= 0


def _unit_in(cell: str) -> str | None:
    """Return the code of the unit that a cell is, if it is one."""
    with suppress(LabcheckError):
        return read_unit(cell).code
    return None


def _as_copy(cell: str) -> tuple[str, str]:
    """Return a cell as a comparator, in signs or in words, and a number."""
    if cell[0] in _SIGNS:
        sign = max(filter(cell.startswith, COMPARATORS), key=len, default="")
        return COMPARATORS.get(sign, ""), cell.lstrip(_BEFORE).partition(" ")[0]
    if cell[0].isalpha() and " " in cell:
        with suppress(LabcheckError):
            read = read_value(cell)
            return read.comparator or "", f"{read.value}"
    return "", cell.partition(" ")[0]


def _is_number(text: str) -> bool:
    return _same_number(text, text)


def _same_number(text: str, other: str) -> bool:
    """Say whether two texts are the same number, with decimal commas or with thousands behind them."""
    with suppress(ValueError):
        first, second = ({float(one.replace(",", mark)) for mark in (".", "")} for one in (text, other))
        return not first.isdisjoint(second)
    return False
