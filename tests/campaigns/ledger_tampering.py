"""Somebody edits a ledger: every change is found, and the first bad block is named."""

import json
import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from custom_components.aiep_miner.engine.canonical import canonical
from custom_components.aiep_miner.engine.ledger import Head, Known
from custom_components.aiep_miner.engine.ledger.pages import compressed_dropped
from custom_components.aiep_miner.engine.ledger.verifier.blocks import PAGE_BLOCKS, Block, Dropped
from custom_components.aiep_miner.engine.ledger.verifier.database import Database, header_of
from custom_components.aiep_miner.engine.ledger.verifier.lines import parse
from custom_components.aiep_miner.engine.ledger.verifier.parts import RAW, read_part
from custom_components.aiep_miner.engine.ledger.verifier.report import (
    Code,
    Fault,
    NotALedgerError,
)
from tests.engine.ledger.samples import aged, keys, newest_note, verify

COLUMNS = {
    "blocks": ("number", "ts", "first_seq", "codec", "observations", "events", "hash"),
    "pages": (
        *("page", "first_ts", "last_ts", "first_seq", "last_seq", "codec"),
        *("observations", "dropped", "events", "root", "hash"),
    ),
    "events": ("seq", "ts", "kind", "subject", "block"),
}
META = "key IN ('format', 'operator_id', 'segment')"
OFTEN = 0.6
"""The share of single-byte changes among the edits."""


@dataclass(frozen=True)
class Edited:
    """What was changed, and where the chain alone must find it."""

    what: str
    blocks: Collection[int] | None = None
    """One of these is named as the first bad block; None when any may be."""
    codes: Collection[str] = ()
    """One of these is the reason; none when any may be."""
    is_hidden: bool = False
    """Whether the chain may hold: then what is known outside finds it."""


type Edit = Callable[[sqlite3.Connection, random.Random], Edited]


def ledger_tampering(n: int = 5000, seed: int = 1) -> dict[str, int]:
    """Edit a ledger of pages, blocks and dropped observations n times: a byte, some blocks, or what
    is said, with the chain made good after that; each change is found, by the first bad block, or
    by the head, checkpoint and key that are known outside where the chain cannot know."""
    chance = random.Random(seed)
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        original, edited = Path(name) / "ledger.db", Path(name) / "edited.db"
        known, _ = _sound(original)
        assert _fault(original, known) is None
        for number in range(n):
            edit = _change_byte if chance.random() < OFTEN else EDITS[number % len(EDITS)]
            shutil.copyfile(original, edited)
            made = _carry_out(edit, edited, chance)
            found[made.what.split(":")[0]] += 1
            found["by what is known outside"] += _check(edited, made, known)
    return dict(sorted(found.items()))


def _check(path: Path, made: Edited, known: Known) -> bool:
    """Check that a change is found; return whether only by what is known outside."""
    try:
        fault = _fault(path, Known())
    except NotALedgerError:
        assert made.blocks is None, f"no ledger any more: {made.what}"
        return False
    if fault is None:
        assert made.is_hidden, f"not found by the chain: {made.what}"
        assert _fault(path, known) is not None, f"not found: {made.what}"
        return True
    assert made.blocks is None or fault.block in made.blocks, f"{fault} for {made.what}"
    assert not made.codes or fault.code in made.codes, f"{fault} [{fault.code}] for {made.what}"
    return False


def ledger_old_copies(n: int = 100, seed: int = 1) -> int:
    """Cut n copies of a ledger off at their ends: the head, or the checkpoint, kept outside tells."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        original, older = Path(name) / "ledger.db", Path(name) / "older.db"
        known, head = _sound(original)
        for _ in range(n):
            shutil.copyfile(original, older)
            with closing(sqlite3.connect(older)) as connection, connection:
                (first,) = connection.execute("SELECT min(number) FROM blocks").fetchone()
                cut = chance.randrange(first, head.blocks - 1)
                _cut_off(connection, cut)
            # Cut off before the event that declares what was dropped, it is not even intact in itself.
            alone = verify(older).fault
            assert alone is None or alone.code == Code.NOT_DECLARED, alone
            for outside in (Known(heads=known.heads), Known(checkpoints=known.checkpoints)):
                fault = verify(older, outside).fault
                assert fault is not None, cut
                assert alone or (fault.block, fault.code) == (cut, Code.CUT_OFF), fault
    return n


def _sound(path: Path) -> tuple[Known, Head]:
    """Write a ledger; return what is known of it outside."""
    store = aged(path)
    head, note = store.head, newest_note(store)
    known = Known(heads=((head.blocks, head.hash),), checkpoints=(note,), keys=keys(store).keys)
    store.connection.execute("PRAGMA journal_mode = DELETE")
    store.close()
    return known, head


def _carry_out(edit: Edit, path: Path, chance: random.Random) -> Edited:
    """Edit a file until something of it has changed; return what."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        while True:
            try:
                return edit(connection, chance)
            except sqlite3.IntegrityError:  # the key is taken: not an edit that can be made
                continue


