import decimal
import tomllib
from decimal import Decimal
from itertools import product
from typing import Any

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck.catalogue import built_in
from labcheck.errors import IncompatibleUnit, LabcheckError, MissingUnit, UnknownUnit
from labcheck.units import FACTORS, accepted_units, factor, other_spellings, read_unit

PREFIXES = {"": "", "m": "m", "u": "u", "µ": "u", "μ": "u", "mc": "u", "n": "n", "p": "p", "f": "f"}
PREFIX_WORDS = {"milli": "m", "micro": "u", "nano": "n", "pico": "p", "femto": "f"}
VOLUMES = {"L": "L", "dL": "dL", "100 mL": "dL", "mL": "mL", "cc": "mL"}
VOLUME_WORDS = {"litre": "L", "liter": "L", "deciliter": "dL", "millilitre": "mL", "milliliter": "mL"}


def spellings() -> list[tuple[str, str]]:
    """Spell every accepted unit in every way, on a path of its own: not by the grammar that reads them."""
    made = []
    for (prefix, p), (base, b), (volume, v) in product(
        PREFIXES.items(), (("g", "g"), ("mol", "mol")), VOLUMES.items()
    ):
        made += [(f"{prefix}{base}{per}{volume}", f"{p}{b}/{v}") for per in ("/", " / ", " per ", "/ ")]
        if volume in ("L", "dL", "mL"):
            inverses = (" {}-1", ".{}-1", "·{}⁻¹", " {}^-1", "*{}^-1", " {}⁻¹")
            made += [(f"{prefix}{base}{form.format(volume)}", f"{p}{b}/{v}") for form in inverses]
    for (prefix, p), (base, b), (volume, v) in product(
        PREFIX_WORDS.items(),
        (("grams", "g"), ("gram", "g"), ("mol", "mol"), ("moles", "mol")),
        VOLUME_WORDS.items(),
    ):
        made += [
            (f"{prefix}{base}{form.format(volume)}", f"{p}{b}/{v}") for form in (" per {}", "/{}", " / {}")
        ]
    for word, code in (
        ("nanogram", "ng"),
        ("nanogramm", "ng"),
        ("picogrammes", "pg"),
        ("nanomoles", "nmol"),
        ("nmol", "nmol"),
    ):
        made += [(f"{word} mL-1", f"{code}/mL"), (f"{word}.L-1", f"{code}/L"), (f"{word} dL⁻¹", f"{code}/dL")]
    made += [("ng/mL.", "ng/mL"), ("ng\\mL", "ng/mL"), ("ng/mL{25OHD}", "ng/mL"), ("nmol/litro", "nmol/L")]
    made += [("ng%", "ng/dL"), ("ug%", "ug/dL"), ("nM", "nmol/L"), ("pM", "pmol/L"), ("µM", "umol/L")]
    return made


def test_every_spelling_of_every_unit_is_read_in_any_case() -> None:
    for text, code in spellings():
        for written in (text, text.upper(), text.lower(), f"  {text} ", f"[{text}]"):
            if not written.strip(" []").startswith("G"):  # giga: refused below
                assert read_unit(written).code == code, written


def test_the_other_spellings_that_are_shown_are_read() -> None:
    for unit in accepted_units():
        for text in other_spellings(unit):
            assert read_unit(text) == unit, text


@pytest.mark.parametrize(
    ("error", "texts"),
    [
        (MissingUnit, ["", "   "]),
        (
            IncompatibleUnit,
            ["G/l", "G/L", "G / L", "IU", "IU/mL", "mIU/l", "U/L", "I.U./L", "IE/l", "%", "50 %", "5 % of x"],
        ),
        (IncompatibleUnit, ["mcg", "µg", "ug/day", "mcg/d", "mg/kg", "mmol", "nanograms"]),
        (
            UnknownUnit,
            [
                "ng/mL{RBC}",
                "nmol/L{creat}",
                "?g/L",
                "�g/L",
                "Âµg/L",
                "ng**9**9**9",
                "ngml",
                "ng/m",
                "ng/mL^2",
                "x",
                "ng/mL mL",
            ],
        ),
        (
            UnknownUnit,
            [
                "nmol/l^^L",
                "ng//mL",
                "1/ng/mL",
                "ng/mLL",
                *("ng m/L", "ng m L-1", "ngm/L", "gm/dL", "ngmL-1", "n g/mL", "ngm L-1"),
                "mL/ng",
                "l",
                "n" * 10_000,
                "ng/mL\u202e",
                "\0",
                "Î¼g/L",
                "ng/mL" + " " * 60,
            ],
        ),
    ],
)
def test_what_is_no_concentration_is_refused_with_its_reason(
    error: type[LabcheckError], texts: list[str]
) -> None:
    for text in texts:
        with pytest.raises(error) as caught:
            read_unit(text)
        assert type(caught.value) is error, text


