"""Seeded scenarios of sites with miners, for tests and benchmarks of the economics."""
