"""Which segment to run next: samplers and the allocation of seeds."""
