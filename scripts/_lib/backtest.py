"""Run a backtest; exit 0 with its result, 2 with one line on standard error where input is refused."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from custom_components.aiep_miner.engine.economics.backtest.forecast import Forecast
from custom_components.aiep_miner.engine.economics.backtest.run import (
    PolicyName,
    as_json,
    backtest,
    levels_changed,
)
from custom_components.aiep_miner.engine.economics.backtest.scenario import (
    BadInput,
    Scenario,
    read_scenario,
)
from custom_components.aiep_miner.engine.economics.backtest.series import Series, read_series
from custom_components.aiep_miner.engine.economics.backtest.summary import readable

REFUSED = 2


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/backtest", description="What a site's miners would have earned."
    )
    parser.add_argument("scenario", type=Path, metavar="SCENARIO.yaml", help="site and miners")
    parser.add_argument("series", type=Path, metavar="SERIES.csv", help="what happened")
    parser.add_argument(
        "--policy",
        type=PolicyName,
        choices=list(PolicyName),
        default=PolicyName.PLAN,
        help="what decides (default: %(default)s)",
    )
    parser.add_argument(
        "--forecast",
        type=Forecast,
        choices=list(Forecast),
        default=Forecast.PERFECT,
        help="what may be known of the future (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--series",
        dest="with_series",
        action="store_true",
        help="print every change of a miner's level too",
    )
    return parser.parse_args(words)


def _scenario(path: Path) -> Scenario:
    try:
        document = yaml.safe_load(path.read_text("utf-8-sig"))
    except UnicodeDecodeError as err:
        raise BadInput(f"{path.name}: not UTF-8: {err}") from err
    except yaml.YAMLError as err:
        mark = getattr(err, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise BadInput(f"{path.name}: {where}not YAML: {getattr(err, 'problem', err)}") from err
    try:
        return read_scenario(document)
    except BadInput as err:
        raise BadInput(f"{path.name}: {err}") from err


def _series(path: Path) -> Series:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return read_series(lines)
    except UnicodeDecodeError as err:
        raise BadInput(f"{path.name}: not UTF-8: {err}") from err
    except BadInput as err:
        raise BadInput(f"{path.name}: {err}") from err


def main(words: Sequence[str] | None = None) -> int:
    """Return the exit status."""
    options = _options(words)
    try:
        scenario, series = _scenario(options.scenario), _series(options.series)
    except (BadInput, OSError) as err:
        print(f"backtest: {' '.join(str(err).split())}", file=sys.stderr)
        return REFUSED
    for key in scenario.ignored:
        print(f"backtest: {options.scenario.name}: {key} is not known here", file=sys.stderr)
    result = backtest(scenario, series, options.policy, options.forecast)
    changes = levels_changed(result, scenario, series) if options.with_series else None
    if options.json:
        found = as_json(result) | ({} if changes is None else {"series": changes})
        print(json.dumps(found, indent=None if changes else 2, allow_nan=False))
    else:
        print(readable(result, scenario, len(series), changes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
