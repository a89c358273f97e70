"""What the texts of options say, read; Typer is not needed for it."""

import os
import re
from collections.abc import Iterable, Sequence

from labcheck.catalogue import Catalogue
from labcheck.errors import LabcheckError, UnknownRangeSet, Usage
from labcheck.model import REFUSED, REPORTED, Analyte, Category, DecimalMark
from labcheck.ranges import OwnRange, own_range, read_own_range, unknown_range_set
from labcheck.units import read_unit
from labcheck.wording import quote


def one_report(*asked: str | None) -> str | None:
    """Return the report that options ask for, if any does; raise Usage where they ask for several."""
    named = list(dict.fromkeys(filter(None, asked)))
    if len(named) > 1:
        raise Usage(f"{' and '.join(named)} are different reports; ask for one of them")
    return named[0] if named else None


RANGE_SET = "LABCHECK_RANGE_SET"
"""The environment variable that does for every run what --range-set does for one."""


def categories(names: str | None, option: str) -> frozenset[str]:
    """Read a list of categories, `refused` among them, as `option` gives it."""
    known = (*Category, REFUSED)
    read = frozenset() if names is None else frozenset(name.strip().lower() for name in names.split(","))
    for name in sorted(read.difference(known)):
        raise Usage(f"{option} has no category {quote(name)}; type one or more of {','.join(known)}")
    return read


def check_one_each(option: str, texts: Iterable[str], catalogue: Catalogue) -> None:
    """Raise Usage where a text as `vitd=nmol/L` has one for another analyte behind it."""
    other = rf"[,;]\s*(?:{'|'.join(map(re.escape, catalogue.ids))})\s*="
    if several := next((text for text in texts if re.search(other, text)), None):
        raise Usage(f"{option} {quote(several)} is for several; give {option} once for each")


def own_ranges(
    texts: Iterable[str], catalogue: Catalogue, analyte: str | None, decimal: DecimalMark | None
) -> dict[str, OwnRange]:
    """Read `vitd=30-100`; the range alone will do where all results are of one `analyte`.

    Raises Usage for what is not a range that the analyte can have.
    """
    ranges: dict[str, OwnRange] = {}
    texts = [*texts]
    check_one_each("--range", texts, catalogue)
    for text in texts:
        id, equals, range = text.partition("=")
        if not equals or not id.strip() or set(id) & set("<>≤≥＜＞"):  # the sign is the range's
            id, range = analyte or "", text
        if not id:
            raise Usage(f"--range {quote(text)} names no analyte; type it as in vitd=30-100")
        known = catalogue[id.strip()]
        if known.id in ranges:
            raise Usage(f"--range gives two ranges for {known.name}; give one of them")
        try:
            ranges[known.id] = read_own_range(range.strip(), decimal)
            own_range(ranges[known.id], read_unit(known.unit), known)
        except LabcheckError as error:
            raise Usage(f"--range: {error.text}") from error
    return ranges


def chosen_range_sets(
    asked: str | None, catalogue: Catalogue, own: Iterable[str] = ()
) -> dict[str, str | None]:
    """Return the range set to judge each analyte of the catalogue by, None for its default.

    Raises Usage where one is asked for an analyte of which the user has an `own` range.
    """
    among = [catalogue[id] for id in catalogue.ids]
    chosen = {analyte.id: chosen_range_set(asked, analyte, catalogue, among) for analyte in among}
    for id in own:
        if asked is not None and chosen[id] in (REPORTED, *catalogue[id].range_sets):
            raise Usage(
                f"--range and --range-set both say what to judge {catalogue[id].name} by; give one of them"
            )
    return chosen


def chosen_range_set(
    asked: str | None, analyte: Analyte, catalogue: Catalogue, among: Sequence[Analyte] = ()
) -> str | None:
    """Return the range set that --range-set asks for, failing that LABCHECK_RANGE_SET; None for the default.

    Either may name one for each of several analytes, with commas between; a name that no analyte has raises
    UnknownRangeSet with those that there are for this analyte, or for all that it was chosen `among`. Where
    none is for this analyte, the variable leaves it to its default range, as it was set with others in mind.
    The option was not: its first name is returned, which `interpret` then refuses.
    """
    text = os.environ.get(RANGE_SET, "") if asked is None else asked
    names = list(dict.fromkeys(name.strip().lower() for name in text.split(",")))
    if asked is None and names == [""]:
        return None
    ours = [name for name in names if name in analyte.range_sets or name == REPORTED]
    if len(ours) > 1:
        raise Usage(f"{' and '.join(ours)} are both for {analyte.name}; choose one of them")
    others = set(names).difference(ours)
    for name in sorted(others and others.difference(*(catalogue[id].range_sets for id in catalogue.ids))):
        error = unknown_range_set(name, among or [analyte])
        raise UnknownRangeSet(f"{RANGE_SET if asked is None else '--range-set'}: {error.text}")
    if ours:
        return ours[0]
    return None if asked is None else names[0]