def _fault(path: Path, known: Known) -> Fault | None:
    return verify(path, known).fault


# A byte


def _flip(data: bytes, chance: random.Random) -> bytes:
    """Change one byte."""
    changed = bytearray(data)
    changed[chance.randrange(len(changed))] ^= chance.randint(1, 255)
    return bytes(changed)


def _flipped(value: int | str | bytes, chance: random.Random) -> int | bytes:
    if isinstance(value, int):
        return int.from_bytes(_flip(value.to_bytes(8, signed=True), chance), signed=True)
    return _flip(value.encode() if isinstance(value, str) else value, chance)


def _change_byte(connection: sqlite3.Connection, chance: random.Random) -> Edited:
    """Change one byte of a block, a page, the events' index or the meta table."""
    if chance.random() < 0.03:
        return _change_meta(connection, chance)
    table = chance.choice(list(COLUMNS))
    column = chance.choice(COLUMNS[table])
    row = connection.execute(
        f"SELECT rowid, {column} FROM {table} WHERE length({column}) > 0 ORDER BY random() LIMIT 1"
    ).fetchone()
    if row is None or (column == "first_ts" and row[0] == 0):
        return _change_byte(connection, chance)  # what a dropped record's time was, nobody knows
    rowid, value = row
    changed = _flipped(value, chance)
    cast = "CAST(? AS TEXT)" if isinstance(value, str) else "?"
    connection.execute(f"UPDATE {table} SET {column} = {cast} WHERE rowid = ?", (changed, rowid))
    what = f"byte in {table}.{column}: row {rowid}, was {value!r}, is {changed!r}"
    if table == "events":
        return Edited(what, codes=(Code.INDEX,))
    if table == "pages":
        return Edited(what, range(rowid * PAGE_BLOCKS, (rowid + 1) * PAGE_BLOCKS))
    # The last row, under another number, leaves a shorter ledger and a stray row, or a gap.
    blocks = (
        {rowid, max(changed, 0)} if isinstance(changed, int) and column == "number" else {rowid}
    )
    return Edited(what, blocks)


def _change_meta(connection: sqlite3.Connection, chance: random.Random) -> Edited:
    column = chance.choice(["key", "value"])
    rows = connection.execute(f"SELECT rowid, {column} FROM meta WHERE {META}").fetchall()
    rowid, value = chance.choice(rows)
    connection.execute(
        f"UPDATE meta SET {column} = CAST(? AS TEXT) WHERE rowid = ?",
        (_flipped(value, chance), rowid),
    )
    return Edited(f"byte in meta: {value}")


# Whole blocks, pages, index entries


