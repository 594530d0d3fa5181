"""The track record of a source, and the ceiling that follows from it."""

import pytest

from custom_components.aiep_miner.engine.governor import (
    CryptoMiningTrustLevel,
    Limits,
    MiningDomain,
    MiningPolicy,
    TrackRecords,
)
from custom_components.aiep_miner.engine.records import (
    Action,
    Basis,
    NegativeProofRecord,
    Origin,
    Outcome,
    ProfitRecord,
    ProposalRecord,
    ReceiptRecord,
    ReviewRecord,
)
from custom_components.aiep_miner.engine.records.reasons import Reason

from .streams import propose, warmed

ADVISORY, SUPERVISED, AUTONOMOUS = (
    CryptoMiningTrustLevel.ADVISORY,
    CryptoMiningTrustLevel.SUPERVISED,
    CryptoMiningTrustLevel.AUTONOMOUS,
)
MINUTE_MS = 60_000
SOURCE = "automation:solar"


class Story:
    """A site on which one automation proposes."""

    def __init__(self) -> None:
        """Begin without any record."""
        self.records = TrackRecords()
        self.now_ms = 0
        self.count = 0

    @property
    def ceiling(self) -> CryptoMiningTrustLevel:
        return self.records.ceiling(self.proposal())

    def proposal(
        self, action: Action = Action.RUN, origin: Origin = Origin.AUTOMATION, **more: float
    ) -> ProposalRecord:
        return ProposalRecord(
            ts_ms=self.now_ms,
            subject="m1",
            action=action,
            origin=origin,
            origin_id="solar" if origin is Origin.AUTOMATION else None,
            **more,
        )

    def propose(self, action: Action = Action.RUN, **more: float) -> None:
        self.now_ms += MINUTE_MS
        self.records.follow(self.proposal(action, **more))

    def receipt(self, outcome: Outcome, reason: Reason, action: Action = Action.RUN) -> None:
        self.records.follow(
            ReceiptRecord(
                ts_ms=self.now_ms,
                subject="m1",
                decision=f"d{self.count}",
                action=action,
                outcome=outcome,
                reason=reason,
            )
        )

    def act(self, action: Action = Action.RUN, *, seen: bool = True) -> None:
        self.count += 1
        self.propose(action)
        self.receipt(Outcome.ACCEPTED, Reason.DISPATCH_ACCEPTED, action)
        if seen:
            self.receipt(Outcome.CONFIRMED, Reason.EFFECT_SEEN, action)
        else:
            self.receipt(Outcome.NOT_CONFIRMED, Reason.EFFECT_NOT_SEEN, action)

    def refuse(self, rule: Reason) -> None:
        self.propose()
        self.records.follow(
            NegativeProofRecord(
                ts_ms=self.now_ms, subject="m1", decision="d", action=Action.RUN, rule=rule
            )
        )

    def command(self, action: Action, minutes: int = 1) -> None:
        self.now_ms += minutes * MINUTE_MS
        self.records.follow(self.proposal(action, Origin.PERSON))


def test_a_new_source_is_supervised_and_people_have_no_ceiling() -> None:
    story = Story()
    assert story.ceiling is SUPERVISED
    assert story.records.ceiling(story.proposal(origin=Origin.PERSON)) is AUTONOMOUS
    assert story.records.ceiling(story.proposal(origin=Origin.STRATEGY)) is AUTONOMOUS


def test_twenty_confirmed_proposals_earn_autonomy() -> None:
    story = Story()
    for _ in range(19):
        story.act()
    assert story.ceiling is SUPERVISED
    story.act()
    assert story.ceiling is AUTONOMOUS
    found = story.records.sources[SOURCE]
    assert (found.proposals, found.allowed, found.confirmed) == (20, 20, 20)
    for _ in range(3):
        story.act(seen=False)
    assert story.ceiling is SUPERVISED


def test_three_reversals_by_people_leave_but_advice() -> None:
    story = Story()
    for _ in range(3):
        assert story.ceiling is SUPERVISED
        story.act()
        story.command(Action.STOP)
        story.command(Action.STOP)
    assert story.ceiling is ADVISORY
    assert story.records.sources[SOURCE].reversed == 3


