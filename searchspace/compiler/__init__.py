"""Compiler: from documents to checked programs of steps."""
