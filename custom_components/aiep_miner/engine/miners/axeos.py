"""Commands for AxeOS, the firmware of BitAxes, over its web interface.

The library sends a command again when the answer is bad or missing; here each goes out once.
"""

import aiohttp

from ..records.reasons import Reason
from .base import MinerError
from .probing import CONNECT_S, url_of

PAUSE = "/api/system/pause"
RESUME = "/api/system/resume"


async def tell(address: str, path: str) -> bool:
    """Send a command once; return whether the device took it.

    Raises MinerError: UNREACHABLE, AUTH_FAILED, BAD_REPLY. Has no deadline for the answer.
    """
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(f"{url_of(address)}{path}", allow_redirects=False) as response,
        ):
            status = response.status
    except aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError:
        raise MinerError(Reason.UNREACHABLE, "the web interface is closed") from None
    except aiohttp.ClientError, ConnectionError:
        raise MinerError(
            Reason.BAD_REPLY, "no proper answer to a command", maybe_done=True
        ) from None
    if status in (401, 403):
        raise MinerError(Reason.AUTH_FAILED, "the device refused the command")
    return 200 <= status < 300
