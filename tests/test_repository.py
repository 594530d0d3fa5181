"""What belongs to the repository: the quality scale, the workflows, the changelog, the pages."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from homeassistant import components

from custom_components.aiep_miner.engine.records.reasons import Reason
from custom_components.aiep_miner.flows.migration import MINOR_VERSION, VERSION

ROOT = Path(__file__).resolve().parents[1]
INTEGRATION = ROOT / "custom_components" / "aiep_miner"
RULES: dict[str, Any] = yaml.safe_load((INTEGRATION / "quality_scale.yaml").read_text("utf-8"))[
    "rules"
]


def test_every_rule_of_the_quality_scale_is_listed() -> None:
    """Compare with an integration of the highest tier, which lists them all."""
    platinum = Path(components.__path__[0]) / "portainer" / "quality_scale.yaml"
    assert set(RULES) == set(yaml.safe_load(platinum.read_text("utf-8"))["rules"])


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_done_or_says_why_not(rule: str) -> None:
    state = RULES[rule]
    if isinstance(state, str):
        assert state == "done"
    else:
        assert state["status"] in ("done", "exempt", "todo")
        assert state["comment"].strip()


def test_exempt_from_triggers_and_conditions_only_while_there_are_none() -> None:
    for rule, file in (("docs-triggers", "trigger.py"), ("docs-conditions", "condition.py")):
        is_exempt = isinstance(RULES[rule], dict) and RULES[rule]["status"] == "exempt"
        assert is_exempt != (INTEGRATION / file).exists()


def test_the_workflow_runs_all_checks() -> None:
    text = (ROOT / ".github" / "workflows" / "checks.yml").read_text("utf-8")
    steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
    used = {step["uses"].partition("@")[0] for step in steps if "uses" in step}
    assert {"home-assistant/actions/hassfest", "hacs/action"} <= used
    assert {"run": ".ci/run"} in steps


def test_the_changelog_begins_with_what_is_not_released() -> None:
    headings = [
        line.removeprefix("## ")
        for line in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines()
        if line.startswith("## ")
    ]
    manifest = json.loads((INTEGRATION / "manifest.json").read_text("utf-8"))
    assert headings[:2] == ["Unreleased", manifest["version"]]


def test_versions() -> None:
    assert (VERSION, MINOR_VERSION) == (1, 2)


PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob(".github/**/*.md")],
    key=lambda path: path.relative_to(ROOT).as_posix(),
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
OTHERS_OPTIONS = {"--api-allow"}
"""Of programs that do not belong to the project: cgminer."""


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", item.lower()).replace(" ", "-") for item in headings}


def options_of(script: str) -> set[str]:
    """Return the options that a script's command line is declared with."""
    files = [
        path
        for path in (ROOT / "scripts" / script, ROOT / "scripts" / "_lib" / f"{script}.py")
        if path.is_file()
    ]
    declared = re.findall(r"[\"'](--[a-z-]+)[\"']", "".join(path.read_text() for path in files))
    return set(declared)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text("utf-8")):
        target, _, anchor = link.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_scripts_and_their_options_exist(page: Path) -> None:
    for line in page.read_text("utf-8").splitlines():
        names = set(re.findall(r"\bscripts/(\w+)", line))
        assert [name for name in names if not (ROOT / "scripts" / name).exists()] == []
        if len(names) == 1:
            known = options_of(*names) | OTHERS_OPTIONS
            assert set(OPTION.findall(line)) - known == set(), line


def test_options_of_the_backtest_are_described() -> None:
    rows = re.findall(
        r"^\| `(--[a-z]+)", (ROOT / "docs" / "economics.md").read_text(), re.MULTILINE
    )
    assert set(rows) == options_of("backtest")


def test_reasons_that_are_explained_exist() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    rows = re.findall(r"^\| (`[^|]+`) \|", page, re.MULTILINE)
    codes = re.findall(r"`(\w+)`", " ".join(rows))
    assert len(codes) > 15
    assert set(codes) <= {reason.value for reason in Reason}
