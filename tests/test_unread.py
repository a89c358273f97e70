import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labcheck.catalogue import built_in
from labcheck.errors import Usage
from labcheck.sources.columns import find_layout
from labcheck.sources.records import records
from labcheck.sources.unread import FIRST, Unread, UnreadText
from tests.conftest import Labcheck
from tests.tables import piped


def unread(header: str, *, analyte: str | None = None, units: Collection[str] = (), **asked: str) -> Unread:
    names = header.split(",")
    wide = ("vitd=v:ng/mL",) if "v" in names else ()
    layout = find_layout(names, built_in(), asked=asked, wide=wide, analyte=analyte)
    return Unread(names, layout, asked, built_in().identifier, units)


def said(check: Callable[..., None], *args: object, **options: object) -> str | None:
    try:
        check(*args, **options)
    except Usage as error:
        return error.text
    return None


def in_rows(
    header: str, *rows: str, analyte: str | None = None, units: Collection[str] = (), **asked: str
) -> str | None:
    cells = [(number, row.split(",")) for number, row in enumerate(rows, 2)]
    looked = unread(header, analyte=analyte, units=units, **asked)
    return said(looked.check, cells) or said(looked.decide)


def hold_asked(header: str, row: str, finding: str, advice: str) -> None:
    text = in_rows(header, row)
    assert text is not None
    assert finding in text
    assert advice in text


