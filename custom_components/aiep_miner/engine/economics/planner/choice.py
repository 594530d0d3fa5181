"""All levels of a site at once, for one step: from what is measured now and the values ahead.

A scalar power price spreads the limit and the surplus, then single changes and exchanges of two
miners' levels are made while they help.
"""

import numpy as np

from ..model import STEP_KWH_PER_W, Floats, Ints
from .joint import EXCESS_PENALTY, TOLERANCE_W

ROUNDS = 14
EXCHANGES = 12
CANDIDATES = 48
"""Changes of each direction that exchanges are looked for among."""
GAIN = 1e-12
"""Least gain, in money, that a change must bring."""


class SiteStep:
    """One step of a site; surplus and heat demand may be arrays of equally likely cases."""

    def __init__(
        self,
        energy_price: float,
        feed_in_price: float,
        surplus_w: Floats,
        heat_demand_w: Floats,
        heat_price: float,
        limit_w: float,
    ) -> None:
        """Take prices per kWh and powers in W."""
        self.energy_price, self.feed_in_price, self.limit_w = energy_price, feed_in_price, limit_w
        self.surplus_w = float(np.maximum(surplus_w, 0.0).mean())
        """What is expected of the surplus."""
        self._heat_price = heat_price
        self._surpluses = np.atleast_1d(np.maximum(surplus_w, 0.0))
        self._demands = np.atleast_1d(heat_demand_w)

    def value(self, power_w: Floats, heat_w: Floats) -> Floats:
        """Return heat value less energy cost, and less the penalty of what is above the limit."""
        dear, cheap = self.energy_price, self.feed_in_price
        money = (dear - cheap) * _mean_least(power_w, self._surpluses) - dear * power_w
        if self._heat_price:
            money += self._heat_price * _mean_least(heat_w, self._demands)
        money *= STEP_KWH_PER_W
        if self.limit_w != np.inf:
            money -= EXCESS_PENALTY * np.maximum(power_w - self.limit_w - TOLERANCE_W, 0.0)
        return np.asarray(money)

    def value_at(self, power_w: float, heat_w: float) -> float:
        """Return the same for one power and heat."""
        return float(self.value(np.asarray(power_w), np.asarray(heat_w)))


def _mean_least(values: Floats, cases: Floats) -> Floats:
    """Return the mean over all cases of the lesser of value and case."""
    if len(cases) == 1:
        return np.asarray(np.minimum(values, cases[0]))
    return np.asarray(np.minimum(values[..., None], cases).mean(axis=-1))


