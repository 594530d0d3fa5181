"""The order in which those that wait have their turn."""

import asyncio
import contextlib

from custom_components.aiep_miner.engine.turns import Turns, Urgency


async def test_the_most_urgent_first_and_equals_in_their_order() -> None:
    turns, had = Turns(), []

    async def take(urgency: Urgency, name: str) -> None:
        async with turns.take(urgency):
            had.append(name)

    async with turns.take(Urgency.CYCLE):
        waiting = [
            asyncio.create_task(take(urgency, name))
            for urgency, name in (
                (Urgency.UPKEEP, "upkeep"),
                (Urgency.OUTSIDE, "first proposal"),
                (Urgency.OUTSIDE, "second proposal"),
                (Urgency.SAFETY, "safety"),
                (Urgency.PERSON, "person"),
            )
        ]
        await asyncio.sleep(0)
        assert had == []
    await asyncio.gather(*waiting)
    assert had == ["safety", "person", "first proposal", "second proposal", "upkeep"]


async def test_one_that_gives_up_takes_nobodys_turn() -> None:
    turns = Turns()
    async with turns.take(Urgency.CYCLE):
        gone = asyncio.create_task(turns._acquire(Urgency.SAFETY))
        waits = asyncio.create_task(turns._acquire(Urgency.CYCLE))
        await asyncio.sleep(0)
        gone.cancel()
    async with asyncio.timeout(1):
        await waits
    turns._release()


async def test_a_turn_that_is_given_to_one_that_gives_up_goes_to_the_next() -> None:
    turns = Turns()
    await turns._acquire(Urgency.CYCLE)
    gone = asyncio.create_task(turns._acquire(Urgency.SAFETY))
    await asyncio.sleep(0)
    turns._release()
    gone.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await gone
    async with asyncio.timeout(1), turns.take(Urgency.CYCLE):
        pass
