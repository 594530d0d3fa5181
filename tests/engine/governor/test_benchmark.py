"""The labelled streams, a short version: what is sound acts, what is unsafe does not."""

from scripts.benchmarks.governor import run


def test_sound_proposals_act_and_unsafe_ones_do_not() -> None:
    results = run(quick=True, seeds=1)
    assert results["sound_worst"] >= 0.99, results["refused_though_sound"]
    assert results["unsafe_found"] == {}
    assert results["unsafe_proposed"] > 2000
    assert len(results["unsafe"]) == 17
    assert max(results["state_bytes"].values()) < 64 * 1024
