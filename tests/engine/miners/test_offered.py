"""The table of docs/devices.md says what the adapters offer, no more and no less."""

from custom_components.aiep_miner.engine.miners.simulated import SimulatedMiner
from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES
from custom_components.aiep_miner.engine.records import Action
from devtools.emulators.fleet import MAKES

from .offered import CAN, documented


async def test_the_documented_table_is_what_is_offered() -> None:
    simulated = await SimulatedMiner("rig", PROFILES["s19"]).connect()
    assert documented() == {**CAN, "simulated": simulated.capabilities.actions}
    assert set(CAN) == {*MAKES, "cgminer"}


def test_every_action_is_offered_by_some_make() -> None:
    # A miner's mains are cut by a switch of Home Assistant, not by the miner.
    assert set().union(*CAN.values()) == set(Action) - {Action.HOLD, Action.POWER_OFF}
