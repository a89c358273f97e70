"""The quick way for rows that differ in their number alone: one answer of the core for a whole stretch.

Between the values at which an answer can change (the limits of bands, of what is possible, of what is
plausible) the core is asked once, and its answer holds for the whole stretch. At such a value, near it, and
for whatever is not plain digits, there is no answer here, and the core judges.
"""

from bisect import bisect
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from itertools import pairwise
from typing import NamedTuple, TypeVar

from labcheck.model import EXACT, REFUSED
from labcheck.sources.verdicts import Verdict

_MOST_DIGITS = 14
"""Longer numbers go the plain way."""

_NEAR = Decimal("0.6")
"""So near to a limit, in units of the last digit, the core decides: its note on rounding reaches 0.5."""

_ZERO = ord("0")

_FINE = Context(prec=14)

Group = TypeVar("Group")


class Same(NamedTuple):
    """The one verdict on every plain number, as where the unit is refused; what is no number has its own."""

    verdict: Verdict
    points_may_group: bool

    def includes(self, text: bytes) -> bool:
        """Say whether the verdict is the one on this text."""
        return is_plain(text) and not (self.points_may_group and _looks_grouped(text))


def is_plain(text: bytes) -> bool:
    """Say whether text is a number above zero in digits, with at most a point between them."""
    whole, point, part = text.partition(b".")
    digits = whole + part
    if not digits.isdigit() or not whole or (point and not part) or len(text) > _MOST_DIGITS:
        return False
    return (whole[0] != _ZERO or len(whole) == 1) and bool(int(digits))


def _looks_grouped(text: bytes) -> bool:
    """Say whether the point of a plain number may be one between thousands; the core knows for certain."""
    return text[-4:-3] == b"." and len(text) <= len("000.000")


def _spelled_out(number: Decimal) -> Decimal:
    """Return a number with all its digits: as `60` it could be the rounding of one in another stretch."""
    return number.quantize(Decimal(1).scaleb(number.adjusted() - _FINE.prec + 1))


class Stretches:
    """The core's answers for values between the limits, for rows that differ in their number alone."""

    def __init__(
        self,
        judge: Callable[[str], Verdict],
        ends: Sequence[Decimal],
        by: Decimal,
        *,
        converts: bool,
        points_may_group: bool,
    ) -> None:
        """Ask `judge` between the `ends`: ascending, in the canonical unit, which `by` leads to.

        Where a number `converts`, it is in another unit.
        """
        middles = [_FINE.divide((low + high) / 2, by) for low, high in pairwise([Decimal(0), *ends])]
        verdicts = [judge(f"{_spelled_out(middle):f}") for middle in middles]
        # None: impossible, for the core to say; so is all beyond the last end.
        self.verdicts = [None if v.kind.category == REFUSED else v for v in verdicts] + [None]
        self._converts = converts
        self._points_may_group = points_may_group
        self._by_places = -int(by.as_tuple().exponent)
        self._by = int(by.scaleb(self._by_places, EXACT))
        self._ends = [end / by for end in ends]
        self._near: dict[int, tuple[list[int], list[int]]] = {}

    def answers(
        self, parts: Sequence[tuple[bytes, bytes, Group] | None]
    ) -> Callable[[bytes], tuple[bytes, Group] | None]:
        """Return what answers a plain number: with its canonical value between the two parts of its stretch.

        For each stretch, `parts` has these and the group that the answer is counted in, or None if the core
        must judge, as it must whatever else is no answer here.
        """
        near, near_ends, last = self._near, self._near_ends, len(self._ends)
        may_group, converts = self._points_may_group, self._converts
        by, by_places = self._by, self._by_places

        def answer(text: bytes) -> tuple[bytes, Group] | None:
            # What most of the time goes into that is spent on keys that are not remembered: `is_plain` and
            # what follows from it, in one go.
            whole, point, part = text.partition(b".")
            written = whole + part
            if not written.isdigit() or not whole or (point and not part) or len(text) > _MOST_DIGITS:
                return None
            digits, places = int(written), len(part)
            if (whole[0] == _ZERO and (len(whole) > 1 or not digits)) or (may_group and _looks_grouped(text)):
                return None
            froms, tos = near.get(places) or near_ends(places)
            at = bisect(tos, digits)
            if (at < last and digits >= froms[at]) or not (found := parts[at]):
                return None
            before, behind, group = found
            if converts:
                text, places = b"%d" % (digits * by), places + by_places
                if places <= 0:
                    text += b"0" * -places
                else:
                    if len(text) <= places:
                        text = text.rjust(places + 1, b"0")
                    whole, part = text[:-places], text[-places:].rstrip(b"0")
                    text = whole + b"." + part if part else whole
            return before + text + behind, group

        return answer

    def _near_ends(self, places: int) -> tuple[list[int], list[int]]:
        """Return, for numbers with so many places, from and up to which digits one is near each end."""
        ends = [end.scaleb(places) for end in self._ends]
        near = (
            [int((end - _NEAR).to_integral_value(ROUND_CEILING)) for end in ends],
            [int((end + _NEAR).to_integral_value(ROUND_FLOOR)) + 1 for end in ends],
        )
        self._near[places] = near
        return near
