"""The search-space files users copy, and under them the language they are written in."""
