"""Miners of many makes through pyasic-rs: the adapter for everything but a bare cgminer."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import aiohttp
from pyasic_rs import Miner, MinerFactory
from pyasic_rs.data import DataField, MinerData

from ...records import Action, Reading
from ...records.reasons import Reason
from .. import values
from ..base import ON, Capabilities, Command, Identity, MinerError, MinerInfo
from ..controls import check
from ..make import Apply, Link, Make, as_it_is
from ..probing import open_ports, resolve, why_not
from ..recording import record
from ..whatsminer import is_v3
from .makes import (
    ANTMINER,
    AVALON,
    BITAXE,
    LOGINS,
    LUXOS,
    WHATSMINER,
    make_for,
    usual_login,
)
from .pace import Pace
from .reading import is_failed, mac_of, only, to_reading

CONNECT_S = 15.0
RECORD_S = 30.0
POLL_S = 8.0
"""Above the library's 5 s for one endpoint that hangs, so that the others still count."""
_COMMAND_S = 30.0
"""A stock Antminer answers up to 120 s late, and acts all the same: nobody waits for it."""
_IDENTIFY_S = 6
_CLOSE_S = 2.0
SETTLE_S = 0.05
"""What a cancelled call of the library needs before the interpreter may end."""

_CLAIMS_TO_MINE = (BITAXE, "Nerdaxe Stock", LUXOS, AVALON, "SealMiner Stock")
"""Their ``is_mining`` is constant."""
_LISTS_CHIPS = "Auradine Stock"
"""Its hottest sensors are among the chips, which come with the same reply."""
_SWALLOWS_ERRORS = (LUXOS,)
"""Here a False can also mean that the answer got lost."""

_IDENTITY_FIELDS = (
    DataField.Mac,
    DataField.SerialNumber,
    DataField.Hostname,
    DataField.ControlBoardVersion,
    DataField.FirmwareVersion,
    DataField.Hashrate,
    DataField.Uptime,
    DataField.Wattage,
    DataField.TuningCapabilities,
)
_CHECK_FIELDS = (DataField.Mac, DataField.FirmwareVersion, DataField.Uptime)
_POLL_FIELDS = (
    DataField.Mac,
    DataField.FirmwareVersion,
    DataField.Hashrate,
    DataField.ExpectedHashrate,
    DataField.Hashboards,
    DataField.Fans,
    DataField.AverageTemperature,
    DataField.FluidTemperature,
    DataField.Wattage,
    DataField.Uptime,
    DataField.LightFlashing,
    DataField.Messages,
    DataField.Pools,
    DataField.OperatingState,
    DataField.BestShare,
)

