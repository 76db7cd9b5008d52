"""What left, or may leave: messages with what they cover, the links in them, and what people agreed to."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from db.schema.columns import ID, Moment, key, metadata

# Letters as they left, set as PDF.
letters = Table(
    "letters",
    metadata,
    key("outreach_id", "outreach.id", primary_key=True),
    Column("pdf", LargeBinary, nullable=False),
)

# The links to a contact's own page. Only the hash of what stands in a link is kept.
portal_links = Table(
    "portal_links",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("contact_id", ID, nullable=False, index=True),  # the ledger may take the contact away; then the link leads nowhere
    Column("reach", Text, nullable=False),  # and so it does once the contact has another address
    Column("made_at", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("revoked_at", Moment),
)

# Our own links to pay an invoice, one a message, and when each was first followed: by a person, by a machine.
pay_links = Table(
    "pay_links",
    metadata,
    key("outreach_id", "outreach.id", primary_key=True),
    key("invoice_id", "invoices.id", primary_key=True, index=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("made_at", Moment, nullable=False),
    Column("opened_at", Moment),
    Column("machine_at", Moment),
)

outreach = Table(
    "outreach",
    metadata,
    Column("id", ID, primary_key=True),
    key("customer_id", "customers.id"),
    key("seller_id", "sellers.id"),
    Column("contact_id", ID, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("step", String(100), nullable=False),  # the step that carries the wording
    Column("stage", String(20), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("token", String(64), nullable=False),
    Column("claimed_by", ID, nullable=False),  # the case whose worker claimed it
    Column("try_again", Boolean, nullable=False, default=False),  # refused, and the same may work later
    Column("provider", String(40), nullable=False, default=""),
    Column("provider_id", Text, nullable=False, default=""),
    Column("message_id", Text, nullable=False, default=""),
    Column("to_address", Text, nullable=False, default=""),
    Column("subject", Text, nullable=False, default=""),
    Column("text", Text, nullable=False, default=""),
    Column("html", Text, nullable=False, default=""),
    Column("fence", JSON),  # the ledger's answer the message was written from
    Column("reason", Text, nullable=False, default=""),
    Column("claimed_at", Moment, nullable=False),
    Column("fenced_at", Moment),
    Column("sending_at", Moment),
    Column("recorded_at", Moment),
    Column("reach", Text, nullable=False, default="", server_default=""),  # the address or number, written in one way, whoever's it is
    Column("counts_as", String(10), nullable=False, default="contact", server_default="contact"),  # domain.facts.CountsAs
    Index("ix_outreach_customer_claimed", "customer_id", "claimed_at"),
    Index("ix_outreach_reach_claimed", "reach", "claimed_at"),
)

calls = Table(
    "calls",
    metadata,
    key("outreach_id", "outreach.id", primary_key=True),
    Column("sheet", JSON, nullable=False),
    Column("speak_until", Moment, nullable=False),
    Column("sid", String(64), nullable=False),
    Column("state", JSON),
    Column("step", Integer, nullable=False),
    Column("said", Text, nullable=False),
    Column("lines", JSON, nullable=False),  # all that was said, by either side
    Column("answered_by", String(20), nullable=False),  # human, machine; stopped: by ourselves, before anything was said
    Column("why", Text, nullable=False),
    Column("status", String(40), nullable=False),
    Column("prepared_at", Moment, nullable=False),
    Column("ended_at", Moment),
)

outreach_parts = Table(
    "outreach_parts",
    metadata,
    key("outreach_id", "outreach.id", primary_key=True),
    key("case_id", "cases.id", primary_key=True),
    Column("round", Integer, nullable=False),
    Column("rung", String(100), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("leads", Boolean, nullable=False),  # worded at this step's level; the others ride along
    Column("dropped", Boolean, nullable=False, default=False),  # settled by the time of the fence
    # The one key that makes a second message for the same step impossible.
    UniqueConstraint("case_id", "round", "rung", "channel", "attempt"),
)

# The exact text of a step that people were asked to agree to.
approvals = Table(
    "approvals",
    metadata,
    Column("id", ID, primary_key=True),
    key("case_id", "cases.id", index=True),
    Column("round", Integer, nullable=False),
    Column("step", String(100), nullable=False),
    Column("text_hash", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("channel", String(20), nullable=False, default="", server_default=""),
    Column("recipient", Text, nullable=False, default="", server_default=""),  # the name of whom it would be said to
)

# One link for one person to answer one such question once. Only the hash of what stands in the link is kept.
approval_links = Table(
    "approval_links",
    metadata,
    Column("id", ID, primary_key=True),
    key("approval_id", "approvals.id", index=True),
    key("person_id", "people.id"),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("expires", Moment, nullable=False),
    Column("used_at", Moment),
    Column("answer", String(10), nullable=False, default="", server_default=""),
)

# One link for the customer to answer a message with one tap. Only the hash of what stands in the link is kept.
answer_links = Table(
    "answer_links",
    metadata,
    key("outreach_id", "outreach.id", primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("expires", Moment, nullable=False),
)

# One link for the reader of a message to want no more of them. Only the hash of what stands in the link is kept.
unsubscribe_links = Table(
    "unsubscribe_links",
    metadata,
    key("outreach_id", "outreach.id", primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
)

# What a writing model was asked to write for a step, once a round, and what became of it.
drafts = Table(
    "drafts",
    metadata,
    key("case_id", "cases.id", primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("step", String(100), primary_key=True),
    Column("model", String(200), nullable=False),
    Column("paragraphs", JSON, nullable=False),
    Column("verdict", String(20), nullable=False),  # passed, refused, failed
    Column("reason", Text, nullable=False),
    Column("drafted_at", Moment, nullable=False),
    key("outreach_id", "outreach.id", nullable=True, index=True),  # the message it was looked at for last
)

# What a seller's owner was shown of the texts in the owner's voice, and agreed to.
voice_drafts = Table(
    "voice_drafts",
    metadata,
    Column("id", ID, primary_key=True),
    key("seller_id", "sellers.id"),
    Column("edition", String(64), nullable=False),  # of profile and wording together
    Column("tier", Integer, nullable=False),
    Column("about", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("written_at", Moment, nullable=False),
    Column("approved_by", Text, nullable=False, default=""),
    Column("approved_at", Moment),
    Index("ix_voice_drafts_seller_id_edition", "seller_id", "edition"),
)
