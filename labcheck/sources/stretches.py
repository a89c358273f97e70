"""The quick way for rows that differ in their number alone: one answer of the core for a whole stretch.

Between the values at which an answer can change (the limits of bands, of what is possible, of what is
plausible) the core is asked once, and its answer holds for the whole stretch. At such a value, near it, and
for whatever is not plain digits, there is no answer here, and the core judges.
"""

from bisect import bisect
from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from itertools import pairwise
from typing import NamedTuple

from labcheck.model import EXACT, REFUSED
from labcheck.sources.verdicts import Verdict

_MOST_DIGITS = 14
"""Longer numbers go the plain way."""

_ZERO = ord("0")

_FINE = Context(prec=14)


class Same(NamedTuple):
    """The one verdict on every plain number, as where the unit is refused; what is no number has its own."""

    verdict: Verdict
    points_may_group: bool

    def includes(self, text: bytes) -> bool:
        """Say whether the verdict is the one on this text."""
        whole, _, part = text.partition(b".")
        return is_plain(text) and not (self.points_may_group and _looks_grouped(whole, part))


def is_plain(text: bytes) -> bool:
    """Say whether text is a number above zero in digits, with at most a point between them."""
    whole, point, part = text.partition(b".")
    return _is_plain(text, whole, point, part) and float(text) > 0


def _looks_grouped(whole: bytes, part: bytes) -> bool:
    """Say whether the point may be one between thousands; the core knows for certain."""
    return len(part) == 3 and len(whole) <= 3


def _is_plain(text: bytes, whole: bytes, point: bytes, part: bytes) -> bool:
    if not whole.isdigit() or (point and not part.isdigit()) or len(text) > _MOST_DIGITS:
        return False
    return whole[0] != _ZERO or len(whole) == 1


class Stretches:
    """The core's answers for values between the limits, for rows that differ in their number alone."""

    def __init__(
        self,
        judge: Callable[[str], Verdict],
        ends: Sequence[Decimal],
        by: Decimal,
        *,
        converted: bool,
        points_may_group: bool,
    ) -> None:
        """Ask `judge` between the `ends`: ascending, in the canonical unit, which `by` leads to."""
        middles = [(low + high) / 2 for low, high in pairwise([Decimal(0), *ends])]
        verdicts = [judge(f"{_FINE.divide(middle, by):f}") for middle in middles]
        # None: impossible, for the core to say; so is all beyond the last end.
        self.verdicts = [None if v.kind.category == REFUSED else v for v in verdicts] + [None]
        self._points_may_group = points_may_group
        self._by_places = -int(by.as_tuple().exponent)
        self._by = int(by.scaleb(self._by_places, EXACT)) if converted else None
        # Binary floats only find the stretch, and only where they are surely far from its ends: by more than
        # half a unit in the last digit (which the note on rounding asks about) and more than their own error.
        self._ends = [float(end / by) for end in ends]
        error = self._ends[-1] * 1e-9
        self._margins = [0.6 * 10.0**-places + error for places in range(_MOST_DIGITS + 1)]

    def find(self, text: bytes) -> tuple[int, bytes] | None:
        """Return the number of the stretch and the canonical value, or None for what the core must judge."""
        whole, point, part = text.partition(b".")
        if not _is_plain(text, whole, point, part):
            return None
        number, places = float(text), len(part)
        if not number or (places == 3 and self._points_may_group and _looks_grouped(whole, part)):
            return None
        margin = self._margins[places]
        at = bisect(self._ends, number - margin)
        if at != bisect(self._ends, number + margin):
            return None
        if self._by is None:
            return at, text
        product, places = int(whole + part) * self._by, places + self._by_places
        if places <= 0:
            return at, b"%d" % (product * 10**-places)
        written = b"%0*d" % (places + 1, product)
        behind = written[-places:].rstrip(b"0")
        return at, written[:-places] + b"." + behind if behind else written[:-places]
