"""Translates what the engine refuses or fails at into Home Assistant's errors."""

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN
from .engine.command_result import CommandResult
from .engine.ledger import LedgerError
from .engine.records.reasons import Reason


def ledger_unavailable(err: LedgerError) -> HomeAssistantError:
    """Return the error for a ledger that cannot be written or read."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=Reason.LEDGER_UNAVAILABLE,
        translation_placeholders={"error": str(err)},
    )


def cycle_failed(err: BaseException | None) -> HomeAssistantError:
    """Return the error for a governed cycle that could not be run."""
    if isinstance(err, HomeAssistantError) and err.translation_key:
        return err
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="cycle_failed",
        translation_placeholders={"error": str(err)},
    )


def not_a_number(miner: str) -> ServiceValidationError:
    """Return the error for a target that is no finite number; such a one is in every range."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="not_a_number",
        translation_placeholders={"miner": miner},
    )


def not_offered(miner: str, option: str) -> ServiceValidationError:
    """Return the error for a choice that the miner does not offer now."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="not_offered",
        translation_placeholders={"miner": miner, "option": option},
    )


def raise_for(result: CommandResult, miner: str) -> None:
    """Raise unless the miner accepted the command: refused by a rule, or failed on the way."""
    if result.rule is not None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=result.rule,
            translation_placeholders={"miner": miner},
        )
    if result.error is not None:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=result.error,
            translation_placeholders={"miner": miner},
        )
