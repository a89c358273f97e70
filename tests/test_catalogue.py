import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labcheck.catalogue
from labcheck import Catalogue, Category, LabcheckError, interpret
from labcheck.catalogue import built_in
from tests.conftest import Labcheck

FERRITIN = """
id = "ferritin"
name = "Ferritin"
test = "ferritin"
specimen = "serum"
unit = "ng/mL"
not_this_test = ["transferrin"]

[sources.made_up]
citation = "a range made up for a test"
checked = "project"

[[range_set]]
id = "made-up"
unit = "ng/mL"
source = "made_up"
bands = [
    { category = "low", below = 15.5 },
    { category = "normal", from = 15.5, below = 150 },
    { category = "high", from = 150 },
]

[possible]
from = 1
to = 100000
source = "made_up"

[plausible]
from = 2
to = 5000
source = "made_up"

[[meaning]]
category = "low"
source = "made_up"
text = "Iron stores may be empty."
"""


MOLAR = FERRITIN.replace('unit = "ng/mL"', 'unit = "nmol/L"').replace(
    "[possible]", '[molar_mass]\nvalue = 123.456\nsource = "made_up"\n\n[possible]'
)


@pytest.fixture
def ferritin(tmp_path: Path) -> Path:
    file = tmp_path / "ferritin.toml"
    file.write_text(FERRITIN, "utf-8")
    return file


def test_a_third_analyte_is_one_more_file(ferritin: Path) -> None:
    catalogue = Catalogue([ferritin])
    assert catalogue.ids == ("b12", "vitd", "ferritin")
    for value, category in (("15.4", "low"), ("15.5", "normal"), ("149.9", "normal"), ("150", "high")):
        assert interpret(catalogue["ferritin"], value, unit="ug/L").category == category


def test_words_that_tell_other_tests_apart_do_not_count_against_an_analyte_of_that_name(
    tmp_path: Path,
) -> None:
    file = tmp_path / "ferritin.toml"
    code = '\n[[loinc]]\ncode = "2276-4"\nkind = "mass"\nsource = "made_up"\n'
    file.write_text(FERRITIN + code, "utf-8")
    identifier = Catalogue([file]).identifier
    found = identifier.identify("Ferritin Roche", "2276-4")
    assert found
    assert (found.analyte.id, "not known for it" in (found.doubt or "")) == ("ferritin", True)
    with pytest.raises(LabcheckError, match="another test than LOINC 62292-8"):
        identifier.identify("Ferritin Roche", "62292-8")


def test_the_command_line_learns_an_analyte_from_a_file(labcheck: Labcheck, ferritin: Path) -> None:
    for where in (
        ("--catalogue", str(ferritin), "ferritin", "10"),
        ("ferritin", "10", f"--catalogue={ferritin}"),
    ):
        ran = labcheck(*where)
        assert (ran.exit_code, ran.stderr) == (0, "")
        assert "LOW" in ran.stdout
        assert "Iron stores may be empty." in ran.stdout
    assert "ferritin" in labcheck("--catalogue", str(ferritin), "--help").stdout
    assert labcheck("--catalogue", str(ferritin), "vitd", "22", "-q").stdout == "low\n"
    assert labcheck("--catalogue", str(ferritin), "panel", "ferritin=10", "-q").stdout == "low\n"
    assert "Ferritin" in labcheck("--catalogue", str(ferritin), "explain", "ferritin").stdout
    assert "nmol" not in labcheck("--catalogue", str(ferritin), "units", "ferritin").stdout  # no molar mass
    assert labcheck("ferritin", "10").exit_code == 2


def test_what_is_plausible_may_be_all_that_is_possible(tmp_path: Path) -> None:
    file = tmp_path / "wide.toml"
    file.write_text(FERRITIN.replace("from = 2\n", "from = 1\n").replace("to = 5000", "to = 100000"), "utf-8")
    ferritin = Catalogue([file])["ferritin"]
    assert ferritin.plausible == ferritin.possible


def test_a_page_of_a_short_file_has_each_name_once_and_a_blank_before_its_axis(
    labcheck: Labcheck, tmp_path: Path
) -> None:
    file = tmp_path / "short.toml"
    file.write_text(names("ferritin").replace('id = "made-up"', 'id = "lab"'), "utf-8")
    assert "ferritin, ferritin" not in labcheck("--catalogue", str(file), "explain", "ferritin").stdout
    assert "  ng/mL  0  " in labcheck("--catalogue", str(file), "ranges", "ferritin").stdout


