"""Tests of the emulated devices themselves."""
