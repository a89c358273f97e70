"""What a user wrote: as a message shows it, harmless and short, and as it is compared with what is known."""

import unicodedata


def folded(text: str) -> str:
    """Return text to compare: without case and accents, and in the plain forms of its signs."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in plain if not unicodedata.combining(character))


def printable(text: str, *, but: str = "") -> str:
    """Return text with escapes for what a terminal could act on or a reader be misled by.

    That is control codes, except those in `but`, marks that turn the direction of writing, and bytes that are
    no text.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in but else ascii(c)[1:-1] for c in text)


def clipped(text: str, limit: int = 40) -> str:
    """Return text, printable, cut after `limit` characters."""
    return printable(text) if len(text) <= limit else f"{printable(text[:limit])}…"


def quote(text: str, limit: int = 40) -> str:
    """Return what a user wrote, fit for a message: printable, in quotes, cut after `limit` characters."""
    size = f" ({len(text):,} characters)" if len(text) > limit else ""
    return f"'{clipped(text, limit)}'{size}"


def installs(extra: str) -> str:
    """Return the command that installs one of the extras of labcheck, as the README has it."""
    return f"pip install '.[{extra}]' in the clone of labcheck"


def did_you_mean(word: str, known: list[str], *, likeness: float = 0.5) -> str:
    """Return ' - did you mean ...?' with the nearest of `known`, or nothing.

    `likeness` is how much of them must agree, from 0 to 1: more where a wrong guess would mislead.
    """
    from difflib import get_close_matches

    spelled = {name.lower(): name for name in known}
    near = get_close_matches(word[:40].lower(), spelled, n=3, cutoff=likeness)
    return f" - did you mean {' or '.join(map(spelled.__getitem__, near))}?" if near else ""
