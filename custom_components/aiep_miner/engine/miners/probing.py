"""Why an address does not answer as a miner."""

import asyncio
import ipaddress
import json
import socket
from collections.abc import Mapping
from enum import Enum, auto

import aiohttp

from ..records.reasons import Reason
from .base import MinerError

WEB_PORT = 80
RPC_PORT = 4028
MINER_PORTS = (WEB_PORT, RPC_PORT, 4029, 8889)
"""One of them is open on every make that the library knows."""
CONNECT_S = 2.0
ANSWER_S = 2.0
_MAX_BYTES = 65536

_SYSTEM_INFO = "/cgi-bin/get_system_info.cgi"
"""What the makes that need a login have in common."""
_LOGIN_REALMS = ("antminer", "blackminer", "daoge")
"""In the challenge of makes that answer nothing without a password."""
_SIGNS = ("AxeOS", "Nerd", "Luxor Firmware", "Avalon", "/cgi-bin/luci", "Braiins", "AnthillOS")
"""On the first page of miners' web interfaces."""


class Answer(Enum):
    """What came of asking one port."""

    CLOSED = auto()
    SILENT = auto()
    GARBAGE = auto()
    LOGIN = auto()
    """It wants a password before it says anything, and is known to be a miner."""
    REFUSED = auto()
    """It wants a password, and may be anything."""
    MINER = auto()
    OTHER = auto()
    """It is alive and shows no sign of a miner."""


async def resolve(host: str) -> str:
    """Return the IP address of a host name or address, IPv4 first; raise UNREACHABLE."""
    try:
        return str(ipaddress.ip_address(host.strip()))
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host.strip(), None, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as err:
        raise MinerError(Reason.UNREACHABLE, "the host name has no address") from err
    addresses = [(family != socket.AF_INET, address[0]) for family, *_, address in found]
    return str(min(addresses)[1])


async def open_ports(
    address: str, ports: tuple[int, ...] = MINER_PORTS, deadline_s: float = CONNECT_S
) -> frozenset[int]:
    """Return which ports accept a connection within the deadline."""
    results = await asyncio.gather(*(_accepts(address, port, deadline_s) for port in ports))
    return frozenset(port for port, accepts in zip(ports, results, strict=True) if accepts)


async def _accepts(address: str, port: int, deadline_s: float) -> bool:
    try:
        async with asyncio.timeout(deadline_s):
            _reader, writer = await asyncio.open_connection(address, port)
    except OSError:
        return False
    writer.transport.abort()
    return True


async def why_not(
    session: aiohttp.ClientSession, address: str, *, login: tuple[str, str], known: bool
) -> MinerError:
    """Return the error for an address that the library does not identify.

    ``login`` goes, as a digest, only to a device that asks for it as a miner does. ``known``
    says that a miner has answered there before: then a bad answer is a fault of its own,
    not a sign that it is none.
    """
    web, rpc = await asyncio.gather(ask_web(session, address), ask_rpc(address))
    if web is Answer.LOGIN:
        web = await _log_in(session, address, login)
    return MinerError(_reason(web, rpc, known=known), f"web {web.name}, RPC {rpc.name}".lower())


def _reason(web: Answer, rpc: Answer, *, known: bool) -> Reason:
    answers = {web, rpc}
    if Answer.LOGIN in answers or (known and Answer.REFUSED in answers):
        return Reason.AUTH_FAILED
    if Answer.MINER in answers:
        return Reason.BAD_REPLY if known else Reason.UNSUPPORTED_FIRMWARE
    if Answer.GARBAGE in answers:
        return Reason.BAD_REPLY
    if Answer.SILENT in answers:
        return Reason.TIMEOUT
    if known and Answer.OTHER in answers:
        return Reason.BAD_REPLY
    return Reason.UNREACHABLE if answers == {Answer.CLOSED} else Reason.NOT_A_MINER


async def ask_web(session: aiohttp.ClientSession, address: str) -> Answer:
    """Ask for the first page."""
    return await _get(session, f"{url_of(address)}/")


async def _log_in(session: aiohttp.ClientSession, address: str, login: tuple[str, str]) -> Answer:
    """Return LOGIN when the password is wrong: a miner's faults look the same from outside."""
    url = f"{url_of(address)}{_SYSTEM_INFO}"
    answer = await _get(session, url, aiohttp.DigestAuthMiddleware(*login))
    return Answer.MINER if answer is Answer.OTHER else answer


async def _get(
    session: aiohttp.ClientSession, url: str, *middlewares: aiohttp.ClientMiddlewareType
) -> Answer:
    timeout = aiohttp.ClientTimeout(total=ANSWER_S, connect=CONNECT_S)
    try:
        async with session.get(
            url,
            headers={"Connection": "close"},
            timeout=timeout,
            middlewares=middlewares,
            allow_redirects=False,
        ) as response:
            body = await _read_page(response.content)
            return _judge_page(response.status, response.headers, body.decode(errors="replace"))
    except aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError:
        return Answer.CLOSED
    except TimeoutError:
        return Answer.SILENT
    except aiohttp.ClientError, ConnectionError:
        return Answer.GARBAGE


async def _read_page(content: aiohttp.StreamReader) -> bytes:
    """Read the body, up to a limit; one that is cut short raises."""
    body = b""
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > _MAX_BYTES:
            break
    return body


def url_of(address: str) -> str:
    """Return the root of the web interface at an IP address."""
    return f"http://[{address}]" if ":" in address else f"http://{address}"


def _judge_page(status: int, headers: Mapping[str, str], body: str) -> Answer:
    challenge = headers.get("WWW-Authenticate", "").lower()
    if status == 401 and any(realm in challenge for realm in _LOGIN_REALMS):
        return Answer.LOGIN
    if status in (401, 403):
        return Answer.REFUSED
    return Answer.MINER if any(sign in body for sign in _SIGNS) else Answer.OTHER


async def ask_rpc(address: str) -> Answer:
    """Ask for the version with the CGMiner API."""
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(address, RPC_PORT)
    except OSError:
        return Answer.CLOSED
    try:
        async with asyncio.timeout(ANSWER_S):
            writer.write(b'{"command":"version"}')
            await writer.drain()
            reply = await _read_reply(reader)
    except TimeoutError:
        return Answer.SILENT
    except ConnectionError:
        return Answer.GARBAGE
    finally:
        writer.transport.abort()
    return _judge_reply(reply)


async def _read_reply(reader: asyncio.StreamReader) -> bytes:
    """Read up to the NUL or the end."""
    reply = b""
    while len(reply) < _MAX_BYTES and b"\0" not in reply:
        if not (chunk := await reader.read(_MAX_BYTES)):
            break
        reply += chunk
    return reply.partition(b"\0")[0]


def _judge_reply(reply: bytes) -> Answer:
    try:
        content = json.loads(reply)
    except ValueError:
        return Answer.GARBAGE
    return Answer.MINER if isinstance(content, dict) and "STATUS" in content else Answer.OTHER
