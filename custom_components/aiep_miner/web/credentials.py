"""Operator credentials: who is no Home Assistant user may read his own partition, and no other.

A request is signed with the operator's secret; see docs/rest-api.md.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

from mashumaro import DataClassDictMixin

TIMESTAMP_HEADER: Final = "X-AIEP-Timestamp"
WINDOW_S: Final = 300
"""How far a request's time may be from ours, either way."""

_CREDENTIAL: Final = re.compile(r"Bearer ([^\s:]{1,64}):([0-9a-fA-F]{64})")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access(DataClassDictMixin):
    """What an operator's credentials are, and what they allow."""

    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    may_act: bool = False
    """Whether a cycle may be run with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a request says of itself, before anybody has believed it."""

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
    return hmac.digest(secret.encode(), "\n".join(parts).encode(), "sha256")


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

    def __init__(self, started_s: float) -> None:
        """Begin knowing none; times are in seconds since the Unix epoch."""
        self._started_s = started_s
        self._used: dict[bytes, int] = {}

    def take(self, claim: Claim, now_s: float) -> bool:
        """Use a signature that is known to be right; return False when it must not act."""
        self._used = {
            digest: at_s for digest, at_s in self._used.items() if at_s >= now_s - WINDOW_S
        }
        if claim.digest in self._used or claim.at_s < self._started_s:
            return False
        self._used[claim.digest] = claim.at_s
        return True
