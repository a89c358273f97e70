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


class UnknownRangeSet(LabcheckError):
    """The analyte has no range set of that name."""

    code = "unknown-range-set"


class UnreadableAge(LabcheckError):
    """The text is not an age in years."""

    code = "unreadable-age"


class WrongAnalyte(LabcheckError):
    """The name or the code says another test, another specimen, or a fraction."""

    code = "wrong-analyte"


class DamagedCode(LabcheckError):
    """A spreadsheet has made a date of a LOINC code: 1989-3 is now Mar-89, and so may be others."""

    code = "damaged-code"


class Withdrawn(LabcheckError):
    """The laboratory has taken the result back: deleted, entered in error, another patient's."""

    code = "withdrawn"


class Malformed(LabcheckError):
    """A document, or one field of it, is not what its format says: broken JSON, no MSH, a list for a text."""

    code = "malformed"


class UnknownAnalyte(LabcheckError):
    """The catalogue has no analyte of that id."""

    code = "unknown-analyte"


class Usage(LabcheckError):
    """The command line asks for something that does not exist or does not fit together."""

    code = "usage"


class UnreadableFile(LabcheckError):
    """A file is not there, may not be read, or is not what its name says."""

    code = "unreadable-file"


class BadCatalogue(LabcheckError):
    """A catalogue file cannot be used; the text names the file and the key."""

    code = "bad-catalogue"
