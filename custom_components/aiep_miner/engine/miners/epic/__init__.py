"""ePIC's PowerPlay firmware."""

from .make import Epic

__all__ = ["Epic"]
