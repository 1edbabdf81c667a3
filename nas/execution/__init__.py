"""Where segments run: in this process, or as Ray Tune trials."""
