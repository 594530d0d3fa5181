"""Verifies ledgers of format ``aiep-ledger/2``; needs nothing but Python 3.11 or newer."""
