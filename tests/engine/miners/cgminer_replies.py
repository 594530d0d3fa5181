"""Replies of the CGMiner API in the dialects of several makes, made up after real ones."""

import json
from typing import Any

type Fields = dict[str, Any]


def reply(section: str, *items: Fields, code: int = 11, letter: str = "S") -> bytes:
    """Return a whole reply, framed as on the wire."""
    status = {"STATUS": letter, "When": 1795322146, "Code": code, "Msg": section, "Description": ""}
    body: Fields = {"STATUS": [status], "id": 1}
    if items:
        body[section] = list(items)
    return json.dumps(body).encode() + b"\0"


def error(code: int, message: str) -> bytes:
    return reply(message, code=code, letter="E")


CGMINER_DEVICE: Fields = {
    "ASC": 0,
    "Name": "SPN",
    "ID": 0,
    "Enabled": "Y",
    "Status": "Alive",
    "Temperature": 62.0,
    "MHS av": 1163042.31,
    "MHS 5s": 1167696.3,
    "MHS 1m": 754022.05,
    "Accepted": 11,
}

CGMINER = {
    "version": reply("VERSION", {"CGMiner": "4.11.1", "API": "3.7"}),
    "devdetails": reply("DEVDETAILS", {"DEVDETAILS": 0, "Driver": "Spondoolies", "Model": ""}),
    "privileged": reply("privileged", code=46),
    "summary": reply(
        "SUMMARY",
        {
            "Elapsed": 63,
            "MHS av": 1163042.31,
            "MHS 5s": 1167696.45,
            "MHS 1m": 754826.65,
            "Accepted": 11,
            "Rejected": 2,
            "Stale": 1,
            "Hardware Errors": 3,
            "Best Share": 2536,
        },
    ),
    "devs": reply("DEVS", CGMINER_DEVICE),
    "stats": reply(
        "STATS",
        {
            "STATS": 0,
            "ID": "SPN0",
            "Min": 99999999.0,
            "Temperature front": 48,
            "Temperature rear top": 61,
            "Temperature rear bot": 63,
        },
        {"STATS": 1, "ID": "POOL0", "Pool Av": 0.0},
    ),
    "pools": reply(
        "POOLS",
        {
            "POOL": 0,
            "URL": "stratum+tcp://someone.worker:secret@pool.example:3333/path?token=secret",
            "Status": "Alive",
            "Accepted": 11,
            "Rejected": 2,
            "Stale": 1,
            "User": "someone.worker",
            "Stratum Active": True,
        },
    ),
}
"""cgminer 4.11.1 with one device."""

ANTMINER = {
    "version": reply("VERSION", {"BMMiner": "1.0.0", "Miner": "49.0.1.3", "Type": "Antminer S19"}),
    "devdetails": error(14, "Invalid command"),
    "privileged": error(45, "Access denied to 'privileged' command"),
    "summary": reply(
        "SUMMARY",
        {"Elapsed": 50474, "GHS 5s": "110566.89", "GHS av": 111834.85, "Accepted": "4057"},
    ),
    "devs": reply("DEVS", {"ASC": 0, "Enabled": "Y", "Status": "Alive", "MHS 5s": 0.0}),
    # The comma that the firmware forgets between the two objects.
    "stats": reply(
        "STATS",
        {"BMMiner": "1.0.0", "Type": "Antminer S19"},
        {
            "STATS": 0,
            "rate_unit": "GH",
            "total_rateideal": 110000.0,
            "fan_num": 2,
            "fan1": 6000,
            "fan2": 0,
            "fan3": 5880,
            "temp_num": 2,
            "temp1": 73,
            "temp2_1": 78,
            "temp_chip1": "78-50-69-80",
            "temp_chip2": "52-55-70-71",
            "temp_chip3": "0-0-0-0",
            "temp_pcb2": "47-50-65-66",
            "temp_max": 0,
            "chain_acn1": 114,
            "chain_acn2": 110,
            "chain_acn3": 0,
            "chain_acs1": "oooo oooo",
            "chain_rate1": "37603.30",
            "chain_rate2": "35536.22",
            "chain_rate3": "",
            "freq1": 525,
        },
    ).replace(b"}, {", b"}{"),
    "pools": reply("POOLS", {"POOL": 0, "URL": "pool.example:700", "Stratum Active": "false"}),
}
"""A stock Antminer: rates as text in GH/s, boards and temperatures in ``stats``, read-only."""

WHATSMINER = {
    "version": b'{"STATUS":"E","When":1761064196,"Code":14,"Msg":"invalid cmd"}\0',
    "devdetails": error(14, "Invalid command"),
    "privileged": error(14, "Invalid command"),
    "summary": reply(
        "SUMMARY",
        {
            "Elapsed": 10154,
            "Uptime": 10792,
            "HS RT": 67394800.97,
            "MHS av": 67753251.19,
            "Power": 3417,
            "Power Limit": 3500,
            "Fan Speed In": 6450,
            "Fan Speed Out": 6480,
            "Power Fanspeed": 9060,
            "Env Temp": 28.5,
            "Factory GHS": 68796,
            "Chip Temp Max": 92.5,
            "Liquid Cooling": False,
            "MAC": "C4:08:28:00:A4:19",
            "Error Code 0": 110,
            "Error Code Count": 1,
        },
    ),
    "devs": reply(
        "DEVS",
        {
            "ASC": 0,
            "Enabled": "Y",
            "Status": "Alive",
            "Temperature": 70.0,
            "Chip Temp Max": 90.0,
            "Effective Chips": 105,
            "Chip Frequency": 650,
            "MHS 5s": 33053438.74,
        },
        {
            "ASC": 1,
            "Enabled": "Y",
            "Status": "Sick",
            "Temperature": "69.5",
            "Chip Temp Max": 92.5,
            "MHS 5s": 34053438.74,
        },
    ),
    "stats": error(14, "Invalid command"),
    "pools": reply("POOLS", {"POOL": 1, "URL": "stratum+tcp://pool.example:3333"}),
}
"""A Whatsminer: power, limit, chip temperatures; it knows neither ``stats`` nor privileges."""

DIALECTS = {"cgminer": CGMINER, "antminer": ANTMINER, "whatsminer": WHATSMINER}
