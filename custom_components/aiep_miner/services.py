"""The integration's actions: run a cycle, verify and replay, explain, backtest, propose, review."""

import asyncio
import math
from dataclasses import asdict
from typing import Any, Final

import probatio as vol
from homeassistant.auth.permissions.const import CAT_ENTITIES, POLICY_CONTROL, POLICY_READ
from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_DEVICE_ID, Platform
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.service import (
    async_get_config_entry,
    async_get_device_and_config_entry,
    async_register_admin_service,
    verify_domain_control,
)
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import JsonValueType

from .const import DOMAIN
from .coordinator import AiepMinerCoordinator
from .engine.command import Command
from .engine.command_result import CommandResult
from .engine.economics.backtest.forecast import Forecast
from .engine.records import Action
from .engine.replay import replay
from .entities.explanation import async_explain
from .entities.plan import plan_response
from .errors import translated_errors
from .inputs.commanders import async_require_person, proposal_origin
from .ledger_service.history import async_backtest
from .web.serializers import cycle_report

ACTION_BACKTEST: Final = "backtest"
ACTION_EXPLAIN: Final = "explain"
ACTION_GET_PLAN: Final = "get_plan"
ACTION_PROPOSE: Final = "propose"
ACTION_REPLAY_LEDGER: Final = "replay_ledger"
ACTION_REVIEW: Final = "review"
ACTION_RUN_CYCLE: Final = "run_cycle"
ACTION_VERIFY_LEDGER: Final = "verify_ledger"

ATTR_ACTION: Final = "action"
ATTR_APPROVED: Final = "approved"
ATTR_CONFIDENCE: Final = "confidence"
ATTR_DAYS: Final = "days"
ATTR_FORECAST: Final = "forecast"
ATTR_NOTE: Final = "note"
ATTR_OPTION: Final = "option"
ATTR_RECORD_HASH: Final = "record_hash"
ATTR_VALUE: Final = "value"

PROPOSABLE: Final = (
    Action.RUN,
    Action.STOP,
    Action.RESTART,
    Action.SET_POWER,
    Action.SET_HASHRATE,
    Action.SET_POOL,
    Action.SET_LEVEL,
)
NEEDS_VALUE: Final = frozenset({Action.SET_POWER, Action.SET_HASHRATE, Action.SET_POOL})
DEFAULT_DAYS: Final = 30
MOST_DAYS: Final = 366
MAX_NOTE_LENGTH: Final = 500
MAX_OPTION_LENGTH: Final = 200

_DATA_REPLAY_TURN: Final[HassKey[asyncio.Lock]] = HassKey("aiep_miner_replay_turn")


def finite(value: Any) -> float:
    """Return a number that JSON can hold; raises vol.Invalid."""
    number = vol.Coerce(float)(value)
    if not math.isfinite(number):
        raise vol.Invalid("must be a finite number")
    return float(number)


def _writable(value: str) -> str:
    """Return a text that can be written down; raises vol.Invalid for half a character."""
    try:
        value.encode()
    except UnicodeEncodeError as err:
        raise vol.Invalid("must be proper Unicode") from err
    return value


def text(limit: int) -> Any:
    """Return what a text of at most so many characters must satisfy."""
    return vol.All(cv.string, vol.Length(max=limit), _writable)


def _complete(data: dict[str, Any]) -> dict[str, Any]:
    """Check that an action comes with what it needs; raises vol.Invalid."""
    action = data[ATTR_ACTION]
    if action in NEEDS_VALUE and ATTR_VALUE not in data:
        raise vol.Invalid(f"{action} needs a value", path=[ATTR_VALUE])
    if action == Action.SET_LEVEL and ATTR_OPTION not in data:
        raise vol.Invalid(f"{action} needs an option", path=[ATTR_OPTION])
    return data


