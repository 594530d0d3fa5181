"""Canaan's Avalon miners: A series, Q, Nano 3S, Mini 3."""

from .make import Avalon

__all__ = ["Avalon"]
