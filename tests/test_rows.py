import pytest

from labcheck.catalogue import built_in
from labcheck.sources.rows import Given, Judge
from labcheck.sources.verdicts import NOT_COVERED

JUDGE = Judge(built_in(), units={"b12": "pmol/L"})


@pytest.mark.parametrize(
    ("value", "given_", "category", "note"),
    [
        ("22", Given("vitd", None, "ng/mL"), "low", ""),
        ("22,5", Given("Vitamin D", None, "ng/mL"), "low", ""),
        ("<4", Given("vitd", None, "ng/mL"), "low", ""),
        ("4", Given("vitd", None, "ng/mL", "<"), "low", ""),
        ("35", Given("vitd", None, "ng/mL", "<"), "indeterminate", ""),
        ("35", Given("vitd", None, "ng/mL", "="), "normal", ""),
        *(
            ("35", Given("vitd", None, "ng/mL", none), "normal", "")
            for none in ("NULL", "None", "nan", "N/A")
        ),
        ("<4", Given("vitd", None, "ng/mL", "<"), "low", ""),
        ("22", Given("vitd", None, "ng/mL", "1"), "refused", "unreadable-value"),
        ("22", Given("vitd", None, "ng/mL", "-"), "refused", "unreadable-value"),
        ("", Given("vitd", None, "ng/mL", "<"), "refused", "no-value"),
        ("", Given("vitd", None, "ng/mL"), "refused", "no-value"),
        ("22", Given("vitd", None, ""), "refused", "missing-unit"),
        ("22 ng/mL", Given("vitd", None, ""), "low", ""),
        ("150", Given("b12", None, ""), "normal", ""),  # the unit that was named for rows without one
        ("400 pg/mL", Given("b12", None, ""), "normal", ""),  # which one of its own outweighs
        ("400pg/mL", Given("b12", unit="", comparator=">"), "indeterminate", ""),
        ("\u3000100", Given("b12", unit="pg/mL", comparator="<"), "low", ""),
        ("400 ng/mL L", Given("b12"), "high", "implausible;reported-flag-differs"),
        ("zz", Given("b12"), "refused", "unreadable-value"),
        ("", Given("b12"), "refused", "no-value"),
        ("22 ng/mL", Given("vitd", header_unit="nmol/L"), "refused", "incompatible-unit"),
        ("22 ng/mL", Given("vitd", unit="nmol/L"), "refused", "incompatible-unit"),
        ("22", Given("vitd", None, "IU/L"), "refused", "incompatible-unit"),
        ("40", Given("1,25-Dihydroxy Vitamin D", None, "pg/mL"), "refused", "wrong-analyte"),
        ("22", Given("Vitamin D", "Mar-89", "ng/mL"), "refused", "damaged-code"),
        ("22", Given(None, "1989-3", "ng/mL"), "low", "doubtful-name"),
        ("22", Given("1989-3", None, "ng/mL"), "low", "doubtful-name"),  # a column of tests that holds codes
        ("22", Given("1990-1", "", "ng/mL"), "refused", "wrong-analyte"),
        ("22", Given("1989-3", "  ", "ng/mL"), "low", "doubtful-name"),
        ("22", Given("LOINC:1649-3", None, "ng/mL"), "refused", "wrong-analyte"),
        ("22", Given("mars-89", None, "ng/mL"), "refused", "damaged-code"),
        ("22", Given("1989-3", "62290-2", "ng/mL"), "refused", "wrong-analyte"),
        ("60", Given(None, "1989-3", "nmol/L"), "low", "code-unit-conflict;doubtful-name"),
        ("22", Given("Vitamin D total", "1989-3", "ng/mL"), "low", ""),
        ("22", Given(None, "62292-8", "ng/mL"), "low", ""),
        ("22", Given("vitd", unit="ng/mL", header_unit="ng/mL"), "low", ""),
        ("22", Given("vitd", unit="µg/L", header_unit="ng/mL"), "low", ""),
        ("22", Given("vitd", unit="ng/dL", header_unit="ng/mL"), "refused", "incompatible-unit"),
        ("22", Given("vitd", unit="NG/ML", header_unit="ng/mL"), "low", ""),
        ("22", Given("vitd", unit="", header_unit="ng/mL"), "low", ""),
        ("45", Given("vitd", unit="ng/mL", range="30-100"), "high", "reported-range-differs"),
        ("45", Given("vitd", unit="ng/mL", low="30", high="100"), "high", "reported-range-differs"),
        ("45", Given("vitd", unit="ng/mL", low="30"), "high", "reported-range-differs"),
        ("22", Given("vitd", unit="ng/mL", low="30", high=" "), "low", ""),
        ("45", Given("vitd", unit="ng/mL", high="40"), "high", ""),
        ("45", Given("vitd", unit="ng/mL", low="30", high="-"), "high", "reported-range-differs"),
        ("45", Given("vitd", None, "ng/mL", None, "N/A", "30", "100"), "high", "reported-range-differs"),
        ("45", Given("vitd", unit="ng/mL", range="see comment"), "high", ""),
        ("45", Given("vitd", unit="ng/mL", range="<20 low"), "high", "unreadable-range"),
        ("22", Given("vitd", unit="ng/mL", flag="H"), "low", "reported-flag-differs"),
        ("22", Given("vitd", unit="ng/mL", flag="L"), "low", ""),
        ("22", Given("vitd", unit="ng/mL", flag="final"), "low", ""),
        ("35", Given("vitd", unit="ng/mL", flag="<"), "indeterminate", "off-scale"),
        ("35", Given("vitd", unit="ng/mL", flag=">"), "indeterminate", "off-scale"),
        ("35", Given("vitd", None, "ng/mL", "<", flag="<"), "indeterminate", ""),
        ("35", Given("vitd", None, "ng/mL", ">", flag="<"), "refused", "unreadable-value"),
        ("=5", Given("vitd", None, "ng/mL", "<"), "refused", "unreadable-value"),
        ("<=25", Given("vitd", None, "ng/mL", "<"), "refused", "unreadable-value"),
        ("<25", Given("vitd", None, "ng/mL", "<="), "refused", "unreadable-value"),
        ("<>25", Given("vitd", None, "ng/mL", "<"), "refused", "unreadable-value"),
        ("< 25", Given("vitd", None, "ng/mL", "less than"), "low", ""),
        ("≤25", Given("vitd", None, "ng/mL", "<="), "low", ""),
        ("=<25", Given("vitd", None, "ng/mL", "LE"), "low", ""),
        ("35", Given("vitd", unit="ng/mL", flag="<35"), "indeterminate", "off-scale"),
        ("35", Given("vitd", unit="ng/mL", flag="<36"), "normal", "flag-unknown"),
        (" >5", Given("vitd", None, "ng/mL", "="), "indeterminate", ""),
        ("22", Given("vitd", unit="ng/mL", low="0", high=""), "low", "unreadable-range"),
        ("5", Given("Ferritin", None, "ng/mL"), "", ""),
        ("45", Given("Vitamin D (nmol/L)"), "low", ""),
        ("45", Given("Vitamin D [nmol/L]", unit="nmol/l"), "low", ""),
        ("45", Given("Vitamin D (nmol/L)", unit="ng/mL"), "refused", "incompatible-unit"),
        ("45", Given("Vitamin D (nmol/L)", header_unit="ng/mL"), "refused", "incompatible-unit"),
        ("45", Given("Vitamin D (total)", unit="nmol/L"), "low", ""),
        ("300", Given("Ferritin (PM)"), "", ""),
        ("300", Given("Vitamin B12 (PM)", unit="pg/mL"), "", ""),
        ("45", Given("Ferritin (ng/mL)"), "", ""),
        ("5", Given("Ferritin", None, "ng/mL", specimen="Urine"), "", ""),
        ("22", Given("vitd", None, "ng/mL", specimen="Urine, 24 h"), "refused", "wrong-analyte"),
        ("22", Given(None, "1989-3", "ng/mL", specimen="CSF"), "refused", "wrong-analyte"),
        ("22", Given("vitd", None, "ng/mL", specimen="Harn"), "refused", "wrong-analyte"),
        ("22", Given("vitd", None, "ng/mL", specimen="Serum"), "low", ""),
        ("22", Given("vitd", None, "ng/mL", specimen="Blood"), "low", ""),
        ("22", Given("vitd", None, "ng/mL", specimen=" "), "low", ""),
        ("250", Given("Vitamin B12 binding capacity", None, "pg/mL"), "", ""),
        ("250", Given("b12", unit="pg/mL", component="Active B12"), "refused", "wrong-analyte"),
        ("250", Given("b12", unit="pg/mL", component="vitd"), "refused", "wrong-analyte"),
        ("250", Given("b12", unit="pg/mL", component="Active"), "refused", "wrong-analyte"),
        ("250", Given("b12", unit="pg/mL", specimen="RANDU"), "refused", "wrong-analyte"),
        ("250", Given("b12", unit="pg/mL", specimen="Morgenurin"), "refused", "wrong-analyte"),
        ("250", Given("b12", unit="pg/mL", specimen="SNV"), "refused", "wrong-analyte"),
        ("22", Given("Vitamin D Urin", "62292-8", unit="ng/mL"), "refused", "wrong-analyte"),
        ("250", Given("Vitamine B12 actief", "2132-9", unit="pg/mL"), "refused", "wrong-analyte"),
        ("250", Given("Folic acid", "2132-9", unit="pg/mL"), "refused", "wrong-analyte"),
        ("35", Given("vitd", unit="ng/mL", flag="Below detection limit"), "indeterminate", "off-scale"),
        ("35", Given("vitd", unit="ng/mL", flag="BLQ"), "indeterminate", "off-scale"),
        ("35", Given("vitd", unit="ng/mL", flag="Off-scale high"), "indeterminate", "off-scale"),
        ("250", Given("b12", unit="pg/mL", component="Folate"), "normal", "doubtful-name"),
        ("22", Given("vitd", unit="ng/mL", component="25-OH D2 fraction"), "low", "doubtful-name"),
        ("22", Given("vitd", unit="ng/mL", component="24h urine"), "low", "doubtful-name"),
        ("250", Given("b12", unit="pg/mL", status="Severe deficiency"), "normal", ""),
        ("22", Given("Vitamin D", unit="ng/mL", component="1.25-OH"), "refused", "wrong-analyte"),
        ("22", Given("Vitamin D", unit="ng/mL", component="D2"), "refused", "wrong-analyte"),
        ("22", Given("Vitamin D", unit="ng/mL", component="D3"), "low", "doubtful-name"),
        ("22", Given("Vitamin D", unit="ng/mL", component="25-OH, total"), "low", ""),
        ("22", Given("Vitamin D", unit="ng/mL", component="free of charge"), "low", ""),
        ("250", Given("b12", unit="pg/mL", component="Vitamin B12 in urine"), "refused", "wrong-analyte"),
        ("250", Given("b12", unit="pg/mL", component="B12 & folate panel"), "normal", "doubtful-name"),
        ("250", Given("b12", unit="pg/mL", component="Blood test"), "normal", ""),
        ("250", Given("b12", unit="pg/mL", component="Blood"), "normal", ""),
        ("250", Given("b12", unit="pg/mL", component="Whole blood"), "refused", "wrong-analyte"),
        ("22", Given("vitd", unit="ng/mL", component="D3 dose 1000 IU"), "low", ""),
        ("22", Given("vitd", unit="ng/mL", component="25-hydroxy vitamin D in blood"), "low", ""),
        ("22", Given("vitd", unit="ng/mL", component="24"), "low", ""),
        ("22", Given("vitd", unit="ng/mL", component="24,25"), "low", "doubtful-name"),
        ("250", Given("b12", unit="pg/mL", component="Cobalamin"), "normal", ""),
        ("250", Given("b12", unit="pg/mL", component="fasting, by CLIA "), "normal", ""),
        ("22", Given("vitd", unit="ng/mL", component="25-OH Vitamin D3"), "low", "doubtful-name"),
        ("22", Given("25-OH Vitamin D3", unit="ng/mL", component="vitd"), "low", "doubtful-name"),
        ("250", Given("Panel", unit="pg/mL", component="b12"), "", ""),
        ("250", Given("b12", unit="pg/mL", status=" Entered-in-Error"), "refused", "withdrawn"),
        ("250", Given("b12", unit="pg/mL", status="Cancelled"), "refused", "no-value"),
        ("zz", Given("b12", unit="pg/mL", status="gelöscht"), "refused", "withdrawn"),
        ("250", Given("b12", unit="pg/mL", status="withdrawn"), "refused", "withdrawn"),
        ("250", Given("b12", unit="pg/mL", status="cannot-be-obtained"), "refused", "no-value"),
        ("250", Given("b12", unit="pg/mL", status="Unknown"), "normal", "status-unknown"),
        ("250", Given("b12", unit="pg/mL", status=" "), "normal", ""),
        ("250", Given("b12", unit="pg/mL", status="Preliminary"), "normal", "preliminary"),
        ("250", Given("b12", unit="pg/mL", status="Amended"), "normal", "corrected"),
        ("250", Given("b12", unit="pg/mL", status="Final result"), "normal", ""),
        ("250", Given("b12", unit="pg/mL", status="VERIFIED"), "normal", ""),
        ("250", Given("b12", unit="pg/mL", status="endgültig"), "normal", ""),
        ("250", Given("b12", unit="pg/mL", status="F"), "normal", ""),
        ("250", Given("b12", unit="pg/mL", status="high"), "normal", ""),
        ("250", Given("b12", unit="pg/mL", status="In Range"), "normal", ""),
        ("250", Given("b12", unit="pg/mL", status="BELOW NORMAL"), "normal", ""),
        ("250", Given("b12", unit="pg/mL", status="In Error"), "refused", "withdrawn"),
        ("250", Given("b12", unit="pg/mL", status="In progress"), "refused", "no-value"),
        ("250", Given("b12", unit="pg/mL", status="Modified"), "normal", "corrected"),
        ("250", Given("b12", unit="pg/mL", status="Auth (Verified)"), "normal", ""),
        ("250", Given("b12", unit="pg/mL", status="low, on hold"), "normal", "status-unknown"),
        ("250", Given("b12", unit="pg/mL", status="C"), "normal", "status-unknown"),
        *(("250", Given("b12", unit="pg/mL", status=flag), "normal", "") for flag in ("H", "n", "LL")),
        *(("250", Given("b12", unit="pg/mL", status=one), "normal", "status-unknown") for one in "AX"),
        ("250", Given("b12", unit="pg/mL", specimen="Swab"), "normal", "specimen-unknown"),
        ("22", Given("vitd", unit="n/a", header_unit="ng/mL"), "low", ""),
        ("22", Given("vitd", unit="-"), "refused", "missing-unit"),
        ("250", Given("b12", unit="pg/mL", status="not final"), "normal", "status-unknown"),
        ("250", Given("b12", unit="pg/mL", status="Final (verified)"), "normal", ""),
        ("250", Given("b12", unit="pg/mL", status="Final, cancelled"), "normal", "status-unknown"),
        ("250", Given("b12", unit="pg/mL", status="on hold"), "normal", "status-unknown"),
        ("250", Given("b12", unit="pg/mL", status="CANCELLED - hemolyzed"), "refused", "no-value"),
        ("250", Given("b12", unit="pg/mL", status="entered_in_error."), "refused", "withdrawn"),
        ("250", Given("b12", unit="pg/mL", status="ungültig"), "refused", "withdrawn"),
        ("5", Given("Ferritin", unit="ng/mL", status="Cancelled"), "", ""),
    ],
)
def test_a_row_is_judged_by_the_core(value: str, given_: Given, category: str, note: str) -> None:
    verdict = JUDGE.judge(value, given_)
    assert (verdict.kind.category, verdict.cells[-1]) == (category, note)
    assert len(verdict.cells) == 7


