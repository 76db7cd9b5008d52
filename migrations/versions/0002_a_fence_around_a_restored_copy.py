"""A fence around a restored copy"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("installation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fenced_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("fenced_why", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("known_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reconciled_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("put_back_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("log_read", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("unmatched", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("installation", schema=None) as batch_op:
        for column in ("unmatched", "log_read", "put_back_at", "reconciled_at", "known_until", "fenced_why", "fenced_since"):
            batch_op.drop_column(column)
