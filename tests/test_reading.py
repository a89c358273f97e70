from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck.errors import (
    AmbiguousNumber,
    ImpossibleValue,
    LabcheckError,
    NoValue,
    UnreadableAge,
    UnreadableRange,
    UnreadableValue,
)
from labcheck.model import DecimalMark, Interval
from labcheck.reading import LONGEST, read_age, read_range, read_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("22", "22"),
        ("22.5", "22.5"),
        ("22.50", "22.50"),
        (".5", "0.5"),
        ("+3", "3"),
        ("2.2E1", "22"),
        ("0.00000022e8", "22"),
        ("180\u202f200", "180200"),
        ("12 345 678", "12345678"),
        ("2.2e+001", "22"),
        ("1e5", "1E+5"),
        ("22.", "22"),
        ("22,5", "22.5"),
        (",5", "0.5"),
        ("0,500", "0.500"),
        ("1234,567", "1234.567"),
        ("12,3456", "12.3456"),
        ("1.060", "1.060"),
        ("1,234.5", "1234.5"),
        ("1.234,5", "1234.5"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("1 187", "1187"),
        ("1\u00a0187", "1187"),
        ("1\u202f187", "1187"),
        ("1\u2009187", "1187"),
        ("1\u2007187", "1187"),
        ("1 187,5", "1187.5"),
        ("1'250", "1250"),
        ("1’250.5", "1250.5"),
        ("  22\t", "22"),
    ],
)
def test_a_number_is_read_as_it_was_written(text: str, value: str) -> None:
    read = read_value(text)
    assert (str(read.value), read.comparator, read.unit, read.text) == (value, None, None, text)


@pytest.mark.parametrize(
    ("text", "comparator", "value"),
    [
        ("<5", "<", "5"),
        ("< 4.0", "<", "4.0"),
        ("＜5", "<", "5"),
        ("less than 4", "<", "4"),
        ("<=5", "<=", "5"),
        ("=<5", "<=", "5"),
        ("≤5", "<=", "5"),
        ("5 or less", "<=", "5"),
        (">150", ">", "150"),
        ("GREATER THAN 2000", ">", "2000"),
        (">=5", ">=", "5"),
        ("=>5", ">=", "5"),
        ("≥5", ">=", "5"),
        ("> OR = 60", ">=", "60"),
        ("60 or more", ">=", "60"),
        ("at most 5", "<=", "5"),
        ("at least 5", ">=", "5"),
        ("below 5", "<", "5"),
        ("under 5", "<", "5"),
        ("above 5", ">", "5"),
        ("more than 5", ">", "5"),
        ("over 5", ">", "5"),
        ("Inferior a 150", "<", "150"),
        ("menor de 150", "<", "150"),
        ("menor que 150", "<", "150"),
        ("menos de 150", "<", "150"),
        ("inférieur à 150", "<", "150"),
        ("inf. à 150", "<", "150"),
        ("sup. à 150", ">", "150"),
        ("minore di 150", "<", "150"),
        ("menor do que 150", "<", "150"),
        ("maior ou igual a 150", ">=", "150"),
        ("kleiner als 150", "<", "150"),
        ("unter 150", "<", "150"),
        ("größer 150", ">", "150"),
        ("Groesser als 150", ">", "150"),
        ("über 150", ">", "150"),
        ("Inferieure a 150", "<", "150"),
        ("INFÉRIEUR À 150", "<", "150"),
        ("moins de 150", "<", "150"),
        ("inferior o igual a 150", "<=", "150"),
        ("menor o igual que 150", "<=", "150"),
        ("inférieur ou égal à 150", "<=", "150"),
        ("superior a 150", ">", "150"),
        ("mayor de 150", ">", "150"),
        ("más de 150", ">", "150"),
        ("supérieur à 150", ">", "150"),
        ("plus de 150", ">", "150"),
        ("mayor o igual a 150", ">=", "150"),
        ("supérieure ou égale à 150", ">=", "150"),
    ],
)
def test_a_comparator_is_never_dropped(text: str, comparator: str, value: str) -> None:
    read = read_value(text)
    assert (read.comparator, str(read.value)) == (comparator, value)


