"""What a spreadsheet makes of a LOINC code that looks like a year and a month: a date.

`1989-3` becomes the first of March 1989, shown as the country has it: `Mar-89`, `Mrz 89`, `mars-89`,
`01.03.1989`, `3/1/1989`. Other codes end there, too (`2089-3` as `Mar-89`), so that nothing leads back.
"""

import re

from labcheck.wording import folded

# As spreadsheets write them, without accents: English, German, French, Spanish, Italian, Portuguese, Dutch
# and the languages of the North. A code ends in one digit, as no month after September does.
_MONTHS = (
    "jan january januar janner janv janvier ene enero gen gennaio janeiro januari",
    "feb february februar fev fevr fevrier febr febrero febbraio fevereiro februari",
    "mar march mrz marz maerz mars marzo marco mrt maart marts",
    "apr april avr avril abr abril aprile",
    "may mai mayo mag maggio maio mei maj",
    "jun june juni juin junio giu giugno junho",
    "jul july juli juil juillet julio lug luglio julho",
    "aug august aout ago agosto augustus augusti",
    "sep sept september septembre septiembre set settembre setembro",
)
MONTHS = {name: str(number) for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
"""Names of months, without accents, and their numbers."""

_PARTS = {"D": "0?1", "M": r"(?P<month>[a-z]+|[0-9]{1,2})", "Y": "(?P<year>[0-9]{4}|[0-9]{2})"}
_FORMS = [
    r"[-./ ]+(?:de )?".join(_PARTS[part] for part in form) + r"\.?(?:[t ]+(?:00:00|12:00).*)?"
    for form in ("MY", "YM", "DMY", "MDY", "YMD")
]
_SHORTEST, _LONGEST = len("3-89"), 40


def months_in(text: str) -> set[tuple[str, str]]:
    """Return the year, as written, and the month, from `1`, of a text that says no day but the first."""
    if not _SHORTEST <= len(text) <= _LONGEST or text.isalpha():
        return set()
    plain = folded(text).strip()
    dates = filter(None, (re.fullmatch(form, plain) for form in _FORMS))
    return {(date["year"], MONTHS.get(date["month"], date["month"].lstrip("0"))) for date in dates}


def month_of(code: str) -> set[tuple[str, str]]:
    """Return the year, with and without its century, and the month that a LOINC code is taken for."""
    year, month = code.split("-")
    return {(year, month), (year[2:], month)} if len(year) == 4 else set()
