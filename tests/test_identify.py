import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck import identify
from labcheck.catalogue import built_in
from labcheck.errors import DamagedCode, LabcheckError, WrongAnalyte
from labcheck.identify import Identifier

IDENTIFIER = Identifier(built_in()[id] for id in built_in().ids)


def meant(name: str | None = None, code: str | None = None) -> str | None:
    found = IDENTIFIER.identify(name, code)
    return found and found.analyte.id


@pytest.mark.parametrize(
    "name",
    [
        *(
            "vitd",
            "VITD",
            "Vitamin D",
            "Vitamin D (25-OH) i.S.",
            "Vitamin-D-Spiegel",
            "Vitamin D in serum by RIA",
            "Vitamina D en suero",
            "Vitamin D im Serum",
            "vitamin_d",
            "Vit D",
            "Vit. D",
            "Vit D3",
            "25(OH)D",
            "25-OH Vit D",
            "25OHD",
        ),
        *("VITAMIN D,25-OH,TOTAL,IA", "Vitamin D, 25-Hydroxy", "25-Hydroxy Vitamin D", "25-hydroxyvitamin D"),
        *("Vitamin D3 (25-OH-Calciferol)", "25-Hydroxyvit. D", "Calcidiol", "S-D-25", "serum_vitamin_d"),
        *(
            "Vitamin D (25-OH), Calcidiol",
            "Vitamin D3 (25-OH)",
            "25-OH-Vitamin D2+D3",
            "Vitamine D2+D3",
            "Vitamine D totale",
            "25-OH-Vitamine D totale",
            "Vitamine D",
            "Vitamina D",
        ),
        *(
            "25 OH vitamine D",
            "25-hidroxivitamina D",
            "25-Hydroxy-Vitamin D gesamt",
            "25 hydroxycholecalciferol",
            "Vitamin D 25 OH Lvl",
            "Vitamine D totaal (25-OH)",
            "25-hydroksywitamina D",
            "D vitamini",
            "25-OH-vitamiini D",
            "VIT D TOT",
            "vitd_value",
            "VitaminD",
            "25-HydroxyvitaminD",
            "25OHVitaminD",
            "Vitamin D (OH)25",
            "Calcifediolo",
        ),
    ],
)
def test_the_names_of_vitamin_d_are_understood(name: str) -> None:
    assert meant(name) == "vitd"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "b12",
            "B12",
            "Vitamin B12",
            "VITAMIN B-12",
            "vitamin_b12",
            "VITB12",
            "Vit B12",
            "S-B12-Vit",
            "Cobalamin",
        ),
        *(
            "Vitamin B12 (Cobalamin)",
            "Vitamine B12 (cobalamine)",
            "Vitamine B12 totale",
            "Vitamina B12",
            "cobalamine",
            "Vitamin B12, serum",
        ),
        *(
            "Witamina B12",
            "B12 vitamini",
            "VIT B12 TOT",
            "VitaminB12",
            "VITAMINEB12",
            "S-Kobalamin",
            "P-Kobalaminer",
            "VB12",
            "Vit B12 Lvl",
        ),
    ],
)
def test_the_names_of_vitamin_b12_are_understood(name: str) -> None:
    assert meant(name) == "b12"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "1,25-Dihydroxy Vitamin D",
            "1,25-dihydroxyvitamin D",
            "1,25(OH)2D",
            "1,25-(OH)2 Vitamin D3",
            "Calcitriol",
            "1,25-dihydroksywitamina D",
            "VITD125",
            "125-OH vitamin D",
        ),
        *(
            "25-OH Vitamin D2",
            "Vitamin D2",
            "1,25-dihydroxyvitamine D",
            "1,25-dihidroxivitamina D",
            "1,25-dihidroxi-vitamina D",
            "Holo-Transcobalamin (aktives B12)",
            "Holo-Transcobalamine",
            "Holotranscobalamin",
            "Active B12",
            "Aktives B12",
            "S-B12-TC2",
            "25(OH)2D3",
            "B-Vitamin B12",
            "(B) B12",
        ),
        *(
            "Active Vitamin B12 (Holotranscobalamin)",
            "Vitamin B12, urine",
            "Vitamin B12 (whole blood)",
            "Holo-TC",
        ),
    ],
)
def test_what_is_mistaken_for_a_test_is_refused(name: str) -> None:
    with pytest.raises(WrongAnalyte):
        meant(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "Ferritin",
            "Vitamin B12 binding capacity",
            "vitamin_d_percent_rda",
            "Vitamin D binding protein",
        ),
        *(
            "Vitamin",
            "D",
            "12",
            "25",
            "Vitamin B6",
            "Vitamin K",
            "Folate",
            "B12/Folate",
            "Anti-B12",
            "抗B12抗体",
        ),
        *(
            "b12<",
            "vitd>",
            "Vitamin B12 %",
            "25-OH-D3/25-OH-D2",
            "25-Hydroxy-Vitamin D2/D3",
            "25-Hydroxy D3, LC-MS",
            "serum",
            "plasma",
            "?",
        ),
        *("25-Hydroxyvitamin D3 [Mass/volume] in Serum by LC-MS/MS", "Vitamin D [Mass/mass] in Hair"),
        *("Vitamin B12 [Mass/volume]/Folate", "Vitamin D [Units/volume] in Serum", "Serum or Plasma"),
        *("Vitamin D intake", "Hepatitis D", "Vitamin D receptor", "D-Dimer", "Vitamin D" * 100),
    ],
)
def test_other_names_are_not_covered(name: str) -> None:
    assert meant(name) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Calcidiol [Mass/volume] in Serum or Plasma", "1989-3"),
        ("25-hydroxyvitamin D3+25-hydroxyvitamin D2 [Mass/volume] in Serum or Plasma", "62292-8"),
        (
            "25-hydroxyvitamin D3+25-hydroxyvitamin D2 [Mass/volume] in Serum or Plasma by Immunoassay",
            "83070-3",
        ),
        ("25-Hydroxyvitamin D2+25-Hydroxyvitamin D3:SCnc:Pt:Ser/Plas:Qn:", "68438-1"),
        ("25(OH)D2+25(OH)D3 SerPl-mCnc", "62292-8"),
        ("Cobalamin (Vitamin B12) [Mass/volume] in Serum or Plasma", "2132-9"),
        ("Cobalamin (Vitamin B12) [Moles/volume] in Plasma", "14685-2"),
        ("Cobalamins:MCnc:Pt:Ser/Plas:Qn", "2132-9"),
        ("Vit B12 Ser-mCnc", "2132-9"),
        ("Vit B12 SerPl-sCnc", "14685-2"),
    ],
)
def test_the_names_that_loinc_gives_a_test_are_understood_with_its_code_and_without(
    name: str, code: str
) -> None:
    found = IDENTIFIER.identify(name, code)
    assert found is not None
    assert found.doubt is None
    assert meant(name) == meant(name, "LOCAL77") == found.analyte.id


