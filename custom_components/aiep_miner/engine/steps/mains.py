"""When a miner's mains switch goes off: after a rest, cooled, or where a stop was not obeyed.

A softer stop goes first and is given its time; a start turns the switch on again.
"""

from typing import Final

from ..records import Action, Severity
from ..records.reasons import Reason
from ..state import MinerState, State

type Wish = tuple[Action, tuple[Reason, ...], float]
"""Action, reasons, confidence 0…1."""

REST_MS: Final = 600_000
"""How long a miner rests with its fans turning before it is without power …"""
COOL_C: Final = 50.0
"""… and how cool it has to be."""
DISOBEYED_AFTER_MS: Final = 120_000
"""How long a stop that had no effect may still take one."""
STOPS: Final = 2
"""A stop is repeated once before the switch takes its place."""
RETRY_AFTER_MS: Final = 3_600_000
"""A switch that had no effect is tried anew after this."""


def or_power_off(state: State, miner_id: str, ts_ms: int, wish: Wish) -> Wish:
    """Return the rules' wish, or the power-off that is due in its place."""
    miner, own = state.miner(miner_id), state.own(miner_id)
    has_switch = own.actions is not None and Action.POWER_OFF in own.actions
    reading = miner.reading
    if not has_switch or reading is None or reading.powered is not True:
        return wish
    failure = miner.failures.get(Action.POWER_OFF)
    failed_ms = failure.ts_ms if failure else 0
    is_busy = miner.pending is not None or miner.commanded or Reason.OBSERVING in wish[1]
    if is_busy or ts_ms - failed_ms < RETRY_AFTER_MS:
        return wish
    if _disobeyed(miner, ts_ms, wish):
        return Action.POWER_OFF, (Reason.STOP_NOT_OBEYED,), 1.0
    rests = wish[0] is Action.HOLD and not _is_doubtful(miner) and _has_rested(miner, ts_ms)
    held = miner.hold_until_ms is not None and ts_ms < miner.hold_until_ms
    return (Action.POWER_OFF, (Reason.RESTS_WITHOUT_POWER,), 0.95) if rests and not held else wish


def _disobeyed(miner: MinerState, ts_ms: int, wish: Wish) -> bool:
    """Tell whether a stop is wanted that was sent twice and had no effect."""
    failure = miner.failures.get(Action.STOP)
    if failure is None or failure.attempt < STOPS or miner.reading is None:
        return False
    wants_stop = wish[0] is Action.STOP or Reason.NOT_CONFIRMED in wish[1]
    is_on = miner.reading.mining is not False
    waits_ms = 0 if miner.dangers else DISOBEYED_AFTER_MS
    return wants_stop and is_on and ts_ms - failure.ts_ms >= waits_ms


def _has_rested(miner: MinerState, ts_ms: int) -> bool:
    reading = miner.reading
    if reading is None or reading.mining is not False or miner.stopped_since_ms is None:
        return False
    is_cool = reading.hottest_c is None or reading.hottest_c <= COOL_C
    return is_cool and miner.intended_off and ts_ms - miner.stopped_since_ms >= REST_MS


def _is_doubtful(miner: MinerState) -> bool:
    return any(filed.record.severity is not Severity.INFO for filed in miner.divergences.values())