@pytest.mark.parametrize(
    ("header", "row", "finding", "advice"),
    [
        *(
            (
                "test,op,value,unit",
                f"vitd,{sign},31,ng/mL",
                f"has '{sign.strip()}' by itself",
                "--comparator 'op'",
            )
            for sign in ("<", " > ", "≥", "=<", "LT", "less than")
        ),
        ("test,x,x,value,unit", "vitd,,<,31,ng/mL", "'x' (column 3, row 2) has '<'", "--comparator 3, or"),
        ("test,value,unit,comparator,x", "vitd,31,ng/mL,,<", "has '<'", "--comparator 'comparator'"),
        ("test,value,unit,x", "vitd,31,ng/mL,<LOD", "a value was off the scale", "--flag 'x', or that"),
        ("a,v,x", "1,31,L <", "a value was off the scale", "it is not with --flag ''"),
        ("vitd_ng_ml,b12_pg_ml,flag", "31,300,<", "has '<' by itself", "--comparator 'flag'"),
        ("test,value,unit,text", "vitd,45,ng/mL,＜45", "where '45' is read", "the results with --value"),
        ("test,value,unit,text", "vitd,45,ng/mL,⩽ 45", "where '45' is read", "the results with --value"),
        ("test,value,unit,text", "vitd,45,ng/mL,LESS THAN 45", "where '45' is read", "with --value"),
        ("test,value,unit,order", "vitd,45,ng/mL,Vitamin D 1 25 dihydroxy", "is another test", "--component"),
        ("test,value,unit,order", "b12,450,pg/mL,Active B12", "is another test", "--component 'order'"),
        ("id,Vitamin D (ng/mL)", ",nmol/L", "has the unit 'nmol/L', where a value is due", "--column"),
        ("test,value,unit,BLQ", "vitd,4,ng/mL,Y", "marks a value beyond the assay", "--comparator ''"),
        ("test,value,unit,detected", "vitd,4,ng/mL,0", "marks a value beyond the assay", "--comparator ''"),
        ("test,value,unit,above_lod", "vitd,4,ng/mL,No", "marks a value beyond the assay", "--comparator ''"),
        ("vitd_ng_ml,vitd_quantifiable", "4,FALSE", "marks a value beyond the assay", "--comparator ''"),
        ("test,value,unit,above_uloq", "vitd,150,ng/mL,1", "marks a value beyond the assay", "--comparator"),
        ("test,value,unit,x", "vitd,4,ng/mL,Not detected", "was off the scale", "--flag 'x'"),
        *(
            (f"{head},{column}", f"{row},{cell}", "marks a value beyond the assay", "--comparator ''")
            for head, row in (("vitd_ng_ml", "15"), ("vitd_ng_ml,b12_pg_ml", "15,300"))
            for column, cell in (
                ("vitd_ng_ml_below_lod", "1"),
                ("below_lod_vitd_ng_ml", "ja"),
                ("vitd_cens", "left"),
                ("vitd_nd", "1"),
                ("vitd_detect_flag", "N"),
            )
        ),
        *(
            ("test,value,unit,c", f"b12,150,pmol/L,{cell}", "where '150' is read", "with --value")
            for cell in ("&lt;150", "(<150)", "<LOQ (150)", "lt 150", "150 or less", "*<150", "< 300", "<212")
        ),
        *(
            ("test,value,unit,c", f"b12,150,pmol/L,{cell}", "was off the scale", "--flag 'c'")
            for cell in ("BLQ", "Unter Nachweisgrenze", "below reporting limit", "not quantifiable")
        ),
        *(("test,value,unit,c", f"b12,150,pmol/L,{sign}", "by itself", "--comparator") for sign in "≦﹤〈‹"),
        ("test,value,unit,c", "b12,150,pmol/L,&lt;", "has '&lt;' by itself", "--comparator 'c'"),
        ("test,value,unit,lab", "vitd,45,ng/mL,2132-9", "is a LOINC code", "--loinc 'lab'"),
        ("test,result,unit,result_op", "vitd,22,ng/mL,<", "by itself", "--comparator 'result_op'"),
        ("vitd_ng_ml,collection_time,censored", "4,09:30,1", "marks a value beyond", "--comparator"),
        ("test,value,unit,reference_lab", "vitd,22,ng/mL,<22", "where '22' is read", "--value"),
        ("test,value,unit,comment", "vitd,22,ng/mL,Active B12", "another test", "--component"),
        ("vitd_ng_ml,vd_sign,crp", "22,<,0.3", "by itself", "--comparator"),
        ("test,value,unit,lab", "vitd,45,ng/mL,1649-3", "is a LOINC code", "--loinc 'lab'"),
        (
            "test,value,unit,long",
            "vitd,45,ng/mL,Calcitriol [Mass/volume] in Serum or Plasma",
            "is another test",
            "--component 'long'",
        ),
        ("test,value,unit,order", "vitd,45,ng/mL,holo TC", "is another test", "--component 'order'"),
        ("test,value,unit,order_state", "vitd,45,ng/mL,Cancelled", "there is no result", "--status 'order_s"),
        ("test,value,unit,comment", "vitd,45,ng/mL,storniert", "there is no result", "--status 'comment'"),
        ("test,value,unit,is_deleted", "vitd,45,ng/mL,1", "a row does not count", "leave such rows out"),
        ("vitd_ng_ml,valid", "45,FALSE", "a row does not count", "that they count with --status ''"),
        ("vitd_ng_ml,order_status", "45,rejected", "there is no result", "--status"),
        ("test,value,unit,tube", "vitd,45,ng/mL,Dried blood spot", "is no blood", "--specimen 'tube'"),
        ("vitd_ng_ml,Messeinheit", "45,nmol/L", "is a unit", "--unit-column 'Messeinheit'"),
        ("test,value,x", "vitd,45,nM", "is a unit", "--unit-column 'x'"),
        ("vitd_ng_ml,b12_pg_ml", "nM,pM", "has the unit 'nM', where a value is due", "--column"),
        (
            "test,value,unit,range,range_unit",
            "vitd,60,nmol/L,30-100,ng/mL",
            "'ng/mL', where ranges stand beside results in nmol/L",
            "'30-100 ng/mL'",
        ),
        *(
            (
                f"test,{value},unit,{other}",
                "vitd,22,ng/mL,35",
                "which can be the value, too",
                f"--value '{other}'",
            )
            for value, other in (
                ("result", "corrected_result"),
                ("Conc", "Final Conc"),
                ("value", "value_2"),
                ("value", "value2"),
                ("result", "result.1"),
                ("result", "result_v2"),
                ("Wert", "korrigierter Wert"),
                ("result", "corrected"),
            )
        ),
        ("test,value,unit,LBLLOQFL", "vitd,4,ng/mL,Y", "marks a value beyond the assay", "--comparator ''"),
        ("test,value,unit,x", "vitd,45,ng/mL,at most", "has 'at most' by itself", "--comparator 'x'"),
        ("test,value,unit,text", "vitd,45,ng/mL,<45", "where '45' is read", "the results with --value"),
        ("test,value,unit,text", "vitd,45.0,ng/mL,> 45", "where '45.0' is read", "the results with --value"),
        ("vitd_ng_ml,text", "45,<45", "where '45' is read", "--column vitd=COLUMN:UNIT"),
        ("test,value,unit,text", "vitd,45,ng/mL,<45 ng/mL", "where '45' is read", "--value"),
        ("test,value,unit,status", "vitd,45,ng/mL,<", "has '<' by itself", "--comparator 'status'"),
        ("test,value,unit,specimen", "vitd,45,ng/mL,>", "has '>' by itself", "--comparator 'specimen'"),
        ("vitd_ng_ml,vitd3,vitd3_op", "45,2,<", "'vitd3_op' (column 3, row 2) has '<'", "--comparator"),
        ("test,value,x", "vitd,45,nmol/L", "is a unit", "--unit-column 'x', or that it is not with"),
        ("test,value,x", "vitd,45,ng%", "is a unit", "--unit-column ''"),
        ("test,value (ng/mL),x", "vitd,45,nmol/L", "is a unit", "--unit-column"),
        ("test,value,unit,below_lod", "vitd,4,ng/mL,1", "marks a value beyond the assay", "--comparator ''"),
        (
            "vitd_ng_ml,b12_pg_ml,vitd_censored",
            "4,300,TRUE",
            "marks a value beyond",
            "write '<' into a column",
        ),
        ("test,value,unit,value_lt_lod", "vitd,4,ng/mL,y", "marks a value beyond the assay", "--comparator"),
        (
            "vitd_ng_ml,b12_pg_ml,below_detection_limit_b12",
            "4,300,1",
            "marks a value beyond",
            "--comparator ''",
        ),
        ("test,value,normalized_unit", "vitd,45,nmol/L", "is a unit", "--unit-column 'normalized_unit'"),
        ("test,value,unit,rslt_mod", "vitd,22,ng/mL,LT", "by itself", "--comparator 'rslt_mod'"),
        ("test,value,unit,test_cancelled", "vitd,22,ng/mL,1", "a row does not count", "--status ''"),
        ("test,value,unit,below_reporting_limit", "vitd,22,ng/mL,1", "marks a value", "--comparator ''"),
        ("test,value,unit,bql", "vitd,22,ng/mL,Y", "marks a value", "--comparator ''"),
        ("test,value,unit,x", "vitd,45,nmol/L,Urine", "is no blood", "--specimen 'x'"),
        ("test,value,unit,x", "vitd,45,nmol/L,Urine 24h collection", "is no blood", "--specimen 'x'"),
    ],
)
def test_what_would_change_a_verdict_is_asked_about(header: str, row: str, finding: str, advice: str) -> None:
    hold_asked(header, row, finding, advice)