@pytest.mark.parametrize(
    "name", ["25-hydroxyvitamin D3", "25-Hydroxyvitamin D3 [Mass/volume] in Serum or Plasma"]
)
def test_a_name_that_says_d3_is_doubted_unless_the_code_says_the_total(name: str) -> None:
    doubts = {
        code: found.doubt
        for code in ("", "LOCAL77", "1989-3", "14635-7", "62292-8", "83070-3", "68438-1")
        if (found := IDENTIFIER.identify(name, code))
    }
    noted = built_in()["vitd"].names.doubt
    assert doubts == {
        **dict.fromkeys(("", "LOCAL77", "1989-3", "14635-7"), noted),
        **dict.fromkeys(("62292-8", "83070-3", "68438-1"), None),
    }
    total = IDENTIFIER.identify("25-hydroxyvitamin D", "1989-3")
    assert total is not None
    assert total.doubt is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("25-Hydroxyvitamin D2 [Mass/volume] in Serum or Plasma", "1989-3"),
        ("25(OH)D2 SerPl-mCnc", "1989-3"),
        ("25-Hydroxyvitamin D2:MCnc:Pt:Ser/Plas:Qn:", "62292-8"),
        ("Cholecalciferol (Vitamin D3) [Mass/volume] in Serum", "1989-3"),
        ("1,25-Dihydroxyvitamin D [Mass/volume] in Serum or Plasma", "1989-3"),
        ("25-Hydroxyvitamin D [Mass/volume] in Urine", "1989-3"),
        ("Holotranscobalamin [Mass/volume] in Serum", "2132-9"),
        ("Holotranscobalamin II [Moles/volume] in Serum or Plasma", "14685-2"),
        ("Holotranscobalamin II", "2132-9"),
        ("Vitamin B12 [Mass/volume] in Blood", "2132-9"),
    ],
)
def test_another_test_is_refused_by_the_name_that_loinc_gives_it(name: str, code: str) -> None:
    for codes in (code, "LOCAL77", None):
        with pytest.raises(WrongAnalyte):
            meant(name, codes)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *(("Vitamin B12", code) for code in ("HOLOTC", "25-OH D", "FOLATE", "RBC")),
        *(("Vitamin D", code) for code in ("VITD125", "B12", "FERRITIN", "PTH")),
    ],
)
def test_a_local_code_that_names_another_test_contradicts_the_name(name: str, code: str) -> None:
    with pytest.raises(WrongAnalyte, match="are different tests"):
        meant(name, code)
    assert meant("Glucose", code) is None


