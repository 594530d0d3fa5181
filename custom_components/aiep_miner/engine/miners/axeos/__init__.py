"""The documented web interface of AxeOS: BitAxe and NerdAxe."""

from .make import BitAxe, NerdAxe

__all__ = ["BitAxe", "NerdAxe"]