@pytest.mark.parametrize(
    ("header", "rows", "asked"),
    [
        (
            "test,value,unit,x",
            ["vitd,31,ng/mL,<5", "vitd,31,ng/mL,<>", "vitd,31,ng/mL,-", "vitd,31,ng/mL,"],
            {},
        ),
        ("test,value,unit,x", ["vitd,31,ng/mL,=", "vitd,31,ng/mL,EQ", "vitd,31,ng/mL,> 3 months"], {}),
        ("test,value,unit,x", ["vitd,31,ng/mL,LT", "vitd,31,ng/mL,DE"], {}),
        ("test,value,unit,Country", ["vitd,31,ng/mL,LT", "vitd,31,ng/mL,GE"], {}),
        ("test,value,unit,x,y", ["vitd,31,ng/mL,above,>>", "vitd,31,ng/mL,up,<<"], {}),
        ("test,value,unit,target", ["vitd,30,ng/mL,>30", "vitd,31,ng/mL,>30"], {}),
        ("test,value,unit,x", ["Albumin,22,mg/L,Urine", "Albumin,22,mg/L,<", "Albumin,22,mg/L,LT"], {}),
        ("test,value,unit,comparator,raw", ["vitd,4,ng/mL,<,<4", "vitd,4,ng/mL,LT,<4.0"], {}),
        ("test,value,unit,comparator,x", ["vitd,4,ng/mL,=,GE", "vitd,4,ng/mL,<,>"], {}),
        ("id,vitd,vitd_unit,b12_pg_ml,x", ["1,22,ng/mL,300,mmol/L"], {}),
        ("test,op,value,unit", ["vitd,<,31,ng/mL"], {"comparator": ""}),
        ("test,op,value,unit", ["vitd,<,31,ng/mL"], {"comparator": "op"}),
        ("test,value,unit,comparator,x", ["vitd,31,ng/mL,,<"], {"comparator": "comparator"}),
        ("test,value,unit,x", ["vitd,31,ng/mL,<LOD"], {"flag": ""}),
        ("test,value,unit,text", ["vitd,45,ng/mL,<45"], {"value": "value", "comparator": ""}),
        ("test,value,unit,text", ["vitd,45,ng/mL,<46", "vitd,<45,ng/mL,<45", "vitd,,ng/mL,<45"], {}),
        ("test,value,unit,x", ["vitd,45,ng/mL,nmol/L"], {}),
        ("test,value (ng/mL),x", ["vitd,45,ng/mL", "vitd,45,1/2", "vitd,45,100%"], {}),
        ("test,value,x", ["vitd,45,nmol/L"], {"unit": ""}),
        ("vitd_ng_ml,x", ["45,nmol/L"], {}),
        ("test,value,unit,specimen,x", ["vitd,45,nmol/L,Serum,Urine"], {}),
        ("test,value,unit,x", ["vitd,45,nmol/L,Urine culture", "vitd,45,nmol/L,u"], {}),
        ("test,value,unit,x", [f"vitd,45,nmol/L,{'<' * 41}", "vitd"], {}),
        ("test,value,unit,comparator,raw", ["vitd,4,ng/mL,OT,<4", "vitd,5,ng/mL,=,5"], {}),
        ("test,value,unit,order", ["vitd,45,ng/mL,Vitamin D", "vitd,45,ng/mL,B12 shots"], {}),
        ("test,value,unit,order", ["vitd,45,ng/mL,Active B12"], {"component": ""}),
        ("id,Vitamin D (ng/mL)", [",ng/mL", "1,n/a"], {}),
        ("test,value,unit,below_lod", ["vitd,45,ng/mL,0", "vitd,45,ng/mL,", "Ferritin,45,ng/mL,1"], {}),
        ("test,value,unit,detected", ["vitd,45,ng/mL,1", "vitd,45,ng/mL,", "Ferritin,45,ng/mL,0"], {}),
        ("test,value,unit,above_lod", ["vitd,45,ng/mL,yes", "HIV,,,Not detected"], {}),
        ("vitd_ng_ml,ferritin_detected,covid", ["45,0,Not detected"], {}),
        ("test,value,unit,detected", ["vitd,4,ng/mL,0"], {"comparator": ""}),
        ("test,value,unit,c", ["vitd,20,ng/mL,<40", "vitd,25,ng/mL,<40"], {}),
        (
            "test,value,unit,c",
            ["vitd,20,ng/mL,out of range", "vitd,20,ng/mL,ND", "vitd,2,ng/mL,3 or less"],
            {},
        ),
        ("test,value,unit,birth", ["vitd,20,ng/mL,Mar-89"], {}),
        (
            "test,value,unit,comment",
            ["vitd,20,ng/mL,Not done last year", "vitd,20,ng/mL,A pending matter"],
            {},
        ),
        ("vitd_ng_ml,covid", ["45,pending"], {}),
        ("test,value,unit,valid,void", ["vitd,20,ng/mL,1,0", "ferritin,20,ng/mL,0,1"], {}),
        ("test,value,unit,hair_color", ["vitd,20,ng/mL,Hair"], {}),
        ("vitd_ng_ml,sex,time,iron_unit", ["45,M,PM,ng/mL", "45,F,AM,"], {}),
        ("test,value,unit,range,range_unit", ["vitd,60,nmol/L,75-250,nmol/L"], {}),
        ("test,value,unit,value_new", ["vitd,20,ng/mL,Y", "vitd,20,ng/mL,1", "vitd,20,ng/mL,"], {}),
        ("test,value,unit,previous_result", ["vitd,20,ng/mL,35"], {}),
        ("test,value,unit,order_status", ["vitd,20,ng/mL,Ordered", "vitd,20,ng/mL,Pending"], {}),
        ("test,value,unit,medication", ["vitd,20,ng/mL,Calcitriol"], {}),
        ("test,value,unit,dna_source", ["vitd,20,ng/mL,Saliva"], {}),
        ("test,value,unit,sample_id", ["vitd,20,ng/mL,U10023"], {}),
        ("test,value,unit,sample_qc", ["vitd,20,ng/mL,QC passed"], {}),
        ("test,value,unit,country_of_birth", ["vitd,20,ng/mL,LT"], {}),
        ("test,value (ng/mL),am_pm,creatinine_unit", ["vitd,20,pm,mg/dL"], {}),
        ("test,value,unit,covid_result", ["vitd,20,ng/mL,Not detected"], {}),
        *(
            ("test,value,unit,Goal", [f"vitd,30,ng/mL,{text}"], {})
            for text in (">30", "> 30 ng/mL", "<60", ">")
        ),
        *(
            (f"test,value,unit,{name}", [f"vitd,22,ng/mL,{cell}"], {})
            for name, cell in (
                ("fasting_at_collection", "U"),
                ("sample_quality", "Good quality"),
                *(("comment", cell) for cell in ("slightly hemolyzed", "Test done", "specimen pending")),
                ("ethnicity", "Not reported"),
                ("active", "0"),
                ("samples_collected", "blood and urine"),
                ("collection_location", "Bone Marrow Transplant"),
                ("arm", "Cholecalciferol"),
                ("Kanton", "GE"),
                ("rs7041", "GT"),
                ("technician", "LE"),
                ("bmi_class", "Over"),
                ("Trend", ">"),
                ("ref_operator", ">"),
                ("consent_status", "withdrawn"),
                ("Rechnung", "storniert"),
                ("order_loinc_code", "1989-3"),
                ("rule", "12 < 22: deficient"),
                ("comment", "is 22 ng/mL (goal > 30)"),
                ("viral_load", "Undetectable"),
            )
        ),
        ("vitd_ng_ml,crp_op,crp", ["22,<,0.3"], {}),
        ("vitd_ng_ml,uacr", ["22,Urine"], {}),
        ("vitd_nmol_l,follow_up,censored", ["55,12,1"], {}),
        ("test,result,creatinine,creatinine_unit", ["vitd,22 ng/mL,80,umol/L"], {}),
        ("test,value,unit,range,ref_unit", ["vitd,20,ng/mL,30-100,ug/L", "vitd,,,30-100,ng/mL"], {}),
        ("vitd_ng_ml,ferritin_below_lod,epi_vitd_censored", ["45,1,1"], {}),
    ],
)
def test_other_cells_are_passed_over(header: str, rows: list[str], asked: dict[str, str]) -> None:
    assert in_rows(header, *rows, **asked) is None