@pytest.mark.parametrize("code", ["VITD", "25OHD", "L0123", "GLU", "D"])
def test_a_local_code_that_says_nothing_else_leaves_the_name(code: str) -> None:
    assert meant("Vitamin D", code) == "vitd"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Transcobalamin bound B12", "2132-9"),
        ("Transcobalamin bound B12, pmol/L", "14685-2"),
        ("Cholecalciferol, new method", "1989-3"),
        ("25-Hydroxyvitamin D2, part of total", "62292-8"),
        ("25-OH Vitamin D [Mass/volume] in Cerebral spinal fluid", "1989-3"),
        ("25-OH Vitamin D [Mass/volume] in Serum, Plasma or Blood", "1989-3"),
        ("Cobalamin (Vitamin B12) [Mass/time] in 24 hour Urine", "2132-9"),
        ("Cobalamin (Vitamin B12) [Presence] in Serum", "2132-9"),
        ("Methylmalonate [Moles/volume] in Serum or Plasma", "14685-2"),
    ],
)
def test_a_name_that_has_another_test_or_specimen_in_it_outweighs_a_code(name: str, code: str) -> None:
    assert meant(name) is None
    with pytest.raises(WrongAnalyte, match="is another test than LOINC"):
        meant(name, code)


def test_a_name_with_both_parts_of_the_total_in_it_is_only_doubted() -> None:
    found = IDENTIFIER.identify("25-hydroxyvitamin D2 and D3, panel", "62292-8")
    assert found is not None
    assert found.doubt is not None


@pytest.mark.parametrize("id", ["vitd", "b12"])
def test_each_code_of_the_catalogue_is_understood_or_refused(id: str) -> None:
    for loinc in built_in()[id].loinc:
        if loinc.refused:
            with pytest.raises(WrongAnalyte, match=loinc.code):
                meant(code=loinc.code)
        else:
            assert meant(code=loinc.code) == meant("our own name", loinc.code) == id


@pytest.mark.parametrize(
    ("name", "like"),
    [
        *(("Vitamin D (child)", True), ("Vitamin B12 fasting", True), ("B12 %", True)),
        *(("Calcidiol child", True), ("Cobalamin (fasting)", True)),
        *(("Vitamin B6", False), ("cobalt", False), ("Vitamin", False), ("", False)),
    ],
)
def test_a_name_that_is_not_understood_can_be_like_one_that_is(name: str, like: bool) -> None:
    assert meant(name) is None
    assert IDENTIFIER.resembles(name) is like


