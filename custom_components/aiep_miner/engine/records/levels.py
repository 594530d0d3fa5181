"""Levels that a device offers, and the ranges of what else can be set on it."""

from dataclasses import dataclass

from .base import Body
from .kinds import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLevel(Body):
    """One level: a preset, profile, work mode, power limit, or a frequency with its voltage.

    Figures are the device's own claims; what a level really brings is learned from telemetry.
    """

    name: str
    """Unique within the device, as a command names it."""
    power_w: float | None = None
    hashrate_ths: float | None = None
    frequency_mhz: float | None = None
    voltage_mv: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueRange(Body):
    """The values that a device takes for an action, ends included."""

    action: Action
    low: float
    high: float
    step: float = 1.0