def test_the_name_of_a_range_set_stands_beside_the_citation_that_does_not_say_it(
    labcheck: Labcheck, tmp_path: Path
) -> None:
    file = tmp_path / "own.toml"
    for name, shown in (("Our lab", "Our lab: a range made up for a test"), ("a range", "a range made up")):
        file.write_text(FERRITIN.replace('id = "made-up"', f'id = "lab"\nname = "{name}"'), "utf-8")
        assert f" ng/mL, {shown}" in labcheck("--catalogue", str(file), "ferritin", "30").stdout


def test_a_users_file_comes_before_the_built_in_one_and_is_told(labcheck: Labcheck, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(FERRITIN.replace('id = "ferritin"', 'id = "vitd"'), "utf-8")
    assert interpret(Catalogue([file])["vitd"], "22").category == Category.NORMAL
    ran = labcheck("--catalogue", str(file), "vitd", "22", "-u", "ng/mL", "-q")
    assert ran.stdout == "normal\n"
    assert " ".join(ran.stderr.split()) == f"labcheck: note: {file} takes the place of the built-in 'vitd'"


def names(accepted: str, more: str = "") -> str:
    return FERRITIN.replace("[sources", f'[names]\naccepted = ["{accepted}"]\n{more}\n[sources', 1)


def loinc(code: str, more: str = 'kind = "mass"') -> str:
    table = f'[[loinc]]\ncode = "{code}"\n{more}\nsource = "made_up"\n\n'
    return FERRITIN.replace("[possible]", f"{table}[possible]")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (names("vitamin D"), "names.accepted: 'vitamin D' is a name of vitd already"),
        (names("D, 25-OH (total)"), r"names.accepted: 'D, 25-OH \(total\)' is a name of vitd already"),
        (names("Vit. D3"), "names.accepted: 'Vit. D3' is a name of vitd already"),
        (
            names("ferritin", 'doubtful = ["cobalamine"]\ndoubt = "x"'),
            "names.doubtful: 'cobalamine' is a name of b12 already",
        ),
        (
            FERRITIN.replace('name = "Ferritin"', 'name = "Vitamin B 12"'),
            "name: 'Vitamin B 12' is a name of b12 already",
        ),
        (
            FERRITIN.replace('id = "ferritin"', 'id = "cobalamin"'),
            "id: 'cobalamin' is a name of b12 already",
        ),
        (
            names("ferritin", 'words = { cobalamin = "ferritin" }'),
            "names.words: 'cobalamin', a name of b12, would be read as ferritin",
        ),
        (loinc("1989-3"), r"loinc\[1\].code: 1989-3 is a code of vitd already"),
        (loinc("2276-5"), r"loinc\[1\].code: '2276-5' is mistyped; a code 2276 would end in -4"),
    ],
)
def test_an_analyte_cannot_take_the_name_or_code_of_another(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "greedy.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(LabcheckError, match=f"^{re.escape(str(file))}: {fault}$"):
        Catalogue([file])


def test_of_two_files_the_later_one_is_told_of_a_clash(ferritin: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.toml"
    later.write_text(FERRITIN.replace('id = "ferritin"', 'id = "iron"'), "utf-8")
    with pytest.raises(LabcheckError, match=r"later.toml: name: 'Ferritin' is a name of ferritin already"):
        Catalogue([ferritin, later])


def test_what_one_analyte_refuses_may_be_anothers_own(tmp_path: Path) -> None:
    file = tmp_path / "calcitriol.toml"
    file.write_text(
        loinc("62290-2").replace('"ferritin"', '"calcitriol"').replace('"Ferritin"', '"Calcitriol"'), "utf-8"
    )
    identifier = Catalogue([file]).identifier
    for name, code in (("calcitriol", None), (None, "62290-2")):
        found = identifier.identify(name, code)
        assert found
        assert found.analyte.id == "calcitriol"


def test_a_code_that_one_analyte_refuses_stays_anothers_own(tmp_path: Path) -> None:
    file = tmp_path / "ferritin.toml"
    file.write_text(loinc("1989-3", 'refused = "another test"'), "utf-8")
    found = Catalogue([file]).identifier.identify(None, "1989-3")
    assert found
    assert found.analyte.id == "vitd"


def test_the_codes_of_the_catalogue_end_in_their_check_digit_and_no_names_clash(tmp_path: Path) -> None:
    for id in built_in().ids:
        file = tmp_path / f"{id}.toml"
        file.write_bytes((Path(labcheck.catalogue.__file__).parent / file.name).read_bytes())
    assert set(Catalogue(tmp_path.iterdir()).ids) == set(built_in().ids)


@pytest.mark.parametrize(
    ("find", "replace", "fault"),
    [
        ('unit = "ng/mL"\nnot', "not", "unit: is missing; expected a text"),
        ('name = "Ferritin"', "name = 5", "name: expected a text, found '5'"),
        ('name = "Ferritin"', 'name = " "', "name: is empty; expected a text"),
        ('name = "Ferritin"', 'name = "Ferritin"\nnmae = "x"', "nmae: is not a key that is known here"),
        ('id = "ferritin"', 'id = "Ferritin!"', "id: expected lower-case letters"),
        ('unit = "ng/mL"\nnot', 'unit = "IU"\nnot', "unit: 'IU' cannot be converted"),
        ('unit = "ng/mL"\nnot', 'unit = "nmol/L"\nnot', "molar_mass: is missing"),
        ('unit = "ng/mL"\nsource', 'unit = "nmol/L"\nsource', r"range_set\[1\].unit: nmol/L needs a"),
        ('["transferrin"]', '["transferrin", 5]', "not_this_test: expected a list of texts"),
        ('["transferrin"]', '"transferrin"', "not_this_test: expected a list of texts"),
        ('checked = "project"', 'checked = "yes"', "sources.made_up.checked: expected one of article"),
        ('to = 5000\nsource = "made_up"', "to = 5000", "plausible.source: is missing"),
        (
            'to = 5000\nsource = "made_up"',
            'to = 5000\nsource = "x"',
            "plausible.source: expected one of made_up",
        ),
        ("from = 2\n", "", "plausible: expected both `from` and `to`"),
        ("to = 5000", "to = 1", "plausible: starts at 2, which is not below its end 1"),
        ("to = 5000", "to = -1", "plausible.to: expected a number that is not negative, found -1"),
        ("to = 5000", "to = nan", "plausible.to: expected a number that is not negative"),
        (
            'name = "Ferritin"',
            'name = "A\\u001b]0;x"',
            "name: has characters that cannot be printed: 'A.x1b.0;x'",
        ),
        ('["transferrin"]', '["trans\\u202eferrin"]', "not_this_test: expected a list of texts"),
        ('"low", below', '"high", below', r"range_set\[1\].bands: expected low before normal before high"),
        ("to = 5000", "to = 1e999999", "plausible.to: expected a number that is not negative"),
        ("to = 5000", "to = 1e99999999999999999999", "is not a TOML file"),
        (
            'high", from = 150',
            'high", from = 150, to = 900',
            r"range_set\[1\].bands: expected the first without a lower",
        ),
        (
            "[possible]",
            '[[mistake]]\nside = "low"\nunits = ["ng/mL"]\ntext = "x"\nsource = "x"\n[possible]',
            "mistake.1..source",
        ),
        (
            "[possible]",
            '[age_group.old]\nfrom = 65\nsource = "x"\n[possible]',
            "age_group.old.source: expected one of made_up",
        ),
        (
            "[possible]",
            '[[loinc]]\ncode = "x"\n[possible]',
            r"loinc\[1\].code: expected a LOINC code, found 'x'",
        ),
        ("[possible]", "[names]\nrefused = []\n[possible]", "names.accepted: is missing"),
        ("from = 2\n", "from = 0.9\n", r"plausible.from: lies outside of \[possible\], 1-100000"),
        ("to = 5000", "to = 100000.1", r"plausible.to: lies outside of \[possible\], 1-100000"),
        ("to = 5000", "to = true", "plausible.to: expected a number, found 'True'"),
        ("to = 5000", "to = 5000\nbelow = 6", "plausible.below: stands beside 'to'"),
        ("below = 15.5", "below = 15", r"range_set\[1\].bands: band 1 and band 2 overlap or leave a gap"),
        ("below = 15.5", "to = 15.5", r"range_set\[1\].bands: band 1 and band 2 overlap or leave a gap"),
        (
            "below = 15.5",
            "from = 1, below = 15.5",
            r"range_set\[1\].bands: expected the first without a lower",
        ),
        (
            '"high", from = 150',
            '"normal", from = 150',
            r"range_set\[1\].bands: expected one band of category 'normal'",
        ),
        (
            '"high", from = 150',
            '"hihg", from = 150',
            r"range_set\[1\].bands\[3\].category: expected one of low",
        ),
        ("bands = [", "bands = 5\nx = [", r"range_set\[1\].bands: expected an array of tables"),
        ("bands = [", "bands = [ 5,", r"range_set\[1\].bands\[1\]: expected a table, found '5'"),
        ("[[range_set]]", "[range_set]", "range_set: expected an array of tables"),
        (
            'text = "Iron',
            'for = "adults"\ntext = "Iron',
            r"meaning\[1\].for: expected one of , found 'adults'",
        ),
        ('id = "ferritin"', "id = ", "is not a TOML file"),
        (
            "[possible]",
            "[molar_mass]\nvalue = 0\n[possible]",
            "molar_mass.value: expected a number above zero",
        ),
        (
            "[possible]",
            '[[caution]]\ncategories = ["bad"]\n[possible]',
            r"caution\[1\].categories: expected low",
        ),
        ("[possible]", '[[section]]\nheading = "x"\n[possible]', r"section\[1\].says: is missing"),
        ('id = "made-up"', 'id = "reported"', r"range_set\[1\].id: expected a name in lower case, not user"),
        ('id = "made-up"', 'id = "made, up"', r"range_set\[1\].id: expected a name in lower case"),
        ('unit = "ng/mL"\nsource', "unit = []\nsource", r"range_set\[1\].unit: expected one unit, or two"),
        (
            'unit = "ng/mL"\nsource',
            'unit = ["ng/mL", "ug/L"]\nsource',
            r"range_set\[1\].unit: expected one unit, or two",
        ),
        ("below = 15.5", "below = [15.5, 1]", r"range_set\[1\].bands\[1\].below: expected a number, found"),
        ('"low", below', '"low", label = 5, below', r"range_set\[1\].bands\[1\].label: expected a text"),
        (
            'category = "low"\nsource',
            'category = "low"\ncertain = 1\nsource',
            r"meaning\[1\].certain: expected true or false",
        ),
    ],
)
def test_a_fault_is_named_with_its_file_and_key(tmp_path: Path, find: str, replace: str, fault: str) -> None:
    assert find in FERRITIN
    file = tmp_path / "wrong.toml"
    file.write_text(FERRITIN.replace(find, replace, 1), "utf-8")
    with pytest.raises(LabcheckError, match=f"^{re.escape(str(file))}: {fault}") as caught:
        Catalogue([file])
    assert caught.value.code == "bad-catalogue"


def test_a_file_without_ranges_or_with_two_of_one_name_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    start, end = FERRITIN.index("[[range_set]]"), FERRITIN.index("[possible]")
    range_set = FERRITIN[start:end]
    for text, fault in (
        ("", "range_set: is missing"),
        (range_set * 2, "another range set is already called"),
    ):
        file.write_text(FERRITIN[:start] + text + FERRITIN[end:], "utf-8")
        with pytest.raises(LabcheckError, match=fault):
            Catalogue([file])


TWO_UNITS = (
    MOLAR.replace('unit = "nmol/L"\nsource', 'unit = ["nmol/L", "ng/mL"]\nsource')
    .replace("below = 15.5", "below = [15.5, 2]")
    .replace("from = 15.5, below = 150", "from = [15.5, 2], below = [150, 19]")
    .replace("from = 150", "from = [150, 19]")
)


def test_a_set_may_have_bounds_for_each_of_two_units(tmp_path: Path) -> None:
    file = tmp_path / "two.toml"
    file.write_text(TWO_UNITS, "utf-8")
    ferritin = Catalogue([file])["ferritin"]
    for value, unit, category in (
        ("15.5", "nmol/L", "normal"),
        ("1.99", "ng/mL", "low"),
        ("2", "ug/L", "normal"),
    ):
        assert interpret(ferritin, value, unit=unit).category == category


@pytest.mark.parametrize(
    ("find", "replace", "fault"),
    [
        ("below = [15.5, 2]", "below = 15.5", r"bands\[1\].below: expected a list of 2 numbers"),
        ("below = [15.5, 2]", "below = [15.5]", r"bands\[1\].below: expected 2 numbers, one for each unit"),
        ("below = [15.5, 2]", 'below = [15.5, "2"]', r"bands\[1\].below: expected a number, found '2'"),
        ("below = [15.5, 2]", "below = [15.5, 3]", r"bands: band 1 and band 2 .* leave a gap \(ng/mL\)"),
        ("below = [150, 19]", "below = [150, 1]", r"bands\[2\]: starts at 2, which is not below its end 1"),
    ],
)
def test_the_bounds_of_each_unit_are_proved(tmp_path: Path, find: str, replace: str, fault: str) -> None:
    assert find in TWO_UNITS
    file = tmp_path / "wrong.toml"
    file.write_text(TWO_UNITS.replace(find, replace, 1), "utf-8")
    with pytest.raises(LabcheckError, match=rf"range_set\[1\].{fault}"):
        Catalogue([file])


def test_a_users_own_file_sets_the_range_that_is_the_default(tmp_path: Path) -> None:
    text = (Path(labcheck.catalogue.__file__).parent / "vitd.toml").read_text("utf-8")
    article, iom = (text.index(f'[[range_set]]\nid = "{id}"') for id in ("article", "iom-2011"))
    end = text.index('[[range_set]]\nid = "endocrine-2011"')
    file = tmp_path / "own.toml"
    file.write_text(text[:article] + text[iom:end] + text[article:iom] + text[end:], "utf-8")
    judged = interpret(Catalogue([file])["vitd"], "45", unit="ng/mL")
    assert (judged.range.id, judged.category) == ("iom-2011", Category.NORMAL)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\0", b"a = " + b"[" * 10_000])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "wrong.toml"
    file.write_bytes(content)
    with pytest.raises(LabcheckError, match="is not a TOML file"):
        Catalogue([file])


def test_a_file_that_is_not_there_or_comes_twice_is_refused(labcheck: Labcheck, ferritin: Path) -> None:
    ran = labcheck("--catalogue", "nowhere.toml", "vitd", "22")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr == "labcheck: nowhere.toml: cannot be read: No such file or directory\n"
    with pytest.raises(LabcheckError, match="already describes 'ferritin'"):
        Catalogue([ferritin, ferritin])


def test_an_analyte_that_is_called_like_a_command_is_refused(labcheck: Labcheck, tmp_path: Path) -> None:
    file = tmp_path / "panel.toml"
    file.write_text(FERRITIN.replace('id = "ferritin"', 'id = "panel"'), "utf-8")
    ran = labcheck("--catalogue", str(file), "vitd", "22")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "panel" in ran.stderr


@settings(max_examples=200)
@given(st.text())
def test_any_text_is_a_catalogue_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_text(text, "utf-8", errors="replace")
    with pytest.raises(LabcheckError):
        Catalogue([file])


@pytest.mark.parametrize("id", ["vitd", "b12"])
def test_a_built_in_file_is_named_after_its_analyte(id: str) -> None:
    assert built_in()[id].id == id


def test_an_analyte_may_be_counted_in_moles(labcheck: Labcheck, tmp_path: Path) -> None:
    file = tmp_path / "molar.toml"
    file.write_text(MOLAR, "utf-8")
    ran = labcheck("ferritin", "3.70368", "-u", "ng/mL", "--catalogue", str(file))
    assert "3.70368 ng/mL ≈ 30.00 nmol/L" in ran.stdout
    assert "NORMAL" in ran.stdout
    assert "…" not in labcheck("units", "ferritin", "--catalogue", str(file), columns=40).stdout


def test_an_analyte_without_limits_can_be_drawn(labcheck: Labcheck, tmp_path: Path) -> None:
    file = tmp_path / "free.toml"
    start, end = FERRITIN.index("bands = ["), FERRITIN.index("[possible]")
    for bands in (
        '{ category = "normal" }',
        '{ category = "low", below = 0 }, { category = "normal", from = 0 }',
    ):
        file.write_text(f"{FERRITIN[:start]}bands = [{bands}]\n{FERRITIN[end:]}", "utf-8")
        assert "NORMAL" in labcheck("ferritin", "30", "--catalogue", str(file)).stdout


def test_the_built_in_numbers_are_the_published_ones() -> None:
    vitd, b12 = built_in()["vitd"], built_in()["b12"]
    assert (str(vitd.default_range), str(b12.default_range)) == ("30-40 ng/mL", "200-900 pg/mL")
    assert (str(vitd.possible), str(vitd.plausible)) == ("1-1000", "4-150")
    assert (str(b12.possible), str(b12.plausible)) == ("10-1000000", "50-2000")
    assert vitd.molar_mass
    assert b12.molar_mass
    assert (str(vitd.molar_mass.value), str(b12.molar_mass.value)) == ("400.64", "1355.37")
