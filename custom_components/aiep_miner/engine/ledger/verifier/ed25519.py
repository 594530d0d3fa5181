"""Ed25519 of RFC 8032 in plain Python, for verification only.

It is strict: encodings that are not canonical, a scalar that is not reduced and keys or nonces
of small order are refused. The equation is the one without a cofactor. A verification takes some
milliseconds; nothing here is secret, so no care is taken of side channels.
"""

from hashlib import sha512

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_M1 = pow(2, (_P - 1) // 4, _P)

_Point = tuple[int, int, int, int]
"""Extended homogeneous coordinates (X, Y, Z, T), RFC 8032, section 5.1.4."""
_IDENTITY: _Point = (0, 1, 1, 0)


def _add(one: _Point, other: _Point) -> _Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiply(scalar: int, point: _Point) -> _Point:
    result = _IDENTITY
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _recover_x(y: int, sign: int) -> int:
    """Return the x of a point. Raises ValueError when there is none."""
    if y >= _P:
        raise ValueError("not canonical")
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    if square == 0:
        if sign:
            raise ValueError("not canonical")
        return 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _SQRT_M1 % _P
    if (x * x - square) % _P:
        raise ValueError("not on the curve")
    return _P - x if x & 1 != sign else x


def _decode(data: bytes) -> _Point:
    """Return the point that 32 bytes encode. Raises ValueError."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = _recover_x(y, sign)
    return x, y, 1, x * y % _P


def _is_small(point: _Point) -> bool:
    """Return whether a point's order divides the cofactor."""
    return _multiply(8, point)[0] == 0


def _equal(one: _Point, other: _Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % _P == 0 and (
        one[1] * other[2] - other[1] * one[2]
    ) % _P == 0


_BASE_Y = 4 * pow(5, -1, _P) % _P
_BASE_X = _recover_x(_BASE_Y, 0)
_BASE: _Point = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether a signature (64 bytes) over a message fits a public key (32 bytes)."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    try:
        key, nonce = _decode(public_key), _decode(signature[:32])
    except ValueError:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= _L or _is_small(key) or _is_small(nonce):
        return False
    digest = sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % _L
    return _equal(_multiply(scalar, _BASE), _add(nonce, _multiply(challenge, key)))
