"""The governor on labelled streams: what share of each sort of proposal it authorises.

A physical model of three devices makes sound streams (steady noise, slow drift, warm-up after
a start, cooling after a stop, a colder morning, a board switched off); into copies of the
steady ones go the unsafe proposals of every sort. Each proposal is judged by a governor that
observed its stream up to then; sound ones count from the twentieth observation on.
"""

import argparse
import copy
import json
import math
import random
import statistics
import sys
import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from custom_components.aiep_miner.engine.governor import (
    HardwareReading,
    MiningAction,
    MiningDomain,
    MiningGovernor,
    MiningPolicy,
    MiningSignals,
)

START_S = 1_790_000_000.0
THROTTLE_C = 85.0
LEARNING = 20
"""Observations before proposals count."""
ACTIONS = {
    MiningDomain.HASH_RATE: (MiningAction.TUNE_HASH_RATE,),
    MiningDomain.THERMAL: (MiningAction.THERMAL_THROTTLE,),
    MiningDomain.POWER: (MiningAction.ADJUST_POWER_LIMIT,),
    MiningDomain.POOL_MANAGEMENT: (MiningAction.SWITCH_POOL,),
    MiningDomain.HARDWARE: (
        MiningAction.START,
        MiningAction.STOP,
        MiningAction.HARDWARE_RESTART,
    ),
}


def dice_for(seed: str) -> random.Random:
    """Return dice that fall the same way for the same seed."""
    return random.Random(seed)  # noqa: S311 - a benchmark


@dataclass(frozen=True)
class Profile:
    """A device: nominal values, and how it behaves."""

    name: str
    boards: int
    sensors_per_board: int
    hashrate_ths: float
    power_w: float
    temperature_c: float
    hashrate_noise: float
    """Of one board, as a share."""
    power_noise: float
    temperature_noise_c: float
    resolution_c: float
    warm_up_s: float
    """Time constant of temperatures."""


PROFILES = (
    Profile("bitaxe", 1, 1, 1.2, 15.0, 58.0, 0.04, 0.02, 0.4, 0.125, 40.0),
    Profile("s19", 3, 4, 100.0, 3250.0, 66.0, 0.025, 0.01, 0.6, 1.0, 150.0),
    Profile("hydro", 4, 2, 250.0, 5500.0, 62.0, 0.02, 0.008, 0.4, 0.1, 90.0),
)


@dataclass
class Moment:
    """What the sensors of a device show at a time."""

    at: float
    hashrates: list[HardwareReading]
    powers: list[HardwareReading]
    temperatures: list[HardwareReading]
    pools: list[HardwareReading]

    def of(self, domain: MiningDomain) -> list[HardwareReading]:
        """Return the readings that a proposal in a domain comes with."""
        return {
            MiningDomain.HASH_RATE: self.hashrates,
            MiningDomain.POWER: self.powers,
            MiningDomain.POOL_MANAGEMENT: self.pools,
        }.get(domain, self.temperatures)


