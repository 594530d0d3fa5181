"""Finds the recordings of real devices, which lie beside the checkout when they are there."""

from pathlib import Path

import pytest


def recordings(folder: str) -> Path:
    """Return a folder of recordings; skip the test without it."""
    for parent in Path(__file__).resolve().parents:
        found = parent / "shared" / "recordings" / folder
        if found.is_dir():
            return found
    pytest.skip(f"no recordings of {folder}")
