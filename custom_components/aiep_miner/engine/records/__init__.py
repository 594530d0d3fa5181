"""One frozen dataclass for each kind of record in the ledger."""

from .base import Record
from .decisions import (
    Citation,
    DecisionRecord,
    Evaluation,
    Evidence,
    NegativeProofRecord,
    OverrideRecord,
    ProposalRecord,
    ReceiptRecord,
    ReviewRecord,
)
from .entry import LedgerEntry
from .house import HouseMove, InputRecord
from .kinds import (
    OWN_ORIGINS,
    Action,
    AutotuneGoal,
    AutotuneMode,
    Basis,
    CryptoMiningTrustLevel,
    LifecycleEvent,
    Mode,
    Origin,
    Outcome,
    RecordKind,
    RestartSign,
    Severity,
    Strategy,
)
from .levels import DeviceLevel, ValueRange
from .lifecycle import CheckpointRecord, LifecycleRecord
from .observations import DivergenceRecord, PriceRecord, ProfitRecord, TelemetryRecord
from .orders import CurtailmentRecord
from .plans import (
    MinerSchedule,
    PlanInputs,
    PlannedCap,
    PlannedLevel,
    PlannedMiner,
    PlanRecord,
    PlanSegment,
)
from .policy import AutotunePolicy, MinerPolicy, MiningPolicy, PolicyRecord
from .reading import Board, Pool, Reading, Temperature
from .reasons import Reason

RECORD_TYPES: dict[RecordKind, type[Record]] = {
    record_type.kind: record_type
    for record_type in (
        TelemetryRecord,
        PriceRecord,
        InputRecord,
        ProfitRecord,
        DivergenceRecord,
        ProposalRecord,
        DecisionRecord,
        ReceiptRecord,
        NegativeProofRecord,
        OverrideRecord,
        PolicyRecord,
        PlanRecord,
        CurtailmentRecord,
        ReviewRecord,
        CheckpointRecord,
        LifecycleRecord,
    )
}

__all__ = [
    "OWN_ORIGINS",
    "RECORD_TYPES",
    "Action",
    "AutotuneGoal",
    "AutotuneMode",
    "AutotunePolicy",
    "Basis",
    "Board",
    "CheckpointRecord",
    "Citation",
    "CryptoMiningTrustLevel",
    "CurtailmentRecord",
    "DecisionRecord",
    "DeviceLevel",
    "DivergenceRecord",
    "Evaluation",
    "Evidence",
    "HouseMove",
    "InputRecord",
    "LedgerEntry",
    "LifecycleEvent",
    "LifecycleRecord",
    "MinerPolicy",
    "MinerSchedule",
    "MiningPolicy",
    "Mode",
    "NegativeProofRecord",
    "Origin",
    "Outcome",
    "OverrideRecord",
    "PlanInputs",
    "PlanRecord",
    "PlanSegment",
    "PlannedCap",
    "PlannedLevel",
    "PlannedMiner",
    "PolicyRecord",
    "Pool",
    "PriceRecord",
    "ProfitRecord",
    "ProposalRecord",
    "Reading",
    "Reason",
    "ReceiptRecord",
    "Record",
    "RecordKind",
    "RestartSign",
    "ReviewRecord",
    "Severity",
    "Strategy",
    "TelemetryRecord",
    "Temperature",
    "ValueRange",
]
