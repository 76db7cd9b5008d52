"""Messages whose provider has not told their end: what became of them is asked, in case its callback was lost.

A text message in doubt is looked for in the provider's log, by its number and its text. Only once it could not be waiting there any
more does its absence say that it never left; then its step is taken once more. An e-mail in doubt is looked for by our key,
where the mailer's log can be read; that it is not there proves nothing, and people decide.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from db import outreach, receipts
from db.engine import Database
from db.receipts import Unsettled
from domain.delivery import Fault, Receipt, Told
from domain.texting import fit, simplify
from integrations.messaging import Findable, Sent, UnableToReadSent
from integrations.messaging.twilio_text import VALIDITY, TwilioTexts

log = structlog.get_logger()

# A callback that comes at all comes within this time.
_PATIENCE = timedelta(minutes=15)
# Until then nobody can say of a message that is not in the log that it never will be.
_ABSENT_AFTER = VALIDITY + _PATIENCE
_LONGEST = timedelta(days=3)
_CLOCKS_DIFFER = timedelta(minutes=2)
_MOST_AT_ONCE = 100
# SendGrid's log answers six requests a minute, and each mail takes two.
_MOST_ASKED = 3


def trace_texts(database: Database, texts: TwilioTexts, now: datetime) -> tuple[str, ...]:
    """Ask after every text message of the last days whose end is not known; the ids of the inbox rows that tell it, to be passed on.

    What the provider does not tell now is asked again in the next round.
    """
    with database.reading() as connection:
        unsettled = receipts.find_unsettled(connection, texts.name, now - _LONGEST, now - _PATIENCE, _MOST_AT_ONCE)
    words: tuple[str, ...] = ()
    for one in unsettled:
        try:
            told = _find_lost(database, texts, one, now) if one.is_doubtful else _look_up(texts, one, now)
        except UnableToReadSent as error:
            log.warning("texts.not_traced", outreach=one.outreach, error=str(error))
            break
        if told is not None:
            with database.transaction() as connection:
                if one.is_doubtful and told.provider_id:
                    outreach.note_provider(connection, one.outreach, texts.name, told.provider_id)
                words += receipts.note(connection, told, now).words
    return words


def trace_mails(database: Database, mailer: Findable, now: datetime) -> tuple[str, ...]:
    """Look for the e-mails of the last days that may have been sent; the ids of the inbox rows that tell of those found, to be passed on."""
    with database.reading() as connection:
        doubtful = receipts.find_doubtful(connection, mailer.name, now - _LONGEST, _MOST_ASKED)
    words: tuple[str, ...] = ()
    for one in doubtful:
        try:
            found = mailer.find_sent(one.outreach, one.sending_at - _CLOCKS_DIFFER)
        except UnableToReadSent as error:
            log.info("mails.not_traced", outreach=one.outreach, error=str(error))
            break
        if found is not None:
            told = Receipt(mailer.name, f"{found.provider_id}/found", one.outreach, found.provider_id, "email", one.reach, Told.ACCEPTED, now)
            with database.transaction() as connection:
                outreach.note_provider(connection, one.outreach, mailer.name, found.provider_id)
                words += receipts.note(connection, told, now).words
    return words


def _look_up(texts: TwilioTexts, one: Unsettled, now: datetime) -> Receipt | None:
    state = texts.look_up(one.provider_id)
    if state.told is Told.ACCEPTED:
        return None
    source_id = f"{one.provider_id}/asked/{state.told.value}"
    return Receipt(texts.name, source_id, one.outreach, one.provider_id, "sms", one.reach, state.told, now, state.fault, state.reason)


def _find_lost(database: Database, texts: TwilioTexts, one: Unsettled, now: datetime) -> Receipt | None:
    """What the log tells of a message that may have been sent; None while it says nothing certain."""
    begun = one.sending_at - _CLOCKS_DIFFER
    sent = texts.sent_to(one.to_address, begun)
    with database.reading() as connection:
        found = _match(connection, one, sent, begun, within=bool(texts.template))
    if found:
        return Receipt(texts.name, f"{found.provider_id}/found", one.outreach, found.provider_id, "sms", one.reach, Told.ACCEPTED, now)
    if now - one.sending_at < _ABSENT_AFTER or texts.template:
        return None  # the log may show a template in other words than ours
    why = f"{texts.name}'s log does not have it: it never left"
    return Receipt(texts.name, f"{one.outreach}/absent", one.outreach, "", "sms", one.reach, Told.FAILED, now, Fault.OURS, why)


def _match(connection: Connection, one: Unsettled, sent: tuple[Sent, ...], since: datetime, *, within: bool) -> Sent | None:
    """``within``: what we wrote stands somewhere in the message, on one line."""
    known, written = outreach.known_to_provider(connection, since - timedelta(days=1)), (simplify(one.text), fit(one.text))
    if within:
        ours = " ".join(written[0].split())
        return next((other for other in sent if other.provider_id not in known and ours and ours in " ".join(other.text.split())), None)
    # A trial account puts a sentence of the provider's before ours.
    return next((other for other in sent if other.provider_id not in known and other.text.endswith(written)), None)
