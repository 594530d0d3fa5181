"""Service statements as users get them: by the action and over REST, in all their forms."""

import csv
import io
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import label_registry as lr
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.aiep_miner.const import DOMAIN
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.ledger.verifier import proof
from custom_components.aiep_miner.engine.ledger.verifier.note import VerifierKey
from custom_components.aiep_miner.engine.ledger.verifier.report import Known
from custom_components.aiep_miner.engine.records import Action
from custom_components.aiep_miner.ledger_service.statements import csv_of, html_of
from tests.engine.ledger.samples import VERIFIER

from ..conftest import RunCycles, propose


async def ask(hass: HomeAssistant, context: Context | None = None, **data: Any) -> dict[str, Any]:
    now = dt_util.utcnow()
    given = {"from_time": now - timedelta(minutes=30), "to_time": now, **data}
    response = await hass.services.async_call(
        DOMAIN, "service_statement", given, blocking=True, return_response=True, context=context
    )
    assert isinstance(response, dict)
    return response


def read(response: dict[str, Any], name: str = "file") -> str:
    return Path(response[name]).read_text("utf-8")


def verified(response: dict[str, Any], statement: Any) -> tuple[int, str]:
    """Check a statement as somebody does who has nothing but the verifier."""
    file = Path(response["file"])
    file.write_text(json.dumps(statement))
    found = subprocess.run(
        [
            *(sys.executable, "-I", "-S", str(VERIFIER), response["export_file"]),
            *("--statement", str(file), "--key", response["verifier_key"]),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.returncode, found.stdout + found.stderr


def is_proven(file: Path, text: str, vkey: str) -> bool:
    file.write_text(text)
    return proof.verify(file, Known(keys=(VerifierKey.parse(vkey),))).fault is None


@pytest.fixture
async def worked(
    site: AiepMinerCoordinator, run_cycles: RunCycles, hass_admin_user: MockUser
) -> AiepMinerCoordinator:
    """Return an operator whose miner ran for 20 minutes and was then stopped by a person."""
    await run_cycles(site, 40)
    await propose(site, Action.STOP, Context(user_id=hass_admin_user.id))
    await run_cycles(site, 20)
    return site


async def test_the_action(
    hass: HomeAssistant, worked: AiepMinerCoordinator, hass_admin_user: MockUser
) -> None:
    response = await ask(hass)
    minutes = response["totals"]["minutes"]
    assert minutes["running"] == pytest.approx(20, abs=1)
    assert minutes["excused_maintenance"] == pytest.approx(10, abs=1.5)
    assert sum(minutes.values()) == pytest.approx(30, abs=0.01)
    assert response["totals"]["kwh"] > 0.5
    assert response["totals"]["coins_expected"] > 0
    state = {"user_id": hass_admin_user.id}
    hass.states.async_set("person.customer", "home", state)
    response = await ask(hass, customers=["person.customer"])
    assert response["totals"]["minutes"]["excused_customer"] == minutes["excused_maintenance"]
    statement = json.loads(read(response))
    assert verified(response, statement)[0] == 0
    statement["totals"]["hours"]["running"] += 1
    assert verified(response, statement)[0] == 1


async def test_cited_events_are_proven(
    hass: HomeAssistant, worked: AiepMinerCoordinator, tmp_path: Path
) -> None:
    response = await ask(hass)
    statement = json.loads(read(response))
    assert statement["proofs"]
    for text in statement["proofs"].values():
        assert is_proven(tmp_path / "record.tlog-proof", text, statement["verifier_key"])
    (line,) = [item for item in statement["lines"] if item["rule"] == "maintenance"]
    assert {str(seq) for seq in line["seqs"]} & set(statement["proofs"])


async def test_csv_and_page(hass: HomeAssistant, worked: AiepMinerCoordinator) -> None:
    response = await ask(hass)
    rows = list(csv.DictReader(io.StringIO(read(response, "csv_file"))))
    assert [row["state"] for row in rows] == [line["state"] for line in response["lines"]]
    total = sum(float(row["minutes_running"]) for row in rows)
    assert total == pytest.approx(response["totals"]["minutes"]["running"], abs=1e-3)
    statement = json.loads(read(response))
    statement["names"] = {"miner-1": "=<b>&"}
    assert "'=<b>&" in csv_of(statement)
    page = html_of(hass, "<Site>", statement)
    assert "&lt;Site&gt;" in page
    assert "=&lt;b&gt;&amp;" in page
    assert "<script" not in page
    assert "Maintenance" in page
    hass.config.language = "de"
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    "data",
    [
        {"to_time": dt_util.utc_from_timestamp(1)},
        {"from_time": dt_util.utc_from_timestamp(1)},
        {"label": "nobody"},
        {"customers": ["person.nobody"]},
    ],
)
async def test_what_has_no_statement(
    hass: HomeAssistant, site: AiepMinerCoordinator, data: dict[str, Any]
) -> None:
    with pytest.raises(ServiceValidationError) as err:
        await ask(hass, **data)
    assert err.value.translation_key == "no_statement"


async def test_only_labelled_miners(hass: HomeAssistant, worked: AiepMinerCoordinator) -> None:
    label = lr.async_get(hass).async_create("Customer")
    registry = dr.async_get(hass)
    device_id = worked.device_id("miner-1")
    assert device_id is not None
    registry.async_update_device(device_id, labels={label.label_id})
    response = await ask(hass, label=label.label_id)
    assert list(response["miners"]) == ["miner-1"]


async def test_only_administrators(
    hass: HomeAssistant, site: AiepMinerCoordinator, hass_read_only_user: MockUser
) -> None:
    with pytest.raises(Unauthorized):
        await ask(hass, Context(user_id=hass_read_only_user.id))


async def test_rest(worked: AiepMinerCoordinator, hass_client: ClientSessionGenerator) -> None:
    client = await hass_client()
    now_ms = round(dt_util.utcnow().timestamp() * 1000)
    query = {"from_ts": str(now_ms - 1_800_000), "to_ts": str(now_ms)}
    address = "/api/aiep_miner/operators/site/statement"
    response = await client.get(address, params=query)
    assert response.status == 200
    statement = await response.json()
    assert statement["totals"]["minutes"]["running"] > 10
    for kind, media in (("csv", "text/csv"), ("html", "text/html")):
        response = await client.get(address, params={**query, "format": kind})
        assert response.content_type == media
        assert "running" in (await response.text()).lower()
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    response = await client.get(address, params={**query, "miner_ids": "other,miner-1"})
    assert list((await response.json())["miners"]) == ["miner-1"]
    for wrong in ({"format": "pdf"}, {"to_ts": "0"}, {"share_pct": "101"}, {"from_ts": "x"}):
        assert (await client.get(address, params={**query, **wrong})).status == 400
