"""Interpretations -> what a person or a program reads; one file an output format.

Each format takes the outcomes in order: an `Interpretation`, or the `LabcheckError` that stands for a result
that cannot be interpreted. Only terminal.py and the page that it shares imports rich.
"""
