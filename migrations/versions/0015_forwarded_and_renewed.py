"""Remittance advice that is mailed on, and refresh tokens that a mail service renewed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forwards",
        sa.Column("incoming_id", sa.String(length=64), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incoming_id"], ["incoming.id"], name=op.f("fk_forwards_incoming_id")),
        sa.PrimaryKeyConstraint("incoming_id", name=op.f("pk_forwards")),
    )
    op.create_index("ix_forwards_state_not_before", "forwards", ["state", "not_before"])
    op.create_table(
        "renewed_tokens",
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_renewed_tokens")),
    )


def downgrade() -> None:
    op.drop_table("renewed_tokens")
    op.drop_index("ix_forwards_state_not_before", "forwards")
    op.drop_table("forwards")
