import pytest

from labcheck.catalogue import built_in
from labcheck.errors import LabcheckError
from labcheck.sources.columns import find_layout
from labcheck.sources.layout import Layout
from labcheck.sources.roles import Role, names_of


def layout(header: str, *, wide: tuple[str, ...] = (), analyte: str | None = None, **asked: str) -> Layout:
    cells = (
        header.split("\t") if "\t" in header else header.split(";") if ";" in header else header.split(",")
    )
    return find_layout(cells, built_in(), asked=asked, wide=wide, analyte=analyte)


def long(header: str, **asked: str) -> dict[str, int]:
    (measured,) = layout(header, wide=(), analyte=None, **asked).results
    return dict(measured.columns)


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("date,marker,value,unit", {"test": 1, "value": 2, "unit": 3}),
        ("Day,Test,Result,Units", {"test": 1, "value": 2, "unit": 3}),
        ("date;marker;value;unit", {"test": 1, "value": 2, "unit": 3}),
        ("Specimen Type,test,value", {"specimen": 0, "test": 1, "value": 2}),
        ("label,fluid,test,value,material,specimen", {"specimen": 5, "test": 2, "value": 3}),
        (
            "Test Name,Result,Units,Reference Range,Flag,Date",
            {"test": 0, "value": 1, "unit": 2, "range": 3, "flag": 4},
        ),
        (
            "panel,test,result,units,reference_range,flag,date",
            {"test": 1, "value": 2, "unit": 3, "range": 4, "flag": 5},
        ),
        (
            "patient_id,observation_date,test_name,value,unit,reference_range,status",
            {"test": 2, "value": 3, "unit": 4, "range": 5, "status": 6},
        ),
        (
            "test,value,unit,result_status,abnormal_flag,status",
            {"test": 0, "value": 1, "unit": 2, "flag": 4, "status": 3},
        ),
        ("test,value,Interpretation", {"test": 0, "value": 1, "flag": 2}),
        (
            "date,marker,value,units,range_low,range_high",
            {"test": 1, "value": 2, "unit": 3, "low": 4, "high": 5},
        ),
        *(
            (f"test,value,{name}", {"test": 0, "value": 1, "range": 2})
            for name in ("Standard Range", "Lab Range", "Ref.", "Valori di riferimento")
        ),
        ("test,result_ng_ml,ref_range_ng_ml", {"test": 0, "value": 1, "range": 2}),
        ("PARAM,VALUE,ANRLO,ANRHI,ANRIND", {"test": 0, "value": 1, "low": 2, "high": 3, "flag": 4}),
        (
            "Draw Date,Marker Name,Marker Description,Value,Units,Reference Range,Source",
            {"test": 1, "value": 3, "unit": 4, "range": 5},
        ),
        (
            "id,marker_key,marker_label,category,value,unit,comparator,reference_low,reference_high",
            {"test": 2, "value": 4, "unit": 5, "comparator": 6, "low": 7, "high": 8},
        ),
        (
            "ID\tPID\tDATE\tLOINC\tSCALE\tNAME\tVALUE\tLOW\tHIGH\tUNITS",
            {"loinc": 3, "test": 5, "value": 6, "low": 7, "high": 8, "unit": 9},
        ),
        (
            "HADM_ID,ITEMID,LOINC_CODE,CHARTTIME,VALUE,VALUEUOM,FLAG",
            {"loinc": 2, "value": 4, "unit": 5, "flag": 6},
        ),
        (
            "measurement_concept_id,operator_concept_id,value_as_number,measurement_source_value",
            {"test": 3, "value": 2, "comparator": 1},
        ),
        (
            "PAT_ID,COMPONENT_NAME,ORD_VALUE,REFERENCE_UNIT,RESULT_FLAG_C,REF_NORMAL_VALS",
            {"test": 1, "value": 2, "unit": 3, "range": 5},
        ),
        (
            "event_cd_disp,event_tag,result_val,result_units_disp,result_status_disp,normalcy_disp",
            {"test": 0, "value": 2, "unit": 3, "status": 4, "flag": 5},
        ),
        (
            "code.text,valueQuantity.value,valueQuantity.comparator,valueQuantity.unit,status",
            {"test": 0, "value": 1, "comparator": 2, "unit": 3, "status": 4},
        ),
        ("sample,Conc.,analyte", {"value": 1, "test": 2}),
        ("Test,Current Result and Flag,Units", {"test": 0, "value": 1, "unit": 2}),
        (
            "measurement_concept_id,concept_name,concept_code,value_as_number,measurement_source_value",
            {"test": 1, "loinc": 2, "value": 3},
        ),
        (
            "LAB_LOINC,RESULT_QUAL,RESULT_NUM,RESULT_MODIFIER,RESULT_UNIT,NORM_MODIFIER_LOW",
            {"loinc": 0, "value": 2, "comparator": 3, "unit": 4},
        ),
        (
            "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE",
            {"loinc": 4, "test": 5, "value": 6, "unit": 7},
        ),
        ("code,value,unit", {"test": 0, "value": 1, "unit": 2}),
        ("code,display,value,unit", {"loinc": 0, "test": 1, "value": 2, "unit": 3}),
        ("test,test_code,code,description,value", {"test": 0, "loinc": 2, "component": 3, "value": 4}),
        ("Test,Name,Component,Description,Result", {"test": 0, "component": 2, "value": 4}),
        ("Untersuchung;Ergebnis;Einheit", {"test": 0, "value": 1, "unit": 2}),
        (
            "Bezeichnung;Wert;Einheit;Norm von;Norm bis",
            {"test": 0, "value": 1, "unit": 2, "low": 3, "high": 4},
        ),
        (
            "Analyse;Valeur;Unité;Borne inf;Borne sup",
            {"test": 0, "value": 1, "unit": 2, "low": 3, "high": 4},
        ),
        ("Prueba;Valor;Unidad;Mín;Máx", {"test": 0, "value": 1, "unit": 2, "low": 3, "high": 4}),
        ("Analyt;Wert;Normwerte", {"test": 0, "value": 1, "range": 2}),
        ("Analyse;Résultat;Unité", {"test": 0, "value": 1, "unit": 2}),
        ("Prueba;Resultado;Unidades", {"test": 0, "value": 1, "unit": 2}),
        ("test,Result (ng/mL)", {"test": 0, "value": 1}),
        (
            "USUBJID,LBTESTCD,LBTEST,LBORRES,LBORRESU,LBORNRLO,LBORNRHI,LBNRIND,LBSTAT,LBSPEC,LBLOINC",
            {"test": 2, "value": 3, "unit": 4, "low": 5, "high": 6, "flag": 7, "status": 8, "specimen": 9}
            | {"loinc": 10},
        ),
        (
            "labname,labresult,labresulttext,labmeasurenamesystem,labmeasurenameinterface",
            {"test": 0, "value": 1, "unit": 3},
        ),
        ("itemid,value,valueuom,flag,label", {"test": 4, "value": 1, "unit": 2, "flag": 3}),
    ],
)
def test_the_columns_of_a_long_table_are_found(header: str, columns: dict[str, int]) -> None:
    assert long(header) == columns
    assert not layout(header).wide


