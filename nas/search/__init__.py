"""What runs next, decided passively from the spec and the journal: which points, which segments."""
