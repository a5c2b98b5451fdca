"""Evaluations by recipe and fidelity, with their curve and machine; peak memory; studies."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# In PostgreSQL the key has this name; in SQLite it has none, and gets it while the table is copied.
NAMING = {"uq": "%(table_name)s_%(column_0_N_name)s_key"}
KEY = "arch_evaluation_identity_score_data_seed_key"


def upgrade() -> None:
    """What is there was not trained: no recipe, fidelity 0."""
    op.add_column("arch_architecture", sa.Column("memory", sa.BigInteger))
    with op.batch_alter_table("arch_evaluation", naming_convention=NAMING) as table:
        table.add_column(sa.Column("recipe", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("fidelity", sa.BigInteger, nullable=False, server_default="0"))
        table.add_column(sa.Column("curve", sa.JSON))
        table.add_column(sa.Column("machine", sa.Text, nullable=False, server_default=""))
        table.drop_constraint(KEY, type_="unique")
        table.create_unique_constraint(
            "arch_evaluation_key", ["identity", "score", "data", "recipe", "fidelity", "seed"])
    op.create_table(
        "arch_study",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False))
    op.execute("UPDATE arch_schema SET version = 2")    # the first release refuses it
