"""Everything that can be refused: one class a reason, with its stable code.

A refusal is an answer. Its text is one line that says what was read, why it cannot be used and what to
type instead. Commands over many results turn it into a row; elsewhere the edge of the command line prints it
and exits.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class LabcheckError(Exception):
    """A result or a request that cannot be used; `text` is the sentence for people.

    `advice`, where a result of a document can be refused for it, is what to do about all of them.
    """

    code: ClassVar[str]
    advice: ClassVar[str]

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NoValue(LabcheckError):
    """Nothing was measured, or nothing reported yet: empty, `pending`, `QNS`."""

    code = "no-value"
    advice = "Nothing was measured, nothing is reported yet, or the result's status says that there is none."


class UnreadableValue(LabcheckError):
    """The text is not one number: `22-25`, `~22`, `nan`."""

    code = "unreadable-value"
    advice = (
        "The value is not one number, or its comparator is none of <, <=, > and >=; correct it, or leave "
        "the result out."
    )


class AmbiguousNumber(LabcheckError):
    """The number can be read in two ways: `1,060`."""

    code = "ambiguous-number"
    advice = "The number can be read in two ways; say --decimal point or --decimal comma."


class ImpossibleValue(LabcheckError):
    """No such concentration exists: zero, negative, or outside what the analyte can have."""

    code = "impossible-value"
    advice = (
        "No such concentration exists; check the number and its unit, and say --decimal comma if 1.234 means "
        "1234."
    )


class MissingUnit(LabcheckError):
    """No unit was given where taking one for granted would be a guess."""

    code = "missing-unit"
    advice = (
        "The result has no unit, or your own range has none: rows of a table get it from the column that "
        "--unit-column names, or if none has it with --unit vitd=nmol/L, a range as in --range "
        '"vitd=50-125 nmol/L"; a message has to bring its own.'
    )


class UnknownUnit(LabcheckError):
    """The text is not a unit that is understood."""

    code = "unknown-unit"
    advice = "The unit is not understood; `labcheck units` lists those that are."


class IncompatibleUnit(LabcheckError):
    """The unit is understood, but it is no concentration of this analyte: IU, %, a dose, a cell count."""

    code = "incompatible-unit"
    advice = "The unit is no concentration of this test, or is not the one in the header or the value."


class UnreadableRange(LabcheckError):
    """The text is not one reference range: `0-0`, `0-2-7.2`, prose."""

    code = "unreadable-range"
    advice = "The range is not one range; judge by another with --range-set or --range."


class UnknownRangeSet(LabcheckError):
    """The analyte has no range set of that name."""

    code = "unknown-range-set"
    advice = "--range-set names no set of this test; name one for each, as in iom-2011,nice-2024."


class UnreadableAge(LabcheckError):
    """The text is not an age in years."""

    code = "unreadable-age"


class WrongAnalyte(LabcheckError):
    """The name or the code says another test, another specimen, or a fraction."""

    code = "wrong-analyte"
    advice = "The name, the code or the specimen says another test, or they differ in it; check them."


class DamagedCode(LabcheckError):
    """A spreadsheet has made a date of a LOINC code: 1989-3 is Mar-89 now, as other codes can be."""

    code = "damaged-code"
    advice = "A spreadsheet has made a date of the LOINC code; export the table anew with codes as text."


class Withdrawn(LabcheckError):
    """The laboratory has taken the result back: deleted, entered in error, another patient's."""

    code = "withdrawn"
    advice = "The laboratory has taken the result back; ask it for another."


class Malformed(LabcheckError):
    """A document, or one field of it, is not what its format says: broken JSON, no MSH, a list for a text."""

    code = "malformed"
    advice = (
        "The document is not what its format says: `labcheck hl7` reads HL7 v2, `fhir` JSON, `csv` tables."
    )


class UnknownAnalyte(LabcheckError):
    """The catalogue has no analyte of that id."""

    code = "unknown-analyte"


class Usage(LabcheckError):
    """A call or a command line asks for something that does not exist or does not fit together."""

    code = "usage"


class UnreadableFile(LabcheckError):
    """A file is not there, may not be read, or is not what its name says."""

    code = "unreadable-file"


class BadCatalogue(LabcheckError):
    """A catalogue file cannot be used; the text names the file and the key."""

    code = "bad-catalogue"


RAGGED_ROW, UNCLOSED_QUOTE = "ragged-row", "unclosed-quote"
"""The reasons why a row of a table has no results at all; no class raises them."""

ADVICE: Mapping[str, str] = MappingProxyType({
    **{error.code: error.advice for error in LabcheckError.__subclasses__() if hasattr(error, "advice")},
    RAGGED_ROW: "The row has more or fewer cells than the header; put cells with a delimiter in quotes.",
    UNCLOSED_QUOTE: "A quote in the row is never closed; close it or leave it out.",
})  # fmt: skip
"""What to do about the results of a document that are refused, by code."""
