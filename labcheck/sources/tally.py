"""What has come of a document's results: counted by kind, a refusal's first places, the values by size."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import islice

from labcheck.catalogue import Catalogue
from labcheck.errors import ADVICE
from labcheck.model import NOTES, REFUSED
from labcheck.sources.refusals import Place, Refused, listed
from labcheck.sources.verdicts import NOT_COVERED, Kind, Reported, Verdict

EXAMPLES = 5

_LOOK_ALIKES = 1_000
"""How many names of tests like ours are kept."""

_NAMED = 20
"""How many of them are named to people."""

_BINS = 1000
"""The plausible values of an analyte are counted in at least this many bins; those beyond get more."""


class Tally:
    """The counts so far.

    `rows` are those of a table, or what another document is made of; `noun` is what one of them is called.
    `values` has, by analyte, how many results lie in each bin, which are `widths` wide (in the canonical
    unit) and begin at 0; analytes without a width and results with a comparator are left out. `examples`
    keeps the first few places of each refusal and `texts` the first sentence that says why, `look_alikes`
    some names of tests that are not covered but like one that is.

    Where it need not be `exact`, a table's kinds are counted at least once each, and `examples` can be few.
    """

    def __init__(
        self,
        widths: Mapping[str, float] | None = None,
        *,
        exact: bool = True,
        lists_refusals: bool = False,
        noun: str = "row",
    ) -> None:
        self.widths = dict(widths or {})
        self.exact = exact
        self.lists_refusals = lists_refusals
        self.noun = noun
        self.rows = 0
        self.kinds: Counter[Kind] = Counter()
        self.values: dict[str, Counter[int]] = {}
        self.examples: dict[Kind, list[Place]] = {}
        self.texts: dict[Kind, str] = {}
        self.unlisted: list[Refused] = []
        self.look_alikes: dict[str, int] = {}

    def look_alike(self, name: str, after: int = 0) -> None:
        """Keep the name of a test that is not covered but like one that is; it comes `after` so many rows."""
        if len(self.look_alikes) < _LOOK_ALIKES:
            self.look_alikes.setdefault(name, after)

    def named_look_alikes(self, shown: Callable[[str], str]) -> str:
        """Return the first names that look alike, as they are `shown`, and how many others there are."""
        names = list(map(shown, islice(self.look_alikes, _NAMED)))
        if others := len(self.look_alikes) - len(names):
            least = "at least " if len(self.look_alikes) == _LOOK_ALIKES else ""
            names.append(f"and {least}{others:,} more")
        return ", ".join(names)

    def count(self, kind: Kind, canonical: str) -> None:
        """Count a result of a kind; `canonical` is its value with its comparator, empty if it has none."""
        self.kinds[kind] += 1
        self.count_value(kind.analyte, canonical, 1)

    def count_value(self, analyte: str, canonical: str, times: int) -> None:
        """Count a value that comes so many `times`, unless it has a comparator."""
        if canonical[:1].isdigit() and analyte in self.widths:
            bin = int(float(canonical) / self.widths[analyte] + 1e-9)  # 0.3 is in 3 bins of 0.1, not in 2
            self.values.setdefault(analyte, Counter())[bin] += times

    def add_one(self, place: Place, verdict: Verdict, reported: Reported, text: str = "") -> None:
        """Count a result that stands on its own; if it is refused, `text` says why."""
        self.rows += 1
        self.count(verdict.kind, verdict.cells[1])
        if verdict.kind.category == REFUSED:
            self.refuse(Refused(place, verdict.kind, reported, text))

    def refuse(self, one: Refused) -> None:
        """Keep a refusal, to tell where it stands; it is not counted here."""
        places = self.examples.setdefault(one.kind, [])
        if len(places) < EXAMPLES:
            places.append(one.place)
        if one.text:
            self.texts.setdefault(one.kind, one.text)
        if self.lists_refusals:
            self.unlisted.append(one)

    def wants(self, kind: Kind) -> bool:
        """Say whether the places of such results are still to be named."""
        return kind.category == REFUSED and (
            self.lists_refusals or (self.exact and len(self.examples.get(kind, ())) < EXAMPLES)
        )

    @property
    def total(self) -> str:
        """How many rows there are, in words."""
        return f"{self.rows:,} {self.noun}{'' if self.rows == 1 else 's'}"

    def where(self, kind: Kind) -> str:
        """Return the first few places of a refusal, in words."""
        places = self.examples.get(kind, [])
        more = ["..."] if self.kinds[kind] > len(places) else []
        if all(place.is_plain for place in places):
            return f"row {', '.join([*(str(place.row) for place in places), *more])}"
        return "; ".join([*map(str, places), *more])

    @property
    def interpreted(self) -> dict[str, dict[str, int]]:
        """How many results there are of each category, by analyte."""
        return self._counted(lambda kind: [kind.category])

    @property
    def labels(self) -> dict[str, dict[str, dict[str, int]]]:
        """How many results of each category lie where, in the range set's own words, by analyte."""
        counts: dict[str, dict[str, dict[str, int]]] = {}
        for kind, number in sorted(self.kinds.items()):
            if kind.label:
                of_category = counts.setdefault(kind.analyte, {}).setdefault(kind.category, {})
                of_category[kind.label] = of_category.get(kind.label, 0) + number
        return {
            analyte: {category: dict(sorted(of.items())) for category, of in of_analyte.items()}
            for analyte, of_analyte in counts.items()
        }

    def labels_of(self, analyte: str, category: str) -> tuple[str, dict[str, int]]:
        """Return the label that all results of a category have, or each of several with its number.

        The label is '' where there is none, or none but the category's own word.
        """
        counts = self.labels.get(analyte, {}).get(category, {})
        if len(counts) == 1 and sum(counts.values()) == self.interpreted[analyte][category]:
            return "".join(label for label in counts if label != category), {}
        return "", counts

    @property
    def notes(self) -> dict[str, dict[str, int]]:
        """How many results have each note, by analyte."""
        return self._counted(lambda kind: kind.reason.split(";") if kind.reason else [])

    def _counted(self, words_of: Callable[[Kind], Sequence[str]]) -> dict[str, dict[str, int]]:
        """Return how many interpreted results have each of the words that are for their kind, by analyte."""
        counts: dict[str, Counter[str]] = {}
        for kind, number in sorted(self.kinds.items()):
            if kind.category not in ("", REFUSED):
                for word in words_of(kind):
                    counts.setdefault(kind.analyte, Counter())[word] += number
        return {analyte: dict(sorted(of_analyte.items())) for analyte, of_analyte in counts.items()}

    @property
    def explained(self) -> dict[str, str]:
        """What the code of each note says that any result has."""
        found = {note for of_analyte in self.notes.values() for note in of_analyte}
        return {note: text for note, text in NOTES.items() if note in found}

    @property
    def refused(self) -> list[tuple[Kind, int, list[Place]]]:
        """Each kind of refusal, how many there are, and the first few places."""
        kinds = sorted(kind for kind in self.kinds if kind.category == REFUSED)
        return [(kind, self.kinds[kind], self.examples.get(kind, [])) for kind in kinds]

    @property
    def advice(self) -> dict[str, str]:
        """What to do about each reason for which any result is refused."""
        return {kind.reason: ADVICE[kind.reason] for kind, _, _ in self.refused if kind.reason in ADVICE}

    @property
    def not_covered(self) -> int:
        """How many results are of other tests, or were not measured."""
        return self.kinds[NOT_COVERED.kind]

    @property
    def hint(self) -> str:
        """What may be amiss where nothing in a table was judged, or empty."""
        if self.noun != "row" or not self.rows or sum(self.kinds.values()) > self.not_covered:
            return ""
        return (
            "nothing was judged; if the tests' names stand in another column than was read, say which with "
            "--test (with --test '' that there is none)"
        )

    def list_refusals(self, write: Callable[[bytes], object]) -> None:
        """Write a line for each refusal since the last time."""
        if self.unlisted:
            write(b"".join(map(listed, self.unlisted)))
            self.unlisted.clear()

    def start_again(self) -> None:
        """Count from nothing."""
        self.rows = 0
        self.examples.clear()
        self.kinds.clear()
        self.values.clear()

    def add(self, other: "Tally", file: str = "") -> None:
        """Add what another has counted of the same table, or of the last `file` of several."""
        self.rows += other.rows
        self.kinds += other.kinds
        self._add_look_alikes(other)
        for analyte, bins in other.values.items():
            self.values.setdefault(analyte, Counter()).update(bins)
        for kind, places in other.examples.items():
            both = [*self.examples.get(kind, ()), *places]
            # Those of files before this one stay in front, as they are.
            both.sort(key=lambda place: place.row if place.file == file else 0)
            self.examples[kind] = both[:EXAMPLES]

    def _add_look_alikes(self, other: "Tally") -> None:
        """Leave the names that one would have that had counted all."""
        met = sorted(
            (after, number, name)  # those of one block come after as many rows, and are numbered as they came
            for names in (self.look_alikes, other.look_alikes)
            for number, (name, after) in enumerate(names.items())
        )
        first: dict[str, int] = {}
        for after, _, name in met:
            first.setdefault(name, after)
        self.look_alikes = dict(islice(first.items(), _LOOK_ALIKES))


def bin_widths(catalogue: Catalogue) -> dict[str, float]:
    """Return how wide the bins of each analyte's values are: a power of ten, in its canonical unit."""
    highest = {id: catalogue[id].plausible.high or Decimal(1) for id in catalogue.ids}
    return {id: 10.0 ** (high / _BINS).adjusted() for id, high in highest.items()}
