"""Step four of the cycle: what each miner earns, or would earn if it ran."""

from .. import economics
from ..records import Basis, ProfitRecord
from ..state import MinerState, State


def assess(state: State, ts_ms: int, miner_id: str) -> ProfitRecord:
    """Return a miner's profit record. Raises ValueError before the first price record."""
    if state.price is None:
        raise ValueError("a profit needs a price record before it")
    return economics.assess(
        ts_ms=ts_ms,
        miner_id=miner_id,
        figures=figures(state, state.miner(miner_id)),
        price=state.price.record,
        policy=state.policy.record,
    )


def figures(state: State, miner: MinerState) -> economics.Figures:
    """Return the measured hash rate and power of a running miner, else its usual or nominal ones."""
    usual_rate, usual_power = miner.usual(state.policy.record.miner(miner.miner_id))
    fresh = miner.telemetry.record.reading if miner.telemetry else None
    if fresh is None or not fresh.mining or not fresh.hashrate_ths:
        return economics.Figures(
            basis=miner.learned_basis, hashrate_ths=usual_rate, power_w=usual_power
        )
    if fresh.power_w is not None:
        return economics.Figures(
            basis=Basis.MEASURED, hashrate_ths=fresh.hashrate_ths, power_w=fresh.power_w
        )
    return economics.Figures(
        basis=Basis.MEASURED,
        hashrate_ths=fresh.hashrate_ths,
        power_w=usual_power,
        power_basis=Basis.NOMINAL,
    )
