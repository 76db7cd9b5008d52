"""The weekly review on a real database: gathered by SQL, told at most once a level, to people of ours and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from temporalio.testing import ActivityEnvironment

from activities.review import MARK, Reviews, learn
from db import inbox, installation, parties, people, reviews, schema
from db.engine import Database
from domain.case import Fate, Rung
from domain.case import Outcome as End
from domain.event import Replied
from domain.facts import Mode
from domain.person import Access, Duty, Person
from domain.review import MailState, Reason, write_sums
from domain.task import TaskKind
from integrations.messaging import Accepted, Email, Outcome, Refused, Unknown
from support.by_hand import Killed, ScriptedMailer
from support.office import SELLER, Office
from workflows.ports import Followed

# Eight in the morning in Berlin, a Monday.
NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
WEEK = "review/brightwater/2026-W10"


class Desk:
    """One seller's reviews, run as a worker would run them, at a moment the test chooses."""

    def __init__(self, database: Database) -> None:
        self.database, self.now, self.mailer = database, NOW, ScriptedMailer()
        self.reviews = Reviews(database, self.mailer)
        self.office = Office(database, NOW)
        with database.transaction() as connection:
            parties.save_seller(connection, SELLER)
        self.office.go_live()
        self.customer = self.office.customer()

    def run(self, activity: Callable[[str], object], argument: str, at: datetime) -> object:
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, started_time=at)
        return environment.run(activity, argument)

    def open(self, at: datetime = NOW) -> str:
        opened = self.run(self.reviews.open_review, SELLER.id, at)
        assert isinstance(opened, str)
        return opened

    def follow(self, at: datetime = NOW, review: str = WEEK) -> Followed:
        followed = self.run(self.reviews.follow_review, review, at)
        assert isinstance(followed, Followed)
        return followed

    def kept(self, review: str = WEEK) -> reviews.Kept:
        with self.database.reading() as connection:
            found = reviews.load(connection, review)
        assert found is not None
        return found

    def mails(self, review: str = WEEK) -> list[tuple[str, MailState]]:
        with self.database.reading() as connection:
            return [(mail.level, mail.state) for mail in reviews.load_mails(connection, review)]

    def person(self, name: str, *duties: Duty, email: str = "", deputy: str = "") -> None:
        with self.database.transaction() as connection:
            people.add(connection, Person("", name, Access.AGENT, email, duties, deputy), NOW)

    def subjects(self) -> list[str]:
        return [email.subject for email in self.mailer.accepted]

    def tasks(self) -> list[str]:
        with self.database.reading() as connection:
            open_ = select(schema.tasks.c.title).where(schema.tasks.c.closed_at.is_(None), schema.tasks.c.case_id.is_(None))
            return list(connection.scalars(open_))


class Dying(ScriptedMailer):
    """Posts, and takes the worker with it before anything can be written down."""

    def send(self, email: Email) -> Outcome:
        super().send(email)
        raise Killed


def is_about(followed: Followed, moment: datetime) -> bool:
    return followed.until is not None and abs(followed.until - moment) < timedelta(seconds=30)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_the_review_shows_what_its_reasons_say_and_leaves_out_the_rest(desk: Desk) -> None:
    office, told = desk.office, (Rung("first-reminder", Fate.DELIVERED, NOW - timedelta(days=9), "email", "o1"),)
    told += (Rung("second-reminder", Fate.DELIVERED, NOW - timedelta(days=3), "email", "o2"),)
    untouched = office.invoice("INV-1", desk.customer, late=20)
    flagged = office.invoice("INV-2", desk.customer, late=30, rungs=told)
    answered = office.invoice("INV-3", desk.customer, late=30, rungs=told)
    office.invoice("INV-4", desk.customer, late=-3)
    office.invoice("INV-5", desk.customer, late=40, ended=End.STOPPED)
    asked = office.invoice("INV-6", desk.customer, late=20)
    office.task("call/6", TaskKind.CALL, "Call them", "now", asked)
    incident = office.invoice("INV-7", desk.customer, late=20, balance="50.00", currency="USD")
    office.task("mailer", TaskKind.INCIDENT, "no mail", "mend", incident)
    with desk.database.transaction() as connection:
        case = f"invoice/{answered}"
        word, _ = inbox.receive(
            connection, source="person", source_id="1", kind="replied", body="", now=NOW - timedelta(days=1), case_id=case, news=Replied(by="Bea"), by="Bea"
        )
        connection.execute(schema.inbox.update().where(schema.inbox.c.id == word).values(reply_taken=True, state="folded"))
    assert desk.open() == WEEK
    shown = {item.invoice: item.reasons for item in desk.kept().review.digest.items}
    assert shown == {untouched: (Reason.UNTOUCHED,), incident: (Reason.UNTOUCHED,), flagged: (Reason.FLAGGED, Reason.UNANSWERED)}
    assert write_sums(desk.kept().review.digest.untouched) == "1,200.00 EUR and 50.00 USD"


