"""The winner as a model that others load."""
