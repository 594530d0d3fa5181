"""The actions that hand evidence out and take exports in."""

import asyncio
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import probatio as vol
import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.ledger import LedgerError, LedgerReason
from custom_components.aiep_miner.engine.ledger.verifier import (
    bundle,
    database,
    export,
    proof,
    tree,
)
from custom_components.aiep_miner.engine.ledger.verifier.cosignature import Verdict, check_all
from custom_components.aiep_miner.engine.ledger.verifier.note import (
    Checkpoint,
    Note,
    VerifierKey,
    from_base64,
)
from custom_components.aiep_miner.engine.ledger.verifier.report import Known
from custom_components.aiep_miner.engine.records import RecordKind
from custom_components.aiep_miner.ledger_service import evidence

from ..conftest import RunCycles


async def act(
    hass: HomeAssistant, name: str, context: Context | None = None, **data: Any
) -> dict[str, Any]:
    response = await hass.services.async_call(
        DOMAIN, name, data, blocking=True, return_response=True, context=context
    )
    assert isinstance(response, dict)
    return response


def text_of(response: dict[str, Any]) -> str:
    """Return what was handed out."""
    return Path(response["file"]).read_text("utf-8")


@pytest.fixture
def imports(hass: HomeAssistant, site: AiepMinerCoordinator) -> Path:
    """Return the folder that imports are taken from."""
    folder = Path(hass.config.path(DOMAIN, "imports"))
    folder.mkdir()
    return folder


def check(response: dict[str, Any], verify: Any) -> Any:
    """Verify what was handed out with the key that came along with it."""
    known = Known(keys=(VerifierKey.parse(response["verifier_key"]),))
    report = verify(Path(response["file"]), known)
    assert report.fault is None
    return report


async def test_sign(hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles) -> None:
    await run_cycles(site)
    head = site.controller.ledger.head
    response = await act(hass, "sign_ledger")
    assert response["record_seq"] == head.seq + 1
    note = Note.parse(response["checkpoint"])
    assert Checkpoint.parse(note.text).size == head.blocks
    (signature,) = check_all(note, [VerifierKey.parse(response["verifier_key"])])
    assert signature.verdict is Verdict.VALID
    assert site.ledger_service.signed.seq == response["record_seq"]


