"""The fold over the ledger's records: what the engine knows of an operator and its miners."""

from .miner import ENOUGH_READINGS, LEARNED_READINGS, MinerState, Pending
from .sensors import acceptance, hardware_readings
from .state import GOVERNED, STOP_MS, State

__all__ = [
    "ENOUGH_READINGS",
    "GOVERNED",
    "LEARNED_READINGS",
    "STOP_MS",
    "MinerState",
    "Pending",
    "State",
    "acceptance",
    "hardware_readings",
]
