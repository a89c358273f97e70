"""Step two: a unit's spelling -> a unit of ours, and the factor to the canonical one.

A spelling is matched against a closed grammar (prefix, gram or mole, volume), and what reaches pint is the
match's UCUM code, never a user's text: pint's own parser hangs on `ng**9**9**9`, takes `ng/ML` for a
megalitre and `nG` for nanogauss. This is the only module that imports pint, and it does so when a factor is
asked for that units.toml does not have: pint takes longer to import than everything else here together.
"""

import re
import tomllib
from decimal import Context, Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from labcheck.errors import IncompatibleUnit, MissingUnit, UnknownUnit
from labcheck.model import EXACT, Conversion, Measurement, MolarMass, Quantity, QuantityKind
from labcheck.wording import did_you_mean, quote

if TYPE_CHECKING:
    from pint import UnitRegistry

FACTORS = Path(__file__).with_name("units.toml")


class Unit(NamedTuple):
    """A concentration, mass or amount of substance in a volume; `code` is its UCUM code."""

    code: str
    kind: QuantityKind


_PREFIXES = ("", "m", "u", "n", "p", "f")
_SYMBOLS: dict[QuantityKind, str] = {"mass": "g", "substance": "mol"}
_VOLUMES = ("L", "dL", "mL")

# The grammar, compiled when it is first needed, on text in lower case with _PLAIN's signs and single blanks.
# A blank stands only where it can change nothing: `ng mL-1` is not `ng m L-1`, `ng m/L` is no unit at all.
_PLAIN = str.maketrans("µμ·⋅∙*−⁻¹³／\\", "uu....--13//")
# UCUM's, which change nothing, as in `ng/mL{25OHD}`, unless they say that the volume is not the blood's.
_ANNOTATION = re.compile(r"\{(?!(?i:[^{}]*(?:crea|rbc|ery|hgb|prot)))[^{}]*\}\s*$")
_VOLUME = r"""
    (?: (?P<{n}L>  l | lt | ltr | lit(?:er|re|ro)s? )
      | (?P<{n}dL> d(?:eci)?l(?:it(?:er|re|ro)s?)? | 100[ ]?(?:ml|cc) )
      | (?P<{n}mL> m(?:ill?i)?l(?:it(?:er|re|ro)s?)? | cc | cm3 ) )"""
_CONCENTRATION = rf"""
    (?P<prefix> milli | mi[ck]ro | mc | nano | pi[ck]o | femto | [munpf] )?
    (?: (?P<mass> g | gram(?:s|m|mes?)? ) | (?P<substance> mols? | moles? ) )
    (?: [ ]? / [ ]? {_VOLUME.format(n="")}
      | [ ] (?: per | pro ) [ ] {_VOLUME.format(n="per_")}
      | [ .] {_VOLUME.format(n="inverse_")} \^?-1
      | [ ]? (?P<percent> % ) )                         # ng% is ng in 100 mL
"""
_MOLAR = r"(?P<prefix> mi[ck]ro | mc | nano | pi[ck]o | [unp] ) m(?:olar)?"

# What is understood, but is no unit that a concentration can be read from, and why.
_CELLS = r"\s*G\s*/.*"
_DAMAGED = r".*(?:[?\ufffd]|[ÂÎ][µ¼]).*"
_NO_CONCENTRATION = {
    r"[mku]? (?: i\.?u | u\.?i | i\.?e | u | units? ) \.? (?: [ ]? (?: / | per ) .* )?": (
        "international units count a dose or an activity"
    ),
    r".*%.*": "a percentage is no concentration",
    r"""(?: milli | mi[ck]ro | mc | nano | pi[ck]o | [mkunpf] )? (?: g | grams? | mol | moles? )
        (?: [ ]? (?: / | per | a )? [ ]? (?: d | days? | daily | kg ) .* )?""": (
        "it is an amount or a dose; a concentration names a volume too"
    ),
}


def read_unit(text: str) -> Unit:
    """Read a spelling of a unit, without regard to case and spaces.

    Raises MissingUnit for an empty text, IncompatibleUnit for what is no concentration (a dose, IU, a cell
    count), UnknownUnit for the rest, with the nearest spellings that are known.
    """
    if unit := _by_code().get(text):
        return unit
    if not text.strip():
        raise MissingUnit("the unit is empty; type one, as in ng/mL or nmol/L")
    if len(text) > 60:
        raise UnknownUnit(f"{quote(text)} is not a unit; type one as in ng/mL or nmol/L")
    if re.fullmatch(_DAMAGED, text):
        raise UnknownUnit(f"{quote(text)} has a damaged character; if it was a micro sign, type u")
    if re.fullmatch(_CELLS, text):
        raise IncompatibleUnit(f"{quote(text)} is giga per volume, a count of cells; type grams as g")
    bare = text.lower().translate(_PLAIN).replace("[iu]", "iu").strip("()[] ")
    plain = " ".join(_ANNOTATION.sub("", bare).rstrip(". ").split())
    if match := re.fullmatch(_CONCENTRATION, plain, re.VERBOSE) or re.fullmatch(_MOLAR, plain, re.VERBOSE):
        return _unit({name for name, found in match.groupdict().items() if found}, match["prefix"] or "")
    for pattern, why in _NO_CONCENTRATION.items():
        if re.fullmatch(pattern, plain, re.VERBOSE):
            raise IncompatibleUnit(f"{quote(text)} cannot be converted: {why}; type one as in ng/mL")
    raise UnknownUnit(f"{quote(text)} is not a unit that is known here{_instead(text, plain)}")


