"""Merkle trees of RFC 6962: roots, inclusion and consistency proofs, and a tree that grows.

Leaves are hashed as ``SHA-256(0x00 || data)`` and nodes as ``SHA-256(0x01 || left || right)``
(RFC 6962, section 2.1). The checks of proofs follow RFC 9162, sections 2.1.3.2 and 2.1.4.2.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()
"""Root of a tree without leaves."""

Subtree = Callable[[int, int], bytes]
"""Returns the root of the ``size`` leaves from ``start`` on: ``subtree(start, size)``."""


def leaf_hash(data: bytes) -> bytes:
    """Return a leaf's hash."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\1" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2])  # noqa: B905 - an odd last one moves up as it is
        level = [sha256(b"\1" + left + right).digest() for left, right in pairs]
        level += odd
    return level[0]


def _split(size: int) -> int:
    """Return the largest power of two below ``size`` (2 or more)."""
    return 1 << (size - 1).bit_length() - 1


class CompactRange:
    """A growing tree of which only the roots of its perfect subtrees are kept.

    There are at most 64 of them, largest first.
    """

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        """Take a tree of ``size`` leaves. Raises ValueError when the nodes do not fit the size."""
        self.size = size
        self.nodes = list(nodes)
        if size < 0 or len(self.nodes) != size.bit_count():
            raise ValueError("these nodes are not those of a tree of this size")

    def copy(self) -> "CompactRange":
        """Return a tree that grows by itself."""
        return CompactRange(self.size, self.nodes)

    def append(self, node: bytes, leaves: int = 1) -> None:
        """Append a leaf's hash, or the root of a perfect subtree of ``leaves`` leaves.

        Raises ValueError when such a subtree cannot follow.
        """
        if leaves & (leaves - 1) or self.size % leaves:
            raise ValueError(f"a subtree of {leaves} leaves cannot follow {self.size}")
        self.nodes.append(node)
        self.size += leaves
        position = self.size // leaves
        while position % 2 == 0:
            right, left = self.nodes.pop(), self.nodes.pop()
            self.nodes.append(node_hash(left, right))
            position //= 2

    def root(self) -> bytes:
        """Return the root over all leaves."""
        if not self.nodes:
            return EMPTY_ROOT
        result = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            result = node_hash(left, result)
        return result


def subtree_of(leaves: Sequence[bytes]) -> Subtree:
    """Return the roots of a tree whose leaf hashes are all at hand."""
    return lambda start, size: root(leaves[start : start + size])


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the audit path of leaf ``index`` in a tree of ``size`` leaves, leaf's side first.

    RFC 6962, section 2.1.1. Raises ValueError when there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    path: list[bytes] = []
    start = 0
    while size > 1:
        left = _split(size)
        if index < start + left:
            path.append(subtree(start + left, size - left))
            size = left
        else:
            path.append(subtree(start, left))
            start, size = start + left, size - left
    return path[::-1]


def consistency_proof(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """Return the proof that the tree of ``old`` leaves is a prefix of that of ``new`` leaves.

    RFC 6962, section 2.1.2; empty when ``old`` is 0 or equal to ``new``. Raises ValueError when
    ``old`` is greater than ``new`` or below 0.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} leaves is no prefix of one of {new}")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, size, whole = 0, new, True
    while old - start != size:
        left = _split(size)
        if old <= start + left:
            path.append(subtree(start + left, size - left))
            size = left
        else:
            path.append(subtree(start, left))
            start, size, whole = start + left, size - left, False
    if not whole:
        path.append(subtree(start, size))
    return path[::-1]


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that an audit path leads to. Raises ValueError when its length is wrong."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    number, last, result = index, size - 1, leaf
    for node in path:
        if last == 0:
            raise ValueError("the path is too long")
        if number % 2 or number == last:
            result = node_hash(node, result)
            while number % 2 == 0 and number:
                number, last = number >> 1, last >> 1
        else:
            result = node_hash(result, node)
        number, last = number >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return result


def is_consistent(
    old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Return whether a consistency proof leads from one root to the other."""
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    if not 0 < old < new:
        return False
    nodes = list(path) if old & (old - 1) else [old_root, *path]
    if not nodes:
        return False
    number, last = old - 1, new - 1
    while number % 2:
        number, last = number >> 1, last >> 1
    first = second = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if number % 2 or number == last:
            first, second = node_hash(node, first), node_hash(node, second)
            while number % 2 == 0 and number:
                number, last = number >> 1, last >> 1
        else:
            second = node_hash(second, node)
        number, last = number >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
