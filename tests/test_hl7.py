import builtins
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from io import BytesIO
from itertools import chain, repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck import Interpretation
from labcheck.catalogue import built_in
from labcheck.errors import LabcheckError, Usage
from labcheck.model import DecimalMark, Refusal
from labcheck.sources.hl7 import observations
from labcheck.sources.observations import Observation, judge
from labcheck.sources.status import Status

HEAD = "MSH|^~\\&|LAB|WEST|CLINIC|4711|20240305101500||ORU^R01|20240305-1|P|2.5"
MESSAGE = "\r".join((
    HEAD,
    "PID|1|77|0815^^^LAB||Muster^Vera||19700101|F",
    "ORC|RE|1",
    "OBR|1||2024-1|vitd^Vitamin D|||20240304081500|||||||||||||||||||||",
    "OBX|1|NM|vd25^Vitamin D (25-OH)^LAB||22|ng/mL|30 - 100|L|||F|||20240304093000",
    "NTE|1|L|Winter",
    "OBX|2|ST|fer^Ferritin||106|µg/l|15 - 150|N|||F",
    "OBR|2||2024-1|b12^Vitamin B12|||20240304081600",
    "OBX|1|SN|14685-2^Cobalamin^LN||<^150|pmol/L|130-665||||F",
    "",
))  # fmt: skip


def read(data: str | bytes, block: int = 1 << 17, **options: Any) -> list[Observation]:
    file = BytesIO(data.encode() if isinstance(data, str) else data)
    return list(observations(lambda: file.read(block), **options))


def obx(**fields: str) -> Observation:
    """Read one OBX, with the fields given by number: `obx(_5="22")`."""
    usual = {"_2": "NM", "_3": "vd25^Vitamin D^LAB", "_5": "22", "_6": "ng/mL", "_11": "F", **fields}
    segment = "|".join(["OBX", *(usual.get(f"_{number}", "") for number in range(1, 18))])
    (found,) = read(f"{HEAD}\r{segment}\r")
    return found


def code(observation: Observation) -> str:
    outcome = judge(observation, built_in())
    match outcome:
        case Interpretation():
            return str(outcome.category)
        case Refusal():
            return outcome.code
        case _:
            return ""


def test_each_obx_is_one_observation_with_its_place_and_date() -> None:
    first, second, third = read(MESSAGE)
    assert first == Observation(
        "message 1, OBX 1",
        names=("Vitamin D (25-OH)",),
        local=("vd25",),
        groups=("Vitamin D", "vitd"),
        value="22",
        unit="ng/mL",
        decimal="point",
        range="30 - 100",
        flags=("L",),
        status_text="F",
        date="20240304093000",
        patient="0815",
    )
    assert (second.place, second.name, second.unit) == ("message 1, OBX 2", "Ferritin", "µg/l")
    assert (third.place, third.loinc, third.value) == ("message 1, OBX 3", ("14685-2",), "<150")
    assert third.date == "20240304081600"  # the order's, as it has none of its own
    assert [code(one) for one in (first, second, third)] == ["low", "", "indeterminate"]


@pytest.mark.parametrize(
    ("order", "own", "expected"),
    [
        *(("X", "", "no-value"), ("I", "", "no-value"), ("F", "", "normal"), ("f", "", "normal")),
        *(("P", "", "normal preliminary"), ("C", "", "normal corrected"), ("A", "", "normal status-unknown")),
        *(("", "", "normal status-unknown"), ("F", "X", "no-value"), ("O", "F", "normal")),
        *(("R", "", "normal preliminary"), ("M", "", "normal preliminary"), ("O", "", "no-value")),
    ],
)
def test_where_a_result_has_no_status_that_of_its_order_stands_in(
    order: str, own: str, expected: str
) -> None:
    head = f"{HEAD}\rOBR|1||||||20240304{'|' * 18}{order}\r"
    first, second = read(f"{head}OBX|1|NM|^B12||300|ng/L|||||{own}\rOBR|2\rOBX|2|NM|^B12||300|ng/L|||||F\r")
    outcome = judge(first, built_in())
    notes = [note.code for note in outcome.notes] if isinstance(outcome, Interpretation) else []
    assert " ".join([code(first), *notes]) == expected
    assert first.status_text == (own or order)
    assert code(second) == "normal"


@pytest.mark.parametrize(
    ("fields", "value", "unit"),
    [
        ({"_2": "SN", "_5": "=<^22"}, "=<^22", "ng/mL"),
        ({"_6": "ng/mL^nmol/L"}, "22", "ng/mL^nmol/L"),
        ({"_6": "ng/mL~nmol/L"}, "22", "ng/mL~nmol/L"),
        ({"_11": "?"}, "22", "ng/mL"),
    ],
)
def test_what_is_refused_is_shown_as_it_was_reported(fields: dict[str, str], value: str, unit: str) -> None:
    refused = obx(**fields)
    assert refused.problem
    assert (refused.value, refused.unit) == (value, unit)


