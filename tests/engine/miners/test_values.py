"""What a device sends becomes a sane value or None."""

import math

import pytest

from custom_components.aiep_miner.engine.miners.values import (
    count,
    flag,
    mac,
    name,
    number,
    pool_url,
    text,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (13, 13.0),
        ("13.5", 13.5),
        (" +1e2 ", 100.0),
        (".5", 0.5),
        (100, 100.0),
        (100.1, None),
        (-1, None),
        (True, None),
        (None, None),
        ("", None),
        ("1_0", None),
        ("٣", None),
        ("0x10", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("9" * 5000, None),
        (10**400, None),
        (math.nan, None),
        (math.inf, None),
        ([5], None),
        ({}, None),
    ],
)
def test_number(value, expected):
    assert number(value, 0, 100) == expected


def test_number_has_no_negative_zero():
    assert math.copysign(1, number(-0.0, 0, 1)) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [(7, 7), ("7", 7), (7.9, 7), (2**53 - 1, 2**53 - 1), (2**53, None), (-1, None), (True, None)],
)
def test_count(value, expected):
    assert count(value) == expected
    assert count(value) is None or type(count(value)) is int


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Y", True),
        ("n", False),
        ("true", True),
        (False, False),
        (1, True),
        (0, False),
        (2, None),
        (1.5, None),
        ("", None),
        (None, None),
        ([], None),
    ],
)
def test_flag(value, expected):
    assert flag(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("over heat", "over heat"),
        ("a\x00b\x1b[31m\n", "a b [31m"),
        ("\ud800", None),
        ("x" * 5000, "x" * 200),
        ("", None),
        (5, None),
    ],
)
def test_text(value, expected):
    assert text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("stratum+tcp://pool.example:3333", "stratum+tcp://pool.example:3333"),
        ("stratum+tcp://me:secret@pool.example:3333", "stratum+tcp://pool.example:3333"),
        ("stratum+tcp://me/rig:p@ss@pool.example:1/x?key=secret", "stratum+tcp://pool.example:1"),
        ("me:secret@pool.example:3333", "pool.example:3333"),
        ("pool.example:3333#secret", "pool.example:3333"),
        ("stratum+tcp://me:secret@", None),
        ("", None),
        (None, None),
    ],
)
def test_pool_url_keeps_no_secret(value, expected):
    assert pool_url(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("C4:08:28:00:A4:19", "c4:08:28:00:a4:19"),
        ("c4-08-28-00-a4-19", "c4:08:28:00:a4:19"),
        ("C4082800A419", "c4:08:28:00:a4:19"),
        ("02:55:97:22:3M:72", None),
        ("", None),
        (5, None),
    ],
)
def test_mac(value, expected):
    assert mac(value) == expected


@pytest.mark.parametrize("said", [None, "", "  ", "<unknown>", "Unknown", "(none)", "N/A", 3])
def test_a_placeholder_is_no_name(said: object) -> None:
    assert name(said) is None


def test_a_name_is_kept() -> None:
    assert name(" S19 Pro ") == "S19 Pro"
