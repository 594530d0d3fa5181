"""Planning: the value of every state of every miner ahead, and the choice of all levels at once."""
