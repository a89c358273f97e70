"""Documents -> results, each with its place, and the same document with the verdicts added.

A table, and below each step what it is made of:

    table.py         a whole file through
      asked.py         what the options settle of how it is judged
      columns.py       its header -> which columns hold what (layout.py)
        beside.py        what stands beside a result
        roles.py         the column of each role: the value, the unit
        headers.py       one name of it -> the test and the unit that it names
    stream.py        blocks of it: read, annotate, write
      turns.py         several processes, some blocks each
    csv.py           a block: the quick way for all of its rows, or the plain one for each
      records.py       its records, with their own bytes
      unread.py        cells of it that nothing reads, and that would count
        known.py         what the columns that are known say in a row
        findings.py      what such a cell says
        hints.py         what such a cell can say, and its column's name
        marks.py         columns of yes and no, and what they mark
    memo.py          a row by its key cells: what has been said before, and how often
    ways.py          a row by its key cells, worked out
      stretches.py     plain numbers, by the limits that they lie between
    rows.py          one row: the core's verdict, as cells (verdicts.py)

A document of a laboratory's system, up to what the core judges:

    segments.py      the segments of HL7 v2           json.py        the texts of FHIR, with each digit
    hl7.py           its messages -> observations     fhir.py        its Observations -> observations
    fields.py        what a segment says, as text     resources.py   where they stand
                                                      references.py  what others say of them
                                                      versions.py    which of them no longer stand
                                                      elements.py    what an Observation says, as text
    observations.py  one observation: the core's verdict

Of both, status.py says how far the laboratory stands by a result, and remarks.py what remarks say against it.

For all of them files.py reads and writes, and tally.py counts what has come of it; refusals.py says where
what was refused stands.
"""
