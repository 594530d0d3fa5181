"""A backtest's result as a table for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..model import STEPS_PER_DAY
from .run import Result
from .scenario import Scenario

LINES = (
    ("profit", "profit", "{:,.2f}"),
    ("revenue", "revenue", "{:,.2f}"),
    ("energy cost", "energy_cost", "{:,.2f}"),
    ("heat value", "heat_value", "{:,.2f}"),
    ("kWh", "kwh", "{:,.1f}"),
    ("  from the grid", "grid_kwh", "{:,.1f}"),
    ("  from surplus", "surplus_kwh", "{:,.1f}"),
    ("miner hours on", "run_hours", "{:,.1f}"),
    ("starts", "starts", "{:,}"),
    ("level changes", "level_changes", "{:,}"),
    ("Wh above the limit", "cap_violation_wh", "{:,.1f}"),
)


def readable(
    result: Result,
    scenario: Scenario,
    steps: int,
    changes: Sequence[Mapping[str, Any]] | None = None,
) -> str:
    """Return the totals side by side, the share of the bound, and the changes of level if given."""
    days = steps / STEPS_PER_DAY
    accounts = {
        "strategy": result.strategy,
        "always on": result.always_on,
        "hindsight": result.hindsight,
    }
    title = f"{len(scenario.miners)} miners, {days:,.1f} days, money in {scenario.currency}"
    lines = [title, " " * 20 + "".join(f"{name:>16}" for name in accounts)]
    lines += [_line(label, name, form, accounts.values()) for label, name, form in LINES]
    lines.append(f"\nno schedule can earn more than {result.bound:,.2f}{_share(result)}")
    for change in changes or ():
        level = "off" if change["level"] is None else f"level {change['level']}"
        lines.append(f"{change['ts']}  {change['miner']}  {level}")
    return "\n".join(lines)


def _line(label: str, name: str, form: str, accounts: Any) -> str:
    cells = (form.format(getattr(account, name)) for account in accounts)
    return f"{label:<20}" + "".join(f"{cell:>16}" for cell in cells)


def _share(result: Result) -> str:
    if result.bound <= 0:
        return ""
    return f"; the strategy earned {100 * result.strategy.profit / result.bound:.1f} % of it"
