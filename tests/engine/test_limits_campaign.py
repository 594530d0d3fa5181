"""The short version of the campaign on limits, and that it finds an engine without them."""

from unittest.mock import patch

import pytest

from custom_components.aiep_miner.engine.governor import hard_rules
from custom_components.aiep_miner.engine.steps import power, rules
from tests.campaigns.limits import limits


def test_no_proposal_passes_a_limit() -> None:
    done = limits(n=150, seed=22)
    assert done["refused"] > 0
    assert {"set_power", "set_pool", "restart", "stop"} <= set(done)


@pytest.mark.parametrize(
    ("part", "rule"), [(power, "rule"), (rules, "_danger"), (rules, "_rule_for_automation")]
)
def test_an_engine_without_a_rule_is_found(part: object, rule: str) -> None:
    weaker = patch.object(part, rule, return_value=None)
    # The governor looks at the same claims again.
    ungoverned = patch.object(hard_rules, "power_maximum", return_value=None)
    with weaker, ungoverned, pytest.raises(AssertionError, match="seed 22"):
        limits(n=600, seed=22)
