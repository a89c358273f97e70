"""What a cell that nothing reads can say of the result beside it, also by its column's name."""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache

from labcheck.errors import LabcheckError
from labcheck.flags import as_usual, off_scale
from labcheck.model import COMPARATOR_WORDS, COMPARATORS
from labcheck.reading import read_value
from labcheck.sources.marks import NO, YES
from labcheck.sources.roles import names_of
from labcheck.units import read_unit

OF_PLACES = (
    *("country", "ctry", "nation", "state_", "lang", "land_", "canton", "kanton", "region", "birth"),
    *("provinc", "pays_", "pais_", "site_", "iso_"),
    *("department", "dept", "manufactur", "tech_", "technician", "nurse", "initial", "laterality", "user"),
    *("collector", "entered_by", "drawn_by", "analyst", "location", "doctor", "physician", "provider"),
    *("genotype", "haplotype", "allele", "snp", *(f"rs{digit}" for digit in "123456789")),
)
"""Columns that have `LT` and `GE` as well, for Lithuania and Georgia, initials, or for bases of a genome."""

OF_COMPARATORS = (
    *("op_", "operator", "oper_", "compar", "comp_", "cmp", "qualif", "qual_", "sign", "modif", "mod_"),
    *("prefix", "relation", "limit", "lod", "loq", "detect", "cens"),
)
"""Columns in which `below` is no side of a range, and `LT` no initials."""

OF_OTHER_TESTS = (
    *("covid", "sars", "pcr", "hiv", "hcv", "hbv", "hepat", "viral", "virus", "influenza", "culture"),
    *("strep", "antigen", "antibod", "dna", "rna", "geno", "microbiome", "crp", "malaria", "protein", "fobt"),
    *("tropon", "tsh", "hcg", "psa", "toxo", "igg", "igm"),
)
OF_DRUGS = (
    *("medic", "medik", "drug", "supplement", "treat", "trait", "therap", "product", "ingredient", "prescri"),
    *("rx_", "atc_", "intake", "arm_", "random", "interven", "group", "alloc", "condition", "cohort"),
    *("allerg", "complaint", "reason", "low_in"),
)
OF_ORDERS = ("order", "panel", "request", "also_", "indic", "diagn", "next_", "other_")
OF_OTHER_VALUES = (
    *("goal", "target", "threshold", "cutoff", "cut_off", "optim", "defici", "rule", "ziel", "objet"),
    *("previous", "prior_", "last_", "trend", "tendenz", "change", "delta", "next_"),
    *("ref_op", "ref_low", "ref_high", "reference_op", "reference_low", "reference_high"),
)
OF_OTHER_MATTERS = (
    *("claim", "consent", "subject", "dropout", "address", "employ", "interview", "insur", "bill", "invoice"),
    *("payment", "rechnung", "factur", "patient", "statut_fact", "study", "visit", "follow", "encounter"),
    *("appointment", "appt", "auth", "participant", "enrol", "account", "referral", "vaccin", "surname"),
    *("last_name", "first_name", "lastname", "firstname", "nachname", "vorname", "recruit", "complet"),
    *("membership", "eligib", "coverage", "email", "kit_", "transplant", "demeanour", "next_", "other_"),
    *("also_", "second_", "drink", "diagnos"),
)
OF_TIMES = (
    *("event", "surviv", "follow", "time_to", "death", "dead", "tte", "futime", "fustat", "exit_", "months"),
)
"""What begins a word of a column's name, normalised, that says nothing of the result beside it.

With a `_` behind it, it is the whole word.
"""

REMARKS = (
    *("result_comments", "result_comment", "lab_comments", "lab_comment", "comments", "comment", "remarks"),
    *("remark", "notes", "note", "text", "info", "bemerkungen", "bemerkung", "kommentar", "commentaires"),
    *("commentaire", "remarque", "comentarios", "comentario", "observaciones", "opmerking"),
)
"""What a column of remarks is called, normalised; the name of a test can stand before it."""

OF_SAMPLES = ("id_", "sample", "specimen", "probe", "name_", "subject", "participant", "label", "row_")
"""What names a sample, beside what stands first."""

