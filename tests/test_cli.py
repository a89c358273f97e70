import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from labcheck.cli.app import app
from tests.conftest import Labcheck


@pytest.mark.parametrize(
    ("args", "category"),
    [
        (("vitd", "22", "--unit", "ng/mL"), "low"),
        (("vitd", "22", "-u", "nmol/L"), "low"),
        (("vitd", "-u", "ng/mL", "35"), "normal"),
        (("vitd", "-ung/mL", "35"), "normal"),
        (("vitd", "--unit=ng/mL", "35"), "normal"),
        (("vitd", "22,5"), "low"),
        (("vitd", "--", "45"), "high"),
        (("b12", "<150", "-u", "pmol/L"), "indeterminate"),
        (("b12", "1,060", "--decimal", "point"), "high"),
        (("vitd", "45", "--range", "30-100"), "normal"),
    ],
)
def test_quiet_prints_the_category_alone(labcheck: Labcheck, args: tuple[str, ...], category: str) -> None:
    command, *rest = args
    for ran in (labcheck(command, "-q", *rest), labcheck(command, "--quiet", *rest)):
        assert (ran.stdout, ran.exit_code) == (f"{category}\n", 0)
        assert all(line.startswith("labcheck: note: ") for line in ran.stderr.splitlines())


@pytest.mark.parametrize(
    "args",
    [
        ("vitd", "22", "-u", "ng/mL", "--unit", "nmol/L"),
        ("vitd", "22", "--fail-on", "low", "--fail-on", "high"),
        ("csv", "--value", "a", "--value", "b"),
    ],
)
def test_an_option_that_takes_one_value_is_not_given_two(labcheck: Labcheck, args: tuple[str, ...]) -> None:
    ran = labcheck(*args)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert " is given more than once; give it once" in ran.stderr
    assert labcheck("vitd", "22", "-u", "ng/mL", "-q", "-q").exit_code == 0


@pytest.mark.parametrize(
    ("args", "category"),
    [
        (("vitd", "20", "-u", "ng/mL", "--range-set", "iom-2011"), "normal"),
        (("vitd", "50", "-u", "nmol/L", "--range-set", "iom-2011"), "normal"),
        (("vitd", "45", "-u", "ng/mL", "--range-set", "article"), "high"),
        (("vitd", "45", "-u", "ng/mL", "--range-set", "iom-2011,nice-2024"), "normal"),
        (("b12", "250", "-u", "ng/L", "--range-set", "iom-2011, nice-2024"), "indeterminate"),
        (("vitd", "45", "-u", "ng/mL", "--low", "30", "--high", "100"), "normal"),
        (("vitd", "30", "-u", "ng/mL", "--low", "30"), "normal"),
        (("vitd", "29.9", "-u", "ng/mL", "--low", "30"), "low"),
        (("vitd", "140", "-u", "ng/mL", "--low", "30"), "normal"),
        (("vitd", "100", "-u", "ng/mL", "--high", "100"), "normal"),
        (("vitd", "100.1", "-u", "ng/mL", "--high", "100"), "high"),
        (("vitd", "60", "-u", "nmol/L", "--low", "50 nmol/L", "--high", "125 nmol/L"), "normal"),
        (("vitd", "60", "-u", "nmol/L", "--low", "50", "--high", "125 nmol/L"), "normal"),
        (("vitd", "30,4", "-u", "ng/mL", "--low", "30,5", "--decimal", "comma"), "low"),
    ],
)
def test_a_result_is_judged_by_the_range_that_is_asked_for(
    labcheck: Labcheck, args: tuple[str, ...], category: str
) -> None:
    ran = labcheck(*args, "-q")
    assert (ran.stdout, ran.stderr, ran.exit_code) == (f"{category}\n", "", 0)


