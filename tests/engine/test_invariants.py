"""What the invariants must withstand: each of these broke one once."""

import asyncio
import math
from dataclasses import replace

import pytest

from custom_components.aiep_miner.engine.ledger import LedgerError, LedgerReason
from custom_components.aiep_miner.engine.miners.base import MinerError
from custom_components.aiep_miner.engine.reasons import Reason
from custom_components.aiep_miner.engine.records import (
    Action,
    Board,
    GovernorPolicy,
    MinerPolicy,
    Mode,
    Pool,
    ProposalRecord,
    Reading,
    Source,
    Temperature,
)
from custom_components.aiep_miner.engine.replay import replay as replay_file

from .rig import BAD_PRICES, GOOD_PRICES, RUNNING, policy_of, site, temperatures

HOT = replace(RUNNING, temperatures=temperatures(92.0, 90.0, 70.0, 70.0))


def acts(rig, m="m1"):
    return [c.action for c in rig.miners[m].commands]


async def dump(rig, n=12):
    for _r in (await rig.records())[-n:]:
        pass


# 1 fan failure forgotten at a restart after > 2 h
async def test_fan_failure_survives_restart(tmp_path):
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.miners["m1"].reading = replace(RUNNING, fans_rpm=(4200, 0))
        await rig.cycles(4)
        assert acts(rig) == [Action.STOP]
        await rig.cycles(150, seconds=60)
        assert acts(rig) == [Action.STOP]
        await rig.restart()
        await rig.cycles(30)
        assert acts(rig) == [Action.STOP]


async def test_latch_survives_two_restarts_after_gap(tmp_path):
    async with site(tmp_path, policy_of(max_restarts_per_day=0)) as rig:
        await rig.cycles(22)
        rig.miners["m1"].reading = replace(RUNNING, hashrate_ths=3.0)
        await rig.cycles(10)
        assert rig.view.latched
        rig.now_ms += 3 * 3_600_000
        await rig.restart()
        assert rig.view.latched
        await rig.restart()
        assert rig.view.latched


# 2 failed command after a superseded one: closes twice
async def test_superseded_closed_once(tmp_path):
    async with site(tmp_path) as rig:
        await rig.cycles(2)
        m = rig.miners["m1"]
        m.obeys = False
        await rig.command(Action.RESTART)
        m.refusal = MinerError(Reason.ACCESS_DENIED)
        await rig.command(Action.STOP)
        m.refusal = None
        await rig.cycles(15)
        receipts = await rig.records("receipt")
        closings = [
            r["decision"] for r in receipts if r["outcome"] in ("confirmed", "not_confirmed")
        ]
        assert len(closings) == len(set(closings)), receipts


# 3 stop sent twice when receipt cannot be filed
async def test_overheat_stop_once_when_receipt_fails(tmp_path, monkeypatch):
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        ledger = rig.controller.ledger
        append = ledger.append

        async def no_receipts(records):
            if any(item.kind == "receipt" for item in records):
                raise LedgerError(LedgerReason.DISK_FULL, "no space left")
            return await append(records)

        rig.miners["m1"].reading = HOT
        with monkeypatch.context() as patch:
            patch.setattr(ledger, "append", no_receipts)
            await rig.cycles(1)
        assert acts(rig) == [Action.STOP]


# 4 site max power: simultaneous starts
async def test_site_maximum_simultaneous(tmp_path):
    pol = policy_of(
        governor=GovernorPolicy(max_power_watts=4000.0),
        miners=tuple(
            MinerPolicy(miner_id=m, nominal_hashrate_ths=100, nominal_power_w=3250)
            for m in ("m1", "m2")
        ),
    )
    async with site(tmp_path, pol, miners=("m1", "m2")) as rig:
        off = replace(RUNNING, mining=False, hashrate_ths=0.0, power_w=20.0)
        for m in rig.miners.values():
            m.reading = off
        rig.prices = BAD_PRICES
        await rig.cycles(22)
        rig.prices = GOOD_PRICES
        await rig.cycles(6)
        total = sum(m.reading.power_w for m in rig.miners.values())
        assert total <= 4000


