"""Two networks side by side, stage by stage."""
