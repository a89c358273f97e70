"""Interpretations -> what a person or a program reads; one file an output format.

Each format takes the outcomes in order: an `Interpretation`, or the `Refusal` of a result that cannot be
interpreted. Only terminal.py imports rich.
"""

DISCLAIMER = (
    "No diagnosis: this sets a number beside a range. Your laboratory's own range and your clinician come "
    "first. Start, stop or change nothing because of this."
)
"""Stands at the end of everything that a person reads."""
