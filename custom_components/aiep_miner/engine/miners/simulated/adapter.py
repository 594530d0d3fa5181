"""A miner that exists only as a model: for demos, tests, and trying a policy out."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from zlib import crc32

from ...records import Action, Board, Pool, Reading, Temperature
from ...records.reasons import Reason
from ..base import ON, Capabilities, Command, Identity, MinerError, MinerInfo
from ..controls import level_at, level_named, power_levels
from .machine import FaultWindow, Machine, MachineFault, Profile

_POOLS = ("stratum+tcp://pool-one.example:3333", "stratum+tcp://pool-two.example:3333")


class SimulatedMiner:
    """One simulated miner; its id seeds it.

    The machine's time runs ``time_scale`` times as fast as ``clock`` (monotonic seconds) and
    begins with the first call; ``faults`` are in the machine's time.
    """

    def __init__(
        self,
        miner_id: str,
        profile: Profile,
        *,
        faults: tuple[FaultWindow, ...] = (),
        time_scale: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Initialize the miner; see ``machine.profile_named`` for profiles."""
        self._miner_id = miner_id
        self._seed = crc32(miner_id.encode())
        self._machine = Machine(profile, seed=self._seed, faults=faults)
        self._clock = clock
        self._time_scale = time_scale
        self._started_s: float | None = None

    def inject(self, fault: MachineFault, for_s: float | None = None) -> None:
        """Begin a fault now, for some seconds of the machine's time or until cleared."""
        self._now().inject(fault, for_s)

    def clear(self, fault: MachineFault) -> None:
        """End a fault."""
        self._now().clear(fault)

    async def connect(self) -> MinerInfo:
        """Return who the miner is and everything that it can do."""
        profile = self._answering().profile
        return MinerInfo(
            identity=Identity(
                make=profile.make,
                model=profile.model,
                firmware="simulated",
                serial_number=f"SIM{self._seed:08X}",
                hostname=self._miner_id,
            ),
            capabilities=Capabilities(
                actions=frozenset(_ACTIONS),
                power_min_w=profile.power_min_w,
                power_max_w=profile.power_max_w,
                levels=power_levels(profile.power_min_w, profile.power_max_w),
                level_change_s=profile.boot_s,
            ),
        )

    async def poll(self) -> Reading:
        """Return what the miner says of itself now."""
        return _reading(self._answering())

    async def execute(self, command: Command) -> None:
        """Do what is wanted; UNSUPPORTED_ACTION for what it cannot do or a value out of range."""
        machine = self._answering()
        change = _change(machine, command)
        if not machine.has(MachineFault.IGNORE_COMMANDS):
            change()

    async def record(self) -> dict[str, Any]:
        """Return nothing: there is no device."""
        return {}

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _now(self) -> Machine:
        """Return the machine, moved to this moment."""
        now_s = self._clock()
        if self._started_s is None:
            self._started_s = now_s
        self._machine.advance_to((now_s - self._started_s) * self._time_scale)
        return self._machine

    def _answering(self) -> Machine:
        machine = self._now()
        if machine.has(MachineFault.OFFLINE):
            raise MinerError(Reason.UNREACHABLE, "the simulated miner is offline")
        return machine


def _change(machine: Machine, command: Command) -> Callable[[], None]:
    """Return what carries a command out."""
    if command.action in _PLAIN:
        return partial(_PLAIN[command.action], machine)
    match command.action:
        case Action.SET_POWER:
            return _limiter(machine, command.value)
        case Action.SET_LEVEL:
            profile = machine.profile
            levels = power_levels(profile.power_min_w, profile.power_max_w)
            level = level_named(levels, command.option)
            return _limiter(machine, level.power_w if level else None)
        case Action.SET_HASHRATE:
            power_w = None if command.value is None else machine.power_for(command.value)
            return _limiter(machine, power_w)
        case Action.SET_POOL:
            return _pool_switch(machine, command.value)
        case Action.SET_BOARD:
            return _board_switch(machine, command.value, on=command.option == ON)
    raise MinerError(Reason.UNSUPPORTED_ACTION, command.action)


