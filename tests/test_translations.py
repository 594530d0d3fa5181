"""What Home Assistant's own checker would say: manifest, texts, icons and actions fit together."""

import ast
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import probatio as vol
import pytest
import yaml
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.loader import async_get_integration
from PIL import Image

from custom_components.aiep_miner import (
    PLATFORMS,
    binary_sensor,
    button,
    calendar,
    config_flow,
    event,
    number,
    select,
    sensor,
    switch,
    todo,
)
from custom_components.aiep_miner.const import (
    CONF_FLEET_SIZE,
    DOMAIN,
    SECTION_DISPLAY,
    SECTION_PLANNING,
)
from custom_components.aiep_miner.coordinator import AiepMinerCoordinator
from custom_components.aiep_miner.engine.governor import EventType
from custom_components.aiep_miner.engine.miners.simulated.machine import PROFILES
from custom_components.aiep_miner.engine.records import Action, Basis, Mode, Origin
from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.engine.status import PLACEHOLDERS, StatusKey
from custom_components.aiep_miner.entities.miner_sensors import MINER_SENSORS
from custom_components.aiep_miner.entities.operator_sensors import OPERATOR_SENSORS
from custom_components.aiep_miner.entities.part_sensors import PART_SENSORS, of_part
from custom_components.aiep_miner.entities.problems import LEDGER_ERROR, MINER_MESSAGE, MINERS
from custom_components.aiep_miner.flows import customer, operator_options, peer, scan
from custom_components.aiep_miner.flows import miner as miner_flow
from custom_components.aiep_miner.flows.house import VALUES, house_schema
from custom_components.aiep_miner.flows.miner_forms import ADDRESSES, miner_schema
from custom_components.aiep_miner.flows.operator import operator_schema
from custom_components.aiep_miner.flows.options import (
    PRICES_AHEAD,
    SETTINGS,
    governor_schema,
    settings_schema,
)
from custom_components.aiep_miner.services import PROPOSABLE

from .conftest import make_operator

ROOT = Path(__file__).resolve().parents[1]
INTEGRATION = ROOT / "custom_components" / DOMAIN
TEXTS = json.loads((INTEGRATION / "translations" / "en.json").read_text("utf-8"))
ICONS = json.loads((INTEGRATION / "icons.json").read_text("utf-8"))
MANIFEST = json.loads((INTEGRATION / "manifest.json").read_text("utf-8"))
SERVICES = yaml.safe_load((INTEGRATION / "services.yaml").read_text("utf-8"))
SOURCES = sorted(
    path
    for path in INTEGRATION.rglob("*.py")
    if "engine" not in path.relative_to(INTEGRATION).parts
)

PLACEHOLDER = re.compile(r"{(\w+)}")
NEVER_DEPENDENCIES = {str(platform) for platform in Platform} | {
    "diagnostics",
    "homeassistant",
    "logbook",
    "repairs",
    "system_health",
}
"""Home Assistant loads these by itself."""

OTHER_EXCEPTIONS: dict[str, set[str]] = {
    "bad_settings": {"error"},
    "beyond_the_ledger": set(),
    "cycle_failed": {"error"},
    "file_unwritable": {"error"},
    "import_failed": {"error"},
    "no_ai_task": set(),
    "no_order": set(),
    "too_few_records": set(),
    "no_plan": set(),
    "no_such_decision": set(),
    "no_statement": set(),
    "no_such_miner": set(),
    "not_a_number": {"miner"},
    "not_offered": {"miner", "option"},
    "nothing_to_review": set(),
    "order_over": set(),
    "person_needed": set(),
    "question": set(),
    "too_many_orders": set(),
}
"""Errors that have no reason code, with their placeholders."""

