"""A study's objective, learned from the networks that it evaluated, for all that it did not."""
