"""The segments of a plan: runs of one level with the reason and the money behind each."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..model import STEP_KWH_PER_W, STEP_MS, Bools, Floats, Ints, MinerModel
from .engine import PricedProgram
from .priced import Prices
from .prices import DualProblem
from .problem import MinerPlan, Problem, Segment, SegmentReason
from .states import Shape, lost_shares

MOSTLY = 0.5
"""Share of its power that a miner may import and still run on surplus."""
ALIKE = 1e-9
"""Difference of two prices, money per kWh, that is none."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What shared things are worth per kWh, by step."""

    power: Floats
    heat: Floats
    limit: Floats
    """What one more kWh under the limit would be worth; 0 where none binds."""

    @classmethod
    def of(cls, problem: Problem, program: PricedProgram, prices: Prices) -> Shared:
        """Return shadow prices, [step, 1] in money per watt and step, per kWh."""
        window = problem.outlook.at(np.arange(len(problem.outlook))[:, None])
        dear = DualProblem(program.bundles, window).supply.dear
        spare = np.maximum(prices.power - dear, 0.0)
        return cls(*(each[:, 0] / STEP_KWH_PER_W for each in (prices.power, prices.heat, spare)))


def segments(
    problem: Problem, choices: Ints, states: Ints, shared: Shared
) -> tuple[MinerPlan, ...]:
    """Return each miner's segments of a schedule, [step, miner]."""
    powers = np.array(
        [
            [miner.power_w(choice) for choice in choices[:, m].tolist()]
            for m, miner in enumerate(problem.miners)
        ]
    )
    left_w = problem.outlook.surplus_w - powers.sum(axis=0)
    return tuple(
        MinerPlan(
            miner=miner.name,
            segments=tuple(
                _Story(miner, problem, shared, left_w >= -MOSTLY * powers[m]).segments(
                    choices[:, m], int(states[m])
                )
            ),
        )
        for m, miner in enumerate(problem.miners)
    )


class _Story:
    """One miner's steps with what each earns and why it is as it is."""

    def __init__(
        self, miner: MinerModel, problem: Problem, shared: Shared, on_surplus: Bools
    ) -> None:
        self._miner, self._problem, self._shared = miner, problem, shared
        self._on_surplus = on_surplus
        """In which steps surplus makes up for most of what it draws, after all others."""
        outlook = self._outlook = problem.outlook
        best = max(level.hashrate_ths / max(level.power_w, 1.0) for level in miner.levels)
        self._earned = outlook.revenue_per_ths * best / STEP_KWH_PER_W
        """Revenue of a kWh at the most efficient level."""
        self._break_even = self._earned + shared.heat * miner.heat_share
        self._order = sorted(range(1, len(miner.levels) + 1), key=miner.power_w)

    def segments(self, choices: Ints, state: int) -> Iterator[Segment]:
        """Yield the segments of the choices from a first state on."""
        values = self._values(choices, state)
        edges = np.flatnonzero(np.diff(choices)) + 1
        bounds = [0, *edges.tolist(), len(choices)]
        for begin, end in pairwise(bounds):
            yield self._segment(int(choices[begin]), begin, end, float(values[begin:end].sum()))

    def _segment(self, choice: int, begin: int, end: int, value: float) -> Segment:
        at = slice(begin, end)
        reasons = Counter(self._reason(choice, step) for step in range(begin, end))
        reason = reasons.most_common(1)[0][0]
        lowest, highest = self._band(choice, reason, at)
        guessed_from = self._problem.guessed_from
        return Segment(
            from_ms=self._problem.ts_ms + begin * STEP_MS,
            until_ms=self._problem.ts_ms + end * STEP_MS,
            level=choice - 1 if choice else None,
            reason=reason,
            value=value,
            energy_price_per_kwh=float(self._outlook.energy_price[at].mean()),
            break_even_per_kwh=float(self._break_even[at].mean()),
            power_w=self._miner.power_w(choice),
            lowest=lowest,
            highest=highest,
            guessed=guessed_from is not None and end > guessed_from,
        )

    def _values(self, choices: Ints, state: int) -> Floats:
        """Return the money of each step against being off, at the shadow prices."""
        miner, shared = self._miner, self._shared
        shape, lost = Shape.of(miner), lost_shares(miner)
        values = np.zeros(len(choices))
        for step, choice in enumerate(choices.tolist()):
            hashing = miner.hashrate_ths(choice) * (1 - lost[state, choice])
            more_kwh = (miner.power_w(choice) - miner.standby_w) * STEP_KWH_PER_W
            kwh_worth = shared.heat[step] * miner.heat_share - shared.power[step]
            values[step] = hashing * self._outlook.revenue_per_ths[step] + more_kwh * kwh_worth
            state = int(shape.next_state[state, choice])
        return values

    def _reason(self, choice: int, step: int) -> SegmentReason:
        price = float(self._outlook.energy_price[step])
        power, worth = float(self._shared.power[step]), float(self._break_even[step])
        if choice == 0:
            if worth > power + ALIKE:
                return SegmentReason.NOT_WORTH_A_START
            limited = self._shared.limit[step] > ALIKE and worth > price
            return SegmentReason.LIMIT if limited else SegmentReason.BELOW_BREAK_EVEN
        if self._on_surplus[step] and worth > float(self._outlook.feed_in_price[step]):
            return self._paying(step)
        if worth < power - float(self._shared.limit[step]) - ALIKE:
            return SegmentReason.CARRIED_THROUGH
        return self._paying(step)

    def _paying(self, step: int) -> SegmentReason:
        price, worth = float(self._outlook.energy_price[step]), float(self._break_even[step])
        if self._earned[step] >= price:
            return SegmentReason.PAYS_ON_IMPORT
        return SegmentReason.PAYS_WITH_HEAT if worth >= price else SegmentReason.PAYS_ON_SURPLUS

    def _band(self, choice: int, reason: SegmentReason, at: slice) -> tuple[int, int]:
        """Return the choices between which the fast layer may move."""
        on_surplus = bool((self._break_even[at] > self._outlook.feed_in_price[at]).all())
        if choice:
            lowest = 0 if reason is SegmentReason.PAYS_ON_SURPLUS else self._order[0]
            return lowest, self._order[-1]
        opens = on_surplus and reason is not SegmentReason.LIMIT
        return 0, self._order[-1] if opens else 0
