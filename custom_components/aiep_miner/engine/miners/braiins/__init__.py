"""Braiins OS."""

from .make import Braiins

__all__ = ["Braiins"]
