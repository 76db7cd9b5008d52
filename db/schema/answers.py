"""What came back: from customers, from their mailboxes, and from providers about what they took."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from db.schema.columns import ID, Moment, key, metadata

# Addresses and numbers that nothing goes to by a channel, whoever's they are. What was lifted stays, as evidence.
suppressions = Table(
    "suppressions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("open_key", String(400), unique=True),  # channel and reach while it stands, null once lifted
    Column("channel", String(20), nullable=False),
    Column("reach", Text, nullable=False, index=True),  # as domain.customer.spell_reach writes it
    Column("ground", String(20), nullable=False),  # domain.delivery.Ground
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("lifted_at", Moment),
    Column("lifted_by", Text, nullable=False, default=""),
    Column("lifted_why", Text, nullable=False, default=""),
)

# What providers told of messages after they took them, each once.
receipts = Table(
    "receipts",
    metadata,
    Column("id", ID, primary_key=True),
    Column("source", String(40), nullable=False),
    Column("source_id", Text, nullable=False),
    Column("outreach_id", ID, nullable=False, index=True),  # empty: it is none of ours
    Column("provider_id", Text, nullable=False),
    Column("reach", Text, nullable=False),
    Column("told", String(20), nullable=False),  # domain.delivery.Told
    Column("fault", String(20), nullable=False),  # domain.delivery.Fault, or empty
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    UniqueConstraint("source", "source_id"),
    Index("ix_receipts_reach_at", "reach", "at"),
)

# What customers wrote and said, however it came, as it was understood; and what of ours to them was not written by Dunwell.
incoming = Table(
    "incoming",
    metadata,
    Column("id", ID, primary_key=True),
    Column("source", String(200), nullable=False),
    Column("source_id", Text, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("stored_at", Moment, nullable=False),
    Column("sender", Text, nullable=False),
    Column("reach", Text, nullable=False),  # the sender, as domain.customer.spell_reach writes it
    Column("sender_name", Text, nullable=False),
    Column("recipients", JSON, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("thread", JSON, nullable=False),  # the ids it refers to, first of the thread first
    Column("headers", JSON, nullable=False),
    Column("from_us", Boolean, nullable=False),
    Column("seller_id", ID),
    Column("customer_id", ID, index=True),
    Column("joined_by", String(20), nullable=False),  # token, thread, sender, number, person; empty: nobody knows whose it is
    Column("intent", String(40), nullable=False),
    Column("understood", JSON),  # domain.understanding.Understood, whole
    Column("state", String(20), nullable=False),  # open, handled, noted
    Column("handled_as", String(40), nullable=False, default=""),
    Column("handled_by", Text, nullable=False, default=""),
    Column("handled_why", Text, nullable=False, default=""),
    Column("handled_at", Moment),
    Column("answered_at", Moment),  # one of our people wrote back from a mail program of their own
    UniqueConstraint("source", "source_id"),
    Index("ix_incoming_state_received_at", "state", "received_at"),
    Index("ix_incoming_message_id", "message_id"),
)

incoming_cases = Table(
    "incoming_cases",
    metadata,
    key("incoming_id", "incoming.id", primary_key=True),
    Column("case_id", ID, primary_key=True, index=True),
)

incoming_files = Table(
    "incoming_files",
    metadata,
    key("incoming_id", "incoming.id", primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("media_type", String(200), nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary),  # null: too large to be kept
)

# How far each folder of each mailbox has been read, written together with what was read from it.
mailboxes = Table(
    "mailboxes",
    metadata,
    Column("source", String(200), primary_key=True),
    Column("folder", String(200), primary_key=True),
    Column("uid_validity", BigInteger, nullable=False, default=0),
    Column("high_water", BigInteger, nullable=False, default=0),
    Column("read_at", Moment),
    Column("tried_at", Moment),
    Column("failures", Integer, nullable=False, default=0),
    Column("problem", Text, nullable=False, default=""),
)

# Remittance advice that is mailed on to whoever posts cash, each once.
forwards = Table(
    "forwards",
    metadata,
    key("incoming_id", "incoming.id", primary_key=True),
    Column("to_address", Text, nullable=False),
    Column("state", String(20), nullable=False),  # waiting, sending, then accepted, refused, unknown or shadowed
    Column("token", String(64), nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Moment, nullable=False),
    Column("claimed_at", Moment),
    Column("recorded_at", Moment),
    Column("provider", String(40), nullable=False, default=""),
    Column("provider_id", Text, nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Index("ix_forwards_state_not_before", "state", "not_before"),
)

# The refresh token that a mailbox's service handed out last, sealed with the one from the settings.
renewed_tokens = Table(
    "renewed_tokens",
    metadata,
    Column("source", String(200), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("renewed_at", Moment, nullable=False),
)
