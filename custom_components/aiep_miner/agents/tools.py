"""The tools of language models: five that read, one that proposes, none that writes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, ClassVar, Final, override

import probatio as vol
from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.llm import LLMContext, Tool, ToolAnnotations, ToolInput, ToolResult

from ..const import DOMAIN
from ..engine.economics.what_if import Change, what_if
from ..engine.ledger import LedgerError
from ..engine.ledger.verifier.blocks import named_seqs
from ..engine.records import Origin, RecordKind
from ..entities.explanation import async_explain
from ..entities.plan import plan_response
from ..inputs.questions import sayable
from ..services import finite
from ..web.serializers import SEQ, record_report
from .proposing import ATTR_MINER, PROPOSAL_FIELDS, PROPOSAL_SCHEMA, async_bring
from .situation import (
    Exposed,
    async_citable,
    async_exposed,
    async_track_record,
    brief_of,
    troubled_first,
)

MAX_MINERS: Final = 50
"""Miners of one answer."""
READS: Final = ToolAnnotations(read_only=True, destructive=False, idempotent=True, open_world=False)
PROPOSES: Final = ToolAnnotations(
    read_only=False, destructive=False, idempotent=False, open_world=False
)
MINER: Final = vol.Required(ATTR_MINER, description="Name of the miner")


class NoAnswerError(HomeAssistantError):
    """What a model asked for cannot be answered; the message is for the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a model asks, and of which miners it may know."""

    hass: HomeAssistant
    miners: list[Exposed]
    data: Mapping[str, Any]
    """The validated arguments."""
    context: LLMContext

    @property
    def miner(self) -> Exposed:
        """Return the miner that is named. Raises NoAnswerError."""
        name: str = self.data[ATTR_MINER]
        said = sayable(name)
        found = next((item for item in self.miners if said in item.names), None)
        if found is None:
            raise NoAnswerError(
                f"no miner is called {name!r}; call aiep_miner__fleet for the names"
            )
        return found


class MinerTool(Tool):
    """A tool that concerns exposed miners; subclasses answer."""

    integration = DOMAIN
    annotations = READS
    schema: ClassVar[Any] = vol.Schema({})
    """What arguments are validated with."""

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Answer a call; what is wrong with it is an answer, too."""
        miners = await async_exposed(hass, llm_context.assistant, llm_context.context)
        try:
            data = self.schema(tool_input.tool_args)
            asked = Asked(hass=hass, miners=miners, data=data, context=llm_context)
            return ToolResult(data=await self.answer(asked))
        except (vol.Invalid, HomeAssistantError, LedgerError) as err:
            return ToolResult(data={"error": str(err)}, error=True)

    async def answer(self, asked: Asked) -> dict[str, Any]:
        """Return the answer. Raises NoAnswerError, HomeAssistantError, LedgerError."""
        raise NotImplementedError


class FleetTool(MinerTool):
    """All miners in short."""

    name = "aiep_miner__fleet"
    title = "Miners"
    description = (
        "Lists the crypto miners: what each does and why, hash rate, power, temperature against"
        " its limit, profit a day, problems."
    )

    @override
    async def answer(self, asked: Asked) -> dict[str, Any]:
        """Return the miners, those with problems first."""
        found = sorted(
            (brief_of(asked.hass, item.site, item.miner_id) for item in asked.miners),
            key=troubled_first,
        )
        return {
            "modes": {
                item.site.config_entry.title: item.site.data.mode.value for item in asked.miners
            },
            "count": len(found),
            "miners": found[:MAX_MINERS],
            "left_off": max(0, len(found) - MAX_MINERS),
        }


class WhyTool(MinerTool):
    """One miner explained."""

    name = "aiep_miner__why"
    title = "Why a miner does what it does"
    description = (
        "Says what a miner does, why, since when and until when, with the decision behind it, and"
        " lists the records that a proposal may cite."
    )
    parameters = vol.Schema({MINER: cv.string})
    schema = parameters

    @override
    async def answer(self, asked: Asked) -> dict[str, Any]:
        """Return the explanation and what can be cited."""
        item = asked.miner
        return {
            **await async_explain(asked.hass, item.site, item.miner_id),
            "records": await async_citable(item.site, item.miner_id),
        }


class PlanTool(MinerTool):
    """When a miner is to run."""

    name = "aiep_miner__plan"
    title = "Plan of a miner"
    description = (
        "Says when a miner is to run or rest in the hours ahead, at which level, and why, where"
        " its operator follows a plan."
    )
    parameters = vol.Schema({MINER: cv.string})
    schema = parameters

    @override
    async def answer(self, asked: Asked) -> dict[str, Any]:
        """Return the miner's segments. Raises NoAnswerError where there is no plan."""
        item = asked.miner
        plan = item.site.data.plan
        if plan is None:
            raise NoAnswerError("its operator follows no plan: the profit now decides")
        whole = plan_response(asked.hass, item.site, plan)
        mine = [one for one in whole.pop("miners") if one["miner_id"] == item.miner_id]
        del whole["energy_prices"]
        return {**whole, "segments": mine[0]["segments"] if mine else []}


