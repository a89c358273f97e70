"""How far a laboratory stands by a result, and what that means for a verdict."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from labcheck.errors import NoValue, Withdrawn
from labcheck.flags import SIDES
from labcheck.model import Note
from labcheck.wording import folded, quote


class Status(StrEnum):
    """What a laboratory says of a result as a whole."""

    FINAL = "final"
    PRELIMINARY = "preliminary"
    CORRECTED = "corrected"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    """There is no result: it is pending, or the test was cancelled or could not be done."""
    WITHDRAWN = "withdrawn"
    """There was one, and it must not be used: deleted, entered in error, another patient's."""


FHIR_STATUSES: Mapping[str, Status] = MappingProxyType({
    **dict.fromkeys(("final", "appended"), Status.FINAL),
    "preliminary": Status.PRELIMINARY,
    **dict.fromkeys(("amended", "corrected"), Status.CORRECTED),
    **dict.fromkeys(("registered", "specimen-in-process"), Status.ABSENT),
    **dict.fromkeys(("cancelled", "cannot-be-obtained"), Status.ABSENT),
    "entered-in-error": Status.WITHDRAWN,
    **dict.fromkeys(("unknown", ""), Status.UNKNOWN),
})  # fmt: skip
"""What an Observation or a report says, in FHIR's codes; '' where it says nothing."""

_IN_WORDS = {
    **{code.replace("-", " "): status for code, status in FHIR_STATUSES.items() if code},
    **dict.fromkeys(("f", "complete", "completed", "done", "closed", "signed", "ok"), Status.FINAL),
    **dict.fromkeys(("verified", "validated", "approved", "released", "reported"), Status.FINAL),
    **dict.fromkeys(("resulted", "authorised", "authorized", "auth"), Status.FINAL),
    **dict.fromkeys(("endgultig", "freigegeben", "validiert", "abgeschlossen"), Status.FINAL),
    **dict.fromkeys(("definitif", "valide", "termine", "definitivo", "validado"), Status.FINAL),
    **dict.fromkeys(("finalizado", "completado", "validato", "definitief"), Status.FINAL),
    **dict.fromkeys(("withdrawn", "deleted", "retracted", "invalid", "void", "in error"), Status.WITHDRAWN),
    **dict.fromkeys(("geloscht", "ungultig", "zuruckgezogen", "annullato", "ongeldig"), Status.WITHDRAWN),
    **dict.fromkeys(("invalido", "non valide", "wrong patient", "falscher patient"), Status.WITHDRAWN),
    **dict.fromkeys(("reported in error", "not valid", "mislabeled", "mislabelled"), Status.WITHDRAWN),
    **dict.fromkeys(("do not use", "disregard", "verworfen"), Status.WITHDRAWN),
    **dict.fromkeys(("canceled", "rejected", "not done", "test not performed", "pending"), Status.ABSENT),
    **dict.fromkeys(("not performed", "qns", "quantity not sufficient", "unable to"), Status.ABSENT),
    **dict.fromkeys(("in progress", "in lab", "anticipated", "ordered", "collected"), Status.ABSENT),
    **dict.fromkeys(("storniert", "storno", "annule", "anulado", "cancelado", "geannuleerd"), Status.ABSENT),
    "ausstehend": Status.ABSENT,
    **dict.fromkeys(("prelim", "provisional", "unauth", "vorlaufig", "provisoire"), Status.PRELIMINARY),
    **dict.fromkeys(("modified", "altered", "korrigiert", "corrige", "corregido"), Status.CORRECTED),
}

_CANCELLED = frozenset((
    *("cancelled", "canceled", "rejected", "cannot be obtained", "not performed", "unable to"),
    *("qns", "quantity not sufficient"),
    *("storniert", "storno", "annule", "anulado", "cancelado", "geannuleerd"),
))  # fmt: skip
"""Those words for there being none that are not said of an order before it was filled, too."""

