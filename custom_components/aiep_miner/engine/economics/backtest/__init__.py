"""The engine on a clock of its own: a scenario and a series in, money and levels out."""
