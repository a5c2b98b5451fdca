"""The present network: its text, numbers, drawing, place in its space, and the studies of it."""
