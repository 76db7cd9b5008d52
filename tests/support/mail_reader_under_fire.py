"""Reads a mailbox as the worker does, and dies by kill -9 at the ordered place.

``mail_reader_under_fire.py DATABASE_URL PORT PLACE SURVIVED``: PLACE is kept, marked, committed or told, or never; so many passes
by it are survived.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from activities import intake
from db import incoming, mailboxes
from db.engine import Database
from integrations.messaging.imap import MailboxForm, connect
from support.imap_server import PASSWORD, USER
from support.office import FakeDoor


class Fuse:
    def __init__(self, place: str, survived: int) -> None:
        self.place, self.left = place, survived

    def __call__(self, place: str) -> None:
        if place == self.place:
            self.left -= 1
            if self.left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def after(self, place: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def done(*given: Any, **named: Any) -> Any:
            result = work(*given, **named)
            self(place)
            return result

        return done


def main() -> None:
    url, port, place, survived = sys.argv[1:]
    fuse = Fuse(place, int(survived))
    incoming.receive = fuse.after("kept", incoming.receive)
    mailboxes.note_mark = fuse.after("marked", mailboxes.note_mark)
    intake.Intake._keep = fuse.after("committed", intake.Intake._keep)  # type: ignore[method-assign]
    database = Database(url)
    door = FakeDoor(database)
    door.report_all = fuse.after("told", door.report_all)  # type: ignore[method-assign]
    form = MailboxForm(user=USER, password=PASSWORD, host="127.0.0.1", port=int(port), security="none", sent="Sent")
    reader = intake.Intake(door, (), "accounts receivable")  # type: ignore[arg-type]
    read = asyncio.run(reader.read(connect(form, timeout=20), lambda: datetime.now(UTC)))
    sys.exit(read.failed)


if __name__ == "__main__":
    main()
