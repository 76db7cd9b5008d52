"""Where the pretend programs listen, and how they say so."""

from __future__ import annotations

import socket
from pathlib import Path


def listen(port: int) -> socket.socket:
    """A listener on this machine only; 0 takes a free port."""
    listener = socket.create_server(("127.0.0.1", port))
    # An answer is written in two parts; without this the second waits 40 ms for the first to be acknowledged.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def write_port(port: int, file: Path | None) -> None:
    """Leave ``port`` in ``file``, which appears at once and whole."""
    if file:
        part = file.with_name(file.name + ".part")
        part.write_text(str(port))
        part.replace(file)
