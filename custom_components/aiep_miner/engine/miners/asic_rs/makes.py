"""Which makes need more than the library, by the library's name of their firmware."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..antminer import StatsSensors
from ..avalon import Avalon
from ..axeos import BitAxe
from ..braiins import Braiins
from ..elphapex import Elphapex
from ..epic import Epic
from ..luxos import LuxOs
from ..make import Link, Make
from ..marathon import Marathon
from ..vnish import Vnish
from ..whatsminer import WhatsminerV2, WhatsminerV3, is_v3

ANTMINER: Final = "AntMiner Stock"
AVALON: Final = "AvalonMiner Stock"
BITAXE: Final = "Bitaxe Stock"
LUXOS: Final = "LuxOS"
WHATSMINER: Final = "WhatsMiner Stock"


@dataclass(frozen=True, slots=True)
class Usual:
    """The user and password that a make comes with."""

    username: str
    password: str


LOGINS: Final = {
    ANTMINER: Usual("root", "root"),
    WHATSMINER: Usual("admin", "admin"),
    "Auradine Stock": Usual("admin", "admin"),
    "Braiins": Usual("root", "root"),
    "Elphapex Stock": Usual("root", "root"),
    "FutureBit Stock": Usual("futurebit", "futurebit123"),
    "Marathon": Usual("root", "root"),
    "Proto Stock": Usual("", ""),
    "SealMiner Stock": Usual("seal", "seal"),
    "UMC OS": Usual("", "letmein"),
    "VNish": Usual("", "admin"),
    "VolcMiner Stock": Usual("root", "ltc@dog"),
}
"""Firmware that takes a password."""
_WHATSMINER_V3 = Usual("super", "super")

_MAKES: Final[dict[str, Callable[[Link], Make]]] = {
    ANTMINER: StatsSensors,
    AVALON: Avalon,
    BITAXE: BitAxe,
    "Braiins": Braiins,
    "Elphapex Stock": Elphapex,
    LUXOS: LuxOs,
    "Marathon": Marathon,
    "UMC OS": Epic,
    "VNish": Vnish,
    "VolcMiner Stock": StatsSensors,
}


def usual_login(firmware: str, version: str | None) -> Usual:
    """Return what a make logs in with when nothing was entered."""
    if firmware == WHATSMINER and is_v3(version):
        return _WHATSMINER_V3
    return LOGINS.get(firmware, Usual("", ""))


def make_for(firmware: str, version: str | None, link: Link, *, writable: bool) -> Make:
    """Return what a device needs beside the library, which says whether it can be written to."""
    if firmware == WHATSMINER:
        known = WhatsminerV3 if is_v3(version) else WhatsminerV2
        return known(link) if writable else Make(link)
    return _MAKES.get(firmware, Make)(link)
