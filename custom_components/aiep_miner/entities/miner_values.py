"""What there is to show of the miners at this moment, one by one and summed up."""

from collections.abc import Callable
from dataclasses import dataclass

from ..engine.economics import Earnings
from ..engine.miners.base import MinerInfo
from ..engine.read_model import MinerReadModel, ReadModel
from ..engine.records import MinerPolicy, Pool, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Miner:
    """A miner's picture and its settings."""

    view: MinerReadModel
    policy: MinerPolicy
    fresh: bool
    """Whether the picture is the last poll's; not while the ledger cannot be written."""

    @property
    def info(self) -> MinerInfo:
        """Return what it is and can do; nothing while that is unknown."""
        return self.view.info or MinerInfo()

    @property
    def reading(self) -> Reading | None:
        """Return what it said in the last poll; None when that failed."""
        telemetry = self.view.telemetry
        return telemetry.reading if telemetry and self.fresh else None

    @property
    def hashrate_ths(self) -> float | None:
        """Return the hash rate in TH/s; a paused miner has none, whatever it says."""
        if self.reading is None:
            return None
        return 0.0 if self.reading.mining is False else self.reading.hashrate_ths

    @property
    def estimated_power_w(self) -> float | None:
        """Return the nominal power in W while a miner that cannot measure its own runs."""
        reading, nominal_w = self.reading, self.policy.nominal_power_w
        if reading is None or reading.mining is None or nominal_w is None:
            return None
        if self.view.info is None or self.info.capabilities.reports_power:
            return None
        return nominal_w if reading.mining else 0.0

    @property
    def power_w(self) -> float | None:
        """Return the power in W: measured, else estimated, else None."""
        measured_w = self.reading.power_w if self.reading else None
        return self.estimated_power_w if measured_w is None else measured_w

    @property
    def earnings(self) -> Earnings:
        """Return what it earns and costs now, a day; nothing known when the last poll failed."""
        return (self.view.earnings if self.reading else None) or Earnings()


def miner_of(view: ReadModel, miner_id: str) -> Miner:
    """Return what there is to show of a miner; raises KeyError for an unknown one."""
    return Miner(
        view=view.miners[miner_id],
        policy=view.policy.miner(miner_id),
        fresh=view.ledger_error is None,
    )


def reject_rate(shares: Reading | Pool) -> float | None:
    """Return how many of a miner's or pool's shares were rejected, in percent."""
    accepted, rejected = shares.shares_accepted, shares.shares_rejected
    if accepted is None or rejected is None or not accepted + rejected:
        return None
    return rejected / (accepted + rejected) * 100


def active_pool(miner: Miner) -> Pool | None:
    """Return the pool that a miner works for."""
    pools = miner.reading.pools if miner.reading else ()
    return next((pool for pool in pools if pool.active), None)


def total(view: ReadModel, value_of: Callable[[Miner], float | None]) -> float | None:
    """Return the sum over the miners whose value is known; None when it is of none."""
    values = [value_of(miner_of(view, miner_id)) for miner_id in view.miners]
    known = [value for value in values if value is not None]
    return sum(known) if known else None
