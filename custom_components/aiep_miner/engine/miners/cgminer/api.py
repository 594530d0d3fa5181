"""The CGMiner API's wire protocol: one JSON command and one reply for each TCP connection."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from ...records.reasons import Reason
from ..base import MinerError, Reads
from ..values import count, text

REPLY_LIMIT = 256 * 1024
"""Bytes; a full ``stats`` of a large machine has some 20 KiB."""
_COMMAND_S = 5.0
_READ_SIZE = 16 * 1024
_ACCESS_DENIED = 45
_INVALID_COMMAND = 14
_REFUSALS = {
    _ACCESS_DENIED: Reason.ACCESS_DENIED,
    _INVALID_COMMAND: Reason.UNSUPPORTED_FIRMWARE,
}

_REPAIRS = (
    (re.compile(r"([}\]])\s*([{\[])"), r"\1,\2"),
    (re.compile(r"([}\]])\s*(\")"), r"\1,\2"),
    (re.compile(r",\s*([}\]])"), r"\1"),
    (re.compile(r":\s*[+-]?(?:nan|inf(?:inity)?)\b", re.IGNORECASE), ":null"),
)
"""What vendors get wrong: missing and surplus commas, C's spelling of numbers that are none."""

type Reply = Mapping[str, Any]


class NoReplyError(MinerError):
    """The miner took the connection and closed it; so cgminer treats who may not even read."""


class CgminerApi:
    """Asks one miner, one command at a time, as cgminer serves one client at a time."""

    def __init__(self, host: str, port: int) -> None:
        """Initialize for a host name or address."""
        self._host = host
        self._port = port
        self._turn = asyncio.Lock()

    async def ask(
        self, command: str, parameter: str | None = None, *, until: float, write: bool = False
    ) -> Reply:
        """Send a command once and return its reply, a refusal included.

        Ends by ``until`` (the loop's time), and within 5 s of its turn. Raises MinerError:
        UNREACHABLE, TIMEOUT or BAD_REPLY, for a write with ``maybe_done`` once it was sent.
        """
        request = {"command": command}
        if parameter is not None:
            request["parameter"] = parameter
        return await self.exchange(request, until=until, write=write)

    async def exchange(
        self, request: Mapping[str, Any], *, until: float, write: bool = False
    ) -> Reply:
        """Send a request of any form once and return its reply; see ``ask``."""
        command = request.get("command", "a request")
        sent = False
        try:
            async with (
                asyncio.timeout_at(until),
                self._turn,
                asyncio.timeout(_COMMAND_S),
                self._connection() as (reader, writer),
            ):
                sent = write
                writer.write(json.dumps(request).encode())
                return parse_reply(await _read(reader))
        except MinerError as err:
            err.maybe_done = sent
            raise
        except TimeoutError:
            raise MinerError(Reason.TIMEOUT, f"no reply to {command}", maybe_done=sent) from None
        except (OSError, ValueError, OverflowError) as err:
            # ValueError and OverflowError: there can be no such host name, no such port.
            raise MinerError(Reason.UNREACHABLE, str(err), maybe_done=sent) from err

    def reads(self, *commands: str) -> Reads:
        """Return by command what asks for its reply."""
        return {command: partial(self._ask_soon, command) for command in commands}

    async def _ask_soon(self, command: str) -> Reply:
        return await self.ask(command, until=asyncio.get_running_loop().time() + _COMMAND_S)

    async def settle(self) -> None:
        """Wait until the commands under way and in the queue have ended."""
        async with self._turn:
            return

    @asynccontextmanager
    async def _connection(
        self,
    ) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            yield reader, writer
        finally:
            # Not close(): that would wait for a peer that reads nothing.
            writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Return everything up to the first NUL or the connection's end."""
    reply = bytearray()
    with suppress(ConnectionError):
        while b"\0" not in reply and (piece := await reader.read(_READ_SIZE)):
            reply += piece
            if len(reply) > REPLY_LIMIT:
                raise MinerError(Reason.BAD_REPLY, f"more than {REPLY_LIMIT} bytes")
    if not reply:
        raise NoReplyError(Reason.BAD_REPLY, "closed without a reply")
    return bytes(reply)


def parse_reply(raw: bytes) -> Reply:
    """Return a reply's JSON object, repaired where vendors break it; BAD_REPLY for no JSON.

    Whatever follows the first NUL or the object itself is ignored.
    """
    body = raw.partition(b"\0")[0].decode(errors="replace").lstrip()
    if not body.startswith("{"):
        raise MinerError(Reason.BAD_REPLY, "not JSON")
    try:
        return _decode(body)
    except ValueError:
        for wrong, right in _REPAIRS:
            body = wrong.sub(right, body)
    try:
        return _decode(body)
    except ValueError as err:
        raise MinerError(Reason.BAD_REPLY, "broken JSON") from err


def _decode(body: str) -> Reply:
    # Not strict: cgminer does not escape control characters in strings.
    try:
        reply: Reply = json.JSONDecoder(strict=False).raw_decode(body)[0]
    except RecursionError as err:
        raise ValueError("nested too deeply") from err
    return reply


def refusal(reply: Reply) -> MinerError | None:
    """Return the error that a reply is, or None for a success or an information.

    ACCESS_DENIED, UNSUPPORTED_FIRMWARE for an unknown command, REFUSED for any other error,
    BAD_REPLY for a reply without a status.
    """
    status = reply.get("STATUS")
    if status in ("RESTART", "BYE"):
        return None
    if isinstance(status, list):
        status = status[0] if status else None
    elif isinstance(status, str):
        # Some vendors put the status' fields beside each other instead of in a list.
        status = reply
    if not isinstance(status, dict):
        return MinerError(Reason.BAD_REPLY, "no status")
    if status.get("STATUS") in ("S", "I"):
        return None
    reason = _REFUSALS.get(count(status.get("Code")) or 0, Reason.REFUSED)
    return MinerError(reason, text(status.get("Msg")) or "")


def section(reply: Reply, name: str) -> list[Reply]:
    """Return the objects of a reply's section, at most 64; none when it is missing."""
    items = reply.get(name)
    if not isinstance(items, list):
        return []
    return [item for item in items[:64] if isinstance(item, dict)]
