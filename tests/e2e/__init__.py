"""A real Home Assistant process, driven from outside."""