SITE_SCHEMA: Final = vol.Schema({vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string})
MINER_SCHEMA: Final = vol.Schema({vol.Required(ATTR_DEVICE_ID): cv.string})
PROPOSE_SCHEMA: Final = vol.All(
    vol.Schema(
        {
            vol.Required(ATTR_DEVICE_ID): cv.string,
            vol.Required(ATTR_ACTION): vol.In([action.value for action in PROPOSABLE]),
            vol.Optional(ATTR_VALUE): finite,
            vol.Optional(ATTR_OPTION): text(MAX_OPTION_LENGTH),
            vol.Required(ATTR_CONFIDENCE): vol.All(finite, vol.Range(min=0, max=1)),
            vol.Optional(ATTR_NOTE): text(MAX_NOTE_LENGTH),
        }
    ),
    _complete,
)
BACKTEST_SCHEMA: Final = SITE_SCHEMA.extend(
    {
        vol.Optional(ATTR_DAYS, default=DEFAULT_DAYS): vol.All(
            vol.Coerce(int), vol.Range(1, MOST_DAYS)
        ),
        vol.Optional(ATTR_FORECAST, default=Forecast.PUBLISHED.value): vol.In(
            [item.value for item in Forecast]
        ),
    }
)
REVIEW_SCHEMA: Final = SITE_SCHEMA.extend(
    {
        vol.Required(ATTR_RECORD_HASH): cv.string,
        vol.Required(ATTR_APPROVED): cv.boolean,
        vol.Optional(ATTR_NOTE): text(MAX_NOTE_LENGTH),
    }
)


@callback
def async_setup_actions(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, handler, schema in (
        (ACTION_RUN_CYCLE, _run_cycle, SITE_SCHEMA),
        (ACTION_VERIFY_LEDGER, _verify_ledger, SITE_SCHEMA),
        (ACTION_REPLAY_LEDGER, _replay_ledger, SITE_SCHEMA),
        (ACTION_PROPOSE, _propose, PROPOSE_SCHEMA),
    ):
        hass.services.async_register(
            DOMAIN, name, handler, schema=schema, supports_response=SupportsResponse.OPTIONAL
        )
    for name, handler, schema in (
        (ACTION_EXPLAIN, _explain, MINER_SCHEMA),
        (ACTION_GET_PLAN, _get_plan, SITE_SCHEMA),
        (ACTION_BACKTEST, _backtest, BACKTEST_SCHEMA),
    ):
        hass.services.async_register(
            DOMAIN, name, handler, schema=schema, supports_response=SupportsResponse.ONLY
        )
    async_register_admin_service(hass, DOMAIN, ACTION_REVIEW, _review, REVIEW_SCHEMA)


def site_of(call: ServiceCall) -> AiepMinerCoordinator:
    """Return the operator that is meant; may be left out when there is only one."""
    entry = async_get_config_entry(call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID))
    coordinator: AiepMinerCoordinator = entry.runtime_data.coordinator
    return coordinator


@verify_domain_control(DOMAIN)
async def _run_cycle(call: ServiceCall) -> ServiceResponse:
    """Run a governed cycle now; raises HomeAssistantError when it fails."""
    return cycle_report(await site_of(call).async_run_cycle())


@verify_domain_control(DOMAIN)
async def _verify_ledger(call: ServiceCall) -> ServiceResponse:
    """Verify the ledger from its first record to its last."""
    return (await site_of(call).async_verify_ledger()).as_dict()


@verify_domain_control(DOMAIN)
@translated_errors
async def _replay_ledger(call: ServiceCall) -> ServiceResponse:
    """Decide everything that the ledger records anew, and compare."""
    path = site_of(call).controller.ledger.path
    # One at a time: several at once would take the processor from the event loop.
    async with call.hass.data.setdefault(_DATA_REPLAY_TURN, asyncio.Lock()):
        return asdict(await call.hass.async_add_executor_job(replay, path))


async def _explain(call: ServiceCall) -> ServiceResponse:
    """Say what a miner does, why, since when and until when, and on which records."""
    coordinator, miner_id = _miner(call)
    await _require(call, _entities(call, miner_id), POLICY_READ)
    return await async_explain(call.hass, coordinator, miner_id)


