"""Everything that can be refused: one class a reason, with its stable code and its exit code.

A refusal is an answer. Its text is one line that says what was read, why it cannot be used and what to
type instead; one place (the command line's edge) catches, prints and exits.
"""

from typing import ClassVar


class LabcheckError(Exception):
    """A result or a request that cannot be used; `text` is the sentence for people."""

    code: ClassVar[str]
    exit_code: ClassVar[int] = 2

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NoValue(LabcheckError):
    """Nothing was measured, or nothing reported yet: empty, `pending`, `QNS`."""

    code = "no-value"


class UnreadableValue(LabcheckError):
    """The text is not one number: `22-25`, `~22`, `nan`."""

    code = "unreadable-value"


class AmbiguousNumber(LabcheckError):
    """The number can be read in two ways: `1,060`."""

    code = "ambiguous-number"


class ImpossibleValue(LabcheckError):
    """No such concentration exists: zero, negative, or outside what the analyte can have."""

    code = "impossible-value"


class MissingUnit(LabcheckError):
    """No unit was given where taking one for granted would be a guess."""

    code = "missing-unit"


class UnknownUnit(LabcheckError):
    """The text is not a unit that is understood."""

    code = "unknown-unit"


class IncompatibleUnit(LabcheckError):
    """The unit is understood, but it is no concentration of this analyte: IU, %, a dose, a cell count."""

    code = "incompatible-unit"


class UnreadableRange(LabcheckError):
    """The text is not one reference range: `0-0`, `0-2-7.2`, prose."""

    code = "unreadable-range"


class UnreadableAge(LabcheckError):
    """The text is not an age in years."""

    code = "unreadable-age"


class UnknownAnalyte(LabcheckError):
    """The catalogue has no analyte of that id."""

    code = "unknown-analyte"


class Usage(LabcheckError):
    """The command line asks for something that does not exist or does not fit together."""

    code = "usage"


class BadCatalogue(LabcheckError):
    """A catalogue file cannot be used; the text names the file and the key."""

    code = "bad-catalogue"


def printable(text: str) -> str:
    """Return text with escapes for what a terminal could act on or a reader be misled by.

    That is control codes, marks that turn the direction of writing, and bytes that are no text.
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def quote(text: str, limit: int = 40) -> str:
    """Return what a user wrote, fit for a message: printable, in quotes, cut after `limit` characters."""
    shown = printable(text[:limit])
    return f"'{shown}'" if len(text) <= limit else f"'{shown}…' ({len(text):,} characters)"


def did_you_mean(word: str, known: list[str]) -> str:
    """Return ' - did you mean ...?' with the nearest of `known`, or nothing."""
    from difflib import get_close_matches

    near = get_close_matches(word[:40].lower(), known, n=3, cutoff=0.5)
    return f" - did you mean {' or '.join(near)}?" if near else ""