@pytest.mark.parametrize(
    ("concept", "category"),
    [
        ("4171756", "indeterminate"),
        ("4171756.0", "indeterminate"),
        ("4171754", "indeterminate"),
        ("4172704", "indeterminate"),
        ("4171755", "indeterminate"),
        ("4172703", "normal"),
        ("0", "normal"),
        ("4172705", "refused"),
    ],
)
def test_the_comparators_of_the_omop_model_are_understood(concept: str, category: str) -> None:
    value = "250" if concept in ("4171756", "4171756.0", "4171754") else "850"
    given_ = Given("b12", unit="pg/mL", comparator=concept)
    assert JUDGE.judge(value, given_).kind.category == category


@pytest.mark.parametrize("unit", ["ng/mL", "nmol/L"])
def test_a_range_that_cannot_be_used_is_the_reason_and_not_the_value(unit: str) -> None:
    judge = Judge(built_in(), range_sets={"vitd": "reported"})
    given_ = Given("vitd", unit=unit, range="0-0")
    assert judge.judge("45", given_).kind.reason == "unreadable-range"
    assert judge.stretches(given_) is None  # one value can be impossible, which is said first


def test_an_empty_cell_of_a_wide_table_is_no_result() -> None:
    wide = Judge(built_in(), analyte=built_in()["vitd"], blank_is_absent=True)
    assert wide.judge("  ", Given(unit="nmol/L")) == NOT_COVERED
    assert wide.judge("60", Given(unit="nmol/L")).kind.category == "low"


