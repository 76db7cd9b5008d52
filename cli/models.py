"""What ``dunwell doctor`` finds about the language models that are set up: how the one that writes has done, and whether those that read and
speak answer, of which no record is kept. They are tried with a question of ours in which nobody's words stand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from cli.findings import Finding, Findings, Health, watch
from cli.terminal import count

if TYPE_CHECKING:
    from db.engine import Database
    from settings import Settings

_WRITING, _READING, _SPEAKING = "writing model", "reading model", "speaking model"
_PATIENCE = 10.0  # seconds
_TRIED_WITH = "We will pay on Friday."


def examine_models(settings: Settings, database: Database, now: datetime) -> Findings:
    """Those that are set up."""
    yield from watch(_WRITING, partial(_writing, database, settings, now))
    yield from watch(_READING, partial(_reading, settings))
    yield from watch(_SPEAKING, partial(_speaking, settings))


def _writing(database: Database, settings: Settings, now: datetime) -> Findings:
    from db.drafts import FAILED, PASSED, REFUSED, count_since
    from worker import connect_writer

    writer = connect_writer(settings)
    if writer is None:
        return
    with database.reading() as connection:
        found = count_since(connection, now - timedelta(days=30))
    passed, refused, failed = (found.get(verdict, 0) for verdict in (PASSED, REFUSED, FAILED))
    said = f"{writer.name}: of {count(passed + refused + failed, 'draft')} in 30 days {passed} passed, {refused} were refused, and {failed} never came"
    if failed and not passed and not refused:
        yield Finding(_WRITING, Health.LOOK, said, "see DUNWELL_WRITING_MODEL_URL, _NAME and _KEY; your own texts go out meanwhile")
    else:
        yield Finding(_WRITING, Health.WELL, said)


def _reading(settings: Settings) -> Findings:
    from integrations.reading.chat import UnableToAskModel
    from worker import connect_reader

    reader = connect_reader(settings)
    if reader is None:
        return
    hurried = replace(reader, server=replace(reader.server, seconds=_PATIENCE))
    remedy = "see DUNWELL_READING_MODEL_URL, _NAME and _KEY; answers keep the class that our own rules give them meanwhile"
    yield _try(_READING, reader.name, lambda: hurried.suggest("", _TRIED_WITH), UnableToAskModel, remedy)


def _speaking(settings: Settings) -> Findings:
    from integrations.speaking import UnableToSpeak
    from settings import connect_speaker

    speaker = connect_speaker(settings)
    if speaker is None:
        return
    if "call" not in settings.switched_on:
        yield Finding(
            _SPEAKING, Health.LOOK, "calls are not switched on, so it is never asked", "add call to DUNWELL_CHANNELS, or empty DUNWELL_SPEAKING_MODEL_URL"
        )
    elif not settings.public_url.startswith("https://"):
        said = f"DUNWELL_PUBLIC_URL: Twilio opens no line to {settings.public_url}, so calls go without it"
        yield Finding(_SPEAKING, Health.LOOK, said, "write how the world reaches the public listener, with https://")

    def ask() -> None:
        asyncio.run(speaker.understand("When will you pay?", _TRIED_WITH, ("promise", "dispute"), "en"))

    remedy = "see DUNWELL_SPEAKING_MODEL_URL, _NAME, _KEY and _SECONDS; calls go on in our own words meanwhile"
    yield _try(_SPEAKING, settings.speaking_model_name.strip(), ask, UnableToSpeak, remedy)


def _try(what: str, name: str, ask: Callable[[], object], unable: type[Exception], remedy: str) -> Finding:
    began = monotonic()
    try:
        ask()
    except unable as error:
        return Finding(what, Health.LOOK, f"{name}: {error}", remedy)
    return Finding(what, Health.WELL, f"{name} answers, in {monotonic() - began:.1f} seconds")
