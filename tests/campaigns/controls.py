"""Capability answers of every make, spoilt: nothing is sent that the device did not list."""

from tests.engine.miners.control_fuzz import ANSWERS, fuzz


async def control_answers(n: int = 200_000, seed: int = 1) -> dict[str, int]:
    """Spoil ``n`` answers of all makes together; return how many commands each was sent."""
    each = -(-n // len(ANSWERS))
    return {kind.__name__: await fuzz(kind, each, seed) for kind in ANSWERS}