def test_what_is_kept_of_a_review_names_nobody(desk: Desk) -> None:
    desk.office.invoice("INV-1", desk.customer, late=20)
    desk.open()
    with desk.database.reading() as connection:
        body = str(connection.scalar(select(schema.reviews.c.body)))
    assert "Norden" not in body
    assert "INV-1" not in body
    assert "1200.00" in body


def test_the_owner_is_written_to_once_headed_by_the_sum_nobody_has_touched(desk: Desk) -> None:
    desk.person("Olga Sand", Duty.OWNER, email="olga@brightwater.example")
    desk.office.invoice("INV-1", desk.customer, late=20)
    desk.open()
    first = desk.follow()
    again = desk.follow(NOW + timedelta(minutes=1))
    assert first == again == Followed(datetime(2026, 3, 5, 7, tzinfo=UTC))
    assert [(email.to_address, email.subject) for email in desk.mailer.accepted] == [
        ("olga@brightwater.example", "Nobody has touched 1.200,00\xa0€: your weekly review, Brightwater Tools")
    ]
    email = desk.mailer.accepted[0]
    for part in (email.text, email.html):
        assert "INV-1, Norden Logistics" in part
        assert "dunwell review done 2026-W10" in part
    assert desk.tasks() == ["Review of 2026-W10: nobody has touched 1,200.00 EUR"]


def test_the_mail_is_no_contact_with_any_customer(desk: Desk) -> None:
    desk.office.invoice("INV-1", desk.customer, late=20)
    desk.open()
    desk.follow()
    with desk.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.outreach)) == 0


def test_where_no_owner_is_known_whoever_the_answers_go_to_is_written_to(desk: Desk) -> None:
    desk.office.invoice("INV-1", desk.customer, late=20)
    desk.open()
    desk.follow()
    assert [email.to_address for email in desk.mailer.accepted] == [SELLER.sender_email]


def test_in_shadow_mode_it_is_kept_here_and_not_sent(desk: Desk) -> None:
    with desk.database.transaction() as connection:
        installation.set_mode(connection, Mode.SHADOW, "test", NOW)
    desk.office.invoice("INV-1", desk.customer, late=20)
    desk.open()
    desk.follow()
    assert desk.mailer.posted == []
    with desk.database.reading() as connection:
        (mail,) = reviews.load_mails(connection, WEEK)
    assert mail.state is MailState.SHADOWED
    assert "Nobody has touched" in mail.text and "1.200,00\xa0€" in mail.text


@pytest.mark.parametrize("stopped", ["paused", "fenced"])
def test_while_nothing_may_leave_the_mail_waits_and_then_goes_once(desk: Desk, stopped: str) -> None:
    with desk.database.transaction() as connection:
        if stopped == "paused":
            installation.switch_off(connection, "wrong footer", "Ann", NOW)
        else:
            installation.raise_fence(connection, installation.RESTORED, NOW, "ops", NOW)
    desk.office.invoice("INV-1", desk.customer, late=20)
    desk.open()
    assert is_about(desk.follow(), NOW + timedelta(hours=1))
    assert desk.mailer.posted == []
    with desk.database.transaction() as connection:
        installation.switch_off(connection, "", "Ann", NOW)
        installation.lift_fence(connection, "compared", "Ann", NOW)
    desk.follow(NOW + timedelta(hours=1))
    desk.follow(NOW + timedelta(hours=2))
    assert len(desk.mailer.posted) == 1


def test_a_worker_that_dies_while_sending_never_sends_that_mail_again(desk: Desk) -> None:
    desk.office.invoice("INV-1", desk.customer, late=20)
    desk.open()
    living, dying = desk.reviews, Dying()
    desk.reviews = replace(living, mailer=dying)
    with pytest.raises(Killed):
        desk.follow()
    desk.reviews = living
    assert desk.mails() == [("digest", MailState.SENDING)]
    assert desk.follow(NOW + timedelta(minutes=1)).until is not None
    desk.follow(NOW + timedelta(minutes=10))
    assert desk.mails() == [("digest", MailState.UNKNOWN)]
    assert (len(dying.posted), desk.mailer.posted) == (1, [])


def test_a_refused_mail_is_tried_again_and_an_unclear_answer_is_not(desk: Desk) -> None:
    desk.office.invoice("INV-1", desk.customer, late=20)
    desk.open()
    desk.mailer.script = [Refused("busy", try_again=True), Unknown("no answer")]
    assert is_about(desk.follow(), NOW + timedelta(hours=1))
    desk.follow(NOW + timedelta(hours=1, minutes=1))
    desk.follow(NOW + timedelta(hours=3))
    assert [email.key for email in desk.mailer.posted] == list(dict.fromkeys(email.key for email in desk.mailer.posted))
    assert len(desk.mailer.posted) == 2
    assert desk.mails() == [("digest", MailState.UNKNOWN)]


