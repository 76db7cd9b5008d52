"""A real IMAP server (pymap) on loopback, with one mailbox: what customers' answers are read from in tests."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage

from imapclient import IMAPClient

from integrations.messaging.imap import Mailbox, MailboxForm, connect
from tests.support.ports import port_to_come

USER, PASSWORD = "replies", "let-me-in"


@dataclass
class ImapServer:
    """``process`` serves the mailbox at ``port``; it holds everything in memory."""

    process: subprocess.Popen[bytes]
    port: int

    def mailbox(self, **fields: object) -> Mailbox:
        form = {"user": USER, "password": PASSWORD, "host": "127.0.0.1", "port": self.port, "security": "none", "sent": "Sent", **fields}
        return connect(MailboxForm.model_validate(form), timeout=60)

    @contextmanager
    def as_owner(self) -> Iterator[IMAPClient]:
        """The mailbox as its owner's own mail program sees it."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=60)
        client.login(USER, PASSWORD)
        try:
            yield client
        finally:
            client.logout()

    def put(self, message: EmailMessage | bytes, folder: str = "INBOX", at: datetime | None = None) -> None:
        with self.as_owner() as client:
            client.append(folder, bytes(message), msg_time=at or datetime.now(UTC))

    def flags(self, folder: str = "INBOX") -> list[tuple[bytes, ...]]:
        with self.as_owner() as client:
            client.select_folder(folder, readonly=True)
            return [tuple(flag for flag in one[b"FLAGS"] if flag != b"\\Recent") for one in client.fetch(client.search(), ["FLAGS"]).values()]

    def emptied(self) -> Mailbox:
        """The mailbox with nothing in it."""
        with self.as_owner() as client:
            for folder in ("INBOX", "Sent"):
                client.select_folder(folder)
                if found := client.search():
                    client.delete_messages(found)
                    client.expunge()
        return self.mailbox()


@contextmanager
def imap_server() -> Iterator[ImapServer]:
    port = port_to_come()
    program = "import sys; from pymap.main import main; sys.exit(main())"
    where = ("--host", "127.0.0.1", "--port", str(port), "--no-tls")
    account = ("dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD)
    process = subprocess.Popen([sys.executable, "-c", program, *where, *account], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        server = ImapServer(process, port)
        _await(server)
        with server.as_owner() as client:
            client.select_folder("INBOX")
            if found := client.search():
                client.delete_messages(found)
                client.expunge()
            for _, _, name in client.list_folders():
                if name != "INBOX":
                    client.delete_folder(name)
            client.create_folder("Sent")
        yield server
    finally:
        process.kill()
        process.wait()


def _await(server: ImapServer) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with server.as_owner():
                return
        except OSError:
            assert server.process.poll() is None, "the IMAP server ended at once"
            time.sleep(0.1)
    raise AssertionError("the IMAP server did not come up within a minute")
