"""The walk along a log: each block checked against those before it and against what is known."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import cosignature, tree
from .blocks import (
    OBSERVED_KINDS,
    PAGE_BLOCKS,
    Block,
    Decided,
    Dropped,
    Header,
    genesis,
    named_seqs,
    part_root,
)
from .lines import Record, parse, parse_together
from .note import Checkpoint, Note, origin_of
from .report import Code, Fault, Known

WINDOW_PAGES = 64
"""A checkpoint record may be about a log up to this many pages shorter than where it is written."""

RootAt = Callable[[int], bytes]
"""Returns the log's root at a number of blocks that lies behind. Raises ValueError."""


class _BrokenError(Exception):
    """Carries a fault out of a check."""

    def __init__(self, seq: "int | None", code: str, detail: str) -> None:
        super().__init__(detail)
        self.seq, self.code, self.detail = seq, code, detail


@dataclass
class Tally:
    """What was seen of signatures."""

    checkpoints: int = 0
    signed: int = 0
    newest: "Note | None" = None


class Log:
    """Checks blocks in turn. ``blocks`` counts them, ``seq`` and ``ts`` are the last record's."""

    def __init__(self, operator_id: str, segment: str, known: "Known | None" = None) -> None:
        """Begin at block 0."""
        self.operator_id, self.segment = operator_id, segment
        self.known = known or Known()
        self.seq, self.ts = 0, 0
        self.hash = genesis(operator_id, segment)
        """Of the last block."""
        self.records = 0
        """Number of records seen, dropped ones included."""
        self.range = tree.CompactRange()
        self.decided = Decided()
        self.dropped: list[list[int]] = []
        """Ranges of pages without observations, both ends included."""
        self.declared: list[list[int]] = []
        """Ranges of pages that events declare to be dropped."""
        self.tally = Tally()
        self.events: list[tuple[int, int, str, str, int]] = []
        """Rows of the index that the last block adds."""
        self.first_ts: int | None = None
        """Of the last block's first record; None when that is gone."""
        self.root_at: RootAt | None = None
        """For checkpoints whose size lies behind the window."""
        self._window: deque[tuple[tree.CompactRange, list[bytes]]] = deque(maxlen=WINDOW_PAGES)
        self._expected_roots = self._known_roots()
        self._expected_hashes = dict(self.known.heads)

    @property
    def blocks(self) -> int:
        """Return how many blocks the log has."""
        return self.range.size

    @property
    def origin(self) -> str:
        """Return the origin of this log's checkpoints."""
        return origin_of(self.operator_id, self.segment)

    def begin_at(
        self, header_range: tree.CompactRange, previous: bytes, first_seq: int, ts: int = 0
    ) -> None:
        """Begin in the middle, where an export does; what came before is taken as given."""
        self.range, self.hash = header_range.copy(), previous
        self.seq, self.ts = first_seq - 1, ts
        self.decided.has_forgotten = self.blocks > 0

    def _known_roots(self) -> "dict[int, bytes]":
        heads = (Checkpoint.parse(note.text) for note in self.known.checkpoints)
        return {head.size: head.root for head in heads}

    # One block

    def feed(self, block: Block) -> "tuple[Fault | None, Header | None]":
        """Check the next block; return what is wrong with it, or its header."""
        try:
            return None, self._feed(block)
        except _BrokenError as broken:
            return Fault(self.blocks, broken.seq, broken.code, broken.detail), None

    def _feed(self, block: Block) -> Header:
        if block.number != self.blocks:
            raise _BrokenError(
                None, Code.NUMBER, f"block {block.number} is where this one should be"
            )
        kept = isinstance(block.observations, Dropped)
        observed = [] if kept else self._parse(block.observations)
        events = self._parse(block.events)
        records = observed + events
        if observed and events:
            records.sort(key=_seq_of)
        self._check_order(block, records)
        self._check_parts(records, {item.seq for item in observed})
        header = self._header(block, records)
        self.events = [
            (item.seq, item.ts, item.kind, item.subject, block.number) for item in events
        ]
        self._append(header)
        return header

    def _parse(self, lines: Any) -> "list[Record]":
        found = parse_together(lines)
        if found is not None:
            return found
        records = []
        for line in lines:
            try:
                records.append(parse(line))
            except ValueError as err:
                seq = records[-1].seq + 1 if records else None
                raise _BrokenError(seq, Code.LINE, str(err)) from None
        return records

    def _check_order(self, block: Block, records: "list[Record]") -> None:
        """Check seqs and times."""
        kept = block.observations if isinstance(block.observations, Dropped) else None
        count, seq, ts = len(records), self.seq, self.ts
        if not count and not (kept and kept.count):
            raise _BrokenError(None, Code.EMPTY, "the block has no record")
        last_seq = seq + count + (kept.count if kept else 0)
        if kept and kept.first_seq != seq + 1:
            raise _BrokenError(seq + 1, Code.SEQ, f"the block begins at record {kept.first_seq}")
        for record in records:
            fits = seq < record.seq <= last_seq if kept else record.seq == seq + 1
            if not fits:
                raise _BrokenError(
                    seq + 1, Code.SEQ, f"record {record.seq} is where this should be"
                )
            if record.ts < ts:
                raise _BrokenError(record.seq, Code.TS, "its time is before the record's before it")
            seq, ts = record.seq, record.ts
        starts = bool(records) and records[0].seq == self.seq + 1
        self.first_ts = records[0].ts if starts else None
        if kept and kept.ts < ts:
            raise _BrokenError(last_seq, Code.TS, "its time is before the record's before it")

    def _check_parts(self, records: "list[Record]", observed: "set[int]") -> None:
        """Check that each record is where its kind belongs, and take in what events say."""
        for record in records:
            kind = record.kind
            if kind in OBSERVED_KINDS:
                if record.seq not in observed:
                    raise _BrokenError(record.seq, Code.PART, f"a {kind} among the events")
            elif kind == "decision":
                self._check_decision(record, is_observed=record.seq in observed)
            elif record.seq in observed:
                raise _BrokenError(record.seq, Code.PART, f"a {kind} among the observations")
            elif kind == "checkpoint":
                self._check_checkpoint(record)
            elif kind == "lifecycle" and record.body.get("event") == "pruned":
                self._declare(record)

    def _check_decision(self, record: Record, *, is_observed: bool) -> None:
        seq, body = record.seq, record.body
        may_be_routine = self.decided.takes_as_routine(record.subject, body, is_lenient=True)
        if is_observed and not may_be_routine:
            raise _BrokenError(seq, Code.PART, "a decision among the observations")
        try:
            named_seqs(seq, body)
        except ValueError as err:
            raise _BrokenError(seq, Code.EVIDENCE, str(err)) from None

    def _declare(self, record: Record) -> None:
        first, last = record.body.get("from_page"), record.body.get("to_page")
        if type(first) is not int or type(last) is not int or not 0 <= first <= last:
            raise _BrokenError(record.seq, Code.LINE, "it names no pages")
        if (last + 1) * PAGE_BLOCKS > self.blocks:
            raise _BrokenError(record.seq, Code.LINE, "it names pages that come after it")
        _add_range(self.declared, first, last)

    def _header(self, block: Block, records: "list[Record]") -> Header:
        kept = block.observations
        if isinstance(kept, Dropped):
            count, root, ts = kept.count, kept.root, kept.ts
        else:
            count, root, ts = len(kept), part_root(kept), records[-1].ts
        return Header(
            block.number, self.seq + 1, count, len(block.events), ts,
            root, part_root(block.events), self.hash,
        )  # fmt: skip

    def _append(self, header: Header) -> None:
        """Take a block as the log's last one."""
        if header.number % PAGE_BLOCKS == 0 or not self._window:
            self._window.append((self.range.copy(), []))
        digest = header.hash
        self._window[-1][1].append(digest)
        self.range.append(digest)
        self.hash, self.seq, self.ts = digest, header.last_seq, header.ts
        self.records += header.observations + header.events
        size = self.blocks
        if self._expected_hashes.pop(size, digest) != digest:
            raise _AfterBlockError(size, "it is not the block that is known from outside")
        if size in self._expected_roots and self._expected_roots.pop(size) != self.range.root():
            raise _AfterBlockError(
                size, "the log's root differs from the checkpoint that was given"
            )

    # Checkpoints

    def _check_checkpoint(self, record: Record) -> None:
        """Check a checkpoint record at its own size."""
        try:
            note = Note.parse(str(record.body.get("note")))
            self.check_note(note)
        except ValueError as err:
            raise _BrokenError(record.seq, Code.CHECKPOINT, f"the checkpoint: {err}") from None
        self._check_signatures(record, note)

    def check_note(self, note: Note) -> None:
        """Compare a checkpoint with the log at its own size. Raises ValueError."""
        head = check_origin(note, self.origin)
        if head.size > self.blocks:
            raise ValueError(f"it names {head.size} blocks, more than there were")
        if self.root_of(head.size) != head.root:
            raise ValueError(f"its root is not the log's at {head.size} blocks")

    def _check_signatures(self, record: Record, note: Note) -> None:
        self.tally.checkpoints += 1
        self.tally.newest = note
        if not self.known.keys:
            return
        try:
            check_signed(note, self.known)
        except ValueError as err:
            raise _BrokenError(record.seq, Code.SIGNATURE, f"the checkpoint: {err}") from None
        self.tally.signed += 1

    def root_of(self, size: int) -> bytes:
        """Return the root that the log had at a number of blocks. Raises ValueError when that lies too far behind."""
        if size == self.blocks:
            return self.range.root()
        if size == 0:
            return tree.EMPTY_ROOT
        for start, hashes in reversed(self._window):
            if start.size <= size:
                grown = start.copy()
                for digest in hashes[: size - start.size]:
                    grown.append(digest)
                return grown.root()
        if self.root_at is None:
            raise ValueError(f"the log at {size} blocks lies too far behind")
        return self.root_at(size)

    # The end

    def finish(self) -> "Fault | None":
        """Check what can be checked only at the end."""
        page = self._undeclared()
        if page is not None:
            detail = f"observations of page {page} are gone and no event says so"
            return Fault(page * PAGE_BLOCKS, None, Code.NOT_DECLARED, detail)
        return self._finish_expected() or self._finish_known()

    def _undeclared(self) -> "int | None":
        """Return the first page that was dropped although no event declares it."""
        for page, last in sorted(self.dropped):
            while page <= last:
                ends = [high for low, high in self.declared if low <= page <= high]
                if not ends:
                    return page
                page = max(ends) + 1  # noqa: PLW2901
        return None

    def _finish_expected(self) -> "Fault | None":
        """Check what is known of places that the walk did not pass."""
        greatest = max((*self._expected_hashes, *self._expected_roots), default=0)
        if greatest > self.blocks:
            detail = f"the log ends here; {greatest} blocks are known from outside"
            return Fault(self.blocks, self.seq + 1, Code.CUT_OFF, detail)
        for size, known in self._expected_roots.items():
            try:
                fits = self.root_of(size) == known
            except ValueError as err:
                return Fault(self.blocks, None, Code.CHECKPOINT, f"not comparable: {err}")
            if not fits:
                detail = f"the log's root at {size} blocks differs from the checkpoint given"
                return Fault(size - 1, None, Code.REWRITTEN, detail)
        return None

    def _finish_known(self) -> "Fault | None":
        """Check the signatures of what was given, and how many witnesses cosigned."""
        known = self.known
        try:
            for note in known.checkpoints:
                check_origin(note, self.origin)
                if known.keys:
                    check_signed(note, known)
        except ValueError as err:
            return Fault(self.blocks, None, Code.SIGNATURE, f"the checkpoint that was given: {err}")
        if known.keys and not self.tally.signed and not known.checkpoints:
            detail = "no checkpoint is signed by the key"
            return Fault(self.blocks, None, Code.SIGNATURE, detail)
        return self._finish_quorum()

    def _finish_quorum(self) -> "Fault | None":
        newest = self.newest_checkpoint()
        try:
            count = witnesses_of(newest, self.known) if newest else 0
        except ValueError as err:
            return Fault(self.blocks, None, Code.COSIGNATURES, str(err))
        if count < self.known.quorum:
            detail = f"{count} of the witnesses cosigned, {self.known.quorum} are needed"
            return Fault(self.blocks, None, Code.COSIGNATURES, detail)
        return None

    def newest_checkpoint(self) -> "Note | None":
        """Return the checkpoint that a quorum is asked of: the greatest that is at hand."""
        notes = [*self.known.checkpoints, *([self.tally.newest] if self.tally.newest else [])]
        return max(notes, key=_weight, default=None)

    # Between two steps

    def state(self) -> "dict[str, Any]":
        """Return, in plain JSON types, what a later walk goes on from; see ``restore``."""
        newest = self.tally.newest
        return {
            "segment": self.segment,
            "blocks": self.blocks,
            "seq": self.seq,
            "ts": self.ts,
            "hash": self.hash.hex(),
            "tree": [node.hex() for node in self.range.nodes],
            "records": self.records,
            "decided": self.decided.last,
            "forgot": self.decided.has_forgotten,
            "dropped": self.dropped,
            "declared": self.declared,
            "checkpoints": self.tally.checkpoints,
            "signed": self.tally.signed,
            "newest": str(newest) if newest else None,
        }

    def restore(self, state: "dict[str, Any]") -> None:
        """Go on where a state was taken. Raises ValueError when it is not one of this log."""
        try:
            if state["segment"] != self.segment:
                raise ValueError("a state of another segment")
            nodes = [bytes.fromhex(node) for node in state["tree"]]
            grown = tree.CompactRange(int(state["blocks"]), nodes)
            decided = Decided(state["decided"])
            decided.has_forgotten = bool(state["forgot"])
            newest = Note.parse(state["newest"]) if state["newest"] else None
            tally = Tally(int(state["checkpoints"]), int(state["signed"]), newest)
            self.hash, self.seq = bytes.fromhex(state["hash"]), int(state["seq"])
            self.ts, self.records = int(state["ts"]), int(state["records"])
            self.dropped = [list(item) for item in state["dropped"]]
            self.declared = [list(item) for item in state["declared"]]
        except (LookupError, TypeError, AttributeError) as err:
            raise ValueError("no state of a walk") from err
        self.range, self.decided, self.tally = grown, decided, tally

    def mark_dropped(self, page: int) -> None:
        """Take in that a page has no observations any more."""
        _add_range(self.dropped, page, page)

    def remarks(self) -> "tuple[str, ...]":
        """Return what the result's line says beside the chain."""
        tally, remarks = self.tally, []
        if self.known.keys:
            remarks.append(f"{tally.signed} checkpoints fit the key")
        elif tally.checkpoints:
            remarks.append(f"{tally.checkpoints} checkpoints fit the log, signatures not checked")
        newest = self.newest_checkpoint()
        if newest:
            covered = Checkpoint.parse(newest.text).size
            remarks.append(f"the newest checkpoint covers {covered} blocks")
            if self.known.witnesses:
                remarks.append(f"{witnesses_of(newest, self.known)} witnesses cosigned it")
            unchecked = unchecked_of(newest, self.known)
            remarks += [f"not checked here: {name}" for name in unchecked]
        return tuple(remarks)


