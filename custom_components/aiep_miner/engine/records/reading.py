"""One poll of one miner: sensors, boards, fans, pools."""

from dataclasses import dataclass

from .base import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperature(Body):
    """One temperature sensor of a miner."""

    sensor: str
    """Stable within the miner: ``board_0``, ``chip_1``, ``outlet_0``, …"""
    temperature_c: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Board(Body):
    """One hashboard."""

    index: int
    hashrate_ths: float | None = None
    temperature_c: float | None = None
    """Of the board itself."""
    chip_temperature_c: float | None = None
    chips_working: int | None = None
    chips_expected: int | None = None
    voltage_v: float | None = None
    frequency_mhz: float | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool(Body):
    """One configured pool. Its user is private and never recorded."""

    index: int
    url: str
    active: bool | None = None
    alive: bool | None = None
    shares_accepted: int | None = None
    shares_rejected: int | None = None
    shares_stale: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Body):
    """What a miner said of itself in one poll. Unknown is None, never zero; all numbers finite."""

    mining: bool | None = None
    """Whether it hashes now, as computed from its state, hash rate and power."""
    hashrate_ths: float | None = None
    expected_hashrate_ths: float | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    temperatures: tuple[Temperature, ...] = ()
    """Sensors that guard the hardware; ambient air and liquids are not among them."""
    boards: tuple[Board, ...] = ()
    fans_rpm: tuple[int, ...] = ()
    psu_fans_rpm: tuple[int, ...] = ()
    uptime_s: int | None = None
    shares_accepted: int | None = None
    shares_rejected: int | None = None
    shares_stale: int | None = None
    hardware_errors: int | None = None
    best_share: float | None = None
    pools: tuple[Pool, ...] = ()
    level: str | None = None
    """The name of the level in force, when it is one of those that the device lists."""
    fan_percent: float | None = None
    """The speed that the fans are told to keep; None while the firmware regulates them."""
    target_temperature_c: float | None = None
    """What the firmware regulates its fans to."""
    power_percent: float | None = None
    scaling: bool | None = None
    """Whether the firmware scales its performance by itself."""
    error_pct: float | None = None
    """Share of the chips' work that is wrong, as the device reports it."""
    blocks_found: int | None = None
    ambient_c: float | None = None
    fault_light: bool | None = None
    powered: bool | None = None
    """Whether its mains switch is on; None without one, or unknown."""
    messages: tuple[str, ...] = ()
    """The miner's own error messages, sanitised, at most 200 characters each."""

    @property
    def boards_on(self) -> int:
        """How many boards are not switched off."""
        return sum(1 for board in self.boards if board.enabled is not False)

    @property
    def hottest_c(self) -> float | None:
        """The hottest sensor, in °C; None without sensors."""
        return max((item.temperature_c for item in self.temperatures), default=None)