def _instead(text: str, plain: str) -> str:
    """Return what may have been meant by a text that is no unit."""
    if re.search(r"[0-9] *[-\u2013] *[0-9]", text):
        return "; a range has a place of its own, as in --range 30-100"
    if re.fullmatch("[0-9.,]+", text):
        return "; if it is part of the result, put both into quotes, as in '1 187'"
    codes = [unit.code for unit in accepted_units()]
    return did_you_mean(plain, codes, likeness=0.7) or "; type one as in ng/mL or nmol/L"


def _unit(parts: set[str], prefix: str) -> Unit:
    kind: QuantityKind = "mass" if "mass" in parts else "substance"
    volume = next((v for v in ("dL", "mL") if parts & {v, f"per_{v}", f"inverse_{v}"}), "L")
    if "percent" in parts:
        volume = "dL"
    symbol = "u" if prefix in ("mc", "micro", "mikro") else prefix[:1]
    return Unit(f"{symbol}{_SYMBOLS[kind]}/{volume}", kind)


@cache
def accepted_units() -> tuple[Unit, ...]:
    """Return every unit that a spelling can mean, mass before substance, by prefix from large to small."""
    return tuple(
        Unit(f"{prefix}{symbol}/{volume}", kind)
        for kind, symbol in _SYMBOLS.items()
        for prefix in _PREFIXES
        for volume in _VOLUMES
    )


@cache
def everyday_units() -> tuple[Unit, ...]:
    """Return the units that laboratories report in: those of units.toml, which need no pint."""
    return tuple(_by_code()[code] for code in _everyday())


@cache
def _by_code() -> dict[str, Unit]:
    return {unit.code: unit for unit in accepted_units()}


def other_spellings(unit: Unit) -> list[str]:
    """Return examples of how else `unit` is written; upper and lower case are the same everywhere."""
    symbol, volume = unit.code.split("/")
    others = [f"{symbol} per {volume}"]
    if symbol.startswith("u"):
        others = [f"µ{symbol[1:]}/{volume}", f"mc{symbol[1:]}/{volume}"]
    if volume == "dL":
        others += [f"{symbol}/100 mL", *([f"{symbol}%"] if unit.kind == "mass" else [])]
    if unit.kind == "substance" and volume == "L" and symbol[:-3] in ("u", "n", "p"):
        others.append(f"{symbol[:-3]}M")
    return others


def are_same(one: Unit, other: Unit) -> bool:
    """Say whether numbers in two units are the same, as in ng/mL and ug/L."""
    return one.kind == other.kind and factor(one, other, None) == 1


def factor(unit: Unit, to: Unit, molar_mass: MolarMass | None) -> Decimal:
    """Return what a number in `unit` is multiplied by to be in `to`.

    Exact towards mass units; from mass to moles rounded to 34 digits. Raises IncompatibleUnit where moles
    and grams meet and there is no molar mass.
    """
    if unit == to:
        return Decimal(1)
    if unit.kind != to.kind and molar_mass is None:
        raise IncompatibleUnit(f"{unit.code} cannot be converted to {to.code}: no molar mass is known")
    return _factor(unit, to, molar_mass.value if molar_mass else Decimal(1))


@cache
def _factor(unit: Unit, to: Unit, mass: Decimal) -> Decimal:
    """Return the factor, with `mass` in g/mol where grams and moles meet."""
    everyday = _everyday()
    with localcontext(EXACT):
        if unit.code in everyday and to.code in everyday:
            product = everyday[unit.code] / everyday[to.code]
            if unit.kind != to.kind:
                product = product * mass if to.kind == "mass" else product / mass
        else:
            one = _registry().Quantity(Decimal(1), unit.code)
            product = one.to(to.code, "molar", molar_mass=_registry().Quantity(mass, "g/mol")).magnitude
        return Context(prec=34).plus(Decimal(product)).normalize()


@cache
def _everyday() -> dict[str, Decimal]:
    return tomllib.loads(FACTORS.read_text("utf-8"), parse_float=Decimal)


def convert(
    reported: Measurement, given: Unit, to: Unit, molar_mass: MolarMass | None
) -> tuple[Quantity, Conversion]:
    """Convert what was reported in `given`; the molar mass is part of the answer only where it was needed."""
    by = factor(given, to, molar_mass)
    value = EXACT.multiply(reported.value, by).normalize(EXACT)  # 22.0352, not 22.03520
    needed = molar_mass if given.kind != to.kind else None
    return Quantity(reported.comparator, value, to.code), Conversion(by, needed)


@cache
def _registry() -> "UnitRegistry[Decimal]":
    """Make the few units that the grammar can yield; pint's own list takes fifteen times as long."""
    from pint import UnitRegistry

    definitions = """
        milli- = 1e-3 = m-
        micro- = 1e-6 = u-
        nano- = 1e-9 = n-
        pico- = 1e-12 = p-
        femto- = 1e-15 = f-
        deci- = 1e-1 = d-
        gram = [mass] = g
        mole = [substance] = mol
        litre = [volume] = L
        @context(molar_mass=1) molar
            [substance] / [volume] -> [mass] / [volume]: value * molar_mass
            [mass] / [volume] -> [substance] / [volume]: value / molar_mass
        @end
    """
    return UnitRegistry(definitions.strip().splitlines(), non_int_type=Decimal)
