"""A mempool-compatible source on loopback, with the endpoints that the integration reads."""

import asyncio
from types import TracebackType
from typing import Any, Self

from aiohttp import web

PRICES = {"time": 1_793_534_400, "USD": 65_000, "EUR": 60_000, "GBP": 51_000, "JPY": -1}
DIFFICULTY = {
    "hashrates": [{"timestamp": 1_793_491_200, "avgHashrate": 9.1e20}],
    "difficulty": [{"time": 1_793_491_200, "height": 950_000, "difficulty": 1.2e14}],
    "currentHashrate": 9.1e20,
    "currentDifficulty": 1.27e14,
}
REWARD = {
    "startBlock": "949857",
    "endBlock": "950000",
    "totalReward": str(144 * 313_000_000),
    "totalFee": str(144 * 500_000),
    "totalTx": "500000",
}


class EmulatedMempool:
    """Answers as the API documents, unless a test changes ``replies`` or sets a fault."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        """Prepare; ``async with`` starts it on a free port."""
        self.replies: dict[str, Any] = {
            "/api/v1/prices": PRICES,
            "/api/v1/mining/hashrate/3d": DIFFICULTY,
            "/api/v1/mining/reward-stats/144": REWARD,
        }
        self.status = 200
        self.headers: dict[str, str] = {}
        self.delay_s = 0.0
        self.requests: list[str] = []
        self.url = ""
        self._host = host
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Start to listen."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://{self._host}:{port}"
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.requests.append(request.path)
        await asyncio.sleep(self.delay_s)
        if self.status != 200:
            return web.Response(status=self.status, headers=self.headers)
        reply = self.replies.get(request.path)
        if reply is None:
            return web.Response(status=404)
        if isinstance(reply, bytes):
            return web.Response(body=reply, content_type="application/json")
        return web.json_response(reply)
