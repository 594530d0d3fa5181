"""The physics of an imaginary ASIC miner: what a simulated or emulated device reports.

A machine has no clock: it is moved to a point in its own time, in steps of one second, so
its course does not depend on how often anybody looks. Same profile, seed, commands and
faults: same readings.
"""

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

_CURVE_EXPONENT = 1.6
"""Dynamic power over hash rate: frequency times voltage squared, voltage rising with it."""
_RAMP_S = 15.0
_FAN_LAG_S = 10.0
_FAN_GAIN_PER_C = 0.05
_FAN_NOMINAL = 0.6
_FAN_MIN = 0.2
_STILL_AIR = 0.4
"""What cools without any fan, as a share of what cools at full speed."""
_OVERHEAT_RESISTANCE = 3.0
_COLLAPSE_SHARE = 0.25
_SHARES_PER_S = 0.25
"""At the nominal hash rate; pools set the difficulty so that it comes to about this."""
_WARM_S = 3600.0
"""A new machine has been running for this long."""
_MAX_STEPS = 3600
"""Everything has settled by then; a longer jump is not computed second by second."""


class MachineFault(StrEnum):
    """What can go wrong; the last two are for the device's interface, not its physics."""

    OVERHEAT = "overheat"
    """The heat no longer leaves the boards."""
    FAN_FAILURE = "fan_failure"
    """The first fan stands still; without fans half of the coolant's flow is gone."""
    HASHRATE_COLLAPSE = "hashrate_collapse"
    PHANTOM_HASHRATE = "phantom_hashrate"
    """Idles and says that it hashes."""
    OFFLINE = "offline"
    IGNORE_COMMANDS = "ignore_commands"
    """Says yes and does nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultWindow:
    """A fault that lasts from ``at_s`` on, for ``for_s`` or for ever, in the machine's time."""

    at_s: float
    fault: MachineFault
    for_s: float | None = None

    def covers(self, now_s: float) -> bool:
        """Return whether the fault is in effect."""
        return self.at_s <= now_s and (self.for_s is None or now_s < self.at_s + self.for_s)