@pytest.mark.parametrize(
    ("header", "results"),
    [
        (
            "id,serum_vitamin_d_ng_ml,serum_vitamin_b12_pg_ml,vitamin_d_percent_rda",
            [("vitd_", 1, "ng/mL"), ("b12_", 2, "pg/mL")],
        ),
        ("vitamin_b12pgml,vitamin_b12_pmoll", [("b12_", 0, "pg/mL"), ("b12_2_", 1, "pmol/L")]),
        ("name of patient,Vitamin D (nmol/L)", [("vitd_", 1, "nmol/L")]),
        (
            "25-OH Vitamin D [ng/mL],1.25-dihydroxy vitamin D [pg/mL],Ferritin (ng/mL)",
            [("vitd_", 0, "ng/mL")],
        ),
    ],
)
def test_the_columns_of_a_wide_table_are_found(header: str, results: list[tuple[str, int, str]]) -> None:
    found = layout(header)
    assert found.wide
    assert [(m.label, m.columns["value"], m.unit) for m in found.results] == results


def test_a_test_named_without_a_unit_is_a_column_of_a_wide_table_too() -> None:
    found = layout("id,Vitamin D (ng/mL),B12,Vitamin D,Vitamin B12 (IU)")
    results = [(m.label, m.columns["value"], m.unit) for m in found.results]
    assert results == [("vitd_", 1, "ng/mL"), ("b12_", 2, None)]
    assert found.look_alikes == ("Vitamin D", "Vitamin B12 (IU)")