@pytest.mark.parametrize(
    "begin", ["obx|", "OBX |", '"OBX|', "OBX[2]|", "0BX|", "OBX^", "OB|", "BX|", "OBX1|", "OBY|"]
)
def test_a_damaged_obx_is_refused_with_its_place_and_the_others_are_answered(begin: str) -> None:
    good = "OBX|{}|NM|^B12||300|ng/L|||||F{}"
    for rest in ("", "|||20240101|A|B"):
        broken = good.format(2, rest).replace("OBX|", begin)
        found = read("\r".join((HEAD, "OBR|1", good.format(1, rest), broken, good.format(3, rest))) + "\r")
        assert [(one.place, code(one)) for one in found] == [
            ("message 1, OBX 1", "normal"),
            ("message 1, OBX 2", "malformed"),
            ("message 1, OBX 3", "normal"),
        ]
        assert [code(one) for one in read("\r".join((HEAD, "OBR|1", broken)))] == ["malformed"]


def test_a_damaged_beginning_of_a_message_is_refused_and_nothing_read_as_part_of_the_one_before() -> None:
    found = read(MESSAGE + MESSAGE.replace("MSH", "msh") + MESSAGE)
    assert [one.place for one in found[2:5]] == ["message 1, OBX 3", "message 2", "message 3, OBX 1"]
    assert code(found[3]) == "malformed"


def test_a_patient_is_known_by_an_older_messages_field_too() -> None:
    for fields, patient in (("0815^^^LAB", "0815"), ("0815|99", "99"), ("|99", "99"), ("", None)):
        (found,) = read(f"{HEAD}\rPID|1|{fields}\rOBX|1|NM|^B12||300|ng/L|||||F\r")
        assert found.patient == patient


def test_a_damaged_patient_or_order_does_not_leave_those_before_in_force() -> None:
    lines = MESSAGE.replace("OBR|2|", "obr|2|").split("\r")
    lines.insert(-2, '"PID|1|99|2222')
    *_, last = read("\r".join(lines))
    assert (last.place, last.patient, last.date) == ("message 1, OBX 3", None, None)
    segment = "OBX|1|NM|62292-8^Vitamin D^LN||12|ng/mL|||||F"
    orders = (f"OBR|1{'|' * 14}UR", segment, "obr|2|", segment)
    assert [one.specimen for one in read("\r".join([HEAD, *orders, ""]))] == ["UR", None, None]


def test_messages_are_counted_and_share_nothing() -> None:
    other = f"{HEAD}\rOBX|1|NM|^B12||300|ng/L|||||F\r"
    found = read(MESSAGE + other)
    assert [one.place for one in found][2:] == ["message 1, OBX 3", "message 2, OBX 1"]
    assert (found[3].patient, found[3].date) == (None, None)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\n\r\n"])
def test_any_line_break_will_do(end: str) -> None:
    assert read(MESSAGE.replace("\r", end)) == read(MESSAGE)


def test_separators_are_the_messages_own() -> None:
    swapped = MESSAGE.translate(str.maketrans("|^~\\&", "#@$!*"))
    assert read(swapped) == read(MESSAGE)


def test_a_framed_message_and_a_batch_are_the_same_as_a_bare_one() -> None:
    framed = f"\x0b{MESSAGE}\x1c\r"
    assert [one.place for one in read(framed + framed)] == [
        *(f"message 1, OBX {number}" for number in (1, 2, 3)),
        *(f"message 2, OBX {number}" for number in (1, 2, 3)),
    ]
    batch = f"FHS|^~\\&|LAB\rBHS|^~\\&|LAB\r{MESSAGE}{MESSAGE}BTS|2\rFTS|1\r"
    assert read(batch) == read(framed + framed)


@pytest.mark.parametrize(
    ("bts", "fts", "says"),
    [
        ("2", "1", None),
        ("", "", None),
        ("many", "1", None),
        ("3", "1", "its BTS counts 3 messages, and there are 2"),
        ("1", "1", "its BTS counts 1 messages, and there are 2"),
        ("2", "2", "its FTS counts 2 batches, and there are 1"),
    ],
)
def test_a_batch_that_lacks_a_message_is_told(bts: str, fts: str, says: str | None) -> None:
    head = "FHS|^~\\&|LAB\rBHS|^~\\&|LAB\r"
    found = read(f"{MESSAGE}{head}{MESSAGE}{MESSAGE}BTS|{bts}\rFTS|{fts}\r")
    faults = [one.problem.text for one in found if one.problem]
    assert faults == ([says] if says else [])


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (f"FHS|^~\\&|LAB\r{MESSAGE}", "at the end"),
        (f"BHS|^~\\&|LAB\r{MESSAGE}", "at the end"),
        (f"\x0b{MESSAGE}", "message 1"),
        (f"\x0b{MESSAGE}\x0b{MESSAGE}\x1c\r", "message 1"),
        ("\x0b", "before message 1"),
        (f"{MESSAGE}BTS|1\r", None),  # its beginning was in the file before
        ("", None),
    ],
)
def test_what_must_follow_and_does_not_is_missed(data: str, place: str | None) -> None:
    faults = [one for one in read(data) if one.problem]
    assert [one.place for one in faults] == ([place] if place else [])
    assert all(code(one) == "malformed" and "cut off" in str(one.problem) for one in faults)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ("OBX|1|NM|^Vitamin D||22|ng/mL\rOBX|2\r", "before message 1"),
        ("\x89PNG\r\n\x1a\n" * 3, "before message 1"),
        ("<html>", "before message 1"),
        ("MSH\rOBX|1\r", "message 1"),
        ("MSH|\rOBX|1\r", "message 1"),
        ("MSH|^~&|LAB\rOBX|1\r", "message 1"),  # a backslash that was lost on the way
        ("MSH|^^~&|LAB\rOBX|1\r", "message 1"),
        ("MSH|abcd|LAB\rOBX|1\r", "message 1"),
    ],
)
def test_what_is_no_message_is_told_once_and_the_next_is_read(data: str, place: str) -> None:
    fault, *others = read(data + MESSAGE)
    assert (fault.place, code(fault)) == (place, "malformed")
    assert [one.value for one in others] == ["22", "106", "<150"]


