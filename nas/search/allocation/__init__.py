"""Which segments may run next, given the trials so far."""
