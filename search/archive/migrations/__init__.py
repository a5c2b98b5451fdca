"""The archive's schema, one file a change, by alembic; each works on SQLite and PostgreSQL.

A released file is never edited. They spell tables out and import none of the project's modules,
which know the newest tables only.
"""
