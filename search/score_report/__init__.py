"""Evaluation of scores against known accuracies."""
