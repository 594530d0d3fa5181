"""What mining is worth: profit of a miner now, the plan ahead, and the backtest of both.

``profit`` assesses one miner at one moment and needs the standard library only. ``model``,
``planner``, ``policies``, ``fast`` and ``backtest`` decide levels over time on numpy arrays and
are imported by their own names.
"""

from .profit import (
    Earnings,
    Figures,
    assess,
    coins_per_day,
    earnings_now,
    kwh_per_day,
    revenue_per_day,
)

__all__ = [
    "Earnings",
    "Figures",
    "assess",
    "coins_per_day",
    "earnings_now",
    "kwh_per_day",
    "revenue_per_day",
]