def test_what_else_the_header_of_a_wide_table_can_mean_is_known() -> None:
    header = "id;25-OH Vitamin D2 (ng/mL);25-OH Vitamin D3 (ng/mL);active_b12_pmol_l;Ferritin (ng/mL)"
    found = layout(header)
    (measured,) = found.results
    assert (measured.columns, bool(measured.doubt)) == ({"value": 2}, True)
    assert found.look_alikes == ("25-OH Vitamin D2 (ng/mL)", "active_b12_pmol_l")
    asked = layout(header, wide=("vitd=25-OH Vitamin D3 (ng/mL)",))
    assert (asked.results[0].doubt, asked.look_alikes) == (measured.doubt, ())
    assert layout("id,vitamin_d_ng_ml").results[0].doubt is None


def test_what_an_analyte_is_asked_for_by_can_leave_open_what_its_rows_are() -> None:
    for found in (
        layout("id,value,unit", analyte="25-OH vitamin D3"),
        layout("id,value", wide=("25-OH vitamin D3=value:ng/mL",)),
    ):
        assert "D3" in (found.results[0].doubt or "")
    assert layout("id,value,unit", analyte="25-OH vitamin D").results[0].doubt is None


def test_a_part_of_a_test_does_not_stand_for_all_of_it() -> None:
    found = layout("id,25-OH vitamin D3 (ng/mL),Vitamin D total")
    assert [(m.label, m.columns["value"], bool(m.doubt)) for m in found.results] == [
        ("vitd_", 1, True),
        ("vitd_2_", 2, False),
    ]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("id,Vitamin D (ng/mL),unit", {"value": 1, "unit": 2}),
        ("Operator,vitamin_b12_pmoll", {"comparator": 0, "value": 1}),
        ("vitd_ng_ml,low,high,flag", {"value": 0, "low": 1, "high": 2, "flag": 3}),
        ("vitd_ng_ml,reference_range,Probenmaterial", {"value": 0, "range": 1, "specimen": 2}),
    ],
)
def test_what_stands_beside_the_one_result_of_a_row_is_its_own(header: str, columns: dict[str, int]) -> None:
    found = layout(header)
    assert ([m.columns for m in found.results], found.wide) == ([columns], True)
    named = layout(header, wide=(f"{'b12' if 'b12' in header else 'vitd'}={columns['value'] + 1}",))
    assert ([m.columns for m in named.results], named.wide) == ([columns], True)