def test_a_panel_judges_each_result_by_the_set_for_its_analyte(labcheck: Labcheck) -> None:
    panel = ("panel", "vitd=45 ng/mL", "b12=250 ng/L", "-q", "--range-set")
    assert labcheck(*panel, "iom-2011,nice-2024").stdout == "normal\nindeterminate\n"
    assert labcheck(*panel, "article").stdout == "high\nnormal\n"
    ran = labcheck(*panel, "iom-2011")  # which has nothing on B12
    assert (ran.stdout, ran.exit_code) == ("normal\nrefused\n", 2)
    assert "there is no range set 'iom-2011' for Vitamin B12; known are article, nice-2024" in ran.stderr


EVERY = "article, nice-2024 for Vitamin B12; article, iom-2011, endocrine-2011, ros-2018 for Vitamin D"


@pytest.mark.parametrize(
    ("args", "known"),
    [
        (("vitd", "22"), "for Vitamin D; known are article, iom-2011, endocrine-2011, ros-2018, reported"),
        (("panel", "vitd=22"), f"; known are {EVERY}; reported for any of them"),
        (("csv",), f"; known are {EVERY}; reported for any of them"),
        (("hl7",), f"; known are {EVERY}; reported for any of them"),
        (("fhir",), f"; known are {EVERY}; reported for any of them"),
    ],
)
def test_an_unknown_range_set_is_told_with_all_that_it_could_be(
    labcheck: Labcheck, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], known: str
) -> None:
    ran = labcheck(*args, "--range-set", "nonsense,iom-2011")
    assert (ran.exit_code, ran.stderr.count("\n")) == (2, 1)
    assert f"--range-set: there is no range set 'nonsense'{' ' * (known[0] == 'f')}{known}" in ran.stderr
    monkeypatch.setenv("LABCHECK_RANGE_SET", "nice-2042")
    assert "LABCHECK_RANGE_SET: there is no range set 'nice-2042'" in labcheck(*args).stderr
    assert ("did you mean nice-2024" in labcheck(*args).stderr) == (args[0] != "vitd")