def test_what_follows_a_messages_end_is_told() -> None:
    assert [one.place for one in read(f"\x0b{MESSAGE}\x1c\rOBX|1\rOBX|2\r")][3:] == ["after message 1"]


def test_two_files_put_together_are_read_as_two() -> None:
    assert [one.place for one in read(MESSAGE.rstrip() + MESSAGE)][3] == "message 2, OBX 1"


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("OBX|1|NM|1989-3^^LN||22|ng/mL|30-100|L|||F", "low"),
        ("OBX|1|NM|1989-3^^LN||22|ng/mL|30-100|L||", "malformed"),
        ("OBX|1|NM|1989-3^^LN||22|ng/mL", "malformed"),
        ("OBX|1|NM|1989-3^^LN||2", "malformed"),
        ("OBX|1|NM|1989-3^^LN", "malformed"),
        ("OBX|1|NM|19", "malformed"),
        ("OBX|1|NM|^Ferritin||106|ug/L|", "malformed"),
        ("OBX", "malformed"),
    ],
)
def test_a_segment_that_ends_in_the_middle_is_not_judged(segment: str, expected: str) -> None:
    (found,) = read(f"{HEAD}\r{segment}")
    assert code(found) == expected


@pytest.mark.parametrize(
    "before",
    [
        *("NTE|1||fasting ", "NTE|1||fasting", "OBR|1||", "PID|1||123", ""),
        *("OBX|1|NM|2132-9^^LN||300|pg/mL|||||F\\r", "OBX|1|NM|2132-9^^LN||300|pg/mL|||||F|||20240101"),
    ],
)
def test_an_obx_whose_break_before_it_was_lost_is_told(before: str) -> None:
    lost, after = "OBX|2|NM|62292-8^^LN||12|ng/mL|||||F", "OBX|3|NM|2132-9^^LN||300|pg/mL|||||F"
    found = read(f"{HEAD}\r{before}{lost}\r{after}\r" if before else f"{HEAD} {lost}\r{after}\r")
    places = [f"message 1, OBX {number + 1}" for number in range(len(found))]
    assert [one.place for one in found] == places
    assert [code(one) for one in found[-2:]] == ["malformed", "normal"]
    assert len(found) == (3 if before.startswith("OBX") else 2)


@pytest.mark.parametrize(
    ("specimen", "expected"),
    [
        *(
            ("UR^Urine", "wrong-analyte"),
            ("UR&Urine&HL70070^^random", "wrong-analyte"),
            ("CSF", "wrong-analyte"),
            ("^^Random urine", "wrong-analyte"),
            ("9^^^Urine", "wrong-analyte"),
        ),
        *(("SER", "low"), ("BLD^Blood", "low"), ("", "low")),
    ],
)
def test_the_specimen_of_an_order_holds_for_its_results(specimen: str, expected: str) -> None:
    segment = "OBX|1|NM|62292-8^Vitamin D^LN||12|ng/mL|||||F"
    orders = (f"OBR|1{'|' * 14}{specimen}", segment, "OBR|2", segment)
    assert [code(one) for one in read("\r".join([HEAD, *orders, ""]))] == [expected, "low"]


VITD = "OBX|1|NM|62292-8^Vitamin D^LN||12|ng/mL|||||F"
URINE, SERUM = "SPM|1|||UR^Urine", "SPM|2|||SER^Serum"


def codes(*lines: str) -> list[str]:
    """Judge a message of these segments behind its head."""
    return [code(one) for one in read("\r".join([HEAD, *lines, ""]))]


def test_a_specimen_before_its_orders_holds_for_them_up_to_the_next_one() -> None:
    lines = (URINE, "OBR|1", VITD, "OBR|2", VITD, SERUM, "OBR|1", VITD)
    assert codes(*lines) == ["wrong-analyte", "wrong-analyte", "low"]
    assert codes("SPM|1", "OBR|1", VITD, URINE, "OBR|1", VITD) == ["low", "wrong-analyte"]
    assert codes(SERUM, "OBR|1", VITD, URINE, "OBR|1", VITD, SERUM, "OBR|1", VITD) == [
        *("low", "wrong-analyte", "low"),
    ]
    weight = "OBX|1|NM|3141-9^Weight^LN||70|kg|||||F"
    assert codes(weight, SERUM, "OBR|1", VITD, URINE, "OBR|1", VITD) == ["", "low", "wrong-analyte"]
    assert codes(URINE, SERUM, "OBR|1", VITD) == ["wrong-analyte"]  # it can be of either


def test_a_specimen_behind_results_holds_for_those_of_its_order_alone() -> None:
    assert codes("OBR|1", VITD, "NTE|1||x", VITD, URINE, "OBR|2", VITD) == ["wrong-analyte"] * 2 + ["low"]
    assert codes("OBR|1", VITD, "ORC|RE", "OBR|2", VITD, URINE) == ["low", "wrong-analyte"]
    assert codes(VITD, URINE) == ["wrong-analyte"]
    assert codes("OBR|1", VITD, SERUM, VITD) == ["low", "low"]


