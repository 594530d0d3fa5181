"""A device made of a recording: it answers what was asked then, and nothing else.

A recording is the part ``replies`` of a miner's diagnostics. Run one alone:
``python -m devtools.emulators.recorded 127.0.0.20 diagnostics.json``.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES

from .device import Device, Server
from .http import HttpServer, json_response, page
from .rpc import RpcServer, status

_WEB = "GET "


class Recorded(Device):
    """Web pages at port 80 and the RPC at 4028, as far as the recording has them."""

    def __init__(self, host: str, replies: dict[str, Any], **options: Any) -> None:
        self._pages = {
            name.removeprefix(_WEB): reply
            for name, reply in replies.items()
            if name.startswith(_WEB)
        }
        self._replies = {name: reply for name, reply in replies.items() if name not in self._pages}
        super().__init__(PROFILES["s19"], host, **options)

    def servers(self) -> list[Server]:
        servers: list[Server] = []
        if self._pages:
            servers.append(HttpServer(self, self._web))
        if any(not name.startswith(_WEB) for name in self._replies):
            servers.append(RpcServer(self, self._rpc))
        return servers

    async def _web(self, request: web.Request) -> web.Response:
        self.log.add(f"{request.method} {request.path}", write=request.method != "GET")
        if request.path == "/":
            return page("<title>AxeOS</title>")
        reply = self._pages.get(request.path)
        known = request.method == "GET" and reply is not None
        return json_response(reply, status=200 if known else 404)

    def _rpc(self, request: dict[str, Any]) -> Any:
        command = request["command"]
        self.log.add(command, request.get("parameter"))
        return self._replies.get(command) or status("E", "Invalid command", 14, self.epoch_s)


async def main() -> None:
    """Serve a recording until killed."""
    host, path = sys.argv[1:3]
    found = json.loads(await asyncio.to_thread(Path(path).read_text, "utf-8"))
    replies = found.get("data", found).get("replies", found)
    async with Recorded(host, replies):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