def test_the_environment_sets_the_range_of_every_run(
    labcheck: Labcheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABCHECK_RANGE_SET", "iom-2011")
    assert labcheck("vitd", "45", "ng/mL", "-q").stdout == "normal\n"
    assert labcheck("vitd", "45", "ng/mL", "-q", "--range-set", "article").stdout == "high\n"
    assert labcheck("vitd", "45", "ng/mL", "-q", "--range", "20-40").stdout == "high\n"
    ran = labcheck("b12", "250", "pg/mL")  # it has no such set, and is left to its default
    assert (ran.stderr, ran.exit_code) == ("", 0)
    assert "200-900 pg/mL, article" in ran.stdout
    monkeypatch.setenv("LABCHECK_RANGE_SET", "iom-2011,nice-2024")
    assert labcheck("panel", "vitd=45 ng/mL", "b12=250 ng/L", "-q").stdout == "normal\nindeterminate\n"
    monkeypatch.setenv("LABCHECK_RANGE_SET", "iom-2001")
    ran = labcheck("b12", "250", "pg/mL", "-q")
    assert (ran.stdout, ran.exit_code) == ("", 2)
    assert ran.stderr.startswith("labcheck: LABCHECK_RANGE_SET: there is no range set 'iom-2001'")
    monkeypatch.setenv("LABCHECK_RANGE_SET", "")
    assert labcheck("vitd", "45", "ng/mL", "-q").stdout == "high\n"


@pytest.mark.parametrize(
    ("variable", "vitd", "b12"),
    [
        ("", "article, the default", "article, the default"),
        ("iom-2011", "iom-2011, the default", "article, the default"),
        ("nice-2024,ros-2018", "ros-2018, the default", "nice-2024, the default"),
        ("reported", *["article, the default where a report brings no range"] * 2),
    ],
)
@pytest.mark.parametrize("format", ["terminal", "markdown"])
def test_the_ranges_are_shown_with_the_default_that_holds(
    labcheck: Labcheck, monkeypatch: pytest.MonkeyPatch, variable: str, vitd: str, b12: str, format: str
) -> None:
    monkeypatch.setenv("LABCHECK_RANGE_SET", variable)
    for analyte, default in (("vitd", vitd), ("b12", b12)):
        shown = labcheck("ranges", analyte, "--format", format, columns=100).stdout
        assert re.findall(r"\((.*, the default.*)\)", shown) == [default]
    sets = [default.split(",")[0] for default in (b12, vitd)]
    found = json.loads(labcheck("ranges", "--json").stdout)["analytes"]
    by_report = ["reported"] * 2
    assert [one["default"] for one in found] == (by_report if variable == "reported" else sets)


def test_a_report_without_a_range_is_told_where_it_should_be_used(labcheck: Labcheck) -> None:
    ran = labcheck("vitd", "45", "ng/mL", "-q", "--range-set", "reported")
    assert ran.stdout == "high\n"
    assert (
        ran.stderr
        == "labcheck: note: The report brings no range; 30-40 ng/mL, article on back pain, was used.\n"
    )


def test_quiet_tells_on_stderr_what_a_word_cannot(labcheck: Labcheck) -> None:
    ran = labcheck("vitd", "55", "-q")
    assert (ran.stdout, ran.exit_code) == ("high\n", 0)
    assert ran.stderr == "labcheck: note: No unit was given; the value was taken as ng/mL.\n"
    assert labcheck("vitd", "55", "-u", "ng/mL", "-q").stderr == ""


def test_a_unit_may_stand_behind_the_value(labcheck: Labcheck) -> None:
    assert labcheck("vitd", "55", "nmol/L", "-q").stdout == "low\n"
    assert (
        labcheck("vitd", "55", "nmol/L", "--json").stdout
        == labcheck("vitd", "55", "-u", "nmol/L", "--json").stdout
    )
    assert "two units" in labcheck("vitd", "55", "nmol/L", "-u", "ng/mL").stderr
    assert "'187' is not a unit" in labcheck("vitd", "1", "187").stderr


@pytest.mark.parametrize("name", ["VITD", "VitD", "25-OH vitamin D", "calcidiol"])
def test_an_analyte_may_be_called_by_its_other_names(labcheck: Labcheck, name: str) -> None:
    assert labcheck(name, "22", "ng/mL", "-q").stdout == "low\n"
    assert labcheck("panel", f"{name}=22 ng/mL", "-q").stdout == "low\n"
    assert labcheck("explain", name).stdout == labcheck("explain", "vitd").stdout


@pytest.mark.parametrize("name", ["calcitriol", "1,25-dihydroxyvitamin D", "Active B12", "25-OH vitamin D2"])
def test_what_is_mistaken_for_an_analyte_is_refused(labcheck: Labcheck, name: str) -> None:
    for args in ((name, "40"), ("panel", f"{name}=40"), ("explain", name)):
        ran = labcheck(*args)
        assert (ran.stdout, ran.exit_code) == ("", 2)
        assert f"'{name}' is not Vitamin" in ran.stderr
    assert labcheck("panel", "b12<=250 pg/mL", "-q").stdout == "refused\n"


def test_a_cluster_of_short_options_takes_its_value(labcheck: Labcheck) -> None:
    assert labcheck("vitd", "-qu", "nmol/L", "100").stdout == "high\n"


def test_a_refusal_is_one_line_on_stderr_and_exit_code_2(labcheck: Labcheck) -> None:
    ran = labcheck("vitd", "22-25")
    assert (ran.stdout, ran.exit_code) == ("", 2)
    assert ran.stderr == "labcheck: '22-25' is not one number; type one as in 22.5 or '<5'\n"


@pytest.mark.parametrize("value", ["-5", "-5.5", "-.5", "-,5", "-5,5"])
@pytest.mark.parametrize("where", [(), ("--",)])
def test_a_negative_value_is_told_so(labcheck: Labcheck, value: str, where: tuple[str, ...]) -> None:
    ran = labcheck("vitd", "-u", "ng/mL", *where, value)
    assert (ran.stdout, ran.exit_code) == ("", 2)
    assert ran.stderr == f"labcheck: '{value}' is negative, which a concentration cannot be\n"
    assert labcheck("convert", "vitd", value, "nmol/L", "ng/mL").stderr == ran.stderr


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("vitd",), "Missing argument 'VALUE'. (see root vitd --help)"),
        (
            ("vitd", "22", "ng/mL", "3"),
            "'22 ng/mL 3' is more than VALUE UNIT; put what belongs together into",
        ),
        (("b12", "1", "187"), "if it is part of the result, put both into quotes, as in '1 187'"),
        (("csv", "--unit", "vitd=nM,b12=pM"), "--unit 'vitd=nM,b12=pM' is for several; give --unit once for"),
        (("csv", "--range", "vitd=30-100, b12=>200"), "is for several; give --range once for each"),
        (("csv", "--column", "vitd=a:nM;b12=b:pM"), "is for several; give --column once for each"),
        (("vitd", "22", "--unti", "ng/mL"), "No such option: --unti (Possible options: --quiet, --unit)"),
        (("vitd", "22", "--unit"), "Option '--unit' requires an argument. (see root vitd --help)"),
        (("csv", "--only"), "Option '--only' requires an argument. (see root csv --help)"),
        (("vitd", "22,5 ng/ml (30-100)"), "known here; a range has a place of its own, as in --range 30-100"),
        (("help",), "there is no command 'help'; type labcheck --help, or --help behind a command"),
        (("vitd", "60", "--low", "75 nmol/L", "--high", "100 ng/mL"), "has a unit of its own at each end"),
        (("vitd", "5.0 below detection limit", "-u", "ng/mL"), "if that is what it says, type '<5.0'"),
        (("csv", "--unit", "vitd=ng/mL", "--unit", "vitd=nM"), "--unit gives two units for Vitamin D"),
        (("vitd", "22", "--decimal", "dot"), "'dot' is not one of 'point', 'comma'"),
        (("vitd", "22", "--format", "xml"), "'xml' is not one of 'terminal', 'json', 'csv', 'markdown'"),
        (("vitd", "22", "--json", "--format", "csv"), "csv and json are different reports; ask for one"),
        (("vitd", "22", "--json", "-q"), "json and quiet are different reports"),
        (("vitd", "22", "--range", ">1,060"), "'>1,060' can be read in two ways"),
        (("vitd", "22", "--range-set", "nonsense"), "known are article, iom-2011, endocrine-2011, ros-2018"),
        (("vitd", "22", "--range-set", "iom-2012"), "'iom-2012' for Vitamin D - did you mean iom-2011?"),
        (("vitd", "22", "--range-set", "iom-2011,nonsense"), "there is no range set 'nonsense'"),
        (("vitd", "22", "--range-set", ""), "there is no range set ''"),
        (("vitd", "22", "--range-set", "iom-2011,ros-2018"), "iom-2011 and ros-2018 are both for Vitamin D"),
        (("vitd", "22", "--range-set", "iom-2011", "--range", "20-30"), "two ranges to judge by"),
        (("vitd", "22", "--range", "20-30", "--low", "3"), "--range has its ends already"),
        (("vitd", "22", "--low", "40", "--high", "30"), "it must end above where it starts"),
        (("vitd", "22", "--low", "30-40"), "--low '30-40' is not one number; type one as in 30"),
        (("vitd", "22", "--low", "<30"), "--low '<30' is not one number; type one as in 30 or '75 nmol/L'"),
        (("vitd", "60", "nmol/L", "--low", "50"), "has no unit, and the result is in nmol/L"),
        (("vitd", "22", "--json", "-v"), "--verbose adds to the report for the terminal"),
        (("vitd", "22", "--fail-on", "low,hihg"), "--fail-on has no category 'hihg'"),
        (("vitd", "22", "--fail-on", ""), "--fail-on has no category ''"),
        (("vitd", "22", "--age", "old"), "'old' is not an age in years"),
        (("vitdd", "22"), "there is no command 'vitdd' - did you mean vitd?"),
        (("explian", "vitd"), "there is no command 'explian' - did you mean explain or panel?"),
        (("xyzzy",), "there is no command 'xyzzy'; known are b12, vitd, panel, csv, parquet, hl7, fhir"),
        (("explain", "vitdd"), "no analyte is called 'vitdd' - did you mean vitd?"),
        (("ranges", "zzz"), "no analyte is called 'zzz' - known are b12, vitd"),
        (("ranges", "--json", "--format", "csv"), "csv and json are different reports; ask for one"),
        (("units", "zzz"), "no analyte is called 'zzz' - known are b12, vitd"),
        (("panel", "vitd<5"), "'vitd<5' has no '=' between"),
        (("panel", "vitd=60", "nmol/L"), "'nmol/L' has no '=' between a test and its value"),
        (("panel", "22"), "'22' has no '=' between a test and its value; type it as in vitd=22, and"),
        (("convert", "vitd", "55", "apples"), "'apples' is not a unit that is known here"),
        (("convert", "vitd", "55 ng/mL", "nmol/L", "ng/dL"), "names the unit ng/mL, but nmol/L was given"),
        (("convert", "vitd", "55"), "'55' has no unit; type it behind, as in nmol/L"),
        (("--nope",), "No such option: --nope"),
        (("--catalogue",), "Option '--catalogue' requires an argument"),
        (("vitd", "22", "--catalogue"), "Option '--catalogue' requires an argument; name a file behind it"),
    ],
)
def test_a_wrong_call_is_one_line_that_says_what_to_type(
    labcheck: Labcheck, args: tuple[str, ...], sentence: str
) -> None:
    ran = labcheck(*args)
    assert (ran.stdout, ran.exit_code) == ("", 2)
    assert ran.stderr.startswith("labcheck: ")
    assert ran.stderr.count("\n") == 1
    assert sentence in ran.stderr


