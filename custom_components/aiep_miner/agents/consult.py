"""The action that lets a language model look at an operator's miners and propose, by an AI task."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import probatio as vol
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import verify_domain_control

from ..const import DOMAIN
from ..coordinator import AiepMinerCoordinator
from ..engine.records import Origin
from ..services import PROPOSABLE, SITE_SCHEMA, site_of, text
from .proposing import ATTR_MINER, PROPOSAL_SCHEMA, async_bring
from .situation import async_citable, async_track_record, brief_of, troubled_first

ACTION_CONSULT: Final = "consult"
ATTR_QUESTION: Final = "question"
AI_TASK: Final = "ai_task"
GENERATE_DATA: Final = "generate_data"
MAX_QUESTION_LENGTH: Final = 2_000
MAX_MINERS: Final = 20
"""Miners that a model is told of at once: those with problems first, then by name."""
MAX_PROPOSALS: Final = 200
"""Entries of an answer that are looked at; far fewer are admitted."""
CONSULT_SCHEMA: Final = SITE_SCHEMA.extend(
    {
        vol.Required(ATTR_ENTITY_ID): cv.entity_domain(AI_TASK),
        vol.Optional(ATTR_QUESTION, default=""): text(MAX_QUESTION_LENGTH),
    }
)
INSTRUCTIONS: Final = """\
You advise the operator of crypto miners. You change nothing yourself: you propose, and a governor
decides. Propose only what the records below support; an empty list is a good answer.

Each proposal names a miner, an action ({actions}), for set_power a value in W, for set_hashrate in
TH/s, for set_pool an index, for set_level a level; your confidence from 0 to 1; the reason in one
sentence; and at least one citation: record_seq and record_hash of a record below, one of its fields,
and the value of that field, copied. A citation that is not true is refused and counts against you.

{question}

The situation, as JSON:
{situation}
"""
STRUCTURE: Final = {
    "proposals": {
        "description": "What you propose; may be empty",
        "required": True,
        "selector": {
            "object": {
                "multiple": True,
                "fields": {
                    "miner": {"required": True, "selector": {"text": {}}},
                    "action": {
                        "required": True,
                        "selector": {
                            "select": {"options": [action.value for action in PROPOSABLE]}
                        },
                    },
                    "value": {"selector": {"number": {"mode": "box", "step": "any"}}},
                    "level": {"selector": {"text": {}}},
                    "confidence": {
                        "required": True,
                        "selector": {"number": {"min": 0, "max": 1, "step": "any"}},
                    },
                    "reason": {"required": True, "selector": {"text": {}}},
                    "citations": {
                        "required": True,
                        "selector": {
                            "object": {
                                "multiple": True,
                                "fields": {
                                    "record_seq": {
                                        "required": True,
                                        "selector": {"number": {"mode": "box"}},
                                    },
                                    "record_hash": {"required": True, "selector": {"text": {}}},
                                    "field": {"required": True, "selector": {"text": {}}},
                                    "value": {"required": True, "selector": {"text": {}}},
                                },
                            }
                        },
                    },
                },
            }
        },
    }
}
"""What a model has to answer with."""


@callback
def async_setup_consult(hass: HomeAssistant) -> None:
    """Register the action."""
    hass.services.async_register(
        DOMAIN,
        ACTION_CONSULT,
        _consult,
        schema=CONSULT_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )


@verify_domain_control(DOMAIN)
async def _consult(call: ServiceCall) -> ServiceResponse:
    """Ask a model, and bring what it proposes before the governor under the model's name."""
    site, agent = site_of(call), call.data[ATTR_ENTITY_ID]
    answer = await _ask(call, site)
    entries = _entries(answer)
    # All at once: of a flood the engine admits a few, and counts the rest in a few records.
    results = await asyncio.gather(
        *(_bring(site, entry, agent, call.context.user_id) for entry in entries)
    )
    return {
        "proposals": list(results),
        "track_record": async_track_record(site, f"{Origin.LLM}:{agent}"),
    }


async def _ask(call: ServiceCall, site: AiepMinerCoordinator) -> Any:
    """Return what the model answers. Raises HomeAssistantError when it cannot be asked."""
    if not call.hass.services.has_service(AI_TASK, GENERATE_DATA):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_ai_task")
    response = await call.hass.services.async_call(
        AI_TASK,
        GENERATE_DATA,
        {
            "task_name": f"{site.config_entry.title}: proposals",
            ATTR_ENTITY_ID: call.data[ATTR_ENTITY_ID],
            "instructions": INSTRUCTIONS.format(
                actions=", ".join(action.value for action in PROPOSABLE),
                question=call.data[ATTR_QUESTION],
                situation=json.dumps(await _situation(call.hass, site)),
            ),
            "structure": STRUCTURE,
        },
        blocking=True,
        context=call.context,
        return_response=True,
    )
    return (response or {}).get("data")


async def _situation(hass: HomeAssistant, site: AiepMinerCoordinator) -> dict[str, Any]:
    """Return the operator's miners, and for each the records that may be cited."""
    briefs = {miner_id: brief_of(hass, site, miner_id) for miner_id in site.data.miners}
    first = sorted(briefs, key=lambda key: troubled_first(briefs[key]))
    return {
        "mode": site.data.mode.value,
        "miners": [
            {**briefs[key], "records": await async_citable(site, key)} for key in first[:MAX_MINERS]
        ],
        "left_off": max(0, len(first) - MAX_MINERS),
    }


def _entries(answer: Any) -> list[Any]:
    """Return the proposals of an answer; none where it has another form."""
    found = answer.get("proposals") if isinstance(answer, Mapping) else None
    return found[:MAX_PROPOSALS] if isinstance(found, list) else []


async def _bring(
    site: AiepMinerCoordinator, entry: Any, agent: str, user_id: str | None
) -> dict[str, Any]:
    """Return what became of one entry; what is no proposal is an error in the answer."""
    try:
        data = PROPOSAL_SCHEMA(entry)
        miner_id = _miner_id(site, data[ATTR_MINER])
        asked = {ATTR_MINER: data[ATTR_MINER], "action": data["action"]}
        return asked | await async_bring(site, miner_id, data, agent=agent, user_id=user_id)
    except (vol.Invalid, HomeAssistantError) as err:
        return {"error": str(err)}


def _miner_id(site: AiepMinerCoordinator, name: str) -> str:
    """Return the miner of a name. Raises vol.Invalid."""
    for miner_id in site.data.miners:
        if site.title(miner_id).casefold() == name.strip().casefold():
            return miner_id
    raise vol.Invalid(f"no miner is called {name!r}")
