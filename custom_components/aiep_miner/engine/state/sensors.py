"""A reading as the governor's sensors, domain by domain."""

from ..governor import HardwareReading, MiningDomain
from ..records import Pool, Reading


def hardware_readings(reading: Reading, at_s: float) -> dict[MiningDomain, list[HardwareReading]]:
    """Return what a reading tells the governor in each domain; ``at_s`` in s since the epoch."""

    def sensor(name: str, value: float) -> HardwareReading:
        return HardwareReading(value=value, timestamp=at_s, hardware_id=name)

    boards = [
        sensor(f"board_{board.index}", board.hashrate_ths)
        for board in reading.boards
        if board.hashrate_ths is not None and board.enabled is not False
    ]
    if not boards and reading.hashrate_ths is not None:
        boards = [sensor("total", reading.hashrate_ths)]
    power = [] if reading.power_w is None else [sensor("power", reading.power_w)]
    return {
        MiningDomain.HARDWARE: [
            sensor(item.sensor, item.temperature_c) for item in reading.temperatures
        ],
        MiningDomain.HASH_RATE: boards,
        MiningDomain.POWER: power,
        MiningDomain.POOL_MANAGEMENT: [
            sensor(f"pool_{pool.index}", share)
            for pool in reading.pools
            if (share := acceptance(pool)) is not None
        ],
    }


def acceptance(pool: Pool) -> float | None:
    """Return the share (0…1) of its submitted shares that a pool accepted; None without any."""
    accepted, rejected = pool.shares_accepted or 0, pool.shares_rejected or 0
    submitted = accepted + rejected + (pool.shares_stale or 0)
    return accepted / submitted if submitted else None
