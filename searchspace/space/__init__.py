"""Points of a search space: counting, sampling, and projection into a budget."""
