"""VNish firmware."""

from .make import Vnish

__all__ = ["Vnish"]
