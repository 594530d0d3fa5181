"""The fixed vocabularies of the records: kinds, actions, origins, outcomes."""

from enum import IntEnum, StrEnum
from typing import Final


class RecordKind(StrEnum):
    """The kinds of record that the ledger format knows."""

    TELEMETRY = "telemetry"
    PRICE = "price"
    INPUT = "input"
    PROFIT = "profit"
    DIVERGENCE = "divergence"
    PROPOSAL = "proposal"
    DECISION = "decision"
    RECEIPT = "receipt"
    NEGATIVE_PROOF = "negative_proof"
    OVERRIDE = "override"
    POLICY = "policy"
    PLAN = "plan"
    CURTAILMENT = "curtailment"
    REVIEW = "review"
    CHECKPOINT = "checkpoint"
    LIFECYCLE = "lifecycle"


class Action(StrEnum):
    """What can be wanted of a miner."""

    HOLD = "hold"
    RUN = "run"
    STOP = "stop"
    RESTART = "restart"
    SET_POWER = "set_power"
    SET_HASHRATE = "set_hashrate"
    SET_POOL = "set_pool"
    SET_BOARD = "set_board"
    FAULT_LIGHT = "fault_light"
    SET_LEVEL = "set_level"
    SET_FAN = "set_fan"
    """A speed in %; the option ``auto`` gives the fans back to the firmware."""
    SET_TARGET_TEMPERATURE = "set_target_temperature"
    SET_POWER_PERCENT = "set_power_percent"
    SET_SCALING = "set_scaling"
    """Lets the firmware scale its performance by itself, or not."""
    RESTART_MINING = "restart_mining"
    """Restarts the mining program and leaves the system running."""
    POWER_OFF = "power_off"
    """Takes the mains from a miner that rests, or that did not obey a stop."""
    IDENTIFY = "identify"
    """Makes the device show itself; nothing tells afterwards that it did."""


class RestartSign(StrEnum):
    """What a poll shows after a restart; it differs from make to make."""

    UPTIME = "uptime"
    """The uptime begins anew; where none is reported, the connection was lost in between."""
    MINING = "mining"
    """Only the mining program restarts: the hash rate is gone for a while and comes back."""


class AutotuneMode(StrEnum):
    """How far the search for a device's best options may go."""

    OFF = "off"
    OBSERVE = "observe"
    """Learn what the levels bring that it runs at anyway."""
    RECOMMEND = "recommend"
    """Name the next level; a person sets it."""
    ACT = "act"


class AutotuneGoal(StrEnum):
    """What the best level is."""

    EFFICIENCY = "efficiency"
    HASHRATE = "hashrate"
    PROFIT = "profit"


class Strategy(StrEnum):
    """What decides when a miner runs, where nothing graver does."""

    THRESHOLD = "threshold"
    """The profit now, against a margin."""
    PLAN = "plan"
    """A plan over the prices ahead."""


class Mode(StrEnum):
    """Who acts: the strategy (auto) or only people (manual)."""

    AUTO = "auto"
    MANUAL = "manual"


class Origin(StrEnum):
    """Who proposed."""

    STRATEGY = "strategy"
    PLANNER = "planner"
    """What looks at the whole site: its power limit, and the plan."""
    PERSON = "person"
    AUTOMATION = "automation"
    LLM = "llm"


OWN_ORIGINS: Final = frozenset({Origin.STRATEGY, Origin.PLANNER, Origin.PERSON})
"""Origins that are not from outside: neither counted nor bounded by a track record."""


class Outcome(StrEnum):
    """How a dispatch ended, and later whether telemetry showed its effect."""

    ACCEPTED = "accepted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"


class Basis(StrEnum):
    """Where the hash rate and power of a profit record come from."""

    MEASURED = "measured"
    LAST_RUNNING = "last_running"
    NOMINAL = "nominal"


class Severity(StrEnum):
    """What a divergence does to decisions."""

    HOLD = "hold"
    SAFETY = "safety"
    INFO = "info"


class LifecycleEvent(StrEnum):
    """What happened to the controller."""

    START = "start"
    STOP = "stop"
    RECOVERY = "recovery"
    """A new segment of the ledger began, since the one before could not be continued."""
    PRUNED = "pruned"
    """The observations of old pages are dropped from here on."""


class CryptoMiningTrustLevel(IntEnum):
    """How far a proposal is trusted."""

    NO_ACTION = 0
    ADVISORY = 1
    SUPERVISED = 2
    AUTONOMOUS = 3
