"""A real Home Assistant on loopback, started, onboarded and spoken to from outside.

The demo and the end-to-end tests both drive Home Assistant through this module: the process
itself, REST for its config flows, and one WebSocket for states, events and actions.
"""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, Self

import aiohttp
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = "aiep_miner"
HOST = "127.0.0.1"
START_S = 120.0
STOP_S = 30.0
REPLY_S = 30.0
LOG_TAIL_LINES = 30

CONFIGURATION: dict[str, Any] = {
    "homeassistant": {
        "name": "Mining site",
        "unit_system": "metric",
        "time_zone": "UTC",
        "auth_providers": [
            # Loopback needs no log-in once the one user exists.
            {
                "type": "trusted_networks",
                "trusted_networks": [f"{HOST}/32"],
                "allow_bypass_login": True,
            },
            {"type": "homeassistant"},
        ],
    },
    "config": None,
    "history": None,
    "logbook": None,
    "recorder": {"commit_interval": 1},
    "logger": {"default": "warning", "logs": {f"custom_components.{DOMAIN}": "info"}},
}
ONBOARDING = {
    # These steps would set up services that call out; everything here stays on this machine.
    "version": 4,
    "minor_version": 1,
    "key": "onboarding",
    "data": {"done": ["core_config", "analytics", "integration"]},
}


def _http_settings(port: int) -> dict[str, Any]:
    """Return the web server's settings as confirmed: others are taken back after minutes."""
    settings = {
        "server_host": [HOST],
        "server_port": port,
        "cors_allowed_origins": [],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": True,
        "ssl_profile": "modern",
        "use_x_frame_options": True,
        "created_at": "2026-01-01T00:00:00+00:00",
        "error": None,
        "error_message": None,
    }
    data = {"stable": settings, "pending": None, "yaml_migration_done": True}
    return {"version": 2, "minor_version": 2, "key": "http", "data": data}


class HassError(Exception):
    """Home Assistant did not start, or answered with an error."""


class HassCommandError(HassError):
    """A WebSocket command was refused; ``error`` is Home Assistant's own, translated fields too."""

    def __init__(self, error: dict[str, Any]) -> None:
        """Initialize the error."""
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.error = error


