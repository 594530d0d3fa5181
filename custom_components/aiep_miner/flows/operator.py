"""The operator's form: from its fields to the entry's data, and back."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, override

import probatio as vol
from homeassistant.const import CONF_MODE, CONF_NAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    ChooseSelector,
    ChooseSelectorChoiceConfig,
    ChooseSelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..const import (
    CONF_BLOCK_REWARD,
    CONF_COIN_PRICE,
    CONF_CURRENCY,
    CONF_ENERGY_PRICE,
    CONF_NETWORK_DIFFICULTY,
    CONF_PUBLIC_SOURCE,
    DEFAULT_BLOCK_REWARD,
    DOMAIN,
)
from ..engine.records import Mode
from ..inputs.network import DEFAULT_SOURCE, NetworkError, async_source, base_address
from ..inputs.prices import CURRENCIES, fits
from .options import number

CONF_ENABLED: Final = "enabled"
CONF_URL: Final = "url"
SECTION_SOURCE: Final = CONF_PUBLIC_SOURCE
SECTION_OWN: Final = "own_values"

OWN_VALUES: Final = (CONF_COIN_PRICE, CONF_NETWORK_DIFFICULTY, CONF_BLOCK_REWARD)
"""What goes before the public source where it is entered."""


class OptionalChoice(ChooseSelector):
    """A choice that may be left empty: the browser sends its active choice all the same."""

    @override
    def __call__(self, data: Any) -> Any:
        """Return the chosen value, or None for an empty choice."""
        if isinstance(data, dict) and data.get(data.get("active_choice")) in (None, ""):
            return None
        return super().__call__(data)


def operator_schema(
    hass: HomeAssistant,
    *,
    is_new: bool,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> vol.Schema:
    """Return the form for some values; sections with an error are open."""
    values = values or {}
    fields: dict[vol.Marker, Any] = {
        vol.Required(CONF_NAME): TextSelector(),
        vol.Required(CONF_CURRENCY, default=hass.config.currency): SelectSelector(
            SelectSelectorConfig(options=list(CURRENCIES))
        ),
        # The browser would fill a required number in with 0, which is free energy.
        vol.Optional(CONF_ENERGY_PRICE): number_or_entity(
            None, "/ kWh", values.get(CONF_ENERGY_PRICE)
        ),
    }
    if is_new:
        fields[vol.Required(CONF_MODE, default=Mode.MANUAL.value)] = SelectSelector(
            SelectSelectorConfig(
                options=[Mode.MANUAL.value, Mode.AUTO.value],
                mode=SelectSelectorMode.LIST,
                translation_key="first_mode",
            )
        )
    fields[vol.Required(SECTION_SOURCE)] = section(_source_schema())
    is_open = SECTION_OWN in (errors or {})
    fields[vol.Required(SECTION_OWN)] = section(
        _own_schema(values.get(SECTION_OWN, {})), {"collapsed": not is_open}
    )
    return vol.Schema(fields)


def _source_schema() -> vol.Schema:
    return vol.Schema(
        {
            vol.Required(CONF_ENABLED, default=True): BooleanSelector(),
            vol.Required(CONF_URL, default=DEFAULT_SOURCE): TextSelector(
                TextSelectorConfig(type=TextSelectorType.URL)
            ),
        }
    )


def _own_schema(values: Mapping[str, Any]) -> vol.Schema:
    return vol.Schema(
        {
            vol.Optional(CONF_COIN_PRICE): number_or_entity(
                0, "/ coin", values.get(CONF_COIN_PRICE)
            ),
            vol.Optional(CONF_NETWORK_DIFFICULTY): number_or_entity(
                0, None, values.get(CONF_NETWORK_DIFFICULTY)
            ),
            vol.Optional(CONF_BLOCK_REWARD): number(0, unit="coins", step=None),
        }
    )


def number_or_entity(minimum: float | None, unit: str | None, value: Any) -> OptionalChoice:
    """Return a choice whose first option is that of the value.

    The browser takes a suggested value to be one of the first option, whatever it is.
    """
    entity = EntitySelector(
        EntitySelectorConfig(filter=[{"domain": ["sensor", "input_number", "number"]}])
    )
    # Selectors inside of this one are validated only when they are written as plain dicts.
    fixed = number(minimum, unit=unit, step=None).serialize()["selector"]
    choices: dict[str, ChooseSelectorChoiceConfig] = {
        "fixed": {"selector": fixed},
        "entity": {"selector": entity.serialize()["selector"]},
    }
    if isinstance(value, str):
        choices = dict(reversed(choices.items()))
    return OptionalChoice(ChooseSelectorConfig(choices=choices, translation_key="number_or_entity"))


def entry_data(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return a valid form's input as an operator's entry keeps it."""
    data = {key: user_input[key] for key in (CONF_CURRENCY, CONF_ENERGY_PRICE)}
    source, own = user_input[SECTION_SOURCE], user_input[SECTION_OWN]
    data |= {key: value for key in OWN_VALUES if (value := own.get(key)) is not None}
    if source[CONF_ENABLED]:
        data[CONF_PUBLIC_SOURCE] = base_address(source[CONF_URL])
    else:
        data.setdefault(CONF_BLOCK_REWARD, DEFAULT_BLOCK_REWARD)
    return data


