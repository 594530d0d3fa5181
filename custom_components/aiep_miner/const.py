"""Names that several files share."""

from typing import Final

from homeassistant.util.hass_dict import HassKey

DOMAIN: Final = "aiep_miner"
MANUFACTURER: Final = "AIEP Miner"
SUBENTRY_CUSTOMER: Final = "customer"
SUBENTRY_MINER: Final = "miner"
SUBENTRY_PEER: Final = "peer"

CONF_BLOCK_REWARD: Final = "block_reward"
CONF_COIN_PRICE: Final = "coin_price"
CONF_CURRENCY: Final = "currency"
CONF_ENERGY_PRICE: Final = "energy_price"
CONF_FLEET_SIZE: Final = "fleet_size"
CONF_MINERS: Final = "miners"
CONF_MISSED_AFTER: Final = "missed_after_h"
CONF_NEXT_STEP: Final = "next_step_id"
CONF_NETWORK_DIFFICULTY: Final = "network_difficulty"
CONF_ORIGIN: Final = "origin"
CONF_PUBLIC_SOURCE: Final = "public_source"
CONF_QUORUM: Final = "quorum"
CONF_VERIFIER_KEY: Final = "verifier_key"
CONF_WITNESSES: Final = "witnesses"

CONF_ADAPTER: Final = "adapter"
CONF_MAX_POWER: Final = "max_power_w"
CONF_MAX_TEMPERATURE: Final = "max_temperature_c"
CONF_AUTOTUNE: Final = "autotune"
CONF_AUTOTUNE_GOAL: Final = "autotune_goal"
CONF_NOMINAL_HASHRATE: Final = "nominal_hashrate_ths"
CONF_NOMINAL_POWER: Final = "nominal_power_w"
CONF_POWER_ENTITY: Final = "power_entity"
CONF_PROFILE: Final = "profile"
CONF_SECRET: Final = "secret"  # noqa: S105 - the name of a field
CONF_SEED: Final = "seed"
CONF_USERS_MAY_READ: Final = "users_may_read"

SECTION_DISPLAY: Final = "display"
"""The options that say what is shown."""
SECTION_PLANNING: Final = "planning"
CONF_PRICE_ADDER: Final = "price_adder"
CONF_PRICE_FORECAST: Final = "price_forecast"
CONF_PRICE_TAX: Final = "price_tax_pct"
CONF_STRATEGY: Final = "strategy"
CONF_TARIFF_PRICE: Final = "tariff_price"
CONF_TARIFF_SCHEDULE: Final = "tariff_schedule"

DEFAULT_BLOCK_REWARD: Final = 3.125

UNIT_HASHRATE: Final = "TH/s"
PER_DAY: Final = "{}/d"
"""An amount a day; the currency goes into the braces."""

DATA_BACKUP: Final[HassKey[bool]] = HassKey("aiep_miner_backup")
"""Whether a backup is being taken."""

EVENT_LEDGER_ACCEPTED: Final = "aiep_miner_ledger_accepted"
EVENT_LEDGER_TAMPERED: Final = "aiep_miner_ledger_tampered"
EVENT_LEDGER_VERIFIED: Final = "aiep_miner_ledger_verified"

ISSUE_LEDGER_BROKEN: Final = "ledger_broken"
ISSUE_LEDGER_SET_ASIDE: Final = "ledger_set_aside"
ISSUE_LEDGER_UNWRITABLE: Final = "ledger_unwritable"
ISSUE_LOGIN_REFUSED: Final = "login_refused"
ISSUE_QUORUM_MISSED: Final = "quorum_missed"
ISSUE_WITNESS_REFUSES: Final = "witness_refuses"