_PLAIN = {
    Action.RUN: Machine.run,
    Action.STOP: Machine.stop,
    Action.RESTART: Machine.restart,
}
_ACTIONS = (
    *_PLAIN,
    Action.SET_POWER,
    Action.SET_HASHRATE,
    Action.SET_POOL,
    Action.SET_BOARD,
    Action.SET_LEVEL,
)


def _limiter(machine: Machine, power_w: float | None) -> Callable[[], None]:
    profile = machine.profile
    if power_w is None or not profile.power_min_w <= power_w <= profile.power_max_w:
        raise MinerError(Reason.UNSUPPORTED_ACTION, f"no power limit of {power_w} W")

    def limit() -> None:
        machine.power_limit_w = power_w

    return limit


def _pool_switch(machine: Machine, index: float | None) -> Callable[[], None]:
    if index is None or index not in range(len(_POOLS)):
        raise MinerError(Reason.UNSUPPORTED_ACTION, f"no pool {index}")

    def switch() -> None:
        machine.pool = int(index)

    return switch


def _board_switch(machine: Machine, index: float | None, *, on: bool) -> Callable[[], None]:
    if index is None or index not in range(machine.profile.boards):
        raise MinerError(Reason.UNSUPPORTED_ACTION, f"no board {index}")
    return partial(machine.set_board, int(index), enabled=on)


def _reading(machine: Machine) -> Reading:
    accepted, rejected, stale = machine.shares()
    hashrate_ths = round(machine.hashrate_ths, 4)
    return Reading(
        mining=hashrate_ths > 0,
        hashrate_ths=hashrate_ths,
        expected_hashrate_ths=round(machine.expected_hashrate_ths, 4),
        power_w=round(machine.power_w, 1),
        power_limit_w=round(machine.power_limit_w, 1),
        level=level_at(
            power_levels(machine.profile.power_min_w, machine.profile.power_max_w),
            machine.power_limit_w,
        ),
        temperatures=_temperatures(machine),
        boards=_boards(machine),
        fans_rpm=tuple(machine.fans_rpm),
        uptime_s=machine.uptime_s,
        shares_accepted=accepted,
        shares_rejected=rejected,
        shares_stale=stale,
        pools=tuple(_pool(machine, index) for index in range(len(_POOLS))),
        ambient_c=machine.profile.ambient_c,
    )


def _temperatures(machine: Machine) -> tuple[Temperature, ...]:
    sensors = (("board", machine.board_temperatures_c), ("chip", machine.chip_temperatures_c))
    return tuple(
        Temperature(sensor=f"{place}_{index}", temperature_c=round(temperature_c, 2))
        for place, temperatures_c in sensors
        for index, temperature_c in enumerate(temperatures_c)
    )


def _boards(machine: Machine) -> tuple[Board, ...]:
    chips_c: Sequence[float | None] = (
        machine.chip_temperatures_c or (None,) * machine.profile.boards
    )
    return tuple(
        Board(
            index=index,
            hashrate_ths=round(hashrate_ths, 4),
            temperature_c=round(board_c, 2),
            chip_temperature_c=None if chip_c is None else round(chip_c, 2),
            chips_working=machine.profile.chips_per_board,
            chips_expected=machine.profile.chips_per_board,
            enabled=enabled,
        )
        for index, (hashrate_ths, board_c, chip_c, enabled) in enumerate(
            zip(
                machine.board_hashrates_ths,
                machine.board_temperatures_c,
                chips_c,
                machine.boards_enabled,
                strict=True,
            )
        )
    )


def _pool(machine: Machine, index: int) -> Pool:
    accepted, rejected, stale = machine.shares(index)
    return Pool(
        index=index,
        url=_POOLS[index],
        active=machine.pool == index,
        alive=True,
        shares_accepted=accepted,
        shares_rejected=rejected,
        shares_stale=stale,
    )
