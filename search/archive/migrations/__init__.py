"""Alembic migrations of the archive's schema, one file per change, for SQLite and PostgreSQL.

A released file is never edited. They define tables explicitly and import none of the project's
modules, which know the newest tables only.
"""
