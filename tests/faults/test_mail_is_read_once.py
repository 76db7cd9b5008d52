"""The reader of a mailbox is killed again and again while it reads. The mailbox is the judge: each mail is kept once, none is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from db import mailboxes, parties
from db.engine import Database
from db.schema import inbox, incoming, incoming_cases
from support.customer_mail import written
from support.imap_server import imap_server
from support.office import SELLER, Office

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
PLACES = ("kept", "marked", "committed", "told")
MAILS = 14


def test_a_reader_killed_anywhere_keeps_each_mail_once_and_tells_it_once(database: Database, database_url: str) -> None:
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
    office = Office(database, datetime.now(UTC))
    invoice = office.invoice("INV-1", office.customer())
    with imap_server() as server:
        for number in range(MAILS):
            # Every third has no id of its own, as some programs send them.
            named = {} if number % 3 == 0 else {"Message_ID": f"<{number}@c-1.example>"}
            server.put(written(f"Question {number}: what is this about?", **named))
        killed = [_read(database_url, server.port, place, survived) for survived in (0, 2) for place in PLACES]
        assert killed == [-signal.SIGKILL] * len(killed)
        assert _read(database_url, server.port, "never", 0) == 0
        assert _read(database_url, server.port, "never", 0) == 0
        assert set(server.flags()) == {()}
    with database.reading() as connection:
        texts = list(connection.scalars(select(incoming.c.text)))
        words = connection.scalar(select(func.count()).select_from(inbox).where(inbox.c.case_id == f"invoice/{invoice}"))
        joined = connection.scalar(select(func.count()).select_from(incoming_cases))
        (so_far,) = [one for one in mailboxes.load_all(connection) if one.folder == "INBOX"]
    assert sorted(texts) == sorted(f"Question {number}: what is this about?" for number in range(MAILS))
    assert (words, joined, so_far.failures) == (MAILS, MAILS, 0)
    assert so_far.read_at is not None


def _read(url: str, port: int, place: str, survived: int) -> int:
    """How a reader ended that was to die at ``place`` after so many passes by it."""
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    command = [sys.executable, str(ROOT / "tests/support/mail_reader_under_fire.py"), url, str(port), place, str(survived)]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, cwd=ROOT, capture_output=True, timeout=120, check=False).returncode
