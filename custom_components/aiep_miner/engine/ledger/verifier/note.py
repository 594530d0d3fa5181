"""Signed notes, verifier keys and checkpoints: C2SP signed-note and tlog-checkpoint."""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

ED25519 = 0x01
MAX_NOTE_BYTES = 128 * 1024
"""Room for more than 16 signatures of the longest kind."""
MAX_SIGNATURES = 64
_MARK = "\N{EM DASH} "


def from_base64(text: str) -> bytes:
    """Return what standard base64 (RFC 4648, section 4) encodes. Raises ValueError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as err:
        raise ValueError("not base64") from err
    if to_base64(data) != text:
        raise ValueError("not base64 as it is written")
    return data


def to_base64(data: bytes) -> str:
    """Return standard base64."""
    return base64.b64encode(data).decode()


def _check_name(name: str) -> str:
    """Return a key's name. Raises ValueError when it is none."""
    if not name or "+" in name or any(char.isspace() or char < " " for char in name):
        raise ValueError(f"{name!r} is no key name")
    return name


def key_id(name: str, kind: int, public_key: bytes) -> bytes:
    """Return the four bytes by which signature lines name a key."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:4]


@dataclass(frozen=True)
class VerifierKey:
    """A public key with its name and signature type, written as a C2SP vkey."""

    name: str
    kind: int
    """Signature type: 0x01 Ed25519, 0x04 and 0x06 cosignatures."""
    public_key: bytes

    @property
    def id(self) -> bytes:
        """Return the key id, 4 bytes."""
        return key_id(self.name, self.kind, self.public_key)

    def __str__(self) -> str:
        """Return ``name+id+base64``."""
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read ``name+id+base64``. Raises ValueError."""
        name, first, rest = text.strip().partition("+")
        hex_id, second, encoded = rest.partition("+")
        data = from_base64(encoded)
        if not first or not second or len(data) < 2:
            raise ValueError("not a verifier key: name+id+base64")
        key = cls(_check_name(name), data[0], data[1:])
        if key.kind in (0x01, 0x04) and len(key.public_key) != 32:
            raise ValueError("an Ed25519 key has 32 bytes")
        if key.id.hex() != hex_id:
            raise ValueError("the key's id does not fit the key")
        return key


@dataclass(frozen=True)
class Signature:
    """One signature line."""

    name: str
    key_id: bytes
    data: bytes

    def line(self) -> str:
        """Return the line with its newline."""
        return f"{_MARK}{self.name} {to_base64(self.key_id + self.data)}\n"

    @classmethod
    def parse(cls, line: str) -> "Signature":
        """Read a line without its newline. Raises ValueError."""
        if not line.startswith(_MARK):
            raise ValueError("not a signature line")
        name, space, encoded = line[len(_MARK) :].partition(" ")
        data = from_base64(encoded)
        if not space or len(data) < 5:
            raise ValueError("not a signature line")
        return cls(_check_name(name), data[:4], data[4:])

    def is_by(self, key: VerifierKey) -> bool:
        """Return whether the line names a key; the signature is not verified by that."""
        return self.name == key.name and self.key_id == key.id


@dataclass(frozen=True)
class Note:
    """A text and the signatures below it."""

    text: str
    """It ends with a newline."""
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        """Return the signed note."""
        return self.text + "\n" + "".join(item.line() for item in self.signatures)

    @classmethod
    def parse(cls, data: bytes | str) -> "Note":
        """Read a signed note. Raises ValueError."""
        raw = data.encode() if isinstance(data, str) else data
        if len(raw) > MAX_NOTE_BYTES:
            raise ValueError("the note is too long")
        whole = raw.decode()
        if any(char < " " and char != "\n" for char in whole):
            raise ValueError("a note has no control characters")
        text, separator, below = whole.rpartition("\n\n")
        if not separator or not below.endswith("\n"):
            raise ValueError("not a signed note")
        lines = below[:-1].split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise ValueError("the note has too many signatures")
        return cls(text + "\n", tuple(map(Signature.parse, lines)))


@dataclass(frozen=True)
class Checkpoint:
    """A log's tree head."""

    origin: str
    size: int
    """Number of leaves: of a ledger's blocks."""
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the text of the note."""
        lines = (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read a note's text. Raises ValueError."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines):
            raise ValueError("not a checkpoint")
        origin, digits, encoded, *extensions = lines
        if not (digits.isascii() and digits.isdigit()) or str(int(digits[:20])) != digits:
            raise ValueError("not a tree size")
        size, digest = int(digits), from_base64(encoded)
        if size >= 2**63 or len(digest) != 32:
            raise ValueError("not a tree head")
        return cls(origin, size, digest, tuple(extensions))


def origin_of(operator_id: str, segment: str) -> str:
    """Return the origin, which is also the key name, of one segment of an operator's ledger."""
    return f"aiep-miner/{operator_id}/{segment}"