_SLOW_FIELDS = frozenset(
    {
        DataField.FirmwareVersion,
        DataField.LightFlashing,
        DataField.Messages,
        DataField.TuningTarget,
    }
)
"""Read in full polls only; for most makes each of them is a request of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a miner's interface wants; without a user the firmware's usual one is taken."""

    username: str | None = None
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Device:
    """An identified miner, and what of it is read in each poll."""

    miner: Miner
    info: MinerInfo
    make: Make
    firmware: str
    """The library's name of it."""
    version: str | None
    excluded: list[DataField]
    excluded_between: list[DataField]
    """… and in the polls between those that read everything."""
    pace: Pace = field(default_factory=Pace)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a device answered to the library, and beside it."""

    device: _Device
    data: MinerData
    observed: Apply = as_it_is
    settings: Apply | None = None
    """None in a poll that did not read everything."""


class AsicRsMiner:
    """One miner at a host name or IP address.

    ``mac`` is the known address of the device: another one there is refused. Without it
    the first device that answers is the right one. Polls are not serialised, commands are.
    """

    def __init__(
        self,
        host: str,
        *,
        session: aiohttp.ClientSession,
        credentials: Credentials | None = None,
        mac: str | None = None,
        poll_s: float = POLL_S,
    ) -> None:
        """Initialize the adapter; nothing is sent. ``poll_s`` is the deadline of a poll.

        ``session`` carries what does not go through the library; it is not closed here.
        """
        self._host = host
        self._session = session
        self._credentials = credentials
        self._factory = _factory(credentials)
        self._login = _login(credentials)
        self._mac = mac.lower() if mac else None
        self._poll_s = poll_s
        self._device: _Device | None = None
        self._known = mac is not None
        self._lost = False
        self._closing = False
        self._identifying = asyncio.Lock()
        self._commanding = asyncio.Lock()
        self._in_flight: set[asyncio.Future[Any]] = set()

    async def connect(self) -> MinerInfo:
        """Identify the miner, always anew."""
        async with _deadline(CONNECT_S):
            return (await self._identify()).info

    async def prove_login(self) -> None:
        """Raise AUTH_FAILED for a wrong password, also where reading needs none."""
        async with _deadline(CONNECT_S):
            device = self._device or await self._identify()
            await self._call(device.make.prove_login)

    async def poll(self) -> Reading:
        """Read the miner; identifies it first when it is new, changed or back again."""
        try:
            async with _deadline(self._poll_s):
                return _reading(await self._read())
        except MinerError:
            self._lost = True
            raise

    async def execute(self, command: Command) -> None:
        """Send a command once, after making sure that this is the right miner and alive.

        ``maybe_done`` is set when it may have reached the miner although an error came back.
        """
        async with self._commanding:
            async with _deadline(self._poll_s):
                device = await self._checked()
            await self._send(device, command)

    async def record(self) -> dict[str, Any]:
        """Return the replies that the make's own reads bring, without secrets."""
        try:
            async with _deadline(RECORD_S):
                device = self._device or await self._identify()
                identity = device.info.identity
                known = (self._host, identity.mac, identity.hostname, identity.serial_number)
                reads = device.make.reads()
                return await self._call(partial(record, reads, tuple(filter(None, known))))
        except MinerError as err:
            return {"no_reply": err.reason.value}

    async def close(self) -> None:
        """Give calls in flight a little time, then cancel them; no more are made."""
        self._closing = True
        if self._in_flight:
            _done, pending = await asyncio.wait(self._in_flight, timeout=_CLOSE_S)
            for call in pending:
                call.cancel()
            await asyncio.sleep(SETTLE_S)

    # Reading.

    async def _read(self, fields: tuple[DataField, ...] = ()) -> _Answer:
        """Read a device that is surely the right one."""
        if self._device is not None and not self._lost:
            answer = await self._data(self._device, fields)
            if not is_failed(answer.data) and not self._is_changed(self._device, answer.data):
                return answer
        answer = await self._data(await self._identify(), fields)
        if is_failed(answer.data):
            raise MinerError(Reason.BAD_REPLY, "no usable data")
        self._verify(mac_of(answer.data))
        return answer

    async def _data(self, device: _Device, fields: tuple[DataField, ...]) -> _Answer:
        """Read what the library can, and beside it what the make needs: all at once."""
        miner, make = device.miner, device.make
        if fields:
            data = await self._ask(partial(miner.get_data, exclude=only(*fields)))
            return _Answer(device, data)
        if not device.pace.is_full:
            lean = partial(miner.get_data, exclude=device.excluded_between)
            return _Answer(device, *await self._ask_all(lean, make.observe))
        full = partial(miner.get_data, exclude=device.excluded)
        return _Answer(device, *await self._ask_all(full, make.observe, make.settings))

    def _is_changed(self, device: _Device, data: MinerData) -> bool:
        """Return whether another device, or the same with another firmware, answered."""
        return mac_of(data) != self._mac or (
            data.firmware_version is not None and data.firmware_version != device.version
        )

    def _verify(self, mac: str | None) -> None:
        """Raise WRONG_DEVICE for another MAC address; none at all is not held against it."""
        if mac is not None and self._mac is not None and mac != self._mac:
            self._device = None
            raise MinerError(Reason.WRONG_DEVICE, f"{mac} answers instead of {self._mac}")

    async def _identify(self) -> _Device:
        """Find out who answers at the host."""
        async with self._identifying:
            address = await resolve(self._host)
            if not await open_ports(address):
                raise MinerError(Reason.UNREACHABLE, "no port of a miner is open")
            miner = await self._miner_at(address)
            if miner is None:
                raise await why_not(self._session, address, login=self._login, known=self._known)
            device = await self._describe(miner)
            self._verify(device.info.identity.mac)
            self._mac = self._mac or device.info.identity.mac
            self._device, self._known, self._lost = device, True, False
            return device

    async def _miner_at(self, address: str) -> Miner | None:
        try:
            return await self._call(partial(self._factory.get_miner, address))
        except RuntimeError:
            return None

    async def _describe(self, miner: Miner) -> _Device:
        """Read once what does not change."""
        data = await self._ask(partial(miner.get_data, exclude=only(*_IDENTITY_FIELDS)))
        known = _capabilities(miner, data)
        make = self._make(miner, data.firmware_version, writable=bool(known.actions))
        await self._call(make.log_in)
        if is_failed(data):
            raise MinerError(Reason.BAD_REPLY, "identified, but no usable data")
        known = replace(known, restart_sign=make.restart_sign)
        capabilities = await self._call(partial(make.describe, known))
        fields = _polled(miner.firmware, data.firmware_version, capabilities)
        return _Device(
            miner=miner,
            info=MinerInfo(identity=_identity(miner, data), capabilities=capabilities),
            make=make,
            firmware=miner.firmware,
            version=data.firmware_version,
            excluded=only(*fields),
            excluded_between=only(*(item for item in fields if item not in _SLOW_FIELDS)),
        )

    def _make(self, miner: Miner, version: str | None, *, writable: bool) -> Make:
        chosen, usual = self._credentials, usual_login(miner.firmware, version)
        link = Link(
            address=str(miner.ip),
            session=self._session,
            username=(chosen.username if chosen else None) or usual.username,
            password=chosen.password if chosen else usual.password,
            chosen=chosen is not None,
        )
        return make_for(miner.firmware, version, link, writable=writable)

    # Commanding.

    async def _checked(self) -> _Device:
        """Return the device after it has just answered with the MAC address known for it."""
        answer = await self._read(_CHECK_FIELDS)
        if self._mac is not None and mac_of(answer.data) is None:
            raise MinerError(Reason.BAD_REPLY, "cannot tell which device this is")
        return answer.device

    async def _send(self, device: _Device, command: Command) -> None:
        call = _call_for(device, command)
        device.pace.watch()
        try:
            async with asyncio.timeout(_COMMAND_S):
                accepted = await self._call(call, write=True)
        except TimeoutError as err:
            raise MinerError(Reason.TIMEOUT, "no answer to a command", maybe_done=True) from err
        except RuntimeError as err:
            raise _refusal(err) from err
        except MinerError as err:
            if not _went_down(command, err):
                raise
            return
        if not accepted:
            lost = device.firmware in _SWALLOWS_ERRORS or command.action is Action.RESTART
            raise MinerError(Reason.REFUSED, "the miner said no", maybe_done=lost)

    async def _ask(self, call: Callable[[], Awaitable[MinerData]]) -> MinerData:
        """Make a call that reads."""
        data: MinerData = (await self._ask_all(call))[0]
        return data

    async def _ask_all(self, *calls: Callable[[], Awaitable[Any]]) -> list[Any]:
        """Make calls that read, all at once."""
        try:
            return await self._calls(*calls)
        except RuntimeError as err:
            raise MinerError(Reason.BAD_REPLY, "the library failed") from err

    async def _call[T](self, call: Callable[[], Awaitable[T]], *, write: bool = False) -> T:
        """Make one call; see ``_calls``."""
        result: T = (await self._calls(call, write=write))[0]
        return result

    async def _calls(self, *calls: Callable[[], Awaitable[Any]], write: bool = False) -> list[Any]:
        """Make calls at once, within reach of ``close``; when one raises, the others end."""
        if self._closing:
            raise MinerError(Reason.UNREACHABLE, "closed")
        futures = [asyncio.ensure_future(call()) for call in calls]
        self._in_flight.update(futures)
        try:
            return await asyncio.gather(*futures)
        except asyncio.CancelledError as err:
            await asyncio.sleep(SETTLE_S)
            task = asyncio.current_task()
            if self._closing and task is not None and not task.cancelling():
                raise MinerError(Reason.UNREACHABLE, "closed", maybe_done=write) from err
            raise
        finally:
            for future in futures:
                future.cancel()
            self._in_flight.difference_update(futures)


