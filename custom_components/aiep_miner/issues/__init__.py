"""Repair issues, and the flows that they lead to."""
