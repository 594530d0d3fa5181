"""The simulated miner: its physics, its commands, its faults."""

import pytest

from custom_components.aiep_miner.engine.canonical import canonical
from custom_components.aiep_miner.engine.miners.base import Command, MinerError
from custom_components.aiep_miner.engine.miners.simulated import SimulatedMiner
from custom_components.aiep_miner.engine.miners.simulated.machine import (
    PROFILES,
    FaultWindow,
    Machine,
    MachineFault,
    fault_windows,
    profile_named,
)
from custom_components.aiep_miner.engine.records import Action, TelemetryRecord
from custom_components.aiep_miner.engine.records.reasons import Reason

THROTTLE_C = 85.0
EVERY_PROFILE = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)


class Clock:
    """Monotonic seconds that pass when told."""

    def __init__(self):
        self.now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def miner(clock):
    miner = SimulatedMiner("rig-1", PROFILES["s19"], clock=clock)
    await miner.connect()
    return miner


def machine_at(profile, now_s, *faults):
    machine = Machine(profile, seed=1)
    for fault in faults:
        machine.inject(fault)
    machine.advance_to(now_s)
    return machine


def hottest_c(machine):
    return max(machine.chip_temperatures_c or machine.board_temperatures_c)


class TestMachine:
    @EVERY_PROFILE
    def test_begins_warm_and_stays_near_its_nominal_values(self, profile):
        machine = Machine(profile, seed=1)
        for now_s in range(0, 3600, 60):
            machine.advance_to(now_s)
            assert machine.hashrate_ths == pytest.approx(profile.nominal_hashrate_ths, rel=0.03)
            assert machine.power_w == pytest.approx(profile.nominal_power_w, rel=0.03)
            assert 55 < hottest_c(machine) < 76

    @EVERY_PROFILE
    def test_its_course_does_not_depend_on_who_looks(self, profile):
        often, once = Machine(profile, seed=1), Machine(profile, seed=1)
        for machine in (often, once):
            machine.inject(MachineFault.OVERHEAT)
        for tenths in range(1000):
            often.advance_to(tenths / 10)
        often.advance_to(100)
        once.advance_to(100)
        assert often.board_temperatures_c == once.board_temperatures_c
        assert often.hashrate_ths == once.hashrate_ths
        assert often.shares() == once.shares()

    def test_seeds_differ(self):
        one, other = Machine(PROFILES["s19"], seed=1), Machine(PROFILES["s19"], seed=2)
        assert one.board_temperatures_c != other.board_temperatures_c

    @pytest.mark.parametrize("seed", range(20))
    @pytest.mark.parametrize("name", ["s19", "whatsminer_hydro"])
    def test_boards_differ_by_5_to_12_c(self, name, seed):
        temperatures_c = Machine(PROFILES[name], seed=seed).board_temperatures_c
        assert 4.5 < max(temperatures_c) - min(temperatures_c) < 12.5

    @EVERY_PROFILE
    def test_efficiency_worsens_at_the_top(self, profile):
        joules = []
        for power_w in (0.7 * profile.nominal_power_w, profile.nominal_power_w):
            machine = Machine(profile, seed=1)
            machine.power_limit_w = power_w
            machine.advance_to(600)
            joules.append(machine.power_w / machine.hashrate_ths)
        assert joules[0] < joules[1]
        assert machine.power_for(machine.expected_hashrate_ths) == pytest.approx(power_w)

    @EVERY_PROFILE
    def test_the_highest_limit_does_not_overheat(self, profile):
        machine = Machine(profile, seed=1)
        machine.power_limit_w = profile.power_max_w
        machine.advance_to(3600)
        assert hottest_c(machine) < THROTTLE_C - 1

    @EVERY_PROFILE
    def test_heat_has_inertia(self, profile):
        machine = machine_at(profile, 2, MachineFault.OVERHEAT)
        assert hottest_c(machine) < THROTTLE_C
        machine.advance_to(300)
        assert hottest_c(machine) > THROTTLE_C
        machine.stop()
        machine.advance_to(301)
        assert max(machine.board_temperatures_c) > 60
        machine.advance_to(900)
        assert hottest_c(machine) < profile.ambient_c + 5

    def test_fans_react_to_heat(self):
        calm = machine_at(PROFILES["s19"], 120).fans_rpm
        hot = machine_at(PROFILES["s19"], 120, MachineFault.OVERHEAT).fans_rpm
        assert min(hot) > 1.3 * max(calm)

    @pytest.mark.parametrize("name", ["bitaxe", "s19"])
    def test_a_failed_fan_stands_and_it_gets_hotter(self, name):
        machine = machine_at(PROFILES[name], 300, MachineFault.FAN_FAILURE)
        assert machine.fans_rpm[0] == 0
        assert all(machine.fans_rpm[1:])
        assert hottest_c(machine) > hottest_c(machine_at(PROFILES[name], 300)) + 1

    def test_a_hydro_machine_has_no_fans_but_its_coolant_can_fail(self):
        machine = machine_at(PROFILES["whatsminer_hydro"], 300, MachineFault.FAN_FAILURE)
        assert machine.fans_rpm == []
        assert hottest_c(machine) > 78

    @EVERY_PROFILE
    def test_collapse(self, profile):
        machine = machine_at(profile, 120, MachineFault.HASHRATE_COLLAPSE)
        assert machine.hashrate_ths < 0.3 * profile.nominal_hashrate_ths
        assert machine.power_w < 0.5 * profile.nominal_power_w

    @EVERY_PROFILE
    def test_phantom_hashrate_comes_without_power_heat_or_shares(self, profile):
        machine = machine_at(profile, 60, MachineFault.PHANTOM_HASHRATE)
        shares = machine.shares()
        machine.advance_to(600)
        assert machine.hashrate_ths > 0.9 * profile.nominal_hashrate_ths
        assert machine.power_w == profile.standby_w
        assert hottest_c(machine) < profile.ambient_c + 5
        assert machine.shares() == shares

    def test_a_long_jump_counts_what_it_skips(self):
        machine = machine_at(PROFILES["s19"], 86_400)
        assert machine.uptime_s == 86_400 + 3600
        assert sum(machine.shares()) == pytest.approx(0.25 * machine.uptime_s, rel=0.01)
        assert machine.hashed_th == pytest.approx(100 * machine.uptime_s, rel=0.01)

    def test_never_goes_back(self):
        machine = machine_at(PROFILES["s19"], 100)
        before = machine.uptime_s
        machine.advance_to(50)
        assert machine.uptime_s == before

    def test_one_board_can_be_disabled(self):
        machine = Machine(PROFILES["s19"], seed=1)
        machine.set_board(1, enabled=False)
        machine.advance_to(600)
        assert machine.board_hashrates_ths[1] == 0
        assert machine.hashrate_ths == pytest.approx(200 / 3, rel=0.03)
        assert machine.board_temperatures_c[1] == min(machine.board_temperatures_c)


