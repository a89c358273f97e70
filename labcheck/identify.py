"""Which analyte a document means: a name for a test, a LOINC code, or both -> an analyte of the catalogue.

It errs towards "not covered": a name counts only if every word of it is accounted for, so that neither
`Vitamin B12 binding capacity` nor `vitamin_d_percent_rda` is taken for a result of ours. What is known to be
mistaken for a test (1,25-dihydroxyvitamin D for 25-hydroxyvitamin D) is refused by name, which is more than
not covered: somebody may have meant it.
"""

import re
from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from labcheck.dates import month_of, months_in
from labcheck.errors import DamagedCode, WrongAnalyte
from labcheck.model import Analyte, Loinc
from labcheck.specimens import OTHER_SPECIMENS, names_another, spelled_as_specimens
from labcheck.wording import folded, quote
from labcheck.words import Words, words_of

SAYS_MORE = r"[<>=≤≥%?/:]"
"""A comparator, a share, a ratio, a damaged letter: with one of these a name is not only a name."""

METHOD = r"(?i)\b(?:by\s+)?(?:lc[-/ ]?ms(?:[-/ ]?ms)?|clia|eclia|cmia|icma|ria|elisa|hplc|immunoassay)\b"
"""How it was measured, which does not change what."""

PROPERTY = (
    r"(?i)\[(?:mass|moles)/volume\](?:\s+in\b)?(?:\s+serum\s+or\s+plasma\b)?"  # in a LOINC name
    r"|:[ms]cnc:pt:(?:ser/plas|ser|plas):qn(?::|$)"  # in its formal one
    r"|(?:\bser/?pl(?:as)?)?-[ms]cnc\b|\bser/?pl(?:as)?\b"  # in its short one
    r"|\bi\. ?s\.(?: |$)|\bim (?:serum|plasma)\b"  # in serum, as a German laboratory says it
)
"""What LOINC and others say behind a name: a concentration, in serum or plasma. Another specimen is left."""

CONTRADICT = OTHER_SPECIMENS | {
    *("1", "24", "free", "binding", "receptor", "antibody", "antibodies", "anti", "ratio", "intake", "dose"),
    *("u", "blood", "vollblut", "active", "holo", "calcitriol", "dihydroxy", "epi", "bioavailable", "ergo"),
    *("ergocalciferol", "ferritin", "folate", "folic", "haptocorrin", "presence"),
    *("rbc", "erythrocytes", "tsh", "mma", "pth", "parathyroid"),
    *("methylmalonate", "methylmalonic", "homocysteine"),
}  # fmt: skip
"""A name with one of these contradicts a code of ours, however unknown it is otherwise."""

CAST_DOUBT = CONTRADICT - {
    *("1", "24", "u", "blood", "vollblut", "dose", "intake", "ratio", "active", "free", "fluid", "presence")
}
"""Those of them that do not stand in descriptions of our tests, too."""

_OF_TESTS = CAST_DOUBT - OTHER_SPECIMENS
"""Those of them that are not of specimens."""

_SURELY_ANOTHER = CONTRADICT | {"epimer", "dried"}
"""A text of nothing but these, beside a test's name, is of another test or specimen."""

LONGEST = 200
"""A text of more characters than this is no name."""

LOINC_CODE = "[0-9]{1,7}-[0-9]"
"""What LOINC's codes look like."""

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
"""What can stand for the hyphen of a code."""

_PLAIN_DASHES = str.maketrans(DASHES, "-" * len(DASHES))

_REMEMBERED = 1_000
"""Names of which the words are kept."""


class Identified(NamedTuple):
    """The analyte meant, the LOINC code that said so where there was one, and what else it may be."""

    analyte: Analyte
    loinc: Loinc | None
    doubt: str | None = None


