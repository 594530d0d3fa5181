"""Hands language models their tools; what they do under a context is theirs, not their user's."""

from homeassistant.components.llm import LLMTools
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.llm import LLM_API_ASSIST, LLMContext

from .agents.tools import PROMPT, TOOLS
from .inputs.commanders import DATA_CONTEXTS
from .inputs.exposed import exposed_miners


@callback
def async_get_tools(hass: HomeAssistant, llm_context: LLMContext, api_id: str) -> LLMTools | None:
    """Return the tools where a miner is exposed; Home Assistant asks before a model can call any."""
    if DATA_CONTEXTS not in hass.data:
        return None
    hass.data[DATA_CONTEXTS].note_llm(llm_context.context, llm_context.platform)
    if api_id != LLM_API_ASSIST or not any(exposed_miners(hass, llm_context.assistant)):
        return None
    return LLMTools(tools=[tool() for tool in TOOLS], prompt=PROMPT)
