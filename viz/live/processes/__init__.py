"""Processes of the playground: jobs within limits, and searches."""
