"""The short version of the campaign of stops; scripts/campaign runs the long one."""

from tests.campaigns.stops import stops


async def test_stops_leave_at_once_among_miners_that_misbehave() -> None:
    found = await stops(n=24, seed=7)
    assert sum(item["trials"] for item in found.values()) == 24
