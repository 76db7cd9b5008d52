"""Ports for servers that must be told theirs before they listen, and addresses where nobody listens."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from random import SystemRandom

from cli.supervisor import free_port

# Below what the kernel hands out by itself: a port that it chose, and that is let go again, may be somebody's before its server is up.
_FIRST, _LAST = 21_000, 32_000


def port_to_come() -> int:
    """A free port that no connection and no listener on port 0 is given meanwhile; another process that asks gets another, most likely."""
    return free_port(SystemRandom().randint(_FIRST, _LAST))


@contextmanager
def nobody() -> Iterator[int]:
    """A port on which nothing listens, and nothing will as long as this lasts."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])
