"""Reads a ledger file beside its writer: on a few threads, each reader with its own connection.

What reads takes as long as it takes; what is appended never waits for it.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, Protocol

from .errors import LedgerError, LedgerReason

_THREADS: Final = 2
"""Readers that run at the same time; more of them wait for their turn."""


class Closable(Protocol):
    """What a reader opens and works with."""

    def close(self) -> None:
        """Close it."""


class Submit(Protocol):
    """Runs a call on a reader's thread."""

    async def __call__[T](self, call: Callable[[], T]) -> T:
        """Return what the call returns. Raises LedgerError once the readers are closed."""


class Reader[R: Closable]:
    """One reader: an open resource that one thread at a time works with."""

    def __init__(self, submit: Submit, resource: R) -> None:
        """Take what runs a call on a reader's thread, and what was opened."""
        self._submit = submit
        self._resource: R | None = resource
        self._lock = threading.Lock()

    async def run[**P, T](self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that works with the resource. Raises LedgerError once that is closed."""
        return await self._submit(partial(self._call, partial(function, *args, **kwargs)))

    def _call[T](self, function: Callable[[], T]) -> T:
        with self._lock:
            if self._resource is None:
                raise _closed()
            return function()

    def close(self) -> None:
        """Close the resource, after the call under way, which may outlast its caller."""
        with self._lock:
            if self._resource is not None:
                self._resource.close()
                self._resource = None


class Readers:
    """The readers of one ledger file."""

    def __init__(self) -> None:
        """Prepare; threads are started when they are needed."""
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="aiep_miner_ledger_reader")
        self._lock = threading.Lock()
        self._open: set[Reader[Any]] = set()
        self._is_closed = False

    @asynccontextmanager
    async def reader[R: Closable](
        self, open_resource: Callable[[], R]
    ) -> AsyncIterator[tuple[Reader[R], R]]:
        """Open a resource on a reader's thread, and close it there at the end.

        Raises LedgerError once the readers are closed, and what opening raises.
        """
        opened: list[Reader[R]] = []
        is_left = False

        def begin() -> R:
            resource = open_resource()
            reader = Reader(self._submit, resource)
            with self._lock:
                self._open.add(reader)
            opened.append(reader)
            if is_left:  # the caller was cancelled meanwhile
                self._end(reader)
            return resource

        try:
            resource = await self._submit(begin)
            yield opened[0], resource
        finally:
            is_left = True
            if opened:
                self._leave(opened[0])

    async def _submit[T](self, call: Callable[[], T]) -> T:
        if self._is_closed:
            raise _closed()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._unless_closed, call)

    def _unless_closed[T](self, call: Callable[[], T]) -> T:
        if self._is_closed:
            raise _closed()
        return call()

    def _leave(self, reader: Reader[Any]) -> None:
        """Close a reader on a thread, for its last call may outlast the caller."""
        if not self._is_closed:
            self._executor.submit(self._end, reader)

    def _end(self, reader: Reader[Any]) -> None:
        with self._lock:
            self._open.discard(reader)
        reader.close()

    def refuse(self) -> None:
        """Refuse all that was not begun yet, and what comes."""
        self._is_closed = True

    def close(self) -> None:
        """Wait for what is being read, and close everything. Blocks."""
        self.refuse()
        self._executor.shutdown(wait=True)
        while self._open:
            self._open.pop().close()


def _closed() -> LedgerError:
    return LedgerError(LedgerReason.CLOSED, "the ledger is closed")
