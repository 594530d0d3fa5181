"""The names of Home Assistant's users, whose API is asynchronous."""

from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

DATA_USER_NAMES: Final[HassKey[dict[str, str | None]]] = HassKey("aiep_miner_user_names")
"""User id to name; None while it is looked up, and for a user without a name."""


@callback
def async_user_name(hass: HomeAssistant, user_id: str) -> str | None:
    """Return a user's name; None while it is unknown, and it is looked up for the next time."""
    names = hass.data.setdefault(DATA_USER_NAMES, {})
    if user_id and user_id not in names:
        names[user_id] = None
        hass.async_create_task(_look_up(hass, user_id), "aiep_miner user name")
    return names.get(user_id)


async def _look_up(hass: HomeAssistant, user_id: str) -> None:
    user = await hass.auth.async_get_user(user_id)
    hass.data[DATA_USER_NAMES][user_id] = user.name if user else None
