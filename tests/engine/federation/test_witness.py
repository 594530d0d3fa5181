"""What a witness reads and answers: published conversations of others' programs, and refusals."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.aiep_miner.engine.federation.answers import (
    AnswerError,
    conflicting_size,
    cosignatures_of,
)
from custom_components.aiep_miner.engine.federation.cosigner import Cosigner
from custom_components.aiep_miner.engine.federation.submission import MAX_BYTES, Submission
from custom_components.aiep_miner.engine.federation.witness import (
    SIZE_TYPE,
    Refusal,
    judge,
    origin_hash,
)
from custom_components.aiep_miner.engine.ledger.signing import Signer
from custom_components.aiep_miner.engine.ledger.verifier import tree
from custom_components.aiep_miner.engine.ledger.verifier.cosignature import Verdict, check_all
from custom_components.aiep_miner.engine.ledger.verifier.note import (
    Checkpoint,
    Note,
    Signature,
    VerifierKey,
    origin_of,
)

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))
"""Published by others; each names its source."""

NOW_S = 1_900_000_000
ORIGIN = origin_of("host", "1")
LOG = Signer(bytes(range(32)))
KEY = LOG.verifier_key(ORIGIN)
WITNESS = Cosigner("witness.example/w", bytes(32), bytes([1]) * 32)
LEAVES = [tree.leaf_hash(bytes([number])) for number in range(40)]


def checkpoint(size: int, leaves: list[bytes] = LEAVES) -> Note:
    return LOG.sign(Checkpoint(ORIGIN, size, tree.root(leaves[:size])))


def submission(old: int, new: int, leaves: list[bytes] = LEAVES) -> Submission:
    path = tree.consistency_proof(old, new, tree.subtree_of(leaves))
    return Submission(old_size=old, proof=tuple(path), note=checkpoint(new, leaves))


def latest(size: int) -> Checkpoint:
    return Checkpoint.parse(checkpoint(size).text)


def status_of(refusal: Refusal | None) -> int:
    return 200 if refusal is None else refusal.status


# Published by others


def test_the_examples_of_the_page() -> None:
    request = VECTORS["page"]["request"].encode()
    read = Submission.parse(request)
    assert read.body() == request
    assert (read.old_size, len(read.proof)) == (20852014, 4)
    head = Checkpoint.parse(read.note.text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    answer = Note.parse(read.note.text + "\n" + VECTORS["page"]["response"])
    assert [item.name for item in answer.signatures] == ["witness.example/w1"] * 2 + [
        "witness.example/w2"
    ]


def answered(request: bytes, key: VerifierKey, origin: str, known: Checkpoint | None) -> Any:
    """Return the status of an answer, and the checkpoint that is then known."""
    try:
        sent = Submission.parse(request)
        head = Checkpoint.parse(sent.note.text)
    except ValueError:
        return 400, known
    assert sent.body() == request
    found = judge(sent, [key] if head.origin == origin else [], known)
    if found is None:
        return 200, head
    if found.status == 409:
        assert known is not None
        assert (found.text, found.content_type) == (f"{known.size}\n", SIZE_TYPE)
    return found.status, known


def converse(talk: list[dict[str, Any]], key: VerifierKey, origin: str) -> list[int]:
    """Answer requests in turn; return the statuses."""
    known: Checkpoint | None = None
    statuses = []
    for step in talk:
        status, known = answered(step["request"].encode(), key, origin, known)
        statuses.append(status)
    return statuses


def test_a_conversation_with_litewitness() -> None:
    vector = VECTORS["litewitness"]
    origin = Checkpoint.parse(Submission.parse(vector["talk"][0]["request"].encode()).note.text)
    key = VerifierKey(origin.origin, 1, bytes.fromhex(vector["public_key"]))
    published = [step["status"] for step in vector["talk"]]
    assert published == [200, 403, 403, 422, 422, 200, 409, 200, 409]
    # The second request's base64 has bits that mean nothing, which the strict reading here calls
    # malformed; the third is of an unknown log, for which the specification has 404 by now.
    expected = [200, 400, 404, *published[3:]]
    assert converse(vector["talk"], key, origin.origin) == expected


def test_a_log_whose_key_has_another_name_than_its_origin() -> None:
    vector = VECTORS["sumdb"]
    key = VerifierKey.parse(vector["key"])
    assert converse(vector["talk"], key, "go.sum database tree") == [200]


@pytest.mark.parametrize("text", VECTORS["keys"]["keys"])
def test_keys_of_cosigners(text: str) -> None:
    key = VerifierKey.parse(text)
    assert str(key) == text
    assert key.kind in (0x04, 0x06)


# The request


@given(st.integers(0, 40), st.integers(0, 40))
def test_requests_are_read_as_they_are_written(first: int, second: int) -> None:
    old, new = sorted((first, second))
    sent = submission(old, new)
    assert Submission.parse(sent.body()) == sent


GOOD = submission(5, 9).body()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 5\n",
        GOOD.replace(b"old 5", b"old 05"),
        GOOD.replace(b"old 5", b"old -5"),
        GOOD.replace(b"old 5", b"old 5 "),
        GOOD.replace(b"old 5", b"old " + b"9" * 5000),
        GOOD.replace(b"old 5", b"old " + str(2**63).encode()),
        GOOD.replace(b"old 5", b"new 5"),
        GOOD.replace(b"old 5", b"old \xd9\xa5"),
        GOOD.replace(b"old 5\n", b"old 5\nAAAA\n"),
        GOOD.replace(b"old 5\n", b"old 5\n\xff\n"),
        GOOD.replace(b"old 5\n", b"old 5\n" + GOOD.split(b"\n")[1] * 2 + b"\n"),
        GOOD.replace(b"old 5\n", b"old 5\n" + (GOOD.split(b"\n")[1] + b"\n") * 64),
        GOOD.replace(b"\n\n", b"\n", 1),
        GOOD[:-1],
        GOOD + b"x" * MAX_BYTES,
    ],
)
def test_what_is_no_request(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        Submission.parse(body)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_changed_byte_is_refused(place: int, byte: int) -> None:
    changed = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    try:
        read = Submission.parse(changed)
        found = judge(read, [KEY], latest(5))
    except ValueError:
        return
    is_same = changed == GOOD
    is_other_key = read.note.signatures[0].name != KEY.name
    assert status_of(found) == 200 if is_same else found is not None or is_other_key


# The rules


def test_a_log_that_grows_is_cosigned() -> None:
    known: Checkpoint | None = None
    for size in (0, 1, 1, 2, 7, 8, 33, 40):
        sent = submission(known.size if known else 0, size)
        assert judge(sent, [KEY], known) is None
        known = latest(size)


@pytest.mark.parametrize(
    ("sent", "known", "status"),
    [
        (submission(5, 9), None, 409),
        (submission(5, 9), 6, 409),
        (submission(0, 9), 5, 409),
        (replace(submission(5, 9), old_size=10), 10, 400),
        (replace(submission(5, 9), old_size=10), 9, 400),
        (replace(submission(5, 9), proof=()), 5, 422),
        (replace(submission(5, 9), proof=submission(5, 9).proof[::-1]), 5, 422),
        (replace(submission(0, 9), proof=(bytes(32),)), None, 422),
        (replace(submission(9, 9), proof=(bytes(32),)), 9, 422),
        (submission(9, 9, LEAVES[::-1]), 9, 422),
        (submission(5, 9, LEAVES[::-1]), 5, 422),
        (
            Submission(old_size=0, proof=(), note=LOG.sign(Checkpoint(ORIGIN, 0, bytes(32)))),
            None,
            422,
        ),
    ],
)
def test_what_is_refused(sent: Submission, known: int | None, status: int) -> None:
    found = judge(sent, [KEY], None if known is None else latest(known))
    assert status_of(found) == status
    if status == 409:
        assert found is not None
        assert found.text == f"{known or 0}\n"


def test_signatures_that_are_not_enough() -> None:
    sent = submission(0, 5)
    (good,) = sent.note.signatures
    other = Signer(bytes([7]) * 32).verifier_key(ORIGIN)
    wrong = Signature(good.name, good.key_id, bytes(64))
    foreign = Signature("other.example", b"abcd", bytes(64))
    for signatures, status in (
        ((), 403),
        ((wrong,), 403),
        ((good, wrong), 403),
        ((wrong, good), 403),
        ((foreign,), 403),
        ((foreign, good), 200),
        ((good,) * 60, 200),
    ):
        note = Note(sent.note.text, signatures)
        assert status_of(judge(replace(sent, note=note), [KEY], None)) == status
    assert status_of(judge(sent, [other], None)) == 403
    assert status_of(judge(sent, [other, KEY], None)) == 200
    assert status_of(judge(sent, [], None)) == 404


def test_an_origin_is_named_by_its_hash() -> None:
    assert origin_hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


# The answer


def answer(note: Note, *, time_s: int = NOW_S, witness: Cosigner = WITNESS) -> bytes:
    return "".join(line.line() for line in witness.cosign(note, time_s)).encode()


def read(body: bytes, note: Note, keys: tuple[VerifierKey, ...] = WITNESS.keys) -> Any:
    return cosignatures_of(body, note, keys, from_s=NOW_S - 60, to_s=NOW_S)


def test_cosignatures_of_both_kinds() -> None:
    note = checkpoint(5)
    found = read(answer(note), note)
    assert len(found) == 2
    whole = Note.parse(str(Note(note.text, (*note.signatures, *found))))
    checked = check_all(whole, [KEY, *WITNESS.keys])
    assert [item.verdict for item in checked] == [Verdict.VALID] * 3
    assert [item.time_s for item in checked] == [None, NOW_S, NOW_S]
    assert [len(line.data) for line in found] == [72, 8 + 2420]
    # A log that knows one of the keys takes that one's line.
    assert len(read(answer(note), note, (WITNESS.ml_dsa_key,))) == 1


def test_cosignatures_that_are_not_believed() -> None:
    note = checkpoint(5)
    stranger = Cosigner("witness.example/w", bytes([5]) * 32, bytes([6]) * 32)
    good = answer(note)
    first = good.splitlines(keepends=True)[0]
    for body in (
        b"",
        b"\n",
        b"OK",
        good[:-1],
        good.replace(b"\n", b"\r\n"),
        answer(note, witness=stranger),
        answer(checkpoint(6)),
        answer(note, time_s=0),
        answer(note, time_s=NOW_S - 400),
        answer(note, time_s=NOW_S + 301),
        first.replace(b"A", b"B", 1),
        good * 40,
    ):
        with pytest.raises(AnswerError):
            read(body, note)
    assert len(read(answer(note, witness=stranger) + good, note)) == 2
    assert len(read(answer(note, time_s=NOW_S + 299), note)) == 2
    assert len(read(answer(note, time_s=NOW_S - 359), note)) == 2


@pytest.mark.parametrize(
    ("kind", "body", "size"),
    [
        (SIZE_TYPE, b"5\n", 5),
        (SIZE_TYPE, b"0\n", 0),
        (SIZE_TYPE, b"5", None),
        (SIZE_TYPE, b"05\n", None),
        (SIZE_TYPE, b"", None),
        (SIZE_TYPE, b"5\n5\n", None),
        (SIZE_TYPE, b"9" * 3000 + b"\n", None),
        ("text/plain", b"5\n", None),
    ],
)
def test_the_size_that_a_witness_knows(kind: str, body: bytes, size: int | None) -> None:
    if size is None:
        with pytest.raises(AnswerError):
            conflicting_size(kind, body)
    else:
        assert conflicting_size(kind, body) == size
