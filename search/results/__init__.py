"""A finished or running study read back, and written out."""
