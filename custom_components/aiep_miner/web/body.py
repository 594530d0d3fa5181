"""Reads the body of a request that anyone may send: whole, bounded in size and in time."""

import asyncio
from typing import Final

from aiohttp import web

DEADLINE_S: Final = 10.0


async def async_read_body(request: web.Request, max_bytes: int) -> bytes:
    """Return the whole body; raises HTTPRequestEntityTooLarge and TimeoutError."""
    body = b""
    async with asyncio.timeout(DEADLINE_S):
        async for packet in request.content.iter_any():
            body += packet
            if len(body) > max_bytes:
                raise web.HTTPRequestEntityTooLarge(max_bytes, len(body))
    return body
