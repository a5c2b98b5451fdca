"""Weight sharing: one set of weights for all networks of a space, trained path by path."""
