"""A judge whose work can be counted."""

from labcheck.sources.rows import Given, Judge
from labcheck.sources.stretches import Same, Stretches
from labcheck.sources.verdicts import Verdict


class Counting(Judge):
    """A judge that counts how often it is asked for a verdict, and for a quick way."""

    asked = ways = 0

    def judge(self, value: str, given: Given) -> Verdict:
        self.asked += 1
        return super().judge(value, given)

    def stretches(self, given: Given) -> Stretches | Same | Verdict | None:
        self.ways += 1
        return super().stretches(given)
