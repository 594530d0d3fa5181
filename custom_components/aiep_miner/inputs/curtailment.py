"""The actions that order a site to draw less for a time, and release it."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import probatio as vol
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import verify_domain_control
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..coordinator import AiepMinerCoordinator
from ..engine.records import CurtailmentRecord
from ..engine.steps.shed import Reduction
from ..entities.curtailment import miner_states
from ..entities.status_text import iso_time
from ..errors import translated_errors
from ..services import SITE_SCHEMA, site_of, text
from .commanders import command_origin

ACTION_CURTAIL: Final = "curtail"
ACTION_RELEASE: Final = "release"

ATTR_EVENT_ID: Final = "event_id"
ATTR_FROM: Final = "from"
ATTR_PERCENT: Final = "percent"
ATTR_POWER: Final = "power_w"
ATTR_PREVIEW: Final = "preview"
ATTR_REASON: Final = "reason"
ATTR_UNTIL: Final = "until"

DEFAULT_EVENT: Final = "curtailment"
"""The id of orders that are given without one: the next replaces the last."""
MOST_ORDERS: Final = 64
MAX_ID_LENGTH: Final = 100
MAX_REASON_LENGTH: Final = 500

CURTAIL_SCHEMA: Final = vol.All(
    SITE_SCHEMA.extend(
        {
            vol.Exclusive(ATTR_POWER, "limit"): vol.All(vol.Coerce(float), vol.Range(0, 1e9)),
            vol.Exclusive(ATTR_PERCENT, "limit"): vol.All(vol.Coerce(float), vol.Range(0, 100)),
            vol.Optional(ATTR_FROM): cv.datetime,
            vol.Optional(ATTR_UNTIL): cv.datetime,
            vol.Optional(ATTR_REASON): text(MAX_REASON_LENGTH),
            vol.Optional(ATTR_EVENT_ID, default=DEFAULT_EVENT): text(MAX_ID_LENGTH),
            vol.Optional(ATTR_PREVIEW, default=False): cv.boolean,
        }
    ),
    cv.has_at_least_one_key(ATTR_POWER, ATTR_PERCENT),
)
RELEASE_SCHEMA: Final = SITE_SCHEMA.extend(
    {
        vol.Optional(ATTR_EVENT_ID): text(MAX_ID_LENGTH),
        vol.Optional(ATTR_REASON): text(MAX_REASON_LENGTH),
    }
)


@callback
def async_setup_curtailment(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, handler, schema in (
        (ACTION_CURTAIL, _curtail, CURTAIL_SCHEMA),
        (ACTION_RELEASE, _release, RELEASE_SCHEMA),
    ):
        hass.services.async_register(
            DOMAIN, name, handler, schema=schema, supports_response=SupportsResponse.OPTIONAL
        )


@verify_domain_control(DOMAIN)
@translated_errors
async def _curtail(call: ServiceCall) -> ServiceResponse:
    """Order a site to draw less, or say what it would give up; the next cycle begins at once."""
    site = site_of(call)
    limit_w = await _limit_w(site, call.data)
    now_ms = site.controller.clock.now_ms()
    from_ms, until_ms = _ms(call.data.get(ATTR_FROM)), _ms(call.data.get(ATTR_UNTIL))
    if until_ms is not None and until_ms <= max(now_ms, from_ms or 0):
        raise _invalid("order_over")
    drawn_w, reductions = await site.controller.preview(limit_w)
    answer = {
        ATTR_EVENT_ID: call.data[ATTR_EVENT_ID],
        "limit_w": limit_w,
        ATTR_FROM: iso_time(from_ms or now_ms),
        ATTR_UNTIL: iso_time(until_ms),
        "drawn_w": drawn_w,
        "reductions": [_shown(site, item) for item in reductions],
    }
    if call.data[ATTR_PREVIEW]:
        return {**answer, ATTR_PREVIEW: True}
    known = {item.record.order_id for item in site.controller.view.orders}
    if len(known | {call.data[ATTR_EVENT_ID]}) > MOST_ORDERS:
        raise _invalid("too_many_orders")
    origin = command_origin(call.hass, call.context)
    order = CurtailmentRecord(
        ts_ms=0,
        subject=site.config_entry.entry_id,
        order_id=call.data[ATTR_EVENT_ID],
        limit_w=limit_w,
        from_ms=from_ms or now_ms,
        until_ms=until_ms,
        percent=call.data.get(ATTR_PERCENT),
        note=call.data.get(ATTR_REASON),
        origin=origin.kind,
        user_id=origin.user_id,
    )
    await site.controller.order(order)
    await site.async_run_cycle()
    return {**answer, ATTR_PREVIEW: False, "miners": miner_states(site)}


@verify_domain_control(DOMAIN)
@translated_errors
async def _release(call: ServiceCall) -> ServiceResponse:
    """Release one order, or all; power is given back in stages."""
    site, event_id = site_of(call), call.data.get(ATTR_EVENT_ID)
    orders = [
        item.record
        for item in site.controller.view.orders
        if event_id in (None, item.record.order_id)
    ]
    if not orders:
        raise _invalid("no_order")
    origin = command_origin(call.hass, call.context)
    for order in orders:
        released = replace(
            order,
            limit_w=None,
            note=call.data.get(ATTR_REASON),
            origin=origin.kind,
            user_id=origin.user_id,
            clock_ms=None,
        )
        await site.controller.order(released)
    await site.async_run_cycle()
    return {"released": [order.order_id for order in orders]}


async def _limit_w(site: AiepMinerCoordinator, data: dict[str, Any]) -> float:
    """Return the limit that is ordered: a share is of the site's maximum, else of what it draws."""
    if ATTR_POWER in data:
        return float(data[ATTR_POWER])
    whole_w = site.data.policy.governor.max_power_watts
    if whole_w is None:
        whole_w, _ = await site.controller.preview(0.0)
    return float(round(whole_w * data[ATTR_PERCENT] / 100, 1))


def _ms(at: datetime | None) -> int | None:
    """Return a time in ms; one without a zone is local."""
    if at is None:
        return None
    return round(dt_util.as_utc(at).timestamp() * 1000)


def _shown(site: AiepMinerCoordinator, item: Reduction) -> dict[str, Any]:
    return {
        "miner_id": item.miner_id,
        "name": site.title(item.miner_id),
        "action": item.action.value,
        "option": item.option,
        "value": item.value,
        "from_w": item.from_w,
        "to_w": item.to_w,
    }


def _invalid(key: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key)
