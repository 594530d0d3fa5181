"""Writes a made-up site as files for scripts/backtest.

``python -m devtools.economics household FOLDER --days 30 --first-day 75``
"""

import argparse
from pathlib import Path

from .sites import SEED, SITES


def main() -> None:
    """Read the command line and write both files."""
    parser = argparse.ArgumentParser(description="A made-up site for scripts/backtest.")
    parser.add_argument("site", choices=list(SITES))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--first-day", type=int, default=0, help="counted from 1 January 2025")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    site = SITES[options.site](options.days, options.seed, options.first_day)
    for path in site.write(options.folder):
        print(path)  # noqa: T201


if __name__ == "__main__":
    main()
