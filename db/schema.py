"""The tables. Rows never leave this package: repositories speak in domain values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; SQLite forgets zones, so they are put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"moment {value} has no time zone")
        return value.astimezone(UTC) if dialect.name != "sqlite" else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = String(64)


def _key(name: str, target: str, **options: Any) -> Column[str]:
    return Column(name, _ID, ForeignKey(target), nullable=options.pop("nullable", False), **options)


sellers = Table(
    "sellers",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("ledger", String(40), nullable=False),
    Column("body", JSON, nullable=False),  # domain.seller.Seller, whole
)

# What is known of a seller's ledger: one row each, so that an unreachable ledger is one incident.
books = Table(
    "books",
    metadata,
    _key("seller_id", "sellers.id", primary_key=True),
    Column("read_at", Moment),  # csv: the last import; rest: the last whole pull
    Column("posted_through", Date),
    Column("posted_by", Text, nullable=False, default=""),
)

customers = Table(
    "customers",
    metadata,
    Column("id", _ID, primary_key=True),
    _key("seller_id", "sellers.id"),
    Column("number", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("country", String(2), nullable=False),
    Column("zones", JSON, nullable=False),
    Column("language", String(10), nullable=False),
    Column("behavior", String(20), nullable=False),
    Column("tier", String(20), nullable=False),
    Column("tier_set_by", Text, nullable=False, default="", server_default=""),
    Column("account_manager", Text, nullable=False, default="", server_default=""),
    Column("account_manager_email", Text, nullable=False, default="", server_default=""),
    Column("usual_days_late", Integer, nullable=False, default=0, server_default="0"),
    Column("pays_through", _ID, index=True),  # the customer who is written to in its place
    Column("preferred_channel", String(20), nullable=False, default="", server_default=""),
    Column("region", String(3), nullable=False, default="", server_default=""),  # what follows the hyphen in ISO 3166-2
    Column("natural_person", Boolean, nullable=False, default=False, server_default=false()),
    Column("guarantor", Boolean, nullable=False, default=False, server_default=false()),  # a human being answers for what it owes
    Column("consents", JSON, nullable=False, default=list, server_default="[]"),
    Column("address", JSON, nullable=False, default=list, server_default="[]"),  # lines of a letter below the name
    Column("procurement_portal", Text, nullable=False, default="", server_default=""),  # where it wants invoices to be uploaded by us
    Column("unapplied", JSON, nullable=False, default=dict, server_default="{}"),  # paid, and not yet set against an invoice: amount by currency
    UniqueConstraint("seller_id", "number"),
)

# Letters as they left, set as PDF.
letters = Table(
    "letters",
    metadata,
    _key("outreach_id", "outreach.id", primary_key=True),
    Column("pdf", LargeBinary, nullable=False),
)

# Days on which nothing is sent to a customer, all of a seller's customers, or all in a country.
quiet_periods = Table(
    "quiet_periods",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("scope", String(20), nullable=False),  # seller, country, customer
    Column("whom", _ID, nullable=False),  # the seller's or customer's id, or the country's code
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("why", Text, nullable=False),
    Column("stops_clock", Boolean, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", Moment, nullable=False),
    Index("ix_quiet_periods_scope_whom", "scope", "whom"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", _ID, primary_key=True),
    _key("customer_id", "customers.id", index=True),
    Column("role", String(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("language", String(10), nullable=False),
    Column("refused", JSON, nullable=False),  # channels opted out of, or found dead
    Column("set_by", Text, nullable=False, default=""),  # a person's change outranks the ledger's
    Column("portal_reach", Text, nullable=False, default="", server_default=""),  # the address under which they use their page
)

# The links to a contact's own page. Only the hash of what stands in a link is kept.
portal_links = Table(
    "portal_links",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("contact_id", _ID, nullable=False, index=True),  # the ledger may take the contact away; then the link leads nowhere
    Column("reach", Text, nullable=False),  # and so it does once the contact has another address
    Column("made_at", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("revoked_at", Moment),
)

# Our own links to pay an invoice, one a message, and when each was first followed: by a person, by a machine.
pay_links = Table(
    "pay_links",
    metadata,
    _key("outreach_id", "outreach.id", primary_key=True),
    _key("invoice_id", "invoices.id", primary_key=True, index=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("made_at", Moment, nullable=False),
    Column("opened_at", Moment),
    Column("machine_at", Moment),
)

invoices = Table(
    "invoices",
    metadata,
    Column("id", _ID, primary_key=True),
    _key("seller_id", "sellers.id"),
    _key("customer_id", "customers.id", index=True),
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
    Column("id", _ID, primary_key=True),  # the workflow's id
    _key("invoice_id", "invoices.id", unique=True),
    _key("customer_id", "customers.id", index=True),
    _key("seller_id", "sellers.id"),
    Column("playbook_hash", String(64), ForeignKey("playbook_versions.hash"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("stage", String(40), nullable=False, index=True),
    Column("rule", String(40), nullable=False),
    Column("waiting_because", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("next_at", Moment, index=True),
    Column("next_step", String(100), nullable=False, default=""),
    Column("ended", String(20), index=True),
    Column("body", JSON, nullable=False),  # domain.case.Case, whole
    Column("updated_at", Moment, nullable=False),
)

outreach = Table(
    "outreach",
    metadata,
    Column("id", _ID, primary_key=True),
    _key("customer_id", "customers.id"),
    _key("seller_id", "sellers.id"),
    Column("contact_id", _ID, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("step", String(100), nullable=False),  # the step that carries the wording
    Column("stage", String(20), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("token", String(64), nullable=False),
    Column("claimed_by", _ID, nullable=False),  # the case whose worker claimed it
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
    _key("outreach_id", "outreach.id", primary_key=True),
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
    _key("outreach_id", "outreach.id", primary_key=True),
    _key("case_id", "cases.id", primary_key=True),
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
    Column("id", _ID, primary_key=True),
    _key("case_id", "cases.id", index=True),
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
    Column("id", _ID, primary_key=True),
    _key("approval_id", "approvals.id", index=True),
    _key("person_id", "people.id"),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("expires", Moment, nullable=False),
    Column("used_at", Moment),
    Column("answer", String(10), nullable=False, default="", server_default=""),
)

# One link for the customer to answer a message with one tap. Only the hash of what stands in the link is kept.
answer_links = Table(
    "answer_links",
    metadata,
    _key("outreach_id", "outreach.id", primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("expires", Moment, nullable=False),
)

# A plan to pay one or more invoices of a customer in installments: one workflow each.
plans = Table(
    "plans",
    metadata,
    Column("id", _ID, primary_key=True),
    _key("customer_id", "customers.id", index=True),
    _key("seller_id", "sellers.id"),
    Column("state", String(20), nullable=False, index=True),  # domain.payment_plan.PlanState
    Column("next_at", Moment),
    Column("seq", Integer, nullable=False),
    Column("body", JSON, nullable=False),  # domain.plan_keeping.KeptPlan, whole
    Column("updated_at", Moment, nullable=False),
)

plan_invoices = Table(
    "plan_invoices",
    metadata,
    _key("plan_id", "plans.id", primary_key=True),
    _key("invoice_id", "invoices.id", primary_key=True, index=True),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("source", String(100), nullable=False),
    Column("source_id", Text, nullable=False),
    Column("seller_id", _ID),
    Column("ref", Text, nullable=False, default=""),  # the ledger's key, while no case is known
    Column("case_id", _ID, index=True),
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
    _key("case_id", "cases.id", index=True),
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
    Column("id", _ID, primary_key=True),
    Column("key", String(300), nullable=False),
    Column("open_key", String(300), unique=True),  # key while open, null when done: one open task a matter
    Column("kind", String(40), nullable=False),
    Column("title", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("due", Date, nullable=False),
    Column("case_id", _ID, index=True),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("result", Text, nullable=False, default=""),
)

journal = Table(
    "journal",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    _key("case_id", "cases.id"),
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
    Column("case_id", _ID, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("seal", Integer, nullable=False, index=True),
)

# One row: what a person has set for the whole installation.
installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mode", String(10), nullable=False),
    Column("switched_off", Text, nullable=False, default=""),
    Column("changed_by", Text, nullable=False, default=""),
    Column("changed_at", Moment),
    Column("fenced_since", Moment),  # null: what may leave, leaves
    Column("fenced_why", Text, nullable=False, server_default=""),
    Column("known_until", Moment),  # what was sent after this moment may not stand here
    Column("reconciled_at", Moment),
    Column("put_back_at", Moment),  # what was written before this moment and is missing has been accounted for
    Column("log_read", Boolean, nullable=False, server_default=false()),  # when that was done, the provider's log told everything
    Column("unmatched", Integer, nullable=False, server_default="0"),  # and so many of its messages were about invoices not known here
    Column("replies_read_by", Text, nullable=False, server_default=""),  # the person who reads answers where no program does
)

people = Table(
    "people",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", String(20), nullable=False),  # viewer, agent, admin
    Column("token_hash", LargeBinary(32), unique=True),  # SHA-256 of the token; null once revoked
    Column("created_at", Moment, nullable=False),
    Column("email", Text, nullable=False, default="", server_default=""),
    Column("duties", JSON, nullable=False, default=list, server_default="[]"),  # domain.person.Duty
    Column("deputy", Text, nullable=False, default="", server_default=""),  # a person's name
    Column("away_from", Date),
    Column("away_through", Date),
)

# One row a seller and week: what its owner should see.
reviews = Table(
    "reviews",
    metadata,
    Column("id", _ID, primary_key=True),  # the workflow's id
    _key("seller_id", "sellers.id"),
    Column("week", String(10), nullable=False),
    Column("since", Date, nullable=False),  # the day from which reviews have gone unread without a break, this one's own if none did
    Column("opened_at", Moment, nullable=False),
    Column("body", JSON, nullable=False),  # domain.review.Digest, whole
    Column("replaced_by", _ID),
    Column("reviewed_at", Moment),
    Column("reviewed_by", Text, nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    UniqueConstraint("seller_id", "week"),
)

# The mails about a review: among ourselves, so none of them is a contact with a customer.
review_mails = Table(
    "review_mails",
    metadata,
    _key("review_id", "reviews.id", primary_key=True),
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

# Addresses and numbers that nothing goes to by a channel, whoever's they are. What was lifted stays, as evidence.
suppressions = Table(
    "suppressions",
    metadata,
    Column("id", _ID, primary_key=True),
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
    Column("id", _ID, primary_key=True),
    Column("source", String(40), nullable=False),
    Column("source_id", Text, nullable=False),
    Column("outreach_id", _ID, nullable=False, index=True),  # empty: it is none of ours
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

# One link for the reader of a message to want no more of them. Only the hash of what stands in the link is kept.
unsubscribe_links = Table(
    "unsubscribe_links",
    metadata,
    _key("outreach_id", "outreach.id", primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
)

# What customers wrote and said, however it came, as it was understood; and what of ours to them was not written by Dunwell.
incoming = Table(
    "incoming",
    metadata,
    Column("id", _ID, primary_key=True),
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
    Column("seller_id", _ID),
    Column("customer_id", _ID, index=True),
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
    _key("incoming_id", "incoming.id", primary_key=True),
    Column("case_id", _ID, primary_key=True, index=True),
)

incoming_files = Table(
    "incoming_files",
    metadata,
    _key("incoming_id", "incoming.id", primary_key=True),
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

# What a writing model was asked to write for a step, once a round, and what became of it.
drafts = Table(
    "drafts",
    metadata,
    _key("case_id", "cases.id", primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("step", String(100), primary_key=True),
    Column("model", String(200), nullable=False),
    Column("paragraphs", JSON, nullable=False),
    Column("verdict", String(20), nullable=False),  # passed, refused, failed
    Column("reason", Text, nullable=False),
    Column("drafted_at", Moment, nullable=False),
    _key("outreach_id", "outreach.id", nullable=True, index=True),  # the message it was looked at for last
)

# What a seller's owner was shown of the texts in the owner's voice, and agreed to.
voice_drafts = Table(
    "voice_drafts",
    metadata,
    Column("id", _ID, primary_key=True),
    _key("seller_id", "sellers.id"),
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
