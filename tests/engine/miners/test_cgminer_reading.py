"""What replies of several makes mean; recorded, made up and broken ones."""

import json

import pytest

from custom_components.aiep_miner.engine.miners.cgminer.api import parse_reply, refusal
from custom_components.aiep_miner.engine.miners.cgminer.reading import (
    read_identity,
    read_pools,
    read_telemetry,
)
from custom_components.aiep_miner.engine.records import Pool
from tests.recordings import recordings

from .cgminer_replies import ANTMINER, CGMINER, CGMINER_DEVICE, WHATSMINER
from .mutations import check, fuzz


def reading_of(replies, **sections):
    """Return the reading of a dialect, sections replaced by the given replies."""
    parsed = {command: parse_reply(raw) for command, raw in replies.items()} | sections
    return read_telemetry(parsed["summary"], parsed["devs"], parsed["stats"], parsed["pools"])


def sensors(reading):
    return {item.sensor: item.temperature_c for item in reading.temperatures}


class TestCgminer:
    def test_reading(self):
        reading = reading_of(CGMINER)
        assert reading.mining is True
        assert reading.hashrate_ths == 1.1677
        assert reading.power_w is None
        assert sensors(reading) == {"board_0": 62.0, "rear_bot": 63.0, "rear_top": 61.0}
        assert reading.ambient_c == 48.0
        assert reading.uptime_s == 63
        assert (reading.shares_accepted, reading.shares_rejected) == (11, 2)
        assert (reading.shares_stale, reading.hardware_errors) == (1, 3)
        assert reading.best_share == 2536.0

    @pytest.mark.parametrize(
        ("states", "active"),
        [
            ([(True, 0), (True, 1)], [True, False]),
            ([(True, 1), (True, 0)], [False, True]),
            ([(False, 0), (True, 1)], [False, True]),
            ([(True, None), (True, None)], [True, False]),
            ([(False, 0), (False, 1)], [False, False]),
            ([(None, 0), (None, 1)], [None, None]),
        ],
    )
    def test_the_pool_in_use_is_the_first_of_those_connected(self, states, active):
        items = [
            {"POOL": index, "URL": f"stratum+tcp://{index}.example:3333"}
            | ({} if connected is None else {"Stratum Active": connected})
            | ({} if priority is None else {"Priority": priority})
            for index, (connected, priority) in enumerate(states)
        ]
        assert [pool.active for pool in read_pools({"POOLS": items})] == active

    @pytest.mark.parametrize(
        ("fields", "uptime_s"),
        [
            ({"Elapsed": 10**9}, 10**9),
            ({"Elapsed": 10**9 + 1}, None),
            ({"Elapsed": 2**52, "Uptime": 60}, 60),
            ({"Uptime": 2**52}, None),
        ],
    )
    def test_an_absurd_uptime_is_unknown(self, fields, uptime_s):
        assert reading_of(CGMINER, summary={"SUMMARY": [fields]}).uptime_s == uptime_s

    def test_pool_keeps_no_secret(self):
        reading = reading_of(CGMINER)
        assert reading.pools == (
            Pool(
                index=0,
                url="stratum+tcp://pool.example:3333",
                active=True,
                alive=True,
                shares_accepted=11,
                shares_rejected=2,
                shares_stale=1,
            ),
        )
        assert "secret" not in str(reading)
        assert "someone" not in str(reading)

    def test_identity(self):
        identity = read_identity(
            *(parse_reply(CGMINER[name]) for name in ("version", "devdetails", "summary"))
        )
        assert (identity.make, identity.model) == ("Spondoolies", None)
        assert identity.firmware == "cgminer 4.11.1"

    @pytest.mark.parametrize("missing", ["devs", "stats", "pools"])
    def test_a_missing_section_is_unknown_not_zero(self, missing):
        reading = reading_of(CGMINER, **{missing: {"STATUS": [{"STATUS": "E", "Code": 10}]}})
        assert reading.hashrate_ths == 1.1677
        assert reading.mining is True

    def test_nothing_known_is_none(self):
        reading = read_telemetry({}, {}, {}, {})
        assert reading.to_dict() == {}


