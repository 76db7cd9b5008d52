"""Requests to our webhooks that are refused because no key of ours made their seal: many of them, and none genuine, are an alarm.

A key that was renewed on one side only looks just so, and what the provider tells meanwhile is lost. Whoever forges requests
makes one task of it and no more: what is counted stays in memory, and an outbreak is told once.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

import structlog
from sqlalchemy.exc import SQLAlchemyError

from db import people, tasks
from db.engine import Database
from domain.discretion import describe
from domain.task import Task, TaskKind

# So many within so long. Twilio makes about so many requests about one text message that it cannot tell us of.
MANY = 10
WITHIN = timedelta(hours=1)
# Another process may have raised the alarm: how often whoever accepts a request looks.
_LOOK_EVERY = timedelta(minutes=10)
_FORGED = "If nothing was changed, somebody else makes them up: each was refused, and you can close this task"

log = structlog.get_logger("web.refusals")


@dataclass(frozen=True, slots=True)
class Sender:
    """Whoever requests say they come from, what is missing without them, and which settings their seals are checked against."""

    key: str
    name: str
    missing: str
    remedy: str


TWILIO = Sender(
    "twilio",
    "Twilio",
    "receipts, answers by text message and calls are not heard",
    "Set the account's current auth token as DUNWELL_TWILIO_AUTH_TOKEN, further ones as DUNWELL_TWILIO_WEBHOOK_SECRETS, and as DUNWELL_PUBLIC_URL "
    "exactly the address that Twilio calls; then restart dunwell web",
)
SENDGRID_EVENTS = Sender(
    "sendgrid/events",
    "SendGrid's event webhook",
    "bounces and complaints are not heard",
    "Copy the verification key from SendGrid (Settings, Mail Settings, Event Webhooks) into DUNWELL_SENDGRID_EVENT_KEYS, see that the clock is right, "
    "and restart dunwell web",
)
SENDGRID_INBOUND = Sender(
    "sendgrid/inbound",
    "SendGrid's inbound parse",
    "answers by mail are not heard",
    "Copy the public key of the security policy of your inbound parse into DUNWELL_SENDGRID_INBOUND_KEYS, see that the clock is right, and restart dunwell web",
)


def ledger_of(seller: str) -> Sender:
    """The ledger of one of our sellers."""
    return Sender(
        f"rest:{seller}",
        f"the ledger of {seller}",
        "changes are seen minutes later than they could be",
        "Write the ledger's current secret under rest.webhook_secrets in sellers.yaml, see that the clock is right, and restart dunwell web",
    )


@dataclass(slots=True)
class _Seen:
    refused: deque[datetime] = field(default_factory=lambda: deque(maxlen=MANY))
    accepted_at: datetime | None = None
    looked_at: datetime | None = None
    is_told: bool = False

    def is_outbreak(self, now: datetime) -> bool:
        if len(self.refused) < MANY or now - self.refused[0] > WITHIN:
            return False
        return self.accepted_at is None or now - self.accepted_at > WITHIN


class Refusals:
    """What one web process has seen. ``owner`` answers for tasks that nobody else owns."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database, self._owner = database, owner
        self._seen: defaultdict[str, _Seen] = defaultdict(_Seen)
        self._lock = Lock()

    def refuse(self, sender: Sender, now: datetime) -> None:
        """A request was refused. Opens one task once they are many; a database that is away is tried again at the next."""
        with self._lock:
            seen = self._seen[sender.key]
            seen.refused.append(now)
            is_news = seen.is_outbreak(now) and not seen.is_told
            seen.is_told = seen.is_outbreak(now)
        if not is_news:
            return
        log.error("webhooks refused", sender=sender.key, at_least=MANY, within=str(WITHIN))
        try:
            with self._database.transaction() as connection:
                owner = people.find_acting_owner(connection, self._owner, now.date())
                title = f"Requests of {sender.name} are refused and none is accepted: {sender.missing}"
                tasks.open_tasks(connection, [Task(_matter(sender), TaskKind.INCIDENT, title, f"{sender.remedy}. {_FORGED}", owner, now.date())], None, now)
        except SQLAlchemyError as error:
            log.error("alarm not written down", error=describe(error))
            with self._lock:
                seen.is_told = False

    def accept(self, sender: Sender, now: datetime) -> None:
        """A request was genuine: whatever alarm there was is over."""
        with self._lock:
            seen = self._seen[sender.key]
            seen.accepted_at = now
            must_look = seen.is_told or seen.looked_at is None or now - seen.looked_at >= _LOOK_EVERY
            if must_look:
                seen.looked_at, seen.is_told = now, False
        if not must_look:
            return
        with self._database.reading() as connection:
            is_open = tasks.is_open(connection, _matter(sender))
        if is_open:
            with self._database.transaction() as connection:
                tasks.close_tasks(connection, [_matter(sender)], "a genuine request was accepted", now)


def _matter(sender: Sender) -> str:
    return f"webhooks-refused/{sender.key}"
