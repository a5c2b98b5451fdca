"""What comes from strangers: files that are read, folders that are written, code that is run."""