@pytest.mark.parametrize(
    ("header", "options", "columns"),
    [
        (
            "id,vitamin_d_ng_ml,vitamin_d_operator,b12_pg_ml,Vitamin B12 Sign",
            {},
            [{"value": 1, "comparator": 2}, {"value": 3, "comparator": 4}],
        ),
        (
            "vitd,vitd_unit,b12 (uom),b12,VITD abnormal flag",
            {},
            [{"value": 0, "unit": 1, "flag": 4}, {"value": 3, "unit": 2}],
        ),
        ("a,vitd_op,b", {"wide": ("vitd=a", "b12=b")}, [{"value": 0, "comparator": 1}, {"value": 2}]),
        ("vitd_op,vitd_ng_ml,b12_op", {}, [{"value": 1, "comparator": 0}]),
        ("op,vitd_op,vitd_ng_ml", {"comparator": "op"}, [{"value": 1 + 1, "comparator": 0}]),
        ("vitd_op,vitd_ng_ml", {"comparator": ""}, [{"value": 1, "comparator": 0}]),
        ("vitd_op,vitd_ng_ml,comparator", {"comparator": ""}, [{"value": 1, "comparator": 0}]),
        ("vitd_op,vitd_ng_ml,vitd_sign", {"comparator": ""}, [{"value": 1}]),
        ("vitd_op,vitd_ng_ml,vitd_nmol_l", {"comparator": ""}, [{"value": 1}, {"value": 2}]),
        ("vitd_qual,vitd_ng_ml,unit vitd", {}, [{"value": 1, "comparator": 0, "unit": 2}]),
        (
            "comparator,vitd_op,vitd_ng_ml,b12_op,b12_pg_ml",
            {},
            [{"value": 2, "comparator": 1}, {"value": 4, "comparator": 3}],
        ),
        ("vitd_flag,vitd_ng_ml,vitd_nmol_l", {}, [{"value": 1}, {"value": 2}]),
        (
            "specimen,vitd_ng_ml,b12_pg_ml,status",
            {},
            [{"value": 1, "specimen": 0, "status": 3}, {"value": 2, "specimen": 0, "status": 3}],
        ),
        (
            "vitd_material,vitd_ng_ml,vitd_nmol_l",
            {},
            [{"value": 1, "specimen": 0}, {"value": 2, "specimen": 0}],
        ),
    ],
)
def test_a_column_that_names_a_test_and_what_it_holds_is_that_tests_own(
    header: str, options: dict[str, object], columns: list[dict[str, int]]
) -> None:
    found = layout(header, **options)  # type: ignore[arg-type]
    assert [measured.columns for measured in found.results] == columns
    assert found.wide


def test_a_column_named_beside_one_of_a_wide_table_is_its_own() -> None:
    (measured,) = layout("id,vitd_op,vitd_ng_ml,b12_pg_ml", wide=("vitd=3",), comparator="vitd_op").results
    assert measured.columns == {"value": 2, "comparator": 1}


def test_an_empty_name_says_that_there_is_no_such_column() -> None:
    several = layout("id,comparator,vitd_ng_ml,b12_pg_ml", comparator="")
    assert [measured.columns for measured in several.results] == [{"value": 2}, {"value": 3}]
    (measured,) = layout("name,value,unit", analyte="vitd", test="").results
    assert measured.columns == {"value": 1, "unit": 2}


def test_an_analyte_that_is_asked_for_is_the_only_one_in_a_wide_table() -> None:
    (measured,) = layout("id,vitd_ng_ml,b12_pg_ml", analyte="b12").results
    assert measured.columns == {"value": 2}
    with pytest.raises(LabcheckError, match="no column is known to hold a value"):
        layout("id,vitd_ng_ml", analyte="b12")


@pytest.mark.parametrize(
    ("name", "unit"),
    [("Vitamin D (nM)", "nmol/L"), ("Vitamin D [ng/100 mL]", "ng/dL"), ("B12 (mcg/L)", "ug/L")],
)
def test_a_unit_in_brackets_can_be_spelled_in_any_way(name: str, unit: str) -> None:
    assert layout(f"id,{name}").results[0].unit == unit


def test_a_column_that_is_asked_for_has_the_unit_of_its_header() -> None:
    for name in ("serum_vitamin_d_nmol_l", "LBXVIDMS_nmol_L", "LBXVIDMS (nmol/L)", "LBXVIDMS nmol/L"):
        for wide in (f"vitd={name}", "vitd=2", "vitd=2:nmol/L"):
            (measured,) = layout(f"id,{name},x", wide=(wide,)).results
            assert (measured.columns, measured.unit) == ({"value": 1}, "nmol/L")
    assert layout("id,vidmsngml", wide=("vitd=vidmsngml",)).results[0].unit is None


