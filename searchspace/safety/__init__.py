"""Handling of untrusted input: files that are read, folders that are written, code that is run."""
