"""Accuracy predicted in percent, from published accuracies and the expanded graph alone."""
