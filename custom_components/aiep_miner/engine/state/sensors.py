"""A reading as the governor's sensors, domain by domain."""

from typing import Final

from ..governor import HardwareReading, MiningDomain
from ..records import Pool, Reading

SENSED: Final = (
    MiningDomain.HARDWARE,
    MiningDomain.HASH_RATE,
    MiningDomain.POWER,
    MiningDomain.POOL_MANAGEMENT,
)
"""The domains that a reading has values in."""


def hardware_readings(reading: Reading, domain: MiningDomain, at_s: float) -> list[HardwareReading]:
    """Return a reading's values in a governor domain; ``at_s`` in s since the epoch.

    They are made when they are needed: kept, they would be most of what a fleet's cycle leaves
    for the garbage collector.
    """
    return [
        HardwareReading(value=value, timestamp=at_s, hardware_id=name)
        for name, value in _values(reading, domain)
    ]


def _values(reading: Reading, domain: MiningDomain) -> list[tuple[str, float]]:
    match domain:
        case MiningDomain.HARDWARE:
            return [(item.sensor, item.temperature_c) for item in reading.temperatures]
        case MiningDomain.HASH_RATE:
            boards = [
                (f"board_{board.index}", board.hashrate_ths)
                for board in reading.boards
                if board.hashrate_ths is not None and board.enabled is not False
            ]
            total = reading.hashrate_ths
            return boards if boards or total is None else [("total", total)]
        case MiningDomain.POWER:
            return [] if reading.power_w is None else [("power", reading.power_w)]
        case MiningDomain.POOL_MANAGEMENT:
            return [
                (f"pool_{pool.index}", share)
                for pool in reading.pools
                if (share := acceptance(pool)) is not None
            ]
        case _:
            return []


def acceptance(pool: Pool) -> float | None:
    """Return the share (0…1) of its submitted shares that a pool accepted; None without any."""
    accepted, rejected = pool.shares_accepted or 0, pool.shares_rejected or 0
    submitted = accepted + rejected + (pool.shares_stale or 0)
    return accepted / submitted if submitted else None
