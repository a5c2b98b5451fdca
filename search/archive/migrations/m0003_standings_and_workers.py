"""Networks by their mean value, which answers "the best under a budget"; workers and claims."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

STANDINGS = """
INSERT INTO arch_standing (identity, score, data, recipe, fidelity, magnitude, macs, mean, least,
                           greatest, count)
SELECT e.identity, e.score, e.data, e.recipe, e.fidelity, a.magnitude, a.macs, avg(e.value),
       min(e.value), max(e.value), count(e.value)
FROM arch_evaluation e JOIN arch_architecture a ON a.identity = e.identity
WHERE e.value IS NOT NULL
GROUP BY e.identity, e.score, e.data, e.recipe, e.fidelity, a.magnitude, a.macs
"""


def upgrade() -> None:
    """Standings follow from the evaluations that are there."""
    op.add_column("arch_architecture", sa.Column("magnitude", sa.Integer, nullable=False,
                                                 server_default="0"))
    connection = op.get_bind()
    architecture = sa.table("arch_architecture", sa.column("identity"), sa.column("macs"),
                            sa.column("magnitude"))
    costs = connection.scalars(sa.select(architecture.c.macs).distinct()).all()
    if costs:
        connection.execute(
            sa.update(architecture).where(architecture.c.macs == sa.bindparam("cost"))
            .values(magnitude=sa.bindparam("exponent")),
            [{"cost": macs, "exponent": _magnitude(macs)} for macs in costs])
    op.create_table(
        "arch_standing",
        sa.Column("identity", sa.Text, sa.ForeignKey("arch_architecture.identity"),
                  primary_key=True),
        sa.Column("score", sa.Text, primary_key=True),
        sa.Column("data", sa.Text, primary_key=True),
        sa.Column("recipe", sa.Text, primary_key=True),
        sa.Column("fidelity", sa.BigInteger, primary_key=True),
        sa.Column("magnitude", sa.Integer, nullable=False),
        sa.Column("macs", sa.BigInteger, nullable=False),
        sa.Column("mean", sa.Double, nullable=False),
        sa.Column("least", sa.Double, nullable=False),
        sa.Column("greatest", sa.Double, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False))
    op.execute(STANDINGS)
    op.create_index("ix_arch_standing_best", "arch_standing",
                    ["score", "data", "recipe", "fidelity", "magnitude", sa.text("mean DESC"),
                     "macs", "identity"])
    op.create_table(
        "arch_worker",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("study", sa.Text, nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat", sa.DateTime(timezone=True), nullable=False))
    op.create_table(
        "arch_claim",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False))
    op.create_index("ix_arch_claim_worker", "arch_claim", ["worker"])
    op.execute("UPDATE arch_schema SET version = 3")


def _magnitude(macs: int) -> int:
    """Four steps from one power of two to the next."""
    power = max(macs, 1).bit_length() - 1
    return 4 * power + (((max(macs, 1) << 2) >> power) & 3)
