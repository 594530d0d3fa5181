"""A witness written from C2SP tlog-witness alone, that can be told to misbehave.

It shares no code with the project: it parses, verifies and signs with ``hashlib`` and
``cryptography`` only.
"""

import asyncio
import base64
import hashlib
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

type Misdeed = Callable[["IndependentWitness", "Asked"], web.StreamResponse | None]


@dataclass
class Asked:
    """One request, taken apart."""

    old: int
    proof: list[bytes]
    text: str
    origin: str
    size: int
    root: bytes
    lines: list[tuple[str, bytes]]
    raw: bytes


def take_apart(raw: bytes) -> Asked:
    head, _, note = raw.decode().partition("\n\n")
    first, *proof = head.split("\n")
    assert first.startswith("old ")
    text, _, below = note.rpartition("\n\n")
    origin, size, root, *_ = text.split("\n")
    lines = []
    for line in below.splitlines():
        dash, name, data = line.split(" ")
        assert dash == "\u2014"
        lines.append((name, base64.b64decode(data)))
    return Asked(
        int(first[4:]), [base64.b64decode(item) for item in proof], text + "\n", origin,
        int(size), base64.b64decode(root), lines, raw,
    )  # fmt: skip


def split_vkey(vkey: str) -> tuple[str, bytes, bytes]:
    name, key_id, data = vkey.split("+", 2)
    return name, bytes.fromhex(key_id), base64.b64decode(data)[1:]


def pair(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def continues(old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> bool:
    """Check a consistency proof by walking down the tree of RFC 6962, section 2.1.2."""
    left = list(proof)

    def walk(m: int, n: int, *, whole: bool) -> tuple[bytes, bytes]:
        """Return the roots over the first m and over all n leaves of a subtree."""
        if m == n:
            root = old_root if whole else left.pop(0)
            return root, root
        k = 1
        while k * 2 < n:
            k *= 2
        if m <= k:
            old_side, new_side = walk(m, k, whole=whole)
            right = left.pop(0)
            return old_side, pair(new_side, right)
        old_side, new_side = walk(m - k, n - k, whole=False)
        node = left.pop(0)
        return pair(node, old_side), pair(node, new_side)

    if old == 0:
        return not proof
    try:
        found = walk(old, new, whole=True)
    except IndexError:
        return False
    return not left and found == (old_root, new_root)


@dataclass
class IndependentWitness:
    """A witness on loopback; ``misdeed`` answers in its stead while it is set."""

    vkey: str
    """Of the log that it knows."""
    name: str = "witness.test/independent"
    size: int = 0
    root: bytes = hashlib.sha256(b"").digest()
    misdeed: Misdeed | None = None
    shown: str | None = None
    """What it shows as the checkpoint that it cosigned last."""
    asked: list[Asked] = field(default_factory=list)
    skew_s: int = 0
    clock: Callable[[], float] = time.time
    url: str = ""

    def __post_init__(self) -> None:
        self.ed25519 = Ed25519PrivateKey.generate()
        self.ml_dsa = MLDSA44PrivateKey.generate()

    def keys(self) -> str:
        """Return both vkeys."""
        return " ".join(
            f"{self.name}+{self.key_id(kind, public).hex()}"
            f"+{base64.b64encode(bytes([kind]) + public).decode()}"
            for kind, public in (
                (4, self.ed25519.public_key().public_bytes_raw()),
                (6, self.ml_dsa.public_key().public_bytes_raw()),
            )
        )

    def key_id(self, kind: int, public: bytes) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]

    def cosign(self, asked: Asked, time_s: int | None = None) -> str:
        """Return both signature lines."""
        time_s = int(self.clock()) + self.skew_s if time_s is None else time_s
        stamp = struct.pack(">Q", time_s)
        first = self.ed25519.sign(f"cosignature/v1\ntime {time_s}\n{asked.text}".encode())
        name, origin = self.name.encode(), asked.origin.encode()
        second = self.ml_dsa.sign(
            b"subtree/v1\n\0" + bytes([len(name)]) + name + stamp + bytes([len(origin)]) + origin
            + struct.pack(">QQ", 0, asked.size) + asked.root
        )  # fmt: skip
        lines = ""
        for kind, key, signature in ((4, self.ed25519, first), (6, self.ml_dsa, second)):
            public = key.public_key().public_bytes_raw()
            data = self.key_id(kind, public) + stamp + signature
            lines += f"\u2014 {self.name} {base64.b64encode(data).decode()}\n"
        return lines

    def is_signed(self, asked: Asked) -> bool:
        name, key_id, public = split_vkey(self.vkey)
        for line_name, data in asked.lines:
            if (line_name, data[:4]) == (name, key_id):
                try:
                    Ed25519PublicKey.from_public_bytes(public).verify(data[4:], asked.text.encode())
                except InvalidSignature:
                    return False
                return True
        return False

    async def add_checkpoint(self, request: web.Request) -> web.StreamResponse:
        """Answer as the specification says, or as the misdeed does."""
        asked = take_apart(await request.read())
        self.asked.append(asked)
        if self.misdeed is not None:
            made = self.misdeed(self, asked)
            if asyncio.iscoroutine(made):
                made = await made
            if made is not None:
                return made
        return self.answer(asked)

    def answer(self, asked: Asked) -> web.Response:
        if asked.origin != split_vkey(self.vkey)[0]:
            return web.Response(status=404)
        if not self.is_signed(asked):
            return web.Response(status=403)
        if asked.old > asked.size:
            return web.Response(status=400)
        if asked.old != self.size:
            return self.conflict(self.size)
        is_same = asked.old != asked.size or asked.root == self.root
        if not is_same or not continues(asked.old, asked.size, self.root, asked.root, asked.proof):
            return web.Response(status=422)
        self.size, self.root = asked.size, asked.root
        lines = self.cosign(asked)
        note = asked.raw.decode().partition("\n\n")[2]
        self.shown = note + lines
        return web.Response(text=lines)

    @staticmethod
    def conflict(size: int) -> web.Response:
        return web.Response(status=409, body=f"{size}\n".encode(), content_type="text/x.tlog.size")

    async def checkpoint(self, request: web.Request) -> web.Response:
        """Show what was cosigned last."""
        origin = split_vkey(self.vkey)[0]
        is_log = request.match_info["log"] == hashlib.sha256(origin.encode()).hexdigest()
        if self.shown is None or not is_log:
            return web.Response(status=404)
        return web.Response(text=self.shown)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/w/add-checkpoint", self.add_checkpoint)
        app.router.add_get("/w/{log}/checkpoint", self.checkpoint)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/w"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
