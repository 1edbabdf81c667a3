"""Training of one trial: data, augmentation, optimizer, loop, metrics, checkpoints."""