def fault_windows(schedule: Iterable[Mapping[str, Any]]) -> tuple[FaultWindow, ...]:
    """Return a schedule from configuration data: ``at_s``, ``fault`` and perhaps ``for_s`` each.

    Raises ValueError or KeyError for what is none.
    """
    return tuple(
        FaultWindow(
            at_s=float(item["at_s"]),
            fault=MachineFault(item["fault"]),
            for_s=None if item.get("for_s") is None else float(item["for_s"]),
        )
        for item in schedule
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A kind of machine. Temperatures are rises over ambient at nominal power."""

    make: str
    model: str
    boards: int
    chips_per_board: int
    fans: int
    nominal_hashrate_ths: float
    nominal_power_w: float
    standby_w: float
    power_min_w: float
    power_max_w: float
    board_rise_c: float
    chip_rise_c: float | None
    """Of the chips over their board; None for a machine with one sensor for each board."""
    thermal_lag_s: float
    boot_s: float
    fan_max_rpm: int = 6000
    ambient_c: float = 25.0


PROFILES = {
    "bitaxe": Profile(
        make="BitAxe",
        model="Gamma",
        boards=1,
        chips_per_board=1,
        fans=1,
        nominal_hashrate_ths=1.2,
        nominal_power_w=15.0,
        standby_w=2.0,
        power_min_w=8.0,
        power_max_w=20.0,
        board_rise_c=33.0,
        chip_rise_c=None,
        thermal_lag_s=40.0,
        boot_s=8.0,
    ),
    "s19": Profile(
        make="Antminer",
        model="S19",
        boards=3,
        chips_per_board=114,
        fans=4,
        nominal_hashrate_ths=100.0,
        nominal_power_w=3250.0,
        standby_w=40.0,
        power_min_w=1300.0,
        power_max_w=3900.0,
        board_rise_c=31.0,
        chip_rise_c=13.0,
        thermal_lag_s=90.0,
        boot_s=45.0,
    ),
    "whatsminer_hydro": Profile(
        make="Whatsminer",
        model="M53 Hydro",
        boards=4,
        chips_per_board=128,
        fans=0,
        nominal_hashrate_ths=250.0,
        nominal_power_w=5500.0,
        standby_w=60.0,
        power_min_w=2200.0,
        power_max_w=6600.0,
        board_rise_c=30.0,
        chip_rise_c=12.0,
        thermal_lag_s=60.0,
        boot_s=60.0,
        ambient_c=30.0,
    ),
}
"""The machines on offer, by the name that configuration data uses."""


def profile_named(
    name: str, *, nominal_hashrate_ths: float | None = None, nominal_power_w: float | None = None
) -> Profile:
    """Return a profile, with other nominal values where given; KeyError for an unknown name.

    Standby power and the limits' range keep their proportion to the nominal power.
    """
    profile = PROFILES[name]
    factor = (nominal_power_w or profile.nominal_power_w) / profile.nominal_power_w
    return replace(
        profile,
        nominal_hashrate_ths=nominal_hashrate_ths or profile.nominal_hashrate_ths,
        nominal_power_w=profile.nominal_power_w * factor,
        standby_w=profile.standby_w * factor,
        power_min_w=profile.power_min_w * factor,
        power_max_w=profile.power_max_w * factor,
    )


class Machine:
    """One machine, warm and at its nominal power when it is made."""

    def __init__(
        self, profile: Profile, *, seed: int, faults: tuple[FaultWindow, ...] = ()
    ) -> None:
        """Initialize the machine; ``seed`` gives it its boards' offsets and its ripple."""
        dice = random.Random(seed)  # noqa: S311 - nothing secret depends on it
        self.profile = profile
        self.power_limit_w = profile.nominal_power_w
        self.boards_enabled = [True] * profile.boards
        self.pool = 0
        self._faults = list(faults)
        self._phases = [dice.uniform(0, math.tau) for _ in range(8)]
        self._offsets_c = _board_offsets(profile.boards, dice)
        self._reject_share = dice.uniform(0.002, 0.006)
        self._now_s = 0.0
        self._booted_s = -_WARM_S
        self._work = [_WARM_S, 0.0]
        """Seconds' worth of nominal hash rate delivered to each pool."""
        self._load = [1.0] * profile.boards
        self._fan = _FAN_NOMINAL
        self._rises_c = [profile.board_rise_c + offset for offset in self._offsets_c]

    def advance_to(self, now_s: float) -> None:
        """Move to a point in the machine's time, in seconds; never backwards."""
        steps = int(now_s - self._now_s)
        if steps > _MAX_STEPS:
            self._skip(steps - _MAX_STEPS)
            steps = _MAX_STEPS
        for _ in range(steps):
            self._step()

    # Commands.

    def run(self) -> None:
        """Enable every board."""
        for index in range(self.profile.boards):
            self.set_board(index, enabled=True)

    def stop(self) -> None:
        """Disable every board."""
        for index in range(self.profile.boards):
            self.set_board(index, enabled=False)

    def set_board(self, index: int, *, enabled: bool) -> None:
        """Enable one board, which then takes up its load, or disable it, which drops it."""
        self.boards_enabled[index] = enabled
        if not enabled:
            self._load[index] = 0.0

    def restart(self) -> None:
        """Boot again: counters start from zero, every board is enabled afterwards."""
        self._booted_s = self._now_s
        self._work = [0.0, 0.0]
        self._load = [0.0] * self.profile.boards
        self.run()

    def power_for(self, hashrate_ths: float) -> float:
        """Return the power that a hash rate takes, in W."""
        profile = self.profile
        load = max(hashrate_ths, 0.0) / profile.nominal_hashrate_ths
        return profile.standby_w + self._dynamic_w * math.pow(load, _CURVE_EXPONENT)

    def inject(self, fault: MachineFault, for_s: float | None = None) -> None:
        """Begin a fault now, for a time of the machine's or until it is cleared."""
        self._faults.append(FaultWindow(at_s=self._now_s, fault=fault, for_s=for_s))

    def clear(self, fault: MachineFault) -> None:
        """End a fault now; what is scheduled for later stays."""
        self._faults = [
            window
            for window in self._faults
            if window.fault is not fault or window.at_s > self._now_s
        ]

    def has(self, fault: MachineFault) -> bool:
        """Return whether a fault is in effect."""
        return any(window.fault is fault and window.covers(self._now_s) for window in self._faults)

    # What its sensors and counters say.

    @property
    def mining(self) -> bool:
        """Whether it says that it hashes."""
        return self.hashrate_ths > 0

    @property
    def booting(self) -> bool:
        """Whether it was restarted less than its boot time ago."""
        return self._now_s - self._booted_s < self.profile.boot_s

    @property
    def board_hashrates_ths(self) -> list[float]:
        """Hash rate of each board as reported, in TH/s."""
        load = self._load
        if self.has(MachineFault.PHANTOM_HASHRATE):
            load = [self._limit_load if enabled else 0.0 for enabled in self.boards_enabled]
        share = self.profile.nominal_hashrate_ths / self.profile.boards
        return [
            share * value * (1 + self._ripple(0.015, 47, index)) for index, value in enumerate(load)
        ]

    @property
    def hashrate_ths(self) -> float:
        """Hash rate of the machine as reported, in TH/s."""
        return sum(self.board_hashrates_ths)

    @property
    def expected_hashrate_ths(self) -> float:
        """What it would reach at its power limit, in TH/s."""
        return self.profile.nominal_hashrate_ths * self._limit_load

    @property
    def power_w(self) -> float:
        """Power at the wall, in W."""
        return self.profile.standby_w + sum(self._board_powers_w()) * (1 + self._ripple(0.01, 31))

    @property
    def board_temperatures_c(self) -> list[float]:
        """Temperature of each board, in °C."""
        return [
            self.profile.ambient_c + rise + self._ripple(0.2, 19, index)
            for index, rise in enumerate(self._rises_c)
        ]

    @property
    def chip_temperatures_c(self) -> list[float]:
        """Temperature of each board's hottest chip, in °C; empty without such sensors."""
        chip_rise_c = self.profile.chip_rise_c
        if chip_rise_c is None:
            return []
        nominal_w = self._dynamic_w / self.profile.boards
        return [
            board + chip_rise_c * power / nominal_w
            for board, power in zip(self.board_temperatures_c, self._board_powers_w(), strict=True)
        ]

    @property
    def fans_rpm(self) -> list[int]:
        """Speed of each fan; the same but for the one that failed."""
        rpm = round(self.profile.fan_max_rpm * self._fan * (1 + self._ripple(0.01, 11)), -1)
        speeds = [int(rpm)] * self.profile.fans
        if speeds and self.has(MachineFault.FAN_FAILURE):
            speeds[0] = 0
        return speeds

    @property
    def uptime_s(self) -> int:
        """Seconds since it booted."""
        return int(self._now_s - self._booted_s)

    @property
    def hashed_th(self) -> float:
        """Hashes since it booted, in TH."""
        return sum(self._work) * self.profile.nominal_hashrate_ths

    def shares(self, pool: int | None = None) -> tuple[int, int, int]:
        """Return accepted, rejected and stale shares since it booted, of one pool or of all."""
        work = sum(self._work) if pool is None else self._work[pool]
        total = int(work * _SHARES_PER_S)
        rejected = int(total * self._reject_share)
        stale = rejected // 4
        return total - rejected - stale, rejected, stale

    # The course of things.

    @property
    def _dynamic_w(self) -> float:
        return self.profile.nominal_power_w - self.profile.standby_w

    @property
    def _limit_load(self) -> float:
        """The share of the nominal hash rate that the power limit allows."""
        spare_w = max(self.power_limit_w - self.profile.standby_w, 0.0)
        return math.pow(spare_w / self._dynamic_w, 1 / _CURVE_EXPONENT)

    def _board_powers_w(self) -> list[float]:
        share_w = self._dynamic_w / self.profile.boards
        return [share_w * math.pow(load, _CURVE_EXPONENT) for load in self._load]

    def _step(self) -> None:
        """Let one second pass."""
        self._now_s += 1
        self._step_load()
        self._step_heat()
        self._step_fans()
        self._work[self.pool] += self._delivered

    @property
    def _delivered(self) -> float:
        """The share of the nominal hash rate that really works."""
        return sum(self._load) / self.profile.boards

    def _step_load(self) -> None:
        idle = self.booting or self.has(MachineFault.PHANTOM_HASHRATE)
        goal = self._limit_load
        if self.has(MachineFault.HASHRATE_COLLAPSE):
            goal *= _COLLAPSE_SHARE
        for index, enabled in enumerate(self.boards_enabled):
            if idle or not enabled:
                self._load[index] = 0.0
            else:
                self._load[index] += (goal - self._load[index]) / _RAMP_S

    def _step_heat(self) -> None:
        profile = self.profile
        resistance = self._resistance()
        nominal_w = self._dynamic_w / profile.boards
        for index, power_w in enumerate(self._board_powers_w()):
            nominal_rise_c = profile.board_rise_c + self._offsets_c[index]
            goal = nominal_rise_c * resistance * power_w / nominal_w
            self._rises_c[index] += (goal - self._rises_c[index]) / profile.thermal_lag_s

    def _resistance(self) -> float:
        """Return the way's resistance to the heat, 1 at nominal fan speed."""
        flow = self._fan
        if self.has(MachineFault.FAN_FAILURE):
            fans = self.profile.fans
            flow *= (fans - 1) / fans if fans else 0.5
        nominal = _STILL_AIR + (1 - _STILL_AIR) * _FAN_NOMINAL
        resistance = nominal / (_STILL_AIR + (1 - _STILL_AIR) * flow)
        return resistance * (_OVERHEAT_RESISTANCE if self.has(MachineFault.OVERHEAT) else 1.0)

    def _step_fans(self) -> None:
        if not self.profile.fans:
            return
        excess_c = max(self._rises_c) - self.profile.board_rise_c
        goal = min(max(_FAN_NOMINAL + excess_c * _FAN_GAIN_PER_C, _FAN_MIN), 1.0)
        self._fan += (goal - self._fan) / _FAN_LAG_S

    def _skip(self, seconds: int) -> None:
        self._now_s += seconds
        self._work[self.pool] += self._delivered * seconds

    def _ripple(self, size: float, period_s: float, index: int = 0) -> float:
        """Return a small wave, so that readings move; a function of time alone."""
        phase = self._phases[index % len(self._phases)]
        return size * math.sin(math.tau * self._now_s / period_s + phase)


def _board_offsets(boards: int, dice: random.Random) -> list[float]:
    """Return how much cooler than the hottest each board runs: 5 to 12 °C from end to end."""
    if boards == 1:
        return [0.0]
    spread_c = dice.uniform(5, 12)
    inner = [-dice.uniform(0, spread_c) for _ in range(boards - 2)]
    offsets = [0.0, -spread_c, *inner]
    dice.shuffle(offsets)
    return offsets
