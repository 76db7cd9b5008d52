"""Who decides, who stands in, and links to decide by"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("duties", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("deputy", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("away_from", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("away_through", sa.Date(), nullable=True))
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("channel", sa.String(length=20), server_default="", nullable=False))
        batch_op.add_column(sa.Column("recipient", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "approval_links",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("approval_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=10), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["approvals.id"], name=op.f("fk_approval_links_approval_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_approval_links_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_approval_links_token_hash")),
    )
    op.create_index(op.f("ix_approval_links_approval_id"), "approval_links", ["approval_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_approval_links_approval_id"), table_name="approval_links")
    op.drop_table("approval_links")
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        for column in ("recipient", "channel"):
            batch_op.drop_column(column)
    with op.batch_alter_table("people", schema=None) as batch_op:
        for column in ("away_through", "away_from", "deputy", "duties", "email"):
            batch_op.drop_column(column)
