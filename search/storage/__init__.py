"""Optuna's tables of a study: trials of several workers, retried, and checked when read."""