@pytest.mark.parametrize(("action", "minutes"), [(Action.RUN, 1), (Action.STOP, 61)])
def test_a_command_that_agrees_or_comes_late_reverses_nothing(action: Action, minutes: int) -> None:
    story = Story()
    story.act()
    story.command(action, minutes)
    assert story.records.sources[SOURCE].reversed == 0


def test_a_review_that_rejects_reverses() -> None:
    story = Story()
    story.act()
    for approved in (True, False):
        story.records.follow(
            ReviewRecord(ts_ms=story.now_ms, subject="m1", decision="d1", approved=approved)
        )
    assert story.records.sources[SOURCE].reversed == 1


def test_mostly_refused_is_but_advice_until_it_proposes_better() -> None:
    story = Story()
    for _ in range(9):
        story.refuse(Reason.STEP_TOO_LARGE)
    assert story.ceiling is SUPERVISED
    story.refuse(Reason.STEP_TOO_LARGE)
    assert story.ceiling is ADVISORY
    assert story.records.sources[SOURCE].refused == 10
    for _ in range(20):
        story.refuse(Reason.SOURCE_CEILING)
    assert story.ceiling is SUPERVISED


def test_what_the_sites_mode_holds_back_counts_neither_way() -> None:
    story = Story()
    for _ in range(30):
        story.refuse(Reason.MANUAL_MODE)
    assert story.ceiling is SUPERVISED
    assert story.records.sources[SOURCE].refused == 0


def test_what_it_gained_or_cost_is_counted() -> None:
    story = Story()

    def earn(profit: float, minutes: int) -> None:
        story.now_ms += minutes * MINUTE_MS
        story.records.earn(
            ProfitRecord(
                ts_ms=story.now_ms, subject="m1", basis=Basis.MEASURED, profit_per_day=profit
            )
        )

    earn(-2.4, 1)
    story.act(Action.STOP)
    for _ in range(12):
        earn(-2.4, 5)
    assert story.records.sources[SOURCE].gained == pytest.approx(0.1)
    story.act(Action.RUN)
    for _ in range(12):
        earn(-2.4, 5)
    assert story.records.sources[SOURCE].gained == pytest.approx(0.0)


def test_sources_are_bounded() -> None:
    story = Story()
    for n in range(200):
        story.records.follow(
            ProposalRecord(
                ts_ms=n, subject="m1", action=Action.RUN, origin=Origin.LLM, origin_id=str(n)
            )
        )
    assert len(story.records.sources) == 64


@pytest.mark.parametrize("least", [ADVISORY, SUPERVISED, AUTONOMOUS])
def test_the_governor_acts_on_nothing_of_an_advisory_source(least: CryptoMiningTrustLevel) -> None:
    policy = MiningPolicy(min_trust_for_action=least)
    advised = propose(
        warmed(MiningDomain.HASH_RATE, policy),
        MiningDomain.HASH_RATE,
        limits=Limits(ceiling=ADVISORY),
    )
    assert not advised.actionable
    assert advised.refusal is Reason.SOURCE_CEILING


def test_a_supervised_source_is_at_most_supervised() -> None:
    capped = Limits(ceiling=SUPERVISED)
    decision = propose(warmed(MiningDomain.HASH_RATE), MiningDomain.HASH_RATE, limits=capped)
    assert decision.actionable
    assert decision.authorized_level is SUPERVISED
    strict = MiningPolicy(min_trust_for_action=AUTONOMOUS)
    held = propose(warmed(MiningDomain.HASH_RATE, strict), MiningDomain.HASH_RATE, limits=capped)
    assert held.refusal is Reason.SOURCE_CEILING


def test_a_refusal_of_the_layers_is_not_put_down_to_the_ceiling() -> None:
    decision = propose(
        warmed(MiningDomain.HASH_RATE),
        MiningDomain.HASH_RATE,
        300.0,
        limits=Limits(ceiling=ADVISORY),
    )
    assert decision.refusal is Reason.STEP_TOO_LARGE
