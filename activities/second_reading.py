"""The optional reading model at work: asked about open answers that the rules do not know, outside every transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from db import second_reading
from db.engine import Database
from domain.incoming import Incoming
from domain.understanding.refining import refine
from integrations.messaging.quotes import own_words
from integrations.reading.chat import ChatReader, UnableToAskModel
from integrations.reference.holidays import calendar_for

log = structlog.get_logger()

# What has waited longer has long been seen by a person.
_LATELY = timedelta(days=1)
# A round of reading mail must not wait long for a model.
_MOST_AT_ONCE = 5


def read_again(database: Database, reader: ChatReader, now: datetime) -> int:
    """Ask ``reader`` about a few open answers; how many it was asked about. Where it cannot be asked, the next round tries again."""
    with database.reading() as connection:
        doubtful = second_reading.load_doubtful(connection, now - _LATELY, _MOST_AT_ONCE)
    asked = 0
    for one in doubtful:
        message = _own(one.message)
        try:
            suggested = reader.suggest(message.subject, message.text)
        except UnableToAskModel as error:
            log.warning("reading_model.not_asked", error=str(error))
            break
        today = message.received_at.date()
        read = refine(one.read, suggested, message, one.language, today, calendar_for((), today))
        with database.transaction() as connection:
            second_reading.note_reading(connection, one, read)
        asked += 1
    return asked


def _own(message: Incoming) -> Incoming:
    return replace(message, text=own_words(message.text) or message.text) if message.channel == "email" else message
