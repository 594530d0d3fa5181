"""Translates what the engine refuses or fails at into Home Assistant's errors."""

from collections.abc import Awaitable, Callable
from functools import wraps

from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN
from .engine.command_result import CommandResult
from .engine.ledger import LedgerError
from .engine.miners.base import MinerError
from .engine.records.reasons import Reason


def ledger_unavailable(err: LedgerError | str) -> HomeAssistantError:
    """Return the error for a ledger that cannot be written or read."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=Reason.LEDGER_UNAVAILABLE,
        translation_placeholders={"error": str(err)},
    )


def translated_errors[**P, T](function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Raise the ledger's and the miners' errors as HomeAssistantError, with their translation."""

    @wraps(function)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await function(*args, **kwargs)
        except LedgerError as err:
            raise ledger_unavailable(err) from err
        except MinerError as err:
            raise miner_failed(err.reason, "") from err

    return call


def miner_failed(reason: Reason, miner: str) -> HomeAssistantError:
    """Return the error for a miner that could not be read or commanded."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=reason,
        translation_placeholders={"miner": miner},
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


def require_person(context: Context) -> None:
    """Raise ServiceValidationError for an automation that does what only people may do."""
    if context.user_id is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="person_needed")


def raise_for(result: CommandResult, miner: str) -> None:
    """Raise unless the miner accepted the command: refused by a rule, or failed on the way."""
    if result.rule is not None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=result.rule,
            translation_placeholders={"miner": miner},
        )
    if result.error is not None:
        raise miner_failed(result.error, miner)