DESCRIPTIONS = {
    "binary_sensor": (
        *binary_sensor.MINER_BINARY_SENSORS,
        *binary_sensor.OPERATOR_BINARY_SENSORS,
    ),
    "calendar": (calendar.PLAN,),
    "button": (*button.MINER_BUTTONS, *button.OPERATOR_BUTTONS),
    "event": (event.GOVERNOR, event.BLOCK),
    "number": number.MINER_NUMBERS,
    "select": (select.MODE, *select.MINER_SELECTS),
    "sensor": (
        *MINER_SENSORS,
        sensor.DECISION,
        sensor.ENERGY,
        *OPERATOR_SENSORS,
        *(of_part(sensors, 0) for sensors in PART_SENSORS),
    ),
    "switch": (*switch.MINER_SWITCHES, switch.board_switch(0)),
    "todo": (todo.REVIEWS,),
}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text with its dotted path."""
    if isinstance(value, str):
        yield path, value
    else:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)


def form(schema: Any) -> set[str]:
    return {str(marker.schema) for marker in schema.schema}


def assert_texts(step: dict[str, Any], schema: Any) -> None:
    """Check that each field of a form has its texts, section by section."""
    sections = {
        str(marker): value.schema
        for marker, value in schema.schema.items()
        if isinstance(value, section)
    }
    fields = form(schema) - set(sections)
    assert set(step.get("data", {})) == set(step.get("data_description", {})) == fields
    assert set(step.get("sections", {})) == set(sections)
    for name, inner in sections.items():
        assert_texts(step["sections"][name], inner)


def test_manifest() -> None:
    assert list(MANIFEST)[:2] == ["domain", "name"]
    assert list(MANIFEST)[2:] == sorted(list(MANIFEST)[2:])
    assert set(MANIFEST) <= {
        "domain",
        "name",
        "after_dependencies",
        "codeowners",
        "config_flow",
        "dependencies",
        "dhcp",
        "documentation",
        "integration_type",
        "iot_class",
        "issue_tracker",
        "loggers",
        "requirements",
        "version",
    }
    assert MANIFEST["domain"] == DOMAIN
    assert re.fullmatch(r"\d+\.\d+\.\d+", MANIFEST["version"])
    assert MANIFEST["integration_type"] == "hub"
    assert MANIFEST["iot_class"] == "local_polling"
    assert all(owner.startswith("@") for owner in MANIFEST["codeowners"])
    for key in ("documentation", "issue_tracker"):
        assert MANIFEST[key].startswith("https://")


def test_requirements_are_pinned_and_the_tests() -> None:
    tested = (ROOT / "requirements_test.txt").read_text("utf-8").splitlines()
    for requirement in MANIFEST["requirements"]:
        # Home Assistant pins numpy itself: a pin here would stop the integration at its next one.
        pin = ">=" if requirement.startswith("numpy") else "=="
        assert re.fullmatch(rf"[\w.-]+{pin}[\w.]+", requirement)
        assert requirement in tested


def test_hacs() -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text("utf-8"))
    assert hacs == {"name": "AIEP Miner", "homeassistant": "2026.10.0"}


async def test_home_assistant_can_load_it(
    hass: HomeAssistant, enable_custom_integrations: None
) -> None:
    integration = await async_get_integration(hass, DOMAIN)
    assert integration.name == "AIEP Miner"
    assert str(integration.version) == MANIFEST["version"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_components_used_are_dependencies(path: Path) -> None:
    declared = {*MANIFEST.get("dependencies", ()), *MANIFEST.get("after_dependencies", ())}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        names = [node.module]
        if node.module == "homeassistant.components":
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("homeassistant.components."):
                component = name.split(".")[2]
                assert component in declared | NEVER_DEPENDENCIES, name


def test_every_platform_has_its_file() -> None:
    assert {str(platform) for platform in PLATFORMS} == set(DESCRIPTIONS)
    assert all((INTEGRATION / f"{platform}.py").exists() for platform in PLATFORMS)


@pytest.mark.parametrize(("name", "icon"), [("triggers", "trigger"), ("conditions", "condition")])
def test_triggers_and_conditions_have_texts_and_icons(name: str, icon: str) -> None:
    described = yaml.safe_load((INTEGRATION / f"{name}.yaml").read_text("utf-8"))
    keys = {key for key in described if not key.startswith(".")}
    assert keys == set(TEXTS[name]) == set(ICONS[name])
    for key in keys:
        assert set(ICONS[name][key]) == {icon}
        fields = described[key].get("fields", {})
        assert set(TEXTS[name][key].get("fields", {})) == set(fields)


@pytest.mark.parametrize("platform", ["sensor", "switch"])
def test_entities_of_parts_are_numbered(platform: str) -> None:
    for description in DESCRIPTIONS[platform]:
        name = TEXTS["entity"][platform].get(description.translation_key, {}).get("name", "")
        is_part = getattr(description, "part", None) is not None
        assert PLACEHOLDER.findall(name) == (["number"] if is_part else [])


@pytest.mark.parametrize("platform", DESCRIPTIONS)
def test_entities_have_names_and_icons(platform: str) -> None:
    keys = {item.translation_key for item in DESCRIPTIONS[platform] if item.translation_key}
    named = {item.translation_key for item in DESCRIPTIONS[platform] if item.name is not None}
    assert keys & named == set(TEXTS["entity"][platform]) & named
    nameless = [item for item in DESCRIPTIONS[platform] if not item.translation_key]
    assert all(getattr(item, "device_class", None) for item in nameless)


@pytest.mark.parametrize("platform", DESCRIPTIONS)
def test_icons_are_of_what_has_no_device_class(platform: str) -> None:
    """A device class has its own icon, which shows the state; an enumeration has none."""
    own = {
        item.translation_key
        for item in DESCRIPTIONS[platform]
        if item.translation_key and getattr(item, "device_class", None) in (None, "enum")
    }
    assert own == set(ICONS["entity"].get(platform, {}))


def test_enum_states_are_translated() -> None:
    for description in DESCRIPTIONS["sensor"]:
        states = TEXTS["entity"]["sensor"][description.translation_key].get("state")
        if getattr(description, "options", None) is None:
            assert states is None
        else:
            assert set(states) == set(description.options)
            assert "unknown" not in description.options
    assert set(TEXTS["entity"]["select"]["mode"]["state"]) == set(Mode)
    events = TEXTS["entity"]["event"]["governor"]["state_attributes"]["event_type"]["state"]
    assert set(events) == set(EventType)


def test_codes_in_attributes_are_translated_like_the_decisions_reason() -> None:
    reasons = TEXTS["entity"]["sensor"]["reason"]["state"]
    codes = {
        ("sensor", "decision", "reasons"): set(Reason),
        ("sensor", "decision", "suppressed_by"): set(Reason),
        ("sensor", "decision", "reason"): set(Reason),
        ("sensor", "last_command", "reason"): set(Reason),
        ("sensor", "next_change", "reason"): {code for code in Reason if code.startswith("plan_")},
        ("event", "governor", "reasons"): set(Reason),
        ("binary_sensor", "problem", "divergences"): _section_of_reasons("Divergences"),
        ("binary_sensor", "problem", "poll_error"): _section_of_reasons("Miners that cannot"),
    }
    for (platform, entity, attribute), expected in codes.items():
        states = TEXTS["entity"][platform][entity]["state_attributes"][attribute]["state"]
        assert states == {code: reasons[code] for code in expected}, (entity, attribute)


def test_enums_in_attributes_are_translated() -> None:
    sensors = TEXTS["entity"]["sensor"]
    assert set(sensors["decision"]["state_attributes"]["origin"]["state"]) == set(Origin)
    assert set(sensors["decision"]["state_attributes"]["action"]["state"]) == set(Action)
    assert set(sensors["last_command"]["state_attributes"]["action"]["state"]) == set(Action)
    changes = sensors["next_change"]["state_attributes"]["action"]["state"]
    assert set(changes) == {Action.RUN, Action.STOP, Action.SET_LEVEL}
    assert set(sensors["break_even"]["state_attributes"]["basis"]["state"]) == set(Basis)


def test_problems_are_translated() -> None:
    reasons = TEXTS["entity"]["sensor"]["reason"]["state"]
    entities = TEXTS["entity"]["binary_sensor"]
    divergences = _section_of_reasons("Divergences")
    of_miner = {*divergences, Reason.NOT_CONFIRMED, Reason.RESTART_LIMIT_LATCHED, MINER_MESSAGE}
    for key, expected in (
        ("problem", of_miner),
        ("operator_problem", {*divergences, LEDGER_ERROR, MINERS}),
    ):
        states = entities[key]["state_attributes"]["reason"]["state"]
        assert set(states) == expected
        assert all(text == reasons.get(code, text) for code, text in states.items())


def test_translated_attributes_are_shown(
    hass: HomeAssistant, entity_registry_enabled_by_default: None, fake_site: AiepMinerCoordinator
) -> None:
    for platform, entity_id in (
        ("sensor", "sensor.miner_1_decision"),
        ("sensor", "sensor.miner_1_break_even_energy_price"),
        ("binary_sensor", "binary_sensor.miner_1_problem"),
        ("binary_sensor", "binary_sensor.site_problem"),
    ):
        key = er.async_get(hass).async_get(entity_id).translation_key
        translated = TEXTS["entity"][platform][key]["state_attributes"]
        assert set(translated) <= set(hass.states.get(entity_id).attributes)


def test_state_icons_are_of_states_and_no_duplicates() -> None:
    for platform, entities in ICONS["entity"].items():
        for key, icon in entities.items():
            assert icon["default"] not in icon.get("state", {}).values(), key
            known = TEXTS["entity"][platform].get(key, {}).get("state", {"on", "off"})
            assert set(icon.get("state", {})) <= set(known)


def test_icons_are_of_material_design() -> None:
    icons = [text for _, text in leaves(ICONS)]
    assert icons
    assert all(re.fullmatch(r"mdi:[a-z0-9-]+", icon) for icon in icons)


def test_every_reason_is_translated_and_no_other() -> None:
    assert set(TEXTS["entity"]["sensor"]["reason"]["state"]) == set(Reason)
    statuses = {f"status_{key}" for key in StatusKey}
    assert set(TEXTS["exceptions"]) == {*Reason, *OTHER_EXCEPTIONS, *statuses}


def test_exception_placeholders() -> None:
    for key, text in TEXTS["exceptions"].items():
        if key.startswith("status_"):
            known = PLACEHOLDERS[StatusKey(key.removeprefix("status_"))]
            assert set(PLACEHOLDER.findall(text["message"])) <= known, key
            continue
        given = {"ledger_unavailable": {"error"}, **OTHER_EXCEPTIONS}.get(key, {"miner"})
        assert set(PLACEHOLDER.findall(text["message"])) <= given


def test_issue_texts() -> None:
    code = (INTEGRATION / "const.py").read_text("utf-8")
    assert set(TEXTS["issues"]) == set(re.findall(r'ISSUE_\w+: Final = "(\w+)"', code))
    for issue in TEXTS["issues"].values():
        if "fix_flow" in issue:
            assert set(issue) == {"title", "fix_flow"}
            (step,) = issue["fix_flow"]["step"].values()
            assert set(step) == {"title", "description"}
            placeholders = set(PLACEHOLDER.findall(json.dumps(issue)))
            assert placeholders <= {"operator", "miner", "error", "file", "head"}
            continue
        assert set(PLACEHOLDER.findall(issue["title"])) == {"operator"}
        assert set(PLACEHOLDER.findall(issue["description"])) == {"operator", "error"}


def test_operator_form(hass: HomeAssistant) -> None:
    steps = TEXTS["config"]["step"]
    schemas = {
        "user": operator_schema(hass, is_new=True),
        "reconfigure": operator_schema(hass, is_new=False),
        "discovered": config_flow.discovered_schema([make_operator()]),
    }
    assert set(steps) == set(schemas)
    for step, schema in schemas.items():
        assert_texts(steps[step], schema)


def test_options_forms() -> None:
    steps = TEXTS["options"]["step"]
    forms = {*operator_options.MENU} - {"backtest"}
    results = {"house_values", "backtest_result", "secret"}
    assert set(steps) == {"init", "governor", *forms, *results}
    assert set(steps["init"]["menu_options"]) == set(operator_options.MENU)
    assert_texts(steps["house"], house_schema({}))
    shown = set(re.findall(r"{(\w+)}", steps["house_values"]["description"]))
    assert shown == set(VALUES)
    assert_texts(steps["witnesses"], operator_options.WITNESSES_SCHEMA)
    assert set(steps["settings"]["sections"]) == form(settings_schema())
    for name, texts in steps["settings"]["sections"].items():
        fields = {setting.field for setting in SETTINGS if setting.section == name}
        fields |= set(PRICES_AHEAD) if name == SECTION_PLANNING else set()
        if name == SECTION_DISPLAY:
            fields = {CONF_FLEET_SIZE}
        assert set(texts["data"]) == set(texts["data_description"]) == fields
    fields = form(governor_schema())
    assert set(steps["governor"]["data"]) == set(steps["governor"]["data_description"]) == fields
    assert set(steps["preset"]["data"]) == {operator_options.CONF_PRESET}
    fields = form(operator_options.access_schema(None, users_may_read=False))
    assert set(steps["access"]["data"]) == set(steps["access"]["data_description"]) == fields


def test_miner_forms() -> None:
    texts = TEXTS["config_subentries"]["miner"]
    schemas = {
        **{adapter: miner_schema(adapter) for adapter in ADDRESSES},
        "login": miner_flow.LOGIN_SCHEMA,
        "scan": scan.scan_schema([]),
        "found": scan.found_schema({}),
        "power": scan.POWER_SCHEMA,
    }
    assert set(texts["step"]) == {"user", "read_only", *schemas}
    assert set(texts["step"]["user"]["menu_options"]) == set(miner_flow.MENU)
    for name, schema in schemas.items():
        assert_texts(texts["step"][name], schema)
    code = _code("flows/miner.py", "flows/scan.py")
    assert set(texts["progress"]) == set(re.findall(r'progress_action="(\w+)"', code))


def test_peer_forms() -> None:
    texts = TEXTS["config_subentries"]["peer"]
    assert set(texts["step"]) == {"user", "reconfigure"}
    for step in texts["step"].values():
        assert_texts(step, peer.PEER_SCHEMA)
        assert set(PLACEHOLDER.findall(step["description"])) == {
            "prefix",
            "ed25519_key",
            "ml_dsa_key",
        }
    assert set(texts["error"]) == set(re.findall(r'[A-Z]: "(\w+)"}', _code("flows/peer.py")))


def test_customer_forms() -> None:
    texts = TEXTS["config_subentries"]["customer"]
    assert set(texts["step"]) == {"user", "reconfigure", "secret"}
    entry = make_operator()
    for step in ("user", "reconfigure"):
        schema = customer.customer_schema(entry, is_new=step == "user")
        assert_texts(texts["step"][step], schema)
    errors = set(re.findall(r'CONF_\w+: "(\w+)"}', _code("flows/customer.py")))
    assert set(texts["error"]) == errors


def test_flow_errors_and_aborts() -> None:
    adapter_errors = _section_of_reasons("Miners that cannot be read or told")
    assert set(TEXTS["config"]["error"]) == {
        *re.findall(r'"((?:name|own|source|energy)_\w+|wrong_unit)"', _code("flows/operator.py")),
        *(adapter_errors - {Reason.WRONG_DEVICE}),
        "power_not_reported",
    } - {"own_values", "energy_price"}
    aborts = set(re.findall(r'reason="(\w+)"', _code("config_flow.py")))
    assert set(TEXTS["config"]["abort"]) == aborts
    aborts = set(re.findall(r'reason="(\w+)"', _code("flows/operator_options.py")))
    assert set(TEXTS["options"]["abort"]) == aborts
    errors = set(re.findall(r'errors\[\w+\] = "(\w+)"', _code("flows/house.py")))
    errors |= set(re.findall(r'CONF_\w+: "(\w+)"}', _code("flows/operator_options.py")))
    assert set(TEXTS["options"]["error"]) == errors
    miner = TEXTS["config_subentries"]["miner"]
    adapter_reasons = _section_of_reasons("Miners that cannot be read or told") | {
        Reason.UNSUPPORTED_ACTION
    }
    forms = {"power_not_reported", "invalid_network", "network_too_large", "nothing_chosen"}
    assert set(miner["error"]) == {*adapter_reasons, *forms}
    code = _code("flows/miner.py", "flows/scan.py")
    aborts = set(re.findall(r'reason="(\w+)"', code))
    assert set(miner["abort"]) == aborts


def _code(*files: str) -> str:
    return "".join((INTEGRATION / file).read_text("utf-8") for file in files)


def _section_of_reasons(title: str) -> set[str]:
    code = (INTEGRATION / "engine" / "records" / "reasons.py").read_text("utf-8")
    comments = [match.start() for match in re.finditer(r"^    # ", code, re.MULTILINE)]
    for start, end in pairwise([*comments, len(code)]):
        if title in code[start:end]:
            return set(re.findall(r'^    \w+ = "(\w+)"', code[start:end], re.MULTILINE))
    raise AssertionError(title)


def test_selector_texts() -> None:
    texts = TEXTS["selector"]
    assert set(texts["mode"]["options"]) == set(texts["first_mode"]["options"]) == set(Mode)
    assert set(texts["preset"]["options"]) == {
        operator_options.PRESET_CURRENT,
        *operator_options.PRESETS,
    }
    assert set(texts["profile"]["options"]) == set(PROFILES)
    assert set(texts["action"]["options"]) == {action.value for action in PROPOSABLE}
    assert set(texts["min_trust"]["options"]) == {"1", "2", "3"}
    assert set(texts["number_or_entity"]["choices"]) == {"fixed", "entity"}


def test_actions() -> None:
    assert set(SERVICES) == set(TEXTS["services"]) == set(ICONS["services"])
    for name, service in SERVICES.items():
        assert set(service["fields"]) == set(TEXTS["services"][name]["fields"])
        for field in TEXTS["services"][name]["fields"].values():
            assert field["name"]
            assert field["description"]
    offered = SERVICES["propose"]["fields"]["action"]["selector"]["select"]["options"]
    assert offered == [action.value for action in PROPOSABLE]
    assert set(offered) <= set(Action)


def test_texts_are_written_out() -> None:
    for path, text in leaves(TEXTS):
        assert text.strip() == text != "", path
        assert "[%key:" not in text, path
        assert "<" not in text, path
        assert re.fullmatch(r"[a-z0-9_.]+", path), path
        is_label = ".data." in path or path.endswith((".name", ".title"))
        assert not (is_label and text.endswith(".") and ".data_description." not in path), path


@pytest.mark.parametrize("prefix", ["", "dark_"])
def test_brand(prefix: str) -> None:
    for name, size in (("icon", 256), ("icon@2x", 512)):
        with Image.open(INTEGRATION / "brand" / f"{prefix}{name}.png") as image:
            assert image.size == (size, size)
    with (
        Image.open(INTEGRATION / "brand" / f"{prefix}logo.png") as logo,
        Image.open(INTEGRATION / "brand" / f"{prefix}logo@2x.png") as double,
    ):
        assert logo.height == 128
        assert double.height == 256


def test_forms_can_be_sent_to_the_frontend(hass: HomeAssistant) -> None:
    schemas = [
        operator_schema(hass, is_new=True),
        settings_schema(),
        governor_schema(),
        *map(miner_schema, ADDRESSES),
        miner_flow.LOGIN_SCHEMA,
        scan.POWER_SCHEMA,
        scan.scan_schema(["192.0.2.0/24"]),
        scan.found_schema({}),
        config_flow.discovered_schema([make_operator()]),
    ]
    for schema in schemas:
        fields = vol.to_field_list(schema, custom_serializer=cv.custom_serializer)
        json.dumps(fields)
        assert {field["name"] for field in fields} == form(schema)
        assert all("selector" in field or field["type"] == "expandable" for field in fields)


LANGUAGES = sorted(
    path.stem for path in (INTEGRATION / "translations").glob("*.json") if path.stem != "en"
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_all_that_english_says(language: str) -> None:
    texts = json.loads((INTEGRATION / "translations" / f"{language}.json").read_text("utf-8"))
    english, translated = dict(leaves(TEXTS)), dict(leaves(texts))
    missing = {path: english[path] for path in sorted(english.keys() - translated.keys())}
    assert missing == {}, f"{language}.json lacks these"
    assert sorted(translated.keys() - english.keys()) == [], f"{language}.json has them too much"
    for path, text in translated.items():
        assert sorted(set(PLACEHOLDER.findall(text))) == sorted(
            set(PLACEHOLDER.findall(english[path]))
        ), path
        assert text.strip() == text != "", path


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_is_told_from_english(language: str) -> None:
    texts = json.loads((INTEGRATION / "translations" / f"{language}.json").read_text("utf-8"))
    english, translated = dict(leaves(TEXTS)), dict(leaves(texts))
    sentences = [path for path, text in english.items() if text.endswith(".")]
    assert [path for path in sentences if translated[path] == english[path]] == []
