"""JSON: the contract with programs, `labcheck/1`.

Numbers are written with the digits that they have (`22.50`, not 22.5; 22.0352, not 22.035200000000003),
which the standard library's writer cannot do. All text is written in ASCII, so that nothing of what a user
typed can act on a terminal.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from pathlib import Path
from typing import TYPE_CHECKING

from labcheck.model import Conversion, Outcome, Refusal, Standing
from labcheck.ranges import other_ranges
from labcheck.reports import DISCLAIMER

if TYPE_CHECKING:
    from labcheck.sources.tally import Tally

SCHEMA = "labcheck/1"
SCHEMA_FILE = Path(__file__).with_name("schema.json")

Value = str | Decimal | None | Mapping[str, "Value"] | Sequence["Value"]


def one(outcome: Outcome, *, compare: bool = True) -> str:
    """Return one outcome as a JSON object; `compare` adds where it stands by the other range sets."""
    return written(_object(outcome, compare))


def several(outcomes: Sequence[Outcome], *, compare: bool = True) -> str:
    """Return outcomes as one JSON object, in order under `results`."""
    return written({"schema": SCHEMA, "results": [_object(outcome, compare) for outcome in outcomes]})


def written(value: Value) -> str:
    """Return a value as a JSON document, its numbers with the digits that they have."""
    return _written(value) + "\n"


def _object(outcome: Outcome, compare: bool) -> Mapping[str, Value]:
    if isinstance(outcome, Refusal):
        error: Mapping[str, Value] = {
            "code": outcome.code,
            "text": outcome.text,
            "analyte": outcome.analyte or None,
            "reported": outcome.reported,
        }
        return {"schema": SCHEMA, "error": error}
    reported, canonical, conversion = outcome.reported, outcome.canonical, outcome.conversion
    others = [_standing(standing) for standing in other_ranges(outcome)] if compare else []
    return {
        "schema": SCHEMA,
        "analyte": {"id": outcome.analyte.id, "name": outcome.analyte.name},
        "reported": {
            "text": reported.text,
            "comparator": reported.comparator,
            "value": reported.value,
            "unit": reported.unit,
        },
        "canonical": {
            "comparator": canonical.comparator,
            "value": canonical.value,
            "unit": canonical.unit,
        },
        "conversion": None if conversion is None else _conversion(conversion),
        **_standing(outcome.standing),
        **({"other_ranges": others} if compare else {}),
        "notes": [{"code": note.code, "text": note.text} for note in outcome.notes],
        "cautions": [caution.statement.text for caution in outcome.cautions],
        "disclaimer": DISCLAIMER,
    }


def _standing(standing: Standing) -> Mapping[str, Value]:
    used, normal = standing.range, standing.range.normal
    return {
        "category": standing.category,
        "code": standing.category.code,
        "label": standing.label,
        "possible": list(standing.possible),
        "range": {
            "set": used.id,
            "name": used.name,
            "year": None if used.year is None else Decimal(used.year),
            "text": str(used),
            "low": normal.low,
            "high": normal.high,
            "unit": used.unit,
            "source": used.source.citation,
        },
    }


def _conversion(conversion: Conversion) -> Mapping[str, Value]:
    mass = conversion.molar_mass
    return {
        "factor": conversion.factor,
        "molar_mass": mass.value if mass else None,
        "source": mass.source.citation if mass else "metric prefixes",
    }


def _written(value: Value, indent: str = "\n") -> str:
    match value:
        case None:
            return "null"
        case Decimal():
            return f"{value:f}"
        case str():
            return _text(value)
        case Mapping():
            deeper = indent + "  "
            pairs = [f"{deeper}{encode_basestring_ascii(k)}: {_written(v, deeper)}" for k, v in value.items()]
            return f"{{{','.join(pairs)}{indent}}}"
        case _:
            deeper = indent + "  "
            items = [f"{deeper}{_written(item, deeper)}" for item in value]
            return f"[{','.join(items)}{indent}]" if items else "[]"


def _text(text: str) -> str:
    """Write a text in ASCII; a lone surrogate, a byte that could not be decoded, is no text."""
    return encode_basestring_ascii(text if text.isascii() else text.encode("utf-8", "replace").decode())


class Rows:
    """The rows of a table as objects: a line each, or all in one document with the counts behind them.

    A row's cells are texts under the names of their columns; what labcheck adds is null where it is empty.
    """

    def __init__(self, *, lines: bool) -> None:
        self.independent = lines
        self._columns: list[str] = []
        self._added: list[str] = []
        self._beyond = self._template = ""
        self._first = True

    def start(self, columns: Sequence[str], added: Sequence[str]) -> str:
        """Return what stands before the first row; a name that comes again gets its number: `value_2`."""
        taken = {*columns, *added}
        again: dict[str, int] = {}
        names: list[str] = []
        for name in columns:
            number = again.get(name, 0) + 1
            while number > 1 and f"{name}_{number}" in taken:
                number += 1
            again[name] = number
            names.append(f"{name}_{number}" if number > 1 else name)
        self._beyond = "column_"
        while any(name.startswith(self._beyond) for name in names):
            self._beyond = f"_{self._beyond}"
        self._columns = [f"{_text(name)}: " for name in names]
        self._added = [f"{_text(name)}: " for name in added]
        self._template = f"{{{''.join(name.replace('%', '%%') + '%s, ' for name in self._columns)}%s}}"
        return "" if self.independent else f'{{\n  "schema": "{SCHEMA}",\n  "rows": ['

    def added(self, cells: Sequence[str]) -> str:
        """Return how the cells that are added to a row are written."""
        pairs = zip(self._added, cells, strict=True)
        return ", ".join(name + (encode_basestring_ascii(cell) if cell else "null") for name, cell in pairs)

    def row(self, cells: Sequence[str], added: str) -> str:
        """Return a row; cells that the header has no name for are called `column_7`."""
        texts = [*map(encode_basestring_ascii, cells)]
        if len(texts) == len(self._columns):
            row = self._template % (*texts, added)
        else:
            beyond = range(len(self._columns) + 1, len(texts) + 1)
            names = (*self._columns, *(f'"{self._beyond}{number}": ' for number in beyond))
            row = f"{{{', '.join([*map(''.join, zip(names, texts, strict=False)), added])}}}"
        if self.independent:
            return f"{row}\n"
        before = "\n    " if self._first else ",\n    "
        self._first = False
        return before + row

    def end(self, tally: "Tally") -> str:
        """Return what stands behind the last row."""
        if self.independent:
            return ""
        return f'\n  ],\n  "summary": {_written(_counts(tally), chr(10) + "  ")}\n}}\n'


def summary(tally: "Tally") -> str:
    """Return what has come of a document's results as a JSON object."""
    return _written({"schema": SCHEMA, "summary": _counts(tally)}) + "\n"


def _counts(tally: "Tally") -> Mapping[str, Value]:
    return {
        "rows": Decimal(tally.rows),
        "interpreted": {
            analyte: {category: Decimal(number) for category, number in counts.items()}
            for analyte, counts in tally.interpreted.items()
        },
        "labels": {
            analyte: {
                category: {label: Decimal(number) for label, number in counts.items()}
                for category, counts in of_analyte.items()
            }
            for analyte, of_analyte in tally.labels.items()
        },
        "refused": [
            {
                "analyte": kind.analyte or None,
                "reason": kind.reason,
                "count": Decimal(number),
                "first": [Decimal(place.row) if place.is_plain else str(place) for place in places],
            }
            for kind, number, places in tally.refused
        ],
        "notes": {
            analyte: {note: Decimal(number) for note, number in counts.items()}
            for analyte, counts in tally.notes.items()
        },
        "not_covered": Decimal(tally.not_covered),
        "look_alikes": list(tally.look_alikes),
    }
