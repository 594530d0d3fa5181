"""A fleet of fifty inside a real Home Assistant, in a process of its own: what it costs the others.

The limits are those of ``scripts/bench ha_fleet``, with slack for slow and busy machines.
"""

from scripts.benchmarks.ha_fleet import LIMIT_CYCLE_CPU_S, LIMIT_ROWS, LIMIT_STALL_S, run_size

SLACK = 4


def test_fifty_miners() -> None:
    figures = run_size(50, cycles=3)
    assert figures["messages"] == {}
    assert figures["states"] >= 50 * 10
    assert figures["recorder_rows_per_miner_and_cycle"] <= LIMIT_ROWS
    assert figures["longest_stall_s"] <= LIMIT_STALL_S[50] * SLACK
    assert figures["cycle_cpu_s"] <= LIMIT_CYCLE_CPU_S
