"""A log written with Go's sumdb/note and sumdb/tlog is witnessed, and Go checks the cosignature.

They come with Debian's golang-go and golang-golang-x-mod-dev; without them this is skipped.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from custom_components.aiep_miner.engine.federation.submission import Submission
from custom_components.aiep_miner.engine.federation.witness import judge
from custom_components.aiep_miner.engine.ledger.verifier.note import (
    Checkpoint,
    Note,
    VerifierKey,
    to_base64,
)

from .test_witness import NOW_S, WITNESS

GOPATH = os.environ.get("GOPATH", "/usr/share/gocode")
NEEDS = Path(GOPATH) / "src/golang.org/x/mod/sumdb/tlog"

PROGRAM = """
package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// cosigner verifies timestamped Ed25519 cosignatures, after the specification.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\\ntime %d\\n", binary.BigEndian.Uint64(sig[:8]))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

type memory []tlog.Hash

func (m *memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		found = append(found, (*m)[index])
	}
	return found, nil
}

func makeLog() {
	skey, vkey, err := note.GenerateKey(rand.Reader, "go.example/log")
	fail(err)
	signer, err := note.NewSigner(skey)
	fail(err)
	hashes := &memory{}
	roots := []tlog.Hash{{}}
	var bodies []string
	old := int64(0)
	for size := int64(1); size <= 70; size++ {
		added, err := tlog.StoredHashes(size-1, []byte(fmt.Sprint("leaf ", size)), hashes)
		fail(err)
		*hashes = append(*hashes, added...)
		root, err := tlog.TreeHash(size, hashes)
		fail(err)
		roots = append(roots, root)
		if size%7 != 0 && size != 1 {
			continue
		}
		text := fmt.Sprintf("go.example/log\\n%d\\n%s\\n", size, base64.StdEncoding.EncodeToString(root[:]))
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		fail(err)
		body := fmt.Sprintf("old %d\\n", old)
		if old > 0 {
			proof, err := tlog.ProveTree(size, old, hashes)
			fail(err)
			for _, hash := range proof {
				body += base64.StdEncoding.EncodeToString(hash[:]) + "\\n"
			}
		}
		bodies = append(bodies, body+"\\n"+string(signed))
		old = size
	}
	fail(json.NewEncoder(os.Stdout).Encode(map[string]any{"Key": vkey, "Bodies": bodies}))
}

func main() {
	var asked struct{ Note, Key, Name, Public string; Hash uint32 }
	fail(json.NewDecoder(os.Stdin).Decode(&asked))
	if asked.Note == "" {
		makeLog()
		return
	}
	public, err := base64.StdEncoding.DecodeString(asked.Public)
	fail(err)
	log, err := note.NewVerifier(asked.Key)
	fail(err)
	opened, err := note.Open([]byte(asked.Note),
		note.VerifierList(log, cosigner{asked.Name, asked.Hash, public}))
	fail(err)
	fmt.Printf("%d verified, %d not known\\n", len(opened.Sigs), len(opened.UnverifiedSigs))
}
"""


@pytest.mark.skipif(
    shutil.which("go") is None, reason="go is not installed: scripts/setup --with-go"
)
@pytest.mark.skipif(not NEEDS.is_dir(), reason="golang-golang-x-mod-dev is not installed")
def test_a_log_of_go_is_witnessed(tmp_path: Path) -> None:
    made = json.loads(_run(tmp_path, {}))
    key, known = VerifierKey.parse(made["Key"]), None
    assert len(made["Bodies"]) == 11
    for body in made["Bodies"]:
        sent = Submission.parse(body.encode())
        assert sent.body() == body.encode()
        assert judge(sent, [key], known) is None
        known = Checkpoint.parse(sent.note.text)
    note = Note(sent.note.text, (*sent.note.signatures, *WITNESS.cosign(sent.note, NOW_S)))
    own = WITNESS.ed25519_key
    asked = {
        "Note": str(note), "Key": made["Key"], "Name": own.name,
        "Hash": int.from_bytes(own.id, "big"), "Public": to_base64(own.public_key),
    }  # fmt: skip
    assert _run(tmp_path, asked) == "2 verified, 1 not known"
    changed = Note(note.text.replace("70", "71"), note.signatures)
    assert "invalid signature" in _run(tmp_path, asked | {"Note": str(changed)})


def _run(folder: Path, asked: dict[str, Any]) -> str:
    """Ask the program; return what it says."""
    (folder / "log.go").write_text(PROGRAM)
    environment = os.environ | {
        "GO111MODULE": "off", "GOPATH": GOPATH, "GOCACHE": str(folder / "cache"), "GOFLAGS": "",
    }  # fmt: skip
    found = subprocess.run(
        ["go", "run", "log.go"], input=json.dumps(asked), capture_output=True, text=True,
        check=False, cwd=folder, env=environment, timeout=110,
    )  # fmt: skip
    return found.stdout.strip() or found.stderr
