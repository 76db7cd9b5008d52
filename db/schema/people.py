"""Who is owed, who owes, whom we write to, and who of ours decides."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, false

from db.schema.columns import ID, Moment, key, metadata

sellers = Table(
    "sellers",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("ledger", String(40), nullable=False),
    Column("body", JSON, nullable=False),  # domain.seller.Seller, whole
)

# What is known of a seller's ledger: one row each, so that an unreachable ledger is one incident.
books = Table(
    "books",
    metadata,
    key("seller_id", "sellers.id", primary_key=True),
    Column("read_at", Moment),  # csv: the last import; rest: the last whole pull
    Column("posted_through", Date),
    Column("posted_by", Text, nullable=False, default=""),
)

customers = Table(
    "customers",
    metadata,
    Column("id", ID, primary_key=True),
    key("seller_id", "sellers.id"),
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
    Column("pays_through", ID, index=True),  # the customer who is written to in its place
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

# Days on which nothing is sent to a customer, all of a seller's customers, or all in a country.
quiet_periods = Table(
    "quiet_periods",
    metadata,
    Column("id", ID, primary_key=True),
    Column("scope", String(20), nullable=False),  # seller, country, customer
    Column("whom", ID, nullable=False),  # the seller's or customer's id, or the country's code
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
    Column("id", ID, primary_key=True),
    key("customer_id", "customers.id", index=True),
    Column("role", String(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("language", String(10), nullable=False),
    Column("refused", JSON, nullable=False),  # channels opted out of, or found dead
    Column("set_by", Text, nullable=False, default=""),  # a person's change outranks the ledger's
    Column("portal_reach", Text, nullable=False, default="", server_default=""),  # the address under which they use their page
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
    Column("id", ID, primary_key=True),
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
