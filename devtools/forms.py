"""The input of the integration's forms, from flat values to their sections."""

from typing import Any, Final

SOURCE_OFF: Final = {"enabled": False, "url": "http://127.0.0.1:1"}
_OWN_VALUES: Final = ("coin_price", "network_difficulty", "block_reward")
_ADDRESSES: Final = {
    "asic_rs": ("host",),
    "cgminer": ("host", "port"),
    "simulated": ("profile", "seed"),
    "discovered": ("operator",),
}


def operator_form(values: dict[str, Any], source: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return an operator's form with own values, the public source off unless it is given."""
    own = {key: values[key] for key in _OWN_VALUES if key in values}
    rest = {key: values[key] for key in values if key not in _OWN_VALUES}
    return {**rest, "public_source": source or SOURCE_OFF, "own_values": own}


def miner_form(step: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return a miner's form; what is not its address goes under *Advanced*."""
    top = {key: values[key] for key in _ADDRESSES[step] if key in values}
    return top | {"advanced": {key: values[key] for key in values if key not in top}}
