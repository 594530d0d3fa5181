"""Takes the picture of the site that the outside sees after a cycle."""

from collections.abc import Mapping, Sequence
from typing import Any

from .economics import earnings_now
from .ledger import Head
from .miners.base import MinerInfo
from .state import State
from .views import DomainHealth, GovernorView, MinerView, SiteView


def site_view(
    state: State,
    *,
    miners: Sequence[str],
    infos: Mapping[str, MinerInfo],
    ts_ms: int,
    cycles: int,
    head: Head,
) -> SiteView:
    """Return the site as it is now."""
    return SiteView(
        operator_id=state.operator_id,
        ts_ms=ts_ms,
        cycles=cycles,
        policy=state.policy.record,
        price=state.price.record if state.price else None,
        miners={
            miner_id: _miner_view(state, miner_id, infos.get(miner_id), ts_ms)
            for miner_id in miners
        },
        divergences=tuple(filed.record for filed in state.divergences.values()),
        governor=_governor_view(state),
        reviews=tuple(state.reviews.values()),
        ledger_records=head.seq,
        ledger_head=head.hash.hex(),
    )


def _governor_view(state: State) -> GovernorView:
    report = state.governor.get_health()
    return GovernorView(
        overall=_health(report),
        domains={domain.lower(): _health(item) for domain, item in report["domains"].items()},
    )


def _health(report: Mapping[str, Any]) -> DomainHealth:
    return DomainHealth(
        status=report["status"].lower(),
        decisions=report["decisions"],
        fallback_rate=report["fallback_rate"],
    )


def _miner_view(state: State, miner_id: str, info: MinerInfo | None, ts_ms: int) -> MinerView:
    miner = state.miner(miner_id)
    telemetry = miner.telemetry.record if miner.telemetry else None
    profit = miner.profit.record if miner.profit else None
    price = state.price.record if state.price else None
    held = miner.hold_until_ms if miner.hold_until_ms and miner.hold_until_ms > ts_ms else None
    return MinerView(
        miner_id=miner_id,
        info=info,
        telemetry=telemetry,
        profit=profit,
        earnings=earnings_now(telemetry.reading if telemetry else None, profit, price),
        decision=miner.decision,
        last_receipt=miner.receipt,
        divergences=tuple(filed.record for filed in miner.divergences.values()),
        hold_until_ms=held,
        latched=miner.latched,
        pending=miner.pending.receipt.action if miner.pending else None,
        not_confirmed=miner.not_confirmed,
    )
