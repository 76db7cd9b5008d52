"""Providers that carry messages: one file each, named as in the settings."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

from domain.delivery import Fault


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Email:
    """One e-mail, ready to go. ``key`` is our opaque outreach id, ``covers`` what it covers in opaque ids as
    ``domain.covers`` spells them: the only things of ours a provider may keep, and enough to tell from its log alone.

    ``message_id`` and ``references`` are RFC 5322 ids with angle brackets (references: first of the thread first).
    """

    key: str
    to_name: str
    to_address: str
    from_name: str
    from_address: str
    reply_to: str
    subject: str
    text: str
    html: str
    message_id: str
    references: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    covers: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One text that goes another way than by e-mail: a text message, what is said on the phone, a letter, a note in the portal.

    ``key`` and ``covers`` as in ``Email``. ``to_address`` is what the channel calls an address: a number, a name.
    """

    key: str
    channel: str
    to_name: str
    to_address: str
    subject: str
    text: str
    covers: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has the message. ``receipts``: it will tell of delivery and bounces; ``delivered``: it already has arrived;
    ``calling``: it is a call, and how that ends will be told."""

    provider_id: str
    receipts: bool = False
    delivered: bool = False
    calling: bool = False
    kind: Literal["accepted"] = "accepted"


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider certainly does not have the message. ``try_again``: the same request may succeed later. ``fault``: what it says
    of the address, where it does."""

    reason: str
    try_again: bool
    kind: Literal["refused"] = "refused"
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say whether the provider has the message: it must never be posted again."""

    reason: str
    kind: Literal["unknown"] = "unknown"


Outcome = Accepted | Refused | Unknown


class Mailer(Protocol):
    """Carries one e-mail with exactly one request. Never raises for what a provider or network does: it answers."""

    @property
    def name(self) -> str: ...

    def send(self, email: Email) -> Outcome: ...


class Messenger(Protocol):
    """Carries one message with exactly one request, as a ``Mailer`` does an e-mail."""

    @property
    def name(self) -> str: ...

    def carry(self, message: Message) -> Outcome: ...


@runtime_checkable
class Measuring(Protocol):
    """What messengers can do besides whose messages have a greatest length."""

    def measure(self, message: Message) -> str:
        """Why ``message`` is too long to be carried, and the remedy; empty when it is not. Nothing leaves."""
        ...


class UnableToReadSent(Exception):
    """A provider's log of what was sent cannot be read; the message tells why and the remedy."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a provider's log says was accepted at ``at``: ``key`` and ``covers`` as its ``Email`` had them, or empty.

    ``text`` is what stood in it, where the log tells.
    """

    at: datetime
    key: str
    covers: str
    to_address: str
    subject: str
    provider_id: str
    message_id: str = ""
    text: str = ""


@runtime_checkable
class Findable(Mailer, Protocol):
    """What some mailers can do besides: look for one message in their provider's log."""

    def find_sent(self, key: str, since: datetime) -> Sent | None:
        """The message with this key, accepted since then; None while the log does not have it, which proves nothing. Raises
        UnableToReadSent, at once where the log is busy."""
        ...


@runtime_checkable
class SentLog(Protocol):
    """What some mailers can do besides: read what their provider has accepted, whoever sent it."""

    @property
    def lag(self) -> timedelta:
        """How long after its acceptance a message may be missing from the log."""
        ...

    def sent_since(self, moment: datetime, known: Collection[str] = ()) -> Iterator[Sent]:
        """Every message accepted since ``moment``, save those whose provider id is ``known``. Raises UnableToReadSent."""
        ...
