"""Operator credentials: they open the operator's own partition, and no other.

A request is signed with the operator's secret; see docs/rest-api.md.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from mashumaro import DataClassDictMixin

TIMESTAMP_HEADER: Final = "X-AIEP-Timestamp"
WINDOW_S: Final = 300
"""How far a request's time may be from ours, either way."""
MAX_USED: Final = 10_000
"""Signatures that are remembered; a request that acts is at most one in a cycle or so."""

# Printable ASCII without spaces and colons: entry ids have nothing else.
_CREDENTIAL: Final = re.compile(r"Bearer ([!-9;-~]{1,64}):([0-9a-fA-F]{64})")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access(DataClassDictMixin):
    """What an operator's credentials are, and what they allow."""

    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    may_act: bool = False
    """Whether a cycle may be run with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a request says of itself, not verified yet."""

    operator_id: str
    timestamp: str
    """Seconds since the Unix epoch."""
    digest: bytes

    @property
    def at_s(self) -> int:
        """Return when it was signed."""
        return int(self.timestamp)


def read_claim(authorization: str, timestamp: str) -> Claim | None:
    """Return what the headers claim; None when they are no operator credentials."""
    match = _CREDENTIAL.fullmatch(authorization)
    if match is None or _TIMESTAMP.fullmatch(timestamp) is None:
        return None
    return Claim(operator_id=match[1], timestamp=timestamp, digest=bytes.fromhex(match[2]))


def sign(
    secret: str, *, operator_id: str, method: str, target: str, timestamp: str, body: bytes
) -> bytes:
    """Return the HMAC-SHA256 of a request; ``target`` is its path with the query."""
    parts = (operator_id, method, target, timestamp, hashlib.sha256(body).hexdigest())
    # A target's bytes need not be UTF-8; aiohttp keeps those that are not as surrogates.
    text = "\n".join(parts).encode(errors="surrogateescape")
    return hmac.digest(secret.encode(), text, "sha256")


_NOBODY: Final = Access()
"""Against whose secret a request is compared that names nobody's, so that it takes as long."""


def is_signed_by(
    access: Access | None, claim: Claim, *, method: str, target: str, body: bytes
) -> bool:
    """Tell in constant time whether the operator's secret signed a request."""
    expected = sign(
        (access or _NOBODY).secret,
        operator_id=claim.operator_id,
        method=method,
        target=target,
        timestamp=claim.timestamp,
        body=body,
    )
    return hmac.compare_digest(expected, claim.digest) and access is not None


class UsedSignatures:
    """The signatures of requests that acted: each does so once.

    What was used before a restart is not known any more, so nothing signed before it may act.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        """Begin knowing none."""
        self._monotonic_s = monotonic_s
        self._began_s = monotonic_s()
        self._used: dict[bytes, None] = {}

    def take(self, claim: Claim, now_s: float) -> bool:
        """Use a signature that is known to be right; return False when it must not act.

        ``now_s`` is the present time (s since the Unix epoch). The start is reckoned back from
        it: at the start itself the clock may not have been set yet.
        """
        started_s = now_s - (self._monotonic_s() - self._began_s)
        if claim.digest in self._used or claim.at_s < started_s:
            return False
        self._used[claim.digest] = None
        if len(self._used) > MAX_USED:
            del self._used[next(iter(self._used))]
        return True
