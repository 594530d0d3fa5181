"""The records of a steady operator with S19-class miners, the same for the same seed."""

import random
from dataclasses import replace

from custom_components.aiep_miner.engine.records import (
    Action,
    Basis,
    Board,
    DecisionRecord,
    Evaluation,
    Evidence,
    Outcome,
    Pool,
    PriceRecord,
    ProfitRecord,
    Reading,
    ReceiptRecord,
    Record,
    TelemetryRecord,
    Temperature,
)
from custom_components.aiep_miner.engine.records.reasons import Reason

OPERATOR = "01JD0000000000000000000000"
INTERVAL_MS = 30_000
DAY_CYCLES = 2880
SWITCHED_EVERY = 720
"""Cycles after which the bill for energy stops a miner, or starts it again."""
START_MS = 1_800_000_000_000


def cycle(number: int, miners: int, noise: random.Random, seq: int) -> list[Record]:
    """Return what a steady cycle appends from a seq on: measured, judged and held as before."""
    ts_ms = START_MS + number * INTERVAL_MS
    ids = [f"01JD00000000000000000000{index:02d}" for index in range(miners)]
    price = PriceRecord(
        ts_ms=ts_ms,
        subject=OPERATOR,
        currency="EUR",
        energy_price_per_kwh=0.0812,
        energy_price_updated_ms=ts_ms - number % 120 * INTERVAL_MS,
        coin_price=round(noise.gauss(90_000, 50), 2),
        coin_price_updated_ms=ts_ms - 5_000,
        network_difficulty=146_472_570_619_930.78,
        block_reward=3.125,
    )
    telemetry = [_telemetry(ts_ms, miner_id, number, noise) for miner_id in ids]
    profits = [_profit(ts_ms, miner_id, noise) for miner_id in ids]
    decisions = [
        _decision(
            ts_ms,
            miner_id,
            Evidence(
                telemetry=seq + index, price=seq + miners, profit=seq + miners + 1 + index, policy=1
            ),
        )
        for index, miner_id in enumerate(ids)
    ]
    return [*telemetry, price, *profits, *decisions]


def ordinary_cycle(number: int, miners: int, noise: random.Random, seq: int) -> list[Record]:
    """Return what a cycle of an ordinary day appends: each miner is stopped twice and started twice.

    The decision is followed by its receipt and, two cycles later, by the one that closes it.
    """
    records = cycle(number, miners, noise, seq)
    decisions = range(len(records) - miners, len(records))
    for index, place in enumerate(decisions):
        phase, since = divmod(number + SWITCHED_EVERY * index // miners, SWITCHED_EVERY)
        pays = phase % 2 == 0
        hold = records[place]
        assert isinstance(hold, DecisionRecord)  # noqa: S101
        reasons = (Reason.PROFITABLE if pays else Reason.UNPROFITABLE,)
        if since:
            records[place] = replace(hold, reasons=reasons)
        else:
            action = Action.RUN if pays else Action.STOP
            records[place] = replace(hold, reasons=reasons, action=action, authorised=True)
        if since in (0, 2):
            records.append(_receipt(hold, seq + place, is_closing=since == 2))
    return records


def _receipt(decision: DecisionRecord, seq: int, *, is_closing: bool) -> ReceiptRecord:
    return ReceiptRecord(
        ts_ms=decision.ts_ms,
        subject=decision.subject,
        decision=max(1, seq - 2 * is_closing),
        action=Action.STOP,
        outcome=Outcome.CONFIRMED if is_closing else Outcome.ACCEPTED,
        reason=Reason.UNPROFITABLE,
        telemetry=decision.evidence.telemetry if is_closing else None,
    )


def _telemetry(ts_ms: int, miner_id: str, number: int, noise: random.Random) -> TelemetryRecord:
    boards = tuple(
        Board(
            index=index,
            hashrate_ths=round(noise.gauss(33.3, 0.4), 3),
            temperature_c=float(round(noise.gauss(62 + 3 * index, 0.6))),
            chip_temperature_c=float(round(noise.gauss(71 + 3 * index, 0.6))),
            chips_working=114,
            chips_expected=114,
        )
        for index in range(3)
    )
    shares = 4 * number
    reading = Reading(
        mining=True,
        hashrate_ths=round(sum(board.hashrate_ths or 0 for board in boards), 3),
        expected_hashrate_ths=100.0,
        power_w=float(round(noise.gauss(3250, 8))),
        temperatures=tuple(
            Temperature(sensor=f"chip_{board.index}", temperature_c=board.chip_temperature_c or 0)
            for board in boards
        ),
        boards=boards,
        fans_rpm=tuple(int(noise.gauss(5800, 20)) for _ in range(4)),
        uptime_s=number * INTERVAL_MS // 1000,
        shares_accepted=shares,
        shares_rejected=shares // 300,
        pools=(
            Pool(
                index=0,
                url="stratum+tcp://pool.example:3333",
                active=True,
                alive=True,
                shares_accepted=shares,
                shares_rejected=shares // 300,
            ),
        ),
    )
    return TelemetryRecord(ts_ms=ts_ms, subject=miner_id, reading=reading)


def _profit(ts_ms: int, miner_id: str, noise: random.Random) -> ProfitRecord:
    hashrate_ths, power_w = round(noise.gauss(100, 0.7), 3), float(round(noise.gauss(3250, 8)))
    revenue, cost = hashrate_ths * 0.0431, power_w * 0.024 * 0.0812
    return ProfitRecord(
        ts_ms=ts_ms,
        subject=miner_id,
        basis=Basis.MEASURED,
        hashrate_ths=hashrate_ths,
        power_w=power_w,
        revenue_per_day=revenue,
        cost_per_day=cost,
        heat_credit_per_day=0.0,
        profit_per_day=revenue - cost,
        break_even_energy_price_per_kwh=revenue / power_w / 0.024,
    )


def _decision(ts_ms: int, miner_id: str, evidence: Evidence) -> DecisionRecord:
    """Return a decision like the one before it, as the engine records that: without an id."""
    return DecisionRecord(
        ts_ms=ts_ms,
        subject=miner_id,
        action=Action.HOLD,
        authorised=False,
        reasons=(Reason.PROFITABLE,),
        evaluation=Evaluation(trust_level=3, actionable=False, score=0.9471),
        evidence=evidence,
    )
