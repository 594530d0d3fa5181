"""Which Home Assistant users may read an operator's ledger."""

from homeassistant.auth.models import User
from homeassistant.core import callback

from ..const import CONF_USERS_MAY_READ
from ..coordinator import AiepMinerConfigEntry


@callback
def may_read(entry: AiepMinerConfigEntry | None, user: User) -> bool:
    """Return whether a user may: administrators, and everybody where the operator lets them."""
    return user.is_admin or (entry is not None and bool(entry.options.get(CONF_USERS_MAY_READ)))
