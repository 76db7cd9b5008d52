"""What a worker decides by, and workers that decide by different settings: one task names the difference, until they agree again."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version

import structlog
from temporalio.client import Client

from activities.assessor import Policy
from db import people, tasks
from db.engine import Database
from domain.fingerprint import REMEDY, Difference, find_difference, mark
from domain.task import Task, TaskKind
from settings import SellerSettings, Settings
from workflows.contract import CASES_QUEUE, DELIVER_QUEUE
from workflows.pollers import list_workers

log = structlog.get_logger()

_MATTER = "workers"
_PROVIDERS = {
    *("mailer", "sendgrid_host", "letters", "twilio_account_sid", "twilio_from", "twilio_messaging_service_sid", "twilio_api"),
    *("whatsapp_from", "whatsapp_template"),
}
_SECRET = {"smtp_url", "imap_url", "sendgrid_event_keys", "sendgrid_inbound_keys"}  # only whether they are set is compared


def sign(settings: Settings, sellers: Sequence[SellerSettings], policy: Policy) -> str:
    """The name under which a worker with these asks for work: process and host as ever, and the mark of what it decides by, without secrets."""
    voices = policy.voices or {}
    values = {
        "version": version("dunwell"),
        "limits": policy.envelope,
        "tolerance": policy.tolerance,
        "playbook": (policy.resolved, policy.rates, sorted((seller, voice.hash) for seller, voice in voices.items())),
        "sellers": sorted((one.seller.id, one.seller, one.rest_url, one.mailbox is not None) for one in sellers),
        "providers": (settings.model_dump(include=_PROVIDERS), [bool(one) for one in settings.model_dump(include=_SECRET).values()], policy.leaves_unread),
        "people": (settings.model_dump(include={"owner", "review_day", "review_hour"}), bool(settings.team_chat_url)),
        "links": settings.model_dump(include={"public_url", "clicks"}),
        "models": settings.model_dump(include={"writing_model_url", "writing_model_name", "writing_for", "reading_model_url", "reading_model_name"}),
        "ledgers": settings.csv_max_age_hours,
    }
    return mark(f"{os.getpid()}@{socket.gethostname()}", values)


async def compare_workers(client: Client, database: Database, owner: str, now: datetime) -> None:
    """Look whether all workers that ask for work now carry the same mark. Raises RPCError when Temporal cannot tell."""
    running = [*await list_workers(client, CASES_QUEUE), *await list_workers(client, DELIVER_QUEUE)]
    await asyncio.to_thread(_tell, database, find_difference(running), owner, now)


def _tell(database: Database, difference: Difference | None, owner: str, now: datetime) -> None:
    with database.reading() as connection:
        is_open = tasks.is_open(connection, _MATTER)
    if is_open == (difference is not None):
        return
    with database.transaction() as connection:
        if difference is None:
            tasks.close_tasks(connection, [_MATTER], "they agree again", now)
            return
        log.error("workers.differ", workers=difference.workers, parts=difference.parts)
        title = "Workers decide by different settings, so what an invoice hears is left to chance"
        remedy = f"Found: {difference.say()}. {REMEDY}; dunwell doctor shows what differs now"
        owner = people.find_acting_owner(connection, owner, now.date())
        tasks.open_tasks(connection, [Task(_MATTER, TaskKind.INCIDENT, title, remedy, owner, now.date())], None, now)
