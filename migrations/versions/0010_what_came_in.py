"""What customers wrote and said, what it was understood as, and what a person made of it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incoming",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("thread", sa.JSON(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("from_us", sa.Boolean(), nullable=False),
        sa.Column("seller_id", sa.String(length=64), nullable=True),
        sa.Column("customer_id", sa.String(length=64), nullable=True),
        sa.Column("joined_by", sa.String(length=20), nullable=False),
        sa.Column("intent", sa.String(length=40), nullable=False),
        sa.Column("understood", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("handled_as", sa.String(length=40), nullable=False),
        sa.Column("handled_by", sa.Text(), nullable=False),
        sa.Column("handled_why", sa.Text(), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming")),
        sa.UniqueConstraint("source", "source_id", name=op.f("uq_incoming_source_source_id")),
    )
    op.create_index(op.f("ix_incoming_customer_id"), "incoming", ["customer_id"], unique=False)
    op.create_index("ix_incoming_state_received_at", "incoming", ["state", "received_at"], unique=False)
    op.create_index("ix_incoming_message_id", "incoming", ["message_id"], unique=False)
    op.create_table(
        "incoming_cases",
        sa.Column("incoming_id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["incoming_id"], ["incoming.id"], name=op.f("fk_incoming_cases_incoming_id")),
        sa.PrimaryKeyConstraint("incoming_id", "case_id", name=op.f("pk_incoming_cases")),
    )
    op.create_index(op.f("ix_incoming_cases_case_id"), "incoming_cases", ["case_id"], unique=False)
    op.create_table(
        "incoming_files",
        sa.Column("incoming_id", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["incoming_id"], ["incoming.id"], name=op.f("fk_incoming_files_incoming_id")),
        sa.PrimaryKeyConstraint("incoming_id", "place", name=op.f("pk_incoming_files")),
    )
    op.create_table(
        "mailboxes",
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("folder", sa.String(length=200), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("high_water", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "folder", name=op.f("pk_mailboxes")),
    )
    with op.batch_alter_table("installation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("replies_read_by", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("installation", schema=None) as batch_op:
        batch_op.drop_column("replies_read_by")
    op.drop_table("mailboxes")
    op.drop_table("incoming_files")
    op.drop_index(op.f("ix_incoming_cases_case_id"), table_name="incoming_cases")
    op.drop_table("incoming_cases")
    op.drop_index("ix_incoming_message_id", table_name="incoming")
    op.drop_index("ix_incoming_state_received_at", table_name="incoming")
    op.drop_index(op.f("ix_incoming_customer_id"), table_name="incoming")
    op.drop_table("incoming")
