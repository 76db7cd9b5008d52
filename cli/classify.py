"""``dunwell inbox classify``: what the rules make of messages in a file, without storing or telling anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TextIO

import click

from cli.terminal import print_table, say

if TYPE_CHECKING:
    from domain.incoming import Incoming
    from domain.understanding import Understood

_CHANNELS = ("email", "sms", "whatsapp", "portal", "call")
_FIELDS = ("id", "lang", "channel", "received_at", "subject", "text")
_COUNTRIES = {"de": "DE", "en-us": "US", "en-gb": "GB", "de-at": "AT", "de-ch": "CH", "en-ie": "IE", "en-au": "AU", "en-ca": "CA", "en-nz": "NZ", "en": "US"}
_LONGEST_LINE = 1_000_000


class UnableToRead(Exception):
    """A line of the file that is no message; the message names file, line, field and remedy."""


@click.command(short_help="What the rules make of messages in a file.")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line, in the order of the file, for programs.")
def classify(file: TextIO, as_json: bool) -> None:
    """Read messages from FILE (- is standard input) and print what each is understood as. Nothing is stored, sent or told.

    Each line is a JSON object: id and text, and where known lang (en, en-US, en-GB, de; en when left out), channel (email,
    sms, portal, call; email when left out), received_at (ISO 8601; now when left out: dates are read against it) and
    subject. What is quoted in an e-mail, and its signature, are not read.

    \b
    Examples:
      dunwell inbox classify replies.jsonl
      dunwell inbox classify replies.jsonl --json | jq 'select(.intent == "promise")'
    """
    rows = []
    for message, language in _read(file):
        understood = _understand(message, language)
        if as_json:
            click.echo(json.dumps(_describe(message, understood), ensure_ascii=False))
        else:
            rows.append(_row(message, understood))
    if not as_json:
        print_table(("Message", "Understood as", "Promised", "Reminders", "Why"), rows)
        say(f"\n{len(rows)} read.")


def _read(file: TextIO) -> Iterator[tuple[Incoming, str]]:
    for number, line in enumerate(file, 1):
        if line.strip():
            yield _read_line(line, f"{getattr(file, 'name', '-')}, line {number}")


def _read_line(line: str, place: str) -> tuple[Incoming, str]:
    from domain.incoming import Incoming

    if len(line) > _LONGEST_LINE:
        raise UnableToRead(f"{place}: longer than {_LONGEST_LINE:,} characters; no message is")
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        raise UnableToRead(f'{place}: not JSON; write one object a line, such as {{"id": "1", "lang": "en", "text": "We paid on Monday."}}') from None
    if not isinstance(told, dict):
        raise UnableToRead(f"{place}: not an object; write one with the fields {', '.join(_FIELDS)}")
    values = {name: _text(told, name, place) for name in _FIELDS}
    for required in ("id", "text"):
        if required not in told:
            raise UnableToRead(f"{place}: {required} is missing")
    channel = (values["channel"] or "email").lower()
    if channel not in _CHANNELS:
        raise UnableToRead(f"{place}: channel {channel!r} is unknown; choose from {', '.join(_CHANNELS)}")
    received = _moment(values["received_at"], place)
    return Incoming("file", values["id"], channel, received, "", (), values["text"], values["subject"]), values["lang"] or "en"


def _text(told: dict[str, Any], name: str, place: str) -> str:
    value = told.get(name)
    if value is None:
        return ""
    if name == "id" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise UnableToRead(f"{place}: {name} is not text; put it in quotation marks")
    return value


def _moment(written: str, place: str) -> datetime:
    if not written:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise UnableToRead(f"{place}: received_at {written!r} is no moment; write it like 2026-11-18T09:30:00+01:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _understand(message: Incoming, language: str) -> Understood:
    from dataclasses import replace

    from domain.understanding import understand
    from integrations.messaging.quotes import own_words
    from integrations.reference.holidays import calendar_for

    today = message.received_at.date()  # on the sender's clock, as the offset tells it
    if message.channel == "email":
        message = replace(message, text=own_words(message.text) or message.text)
    calendar = calendar_for((guess_country(language, message.received_at),), today)
    return understand(message, guess_language(language, message.received_at), today, calendar)


def guess_country(language: str, received_at: datetime) -> str:
    """Where business days are counted: a language tag that names no country leaves it to the sender's clock, where that tells."""
    tag = language.lower().replace("_", "-")
    if tag == "en" and received_at.utcoffset() == timedelta(hours=1):
        return "GB"
    return _COUNTRIES.get(tag) or _COUNTRIES.get(tag.split("-", 1)[0], "US")


def guess_language(language: str, received_at: datetime) -> str:
    """The tag that tells whether 10/4 is in October: ``en`` alone leaves it to the sender's clock, unless that is Greenwich's."""
    if language.lower() != "en" or not (offset := received_at.utcoffset()):
        return language
    return "en-GB" if offset > timedelta() else "en-US" if offset <= timedelta(hours=-4) else language


def _describe(message: Incoming, understood: Understood) -> dict[str, Any]:
    return {
        "id": message.source_id,
        "intent": understood.intent.value,
        "promise_date": understood.promise_day.isoformat() if understood.promise_day else None,
        "promise_amount": str(understood.promise_amount) if understood.promise_amount is not None else None,
        "pauses": understood.pauses,
        "return_date": understood.return_day.isoformat() if understood.return_day else None,
        "sure": understood.sure,
        "why": understood.why,
    }


def _row(message: Incoming, understood: Understood) -> tuple[str, ...]:
    promised = " ".join(str(part) for part in (understood.promise_amount, understood.promise_day and f"by {understood.promise_day}") if part)
    return (message.source_id, understood.intent.value.replace("_", " "), promised, "wait" if understood.pauses else "go on", understood.why)
