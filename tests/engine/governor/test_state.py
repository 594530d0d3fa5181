"""What the governor remembers: bounded, an hour long, and rebuilt to the same decisions."""

import random
from typing import Any

import pytest

from custom_components.aiep_miner.engine.governor import (
    HardwareReading,
    MiningAction,
    MiningDomain,
    MiningGovernor,
)
from custom_components.aiep_miner.engine.governor.numbers import group_of
from custom_components.aiep_miner.engine.governor.presets import PRESETS
from custom_components.aiep_miner.engine.governor.state import COMMANDS, SENSORS, History, Rig, View
from scripts.benchmarks.governor import deep_size

from .streams import RIG, START, USUAL, propose, readings, warmed

HASH, HARDWARE, THERMAL = MiningDomain.HASH_RATE, MiningDomain.HARDWARE, MiningDomain.THERMAL


def test_the_same_observation_twice_counts_once() -> None:
    once, twice = warmed(HASH), warmed(HASH)
    twice.observe(RIG, HASH, readings(USUAL[HASH], START - 30), START - 30)
    twice.observe(RIG, HASH, readings((1.0,), START - 90), START - 90)
    assert propose(once, HASH) == propose(twice, HASH)


@pytest.mark.parametrize("domain", list(MiningDomain))
def test_it_makes_no_difference_whether_the_cycle_observed_before(domain: MiningDomain) -> None:
    alone, with_cycle = warmed(domain), warmed(domain)
    with_cycle.observe(RIG, domain, readings(USUAL[domain], START), START)
    assert propose(alone, domain) == propose(with_cycle, domain)
    later: dict[str, Any] = {"hardware_readings": readings(USUAL[domain], START), "at": START + 20}
    assert propose(alone, domain, **later) == propose(with_cycle, domain, **later)


def test_temperatures_are_one_history() -> None:
    governor = warmed(HARDWARE)
    assert propose(governor, THERMAL).actionable


def test_rigs_know_nothing_of_each_other() -> None:
    governor = warmed(HASH)
    assert not propose(governor, HASH, rig_id="another").actionable


def test_what_is_an_hour_old_is_forgotten() -> None:
    governor = warmed(HASH)
    assert propose(governor, HASH, at=START + 600).actionable
    assert not propose(governor, HASH, at=START + 3700).actionable


def random_stream(seed: int, count: int) -> list[tuple[float, MiningDomain, list[HardwareReading]]]:
    """Return observations at uneven times with sensors that come and go."""
    dice = random.Random(seed)
    at, out = START, []
    for _ in range(count):
        at += dice.choice((1, 5, 30, 30, 30, 120, 600))
        for domain, usual in ((HASH, 30.0), (HARDWARE, 60.0), (MiningDomain.POWER, 3200.0)):
            names = dice.sample("abcdefgh", dice.randint(1, 8))
            values = [usual * dice.uniform(0.95, 1.05) for _ in names]
            shown = [HardwareReading(v, at, n) for v, n in zip(values, names, strict=True)]
            out.append((at, domain, shown))
    return out


@pytest.mark.parametrize("seed", range(5))
def test_two_hours_of_observations_rebuild_the_same_decisions(seed: int) -> None:
    stream = random_stream(seed, 200)
    lived = MiningGovernor(counts_decisions=False)
    for at, domain, shown in stream:
        lived.observe(RIG, domain, shown, at)
        if int(at) % 7 == 0:
            lived.note(RIG, MiningAction.SWITCH_POOL, at)
    end = stream[-1][0]
    rebuilt = MiningGovernor(counts_decisions=False)
    for at, domain, shown in stream:
        if at > end - 7200:
            rebuilt.observe(RIG, domain, shown, at)
            if int(at) % 7 == 0:
                rebuilt.note(RIG, MiningAction.SWITCH_POOL, at)
    for step in range(1, 60):
        at = end + step * 47
        for domain in MiningDomain:
            values = [v for _, d, s in stream[-3:] for r in s if d is domain for v in [r.value]]
            one = propose(lived, domain, values=values or USUAL[domain], at=at)
            other = propose(rebuilt, domain, values=values or USUAL[domain], at=at)
            assert one == other


def test_a_rigs_state_is_bounded_whatever_is_observed() -> None:
    governor = MiningGovernor()
    dice = random.Random(1)
    for step in range(1500):
        at = START + step * 5
        for domain in MiningDomain:
            shown = [
                HardwareReading(dice.random(), at, f"{dice.randrange(10**9):064d}")
                for _ in range(20)
            ]
            governor.observe(RIG, domain, shown, at)
        for action in MiningAction:
            governor.note(RIG, action, at)
    assert deep_size(governor._rigs[RIG], set()) < 64 * 1024
    names = governor._rigs[RIG].history(HASH).sensors
    assert len(names) <= SENSORS


def test_rigs_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.aiep_miner.engine.governor.governor.MAX_RIGS", 3)
    governor = MiningGovernor()
    for name in "abcab":
        governor.observe(name, HASH, readings((1.0,), START), START)
    governor.observe("d", HASH, readings((1.0,), START), START)
    assert list(governor._rigs) == ["a", "b", "d"]


def test_observations_out_of_nothing_change_nothing() -> None:
    governor = warmed(HASH)
    before = propose(warmed(HASH), HASH)
    governor.observe(RIG, HASH, [], START)
    governor.observe(RIG, HASH, readings((100.0,), START), float("nan"))
    governor.note(RIG, MiningAction.START, float("inf"))
    governor.note(RIG, MiningAction.NO_ACTION, START)
    assert propose(governor, HASH) == before


def test_offsets_keep_step_with_rows_when_sensors_come_and_go() -> None:
    history = History(PRESETS[HARDWARE])
    for step in range(100):
        at = START + step * 30
        names = ["a", "b", *(["c"] if step % 3 else [])]
        values = [(name, 60.0 + 4 * index) for index, name in enumerate(names)]
        history.add(at, group_of(values, PRESETS[HARDWARE]))
        assert {len(s.offsets) for s in history.sensors.values()} == {len(history.rows)}
    view = View(history, at + 30, at + 30)
    assert view.learned_offset("c") == 4.0
    assert view.learned_offset("nobody") is None
    assert view.known_sensors() == 3


def test_commands_are_counted_once_and_forgotten() -> None:
    rig = Rig()
    for at in (START, START, START + 10, START - 5):
        rig.note(MiningAction.START, at)
    assert list(rig.commands_since(MiningAction.STOP, 0.0)) == [START - 5, START, START + 10]
    assert list(rig.commands_since(MiningAction.START, START)) == [START + 10]
    assert not rig.commands_since(MiningAction.HARDWARE_RESTART, 0.0)
    for step in range(COMMANDS):
        rig.note(MiningAction.STOP, START + 3605 + step)
    assert len(rig.commands_since(MiningAction.START, 0.0)) == COMMANDS
