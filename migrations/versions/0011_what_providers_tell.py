"""What providers tell of messages, and whom nobody may write to"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suppressions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("open_key", sa.String(length=400), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("ground", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=False),
        sa.Column("lifted_why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
        sa.UniqueConstraint("open_key", name=op.f("uq_suppressions_open_key")),
    )
    op.create_index(op.f("ix_suppressions_reach"), "suppressions", ["reach"], unique=False)
    op.create_table(
        "receipts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("outreach_id", sa.String(length=64), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("told", sa.String(length=20), nullable=False),
        sa.Column("fault", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("source", "source_id", name=op.f("uq_receipts_source_source_id")),
    )
    op.create_index(op.f("ix_receipts_outreach_id"), "receipts", ["outreach_id"], unique=False)
    op.create_index("ix_receipts_reach_at", "receipts", ["reach", "at"], unique=False)
    op.create_table(
        "unsubscribe_links",
        sa.Column("outreach_id", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["outreach_id"], ["outreach.id"], name=op.f("fk_unsubscribe_links_outreach_id")),
        sa.PrimaryKeyConstraint("outreach_id", name=op.f("pk_unsubscribe_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_unsubscribe_links_token_hash")),
    )


def downgrade() -> None:
    op.drop_table("unsubscribe_links")
    op.drop_index("ix_receipts_reach_at", table_name="receipts")
    op.drop_index(op.f("ix_receipts_outreach_id"), table_name="receipts")
    op.drop_table("receipts")
    op.drop_index(op.f("ix_suppressions_reach"), table_name="suppressions")
    op.drop_table("suppressions")
