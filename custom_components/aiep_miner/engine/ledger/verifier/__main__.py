"""Runs the verifier by its path, without anything else of the project."""

import importlib.util
import sys
from pathlib import Path


def _load() -> None:
    """Make this folder importable as the package ``verifier``."""
    folder = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(
        "verifier", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} is no package")
    module = importlib.util.module_from_spec(spec)
    sys.modules["verifier"] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    _load()
    sys.exit(importlib.import_module("verifier.command_line").main())
