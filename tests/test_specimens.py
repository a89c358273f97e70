import pytest

from labcheck.catalogue import built_in
from labcheck.errors import WrongAnalyte
from labcheck.specimens import check_specimen, is_blood, is_surely_other, notes_on_specimen


@pytest.mark.parametrize(
    ("specimen", "is_other"),
    [
        *(
            ("Urine", True),
            ("24-h-Urin", True),
            ("CSF", True),
            ("Serum or urine", True),
            ("breast milk", True),
            ("UR", True),
            ("Mocz", True),
            ("Sammelurin", True),
            ("Bone marrow", True),
            ("Tränenflüssigkeit", True),
            ("DBS", True),
            ("Trockenblut", True),
            ("Blood spot", True),
            ("sang séché", True),
            ("Dried blood spot", True),
            ("Bld.dot", True),
            ("Red blood cells", True),
            ("Erythrozyten", True),
            ("Stuhlröhrchen", True),
        ),
        *(
            ("Serum", False),
            ("EDTA plasma", False),
            ("Venous blood", False),
            ("SST", False),
            ("EDTA whole blood", False),
            ("Serum, bile stained", False),
            ("", False),
            (None, False),
        ),
    ],
)
def test_a_specimen_is_checked_against_the_analytes_own(specimen: str | None, is_other: bool) -> None:
    vitd = built_in()["vitd"]
    if is_other:
        with pytest.raises(WrongAnalyte, match="Vitamin D is measured in serum"):
            check_specimen(specimen, vitd)
    else:
        check_specimen(specimen, vitd)
    check_specimen(
        specimen, vitd._replace(specimen="urine, CSF, other fluid, milk, marrow or dried blood, cells, stool")
    )


@pytest.mark.parametrize(
    ("specimen", "is_understood"),
    [
        *((text, True) for text in ("Serum", "S", "Plasma", "EDTA-Blut", "SST", "Gold top tube", "BLDV")),
        *(
            (text, True)
            for text in ("sang veineux", "suero", "Heparinplasma", "Surowica", "K2 EDTA", "WB", "SER_PLAS")
        ),
        *((text, True) for text in ("Serum, no hemolysis", "non-hemolyzed serum", "Serum, hemolysis: none")),
        *((text, True) for text in ("Citrate (coagulation) plasma", "Clotted blood", "Red dot tube, serum")),
        *((text, True) for text in ("Red top", "Laskimoveri", "Kapillarblut", "fingerprick", "Сыворотка")),
        *((text, True) for text in (None, "", " ", "N/A", "unknown", "SMP-00412", "119364003")),
        *((text, False) for text in ("Bronchial lavage", "BAL", "swab", "Abstrich", "other", "Kanüle", "sp")),
        *((text, False) for text in ("Serum (hemolyzed)", "Serum, unsatisfactory", "QNS", "no sample")),
        *((text, False) for text in ("cancelled", "hämolytisch", "hémolysé", "clotted", "kein Material")),
        *((text, False) for text in ("no plasma", "Serum too old", "hemolisado", "clotted")),
        *((text, False) for text in ("dog serum", "mouse plasma", "spiked serum", "EQA serum")),
        *((text, False) for text in ("LIPEMIC", "Serum - icteric", "mislabeled", "SER_HEMOLYZED")),
        *((text, False) for text in ("SWT, Sweat, HL70487", "SWT&Sweat&HL70070")),
    ],
)
def test_a_specimen_that_is_not_understood_is_noted(specimen: str | None, *, is_understood: bool) -> None:
    notes = notes_on_specimen(specimen, built_in()["vitd"], may_be_a_number=True)
    assert [note.code for note in notes] == ([] if is_understood else ["specimen-unknown"])


@pytest.mark.parametrize("specimen", ["119364003", "SMP-00412, 78014005"])
def test_a_code_without_words_is_noted_where_it_can_be_no_number(specimen: str) -> None:
    assert [note.code for note in notes_on_specimen(specimen, built_in()["vitd"])] == ["specimen-unknown"]
    assert notes_on_specimen(f"{specimen}, Serum", built_in()["vitd"]) == ()


@pytest.mark.parametrize(
    ("text", "is_other"),
    [
        *((text, True) for text in ("Urine", "Urine 24h collection", "24-h-Urin", "URINE, RANDOM", "Stuhl")),
        *((text, True) for text in ("urine (first morning void)", "mocz 24h", "CSF", "Speichel", "Harn")),
        *((text, False) for text in ("no urine", "urine infection", "Serum", "random", "sal", "kal", "")),
    ],
)
def test_a_cell_that_names_another_specimen_and_no_more_is_known_anywhere(
    text: str, *, is_other: bool
) -> None:
    assert is_surely_other(text) is is_other


def test_a_specimen_is_understood_where_it_is_the_analytes_own() -> None:
    of_urine = built_in()["vitd"]._replace(specimen="urine")
    assert notes_on_specimen("Sammelurin", of_urine) == ()
    (note,) = notes_on_specimen("swab", of_urine)
    assert note.text == "Its specimen is 'swab': whether that is urine is not known."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, True) for text in ("Serum", "venous blood", "EDTA")),
        *((text, False) for text in ("Serum or urine", "Red blood cells", "seminal plasma", "swab", "")),
        *((text, False) for text in ("Quality control serum", "Serum control")),
    ],
)
def test_blood_is_what_names_it_and_nothing_else(text: str, *, expected: bool) -> None:
    assert is_blood(text) is expected


def test_a_control_of_the_assay_is_refused_and_one_that_may_be_a_person_noted() -> None:
    vitd = built_in()["vitd"]
    for specimen in ("QC", "Quality control serum", "Kalibrator", "Blank"):
        with pytest.raises(WrongAnalyte):
            check_specimen(specimen, vitd)
    check_specimen("Serum control", vitd)
    assert [note.code for note in notes_on_specimen("Serum control", vitd)] == ["specimen-unknown"]