@pytest.mark.parametrize(
    ("header", "row", "finding", "advice"),
    [
        ("test,value,unit,status,deleted", "vitd,35,ng/mL,final,1", "does not count", "--status 'status'"),
        ("test,value,unit,status,text", "vitd,35,ng/mL,final,cancelled", "no result", "--status 'status'"),
        (
            "test,value,unit,result_status,status",
            "vitd,35,ng/mL,F,entered in error",
            "no result",
            "leave such rows out, or say that they count with --status 'result_status'",
        ),
        (
            "test,value,unit,result_status,status",
            "vitd,35,ng/mL,,entered in error",
            "no result",
            "--status 'status', or that it is not with --status 'result_status'",
        ),
        ("test,value,unit,flag,q", "vitd,35,ng/mL,,< LOD", "off the scale", "not with --flag 'flag'"),
        ("test,value,unit,flag,q", "vitd,8,ng/mL,L,BLQ", "off the scale", "not with --flag 'flag'"),
        (
            "test,value,unit,comparator,below_lod",
            "vitd,8,ng/mL,=,1",
            "marks a value",
            "counts with --comparator 'comparator'",
        ),
        ("test,value,unit,specimen,tube", "vitd,35,ng/mL,,Urine", "is no blood", "--specimen 'specimen'"),
        ("test,value,unit,specimen_type,material", "vitd,35,ng/mL,S,Urin", "is no blood", "'specimen_type'"),
        (
            "test,value,unit,description,order",
            "vitd,35,ng/mL,,Calcitriol",
            "another test",
            "not with --component 'description'",
        ),
        ("test,value,unit,loinc,lab", "vitd,45,ng/mL,,1649-3", "is a LOINC code", "--loinc 'loinc'"),
        ("vitd_ng_ml,status,deleted", "35,,1", "does not count", "count with --status 'status'"),
        ("vitd_ng_ml,vitd_op,vitd_below_lod", "8,,1", "marks a value", "with --comparator 'vitd_op'"),
    ],
)
def test_a_column_of_a_role_does_not_settle_what_another_says_against_it(
    header: str, row: str, finding: str, advice: str
) -> None:
    hold_asked(header, row, finding, advice)


