"""Finds miners: who answers at a host, and who answers in whole networks."""

import asyncio
import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
from pyasic_rs import MinerListener

from ..records.reasons import Reason
from .asic_rs import AsicRsMiner, Credentials
from .asic_rs.adapter import SETTLE_S
from .base import MinerError, MinerInfo
from .cgminer import CgminerMiner
from .probing import RPC_PORT, open_ports, resolve

MAX_ADDRESSES = 4096
CONCURRENCY = 64
_KNOCK_S = 1.0
_NOBODY = frozenset({Reason.UNREACHABLE, Reason.NOT_A_MINER})


class AdapterKind(StrEnum):
    """Which adapter a device needs."""

    ASIC_RS = "asic_rs"
    CGMINER = "cgminer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A miner that answered."""

    address: str
    """The IP address that it answered at."""
    adapter: AdapterKind
    info: MinerInfo

    @property
    def unique_id(self) -> str:
        """The MAC address, else the serial number, else the IP address."""
        identity = self.info.identity
        return identity.mac or identity.serial_number or self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """What a scan brought, in the order of the addresses."""

    found: tuple[Found, ...] = ()
    """Each device once, also when it has several addresses."""
    failed: tuple[tuple[str, Reason], ...] = ()
    """Addresses where something answers that may be a miner, and why it could not be read."""


async def identify(
    host: str,
    *,
    session: aiohttp.ClientSession,
    credentials: Credentials | None = None,
    prove_login: bool = False,
) -> Found:
    """Find out which miner answers at a host name or address.

    ``prove_login`` also checks credentials that only a command needs.

    Raises MinerError: UNREACHABLE, TIMEOUT, AUTH_FAILED, NOT_A_MINER, UNSUPPORTED_FIRMWARE,
    BAD_REPLY. A device that only the CGMiner API reaches gets that adapter.
    """
    address = await resolve(host)
    kind = AdapterKind.ASIC_RS
    miner = AsicRsMiner(address, session=session, credentials=credentials)
    try:
        info = await _info(miner, prove_login=prove_login and credentials is not None)
    except MinerError as err:
        if err.reason is not Reason.UNSUPPORTED_FIRMWARE:
            raise
        if not await open_ports(address, (RPC_PORT,)):
            raise
        kind = AdapterKind.CGMINER
        info = await _info(CgminerMiner(address))
    return Found(address=address, adapter=kind, info=info)


async def _info(adapter: AsicRsMiner | CgminerMiner, *, prove_login: bool = False) -> MinerInfo:
    try:
        info = await adapter.connect()
        if prove_login and isinstance(adapter, AsicRsMiner):
            await adapter.prove_login()
        return info
    finally:
        await adapter.close()


async def announced(deadline_s: float) -> str:
    """Wait until the "find me" button of a miner is pressed; return the miner's IP address.

    Antminers and Whatsminers call out by UDP, on ports 14235 and 8888. Raises TimeoutError
    when none does, and OSError when another program listens there.
    """
    try:
        async with asyncio.timeout(deadline_s):
            async for address in MinerListener().listen_ip_only():
                return str(address)
    except RuntimeError as err:
        raise OSError(str(err)) from err
    finally:
        await asyncio.sleep(SETTLE_S)
    raise OSError("the listener ended")


async def scan(
    networks: Sequence[str],
    *,
    session: aiohttp.ClientSession,
    credentials: Credentials | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    concurrency: int = CONCURRENCY,
) -> ScanResult:
    """Look at every address of networks such as ``192.168.1.0/24``, some at once.

    ``on_progress`` gets how many addresses are done and how many there are. Raises
    ValueError for what is no network and for more than 4096 addresses.
    """
    addresses = _addresses(networks)
    turn = asyncio.Semaphore(concurrency)
    done = 0

    async def look(address: str) -> Found | Reason:
        nonlocal done
        async with turn:
            result = await _look(address, session, credentials)
        done += 1
        if on_progress is not None:
            on_progress(done, len(addresses))
        return result

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(look(address)) for address in addresses]
    return _result(addresses, [task.result() for task in tasks])


def _addresses(networks: Sequence[str]) -> list[str]:
    """Return the hosts of all networks, each once, in order."""
    parsed = [ipaddress.ip_network(network, strict=False) for network in networks]
    if sum(network.num_addresses for network in parsed) > MAX_ADDRESSES:
        raise ValueError(f"more than {MAX_ADDRESSES} addresses")
    return list(dict.fromkeys(str(host) for network in parsed for host in network.hosts()))


async def _look(
    address: str, session: aiohttp.ClientSession, credentials: Credentials | None
) -> Found | Reason:
    """Return what is at an address, or why nothing can be said."""
    if not await open_ports(address, deadline_s=_KNOCK_S):
        return Reason.UNREACHABLE
    try:
        return await identify(address, session=session, credentials=credentials)
    except MinerError as err:
        return err.reason


def _result(addresses: list[str], results: list[Found | Reason]) -> ScanResult:
    found: dict[str, Found] = {}
    failed = []
    for address, result in zip(addresses, results, strict=True):
        if isinstance(result, Found):
            found.setdefault(result.unique_id, result)
        elif result not in _NOBODY:
            failed.append((address, result))
    return ScanResult(found=tuple(found.values()), failed=tuple(failed))