class TestDisabledDevices:
    """Averages stand still in a disabled device; they are no present hash rate."""

    def devs(self, *enabled):
        return {"DEVS": [CGMINER_DEVICE | {"ASC": i, "Enabled": e} for i, e in enumerate(enabled)]}

    @pytest.mark.parametrize("spelling", ["N", "n", "No", False, 0, "false"])
    def test_all_disabled_is_zero_and_not_mining(self, spelling):
        reading = reading_of(CGMINER, devs=self.devs(spelling, spelling))
        assert reading.hashrate_ths == 0.0
        assert reading.mining is False
        assert [board.enabled for board in reading.boards] == [False, False]
        assert [board.hashrate_ths for board in reading.boards] == [0.0, 0.0]

    def test_some_disabled_counts_the_others(self):
        reading = reading_of(CGMINER, devs=self.devs("N", "Y"))
        assert reading.hashrate_ths == 1.1677
        assert reading.mining is True

    def test_an_enabled_device_without_a_rate_is_unknown_not_zero(self):
        devs = {"DEVS": [CGMINER_DEVICE | {"Enabled": "N"}, {"ASC": 1, "Enabled": "Y"}]}
        reading = reading_of(CGMINER, devs=devs)
        assert reading.hashrate_ths is None
        assert reading.mining is None

    def test_enabled_but_silent_is_not_mining(self):
        summary = {"SUMMARY": [{"MHS av": 1163042.31, "MHS 5s": 0.0}]}
        reading = reading_of(CGMINER, summary=summary)
        assert reading.hashrate_ths == 0.0
        assert reading.mining is False


class TestHashrateSpellings:
    @pytest.mark.parametrize(
        "fields",
        [
            {"KHS 5s": 13.5e9},
            {"MHS 5s": 13.5e6},
            {"MHS 1s": 13.5e6, "MHS 1m": 1.0, "MHS av": 2.0},
            {"GHS 5s": 13500},
            {"GHS 5s": "13500.00"},
            {"GHS 5s": "", "GHS 1m": 13500},
            {"GHS 5s": float("nan"), "GHS 1m": -5, "GHS 5m": 13500, "GHS av": 1},
            {"THS 1m": 13.5, "THS 15m": 9},
            {"PHS av": 0.0135},
            {"MHS 20s": 13.5e6, "MHS 1m": 7},
            {"rate_5s": 13500, "rate_30m": 1},
            {"rate_5s": 13.5, "rate_unit": "TH"},
            {"RT HASHRATE": "13.5 TH/s", "AV HASHRATE": "1 TH/s"},
            {"HS RT": 13.5e6, "MHS av": 1},
        ],
    )
    def test_the_shortest_window_in_any_unit(self, fields):
        assert reading_of(CGMINER, summary={"SUMMARY": [fields]}).hashrate_ths == 13.5

    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"MHS 5s": -1},
            {"THS 5s": 1e9},
            {"THS 5s": True},
            {"THS 5s": None},
            {"THS": 5},
            {"THS 5s ": 5},
            {"RT HASHRATE": "1.2.3 TH/s"},
        ],
    )
    def test_nonsense_is_unknown(self, fields):
        reading = read_telemetry({"SUMMARY": [fields]}, {}, {}, {})
        assert reading.hashrate_ths is None
        assert reading.mining is None

    def test_devices_stand_in_for_a_summary_without_rate(self):
        reading = reading_of(CGMINER, summary={"SUMMARY": [{"Elapsed": 5}]})
        assert reading.hashrate_ths == 1.1677


class TestAntminer:
    def test_reading(self):
        reading = reading_of(ANTMINER)
        assert reading.hashrate_ths == 110.5669
        assert reading.expected_hashrate_ths == 110.0
        assert reading.shares_accepted == 4057
        assert sensors(reading) == {
            "board_0": 73.0,
            "board_1": 66.0,
            "chip_0": 80.0,
            "chip_1": 71.0,
        }
        assert reading.pools[0].active is False

    def test_chains_are_boards(self):
        boards = reading_of(ANTMINER).boards
        assert [board.index for board in boards] == [0, 1]
        assert [board.hashrate_ths for board in boards] == [37.6033, 35.5362]
        assert [board.chips_working for board in boards] == [114, 110]
        assert boards[0].chips_expected == 8
        assert boards[0].frequency_mhz == 525.0
        assert (boards[1].temperature_c, boards[1].chip_temperature_c) == (66.0, 71.0)

    def test_empty_fan_slots_are_no_fans(self):
        assert reading_of(ANTMINER).fans_rpm == (6000, 5880)

    def test_a_standing_fan_is_zero(self):
        stats = {"STATS": [{"fan_num": 2, "fan1": 0, "fan2": 5000, "fan3": 0}]}
        assert reading_of(ANTMINER, stats=stats).fans_rpm == (0, 5000)

    def test_identity(self):
        identity = read_identity(parse_reply(ANTMINER["version"]), {}, {})
        assert (identity.make, identity.model) == ("Antminer", "S19")
        assert identity.firmware == "49.0.1.3"