def _weight(note: Note) -> "tuple[int, int]":
    """Return what makes a checkpoint the newest: its size, then how many signed it."""
    return Checkpoint.parse(note.text).size, len(note.signatures)


class _AfterBlockError(_BrokenError):
    """The log differs from what is known, found after a block was appended."""

    def __init__(self, size: int, detail: str) -> None:
        super().__init__(None, Code.REWRITTEN, f"{detail} ({size} blocks)")


def _seq_of(record: Record) -> int:
    return record.seq


def _add_range(ranges: "list[list[int]]", first: int, last: int) -> None:
    """Add a range of pages; those that touch become one."""
    for item in ranges:
        if first <= item[1] + 1 and last >= item[0] - 1:
            item[0], item[1] = min(item[0], first), max(item[1], last)
            return
    ranges.append([first, last])


def check_origin(note: Note, origin: str) -> Checkpoint:
    """Return a note's checkpoint. Raises ValueError when it is of another log."""
    head = Checkpoint.parse(note.text)
    if head.origin != origin:
        raise ValueError(f"it is of {head.origin}, not of {origin}")
    return head


def check_signed(note: Note, known: Known) -> None:
    """Check the log's signature. Raises ValueError when none fits a key."""
    found = cosignature.check_all(note, known.keys)
    if any(item.verdict is cosignature.Verdict.INVALID for item in found):
        raise ValueError("its signature does not fit the key")
    if not any(item.verdict is cosignature.Verdict.VALID for item in found):
        raise ValueError("it is not signed by the key")


def witnesses_of(note: Note, known: Known) -> int:
    """Return how many witnesses cosigned a note; keys of one name are one witness.

    Raises ValueError when a line does not fit.
    """
    found = cosignature.check_all(note, known.witnesses)
    for item in found:
        if item.verdict is cosignature.Verdict.INVALID:
            raise ValueError(f"the cosignature of {item.key.name} does not fit")
    return len({item.key.name for item in found if item.verdict is cosignature.Verdict.VALID})


def unchecked_of(note: Note, known: Known) -> "list[str]":
    """Return the witnesses whose lines cannot be checked here."""
    found = cosignature.check_all(note, known.witnesses)
    return [item.key.name for item in found if item.verdict is cosignature.Verdict.UNCHECKED]