@pytest.mark.parametrize(
    ("value", "fail_on", "exit_code"),
    [
        ("22", "low,high", 1),
        ("22", " LOW ", 1),
        ("35", "low,high", 0),
        ("45", "low,high", 1),
        ("<35", "low,high", 0),
        ("<35", "indeterminate", 1),
        ("35", "normal", 1),
        ("zz", "low", 2),
        ("zz", "refused", 2),  # no answer outranks an answer
    ],
)
def test_the_exit_code_tells_a_script(labcheck: Labcheck, value: str, fail_on: str, exit_code: int) -> None:
    assert labcheck("vitd", value, "--fail-on", fail_on, "-q").exit_code == exit_code
    assert labcheck("panel", f"vitd={value}", "b12=300", "--fail-on", fail_on, "-q").exit_code == exit_code


def test_a_panel_answers_each_and_says_which_it_cannot(labcheck: Labcheck) -> None:
    ran = labcheck("panel", "vitd=22", "b12=180pg/mL", "b12=zz", "vitx=3", "vitd=<5 ng/mL", "-q")
    assert ran.stdout == "low\nlow\nrefused\nrefused\nlow\n"
    assert ran.exit_code == 2
    assert [line.split(": ")[1:3] for line in ran.stderr.splitlines() if "note" not in line] == [
        ["'b12'", "'zz' is not one number; type one as in 22.5 or '<5'"],
        ["'vitx'", "no analyte is called 'vitx' - did you mean vitd?"],
    ]
    assert "labcheck: vitd: note: No unit was given" in ran.stderr