class Identifier:
    """Tells which of some analytes a document means; made once, asked for every distinct name and code.

    `codes` is what each LOINC code means, one that is refused as well.
    """

    def __init__(self, analytes: Iterable[Analyte]) -> None:
        self._analytes = tuple(analytes)
        self._accepted: dict[Words, Identified] = {}
        self._refused: dict[Words, Analyte] = {}
        self.codes: dict[str, tuple[Analyte, Loinc]] = {}
        self._damaged: set[tuple[str, str]] = set()
        self._memo: dict[str, list[Words]] = {}
        self._own: dict[str, Words] = {}  # all words of an analyte's names, by its id
        self._hints: set[str] = set()  # what stands in the names of tests
        for analyte in self._analytes:
            names = analyte.names
            sure = [words_of(name, names.words) for name in analyte.sure_names]
            self._own[analyte.id] = frozenset(chain.from_iterable(sure))
            self._accepted |= dict.fromkeys(sure, Identified(analyte, None))
            for name in names.doubtful:
                self._accepted[words_of(name, names.words)] = Identified(analyte, None, names.doubt)
            for name in names.refused:
                self._refused[words_of(name, names.words)] = analyte
            hints = (*names.refused, *names.words, *analyte.sure_names, *names.doubtful)
            self._hints.update(filter(_tells_much, _pieces(" ".join(hints))))
            for loinc in analyte.loinc:
                if not (loinc.refused and loinc.code in self.codes):  # one's look-alike is another's own
                    self.codes[loinc.code] = analyte, loinc
                self._damaged.update(month_of(loinc.code))

    def identify(self, name: str | None, code: str | None) -> Identified | None:
        """Return what is meant, or None for what the catalogue does not cover.

        Raises WrongAnalyte for what is known to be mistaken for one of the analytes, and DamagedCode.
        """
        name, code = (name or "").strip(), _plain_code(code or "")
        by_name = self._by_name(name)
        if self._is_damaged(code) and (by_name or not name):
            raise DamagedCode(f"{quote(code)} was a LOINC code before a spreadsheet made a date of it")
        if code not in self.codes:
            if by_name and _looks_like_loinc(code):
                raise WrongAnalyte(f"{quote(name)} is not known to have the code LOINC {code}")
            if by_name and code and self.is_another(code, by_name.analyte):
                raise WrongAnalyte(f"{quote(name)} and its code {quote(code)} are different tests")
            return by_name
        analyte, loinc = self.codes[code]
        if loinc.refused:
            raise WrongAnalyte(f"LOINC {code} is {loinc.refused}")
        if name and not by_name and self._contradicts(name, analyte):
            raise WrongAnalyte(f"{quote(name)} is another test than LOINC {code}")
        if by_name and by_name.analyte.id != analyte.id:
            raise WrongAnalyte(f"{quote(name)} and LOINC {code} are different tests")
        doubt = None
        if name and not by_name:
            doubt = f"LOINC {code} says {analyte.name}, but the name {quote(name)} is not known for it."
        elif loinc.doubtful:
            doubt = by_name.doubt if by_name else analyte.names.doubt
        return Identified(analyte, loinc, doubt)

    def check_component(self, name: str | None, found: Identified) -> Identified:
        """Return what was `found` by the test's name or code with the doubts of another name beside it.

        Most such texts are descriptions, which say nothing. Raises WrongAnalyte for the name of another test,
        whole or as the end of ours (`Active`), and for one of ours in another specimen.
        """
        name = (name or "").strip()
        if not name:
            return found
        words = words_of(name, spelled_as_specimens(found.analyte.names.words))
        if words <= {"blood"}:  # which is drawn for all tests; `B12 blood` is in its cells as well
            return found
        by_name = self._by_name(name) or self._by_name(f"{found.analyte.name} {name}")
        elsewhere = self.resembles(name) and words & OTHER_SPECIMENS
        if elsewhere or (by_name and by_name.analyte.id != found.analyte.id):
            raise WrongAnalyte(f"{quote(name)} is another test than {found.analyte.name}")
        doubt = by_name.doubt if by_name else None
        more = words - self._own[found.analyte.id] - {"blood"}
        is_another = more and more <= _SURELY_ANOTHER and not name.isdigit()
        if not by_name and (is_another or self._contradicts(name, found.analyte, CAST_DOUBT)):
            doubt = f"Beside it stands {quote(name)}, which has words of another test or specimen."
        return found._replace(doubt=found.doubt or doubt)

    def doubt_of_group(self, name: str, found: Identified) -> str | None:
        """Return the doubt that the name of an order or a report casts on a result that stands under it.

        The name can be a LOINC code. It is only a doubt, as one test can follow from another's result.
        """
        words = words_of(name, found.analyte.names.words)
        if names_another(name, found.analyte):
            return f"It stands under {quote(name)}, which names another specimen."
        try:
            under = self.identify(None, name) if name in self.codes else None
            beside = under or self.check_component(name, found)
            if beside.analyte.id == found.analyte.id and not (words and words <= CAST_DOUBT):
                return None
        except WrongAnalyte:
            pass
        return f"It stands under {quote(name)}, which is another test than {found.analyte.name}."

    def is_another_of_ours(self, text: str, than: Analyte | None = None) -> bool:
        """Say whether a text, wherever it stands, names a refused test, or an analyte other `than` that."""
        if not self.may_name_one(text):
            return False
        try:
            found = self._by_name(text)
        except WrongAnalyte:
            return True
        return bool(found and than and found.analyte.id != than.id)

    def may_name_one(self, text: str) -> bool:
        """Say whether a text has a word of a test's name, as few have that name none."""
        return not self._hints.isdisjoint(_pieces(text))

    def is_another(self, text: str, than: Analyte) -> bool:
        """Say whether a text, where a test may be named, is the name of another one, as far as that is known.

        It need not be one of the catalogue's: `Ferritin` is none.
        """
        words = words_of(text, than.names.words)
        return self.is_another_of_ours(text, than) or (bool(words) and words <= _OF_TESTS)

    def is_of(self, text: str, analyte: Analyte) -> bool:
        """Say whether a text, wherever it stands, is a name of the analyte's test."""
        try:
            found = self._by_name(text)
        except WrongAnalyte:
            return False
        return found is not None and found.analyte.id == analyte.id

    def is_code(self, text: str) -> bool:
        """Say whether a text is one of the analytes' LOINC codes, whole or damaged."""
        alone = re.sub(r"(?i)\bloinc\b|\^ln$|[\s:]", "", _with_plain_dashes(text))
        return alone in self.codes or self._is_damaged(text)

    def told_apart(self, test: str, loinc: str) -> tuple[str, str]:
        """Return the name of a test and its LOINC code, which can stand where the name is due."""
        return ("", test) if not loinc.strip() and self.is_code(test) else (test, loinc)

    def _is_damaged(self, code: str) -> bool:
        return not _looks_like_loinc(code) and not self._damaged.isdisjoint(months_in(code))

    def resembles(self, name: str) -> bool:
        """Say whether a name that is not understood has all the words of one that is."""
        return any(accepted <= words for words in self._spelled(name) for accepted in self._accepted)

    def _contradicts(self, name: str, found: Analyte, by: Words = CONTRADICT) -> bool:
        """Say whether a name that is not known has the words of another test, or of another specimen."""
        own = self._own[found.id]
        spelled = self._spelled(re.sub(PROPERTY, " ", name))
        return any(
            not words.isdisjoint(by - own) or self._has_another(words, analyte)
            for analyte, words in zip(self._analytes, spelled, strict=True)
        )

    def _has_another(self, words: Words, analyte: Analyte) -> bool:
        """Say whether words have all those of a refused name, which are not part of an accepted one."""
        ours = [accepted for accepted in self._accepted if accepted <= words]
        return any(
            refused <= words and not any(refused < accepted for accepted in ours)
            for refused, of in self._refused.items()
            if of is analyte
        )

    def _spelled(self, name: str) -> list[Words]:
        """Return the words of a name as each analyte spells them; the same few names come again and again."""
        if (known := self._memo.get(name)) is not None:
            return known
        spelled = [words_of(name, analyte.names.words) for analyte in self._analytes]
        if len(name) <= LONGEST:
            if len(self._memo) >= _REMEMBERED:
                self._memo.clear()
            self._memo[name] = spelled
        return spelled

    def _by_name(self, name: str) -> Identified | None:
        named = re.sub(PROPERTY, " ", name)
        plain = re.sub(METHOD, " ", named)
        if len(name) > LONGEST or re.search(SAYS_MORE, plain):
            return None
        spelled = self._spelled(plain)
        for words in filter(None, spelled):
            if found := self._accepted.get(words):
                # The method tells parts apart: what is doubtful otherwise is no more than a part by it.
                return None if found.doubt and plain != named else found
        for words in spelled:
            if words in self._refused:
                ours = self._refused[words]
                raise WrongAnalyte(f"{quote(name)} is not {ours.name} ({ours.test}): it is another test")
        return None


def _pieces(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+|\d+", folded(text))


def _tells_much(piece: str) -> bool:
    """Say whether a piece of a name is found in few other texts."""
    return len(piece) >= len("vit") if piece.isalpha() else piece in ("12", "24", "25")


def _plain_code(code: str) -> str:
    """Return a code without what is written around it: `LOINC 1989-3`, `1989-3^LN`."""
    plain = _with_plain_dashes(code.strip())
    codes = set(re.findall(r"(?<![0-9-])[0-9]{3,7}-[0-9](?![0-9-])", plain))  # with fewer, part of a name
    if len(codes) > 1:
        raise WrongAnalyte(f"{quote(code)} has more than one LOINC code, which can be different tests")
    return codes.pop() if codes else plain


def _with_plain_dashes(code: str) -> str:
    return code.translate(_PLAIN_DASHES)


def _looks_like_loinc(code: str) -> bool:
    return re.fullmatch(LOINC_CODE, code) is not None
