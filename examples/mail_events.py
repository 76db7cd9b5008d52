"""What becomes of a mail that was accepted, and the Event Webhook that tells it as SendGrid does: signed, in batches, again and again."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import Field

from examples.append_log import Log, present
from examples.faults import Order, Orders

Kind = Literal["processed", "dropped", "deferred", "delivered", "bounce", "blocked", "open", "click", "spamreport", "unsubscribe", "group_unsubscribe"]

_TRIES = 15
_LONGEST_PAUSE_SECONDS = 5.0
_BATCH = 1000
_GATHERING_SECONDS = 0.02
_BETWEEN_COPIES_SECONDS = 0.05

_MORE: dict[str, dict[str, Any]] = {
    "dropped": {"reason": "Bounced Address", "status": "5.0.0"},
    "deferred": {"response": "450 4.2.0 try again later", "attempt": "1"},
    "delivered": {"response": "250 2.0.0 OK", "tls": 1, "ip": "192.0.2.25"},
    "bounce": {"reason": "550 5.1.1 no such mailbox", "status": "5.1.1", "type": "bounce", "bounce_classification": "Invalid Address", "tls": 1},
    "blocked": {"reason": "554 5.7.1 refused by policy", "status": "5.7.1", "type": "blocked", "bounce_classification": "Content", "tls": 1},
    "open": {"useragent": "Mozilla/5.0", "ip": "192.0.2.80", "sg_machine_open": False},
    "click": {"useragent": "Mozilla/5.0", "ip": "192.0.2.80", "url": "https://pay.example/", "url_offset": {"index": 0, "type": "html"}},
    "group_unsubscribe": {"useragent": "Mozilla/5.0", "ip": "192.0.2.80", "url": "https://pay.example/", "asm_group_id": 1},
}
_UNDELIVERED = {"bounce", "dropped"}


class Plan(Order):
    """What becomes of one mail ``seconds`` after it was accepted, and how that is told. ``lost``: happens, and is never told."""

    events: tuple[Kind, ...] = ("processed", "delivered")
    lost: tuple[Kind, ...] = ()
    copies: int = Field(default=1, ge=1, le=100)
    reversed: bool = False

    def stands_for(self) -> float | None:
        return None


@dataclass(slots=True)
class Mail:
    """A mail that came; ``message_id`` is what the provider calls it, ``origin`` its own Message-ID header."""

    via: Literal["sendgrid", "smtp"]
    key: str
    to: str
    sender: str
    subject: str
    text: str
    origin: str
    reply_to: str = ""
    custom_args: dict[str, str] = field(default_factory=dict)
    message_id: str = field(default_factory=lambda: base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("="))
    accepted_at: datetime | None = None
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def full_id(self) -> str:
        """What SendGrid calls the copy for this recipient."""
        return f"{self.message_id}.recvd-5d4f7c6b9-pretend-1-0.0"

    def status(self) -> str:
        names = [event["event"] for event in self.events]
        if "delivered" in names and "bounce" not in names:
            return "delivered"
        return "not_delivered" if _UNDELIVERED & set(names) else "processed"

    def happens(self, kind: Kind, now: datetime) -> dict[str, Any]:
        """Make ``kind`` happen to it; returns the event as SendGrid tells it."""
        event = {
            "email": self.to,
            "timestamp": int(now.timestamp()),
            "event": "bounce" if kind == "blocked" else kind,
            "sg_event_id": base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("="),
            "sg_message_id": self.full_id,
            "smtp-id": self.origin,
            **_MORE.get(kind, {}),
            **self.custom_args,
        }
        self.events.append(event)
        return event


class Teller:
    """Lets happen to mails what was planned, and tells it to one address until that answers 2xx or tries run out."""

    def __init__(self, url: str, key: ec.EllipticCurvePrivateKey | None, log: Log) -> None:
        self.url = url
        self.plans: Orders[Plan] = Orders()
        self._key, self._log = key, log
        self._due: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._under_way: set[asyncio.Task[None]] = set()
        # A connection for each try: one that was kept could be dead already.
        self._client = httpx.AsyncClient(timeout=10, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    def follow(self, mail: Mail) -> None:
        self.begin(self._play(mail, self.plans.take() or Plan()))

    def happen(self, mail: Mail, kind: Kind, copies: int = 1) -> None:
        """Make one thing more happen to a mail, and tell it."""
        self.begin(self._tell([mail.happens(kind, present())], copies))

    def public_key(self) -> str:
        """As SendGrid shows it: base64 DER without armor; empty when nothing is signed."""
        if self._key is None:
            return ""
        der = self._key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    async def run(self) -> None:
        """Gather what is due into batches, for ever."""
        while True:
            batch = [await self._due.get()]
            await asyncio.sleep(_GATHERING_SECONDS)
            while len(batch) < _BATCH and not self._due.empty():
                batch.append(self._due.get_nowait())
            self.begin(self._deliver(batch))

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Have ``work`` done beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _play(self, mail: Mail, plan: Plan) -> None:
        await asyncio.sleep(plan.seconds or 0)
        happened = [(kind, mail.happens(kind, present())) for kind in plan.events]
        told = [event for kind, event in happened if kind not in plan.lost]
        await self._tell(told[::-1] if plan.reversed else told, plan.copies)

    async def _tell(self, events: list[dict[str, Any]], copies: int) -> None:
        for copy in range(copies if self.url else 0):
            if copy:
                await asyncio.sleep(_BETWEEN_COPIES_SECONDS)
            for event in events:
                self._due.put_nowait(event)

    async def _deliver(self, batch: list[dict[str, Any]]) -> None:
        body = ("[" + ",\r\n".join(json.dumps(event, separators=(",", ":")) for event in batch) + "]\r\n").encode()
        told = [{"id": event["sg_event_id"], "event": event["event"], "message": event["sg_message_id"]} for event in batch]
        for attempt in range(_TRIES):
            try:
                status = (await self._client.post(self.url, content=body, headers=self._headers(body))).status_code
            except httpx.HTTPError as error:
                self._log.write("events", attempt=attempt + 1, failed=type(error).__name__, events=told)
            else:
                self._log.write("events", attempt=attempt + 1, status=status, events=told)
                if 200 <= status < 300:
                    return
            await asyncio.sleep(min(0.2 * 2**attempt, _LONGEST_PAUSE_SECONDS))
        self._log.write("events given up", events=told)

    def _headers(self, body: bytes) -> dict[str, str]:
        return {"content-type": "application/json", "user-agent": "SendGrid Event API", **self.seal(body)}

    def seal(self, body: bytes) -> dict[str, str]:
        """The headers that prove where ``body`` comes from; none without a key."""
        if not self._key:
            return {}
        moment = str(int(present().timestamp()))
        seal = self._key.sign(moment.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(seal).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": moment,
        }


def load_key(file: Path) -> ec.EllipticCurvePrivateKey:
    """The private key in a PEM file, on curve P-256; made there when there is no such file. Raises ValueError when it is another kind."""
    if not file.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        file.write_bytes(made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError(f"{file} holds no private key on curve P-256; delete it to have one made")
    return key
