"""Tests of Home Assistant with emulated miners of every make on loopback."""
