"""The customer's own page, letters as they left, and links that are followed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("customers") as table:
        table.add_column(sa.Column("address", sa.JSON(), server_default="[]", nullable=False))
        table.add_column(sa.Column("procurement_portal", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("contacts") as table:
        table.add_column(sa.Column("portal_reach", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "letters",
        sa.Column("outreach_id", sa.String(length=64), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["outreach_id"], ["outreach.id"], name=op.f("fk_letters_outreach_id")),
        sa.PrimaryKeyConstraint("outreach_id", name=op.f("pk_letters")),
    )
    op.create_table(
        "portal_links",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=64), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_portal_links")),
    )
    op.create_index(op.f("ix_portal_links_contact_id"), "portal_links", ["contact_id"])
    op.create_table(
        "pay_links",
        sa.Column("outreach_id", sa.String(length=64), nullable=False),
        sa.Column("invoice_id", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("machine_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["outreach_id"], ["outreach.id"], name=op.f("fk_pay_links_outreach_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_pay_links_invoice_id")),
        sa.PrimaryKeyConstraint("outreach_id", "invoice_id", name=op.f("pk_pay_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_pay_links_token_hash")),
    )
    op.create_index(op.f("ix_pay_links_invoice_id"), "pay_links", ["invoice_id"])


def downgrade() -> None:
    op.drop_table("pay_links")
    op.drop_table("portal_links")
    with op.batch_alter_table("contacts") as table:
        table.drop_column("portal_reach")
    op.drop_table("letters")
    with op.batch_alter_table("customers") as table:
        table.drop_column("procurement_portal")
        table.drop_column("address")