class Choice:
    """The choices of all miners in one step, improved bit by bit."""

    def __init__(self, worth: Floats, power_w: Floats, heat_w: Floats, site: SiteStep) -> None:
        """Take arrays [miner, choice]; ``worth`` is -inf where minimum times forbid a choice.

        ``worth`` is revenue now and the value of the state after the step.
        """
        self._worth, self._power, self._heat, self._site = worth, power_w, heat_w, site
        self._rows = np.arange(len(worth))
        self.chosen: Ints = np.zeros(len(worth), dtype=np.int64)

    def solve(self, heat_price: float) -> Ints:
        """Return the choices. ``heat_price`` is the heat's shadow price, money per watt and step."""
        self._warm = self._worth + heat_price * self._heat if heat_price else self._worth
        self._spread()
        self.improve()
        return self.chosen

    def _at(self, price: float) -> tuple[Ints, float]:
        chosen = (self._warm - price * self._power).argmax(axis=1)
        return chosen, float(self._power[self._rows, chosen].sum())

    def _spread(self) -> None:
        """Find the power price at which wanted and available power meet."""
        site = self._site
        dear, cheap = site.energy_price * STEP_KWH_PER_W, site.feed_in_price * STEP_KWH_PER_W
        surplus_w = site.surplus_w
        self.chosen, wanted = self._at(dear)
        if wanted > site.limit_w + TOLERANCE_W:
            self._meet(site.limit_w, dear, None)
        elif cheap < dear and wanted < surplus_w:
            at_cheap, wanted = self._at(cheap)
            if wanted <= surplus_w:
                self.chosen = at_cheap
            else:
                self._meet(min(surplus_w, site.limit_w), cheap, dear)

    def _meet(self, available_w: float, low: float, high: float | None) -> None:
        """Choose at the least price at which no more is wanted than there is."""
        if high is None:
            low, high = self._raise(available_w, low)
        for _ in range(ROUNDS):
            middle = (low + high) / 2
            chosen, wanted = self._at(middle)
            if wanted > available_w + TOLERANCE_W:
                low = middle
            else:
                high, self.chosen = middle, chosen

    def _raise(self, available_w: float, low: float) -> tuple[float, float]:
        rise = max(abs(low), 1e-6)
        for _ in range(60):
            self.chosen, wanted = self._at(low + rise)
            if wanted <= available_w + TOLERANCE_W:
                break
            low, rise = low + rise, 2 * rise
        return low, low + rise

    def improve(self) -> None:
        """Make single changes, then exchanges of two, while they help."""
        for _ in range(EXCHANGES):
            self._change_single()
            if not self._exchange():
                return

    def _state(self) -> tuple[Floats, Floats, Floats, float, float]:
        """Return by how much each change alters worth, power and heat; and power and heat now."""
        at = (self._rows, self.chosen)
        power, heat = self._power[at], self._heat[at]
        return (
            self._worth - self._worth[at][:, None],
            self._power - power[:, None],
            self._heat - heat[:, None],
            float(power.sum()),
            float(heat.sum()),
        )

    def _change_single(self) -> None:
        for _ in range(4 * len(self._rows)):
            worth, power, heat, drawn, warm = self._state()
            now = self._site.value_at(drawn, warm)
            gain = worth + (self._site.value(drawn + power, warm + heat) - now)
            best = int(gain.argmax())
            if not gain.flat[best] > GAIN:
                return
            miner, choice = divmod(best, gain.shape[1])
            self.chosen[miner] = choice

    def _exchange(self) -> bool:
        """Make the best change of two miners where power is short; return whether one helped."""
        worth, power, heat, drawn, warm = self._state()
        site = self._site
        room = min(site.limit_w - drawn, abs(site.surplus_w - drawn))
        if len(self._rows) < 2 or room > np.abs(power).max():
            return False
        price = self._local_price(worth, power)
        merit = worth - price * power
        ups, downs = self._best(merit, power > 0), self._best(merit, power < 0)
        pairs = (ups[:, None], downs[None, :])
        gain = worth.flat[pairs[0]] + worth.flat[pairs[1]]
        more = power.flat[pairs[0]] + power.flat[pairs[1]]
        warmer = heat.flat[pairs[0]] + heat.flat[pairs[1]]
        now = site.value_at(drawn, warm)
        gain = gain + (site.value(drawn + more, warm + warmer) - now)
        choices = power.shape[1]
        gain[pairs[0] // choices == pairs[1] // choices] = -np.inf
        if not gain.size or not gain.max() > GAIN:
            return False
        up, down = np.unravel_index(int(gain.argmax()), gain.shape)
        for change in (int(ups[up]), int(downs[down])):
            miner, choice = divmod(change, choices)
            self.chosen[miner] = choice
        return True

    @staticmethod
    def _local_price(worth: Floats, power: Floats) -> float:
        """Return what a watt is worth at the margin: the best use of one more."""
        ups = power > 0
        if not ups.any():
            return 0.0
        return float((worth[ups] / power[ups]).max(initial=0.0))

    @staticmethod
    def _best(merit: Floats, where: np.ndarray) -> Ints:
        flat = np.where(where, merit, -np.inf).ravel()
        finite = np.flatnonzero(np.isfinite(flat))
        if finite.size > CANDIDATES:
            finite = finite[np.argpartition(-flat[finite], CANDIDATES)[:CANDIDATES]]
        return finite