@asynccontextmanager
async def _deadline(seconds: float) -> AsyncIterator[None]:
    """Limit the time; running out of it is a MinerError like any other."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as err:
        raise MinerError(Reason.TIMEOUT, f"no answer within {seconds:g} s") from err


def _reading(answer: _Answer) -> Reading:
    """Return an answer's reading, with what the make says beside the library."""
    reading, pace = to_reading(answer.data), answer.device.pace
    if answer.settings is None:
        reading = pace.fill(reading)
    else:
        pace.keep(reading, answer.settings)
    return pace.with_settings(answer.observed(reading))


def _factory(credentials: Credentials | None) -> MinerFactory:
    """Return a factory that knows the password for every firmware that may want one."""
    factory = MinerFactory().with_identification_timeout_secs(_IDENTIFY_S)
    if credentials is not None:
        for firmware, usual in LOGINS.items():
            name = credentials.username or usual.username
            factory.with_firmware_discovery_auth(firmware, name, credentials.password)
    return factory


def _login(credentials: Credentials | None) -> tuple[str, str]:
    """Return the user and password for makes that show nothing without; all begin alike."""
    usual = LOGINS[ANTMINER]
    if credentials is None:
        return usual.username, usual.password
    return credentials.username or usual.username, credentials.password


def _identity(miner: Miner, data: MinerData) -> Identity:
    return Identity(
        make=values.name(miner.make),
        model=values.name(miner.model),
        firmware=" ".join(filter(None, (miner.firmware, data.firmware_version))),
        mac=mac_of(data),
        serial_number=data.serial_number,
        hostname=data.hostname,
        hardware=values.text(board.name if (board := data.control_board_version) else None),
    )


