"""The short version of the campaign on limits, and that it finds an engine without them."""

from unittest.mock import patch

import pytest

from custom_components.aiep_miner.engine.steps import power, rules
from tests.campaigns.limits import limits


def test_no_proposal_passes_a_limit() -> None:
    done = limits(n=300, seed=21)
    assert done["refused"] > 0
    assert {"set_power", "set_pool", "restart", "stop"} <= set(done)


@pytest.mark.parametrize(
    ("part", "rule"), [(power, "rule"), (rules, "_danger"), (rules, "_rule_for_automation")]
)
def test_an_engine_without_a_rule_is_found(part: object, rule: str) -> None:
    with (
        patch.object(part, rule, return_value=None),
        pytest.raises(AssertionError, match="seed 21"),
    ):
        limits(n=2000, seed=21)