OF_SPECIMENS = (
    *("sample", "specimen", "source", "probe", "muestra", "campione", "prelev", "echantillon"),
    *("material", "matrix", "tube", "container", "collection"),
)
OF_ANY_SPECIMEN = frozenset((
    *("sample", "specimen", "source", "probe", "muestra", "campione", "material", "matrix", "tube"),
    *("container", "collection", "type", "name", "kind", "description", "lab", "blood", "of", "code", "text"),
    *("prelevement", "echantillon", "materiaal", "materiale", "art", "display"),
    *("probenmaterial", "probenart", "sampletype"),
))  # fmt: skip
OF_UNITS = ("unit", "einheit", "unidad", "dimension", "uom", "eenheid")
BESIDE_UNITS = frozenset((
    *("si", "reporting", "reported", "result", "results", "value", "lab", "test", "original", "conventional"),
    *("std", "of", "measure", "measurement", "de", "mesure", "medida", "raw", "final", "name", "code"),
    *("text", "normalized", "normalised", "preferred", "assay", "local", "orig", "measured", "id", "conc"),
    *("concentration", "analyte", "val", "numeric", "meas", "default", "med", "concept", "source"),
))  # fmt: skip
OF_RANGES = ("range", "ref", "norm_", "normal_", "normb", "normw", "limit", "low", "high")
"""What stands in the names of such columns, normalised; and what else can where it is that of the result."""

_OF_NO_SAMPLE = (
    r"(?:overall |geometric |grand )?mean(?: ?(?:±|\+/-) ?sd)?|median|stdev|std\.? dev|standard deviation"
    r"|mittelwert|durchschnitt|moyenne|promedio|gemiddelde|lod|loq|lloq|uloq"
    r"|qc[ _-]*(?:level|lvl|low|mid|high|l|lot)?[ _-]*[0-9]+|quality control(?: .*)?|calibrator ?[0-9]*"
    r"|(?:low|mid|high|level [0-9]) (?:control|qc)|blank [0-9]+"
)
"""What begins a row, in small letters, that is a statistic, an assay's limit or a control.

Others, as `SD` or `Max`, can be a person's; they seldom stand there without one of these.
"""

_MAY_BE_A_UNIT = (
    r"(?i:(?:milli|mi[ck]ro|nano|pi[ck]o|[munpfµμ])(?:g|gram|mol)(?:$|[a-z]{0,3}[ ./*·(-]).*)|[unpµμ]M"
)

_LATER = frozenset((
    *("final", "corrected", "amended", "revised", "updated", "adjusted", "repeat", "repeated", "rerun"),
    *("retest", "confirmed", "new", "second", "validated", "reviewed", "override", "recalibrated"),
    *("standardised", "standardized", "diluted", "korrigiert", "korrigierte", "korrigierter"),
    *("korrigiertes", "neu", "neuer", "neues", "endgultig", "endgultiges", "endgueltiges"),
))  # fmt: skip
"""What stands before or behind the name of a column of values that has other values than one without it."""

_COUNT_OR_DATE = "[0-9]|1[0-2]|[0-9]{5,}"
"""What can stand under such a name alone, and is no result."""

_IMPUTED = (1.0, 0.5, 0.5**0.5)
"""What a value below a limit is written as where a number is wanted: the limit, or a share of it."""

_MAY_MEAN_MORE = frozenset((*COMPARATOR_WORDS, "ND", "N.D", "N.D."))
"""What can mean something else where no flag is due: no data, Lithuania."""

_MAY_SAY_SO = "[<>]|detect|détect|nachw|lo[dq]|limit|scale|messber|b[dql]{2}|quant|linear|amr|range"
"""What is found in words for being beyond a limit, in small letters."""

_SIGN = "|".join(map(re.escape, sorted(COMPARATORS, key=len, reverse=True)))


@lru_cache(maxsize=1000)
def unit_in(cell: str) -> str | None:
    """Return the code of the unit that a cell is, if it is one; `PM` is the time of the day."""
    if "/" not in cell and "%" not in cell and (cell.isupper() or not re.fullmatch(_MAY_BE_A_UNIT, cell)):
        return None
    with suppress(LabcheckError):
        return read_unit(cell).code
    return None