def _capabilities(miner: Miner, data: MinerData) -> Capabilities:
    """Return what can be controlled; the flags are read here and nowhere else."""
    supported = {
        Action.RUN: miner.supports_resume,
        Action.STOP: miner.supports_pause,
        Action.RESTART: miner.supports_restart,
        Action.SET_POWER: miner.supports_set_power_limit and miner.firmware != AVALON,
        Action.FAULT_LIGHT: miner.supports_set_fault_light,
    }
    actions = frozenset(action for action, yes in supported.items() if yes)
    power = data.tuning_capabilities.power if data.tuning_capabilities else None
    return Capabilities(
        actions=actions,
        power_min_w=power.minimum.watts if power and power.minimum else None,
        power_max_w=power.maximum.watts if power and power.maximum else None,
        reports_power=data.wattage is not None,
        read_only_reason=None if actions else Reason.NOT_CONTROLLABLE,
    )


def _polled(firmware: str, version: str | None, capabilities: Capabilities) -> list[DataField]:
    """Return what a poll reads.

    On a Whatsminer before API v3 the library answers a failed read of the power supply by
    sending a command that opens the device for writes.
    """
    fields = list(_POLL_FIELDS)
    if firmware not in _CLAIMS_TO_MINE:
        fields.append(DataField.IsMining)
    if Action.SET_POWER in capabilities.actions:
        fields.append(DataField.TuningTarget)
    if firmware == _LISTS_CHIPS:
        fields.append(DataField.Chips)
    if firmware != WHATSMINER or is_v3(version):
        fields.append(DataField.PsuFans)
    return fields


def _call_for(device: _Device, command: Command) -> Callable[[], Awaitable[bool]]:
    """Return what sends a command; UNSUPPORTED_ACTION for what the miner cannot do."""
    miner, capabilities = device.miner, device.info.capabilities
    check(capabilities, command)
    if command.action is Action.SET_POWER:
        command = replace(command, value=_watts(capabilities, command.value))
    if own := device.make.call_for(command):
        return own
    match command.action:
        case Action.RUN | Action.STOP | Action.RESTART:
            plain = {
                Action.RUN: miner.resume,
                Action.STOP: miner.pause,
                Action.RESTART: miner.restart,
            }
            return plain[command.action]
        case Action.SET_POWER:
            return partial(miner.set_power_limit, command.value or 0.0)
        case _:
            return partial(miner.set_fault_light, command.option == ON)


def _watts(capabilities: Capabilities, value: float | None) -> float:
    """Return a power limit in whole W; fractions are malformed for a Whatsminer."""
    low, high = capabilities.power_min_w or 1.0, capabilities.power_max_w or math.inf
    if value is None or not math.isfinite(value) or not low <= value <= high:
        raise MinerError(Reason.UNSUPPORTED_ACTION, f"no power limit of {value} W")
    return float(round(value))


def _went_down(command: Command, err: MinerError) -> bool:
    """Return whether the machine ended the connection because it restarts."""
    ended = err.reason is Reason.BAD_REPLY and err.maybe_done
    return ended and command.action is Action.RESTART


def _refusal(err: RuntimeError) -> MinerError:
    """Return what an exception of the library means; its text is all that it tells."""
    text = str(err).lower()
    if "401" in text or "unauthorized" in text:
        return MinerError(Reason.AUTH_FAILED, "the miner refused the password")
    if "denied" in text or "403" in text:
        return MinerError(Reason.ACCESS_DENIED, "the miner refused the command")
    if "timed out" in text or "timeout" in text:
        return MinerError(Reason.TIMEOUT, "no answer to a command", maybe_done=True)
    if "error status" in text:
        return MinerError(Reason.REFUSED, "the miner said no")
    return MinerError(Reason.BAD_REPLY, "no proper answer to a command", maybe_done=True)
