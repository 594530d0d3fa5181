"""Each event of the governor reaches the outside, once for each decision that makes it."""

from dataclasses import replace

import pytest

from custom_components.aiep_miner.engine.governor import EventType, events_of
from custom_components.aiep_miner.engine.records import Action, Origin
from custom_components.aiep_miner.engine.records.reasons import Reason

from ..rig import RUNNING, Site, policy_of, site

RATES = (Reason.POOL_SWITCH_RATE, Reason.START_STOP_RATE, Reason.RESTART_RATE)


@pytest.mark.parametrize(
    ("reasons", "fell_back", "events"),
    [
        ((Reason.TRUST_EARNED,), False, [EventType.DECISION]),
        ((Reason.SCORE_TOO_LOW,), True, [EventType.DECISION, EventType.FALLBACK]),
        ((Reason.THERMAL_OVERRIDE,), False, [EventType.DECISION, EventType.THERMAL_OVERRIDE]),
        *[((rate,), False, [EventType.DECISION, EventType.RATE_LIMIT]) for rate in RATES],
    ],
)
def test_a_decision_makes_its_events(
    reasons: tuple[Reason, ...], fell_back: bool, events: list[EventType]
) -> None:
    assert events_of(reasons, used_fallback=fell_back) == events
    assert events_of([reason.value for reason in reasons], used_fallback=fell_back) == events


def told(rig: Site) -> list[EventType]:
    """Return the kinds of the governor's events so far, and forget them."""
    kinds = [event.kind for event in rig.governor_events]
    rig.governor_events.clear()
    return kinds


async def learned(rig: Site) -> None:
    """Let the governor see the miner run."""
    for step in range(22):
        rig.miner.reading = replace(RUNNING, power_w=3250.0 + step % 3)
        await rig.cycles()


async def test_a_fallback_is_told(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await learned(rig)
        told(rig)
        await rig.command(
            Action.SET_POWER, value=3000.0, origin=Origin.AUTOMATION, origin_id="a", confidence=0.2
        )
        assert told(rig) == [EventType.DECISION, EventType.FALLBACK]


async def test_a_rate_limit_is_told(tmp_path) -> None:
    async with site(tmp_path, policy_of(max_restarts_per_day=24)) as rig:
        await learned(rig)
        for _ in range(7):
            rig.now_ms += 400_000
            await rig.cycles(2)
            told(rig)
            result = await rig.command(Action.RESTART)
        assert result.rule is Reason.RESTART_RATE
        assert EventType.RATE_LIMIT in told(rig)


async def test_a_change_of_health_is_told_once(tmp_path) -> None:
    async with site(tmp_path) as rig:
        await learned(rig)
        told(rig)
        for _ in range(8):
            await rig.command(
                Action.SET_POWER,
                value=3000.0,
                origin=Origin.AUTOMATION,
                origin_id="a",
                confidence=0.2,
            )
            await rig.cycles()
        assert told(rig).count(EventType.HEALTH_CHANGE) == 1
        assert rig.controller.view.governor.overall.status == "critical"
