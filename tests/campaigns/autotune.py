"""Tuning many modelled chips for a day each: how close to the best, and never out of limits.

The deciding rooms run as in a cycle, on records that no ledger holds: a day takes a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from custom_components.aiep_miner.engine.miners.axeos.make import levels
from custom_components.aiep_miner.engine.miners.base import (
    Capabilities,
    Command,
    Identity,
    MinerError,
    MinerInfo,
)
from custom_components.aiep_miner.engine.records import (
    Action,
    AutotuneMode,
    AutotunePolicy,
    DecisionRecord,
    LedgerEntry,
    MinerPolicy,
    Outcome,
    PolicyRecord,
    PriceRecord,
    Reading,
    ReceiptRecord,
    Record,
    TelemetryRecord,
    Temperature,
)
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.state import State
from custom_components.aiep_miner.engine.steps import decide, divergence, execute, govern, profit
from devtools.silicon import FREQUENCIES_MHZ, VOLTAGES_MV, Silicon, TunedMachine

LEVELS = levels({"frequencyOptions": list(FREQUENCIES_MHZ), "voltageOptions": list(VOLTAGES_MV)})
MAX_C, MAX_ERROR_PCT = 68.0, 2.0
CYCLE_S = 60.0
SETTLING_S = 600.0


class SiliconMiner:
    """An adapter for one modelled chip; notes how long it was out of its limits."""

    def __init__(self, seed: int) -> None:
        self.machine = TunedMachine(seed, mhz=490, mv=1150)
        self.commands: list[Command] = []
        self.out_s = self.longest_out_s = 0.0
        self.obeys = True
        self._shares = 0.0
        self._uptime_s = 10_000

    def advance(self, seconds: float) -> None:
        machine = self.machine
        machine.advance(seconds)
        self._uptime_s += round(seconds)
        self._shares += machine.hashrate_ths * seconds / 6
        out = machine.chip_c >= MAX_C or machine.error_pct > MAX_ERROR_PCT
        self.out_s = self.out_s + seconds if out else 0.0
        self.longest_out_s = max(self.longest_out_s, self.out_s)

    async def connect(self) -> MinerInfo:
        actions = frozenset({Action.RUN, Action.STOP, Action.SET_LEVEL})
        return MinerInfo(
            identity=Identity(make="Bitaxe"),
            capabilities=Capabilities(actions=actions, levels=LEVELS),
        )

    async def poll(self) -> Reading:
        machine = self.machine
        noise = machine.silicon.noise
        return Reading(
            mining=machine.running,
            hashrate_ths=round(machine.hashrate_ths * noise(0.01), 4),
            power_w=round(machine.power_w * noise(0.004), 2),
            temperatures=(
                Temperature(sensor="chip_0", temperature_c=round(machine.chip_c, 2)),
                Temperature(sensor="board_0", temperature_c=round(machine.chip_c - 6, 2)),
            ),
            fans_rpm=(4200 + self._uptime_s % 7,),
            uptime_s=self._uptime_s,
            shares_accepted=round(self._shares),
            error_pct=round(machine.error_pct, 3),
            level=f"{machine.mhz} MHz {machine.mv} mV",
        )

    async def execute(self, command: Command) -> None:
        self.commands.append(command)
        if command.action is not Action.SET_LEVEL:
            self.machine.running = command.action is Action.RUN
            return
        level = next((item for item in LEVELS if item.name == command.option), None)
        if level is None:
            raise MinerError(Reason.UNSUPPORTED_ACTION, "not listed")
        if self.obeys:
            assert level.frequency_mhz is not None
            assert level.voltage_mv is not None
            self.machine.mhz, self.machine.mv = round(level.frequency_mhz), round(level.voltage_mv)

    async def close(self) -> None:
        return


def shortfall(seed: int, miner: SiliconMiner) -> float:
    """Return by which share what was found is less efficient than the best there is."""
    _, best = Silicon(seed).best(MAX_C, MAX_ERROR_PCT)
    found = Silicon(seed).settled(miner.machine.mhz, miner.machine.mv)
    return found.efficiency_j_per_th / best.efficiency_j_per_th - 1


HOURS = 24
NEAR = 0.03
OPERATOR, MINER = "operator", "m1"
PRICE = PriceRecord(
    ts_ms=0,
    subject=OPERATOR,
    currency="EUR",
    energy_price_per_kwh=0.05,
    coin_price=60_000.0,
    network_difficulty=9e13,
    block_reward=3.125,
)


@dataclass
class Room:
    """A state that follows records which no ledger holds."""

    state: State
    seq: int = 0

    def follow[R: Record](self, records: Sequence[R]) -> list[LedgerEntry[R]]:
        """Apply records and return them as entries."""
        entries = []
        for record in records:
            self.seq += 1
            entries.append(LedgerEntry(record=record, seq=self.seq, hash=f"{self.seq:064x}"))
            self.state.apply(entries[-1])
        return entries


async def tune(seed: int, hours: float = HOURS) -> tuple[SiliconMiner, list[str]]:
    """Tune one chip for some hours; return it and the levels that it was set to."""
    miner, room = SiliconMiner(seed), Room(State(OPERATOR))
    tuning = AutotunePolicy(
        mode=AutotuneMode.ACT, max_temperature_c=MAX_C, max_error_pct=MAX_ERROR_PCT
    )
    own = MinerPolicy(
        miner_id=MINER,
        max_temperature_c=80.0,
        actions=(Action.RUN, Action.SET_LEVEL, Action.STOP),
        levels=LEVELS,
        autotune=tuning,
    )
    ts_ms = 1_800_000_000_000
    room.follow([PolicyRecord(ts_ms=ts_ms, subject=OPERATOR, miners=(own,), interval_s=CYCLE_S)])
    for _ in range(round(hours * 3600 / CYCLE_S)):
        ts_ms += round(CYCLE_S * 1000)
        miner.advance(CYCLE_S)
        await _cycle(room, miner, ts_ms)
    return miner, [str(item.option) for item in miner.commands]


async def _cycle(room: Room, miner: SiliconMiner, ts_ms: int) -> None:
    state = room.state
    telemetry = TelemetryRecord(ts_ms=ts_ms, subject=MINER, reading=await miner.poll())
    room.follow([telemetry, replace(PRICE, ts_ms=ts_ms)])
    closing = execute.confirm(state, MINER, ts_ms)
    room.follow(divergence.check_site(state, ts_ms))
    room.follow(divergence.check_miner(state, MINER, ts_ms))
    room.follow([] if closing is None else [closing])
    room.follow([profit.assess(state, ts_ms, MINER)])
    proposal = decide.propose(state, MINER, ts_ms)
    if proposal.action is not Action.HOLD:
        room.follow([proposal])
    (decision,) = room.follow([govern.decide(state, proposal, ts_ms)])
    if decision.record.authorised:
        await _dispatch(room, miner, decision)
    elif decision.record.action is not Action.HOLD:
        room.follow([execute.proof_of(decision)])


async def _dispatch(room: Room, miner: SiliconMiner, decision: LedgerEntry[DecisionRecord]) -> None:
    record = decision.record
    await miner.execute(Command(action=record.action, value=record.value, option=record.option))
    receipt: ReceiptRecord = execute.receipt_of(
        decision, Outcome.ACCEPTED, Reason.DISPATCH_ACCEPTED
    )
    room.follow([receipt])


async def autotune(n: int = 20, seed: int = 1) -> dict[str, Any]:
    """Tune ``n`` chips for a day each; fail where one misses its best or leaves its limits."""
    shortfalls, steps = [], []
    for number in range(seed, seed + n):
        miner, sent = await tune(number)
        short = shortfall(number, miner)
        assert short < NEAR, (number, short)
        assert miner.longest_out_s <= SETTLING_S, (number, miner.longest_out_s)
        assert set(sent) <= {item.name for item in LEVELS}, number
        assert {item.action for item in miner.commands} == {Action.SET_LEVEL}, number
        again, repeated = await tune(number)
        assert (repeated, again.machine.mhz, again.machine.mv) == (
            sent,
            miner.machine.mhz,
            miner.machine.mv,
        ), "the same chip, the same steps"
        shortfalls.append(short)
        steps.append(len(sent))
    return {
        "chips": n,
        "worst_shortfall": f"{max(shortfalls):.2%}",
        "steps": (min(steps), max(steps)),
    }