@verify_domain_control(DOMAIN)
async def _get_plan(call: ServiceCall) -> ServiceResponse:
    """Return the plan in force; raises ServiceValidationError when there is none."""
    site = site_of(call)
    if site.data.plan is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_plan")
    return plan_response(call.hass, site, site.data.plan)


@verify_domain_control(DOMAIN)
@translated_errors
async def _backtest(call: ServiceCall) -> ServiceResponse:
    """Say what the last days would have been with the present settings."""
    # One at a time, as a replay: several at once would take the processor from the event loop.
    async with call.hass.data.setdefault(_DATA_REPLAY_TURN, asyncio.Lock()):
        return await async_backtest(
            call.hass, site_of(call), call.data[ATTR_DAYS], Forecast(call.data[ATTR_FORECAST])
        )


async def _propose(call: ServiceCall) -> ServiceResponse:
    """Bring a proposal before the governor."""
    coordinator, miner_id = _miner(call)
    await _require(call, _entities(call, miner_id), POLICY_CONTROL)
    result = await coordinator.async_propose(
        miner_id,
        Command(
            action=Action(call.data[ATTR_ACTION]),
            value=call.data.get(ATTR_VALUE),
            option=call.data.get(ATTR_OPTION),
        ),
        proposal_origin(
            call.hass,
            call.context,
            confidence=call.data[ATTR_CONFIDENCE],
            note=call.data.get(ATTR_NOTE),
        ),
    )
    return verdict_response(result)


async def _review(call: ServiceCall) -> None:
    """Record a person's verdict on a supervised decision."""
    async_require_person(call.hass, call.context)
    await site_of(call).async_review(
        call.data[ATTR_RECORD_HASH],
        call.context,
        approved=call.data[ATTR_APPROVED],
        note=call.data.get(ATTR_NOTE),
    )


def _miner(call: ServiceCall) -> tuple[AiepMinerCoordinator, str]:
    """Return whose miner a device is, and which; raises ServiceValidationError."""
    device, entry = async_get_device_and_config_entry(
        call.hass, DOMAIN, call.data[ATTR_DEVICE_ID], include_child_devices=False
    )
    for domain, miner_id in device.identifiers:
        if domain == DOMAIN and miner_id in entry.subentries:
            return entry.runtime_data.coordinator, miner_id
    raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_such_miner")


def _entities(call: ServiceCall, miner_id: str) -> list[er.RegistryEntry]:
    """Return what stands for the control of a miner: its switch, else all that it has."""
    entities = er.async_entries_for_device(
        er.async_get(call.hass), call.data[ATTR_DEVICE_ID], include_disabled_entities=True
    )
    switch = (Platform.SWITCH, f"{miner_id}_mining")
    return [item for item in entities if (item.domain, item.unique_id) == switch] or entities


async def _require(call: ServiceCall, entities: list[er.RegistryEntry], permission: str) -> None:
    """Raise Unauthorized for a user without a permission on any of some entities."""
    user_id = call.context.user_id
    if user_id is None:
        return
    user = await call.hass.auth.async_get_user(user_id)
    if user is None:
        raise UnknownUser(call.context, user_id)
    if not any(user.permissions.check_entity(item.entity_id, permission) for item in entities):
        raise Unauthorized(call.context, user_id, permission=permission, perm_category=CAT_ENTITIES)


def verdict_response(result: CommandResult) -> dict[str, JsonValueType]:
    """Return what became of a proposal."""
    decision = result.decision.record
    evaluation = decision.evaluation
    receipt = result.receipt
    return {
        "level": result.trust_level,
        "actionable": decision.authorised,
        "trusted_value": evaluation.trusted_value if evaluation else None,
        "confidence_score": evaluation.score if evaluation else None,
        "reasons": list(evaluation.reasons) if evaluation else [],
        "rule": result.rule.value if result.rule else None,
        "outcome": receipt.record.outcome.value if receipt else None,
        "error": result.error.value if result.error else None,
        "record_seq": result.decision.seq,
        "record_hash": result.decision.hash,
    }