async def test_site_maximum_slow_boot(tmp_path):
    pol = policy_of(
        governor=GovernorPolicy(max_power_watts=4000.0),
        miners=tuple(
            MinerPolicy(miner_id=m, nominal_hashrate_ths=100, nominal_power_w=3250)
            for m in ("m1", "m2")
        ),
    )
    async with site(tmp_path, pol, miners=("m1", "m2")) as rig:
        off = replace(RUNNING, mining=False, hashrate_ths=0.0, power_w=20.0)
        for m in rig.miners.values():
            m.reading = off
            m.obeys = False
        rig.prices = BAD_PRICES
        await rig.cycles(22)
        rig.prices = GOOD_PRICES
        v1 = await rig.command(Action.RUN, "m1")
        v2 = await rig.command(Action.RUN, "m2")
        assert v1.rule is None
        assert v2.rule is not None


# 5 removed miner counts against the site maximum
async def test_ghost_power(tmp_path):
    pol = policy_of(
        governor=GovernorPolicy(max_power_watts=4000.0),
        miners=tuple(
            MinerPolicy(miner_id=m, nominal_hashrate_ths=100, nominal_power_w=3250)
            for m in ("m1", "m2")
        ),
    )
    async with site(tmp_path, pol, miners=("m1", "m2")) as rig:
        rig.miners["m1"].reading = replace(RUNNING, mining=False, hashrate_ths=0.0, power_w=20.0)
        await rig.cycles(22)
        assert acts(rig) == []
        del rig.miners["m2"]
        rig.policy = replace(pol, miners=pol.miners[:1])
        await rig.restart()
        await rig.cycles(30)
        assert acts(rig) == [Action.RUN]


# 6 tuning while stopped: never started again
async def test_set_power_while_stopped(tmp_path):
    async with site(tmp_path, policy_of(miners=())) as rig:
        await rig.cycles(22)
        rig.prices = BAD_PRICES
        await rig.cycles(4)
        assert acts(rig) == [Action.STOP]
        await rig.command(Action.SET_POWER, source=Source.AUTOMATION, value=3000.0)
        await rig.command(Action.SET_POWER, value=3000.0)
        await rig.controller.hand_back("m1", None)
        rig.prices = GOOD_PRICES
        await rig.cycles(40)
        assert acts(rig)[-1] == Action.RUN


# 7 power limit down: collapse, restarts, latch
async def test_low_power_is_no_collapse(tmp_path):
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        v = await rig.command(Action.SET_POWER, source=Source.AUTOMATION, value=1200.0)
        assert v.rule is None, v.rule
        rig.miners["m1"].reading = replace(
            RUNNING, hashrate_ths=42.0, power_w=1200.0, power_limit_w=1200.0
        )
        await rig.cycles(60)
        assert acts(rig) == [Action.SET_POWER]


# 8 sensors vanish on an overheated running miner
async def test_overheated_sensors_vanish(tmp_path):
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miners["m1"].obeys = False
        rig.miners["m1"].reading = HOT
        await rig.cycles(1)
        assert acts(rig) == [Action.STOP]
        rig.miners["m1"].reading = replace(RUNNING, temperatures=())
        await rig.cycles(20)
        assert len(acts(rig)) > 1


# 9 verdict of a submit with settled proofs
async def test_verdict_after_recovery(tmp_path, monkeypatch):
    async with site(tmp_path, policy_of(mode=Mode.MANUAL)) as rig:
        await rig.cycles(3)
        rig.prices = BAD_PRICES
        ledger = rig.controller.ledger
        append = ledger.append

        async def no_proofs(records):
            if any(item.kind == "negative_proof" for item in records):
                raise LedgerError(LedgerReason.DISK_FULL, "no space left")
            return await append(records)

        with monkeypatch.context() as patch:
            patch.setattr(ledger, "append", no_proofs)
            with pytest.raises(LedgerError):
                await rig.command(Action.STOP, source=Source.AUTOMATION)
        v = await rig.command(Action.STOP)
        assert acts(rig) == [Action.STOP]
        assert v.rule is None