def free_port() -> int:
    """Return a TCP port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class HassProcess:
    """One Home Assistant process on one configuration folder.

    ``async with`` starts and stops it. A second one on the same folder goes on where the first
    ended: same user, same operator, same ledger.
    """

    def __init__(
        self, config: Path, port: int, configuration: dict[str, Any] | None = None
    ) -> None:
        """Take the configuration folder, made when missing, and the HTTP port on loopback.

        ``configuration`` is added to what configuration.yaml holds anyway.
        """
        self.config = config.resolve()
        self.port = port
        self.log = self.config / "hass.log"
        self._configuration = {**CONFIGURATION, **(configuration or {})}
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ids = itertools.count(1)
        self._replies: dict[int, asyncio.Future[Any]] = {}
        self._listeners: dict[int, Callable[[dict[str, Any]], None]] = {}
        self._token = ""

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    # Life of the process.

    async def start(self) -> None:
        """Start, onboard, log in and wait until everything is set up; raise HassError."""
        self._write_configuration()
        self._refuse_taken_port()
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).with_name("hass")),
                "--config",
                str(self.config),
                "--skip-pip",
                "--log-no-color",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.config,
                env={**os.environ, "TZ": "UTC"},
                # Ctrl-C is for the one who started us; we pass the end on in our own time.
                start_new_session=True,
            )
        self._session = aiohttp.ClientSession(
            self.url, timeout=aiohttp.ClientTimeout(total=REPLY_S)
        )
        try:
            async with asyncio.timeout(START_S):
                await self._create_user()
                await self._log_in()
                await self._connect()
                await self._wait_until_running()
        except TimeoutError:
            await self.stop()
            raise HassError(self._with_log(f"no answer within {START_S:.0f} s")) from None
        except HassError, aiohttp.ClientError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ask it to end and wait; kill it when it does not."""
        await self._disconnect()
        if self._process is None:
            return
        if self.running:
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            raise HassError(self._with_log(f"did not stop within {STOP_S:.0f} s")) from None
        finally:
            if self.running:
                self._process.kill()
                await self._process.wait()

    async def kill(self) -> None:
        """End it without a chance to tidy up."""
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
        await self._disconnect()

    async def __aenter__(self) -> Self:
        """Start it."""
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Stop it."""
        await self.stop()

    # Speaking to it.

    async def rest(self, method: str, path: str, body: Any = None) -> Any:
        """Send a REST request and return its JSON; raise HassError for an error status."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        async with self._http.request(method, path, json=body, headers=headers) as response:
            text = await response.text()
            if response.status >= 400:
                raise HassError(f"{method} {path}: {response.status} {text}")
            return json.loads(text)

    async def command(self, kind: str, **arguments: Any) -> Any:
        """Send a WebSocket command and return its result; raise HassCommandError."""
        return await self._send(next(self._ids), kind, arguments)

    async def subscribe(
        self, kind: str, listener: Callable[[dict[str, Any]], None], **arguments: Any
    ) -> None:
        """Call ``listener`` with each message of a subscription."""
        number = next(self._ids)
        self._listeners[number] = listener
        await self._send(number, kind, arguments)

    async def events(self, event_type: str, listener: Callable[[dict[str, Any]], None]) -> None:
        """Call ``listener`` with each event of a type on the bus."""
        await self.subscribe("subscribe_events", listener, event_type=event_type)

    async def action(self, name: str, entity_id: str, **data: Any) -> Any:
        """Call an action such as ``switch.turn_off`` on an entity, as the logged-in person."""
        domain, service = name.split(".")
        return await self.command(
            "call_service",
            domain=domain,
            service=service,
            service_data=data,
            target={"entity_id": entity_id},
        )

    async def states(self) -> dict[str, dict[str, Any]]:
        """Return every entity's state by entity id."""
        return {state["entity_id"]: state for state in await self.command("get_states")}

    async def flow(
        self, path: str, handler: Any, *steps: dict[str, Any], **context: Any
    ) -> dict[str, Any]:
        """Walk through a flow, one input a form, and return its last result.

        ``path`` is ``flow``, ``options/flow`` or ``subentries/flow``; a menu takes
        ``{"next_step_id": …}``. Raises HassError when a form shows errors or inputs run out.
        """
        base = f"/api/config/config_entries/{path}"
        result = await self.rest("POST", base, {"handler": handler, **context})
        for step in steps:
            result = await self.rest("POST", f"{base}/{result['flow_id']}", step)
            if result.get("errors"):
                break
        if result["type"] not in ("create_entry", "abort"):
            raise HassError(f"the flow of {handler} stays at {result}")
        return dict(result)

    # Inside.

    @property
    def _http(self) -> aiohttp.ClientSession:
        """Return the HTTP session of a started process."""
        if self._session is None:
            raise HassError("Home Assistant is not started")
        return self._session

    def _write_configuration(self) -> None:
        """Write the configuration and put the checkout's integration in place."""
        components = self.config / "custom_components"
        storage = self.config / ".storage"
        for folder in (components, storage):
            folder.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(self._configuration, sort_keys=False)
        (self.config / "configuration.yaml").write_text(text, encoding="utf-8")
        link = components / DOMAIN
        if not link.is_symlink():
            link.symlink_to(ROOT / "custom_components" / DOMAIN, target_is_directory=True)
        onboarding = storage / "onboarding"
        if not onboarding.exists():
            onboarding.write_text(json.dumps(ONBOARDING), encoding="utf-8")
        settings = json.dumps(_http_settings(self.port))
        (storage / "http").write_text(settings, encoding="utf-8")

    def _refuse_taken_port(self) -> None:
        """Raise when somebody listens already: Home Assistant would only log it."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.port))
            except OSError as err:
                raise HassError(f"port {self.port} on {HOST} is taken: {err}") from err

    def _with_log(self, message: str) -> str:
        """Append the end of Home Assistant's log to a message."""
        lines = self.log.read_text("utf-8", "replace").splitlines()[-LOG_TAIL_LINES:]
        return "\n".join([f"Home Assistant on {self.url}: {message}; its log ends:", *lines])

    def _check_alive(self) -> None:
        """Raise when the process ended."""
        if not self.running:
            code = self._process.returncode if self._process else None
            raise HassError(self._with_log(f"ended with code {code}"))

    async def _answers(self, path: str) -> None:
        """Wait until a path is served; while Home Assistant starts it is not."""
        while True:
            self._check_alive()
            with contextlib.suppress(aiohttp.ClientError, HassError):
                await self.rest("GET", path)
                return
            await asyncio.sleep(0.1)

    async def _create_user(self) -> None:
        """Create the owner, unless an earlier start did."""
        storage = json.loads((self.config / ".storage" / "onboarding").read_text("utf-8"))
        if "user" in storage["data"]["done"]:
            return
        await self._answers("/api/onboarding")
        owner = {"name": "Owner", "username": "owner", "language": "en"}
        owner |= {"password": os.urandom(16).hex(), "client_id": f"{self.url}/"}
        await self.rest("POST", "/api/onboarding/users", owner)

    async def _log_in(self) -> None:
        """Get an access token as a browser on loopback would."""
        await self._answers("/auth/providers")
        client = f"{self.url}/"
        request = {"client_id": client, "redirect_uri": client}
        request |= {"handler": ["trusted_networks", None]}
        flow = await self.rest("POST", "/auth/login_flow", request)
        form = {"grant_type": "authorization_code", "client_id": client, "code": flow["result"]}
        async with self._http.post("/auth/token", data=form) as response:
            response.raise_for_status()
            self._token = (await response.json())["access_token"]

    async def _connect(self) -> None:
        """Open and authenticate the WebSocket."""
        self._socket = await self._http.ws_connect("/api/websocket", max_msg_size=0)
        await self._socket.receive_json()
        await self._socket.send_json({"type": "auth", "access_token": self._token})
        answer = await self._socket.receive_json()
        if answer["type"] != "auth_ok":
            raise HassError(f"the WebSocket refused the token: {answer}")
        self._reader = asyncio.create_task(self._read(self._socket))

    async def _wait_until_running(self) -> None:
        """Wait until every integration had its chance to set up."""
        while (await self.command("get_config"))["state"] != "RUNNING":
            self._check_alive()
            await asyncio.sleep(0.2)

    async def _disconnect(self) -> None:
        """Close the connections."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
            self._reader = None
        if self._socket is not None:
            await self._socket.close()
            self._socket = None
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _read(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        """Hand each message to whom it is for, until the connection ends."""
        try:
            async for message in connection:
                self._dispatch(json.loads(message.data))
        finally:
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_exception(HassError("the WebSocket closed"))

    def _dispatch(self, message: dict[str, Any]) -> None:
        """Resolve a command's reply or call a subscription's listener."""
        number = message["id"]
        if message["type"] == "event":
            self._listeners[number](message["event"])
            return
        reply = self._replies.pop(number, None)
        if reply is None or reply.done():
            return
        if message["success"]:
            reply.set_result(message["result"])
        else:
            reply.set_exception(HassCommandError(message["error"]))

    async def _send(self, number: int, kind: str, arguments: dict[str, Any]) -> Any:
        """Send one command and wait for its reply."""
        if self._socket is None:
            raise HassError("not connected")
        reply = asyncio.get_running_loop().create_future()
        self._replies[number] = reply
        await self._socket.send_json({"id": number, "type": kind, **arguments})
        try:
            return await asyncio.wait_for(reply, REPLY_S)
        except TimeoutError:
            raise HassError(self._with_log(f"no reply to {kind} in {REPLY_S:.0f} s")) from None


@contextlib.asynccontextmanager
async def emulated_cgminer(host: str, *arguments: str) -> AsyncIterator[dict[str, int]]:
    """Run the emulated CGMiner in a process of its own; yields its ports (port, control)."""
    async with _emulated("cgminer", "--host", host, *arguments) as ports:
        yield ports


@contextlib.asynccontextmanager
async def emulated_fleet(
    makes: Mapping[str, str], *arguments: str
) -> AsyncIterator[dict[str, int]]:
    """Run emulated miners, address to make, in one process; yields control ports by address."""
    miners = (f"{make}@{host}" for host, make in makes.items())
    async with _emulated("fleet", *arguments, *miners) as ports:
        yield ports


@contextlib.asynccontextmanager
async def _emulated(module: str, *arguments: str) -> AsyncIterator[dict[str, int]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", f"devtools.emulators.{module}", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        line = await asyncio.wait_for(_first_line(process), REPLY_S)
        yield json.loads(line)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _first_line(process: asyncio.subprocess.Process) -> bytes:
    """Return what a process says first; raise when it ends without a word."""
    line = await process.stdout.readline() if process.stdout else b""
    if not line:
        raise HassError("the emulated miner did not start")
    return line
