"""MicroBT Whatsminers with API v2 and v3."""

from .make import WhatsminerV2, WhatsminerV3, is_v3

__all__ = ["WhatsminerV2", "WhatsminerV3", "is_v3"]
