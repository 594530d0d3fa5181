"""The operator's options: one table from the form's fields to the policy's."""

import math
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from enum import IntEnum
from typing import Any, Final

import probatio as vol
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_MODE
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
)

from ..const import (
    CONF_AUTOTUNE,
    CONF_AUTOTUNE_GOAL,
    CONF_FLEET_SIZE,
    CONF_HEAT_SHARE,
    CONF_MAX_POWER,
    CONF_MAX_TEMPERATURE,
    CONF_NOMINAL_HASHRATE,
    CONF_NOMINAL_POWER,
    CONF_PRICE_ADDER,
    CONF_PRICE_FORECAST,
    CONF_PRICE_TAX,
    CONF_STRATEGY,
    CONF_TARIFF_PRICE,
    CONF_TARIFF_SCHEDULE,
    SECTION_DISPLAY,
    SECTION_HOUSE,
    SECTION_PLANNING,
    SUBENTRY_MINER,
)
from ..engine.records import (
    AutotuneGoal,
    AutotuneMode,
    AutotunePolicy,
    MinerPolicy,
    MiningPolicy,
    Mode,
    PolicyRecord,
    Strategy,
)
from ..engine.records.policy import FORM, FormLimits
from ..entities.fleet_size import AUTOMATIC, FleetSize

SECTION_GOVERNOR: Final = "governor"

_DEFAULTS: Final = PolicyRecord(ts_ms=0, subject="")

type Box = NumberSelector | BooleanSelector | SelectSelector | EntitySelector
"""What a setting is entered in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One option: the policy field that it sets, and its place in the form."""

    section: str
    field: str
    selector: Box

    @property
    def default(self) -> Any:
        """Return the policy's own default."""
        owner = _DEFAULTS.governor if self.section == SECTION_GOVERNOR else _DEFAULTS
        return getattr(owner, self.field)

    @property
    def marker(self) -> vol.Marker:
        """Return the form's key; a setting without a default may stay empty."""
        if self.default is None:
            return vol.Optional(self.field)
        return vol.Required(self.field, default=self.shown(self.default))

    def shown(self, value: Any) -> Any:
        """Return a policy's value as the form takes it."""
        return str(value) if isinstance(self.selector, SelectSelector) else value

    def value(self, stored: Mapping[str, Any]) -> Any:
        """Return what is set, in the policy's type; raises ValueError for what cannot be meant."""
        value = stored.get(self.field, self.default)
        if value is None:
            return self.default
        _check(self.field, self.selector, self.shown(value))
        if isinstance(self.default, IntEnum):
            value = int(value)
        return value if self.default is None else type(self.default)(value)


def number(
    minimum: float | None = None,
    maximum: float | None = None,
    unit: str | None = None,
    step: float | None = 1,
) -> NumberSelector:
    """Return a number box; ``step`` None accepts any number."""
    config = NumberSelectorConfig(mode=NumberSelectorMode.BOX, step=step or "any")
    if minimum is not None:
        config["min"] = minimum
    if maximum is not None:
        config["max"] = maximum
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


def _check(name: str, selector: Box, value: Any) -> None:
    """Raise ValueError for a value that the form would not have let through."""
    try:
        selector(value)
    except vol.Invalid as err:
        raise ValueError(f"{name}: {err}") from err
    if isinstance(selector, NumberSelector) and not math.isfinite(float(value)):
        raise ValueError(f"{name}: no number")


def _setting(section_name: str, field: str, selector: Box) -> Setting:
    return Setting(section=section_name, field=field, selector=selector)


def _governor_box(field: Field[Any]) -> Box:
    """Return what a field of the governor's policy is entered in."""
    form: FormLimits | None = field.metadata.get(FORM)
    if form is not None:
        return number(*form)
    if isinstance(field.default, bool):
        return BooleanSelector()
    return SelectSelector(
        SelectSelectorConfig(options=["1", "2", "3"], translation_key="min_trust")
    )


