"""Who gives up power first."""

from hypothesis import given
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.economics.shedding import Rung, Sheddable, shed


def machine(name: str, values=(0.0, 0.5, 0.3), powers=(20.0, 3000.0, 1500.0), **changes):
    rungs = [
        Rung(choice=c, power_w=p, value_per_hour=v)
        for c, (p, v) in enumerate(zip(powers, values, strict=True))
    ]
    return Sheddable(name=name, now=rungs[1], lower=(rungs[2], rungs[0]), **changes)


def test_the_least_value_lost_a_watt_goes_first_whatever_the_order() -> None:
    poor, rich = machine("poor", (0.0, 0.4, 0.3)), machine("rich", (0.0, 0.9, 0.3))
    for machines in ([poor, rich], [rich, poor]):
        (move,) = shed(machines, 1000)
        assert (move.name, move.choice, move.saved_w) == ("poor", 2, 1500)


def test_priority_is_a_weight_and_no_wall() -> None:
    weighty, plain = machine("weighty", priority=3.0), machine("plain")
    assert [move.name for move in shed([weighty, plain], 1400)] == ["plain"]
    assert {move.name for move in shed([weighty, plain], 4000)} == {"plain", "weighty"}


def test_moves_that_later_ones_make_needless_are_taken_back() -> None:
    small = machine("small", (0.0, 0.001, 0.0005), (1.0, 100.0, 60.0))
    moves = shed([small, machine("big")], 1450)
    assert [move.name for move in moves] == ["big"]


def test_machines_that_must_not_move_do_not() -> None:
    fixed = Sheddable(name="fixed", now=Rung(choice=1, power_w=3e3, value_per_hour=1), lower=())
    assert shed([fixed], 1000) == ()


@given(
    st.lists(st.tuples(st.floats(0, 2), st.floats(-1, 1), st.floats(0.1, 5)), max_size=6),
    st.floats(0, 20_000),
)
def test_enough_is_shed_or_all_that_can_be(figures, excess) -> None:
    machines = [
        machine(f"m{n}", (0.0, value, value * share), priority=weight)
        for n, (value, share, weight) in enumerate(figures)
    ]
    moves = shed(machines, excess)
    saved = sum(move.saved_w for move in moves)
    assert saved >= excess or saved == 2980 * len(machines)
    if excess == 0:
        assert moves == ()
