"""What only one process may do to a database at a time: the second is told so at once, and whoever dies leaves nothing locked."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from db.engine import Database
from db.turns import UnableToTakeTurn, take_turn

ROOT = Path(__file__).parents[2]
HOLDING = """
import sys
from db.engine import Database
from db.turns import take_turn
with take_turn(Database(sys.argv[1]), "rebuild"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_is_refused_until_the_first_is_done(database: Database) -> None:
    for _ in range(2):
        with take_turn(database, "rebuild"):
            with pytest.raises(UnableToTakeTurn), take_turn(database, "rebuild"):
                raise AssertionError("both had their turn")
            with take_turn(database, "another"):
                pass


def test_one_that_is_killed_leaves_nothing_locked(database: Database, database_url: str) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDING, database_url], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        with pytest.raises(UnableToTakeTurn), take_turn(database, "rebuild"):
            raise AssertionError("both had their turn")
        holder.kill()
        holder.wait(60)
    for _ in range(400):  # PostgreSQL notices the end of a client when it next looks
        try:
            with take_turn(database, "rebuild"):
                return
        except UnableToTakeTurn:
            threading.Event().wait(0.05)
    raise AssertionError("it stayed locked")
