"""What Home Assistant supplies to the engine: prices, power meters, and who commands."""