def test_a_code_outweighs_a_name_unless_they_disagree() -> None:
    assert meant("Vitamin D", "LOCAL77") == "vitd"
    assert meant("Vitamin D", "") == "vitd"
    for name in (
        "B12",
        "1,25-Dihydroxy Vitamin D",
        "Free vitamin D",
        "Vitamin D binding protein",
        "U-Vitamin D",
    ):
        with pytest.raises(WrongAnalyte):
            meant(name, "1989-3")


@pytest.mark.parametrize("code", ["2345-7", "1989-4", "LOINC 2345-7"])  # glucose, and a code mistyped
def test_a_name_with_a_code_that_is_not_its_own_is_refused_not_passed_over(code: str) -> None:
    with pytest.raises(WrongAnalyte, match=r"'Vitamin B12' is not known to have the code LOINC [0-9-]{6}$"):
        meant("Vitamin B12", code)
    assert meant("Glucose", code) is meant("", code) is None


@pytest.mark.parametrize(
    "code",
    [
        "LN62290-2",
        "LOINC 62290-2",
        "62290-2^1,25^LN",
        "62290–2",
        "62290−2",
        "62290－2",
        "http://loinc.org/62290-2",
    ],
)
def test_a_code_is_known_whatever_is_written_around_it(code: str) -> None:
    with pytest.raises(WrongAnalyte):
        meant("Vitamin D", code)
    total = re.sub("62290(.)2", r"62292\g<1>8", code)
    assert meant("our own name", total) == "vitd"


@pytest.mark.parametrize(
    "code",
    [
        *("Mar-89", "MAR-89", "89-Mar", "1-Mar-89", "01-Mar-1989", "Mar 1989", "March 1989", "Sep-32"),
        *("Mrz 89", "89-Mrz", "Mrz. 89", "Mrz.89", "März 1989", "1. März 1989", "Sep 32", "Jän-90"),
        *("mars-89", "mars.-89", "mars 1989", "sept.-32", "janv.-90", "août-36"),
        *("mar-89", "mar/89", "1 de marzo de 1989", "set-32", "ene-90", "gen-90", "mrt-89"),
        *("1989-03", "1989-03-01", "1989/3/1", "03/1989", "3/89", "3/1/1989", "1/3/1989", "3/1/89"),
        *("1989. 3. 1.", "01.03.1989", "01.03.89", "1.3.1989", "01/03/1989", "01-03-1989"),
        *("1989-03-01 00:00:00", "1989-03-01T00:00:00.000Z", "3/1/1989 12:00:00 AM", "01.03.1989 00:00"),
    ],
)
def test_a_code_that_a_spreadsheet_has_damaged_is_refused(code: str) -> None:
    for name in ("Vitamin D", None, ""):
        with pytest.raises(DamagedCode):
            meant(name, code)
    assert meant("Glucose", code) is None


@pytest.mark.parametrize(
    "code",
    [
        *(
            "Marker-89",
            "Mar89",
            "Apr-89",
            "Mar-88",
            "15.03.1989",
            "1989-03-15",
            "mar",
            "89",
        ),
        *("1989", "March", "1989-13", "3/1989/1", "1.3.", "Mar-89-x", "LOCAL 3 1989", "Mar-89" * 10),
    ],
)
def test_a_local_code_that_is_no_date_of_ours_is_not_damaged(code: str) -> None:
    assert meant("Vitamin D", code) == "vitd"
    assert meant(None, code) is None
    assert not IDENTIFIER.is_code(code)


@pytest.mark.parametrize("id", ["vitd", "b12"])
def test_no_name_of_a_test_is_taken_for_a_code(id: str) -> None:
    names = built_in()[id].names
    for name in (*names.accepted, *names.doubtful, *names.refused, "CA 19-9", "CD4", "Mar 12", "IgG 4"):
        assert not IDENTIFIER.is_code(name)


@pytest.mark.parametrize(
    "code", [" 1989-3 ", "LOINC 1989-3", "loinc:1989-3", "1989-3^LN", "1989\u20133", "1990-1", "Mrz 89"]
)
def test_a_code_is_known_in_whatever_form_it_stands(code: str) -> None:
    assert IDENTIFIER.is_code(code)


