"""Whatsminer API v3: JSON on port 4433, a little-endian length of four bytes before it."""

import asyncio
import base64
import hashlib
import json
import struct
import time
from typing import Any, Final

from ...records.reasons import Reason
from ..base import MinerError

PORT: Final = 4433
_EXCHANGE_S: Final = 5.0
_REPLY_LIMIT: Final = 256 * 1024
_TOKEN_CHARACTERS: Final = 8


class FramedApi:
    """Asks one device; every request has a connection of its own and goes out once."""

    def __init__(self, address: str, account: str, password: str) -> None:
        """Initialize for an IP address; nothing is sent."""
        self._address = address
        self._account = account
        self._password = password

    async def read(self, command: str, parameter: Any = None) -> Any:
        """Return what a ``get`` command answers; raise MinerError for an error."""
        request = {"cmd": command}
        if parameter is not None:
            request["param"] = parameter
        return message_of(await self._exchange(request))

    async def write(self, command: str, parameter: Any = None) -> None:
        """Send a ``set`` command once, with a token made of password, salt and time."""
        info = await self.read("get.device.info", "salt")
        salt = info.get("salt") if isinstance(info, dict) else None
        stamp = int(time.time())
        request: dict[str, Any] = {
            "cmd": command,
            "ts": stamp,
            "token": _token(f"{command}{self._password}{salt}{stamp}"),
            "account": self._account,
        }
        if parameter is not None:
            request["param"] = parameter
        message_of(await self._exchange(request, write=True))

    async def _exchange(self, request: dict[str, Any], *, write: bool = False) -> dict[str, Any]:
        sent = False
        try:
            async with asyncio.timeout(_EXCHANGE_S):
                reader, writer = await asyncio.open_connection(self._address, PORT)
                try:
                    body = json.dumps(request).encode()
                    sent = write
                    writer.write(struct.pack("<I", len(body)) + body)
                    return await _receive(reader)
                finally:
                    writer.transport.abort()
        except TimeoutError:
            raise MinerError(Reason.TIMEOUT, "no reply", maybe_done=sent) from None
        except (asyncio.IncompleteReadError, ValueError, RecursionError) as err:
            raise MinerError(Reason.BAD_REPLY, "no proper reply", maybe_done=sent) from err
        except OSError as err:
            reason = Reason.BAD_REPLY if sent else Reason.UNREACHABLE
            raise MinerError(reason, "the connection failed", maybe_done=sent) from err


async def _receive(reader: asyncio.StreamReader) -> dict[str, Any]:
    (length,) = struct.unpack("<I", await reader.readexactly(4))
    if length > _REPLY_LIMIT:
        raise ValueError("the reply is too long")
    reply = json.loads(await reader.readexactly(length))
    return reply if isinstance(reply, dict) else {}


def message_of(reply: dict[str, Any]) -> Any:
    """Return the content of a reply; AUTH_FAILED, ACCESS_DENIED or REFUSED for an error."""
    if reply.get("code") == 0:
        return reply.get("msg")
    text = str(reply.get("msg")).lower()
    if any(sign in text for sign in ("token", "password", "account")):
        raise MinerError(Reason.AUTH_FAILED, "the password is wrong")
    if "permission" in text or "denied" in text:
        raise MinerError(Reason.ACCESS_DENIED, "the miner allows no writing")
    raise MinerError(Reason.REFUSED, "the miner said no")


def _token(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b64encode(digest).decode()[:_TOKEN_CHARACTERS]
