"""The running sum of the site's power: exact, and only of what changed looked at anew."""

from dataclasses import replace
from fractions import Fraction
from unittest.mock import patch

import pytest

from custom_components.aiep_miner.engine.records import (
    Action,
    MinerPolicy,
    MiningPolicy,
    PolicyRecord,
    TelemetryRecord,
)
from custom_components.aiep_miner.engine.records.entry import LedgerEntry
from custom_components.aiep_miner.engine.state import State
from custom_components.aiep_miner.engine.state.site_power import SitePower
from custom_components.aiep_miner.engine.steps import power
from tests.engine.rig import OPERATOR, RUNNING, STOPPED, assert_replays, policy_of, site

MINERS = tuple(f"m{number}" for number in range(1, 9))


def filed(record, seq: int = 1):
    return LedgerEntry(record=record, seq=seq, hash=f"{seq:064x}")


def naming(*miners: MinerPolicy) -> PolicyRecord:
    return PolicyRecord(ts_ms=0, subject=OPERATOR, miners=miners)


def test_only_what_changed_is_counted_anew() -> None:
    site_power, counted = SitePower(), []
    watts = {"a": 0.1, "b": 0.2, "c": 0.3}

    def counted_w(miner_id: str) -> float | None:
        counted.append(miner_id)
        return watts[miner_id]

    for miner_id in watts:
        site_power.touch(miner_id)
    assert site_power.others_w("c", counted_w) == float(Fraction(0.1) + Fraction(0.2))
    assert site_power.others_w("a", counted_w) == float(Fraction(0.2) + Fraction(0.3))
    assert sorted(counted) == ["a", "b", "c"]
    watts["b"] = 7.0
    site_power.touch("b")
    assert site_power.others_w("a", counted_w) == float(Fraction(7.0) + Fraction(0.3))
    assert site_power.others_w("unheard of", counted_w) == float(
        Fraction(0.1) + Fraction(7.0) + Fraction(0.3)
    )
    assert counted[3:] == ["b"]


def test_another_miner_whose_power_is_unknown_makes_the_sum_unknown() -> None:
    site_power, watts = SitePower(), {"a": None, "b": 5.0}
    for miner_id in watts:
        site_power.touch(miner_id)
    assert site_power.others_w("b", watts.__getitem__) is None
    assert site_power.others_w("a", watts.__getitem__) == 5.0
    watts["a"] = 3.0
    site_power.touch("a")
    assert site_power.others_w("b", watts.__getitem__) == 3.0


def test_a_policy_changes_what_is_set_for_a_miner_and_who_counts() -> None:
    state = State(OPERATOR)
    assert state.own("m1") == MinerPolicy(miner_id="m1")
    state.apply(filed(naming(MinerPolicy(miner_id="m1", max_temperature_c=70.0))))
    reading = TelemetryRecord(ts_ms=1, subject="m1", reading=replace(RUNNING, power_w=3000.0))
    state.apply(filed(reading, 2))
    assert (state.own("m1").max_temperature_c, state.limit_c("m1")) == (70.0, 70.0)
    assert state.limit_c("m2") == MiningPolicy().thermal_throttle_temp_c
    assert power.others_power_w(state, "m2") == 3000.0
    state.apply(filed(naming(MinerPolicy(miner_id="m2")), 3))
    assert state.own("m1") == MinerPolicy(miner_id="m1")
    assert power.others_power_w(state, "m2") == 0.0
    state.apply(filed(naming(MinerPolicy(miner_id="m1")), 4))
    assert power.others_power_w(state, "m2") == 3000.0


def sums(state: State) -> list[tuple[float | None, float | None]]:
    """Return for each miner the running sum of the others, and the same from the beginning."""
    running = [power.others_power_w(state, miner_id) for miner_id in MINERS]
    state.power = SitePower()
    for miner_id in MINERS:
        state.power.touch(miner_id)
    anew = [power.others_power_w(state, miner_id) for miner_id in MINERS]
    return list(zip(running, anew, strict=True))


@pytest.mark.parametrize("max_power_w", [10_000.1, 50_000.0])
async def test_a_fleet_that_starts_at_once_is_looked_at_once(tmp_path, max_power_w) -> None:
    own = tuple(
        MinerPolicy(miner_id=miner_id, nominal_hashrate_ths=100.0, nominal_power_w=3250.1)
        for miner_id in MINERS
    )
    policy = policy_of(miners=own, governor=MiningPolicy(max_power_watts=max_power_w))
    async with site(tmp_path, policy, MINERS) as rig:
        for miner in rig.miners.values():
            miner.reading = STOPPED
        present_w = power._present_w
        with patch.object(power, "_present_w", side_effect=present_w) as counting:
            for _ in range(26):
                before = counting.call_count
                await rig.cycles()
                assert counting.call_count - before <= 6 * len(MINERS)
                for running, anew in await rig.controller.journal.read(sums):
                    assert running == anew
        started = [miner_id for miner_id in MINERS if Action.RUN in rig.actions(miner_id)]
        assert len(started) == (3 if max_power_w < 20_000 else len(MINERS))
    assert_replays(rig.path)
