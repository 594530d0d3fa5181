"""Names that several files share."""

from typing import Final

DOMAIN: Final = "aiep_miner"
MANUFACTURER: Final = "AIEP Miner"
SUBENTRY_MINER: Final = "miner"

CONF_BLOCK_REWARD: Final = "block_reward"
CONF_COIN_PRICE: Final = "coin_price"
CONF_CURRENCY: Final = "currency"
CONF_ENERGY_PRICE: Final = "energy_price"
CONF_NETWORK_DIFFICULTY: Final = "network_difficulty"

CONF_ADAPTER: Final = "adapter"
CONF_MAX_POWER: Final = "max_power_w"
CONF_MAX_TEMPERATURE: Final = "max_temperature_c"
CONF_NOMINAL_HASHRATE: Final = "nominal_hashrate_ths"
CONF_NOMINAL_POWER: Final = "nominal_power_w"
CONF_PROFILE: Final = "profile"
CONF_SEED: Final = "seed"

DEFAULT_BLOCK_REWARD: Final = 3.125

UNIT_HASHRATE: Final = "TH/s"
PER_DAY: Final = "{}/d"
"""An amount a day; the currency goes into the braces."""

EVENT_LEDGER_VERIFIED: Final = "aiep_miner_ledger_verified"

ISSUE_LEDGER_BROKEN: Final = "ledger_broken"
ISSUE_LEDGER_UNWRITABLE: Final = "ledger_unwritable"
