"""JSON over HTTP to one device: each request goes out once, on a connection of its own."""

import json
from typing import Any, Final

import aiohttp

from ..records.reasons import Reason
from .base import MinerError
from .probing import CONNECT_S, url_of

ANSWER_S: Final = 5.0
BODY_LIMIT: Final = 256 * 1024
_NO_SUCH_THING: Final = (404, 405, 501)


class Http:
    """Requests to one address and port through a session that belongs to somebody else.

    Raises MinerError: UNREACHABLE, TIMEOUT, AUTH_FAILED (401, 403), UNSUPPORTED_FIRMWARE (404,
    405, 501), REFUSED (every other status that is no success), BAD_REPLY. A write that may
    have reached the device has ``maybe_done`` set.
    """

    def __init__(self, session: aiohttp.ClientSession, address: str, port: int = 80) -> None:
        """Initialize for an IP address; nothing is sent."""
        self._session = session
        self._root = url_of(address) if port == 80 else f"{url_of(address)}:{port}"

    async def read(self, path: str, **options: Any) -> Any:
        """Return the JSON value that a GET brings."""
        return _decode(await self._exchange("GET", path, write=False, **options))

    async def ask(self, path: str, body: Any, **options: Any) -> Any:
        """Return the JSON value that a POST brings which changes nothing: a log-in, a query."""
        return _decode(await self._exchange("POST", path, write=False, json=body, **options))

    async def write(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Send a change once; return the answer's JSON value, or None for a body that is none."""
        if body is not None:
            options["json"] = body
        answer = await self._exchange(method, path, write=True, **options)
        try:
            return _decode(answer)
        except MinerError:
            return None

    async def _exchange(self, method: str, path: str, *, write: bool, **options: Any) -> bytes:
        if write:
            options["middlewares"] = (_once(),)
        headers = {"Connection": "close", **options.pop("headers", {})}
        timeout = aiohttp.ClientTimeout(total=None if write else ANSWER_S, sock_connect=CONNECT_S)
        try:
            async with self._session.request(
                method,
                f"{self._root}{path}",
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
                **options,
            ) as response:
                body = await _limited(response.content)
                status = response.status
        except aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError:
            raise MinerError(Reason.UNREACHABLE, "the web interface is closed") from None
        except TimeoutError:
            raise MinerError(Reason.TIMEOUT, f"no answer to {path}", maybe_done=write) from None
        except aiohttp.ClientError, ConnectionError, ValueError:
            detail = f"no proper answer to {path}"
            raise MinerError(Reason.BAD_REPLY, detail, maybe_done=write) from None
        if not 200 <= status < 300:
            raise MinerError(_reason(status), f"{path} answered {status}")
        return body


def _once() -> aiohttp.ClientMiddlewareType:
    """Return what keeps aiohttp from repeating a PUT when the device ends the connection."""
    sent = False

    async def send(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        nonlocal sent
        if sent:
            raise aiohttp.ClientConnectionError("it went out already")
        sent = True
        return await handler(request)

    return send


async def _limited(content: aiohttp.StreamReader) -> bytes:
    body = b""
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise ValueError("the body is too long")
    return body


def _reason(status: int) -> Reason:
    if status in (401, 403):
        return Reason.AUTH_FAILED
    return Reason.UNSUPPORTED_FIRMWARE if status in _NO_SUCH_THING else Reason.REFUSED


def _decode(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as err:
        raise MinerError(Reason.BAD_REPLY, "no JSON") from err