def test_a_panel_is_printed_as_one_page(labcheck: Labcheck) -> None:
    ran = labcheck("panel", "vitd=22", "b12=180pg/mL")
    assert ran.exit_code == 0
    assert ran.stdout.index("Vitamin D") < ran.stdout.index("Vitamin B12") < ran.stdout.index("No diagnosis")
    assert ran.stdout.count("No diagnosis") == 1


def test_convert_shows_the_factor_and_the_molar_mass(labcheck: Labcheck) -> None:
    there, back = (
        labcheck("convert", "vitd", "55", "nmol/L", "ng/mL"),
        labcheck("convert", "vitd", "22", "ng/mL", "nmol/L"),
    )
    assert there.stdout.splitlines()[0] == "55 nmol/L = 22.0352 ng/mL"
    assert "factor 0.40064; 400.64 g/mol, conventional molar mass of 25-hydroxyvitamin D3" in there.stdout
    assert back.stdout.splitlines()[0] == "22 ng/mL ≈ 54.912141 nmol/L"
    assert labcheck("convert", "b12", "<150", "pmol/L").stdout.startswith("<150 pmol/L = <203.3055 pg/mL\n")
    assert labcheck("convert", "b12", "1", "ug/L").stdout == "1 ug/L = 1000 pg/mL\nfactor 1000\n"
    assert labcheck("convert", "b12", "1 ug/L").stdout == "1 ug/L = 1000 pg/mL\nfactor 1000\n"
    assert labcheck("convert", "b12", "1 ug/L", "ng/dL").stdout == "1 ug/L = 100 ng/dL\nfactor 100\n"
    assert labcheck("convert", "b12", "1ug/L", "ug/l", "ng/dL").stdout == "1 ug/L = 100 ng/dL\nfactor 100\n"


