"""A language model's proposal: checked for form, then brought before the governor like any other."""

from collections.abc import Mapping
from typing import Any, Final

import probatio as vol

from ..coordinator import AiepMinerCoordinator
from ..engine.citations import MOST_CITATIONS
from ..engine.command import Command, CommandOrigin
from ..engine.records import Action, Citation, Origin
from ..services import (
    ATTR_ACTION,
    ATTR_CONFIDENCE,
    ATTR_VALUE,
    MAX_NOTE_LENGTH,
    MAX_OPTION_LENGTH,
    NEEDS_VALUE,
    PROPOSABLE,
    finite,
    text,
    verdict_response,
)
from ..web.serializers import SEQ

ATTR_CITATIONS: Final = "citations"
ATTR_LEVEL: Final = "level"
ATTR_MINER: Final = "miner"
ATTR_REASON: Final = "reason"
MAX_SHOWN: Final = 200
"""Characters of a citation's field and value."""


def _as_text(value: Any) -> str:
    """Return a value as a model may write it, as a text; raises vol.Invalid."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(text(MAX_SHOWN)(str(value)))


CITATION_SCHEMA: Final = vol.Schema(
    {
        vol.Required("record_seq", description="record_seq of a record that you were shown"): SEQ,
        vol.Required("record_hash", description="its record_hash"): text(64),
        vol.Required("field", description="one of its fields"): text(MAX_SHOWN),
        vol.Required("value", description="the value of that field"): _as_text,
    }
)
PROPOSAL_FIELDS: Final = {
    vol.Required(ATTR_MINER, description="Name of the miner"): text(MAX_OPTION_LENGTH),
    vol.Required(ATTR_ACTION): vol.In([action.value for action in PROPOSABLE]),
    vol.Optional(
        ATTR_VALUE, description="W for set_power, TH/s for set_hashrate, an index for set_pool"
    ): finite,
    vol.Optional(ATTR_LEVEL, description="Name of the level, for set_level"): text(
        MAX_OPTION_LENGTH
    ),
    vol.Required(ATTR_CONFIDENCE, description="How sure you are, 0 to 1"): vol.All(
        finite, vol.Range(min=0, max=1)
    ),
    vol.Required(ATTR_REASON, description="Why, in one sentence"): text(MAX_NOTE_LENGTH),
    vol.Optional(
        ATTR_CITATIONS,
        description="Records that the proposal rests on. Without one it is refused.",
        default=list,
    ): vol.All([CITATION_SCHEMA], vol.Length(max=MOST_CITATIONS)),
}


def _complete(data: dict[str, Any]) -> dict[str, Any]:
    """Check that an action comes with what it needs; raises vol.Invalid."""
    action = data[ATTR_ACTION]
    if action in NEEDS_VALUE and ATTR_VALUE not in data:
        raise vol.Invalid(f"{action} needs a value", path=[ATTR_VALUE])
    if action == Action.SET_LEVEL and ATTR_LEVEL not in data:
        raise vol.Invalid(f"{action} needs a level", path=[ATTR_LEVEL])
    return data


PROPOSAL_SCHEMA: Final = vol.All(vol.Schema(PROPOSAL_FIELDS), _complete)


async def async_bring(
    site: AiepMinerCoordinator,
    miner_id: str,
    data: Mapping[str, Any],
    *,
    agent: str,
    user_id: str | None,
) -> dict[str, Any]:
    """Bring a proposal of the schema before the governor, and return what was decided and why.

    It is recorded under the agent's name whatever becomes of it. Raises HomeAssistantError when
    the ledger fails.
    """
    result = await site.async_propose(
        miner_id,
        Command(
            action=Action(data[ATTR_ACTION]),
            value=data.get(ATTR_VALUE),
            option=data.get(ATTR_LEVEL),
        ),
        CommandOrigin(
            kind=Origin.LLM,
            user_id=user_id,
            origin_id=agent,
            confidence=data[ATTR_CONFIDENCE],
            note=data[ATTR_REASON],
            citations=tuple(
                Citation(
                    seq=item["record_seq"],
                    hash=item["record_hash"],
                    field=item["field"],
                    says=item["value"],
                )
                for item in data[ATTR_CITATIONS]
            ),
            must_cite=True,
        ),
    )
    return verdict_response(result)