def test_one_specimen_of_several_that_is_another_holds_for_all_of_the_order() -> None:
    assert codes("OBR|1", VITD, SERUM, URINE, VITD) == ["wrong-analyte"] * 2
    assert codes(f"OBR|1{'|' * 14}SER", VITD, URINE) == ["wrong-analyte"]


def test_a_specimen_that_was_rejected_is_noted() -> None:
    for reason, notes in ((f"{'|' * 17}RH^Hemolyzed", ["specimen-unknown"]), ("", [])):
        (found,) = read("\r".join([HEAD, "OBR|1", VITD, SERUM + reason, ""]))
        judged = judge(found, built_in())
        assert isinstance(judged, Interpretation)
        assert [note.code for note in judged.notes] == notes


def test_a_specimen_behind_more_results_than_wait_for_it_is_told() -> None:
    found = codes("OBR|1", *[VITD] * 1_002, URINE, "OBR|2", VITD)
    assert found == ["low"] * 1_001 + ["malformed", "wrong-analyte", "low"]


@pytest.mark.parametrize("lost", ["SPM |1|||UR", "sPM|1|||UR", "NTE|1||hiSPM|1|||UR^Urine", '"SPM|1|||UR'])
def test_a_damaged_specimen_is_told(lost: str) -> None:
    assert codes("OBR|1", VITD, "NTE|1||x", lost) == ["low", "malformed"]
    assert codes(SERUM, "OBR|1", VITD, "NTE|1||x", lost, "OBR|2", VITD).count("malformed") == 1


def test_a_specimen_that_belongs_to_no_order_is_told_unless_it_is_blood() -> None:
    assert codes(SERUM, "OBR|1", VITD, "ORC|RE", "OBR|2", VITD, URINE) == ["low", "low", "malformed"]
    assert codes(SERUM, "OBR|1", VITD, SERUM, "PID|2", "OBR|2", VITD) == ["low", "low"]


def test_another_patients_results_are_of_other_orders() -> None:
    assert codes("OBR|1", VITD, "PID|2", URINE, "OBR|2", VITD) == ["low", "wrong-analyte"]
    assert codes("OBR|1", VITD, URINE, "PID|2", VITD) == ["wrong-analyte", "low"]


def test_what_stands_behind_a_specimen_is_not_of_the_message_before() -> None:
    found = read("\r".join([HEAD, "OBR|1", VITD, HEAD, URINE, "OBR|1", VITD, ""]))
    assert [code(one) for one in found] == ["low", "wrong-analyte"]


def test_results_of_an_order_without_end_do_not_wait() -> None:
    endless = (f"{line}\r".encode() for line in chain([HEAD, "OBR|1"], repeat(VITD)))
    arrived = observations(partial(next, endless))
    assert [next(arrived).value for _ in range(3_000)] == ["12"] * 3_000


@pytest.mark.parametrize(
    ("order", "doubtful"),
    [
        *(("hTC^Holotranscobalamin^L", True), ("72160-5", True), ("^Active B12", True), ("vitd", True)),
        *(("^Vitamin B12", False), ("^Vitamin B12 and folate", False), ("", False), ("2132-9^^LN", False)),
    ],
)
def test_a_result_under_an_order_of_another_test_is_noted(order: str, *, doubtful: bool) -> None:
    (found,) = read(f"{HEAD}\rOBR|1|||{order}\rOBX|1|NM|2132-9^Vitamin B12^LN||300|pg/mL|||||F\r")
    judged = judge(found, built_in())
    assert isinstance(judged, Interpretation)
    assert [note.code for note in judged.notes] == ["doubtful-name"] * doubtful


def test_a_result_of_a_cancelled_order_is_noted() -> None:
    (found,) = read(f"{HEAD}\rOBR|1{'|' * 24}X\rOBX|1|NM|^B12||300|ng/L|||||F\r")
    judged = judge(found, built_in())
    assert isinstance(judged, Interpretation)
    assert [note.code for note in judged.notes] == ["status-unknown"]
    assert "'F, of an order with X'" in judged.notes[0].text


@pytest.mark.parametrize(
    ("purpose", "said"),
    [("P", None), ("T", "'F, of a message for training'"), ("d", "debugging"), ("", None)],
)
def test_a_result_of_a_message_that_is_not_for_use_is_noted(purpose: str, said: str | None) -> None:
    head = HEAD.replace("|P|2.5", f"|{purpose}|2.5")
    (found,) = read(f"{head}\rOBR|1\rOBX|1|NM|^B12||300|ng/L|||||F\r")
    judged = judge(found, built_in())
    assert isinstance(judged, Interpretation)
    assert [note.code for note in judged.notes] == ["status-unknown"] * bool(said)
    assert said is None or said in judged.notes[0].text


@pytest.mark.parametrize(
    ("order", "status", "said"),
    [
        ("X", "C", "'C, of an order with X, of a message"),
        ("", "", "'of a message"),
        ("F", "", "'F, of a message"),
    ],
)
def test_a_correction_does_not_stand_either_where_nothing_does(order: str, status: str, said: str) -> None:
    head = HEAD.replace("|P|2.5", "|T|2.5")
    (found,) = read(f"{head}\rOBR|1{'|' * 24}{order}\rOBX|1|NM|^B12||300|ng/L|||||{status}\r")
    judged = judge(found, built_in())
    assert isinstance(judged, Interpretation)
    assert [note.code for note in judged.notes] == ["status-unknown"]
    assert said in judged.notes[0].text