def test_a_unit_in_the_values_header_counts_for_its_rows() -> None:
    assert layout("test,Result (nmol/L)").results[0].unit == "nmol/L"


def test_naming_the_columns_settles_how_a_table_is_read() -> None:
    header = "name,result,vitamin_d_ng_ml"
    assert not layout(header, value="result").wide
    assert layout(header, wide=("vitd=vitamin_d_ng_ml",)).wide


def test_columns_can_be_named_or_numbered() -> None:
    assert long("a,b,c,d", test="b", value="3", unit="D") == {"test": 1, "value": 2, "unit": 3}
    assert long("test,value,result", value="result") == {"test": 0, "value": 2}
    found = layout("SEQN,LBXVIDMS", wide=("vitd=LBXVIDMS:nmol/L",))
    assert (found.results[0].columns, found.results[0].unit, found.wide) == ({"value": 1}, "nmol/L", True)


def test_a_file_of_one_analyte_needs_no_test_column() -> None:
    (measured,) = layout("date,value,unit", analyte="vitd").results
    assert measured.analyte is built_in()["vitd"]
    assert measured.columns == {"value": 1, "unit": 2}


def test_a_colon_in_a_header_is_not_taken_for_the_one_before_a_unit() -> None:
    header = ["id", "vit:ng/mL", "vit"]
    (whole,) = find_layout(header, built_in(), asked={}, wide=("vitd=vit:ng/mL",)).results
    (parted,) = find_layout(header[2:], built_in(), asked={}, wide=("vitd=vit:ng/mL",)).results
    assert (whole.columns, whole.unit) == ({"value": 1}, "ng/mL")
    assert (parted.columns, parted.unit) == ({"value": 0}, "ng/mL")


@pytest.mark.parametrize(
    "name", ["Calcitriol (pg/mL)", "1,25-dihydroxy vitamin D [pg/mL]", "active_b12_pmol_l"]
)
def test_a_column_of_a_test_that_is_mistaken_for_ours_is_passed_over(name: str) -> None:
    header = ["id", name, "vitamin_d_ng_ml"]
    assert [m.columns for m in find_layout(header, built_in(), asked={}).results] == [{"value": 2}]
    with pytest.raises(LabcheckError, match="no column is known to hold a value"):
        find_layout(header[:2], built_in(), asked={})


def test_a_file_of_one_analyte_needs_no_names_for_its_concepts() -> None:
    (measured,) = layout("measurement_concept_id,value_as_number", analyte="vitd").results
    assert measured.columns == {"value": 1}