SETTINGS: Final = (
    _setting("cycle", "interval_s", number(5, 600, "s")),
    _setting("cycle", "confirm_cycles", number(1, 20)),
    _setting("cycle", "price_max_age_min", number(1, 1440, "min")),
    _setting(
        SECTION_PLANNING,
        CONF_STRATEGY,
        SelectSelector(
            SelectSelectorConfig(
                options=[item.value for item in Strategy], translation_key=CONF_STRATEGY
            )
        ),
    ),
    _setting(SECTION_PLANNING, "min_run_min", number(0, 720, "min")),
    _setting(SECTION_PLANNING, "min_idle_min", number(0, 720, "min")),
    _setting(SECTION_PLANNING, "start_min", number(0, 60, "min")),
    _setting(SECTION_HOUSE, "battery_floor_pct", number(0, 100, "%")),
    _setting("economics", "profit_margin_per_day", number(0, step=None)),
    _setting("economics", "profit_dwell_min", number(0, 120, "min")),
    _setting("economics", "pool_fee_pct", number(0, 100, "%", step=None)),
    _setting("economics", "heat_credit_per_kwh", number(0, step=None)),
    _setting("safety", "cooldown_c", number(0, 60, "°C")),
    _setting("safety", "cooldown_min", number(0, 120, "min")),
    _setting("safety", "collapse_pct", number(1, 99, "%")),
    _setting("safety", "collapse_min", number(1, 120, "min")),
    _setting("safety", "max_restarts_per_day", number(0, 24)),
    _setting("safety", "min_fan_rpm", number(0, 10_000, "rpm")),
    _setting("safety", "safety_stops_in_manual", BooleanSelector()),
    _setting("safety", "sheds_over_limit", BooleanSelector()),
    _setting("people", "person_hold_min", number(0, 10_080, "min")),
    _setting("ledger", "keep_bodies_days", number(1, 3650, "d")),
    _setting("people", "max_proposals_per_hour", number(1, 1000)),
    *(
        _setting(SECTION_GOVERNOR, field.name, _governor_box(field))
        for field in fields(MiningPolicy)
        if "serialize" not in field.metadata
    ),
)
MINER_LIMITS: Final[Mapping[str, NumberSelector]] = {
    CONF_NOMINAL_POWER: number(1, unit="W", step=None),
    CONF_NOMINAL_HASHRATE: number(0.001, unit="TH/s", step=None),
    CONF_MAX_POWER: number(1, unit="W", step=None),
    CONF_MAX_TEMPERATURE: number(30, 120, "°C", step=None),
    CONF_HEAT_SHARE: number(0, 100, "%", step=None),
}
"""What the operator says of a single miner."""
MINER_TUNING: Final[Mapping[str, SelectSelector]] = {
    name: SelectSelector(
        SelectSelectorConfig(options=[item.value for item in kinds], translation_key=name)
    )
    for name, kinds in ((CONF_AUTOTUNE, AutotuneMode), (CONF_AUTOTUNE_GOAL, AutotuneGoal))
}
"""How a single miner is tuned."""
PRICES_AHEAD: Final[Mapping[str, Box]] = {
    CONF_PRICE_FORECAST: EntitySelector(EntitySelectorConfig(domain="sensor")),
    CONF_PRICE_ADDER: number(step=None),
    CONF_PRICE_TAX: number(0, 500, "%", step=None),
    CONF_TARIFF_SCHEDULE: EntitySelector(EntitySelectorConfig(domain="schedule")),
    CONF_TARIFF_PRICE: number(step=None),
}
"""Where the prices of the hours to come are from; no settings of the policy."""
_LIMITS: Final = tuple(setting for setting in SETTINGS if setting.section == SECTION_GOVERNOR)


def settings_schema() -> vol.Schema:
    """Return the form of the settings of cycle and thresholds, one section for each part."""
    sections: dict[str, dict[vol.Marker, Box]] = {}
    for setting in SETTINGS:
        if setting.section not in (SECTION_GOVERNOR, SECTION_HOUSE):
            sections.setdefault(setting.section, {})[setting.marker] = setting.selector
    sections[SECTION_PLANNING] |= {
        vol.Optional(key): selector for key, selector in PRICES_AHEAD.items()
    }
    sections[SECTION_DISPLAY] = {
        vol.Required(CONF_FLEET_SIZE, default=AUTOMATIC): SelectSelector(
            SelectSelectorConfig(options=[AUTOMATIC, *FleetSize], translation_key=CONF_FLEET_SIZE)
        )
    }
    return vol.Schema(
        {
            vol.Required(name): section(vol.Schema(fields), {"collapsed": name != "cycle"})
            for name, fields in sections.items()
        }
    )


def governor_schema() -> vol.Schema:
    """Return the form of the governor's limits."""
    return vol.Schema({setting.marker: setting.selector for setting in _LIMITS})


def limits_of(policy: MiningPolicy) -> dict[str, Any]:
    """Return a policy's limits as the form takes them."""
    return {
        setting.field: setting.shown(value)
        for setting in _LIMITS
        if (value := getattr(policy, setting.field)) is not None
    }


def policy_of(entry: ConfigEntry[Any]) -> PolicyRecord:
    """Return the policy that an operator's options and miners amount to.

    Raises ValueError for settings that no form would have let through.
    """
    values: dict[str, dict[str, Any]] = {}
    for setting in SETTINGS:
        owner = SECTION_GOVERNOR if setting.section == SECTION_GOVERNOR else ""
        stored = entry.options.get(setting.section, {})
        values.setdefault(owner, {})[setting.field] = setting.value(stored)
    return PolicyRecord(
        ts_ms=0,
        subject=entry.entry_id,
        mode=Mode(entry.options.get(CONF_MODE, Mode.AUTO)),
        governor=MiningPolicy(**values[SECTION_GOVERNOR]),
        miners=tuple(
            _miner_policy(subentry.subentry_id, subentry.data)
            for subentry in sorted(
                entry.get_subentries_of_type(SUBENTRY_MINER), key=lambda item: item.subentry_id
            )
        ),
        **values[""],
    )


def _miner_policy(miner_id: str, data: Mapping[str, Any]) -> MinerPolicy:
    for name, selector in MINER_LIMITS.items():
        if (value := data.get(name)) is not None:
            _check(name, selector, value)
    return MinerPolicy(
        miner_id=miner_id,
        nominal_hashrate_ths=data.get(CONF_NOMINAL_HASHRATE),
        nominal_power_w=data.get(CONF_NOMINAL_POWER),
        max_power_w=data.get(CONF_MAX_POWER),
        max_temperature_c=data.get(CONF_MAX_TEMPERATURE),
        heat_share_pct=data.get(CONF_HEAT_SHARE, 0.0),
        autotune=_tuning(data),
    )


def _tuning(data: Mapping[str, Any]) -> AutotunePolicy | None:
    if (mode := AutotuneMode(data.get(CONF_AUTOTUNE, AutotuneMode.OFF))) is AutotuneMode.OFF:
        return None
    goal = AutotuneGoal(data.get(CONF_AUTOTUNE_GOAL, AutotuneGoal.EFFICIENCY))
    return AutotunePolicy(mode=mode, goal=goal)
