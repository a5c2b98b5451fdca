"""Points of a search space: counted, sampled, and brought inside a budget."""
