"""Marathon firmware for Antminers."""

from .make import Marathon

__all__ = ["Marathon"]
