"""RFC 8785: the published vectors, and agreement with the library on everything else."""

import hashlib
import json
import math
import struct

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.canonical import (
    canonical,
    canonical_objects,
    content_hash,
)

# RFC 8785, appendix B: IEEE 754 bits and their text.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]

# RFC 8785, section 3.2.3: names sort by their UTF-16 units.
SORTED = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\U0001f600": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
}

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
values = st.recursive(
    scalars,
    lambda items: (
        st.lists(items) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), items)
    ),
    max_leaves=20,
)

structure = st.text(st.sampled_from('"\\,:{}[]0.1e-'), max_size=8)
objects = st.dictionaries(structure, st.recursive(scalars | structure, st.lists, max_leaves=5))
"""With names and texts that look like what is around numbers."""


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_numbers_of_the_rfc(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(number).decode() == text


def test_the_example_of_the_rfc() -> None:
    value = json.loads(
        r"""{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"""
    )
    assert canonical(value).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        r'"string":"€$\u000f\nA' + "'" + r'B\"\\\\\"/"}'
    )


def test_names_sort_by_utf_16() -> None:
    order = list(json.loads(canonical(SORTED)).values())
    assert order == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


@given(values | objects)
@example([1e-4, 1e-5, 1e16, 9999999999999998.0, 2.0**53, -0.0, 1e15 + 0.5])
@example({"\ue000": 1, "\U0001f600": 2, "a": {"ä": [(), {}]}})
@example({"a": [1e-4, 1e-5, 1e16, -1e300, 5e-324, -0.0, 1.0], "b": 1e-7, "c": -0.0})
@example({"a": 1e16})
@example({"a": ":1.0,", "b": 1.0})
@example({"1.0,": 1.0, "b": "x"})
@example({"a": ["x,1.0,y"], "b": 0.5, "c": 2.0})
@example({"a": "\\", "1.0]": 1.0, "b": ['"', 2.0]})
@example({"a": '1.0"', "b": ",1.0,", "c": [3.0]})
@example({"a": "", "b": {"": [-0.05, 1.05, 10.0]}, "c": True, "d": "null"})
def test_agrees_with_the_library_and_loses_nothing(value: object) -> None:
    text = canonical(value)
    assert text == rfc8785.dumps(value)
    assert canonical(json.loads(text, parse_int=float)) == text


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        2**53,
        -(2**53),
        "\ud800",
        {"\udfff": 1},
        {1: 2},
        {"a": 1, 2: 3},
        {None: 1},
        {1, 2},
        b"bytes",
        [{"a": object()}],
    ],
)
def test_refuses_what_json_cannot_hold(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the library's own kinds of it)
        canonical(value)


def test_content_hash_is_over_the_canonical_bytes() -> None:
    assert content_hash({"b": 1, "a": 2.0}) == hashlib.sha256(b'{"a":2,"b":1}').digest()


records = st.dictionaries(
    structure | st.text(st.characters(min_codepoint=99, exclude_categories=["Cs"])),
    st.recursive(scalars | structure, st.lists, max_leaves=5),
).map(lambda others: {"body": {"body": others}} | {f"z{name}": others[name] for name in others})


@given(st.lists(records, max_size=4))
@example([{"body": {"k": [{"a": 1}, {"body": 2}]}}, {"body": 1.0}])
@example([{"body": [{"body": 1}, {"body": 2}]}])
@example([{"body": '},{"body":'}, {"body": "\n"}])
@example([{"body": 1e22, "z": "\ufb33"}, {"body": "1.0,"}])
def test_objects_that_are_written_together(objects: list[dict[str, object]]) -> None:
    expected = [rfc8785.dumps(item) for item in objects]
    assert canonical_objects(objects, "body") == expected


@pytest.mark.parametrize("bad", [math.nan, math.inf, 2**53, "\ud800"])
def test_one_object_that_cannot_be_written(bad: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the library's own
        canonical_objects([{"body": 1}, {"body": bad}], "body")