_BEFORE_A_REASON = r"\s[-\u2013]\s|[:;,(]|\b(?:by (?:the )?lab|due|because|wegen|durch|vom labor|par le lab)"

_OF_THE_VALUE = frozenset((
    *(word for mark in SIDES if len(mark) > len("HH") for word in folded(mark).split()),
    *("severe", "severely", "mild", "mildly", "moderate", "adequate", "inadequate", "borderline"),
    "sufficiency",
))  # fmt: skip
"""Words that say how high a value is, and nothing of whether it stands."""

_FLAGS = SIDES.keys() - {"A"}
_SAY_NOTHING = frozenset(
    ("result", "results", "report", "status", "resultat", "resultado", "befund", "wurde", "was")
)
_SAY_NO_MORE = _SAY_NOTHING | {"test", "specimen", "sample", "probe", "please", "bitte"}
"""Words that say nothing more where a text is that there is no result."""


def read_status(text: str) -> Status:
    """Read what a table says in words, of which the first ones count; '' is a result that stands.

    A column of this name can hold flags, too, which say nothing of the result's standing. What is not known
    is `UNKNOWN`, as are letters that are no flag and differ from one table to another (`A`, which can be
    amended, as well), and more than "final".
    """
    words = [word for word in re.findall(r"[^\W_]+", folded(text)) if word not in _SAY_NOTHING]
    if _OF_THE_VALUE.issuperset(words) or text.strip().upper() in _FLAGS:
        return Status.FINAL
    number = next((n for n in range(len(words), 0, -1) if " ".join(words[:n]) in _IN_WORDS), 0)
    status = _IN_WORDS.get(" ".join(words[:number]), Status.UNKNOWN)
    says_more = any(_IN_WORDS.get(word) is not Status.FINAL for word in words[number:])
    return Status.UNKNOWN if status is Status.FINAL and says_more else status


def doubted(status: Status, text: str, doubts: Iterable[str]) -> tuple[Status, str]:
    """Return the status of a result, and what it was read from, with what is said against it elsewhere.

    Of one that stands, it is not known then.
    """
    said = [*filter(None, doubts)]
    if said and status in (Status.FINAL, Status.CORRECTED):
        status = Status.UNKNOWN
    return status, ", ".join(filter(None, (text, *said)))


def says_there_is_none(text: str, *, is_remark: bool = False) -> bool:
    """Say whether a text, wherever it stands, is that there is no result; a remark can give a reason, too."""
    folded_text = folded(text)
    said = re.split(_BEFORE_A_REASON, folded_text)[0] if is_remark else folded_text
    words = " ".join(word for word in re.findall(r"[^\W_]+", said) if word not in _SAY_NO_MORE)
    return words in _CANCELLED or _IN_WORDS.get(words) is Status.WITHDRAWN


def check_status(status: Status, text: str) -> None:
    """Raise Withdrawn or NoValue where there is no result that stands; `text` is what the status was."""
    said = f"its status is {quote(text)}"
    if status is Status.WITHDRAWN:
        raise Withdrawn(f"{said}: the laboratory has withdrawn this result; do not use it")
    if status is Status.ABSENT:
        raise NoValue(f"{said}: there is no result, or not yet")


def notes_on_status(status: Status, text: str) -> tuple[Note, ...]:
    """Return what is to be known of a result that stands, if the laboratory may change it, or has."""
    said = f"Its status is {quote(text)}:"
    match status:
        case Status.PRELIMINARY:
            return (Note("preliminary", f"{said} the laboratory may still change this result."),)
        case Status.CORRECTED:
            return (Note("corrected", f"{said} this result replaces an earlier one."),)
        case Status.UNKNOWN if text:
            return (Note("status-unknown", f"{said} whether the laboratory stands by it is not known."),)
        case Status.UNKNOWN:
            text = "It has no status: whether the laboratory stands by it is not known."
            return (Note("status-unknown", text),)
        case _:
            return ()
