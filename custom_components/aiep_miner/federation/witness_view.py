"""The witness over HTTP, after C2SP tlog-witness: without a log-in, for known logs only."""

import asyncio
import logging
from typing import Final

from aiohttp import hdrs, web
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView

from ..engine.federation.submission import MAX_BYTES, PATH, Submission
from ..engine.federation.witness import Refusal
from ..web.body import async_read_body
from .own_witness import BusyError, async_own_witness
from .pace import Pace

_LOGGER = logging.getLogger(__name__)

PREFIX: Final = "/api/aiep_miner/witness"
"""Both the submission prefix and the monitoring prefix of the specification."""
RETRY_AFTER_S: Final = 60


@callback
def async_setup_witness(hass: HomeAssistant) -> None:
    """Register the views."""
    pace = Pace()
    hass.http.register_view(AddCheckpointView(pace))
    hass.http.register_view(CheckpointView(pace))


class AddCheckpointView(HomeAssistantView):
    """Cosigns checkpoints of known logs."""

    requires_auth = False
    url = f"{PREFIX}/{PATH}"
    name = "api:aiep_miner:witness:add_checkpoint"

    def __init__(self, pace: Pace) -> None:
        """Take what bounds the requests."""
        self._pace = pace

    async def post(self, request: web.Request) -> web.Response:
        """Answer a log that has a new checkpoint."""
        if not self._pace.admits(request.remote, asyncio.get_running_loop().time()):
            return _later(429)
        try:
            body = await async_read_body(request, MAX_BYTES)
        except TimeoutError as err:
            raise web.HTTPRequestTimeout from err
        try:
            submission = Submission.parse(body)
            answer = await async_own_witness(request.app[KEY_HASS]).async_add(submission)
        except BusyError:
            return _later(503)
        except ValueError as err:
            return web.Response(status=400, text=f"{err}\n")
        except (OSError, HomeAssistantError) as err:
            _LOGGER.warning("What was to be cosigned cannot be kept: %s", err)
            return _later(503)
        if isinstance(answer, Refusal):
            return web.Response(
                status=answer.status, body=answer.text.encode(), content_type=answer.content_type
            )
        return web.Response(text=answer)


class CheckpointView(HomeAssistantView):
    """Shows what was cosigned last of a log, to monitors and to the log itself."""

    requires_auth = False
    url = f"{PREFIX}/{{log:[0-9a-f]{{64}}}}/checkpoint"
    name = "api:aiep_miner:witness:checkpoint"

    def __init__(self, pace: Pace) -> None:
        """Take what bounds the requests."""
        self._pace = pace

    async def get(self, request: web.Request, log: str) -> web.Response:
        """Return the checkpoint with the log's signature and the cosignatures."""
        if not self._pace.admits(request.remote, asyncio.get_running_loop().time()):
            return _later(429)
        note = await async_own_witness(request.app[KEY_HASS]).async_latest(log)
        if note is None:
            return web.Response(status=404, text="nothing was cosigned of this log\n")
        return web.Response(text=str(note))


def _later(status: int) -> web.Response:
    """Return the answer to who is to ask again later."""
    return web.Response(status=status, headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_S)})