@pytest.mark.parametrize(
    ("header", "row", "asked"),
    [
        ("test,value,unit,comparator,below_lod", "vitd,8,ng/mL,<,1", {}),
        ("test,value,unit,comparator,below_lod", "vitd,8,ng/mL,,1", {"comparator": "comparator"}),
        ("test,value,unit,below_lod,comment", "vitd,<8,ng/mL,1,below detection limit", {}),
        ("test,value,unit,flag,comment", "vitd,8,ng/mL,<,below detection limit", {}),
        ("test,value,unit,status,comment", "vitd,8,ng/mL,cancelled,cancelled", {}),
        ("test,value,unit,status,deleted", "vitd,8,ng/mL,entered in error,1", {}),
        ("test,value,unit,specimen,tube", "vitd,8,ng/mL,Urine,Urine", {}),
        ("test,value,unit,order", "Calcitriol,8,pg/mL,Calcitriol", {}),
        ("test,value,unit,description,order", "vitd,8,ng/mL,Calcitriol,Calcitriol", {}),
        ("test,value,unit,loinc,lab", "x,45,ng/mL,1989-3,1649-3", {}),
        ("vitd_ng_ml,b12_pg_ml,vitd_op,b12_op,vitd_below_lod", "8,300,<,,1", {}),
        ("vitd_ng_ml,b12_pg_ml,vitd_op,b12_op,other", "8,300,,,<", {}),
        ("test,value,unit,si_unit", "vitd,8,,nmol/L", {}),
        ("test,value (ng/mL),x", "vitd,8,µg/L", {}),
        ("id,Vitamin D (ng/mL)", ",ug/L", {}),
        ("province,vitd_ng_ml", "QC,34", {}),
        ("initials,vitd_ng_ml", "SD,34", {}),
    ],
)
def test_what_a_row_says_already_is_not_asked_about(header: str, row: str, asked: dict[str, str]) -> None:
    assert in_rows(header, row, **asked) is None


@pytest.mark.parametrize(
    ("row", "stops"),
    [
        ("vitd,35,,nmol/L", True),
        ("vitd,35,,ng/mL", False),
        ("vitd,35,,µg/L", False),
        ("vitd,35,ng/mL,nmol/L", False),
    ],
)
def test_a_unit_is_asked_about_where_another_would_be_taken(row: str, *, stops: bool) -> None:
    text = in_rows("test,value,unit,original_unit_text", row, units={"ng/mL"})
    assert (text is not None) is stops


@pytest.mark.parametrize(
    ("header", "row", "finding", "advice"),
    [
        ("vitd_ng_ml,vitd_comment", "8,below LOD", "off the scale", "--flag 'vitd_comment'"),
        (",id,vitd_ng_ml", ",Mean ± SD,34", "a row does not count", "leave such rows out"),
        ("id,vitd_ng_ml", "Mean,34", "a row does not count", "leave such rows out"),
        ("sample,vitd_ng_ml,b12_pg_ml", "LOD,3,", "a row does not count", "count with --status ''"),
        ("sample,vitd_ng_ml", "QC Level 1,30", "a row does not count", "leave such rows out"),
        ("vitd_ng_ml,vitd_remark", "8,BLQ", "off the scale", "--flag 'vitd_remark'"),
        ("vitd_ng_ml,comment", "8,below detection limit", "off the scale", "--flag 'comment'"),
        ("vitd_ng_ml,b12_pg_ml,comment", "8,300,not detected", "off the scale", "--flag 'comment'"),
        ("vitd_ng_ml,vitd_lt", "8,1", "marks a value", "--comparator ''"),
        ("vitd_ng_ml,comment", "8,cancelled", "there is no result", "--status 'comment'"),
        ("vitd_ng_ml,source", "8,urine", "is no blood", "--specimen 'source'"),
        ("vitd_ng_ml,corrected_result", "8,45", "can be the value, too", "--column vitd=COLUMN:UNIT"),
    ],
)
def test_a_wide_table_is_asked_about_remarks_on_its_results(
    header: str, row: str, finding: str, advice: str
) -> None:
    hold_asked(header, row, finding, advice)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("vitd_ng_ml,crp_comment", "8,below LOD"),
        ("vitd_ng_ml,covid_comment", "8,Not detected"),
        ("vitd_ng_ml,comment", ",below LOD"),
        ("vitd_ng_ml,b12_pg_ml,b12_comment", "8,,below LOD"),
        ("vitd_ng_ml,visit", "8,cancelled"),
        ("id,vitd_ng_ml", "LOD,"),
        ("id,vitd_ng_ml,state", "S1,35,SD"),
        ("id,vitd_ng_ml", "QCL7781-2,35"),
        ("vitd_ng_ml,lt", "8,1"),
        ("vitd_ng_ml,lt_flag,mdl_flag,gt_flag,verified", "8,0,N,,Y"),
        ("vitd_ng_ml,email_verified", "8,N"),
        ("vitd_ng_ml,b12_pg_ml,corrected_result", "8,300,45"),
    ],
)
def test_a_wide_table_is_not_asked_about_remarks_on_something_else(header: str, row: str) -> None:
    assert in_rows(header, row) is None