def test_a_reminder_names_the_money_still_at_stake_and_the_deputy_hears_after_seven_days(desk: Desk) -> None:
    desk.person("Dora Lund", email="dora@brightwater.example")
    desk.person("Olga Sand", Duty.OWNER, email="olga@brightwater.example", deputy="Dora Lund")
    desk.office.invoice("INV-1", desk.customer, late=20)
    paid = desk.office.invoice("INV-2", desk.customer, late=20, balance="300.00")
    desk.open()
    desk.follow()
    with desk.database.transaction() as connection:
        connection.execute(schema.invoices.update().where(schema.invoices.c.id == paid).values(balance_minor=0))
    thursday = datetime(2026, 3, 5, 7, tzinfo=UTC)
    assert desk.follow(thursday).until == thursday + timedelta(days=1)
    assert desk.subjects()[1:] == ["1.200,00\xa0€ at stake: the review of 2026-W10 still waits, Brightwater Tools"]
    assert "INV-2" not in desk.mailer.accepted[1].text
    desk.follow(datetime(2026, 3, 11, 7, tzinfo=UTC))
    assert [email.to_address for email in desk.mailer.accepted[2:]] == ["olga@brightwater.example", "dora@brightwater.example"]
    assert desk.subjects()[-1] == "1.200,00\xa0€ at stake: Olga Sand has not reviewed 2026-W10, Brightwater Tools"
    assert "7 days of work" in desk.mailer.accepted[-1].text


def test_the_next_review_takes_the_place_of_one_nobody_has_read_and_inherits_its_age(desk: Desk) -> None:
    desk.office.invoice("INV-1", desk.customer, late=20)
    desk.open()
    desk.follow()
    second = desk.open(NOW + timedelta(days=7))
    assert second == "review/brightwater/2026-W11"
    assert desk.follow(NOW + timedelta(days=7)) == Followed(outcome="replaced")
    assert desk.kept(second).review.since == date(2026, 3, 2)
    assert desk.tasks() == ["Review of 2026-W11: nobody has touched 1,200.00 EUR"]


def test_a_reviewed_one_is_over_and_the_next_begins_anew(desk: Desk) -> None:
    desk.office.invoice("INV-1", desk.customer, late=20)
    desk.open()
    desk.follow()
    with desk.database.transaction() as connection:
        assert reviews.note_reviewed(connection, desk.kept().review, "Olga", "all called", NOW)
        assert not reviews.note_reviewed(connection, desk.kept().review, "Dora", "again", NOW)
    assert desk.kept().reviewed_by == "Olga"
    assert desk.tasks() == []
    assert desk.follow(NOW + timedelta(days=4)) == Followed(outcome="reviewed")
    second = desk.open(NOW + timedelta(days=7))
    assert desk.kept(second).review.since == date(2026, 3, 9)


def test_a_review_is_opened_once_a_week_however_often_it_is_asked_for(desk: Desk) -> None:
    desk.office.invoice("INV-1", desk.customer, late=20)
    assert desk.open() == desk.open(NOW + timedelta(days=2)) == WEEK
    with desk.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.reviews)) == 1


def test_with_nothing_to_review_the_owner_hears_so_and_nothing_is_asked(desk: Desk) -> None:
    desk.open()
    assert desk.follow() == Followed(outcome="nothing to review")
    assert desk.subjects() == ["Nothing to review: Brightwater Tools, 2026-W10"]
    assert desk.tasks() == []


def test_a_review_that_was_lost_with_the_database_is_over(desk: Desk) -> None:
    assert desk.follow(review="review/brightwater/2025-W01") == Followed(outcome="forgotten")


def test_what_the_provider_s_log_knows_is_not_sent_again_after_a_restore(desk: Desk) -> None:
    desk.office.invoice("INV-1", desk.customer, late=20)
    desk.open()
    with desk.database.transaction() as connection:
        learn(connection, f"{MARK}{WEEK} digest", NOW)
        learn(connection, f"{MARK}review/brightwater/2020-W01 digest", NOW)
    desk.follow(NOW + timedelta(minutes=1))
    assert desk.mailer.posted == []


def test_many_invoices_are_counted_and_the_mail_stays_short(desk: Desk) -> None:
    for number in range(20):
        desk.office.invoice(f"INV-{number}", desk.customer, late=20, balance=str(Decimal("100.00") + number))
    desk.mailer.usual = Accepted("x")
    desk.open()
    desk.follow()
    (email,) = desk.mailer.accepted
    assert "And 5 more." in email.text
    assert email.text.count("INV-") == 15