# 10 replay: clock behind + automation's proposal
@pytest.mark.parametrize("source", [Source.AUTOMATION, Source.PERSON])
async def test_replay_clock_behind_with_proposal(tmp_path, source):
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.now_ms -= 3_600_000
        await rig.cycles(2)
        await rig.command(Action.SET_POWER, source=source, value=3200.0)
        await rig.cycles(5)
        d = [r for r in await rig.records("decision") if r["action"] == "set_power"][-1]
        ok = "proposal" in d["evidence"]
    rep = replay_file(tmp_path / "ledger.db")
    assert rep.difference is None, rep.difference
    assert ok


# 11 replay after late stop / owed receipts
async def test_replay_after_owed_receipt(tmp_path, monkeypatch):
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        ledger = rig.controller.ledger
        append = ledger.append

        async def no_receipts(records):
            if any(item.kind == "receipt" for item in records):
                raise LedgerError(LedgerReason.DISK_FULL, "no space left")
            return await append(records)

        with monkeypatch.context() as patch:
            patch.setattr(ledger, "append", no_receipts)
            with pytest.raises(LedgerError):
                await rig.command(Action.SET_POWER, value=3000.0)
        rig.now_ms += 50_000
        await rig.cycles(1)
        await rig.controller.hand_back("m1", None)
        await rig.cycles(40, seconds=7)
        await rig.command(Action.STOP, source=Source.AUTOMATION)
        await rig.cycles(3)
    rep = replay_file(tmp_path / "ledger.db")
    assert rep.difference is None, rep.difference


async def test_replay_after_late_stop(tmp_path, monkeypatch):
    from .test_cycle import break_ledger

    async with site(tmp_path) as rig:
        await rig.cycles(22)
        with monkeypatch.context() as patch:
            await break_ledger(rig, patch)
            rig.miners["m1"].reading = HOT
            await rig.cycles(1)
            rig.miners["m1"].reading = replace(
                RUNNING, mining=False, hashrate_ths=0.0, power_w=20.0
            )
            await rig.cycles(10)
        for _ in range(60):
            await rig.cycles(1, seconds=11)
    rep = replay_file(tmp_path / "ledger.db")
    assert rep.difference is None, rep.difference


# 12 cancelled run_cycle
async def test_cancelled_cycle(tmp_path):
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        started = asyncio.Event()
        m = rig.miners["m1"]

        async def slow(command):
            m.commands.append(command)
            m.reading = replace(RUNNING, mining=False, hashrate_ths=0.0, power_w=20.0)
            started.set()
            await asyncio.sleep(0.2)

        m.execute = slow
        rig.prices = BAD_PRICES
        rig.now_ms += 30_000
        task = asyncio.create_task(rig.controller.run_cycle(rig.prices))
        await started.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        del m.execute
        await rig.cycles(10)
        dec = [d["hash"] for d in await rig.records("decision") if d["action"] == "stop"]
        rec = [r["decision"] for r in await rig.records("receipt")]
        assert dec
        assert set(dec) <= set(rec)


# 13 weird prices block safety
@pytest.mark.parametrize(
    "change",
    [
        {"network_difficulty": 1e-300},
        {"coin_price": 1e308},
        {"energy_price_per_kwh": 1e308},
        {"energy_price_per_kwh": -1.0},
        {"network_difficulty": None},
        {"coin_price": 0.0},
        {"block_reward": None},
        {"energy_price_updated_ms": 2**52},
        {"energy_price_updated_ms": -5},
    ],
)
async def test_weird_prices(tmp_path, change):
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miners["m1"].reading = HOT
        rig.prices = replace(GOOD_PRICES, **change)
        await rig.cycles(2)
        assert acts(rig) == [Action.STOP]