@pytest.mark.parametrize(
    ("header", "options", "sentence"),
    [
        (
            "a,b,c",
            {},
            "no column is known to hold a value; the columns are a, b, c; say which with --test or --loinc",
        ),
        ("test,b", {}, "no column is known to hold a value"),
        ("SEQN,LBXVIDMS", {"analyte": "vitd"}, "say which with --value, or --column vitd=COLUMN:UNIT"),
        (
            "Vitamin D,22,ng/mL",
            {},
            "the first line must name the columns, and has '22' where the values stand",
        ),
        ("a,value", {}, "no column is known to hold a test's name"),
        (
            "measurement_concept_id,value_as_number",
            {},
            "measurement_concept_id has numbers of concepts (join their concept_name or concept_code)",
        ),
        (
            "HADM_ID,ITEMID,VALUE",
            {},
            "ITEMID has numbers of items (join their label, as --test label, or loinc_code)",
        ),
        (
            "test,value,result",
            {},
            "can hold the value: value, result; the columns are test, value, result; say which with --value",
        ),
        ("test,test,value", {}, "more than one column can hold the test: test, test"),
        ("test,value", {"value": "x"}, "--value: no column is called 'x'; the columns are test, value"),
        ("test,value", {"value": "0"}, "--value: no column is called '0'"),
        ("test,value", {"value": "3"}, "--value: no column is called '3'"),
        ("test,value,value", {"value": "value"}, "--value: more than one column is called 'value'"),
        (
            "test,value",
            {"value": "test", "test": "test"},
            "two things; the columns are test, value; say which",
        ),
        (
            "name,result,vitamin_d_ng_ml",
            {},
            "by row (value in result) or by column (vitamin_d_ng_ml); say which with --value and --test",
        ),
        (
            "id;Vitamin D;Vitamin B12",
            {},
            "'Vitamin D' names a test, but no unit; if results stand in that col",
        ),
        (
            "test,value",
            {"low": "50"},
            "a number will do, too; a range of your own goes into --range, as in vi",
        ),
        ("test,value", {"range": "30-100"}, "a range of your own goes into --range, as in vitd=30-100"),
        ("test,value,low,lower_limit", {}, "more than one column can hold the low: low, lower_limit"),
        ("v,c", {"wide": ("vitd=v:ng/mL",), "test": "c"}, "and so does --test; leave one"),
        (
            "v,w,flag",
            {"wide": ("vitd=v:ng/mL", "b12=w:ng/L"), "flag": "flag"},
            "'flag' can hold the flag of v, w; judge one of them at a time",
        ),
        ("v,c", {"wide": ("vitd=v:ng/mL",), "analyte": "vitd"}, "and so does --analyte; leave one"),
        (
            ",".join(f"c{i}" for i in range(90)),
            {},
            "c49, ... (90 in all); say which with --test or --loinc and --value",
        ),
        ("a,b", {"wide": ("vitd",)}, "type it as in vitd=LBXVIDMS:nmol/L"),
        ("a,b", {"wide": ("vitd=x:nmol/L",)}, "no column is called 'x'"),
        ("a,b", {"wide": ("vitd=a:IU",)}, "'IU' cannot be converted"),
        ("a,b", {"wide": ("ferritin=a:ng/mL",)}, "no analyte is called 'ferritin'"),
        (
            "a,vitd_ng_ml",
            {"wide": ("vitd=vitd_ng_ml:nmol/L",)},
            "the header 'vitd_ng_ml' says ng/mL; leave the unit out, or correct it there",
        ),
        (
            "a,b12_pg_ml",
            {"wide": ("vitd=b12_pg_ml",)},
            "the header 'b12_pg_ml' names Vitamin B12; name the c",
        ),
        ("a,LBXVIDMS_ng_mL", {"wide": ("vitd=LBXVIDMS_ng_mL:nmol/L",)}, "header 'LBXVIDMS_ng_mL' says ng/mL"),
        (";".join(["a, b, c, d"] * 30), {}, "a, b, c, d, ... (30 in all); say which with --test or --loinc"),
        (
            "test,value" + ",vitd_ng_ml" * 30,
            {},
            "vitd_ng_ml, ... (30 in all)); say which with --value and --test, or with --column",
        ),
        (
            "id,vitd_ng_ml,b12_pg_ml,unit",
            {},
            "can hold the unit of vitd_ng_ml, b12_pg_ml; judge one of them at a time, with --column vitd=",
        ),
        (
            "id,comparator,v,w",
            {"wide": ("vitd=v:ng/mL", "b12=w:ng/L")},
            "'comparator' can hold the comparator of v, w; judge one of them at a time",
        ),
        (
            "vitd_op,vitd_ng_ml,vitd_nmol_l",
            {},
            "'vitd_op' can hold the comparator of vitd_ng_ml, vitd_nmol_l; judge one of them at a time",
        ),
        (
            "vitd_op,vitd_ng_ml,vitd_sign",
            {},
            "more than one column can hold the comparator: vitd_op, vitd_sign",
        ),
        (
            "comparator,vitd_op,vitd_ng_ml",
            {},
            "comparator: comparator, vitd_op; say which with --comparator, or that none does with --compar",
        ),
        (
            "vitd_ng_ml,vitd_status,b12_pg_ml,b12_status,status",
            {},
            "more than one column can hold the status: status, vitd_status; say which with --status",
        ),
        (
            "vitd_ng_ml,vitd_specimen,specimen",
            {},
            "more than one column can hold the specimen: specimen, vitd_specimen",
        ),
        (
            "a,b",
            {"wide": ("vitd=2:ng/mL", "vitd=b:nmol/L")},
            "--column names 'b' twice for Vitamin D; name it once",
        ),
        ("a,B12", {"wide": ("vitd=B12:ng/mL",)}, "the header 'B12' names Vitamin B12"),
        (
            "a;1,25-OH Vitamin D (pg/mL)",
            {"wide": ("vitd=2",)},
            "names another test: '1,25-OH Vitamin D' is not Vitamin D",
        ),
        *(
            (
                "a," + name,
                {"analyte": "vitd", "value": "2"},
                f"the header '{name}' of its results names",
            )
            for name in ("Vitamin B12 (ng/mL)", "25-OH Vitamin D2 (ng/mL)", "Vitamin D urine")
        ),
        ("a,Calcitriol", {"wide": ("vitd=2:pg/mL",)}, "names another test: 'Calcitriol' is not Vitamin D"),
        (
            "serum_25_hydroxyvitamin_d_of_the_first_visit,b",
            {"value": "serum_25_hydroxyvitamin_d_of_the_first_visi"},
            "the columns are serum_25_hydroxyvitamin_d_of_the_first_v…, b",
        ),
    ],
)
def test_what_does_not_settle_the_columns_is_told(
    header: str, options: dict[str, str], sentence: str
) -> None:
    with pytest.raises(LabcheckError) as caught:
        layout(header, **options)  # type: ignore[arg-type]
    assert sentence in caught.value.text


