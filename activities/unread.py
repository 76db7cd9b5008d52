"""Messages that wait in the portal and that nobody reads: after two business days each counts as not arrived, and goes another way."""

from __future__ import annotations

from datetime import datetime, timedelta

from db import portal, receipts
from db.engine import Database
from domain.calendar import local_day
from domain.delivery import Fault, Receipt, Told
from domain.ladder import PRESUMED_AFTER_BUSINESS_DAYS
from integrations.reference.holidays import calendar_for


def give_up_unread(database: Database, now: datetime) -> tuple[str, ...]:
    """The ids of the inbox rows that tell it, to be passed on. Whoever left a message unread gets none there until they use the page again."""
    with database.reading() as connection:
        waiting = portal.find_unread(connection, now - timedelta(days=PRESUMED_AFTER_BUSINESS_DAYS))
    words: tuple[str, ...] = ()
    for one in waiting:
        begun = local_day(one.since, one.zones)
        if calendar_for((one.country, one.seller.country), begun).add(begun, PRESUMED_AFTER_BUSINESS_DAYS) > local_day(now, one.zones):
            continue
        why = f"nobody has read it in the portal for {PRESUMED_AFTER_BUSINESS_DAYS} business days"
        with database.transaction() as connection:
            portal.note_unused(connection, one.contact)
            told = Receipt("portal", f"{one.id}/unread", one.id, one.id, "portal", one.reach, Told.FAILED, now, Fault.OURS, why)
            words += receipts.note(connection, told, now).words
    return words
