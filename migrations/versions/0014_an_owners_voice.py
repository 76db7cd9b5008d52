"""How an owner writes, and the drafts the owner has agreed to"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("paragraphs", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outreach_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_drafts_case_id")),
        sa.ForeignKeyConstraint(["outreach_id"], ["outreach.id"], name=op.f("fk_drafts_outreach_id")),
        sa.PrimaryKeyConstraint("case_id", "round", "step", name=op.f("pk_drafts")),
    )
    op.create_index(op.f("ix_drafts_outreach_id"), "drafts", ["outreach_id"])
    op.create_table(
        "voice_drafts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("seller_id", sa.String(length=64), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["seller_id"], ["sellers.id"], name=op.f("fk_voice_drafts_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_drafts")),
    )
    op.create_index("ix_voice_drafts_seller_id_edition", "voice_drafts", ["seller_id", "edition"])


def downgrade() -> None:
    op.drop_index("ix_voice_drafts_seller_id_edition", "voice_drafts")
    op.drop_table("voice_drafts")
    op.drop_index(op.f("ix_drafts_outreach_id"), "drafts")
    op.drop_table("drafts")
