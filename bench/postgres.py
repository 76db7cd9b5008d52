"""A PostgreSQL server of the bench's own that keeps its word: the one that tests use does not wait for the disk."""

from __future__ import annotations

from tests.support.postgres import Postgres

_HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class DurablePostgres(Postgres):
    """Durable as PostgreSQL is by default."""

    def _start(self) -> None:
        pairs = zip(self._command, [*self._command[1:], ""], strict=True)
        self._command = [word for word, following in pairs if word not in _HASTY and not (word == "-c" and following in _HASTY)]
        super()._start()