@pytest.mark.parametrize(
    ("role", "name"),
    [
        *(("range", name) for name in ("Ref Interval", "Reference limits", "Ref.-Bereich", "RefRange")),
        *(
            ("range", name)
            for name in ("Biological Reference Interval", "Normal values", "Referentiewaarden")
        ),
        *(("low", name) for name in ("LLN", "Ref Range Low", "ref_lo", "LowerLimit")),
        *(("high", name) for name in ("ULN", "Ref Range High", "ref_hi", "UpperLimit")),
        *(("flag", name) for name in ("Abn", "H/L", "Kennzeichen", "Bewertung")),
    ],
)
def test_a_laboratorys_own_range_and_flag_have_many_names(role: str, name: str) -> None:
    assert long(f"test,value,unit,{name}") == {"test": 0, "value": 1, "unit": 2, role: 3}


def test_a_value_that_is_asked_for_is_in_the_unit_of_its_header() -> None:
    (measured,) = layout("id,vitd_ng_ml", analyte="vitd", value="vitd_ng_ml").results
    assert (measured.columns["value"], measured.unit) == (1, "ng/mL")


@pytest.mark.parametrize("header", ["id,test,result_nmol_l", "id,test,Result (nmol/L)"])
def test_a_value_without_a_test_in_its_header_has_the_unit_of_it(header: str) -> None:
    (measured,) = layout(header, value="3").results
    assert measured.unit == "nmol/L"


def test_a_unit_that_is_called_like_the_column_of_results_is_theirs() -> None:
    (measured,) = layout("id,dis,dis_unit", wide=("vitd=dis",)).results
    assert dict(measured.columns) == {"value": 1, "unit": 2}


@pytest.mark.parametrize(
    "header",
    ["Bepaling,Uitslag,Eenheid", "Esame,Risultato,Unità", "Badanie,Wynik,Jednostka"],
)
def test_headers_of_more_languages_are_known(header: str) -> None:
    assert long(header) == {"test": 0, "value": 1, "unit": 2}


@pytest.mark.parametrize(("role", "name"), [("comparator", "vitd_lt"), ("flag", "vitd_comment")])
def test_a_column_that_is_asked_for_is_of_the_test_that_its_name_begins_with(role: str, name: str) -> None:
    vitd, b12 = find_layout(["id", "vitd_ng_ml", "b12_pg_ml", name], built_in(), asked={role: name}).results
    assert dict(vitd.columns) == {"value": 1, role: 3}
    assert dict(b12.columns) == {"value": 2}


