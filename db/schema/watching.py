"""Every invoice watched: what it is, what was said, decided and done about it, and the seals upon that."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from db.schema.columns import ID, Moment, key, metadata

invoices = Table(
    "invoices",
    metadata,
    Column("id", ID, primary_key=True),
    key("seller_id", "sellers.id"),
    key("customer_id", "customers.id", index=True),
    Column("number", Text, nullable=False),
    Column("ref", Text, nullable=False),  # the ledger's own key
    Column("currency", String(3), nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("balance_minor", BigInteger, nullable=False),
    Column("issued", Date, nullable=False),
    Column("due", Date, nullable=False, index=True),
    Column("standing", String(20), nullable=False),
    Column("pay_url", Text, nullable=False),
    Column("pdf_url", Text, nullable=False),
    Column("purchase_order", Text, nullable=False),
    Column("paid_on", Date),
    Column("seen_at", Moment, nullable=False),
    Column("bookings", JSON(none_as_null=True)),  # null: the ledger tells no single payments
    UniqueConstraint("customer_id", "number"),
    UniqueConstraint("seller_id", "ref"),
)

playbook_versions = Table(
    "playbook_versions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("resolved", Text, nullable=False),  # immutable
    Column("stored_at", Moment, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("id", ID, primary_key=True),  # the workflow's id
    key("invoice_id", "invoices.id", unique=True),
    key("customer_id", "customers.id", index=True),
    key("seller_id", "sellers.id"),
    Column("playbook_hash", String(64), ForeignKey("playbook_versions.hash"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("stage", String(40), nullable=False, index=True),
    Column("rule", String(40), nullable=False),
    Column("waiting_because", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("next_at", Moment, index=True),
    Column("contact_at", Moment),  # of the contact it waits for, where it is looked at before
    Column("next_step", String(100), nullable=False, default=""),
    Column("ended", String(20), index=True),
    Column("body", JSON, nullable=False),  # domain.case.Case, whole
    Column("updated_at", Moment, nullable=False),
)

# A plan to pay one or more invoices of a customer in installments: one workflow each.
plans = Table(
    "plans",
    metadata,
    Column("id", ID, primary_key=True),
    key("customer_id", "customers.id", index=True),
    key("seller_id", "sellers.id"),
    Column("state", String(20), nullable=False, index=True),  # domain.payment_plan.PlanState
    Column("next_at", Moment),
    Column("seq", Integer, nullable=False),
    Column("body", JSON, nullable=False),  # domain.plan_keeping.KeptPlan, whole
    Column("updated_at", Moment, nullable=False),
)

plan_invoices = Table(
    "plan_invoices",
    metadata,
    key("plan_id", "plans.id", primary_key=True),
    key("invoice_id", "invoices.id", primary_key=True, index=True),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", ID, primary_key=True),
    Column("source", String(100), nullable=False),
    Column("source_id", Text, nullable=False),
    Column("seller_id", ID),
    Column("ref", Text, nullable=False, default=""),  # the ledger's key, while no case is known
    Column("case_id", ID, index=True),
    Column("kind", String(20), nullable=False),
    Column("body", Text, nullable=False),
    Column("news", JSON),  # domain.event.News, when it could be read
    Column("by", Text, nullable=False, default=""),
    Column("received_at", Moment, nullable=False),
    Column("state", String(20), nullable=False, index=True),  # new, passed_on, folded, ended, dead
    Column("attempts", Integer, nullable=False, default=0),
    Column("last_error", Text, nullable=False, default=""),
    Column("folded_seq", Integer),
    Column("folded_at", Moment),
    Column("reply_taken", Boolean),
    Column("reply", Text, nullable=False, default=""),
    UniqueConstraint("source", "source_id"),
)

decision_records = Table(
    "decision_records",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    key("case_id", "cases.id", index=True),
    Column("seq", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("rule", String(40), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("why", Text, nullable=False),
    Column("until", Moment),
    Column("facts", JSON, nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", ID, primary_key=True),
    Column("key", String(300), nullable=False),
    Column("open_key", String(300), unique=True),  # key while open, null when done: one open task a matter
    Column("kind", String(40), nullable=False),
    Column("title", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("due", Date, nullable=False),
    Column("case_id", ID, index=True),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("result", Text, nullable=False, default=""),
)

journal = Table(
    "journal",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    key("case_id", "cases.id"),
    Column("place", Integer, nullable=False),  # counts from 1 within the case
    Column("seq", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("on", Date, nullable=False),
    Column("day", Integer, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("what", Text, nullable=False),
    Column("by", Text, nullable=False, default=""),
    Column("hash", String(64), nullable=False),  # domain.chain: over the row, and over the hash of the row before it
    UniqueConstraint("case_id", "place"),
)

# One seal a night vouches for the last rows of all journals that have grown since the one before.
seals = Table(
    "seals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("cases", Integer, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)

sealed_heads = Table(
    "sealed_heads",
    metadata,
    Column("case_id", ID, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("seal", Integer, nullable=False, index=True),
)

# One row a seller and week: what its owner should see.
reviews = Table(
    "reviews",
    metadata,
    Column("id", ID, primary_key=True),  # the workflow's id
    key("seller_id", "sellers.id"),
    Column("week", String(10), nullable=False),
    Column("since", Date, nullable=False),  # the day from which reviews have gone unread without a break, this one's own if none did
    Column("opened_at", Moment, nullable=False),
    Column("body", JSON, nullable=False),  # domain.review.Digest, whole
    Column("replaced_by", ID),
    Column("reviewed_at", Moment),
    Column("reviewed_by", Text, nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    UniqueConstraint("seller_id", "week"),
)

# The mails about a review: among ourselves, so none of them is a contact with a customer.
review_mails = Table(
    "review_mails",
    metadata,
    key("review_id", "reviews.id", primary_key=True),
    Column("level", String(40), primary_key=True),  # the one key that makes a second mail of the same kind impossible
    Column("state", String(20), nullable=False),  # sending, then accepted, refused or unknown; or shadowed
    Column("token", String(64), nullable=False),
    Column("to_address", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("provider", String(40), nullable=False, default=""),
    Column("provider_id", Text, nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("try_again", Boolean, nullable=False, default=False),
    Column("claimed_at", Moment, nullable=False),
    Column("recorded_at", Moment),
)
