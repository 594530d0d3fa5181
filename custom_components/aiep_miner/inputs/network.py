"""Reads coin price, difficulty and block reward from a public mempool-compatible API.

Nothing is sent but the requests themselves, and only to the address that an operator's form
names. Endpoints: https://mempool.space/docs/api/rest (prices, mining hashrate, reward stats).
"""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import aiohttp
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import json_loads_object
from yarl import URL

from ..const import (
    CONF_BLOCK_REWARD,
    CONF_COIN_PRICE,
    CONF_NETWORK_DIFFICULTY,
    CONF_PUBLIC_SOURCE,
)

_LOGGER = logging.getLogger(__name__)

DEFAULT_SOURCE: Final = "https://mempool.space"
REWARD_BLOCKS: Final = 144
"""About a day of blocks, whose mean reward is used."""
PRICES: Final = "/api/v1/prices"
DIFFICULTY: Final = "/api/v1/mining/hashrate/3d"
REWARD: Final = f"/api/v1/mining/reward-stats/{REWARD_BLOCKS}"

INTERVAL_S: Final = 600.0
FIRST_RETRY_S: Final = 60.0
LONGEST_RETRY_S: Final = 3600.0
DEADLINE_S: Final = 10.0
MAX_BYTES: Final = 1_000_000

_SATOSHI: Final = 100_000_000

type Figure = tuple[float | None, int | None]
"""A value and when the source stated it (ms since the epoch)."""


class NetworkError(Exception):
    """A source could not be read, or its reply is not what the API documents."""

    def __init__(self, detail: str, *, retry_s: float = 0.0) -> None:
        """Initialize the error; ``retry_s`` is the pause that the source asks for."""
        super().__init__(detail)
        self.retry_s = retry_s


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkReport:
    """The latest figures of a source; each keeps the time at which it was stated."""

    coin_prices: Mapping[str, float] = field(default_factory=dict)
    """For one coin, by ISO 4217 code."""
    coin_prices_ms: int | None = None
    network_difficulty: float | None = None
    network_difficulty_ms: int | None = None
    block_reward: float | None = None
    """Coins, the mean of the last ``REWARD_BLOCKS`` blocks with their fees."""
    block_reward_ms: int | None = None

    def figure(self, key: str, currency: str) -> Figure:
        """Return a quantity by its key in an operator's data; raises KeyError for another."""
        return {
            CONF_COIN_PRICE: (self.coin_prices.get(currency), self.coin_prices_ms),
            CONF_NETWORK_DIFFICULTY: (self.network_difficulty, self.network_difficulty_ms),
            CONF_BLOCK_REWARD: (self.block_reward, self.block_reward_ms),
        }[key]


class NetworkSource:
    """One source, polled while at least one loaded operator uses it."""

    def __init__(self, hass: HomeAssistant, url: str) -> None:
        """Create the source; nothing is read yet."""
        self.report = NetworkReport()
        self._hass = hass
        self._url = url
        self._users = 0
        self._failures = 0
        self._last_read_ms = 0
        self._cancel: CALLBACK_TYPE | None = None
        self._turn = asyncio.Lock()

    async def async_read(self) -> None:
        """Read all figures; one that fails keeps its last value. Raises NetworkError."""
        async with self._turn:
            errors = [
                error
                for path, take in _FIGURES
                if (error := await self._read(path, take)) is not None
            ]
            self._last_read_ms = _now_ms()
            self._note(errors)
        if errors:
            raise max(errors, key=lambda error: error.retry_s)

    @callback
    def async_follow(self, entry: ConfigEntry[Any]) -> None:
        """Poll until the entry is unloaded."""
        self._users += 1
        entry.async_on_unload(self._leave)
        if self._cancel is None:
            age_s = (_now_ms() - self._last_read_ms) / 1000
            self._schedule(max(0.0, INTERVAL_S - age_s))

    @callback
    def _leave(self) -> None:
        self._users -= 1
        if not self._users and self._cancel is not None:
            self._cancel()
            self._cancel = None

    @callback
    def _schedule(self, delay_s: float) -> None:
        if self._cancel is not None:
            self._cancel()
        job = HassJob(self._poll, "aiep_miner public source", cancel_on_shutdown=True)
        self._cancel = async_call_later(self._hass, delay_s, job)

    async def _poll(self, _now: Any) -> None:
        delay_s = INTERVAL_S
        try:
            await self.async_read()
        except NetworkError as err:
            delay_s = retry_after(self._failures, err.retry_s)
        if self._users:
            self._schedule(delay_s)

    async def _read(
        self, path: str, take: Callable[[NetworkReport, dict[str, Any]], NetworkReport]
    ) -> NetworkError | None:
        try:
            self.report = take(self.report, await self._get(path))
        except NetworkError as err:
            return err
        except (KeyError, TypeError, ValueError, ArithmeticError) as err:
            return NetworkError(f"{path}: {type(err).__name__} {err}")
        return None

    async def _get(self, path: str) -> dict[str, Any]:
        """Return a reply's object. Raises NetworkError, and ValueError for a body that is not JSON."""
        timeout = aiohttp.ClientTimeout(total=DEADLINE_S)
        try:
            async with async_get_clientsession(self._hass).get(
                f"{self._url}{path}", timeout=timeout
            ) as response:
                if response.status != 200:
                    retry_s = _seconds(response.headers.get("Retry-After"))
                    raise NetworkError(f"{path}: status {response.status}", retry_s=retry_s)
                return json_loads_object(await _body(response))
        except (aiohttp.ClientError, TimeoutError, OSError) as err:
            raise NetworkError(f"{path}: {type(err).__name__}") from err

    def _note(self, errors: list[NetworkError]) -> None:
        """Count failures in a row; log the first, and the recovery."""
        if errors and not self._failures:
            _LOGGER.warning("%s cannot be read: %s", self._url, "; ".join(map(str, errors)))
        elif not errors and self._failures:
            _LOGGER.info("%s can be read again", self._url)
        self._failures = self._failures + 1 if errors else 0