class TestSchedule:
    def test_a_fault_comes_and_goes(self):
        faults = fault_windows([{"at_s": 60, "fault": "overheat", "for_s": 120}])
        assert faults == (FaultWindow(at_s=60, fault=MachineFault.OVERHEAT, for_s=120),)
        machine = Machine(PROFILES["bitaxe"], seed=1, faults=faults)
        seen = []
        for now_s in (59, 61, 179, 181):
            machine.advance_to(now_s)
            seen.append(machine.has(MachineFault.OVERHEAT))
        assert seen == [False, True, True, False]

    def test_it_happens_also_while_nobody_looks(self):
        faults = fault_windows([{"at_s": 10, "fault": "hashrate_collapse", "for_s": 600}])
        machine = Machine(PROFILES["s19"], seed=1, faults=faults)
        machine.advance_to(612)
        assert machine.hashrate_ths < 50

    def test_clearing_leaves_what_is_scheduled_for_later(self):
        faults = fault_windows([{"at_s": 100, "fault": "offline"}])
        machine = Machine(PROFILES["s19"], seed=1, faults=faults)
        machine.inject(MachineFault.OFFLINE)
        machine.clear(MachineFault.OFFLINE)
        assert not machine.has(MachineFault.OFFLINE)
        machine.advance_to(100)
        assert machine.has(MachineFault.OFFLINE)

    @pytest.mark.parametrize(
        "item", [{}, {"at_s": 1}, {"at_s": "soon", "fault": "offline"}, {"at_s": 1, "fault": "x"}]
    )
    def test_nonsense_is_refused(self, item):
        with pytest.raises((ValueError, KeyError)):
            fault_windows([item])


