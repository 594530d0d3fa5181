"""The answers to questions about a miner."""

from collections.abc import Callable, Mapping
from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from ..coordinator import AiepMinerCoordinator
from ..engine.read_model import MinerReadModel as Miner
from .decision import status_of
from .status_text import async_sentence, async_text, number


def _say(hass: HomeAssistant, key: str, **words: str) -> str:
    return async_text(hass, "common", f"common.voice_{key}").format(**words)


@callback
def _why(hass: HomeAssistant, site: AiepMinerCoordinator, miner: Miner, title: str) -> str:
    status = status_of(site.data, miner)
    if status is None:
        return _say(hass, "status_unknown", miner=title)
    return _say(hass, "why", miner=title, sentence=async_sentence(hass, status))


@callback
def _hot(hass: HomeAssistant, site: AiepMinerCoordinator, miner: Miner, title: str) -> str:
    hottest_c = miner.reading.hottest_c if miner.reading else None
    if hottest_c is None:
        return _say(hass, "hot_unknown", miner=title)
    return _say(hass, "hot", miner=title, temperature=f"{hottest_c:.0f}")


@callback
def _earned(hass: HomeAssistant, site: AiepMinerCoordinator, miner: Miner, title: str) -> str:
    earnings = miner.earnings
    if earnings.profit_per_day is None:
        return _say(hass, "earned_unknown", miner=title)
    return _say(
        hass,
        "earned",
        miner=title,
        currency=site.currency,
        profit=number(earnings.profit_per_day),
        revenue=number(earnings.revenue_per_day or 0.0),
        cost=number(earnings.cost_per_day or 0.0),
    )


_ANSWERS: Final = {"why": _why, "when": _why, "hot": _hot, "earned": _earned}


def _answer(question: str) -> Callable[[HomeAssistant, str], str]:
    @callback
    def answer(hass: HomeAssistant, miner_id: str) -> str:
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            site: AiepMinerCoordinator = entry.runtime_data.coordinator
            if miner_id in site.data.miners:
                title = site.title(miner_id)
                return _ANSWERS[question](hass, site, site.miner(miner_id), title)
        return _say(hass, "not_loaded")

    return answer


ANSWERS: Final[Mapping[str, Callable[[HomeAssistant, str], str]]] = {
    question: _answer(question) for question in _ANSWERS
}
"""By question: a function from a miner id to the answer; never empty."""
