"""Entity descriptions and the values that they show."""
