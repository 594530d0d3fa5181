"""Run benchmarks: every module of scripts/benchmarks has ``run(quick: bool) -> dict``."""

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def names() -> list[str]:
    """Return the benchmarks' names."""
    return sorted(path.stem for path in BENCHMARKS.glob("[a-z]*.py"))


def readable(results: dict[str, Any], indent: str = "  ") -> list[str]:
    """Return results as indented lines."""
    lines = []
    for key, value in results.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *readable(value, indent + "  ")]
        else:
            shown = f"{value:.4g}" if isinstance(value, float) else value
            lines.append(f"{indent}{key}: {shown}")
    return lines


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Run the benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}")
    parser.add_argument("--quick", action="store_true", help="smaller runs, rougher figures")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(names())):
        parser.error(f"no benchmark called {', '.join(unknown)}: there are {', '.join(names())}")
    results = {}
    for name in options.names or names():
        results[name] = importlib.import_module(f"scripts.benchmarks.{name}").run(options.quick)
        if not options.json:
            print("\n".join([name, *readable(results[name])]), flush=True)
    if options.json:
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
