"""Remittance advice is mailed on to whoever posts cash, with the files that came with it, where the seller says to whom.

It goes to people of ours, so it is no contact with a customer. It leaves at most once: it is written down as being sent before the
request. What is in doubt is looked for in the mailer's own log; where there is none, it stays a person's task, as it
does where nobody is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape

import structlog

from activities.clock import Clock
from db import forwards, installation, parties, tasks
from db.engine import Database
from db.forwards import Claim
from db.incoming import advice_matter
from db.replies import Whole, load_message
from domain.calendar import local_day
from domain.diary import write_day
from domain.discretion import describe
from domain.facts import Mode
from domain.incoming import Enclosed
from domain.seller import Seller
from integrations.messaging import Accepted, Attachment, Email, Mailer, Refused, SentLog, UnableToReadSent
from playbooks.phrases import clean

log = structlog.get_logger("forwarding")

# What has been on its way for so long belongs to a worker that died.
SENDING_LIFE = timedelta(minutes=5)
# A mailer that cannot take it now is asked again after so long, and so often.
_BREATH = timedelta(minutes=10)
_MOST_ATTEMPTS = 30
# For so long the log is asked about what is in doubt.
_WINDOW = timedelta(days=2)
# What most mail servers take of files; what is more is named in the mail and stays with us.
_MOST_BYTES = 15 * 1024 * 1024
_MOST_TEXT = 5_000


def forward_advice(database: Database, mailer: Mailer, clock: Clock) -> int:
    """Mail on what waits, each to the address it was kept for; how many left. One that cannot be mailed keeps no other back."""
    _resolve_doubts(database, mailer, clock)
    now = clock()
    with database.reading() as connection:
        state = installation.load_installation(connection)
        waiting = forwards.find_waiting(connection, now)
    if state.mode is Mode.LIVE and (state.switched_off or state.fence):
        return 0
    left = 0
    for found in waiting:
        try:
            left += _forward(database, mailer, found, state.mode, clock)
        except Exception as error:  # whatever it is, the next one must have its turn; the task to post it stands
            log.error("forward.failed", incoming=found, error=describe(error))
    return left


def _forward(database: Database, mailer: Mailer, found: str, mode: Mode, clock: Clock) -> bool:
    with database.transaction() as connection:
        claim = forwards.claim(connection, found, clock())
        if claim is None:
            return False
        if mode is Mode.SHADOW:
            forwards.record(connection, claim, "shadowed", clock())
            return False
        message = load_message(connection, found)
        email = _write(message, parties.load_seller(connection, message.line.seller), forwards.load_files(connection, found), claim, clock())
    outcome = mailer.send(email)
    now = clock()
    with database.transaction() as connection:
        if isinstance(outcome, Accepted):
            forwards.record(connection, claim, "accepted", now, provider=mailer.name, provider_id=outcome.provider_id)
            tasks.close_tasks(connection, [advice_matter(found)], f"mailed on to {claim.to_address}", now)
            return True
        log.warning("forward.not_mailed", incoming=found, why=outcome.reason)
        if isinstance(outcome, Refused) and outcome.try_again and claim.attempts < _MOST_ATTEMPTS:
            forwards.put_back(connection, found, now + _BREATH, outcome.reason)
        else:
            forwards.record(connection, claim, outcome.kind, now, provider=mailer.name, reason=outcome.reason)
    return False


def _resolve_doubts(database: Database, mailer: Mailer, clock: Clock) -> None:
    """What is in the mailer's log has left; what is not there, long after it would be, has not. Without a log nobody knows."""
    now = clock()
    with database.reading() as connection:
        doubtful = forwards.find_doubtful(connection, now, SENDING_LIFE, _WINDOW)
    if not doubtful:
        return
    sent: set[str] | None = None
    if isinstance(mailer, SentLog):
        try:
            sent = {one.key for one in mailer.sent_since(min(one.claimed_at for one in doubtful) - SENDING_LIFE)}
        except UnableToReadSent as error:
            log.warning("forward.log_not_read", why=describe(error))
    for one in doubtful:
        with database.transaction() as connection:
            if sent is None:
                forwards.settle(connection, one.incoming, "unknown", now, "its worker died, or nobody answered, while it was being mailed")
            elif forwards.key_of(one.incoming) in sent:
                forwards.settle(connection, one.incoming, "accepted", now, "found in the mailer's log")
                tasks.close_tasks(connection, [advice_matter(one.incoming)], "mailed on, says the mailer's log", now)
            elif isinstance(mailer, SentLog) and now - one.claimed_at > SENDING_LIFE + mailer.lag:
                forwards.put_back(connection, one.incoming, now, "not in the mailer's log")


def _write(message: Whole, seller: Seller, files: Sequence[Enclosed], claim: Claim, now: datetime) -> Email:
    line, key = message.line, forwards.key_of(claim.incoming)
    numbers = ", ".join(one.number for one in line.about)
    enclosed, left_out = _fit(files)
    who = line.customer_name or line.who
    sender = f"{line.sender_name} <{line.sender}>" if line.sender_name else line.sender or "somebody who is not named"
    told = [
        f"{who} sent a remittance advice. Please set the payment against its invoices in the books.",
        f"From: {sender}, by {line.channel}",
        f"Received: {write_day(local_day(line.received_at, (seller.time_zone,)))}",
        f"Subject: {line.subject or '(none)'}",
        f"Invoices: {numbers or 'none that could be told'}",
    ]
    if line.joined_by == "number":
        told.append("Careful: nobody here knows this sender. It was joined to its invoices by a number in it alone; check before you open a file.")
    if left_out:
        told.append(f"Not attached, for their size: {', '.join(left_out)}. To fetch what was kept: dunwell inbox show {line.id} --save-files FOLDER")
    told.append(f"What they wrote:\n\n{message.text[:_MOST_TEXT].strip() or '(no text)'}{' ...' if len(message.text) > _MOST_TEXT else ''}")
    return Email(
        key=key,
        to_name="",
        to_address=claim.to_address,
        from_name=f"Dunwell, {clean(seller.name)}",
        from_address=seller.sender_email,
        reply_to=seller.reply_to or seller.sender_email,
        subject=f"Remittance advice: {clean(who)[:100]}{f', {clean(numbers)[:200]}' if numbers else ''}",
        text="\n\n".join(told),
        html=f"<!doctype html><html lang=en><body>{''.join(f'<pre style=white-space:pre-wrap>{escape(part)}</pre>' for part in told)}</body></html>",
        message_id=f"<{key}@{seller.sender_email.rpartition('@')[2]}>",
        headers={"Date": format_datetime(now)},
        attachments=enclosed,
    )


def _fit(files: Sequence[Enclosed]) -> tuple[tuple[Attachment, ...], list[str]]:
    """The files that go along as they came, and the names of those that are too large to."""
    enclosed: list[Attachment] = []
    left_out: list[str] = []
    room = _MOST_BYTES
    for file in files:
        if file.content and len(file.content) <= room:
            enclosed.append(Attachment(clean(file.name) or "file", file.media_type, file.content))
            room -= len(file.content)
        else:
            left_out.append(clean(file.name) or "file")
    return tuple(enclosed), left_out
