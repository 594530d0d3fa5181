"""A real Home Assistant with one emulated CGMiner, and the four witnesses of what happens to it.

The device's own request log, the ledger's file, the events on the bus and the entity states
are read side by side; none of them is asked through another.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from custom_components.aiep_miner.engine.ledger import LedgerEntry as Stored
from custom_components.aiep_miner.engine.ledger import Reader
from custom_components.aiep_miner.engine.ledger.verifier.database import Database
from custom_components.aiep_miner.engine.records import RecordKind
from devtools.emulators.base import Fault, control
from devtools.hass_process import DOMAIN, HOST, HassProcess, emulated_cgminer, free_port
from scripts._lib.site_setup import add_site, entities, wait_loaded

DEADLINE_S = 40.0
TIME_SCALE = 20
OPERATOR = {
    "name": "Site",
    "energy_price": 0.01,
    "currency": "EUR",
    "coin_price": 90_000,
    "network_difficulty": 1.4e14,
    "mode": "auto",
}
OPTIONS = {
    "cycle": {"interval_s": 5},
    "economics": {"profit_dwell_min": 0},
    "safety": {"cooldown_min": 0},
}


class GovernedSite:
    """One operator with one miner, seen from outside."""

    def __init__(self, hass: HassProcess, ports: dict[str, int]) -> None:
        self.hass = hass
        self.events: list[dict[str, Any]] = []
        """Every aiep_miner event, in order, with its ``type``."""
        self.operator_id = ""
        self.miner_id = ""
        self._ports = ports
        self._entities: dict[str, str] = {}

    async def set_up(self) -> None:
        """Add the operator and the miner, and listen."""
        miner = {"adapter": "cgminer", "name": "Rig", "host": HOST, "port": self._ports["port"]}
        miner |= {"nominal_hashrate_ths": 100, "nominal_power_w": 3250}
        site = await add_site(self.hass, OPERATOR, [miner], OPTIONS)
        self.operator_id = site.operator_id
        (self.miner_id,) = site.miners
        await self.listen()

    async def comes_back(self, hass: HassProcess) -> None:
        """Go on with another process on the same folder."""
        self.hass = hass
        self.events.clear()
        await wait_loaded(hass, self.operator_id)
        await self.listen()

    async def listen(self) -> None:
        """Keep every event from now on, and find the entities."""
        for kind in ("decision", "suppression", "receipt"):
            await self.hass.events(f"{DOMAIN}_{kind}", self._keep)
        self._entities = await entities(self.hass)

    def _keep(self, event: dict[str, Any]) -> None:
        kind = event["event_type"].removeprefix(f"{DOMAIN}_")
        self.events.append({**event["data"], "type": kind})

    # The device.

    async def fault(self, fault: Fault, *, active: bool) -> None:
        await control(HOST, self._ports["control"], "fault", fault=fault, active=active)

    async def device(self) -> dict[str, Any]:
        """What the machine really does."""
        return await control(HOST, self._ports["control"], "state")

    async def writes(self) -> list[tuple[str, str]]:
        """Every command that would change the device, as it arrived."""
        log = await control(HOST, self._ports["control"], "log")
        return [(item["command"], item["parameter"]) for item in log["requests"] if item["write"]]

    async def forget_writes(self) -> None:
        await control(HOST, self._ports["control"], "clear_log")

    # The ledger.

    @property
    def ledger(self) -> Path:
        return self.hass.config / DOMAIN / self.operator_id / "ledger.db"

    def records(self, kind: RecordKind) -> list[Stored]:
        """Every record of a kind, oldest first, read from the file."""
        return [item for item in self._all() if item.kind == kind]

    def record(self, name: str | int) -> Stored:
        """The one record with a hash or seq."""
        (found,) = [item for item in self._all() if name in (item.hash_hex, item.seq)]
        return found

    def _all(self) -> list[Stored]:
        with closing(Reader(Database(self.ledger))) as reader:
            return [item for batch in reader.read() for item in batch]

    # Home Assistant.

    async def state(self, key: str) -> dict[str, Any]:
        """The state of the miner's entity, ``<platform>.<key>``."""
        platform, name = key.split(".")
        return (await self.hass.states())[self._entities[f"{platform}.{self.miner_id}_{name}"]]

    async def switch(self, *, on: bool) -> Any:
        """Press the miner's switch, as the logged-in person."""
        entity_id = self._entities[f"switch.{self.miner_id}_mining"]
        return await self.hass.action(f"switch.turn_{'on' if on else 'off'}", entity_id)

    async def set_mode(self, mode: str) -> None:
        entity_id = self._entities[f"select.{self.operator_id}_mode"]
        await self.hass.action("select.select_option", entity_id, option=mode)

    async def press(self, key: str, owner: str) -> None:
        await self.hass.action("button.press", self._entities[f"button.{owner}_{key}"])

    async def run_cycle(self) -> None:
        """Run a governed cycle now instead of waiting for it."""
        await self.press("run_cycle", self.operator_id)

    # Waiting.

    async def event(self, kind: str, since: int = 0, **wanted: Any) -> dict[str, Any]:
        """The first event of a kind, from number ``since`` on, whose data match."""

        async def look() -> dict[str, Any] | None:
            matching = (
                event
                for event in self.events[since:]
                if event["type"] == kind and wanted.items() <= event.items()
            )
            return next(matching, None)

        return await eventually(look, f"{kind} {wanted}")

    async def shows(self, key: str, state: str) -> dict[str, Any]:
        """The miner's entity once it shows a state."""

        async def look() -> dict[str, Any] | None:
            found = await self.state(key)
            return found if found["state"] == state else None

        return await eventually(look, f"{key} to be {state}")

    async def cooled(self, below_c: float = 60.0) -> None:
        """Wait until the machine has cooled down."""

        async def look() -> bool:
            return bool((await self.device())["temperature_c"] < below_c)

        await eventually(look, f"less than {below_c} °C")

    async def heated(self, above_c: float = 90.0) -> None:
        """Wait until the machine is really hot."""

        async def look() -> bool:
            return bool((await self.device())["temperature_c"] > above_c)

        await eventually(look, f"more than {above_c} °C")


async def eventually[T](look: Callable[[], Awaitable[T | None]], what: str) -> T:
    """Return the first truthy thing that ``look`` sees; fail when it never does."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                if found := await look():
                    return found
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"waited {DEADLINE_S:.0f} s for {what}") from None


@contextlib.asynccontextmanager
async def governed_site(config: Path) -> AsyncIterator[GovernedSite]:
    """Start everything, and end it."""
    async with (
        emulated_cgminer(HOST, "--time-scale", str(TIME_SCALE)) as ports,
        HassProcess(config, free_port()) as hass,
    ):
        site = GovernedSite(hass, ports)
        await site.set_up()
        yield site