def test_units_lists_each_unit_with_its_factor(labcheck: Labcheck) -> None:
    ran = labcheck("units", "vitd")
    rows = {row[0]: row[1] for row in map(str.split, ran.stdout.splitlines()) if len(row) > 1}
    assert len([unit for unit in rows if "/" in unit]) == 36
    assert (rows["nmol/L"], rows["ng/mL"], rows["ng/dL"]) == ("0.40064", "1", "0.01")
    assert "Vitamin B12" in labcheck("units").stdout


def test_ranges_shows_each_set_with_its_source(labcheck: Labcheck) -> None:
    ran = labcheck("ranges", "vitd")
    page = " ".join(ran.stdout.split())
    assert ran.exit_code == 0
    for words in (
        "Institute of Medicine 2011 (iom-2011)",
        "(article, the default)",
        "12 to <20 30 to <50 low: at risk of inadequacy",
        "low: insufficient (printed: 21-29)",
        "The society has no longer endorsed it since 2024.",
        "not read in the source itself",
    ):
        assert words in page
    assert "NICE" not in page
    assert "people over 16" in labcheck("ranges").stdout


def test_explain_names_what_is_understood(labcheck: Labcheck) -> None:
    page = " ".join(labcheck("explain", "b12").stdout.split())
    assert "order of words • vitamin B12, B12, cobalamin" in page
    assert "LOINC 2132-9, 14685-2" in page


def test_version_and_help(labcheck: Labcheck) -> None:
    assert labcheck("--version").stdout == "labcheck 0.1.0\n"
    ran = labcheck("--help")
    assert ran.exit_code == 0
    assert 'labcheck b12 "<150" -u pmol/L' in ran.stdout
    assert labcheck("-h").stdout == ran.stdout
    assert labcheck().stdout == ran.stdout
    assert labcheck().exit_code == 2
    for command in ("vitd", "b12", "panel", "csv", "hl7", "fhir", "explain", "ranges", "units", "convert"):
        page = labcheck(command, "--help").stdout
        assert f"\n labcheck {command} " in page
        assert "\\b" not in page


