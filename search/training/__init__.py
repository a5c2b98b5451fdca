"""Training networks: batches, optimiser, loop, checkpoints."""