@pytest.mark.parametrize(
    ("text", "value", "unit", "flag"),
    [
        ("22 L", "22", None, "L"),
        ("22L", "22", None, "L"),
        ("22 (L)", "22", None, "L"),
        ("103 High", "103", None, "High"),
        ("29,30 *", "29.30", None, "*"),
        ("13,80 !", "13.80", None, "!"),
        ("22 ng/mL", "22", "ng/mL", None),
        ("180pg/mL", "180", "pg/mL", None),
        ("22 ug/100 mL", "22", "ug/100 mL", None),
        ("22 ng/mL H", "22", "ng/mL", "H"),
        ("22 nmol / L", "22", "nmol / L", None),
        ("22 nmol/ L", "22", "nmol/ L", None),
        ("22 nmol per L", "22", "nmol per L", None),
        ("22 nmol / L  L", "22", "nmol / L", "L"),
        ("22 H ng/mL", "22", "ng/mL", "H"),
        ("22 nmol/L", "22", "nmol/L", None),
        *(
            (f"22 {flag}", "22", None, flag)
            for flag in (
                "HH",
                "LL",
                "N",
                "A",
                "AA",
                "↑",
                "↓↓",
                "normal",
                "low",
                "Bas",
                "Haut",
                "Élevé",
                "Alto",
            )
        ),
        ("22 l", "22", "l", None),  # a litre, not a mark: marks of one letter are capitals
        ("22 ?g/L", "22", "?g/L", None),
        ("22 (ng/mL)", "22", "(ng/mL)", None),
    ],
)
def test_what_stands_behind_a_number_is_told_apart(
    text: str, value: str, unit: str | None, flag: str | None
) -> None:
    read = read_value(text)
    assert (str(read.value), read.unit, read.flag) == (value, unit, flag)


@pytest.mark.parametrize(
    ("error", "texts"),
    [
        (
            NoValue,
            [
                *(
                    "nan",
                    "#N/A",
                    "Kein Material",
                    "hémolysé",
                    "see note",
                    "cancelled",
                    "haemolysed",
                    "nicht bestimmt",
                    "quantity not sufficient",
                ),
                *("", "  ", "-", "--", ".", "N/A", "n.a.", "pending", "QNS", "TNP", "folgt", "See Comments"),
            ],
        ),
        (
            UnreadableValue,
            [
                *(
                    "22-25",
                    "0x22",
                    "0O22",
                    "0b1",
                    "120/80",
                    "?7",
                    "~22",
                    "5..4",
                    "22..5",
                    "inf",
                    "-inf",
                    "1e999",
                    "*000",
                ),
                *("22?", "22,", "1,2,3", "1_000", "٢٢", "２２", "--5", "$", "<<5", "positive", "x"),
            ],
        ),
        (
            UnreadableValue,
            [
                "22 - 25",
                "375, 390",
                "22 25",
                "180 200",
                "1\t187",
                "1  187",
                "0 500",
                "22 (25)",
                "<5 or more",
                "9" * 101,
            ],
        ),
        (AmbiguousNumber, ["1,060", "12,345", "<1,060", "1,060 pg/mL"]),
        (ImpossibleValue, ["0", "0.0", "0,0", "-5", "-5.5", "−5", "<-5", "<0", ">0", "0e5", "0 ng/100 mL"]),
    ],
)
def test_what_is_not_one_number_is_refused(error: type[LabcheckError], texts: list[str]) -> None:
    for text in texts:
        with pytest.raises(error) as caught:
            read_value(text)
        assert type(caught.value) is error, text


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1,060", "point", "1060"),
        ("1,060", "comma", "1.060"),
        ("1.060", "comma", "1060"),
        ("1.060,5", "comma", "1060.5"),
        ("22", "comma", "22"),
        ("22.5", "point", "22.5"),
    ],
)
def test_naming_the_decimal_mark_settles_a_number(text: str, decimal: DecimalMark, value: str) -> None:
    assert str(read_value(text, decimal).value) == value


@pytest.mark.parametrize(("text", "decimal"), [("22,5", "point"), ("22.5", "comma"), ("1,060.5", "comma")])
def test_a_number_that_breaks_the_named_mark_is_refused(text: str, decimal: DecimalMark) -> None:
    with pytest.raises(UnreadableValue, match=f"decimal {decimal}"):
        read_value(text, decimal)


def test_an_ambiguous_number_is_told_both_readings() -> None:
    with pytest.raises(AmbiguousNumber, match=r"--decimal comma for 1\.060, --decimal point for 1060"):
        read_value("1,060")


@given(st.decimals("0.0001", "1000000", allow_nan=False, places=4))
def test_plain_digits_are_read_as_the_whole_grammar_reads_them(number: Decimal) -> None:
    assert read_value(f"{number:f}").value == read_value(f" {number:f} ").value == number


