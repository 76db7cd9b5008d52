"""An installation in a folder of its own, and the command ``dunwell`` run upon it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from click.testing import CliRunner, Result

from activities.assessor import Assessor
from activities.ledgers import Ledgers
from cli import dunwell
from cli.session import read_settings
from db import invoices, people
from db.engine import Database
from db.people import Access
from domain.calendar import local_day
from domain.event import News
from worker import make_policy

# Words of ours that no reader should meet.
OURS = ("rung", "desk", "override", "suppressed")

SELLERS = """
sellers:
  - {id: main, name: Brightwater, legal_name: Brightwater Ltd, sender_name: Hanna Weiss, sender_email: hanna@brightwater.example,
     ledger: csv, country: GB, time_zone: Europe/London}
"""


@dataclass(slots=True)
class Installation:
    """One data folder, and the command ``dunwell`` run upon it."""

    folder: Path
    told: list[tuple[str, News, str, str]] = field(default_factory=list)
    nudged: list[tuple[str, ...]] = field(default_factory=list)
    opened: list[Database] = field(default_factory=list)

    def run(self, *words: str, status: int = 0, **more: str) -> Result:
        """Run a command; its exit status must be ``status``, and it must not have ended in a traceback."""
        while self.opened:  # a test that looked into the database is not "something that uses it"
            self.opened.pop().close()
        result = CliRunner().invoke(dunwell, list(words), env=more, catch_exceptions=True)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == status, f"{result.exit_code}: {result.output}"
        return result

    def database(self) -> Database:
        self.opened.append(Database(read_settings().database))
        return self.opened[-1]

    def token(self, name: str, role: Access) -> str:
        with self.database().transaction() as connection:
            return people.issue_token(connection, name, role, datetime.now(UTC))

    def write_csv(self, *rows: tuple[str, str, int], name: str = "open.csv", paid: tuple[str, ...] = ()) -> Path:
        """A file with one invoice of 100.00 EUR a row: number, customer, days past due today."""
        lines = ["invoice number,customer number,customer name,email,currency,total,balance,issued,due,paid on"]
        for number, customer, late in rows:
            due = self.today() - timedelta(days=late)
            balance, paid_on = ("0.00", str(due)) if number in paid else ("100.00", "")
            lines.append(f"{number},{customer},{customer} Ltd,pay@{customer}.example,EUR,100.00,{balance},{due},{due},{paid_on}")
        file = self.folder / name
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file

    def today(self) -> date:
        return local_day(datetime.now(UTC), ("Europe/London",))

    def look_at_all(self) -> None:
        """What a worker does first with every open invoice."""
        settings, now = read_settings(), datetime.now(UTC)
        database = self.database()
        assessor, ledgers = Assessor(make_policy(settings)), Ledgers(database, {})
        with database.reading() as connection:
            owed = [invoice.id for invoice in invoices.load_open(connection, "main") if invoice.balance.amount > 0]
        for invoice in owed:
            sight = ledgers.read((invoice,), now)
            with database.transaction() as connection:
                assessor.look(connection, invoice, sight, (), now)
