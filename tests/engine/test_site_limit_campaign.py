"""The short version of the campaign on the site's limit, and that it finds an engine without one."""

from unittest.mock import patch

import pytest

from custom_components.aiep_miner.engine.steps import divergence, shed
from tests.campaigns.site_limit import site_limit


async def test_power_above_the_limit_lasts_no_longer_than_firmware_takes() -> None:
    done = await site_limit(n=1, seed=5)
    assert done["seconds over"] > 0
    assert done["decisions while over"] > 0
    assert done["restored"] > 0


@pytest.mark.parametrize(
    ("part", "name", "instead"),
    [(shed, "_give_up", {}), (shed, "_candidate", None), (divergence, "_over_limit", None)],
)
async def test_an_engine_that_gives_up_nothing_is_found(part, name, instead) -> None:
    with (
        patch.object(part, name, return_value=instead),
        pytest.raises(AssertionError, match="life"),
    ):
        await site_limit(n=1, seed=5)


async def test_restores_at_the_same_time_are_found() -> None:
    with patch.object(shed, "RESTORE_EVERY_MS", 0), pytest.raises(AssertionError, match="life"):
        await site_limit(n=1, seed=5)
