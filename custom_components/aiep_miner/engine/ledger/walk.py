"""One verification of a ledger that is in use, step by step."""

from collections.abc import Sequence
from typing import Any, Self

from .errors import translated
from .model import Head
from .store import LedgerStore
from .verify import Chain, Database, Fault, Report


class Walk:
    """A verification under way, with a connection of its own."""

    def __init__(self, database: Database, chain: Chain, fault: Fault | None) -> None:
        """Take a walk that may already have found a fault; see ``begin``."""
        self.chain = chain
        self._database = database
        self._fault = fault

    @classmethod
    def begin(
        cls,
        store: LedgerStore,
        heads: Sequence[Head],
        key: bytes | None,
        state: dict[str, Any] | None,
    ) -> Self:
        """Begin at the first record, or where ``state`` was taken. Raises LedgerError."""
        with translated():
            database = Database(store.path)
        chain = database.chain({head.seq: head.hash for head in heads}, key)
        if state is not None and _still_fits(store, state):
            chain.restore(state)
        passed = (store.check_head(head) for head in heads if head.seq <= chain.seq)
        return cls(database, chain, next((fault for fault in passed if fault), None))

    def step(self) -> bool:
        """Go on by some records; return whether that was the end. Raises LedgerError."""
        if self._fault:
            return True
        with translated():
            self._fault, is_done = self._database.advance(self.chain)
        return is_done

    def report(self) -> Report:
        """Return what was found."""
        return Report("ledger", self.chain, self.chain.seq, self._fault)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()


def _still_fits(store: LedgerStore, state: dict[str, Any]) -> bool:
    """Return whether a state is one, and the chain still passes where it was taken."""
    try:
        head = Head(int(state["seq"]), bytes.fromhex(state["hash"]))
    except KeyError, TypeError, ValueError:
        return False
    return store.check_head(head) is None
