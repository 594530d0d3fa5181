"""Checks whether the evidence is good enough to act on, and the machine safe.

Each check returns its finding for one code, or None. A divergence is recorded when it begins and
when it ends; while a miner cannot be read, its active divergences stay active.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..records import DivergenceRecord, MinerPolicy, PolicyRecord, PriceRecord, Severity
from ..records.entry import LedgerEntry
from ..records.reasons import Reason
from ..state import MinerState, State
from . import power

FROZEN_POLLS: Final = 3
"""Repeats to the digit of rate, uptime and shares after which a hash rate is a phantom …"""
FROZEN_MS: Final = 60_000
"""… if they went on for this long: some devices count their uptime in coarse steps."""
SILENT_POLLS: Final = 2
"""Polls in a row without a field that the miner used to report: one may be a lost reply."""
FAN_POLLS: Final = 2
"""Polls in a row without rotation of a fan: one may be a glitch of the tachometer."""
IDLE_POWER_SHARE: Final = 0.25
"""Below this share of its usual power a machine does not hash."""
PRICES: Final = ("energy_price_per_kwh", "coin_price", "network_difficulty")
"""Prices without which no profit can be calculated."""
LONGEST_INPUT_MS: Final = 900_000
"""Inputs of the house that are older are no longer set up."""
NOTABLE_RISE: Final = 0.02
"""A miner whose power rose by less than this share of it did not cause an excess."""
ABSURD_RATE: Final = 3.0
"""A hash rate above this many times the usual one is in a wrong unit or invented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The finding of a check; ``value`` and ``limit`` are in the same unit."""

    code: Reason
    severity: Severity
    value: float | None = None
    limit: float | None = None
    fields: tuple[str, ...] = ()
    causes: tuple[Reason, ...] = ()
    miners: tuple[str, ...] = ()


def check_miner(state: State, miner_id: str, ts_ms: int) -> list[DivergenceRecord]:
    """Return the divergences of a miner that begin or end with its latest telemetry."""
    miner = state.miner(miner_id)
    return _changes(_miner_findings(state, miner_id), miner.divergences, miner_id, ts_ms)


def check_site(state: State, ts_ms: int) -> list[DivergenceRecord]:
    """Return the divergences of the site itself that begin or end."""
    checks = (
        _stale_price(state.price, state.policy.record, ts_ms),
        _implausible_price(state),
        _doubted_input(state, ts_ms),
        _tampered(state),
        _over_limit(state, ts_ms),
    )
    findings = [finding for finding in checks if finding is not None]
    return _changes(findings, state.divergences, state.operator_id, ts_ms)


def _tampered(state: State) -> Finding | None:
    """Keep the divergence of a broken ledger active: a new segment ends it."""
    if Reason.LEDGER_TAMPERED not in state.divergences:
        return None
    return Finding(code=Reason.LEDGER_TAMPERED, severity=Severity.HOLD)


def _changes(
    findings: list[Finding],
    active: dict[Reason, LedgerEntry[DivergenceRecord]],
    subject: str,
    ts_ms: int,
) -> list[DivergenceRecord]:
    begun = [
        DivergenceRecord(
            ts_ms=ts_ms,
            subject=subject,
            code=finding.code,
            severity=finding.severity,
            active=True,
            value=None if finding.value is None else round(finding.value, 4),
            limit=None if finding.limit is None else round(finding.limit, 4),
            fields=finding.fields,
            causes=finding.causes,
            miners=finding.miners,
        )
        for finding in findings
        if finding.code not in active or _is_other(finding, active[finding.code].record)
    ]
    standing = {finding.code for finding in findings}
    ended = [
        DivergenceRecord(
            ts_ms=ts_ms, subject=subject, code=code, severity=filed.record.severity, active=False
        )
        for code, filed in active.items()
        if code not in standing
    ]
    return begun + ended


def _is_other(finding: Finding, active: DivergenceRecord) -> bool:
    """Return whether an active divergence now concerns something else than when it began."""
    differs = (finding.fields, finding.causes) != (active.fields, active.causes)
    return (bool(finding.fields) and differs) or finding.miners != active.miners


def _miner_findings(state: State, miner_id: str) -> list[Finding]:
    miner = state.miner(miner_id)
    if miner.telemetry is None or miner.telemetry.record.reading is None:
        standing = [
            Finding(code=code, severity=filed.record.severity)
            for code, filed in miner.divergences.items()
            if code is not Reason.COMMS_LOST
        ]
        return [Finding(code=Reason.COMMS_LOST, severity=Severity.HOLD), *standing]
    return list(_telling(state, miner_id, miner))


def _telling(state: State, miner_id: str, miner: MinerState) -> Iterator[Finding]:
    policy = state.policy.record
    checks = (
        _overheat(miner, state.limit_c(miner_id)),
        _fan_failure(miner, policy.min_fan_rpm),
        _collapse(miner, policy),
        _phantom(miner, state.own(miner_id)),
        _incomplete(miner),
    )
    yield from (finding for finding in checks if finding is not None)


def _overheat(miner: MinerState, limit_c: float) -> Finding | None:
    hottest = miner.reading.hottest_c if miner.reading else None
    if hottest is None and miner.reading is not None and miner.reading.mining is not False:
        # Missing sensors are no evidence that a running machine has cooled.
        standing = Reason.OVERHEAT in miner.divergences
        return Finding(code=Reason.OVERHEAT, severity=Severity.SAFETY) if standing else None
    if hottest is None or hottest < limit_c:
        return None
    return Finding(code=Reason.OVERHEAT, severity=Severity.SAFETY, value=hottest, limit=limit_c)


def _fan_failure(miner: MinerState, min_fan_rpm: int) -> Finding | None:
    dead = [index for index, polls in miner.fans_still.items() if polls >= FAN_POLLS]
    if dead:
        rpm = miner.reading.fans_rpm[dead[0]] if miner.reading else 0
        return Finding(
            code=Reason.FAN_FAILURE, severity=Severity.SAFETY, value=rpm, limit=min_fan_rpm
        )
    # A stopped miner's fans may stop: the finding stays active until the miner runs again.
    standing = miner.divergences.get(Reason.FAN_FAILURE)
    if standing is not None and miner.reading is not None and not miner.reading.mining:
        return Finding(code=Reason.FAN_FAILURE, severity=Severity.SAFETY)
    return None


def _collapse(miner: MinerState, policy: PolicyRecord) -> Finding | None:
    if miner.low_since_ms is None:
        return None
    low_min = (miner.reading_ms - miner.low_since_ms) / 60_000
    if low_min < policy.collapse_min:
        return None
    return Finding(
        code=Reason.HASHRATE_COLLAPSE,
        severity=Severity.INFO,
        value=miner.reading.hashrate_ths if miner.reading else None,
    )


def _phantom(miner: MinerState, own: MinerPolicy) -> Finding | None:
    """Find a hash rate that the machine cannot have: no power, no progress, or absurdly high."""
    reading = miner.reading
    if reading is None or not reading.hashrate_ths:
        return None
    rate = reading.hashrate_ths
    usual_rate, usual_power = miner.usual(own)
    usual_rate = reading.expected_hashrate_ths or usual_rate
    idle = False
    if reading.power_w is not None and usual_power is not None and usual_rate:
        least_w = IDLE_POWER_SHARE * _least_power_w(usual_power, rate / usual_rate)
        idle = reading.power_w < least_w
    absurd = usual_rate is not None and rate > usual_rate * ABSURD_RATE
    frozen = (
        miner.frozen_polls >= FROZEN_POLLS and miner.reading_ms - miner.frozen_since_ms >= FROZEN_MS
    )
    if idle or absurd or frozen:
        return Finding(
            code=Reason.PHANTOM_HASHRATE, severity=Severity.HOLD, value=rate, limit=usual_rate
        )
    return None


def _least_power_w(usual_w: float, ratio: float) -> float:
    """Return the power at a share of the usual hash rate; from half of it on the usual one counts."""
    return usual_w if ratio > 0.5 else usual_w * ratio


def _incomplete(miner: MinerState) -> Finding | None:
    """Find a miner that no longer reports fields that it used to report."""
    fields = tuple(name for name, polls in miner.silent.items() if polls >= SILENT_POLLS)
    if not fields:
        return None
    return Finding(code=Reason.READING_INCOMPLETE, severity=Severity.HOLD, fields=fields)


def _stale_price(
    price: LedgerEntry[PriceRecord] | None, policy: PolicyRecord, ts_ms: int
) -> Finding | None:
    """Find a price that is unknown or older than the operator allows; a fixed number never ages."""
    if price is None:
        return Finding(code=Reason.STALE_PRICE, severity=Severity.HOLD)
    record = price.record
    unknown = tuple(name for name in PRICES if getattr(record, name) is None)
    if unknown:
        return Finding(
            code=Reason.STALE_PRICE,
            severity=Severity.HOLD,
            fields=unknown,
            causes=tuple(record.faults.get(name, Reason.NO_READINGS) for name in unknown),
        )
    stamps = (
        record.energy_price_updated_ms,
        record.coin_price_updated_ms,
        record.network_difficulty_updated_ms,
    )
    oldest = min((stamp for stamp in stamps if stamp is not None), default=ts_ms)
    # The stamps are of the wall clock, so their age is measured by it, also while it is behind.
    age_min = ((record.clock_ms or ts_ms) - oldest) / 60_000
    if age_min <= policy.price_max_age_min:
        return None
    return Finding(
        code=Reason.STALE_PRICE,
        severity=Severity.HOLD,
        value=age_min,
        limit=policy.price_max_age_min,
    )


def _over_limit(state: State, ts_ms: int) -> Finding | None:
    """Find a measured power above the site's limit, where miners give up power for it."""
    limit_w = power.kept_limit_w(state, ts_ms)
    if limit_w is None or (site_w := power.site_w(state)) <= limit_w:
        return None
    active = state.divergences.get(Reason.SITE_LIMIT_EXCEEDED)
    miners = (
        _risen(state, site_w - limit_w) if active is None else _disobedient(state, active.record)
    )
    return Finding(
        code=Reason.SITE_LIMIT_EXCEEDED,
        severity=Severity.INFO,
        value=site_w,
        limit=limit_w,
        miners=miners,
    )