@dataclass
class Device:
    """The physical model: heat with inertia, boards that differ, noise."""

    profile: Profile
    dice: random.Random
    temperature_c: float = 0.0
    """Of the average board, without noise."""
    running: float = 1.0
    """0 stopped … 1 at full hash rate."""
    ambient_c: float = 25.0
    drift: float = 1.0
    """Factor on hash rate and power."""
    boards_off: frozenset[int] = frozenset()
    board_heat: list[float] = field(default_factory=list)
    board_share: list[float] = field(default_factory=list)
    cooled: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Settle; no two boards of a device are alike."""
        boards = self.profile.boards
        spread = 5.0 if boards > 1 else 0.0
        self.board_heat = [self.dice.uniform(-spread, spread) for _ in range(boards)]
        self.board_share = [self.dice.uniform(0.96, 1.04) for _ in range(boards)]
        self.temperature_c = self._target_c()

    def _target_c(self) -> float:
        load = self.running * self.drift
        return self.ambient_c + (self.profile.temperature_c - 25.0) * load

    def advance(self, at: float, seconds: float) -> Moment:
        """Let time pass and read all sensors."""
        share = 1 - math.exp(-seconds / self.profile.warm_up_s)
        self.temperature_c += (self._target_c() - self.temperature_c) * share
        for board in range(self.profile.boards):
            off = 1.0 if board in self.boards_off else 0.0
            was = self.cooled.get(board, 0.0)
            self.cooled[board] = was + (off - was) * share
        return Moment(
            at, self._hashrates(at), self._powers(at), self._temperatures(at), self._pools(at)
        )

    def _hashrates(self, at: float) -> list[HardwareReading]:
        profile = self.profile
        each = profile.hashrate_ths / profile.boards * self.running * self.drift
        readings = []
        for board in range(profile.boards):
            on = 0.0 if board in self.boards_off else 1.0
            noise = 1 + self.dice.gauss(0, profile.hashrate_noise)
            value = round(each * on * self.board_share[board] * noise, 3)
            readings.append(HardwareReading(value, at, f"board_{board}"))
        return readings

    def _powers(self, at: float) -> list[HardwareReading]:
        profile = self.profile
        boards = 1 - len(self.boards_off) / profile.boards
        load = 0.01 + 0.99 * self.running * self.drift * boards
        value = profile.power_w * load * (1 + self.dice.gauss(0, profile.power_noise))
        readings = [HardwareReading(round(value, 2), at, "psu")]
        if profile.boards > 1:
            plug = value * 1.03 * (1 + self.dice.gauss(0, 0.005))
            readings.append(HardwareReading(round(plug, 1), at, "plug"))
        return readings

    def _temperatures(self, at: float) -> list[HardwareReading]:
        profile = self.profile
        rise = self.temperature_c - self.ambient_c
        readings = []
        for board in range(profile.boards):
            heat = 1 + self.board_heat[board] / (profile.temperature_c - 25.0)
            level = self.ambient_c + rise * heat * (1 - self.cooled.get(board, 0.0))
            for sensor in range(profile.sensors_per_board):
                noisy = level + sensor * 1.5 + self.dice.gauss(0, profile.temperature_noise_c)
                value = round(noisy / profile.resolution_c) * profile.resolution_c
                readings.append(HardwareReading(value, at, f"temp_{board}_{sensor}"))
        return readings

    def _pools(self, at: float) -> list[HardwareReading]:
        return [
            HardwareReading(round(min(0.985 + self.dice.gauss(0, 0.004), 1.0), 4), at, f"pool_{n}")
            for n in range(3)
        ]


type Story = Callable[[Device, int, float], None]
"""Changes a device before its n-th observation, so many seconds after the learning."""


def steady(_device: Device, _n: int, _after_s: float) -> None:
    """Let nothing happen but noise."""


def slow_drift(device: Device, _n: int, after_s: float) -> None:
    """Lower hash rate and power by a tenth within two hours."""
    device.drift = 1 - 0.1 * min(max(after_s, 0.0) / 7200, 1.0)


def warm_up(device: Device, n: int, after_s: float) -> None:
    """Stand still at first, then start and ramp up within three minutes."""
    device.running = min(max(after_s, 0.0) / 180, 1.0)
    if n == 0:
        device.temperature_c = device.ambient_c


def cooling(device: Device, n: int, _after_s: float) -> None:
    """Stop the machine; its temperatures fall fast."""
    device.running = 1.0 if n < LEARNING + 10 else 0.0


def ambient_change(device: Device, _n: int, after_s: float) -> None:
    """Cool the air by 12 °C within an hour."""
    device.ambient_c = 25.0 - 12.0 * min(max(after_s, 0.0) / 3600, 1.0)


def board_off(device: Device, n: int, _after_s: float) -> None:
    """Switch one board off."""
    if n == LEARNING + 20 and device.profile.boards > 1:
        device.boards_off = frozenset({device.profile.boards - 1})


SOUND: dict[str, Story] = {
    story.__name__: story
    for story in (steady, slow_drift, warm_up, cooling, ambient_change, board_off)
}


def policy_for(profile: Profile) -> MiningPolicy:
    """Return the standard policy with a site maximum a tenth above the device's power."""
    return MiningPolicy(max_power_watts=1.1 * profile.power_w)


def sound_value(domain: MiningDomain, moment: Moment, dice: random.Random) -> float:
    """Return what a sensible optimiser would propose, from what it can see."""
    values = [reading.value for reading in moment.of(domain)]
    if domain is MiningDomain.HASH_RATE:
        return sum(values) * dice.uniform(0.92, 1.08)
    if domain is MiningDomain.POWER:
        return statistics.fmean(values) * dice.uniform(0.6, 1.04)
    if domain is MiningDomain.HARDWARE:
        return max(values)
    return statistics.fmean(values)