def noted(*segments: str) -> list[list[str]]:
    """Return the notes on each result of a message, or the reason of a refusal."""
    outcomes = [judge(found, built_in()) for found in read("\r".join([HEAD, "OBR|1", *segments, ""]))]
    return [
        [note.code for note in one.notes] if isinstance(one, Interpretation) else [one.code]
        for one in outcomes
        if one
    ]


@pytest.mark.parametrize(
    ("later", "first_is_noted"),
    [
        *((later, True) for later in ("1|187|pg/mL|||||C", "1|400|pg/mL|||||W", "1|||||||D")),
        *((later, False) for later in ("1|187|pg/mL|||||F", "2|187|pg/mL|||||C")),
    ],
)
def test_what_corrects_a_result_later_in_its_order_is_noted_at_it(
    later: str, *, first_is_noted: bool
) -> None:
    found, _ = noted("OBX|1|NM|2132-9^^LN|1|400|pg/mL|||||F", f"OBX|2|NM|2132-9^^LN|{later}")
    assert found == (["status-unknown"] if first_is_noted else [])


@pytest.mark.parametrize(
    ("remark", "is_noted"),
    [
        *(
            (text, True)
            for text in (
                "RESULT INVALID - SPECIMEN MISLABELED. DO NOT USE",
                "Corrected result; previously reported as 12 ng/mL",
                "Result is below the measuring range (<150 pg/mL)",
                "Specimen grossly hemolyzed.",
                "cancelled by lab",
                "Probe ist stark hämolytisch",
            )
        ),
        *(
            (text, False)
            for text in (
                "Biotin may interfere with this assay.",
                "Reference: 200-900 pg/mL. Deficiency below 200.",
                "No hemolysis",
                "",
            )
        ),
    ],
)
@pytest.mark.parametrize("behind", [True, False])
def test_a_remark_that_a_result_may_not_stand_is_noted(remark: str, *, is_noted: bool, behind: bool) -> None:
    result, note = "OBX|1|NM|2132-9^^LN||400|pg/mL|||||F", f"NTE|1|L|{remark}"
    other = "OBX|2|NM|62292-8^^LN||35|ng/mL|||||F"
    found = noted(*([result, note, other] if behind else [note, result]))
    assert found[0] == ["status-unknown"] * is_noted
    assert found[1:] == [[]] * behind


@pytest.mark.parametrize(
    ("spm", "expected"),
    [
        ("SPM|1|s||SER^Serum" + "|" * 20 + "HEM^Hemolyzed", ["specimen-unknown"]),
        ("SPM|1|s||SER^Serum|DBS^dried blood spot", ["wrong-analyte"]),
        ("SPM|1|s||SER^Serum|||||||^Quality control", ["wrong-analyte"]),
        ("SPM|1|s||SER^Serum", []),
    ],
)
def test_what_else_a_specimen_says_counts(spm: str, expected: list[str]) -> None:
    assert noted("OBX|1|NM|2132-9^^LN||400|pg/mL|||||F", spm) == [expected]


def test_a_text_that_speaks_of_obx_is_none() -> None:
    assert len(read(f"{MESSAGE.rstrip()}\rNTE|1||see OBX|2 and BOBX|1|NM|x\r")) == len(read(MESSAGE))


@pytest.mark.parametrize(
    ("segment", "says"),
    [
        ("OBX|1|NM|||60|nmol/L|||||F", "no identifier"),
        ("OBX|2||NM|2132-9^Vitamin B12^LN||60|pg/mL|||||F", "is the type 'NM': a field is amiss"),
    ],
)
def test_a_result_of_what_nobody_says_is_told(segment: str, says: str) -> None:
    (found,) = read(f"{HEAD}\r{segment}\r")
    assert code(found) == "malformed"
    assert found.problem is not None
    assert says in found.problem.text
    assert read(f"{HEAD}\rOBX|1|NM|||||||||F\r")[0].problem is None
    assert read(f"{HEAD}\rOBX|1||ST^Vitamin D^L||60|nmol/L|||||F\r")[0].problem is None


