"""Run a long test: every module of tests/campaigns has functions that take ``n`` and ``seed``.

A campaign is called after its function. It raises AssertionError when what it tests does not
hold, and may return what it did.
"""

import argparse
import asyncio
import importlib
import inspect
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CAMPAIGNS = Path(__file__).resolve().parents[2] / "tests" / "campaigns"


def found() -> dict[str, Callable[..., Any]]:
    """Return the campaigns by name."""
    campaigns = {}
    # A runner is a process of its own and sets up its imports as it needs them.
    paths = (path for path in CAMPAIGNS.glob("[a-z]*.py") if not path.stem.endswith("_runner"))
    for path in sorted(paths):
        module = importlib.import_module(f"tests.campaigns.{path.stem}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__ == module.__name__ and not name.startswith("_")
            if own and {"n", "seed"} <= set(inspect.signature(function).parameters):
                campaigns[name] = function
    return campaigns


def carry_out(campaign: Callable[..., Any], n: int | None, seed: int) -> Any:
    """Run a campaign with its own count unless one is given."""
    chosen = {"seed": seed} if n is None else {"n": n, "seed": seed}
    if inspect.iscoroutinefunction(campaign):
        return asyncio.run(campaign(**chosen))
    return campaign(**chosen)


def main() -> None:
    """Run what the command line names."""
    campaigns = found()
    parser = argparse.ArgumentParser(prog="scripts/campaign", description="Run a long test.")
    parser.add_argument("name", nargs="?", choices=campaigns, help="left out: list them")
    parser.add_argument("--n", type=int, help="how many times; each campaign has its own default")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.name is None:
        for name, campaign in campaigns.items():
            print(f"{name:24} {(inspect.getdoc(campaign) or '').splitlines()[0]}")
        return
    started_s = time.monotonic()
    result = carry_out(campaigns[options.name], options.n, options.seed)
    print(f"{options.name}: held, {time.monotonic() - started_s:.1f} s")
    if result is not None:
        print(f"  {result}")


if __name__ == "__main__":
    main()
