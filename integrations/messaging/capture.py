"""Capture: every e-mail is kept on disk as .eml instead of leaving. The default until a real provider is set.

Beside the mails stands ``accepted.jsonl``, to which every accepted send adds one line and nothing is ever changed: a
message captured twice overwrites its .eml but shows there as two lines. It is capture's log of what was sent, and stays
what it was when the database is put back.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.texting import explain_length
from integrations.messaging import Accepted, Email, Message, Outcome, Refused, Sent, UnableToReadSent, Unknown
from integrations.messaging.files import append, file_of, replace_file
from integrations.messaging.mime import UnableToWrite, build

ACCEPT_LOG = "accepted.jsonl"


@dataclass(frozen=True, slots=True)
class CaptureMailer:
    """Writes into ``folder``; what it accepts has arrived."""

    folder: Path
    name: str = "capture"
    lag: timedelta = timedelta()

    def send(self, email: Email) -> Outcome:
        try:
            content = bytes(build(email))
        except UnableToWrite as error:
            return Refused(str(error), try_again=False)
        line = {"key": email.key, "to": email.to_address, "subject": email.subject, "message_id": email.message_id, "covers": email.covers}
        return self._keep(file_of(email.key), content, line)

    def measure(self, message: Message) -> str:
        """As strict as those who really carry text messages."""
        return explain_length(message.text) if message.channel == "sms" else ""

    def carry(self, message: Message) -> Outcome:
        """Keep a message of another channel as a text file, in the same log."""
        line = {"key": message.key, "to": message.to_address, "subject": message.subject, "message_id": "", "covers": message.covers}
        content = f"To: {message.to_name} <{message.to_address}>\nBy: {message.channel}\n{message.subject}\n\n{message.text}".encode()
        try:
            for number, enclosed in enumerate(message.attachments):
                replace_file(self.folder / file_of(message.key, f"{message.channel}{number or ''}.{Path(enclosed.name).suffix.lstrip('.')}"), enclosed.content)
        except OSError as error:
            return Refused(f"could not write into {self.folder} ({error.strerror}); free space or correct the rights", try_again=True)
        return self._keep(file_of(message.key, f"{message.channel}.txt"), content, {**line, "channel": message.channel})

    def _keep(self, file: str, content: bytes, line: dict[str, str]) -> Outcome:
        line["at"] = datetime.now(UTC).isoformat()
        try:
            replace_file(self.folder / file, content)
        except OSError as error:
            return Refused(f"could not write {file} into {self.folder} ({error.strerror}); free space or correct the rights", try_again=True)
        try:
            append(self.folder / ACCEPT_LOG, json.dumps(line, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            return Unknown(f"{file} is written, but {ACCEPT_LOG} is not ({error.strerror})")
        return Accepted(provider_id=file, delivered=True)

    def find_sent(self, key: str, since: datetime) -> Sent | None:
        return next((sent for sent in self.sent_since(since) if sent.key == key), None)

    def sent_since(self, moment: datetime, known: Collection[str] = ()) -> Iterator[Sent]:
        log = self.folder / ACCEPT_LOG
        try:
            # What follows the last line's end is still being written by another process.
            lines = log.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return
        except OSError as error:
            raise UnableToReadSent(f"{log} cannot be read ({error}); correct its rights, or put back a whole copy") from None
        for number, text in enumerate(lines, 1):
            try:
                line = json.loads(text)
                # Lines written before they had a moment are older than any copy that could be compared with them.
                at = datetime.fromisoformat(line["at"]) if "at" in line else None
                key, to, subject, message_id = line["key"], line["to"], line["subject"], line["message_id"]
            except (ValueError, LookupError, TypeError) as error:
                raise UnableToReadSent(f"{log}, line {number}: {error}; correct or remove the line") from None
            provider_id = file_of(key, f"{line['channel']}.txt" if "channel" in line else "eml")
            if at is not None and at >= moment and provider_id not in known:
                yield Sent(at, key, line.get("covers", ""), to, subject, provider_id, message_id)


def connect(folder: Path) -> CaptureMailer:
    """A mailer that keeps every message in ``folder``, which is made when missing. Raises OSError when it cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    return CaptureMailer(folder)