def test_the_decimal_mark_holds_for_the_laboratorys_range_too() -> None:
    comma = Judge(built_in(), decimal="comma", range_sets={"b12": "reported"})
    given_ = Given("b12", unit="pg/mL", range="200-1.060")
    assert comma.judge("950", given_).cells[3:6] == ("normal", "N", "200-1060 pg/mL")


@pytest.mark.parametrize("value", ["1.060", "12.345", "200.000", "<12.345", "12.345 pg/mL", "12.345 H"])
def test_a_point_that_may_group_thousands_leaves_the_number_open(value: str) -> None:
    row = Given("b12", unit="pg/mL")
    assert Judge(built_in(), points_may_group=True).judge(value, row).cells[-1] == "ambiguous-number"
    assert Judge(built_in()).judge(value, row).cells[-1] != "ambiguous-number"
    settled = Judge(built_in(), points_may_group=True, decimal="comma").judge(value, row)
    assert settled.cells[-1] != "ambiguous-number"


@pytest.mark.parametrize("value", ["22.50", "220.5", "1060.125", "22.3456", "250,5", "1.060,5", "250"])
def test_a_point_that_cannot_group_thousands_is_read_as_it_was(value: str) -> None:
    row = Given("b12", unit="pg/mL")
    judge = Judge(built_in(), points_may_group=True)
    assert judge.judge(value, row) == Judge(built_in()).judge(value, row)
    assert judge.judge(value, row).kind.category != "refused"


def test_a_point_behind_nothing_but_zero_groups_nothing() -> None:
    row = Given("vitd", unit="mg/L")
    assert Judge(built_in(), points_may_group=True).judge("0.022", row).cells[1] == "22"
