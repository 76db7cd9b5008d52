"""A journal nobody can change unseen"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from domain import chain

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_AT_ONCE = 5_000


def upgrade() -> None:
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.add_column(sa.Column("place", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("hash", sa.String(length=64), nullable=True))
    _chain()
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.alter_column("place", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("hash", existing_type=sa.String(length=64), nullable=False)
        batch_op.drop_index(batch_op.f("ix_journal_case_id"))
        batch_op.create_unique_constraint(batch_op.f("uq_journal_case_id_place"), ["case_id", "place"])
    op.create_table(
        "seals",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seals")),
    )
    op.create_table(
        "sealed_heads",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "place", name=op.f("pk_sealed_heads")),
    )
    op.create_index(op.f("ix_sealed_heads_seal"), "sealed_heads", ["seal"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_sealed_heads_seal"), table_name="sealed_heads")
    op.drop_table("sealed_heads")
    op.drop_table("seals")
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_journal_case_id_place"), type_="unique")
        batch_op.create_index(batch_op.f("ix_journal_case_id"), ["case_id"], unique=False)
        batch_op.drop_column("hash")
        batch_op.drop_column("place")


def _chain() -> None:
    """Chain the rows that stand there, diary by diary, so many at once."""
    connection = op.get_bind()
    names = ("id", "case_id", "seq", "at", "on", "day", "kind", "what", "by")
    # Moments are taken as the database gives them, which is how the chain spells them.
    rows = sa.table("journal", sa.column("place"), sa.column("hash"), *(sa.column(name) for name in names))
    read = sa.select(*(rows.c[name] for name in names)).order_by(rows.c.case_id, rows.c.id).limit(_AT_ONCE)
    after = sa.or_(rows.c.case_id > sa.bindparam("case"), sa.and_(rows.c.case_id == sa.bindparam("case"), rows.c.id > sa.bindparam("last")))
    write = sa.update(rows).where(rows.c.id == sa.bindparam("row")).values(place=sa.bindparam("to"), hash=sa.bindparam("made"))
    case, last, place, before = "", 0, 0, ""
    while found := connection.execute(read.where(after), {"case": case, "last": last}).all():
        made = []
        for row in found:
            if row.case_id != case:
                place, before = 0, ""
            case, last, place = row.case_id, row.id, place + 1
            before = chain.hash_after(before, chain.spell(case, place, *row[2:]))
            made.append({"row": last, "to": place, "made": before})
        connection.execute(write, made)
