"""Runs the stand-alone verifier as anybody would: one path, a plain Python, no project."""

import shutil
import subprocess
import sys
from pathlib import Path

from devtools.hass_process import DOMAIN, ROOT

VERIFIER = ROOT / "custom_components" / DOMAIN / "engine" / "ledger" / "verifier"


class NotIntactError(Exception):
    """The ledger does not verify; the message is the verifier's."""


def command(ledger: Path, key: str | None = None, python: str | None = None) -> list[str]:
    """Return the command line that verifies a ledger; by default with the machine's own Python."""
    python = python or shutil.which("python3") or sys.executable
    signer = ["--key", key] if key else []
    return [python, str(VERIFIER.relative_to(ROOT)), str(ledger), *signer]


def verify(ledger: Path, key: str | None = None, python: str | None = None) -> str:
    """Return what the verifier says of an intact ledger; raises NotIntactError.

    ``key`` is the verifier key that every checkpoint must be signed with.
    """
    result = subprocess.run(
        command(ledger, key, python), cwd=ROOT, capture_output=True, text=True, check=False
    )
    said = (result.stdout + result.stderr).strip()
    if result.returncode:
        raise NotIntactError(said)
    return said
