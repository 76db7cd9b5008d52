"""How a customer may be reached"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pays_through", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("preferred_channel", sa.String(length=20), server_default="", nullable=False))
        batch_op.add_column(sa.Column("region", sa.String(length=3), server_default="", nullable=False))
        batch_op.add_column(sa.Column("natural_person", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("guarantor", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("consents", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("unapplied", sa.JSON(), server_default="{}", nullable=False))
    op.create_index(op.f("ix_customers_pays_through"), "customers", ["pays_through"], unique=False)
    op.create_table(
        "quiet_periods",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("whom", sa.String(length=64), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("stops_clock", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiet_periods")),
    )
    op.create_index("ix_quiet_periods_scope_whom", "quiet_periods", ["scope", "whom"], unique=False)
    with op.batch_alter_table("outreach", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reach", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("counts_as", sa.String(length=10), server_default="contact", nullable=False))
    op.create_index("ix_outreach_reach_claimed", "outreach", ["reach", "claimed_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_outreach_reach_claimed", table_name="outreach")
    with op.batch_alter_table("outreach", schema=None) as batch_op:
        batch_op.drop_column("counts_as")
        batch_op.drop_column("reach")
    op.drop_index("ix_quiet_periods_scope_whom", table_name="quiet_periods")
    op.drop_table("quiet_periods")
    op.drop_index(op.f("ix_customers_pays_through"), table_name="customers")
    with op.batch_alter_table("customers", schema=None) as batch_op:
        for column in ("unapplied", "consents", "guarantor", "natural_person", "region", "preferred_channel", "pays_through"):
            batch_op.drop_column(column)
