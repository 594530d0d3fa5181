"""A TCP server that answers with exact bytes, for what no well-behaved emulator would send."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

type Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(answer: Answer) -> AsyncGenerator[int]:
    """Serve on a free port of 127.0.0.1 and give the port; ``answer`` gets what was sent."""

    serving_tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving_tasks.add(cast("asyncio.Task[None]", asyncio.current_task()))
        try:
            await answer(await reader.read(65536), writer)
            await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in serving_tasks:
            task.cancel()
        await asyncio.gather(*serving_tasks, return_exceptions=True)
        await server.wait_closed()
