"""Markdown: a table of the results, then what has to be said of each; for a note or an issue tracker."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from labcheck.model import Interpretation, Outcome, Refusal
from labcheck.reports import DISCLAIMER, cited, compared, named
from labcheck.wording import printable

if TYPE_CHECKING:
    from labcheck.sources.tally import Tally

_MARKUP = re.compile(r"[\\`*_{}\[\]<>|#]")


def several(outcomes: Sequence[Outcome], *, compare: bool = True) -> str:
    """Return the outcomes as one document; `compare` adds where each stands by the other range sets."""
    return "\n".join(_lines(outcomes, compare)) + "\n"


def _lines(outcomes: Sequence[Outcome], compare: bool) -> Iterator[str]:
    yield "| Test | Reported | Result | Category | Range |"
    yield "|---|---|---|---|---|"
    for outcome in outcomes:
        yield f"| {' | '.join(_cells(outcome))} |"
    for outcome in outcomes:
        yield f"\n**{plain(_name(outcome))}**\n"
        for text in _texts(outcome):
            yield f"- {plain(text)}"
        if compare and isinstance(outcome, Interpretation) and (others := compared(outcome)):
            yield "\nBy other published ranges:\n"
            for standing, words in others:
                yield f"- {plain(f'{named(standing.range)} ({standing.range}): {words}')}"
    yield f"\n*{plain(DISCLAIMER)}*"


def _cells(outcome: Outcome) -> tuple[str, ...]:
    if isinstance(outcome, Refusal):
        reported = " ".join(filter(None, (outcome.reported, outcome.unit)))
        return plain(outcome.analyte), plain(reported), "", f"**refused** ({outcome.code})", ""
    category = f"**{outcome.category}**"
    if outcome.label != outcome.category:
        category += f" ({plain(outcome.label)})"
    texts = map(plain, (outcome.analyte.name, str(outcome.reported), str(outcome.canonical)))
    return *texts, category, plain(str(outcome.range))


def _name(outcome: Outcome) -> str:
    return outcome.analyte.name if isinstance(outcome, Interpretation) else outcome.analyte


def _texts(outcome: Outcome) -> Iterator[str]:
    if isinstance(outcome, Refusal):
        yield outcome.text
        return
    yield from (note.text for note in outcome.notes)
    yield from (meaning.text for meaning in outcome.meanings)
    yield from (caution.statement.text for caution in outcome.cautions)
    yield f"Range: {outcome.range}, {cited(outcome.range)}"


def plain(text: str) -> str:
    """Write text so that Markdown takes none of it for markup."""
    return _MARKUP.sub(r"\\\g<0>", printable(text))


class Rows:
    """A table, each row with what is added to it."""

    independent = True

    def __init__(self) -> None:
        self._columns = 0

    def start(self, columns: Sequence[str], added: Sequence[str]) -> str:
        """Return the header."""
        self._columns = len(columns)
        rule = "|---" * (len(columns) + len(added))
        return f"{self.row(columns, self.added(added))}{rule}|\n"

    def added(self, cells: Sequence[str]) -> str:
        """Return how the cells that are added to a row are written."""
        return " | ".join(plain(" ".join(cell.split())) for cell in cells)

    def row(self, cells: Sequence[str], added: str) -> str:
        """Return a row on one line; what a row has beyond the columns of the header goes into the last."""
        kept = [*cells, *[""] * (self._columns - len(cells))]
        kept[self._columns - 1 :] = [" ".join(kept[self._columns - 1 :])]
        return f"| {self.added(kept)} | {added} |\n"

    def end(self, tally: "Tally") -> str:
        """Return what everything that a person reads ends with."""
        return f"\n*{plain(DISCLAIMER)}*\n"


def summary(tally: "Tally") -> str:
    """Return what has come of a document's results."""
    lines = ["| Test | Result | Count |", "|---|---|---:|"]
    for analyte, counts in tally.interpreted.items():
        for category, number in counts.items():
            label, labels = tally.labels_of(analyte, category)
            name = f"{category}: {plain(label)}" if label else category
            lines.append(f"| {plain(analyte)} | {name} | {number:,} |")
            lines += [
                f"| {plain(analyte)} | {category}, of which {plain(label)} | {of_which:,} |"
                for label, of_which in labels.items()
            ]
    for kind, number, _ in tally.refused:
        lines.append(f"| {plain(kind.analyte)} | refused ({kind.reason}) | {number:,} |")
    for analyte, counts in tally.notes.items():
        lines += [
            f"| {plain(analyte)} | with the note {note} | {number:,} |" for note, number in counts.items()
        ]
    if tally.not_covered:
        lines.append(f"| | not covered, or not measured | {tally.not_covered:,} |")
    if explained := {**tally.explained, **tally.advice}:
        lines += ["", *(f"- {code}: {plain(text)}" for code, text in explained.items())]
    if tally.look_alikes:
        names = tally.named_look_alikes(plain)
        lines += ["", f"Not judged, though their names are like one that is: {names}"]
    return "\n".join([*lines, "", f"*{plain(DISCLAIMER)}*"]) + "\n"
