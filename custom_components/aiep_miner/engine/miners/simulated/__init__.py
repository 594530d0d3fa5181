"""Miners that exist only as a model."""

from .adapter import SimulatedMiner

__all__ = ["SimulatedMiner"]
