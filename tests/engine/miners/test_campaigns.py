"""The short version of the miners' campaigns; scripts/campaign runs the long ones."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.campaigns import miners

from .shelf import loopback  # noqa: F401

ROOT = Path(__file__).resolve().parents[3]
SOAK = f"""
import asyncio
from tests.campaigns import miners
print(asyncio.run(miners.soak(8, 3, {miners.FLEET // miners.HANGING_EACH} * miners.SOAK_POLL_S)))
"""
"""One hanging miner after the other would take as long; how busy the machine is shall not count."""

pytestmark = [pytest.mark.needs_port_80, pytest.mark.usefixtures("loopback")]


async def test_fifty_miners_of_which_ten_hang() -> None:
    # In a process of its own: here the test plug-in's heap alone takes long to collect.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SOAK,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert b"'cycles': 8" in output


async def test_a_sample_of_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    every = miners._cases()
    monkeypatch.setattr(miners, "_cases", lambda: every[5::11])
    seen = await miners.miner_faults(n=1, seed=4)
    assert sum(seen.values()) == len(every[5::11])
