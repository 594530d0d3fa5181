"""The problems of a miner or an operator: reasons and details for the *Problem* sensors."""

from itertools import islice
from typing import Any, Final

from ..coordinator import AiepMinerCoordinator
from ..engine.read_model import MinerReadModel as Miner
from ..engine.records import DivergenceRecord, Severity
from ..engine.records.reasons import Reason

MINER_MESSAGE: Final = "miner_message"
"""The miner itself reports a fault."""
LEDGER_ERROR: Final = "ledger_error"
MINERS: Final = "miners"
"""At least one miner of the operator has a problem."""
MAX_NAMED: Final = 20


def _codes(divergences: tuple[DivergenceRecord, ...]) -> list[str]:
    return sorted(
        item.code.value
        for item in divergences
        if item.severity is not Severity.INFO or item.code is Reason.INPUT_DOUBTED
    )


def _messages(miner: Miner) -> list[str]:
    return list(miner.reading.messages) if miner.reading else []


def miner_problems(miner: Miner) -> list[str]:
    """Return the codes of a miner's problems."""
    problems = _codes(miner.divergences) if miner.divergences else []
    if miner.not_confirmed is not None:
        problems.append(Reason.NOT_CONFIRMED.value)
    if miner.latched:
        problems.append(Reason.RESTART_LIMIT_LATCHED.value)
    if miner.reading is not None and miner.reading.messages:
        problems.append(MINER_MESSAGE)
    return problems


def miner_problem_attributes(miner: Miner) -> dict[str, Any]:
    """Return the attributes of a miner's *Problem* sensor."""
    telemetry, not_confirmed = miner.telemetry, miner.not_confirmed
    problems = miner_problems(miner)
    return {
        "reason": problems[0] if problems else None,
        "reasons": problems,
        "divergences": _codes(miner.divergences),
        "not_confirmed": not_confirmed.value if not_confirmed else None,
        "latched": miner.latched,
        "poll_error": telemetry.error.value if telemetry and telemetry.error else None,
        "messages": _messages(miner),
    }


def operator_problem_attributes(coordinator: AiepMinerCoordinator) -> dict[str, Any]:
    """Return the attributes of the operator's *Problem* sensor; names ``MAX_NAMED`` miners."""
    data = coordinator.data
    of_miners = {
        miner_id: found
        for miner_id, miner in data.miners.items()
        if (found := miner_problems(miner))
    }
    problems = _codes(data.divergences)
    problems += [LEDGER_ERROR] if data.ledger_error else []
    problems += [MINERS] if of_miners else []
    return {
        "reason": problems[0] if problems else None,
        "reasons": problems,
        "divergences": _codes(data.divergences),
        "ledger_error": data.ledger_error,
        "miners_lost": sum(1 for found in of_miners.values() if Reason.COMMS_LOST in found),
        "miners_with_problems": len(of_miners),
        "miners": {
            coordinator.title(miner_id): found[0]
            for miner_id, found in islice(of_miners.items(), MAX_NAMED)
        },
    }
