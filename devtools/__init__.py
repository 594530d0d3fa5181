"""What tests, demo and benchmarks share: emulated miners, scenario generators."""
