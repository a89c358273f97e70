"""A TOML table that is read key by key, so that whatever is wrong is told with its file and its place.

Reading takes a key out; what is left over at the end is a key that nobody knows.
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from labcheck.errors import BadCatalogue
from labcheck.model import Interval
from labcheck.wording import quote

_LARGEST = 30
"""The power of ten beyond which a number is a slip of the hand, and would be long to print."""


class Table:
    """One table and its place in the file; each method takes one key and raises BadCatalogue for a fault."""

    def __init__(self, content: dict[str, Any], file: Path, place: str = "") -> None:
        self._left = dict(content)
        self._file = file
        self._place = place

    def fault(self, key: str, what: str) -> BadCatalogue:
        """Return the error that says `what` is wrong with `key`, or with the table itself where key is ''."""
        place = ".".join(filter(None, (self._place, key)))
        return BadCatalogue(f"{self._file}: {place}: {what}")

    def _take(self, key: str, kind: type | tuple[type, ...], expected: str) -> Any:
        if key not in self._left:
            raise self.fault(key, f"is missing; expected {expected}")
        value = self._left.pop(key)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.fault(key, f"expected {expected}, found {quote(str(value))}")
        return value

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def text(self, key: str) -> str:
        text = " ".join(self._take(key, str, "a text").split())
        if not text:
            raise self.fault(key, "is empty; expected a text")
        if not text.isprintable():
            raise self.fault(key, f"has characters that cannot be printed: {quote(text)}")
        return text

    def texts(self, key: str) -> tuple[str, ...]:
        texts = self._take(key, list, "a list of texts")
        if not all(isinstance(text, str) and text.strip() and text.isprintable() for text in texts):
            raise self.fault(key, "expected a list of texts")
        return tuple(texts)

    def text_or_texts(self, key: str) -> tuple[str, ...]:
        """Read a text or a list of them."""
        return self.texts(key) if isinstance(self._left.get(key), list) else (self.text(key),)

    def number(self, key: str) -> Decimal:
        """Read a number, zero or more."""
        number = Decimal(self._take(key, (int, Decimal), "a number"))
        if not number.is_finite() or number < 0 or abs(number.adjusted()) > _LARGEST:
            raise self.fault(key, f"expected a number that is not negative, found {number}")
        return number

    def positive(self, key: str) -> Decimal:
        number = self.number(key)
        if not number:
            raise self.fault(key, "expected a number above zero, found 0")
        return number

    def flag(self, key: str) -> bool:
        return key in self and bool(self._take(key, bool, "true or false"))

    def one_of(self, key: str, allowed: tuple[str, ...]) -> str:
        text = self.text(key)
        if text not in allowed:
            raise self.fault(key, f"expected one of {', '.join(allowed)}, found {quote(text)}")
        return text

    def interval(self) -> Interval:
        """Read `from` or `above`, and `to` or `below`; a missing side has no end."""
        return self.intervals(1)[0]

    def intervals(self, count: int) -> tuple[Interval, ...]:
        """Read as many intervals, each end a list of as many numbers; one stands without a list."""
        ends = {key: self._numbers(key, count) for key in ("from", "above", "to", "below") if key in self}
        for inclusive, exclusive in (("from", "above"), ("to", "below")):
            if inclusive in ends and exclusive in ends:
                raise self.fault(exclusive, f"stands beside {inclusive!r}; give one of the two")
        nothing = (None,) * count
        lows = ends.get("from", ends.get("above", nothing))
        highs = ends.get("to", ends.get("below", nothing))
        for low, high in zip(lows, highs, strict=True):
            if low is not None and high is not None and low >= high:
                raise self.fault("", f"starts at {low}, which is not below its end {high}")
        return tuple(
            Interval(low, high, "above" not in ends, "below" not in ends)
            for low, high in zip(lows, highs, strict=True)
        )

    def _numbers(self, key: str, count: int) -> tuple[Decimal, ...]:
        if count == 1:
            return (self.number(key),)
        numbers = self._take(key, list, f"a list of {count} numbers, one for each unit")
        if len(numbers) != count:
            raise self.fault(key, f"expected {count} numbers, one for each unit, found {len(numbers)}")
        return tuple(Table({key: number}, self._file, self._place).number(key) for number in numbers)

    def table(self, key: str) -> "Table":
        return self._inside(self._take(key, dict, "a table"), key)

    def tables(self, key: str) -> Iterator["Table"]:
        """Yield an array's tables, none if missing; each is checked for unknown keys after its turn."""
        contents = self._take(key, list, "an array of tables") if key in self else ()
        for number, content in enumerate(contents, start=1):
            table = self._inside(content, f"{key}[{number}]")
            yield table
            table.done()

    def named_tables(self, key: str) -> Iterator[tuple[str, "Table"]]:
        """Yield the tables inside a table with their keys, checked likewise."""
        for name, content in self._take(key, dict, "a table").items():
            table = self._inside(content, f"{key}.{name}")
            yield name, table
            table.done()

    def named_texts(self, key: str) -> Iterator[tuple[str, str]]:
        """Yield the texts inside a table with their keys."""
        content = self._take(key, dict, "a table")
        table = self._inside(content, key)
        for name in content:
            yield name, table.text(name)

    def _inside(self, content: Any, place: str) -> "Table":
        if not isinstance(content, dict):
            raise self.fault(place, f"expected a table, found {quote(str(content))}")
        return Table(content, self._file, ".".join(filter(None, (self._place, place))))

    def done(self) -> None:
        """Raise for a key that nobody has asked for."""
        for key in self._left:
            raise self.fault(key, "is not a key that is known here")
