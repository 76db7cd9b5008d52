"""In which language whoever a message went to reads the pages behind its links."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from db.schema import contacts, customers, outreach

_READER = (
    select(contacts.c.language, customers.c.language, customers.c.country)
    .select_from(outreach)
    .join(customers, customers.c.id == outreach.c.customer_id)
    .outerjoin(contacts, contacts.c.id == outreach.c.contact_id)  # the ledger may have taken the contact away
    .where(outreach.c.id == bindparam("message"))
)


def find_locale(connection: Connection, message: str) -> str:
    """The locale of the reader of a message as a code, such as ``de_AT``; empty for a message that is not there."""
    row = connection.execute(_READER, {"message": message}).one_or_none()
    if row is None:
        return ""
    contact, customer, country = row
    language = (contact or customer).replace("-", "_")
    return language if "_" in language else f"{language}_{country}"
