"""The documented web interface of AxeOS: BitAxe and NerdAxe."""
