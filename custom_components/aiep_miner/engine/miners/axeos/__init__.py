"""The documented web interface of AxeOS: BitAxe and NerdAxe."""

from .make import BitAxe

__all__ = ["BitAxe"]
