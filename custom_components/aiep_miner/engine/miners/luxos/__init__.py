"""LuxOS."""

from .make import LuxOs

__all__ = ["LuxOs"]