# 14 weird readings of one miner
@pytest.mark.parametrize(
    "reading",
    [
        Reading(),
        Reading(mining=True),
        Reading(mining=None, temperatures=temperatures(90.0)),
        replace(RUNNING, power_w=-5.0),
        replace(RUNNING, hashrate_ths=-1.0),
        replace(RUNNING, hashrate_ths=1e300, power_w=1e300),
        replace(
            RUNNING, boards=(Board(index=0, hashrate_ths=50.0), Board(index=0, hashrate_ths=50.0))
        ),
        replace(RUNNING, temperatures=temperatures(math.nan)),
        replace(RUNNING, hashrate_ths=math.inf),
        replace(
            RUNNING,
            temperatures=(
                Temperature(sensor="a", temperature_c=50.0),
                Temperature(sensor="a", temperature_c=60.0),
            ),
        ),
        replace(RUNNING, fans_rpm=()),
        replace(RUNNING, pools=(Pool(index=0, url="x", shares_accepted=-5, shares_rejected=5),)),
        replace(RUNNING, uptime_s=2**60, best_share=1e308),
        replace(RUNNING, shares_stale=2**60),
        replace(RUNNING, temperatures=temperatures(-300.0)),
        replace(RUNNING, expected_hashrate_ths=0.0),
        replace(RUNNING, expected_hashrate_ths=-3.0),
    ],
)
async def test_weird_reading_of_one_does_not_block_other(tmp_path, reading):
    async with site(tmp_path, miners=("m1", "m2")) as rig:
        await rig.cycles(3)
        rig.miners["m2"].reading = reading
        rig.miners["m1"].reading = HOT
        for _ in range(4):
            await rig.cycles(1)
        assert acts(rig) == [Action.STOP]


# 15 segment broken in hand_back
async def test_segment_in_hand_back_replays(tmp_path, monkeypatch):
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        store = rig.controller.ledger.store

        def corrupt(_stored):
            raise LedgerError(LedgerReason.CORRUPT, "malformed")

        with monkeypatch.context() as patch:
            patch.setattr(store, "_write", corrupt)
            with pytest.raises(LedgerError):
                await rig.controller.hand_back("m1", None)
        await rig.cycles(5)
        await dump(rig, 30)
    rep = replay_file(tmp_path / "ledger.db")
    assert rep.difference is None, rep.difference


# 16 clock forward then back: stale price
async def test_price_after_clock_glitch(tmp_path):
    async with site(tmp_path) as rig:

        def fresh():
            rig.prices = replace(GOOD_PRICES, energy_price_updated_ms=rig.now_ms)

        fresh()
        await rig.cycles(3)
        rig.now_ms += 365 * 86_400_000
        fresh()
        await rig.cycles(1)
        rig.now_ms -= 365 * 86_400_000
        for _ in range(20):
            fresh()
            await rig.cycles(1)
        assert not rig.controller.view.divergences


# 17 stop() with late stops when the ledger works again
async def test_late_stop_filed_at_stop(tmp_path, monkeypatch):
    from .test_cycle import break_ledger

    async with site(tmp_path) as rig:
        await rig.cycles(3)
        with monkeypatch.context() as patch:
            await break_ledger(rig, patch)
            rig.miners["m1"].reading = HOT
            await rig.cycles(1)
        assert acts(rig) == [Action.STOP]
        await rig.restart()
        await rig.cycles(3)
        assert [r for r in await rig.records("decision") if r.get("late")]


# 18 late stop without effect
async def test_late_stop_repeated(tmp_path, monkeypatch):
    from .test_cycle import break_ledger

    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miners["m1"].obeys = False
        with monkeypatch.context() as patch:
            await break_ledger(rig, patch)
            rig.miners["m1"].reading = HOT
            await rig.cycles(60)
        assert len(acts(rig)) > 1