def form_values(title: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form shows of an operator that exists."""
    url = data.get(CONF_PUBLIC_SOURCE)
    return shown(
        {
            CONF_NAME: title,
            CONF_CURRENCY: data[CONF_CURRENCY],
            CONF_ENERGY_PRICE: data[CONF_ENERGY_PRICE],
            SECTION_SOURCE: {CONF_ENABLED: url is not None, CONF_URL: url or DEFAULT_SOURCE},
            SECTION_OWN: {key: data[key] for key in OWN_VALUES if key in data},
        }
    )


def shown(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return validated input without the choices that were left empty."""
    known = {key: value for key, value in user_input.items() if value is not None}
    own = {key: value for key, value in known[SECTION_OWN].items() if value is not None}
    return {**known, SECTION_OWN: own}


def operator_id_of(name: str) -> str:
    """Return the unique id of an operator's name."""
    return name.strip().casefold()


@callback
def name_error(hass: HomeAssistant, name: str, own_id: str | None) -> dict[str, str]:
    """Return what is wrong with a name: blank, or another operator's."""
    if not name.strip():
        return {CONF_NAME: "name_blank"}
    found = hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, operator_id_of(name))
    return {CONF_NAME: "name_taken"} if found and found.entry_id != own_id else {}


async def async_errors(
    hass: HomeAssistant, user_input: Mapping[str, Any], own_id: str | None
) -> dict[str, str]:
    """Return what is wrong with the input, by field or section; the source is tried out last."""
    errors = name_error(hass, user_input[CONF_NAME], own_id)
    currency, energy = user_input[CONF_CURRENCY], user_input.get(CONF_ENERGY_PRICE)
    if energy is None:
        errors[CONF_ENERGY_PRICE] = "energy_missing"
    elif not _has_unit(hass, CONF_ENERGY_PRICE, energy, currency):
        errors[CONF_ENERGY_PRICE] = "wrong_unit"
    source, own = user_input[SECTION_SOURCE], user_input[SECTION_OWN]
    if own_error := _own_error(hass, own, currency, has_source=source[CONF_ENABLED]):
        errors[SECTION_OWN] = own_error
    if source[CONF_ENABLED] and not errors:
        wanted = [key for key in OWN_VALUES if own.get(key) is None]
        if source_error := await _async_source_error(hass, source[CONF_URL], wanted, currency):
            errors[SECTION_SOURCE] = source_error
    return errors


def _own_error(
    hass: HomeAssistant, own: Mapping[str, Any], currency: str, *, has_source: bool
) -> str | None:
    values = {key: own.get(key) for key in OWN_VALUES}
    if any(isinstance(value, int | float) and value <= 0 for value in values.values()):
        return "own_not_positive"
    if not all(_has_unit(hass, key, value, currency) for key, value in values.items()):
        return "own_wrong_unit"
    lacking = values[CONF_COIN_PRICE] is None or values[CONF_NETWORK_DIFFICULTY] is None
    return "own_missing" if lacking and not has_source else None


def _has_unit(hass: HomeAssistant, key: str, value: Any, currency: str) -> bool:
    return not isinstance(value, str) or fits(hass, key, value, currency)


async def _async_source_error(
    hass: HomeAssistant, text: str, wanted: list[str], currency: str
) -> str | None:
    """Return why the source cannot serve what is wanted from it."""
    if (url := base_address(text)) is None:
        return "source_address"
    source = async_source(hass, url)
    with suppress(NetworkError):  # what counts is whether it has the figures that are wanted
        await source.async_read()
    lacking = [key for key in wanted if source.report.figure(key, currency)[0] is None]
    if lacking == [CONF_COIN_PRICE] and source.report.coin_prices:
        return "source_currency"
    return "source_unreachable" if lacking else None
