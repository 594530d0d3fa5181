"""Whatever a device claims that it can do: nothing is sent that it did not list."""

import pytest

from custom_components.aiep_miner.engine.miners.make import Make

from .control_fuzz import ANSWERS, fuzz

ANSWERS_EACH = 1000
"""10,000 together; scripts/campaign control_answers tries more."""


@pytest.mark.parametrize("kind", ANSWERS, ids=lambda kind: kind.__name__)
async def test_no_answer_makes_it_send_what_is_not_listed(kind: type[Make]) -> None:
    assert len(ANSWERS) * ANSWERS_EACH >= 10_000
    sent = await fuzz(kind, ANSWERS_EACH, "limits")
    assert sent > ANSWERS_EACH / 10, "some is sent, else nothing is shown"
