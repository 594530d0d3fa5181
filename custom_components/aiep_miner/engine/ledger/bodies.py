"""How bodies are stored: raw, or deflated with a dictionary made of the ledger's own.

Deflate, since every Python can check it: with a dictionary it makes these small bodies as small
as Zstandard does, and inflates them several times faster. One dictionary serves all kinds; one
for each would save 1 %.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from . import verify

RAW: Final = "raw"
_WINDOW_BITS: Final = 13
_DICTIONARY_BYTES: Final = 6 * 1024
"""With a body it fits the window of 8 KB; a longer one costs more time than it saves bytes."""
_GOOD_SHARE: Final = 2 / 3
"""What resembles the dictionary comes out at less than this of its size without one. A fixed size
will not do: telemetry repeats itself, and a decision's hashes resemble nothing."""


def make_dictionary(samples: Iterable[bytes]) -> bytes:
    """Return a dictionary for bodies like the samples: those that the others do not resemble."""
    dictionary, plain = b"", _deflater(b"")
    for sample in samples:
        alone = len(_deflate(plain, sample))
        is_new = len(_deflate(_deflater(dictionary), sample)) > _GOOD_SHARE * alone
        if is_new and len(dictionary) + len(sample) <= _DICTIONARY_BYTES:
            dictionary += sample
    return dictionary


def _deflater(dictionary: bytes) -> Any:
    """Return a compressor to copy for each body."""
    return zlib.compressobj(6, zlib.DEFLATED, -_WINDOW_BITS, 6, zdict=dictionary)


def _deflate(deflater: Any, body: bytes) -> bytes:
    """Return a body's stored form: a raw DEFLATE stream and the sum of its bytes."""
    fresh = deflater.copy()
    stream: bytes = fresh.compress(body) + fresh.flush()
    return stream + bytes([sum(stream) % 256])


@dataclass(slots=True)
class BodyCodec:
    """Encodes with the newest of a ledger's dictionaries, decodes with any."""

    dictionaries: dict[int, bytes] = field(default_factory=dict)
    _decode: verify.Decoder = field(init=False)
    _codec: str = field(init=False)
    _deflater: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Prepare to encode and decode."""
        newest = max(self.dictionaries, default=0)
        self._codec = f"deflate:{newest}"
        self._decode = verify.decoder(lambda: self.dictionaries)
        if newest:
            self._deflater = _deflater(self.dictionaries[newest])

    def encode(self, body: bytes | None) -> tuple[str, bytes | None]:
        """Return codec and stored form of a body."""
        if body is None or self._deflater is None:
            return RAW, body
        stored = _deflate(self._deflater, body)
        return (self._codec, stored) if len(stored) < len(body) else (RAW, body)

    def decode(self, codec: str, stored: bytes | None) -> bytes | None:
        """Return the body; None for a pruned one. Raises ValueError when it is malformed."""
        return stored if stored is None or codec == RAW else self._decode(codec, stored)
