"""Finding miners on loopback networks, and telling apart why there is none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from custom_components.aiep_miner.engine.miners import discovery, probing
from custom_components.aiep_miner.engine.miners.asic_rs import Credentials
from custom_components.aiep_miner.engine.miners.base import Identity, MinerError, MinerInfo
from custom_components.aiep_miner.engine.miners.discovery import (
    AdapterKind,
    Found,
    ScanResult,
)
from custom_components.aiep_miner.engine.records.reasons import Reason
from devtools.emulators.antminer import Antminer
from devtools.emulators.base import Fault
from devtools.emulators.bitaxe import BitAxe
from devtools.emulators.cgminer import EmulatedCgminer
from devtools.emulators.http import page

from .shelf import MAKES, loopback, new_host  # noqa: F401

pytestmark = [pytest.mark.needs_port_80, pytest.mark.usefixtures("loopback")]


async def identify(host: str, **options: Any) -> Found:
    async with aiohttp.ClientSession() as session:
        return await discovery.identify(host, session=session, **options)


async def scan(networks: list[str], **options: Any) -> ScanResult:
    async with aiohttp.ClientSession() as session:
        return await discovery.scan(networks, session=session, **options)


async def why_not(host: str, **options: Any) -> MinerError:
    async with aiohttp.ClientSession() as session:
        return await probing.why_not(session, host, **options)


@asynccontextmanager
async def website(body: str, status: int = 200, **headers: str) -> AsyncIterator[str]:
    """Serve one page for every path and return its address."""

    async def answer(_request: web.Request) -> web.Response:
        response = page(body, status)
        response.headers.update({name.replace("_", "-"): text for name, text in headers.items()})
        return response

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    host = new_host()
    await web.TCPSite(runner, host, 80).start()
    try:
        yield host
    finally:
        await runner.cleanup()


async def reason_at(host: str, credentials: Credentials | None = None) -> Reason:
    with pytest.raises(MinerError) as caught:
        await identify(host, credentials=credentials)
    return caught.value.reason


@pytest.mark.parametrize("make", MAKES)
async def test_every_make_is_identified(make: str) -> None:
    async with MAKES[make](new_host()) as device:
        found = await identify(device.host)
    assert (found.adapter, found.address) == (AdapterKind.ASIC_RS, device.host)
    assert found.unique_id == device.mac.lower()
    assert device.log.writes == []


async def test_a_generic_cgminer_gets_the_other_adapter() -> None:
    async with EmulatedCgminer(host=new_host(), port=4028) as device:
        found = await identify(device.host)
        assert found.adapter is AdapterKind.CGMINER
        assert found.info.identity.model or found.info.identity.firmware
        assert device.log.writes == []


async def test_four_different_errors() -> None:
    assert await reason_at(new_host()) is Reason.UNREACHABLE
    async with website("<title>A printer</title>") as host:
        assert await reason_at(host) is Reason.NOT_A_MINER
    async with website("<title>A router</title>", 401, WWW_Authenticate='Basic realm="x"') as host:
        assert await reason_at(host) is Reason.NOT_A_MINER
    async with Antminer(new_host(), password="secret") as device:
        assert await reason_at(device.host) is Reason.AUTH_FAILED
        assert await reason_at(device.host, Credentials(password="wrong")) is Reason.AUTH_FAILED
        assert (await identify(device.host, credentials=Credentials(password="secret"))).unique_id


async def test_a_miner_that_the_library_cannot_read() -> None:
    """Neither does the other adapter reach it: its port is closed."""
    async with website("<title>AxeOS</title>") as host:
        error = await why_not(host, login=("root", "root"), known=False)
        assert error.reason is Reason.UNSUPPORTED_FIRMWARE
        assert await reason_at(host) is Reason.UNSUPPORTED_FIRMWARE


@pytest.mark.parametrize(
    ("fault", "reason"), [(Fault.HANG, Reason.TIMEOUT), (Fault.GARBAGE, Reason.BAD_REPLY)]
)
async def test_a_sick_host(fault: Fault, reason: Reason, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "ANSWER_S", 0.2)
    async with BitAxe(new_host()) as device:
        await device.set_fault(fault)
        error = await why_not(device.host, login=("root", "root"), known=False)
    assert error.reason is reason


@pytest.mark.parametrize(
    ("password", "known", "reason"),
    [
        ("root", True, Reason.BAD_REPLY),
        ("root", False, Reason.UNSUPPORTED_FIRMWARE),
        ("other", True, Reason.AUTH_FAILED),
        ("other", False, Reason.AUTH_FAILED),
    ],
)
async def test_a_login_page_alone_is_no_wrong_password(
    password: str, known: bool, reason: Reason
) -> None:
    async with Antminer(new_host()) as device:
        error = await why_not(device.host, login=("root", password), known=known)
    assert error.reason is reason
    assert password not in error.detail


async def test_a_page_that_is_cut_short_is_garbage() -> None:
    async with BitAxe(new_host()) as device:
        await device.set_fault(Fault.TRUNCATED)
        async with aiohttp.ClientSession() as session:
            assert await probing.ask_web(session, device.host) is probing.Answer.GARBAGE


def found(address: str, **identity: str) -> Found:
    info = MinerInfo(identity=Identity(**identity))
    return Found(address=address, adapter=AdapterKind.ASIC_RS, info=info)


def test_the_unique_id() -> None:
    mac, serial = "02:00:00:00:00:01", "SN1"
    assert found("10.0.0.1", mac=mac, serial_number=serial).unique_id == mac
    assert found("10.0.0.1", serial_number=serial).unique_id == serial
    assert found("10.0.0.1").unique_id == "10.0.0.1"


async def test_a_scan_finds_everything_once() -> None:
    base = f"{'.'.join(new_host().split('.')[:2])}.250"
    progress: list[tuple[int, int]] = []
    async with AsyncExitStack() as stack:
        for make, number in (("bitaxe", 2), ("luxos", 5), ("whatsminer_v2", 9)):
            await stack.enter_async_context(MAKES[make](f"{base}.{number}"))
        twin = MAKES["bitaxe"](f"{base}.11", mac=MAKES["bitaxe"](f"{base}.2").mac)
        await stack.enter_async_context(twin)
        await stack.enter_async_context(Antminer(f"{base}.13", password="secret"))
        await stack.enter_async_context(EmulatedCgminer(host=f"{base}.14", port=4028))
        result = await scan(
            [f"{base}.0/28", f"{base}.8/29"],
            on_progress=lambda done, total: progress.append((done, total)),
        )
    assert [item.address for item in result.found] == [f"{base}.{n}" for n in (2, 5, 9, 14)]
    assert result.failed == ((f"{base}.13", Reason.AUTH_FAILED),)
    assert progress == [(done, 14) for done in range(1, 15)]


async def test_a_scan_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = most = 0

    async def look(_address: str, *_: object) -> Reason:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.001)
        at_once -= 1
        return Reason.UNREACHABLE

    monkeypatch.setattr(discovery, "_look", look)
    result = await scan(["127.99.0.0/23"], concurrency=7)
    assert most == 7
    assert (result.found, result.failed) == ((), ())


@pytest.mark.parametrize("networks", [["127.0.0.0/8"], ["127.0.0.0/20", "127.1.0.0/30"], ["moon"]])
async def test_a_scan_of_too_much_is_refused(networks: list[str]) -> None:
    with pytest.raises(ValueError, match=r"addresses|network"):
        await scan(networks)
