"""Remittance advice reaches whoever posts cash: once, whole, and never at the cost of its being a task where it did not."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from temporalio.testing import ActivityEnvironment

from activities.forwarding import SENDING_LIFE, forward_advice
from activities.intake import Intake
from activities.ledgers import Ledgers
from db import incoming, installation, parties, schema, tasks
from db.engine import Database
from domain.incoming import Enclosed, Incoming
from integrations.messaging import Accepted, Email, Outcome, Refused, Sent, Unknown
from integrations.messaging.mime import build
from starter import Door
from support.by_hand import Killed
from support.office import SELLER, Office

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
CASH = "cash@brightwater.example"


@dataclass
class Post:
    """A mailer whose ``accepted`` is the oracle. ``answers`` come before it accepts; ``dies`` says when the process is killed."""

    accepted: list[Email] = field(default_factory=list)
    answers: list[Outcome] = field(default_factory=list)
    dies: str = ""
    name: str = "post"

    def send(self, email: Email) -> Outcome:
        build(email)  # what cannot be written, no mailer takes
        if self.dies == "before":
            raise Killed
        if self.answers:
            return self.answers.pop(0)
        self.accepted.append(email)
        if self.dies == "after":
            raise Killed
        return Accepted(f"id-{len(self.accepted)}")


@dataclass
class LoggedPost(Post):
    """One whose log can be read."""

    lag: timedelta = timedelta(minutes=1)

    def sent_since(self, moment: datetime, known: Collection[str] = ()) -> Iterator[Sent]:
        for one in self.accepted:
            yield Sent(NOW, one.key, one.covers, one.to_address, one.subject, "")


@dataclass
class Desk:
    database: Database
    office: Office
    now: datetime = NOW

    def arrive(self, text: str = "Please find attached our remittance advice for INV-1.", number: int = 1, **fields: object) -> str:
        files = (Enclosed("advice.pdf", "application/pdf", b"%PDF-1.7 advice"), Enclosed("huge.zip", "application/zip", b"", 90_000_000))
        plain = Incoming("imap:x", f"INBOX/1/{number}", "email", NOW, "billing@c-1.example", ("ann.lee@brightwater.example",), text)
        message = replace(plain, **{"subject": "Payment of 4 March", "sender_name": "Billy", "enclosed": files, **fields})  # type: ignore[arg-type]
        with self.database.transaction() as connection:
            return incoming.receive(connection, message, NOW).id

    def run(self, mailer: Post, later: timedelta = timedelta()) -> int:
        self.now += later
        return forward_advice(self.database, mailer, lambda: self.now)

    def state(self, found: str) -> str:
        with self.database.reading() as connection:
            return connection.scalar(select(schema.forwards.c.state).where(schema.forwards.c.incoming_id == found)) or ""

    def is_task(self, found: str) -> bool:
        with self.database.reading() as connection:
            return tasks.is_open(connection, f"remittance-advice/{found}")


@pytest.fixture
def desk(database: Database) -> Desk:
    with database.transaction() as connection:
        parties.save_seller(connection, replace(SELLER, remittance_to=CASH))
    office = Office(database, NOW)
    office.go_live()
    office.invoice("INV-1", office.customer())
    office.invoice("INV-2", office.customer())
    return Desk(database, office)


def test_it_goes_on_with_its_files_and_says_who_sent_it_when_and_for_which_invoices(desk: Desk) -> None:
    found, post = desk.arrive(), Post()
    assert desk.is_task(found)
    assert desk.run(post) == 1
    (mail,) = post.accepted
    assert mail.to_address == CASH
    assert mail.subject == "Remittance advice: Norden Logistics, INV-1"
    for needed in ("Billy <billing@c-1.example>", "Wed 4 Mar 2026", "INV-1", "Payment of 4 March", "Please find attached", "huge.zip", found):
        assert needed in mail.text, needed
    assert [(file.name, file.media_type, file.content) for file in mail.attachments] == [("advice.pdf", "application/pdf", b"%PDF-1.7 advice")]
    assert desk.state(found) == "accepted" and not desk.is_task(found)
    assert desk.run(post) == desk.run(post, timedelta(days=3)) == 0 and len(post.accepted) == 1


def test_the_round_that_reads_mail_mails_it_on(desk: Desk) -> None:
    found, post = desk.arrive(), Post()
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, started_time=NOW)
    asyncio.run(environment.run(Intake(Door(desk.database, None, Ledgers(desk.database, {})), (), "ar", mailer=post).read_mail))  # type: ignore[arg-type]
    assert len(post.accepted) == 1 and desk.state(found) == "accepted"


def test_it_is_no_contact_with_the_customer(desk: Desk) -> None:
    desk.arrive()
    desk.run(Post())
    with desk.database.reading() as connection:
        assert connection.execute(select(schema.outreach.c.id)).all() == []


def test_where_nobody_is_named_it_stays_a_task(desk: Desk) -> None:
    with desk.database.transaction() as connection:
        parties.save_seller(connection, SELLER)
    found, post = desk.arrive(), Post()
    desk.run(post)
    assert (post.accepted, desk.state(found), desk.is_task(found)) == ([], "", True)


def test_only_remittance_advice_is_mailed_on(desk: Desk) -> None:
    post = Post()
    desk.arrive("Why do you ask? We have never ordered anything.")
    assert desk.run(post) == 0 and post.accepted == []


@pytest.mark.parametrize("dies", ["before", "after"])
def test_a_worker_killed_while_sending_never_sends_it_twice(desk: Desk, dies: str) -> None:
    found, post = desk.arrive(), Post(dies=dies)
    with pytest.raises(Killed):
        desk.run(post)
    post.dies = ""
    desk.run(post)
    desk.run(post, SENDING_LIFE + timedelta(minutes=1))
    desk.run(post, timedelta(days=1))
    assert len(post.accepted) == (dies == "after")
    assert desk.state(found) == "unknown" and desk.is_task(found), "nobody knows, so somebody looks"


@pytest.mark.parametrize("dies", ["before", "after"])
def test_where_the_mailer_keeps_a_log_it_is_sent_exactly_once_whenever_the_worker_was_killed(desk: Desk, dies: str) -> None:
    found, post = desk.arrive(), LoggedPost(dies=dies)
    with pytest.raises(Killed):
        desk.run(post)
    post.dies = ""
    for _ in range(3):
        desk.run(post, SENDING_LIFE + timedelta(minutes=1))
    assert len(post.accepted) == 1
    assert desk.state(found) == "accepted" and not desk.is_task(found)


def test_a_log_that_may_lag_behind_is_waited_for(desk: Desk) -> None:
    desk.arrive()
    post = LoggedPost(dies="before", lag=timedelta(hours=1))
    with pytest.raises(Killed):
        desk.run(post)
    post.dies = ""
    desk.run(post, SENDING_LIFE + timedelta(minutes=1))
    assert post.accepted == []
    desk.run(post, timedelta(hours=1))
    assert len(post.accepted) == 1


def test_a_mailer_that_is_away_is_asked_again_and_one_that_refuses_leaves_it_to_a_person(desk: Desk) -> None:
    found, post = desk.arrive(), Post(answers=[Refused("busy", try_again=True)])
    desk.run(post)
    assert desk.is_task(found)
    desk.run(post, timedelta(minutes=1))
    assert post.accepted == [], "not at once"
    assert desk.run(post, timedelta(minutes=30)) == 1
    for number, answer in enumerate((Refused("too large", try_again=False), Unknown("no answer")), start=2):
        other, post = desk.arrive(number=number), Post(answers=[answer])
        desk.run(post)
        desk.run(post, timedelta(days=1))
        assert post.accepted == [] and desk.is_task(other), answer


def test_in_shadow_mode_and_while_sending_is_stopped_nothing_leaves(desk: Desk) -> None:
    found, post = desk.arrive(), Post()
    with desk.database.transaction() as connection:
        installation.switch_off(connection, "wrong bank details", "Ann", NOW)
    assert desk.run(post) == 0 and desk.state(found) == "waiting"
    with desk.database.transaction() as connection:
        connection.execute(schema.installation.update().values(switched_off="", mode="shadow"))
    assert desk.run(post) == 0 and desk.state(found) == "shadowed"
    assert post.accepted == [] and desk.is_task(found)


def test_a_sender_nobody_knows_is_pointed_out(desk: Desk) -> None:
    desk.arrive(sender="billing@service.example", sender_name="Service Center")
    post = Post()
    desk.run(post)
    assert "nobody here knows this sender" in post.accepted[0].text


def test_what_was_mailed_on_and_comes_back_to_our_own_mailbox_goes_no_further(desk: Desk) -> None:
    desk.arrive()
    post = Post()
    desk.run(post)
    (mail,) = post.accepted
    back = Incoming("imap:x", "INBOX/1/9", "email", NOW, mail.from_address, (CASH,), mail.text, mail.subject, message_id=mail.message_id)
    with desk.database.transaction() as connection:
        assert incoming.receive(connection, back, NOW) == incoming.Received("", (), False)
    assert desk.run(post) == 0 and len(post.accepted) == 1