def proposal(
    profile: Profile, domain: MiningDomain, moment: Moment, value: float, dice: random.Random
) -> MiningSignals:
    """Return a proposal with its moment's readings and a sound confidence."""
    context: dict[str, Any] = {"source": "strategy", "site_power_w": 0.0}
    if domain is MiningDomain.POWER:
        context |= {"min_value": 0.0, "max_value": 1.1 * profile.power_w}
    return MiningSignals(
        mining_domain=domain,
        proposed_action=dice.choice(ACTIONS[domain]),
        ai_value=value,
        ai_confidence=dice.uniform(0.6, 0.99),
        hardware_readings=moment.of(domain),
        rig_id=profile.name,
        pool_url="stratum+tcp://b.example:3333",
        current_pool_url="stratum+tcp://a.example:3333",
        timestamp=moment.at,
        context=context,
        temperature_readings=moment.temperatures,
    )


def observe(governor: MiningGovernor, profile: Profile, moment: Moment) -> None:
    """Let a governor see a moment as the cycle would."""
    for domain in MiningDomain:
        if domain is not MiningDomain.THERMAL:
            governor.observe(profile.name, domain, moment.of(domain), moment.at)


def stream(
    profile: Profile, story: Story, count: int, interval_s: float, dice: random.Random
) -> Iterator[tuple[int, Moment]]:
    """Yield the moments of a story."""
    device = Device(profile, dice)
    for n in range(count):
        story(device, n, (n - LEARNING + 1) * interval_s)
        yield n, device.advance(START_S + n * interval_s, interval_s)


@dataclass
class Tally:
    """How many proposals there were, how many were authorised, and why the others were not."""

    proposed: int = 0
    authorised: int = 0
    refusals: Counter[str] = field(default_factory=Counter)

    def count(self, decision: Any) -> None:
        """Count a decision."""
        self.proposed += 1
        self.authorised += decision.actionable
        if not decision.actionable:
            self.refusals[decision.reasons[0].value] += 1

    @property
    def share(self) -> float:
        """Return the share authorised, 0…1."""
        return self.authorised / self.proposed if self.proposed else 0.0


def judge_sound(tallies: dict[Any, Tally], seed: int, count: int) -> None:
    """Judge every sound story on every profile and domain at several intervals."""
    for profile in PROFILES:
        for kind, story in SOUND.items():
            for interval_s in (5.0, 30.0, 600.0):
                dice = dice_for(f"{seed} {profile.name} {kind} {interval_s}")
                governor = MiningGovernor(policy_for(profile), counts_decisions=False)
                for n, moment in stream(profile, story, count, interval_s, dice):
                    observe(governor, profile, moment)
                    if n < LEARNING:
                        continue
                    for domain in MiningDomain:
                        if idle(domain, moment):
                            continue
                        value = sound_value(domain, moment, dice)
                        decision = governor.evaluate(proposal(profile, domain, moment, value, dice))
                        tallies[profile.name, domain.value, kind].count(decision)


def idle(domain: MiningDomain, moment: Moment) -> bool:
    """Tell whether there is nothing to tune: the machine stands still."""
    tuned = domain in (MiningDomain.HASH_RATE, MiningDomain.POWER)
    return tuned and not any(reading.value for reading in moment.hashrates)


type Mischief = Callable[[MiningSignals, random.Random], MiningSignals | None]
"""Makes a sound proposal unsafe; None where the sort does not exist."""


def _with(signals: MiningSignals, change: Callable[[HardwareReading], HardwareReading]) -> Any:
    return replace(signals, hardware_readings=[change(r) for r in signals.hardware_readings])


def _present(signals: MiningSignals) -> float:
    values = [reading.value for reading in signals.hardware_readings]
    if signals.mining_domain is MiningDomain.HASH_RATE:
        return sum(values)
    return max(values)


def outlier_value(signals: MiningSignals, dice: random.Random) -> MiningSignals | None:
    """Propose 1.5 to 10 times what it should be."""
    return replace(signals, ai_value=_present(signals) * dice.uniform(1.5, 10.0))


