"""Runs the stand-alone verifier as anybody would: one file, a plain Python, no project."""

import shutil
import subprocess
import sys
from pathlib import Path

from devtools.hass_process import DOMAIN, ROOT

VERIFIER = ROOT / "custom_components" / DOMAIN / "engine" / "ledger" / "verify.py"


class NotIntactError(Exception):
    """The ledger does not verify; the message is the verifier's."""


def command(
    ledger: Path, head: tuple[int, str], key: str | None = None, python: str | None = None
) -> list[str]:
    """Return the command line that verifies a ledger, with the machine's own Python if not told."""
    python = python or shutil.which("python3") or sys.executable
    known = ["--head", f"{head[0]}:{head[1]}"] if head[0] else []
    signer = ["--key", key] if key else []
    return [python, str(VERIFIER.relative_to(ROOT)), str(ledger), *known, *signer]


def verify(
    ledger: Path, head: tuple[int, str], key: str | None = None, python: str | None = None
) -> str:
    """Return what the verifier says of an intact ledger that holds a head; raise NotIntactError."""
    result = subprocess.run(
        command(ledger, head, key, python), cwd=ROOT, capture_output=True, text=True, check=False
    )
    said = (result.stdout + result.stderr).strip()
    if result.returncode:
        raise NotIntactError(said)
    return said
