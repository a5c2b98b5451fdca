"""What scores are worth, measured against known accuracies."""
