"""What somebody wrote or said to us, whatever way it came, before anybody knows what it means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that came with a message."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message to us. ``source`` names the door it came through (``imap:replies@seller.example``, ``sendgrid``, ``twilio``)
    and ``source_id`` the message there: together they make it one, however often it comes.

    ``channel`` is ``email``, ``sms``, ``portal`` or ``call``. ``sender`` and ``to`` are addresses or numbers. ``message_id`` and
    ``references`` are RFC 5322 ids with angle brackets, first of the thread first. ``headers`` are those that tell machines from
    people, names in small letters. ``from_us``: one of our own people wrote it to a customer.
    """

    source: str
    source_id: str
    channel: str
    received_at: datetime
    sender: str
    to: tuple[str, ...]
    text: str
    subject: str = ""
    sender_name: str = ""
    message_id: str = ""
    references: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    enclosed: tuple[Enclosed, ...] = ()
    from_us: bool = False
