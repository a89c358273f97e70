"""`labcheck.sources.json`: the JSON texts of a stream."""

import json
from collections.abc import Iterator
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcheck.errors import Malformed
from labcheck.sources import json as source
from labcheck.sources.json import Number, Path, Text, decode, parse, spans, texts

ONE = b'{"resourceType":"Observation","id":"1"}'
TWO = b'{"resourceType":"Observation","id":"2"}'
BUNDLE = b'{\n  "resourceType": "Bundle",\n  "entry": [\n    { "resource": {} }\n  ]\n}\n'


def cut(data: bytes, block: int = 1 << 17) -> list[Text]:
    file = BytesIO(data)
    found = list(texts(lambda: file.read(block)))
    assert b"".join(text.raw for text in found) == data
    return found


def read(data: bytes) -> list[tuple[int | None, object]]:
    """Return the line and the value, or the word `problem`, of what is not ignored."""
    found = [text for text in cut(data) if not text.ignored]
    return [(text.line, "problem" if text.problem else text.value) for text in found]


@pytest.mark.parametrize("number", ["22.50", "0.10", "1e400", "1E5", "9" * 5000, "-0.0", "15"])
def test_a_number_keeps_its_digits(number: str) -> None:
    found = parse(f"[{number}]")
    assert found == [number]
    assert isinstance(found, list)
    assert isinstance(found[0], Number)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": 1', "column 8"),
        ('{\n"a": x}', "line 2, column 6"),
        ("NaN", "NaN is no JSON number"),
        ("[-Infinity]", "-Infinity is no JSON number"),
        ('{"a": {"b": 1, "c": 2, "b": 3}}', "'b' twice"),
        ('"tab\tinside"', "control character"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("", "column 1"),
        ("{} {}", "Extra data"),
    ],
)
def test_what_is_no_json_says_why_and_where(text: str, says: str) -> None:
    with pytest.raises(Malformed) as problem:
        parse(text)
    assert says in problem.value.text


def test_what_is_no_utf_8_says_where() -> None:
    assert decode(b"\xef\xbb\xbf{}") == "{}"
    with pytest.raises(Malformed, match="from byte 4 on"):
        decode(b'{"a\xb5"}')


def test_half_a_character_of_two_is_a_text_like_any_other() -> None:
    assert parse('"\\ud800"') == "\ud800"


def test_a_line_each_is_a_text_each() -> None:
    assert read(ONE + b"\n" + TWO + b"\n") == [(1, json.loads(ONE)), (2, json.loads(TWO))]
    assert read(b"\xef\xbb\xbf\n\r\n" + ONE + b"\r\n\n" + TWO) == [
        (3, json.loads(ONE)),
        (5, json.loads(TWO)),
    ]


def test_a_document_over_many_lines_is_one_text() -> None:
    assert read(BUNDLE) == [(None, json.loads(BUNDLE))]
    assert read(b"\n" + BUNDLE + b"\n") == [(None, json.loads(BUNDLE))]
    assert read(b"[\n" + ONE + b",\n" + TWO + b"\n]") == [(None, [json.loads(ONE), json.loads(TWO)])]
    report = b'{"resourceType":"DiagnosticReport","contained":[\n' + ONE + b"\n]}"
    assert read(report) == [(None, json.loads(report))]


@pytest.mark.parametrize("broken", [b'{"resourceType":"Obs', b"\x89PNG", b"\xff\xfe{", b"nonsense", b"]"])
def test_a_broken_line_leaves_the_others_as_they_are(broken: bytes) -> None:
    assert read(broken + b"\n" + ONE + b"\n") == [(1, "problem"), (2, json.loads(ONE))]
    assert read(ONE + b"\n" + broken + b"\n" + TWO) == [
        (1, json.loads(ONE)),
        (2, "problem"),
        (3, json.loads(TWO)),
    ]


def test_a_broken_document_is_told_once() -> None:
    assert read(BUNDLE[:-3]) == [(None, "problem")]
    assert read(b"[\n" + ONE + b",\n" + TWO + b"\n") == [(None, "problem")]
    assert read(b'{"entry":[\n{"resource":' + ONE + b"}\n") == [(None, "problem")]


def test_what_is_too_long_is_told_once_and_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LONGEST", 100)
    long = b'{"resourceType": "' + b"x" * 1000 + b'"}'
    file = BytesIO(long + b"\n" + ONE + b"\n" + long + b"\n" + TWO)
    found = [text for text in texts(lambda: file.read(30)) if not text.ignored]
    assert [(text.line, text.problem is None) for text in found] == [
        *((1, False), (2, True), (3, False), (4, True))
    ]
    assert "MB" in str(found[0].problem)


def test_a_document_that_is_too_long_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LONGEST", 50)
    assert read(BUNDLE + b"\n" * 10) == [(None, "problem")]
    broken_line_first = b'{"resourceType":\n' + ONE + b"\n" + TWO
    assert read(broken_line_first) == [(1, "problem"), (2, json.loads(ONE)), (3, json.loads(TWO))]


def test_a_line_is_read_before_the_next_one_comes() -> None:
    blocks = iter([ONE + b"\n", TWO + b"\n", b""])
    found = texts(lambda: next(blocks))
    assert next(found).line == 1
    assert next(blocks) == TWO + b"\n"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


def all_paths(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from all_paths(inner, (*path, key))


@given(values, st.sampled_from([None, 0, 1, "\t"]), st.data())
def test_a_span_is_where_the_value_is_written(value: object, indent: int | None, data: st.DataObject) -> None:
    text = f" {json.dumps(value, indent=indent)} \n"
    known = dict(all_paths(value))
    wanted = data.draw(st.sets(st.sampled_from(sorted(known, key=str))))
    found = spans(text, {*wanted, ("no", "such")})
    assert set(found) == wanted
    for path, (start, end) in found.items():
        assert json.loads(text[start:end]) == known[path]
        assert not text[start:end][:1].isspace()


lines = st.sampled_from(
    [ONE, TWO, BUNDLE, b"", b"{", b"[", b"}", b'{"resourceType":1}', b"\xff", b" ", b"1,"]
)


@given(st.lists(lines | st.binary(max_size=9), max_size=8), st.sampled_from([b"\n", b"\r\n"]))
def test_any_bytes_come_out_again_wherever_the_blocks_end(parts: list[bytes], end: bytes) -> None:
    data = end.join(parts)
    whole = cut(data)
    for size in (1, 5, 64):
        found = cut(data, size)
        assert [text._replace(problem=None) for text in found] == [
            text._replace(problem=None) for text in whole
        ]
