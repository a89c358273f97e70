"""Judge vitamin D and vitamin B12 results against published ranges.

    >>> from labcheck import interpret
    >>> interpret("vitd", "55", unit="nmol/L").category
    <Category.LOW: 'low'>

`interpret` is the whole of it, and `other_ranges` where a result stands by the others; the rest are the types
that they take, return and raise.
"""

from labcheck.catalogue import Catalogue
from labcheck.errors import LabcheckError
from labcheck.interpret import interpret
from labcheck.model import (
    Analyte,
    Category,
    Caution,
    Conversion,
    Interpretation,
    Measurement,
    Note,
    Quantity,
    RangeSet,
    Standing,
)
from labcheck.ranges import other_ranges

__version__ = "0.1.0"

__all__ = [
    "Analyte",
    "Catalogue",
    "Category",
    "Caution",
    "Conversion",
    "Interpretation",
    "LabcheckError",
    "Measurement",
    "Note",
    "Quantity",
    "RangeSet",
    "Standing",
    "interpret",
    "other_ranges",
]