@pytest.mark.parametrize(
    ("column", "cell", "finding"),
    [
        *((name, "1", "does not count") for name in ("del_flag", "voided_ind", "excluded", "superseded")),
        *((name, "Y", "does not count") for name in ("delete_flag", "deleted_yn", "cancel_flag", "exclude")),
        *((name, "nein", "does not count") for name in ("gültig", "usable", "is_valid", "row_valid")),
        *((name, "0", "does not count") for name in ("ACTIVE_IND", "is_active_flag", "reportable")),
        *((name, "N", "does not count") for name in ("verified", "Validated", "result_released_flag")),
        ("Use Record", "False", "does not count"),
        ("Censor", "LT", "by itself"),
        *((name, "2023-01-02", "does not count") for name in ("voided", "cancelled_at", "deleted_date")),
        *((name, "ja", "does not count") for name in ("ungültig", "storniert", "annulé", "result_deleted")),
        *(
            (name, "1", "beyond the assay")
            for name in ("below_limit_of_detection", "undetectable", "is_below_lod")
        ),
        *(
            (name, "1", "beyond the assay")
            for name in ("belowLOD", "AboveMeasuringRange", "above_uloq", "vitd_gt")
        ),
        *((name, "right", "beyond the assay") for name in ("censored", "censoring", "cens_type")),
        *((name, "ND", "write '<'") for name in ("detect", "mdl_flag", "lod_flag", "gt_flag")),
        *((name, "1", "write '<'") for name in ("lt_flag", "less_than_ind", "mdl_flag")),
        *((name, "1", "write '>'") for name in ("gt_flag", "uloq_fl", "greater_than_flag")),
        *(
            ("remark", cell, "no result")
            for cell in ("CANCELLED - QNS", "cancelled by lab", "wurde storniert")
        ),
        *(
            ("remark", cell, "no result")
            for cell in ("Entered in error - other tube", "wrong patient", "Storno")
        ),
        *(
            ("comment", cell, "no result")
            for cell in (
                *("Test cancelled", "Specimen rejected: grossly hemolyzed", "Reported in error", "QNS"),
                *("please disregard", "Do not use", "not valid", "Unable to report", "Mislabeled specimen"),
                *("Received in wrong tube", "Sample contaminated", "Probe verworfen", "nicht verwertbar"),
            )
        ),
        *(("comment", cell, "no result") for cell in ("résultat annulé", "geannuleerd", "result invalid")),
        *(
            ("comment", cell, "off the scale")
            for cell in (
                "result is below detection limit",
                "Result below the limit of quantification",
                "above upper measuring limit",
                "über Messbereich",
                "inférieur au seuil de détection",
                "por debajo del límite de detección",
            )
        ),
        ("local_name", "B12", "another test"),
        *(("sample_id", cell, "does not count") for cell in ("QC1", "Blank 2", "Mean (n=20)", "low control")),
        *(
            (name, "nmol/L", "is a unit")
            for name in ("assay_unit", "local_unit", "unit_orig", "unit_measured")
        ),
    ],
)
def test_what_is_said_against_a_result_has_many_words(column: str, cell: str, finding: str) -> None:
    value = "value" if "unit" in column else "value,unit"
    row = "35" if "unit" in column else "35,ng/mL"
    assert finding in (in_rows(f"who,test,{value},{column}", f"A,vitd,{row},{cell}") or "")


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("id,vitd_ng_ml,crp_mg_l,crp_sign", "1,30,5,<"),
        ("id,vitd_ng_ml,hs_crp_mg_l,crp_op", "1,30,5,<"),
        ("id,vitd_ng_ml,study_status", "1,30,withdrawn"),
        ("id,vitd_ng_ml,visit_status", "1,30,cancelled"),
        ("id,vitd_ng_ml,cotinine_specimen", "1,30,urine"),
        ("test,value,unit,value2", "vitd,30,ng/mL,30.0"),
        ("test,value,unit,tech", "b12,150,pg/mL,LE"),
        ("patient_name,test,value,unit", "Harn,b12,150,pg/mL"),
        ("id,test,value,unit", "1,vitd,30,ng/mL"),
        ("site,group,vitd_ng_ml", "A,Control,35"),
        ("test,value,unit,comment", "vitd,30,ng/mL,see the report above"),
        ("test,value,unit,comment", "vitd,30,ng/mL,not below the normal range"),
        *(
            (f"{name},test,value,unit", f"{cell},vitd,30,ng/mL")
            for name, cell in (
                *(("patient_id", cell) for cell in ("P1", "SD", "STD-001", "CAL001")),
                *(("name", cell) for cell in ("Max", "Min", "Blank")),
                *(("prov", "QC"), ("group", "Vitamin B12"), ("panel", "Vitamin B12")),
                *((name, "LE") for name in ("validated_by", "checked", "inits", "ward", "vdr_fok1")),
                *(("del_date", "2024-05-01"), ("deletion", "1"), ("saturated", "1"), ("nd_type", "1")),
                *(("repeat", "2"), ("updated", "20240102"), ("quality", "above"), ("kit", "Void")),
                *(("other_specimen", "Urine"), ("protein_source", "Milk"), ("crp", "<LOD")),
                *(("recruitment_status", "Withdrawn"), ("membership", "Cancelled")),
            )
        ),
        *(
            ("test,value,unit,comment", f"vitd,30,ng/mL,{cell}")
            for cell in (
                "Withdrawn from study in May",
                "Rejected by insurance",
                "Cancelled ferritin",
                "Deleted duplicate row",
                "below target measured twice",
                "under treatment since detection of rickets",
                "CRP below detection limit",
                "previous result was below detection limit",
                "inférieur au seuil recommandé",
            )
        ),
        ("id,vitd_ng_ml,vitd_lt_20,vitd_gt_30", "1,12,1,1"),
        ("id,vitd_ng_ml,tte,censor", "1,22,100,1"),
        ("vitd_ng_ml,b12_deleted", "30,1"),
    ],
)
def test_ordinary_tables_are_not_asked_about(header: str, row: str) -> None:
    assert in_rows(header, row) is None