@pytest.mark.parametrize(("text", "hint"), [("ngml", "ng/mL"), ("nmol/K", "nmol/L"), ("pg/nL", "pg/mL")])
def test_an_unknown_unit_is_told_the_nearest(text: str, hint: str) -> None:
    with pytest.raises(UnknownUnit, match=f"did you mean .*{hint}"):
        read_unit(text)


@pytest.mark.parametrize("text", ["nmol/L (8.8 ng/mL)", "nmol/L 8.8 ng/mL", "apples"])
def test_no_unit_is_guessed_for_a_text_that_is_like_none(text: str) -> None:
    with pytest.raises(UnknownUnit, match="; type one as in ng/mL or nmol/L"):
        read_unit(text)


@given(st.text())
def test_any_text_is_a_unit_or_refused(text: str) -> None:
    try:
        assert read_unit(text) in accepted_units()
    except LabcheckError as refusal:
        assert refusal.text.isprintable()


@pytest.mark.parametrize(
    ("analyte", "unit", "expected"),
    [
        ("vitd", "ng/mL", "1"),
        ("vitd", "ug/L", "1"),
        ("vitd", "nmol/L", "0.40064"),
        ("vitd", "pmol/mL", "0.40064"),
        ("vitd", "ng/dL", "0.01"),
        ("vitd", "pg/mL", "0.001"),
        ("b12", "ng/L", "1"),
        ("b12", "pmol/L", "1.35537"),
        ("b12", "nmol/L", "1355.37"),
        ("b12", "ng/mL", "1000"),
        ("b12", "pg/dL", "0.01"),
    ],
)
def test_the_factor_to_the_canonical_unit_is_exact(analyte: str, unit: str, expected: str) -> None:
    known = built_in()[analyte]
    assert factor(read_unit(unit), read_unit(known.unit), known.molar_mass) == Decimal(expected)


def test_factors_agree_with_the_default_registry_of_pint() -> None:
    """Pint's own 900 definitions are another hand's work; floats, so to a relative 1e-12."""
    registry: Any = pint.UnitRegistry()
    for analyte in (built_in()["vitd"], built_in()["b12"]):
        assert analyte.molar_mass
        for unit, to in product(accepted_units(), repeat=2):
            quantity = registry.Quantity(1.0, unit.code)
            mass = float(analyte.molar_mass.value) * registry("g/mol")
            expected = quantity.to(to.code, "chemistry", mw=mass).magnitude
            assert float(factor(unit, to, analyte.molar_mass)) == pytest.approx(expected, rel=1e-12)


def test_what_is_written_down_of_everyday_units_is_what_pint_gives() -> None:
    registry: Any = pint.UnitRegistry(non_int_type=Decimal)
    for code, number in tomllib.loads(FACTORS.read_text("utf-8"), parse_float=Decimal).items():
        unit = read_unit(code)
        base = "g/L" if unit.kind == "mass" else "mol/L"
        assert number == registry.Quantity(Decimal(1), unit.code).to(base).magnitude, code


def test_there_and_back_is_the_same_number() -> None:
    mass = built_in()["b12"].molar_mass
    for unit, to in product(accepted_units(), repeat=2):
        assert factor(unit, to, mass) * factor(to, unit, mass) == pytest.approx(
            Decimal(1), rel=Decimal("1e-26")
        )


def test_moles_and_grams_do_not_meet_without_a_molar_mass() -> None:
    with pytest.raises(IncompatibleUnit, match="no molar mass"):
        factor(read_unit("nmol/L"), read_unit("ng/mL"), None)


def test_a_callers_own_decimal_context_does_not_round_a_factor() -> None:
    with decimal.localcontext(decimal.Context(prec=2)):
        known = built_in()["b12"]
        assert factor(read_unit("fmol/mL"), read_unit("pg/mL"), known.molar_mass) == Decimal("1.35537")


def test_a_factor_without_end_is_short() -> None:
    by = factor(read_unit("ng/mL"), read_unit("nmol/L"), built_in()["vitd"].molar_mass)
    assert len(by.as_tuple().digits) == 34


def test_a_longer_text_is_no_unit() -> None:
    assert read_unit("ng/mL".ljust(60)).code == "ng/mL"
    with pytest.raises(UnknownUnit):
        read_unit("ng/mL".ljust(61))


def test_what_may_have_been_a_micro_sign_is_told_to_be_typed_as_u() -> None:
    for text in ("\ufffdg/L", "?g/L"):
        with pytest.raises(UnknownUnit, match=r"if it was a micro sign, type u$"):
            read_unit(text)
