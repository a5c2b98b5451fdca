"""Bundled networks and their papers' figures."""
