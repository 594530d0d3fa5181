"""A seeded model of one BitAxe's silicon: what frequency and voltage bring, and when it errs.

Errors rise with frequency and heat and fall with voltage; power rises with the frequency and
the square of the voltage, plus leakage that grows with heat. A machine keeps its time in steps.
"""

import math
import random
from dataclasses import dataclass

FREQUENCIES_MHZ = (400, 490, 525, 550, 600, 625)
VOLTAGES_MV = (1000, 1060, 1100, 1150, 1200, 1250)
THS_PER_MHZ = 2040e-6
_REFERENCE_MHZ, _REFERENCE_MV, _REFERENCE_W = 525.0, 1150.0, 14.0
_BOARD_W = 4.2
_LAG_S = 60.0
_PASSES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a chip settles at one frequency and voltage."""

    hashrate_ths: float
    """Of good work."""
    power_w: float
    temperature_c: float
    error_pct: float

    @property
    def efficiency_j_per_th(self) -> float:
        return self.power_w / self.hashrate_ths if self.hashrate_ths else math.inf


class Silicon:
    """One chip and its cooler; the seed gives it its quality."""

    def __init__(self, seed: int, *, ambient_c: float = 24.0) -> None:
        dice = random.Random(seed)
        self.ambient_c = ambient_c
        self._need_mv = dice.uniform(1040, 1180)
        """Voltage that the reference frequency needs at 55 °C."""
        self._slope_mv = dice.uniform(0.45, 0.9)
        self._sharp_mv = dice.uniform(7, 13)
        self._heat_mv = dice.uniform(0.3, 0.8)
        self._resistance = dice.uniform(1.4, 2.1)
        self._leak = dice.uniform(0.006, 0.014)
        self._dice = dice

    def error_pct(self, mhz: float, mv: float, chip_c: float) -> float:
        """Return the share of wrong work in %."""
        need = self._need_mv + self._slope_mv * (mhz - _REFERENCE_MHZ)
        need += self._heat_mv * (chip_c - 55)
        short = (need - mv) / self._sharp_mv
        return 100 / (1 + math.exp(min(-short + 4, 60.0)))

    def power_w(self, mhz: float, mv: float, chip_c: float) -> float:
        """Return the power at the plug in W."""
        dynamic = _REFERENCE_W * (mhz / _REFERENCE_MHZ) * (mv / _REFERENCE_MV) ** 2
        return _BOARD_W + dynamic * (1 + self._leak * (chip_c - 55))

    def settled(self, mhz: float, mv: float) -> Point:
        """Return where it ends up."""
        chip_c = 55.0
        for _ in range(_PASSES):
            chip_c = self.ambient_c + self._resistance * self.power_w(mhz, mv, chip_c)
        errors = self.error_pct(mhz, mv, chip_c)
        return Point(
            hashrate_ths=mhz * THS_PER_MHZ * (1 - errors / 100),
            power_w=self.power_w(mhz, mv, chip_c),
            temperature_c=chip_c,
            error_pct=errors,
        )

    def best(self, max_c: float, max_error_pct: float) -> tuple[tuple[int, int], Point]:
        """Return the most efficient point within the limits, by trying all."""
        points = {(mhz, mv): self.settled(mhz, mv) for mhz in FREQUENCIES_MHZ for mv in VOLTAGES_MV}
        fit = {
            key: point
            for key, point in points.items()
            if point.temperature_c < max_c and point.error_pct <= max_error_pct
        }
        key = min(fit, key=lambda key: fit[key].efficiency_j_per_th)
        return key, fit[key]

    def noise(self, share: float) -> float:
        """Return a factor near 1: what a short measurement is off by."""
        return 1 + self._dice.gauss(0, share)


class TunedMachine:
    """A BitAxe whose time is moved on by hand."""

    def __init__(self, seed: int, *, mhz: int = 525, mv: int = 1150) -> None:
        self.silicon = Silicon(seed)
        self.mhz, self.mv = mhz, mv
        self.running = True
        self.chip_c = self.silicon.settled(mhz, mv).temperature_c

    def advance(self, seconds: float) -> None:
        """Let the chip warm or cool towards where it settles."""
        goal = self.silicon.ambient_c
        if self.running:
            power_w = self.silicon.power_w(self.mhz, self.mv, self.chip_c)
            goal += self.silicon._resistance * power_w
        self.chip_c += (goal - self.chip_c) * (1 - math.exp(-seconds / _LAG_S))

    @property
    def error_pct(self) -> float:
        return self.silicon.error_pct(self.mhz, self.mv, self.chip_c)

    @property
    def power_w(self) -> float:
        return self.silicon.power_w(self.mhz, self.mv, self.chip_c) if self.running else _BOARD_W

    @property
    def hashrate_ths(self) -> float:
        """Hash rate of good work."""
        return self.mhz * THS_PER_MHZ * (1 - self.error_pct / 100) if self.running else 0.0
