"""Calls by our voice agent: what it may say is written down before it is placed, and its end is told to all it was about."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection

from activities.composing import Letter
from db import calls, cases, outreach
from db.engine import Database
from domain import calling
from domain.bundle import Bundle
from domain.calendar import ContactHours, zone
from domain.case import PromiseStanding
from domain.conversation import Sheet
from domain.decision import assess
from domain.event import CallEnded
from domain.facts import Books, Facts
from domain.ladder import COPY_BUSINESS_DAYS
from domain.money import Money, minor_unit, total
from domain.payment_plan import propose
from domain.seller import Seller
from domain.silences import CALL_BACK_BUSINESS_DAYS
from integrations.messaging import UnableToReadSent
from integrations.messaging.twilio_call import TwilioCalls
from playbooks import dialogue

if TYPE_CHECKING:
    from activities.assessor import Assessor

# A call that is answered later than so long after it was asked for is not the one we meant.
_ANSWERED_WITHIN = timedelta(minutes=10)
_OFFICE = ContactHours()
# A provider has told of a call's end by then; else it is asked.
_TOLD_WITHIN = timedelta(minutes=10)
# For so long a call that nobody knows the number of is looked for.
_LOOKED_FOR = timedelta(days=3)
_CLOCKS_DIFFER = timedelta(minutes=2)

log = structlog.get_logger()


def write_sheet(connection: Connection, letter: Letter, bundle: Bundle, seller: Seller, facts: Facts, now: datetime) -> None:
    """Write down what the voice agent may say and agree to in the call that ``letter`` is, and until when it may speak."""
    contact = next(one for one in facts.customer.contacts if one.id == letter.contact)
    claimed = [share.case for share in bundle.shares if share.leads]
    owed, limits, today = total(tuple(case.chased for case in claimed)), facts.playbook.promise, facts.today(now)
    language = (contact.language or facts.customer.language)[:2].lower()
    unit = minor_unit(owed.currency)
    in_office = _OFFICE.allows(now, (seller.time_zone,), facts.bank_calendar)
    sheet = Sheet(
        language=language if language in dialogue.LANGUAGES else "en",
        country=facts.customer.country,
        places=tuple(sorted(facts.places)),
        seller=seller.legal_name,
        phone=seller.phone,
        customer=facts.customer.name,
        contact=contact.name,
        number=claimed[0].invoice.number if len(claimed) == 1 else "",
        count=len(claimed),
        owed=owed,
        due=min(case.invoice.due for case in claimed),
        latest=today + timedelta(days=limits.latest_days),
        least=Money((owed.amount * Decimal(limits.least_percent) / 100).quantize(unit, ROUND_UP), owed.currency),
        least_percent=limits.least_percent,
        call_back_on=facts.bank_calendar.add(today, CALL_BACK_BUSINESS_DAYS),
        follow_up_on=facts.bank_calendar.add(today, COPY_BUSINESS_DAYS),
        zone=seller.time_zone,
        colleague_until=_closing(seller, now) if in_office else None,
        plan_in_writing=facts.playbook.proposes_plans and bool(propose(owed, today)),
        person_decides=any(sum(one.standing is not PromiseStanding.RELEASED for one in case.promises) >= limits.per_invoice for case in claimed),
    )
    calls.prepare(connection, letter.message.key, sheet, min(now + _ANSWERED_WITHIN, _last_moment(facts, now)), now)


def trace_calls(database: Database, provider: TwilioCalls, now: datetime) -> tuple[str, ...]:
    """Ask the provider about calls whose end it has not told us; the inbox rows that tell it now. What it does not tell is asked
    again in the next round, until the call counts as in doubt. A call whose number nobody knows is looked for first."""
    _find_lost(database, provider, now)
    with database.reading() as connection:
        waiting = calls.unended(connection, now - _TOLD_WITHIN)
    words = []
    for key, sid in waiting:
        try:
            status = provider.look_up(sid)
        except UnableToReadSent as error:
            log.warning("unable to ask about a call", call=key, error=str(error))
            continue
        if status == "completed" or status in calls.UNANSWERED:
            with database.transaction() as connection:
                call = calls.load(connection, key)
                if call is not None and not call.status:
                    words.append(calls.end(connection, call, status, now))
    return tuple(words)


def _find_lost(database: Database, provider: TwilioCalls, now: datetime) -> None:
    """Write down the number of each call in doubt that alone, of all to its customer's number, can be the one that was asked for.

    That the provider tells of none proves nothing: no call is ever placed again for it.
    """
    with database.reading() as connection:
        doubtful = calls.lost(connection, now - _LOOKED_FOR)
        known = calls.known_sids(connection, now - _LOOKED_FOR - _CLOCKS_DIFFER)
    for one in doubtful:
        begun = one.sending_at - _CLOCKS_DIFFER
        try:
            placed = provider.find_placed(one.to_address, begun)
        except UnableToReadSent as error:
            log.warning("unable to look for a call", call=one.key, error=str(error))
            continue
        found = [other for other in placed if other.sid not in known and other.began <= begun + _ANSWERED_WITHIN]
        if len(found) == 1:
            with database.transaction() as connection:
                outreach.note_provider(connection, one.key, provider.name, found[0].sid)
            known |= {found[0].sid}


def _closing(seller: Seller, now: datetime) -> datetime:
    """When the seller's office closes on the day of ``now``."""
    local = now.astimezone(zone(seller.time_zone))
    return datetime.combine(local.date(), _OFFICE.closes, local.tzinfo)


def _last_moment(facts: Facts, now: datetime) -> datetime:
    """The end of the stretch, of ten minutes at most, for which the customer may be called from ``now`` on."""
    hours = facts.hours_for("call", facts.customer_day(now))
    allowed = (now + timedelta(minutes=ahead) for ahead in range(10, 0, -1))
    return next((moment for moment in allowed if hours.allows(moment, facts.customer.zones, facts.calendar)), now)


def end(connection: Connection, assessor: Assessor, case: str, told: CallEnded, books: Books, now: datetime) -> None:
    """Write into the outreach ledger how a call ended, and into every other invoice it was about."""
    claim = outreach.load_claim(connection, told.outreach)
    for part in claim.parts:
        other = cases.load_case(connection, part.case) if part.case != case else None
        if other is not None and not other.ended:
            facts = assessor.gather(connection, other, books, now)
            heard = assess(other, None, (told,), facts, now)
            assessor.write(connection, heard, heard.entries, facts, now)
            assessor.tell(connection, part.case, f"{told.outreach}/{told.result}", now)
    talked = told.result == "talked"
    if outreach.end_call(connection, told.outreach, "delivered" if talked else "missed", calling.counts_as(told), told.why, now) and talked:
        outreach.note_talk_by_phone(connection, told.outreach, now)
