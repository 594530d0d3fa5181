"""Devices whose diagnostics lie in tests/recorded: what is read from them stays as it is.

Each file is a miner's diagnostics as Home Assistant saves them. One from a real device proves
its make; those of emulated devices show that the way works.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from devtools.emulators.recorded import Recorded

from .shelf import adapter, loopback, new_host  # noqa: F401

pytestmark = [pytest.mark.needs_port_80, pytest.mark.usefixtures("loopback")]

FOLDER = Path(__file__).resolve().parents[2] / "recorded"
FILES = sorted(FOLDER.glob("*.json"))
SHOWN = ("hashrate_ths", "power_w", "mining", "level", "temperatures", "fans_rpm")


def diagnostics(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))["data"]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_a_recorded_device_is_read_as_it_was(path: Path) -> None:
    found = diagnostics(path)
    told = found["miner"]["telemetry"]["reading"]
    async with Recorded(new_host(), found["replies"]) as device, adapter(device) as miner:
        info = await miner.connect()
        assert info.identity.model == found["miner"]["info"]["identity"]["model"]
        offered = found["miner"]["info"]["capabilities"]["actions"]
        assert sorted(info.capabilities.actions) == offered
        reading = (await miner.poll()).to_dict()
        assert {name: reading.get(name) for name in SHOWN} == {
            name: told.get(name) for name in SHOWN
        }


def test_there_are_recordings() -> None:
    assert FILES
