"""Documents -> results, each with its place, and the same document with the verdicts added.

Tables go through columns.py, rows.py and csv.py. Messages (hl7.py) and resources (fhir.py) become
observations, which observations.py judges.
"""