def _numbers(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the first and last block that is a row."""
    found: tuple[int, int] = connection.execute(
        "SELECT min(number), max(number) FROM blocks"
    ).fetchone()
    return found


def _random_block(connection: sqlite3.Connection, chance: random.Random) -> int:
    return chance.randint(*_numbers(connection))


def _delete(connection: sqlite3.Connection, chance: random.Random) -> Edited:
    number = _random_block(connection, chance)
    connection.execute("DELETE FROM blocks WHERE number = ?", (number,))
    return Edited(f"deleted block: {number}", {number, number - 1})


def _delete_page(connection: sqlite3.Connection, chance: random.Random) -> Edited:
    page = chance.choice([0, 1])
    connection.execute("DELETE FROM pages WHERE page = ?", (page,))
    return Edited(f"deleted page: {page}", {page * PAGE_BLOCKS})


def _delete_event(connection: sqlite3.Connection, chance: random.Random) -> Edited:
    connection.execute(
        "DELETE FROM events WHERE rowid IN (SELECT rowid FROM events ORDER BY random() LIMIT 1)"
    )
    return Edited("deleted index entry", codes=(Code.INDEX,))


def _swap(connection: sqlite3.Connection, chance: random.Random) -> Edited:
    first = _random_block(connection, chance)
    second = _random_block(connection, chance)
    if first == second:
        return _swap(connection, chance)
    for old, new in ((first, -1), (second, first), (-1, second)):
        connection.execute("UPDATE blocks SET number = ? WHERE number = ?", (new, old))
    return Edited(f"swapped blocks: {first} and {second}", {min(first, second)})


def _truncate(connection: sqlite3.Connection, chance: random.Random) -> Edited:
    number = _random_block(connection, chance)
    _cut_off(connection, number)
    return Edited(f"cut off: behind {number - 1}", is_hidden=True)


def _cut_off(connection: sqlite3.Connection, number: int) -> None:
    """Remove a block, all that follow, and their index."""
    connection.execute("DELETE FROM blocks WHERE number >= ?", (number,))
    connection.execute("DELETE FROM events WHERE block >= ?", (number,))


def _empty(connection: sqlite3.Connection, chance: random.Random) -> Edited:
    number = _cycle_of(connection, chance)
    connection.execute("UPDATE blocks SET observations = x'' WHERE number = ?", (number,))
    return Edited(f"emptied observations: {number}", {number})


def _drop_undeclared(connection: sqlite3.Connection, chance: random.Random) -> Edited:
    """Drop observations as housekeeping does, without the event that says so."""
    path = Path(connection.execute("PRAGMA database_list").fetchone()[2])
    with closing(Database(path)) as database:
        headers = database.page_headers(1)
    kept = [
        Dropped(item.first_seq, item.observations, item.ts, item.observations_root)
        for item in headers
    ]
    (codec,) = connection.execute("SELECT codec FROM pages WHERE page = 1").fetchone()
    connection.execute(
        "UPDATE pages SET observations = NULL, dropped = ? WHERE page = 1",
        (compressed_dropped(codec, kept),),
    )
    return Edited("dropped without an event", {PAGE_BLOCKS}, (Code.NOT_DECLARED,))


# What is said, with the chain made good


def _parts(connection: sqlite3.Connection, number: int) -> dict[str, list[bytes]]:
    row = connection.execute(
        "SELECT codec, observations, events FROM blocks WHERE number = ?", (number,)
    ).fetchone()
    return {"observations": read_part(*row[:2]), "events": read_part(row[0], row[2])}


def _store(connection: sqlite3.Connection, number: int, parts: dict[str, list[bytes]]) -> None:
    """Put other lines into a block, and make good its hash and index, and those of all that follow."""
    payloads = [
        b"".join(line + b"\n" for line in parts[name]) for name in ("observations", "events")
    ]
    connection.execute(
        "UPDATE blocks SET codec = ?, observations = ?, events = ? WHERE number = ?",
        (RAW, *payloads, number),
    )
    connection.execute("BEGIN")
    connection.execute("DELETE FROM events WHERE block >= ?", (number,))
    first_seq, previous = _before(connection, number)
    for later in range(number, _numbers(connection)[1] + 1):
        found = _parts(connection, later)
        block = Block(later, found["observations"], found["events"])
        try:
            header = header_of(block, first_seq, previous)
            records = [parse(line) for line in found["events"]]
        except ValueError:  # a line that is none: its block keeps what it had
            break
        connection.execute(
            "UPDATE blocks SET ts = ?, first_seq = ?, hash = ? WHERE number = ?",
            (header.ts, first_seq, header.hash, later),
        )
        connection.executemany(
            "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?)",
            [(item.seq, item.ts, item.kind, item.subject, later) for item in records],
        )
        first_seq, previous = header.last_seq + 1, header.hash
    connection.execute("COMMIT")


def _before(connection: sqlite3.Connection, number: int) -> tuple[int, bytes]:
    """Return a block's first seq, and the hash of the block before it."""
    (first_seq,) = connection.execute(
        "SELECT first_seq FROM blocks WHERE number = ?", (number,)
    ).fetchone()
    row = connection.execute("SELECT hash FROM blocks WHERE number = ?", (number - 1,)).fetchone()
    if row is None:
        row = connection.execute("SELECT hash FROM pages ORDER BY page DESC LIMIT 1").fetchone()
    return first_seq, row[0]


def _cycle_of(connection: sqlite3.Connection, chance: random.Random) -> int:
    """Return a block that a cycle wrote: the last ones are checkpoints and a pruning."""
    first, last = _numbers(connection)
    return chance.randint(first, last - 4)


def _resaid(line: bytes, **changes: object) -> bytes:
    """Return a line that says something else."""
    return canonical(json.loads(line) | changes)


def _change_line(
    name: str,
    change: Callable[[bytes, random.Random], bytes],
    *codes: str,
    kind: bytes = b"",
) -> Edit:
    """Return an edit that changes one observation of a kind, and makes the chain good."""

    def edit(connection: sqlite3.Connection, chance: random.Random) -> Edited:
        number = _cycle_of(connection, chance)
        parts = _parts(connection, number)
        lines = parts["observations"]
        places = [place for place, line in enumerate(lines) if b'"kind":"%b' % kind in line]
        if not places:
            return edit(connection, chance)
        place = chance.choice(places)
        lines[place] = change(lines[place], chance)
        _store(connection, number, parts)
        is_hidden = not codes
        blocks = None if is_hidden else {number}
        return Edited(f"{name}: {number}", blocks, codes, is_hidden=is_hidden)

    return edit


def _other_value(line: bytes, chance: random.Random) -> bytes:
    return _resaid(line, body=json.loads(line)["body"] | {"profit_per_day": chance.random()})


def _other_evidence(line: bytes, chance: random.Random) -> bytes:
    evidence = {"price": chance.choice([0, -1, 10**6, json.loads(line)["seq"]])}
    return _resaid(line, body=json.loads(line)["body"] | {"evidence": evidence})


def _other_reasons(line: bytes, _: random.Random) -> bytes:
    return _resaid(line, body=json.loads(line)["body"] | {"reasons": ["forged"]})


def _earlier(line: bytes, chance: random.Random) -> bytes:
    return _resaid(line, ts=json.loads(line)["ts"] - chance.randint(30_001, 10**9))


def _other_seq(line: bytes, chance: random.Random) -> bytes:
    return _resaid(line, seq=json.loads(line)["seq"] + chance.choice([-1, 1, 100]))


def _spaced(line: bytes, _: random.Random) -> bytes:
    return line.replace(b'":', b'": ', 1)


def _leave_out(connection: sqlite3.Connection, chance: random.Random) -> Edited:
    number = _cycle_of(connection, chance)
    parts = _parts(connection, number)
    del parts["observations"][chance.randrange(len(parts["observations"]))]
    _store(connection, number, parts)
    # Without its last record a block is whole: the next one begins where nothing fits.
    return Edited(f"record left out: {number}", {number, number + 1}, (Code.SEQ, Code.STORED))


def _move(connection: sqlite3.Connection, chance: random.Random) -> Edited:
    number = _cycle_of(connection, chance)
    parts = _parts(connection, number)
    places = range(len(parts["observations"]))
    kinds = [json.loads(line)["kind"] for line in parts["observations"]]
    place = chance.choice([place for place in places if kinds[place] != "decision"])
    parts["events"].append(parts["observations"].pop(place))
    parts["events"].sort(key=lambda line: json.loads(line)["seq"])
    _store(connection, number, parts)
    return Edited(f"{kinds[place]} among the events: {number}", {number}, (Code.PART,))


def _other_checkpoint(connection: sqlite3.Connection, chance: random.Random) -> Edited:
    """Change a checkpoint record's size, root or signature."""
    (number,) = connection.execute(
        "SELECT max(block) FROM events WHERE kind = 'checkpoint'"
    ).fetchone()
    parts = _parts(connection, number)
    line = json.loads(parts["events"][0])
    note = line["body"]["note"]
    place = chance.choice([at for at, sign in enumerate(note) if sign.isalnum()])
    changed = note[:place] + ("b" if note[place] == "a" else "a") + note[place + 1 :]
    parts["events"][0] = canonical(line | {"body": {"note": changed}})
    _store(connection, number, parts)
    is_signature = note.index("—") < place
    codes = () if is_signature else (Code.CHECKPOINT,)
    return Edited(f"checkpoint changed: at {place}", None, codes, is_hidden=is_signature)


EDITS: list[Edit] = [
    _delete,
    _delete_page,
    _delete_event,
    _swap,
    _truncate,
    _empty,
    _drop_undeclared,
    _leave_out,
    _move,
    _other_checkpoint,
    _change_line("value changed", _other_value, kind=b"profit"),
    _change_line("evidence that comes later", _other_evidence, Code.EVIDENCE, kind=b"decision"),
    _change_line("no routine hold", _other_reasons, Code.PART, kind=b"decision"),
    _change_line("time decreases", _earlier, Code.TS),
    _change_line("seq changed", _other_seq, Code.SEQ),
    _change_line("not canonical", _spaced, Code.LINE),
]