DATA_SOURCES: Final[HassKey[dict[str, NetworkSource]]] = HassKey("aiep_miner_network_sources")


@callback
def async_source(hass: HomeAssistant, url: str) -> NetworkSource:
    """Return the source at a base address, the same for every operator that uses it."""
    sources = hass.data.setdefault(DATA_SOURCES, {})
    if url not in sources:
        sources[url] = NetworkSource(hass, url)
    return sources[url]


@callback
def async_follow_source(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Poll the source that an operator consented to, if any, while the operator is loaded."""
    if (url := entry.data.get(CONF_PUBLIC_SOURCE)) is not None:
        async_source(hass, url).async_follow(entry)


@callback
def public_figure(hass: HomeAssistant, data: Mapping[str, Any], key: str, currency: str) -> Figure:
    """Return a quantity of the source that an operator's data name; unknown without one."""
    url = data.get(CONF_PUBLIC_SOURCE)
    return async_source(hass, url).report.figure(key, currency) if url else (None, None)


def base_address(text: str) -> str | None:
    """Return a source's base address without its last slash; None for an invalid one.

    An address with credentials is refused, because it is shown and logged.
    """
    try:
        url = URL(text.strip())
    except ValueError:
        return None
    if url.scheme not in ("http", "https") or not url.host or url.user or url.password:
        return None
    return str(url.with_query(None).with_fragment(None)).rstrip("/")


def retry_after(failures: int, asked_s: float) -> float:
    """Return the pause in s after some failures in a row: doubled each time, at most an hour."""
    own_s = FIRST_RETRY_S * 2.0 ** min(failures - 1, 10)
    return min(max(own_s, asked_s), LONGEST_RETRY_S)


def _with_prices(report: NetworkReport, reply: dict[str, Any]) -> NetworkReport:
    # A source that has no prices of its own answers -1.
    prices = {
        code: float(value)
        for code, value in reply.items()
        if len(code) == 3 and isinstance(value, int | float) and 0 < value < math.inf
    }
    if not prices:
        raise ValueError("no prices")
    stated_ms = int(float(reply.get("time", 0)) * 1000) or _now_ms()
    return replace(report, coin_prices=prices, coin_prices_ms=min(stated_ms, _now_ms()))


def _with_difficulty(report: NetworkReport, reply: dict[str, Any]) -> NetworkReport:
    difficulty = _positive(reply["currentDifficulty"])
    return replace(report, network_difficulty=difficulty, network_difficulty_ms=_now_ms())


def _with_reward(report: NetworkReport, reply: dict[str, Any]) -> NetworkReport:
    blocks = int(reply["endBlock"]) - int(reply["startBlock"]) + 1
    if blocks < 1:
        raise ValueError("no blocks")
    reward = _positive(reply["totalReward"]) / blocks / _SATOSHI
    return replace(report, block_reward=reward, block_reward_ms=_now_ms())


_FIGURES: Final[
    tuple[tuple[str, Callable[[NetworkReport, dict[str, Any]], NetworkReport]], ...]
] = ((PRICES, _with_prices), (DIFFICULTY, _with_difficulty), (REWARD, _with_reward))


def _positive(value: Any) -> float:
    number = float(value)
    if not 0 < number < math.inf:
        raise ValueError(f"{number} is not positive")
    return number


def _seconds(header: str | None) -> float:
    return float(header) if header is not None and header.isdecimal() else 0.0


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """Return a reply's body. Raises NetworkError for one over ``MAX_BYTES``."""
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BYTES:
            raise NetworkError("the reply is too long")
    return body


def _now_ms() -> int:
    return round(dt_util.utcnow().timestamp() * 1000)
