"""Between the steps: surplus, caps, strikes and heat that ends."""

import pytest

from custom_components.aiep_miner.engine.economics.fast import (
    FastMiner,
    FastReason,
    FastState,
    Moment,
    Move,
    StrikeLimits,
    StrikeState,
    follow,
    strike,
)
from custom_components.aiep_miner.engine.economics.model import Level, MinerModel

MODEL = MinerModel(
    name="s19",
    levels=(
        Level(hashrate_ths=95, power_w=3250),
        Level(hashrate_ths=78, power_w=2400),
        Level(hashrate_ths=55, power_w=1600),
    ),
    standby_w=20,
)
HIGH, MIDDLE, LOW, OFF = 1, 2, 3, 0
MINUTE = 60_000


def miner(choice: int, name: str = "s19", **changes) -> FastMiner:
    model = MinerModel(name=name, levels=MODEL.levels, standby_w=20)
    fields = {
        "lowest": OFF,
        "highest": HIGH,
        "values_per_hour": (0.0, 0.30, 0.25, 0.18),
        "may_stop": True,
        "may_start": True,
        "follows_surplus": True,
    }
    return FastMiner(model=model, choice=choice, **fields | changes)


def moment(minutes: float, surplus_w: float, **changes) -> Moment:
    fields = {"limit_w": float("inf"), "heat_demand_w": 1000.0}
    return Moment(ts_ms=int(minutes * MINUTE), surplus_w=surplus_w, **fields | changes)


def play(miners, *moments) -> list[tuple[Move, ...]]:
    state, found = FastState(), []
    for now in moments:
        state, moves = follow(state, now, miners)
        found.append(moves)
    return found


def test_surplus_raises_a_level_after_a_minute() -> None:
    moves = play([miner(LOW)], moment(0, 3300), moment(0.9, 3300), moment(1, 3300))
    assert moves[:2] == [(), ()]
    assert moves[2] == (Move(miner="s19", choice=HIGH, reason=FastReason.SURPLUS_ROSE),)


def test_a_cloud_begins_the_minute_anew() -> None:
    moves = play([miner(LOW)], moment(0, 3300), moment(0.5, 1000), moment(1, 3300))
    assert moves == [(), (), ()]


def test_a_lack_lowers_the_level_after_three_minutes_and_stops_last() -> None:
    moves = play([miner(HIGH)], moment(0, 1700), moment(2.9, 1700), moment(3, 1700))
    assert moves[:2] == [(), ()]
    assert moves[2] == (Move(miner="s19", choice=LOW, reason=FastReason.SURPLUS_FELL),)
    moves = play([miner(LOW)], moment(0, 100), moment(3, 100))
    assert moves[1] == (Move(miner="s19", choice=OFF, reason=FastReason.SURPLUS_FELL),)


def test_the_plan_s_band_holds() -> None:
    narrow = miner(LOW, lowest=LOW, highest=MIDDLE)
    moves = play([narrow], moment(0, 9000), moment(1, 9000))
    assert moves[1] == (Move(miner="s19", choice=MIDDLE, reason=FastReason.SURPLUS_ROSE),)
    assert play([narrow], moment(0, 0), moment(3, 0))[1] == ()


def test_what_the_plan_runs_on_import_does_not_follow_the_sun() -> None:
    assert play([miner(HIGH, follows_surplus=False)], moment(0, 0), moment(9, 0)) == [(), ()]


def test_minimum_times_hold() -> None:
    assert play([miner(LOW, may_stop=False)], moment(0, 0), moment(3, 0))[1] == ()
    assert play([miner(OFF, may_start=False)], moment(0, 9e3), moment(1, 9e3))[1] == ()


def test_a_cap_sheds_at_once_by_value_lost_a_watt() -> None:
    dear = miner(HIGH, "dear", values_per_hour=(0, 0.9, 0.6, 0.4), follows_surplus=False)
    cheap = miner(HIGH, "cheap", follows_surplus=False)
    (moves,) = play([dear, cheap], moment(0, 0, limit_w=5700))
    assert moves == (Move(miner="cheap", choice=MIDDLE, reason=FastReason.CAP),)


def test_a_strike_stops_all_that_may_stop() -> None:
    (moves,) = play(
        [miner(HIGH, "a"), miner(HIGH, "b", may_stop=False)], moment(0, 9e3, strike=True)
    )
    assert [(move.miner, move.choice) for move in moves] == [("a", OFF), ("b", LOW)]


def test_heat_that_nobody_wants_ends_a_heater_s_run() -> None:
    heater = miner(HIGH, for_heat=True, follows_surplus=False)
    cold = [moment(minutes, 0, heat_demand_w=0) for minutes in (0, 2, 3)]
    moves = play([heater], *cold)
    assert moves[:2] == [(), ()]
    assert moves[2] == (Move(miner="s19", choice=OFF, reason=FastReason.HEAT_ENDED),)


@pytest.mark.parametrize(("price", "stops_after"), [(0.5, 2), (0.2, None)])
def test_two_windows_in_a_row_strike(price: float, stops_after: int | None) -> None:
    limits = StrikeLimits(stop_above=0.3, resume_below=0.25)
    state, struck = StrikeState(), None
    for number in range(20):
        state = strike(state, limits, number * limits.window_ms, price)
        if state.striking and struck is None:
            struck = number
    assert struck == stops_after


def test_a_strike_resumes_after_four_windows_and_one_dear_one_begins_anew() -> None:
    limits = StrikeLimits(stop_above=0.3, resume_below=0.25)
    state = StrikeState(striking=True)
    prices = [0.2, 0.2, 0.2, 0.28, 0.2, 0.2, 0.2, 0.2, 0.2]
    strikes = []
    for number, price in enumerate(prices):
        state = strike(state, limits, number * limits.window_ms, price)
        strikes.append(state.striking)
    assert strikes == [True] * 8 + [False]


def test_an_emergency_strikes_at_once() -> None:
    limits = StrikeLimits(stop_above=0.3, resume_below=0.25, emergency_above=2.0)
    assert strike(StrikeState(), limits, 0, 2.1).striking
