"""Generators of the pages and pictures of this repository itself; not in the wheel."""