class TestProfileNamed:
    def test_nominal_values_replace_its_own(self):
        profile = profile_named("s19", nominal_hashrate_ths=140, nominal_power_w=6500)
        assert profile.nominal_hashrate_ths == 140
        assert (profile.nominal_power_w, profile.power_max_w) == (6500, 7800)
        assert profile_named("s19") == PROFILES["s19"]

    def test_unknown(self):
        with pytest.raises(KeyError):
            profile_named("s99")


class TestAdapter:
    async def test_connect(self, miner):
        info = await miner.connect()
        assert (info.identity.make, info.identity.model) == ("Antminer", "S19")
        assert info.identity.serial_number.startswith("SIM")
        assert info.capabilities.actions == {
            Action.RUN,
            Action.STOP,
            Action.RESTART,
            Action.SET_POWER,
            Action.SET_HASHRATE,
            Action.SET_POOL,
            Action.SET_LEVEL,
            Action.SET_BOARD,
        }
        assert (info.capabilities.power_min_w, info.capabilities.power_max_w) == (1300, 3900)

    async def test_the_same_id_gives_the_same_miner(self, clock):
        def miner(name):
            return SimulatedMiner(name, PROFILES["s19"], clock=clock)

        assert await miner("a").poll() == await miner("a").poll()
        assert await miner("a").poll() != await miner("b").poll()

    @EVERY_PROFILE
    async def test_poll_tells_everything_and_can_go_on_record(self, profile, clock):
        reading = await SimulatedMiner("rig", profile, clock=clock).poll()
        assert reading.mining is True
        sensors = profile.boards * (1 if profile.chip_rise_c is None else 2)
        assert len(reading.temperatures) == len({s.sensor for s in reading.temperatures}) == sensors
        assert len(reading.boards) == profile.boards
        assert len(reading.fans_rpm) == profile.fans
        assert [pool.active for pool in reading.pools] == [True, False]
        assert reading.shares_accepted > 0
        record = TelemetryRecord(ts_ms=1, subject="rig", reading=reading)
        assert TelemetryRecord.from_body(1, "rig", record.body()) == record
        assert canonical(record.body())

    async def test_stop_and_run(self, miner, clock):
        running = await miner.poll()
        await miner.execute(Command(action=Action.STOP))
        stopped = await miner.poll()
        assert stopped.mining is False
        assert stopped.hashrate_ths == 0.0
        assert stopped.power_w == 40.0
        clock.now_s += 120
        later = await miner.poll()
        assert later.hottest_c < running.hottest_c - 20
        assert later.shares_accepted == stopped.shares_accepted
        await miner.execute(Command(action=Action.RUN))
        clock.now_s += 120
        assert (await miner.poll()).hashrate_ths == pytest.approx(100, rel=0.03)

    async def test_restart_takes_a_while_and_counts_from_zero(self, miner, clock):
        await miner.execute(Command(action=Action.RESTART))
        clock.now_s += 30
        booting = await miner.poll()
        assert (booting.mining, booting.hashrate_ths, booting.uptime_s) == (False, 0.0, 30)
        assert booting.shares_accepted == 0
        clock.now_s += 120
        assert (await miner.poll()).hashrate_ths > 95

    async def test_power_limit(self, miner, clock):
        await miner.execute(Command(action=Action.SET_POWER, value=2000))
        clock.now_s += 120
        reading = await miner.poll()
        assert reading.power_limit_w == 2000
        assert reading.power_w == pytest.approx(2000, rel=0.02)
        assert reading.hashrate_ths == pytest.approx(reading.expected_hashrate_ths, rel=0.03)

    async def test_hashrate_target(self, miner, clock):
        await miner.execute(Command(action=Action.SET_HASHRATE, value=80))
        clock.now_s += 120
        assert (await miner.poll()).hashrate_ths == pytest.approx(80, rel=0.03)

    async def test_one_board(self, miner, clock):
        await miner.execute(Command(action=Action.SET_BOARD, value=1, option="off"))
        assert [board.enabled for board in (await miner.poll()).boards] == [True, False, True]
        await miner.execute(Command(action=Action.SET_BOARD, value=1, option="on"))
        clock.now_s += 120
        assert (await miner.poll()).hashrate_ths == pytest.approx(100, rel=0.05)

    async def test_pool_switch(self, miner, clock):
        await miner.execute(Command(action=Action.SET_POOL, value=1))
        before = (await miner.poll()).pools
        clock.now_s += 60
        after = (await miner.poll()).pools
        assert [pool.active for pool in after] == [False, True]
        assert after[0] == before[0]
        assert after[1].shares_accepted > before[1].shares_accepted

    @pytest.mark.parametrize(
        "command",
        [
            Command(action=Action.SET_POWER),
            Command(action=Action.SET_POWER, value=100),
            Command(action=Action.SET_POWER, value=1e6),
            Command(action=Action.SET_POWER, value=float("nan")),
            Command(action=Action.SET_HASHRATE, value=-5),
            Command(action=Action.SET_HASHRATE, value=1e9),
            Command(action=Action.SET_POOL, value=2),
            Command(action=Action.SET_POOL, value=0.5),
            Command(action=Action.SET_POOL),
            Command(action=Action.SET_LEVEL, option="eco"),
            Command(action=Action.SET_BOARD, option="on"),
            Command(action=Action.SET_BOARD, value=3, option="off"),
            Command(action=Action.HOLD),
        ],
        ids=str,
    )
    async def test_what_it_cannot_do(self, miner, command):
        before = await miner.poll()
        with pytest.raises(MinerError) as caught:
            await miner.execute(command)
        assert caught.value.reason is Reason.UNSUPPORTED_ACTION
        assert await miner.poll() == before

    async def test_offline(self, miner):
        miner.inject(MachineFault.OFFLINE)
        for call in (miner.connect(), miner.poll(), miner.execute(Command(action=Action.STOP))):
            with pytest.raises(MinerError) as caught:
                await call
            assert caught.value.reason is Reason.UNREACHABLE
        miner.clear(MachineFault.OFFLINE)
        assert (await miner.poll()).mining is True

    async def test_a_fault_for_a_time(self, miner, clock):
        miner.inject(MachineFault.OFFLINE, for_s=10)
        clock.now_s += 11
        assert (await miner.poll()).mining is True

    @pytest.mark.parametrize("action", [Action.STOP, Action.RESTART])
    async def test_says_yes_and_does_nothing(self, miner, action):
        miner.inject(MachineFault.IGNORE_COMMANDS)
        before = await miner.poll()
        await miner.execute(Command(action=action))
        assert await miner.poll() == before

    async def test_time_scale(self, clock):
        miner = SimulatedMiner("rig", PROFILES["s19"], time_scale=60, clock=clock)
        first = await miner.poll()
        clock.now_s += 10
        assert (await miner.poll()).uptime_s == first.uptime_s + 600
        await miner.close()
