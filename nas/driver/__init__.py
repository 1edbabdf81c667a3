"""The one process that writes a study, and what a study leaves when it has ended."""