def test_what_is_surely_of_a_range_outweighs_what_can_be() -> None:
    found = long("test,value,unit,min,max,lln,uln,norm,RefRange")
    assert {role: found[role] for role in ("low", "high", "range")} == {"low": 5, "high": 6, "range": 8}


def test_the_ends_of_a_tests_own_range_stand_beside_it_in_a_wide_table() -> None:
    header = "vitd_ng_ml,vitd_ref_low,ULN vitd,b12_pg_ml,b12_low,b12_high"
    vitd, b12 = layout(header).results
    assert dict(vitd.columns) == {"value": 0, "low": 1, "high": 2}
    assert dict(b12.columns) == {"value": 3}  # which can be marks


def test_a_column_that_is_named_holds_nothing_else() -> None:
    header = "measurement_source_value,value_as_number,unit_source_value"
    assert long(header, loinc="measurement_source_value") == {"loinc": 0, "value": 1, "unit": 2}
    assert long("test,name,value", loinc="test") == {"loinc": 0, "test": 1, "value": 2}


def test_a_header_that_names_a_test_alone_has_results_in_the_unit_that_is_given() -> None:
    def found(header: str, *units: str) -> list[tuple[str, int, str | None]]:
        results = find_layout(header.split(";"), built_in(), asked={}, units=units).results
        return [(one.label, one.columns["value"], one.unit) for one in results]

    assert found("pat;Vitamin D;B12", "b12", "vitd") == [("vitd_", 1, None), ("b12_", 2, None)]
    assert found("pat;Vitamin D;B12", "b12") == [("vitd_", 1, None), ("b12_", 2, None)]
    assert found("pat;B12;vitd ng/mL", "b12", "vitd") == [("b12_", 1, None), ("vitd_", 2, "ng/mL")]
    assert found("vitd;vitd ng/mL;Calcitriol", "vitd") == [("vitd_", 1, "ng/mL")]


@pytest.mark.parametrize("delimiter", [";", "|", "\t"])
def test_a_header_that_was_not_split_is_told_with_what_splits_it(delimiter: str) -> None:
    header = [delimiter.join(["Test", "Wert", "Einheit"])]
    with pytest.raises(LabcheckError, match="say what stands between them with --delimiter"):
        find_layout(header, built_in(), asked={})


@pytest.mark.parametrize("role", ["specimen", "comparator", "unit", "range", "flag", "status"])
def test_what_a_role_is_called_is_known_behind_and_before_a_tests_name(role: Role) -> None:
    for name in names_of(role):
        for header in (f"vitd_{name}", f"{name}_vitd"):
            vitd, b12 = layout(f"vitd_ng_ml,b12_pg_ml,{header}").results
            assert (header, vitd.columns.get(role), role in b12.columns) == (header, 2, False)


@pytest.mark.parametrize(
    "header", ["test,result,unit,test_2,result_2,unit_2", "test_name,value,test_name2,value2"]
)
def test_a_second_result_of_each_row_is_not_passed_over(header: str) -> None:
    with pytest.raises(LabcheckError, match="holds a second result of each row; judge one at a time"):
        layout(header)
    names = header.split(",")
    assert long(header, test=names[0], value=names[1])["value"] == 1


def test_the_columns_of_i2b2_are_known() -> None:
    assert long("PATIENT_NUM,NAME_CHAR,TVAL_CHAR,NVAL_NUM,VALUEFLAG_CD,UNITS_CD") == {
        "test": 1,
        "comparator": 2,
        "value": 3,
        "flag": 4,
        "unit": 5,
    }


@pytest.mark.parametrize(
    ("header", "unit"), [("id,B12 (pM)", "pmol/L"), ("id,vitd,vitd_unit,B12 (PM)", None)]
)
def test_the_time_of_the_day_is_no_unit(header: str, unit: str | None) -> None:
    found = [one.unit for one in layout(header).results if one.analyte and one.analyte.id == "b12"]
    assert found == ([unit] if unit else [])