# 19 body corrupt at start
async def test_start_with_undecodable_record(tmp_path):
    import sqlite3

    async with site(tmp_path) as rig:
        await rig.cycles(5)
        await rig.controller.stop()
        c = sqlite3.connect(rig.path)
        c.execute(
            "UPDATE records SET body=?, codec='raw' WHERE seq=(SELECT max(seq) FROM records WHERE kind='decision')",
            (b'{"action":"fly","authorised":false,"reasons":[]}',),
        )
        c.commit()
        c.close()
        await rig.revive()
        await rig.cycles(3)


# 20 mining but no hash rate known
async def test_unknown_rate_no_restart(tmp_path):
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.miners["m1"].reading = replace(RUNNING, hashrate_ths=None)
        await rig.cycles(60)
        assert Action.RESTART not in acts(rig)


# 22 fan failed miner started by an automation flaps
async def test_automation_vs_fan(tmp_path):
    async with site(tmp_path) as rig:
        await rig.cycles(22)
        rig.miners["m1"].reading = replace(RUNNING, fans_rpm=(4200, 0))
        await rig.cycles(6)
        for _ in range(5):
            await rig.command(Action.RUN, source=Source.AUTOMATION)
            await rig.cycles(6)
        assert acts(rig).count(Action.RUN) == 0


# 23 stop pending window with long settings
async def test_stop_ignored_long_window(tmp_path):
    async with site(tmp_path, policy_of(confirm_cycles=20, interval_s=600.0)) as rig:
        await rig.cycles(3, seconds=600)
        rig.miners["m1"].obeys = False
        rig.miners["m1"].reading = HOT
        await rig.cycles(12, seconds=600)
        assert len(acts(rig)) >= 3


# 24 overheated while unreadable: person start
async def test_person_start_unreadable_overheated(tmp_path):
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        rig.miners["m1"].reading = HOT
        await rig.cycles(2)
        rig.miners["m1"].reading = MinerError(Reason.TIMEOUT)
        await rig.cycles(12)
        v = await rig.command(Action.RUN)
        assert v.rule is not None


# 25 power sources: MAX_COUNTED
async def test_source_rate_at_1000(tmp_path):
    async with site(tmp_path, policy_of(max_proposals_per_hour=1000)) as rig:
        await rig.cycles(2)
        d = rig.controller.desk
        await d.file(
            lambda s: (
                [
                    ProposalRecord(
                        ts_ms=rig.now_ms,
                        subject="m1",
                        action=Action.STOP,
                        source=Source.AUTOMATION,
                        source_id="x",
                    )
                ]
                * 1500
            )
        )
        v = await rig.command(Action.STOP, source=Source.AUTOMATION, source_id="x")
        assert v.rule is Reason.SOURCE_RATE_LIMITED


# 28 slow warm-up near the margin
async def test_flapping_warm_up(tmp_path):
    async with site(tmp_path, policy_of(profit_dwell_min=10.0)) as rig:
        from custom_components.aiep_miner.engine.economics import revenue_per_day

        be = revenue_per_day(100.0, GOOD_PRICES, 0) / (3.25 * 24)
        await rig.cycles(22)
        rig.prices = BAD_PRICES
        await rig.cycles(30)
        rig.prices = replace(GOOD_PRICES, energy_price_per_kwh=be * 0.9)
        since = 0
        for _ in range(1200):
            r = rig.miners["m1"].reading
            since = since + 1 if r.mining else 0
            if r.mining:
                rig.miners["m1"].reading = replace(
                    r, hashrate_ths=min(100.0, 60 + since * 0.5), power_w=3250.0
                )
            await rig.cycles(1)
        assert len(acts(rig)) <= 3


