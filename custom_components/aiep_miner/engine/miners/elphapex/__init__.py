"""Elphapex DG miners."""

from .make import Elphapex

__all__ = ["Elphapex"]
