"""The phases of a ledger outage: which may follow which."""

import itertools

import pytest

from custom_components.aiep_miner.engine.outage import NEXT, Outage, Phase

ALLOWED = {
    (Phase.UNOPENED, Phase.RECOVERING),
    (Phase.RECOVERING, Phase.RECORDING),
    (Phase.RECOVERING, Phase.OUTAGE),
    (Phase.RECORDING, Phase.OUTAGE),
    (Phase.RECORDING, Phase.RECOVERING),
    (Phase.OUTAGE, Phase.RECOVERING),
}


@pytest.mark.parametrize(("before", "after"), itertools.product(Phase, Phase))
def test_transitions(before, after) -> None:
    outage = Outage(phase=before)
    if (before, after) in ALLOWED:
        outage.enter(after)
        assert outage.phase is after
    else:
        with pytest.raises(ValueError, match="cannot follow"):
            outage.enter(after)
        assert outage.phase is before


def test_every_phase_has_a_successor() -> None:
    assert set(NEXT) == set(Phase)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Phase.UNOPENED, Phase.UNOPENED),
        (Phase.RECOVERING, Phase.OUTAGE),
        (Phase.RECORDING, Phase.OUTAGE),
        (Phase.OUTAGE, Phase.OUTAGE),
    ],
)
def test_a_failure_ends_in_an_outage_unless_nothing_was_open(before, after) -> None:
    outage = Outage(phase=before)
    outage.fail(OSError("no disk"))
    assert (outage.phase, outage.error) == (after, "no disk")