class WhatIfTool(MinerTool):
    """What the hours ahead would bring if something were different."""

    name = "aiep_miner__what_if"
    title = "What if"
    description = (
        "Backtests the hours ahead for the operator of a miner: profit, energy and starts by plan,"
        " by threshold and always on, as it is and with a change. Changes nothing."
    )
    parameters = vol.Schema(
        {
            MINER: cv.string,
            vol.Optional("energy_price_pct", description="Energy dearer by this many %"): vol.All(
                finite, vol.Range(min=-1000, max=1000)
            ),
            vol.Optional("revenue_pct", description="Mining brings more by this many %"): vol.All(
                finite, vol.Range(min=-100, max=1000)
            ),
            vol.Optional("power_limit_w", description="Most that all miners may draw, W"): vol.All(
                finite, vol.Range(min=0, max=1e9)
            ),
            vol.Optional("stays_off", description="Whether the named miner stays off"): cv.boolean,
        }
    )
    schema = parameters

    @override
    async def answer(self, asked: Asked) -> dict[str, Any]:
        """Return both backtests. Raises NoAnswerError, LedgerError."""
        item = asked.miner
        inputs = await item.site.controller.plan_inputs()
        if inputs is None:
            raise NoAnswerError("prices are not known, so nothing can be worked out")
        change = Change(
            energy_price_pct=asked.data.get("energy_price_pct", 0.0),
            revenue_pct=asked.data.get("revenue_pct", 0.0),
            limit_w=asked.data.get("power_limit_w"),
            without=frozenset({item.miner_id}) if asked.data.get("stays_off") else frozenset(),
        )
        now, changed = [
            await asked.hass.async_add_executor_job(partial(what_if, inputs, one))
            for one in (Change(), change)
        ]
        return {
            "hours": len(inputs.energy_prices_per_kwh) / 4,
            "currency": inputs.currency,
            "as_it_is": _rounded(now),
            "changed": _rounded(changed),
        }


def _rounded(accounts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the accounts by policy; None where no miner can be planned for."""
    if accounts is None:
        return None
    return {
        str(name): {key: round(value, 3) + 0.0 for key, value in asdict(found).items()}
        for name, found in accounts.items()
    }


class EvidenceTool(MinerTool):
    """A decision, and the records that it rests on."""

    name = "aiep_miner__evidence"
    title = "Evidence of a decision"
    description = (
        "Returns a decision from the ledger by its number, with every record that it rests on."
    )
    parameters = vol.Schema(
        {MINER: cv.string, vol.Required("record_seq", description="The decision's number"): SEQ}
    )
    schema = parameters

    @override
    async def answer(self, asked: Asked) -> dict[str, Any]:
        """Return the records. Raises NoAnswerError for what is no decision on the miner, LedgerError."""
        item = asked.miner
        ledger = item.site.controller.ledger
        entry = await ledger.get(asked.data["record_seq"])
        if entry is None or entry.kind != RecordKind.DECISION or entry.subject != item.miner_id:
            raise NoAnswerError("that is no decision on this miner")
        seqs = sorted(set(named_seqs(entry.seq, entry.body)))
        found = [await ledger.get(seq) for seq in seqs]
        return {
            "decision": record_report(entry),
            "rests_on": [record_report(one) for one in found if one is not None],
        }


class ProposeTool(MinerTool):
    """A proposal, which the governor judges."""

    name = "aiep_miner__propose"
    title = "Propose a change"
    description = (
        "Proposes a change of a miner to the governor, which decides whether it is carried out."
        " Cite records that aiep_miner__why returned: number, hash, field and value. A citation"
        " that is not true is refused and counts against you, as does a flood. Everything is"
        " recorded under your name. The answer says whether it was carried out."
    )
    parameters = vol.Schema(PROPOSAL_FIELDS)
    schema = PROPOSAL_SCHEMA
    annotations = PROPOSES

    @override
    async def answer(self, asked: Asked) -> dict[str, Any]:
        """Return what was decided. Raises NoAnswerError for a user without permission."""
        item = asked.miner
        context = asked.context.context
        user_id = context.user_id if context else None
        if user_id is not None:
            user = await asked.hass.auth.async_get_user(user_id)
            if user is None or not user.permissions.check_entity(item.entity_id, POLICY_CONTROL):
                raise NoAnswerError("the user of this chat may not control that miner")
        agent = asked.context.platform
        verdict = await async_bring(
            item.site, item.miner_id, asked.data, agent=agent, user_id=user_id
        )
        source = f"{Origin.LLM}:{agent}"
        return {**verdict, "track_record": async_track_record(item.site, source)}


TOOLS: Final = (FleetTool, WhyTool, PlanTool, WhatIfTool, EvidenceTool, ProposeTool)
PROMPT: Final = (
    "Miners of AIEP Miner are governed: read them with the aiep_miner tools. To change one,"
    " propose it with cited records; a person decides by switch or voice."
)
