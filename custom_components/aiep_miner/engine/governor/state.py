"""What was observed of each rig: bounded in memory, and an hour long.

Everything here but what is remembered from when a machine last ran is a function of the
observations and commands of the last hour, so folding the last two hours of records rebuilds
it. Values are kept in arrays: a rig
with sixteen sensors in every domain stays below 64 KB.
"""

import math
from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Buffer
from typing import Final

from .model import MiningAction, MiningDomain
from .numbers import Group
from .presets import PRESETS, Preset

WINDOW_S: Final = 3600.0
SENSORS: Final = 16
"""Sensors whose offsets are learned; of more, those seen last."""
ROWS: Final = 16
"""Offsets kept of each sensor …"""
ROW_S: Final = 30.0
"""… at most one in this time, so that they reach back eight minutes at the least."""
RAW: Final = 5
"""Raw values kept of each sensor, to find frozen ones."""
TRAIL_S: Final = 60.0
"""The trail through the hour has one point in this time."""
IDLE_SHARE: Final = 0.15
"""Below this share of the highest value that is remembered a machine stands idle."""
WARM_UP_S: Final = 600.0
"""After a start the hash rate of a machine is no measure of where it was."""
LAST_RUNNING: Final = 5
"""Points of the trail kept from before the window, of the time when the machine last ran."""
COMMANDS: Final = 256
"""Commands of one kind kept of each rig."""
MAX_RIGS: Final = 10_000


class Sensor:
    """One sensor's offsets from its group, in step with the rows, and its last raw values."""

    __slots__ = ("gaps", "last_seen", "offsets", "raw")

    def __init__(self, rows: int, observations: int) -> None:
        """Begin unseen in as many rows and observations as there are."""
        self.offsets = array("d", [math.nan]) * rows
        self.raw = array("d", [math.nan]) * min(observations, RAW)
        self.last_seen = -math.inf
        self.gaps = rows > 0
        """Whether it was not seen in some of the rows."""

    def forget(self, rows: int, observations: int, at: float) -> None:
        """Forget all but the first rows; which raw values are older is not known."""
        del self.offsets[rows:]
        self.raw = array("d", [math.nan]) * min(observations, RAW)
        self.last_seen = min(self.last_seen, at)


