"""Training of one trial: augmentation, optimizer, loop, metrics, checkpoints."""
