"""What a Whatsminer's writes are wrapped in: MD5-crypt (of FreeBSD) and AES-256 in ECB.

The device's protocol prescribes both; nothing else relies on them.
"""

import base64
import hashlib
from itertools import batched

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ROUNDS = 1000
_ORDER = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))
_BLOCK = 16


def md5_crypt(password: str, salt: str) -> str:
    """Return the hash alone, the part behind the last ``$`` of ``$1$salt$hash``."""
    key, seasoning = password.encode(), salt.encode()
    inner = hashlib.md5(key + seasoning + key).digest()  # noqa: S324 - the protocol\'s
    mixed = key + b"$1$" + seasoning
    mixed += b"".join(inner[: len(part)] for part in batched(key, _BLOCK, strict=False))
    length = len(key)
    while length:
        mixed += b"\0" if length & 1 else key[:1]
        length >>= 1
    digest = hashlib.md5(mixed).digest()  # noqa: S324 - the protocol\'s
    for turn in range(_ROUNDS):
        digest = _turn(turn, key, seasoning, digest)
    return _encode(digest)


def _turn(turn: int, key: bytes, salt: bytes, digest: bytes) -> bytes:
    data = key if turn & 1 else digest
    data += salt if turn % 3 else b""
    data += key if turn % 7 else b""
    data += digest if turn & 1 else key
    return hashlib.md5(data).digest()  # noqa: S324 - the protocol\'s


def _encode(digest: bytes) -> str:
    text = ""
    for group in _ORDER:
        text += _letters(int.from_bytes(digest[index] for index in group), 4)
    return text + _letters(digest[11], 2)


def _letters(value: int, count: int) -> str:
    return "".join(_ALPHABET[value >> 6 * place & 0x3F] for place in range(count))


def decrypt(key: str, data: str) -> bytes:
    """Return what was encrypted, without its padding of zeros."""
    decryptor = _cipher(key).decryptor()
    return (decryptor.update(base64.b64decode(data)) + decryptor.finalize()).rstrip(b"\0")


def encrypt(key: str, data: bytes) -> str:
    """Encrypt with the SHA-256 of the key, padded with zeros."""
    encryptor = _cipher(key).encryptor()
    padded = data.ljust(-(-len(data) // _BLOCK) * _BLOCK, b"\0")
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def _cipher(key: str) -> Cipher[modes.ECB]:
    return Cipher(algorithms.AES256(hashlib.sha256(key.encode()).digest()), modes.ECB())  # noqa: S305 - the protocol's