@pytest.mark.parametrize(
    ("field", "names", "loinc", "local"),
    [
        ("1989-3^Calcidiol^LN", ("Calcidiol",), ("1989-3",), ()),
        ("vd25^Vit D^L^1989-3^25-OH-D3^LN", ("Vit D", "25-OH-D3"), ("1989-3",), ("vd25",)),
        ("1989-3", (), ("1989-3",), ()),
        ("1989-3^Calcidiol^LOINC 2.76", ("Calcidiol",), ("1989-3",), ()),
        ("1989-3^^http://www.loinc.org/", (), ("1989-3",), ()),
        ("VITD", (), (), ("VITD",)),
        ("^Vitamin  D", ("Vitamin D",), (), ()),
        ("1^A^L^2^B^L^^^C^3^D^L", ("A", "B", "D", "C"), (), ("1", "2", "3")),
        ("vd^Vitamin D & Calcium", ("Vitamin D & Calcium",), (), ("vd",)),
        ("vd^Vitamin D \\T\\ K", ("Vitamin D & K",), (), ("vd",)),
        ("vd^Chemie\\.br\\", ("Chemie",), (), ("vd",)),
        ('""', (), (), ()),
        ("", (), (), ()),
    ],
)
def test_the_codings_of_a_test_are_kept_apart(
    field: str, names: tuple[str, ...], loinc: tuple[str, ...], local: tuple[str, ...]
) -> None:
    found = obx(_3=field)
    assert (found.names, found.loinc, found.local) == (names, loinc, local)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("NM", "22", "22"),
        ("NM", "22.50", "22.50"),
        ("nm", "22", "22"),
        ("SN", ">^100", ">100"),
        ("SN", "<10.0", "<10.0"),
        ("SN", "12.40", "12.40"),
        ("SN", "^22", "22"),
        ("SN", "=^22", "22"),
        ("SN", "<=^22^", "<=22"),
        ("SN", " < ^ 22 ", "<22"),
        ("ST", ">100", ">100"),
        ("ST", "22^^", "22"),
        ("TX", "22 ng/mL", "22 ng/mL"),
        ("FT", "\\H\\22\\N\\", "22"),
        ("ST", "2\\X32\\", "22"),
        ("ST", "22\\.br\\", "22\n"),
        ("ST", "\\R\\22", "~22"),
        ("ST", "22~", "22"),
        ("", "22", "22"),
        ("NM", "", ""),
        ("NM", '""', ""),
        ("CE", "", ""),
    ],
)
def test_a_value_is_read_by_its_type(kind: str, field: str, value: str) -> None:
    found = obx(_2=kind, _5=field)
    assert (found.value, found.problem) == (value, None)


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        *(("SN", field) for field in ("10^-^20", "^10^-^20", "^1^:^128", "^2^+", "<>^22", "22^^+")),
        *(("SN", field) for field in (">^>100", ">", "a^22", "1^22", "^22^^5", "^22~^23")),
        *(("ST", field) for field in ("22^23", "22&23", "22~23", "22\\", "2\\.sp99999999\\2", "2\\Zx\\2")),
        *(("ST", field) for field in ("2\\X3\\2", "2\\5 and \\3")),
        ("CE", "22^Low^L"),
        ("CWE", "22"),
        ("ED", "^application^pdf^Base64^JVBERi0x"),
        ("NR", "20^30"),
        ("DT", "20240305"),
    ],
)
def test_what_is_not_one_number_is_refused(kind: str, field: str) -> None:
    assert code(obx(_2=kind, _5=field)) == "unreadable-value"


def test_a_point_is_a_decimal_point_in_a_numeric_type() -> None:
    outcome = judge(obx(_5="22.500"), built_in(), decimal="comma")
    assert isinstance(outcome, Interpretation)
    assert str(outcome.canonical) == "22.500 ng/mL"
    assert code(obx(_5="1,060")) == "ambiguous-number"


@pytest.mark.parametrize(
    ("field", "unit"),
    [
        ("nmol/L", "nmol/L"),
        ("nmol/l^^L", "nmol/l"),
        ("NMOLL^nmol/L^LAB", "nmol/L"),
        ("ng/mL^nanogram per millilitre^UCUM", "ng/mL"),
        ("u1^^L^ng/mL^^UCUM", "ng/mL"),
        ("^ng/mL", "ng/mL"),
        ('""', None),
        ("", None),
    ],
)
def test_a_unit_may_be_coded(field: str, unit: str | None) -> None:
    assert obx(_6=field).unit == unit


def test_two_units_in_one_field_are_refused() -> None:
    assert code(obx(_6="ng/mL^^UCUM^nmol/L^^L")) == "incompatible-unit"


@pytest.mark.parametrize(
    ("field", "flags"),
    [("H", ("H",)), ("H~A", ("H", "A")), ("L^Low^HL70078", ("L",)), ("", ()), ('""', ()), ("~*", ("*",))],
)
def test_flags_may_be_repeated_or_coded(field: str, flags: tuple[str, ...]) -> None:
    assert obx(_8=field).flags == flags


def test_the_range_is_taken_as_printed() -> None:
    text = "<150 Mangel / 150-220 Graubereich / >220 Ausreichend"
    assert obx(_7=text).range == text
    assert obx(_7="<150^").range == "<150"
    assert obx().range is None


@pytest.mark.parametrize(
    ("field", "status", "expected"),
    [
        *((letter, Status.FINAL, "low") for letter in "FUVBf"),
        *((letter, Status.PRELIMINARY, "low") for letter in "PRS"),
        *((letter, Status.CORRECTED, "low") for letter in "CA"),
        *((letter, Status.WITHDRAWN, "withdrawn") for letter in "DW"),
        *((letter, Status.ABSENT, "no-value") for letter in "INOX"),
        ("", Status.UNKNOWN, "low"),
        ("Q", Status.UNKNOWN, "malformed"),
    ],
)
def test_the_status_decides_whether_a_result_is_judged(field: str, status: Status, expected: str) -> None:
    found = obx(_11=field)
    assert (found.status, code(found)) == (status, expected)


def test_a_result_that_was_deleted_is_told_as_such_whatever_its_value() -> None:
    assert code(obx(_2="ST", _5="$", _11="D")) == "withdrawn"


def test_a_segment_that_is_too_long_is_not_judged() -> None:
    found = obx(_2="TX", _5="22", _6="ng/mL" + " " * (1 << 18))
    assert (found.name, code(found)) == ("Vitamin D", "malformed")


