"""Whatsminer API v2: reads in the clear on port 4028, writes encrypted with the password.

The library answers a refused request by sending a command that opens the device for writes,
and sends the request again; here each goes out once and opens nothing.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from ...records.reasons import Reason
from ..base import MinerError
from ..cgminer.api import CgminerApi, Reply
from ..make import SIDE_READ_S, deadline
from ..values import count
from .crypt import decrypt, encrypt, md5_crypt

PORT: Final = 4028
_WRITE_S: Final = 30.0
_NO_PERMISSION: Final = 45


class EncryptedApi:
    """Sends writes to one device."""

    def __init__(self, address: str, password: str) -> None:
        """Initialize for an IP address; nothing is sent."""
        self.rpc = CgminerApi(address, PORT)
        self._password = password

    async def send(
        self, command: str, parameters: Mapping[str, str] | None = None, *, write: bool = True
    ) -> Any:
        """Send an encrypted command once and return its message.

        Raises MinerError: AUTH_FAILED when the device cannot decipher it, ACCESS_DENIED when
        writing is switched off, REFUSED, and what the connection brings.
        """
        key, token = await self._keys()
        request = {"cmd": command, "token": token, **(parameters or {})}
        data = encrypt(key, json.dumps(request).encode())
        reply = await self.rpc.exchange(
            {"enc": 1, "data": data},
            until=deadline(_WRITE_S if write else SIDE_READ_S),
            write=write,
        )
        return _message(_deciphered(reply, key, write=write))

    async def _keys(self) -> tuple[str, str]:
        """Return the key of the encryption and the token that every command carries."""
        message = _message(await self.rpc.ask("get_token", until=deadline(SIDE_READ_S)))
        parts = message if isinstance(message, dict) else {}
        salt, new_salt, stamp = (parts.get(name) for name in ("salt", "newsalt", "time"))
        if not isinstance(salt, str) or not isinstance(new_salt, str):
            raise MinerError(Reason.BAD_REPLY, "no token")
        key = md5_crypt(self._password, salt)
        return key, md5_crypt(f"{key}{stamp}", new_salt)


def _deciphered(reply: Reply, key: str, *, write: bool) -> Reply:
    data = reply.get("enc")
    if not isinstance(data, str):
        return reply
    try:
        content = json.loads(decrypt(key, data))
    except (ValueError, RecursionError) as err:
        raise MinerError(Reason.BAD_REPLY, "undecipherable", maybe_done=write) from err
    return content if isinstance(content, dict) else {}


def _message(reply: Reply) -> Any:
    """Return the content of a reply, or raise what its error means."""
    if reply.get("STATUS") == "S":
        return reply.get("Msg")
    text = str(reply.get("Msg")).lower()
    if count(reply.get("Code")) == _NO_PERMISSION or "permission" in text or "access" in text:
        raise MinerError(Reason.ACCESS_DENIED, "the miner allows no writing")
    if any(sign in text for sign in ("json", "token", "decode")):
        raise MinerError(Reason.AUTH_FAILED, "the password is wrong")
    raise MinerError(Reason.REFUSED, "the miner said no")
