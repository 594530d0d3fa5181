"""RFC 6962 trees: published roots, and proofs against a tree written as the RFC defines it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.ledger.verifier import tree

from .samples import sha

# The test data that implementations of RFC 6962 share: leaves, and the roots over the first ones.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaf_hashes(count: int) -> list[bytes]:
    return [tree.leaf_hash(bytes([index % 256, index // 256])) for index in range(count)]


def defined(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, over leaf hashes."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    left = 1
    while 2 * left < len(leaves):
        left *= 2
    return sha(b"\1" + defined(leaves[:left]) + defined(leaves[left:]))


@pytest.mark.parametrize("count", range(9))
def test_published_roots(count: int) -> None:
    hashes = [tree.leaf_hash(leaf) for leaf in LEAVES[:count]]
    assert tree.root(hashes).hex() == ROOTS[count]


def test_published_proofs() -> None:
    # RFC 6962, section 2.1.3: the audit path of d0 in a tree of 7 is [b, h, l], of d6 is [i, k].
    hashes = leaf_hashes(7)
    node = tree.node_hash
    b, h = hashes[1], node(hashes[2], hashes[3])
    i, k = node(hashes[4], hashes[5]), node(node(hashes[0], hashes[1]), h)
    subtree = tree.subtree_of(hashes)
    assert tree.inclusion_proof(0, 7, subtree) == [b, h, node(i, hashes[6])]
    assert tree.inclusion_proof(6, 7, subtree) == [i, k]
    # From 3 to 7: [c, d, g, l]; from 4 to 7: [l]; from 6 to 7: [i, j, k].
    g, ell = node(hashes[0], hashes[1]), node(i, hashes[6])
    assert tree.consistency_proof(3, 7, subtree) == [hashes[2], hashes[3], g, ell]
    assert tree.consistency_proof(4, 7, subtree) == [ell]
    assert tree.consistency_proof(6, 7, subtree) == [i, hashes[6], k]


@given(st.integers(0, 70))
def test_roots_are_as_defined(count: int) -> None:
    hashes = leaf_hashes(count)
    grown = tree.CompactRange()
    for digest in hashes:
        grown.append(digest)
    assert tree.root(hashes) == grown.root() == defined(hashes)


@given(st.integers(1, 300), st.data())
def test_a_tree_grows_by_perfect_subtrees(count: int, data: st.DataObject) -> None:
    hashes = leaf_hashes(count)
    grown, at = tree.CompactRange(), 0
    while at < count:
        most = (at & -at or 256).bit_length() - 1
        size = 1 << data.draw(st.integers(0, most))
        if at + size > count:
            size = 1
        grown.append(tree.root(hashes[at : at + size]), size)
        at += size
    assert grown.root() == tree.root(hashes)


def test_a_subtree_that_does_not_fit_is_refused() -> None:
    grown = tree.CompactRange()
    grown.append(b"x" * 32)
    for leaves in (2, 3):
        with pytest.raises(ValueError, match="cannot follow"):
            grown.append(b"y" * 32, leaves)
    with pytest.raises(ValueError, match="nodes"):
        tree.CompactRange(3, [b"x" * 32])


@given(st.integers(1, 70), st.data())
def test_inclusion(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    hashes = leaf_hashes(size)
    root = tree.root(hashes)
    path = tree.inclusion_proof(index, size, tree.subtree_of(hashes))
    assert tree.root_from_inclusion(hashes[index], index, size, path) == root
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        with contextlib.suppress(ValueError):
            assert tree.root_from_inclusion(hashes[index], other, size, path) != root
    for wrong in ([*path, b"\0" * 32], path[:-1] if path else [b"\0" * 32]):
        with pytest.raises(ValueError, match="path"):
            tree.root_from_inclusion(hashes[index], index, size, wrong)


@given(st.integers(0, 70), st.integers(0, 70), st.data())
def test_consistency(one: int, other: int, data: st.DataObject) -> None:
    old, new = sorted((one, other))
    hashes = leaf_hashes(new)
    old_root, new_root = tree.root(hashes[:old]), tree.root(hashes)
    path = tree.consistency_proof(old, new, tree.subtree_of(hashes))
    assert tree.is_consistent(old, new, old_root, new_root, path)
    assert not tree.is_consistent(old, new, old_root, new_root, [*path, b"\0" * 32])
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        assert not tree.is_consistent(
            old, new, old_root, new_root, path[:place] + path[place + 1 :]
        )
        changed = [*path]
        changed[place] = sha(changed[place])
        assert not tree.is_consistent(old, new, old_root, new_root, changed)
        assert not tree.is_consistent(old, new, sha(old_root), new_root, path)
    if old != new:
        assert not tree.is_consistent(new, old, new_root, old_root, path)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 2)])
def test_there_is_no_such_leaf(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        tree.inclusion_proof(index, size, tree.subtree_of([]))
    with pytest.raises(ValueError, match="no leaf"):
        tree.root_from_inclusion(b"", index, size, [])


def test_a_longer_tree_is_no_prefix() -> None:
    with pytest.raises(ValueError, match="prefix"):
        tree.consistency_proof(3, 2, tree.subtree_of([]))
