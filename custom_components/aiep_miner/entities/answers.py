"""The answers to questions about a miner, and about all of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN
from ..coordinator import AiepMinerCoordinator
from ..engine.read_model import MinerReadModel as Miner
from .decision import status_of
from .plan import change_sentence, next_change
from .status_text import async_number, async_sentence, async_text

CATEGORIES: Final = ("common", "entity", "exceptions")
"""Categories of the translations that answers are made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The language in which a question was asked, and is answered."""

    hass: HomeAssistant
    language: str

    @callback
    def say(self, key: str, **words: str) -> str:
        """Return an answer."""
        return async_text(self.hass, "common", f"common.voice_{key}", self.language).format(**words)

    @callback
    def number(self, value: float) -> str:
        """Return a number as the language writes it."""
        return async_number(self.hass, value, self.language)


async def async_voice(hass: HomeAssistant, language: str) -> Voice:
    """Return a voice in a language, with its translations loaded."""
    for category in CATEGORIES:
        await async_get_translations(hass, language, category, {DOMAIN})
    return Voice(hass=hass, language=language)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A miner that is asked about."""

    voice: Voice
    site: AiepMinerCoordinator
    miner: Miner
    title: str


@callback
def _why(asked: _Asked) -> str:
    status, voice = status_of(asked.site.data, asked.miner), asked.voice
    if status is None:
        return voice.say("status_unknown", miner=asked.title)
    sentence = async_sentence(voice.hass, status, voice.language)
    return voice.say("why", miner=asked.title, sentence=sentence)


@callback
def _when(asked: _Asked) -> str:
    """Return why it does what it does, and the next change where there is a plan."""
    change = next_change(asked.site, asked.miner.miner_id)
    if change is None:
        return _why(asked)
    return f"{_why(asked)} {change_sentence(asked.site, change, asked.voice.language)}"


@callback
def _hot(asked: _Asked) -> str:
    hottest_c = asked.miner.reading.hottest_c if asked.miner.reading else None
    if hottest_c is None:
        return asked.voice.say("hot_unknown", miner=asked.title)
    return asked.voice.say(
        "hot",
        miner=asked.title,
        temperature=f"{hottest_c:.0f}",
        limit=f"{asked.miner.limit_c:.0f}",
    )


@callback
def _earned(asked: _Asked) -> str:
    earnings, voice = asked.miner.earnings, asked.voice
    if earnings.profit_per_day is None:
        return voice.say("earned_unknown", miner=asked.title)
    return voice.say(
        "earned",
        miner=asked.title,
        currency=asked.site.currency,
        profit=voice.number(earnings.profit_per_day),
        revenue=voice.number(earnings.revenue_per_day or 0.0),
        cost=voice.number(earnings.cost_per_day or 0.0),
    )


_OF_A_MINER: Final = {"why": _why, "when": _when, "hot": _hot, "earned": _earned}


def _sites(hass: HomeAssistant) -> Iterator[AiepMinerCoordinator]:
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        yield entry.runtime_data.coordinator


def _of_a_miner(question: str) -> Callable[[Voice, str | None], str]:
    @callback
    def answer(voice: Voice, miner_id: str | None) -> str:
        for site in _sites(voice.hass):
            if miner_id is not None and miner_id in site.data.miners:
                miner, title = site.miner(miner_id), site.title(miner_id)
                return _OF_A_MINER[question](
                    _Asked(voice=voice, site=site, miner=miner, title=title)
                )
        return voice.say("not_loaded")

    return answer


@callback
def _all_earned(voice: Voice, _miner_id: str | None) -> str:
    """Return what all miners make a day, by currency; what is not known is not counted."""
    sums: dict[str, float] = {}
    running = miners = 0
    for site in _sites(voice.hass):
        total = site.data.total(lambda miner: miner.earnings.profit_per_day)
        miners += len(site.data.miners)
        running += sum(miner.is_mining is True for miner in site.data.miners.values())
        if total is not None:
            sums[site.currency] = sums.get(site.currency, 0.0) + total
    if not sums:
        return voice.say("all_earned_unknown")
    amounts = ", ".join(f"{voice.number(total)} {code}" for code, total in sorted(sums.items()))
    return voice.say("all_earned", amount=amounts, running=str(running), miners=str(miners))


ANSWERS: Final[Mapping[str, Callable[[Voice, str | None], str]]] = {
    **{question: _of_a_miner(question) for question in _OF_A_MINER},
    "all_earned": _all_earned,
}
"""By question: a function from a miner id to the answer; never empty."""