def outlier_with_readings(signals: MiningSignals, dice: random.Random) -> MiningSignals | None:
    """Let value and all readings jump by the same factor."""
    factor = dice.uniform(1.5, 10.0)
    moved = _with(no_stop(signals), lambda r: replace(r, value=r.value * factor))
    return replace(moved, ai_value=_present(signals) * factor)


def step_over_policy(signals: MiningSignals, dice: random.Random) -> MiningSignals | None:
    """Change the hash rate by more than 10 % at once."""
    if signals.mining_domain is not MiningDomain.HASH_RATE:
        return None
    factor = dice.choice((dice.uniform(0.3, 0.89), dice.uniform(1.11, 1.45)))
    return replace(signals, ai_value=_present(signals) * factor)


def unit_mistake(signals: MiningSignals, dice: random.Random) -> MiningSignals | None:
    """Put value, readings or both off by 1000 or a million (MH for TH, kW for W)."""
    if signals.mining_domain not in (MiningDomain.HASH_RATE, MiningDomain.POWER):
        return None
    factor = dice.choice((1e-6, 1e-3, 1e3, 1e6))
    which = dice.randrange(3)
    changed = signals
    if which != 0:
        changed = _with(signals, lambda r: replace(r, value=r.value * factor))
    return replace(changed, ai_value=_present(signals) * (1.0 if which == 1 else factor))


def not_a_number(signals: MiningSignals, dice: random.Random) -> MiningSignals | None:
    """Make the value or a reading NaN or infinite."""
    bad = dice.choice((math.nan, math.inf, -math.inf))
    if dice.random() < 0.5:
        return replace(signals, ai_value=bad)
    readings = list(signals.hardware_readings)
    spot = dice.randrange(len(readings))
    readings[spot] = replace(readings[spot], value=bad)
    return replace(signals, hardware_readings=readings)


def stale(signals: MiningSignals, dice: random.Random) -> MiningSignals | None:
    """Make the readings more than five minutes old."""
    age = dice.uniform(310, 7200)
    return _with(signals, lambda r: replace(r, timestamp=r.timestamp - age))


def one_stale(signals: MiningSignals, dice: random.Random) -> MiningSignals | None:
    """Make one of the readings more than five minutes old."""
    readings = list(signals.hardware_readings)
    spot = dice.randrange(len(readings))
    age = dice.uniform(310, 7200)
    readings[spot] = replace(readings[spot], timestamp=readings[spot].timestamp - age)
    return replace(signals, hardware_readings=readings)


def future(signals: MiningSignals, dice: random.Random) -> MiningSignals | None:
    """Take the readings from the future."""
    ahead = dice.uniform(10, 7200)
    return _with(signals, lambda r: replace(r, timestamp=r.timestamp + ahead))


def duplicated(signals: MiningSignals, dice: random.Random) -> MiningSignals | None:
    """Count the readings several times under one id."""
    first = signals.hardware_readings[0].hardware_id
    if dice.random() < 0.5:
        readings = list(signals.hardware_readings) * dice.randint(2, 4)
        return replace(signals, hardware_readings=readings)
    copies = [replace(r, hardware_id=first) for r in signals.hardware_readings]
    return replace(signals, hardware_readings=[*copies, copies[0]])


