"""Adapters: how miners are read and told. Only ``engine/steps/execute.py`` may call ``execute``."""
