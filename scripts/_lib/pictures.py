"""The pictures of the documentation, taken of a real Home Assistant; see ``scripts/pictures --help``."""

import argparse
import asyncio
import io
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from PIL import Image

from devtools.browser import PHONE, browser_page
from devtools.emulators.base import Fault, control
from devtools.hass_process import HOST, ROOT, HassProcess, emulated_cgminer, free_port
from devtools.prepared_fleet import miner_id, prepare
from scripts._lib.dashboard import PATH, show_fleet

OUT: Final = ROOT / "docs" / "images"
OPTIONS: Final = {
    "cycle": {"interval_s": 5},
    "economics": {"profit_dwell_min": 0},
    "planning": {"strategy": "plan"},
    "safety": {"cooldown_min": 15},
}
PRICE: Final = "sensor.day_ahead_price"
PRICES: Final = (
    *(0.052, 0.049, 0.047, 0.055, 0.071, 0.094, 0.118, 0.126, 0.109, 0.083, 0.066, 0.058),
    *(0.051, 0.044, 0.038, 0.035, 0.036, 0.042, 0.057, 0.076, 0.098, 0.112, 0.121, 0.104),
    *(0.079, 0.061, 0.050, 0.046),
)
"""EUR for a kWh by the hour, from the present one on."""
COLOURS: Final = 256
DESK: Final = {"width": 1280, "height": 1040}
HISTORY_S: Final = 60
"""After this the small curves have something to show."""
STOPPED_S: Final = 30
"""After this the rig has overheated and been stopped."""
RIG: Final = "Rig 1, over TCP"
SIMULATED: Final = (
    ("Hydro rack A", "whatsminer_hydro", 2),
    ("Hydro rack B", "whatsminer_hydro", 5),
    ("Hydro rack C", "whatsminer_hydro", 9),
    ("Old S19", "s19", 3),
    ("Greenhouse S19", "s19", 6),
    ("Desk heater", "bitaxe", 4),
    ("Kitchen BitAxe", "bitaxe", 7),
    ("Workshop BitAxe", "bitaxe", 8),
)


def miners(rig_port: int) -> list[dict[str, Any]]:
    """Return the fleet: an emulated rig, simulated miners, and one that is unplugged."""
    rig = {"adapter": "cgminer", "host": HOST, "nominal_hashrate_ths": 100}
    rig |= {"nominal_power_w": 1800, "max_temperature_c": 80}
    return [
        {**rig, "name": RIG, "port": rig_port},
        *(
            {"adapter": "simulated", "name": name, "profile": profile, "seed": seed}
            for name, profile, seed in SIMULATED
        ),
        {**rig, "name": "Barn rig", "port": 1},
    ]


def prices_ahead() -> dict[str, Any]:
    """Return the configuration of a sensor that publishes the prices of the hours to come."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    published = [
        {"start": (hour + timedelta(hours=number)).isoformat(), "value": value}
        for number, value in enumerate(PRICES)
    ]
    sensor = {
        "name": "Day-ahead price",
        "unit_of_measurement": "EUR/kWh",
        "state": str(PRICES[0]),
        "attributes": {"raw_today": f"{{{{ {published!r} }}}}"},
    }
    return {"template": [{"sensor": [sensor]}]}


async def take(page: Any, name: str) -> None:
    """Save what the page shows, with few colours, so that the file is small."""
    await page.wait_for_timeout(1_500)  # for transitions and charts to come to rest
    picture = Image.open(io.BytesIO(await page.screenshot())).convert("RGB")
    picture.quantize(COLOURS).save(OUT / f"{name}.png", optimize=True)
    print(f"{name}.png: {(OUT / f'{name}.png').stat().st_size // 1024} kB", flush=True)


async def pictures(hass: HassProcess, control_port: int) -> None:
    """Let the rig overheat, and take the views at a desk and on a phone, light and dark."""
    await show_fleet(hass, [])
    await asyncio.sleep(HISTORY_S)
    await control(HOST, control_port, "fault", fault=Fault.OVERHEAT, active=True)
    await asyncio.sleep(STOPPED_S)
    for viewport, dark in ((DESK, False), (DESK, True), (PHONE, False), (PHONE, True)):
        kind = f"{'phone' if viewport is PHONE else 'desk'}-{'dark' if dark else 'light'}"
        async with browser_page(hass, viewport, dark=dark) as page:
            await page.goto(f"{hass.url}/{PATH}/fleet")
            await page.locator(".row .curve").first.wait_for()
            await take(page, f"fleet-{kind}")
            await page.goto(f"{hass.url}/{PATH}/miner?miner={miner_id(0)}")
            await page.locator(".story li").first.wait_for()
            await page.get_by_role("button", name="1 h", exact=True).click()
            await take(page, f"miner-{kind}")
            await page.goto(f"{hass.url}/{PATH}/plan")
            await page.locator(".segment").nth(1).click()
            await take(page, f"plan-{kind}")
            await page.goto(f"{hass.url}/{PATH}/evidence")
            await page.locator("aiep-miner-evidence .entry").first.wait_for()
            await take(page, f"evidence-{kind}")


async def run() -> None:
    """Start everything, take the pictures, and end it."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder)
        async with emulated_cgminer(HOST, "--time-scale", "5") as ports:
            prepare(config, miners(ports["port"]), OPTIONS, "Mill creek", energy_price=PRICE)
            async with HassProcess(config, free_port(), prices_ahead()) as hass:
                await pictures(hass, ports["control"])


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        prog="scripts/pictures",
        description=f"Take the pictures in {OUT.relative_to(ROOT)} anew; needs chromium.",
    )
    parser.parse_args()
    asyncio.run(run())


if __name__ == "__main__":
    main()