@pytest.mark.parametrize(
    ("named", "encoding"),
    [
        ("", "latin-1"),
        ("", "utf-8"),
        ("8859/1", "latin-1"),
        ("8859", "latin-1"),
        ("8859/15", "iso8859-15"),
        ("ISO8859-1", "latin-1"),
        ("UNICODE UTF-8", "utf-8"),
        ("UTF-8", "utf-8"),
        ("WINDOWS-1252", "cp1252"),
        ("CP1252", "cp1252"),
        ("8859/5~ISO IR87", "iso8859-5"),
        ("8859/17", "utf-8"),
        ("no such encoding", "latin-1"),
    ],
)
def test_no_letter_is_lost_whatever_the_encoding(named: str, encoding: str) -> None:
    name = "Цинк" if encoding == "iso8859-5" else "Zink in µg"
    data = f"{HEAD}||||||{named}\rOBX|1|NM|^{name}||1|ng/mL|||||F\r".encode(encoding)
    assert read(data)[0].name == name


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_told_so(encoding: str) -> None:
    (only,) = read(MESSAGE.encode(encoding))
    assert only.problem
    assert "it is UTF-16 text" in only.problem.text


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "latin-1", "cp1252", "iso8859-5", "gb18030", "big5", "euc_kr", "shift_jis"],
)
def test_an_encoding_with_ascii_in_it_can_be_asked_for(encoding: str) -> None:
    assert read(MESSAGE, encoding=encoding)[0].names == ("Vitamin D (25-OH)",)


def test_an_encoding_that_is_asked_for_outweighs_the_messages() -> None:
    data = f"{HEAD}||||||UNICODE UTF-8\rOBX|1|NM|^Vitamin D||22|µg/L|||||F\r".encode("latin-1")
    assert read(data, encoding="latin-1")[0].unit == "µg/L"
    assert code(read(data)[0]) == "unknown-unit"
    with pytest.raises(Usage, match="no-such"):
        read(MESSAGE, encoding="no-such")


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "hl7":
            raise ImportError(name)
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Usage, match=r"\.\[hl7\]"):
        read(MESSAGE)


def test_nothing_of_a_message_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        obx(_5="\\Zx\\\\C2B5\\\\.spx\\\\X3\\")
    assert not caplog.records


def test_an_observation_comes_out_before_the_stream_goes_on() -> None:
    blocks = iter([MESSAGE.encode(), b"", b"never read"])
    found = observations(lambda: next(blocks))
    assert (next(found).value, next(found).value) == ("22", "106")
    assert next(blocks) == b""


OUTCOMES = {error.code for error in LabcheckError.__subclasses__()} | {"", "low", "normal", "high"}


def answers(data: bytes) -> list[str]:
    found = read(data)
    assert all(one.place for one in found)
    codes = [code(one) for one in found]
    assert set(codes) <= OUTCOMES | {"indeterminate"}
    return codes


@given(st.binary() | st.text(alphabet="MSHOBXPIDR|^~\\&\r\n\x0b\x1c2.<>µ").map(str.encode))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    answers(data)
    answers(MESSAGE.encode() + data + b"\r" + MESSAGE.encode())


def test_a_message_cut_anywhere_is_never_judged_otherwise() -> None:
    message, whole = MESSAGE.encode(), ["low", "", "indeterminate"]
    for end in range(1, len(message)):
        alone = answers(message[:end])
        assert all(answer in (whole[number], "malformed") for number, answer in enumerate(alone)), end
        assert answers(message[:end] + message)[-3:] == whole, end
        ended = answers(message[:end] + b"\r" + message)
        for answer, expected in zip(ended[:-3], whole, strict=False):
            assert answer == expected or answer not in ("low", "normal", "high", "indeterminate"), end


@given(
    st.integers(min_value=0, max_value=len(MESSAGE) - 1),
    st.sampled_from(["", "|", "^", "~", "\\", "&", "\r", "\0", "9", "µ", "\x0b", "\x1c", "MSH|^~\\&|"]),
)
def test_a_message_changed_anywhere_has_an_answer_for_each_obx(at: int, put: str) -> None:
    data = MESSAGE[:at] + put + MESSAGE[at + 1 :]
    answers(data.encode())
    answers((data + MESSAGE).encode())


fields = st.fixed_dictionaries({
    "_2": st.sampled_from(["NM", "SN", "ST", "CE", ""]),
    "_5": st.text(alphabet="0123456789.<>=^~\\&-+ HL", max_size=8),
    "_6": st.sampled_from(["ng/mL", "nmol/L^^L", "", "%"]),
})  # fmt: skip


@given(st.lists(fields, max_size=5), st.integers(min_value=1, max_value=40))
def test_every_obx_in_is_one_observation_out_in_order(rows: Sequence[Mapping[str, str]], block: int) -> None:
    segments = [
        "|".join(["OBX", str(i), row["_2"], f"{i}^Vitamin D^L", "", row["_5"], row["_6"], *[""] * 4, "F"])
        for i, row in enumerate(rows, start=1)
    ]
    found = read("\r".join([HEAD, *segments, ""]), block)
    assert [one.local for one in found] == [(str(i),) for i in range(1, len(rows) + 1)]
    assert [one.place for one in found] == [f"message 1, OBX {i}" for i in range(1, len(rows) + 1)]


