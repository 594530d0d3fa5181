"""Print what Home Assistant's core would install by itself when the demo first starts.

Its default integrations and everything they depend on, read from the manifests of the
installed core, so that the list never falls behind the pinned version.
"""

import json
from pathlib import Path

import homeassistant
from homeassistant.bootstrap import DEFAULT_INTEGRATIONS

EXTRA = {"config", "dhcp", "energy", "history", "logbook", "onboarding", "recorder"}


def main() -> None:
    """Print the requirements, one a line."""
    components = Path(homeassistant.__file__).parent / "components"
    waiting = set(DEFAULT_INTEGRATIONS) | EXTRA
    seen: set[str] = set()
    requirements: set[str] = set()
    while waiting:
        domain = waiting.pop()
        seen.add(domain)
        manifest = json.loads((components / domain / "manifest.json").read_text("utf-8"))
        requirements.update(manifest.get("requirements", []))
        waiting.update(set(manifest.get("dependencies", [])) - seen)
    print("\n".join(sorted(requirements)))


if __name__ == "__main__":
    main()
