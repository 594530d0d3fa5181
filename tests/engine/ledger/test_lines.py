"""Record lines: what is canonical is what RFC 8785 writes, with and without the fast library."""

import json
import math
import time

import orjson
import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.canonical import canonical as engines
from custom_components.aiep_miner.engine.ledger.verifier import lines
from tests.engine.test_canonical import values

LINE = b'{"body":{"a":1.5},"kind":"price","seq":7,"subject":"o","ts":1800000000000}'


@pytest.fixture(params=["fast", "plain"], autouse=True)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run everything with orjson and with the standard library alone."""
    if request.param == "plain":
        monkeypatch.setattr(lines, "orjson", None)


def is_canonical(data: bytes) -> bool:
    try:
        lines.read_canonical(data)
    except ValueError:
        return False
    return True


texts = st.sampled_from(
    ["1.0,", ":2.0}", '"', "\\", "e5", "[-0.0]", "\ue000", "\U0001f600", "null"]
)
tricky = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        [1.0, -1.0, 0.0, -0.0, 1e16, 1e21, 1e22, 1e-5, 1e-6, 1e-7, 2.0**53, 0.1, -0.5]
    )
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | texts
)
objects = st.dictionaries(texts | st.text("ab", max_size=2), tricky | st.lists(tricky), max_size=6)


@settings(deadline=None)
@given(values | objects)
@example([1.0, {"a": 2.0, "b": [3.0, 1e-7, 1e16, -0.0]}])
@example({"\ue000": 1, "\U0001f600": 2})
@example({"a": ":1.0,", "b": 1.0})
@example({"a": ["x,1.0,y"], "b": 0.5})
@example(1e5)
@example(1.0)
def test_what_rfc8785_writes_is_canonical(value: object) -> None:
    data = rfc8785.dumps(value)
    assert is_canonical(data)
    assert engines(value) == data
    assert lines.canonical(value) == data


@settings(deadline=None)
@given(objects | st.lists(tricky), st.sampled_from(["json", "orjson", "sorted", "indent", "ascii"]))
def test_what_others_write_is_canonical_only_when_it_is_the_same(value: object, how: str) -> None:
    written = {
        "json": lambda: json.dumps(value).encode(),
        "orjson": lambda: orjson.dumps(value),
        "sorted": lambda: json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode(),
        "indent": lambda: json.dumps(value, indent=1).encode(),
        "ascii": lambda: json.dumps(value, separators=(",", ":"), sort_keys=True).encode(),
    }[how]()
    assert is_canonical(written) == (written == rfc8785.dumps(value))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a":1}\n',
        b' {"a":1}',
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b"[1.0]",
        b'{"a":1e5}',
        b'{"a":1E5}',
        b'{"a":-0}',
        b'{"a":-0.0}',
        b'{"a":01}',
        b'{"a":1.50}',
        b'{"a":0.00001}x',
        b'{"a":1e-05}',
        b'{"a":1e21}',
        b'{"a":10000000000000000000000}',
        b'{"a":9007199254740993}',
        b'{"a":1e400}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\t"}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b"[" * 100_000,
        b"[" * 200 + b"]" * 200,
    ],
)
def test_what_is_not_canonical(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each library has its own words
        lines.parse(data) if data.startswith(b"[") else lines.read_canonical(data)


@pytest.mark.parametrize(
    "data", [b'{"a":0.00001}', b'{"a":1e-7}', b'{"a":1e+21}', b'{"a":"\\u001f"}']
)
def test_what_libraries_write_otherwise_is_canonical(data: bytes) -> None:
    assert is_canonical(data)


def test_a_line_is_a_record() -> None:
    record = lines.parse(LINE)
    assert record == (7, 1_800_000_000_000, "price", "o", {"a": 1.5}, LINE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"ts":', b'"tt":'),
        (b"}", b',"u":1}'),
        (b'"seq":7', b'"seq":0'),
        (b'"seq":7', b'"seq":-7'),
        (b'"seq":7', b'"seq":7.5'),
        (b'"seq":7', b'"seq":"7"'),
        (b'"seq":7', b'"seq":true'),
        (b'"price"', b"1"),
        (b'"o"', b"null"),
        (b"1800000000000", b"null"),
        (b'{"a":1.5}', b"[]"),
    ],
)
def test_what_is_no_record(old: bytes, new: bytes) -> None:
    head, _, tail = LINE.rpartition(old)
    with pytest.raises(ValueError, match=r"record|canonical"):
        lines.parse(head + new + tail)


def test_a_line_has_a_greatest_length() -> None:
    long = LINE.replace(b"1.5", b'"%b"' % (b"x" * lines.MAX_LINE_BYTES))
    with pytest.raises(ValueError, match="too long"):
        lines.parse(long)


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, object(), b"x", {1, 2}])
def test_what_has_no_canonical_form(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        lines.canonical([value])


def record_line(seq: int, body: str = "{}") -> bytes:
    return f'{{"body":{body},"kind":"price","seq":{seq},"subject":"s","ts":1}}'.encode()


TAIL = '"kind":"price","seq":1,"subject":"s","ts":1'


@pytest.mark.parametrize(
    "together",
    [
        [record_line(1), record_line(2)],
        [],
        [record_line(1, '{"v":"1.0, 1e5","w":1.5}'), record_line(2, '{"e":"\\"}"}')],
        [record_line(1, '{"v":"\U0001f600"}'), record_line(2)],
        [record_line(1, '{"a":[{"body":1},{"body":2}]}'), record_line(2)],
    ],
)
def test_lines_that_are_read_together(together: list[bytes]) -> None:
    found = lines.parse_together(together)
    assert found in (None, [lines.parse(line) for line in together])


@pytest.mark.parametrize(
    "together",
    [
        [record_line(1) + b"," + record_line(2)],
        [b'{"body":[{"body":0,' + TAIL.encode() + b"}", b'{"body":0}],' + TAIL.encode() + b"}"],
        [
            b'{"body":[{"body":0,' + TAIL.encode() + b"}",
            b'{"body":0}],' + TAIL.encode() + b"}",
            record_line(2) + b"," + record_line(3),
        ],
        [record_line(1) + b"," + record_line(2)[:-1], b"}"],
        [record_line(1), b"1"],
        [record_line(1), b""],
        [record_line(1, '{"v":1.0}'), record_line(2)],
        [record_line(1, '{"v":1e5}'), record_line(2)],
        [record_line(1, '{"v":100000000000000000}'), record_line(2)],
        [record_line(1, '{"b":1,"a":2}'), record_line(2)],
        [record_line(1, '{"a":1,"a":1}'), record_line(2)],
        [record_line(1) + b" ", record_line(2)],
        [record_line(1, '{"v":NaN}'), record_line(2)],
        [record_line(1, '{"v":"\\u0041"}'), record_line(2)],
        [record_line(1, "[" * 2000 + "]" * 2000)],
        [record_line(1, '{"v":"' + "x" * lines.MAX_LINE_BYTES + '"}')],
        [record_line(0), record_line(1)],
        [b"\xff", record_line(1)],
    ],
)
@pytest.mark.parametrize("is_fast", [True, False])
def test_lines_that_are_not_taken_together(
    together: list[bytes], monkeypatch: pytest.MonkeyPatch, *, is_fast: bool
) -> None:
    """Whatever hides in the way in which they are joined."""
    if not is_fast:
        monkeypatch.setattr(lines, "orjson", None)
    assert lines.parse_together(together) is None


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        ('{"b":"😀","c":1}', True),
        ('{"b":["😀\\"x😀"],"c":1}', True),
        ('{"😀":1}', False),
        ('{"😀\\"x":1,"\ufb33":1}', False),
        ('{"a":{"x😀😁\\\\":1}}', False),
    ],
)
def test_names_from_beyond_the_basic_plane(text: str, *, is_plain: bool) -> None:
    """Only these sort in another order by their UTF-16 units."""
    assert (lines._FAR_NAME.search(text) is None) is is_plain
    assert lines.read_canonical(text.encode()) == json.loads(text)
    assert engines(json.loads(text)) == text.encode()


def test_many_far_characters_take_no_time() -> None:
    text = '{"a":"' + "😀" * 250_000 + '"}'
    began_s = time.perf_counter()
    assert lines.read_canonical(text.encode()) == json.loads(text)
    assert engines(json.loads(text)) == text.encode()
    assert time.perf_counter() - began_s < 1
