"""Results of a study: final comparison, Pareto front, files, and reading a study back."""