def _risen(state: State, excess_w: float) -> tuple[str, ...]:
    """Return the miners whose rise since the site was within its limit explains the excess."""
    rises = {}
    for miner_id, miner in state.miners.items():
        drawn_w = power.measured_w(state, miner_id)
        rise_w = drawn_w - (miner.within_w or 0.0)
        if rise_w > drawn_w * NOTABLE_RISE:
            rises[miner_id] = rise_w
    found = []
    for miner_id in sorted(rises, key=lambda item: (-rises[item], item)):
        if excess_w <= 0:
            break
        found.append(miner_id)
        excess_w -= rises[miner_id]
    return tuple(sorted(found))


def _disobedient(state: State, active: DivergenceRecord) -> tuple[str, ...]:
    """Return the miners named before, and those that did not obey since then."""
    found = {
        miner_id
        for miner_id, miner in state.miners.items()
        if any(failure.ts_ms >= active.ts_ms for failure in miner.failures.values())
        and power.measured_w(state, miner_id) > 0
    }
    return tuple(sorted(found.union(active.miners)))


def _implausible_price(state: State) -> Finding | None:
    """Find prices that are not accepted: no unit, another unit's number, or a sudden jump."""
    doubts = state.prices.doubts
    if not doubts:
        return None
    first = next(iter(doubts.values()))
    return Finding(
        code=Reason.IMPLAUSIBLE_PRICE,
        severity=Severity.HOLD,
        value=first.value,
        limit=first.limit,
        fields=tuple(doubts),
        causes=tuple(item.reason for item in doubts.values()),
    )


def _doubted_input(state: State, ts_ms: int) -> Finding | None:
    """Find what the house measures and is not used: silent, stale, in another unit, or jumped."""
    house = state.house.record if state.house else None
    if house is None or not house.faults or ts_ms - house.ts_ms > LONGEST_INPUT_MS:
        return None
    return Finding(
        code=Reason.INPUT_DOUBTED,
        severity=Severity.INFO,
        fields=tuple(house.faults),
        causes=tuple(house.faults.values()),
    )