class TestWhatsminer:
    def test_reading(self):
        reading = reading_of(WHATSMINER)
        assert reading.hashrate_ths == 67.3948
        assert reading.expected_hashrate_ths == 68.796
        assert (reading.power_w, reading.power_limit_w) == (3417.0, 3500.0)
        assert reading.fans_rpm == (6450, 6480)
        assert reading.psu_fans_rpm == (9060,)
        assert reading.ambient_c == 28.5
        assert sensors(reading) == {
            "board_0": 70.0,
            "board_1": 69.5,
            "chip_0": 90.0,
            "chip_1": 92.5,
        }
        assert reading.messages == ("Error Code 0: 110", "device 1: Sick")
        assert reading.boards[0].chips_working == 105

    def test_the_summary_guards_when_devices_are_missing(self):
        assert sensors(reading_of(WHATSMINER, devs={})) == {"chip_max": 92.5}

    def test_liquid_cooling_has_no_fans(self):
        summary = {"SUMMARY": [{"Liquid Cooling": True, "Fan Speed In": 0, "Fan Speed Out": 0}]}
        assert reading_of(WHATSMINER, summary=summary).fans_rpm == ()

    def test_mac(self):
        summary = parse_reply(WHATSMINER["summary"])
        assert read_identity({}, {}, summary).mac == "c4:08:28:00:a4:19"


class TestRecordings:
    """Real replies, where they are at hand."""

    def test_cgminer(self):
        folder = recordings("cgminer-4.11.1")
        parsed = {path.stem: parse_reply(path.read_bytes()) for path in folder.glob("*.bin")}
        for name, body in parsed.items():
            assert (refusal(body) is None) is name.isalnum() or name == "summary+devs+pools"
        reading = read_telemetry(*(parsed[name] for name in ("summary", "devs", "stats", "pools")))
        assert reading.hashrate_ths == 1.1677
        assert sensors(reading)["board_0"] == 62.0
        assert reading.pools[0].url == "stratum+tcp://127.0.0.1:3333"
        identity = read_identity(parsed["version"], parsed["devdetails"], parsed["summary"])
        assert identity.make == "Spondoolies"

    @pytest.mark.parametrize(
        ("folder", "hashrate_ths", "hottest_c", "boards"),
        [
            ("antminer/v2020", 110.5669, 78.0, 3),
            ("whatsminer/v1", 70.6681, 92.5, 3),
            ("whatsminer/v2", 124.5, 81.0, 3),
        ],
    )
    def test_vendors(self, folder, hashrate_ths, hottest_c, boards):
        found = {path.stem: parse_reply(path.read_bytes()) for path in recordings(folder).iterdir()}
        reading = read_telemetry(
            *(found.get(name, {}) for name in ("summary", "devs", "stats", "pools"))
        )
        assert reading.hashrate_ths == hashrate_ths
        assert reading.hottest_c == hottest_c
        assert len(reading.boards) == boards
        assert len(reading.pools) == 3
        assert len(reading.fans_rpm) in {2, 4}

    @pytest.mark.parametrize("model", ["l9", "l11"])
    def test_scrypt_antminers(self, model):
        folder = recordings("antminer/v2023_07")
        found = {
            name: parse_reply((folder / f"{model}_{name}.json").read_bytes())
            for name in ("summary", "stats", "version")
        }
        reading = read_telemetry(found["summary"], {}, found["stats"], {})
        assert reading.mining is True
        assert len(reading.boards) == 3
        assert read_identity(found["version"], {}, {}).model == model.upper()

    @pytest.mark.parametrize("folder", ["antminer", "whatsminer", "bitaxe"])
    def test_no_reply_is_too_strange_in_any_place(self, folder):
        for path in recordings(folder).rglob("*.json"):
            check(dict.fromkeys(CGMINER, path.read_bytes()))


def test_ten_thousand_mutated_replies():
    """Nothing but MinerError, nothing that cannot go on record; most are still readable."""
    readable = fuzz(10_000, seed=1)
    assert 2_000 < readable < 9_000


def test_every_number_of_a_reading_is_finite():
    text = json.dumps(check(WHATSMINER).body(), allow_nan=False)
    assert "NaN" not in text
