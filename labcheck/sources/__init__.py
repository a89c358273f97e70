"""Documents -> results, each with its place, and the same document with the verdicts added."""