async def test_exports_at_once_do_not_share_a_file(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    await run_cycles(site, 3)
    begin, parts = evidence._begin, []

    def spy(part: Path) -> Any:
        parts.append(part)
        return begin(part)

    with patch.object(evidence, "_begin", spy):
        responses = await asyncio.gather(*(act(hass, "export_ledger") for _ in range(4)))
    assert len(set(parts)) == 4
    assert all(check(response, export.verify).records for response in responses)
    folder = site.controller.ledger.path.parent / "exports"
    assert [path.suffix for path in folder.iterdir()] == [".jsonl"]


async def test_export(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    await run_cycles(site, 3)
    response = await act(hass, "export_ledger")
    report = check(response, export.verify)
    # Its checkpoint is of all that came before.
    assert report.records == site.controller.ledger.head.seq - 1
    folder = site.controller.ledger.path.parent / "exports"
    assert response["file"].startswith(f"{folder}/")
    entry = await site.controller.ledger.latest(RecordKind.DECISION)
    later = check(await act(hass, "export_ledger", from_seq=entry.seq), export.verify)
    assert 0 < later.records < report.records


@pytest.mark.parametrize("named_by", ["record_seq", "record_hash"])
async def test_evidence(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles, named_by: str
) -> None:
    await run_cycles(site, 2)
    decision = await site.controller.ledger.latest(RecordKind.DECISION)
    await run_cycles(site, 2)
    name = {"record_seq": decision.seq, "record_hash": decision.hash_hex}[named_by]
    response = await act(hass, "export_evidence", **{named_by: name})
    assert check(response, bundle.verify).what == "bundle"
    assert response["record_seq"] == decision.seq
    made = json.loads(text_of(response))
    telemetry = decision.record().evidence.telemetry
    assert telemetry in [item["seq"] for item in made["records"]]
    known = Known(keys=(VerifierKey.parse(response["verifier_key"]),))
    assert proof.verify(Path(response["proof_file"]), known).fault is None
    assert "consistency" not in response


def assert_consistent(found: dict[str, Any], kept: str) -> None:
    """Check a consistency proof from a checkpoint that was kept."""
    old, new = (Checkpoint.parse(Note.parse(text).text) for text in (kept, found["checkpoint"]))
    assert (found["old"], found["new"]) == (old.size, new.size)
    path = [from_base64(node) for node in found["proof"]]
    assert tree.is_consistent(old.size, new.size, old.root, new.root, path)


async def test_consistency(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles
) -> None:
    await run_cycles(site, 2)
    kept = (await act(hass, "sign_ledger"))["checkpoint"]
    await run_cycles(site, 3)
    decision = await site.controller.ledger.latest(RecordKind.DECISION)
    size = Checkpoint.parse(Note.parse(kept).text).size
    response = await act(hass, "export_evidence", record_seq=decision.seq, from_blocks=size)
    assert_consistent(response["consistency"], kept)
    with pytest.raises(ServiceValidationError):
        await act(hass, "export_evidence", record_seq=decision.seq, from_blocks=10**6)


async def test_import(
    hass: HomeAssistant, site: AiepMinerCoordinator, run_cycles: RunCycles, imports: Path
) -> None:
    await run_cycles(site, 2)
    exported = await act(hass, "export_ledger")
    (imports / "site.jsonl").write_text(text_of(exported), "utf-8")

    response = await act(hass, "import_ledger", filename="site.jsonl")
    assert response["file"] == str(imports / "site.db")
    report = check(exported | response, database.verify)
    assert (report.blocks, report.root.hex()) == (response["blocks"], response["root"])
    with pytest.raises(ServiceValidationError) as twice:
        await act(hass, "import_ledger", filename="site.jsonl")
    assert twice.value.translation_key == "import_failed"


def altered(text: str) -> str:
    return text.replace('"mode":"auto"', '"mode":"manual"')


def shortened(text: str) -> str:
    return "\n".join(text.splitlines()[:1] + text.splitlines()[3:])


def nonsense(text: str) -> str:
    return "nonsense"


@pytest.mark.parametrize("spoil", [altered, shortened, nonsense, None])
async def test_wrong_imports(hass: HomeAssistant, imports: Path, spoil: Any) -> None:
    if spoil is not None:
        text = text_of(await act(hass, "export_ledger"))
        assert spoil(text) != text
        (imports / "site.jsonl").write_text(spoil(text), "utf-8")
    with pytest.raises(ServiceValidationError) as wrong:
        await act(hass, "import_ledger", filename="site.jsonl")
    assert wrong.value.translation_key == "import_failed"
    assert not (imports / "site.db").exists()


@pytest.mark.parametrize(
    "filename", ["../site.jsonl", "/etc/x.jsonl", "a/b.jsonl", "site.db", ".jsonl", "x.jsonl\n", ""]
)
async def test_imports_come_from_one_folder(
    hass: HomeAssistant, site: AiepMinerCoordinator, filename: str
) -> None:
    with pytest.raises(vol.Invalid):
        await act(hass, "import_ledger", filename=filename)


@pytest.mark.parametrize(
    ("action", "data", "key"),
    [
        ("export_ledger", {"from_seq": 10**6}, "beyond_the_ledger"),
        ("export_evidence", {"record_hash": "0" * 64}, "no_such_decision"),
    ],
)
async def test_refusals(
    hass: HomeAssistant, site: AiepMinerCoordinator, action: str, data: dict[str, Any], key: str
) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, action, **data)
    assert refused.value.translation_key == key


async def test_bundle_is_of_a_decision(hass: HomeAssistant, site: AiepMinerCoordinator) -> None:
    policy = await site.controller.ledger.latest(RecordKind.POLICY)
    with pytest.raises(ServiceValidationError):
        await act(hass, "export_evidence", record_hash=policy.hash_hex)
    with pytest.raises(vol.Invalid):
        await act(hass, "export_evidence", record_hash="no hash")


@pytest.mark.parametrize(
    ("action", "method", "data"),
    [
        ("sign_ledger", "checkpoint", {}),
        ("export_ledger", "export", {}),
        ("export_evidence", "read", {"record_hash": "0" * 64}),
    ],
)
async def test_ledger_that_fails(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    method: str,
    data: dict[str, Any],
) -> None:
    error = LedgerError(LedgerReason.IO_ERROR, "disk gone")

    async def fail(*_: Any, **__: Any) -> None:
        raise error

    async def fail_late(*_: Any, **__: Any) -> Any:
        yield b"{}\n"
        raise error

    broken = fail_late if method == "export" else fail
    monkeypatch.setattr(type(site.controller.ledger), method, broken)
    with pytest.raises(HomeAssistantError) as failed:
        await act(hass, action, **data)
    assert failed.value.translation_key == "ledger_unavailable"
    assert not list(site.controller.ledger.path.parent.glob("exports/*"))


async def test_file_that_cannot_be_written(hass: HomeAssistant, site: AiepMinerCoordinator) -> None:
    (site.controller.ledger.path.parent / "exports").write_text("in the way", "utf-8")
    with pytest.raises(HomeAssistantError) as failed:
        await act(hass, "export_ledger")
    assert failed.value.translation_key == "file_unwritable"


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("sign_ledger", {}),
        ("export_ledger", {}),
        ("export_evidence", {"record_hash": "0" * 64}),
        ("import_ledger", {"filename": "x.jsonl"}),
    ],
)
async def test_only_administrators(
    hass: HomeAssistant,
    site: AiepMinerCoordinator,
    hass_read_only_user: MockUser,
    action: str,
    data: dict[str, Any],
) -> None:
    with pytest.raises(Unauthorized):
        await act(hass, action, Context(user_id=hass_read_only_user.id), **data)
