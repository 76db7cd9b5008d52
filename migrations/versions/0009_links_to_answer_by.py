"""Links by which customers answer with one tap"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answer_links",
        sa.Column("outreach_id", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["outreach_id"], ["outreach.id"], name=op.f("fk_answer_links_outreach_id")),
        sa.PrimaryKeyConstraint("outreach_id", name=op.f("pk_answer_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_answer_links_token_hash")),
    )


def downgrade() -> None:
    op.drop_table("answer_links")