def interval(low: str | None, high: str | None, *, low_in: bool = True, high_in: bool = True) -> Interval:
    return Interval(low and Decimal(low), high and Decimal(high), low_in, high_in)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected", "unit"),
    [
        ("30-100", interval("30", "100"), None),
        ("30 – 100", interval("30", "100"), None),
        ("(132-835)", interval("132", "835"), None),
        ("0,400–0,500", interval("0.400", "0.500"), None),
        ("20 to 50", interval("20", "50"), None),
        ("20 bis 50", interval("20", "50"), None),
        ("20 à 100", interval("20", "100"), None),
        ("20 A 100", interval("20", "100"), None),
        ("20 ng/mL a 100 ng/mL", interval("20", "100"), "ng/mL"),
        ("20 tot 60", interval("20", "60"), None),
        ("20..60", interval("20", "60"), None),
        ("Normal: 20-60", interval("20", "60"), None),
        ("ref. 20 - 60 ng/mL", interval("20", "60"), "ng/mL"),
        ("≥20 - ≤60", interval("20", "60"), None),
        (">20.0 <60.0", interval("20", "60", low_in=False, high_in=False), None),
        ("> 20 - < 60 ng/mL", interval("20", "60", low_in=False, high_in=False), "ng/mL"),
        (">= 20 ng/mL <= 60 ng/mL", interval("20", "60"), "ng/mL"),
        ("50-<150", interval("50", "150", high_in=False), None),
        (">50-150", interval("50", "150", low_in=False), None),
        ("> = 20", interval("20", None), None),
        ("über 20", interval("20", None, low_in=False), None),
        ("Inferior a 30", interval(None, "30", high_in=False), None),
        ("0-50", interval("0", "50"), None),
        ("<5.7", interval(None, "5.7", high_in=False), None),
        ("<=5.7", interval(None, "5.7"), None),
        ("0.2 OR LESS", interval(None, "0.2"), None),
        (">30", interval("30", None, low_in=False), None),
        ("> OR = 60", interval("60", None), None),
        ("30-100 ng/mL", interval("30", "100"), "ng/mL"),
        ("30\u2011100 ng/mL", interval("30", "100"), "ng/mL"),
        ("30 ng/mL - 100 ng/mL", interval("30", "100"), "ng/mL"),
        ("30 ng/mL - 100", interval("30", "100"), "ng/mL"),
        ("(30-100) ng/mL", interval("30", "100"), "ng/mL"),
        ("50 - 150nmol/L", interval("50", "150"), "nmol/L"),
    ],
)
def test_a_range_is_read_with_its_ends(text: str, expected: Interval, unit: str | None) -> None:
    assert read_range(text) == (expected, unit)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0-0",
        ">=0",
        ">0",
        "30-30",
        "100-30",
        "0-2-7.2",
        "30-100 200",
        "20a100",
        "20 à",
        "30-",
        "-5-10",
        "<0",
        "x",
        "30",
        "30 deficient - 100 sufficient",
        "30 ng/mL - 100 nmol/L",
        "Winter: 10 - 37.4\nZomer",
        "normal",
        "20 <60",
        "<20 <60",
        ">20 >60",
        "<20 - 60",
        "20 - >60",
    ],
)
def test_what_is_not_one_range_is_refused(text: str) -> None:
    with pytest.raises(UnreadableRange):
        read_range(text)


@pytest.mark.parametrize(("text", "age"), [("42", "42"), ("0.5", "0.5"), ("0", "0"), ("130", "130")])
def test_an_age_is_read_in_years(text: str, age: str) -> None:
    assert read_age(text) == Decimal(age)


@pytest.mark.parametrize("text", ["", "-1", "nan", "9 months", "1e2", "1000", "131", "٤", f"0.{'5' * 20}"])
def test_what_is_not_an_age_is_refused(text: str) -> None:
    with pytest.raises(UnreadableAge):
        read_age(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_value, read_range, read_age):
        try:
            read(text)
        except LabcheckError as refusal:
            assert refusal.text.isprintable()


@given(st.text(alphabet="0123456789.,' eE+-<>=()LHng/mol%?"))
def test_any_text_that_looks_like_a_value_is_read_or_refused(text: str) -> None:
    try:
        assert read_value(text).value > 0
    except LabcheckError as refusal:
        assert refusal.code in {"no-value", "unreadable-value", "ambiguous-number", "impossible-value"}


def test_so_many_characters_are_read_and_no_more() -> None:
    assert read_value("2" + "0" * (LONGEST - 1)).value == Decimal("2E99")
    assert read_value("<" + "2" * (LONGEST - 1)).comparator == "<"
    for text in ("2" + "0" * LONGEST, "<" + "2" * LONGEST):
        with pytest.raises(UnreadableValue):
            read_value(text)


@pytest.mark.parametrize("blank", ["\u00a0", "\u2007", "\u2009", "\u202f"])
def test_a_blank_that_keeps_a_number_together_groups_by_either_mark(blank: str) -> None:
    for decimal in ("point", "comma", None):
        assert read_value(f"1{blank}187", decimal).value == 1187


def test_what_is_to_be_typed_instead_has_the_decimal_mark_that_was_asked_for() -> None:
    with pytest.raises(UnreadableValue, match="with a decimal comma; type one as in 22,5 or"):
        read_value("22.5.1,0", "comma")
    with pytest.raises(UnreadableRange, match=r"'20\.5-30' is not one range with a decimal comma"):
        read_range("20.5-30", "comma")


def test_a_text_that_is_too_long_is_no_range() -> None:
    assert read_range(f"30-{' ' * 90}100")[0] == Interval(Decimal(30), Decimal(100))
    with pytest.raises(UnreadableRange):
        read_range(f"30-{' ' * 95}100")
