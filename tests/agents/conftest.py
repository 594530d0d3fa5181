"""An operator whose miner a language model may know of, with a steady history."""

from dataclasses import replace

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.records import Reading

from ..conftest import FAKE, FULL_READING, FakeMiner, RunCycles, make_operator, set_up

LEARNING_CYCLES = 25


def alive(step: int) -> Reading:
    """Return what a healthy miner reports at a step: nothing of it stays as it was."""
    return replace(
        FULL_READING,
        uptime_s=3600 + 30 * step,
        shares_accepted=1000 + 7 * step,
        hashrate_ths=100.0 + step % 5 / 10,
        power_w=3000.0 + step % 3,
        power_limit_w=None,
    )


@pytest.fixture
async def assistant(hass: HomeAssistant) -> None:
    """Set Assist up, with the tools of language models."""
    for component in ("homeassistant", "conversation", "intent", "llm"):
        assert await async_setup_component(hass, component, {})


@pytest.fixture
async def site(
    hass: HomeAssistant, assistant: None, fake: FakeMiner, run_cycles: RunCycles
) -> AiepMinerCoordinator:
    """Return an operator with a miner that is exposed to Assist, as switches are by default."""
    site = await set_up(hass, make_operator([FAKE]))
    for step in range(LEARNING_CYCLES):
        fake.reading = alive(step)
        await run_cycles(site)
    return site