class History:
    """The observed state of one rig in one domain."""

    __slots__ = (
        "heat_at",
        "hottest",
        "idle_at",
        "last_running",
        "observed_at",
        "presents",
        "preset",
        "rows",
        "sensors",
        "times",
        "trail",
        "trail_times",
    )

    def __init__(self, preset: Preset) -> None:
        """Begin with nothing observed."""
        self.preset = preset
        self.times = array("d")
        self.presents = array("d")
        self.rows = array("d")
        self.trail_times = array("d")
        self.trail = array("d")
        self.sensors: dict[str, Sensor] = {}
        self.last_running = array("d")
        """Presents from before the window, of the time when the machine last ran."""
        self.idle_at = -math.inf
        """When the last point before the window was taken at which it stood idle."""
        self.observed_at = -math.inf
        """Until when the history is what was observed, not what came with a proposal."""
        self.hottest = self.heat_at = -math.inf
        """The hottest temperature that was last seen, impossible ones included, and when."""

    def observe(self, at: float, group: Group | None, hottest: float) -> None:
        """Learn what was observed at a time in s; what is not newer changes nothing.

        An observation has the last word on time: what proposals dated later is forgotten, and
        after a step back of more than the window what was observed later, too.
        """
        if self.observed_at - WINDOW_S <= at <= self.observed_at:
            return
        self.observed_at = at
        if max(self.heat_at, self.times[-1] if self.times else at) > at:
            self._forget_after(at)
        self.add(at, group, hottest)

    def add(self, at: float, group: Group | None, hottest: float = -math.inf) -> None:
        """Learn valid readings taken at a time in s; what is not newer changes nothing."""
        times, trail_times = self.times, self.trail_times
        if hottest > -math.inf and at >= self.heat_at:
            self.hottest = max(hottest, self.hottest) if at == self.heat_at else hottest
            self.heat_at = at
        if group is None or (times and at <= times[-1]):
            return
        self._trim(at)
        self._add_sensors(at, group)
        times.append(at)
        self.presents.append(group.present)
        if not trail_times or at // TRAIL_S != trail_times[-1] // TRAIL_S:
            trail_times.append(at)
            self.trail.append(group.present)

    def _forget_after(self, at: float) -> None:
        """Forget everything that is dated later than a time in s."""
        del self.presents[bisect_right(self.times, at) :]
        del self.times[bisect_right(self.times, at) :]
        del self.trail[bisect_right(self.trail_times, at) :]
        del self.trail_times[bisect_right(self.trail_times, at) :]
        del self.rows[bisect_right(self.rows, at) :]
        if self.heat_at > at:
            self.hottest = self.heat_at = -math.inf
        for sensor in self.sensors.values():
            sensor.forget(len(self.rows), len(self.times), at)

    def _trim(self, at: float) -> None:
        """Forget what is older than the window, and make room for one more."""
        oldest = at - WINDOW_S
        times, rows = self.times, self.rows
        cut = max(bisect_right(times, oldest), len(times) + 1 - self.preset.history)
        if cut > 0:
            del times[:cut], self.presents[:cut]
        cut = bisect_right(self.trail_times, oldest)
        if cut > 0:
            if self.preset.zero_is_off:
                self._keep_running(cut)
            del self.trail_times[:cut], self.trail[:cut]
        cut = max(bisect_right(rows, oldest), len(rows) + 1 - ROWS)
        if cut > 0:
            del rows[:cut]
            for sensor in self.sensors.values():
                del sensor.offsets[:cut]

    def _keep_running(self, cut: int) -> None:
        """Keep of the points that leave the trail the last ones at which the machine ran."""
        # Idle power counts as running until the machine has run; ``hour_ago`` leaves it out.
        idle_below = IDLE_SHARE * max(self.last_running or self.trail)
        for at, value in zip(self.trail_times[:cut], self.trail[:cut], strict=True):
            if value <= idle_below:
                self.idle_at = at
            elif at - self.idle_at > WARM_UP_S:
                self.last_running.append(value)
        del self.last_running[:-LAST_RUNNING]

    def _add_sensors(self, at: float, group: Group) -> None:
        sensors, centre = self.sensors, group.centre
        new_row = not self.rows or at // ROW_S != self.rows[-1] // ROW_S
        seen = group.seen[:SENSORS]
        for name, value in seen:
            sensor = sensors.get(name)
            if sensor is None:
                sensor = sensors[name] = Sensor(len(self.rows), len(self.times))
            sensor.last_seen = at
            sensor.raw.append(value)
            if new_row:
                sensor.offsets.append(value - centre)
        if len(sensors) > len(seen):
            self._add_absent(at, new_row=new_row)
        if len(self.times) >= RAW:
            for sensor in sensors.values():
                del sensor.raw[:-RAW]
        if new_row:
            self.rows.append(at)

    def _add_absent(self, at: float, *, new_row: bool) -> None:
        """Note which sensors were not seen; forget those that are gone or too many."""
        sensors = self.sensors
        for name in [n for n, sensor in sensors.items() if sensor.last_seen <= at - WINDOW_S]:
            del sensors[name]
        for name in sorted(sensors, key=lambda n: (-sensors[n].last_seen, n))[SENSORS:]:
            del sensors[name]
        for sensor in sensors.values():
            if sensor.last_seen != at:
                sensor.raw.append(math.nan)
                if new_row:
                    sensor.offsets.append(math.nan)
                    sensor.gaps = True


