"""The short version of the campaign on limits, and that it finds an engine without them."""

from unittest.mock import patch

import pytest

from custom_components.aiep_miner.engine.steps import power, rules
from tests.campaigns.limits import limits


def test_no_proposal_passes_a_limit() -> None:
    done = limits(n=150, seed=21)
    assert done["refused"] > 0
    assert {"set_power", "set_pool", "restart", "stop"} <= set(done)


@pytest.mark.parametrize(
    ("part", "rule", "instead"),
    [
        (power, "claimed_w", 0.0),
        (rules, "_danger", None),
        (rules, "_rule_for_automation", None),
    ],
)
def test_an_engine_without_a_rule_is_found(part: object, rule: str, instead: object) -> None:
    weaker = patch.object(part, rule, return_value=instead)
    with weaker, pytest.raises(AssertionError, match="seed 21"):
        limits(n=600, seed=21)
