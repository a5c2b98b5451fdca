"""Connections to databases: locations, access modes, retries, and URLs without secrets."""