@lru_cache(maxsize=1000)
def is_of_no_sample(cell: str) -> bool:
    """Say whether a cell that begins a row says that the row is no sample's."""
    bare = re.sub(r" *\(n *= *[0-9]+\)", "", cell.lower()).strip(" .:")
    return re.fullmatch(_OF_NO_SAMPLE, bare) is not None


def says_off_scale(cell: str) -> bool:
    """Say whether a cell, wherever it stands, says in words that a value is beyond a limit."""
    if (
        not re.search(_MAY_SAY_SO, cell.lower())
        or not any(map(str.isalpha, cell))
        or cell.upper() in _MAY_MEAN_MORE
    ):
        return False
    return bool(off_scale([cell]))


@lru_cache(maxsize=1000)
def has_any(parts: tuple[str, ...], name: str) -> bool:
    """Say whether one of the parts stands in a name."""
    return any(part in name for part in parts)


@lru_cache(maxsize=1000)
def is_of(beginnings: tuple[str, ...], name: str) -> bool:
    """Say whether a word of a name, normalised, begins so."""
    words = f"_{name}_"
    return any(f"_{beginning}" in words for beginning in beginnings)


def is_other_value(name: str, cell: str, values: Iterable[str]) -> bool:
    """Say whether a cell has a result under a name as `corrected_result`, and another than the `values`."""
    if cell in YES or cell in NO or not _heads_other_values(name):
        return False
    if any(is_copy(cell, value, "") for value in values):
        return False
    if name in _LATER and re.fullmatch(_COUNT_OR_DATE, cell):
        return False
    return is_value(cell)


def is_value(cell: str) -> bool:
    """Say whether a cell is a result as one is written."""
    with suppress(LabcheckError):
        return bool(read_value(cell))
    return False


@lru_cache(maxsize=1000)
def _heads_other_values(name: str) -> bool:
    values = names_of("value")
    first, _, behind = name.partition("_")
    before, _, last = name.rpartition("_")
    numbered = re.fullmatch(r"(.+?)(?:_?v?[1-9]|_b)", name)
    return (
        name in _LATER
        or (first in _LATER and behind in values)
        or (last in _LATER and before in values)
        or (numbered is not None and numbered[1] in values)
    )


def bare(cell: str) -> str:
    """Return a cell without what stands around it, and with its signs as themselves."""
    return as_usual(cell.replace("&lt;", "<").replace("&gt;", ">")).strip("'\"()[] *")


def as_copy(cell: str) -> tuple[str, list[str]]:
    """Return a cell as a comparator, in signs or in words, and the numbers that may be its."""
    plain = bare(cell)
    numbers = re.findall(r"[0-9][0-9.,]*", plain)
    if match := re.match(_SIGN, plain):
        return COMPARATORS[match[0]], numbers
    if match := re.search(rf"({_SIGN})\s*([0-9][0-9.,]*)", plain):
        return COMPARATORS[match[1]], [match[2]]
    if any(map(str.isalpha, plain)) and " " in plain:
        first, _, rest = plain.partition(" ")
        if (comparator := COMPARATOR_WORDS.get(first.upper())) and is_number(rest):
            return comparator, [rest]
        with suppress(LabcheckError):
            read = read_value(plain)
            return read.comparator or "", [f"{read.value}"]
    return "", numbers[:1] if plain[:1].isdigit() else []


def is_number(text: str) -> bool:
    """Say whether a text is digits, with marks between them."""
    return is_copy(text, text, "")


def is_copy(text: str, other: str, comparator: str) -> bool:
    """Say whether two texts are the same number, with decimal commas or with thousands behind them.

    With a comparator, the other can be what is imputed for it.
    """
    shares = _IMPUTED if comparator[:1] == "<" else (1.0,)
    with suppress(ValueError):
        first, second = ({float(one.replace(",", mark)) for mark in (".", "")} for one in (text, other))
        return any(
            abs(b - a * share) <= abs(a) * (0.01 if share < 1 else 0)
            for a in first
            for b in second
            for share in shares
        )
    return False
