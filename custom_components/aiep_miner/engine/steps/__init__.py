"""The steps of the governed cycle: record, divergence, decide, govern, execute."""
