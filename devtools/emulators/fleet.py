"""Emulated miners of several makes in one process, each on a loopback address of its own.

``python -m devtools.emulators.fleet bitaxe@127.0.0.5 antminer@127.0.0.6``: prints one line of JSON
that maps each address to the port of its control channel, and runs until killed.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from .antminer import Antminer
from .avalon import Avalon, AvalonQ, Nano3S
from .base import ControlServer
from .bitaxe import BitAxe, NerdAxe
from .braiins import Braiins
from .device import Device
from .epic import Epic
from .luxos import LuxOs
from .vnish import Vnish
from .whatsminer_v2 import WhatsminerV2
from .whatsminer_v3 import WhatsminerV3

MAKES: dict[str, Callable[..., Device]] = {
    "bitaxe": BitAxe,
    "nerdaxe": NerdAxe,
    "antminer": Antminer,
    "luxos": LuxOs,
    "avalon": Avalon,
    "avalon_q": AvalonQ,
    "nano3s": Nano3S,
    "whatsminer_v2": WhatsminerV2,
    "whatsminer_v3": WhatsminerV3,
    "braiins": Braiins,
    "vnish": Vnish,
    "epic": Epic,
}


async def run(wanted: Sequence[str], time_scale: float) -> None:
    """Run ``make@address`` for each that is wanted, until cancelled."""
    async with AsyncExitStack() as stack:
        ports = {}
        for item in wanted:
            make, _, host = item.partition("@")
            device = MAKES[make](host, time_scale=time_scale)
            await stack.enter_async_context(device)
            channel = ControlServer(device)
            ports[host] = await channel.start()
            stack.push_async_callback(channel.stop)
        sys.stdout.write(json.dumps(ports) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description="Emulated miners of several makes.")
    parser.add_argument("miners", nargs="+", metavar="MAKE@ADDRESS")
    parser.add_argument("--time-scale", type=float, default=1.0, help="how fast their time runs")
    options = parser.parse_args()
    try:
        asyncio.run(run(options.miners, options.time_scale))
    except OSError as err:
        sys.exit(f"emulated miners: {err}")


if __name__ == "__main__":
    main()
