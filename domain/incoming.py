"""What somebody wrote or said to us, whatever way it came, before anybody knows what it means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that came with a message. Of one too large to be kept ``content`` is empty; ``size`` is what it had, in bytes."""

    name: str
    media_type: str
    content: bytes
    size: int = 0


@dataclass(frozen=True, slots=True)
class Bounced:
    """What a mail server reports of a message (RFC 3464): ``status`` is such as 5.1.1, ``action`` failed, delayed, delivered,
    relayed or expanded. ``message_id`` is the message's own, empty when the report does not quote it."""

    recipient: str
    status: str
    action: str
    said: str = ""
    message_id: str = ""

    @property
    def is_final(self) -> bool:
        """The message did not arrive and never will."""
        return self.action == "failed" or (not self.action and self.status.startswith("5"))


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message to us. ``source`` names the door it came through (``imap:replies@seller.example``, ``sendgrid``, ``twilio``)
    and ``source_id`` the message there: together they make it one, however often it comes.

    ``channel`` is ``email``, ``sms``, ``portal`` or ``call``. ``sender`` and ``to`` are addresses or numbers. ``message_id`` and
    ``references`` are RFC 5322 ids with angle brackets, first of the thread first. ``headers`` are those that tell machines from
    people, names in small letters. ``from_us``: one of our own people wrote it to a customer. ``own_words`` is ``text`` without what
    it quotes and without the signature; empty where the door could not tell.
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
    bounced: tuple[Bounced, ...] = ()
    own_words: str = ""
