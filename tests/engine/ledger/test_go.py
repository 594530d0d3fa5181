"""Go's sumdb/note and sumdb/tlog, written by others, check our notes and proofs.

They come with Debian's golang-go and golang-golang-x-mod-dev; without them this is skipped.
"""

import json
import os
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from custom_components.aiep_miner.engine.ledger.proofs import Prover
from custom_components.aiep_miner.engine.ledger.query import Reader
from custom_components.aiep_miner.engine.ledger.verifier.database import Database
from custom_components.aiep_miner.engine.ledger.verifier.note import (
    Checkpoint,
    from_base64,
    to_base64,
)
from custom_components.aiep_miner.engine.ledger.verifier.proof import ProofFile

from .samples import aged, keys, newest_note

GOPATH = os.environ.get("GOPATH", "/usr/share/gocode")
NEEDS = Path(GOPATH) / "src/golang.org/x/mod/sumdb/tlog"

PROGRAM = """
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Size   int64
	Root   string
	Index  int64
	Header string
	Path   []string
}

type consistency struct {
	Old     int64
	New     int64
	OldRoot string
	NewRoot string
	Path    []string
}

type question struct {
	Note        string
	Key         string
	Inclusion   []inclusion
	Consistency []consistency
}

func fail(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func bytesOf(text string) []byte {
	data, err := base64.StdEncoding.DecodeString(text)
	fail(err)
	return data
}

func hashOf(text string) tlog.Hash {
	var hash tlog.Hash
	copy(hash[:], bytesOf(text))
	return hash
}

func hashesOf(texts []string) []tlog.Hash {
	var hashes []tlog.Hash
	for _, text := range texts {
		hashes = append(hashes, hashOf(text))
	}
	return hashes
}

func main() {
	var asked question
	fail(json.NewDecoder(os.Stdin).Decode(&asked))
	verifier, err := note.NewVerifier(asked.Key)
	fail(err)
	opened, err := note.Open([]byte(asked.Note), note.VerifierList(verifier))
	fail(err)
	if !strings.HasPrefix(opened.Text, verifier.Name()+"\\n") {
		fail(fmt.Errorf("the origin is not the key's name"))
	}
	for _, item := range asked.Inclusion {
		leaf := tlog.RecordHash(bytesOf(item.Header))
		fail(tlog.CheckRecord(hashesOf(item.Path), item.Size, hashOf(item.Root), item.Index, leaf))
	}
	for _, item := range asked.Consistency {
		fail(tlog.CheckTree(hashesOf(item.Path), item.New, hashOf(item.NewRoot), item.Old, hashOf(item.OldRoot)))
	}
	fmt.Printf("checked %d and %d\\n", len(asked.Inclusion), len(asked.Consistency))
}
"""


@pytest.mark.skipif(
    shutil.which("go") is None, reason="go is not installed: scripts/setup --with-go"
)
@pytest.mark.skipif(not NEEDS.is_dir(), reason="golang-golang-x-mod-dev is not installed")
def test_go_checks_our_notes_and_proofs(tmp_path: Path) -> None:
    store = aged(tmp_path / "ledger.db")
    note, key = newest_note(store), keys(store).keys[0]
    head = Checkpoint.parse(note.text)
    with closing(Reader(Database(store.path))) as reader:
        prover = Prover(reader)
        included = []
        for entry in [item for batch in reader.read() for item in batch if item.seq <= 4902][::331]:
            file = ProofFile.parse(prover.proof_file(entry.seq, note).encode())
            header = json.loads(file.extra)["header"]
            path = [to_base64(node) for node in file.path]
            included.append(
                {"Size": head.size, "Root": to_base64(head.root), "Index": file.index,
                 "Header": header, "Path": path}
            )  # fmt: skip
        consistent = [
            {
                "Old": old, "New": new, "OldRoot": to_base64(store.root_at(old)),
                "NewRoot": to_base64(store.root_at(new)),
                "Path": [to_base64(node) for node in prover.consistency(old, new)],
            }
            for new in (1, 2, 255, 256, 257, 511, 600, head.size)
            for old in (1, 2, 255, 256, 300, 512)
            if old <= new
        ]  # fmt: skip
    store.close()
    asked = {"Note": str(note), "Key": str(key), "Inclusion": included, "Consistency": consistent}
    wanted = f"checked {len(included)} and {len(consistent)}"
    assert _run(tmp_path, asked) == (0, wanted)
    wrong = bytearray(from_base64(included[0]["Header"]))
    wrong[-1] ^= 1
    included[0]["Header"] = to_base64(bytes(wrong))
    assert _run(tmp_path, asked)[0] != 0


def _run(folder: Path, asked: dict) -> tuple[int, str]:
    """Ask the program; return its exit status and what it says."""
    (folder / "check.go").write_text(PROGRAM)
    environment = os.environ | {
        "GO111MODULE": "off", "GOPATH": GOPATH, "GOCACHE": str(folder / "cache"), "GOFLAGS": "",
    }  # fmt: skip
    found = subprocess.run(
        ["go", "run", "check.go"], input=json.dumps(asked), capture_output=True, text=True,
        check=False, cwd=folder, env=environment, timeout=110,
    )  # fmt: skip
    return found.returncode, (found.stdout.strip() or found.stderr)
