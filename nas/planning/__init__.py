"""The bill before the meal: what a study will take, from a few real steps of a few networks."""
