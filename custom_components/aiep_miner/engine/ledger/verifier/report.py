"""What a verification is given from outside, and what it found."""

from dataclasses import dataclass, field

from .note import Checkpoint, Note, VerifierKey


class NotALedgerError(Exception):
    """It is no ledger, export, bundle or proof, or cannot be read at all."""


class Code:
    """Why a verification failed, in words that programs may compare."""

    NUMBER = "block_number"
    EMPTY = "empty_block"
    SEQ = "sequence"
    TS = "time_decreases"
    LINE = "line"
    PART = "part"
    STORED = "stored_hash"
    PAGE = "page"
    INDEX = "events_index"
    PREVIOUS = "previous"
    UNREADABLE = "unreadable"
    NOT_DECLARED = "dropped_undeclared"
    CHECKPOINT = "checkpoint"
    SIGNATURE = "signature"
    CUT_OFF = "cut_off"
    REWRITTEN = "rewritten"
    COSIGNATURES = "cosignatures"
    EVIDENCE = "evidence"
    PROOF = "proof"
    STATEMENT = "statement"


@dataclass(frozen=True)
class Fault:
    """The first place where something is wrong."""

    block: int
    seq: "int | None"
    code: str
    """One of ``Code``."""
    detail: str

    def __str__(self) -> str:
        """Return one line for people."""
        record = "" if self.seq is None else f", record {self.seq}"
        return f"block {self.block}{record}: {self.detail}"


@dataclass(frozen=True)
class Known:
    """What is known outside of what is verified."""

    checkpoints: "tuple[Note, ...]" = ()
    """Signed notes seen before; each must be of this log."""
    heads: "tuple[tuple[int, bytes], ...]" = ()
    """Number of blocks and the hash of the last of them."""
    keys: "tuple[VerifierKey, ...]" = ()
    """The log's keys: every checkpoint needs a signature that fits one of them."""
    witnesses: "tuple[VerifierKey, ...]" = ()
    quorum: int = 0
    """How many different witnesses the newest checkpoint needs."""


@dataclass(frozen=True)
class Report:
    """What was found."""

    what: str
    """ledger, export, bundle or proof."""
    blocks: int
    records: int
    root: bytes
    fault: "Fault | None" = None
    checkpoint: "Checkpoint | None" = None
    """The newest one that was checked."""
    notes: "tuple[str, ...]" = field(default=())
    """What was checked beside the chain, and what could not be."""

    def line(self) -> str:
        """Return the one line that says how it is."""
        if self.fault is not None:
            return f"NOT INTACT: {self.what}: {self.fault} [{self.fault.code}]"
        signed = "".join(f"; {note}" for note in self.notes)
        return (
            f"intact: {self.what} of {self.blocks} blocks, {self.records} records,"
            f" root {self.root.hex()}{signed}"
        )
