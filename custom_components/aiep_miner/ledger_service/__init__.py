"""An operator's ledger in Home Assistant: verification, housekeeping, checkpoints, trust store."""