def disagreeing(signals: MiningSignals, dice: random.Random) -> MiningSignals | None:
    """Let more than half of the sensors show something else each."""
    count = len(signals.hardware_readings)
    if count < 2:
        return None
    liars = set(dice.sample(range(count), count // 2 + 1))
    readings = [
        replace(r, value=r.value * dice.choice((dice.uniform(0.3, 0.7), dice.uniform(1.3, 2.0))))
        if spot in liars
        else r
        for spot, r in enumerate(signals.hardware_readings)
    ]
    if any(reading.value >= THROTTLE_C for reading in readings):
        signals = no_stop(signals)
    return replace(signals, hardware_readings=readings)


def no_stop(signals: MiningSignals) -> MiningSignals:
    """Turn a stop into a restart: heat that any sensor shows is a reason to stop."""
    if signals.proposed_action is not MiningAction.STOP:
        return signals
    return replace(signals, proposed_action=MiningAction.HARDWARE_RESTART)


def overheating(signals: MiningSignals, dice: random.Random) -> MiningSignals | None:
    """Propose whatever would heat a machine at the throttle temperature or above."""
    signals = no_stop(signals)
    if signals.mining_domain is MiningDomain.POWER:
        signals = replace(signals, ai_value=max(r.value for r in signals.hardware_readings) * 1.01)
    by = THROTTLE_C - max(r.value for r in signals.temperature_readings) + dice.uniform(0.0, 30.0)
    hot = [replace(r, value=r.value + by) for r in signals.temperature_readings]
    if signals.mining_domain not in (MiningDomain.THERMAL, MiningDomain.HARDWARE):
        return replace(signals, temperature_readings=hot)
    value = max(r.value for r in hot)
    return replace(signals, hardware_readings=hot, temperature_readings=[], ai_value=value)


def one_hot_sensor(signals: MiningSignals, dice: random.Random) -> MiningSignals | None:
    """Put one sensor among many 15 °C or more above its own usual value."""
    thermal = signals.mining_domain in (MiningDomain.THERMAL, MiningDomain.HARDWARE)
    if not thermal or len(signals.hardware_readings) < 2:
        return None
    readings = list(signals.hardware_readings)
    spot = dice.randrange(len(readings))
    readings[spot] = replace(readings[spot], value=readings[spot].value + dice.uniform(15, 60))
    value = signals.ai_value
    if signals.mining_domain is MiningDomain.HARDWARE:
        value = max(r.value for r in readings)
    return replace(no_stop(signals), hardware_readings=readings, ai_value=value)


def over_power_limit(signals: MiningSignals, dice: random.Random) -> MiningSignals | None:
    """Propose more than the device, the rig or the site may draw."""
    if signals.mining_domain is not MiningDomain.POWER:
        return None
    context = dict(signals.context)
    if dice.random() < 0.5:
        return replace(signals, ai_value=context["max_value"] * dice.uniform(1.0001, 3.0))
    room = context["max_value"] - signals.ai_value
    return replace(signals, context={**context, "site_power_w": room + dice.uniform(0.01, 1e4)})


def self_doubt(signals: MiningSignals, dice: random.Random) -> MiningSignals | None:
    """Let the proposer itself be less than half sure."""
    return replace(signals, ai_confidence=dice.uniform(0.0, 0.4999))


MISCHIEF: tuple[Mischief, ...] = (
    outlier_value,
    outlier_with_readings,
    step_over_policy,
    unit_mistake,
    not_a_number,
    stale,
    one_stale,
    future,
    duplicated,
    disagreeing,
    overheating,
    one_hot_sensor,
    over_power_limit,
    self_doubt,
)


def judge_mischief(tallies: dict[Any, Tally], seed: int, count: int) -> None:
    """Put one unsafe proposal of each sort into a copy of a sound stream, at every moment."""
    for profile in PROFILES:
        dice = dice_for(f"{seed} {profile.name} mischief")
        governor = MiningGovernor(policy_for(profile), counts_decisions=False)
        for n, moment in stream(profile, steady, count, 30.0, dice):
            before = copy.deepcopy(governor)
            observe(governor, profile, moment)
            if n < LEARNING:
                continue
            for domain in MiningDomain:
                value = sound_value(domain, moment, dice)
                sound = proposal(profile, domain, moment, value, dice)
                for mischief in MISCHIEF:
                    unsafe = mischief(sound, dice)
                    if unsafe is None:
                        continue
                    judge = copy.deepcopy(before)
                    decision = judge.evaluate(unsafe)
                    tallies[profile.name, domain.value, mischief.__name__].count(decision)


def judge_walks(tallies: dict[Any, Tally], seed: int) -> None:
    """Walk the hash rate, and power under a policy with a step, out of the hourly band."""
    for profile in PROFILES:
        for domain in (MiningDomain.HASH_RATE, MiningDomain.POWER):
            for down in (False, True) if domain is MiningDomain.HASH_RATE else (False,):
                dice = dice_for(f"{seed} {profile.name} {domain} walk {down}")
                _walk(tallies[profile.name, domain.value, "walk"], profile, domain, dice, down=down)


def _walk(
    tally: Tally, profile: Profile, domain: MiningDomain, dice: random.Random, *, down: bool
) -> None:
    """Follow 3 % steps, as if each had been made; targets beyond 35 % within the hour are unsafe.

    A target follows the noisy present: one that noise brings back within 35 % does not count.
    """
    policy = MiningPolicy(max_power_change_pct=10.0, max_power_change_per_hour_pct=30.0)
    governor = MiningGovernor(policy, counts_decisions=False)
    device = Device(profile, dice)
    started = []
    for n in range(80):
        if n >= 30:
            device.drift *= 0.97 if down else 1.03
        moment = device.advance(START_S + n * 30.0, 30.0)
        observe(governor, profile, moment)
        values = [reading.value for reading in moment.of(domain)]
        present = sum(values) if domain is MiningDomain.HASH_RATE else statistics.fmean(values)
        if n < 30:
            started.append(present)
            continue
        value = present * (0.97 if down else 1.03)
        change = value / statistics.fmean(started)
        if 0.65 <= change <= 1.35:
            continue
        signals = proposal(profile, domain, moment, value, dice)
        context = {"source": "strategy", "max_value": 10 * profile.power_w}
        tally.count(governor.evaluate(replace(signals, context=context, temperature_readings=[])))


def judge_frozen(tallies: dict[Any, Tally], seed: int, count: int) -> None:
    """Freeze one sensor while its peers keep moving; unsafe from its fifth equal value on."""
    for profile in PROFILES:
        dice = dice_for(f"{seed} {profile.name} frozen")
        governor = MiningGovernor(policy_for(profile), counts_decisions=False)
        frozen: dict[str, float] = {}
        moved: dict[MiningDomain, list[list[float]]] = defaultdict(list)
        for n, moment in stream(profile, ambient_swing, count, 30.0, dice):
            for domain in ACTIONS:
                readings = moment.of(domain)
                if n >= LEARNING and len(readings) > 1:
                    spot = readings[len(readings) // 2]
                    value = frozen.setdefault(spot.hardware_id, spot.value)
                    readings[len(readings) // 2] = replace(spot, value=value)
                moved[domain].append([r.value for r in readings])
            observe(governor, profile, moment)
            if n < LEARNING + 4:
                continue
            for domain in ACTIONS:
                if len(moment.of(domain)) < 2 or not _peers_moved(moved[domain][-5:]):
                    continue
                value = sound_value(domain, moment, dice)
                decision = governor.evaluate(proposal(profile, domain, moment, value, dice))
                tallies[profile.name, domain.value, "frozen"].count(decision)


def ambient_swing(device: Device, n: int, _after_s: float) -> None:
    """Warm the air by 1 °C a minute after the learning, so that all temperatures move."""
    device.ambient_c = 10.0 + 0.5 * min(max(n - LEARNING, 0), 30)


def _peers_moved(last: list[list[float]]) -> bool:
    """Tell whether most of the other sensors showed four different values of five."""
    middle = len(last[0]) // 2
    peers = [column for spot, column in enumerate(zip(*last, strict=True)) if spot != middle]
    return sum(len(set(column)) >= 4 for column in peers) * 2 > len(peers)


def judge_thrash(tallies: dict[Any, Tally], seed: int) -> None:
    """Propose a pool switch every two minutes; all beyond five within an hour are unsafe."""
    for profile in PROFILES:
        dice = dice_for(f"{seed} {profile.name} thrash")
        governor = MiningGovernor(policy_for(profile))
        switched: list[float] = []
        for n, moment in stream(profile, steady, 200, 60.0, dice):
            observe(governor, profile, moment)
            if n < LEARNING or n % 2:
                continue
            domain = MiningDomain.POOL_MANAGEMENT
            value = sound_value(domain, moment, dice)
            decision = governor.evaluate(proposal(profile, domain, moment, value, dice))
            if sum(at > moment.at - 3600 for at in switched) >= 5:
                tallies[profile.name, domain.value, "pool_thrash"].count(decision)
            if decision.actionable:
                switched.append(moment.at)


def time_evaluations(count: int) -> dict[str, float]:
    """Return the median µs of one evaluation that also observes, by profile, and with five sensors."""
    results = {}
    for profile in (*PROFILES, replace(PROFILES[1], name="five_sensors", boards=5)):
        dice = dice_for(profile.name)
        governor = MiningGovernor(policy_for(profile), counts_decisions=False)
        took = []
        for _, moment in stream(profile, steady, count, 30.0, dice):
            signals = proposal(
                profile,
                MiningDomain.HASH_RATE,
                moment,
                sum(r.value for r in moment.hashrates),
                dice,
            )
            signals = replace(signals, temperature_readings=moment.temperatures[:1])
            begun = time.perf_counter()
            governor.evaluate(signals)
            took.append(time.perf_counter() - begun)
        results[profile.name] = round(statistics.median(took) * 1e6, 1)
    return results


def measure_state() -> dict[str, int]:
    """Return the bytes of a rig's state over all domains after four hours at 5 s."""
    results = {}
    for profile in PROFILES:
        dice = dice_for(profile.name)
        governor = MiningGovernor(policy_for(profile))
        for n, moment in stream(profile, steady, 2880, 5.0, dice):
            observe(governor, profile, moment)
            governor.note(profile.name, MiningAction.SWITCH_POOL, START_S + n * 20)
            governor.note(profile.name, MiningAction.START, START_S + n * 20)
        results[profile.name] = deep_size(governor._rigs[profile.name], set())
    return results


def deep_size(thing: Any, seen: set[int]) -> int:
    """Return the bytes of an object and all that it alone holds."""
    if id(thing) in seen or thing is None or isinstance(thing, type | MiningDomain):
        return 0
    if type(thing).__name__ == "Preset":
        return 0
    seen.add(id(thing))
    size = sys.getsizeof(thing)
    if isinstance(thing, dict):
        return size + sum(deep_size(k, seen) + deep_size(v, seen) for k, v in thing.items())
    if isinstance(thing, array | str | bytes | float | int):
        return size
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    return size + sum(deep_size(getattr(thing, name), seen) for name in slots)


def run(quick: bool = False, seeds: int | None = None) -> dict[str, Any]:
    """Judge all streams with some seeds; return shares by sort, times and sizes."""
    seeds = seeds or (1 if quick else 5)
    sound: dict[Any, Tally] = defaultdict(Tally)
    unsafe: dict[Any, Tally] = defaultdict(Tally)
    for seed in range(seeds):
        judge_sound(sound, seed, 80 if quick else 200)
        judge_mischief(unsafe, seed, 30 if quick else 50)
        judge_walks(unsafe, seed)
        judge_frozen(unsafe, seed, 50 if quick else 80)
        judge_thrash(unsafe, seed)
    return {
        "sound": _by(sound, (0, 1)),
        "sound_kinds": _by(sound, (2,)),
        "sound_worst": round(min(t.share for t in _merged(sound, (0, 1)).values()), 4),
        "unsafe": _by(unsafe, (2,)),
        "unsafe_found": dict(_authorised(unsafe)),
        "unsafe_authorised": sum(tally.authorised for tally in unsafe.values()),
        "unsafe_proposed": sum(tally.proposed for tally in unsafe.values()),
        "refused_though_sound": dict(_refusals(sound)),
        "microseconds": time_evaluations(400 if quick else 2000),
        "state_bytes": measure_state(),
    }


def _merged(tallies: dict[Any, Tally], parts: tuple[int, ...]) -> dict[str, Tally]:
    merged: dict[str, Tally] = defaultdict(Tally)
    for key, tally in tallies.items():
        into = merged[" ".join(key[part] for part in parts)]
        into.proposed += tally.proposed
        into.authorised += tally.authorised
        into.refusals += tally.refusals
    return merged


def _by(tallies: dict[Any, Tally], parts: tuple[int, ...]) -> dict[str, str]:
    return {
        name: f"{tally.share:.4f} of {tally.proposed}"
        for name, tally in _merged(tallies, parts).items()
    }


def _authorised(tallies: dict[Any, Tally]) -> dict[str, int]:
    return {" ".join(key): tally.authorised for key, tally in tallies.items() if tally.authorised}


def _refusals(tallies: dict[Any, Tally]) -> Counter[str]:
    total: Counter[str] = Counter()
    for key, tally in tallies.items():
        for reason, count in tally.refusals.items():
            total[" ".join((*key, reason))] += count
    return Counter(dict(total.most_common(20)))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    print(json.dumps(run(quick=options.quick, seeds=options.seeds), indent=2))


if __name__ == "__main__":
    main()
