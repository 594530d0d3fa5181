"""Notes under which contexts language models act; what they do is theirs, not their user's."""

from homeassistant.components.llm import LLMTools
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.llm import LLMContext

from .inputs.commanders import DATA_CONTEXTS


@callback
def async_get_tools(hass: HomeAssistant, llm_context: LLMContext, api_id: str) -> LLMTools | None:
    """Return no tools of our own; Home Assistant asks before a model can call any."""
    if DATA_CONTEXTS in hass.data:
        hass.data[DATA_CONTEXTS].note_llm(llm_context.context)
    return None
