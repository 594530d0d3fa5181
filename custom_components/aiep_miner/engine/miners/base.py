"""The protocol that every adapter speaks."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..records import Action, DeviceLevel, Reading, RestartSign, ValueRange
from ..records.reasons import Reason

AUTO = "auto"
"""The ``option`` that gives a setting back to the firmware."""
ON, OFF = "on", "off"
"""The ``option`` of a command that switches something; whatever is not on is off."""


class MinerError(Exception):
    """A miner could not be read or told; the only error an adapter raises.

    ``reason`` is one of the enum's last group (unreachable, timeout, auth_failed, …) and is
    what users see translated; ``detail`` is for the log and never holds a secret.
    ``maybe_done`` tells that a command may have reached the miner all the same.
    """

    def __init__(self, reason: Reason, detail: str = "", *, maybe_done: bool = False) -> None:
        """Initialize the error."""
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail
        self.maybe_done = maybe_done


type Reads = Mapping[str, Callable[[], Awaitable[Any]]]
"""By request, as the device knows it: what sends it and changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a miner is; read once when it connects."""

    make: str | None = None
    model: str | None = None
    firmware: str | None = None
    mac: str | None = None
    """Lower case with colons."""
    serial_number: str | None = None
    hostname: str | None = None
    hardware: str | None = None
    """The version of the control board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What can be controlled; read once when the miner connects."""

    actions: frozenset[Action] = frozenset()
    power_min_w: float | None = None
    power_max_w: float | None = None
    reports_power: bool = True
    read_only_reason: Reason | None = None
    """Why nothing can be controlled, e.g. access_denied."""
    restart_sign: RestartSign = RestartSign.UPTIME
    levels: tuple[DeviceLevel, ...] = ()
    ranges: tuple[ValueRange, ...] = ()
    level_change_s: float = 0.0
    """For how long about a change of level keeps the machine from hashing."""
    level_restarts: bool = False
    """Whether a change of level restarts the mining."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerInfo:
    """What ``connect`` found out."""

    identity: Identity = field(default_factory=Identity)
    capabilities: Capabilities = field(default_factory=Capabilities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One change to make on one miner."""

    action: Action
    value: float | None = None
    option: str | None = None


class MinerAdapter(Protocol):
    """One miner. Every method has a deadline of its own and raises only MinerError.

    Calls may overlap; an adapter serialises where its device needs it.
    """

    async def connect(self) -> MinerInfo:
        """Identify the miner and find out what can be controlled; safe to call again."""

    async def poll(self) -> Reading:
        """Read the miner; connects first when that has not happened."""

    async def execute(self, command: Command) -> None:
        """Send a command once, never twice; return when the miner accepted it."""

    async def record(self) -> dict[str, Any]:
        """Return what the device replies to reads, without secrets; never raises."""

    async def close(self) -> None:
        """Let go of the device; calls in flight end first. Never raises."""
