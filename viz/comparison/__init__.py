"""Comparison of two networks, stage by stage."""
