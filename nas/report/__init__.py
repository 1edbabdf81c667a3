"""The report: figures, and the one-file HTML page."""
