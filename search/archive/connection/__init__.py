"""Where a database is, how it is opened, and what of its URL may be seen."""