def test_a_fault_of_ours_is_one_line_and_exit_code_70(
    labcheck: Labcheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("[bold]oops\x1b[31m")

    monkeypatch.setattr("labcheck.cli.results.interpret", fail)
    ran = labcheck("vitd", "22")
    assert (ran.stdout, ran.exit_code) == ("", 70)
    assert ran.stderr.startswith("labcheck: a fault in labcheck, RuntimeError: [bold]oops\\x1b[31m")
    monkeypatch.setenv("LABCHECK_DEBUG", "1")
    with pytest.raises(RuntimeError):
        CliRunner().invoke(app, ["vitd", "22"], catch_exceptions=False)


HOSTILE = [
    "9" * 100_000,
    "ng**9**9**9",
    "[bold]22[/bold]",
    "[/]",
    "\x1b[31m22",
    "22\x00",
    "\udc80\udcff",
    "\u202e22",
    "💊" * 50,
    "%s%n{0}",
    "22\nlow\n",
    "'; rm -rf /",
    "(" * 5000,
    "-" * 5000,
    "1e" + "9" * 5000,
    "1," * 5000,
    "\r\b\b\b",
    "\x9b31m",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_ends_in_one_harmless_line(labcheck: Labcheck, text: str) -> None:
    calls = [
        ("vitd", text),
        ("vitd", "22", "--unit", text),
        ("vitd", "22", "--range", text),
        ("vitd", "22", "--low", text),
        ("vitd", "22", "--range-set", text),
        ("panel", "vitd=22", "b12=300", "--range-set", text, "-q"),
        ("vitd", "22", "--age", text),
        ("vitd", "22", "--decimal", text),
        ("vitd", "22", "--format", text),
        ("vitd", "22", "--fail-on", text),
        ("vitd", text, "--json"),
        ("vitd", text, "--format", "csv"),
        ("vitd", text, "--format", "markdown"),
        ("panel", text),
        ("panel", f"{text}=22", f"vitd={text}"),
        ("panel", f"{text}=22", f"vitd={text}", "--format", "markdown"),
        ("explain", text),
        ("convert", "vitd", text, text, text),
        ("--catalogue", text, "vitd", "22"),
        (text,),
    ]
    for args in calls:
        ran = labcheck(*args)
        assert ran.exit_code in (0, 2), (args, ran)
        for stream in (ran.stdout, ran.stderr):
            assert all(c == "\n" or c.isprintable() for c in stream), (args, stream)
        assert "panel" in args or len(ran.stderr.splitlines()) == (ran.exit_code == 2)
        assert all(len(line) < 700 for line in ran.stderr.splitlines())


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(
        st.text(st.characters(codec=None))
        | st.sampled_from(["vitd", "-u", "--json", "22", "panel", "ng/mL"]),
        max_size=6,
    )
)
def test_any_arguments_end_in_an_answer_or_a_refusal(labcheck: Labcheck, args: list[str]) -> None:
    ran = labcheck(*args)
    assert ran.exit_code in (0, 2)
    assert all(c == "\n" or c.isprintable() for c in ran.stderr)


@pytest.mark.parametrize("columns", [0, 1, 3, 5, 10, 20, 41, 59, 60, 61, 1000])
def test_any_width_of_terminal_will_do(labcheck: Labcheck, columns: int) -> None:
    for args in (
        ("vitd", "22"),
        ("b12", "<150", "pmol/L", "-v"),
        ("explain", "b12"),
        ("units", "vitd"),
        ("ranges",),
    ):
        ran = labcheck(*args, columns=columns)
        assert (ran.exit_code, ran.stderr) == (0, "")
        assert "…" not in ran.stdout


@pytest.mark.parametrize("own", ["<1000", ">999", "0-1000"])
@pytest.mark.parametrize("value", ["22", "<900", ">900", "999"])
def test_any_range_can_be_drawn(labcheck: Labcheck, own: str, value: str) -> None:
    assert labcheck("vitd", value, "--range", own).exit_code == 0


@pytest.mark.parametrize("args", [("--range", ">0"), ("--range", ">=0"), ("--low", "0")])
def test_a_range_that_everything_is_in_is_none(labcheck: Labcheck, args: tuple[str, ...]) -> None:
    ran = labcheck("vitd", "5", *args)
    assert (ran.stdout, ran.exit_code) == ("", 2)
    assert ran.stderr.endswith("is not a range: everything is in it\n")


def shell(command: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        env={**os.environ, "PATH": path, "COLUMNS": "80", **env},
        check=False,
        timeout=60,
    )


def test_the_console_script_and_the_module_are_the_same_program() -> None:
    script, module = shell("labcheck vitd 22"), shell("python -m labcheck vitd 22")
    assert script.stdout == module.stdout
    assert (script.returncode, module.returncode) == (0, 0)


def test_an_argument_that_is_no_text_is_a_refusal_in_json_too() -> None:
    ran = shell(r"labcheck vitd $'2\xff' --json")
    assert json.loads(ran.stdout)["error"]["reported"] == "2?"
    assert ran.returncode == 2


def test_a_pipe_that_closes_early_ends_quietly() -> None:
    ran = shell("for i in 1 2 3 4 5 6 7 8; do labcheck explain vitd; done | head -1")
    assert ran.stderr == b""
    assert ran.stdout.startswith(b"Vitamin D")


def test_a_full_disk_is_an_error() -> None:
    for report in ("", "-q", "--json"):
        ran = shell(f"labcheck vitd 22 {report} > /dev/full")
        assert ran.returncode == 74
        assert ran.stderr == b"labcheck: the output cannot be written: No space left on device\n"


def test_closed_streams_are_no_surprise() -> None:
    assert shell("labcheck vitd 22 >&-").returncode == 74
    assert shell("labcheck vitd -5 --json 2>&-").stdout == shell("labcheck vitd -5 --json").stdout
    assert shell("labcheck vitd -5 --fail-on low 2>/dev/full").returncode == 2


def test_a_comparator_survives_any_terminal() -> None:
    for encoding in ("ascii", "latin-1", "cp1252"):
        ran = shell(
            "labcheck vitd '≤35 ng/mL' --format csv; labcheck vitd '≥35 ng/mL'", PYTHONIOENCODING=encoding
        )
        assert b"<=35 ng/mL" in ran.stdout
        assert b">=35 ng/mL" in ran.stdout


def test_a_pipe_gets_neither_escape_codes_nor_cropped_lines() -> None:
    ran = shell("labcheck vitd 22 -v")
    assert b"\x1b" not in ran.stdout
    assert "…" not in ran.stdout.decode()


def test_colour_is_there_when_asked_for_and_not_when_declined() -> None:
    assert b"\x1b[" in shell("labcheck vitd 22", FORCE_COLOR="1").stdout
    assert b"\x1b[38" not in shell("labcheck vitd 22", FORCE_COLOR="1", NO_COLOR="1").stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_without_unicode_gets_what_it_can_show(encoding: str) -> None:
    for command in (
        "vitd 55 -u nmol/L -v",
        "b12 '<150' -u pmol/L",
        "units vitd",
        "ranges",
        "convert vitd 22 ng/mL nmol/L",
        "--help",
    ):
        ran = shell(f"labcheck {command}", PYTHONIOENCODING=encoding)
        assert (ran.returncode, ran.stderr) == (0, b""), command
        ran.stdout.decode(encoding)
    assert b"= 22.04" in shell("labcheck vitd 55 -u nmol/L", PYTHONIOENCODING=encoding).stdout.replace(
        b"~", b"="
    )


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("labcheck vitd 22 --range-set i", ["iom-2011"]),
        ("labcheck csv --range-set r", ["ros-2018", "reported"]),
        ("labcheck b12 22 --unit pm", ["pmol/dL", "pmol/L", "pmol/mL"]),
    ],
)
def test_completion_knows_what_an_option_can_be(typed: str, completed: list[str]) -> None:
    words = len(typed.split()) - 1
    ran = shell("labcheck", _LABCHECK_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=str(words))
    assert sorted(ran.stdout.decode().split()) == sorted(completed)


def test_completion_names_the_commands_and_the_analytes() -> None:
    ran = shell("labcheck", _LABCHECK_COMPLETE="complete_bash", COMP_WORDS="labcheck v", COMP_CWORD="1")
    assert ran.stdout == b"vitd\n"
    ran = shell(
        "labcheck", _LABCHECK_COMPLETE="complete_bash", COMP_WORDS="labcheck explain b", COMP_CWORD="2"
    )
    assert ran.stdout == b"b12\n"