@pytest.mark.parametrize(
    ("header", "row", "finding"),
    [
        ("id,test,v", "1,B12,300", "'B12', which is another test; leave such rows out"),
        ("id,test,v", "1,Ferritin,60", "'Ferritin', which is another test"),
        ("id,v,loinc", "1,60,2132-9", "'2132-9', which is another test"),
        ("id,test,v", "1,Vitamin D,60", None),
        ("id,v,loinc", "1,60,1989-3", None),
        ("id,v,v_below_lod", "1,3,1", "marks a value beyond"),
        ("id,v,v_comment", "1,3,below LOD", "off the scale"),
    ],
)
def test_a_column_that_is_asked_for_is_looked_at_with_what_stands_beside_it(
    header: str, row: str, finding: str | None
) -> None:
    text = in_rows(header, row)
    assert (text is None) if finding is None else (finding in str(text))


@pytest.mark.parametrize(
    ("header", "rows", "finding"),
    [
        (
            "id,operator,test,value,unit",
            ["1,MK,vitd,22,ng/mL"],
            "'operator' (column 2, row 2) has 'MK', which is",
        ),
        (
            "id,relation,test,value,unit",
            ["1,Self,vitd,22,ng/mL"],
            "say with --comparator '' that the column has none, or name it there",
        ),
        ("vitd_ng_ml,vitd_qual", ["22,good"], "'good', which is no comparator"),
        ("operator,test,value,unit", ["~,vitd,22,ng/mL", "<,vitd,4,ng/mL"], None),
        ("operator,test,value,unit", [",vitd,22,ng/mL", "MK,ferritin,4,ng/mL"], None),
    ],
)
def test_a_column_that_is_called_as_comparators_are_and_holds_none_is_told(
    header: str, rows: list[str], finding: str | None
) -> None:
    text = in_rows(header, *rows)
    assert (text is None) if finding is None else (finding in str(text))
    assert in_rows(header, *rows, comparator="") is None


def test_the_advice_on_a_mark_has_its_side() -> None:
    assert "write '>' into" in (in_rows("test,value,unit,above_uloq", "b12,1500,pg/mL,1") or "")
    assert "write '<' into" in (in_rows("test,value,unit,below_lod", "b12,100,pg/mL,1") or "")


@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        ("<350", "name it instead with --value, or say that the number counts with --comparator ''"),
        ("is <350", "write it so into 'num', or say that the number counts with --comparator ''"),
    ],
)
def test_the_column_that_is_named_for_the_values_does_not_hide_a_comparator(cell: str, advice: str) -> None:
    text = in_rows("test,num,unit,text", f"b12,350,pg/mL,{cell}", value="num")
    assert text is not None
    assert f"'text' (column 4, row 2) has '{cell}', where '350' is read; {advice}" in text
    assert in_rows("test,num,unit,text", f"b12,350,pg/mL,{cell}", value="num", comparator="") is None
    assert in_rows("test,num,unit,text", "b12,350,pg/mL,<360", value="num") is None


def test_so_it_is_in_a_wide_table() -> None:
    table, args = b"id,v,w\n1,35,<35\n", ("--column", "vitd=v:ng/mL")
    assert "name it instead with --column vitd=COLUMN:UNIT" in piped(table, *args).stderr
    assert piped(table, *args, "--comparator", "").exit_code == 0


def test_a_copy_among_words_is_to_be_written_into_the_value() -> None:
    text = in_rows("test,value,unit,remark", "vitd,4,ng/mL,value is <4", "b12,300,pg/mL,")
    assert "write it so into 'value', or say that what stands there counts with --value 'value'" in (
        text or ""
    )


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        (["Vitamin D,30,ng/mL", "Vitamin B12,300,ng/mL"], "'Vitamin B12', which is another test"),
        (["Ferritin,30,ng/mL"], "'Ferritin', which is another test"),
        (
            ["Vitamin D,30,ng/mL", "Glucose,33,ng/mL"],
            "'Glucose', where other rows have a name of the test that is judged",
        ),
        (["Vitamin D,30,ng/mL", "25-OH vitamin D,33,ng/mL", ",3,ng/mL"], None),
        (["morning,30,ng/mL", "evening,33,ng/mL"], None),
    ],
)
def test_names_of_other_tests_are_asked_about_where_all_rows_are_to_be_of_one(
    rows: list[str], finding: str | None
) -> None:
    text = in_rows("item,value,unit", *rows, analyte="vitd")
    assert (finding is None) is (text is None)
    assert finding is None or (finding in str(text) and "--test 'item'" in str(text))


HEADER = "test,op,value"
cells = st.sampled_from(
    [
        "vitd",
        "",
        "<",
        ">",
        "<=",
        "≤",
        "=>",
        " < ",
        '"<"',
        '"<\n"',
        "<\t",
        "<\u00a0",
        "<5",
        "<,",
        "5",
        "a<",
        "µ",
        '"',
    ]
)


def plainly(data: bytes, row: int, *, final: bool) -> None:
    for number, record in enumerate(records(data, b",", final=final), row + 1):
        unread(HEADER).check_signs([(number, [cell.decode() for cell in record.cells[:3]])])


