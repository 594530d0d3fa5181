"""What a cycle observed: telemetry, prices, and the profit that follows from both."""

from dataclasses import dataclass, field
from typing import ClassVar

from .base import Record
from .kinds import Basis, RecordKind, Severity
from .reading import Reading
from .reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryRecord(Record):
    """One poll of one miner: what it said, or why it could not be read."""

    kind: ClassVar = RecordKind.TELEMETRY

    reading: Reading | None = None
    error: Reason | None = None
    """Set when, and only when, ``reading`` is None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRecord(Record):
    """The prices and network state that a cycle used; a fixed number has no ``…_updated_ms``."""

    kind: ClassVar = RecordKind.PRICE

    currency: str
    energy_price_per_kwh: float | None = None
    energy_price_updated_ms: int | None = None
    coin_price: float | None = None
    """In ``currency`` for one coin."""
    coin_price_updated_ms: int | None = None
    network_difficulty: float | None = None
    network_difficulty_updated_ms: int | None = None
    block_reward: float | None = None
    """Coins for one block; with fees where a public source states the mean of recent blocks."""
    faults: dict[str, Reason] = field(default_factory=dict)
    """Field to what is wrong with the value that its source gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfitRecord(Record):
    """What a miner earns and costs a day, or would if it ran; in the price record's currency."""

    kind: ClassVar = RecordKind.PROFIT

    basis: Basis
    power_basis: Basis | None = None
    """Where the power comes from, when not from where the hash rate does."""
    hashrate_ths: float | None = None
    power_w: float | None = None
    revenue_per_day: float | None = None
    cost_per_day: float | None = None
    heat_credit_per_day: float | None = None
    profit_per_day: float | None = None
    break_even_energy_price_per_kwh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergenceRecord(Record):
    """A divergence begins (``active``) or ends; in between it stands."""

    kind: ClassVar = RecordKind.DIVERGENCE

    code: Reason
    severity: Severity
    active: bool
    value: float | None = None
    """What was seen, in the unit of ``limit``."""
    limit: float | None = None
    fields: tuple[str, ...] = ()
    """Fields of a reading that the miner no longer reports, or of a price that is not believed."""
    causes: tuple[Reason, ...] = ()
    """What is wrong with each of those fields of a price."""
    miners: tuple[str, ...] = ()
    """The miners that brought the site above its power limit, or keep it there."""
