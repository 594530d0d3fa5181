"""Proofs of records and of consistency, evidence bundles: what others can verify."""

from collections.abc import Sequence
from typing import Any

from .entries import LedgerEntry
from .errors import LedgerError, LedgerReason
from .query import Reader
from .verifier import bundle, proof, tree
from .verifier.blocks import EVENTS, OBSERVATIONS, PAGE_BLOCKS, Block, Header, named_seqs
from .verifier.database import header_of, page_blocks
from .verifier.lines import record_hash
from .verifier.note import Checkpoint, Note, to_base64
from .verifier.parts import read_part


class Prover:
    """Makes proofs from what a reader sees. Raises sqlite3.Error, and LedgerError for damage."""

    def __init__(self, reader: Reader) -> None:
        """Take a reader."""
        self._reader = reader
        self._database = reader.database
        self._hashes: dict[int, list[bytes]] = {}

    # The tree over the blocks

    def subtree(self, start: int, size: int) -> bytes:
        """Return the root over some blocks, as RFC 6962 splits the log."""
        if size % PAGE_BLOCKS == 0 and start % PAGE_BLOCKS == 0:
            return tree.root(self._page_roots(start // PAGE_BLOCKS, size // PAGE_BLOCKS))
        if start // PAGE_BLOCKS == (start + size - 1) // PAGE_BLOCKS:
            place = start % PAGE_BLOCKS
            return tree.root(self._page_hashes(start // PAGE_BLOCKS)[place : place + size])
        left = 1 << (size - 1).bit_length() - 1
        return tree.node_hash(self.subtree(start, left), self.subtree(start + left, size - left))

    def _page_roots(self, first: int, count: int) -> list[bytes]:
        rows = self._database.connection.execute(
            "SELECT root FROM pages INDEXED BY page_heads WHERE page >= ? AND page < ? ORDER BY page",
            (first, first + count),
        ).fetchall()
        roots = [root for (root,) in rows]
        unsealed = range(first + len(roots), first + count)
        return roots + [tree.root(self._page_hashes(page)) for page in unsealed]

    def _page_hashes(self, page: int) -> list[bytes]:
        """Return the hashes of a page's blocks, those that are there."""
        if page not in self._hashes:
            first = page * PAGE_BLOCKS
            found = self._database.block_hashes(first, PAGE_BLOCKS)
            if len(found) < PAGE_BLOCKS:  # it grows
                return found
            self._hashes = {page: found}
        return self._hashes[page]

    def root(self, size: int) -> bytes:
        """Return the log's root at a number of blocks."""
        return self.subtree(0, size) if size else tree.EMPTY_ROOT

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the log of ``old`` blocks is a prefix of that of ``new`` blocks.

        Raises ValueError when there are not so many.
        """
        if new > self._database.block_count():
            raise ValueError(f"the log has not yet {new} blocks")
        return tree.consistency_proof(old, new, self.subtree)

    # Records

    def record(self, seq: int, size: int) -> tuple[LedgerEntry, proof.RecordProof]:
        """Return a record and its proof in the log of ``size`` blocks.

        Raises ValueError when it is not there: never was, was dropped, or comes later.
        """
        entry = self._reader.entry(seq)
        if entry is None:
            raise ValueError(f"record {seq} is not there")
        block, header = self._block(seq)
        if header.number >= size:
            raise ValueError(f"record {seq} is not yet covered by {size} blocks")
        part, lines = _part_of(block, entry.line)
        leaves = [record_hash(line) for line in lines]
        place = lines.index(entry.line)
        path = tree.inclusion_proof(place, len(leaves), tree.subtree_of(leaves))
        log_path = tree.inclusion_proof(header.number, size, self.subtree)
        found = proof.RecordProof(header, part, place, len(leaves), tuple(path), tuple(log_path))
        if found.root(entry.hash, size) != self.root(size):
            detail = f"block {header.number} is not what its stored hash says"
            raise LedgerError(LedgerReason.CORRUPT, detail)
        return entry, found

    def _block(self, seq: int) -> tuple[Block, Header]:
        """Return the block that a record is in, with its header."""
        number = self._reader.block_of(seq)
        if number is None:
            raise ValueError(f"record {seq} is not there")
        row = self._database.connection.execute(
            "SELECT first_seq, codec, observations, events FROM blocks WHERE number = ?", (number,)
        ).fetchone()
        if row is not None:
            first_seq, codec, observations, events = row
            block = Block(number, read_part(codec, observations), read_part(codec, events))
            return block, header_of(block, first_seq, self._hash_before(number))
        page, place = divmod(number, PAGE_BLOCKS)
        row = self._database.connection.execute(
            "SELECT codec, observations, dropped, events FROM pages WHERE page = ?", (page,)
        ).fetchone()
        if row is None:
            raise LedgerError(LedgerReason.CORRUPT, f"block {number} is missing")
        header = self._database.page_headers(page)[place]
        return next(item for item in page_blocks(page, *row) if item.number == number), header

    def _hash_before(self, number: int) -> bytes:
        page, place = divmod(number, PAGE_BLOCKS)
        if place == 0:
            return self._database.hash_before(page)
        return self._database.block_hashes(page * PAGE_BLOCKS, place)[-1]

    def proof_file(self, seq: int, note: Note) -> str:
        """Return a record's C2SP tlog-proof file. Raises ValueError."""
        head = self._covering(note)
        entry, found = self.record(seq, head.size)
        return proof.proof_file(found, entry.hash, note)

    def bundle(self, seq: int, note: Note) -> dict[str, Any]:
        """Return the evidence bundle of a decision. Raises ValueError when it is none."""
        head = self._covering(note)
        decision = self._reader.entry(seq)
        if decision is None or decision.kind != "decision":
            raise ValueError(f"record {seq} is no decision")
        named = sorted({seq, *named_seqs(seq, decision.body)})
        return {
            "format": bundle.FORMAT,
            "operator_id": self._database.operator_id,
            "segment": self._database.segment,
            "decision": seq,
            "records": [self._proven(item, head.size) for item in named],
            "checkpoint": str(note),
        }

    def _proven(self, seq: int, size: int) -> dict[str, Any]:
        entry, found = self.record(seq, size)
        return {
            "seq": seq,
            "record": entry.line.decode(),
            "block": found.header.number,
            "path": [to_base64(node) for node in found.log_path],
            **found.extra(entry.hash),  # noqa: S610 - not Django's
        }

    def _covering(self, note: Note) -> Checkpoint:
        """Return a note's checkpoint. Raises ValueError when it is not of this log."""
        head = Checkpoint.parse(note.text)
        if head.size > self._database.block_count() or self.root(head.size) != head.root:
            raise ValueError("the checkpoint is not of this log")
        return head


def _part_of(block: Block, line: bytes) -> tuple[str, Sequence[bytes]]:
    for part, lines in ((OBSERVATIONS, block.observations), (EVENTS, block.events)):
        if isinstance(lines, list) and line in lines:
            return part, lines
    raise ValueError("the record is not in its block")