@given(st.none() | st.text(), st.none() | st.text())
def test_any_name_and_code_are_understood_refused_or_not_covered(name: str | None, code: str | None) -> None:
    try:
        assert meant(name, code) in (None, "vitd", "b12")
    except LabcheckError as refusal:
        assert refusal.code in ("wrong-analyte", "damaged-code")


def test_a_name_that_is_not_known_beside_a_code_of_ours_is_told() -> None:
    identifier = built_in().identifier
    for name in ("Vitamin B6", "Thiamine", "Lab 17"):
        found = identifier.identify(name, "2132-9")
        assert found is not None
        assert found.doubt == f"LOINC 2132-9 says Vitamin B12, but the name '{name}' is not known for it."
    known = identifier.identify("Vitamin B12", "2132-9")
    assert known is not None
    assert known.doubt is None


@pytest.mark.parametrize("name", ["C3-epi 25-OH D", "Ferritin", "Vitamin D bioavailable", "Haptocorrin"])
def test_a_name_that_says_another_test_outweighs_a_code(name: str) -> None:
    with pytest.raises(WrongAnalyte):
        built_in().identifier.identify(name, "62292-8")


def test_two_codes_in_one_cell_are_refused() -> None:
    with pytest.raises(WrongAnalyte, match="more than one LOINC code"):
        built_in().identifier.identify("Vitamin D", "1989-3 62290-2")


def test_a_name_is_understood_whatever_names_came_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identify, "_REMEMBERED", 2)
    identifier = Identifier(built_in()[id] for id in built_in().ids)
    names = ("Ferritin", "B12", "B12", "Vitamin D", "Folate", "Vitamin D", "x" * 201)
    found = [identifier.identify(name, None) for name in names]
    assert [one and one.analyte.id for one in found] == [None, "b12", "b12", "vitd", None, "vitd", None]


def test_a_name_is_understood_however_many_blanks_pad_its_cell() -> None:
    identifier = built_in().identifier
    found = identifier.identify("VITAMIN D".ljust(255), None)
    assert found is not None
    assert found.analyte.id == "vitd"
    assert identifier.identify("VITAMIN D" + "-" * 200, None) is None


@pytest.mark.parametrize(
    ("group", "doubted"),
    [
        *((group, True) for group in ("24 hour urine", "CSF panel", "Dried blood spot vitamin D")),
        *((group, True) for group in ("Ferritin", "Vitamin B12", "2132-9", "1,25-dihydroxyvitamin D")),
        *((group, False) for group in ("Vitamin D", "Vitamins", "62292-8", "B12 and folate", "Serum", "")),
    ],
)
def test_a_group_of_another_test_or_specimen_casts_doubt(group: str, *, doubted: bool) -> None:
    found = IDENTIFIER.identify("Vitamin D", None)
    assert found is not None
    assert (IDENTIFIER.doubt_of_group(group, found) is not None) is doubted


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        *((text, "refused") for text in ("Active", "urine B12", "B12 urine")),
        *((text, "doubted") for text in ("Folate", "Free", "Ratio", "Intake", "Dried blood spot", "Epimer")),
        *((text, "") for text in ("Serum", "blood", "total", "24", "measured, not a ratio")),
    ],
)
def test_another_name_beside_a_tests_can_contradict_it(component: str, expected: str) -> None:
    found = IDENTIFIER.identify("Vitamin B12", None)
    assert found is not None
    if expected == "refused":
        with pytest.raises(WrongAnalyte, match=r"is another test than|is not Vitamin B12"):
            IDENTIFIER.check_component(component, found)
    else:
        assert (IDENTIFIER.check_component(component, found).doubt is not None) is (expected == "doubted")


@pytest.mark.parametrize("name", ["B-B12", "B_B12", "b_vitamin_b12", "B12 (B)", "B12-B", "B12, B"])
def test_b12_in_blood_is_another_test(name: str) -> None:
    with pytest.raises(WrongAnalyte):
        meant(name)