# 29 comms flapping with overheat
async def test_comms_flapping_overheat(tmp_path):
    async with site(tmp_path) as rig:
        await rig.cycles(3)
        for i in range(6):
            rig.miners["m1"].reading = HOT if i % 2 else MinerError(Reason.TIMEOUT)
            await rig.cycles(1)
            if acts(rig):
                break
        assert acts(rig) == [Action.STOP]


@pytest.mark.parametrize("seed", range(2))
async def test_replay_fuzz(tmp_path, seed, monkeypatch):  # noqa: C901 - one choice of many steps
    import random

    rnd = random.Random(seed)
    async with site(
        tmp_path, policy_of(governor=GovernorPolicy(max_power_watts=6000.0)), miners=("m1", "m2")
    ) as rig:
        led_fail = {"on": None}

        def arm():
            led = rig.controller.ledger
            append = led.append

            async def maybe(records):
                k = led_fail["on"]
                if k and any(item.kind == k for item in records):
                    raise LedgerError(LedgerReason.DISK_FULL, "x")
                return await append(records)

            led.append = maybe

        arm()
        for _ in range(160):
            x = rnd.random()
            m = rig.miners[rnd.choice(["m1", "m2"])]
            try:
                if x < 0.08:
                    m.reading = HOT
                elif x < 0.2:
                    m.reading = RUNNING
                elif x < 0.24:
                    m.reading = MinerError(Reason.TIMEOUT)
                elif x < 0.28:
                    m.reading = replace(RUNNING, hashrate_ths=rnd.choice([None, 3.0, 45.0]))
                elif x < 0.32:
                    m.reading = replace(RUNNING, fans_rpm=(4000, 0))
                elif x < 0.38:
                    rig.prices = rnd.choice([GOOD_PRICES, BAD_PRICES])
                elif x < 0.42:
                    await rig.restart()
                    arm()
                elif x < 0.44:
                    rig.now_ms += rnd.choice([3, 200]) * 3_600_000
                elif x < 0.47:
                    rig.now_ms -= 3_600_000
                elif x < 0.53:
                    led_fail["on"] = rnd.choice(
                        [None, None, "receipt", "decision", "telemetry", "negative_proof", "profit"]
                    )
                elif x < 0.58:
                    await rig.controller.set_policy(
                        policy_of(
                            mode=rnd.choice([*Mode]),
                            governor=GovernorPolicy(
                                min_trust_for_action=rnd.choice([1, 2, 3]), max_power_watts=6000.0
                            ),
                        )
                    )
                elif x < 0.75:
                    await rig.command(
                        rnd.choice([Action.RUN, Action.STOP, Action.SET_POWER]),
                        rnd.choice(["m1", "m2"]),
                        source=rnd.choice([Source.PERSON, Source.AUTOMATION]),
                        value=3000.0,
                    )
                elif x < 0.78:
                    await rig.controller.hand_back("m1", None)
                elif x < 0.8:
                    m.obeys = not m.obeys
                elif x < 0.82:
                    m.refusal = None if m.refusal else MinerError(Reason.REFUSED)
            except LedgerError:
                pass
            await rig.cycles(rnd.randint(1, 4), seconds=rnd.choice([7, 30, 61]))
        led_fail["on"] = None
        await rig.cycles(3)
        await rig.restart()
        recs = await rig.records()
    by = {}
    for r in recs:
        if r["kind"] in ("receipt", "negative_proof"):
            by.setdefault(r["decision"], []).append(r.get("outcome", "proof"))
    for r in recs:
        if r["kind"] == "decision" and r["action"] != "hold":
            ends = [
                o for o in by.get(r["hash"], []) if o in ("accepted", "failed", "unknown", "proof")
            ]
            close = [o for o in by.get(r["hash"], []) if o in ("confirmed", "not_confirmed")]
            assert len(ends) == 1, (r, by.get(r["hash"]))
            assert len(close) <= 1, (r, by.get(r["hash"]))
    rep = replay_file(tmp_path / "ledger.db")
    assert rep.difference is None, rep.difference
