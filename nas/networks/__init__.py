"""The families of networks that a study can train: described, built and measured alike."""
