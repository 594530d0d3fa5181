"""Adapters: how miners are read and told. Only ``engine/execution.py`` may call ``execute``."""
