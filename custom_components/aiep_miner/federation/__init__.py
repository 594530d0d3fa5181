"""Evidence shared with others: this Home Assistant as a witness, and an operator's witnesses."""
