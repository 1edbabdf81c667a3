"""The winner as a model that others load, with a card that says what it is."""
