"""Miners of many makes through the library pyasic-rs."""

from .adapter import AsicRsMiner, Credentials

__all__ = ["AsicRsMiner", "Credentials"]
