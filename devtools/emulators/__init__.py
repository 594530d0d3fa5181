"""Emulated miners for tests and the demo: real protocols on loopback addresses."""