@given(st.lists(st.tuples(cells, cells, cells)), st.sampled_from(["\n", "\r\n", "\r", ""]), st.booleans())
@example([("vitd", "<", "31")], "\n", False)
@example([("vitd", "≥ ", "31")], "\n", False)
@example([("vitd", "<", "31"), ("", "", "")], "", True)
@example([("vitd", '"<"', "31")], "\n", False)
@example([("vitd", "<\u00a0", "31")], "\n", False)
def test_text_behind_the_first_rows_is_looked_through_for_signs_as_if_cell_by_cell(
    rows: list[tuple[str, str, str]], end: str, final: bool
) -> None:
    data = "".join(",".join(row) + end for row in rows).encode()
    quickly = UnreadText(unread(HEADER), 3, b",", bytes.decode)
    assert said(quickly.check, data, FIRST + 1, final=final) == said(plainly, data, FIRST + 1, final=final)


@pytest.mark.parametrize(("before", "stops"), [(FIRST - 1, True), (FIRST, False)])
def test_the_first_rows_are_looked_at_cell_by_cell_however_they_come(before: int, stops: bool) -> None:
    looked = UnreadText(unread("test,value,x"), 3, b",", bytes.decode)
    for row in range(1, before + 1):
        looked.check(b"vitd,31,\n", row, final=True)
    assert (said(looked.check, b"vitd,31,ng/mL\n", before + 1, final=True) is not None) is stops


@pytest.mark.parametrize("other", ["ANA,,,1:80", "WBC,3,/hpf,0-5", "b12,1500,pg/mL,1500 pg/mL"])
def test_a_copy_of_the_value_is_known_beside_rows_of_other_tests(other: str) -> None:
    assert "has '<35', where '35' is read" in (
        in_rows("test,value,unit,text", "vitd,35,ng/mL,<35", other) or ""
    )
    assert in_rows("test,value,unit,text", "vitd,35,ng/mL,<35", other, "b12,300,pg/mL,200") is None


@pytest.mark.skipif(sys.platform == "win32", reason="there it is not known whether a pipe has more")
@pytest.mark.parametrize("remark", ["<50", "LT"])
def test_a_pipe_that_has_ended_gives_out_nothing_before_the_run_stops(remark: str) -> None:
    rows = f"test,value,unit,mod\nVitamin D,50,ng/mL,{remark}\n".encode()
    labcheck = Path(sys.executable).with_name("labcheck")
    ran = subprocess.run([labcheck, "csv"], input=rows, capture_output=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, b"")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_first_rows_are_looked_at_together_by_however_many(
    labcheck: Labcheck, tmp_path: Path, jobs: str
) -> None:
    rows = [f"vitd,50,ng/mL,{'LT' if row < FIRST // 2 else 'US'},{'-' * 500}\n" for row in range(4 * FIRST)]
    table, out = tmp_path / "table.csv", tmp_path / "out.csv"
    table.write_text("test,value,unit,x,more\n" + "".join(rows))
    ran = labcheck("csv", str(table), "-q", "--jobs", jobs, "-o", str(out))
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert out.read_text().count("\n") == 4 * FIRST + 1


def test_a_copy_with_the_delimiter_in_quotes_is_one_too() -> None:
    rows = b'test,value,unit,text\nvitd,35,ng/mL,<35\nb12,1500,pg/mL,"1,500"\n'
    ran = piped(rows)
    assert ran.exit_code == 2
    assert "has '<35', where '35' is read" in ran.stderr


@pytest.mark.parametrize(("row", "asks"), [("4,0,1", False), ("4,1.0,0", True), (",1,0", False)])
def test_the_mark_of_nhanes_is_that_of_its_own_value(row: str, asks: bool) -> None:
    header = ["LBXVIDMS", "LBDVIDLC", "LBDVD2LC"]
    layout = find_layout(header, built_in(), asked={}, wide=("vitd=LBXVIDMS:nmol/L",))
    looked = Unread(header, layout, (), built_in().identifier)
    assert ("which marks a value" in (said(looked.check, [(2, row.split(","))]) or "")) is asks


def test_a_copy_is_found_among_remarks() -> None:
    rows = ("vitd,22,ng/mL,repeat in 3 months", "b12,200,pg/mL,LESS THAN 200", "vitd,20,ng/mL,see note 2")
    assert "where '200' is read" in (in_rows("test,value,unit,comments", *rows) or "")


def test_a_row_is_looked_at_once_and_the_one_that_was_cut_off_when_it_is_there() -> None:
    table = unread("test,value,x")
    looked = UnreadText(table, 3, b",", bytes.decode)
    rows: list[int | None] = []
    with patch.object(table, "check", lambda some: rows.extend(number for number, _ in some)):
        looked.check(b"vitd,22,a\nvitd,23,", 1, final=False)
        looked.check(b"vitd,22,a\nvitd,23,b\n", 1, final=False)
        looked.check(b"vitd,24,c\n", 3, final=True)
    assert rows == [2, 3, 4]


def test_a_code_where_the_name_is_due_is_the_rows_test() -> None:
    hold_asked(
        "test,value,unit,name2", "1989-3,22,ng/mL,Vitamin B12", "has 'Vitamin B12'", "--component 'name2'"
    )
    hold_asked("test,value,unit,code2", "1989-3,22,ng/mL,2132-9", "has '2132-9'", "--loinc 'code2'")
    assert in_rows("test,value,unit,code2", "1989-3,22,ng/mL,1989-3") is None
