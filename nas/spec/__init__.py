"""What a user asked for: the study's options with their bounds and defaults, read from files."""