@pytest.mark.parametrize("flag", [">", "17^high^L^>^Off scale high^HL70078", "17^>", "H~^^^^^^^^>"])
def test_a_flag_is_read_in_whichever_component_it_stands(flag: str) -> None:
    (found,) = read(f"{HEAD}\rOBX|1|NM|62292-8^Vitamin D^LN||12|ng/mL||{flag}|||F\r")
    assert code(found) == "indeterminate"


def test_a_segment_that_goes_on_in_another_is_one() -> None:
    start = f"{HEAD}\rOBX|1|NM|62292-8^Vitamin D^LN||12|ng/mL|||||"
    assert code(read(f"{start}\rADD|W\r")[0]) == "withdrawn"
    assert code(read(f"{start}\rADD|F|||2024\r")[0]) == "low"
    text = f"{HEAD}\rOBX|1|ST|62292-8^Vitamin D^LN||16 ng/mL\rADD| in 2019; now 44 ng/mL||||||F\r"
    assert code(read(text)[0]) == "unknown-unit"


def test_an_obx_without_a_type_whose_break_was_lost_is_told() -> None:
    first = "OBX|1|NM|62292-8^^LN||12|ng/mL|||||F|||"
    found = read(f"{HEAD}\r{first}OBX|2||2132-9^Vitamin B12^LN||100|pg/mL|||||F\r")
    assert [code(one) for one in found] == ["low", "malformed"]


def test_a_file_need_not_have_batches() -> None:
    assert read(f"FHS|^~\\&|LAB\r{MESSAGE}FTS|1\r") == read(MESSAGE)


def test_an_obx_in_another_separator_is_none_and_a_damaged_one_is_told_once() -> None:
    segment = "OBX|1|NM|62292-8^^LN||12|ng/mL|||||F"
    found = read(f"{HEAD}\rERR||OBX^1^^^|207\r????{segment}\r{segment}\r")
    assert [code(one) for one in found] == ["malformed", "low"]


def test_a_specimen_of_an_order_without_results_is_not_the_next_orders() -> None:
    segment = "OBX|1|NM|62292-8^^LN||12|ng/mL|||||F"
    (found,) = read("\r".join([HEAD, "OBR|1|||UCULT", "SPM|1|||UR^Urine", "OBR|2", segment, ""]))
    assert code(found) == "low"


@pytest.mark.parametrize(
    ("control", "notes"),
    [
        *((fields, ["status-unknown"]) for fields in ("CA", "OC", "CR", "RE||||CA", "DC", "RE||||DC")),
        *((fields, []) for fields in ("RE", "RE||||CM", "NW")),
    ],
)
def test_a_final_result_of_an_order_that_was_cancelled_is_noted(control: str, notes: list[str]) -> None:
    of_one, of_next = read("\r".join([HEAD, f"ORC|{control}", "OBR|1", VITD, "OBR|2", VITD, ""]))
    for found, expected in ((of_one, notes), (of_next, [])):
        judged = judge(found, built_in())
        assert isinstance(judged, Interpretation)
        assert [note.code for note in judged.notes] == expected


@pytest.mark.parametrize(("role", "expected"), [("Q", "wrong-analyte"), ("C", "wrong-analyte"), ("P", "low")])
def test_a_control_of_the_assay_is_nobodys_result(role: str, expected: str) -> None:
    (found,) = read("\r".join([HEAD, "OBR|1", VITD, f"{SERUM}|||||||{role}", ""]))
    assert code(found) == expected


@pytest.mark.parametrize(
    ("span", "decimal", "expected"),
    [
        ("100,000-900,000", None, ""),
        ("100,0-400,0", None, "high"),
        ("100,000-400,000", "comma", "high"),
        ("100.5-900.5", None, "normal"),
    ],
)
def test_the_type_of_the_value_does_not_settle_how_the_range_is_written(
    span: str, decimal: DecimalMark | None, expected: str
) -> None:
    found = obx(_3="2132-9^^LN", _5="450", _6="pg/mL", _7=span)
    outcome = judge(found, built_in(), range_sets={"b12": "reported"}, decimal=decimal)
    assert (str(outcome.category) if isinstance(outcome, Interpretation) else "") == expected


def test_a_decimal_mark_that_the_type_settles_is_not_asked_about() -> None:
    outcome = judge(obx(_3="2132-9^^LN", _5="1.060", _6="pg/mL"), built_in())
    assert isinstance(outcome, Refusal)
    assert "--decimal" not in outcome.text


@pytest.mark.parametrize("order", ["obr|1", "0BR|1", "OBR |1", "NTE|1||fastingOBR|1"])
def test_an_order_that_is_lost_is_told(order: str) -> None:
    fields = f"{order}|||U|||||||||||UR^Urine||||||||||X"
    found = read("\r".join([HEAD, "OBR|1", VITD, fields, VITD, ""]))
    assert [code(one) for one in found] == ["low", "malformed", "low"]
    assert "an order (OBR)" in str(found[1].problem)


def test_a_patient_whose_segment_begins_inside_another_is_not_the_one_before() -> None:
    found = read("\r".join([HEAD, "PID|1||111", "NTE|1||helloPID|1||222", VITD, ""]))
    assert [one.patient for one in found] == [None]


def test_a_code_of_another_test_counts_whatever_its_system_is_called() -> None:
    assert code(obx(_3="62292-8^25-OH Vitamin D^LN^1649-3^^L")) == "wrong-analyte"
    assert code(obx(_3="62292-8^25-OH Vitamin D^LN^VD25^^L")) == "low"
