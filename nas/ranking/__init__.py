"""The ranking: scores, relations and their evidence."""
