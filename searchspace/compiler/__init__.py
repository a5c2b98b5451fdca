"""A document becomes a program of steps, with everything checked once."""
