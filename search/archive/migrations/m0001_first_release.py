"""The tables of the first release, which wrote version 1 into ``arch_schema``."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """An empty archive."""
    op.create_table(
        "arch_architecture",
        sa.Column("identity", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("space", sa.Text),
        sa.Column("genotype", sa.Text, nullable=False),
        sa.Column("macs", sa.BigInteger, nullable=False),
        sa.Column("params", sa.BigInteger, nullable=False),
        sa.Column("input_size", sa.BigInteger, nullable=False))
    op.create_index("ix_arch_architecture_macs", "arch_architecture", ["macs"])
    op.create_table(
        "arch_evaluation",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("identity", sa.Text, sa.ForeignKey("arch_architecture.identity"),
                  nullable=False),
        sa.Column("score", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("study", sa.Text),
        sa.Column("trial", sa.BigInteger),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("identity", "score", "data", "seed"))
    op.create_index("ix_arch_evaluation_study", "arch_evaluation", ["study"])
    schema = op.create_table("arch_schema",
                             sa.Column("id", sa.Integer, primary_key=True),
                             sa.Column("version", sa.BigInteger, nullable=False))
    op.bulk_insert(schema, [{"id": 1, "version": 1}])
