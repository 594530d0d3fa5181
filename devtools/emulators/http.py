"""The web side of emulated miners: aiohttp with wire faults, and digest authentication."""

import asyncio
import hashlib
import json
import secrets
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

from .base import DRIP_S, GARBAGE, Fault
from .device import Device, Server

type Handler = Callable[[web.Request], Awaitable[web.Response]]


_KEPT = ("WWW-Authenticate",)


class HttpServer:
    """HTTP on one address and port; a handler answers, the faults spoil it on the way."""

    def __init__(self, emulator: Device, handler: Handler, port: int = 80) -> None:
        self.port = port
        self._emulator = emulator
        self._handler = handler
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.05, handler_cancellation=True
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, self._emulator.host, self.port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        faults = self._emulator.faults
        if Fault.HANG in faults:
            self._emulator.log.add(f"{request.method} {request.path}")
            await asyncio.Event().wait()
        if Fault.GARBAGE in faults:
            return self._garbage(request)
        writes = len(self._emulator.log.writes)
        response = await self._handler(request)
        if self._emulator.is_mute(writes):
            await asyncio.Event().wait()
        if self._emulator.drops(writes):
            if request.transport is not None:
                request.transport.close()
            return web.Response()
        if Fault.TRUNCATED in faults:
            return await _truncated(request, response)
        if Fault.SLOW_DRIP in faults:
            return await _dripping(request, response)
        if Fault.BROKEN_JSON in faults and response.content_type == "application/json":
            return web.Response(body=_body(response)[:-2], content_type="application/json")
        return response

    def _garbage(self, request: BaseRequest) -> web.StreamResponse:
        self._emulator.log.add(f"{request.method} {request.path}")
        if request.transport is not None:
            request.transport.write(GARBAGE)
            request.transport.close()
        return web.Response()


def _body(response: web.Response) -> bytes:
    assert isinstance(response.body, bytes)
    return response.body


async def _started(request: web.Request, response: web.Response) -> web.StreamResponse:
    headers = {name: response.headers[name] for name in _KEPT if name in response.headers}
    stream = web.StreamResponse(status=response.status, headers=headers)
    stream.content_type = response.content_type
    stream.content_length = len(_body(response))
    await stream.prepare(request)
    return stream


async def _truncated(request: web.Request, response: web.Response) -> web.StreamResponse:
    stream = await _started(request, response)
    await stream.write(_body(response)[: len(_body(response)) // 2])
    if request.transport is not None:
        request.transport.close()
    return stream


async def _dripping(request: web.Request, response: web.Response) -> web.StreamResponse:
    stream = await _started(request, response)
    for byte in _body(response):
        await stream.write(bytes([byte]))
        await asyncio.sleep(DRIP_S)
    return stream


def json_response(data: Any, status: int = 200) -> web.Response:
    """Return JSON as bytes, so that faults can cut it."""
    return web.Response(
        body=json.dumps(data).encode(), status=status, content_type="application/json"
    )


def page(text: str, status: int = 200) -> web.Response:
    """Return a web page as bytes."""
    return web.Response(body=text.encode(), status=status, content_type="text/html")


class RestDevice(Device):
    """A device with a REST API at port 80: reads by path, changes, and a token for both."""

    api = "/api/v1/"
    title = ""
    """Of the page at the root."""
    refusal: Mapping[str, str] = {}
    """The body of a 401."""
    scheme = ""
    """What stands before the token."""
    open_paths: Collection[str] = ()
    """What is told without a token."""

    _token: str | None = None

    def servers(self) -> list[Server]:
        return [HttpServer(self, self._web)]

    @abstractmethod
    def outside(self, request: web.Request, path: str) -> Awaitable[web.Response] | None:
        """Return the answer to what needs no token, such as a log-in."""

    @abstractmethod
    def read(self, path: str) -> Any:
        """Return what a path holds, or None."""

    @abstractmethod
    async def change(self, request: web.Request, path: str) -> web.Response:
        """Carry out what is not a read."""

    def token(self) -> str:
        """Return the session's token, made at the first log-in."""
        self._token = self._token or secrets.token_hex(8)
        return self._token

    async def _web(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix(self.api)
        if request.path == "/":
            return page(f"<title>{self.title}</title>")
        if (answer := self.outside(request, path)) is not None:
            return await answer
        is_read = request.method == "GET"
        if not self._allows(request) and not (is_read and path in self.open_paths):
            self.log.add(f"{request.method} {request.path} (401)")
            return json_response(dict(self.refusal), status=401)
        return told(self, request, self.read(path)) if is_read else await self.change(request, path)

    def _allows(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization")
        known = self._token is not None and given == f"{self.scheme}{self._token}"
        return known and Fault.UNAUTHORIZED not in self.faults


def told(device: Device, request: web.Request, content: Any) -> web.Response:
    """Note a read and answer it; None is what there is not."""
    device.log.add(f"GET {request.path}")
    return json_response(content, status=404 if content is None else 200)


class Digest:
    """RFC 7616 digest authentication with MD5 and qop=auth, as stock Antminers do it."""

    def __init__(self, realm: str, username: str, password: str) -> None:
        self.username = username
        self.password = password
        self._realm = realm
        self._nonce = secrets.token_hex(16)

    def allows(self, request: web.Request) -> bool:
        """Return whether the request carries the right answer to the challenge."""
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "digest":
            return False
        given = _fields(rest)
        ha1 = _md5(f"{self.username}:{self._realm}:{self.password}")
        ha2 = _md5(f"{request.method}:{given.get('uri')}")
        parts = (ha1, given.get("nonce"), given.get("nc"), given.get("cnonce"), "auth", ha2)
        expected = _md5(":".join(str(part) for part in parts))
        return given.get("nonce") == self._nonce and given.get("response") == expected

    def challenge(self) -> web.Response:
        """Return the 401 that asks for credentials."""
        value = f'Digest realm="{self._realm}", nonce="{self._nonce}", qop="auth", algorithm=MD5'
        response = page("<h1>401 - Unauthorized</h1>", status=401)
        response.headers["WWW-Authenticate"] = value
        return response


def _fields(header: str) -> dict[str, str]:
    """Split ``name="value", name=value``; values here hold no commas."""
    pairs = (part.strip().partition("=") for part in header.split(","))
    return {name: value.strip('"') for name, _, value in pairs}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
