"""Replay a ledger and say what came of it; exit 0 when every decision matches."""

import sys
from pathlib import Path

from custom_components.aiep_miner.engine.ledger import LedgerError
from custom_components.aiep_miner.engine.replay import replay


def _tell(seq: int) -> None:
    print(f"\r{seq} records …", end="", file=sys.stderr)


def main() -> int:
    """Return the exit status: 0 all match, 1 one does not, 2 no ledger."""
    try:
        report = replay(Path(sys.argv[1]), _tell)
    except LedgerError as err:
        print(f"not a ledger that can be read: {err}")
        return 2
    print(
        f"\r{report.matched} decisions match, {report.late} were late safety stops, "
        f"{report.unproven} rest on dropped evidence; {report.records} records"
    )
    if report.from_seq is None:
        print("observations were dropped: decisions can be decided anew from the next start on")
    elif report.from_seq > 1:
        print(
            f"observations were dropped: decisions are decided anew from record {report.from_seq} on"
        )
    if report.difference is None:
        return 0
    print(f"record {report.difference.seq}: {report.difference.reason}")
    if report.difference.recorded:
        print(f"  recorded: {report.difference.recorded}")
        print(f"  replayed: {report.difference.replayed}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
