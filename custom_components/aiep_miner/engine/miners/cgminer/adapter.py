"""Reads and tells a miner that speaks the CGMiner API."""

import asyncio
from collections.abc import Mapping
from typing import Any

from ...records import Action, Reading
from ...records.reasons import Reason
from ..base import ON, Capabilities, Command, Identity, MinerError, MinerInfo
from ..recording import record
from ..values import count
from .api import CgminerApi, NoReplyError, Reply, refusal, section
from .reading import read_identity, read_pools, read_telemetry

PORT = 4028
DEADLINE_S = 15.0
_RECORDED = ("version", "devdetails", "summary", "devs", "stats", "pools", "config")
_ACTIONS = frozenset({Action.RUN, Action.STOP, Action.RESTART, Action.SET_BOARD, Action.SET_POOL})
"""Everything that the API can do, to those who may write."""
_SWITCHES = {
    Action.RUN: {"ASC": "ascenable", "PGA": "pgaenable"},
    Action.STOP: {"ASC": "ascdisable", "PGA": "pgadisable"},
}


class CgminerMiner:
    """One miner behind the CGMiner API; each call ends within ``deadline_s``.

    ``mac`` is the known address of the device: another one there is refused.

    Errors: UNREACHABLE, TIMEOUT, BAD_REPLY; ACCESS_DENIED, UNSUPPORTED_FIRMWARE and REFUSED
    for what the miner refuses; NOT_A_MINER while identifying; WRONG_DEVICE; UNSUPPORTED_ACTION.
    """

    def __init__(
        self, host: str, port: int = PORT, *, mac: str | None = None, deadline_s: float = DEADLINE_S
    ) -> None:
        """Initialize for a host name or address; nothing is sent yet."""
        self._api = CgminerApi(host, port)
        self._mac = mac
        self._deadline_s = deadline_s
        self._connected = False

    async def connect(self) -> MinerInfo:
        """Find out who the miner is and whether it may be controlled."""
        return await self._connect(self._until())

    async def poll(self) -> Reading:
        """Read the miner; a section that it refuses is missing from the reading."""
        until = self._until()
        if not self._connected:
            await self._connect(until)
        summary = await self._summary(until)
        if self._mac is not None:
            await self._verify(summary, until)
        return read_telemetry(
            summary,
            await self._api.ask("devs", until=until),
            await self._api.ask("stats", until=until),
            await self._api.ask("pools", until=until),
        )

    async def execute(self, command: Command) -> None:
        """Send a command once, to none but the known device.

        ``maybe_done`` is set when some of it may have arrived.
        """
        until = self._until()
        if self._mac is not None and await self._verify(await self._summary(until), until) is None:
            raise MinerError(Reason.BAD_REPLY, "cannot tell which device this is")
        if command.action is Action.RESTART:
            await self._tell("restart", until=until)
        elif command.action in _SWITCHES:
            await self._switch_devices(_SWITCHES[command.action], until)
        elif command.action is Action.SET_BOARD:
            await self._switch_board(command, until)
        elif command.action is Action.SET_POOL:
            await self._switch_pool(command.value, until)
        else:
            raise MinerError(Reason.UNSUPPORTED_ACTION, command.action)

    async def record(self) -> dict[str, Any]:
        """Return the replies that the miner is read by, without secrets."""
        return await record(self._api.reads(*_RECORDED))

    async def close(self) -> None:
        """Wait for what is under way; a connection lasts no longer than its command."""
        await self._api.settle()

    def _until(self) -> float:
        return asyncio.get_running_loop().time() + self._deadline_s

    async def _connect(self, until: float) -> MinerInfo:
        version = await self._introduction(until)
        details = await self._api.ask("devdetails", until=until)
        summary = await self._summary(until)
        identity = self._known(read_identity(version, details, summary))
        capabilities = await self._capabilities(summary, until)
        self._connected = True
        return MinerInfo(identity=identity, capabilities=capabilities)

    async def _verify(self, summary: Reply, until: float) -> str | None:
        """Return the MAC address that is told, if any; WRONG_DEVICE when it is another's."""
        version = await self._introduction(until)
        return self._known(read_identity(version, {}, summary)).mac

    def _known(self, identity: Identity) -> Identity:
        """Return an identity; WRONG_DEVICE for another MAC address, none at all is let pass."""
        if self._mac is not None and identity.mac not in (None, self._mac):
            detail = f"{identity.mac} answers instead of {self._mac}"
            raise MinerError(Reason.WRONG_DEVICE, detail)
        return identity

    async def _introduction(self, until: float) -> Reply:
        """Return the ``version`` reply, also a refusal, of whatever speaks the protocol."""
        try:
            version = await self._api.ask("version", until=until)
        except NoReplyError as err:
            raise MinerError(Reason.ACCESS_DENIED, err.detail) from err
        except MinerError as err:
            if err.reason is Reason.BAD_REPLY:
                raise MinerError(Reason.NOT_A_MINER, err.detail) from err
            raise
        if "STATUS" not in version:
            raise MinerError(Reason.NOT_A_MINER, "no status")
        return version

    async def _summary(self, until: float) -> Reply:
        """Return the one reply that a reading cannot do without."""
        reply = await self._api.ask("summary", until=until)
        if error := refusal(reply):
            raise error
        if not section(reply, "SUMMARY"):
            raise MinerError(Reason.BAD_REPLY, "no summary")
        return reply

    async def _capabilities(self, summary: Reply, until: float) -> Capabilities:
        denied = refusal(await self._api.ask("privileged", until=until))
        return Capabilities(
            actions=frozenset() if denied else _ACTIONS,
            reports_power=read_telemetry(summary, {}, {}, {}).power_w is not None,
            read_only_reason=denied.reason if denied else None,
        )

    async def _switch_board(self, command: Command, until: float) -> None:
        """Tell the device that is the board of an index."""
        commands = _SWITCHES[Action.RUN if command.option == ON else Action.STOP]
        for kind, index in await self._devices(until):
            if int(index) == command.value:
                await self._tell(commands[kind], index, until=until)
                return
        raise MinerError(Reason.UNSUPPORTED_ACTION, f"no board {command.value}")

    async def _switch_pool(self, index: float | None, until: float) -> None:
        """Make the pool of an index the one with the highest priority."""
        reply = await self._api.ask("pools", until=until)
        if error := refusal(reply):
            raise error
        if index not in {pool.index for pool in read_pools(reply)}:
            raise MinerError(Reason.UNSUPPORTED_ACTION, f"no pool {index}")
        await self._tell("switchpool", f"{index:.0f}", until=until)

    async def _switch_devices(self, commands: Mapping[str, str], until: float) -> None:
        """Tell every device; one that fails does not spare the others."""
        devices = await self._devices(until)
        errors = []
        for kind, index in devices:
            try:
                await self._tell(commands[kind], index, until=until)
            except MinerError as err:
                errors.append(err)
        if errors:
            some = len(errors) < len(devices) or any(err.maybe_done for err in errors)
            raise MinerError(errors[0].reason, errors[0].detail, maybe_done=some)

    async def _devices(self, until: float) -> list[tuple[str, str]]:
        """Return the kind and the number of every device; UNSUPPORTED_ACTION without any."""
        reply = await self._api.ask("devs", until=until)
        if error := refusal(reply):
            raise error
        devices = [
            (kind, str(index))
            for device in section(reply, "DEVS")
            for kind in ("ASC", "PGA")
            if (index := count(device.get(kind))) is not None
        ]
        if not devices:
            raise MinerError(Reason.UNSUPPORTED_ACTION, "the miner has no devices")
        return devices

    async def _tell(self, command: str, parameter: str | None = None, *, until: float) -> None:
        """Send a command that changes the miner; return when it said yes."""
        reply = await self._api.ask(command, parameter, until=until, write=True)
        if error := refusal(reply):
            error.maybe_done = error.reason is Reason.BAD_REPLY
            raise error