class View:
    """What of a history counts at a time: the last hour up to an observation, itself apart."""

    __slots__ = (
        "end",
        "first_row",
        "history",
        "last_row",
        "now",
        "oldest",
        "start",
        "trail_end",
        "trail_start",
        "upto",
    )

    def __init__(self, history: History, now: float, upto: float) -> None:
        """Look at a history from ``now`` at what came before the observation of ``upto``."""
        self.history = history
        self.now = now
        self.upto = upto
        self.oldest = now - WINDOW_S
        self.start = bisect_right(history.times, self.oldest)
        self.end = bisect_left(history.times, upto, self.start)
        self.first_row = bisect_right(history.rows, self.oldest)
        self.last_row = bisect_left(history.rows, upto, self.first_row)
        self.trail_start = bisect_right(history.trail_times, self.oldest)
        self.trail_end = bisect_left(history.trail_times, upto, self.trail_start)

    @property
    def count(self) -> int:
        """Return how many observations came before."""
        return self.end - self.start

    def before(self, count: int) -> list[float]:
        """Return the observed presents before this one, at most so many, oldest first."""
        return self.history.presents[max(self.end - count, self.start) : self.end].tolist()

    def known_sensors(self) -> int:
        """Return how many sensors the rig has shown."""
        return sum(sensor.last_seen > self.oldest for sensor in self.history.sensors.values())

    def learned_offset(self, name: str) -> float | None:
        """Return a sensor's usual offset from its group; None when it was never seen before."""
        sensor = self.history.sensors.get(name)
        if sensor is None:
            return None
        offsets = sensor.offsets[self.first_row : self.last_row]
        if sensor.gaps:
            known = sorted([item for item in offsets if item == item])  # noqa: PLR0124 - NaN
        else:
            known = sorted(offsets)
        return known[len(known) // 2] if known else None

    def sensors_with_raw(self) -> dict[str, Sensor]:
        """Return the sensors whose raw values reach to the present one; none when too few."""
        history = self.history
        full = self.end - self.start + 1 >= RAW and self.end + 1 == len(history.times)
        return history.sensors if full else {}

    def trail(self) -> tuple[array[float], list[float]]:
        """Return times and presents of the trail through the last hour before this observation."""
        history, part = self.history, slice(self.trail_start, self.trail_end)
        return history.trail_times[part], history.trail[part].tolist()

    def last_running(self) -> array[float]:
        """Return the presents of the time before the window when the machine last ran."""
        history, start = self.history, self.trail_start
        if not start:
            return history.last_running
        idle_below = IDLE_SHARE * max(history.last_running or history.trail)
        late = [value for value in history.trail[:start] if value > idle_below]
        return array("d", [*history.last_running, *late][-LAST_RUNNING:])

    def content(self, commands: array[float]) -> list[Buffer]:
        """Return everything that a decision can rest on, in a fixed order, its shape first."""
        history = self.history
        end = bisect_right(history.times, self.upto)
        shown = max(end - self.start, 0)
        rows = slice(self.first_row, bisect_right(history.rows, self.upto))
        trail = slice(self.trail_start, self.trail_end)
        names_shown: list[str] = []
        of_sensors: list[Buffer] = []
        for name, sensor in sorted(history.sensors.items()):
            if sensor.last_seen > self.oldest:
                names_shown.append(name)
                of_sensors.append(sensor.offsets[rows])
                of_sensors.append(sensor.raw if shown >= RAW else sensor.raw[RAW - shown :])
        names = "\0".join(names_shown).encode()
        shape = (
            shown,
            rows.stop - rows.start,
            trail.stop - trail.start,
            len(names),
            len(commands),
        )
        of_rig: list[Buffer] = [
            array("q", shape),
            names,
            commands,
            history.times[self.start : end],
            history.presents[self.start : end],
            history.rows[rows],
            history.trail_times[trail],
            history.trail[trail],
            history.last_running if not self.trail_start else self.last_running(),
        ]
        return of_rig + of_sensors


NO_COMMANDS: Final = array("d")

_KIND_OF: Final = {
    MiningAction.SWITCH_POOL: "pool",
    MiningAction.START: "start_stop",
    MiningAction.STOP: "start_stop",
    MiningAction.HARDWARE_RESTART: "restart",
}


class Rig:
    """One rig: a history for each kind of observation, and the commands it was given."""

    __slots__ = ("commands", "histories")

    def __init__(self) -> None:
        """Begin with nothing observed and nothing commanded."""
        self.histories: dict[MiningDomain, History] = {}
        self.commands: dict[str, array[float]] = {}

    def history(self, domain: MiningDomain) -> History:
        """Return a domain's history; THERMAL and HARDWARE observe the same temperatures."""
        key = MiningDomain.THERMAL if domain is MiningDomain.HARDWARE else domain
        history = self.histories.get(key)
        if history is None:
            history = self.histories[key] = History(PRESETS[key])
        return history

    @property
    def latest(self) -> float:
        """Return when the rig was last observed, in s; 0 when it never was."""
        return max((h.times[-1] for h in self.histories.values() if h.times), default=0.0)

    def hottest(self, now: float, max_age_s: float) -> float:
        """Return the hottest temperature in °C observed lately; -inf without any."""
        history = self.histories.get(MiningDomain.THERMAL)
        fresh = history is not None and history.heat_at >= now - max_age_s
        return history.hottest if history is not None and fresh else -math.inf

    def note(self, action: MiningAction, at: float) -> None:
        """Count a command once; starts and stops are counted together."""
        kind = _KIND_OF.get(action)
        if kind is None:
            return
        times = self.commands.setdefault(kind, array("d"))
        if at in times:
            return
        insort(times, at)
        if len(times) > COMMANDS:
            del times[0]

    def commands_since(self, action: MiningAction, since: float) -> array[float]:
        """Return when commands of an action's kind were given after a time in s, oldest first."""
        times = self.commands.get(_KIND_OF.get(action, ""), NO_COMMANDS)
        return times[bisect_right(times, since) :]
