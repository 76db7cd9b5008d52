"""What one look at a payment plan promises: it and its invoices move together, money is counted once, nobody is asked twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import ActivityEnvironment

import playbooks
from activities.assessor import Assessor, Policy
from activities.plans import Plans
from db import inbox, plans
from db.engine import Database
from db.ids import new_id
from db.schema import contacts, customers
from domain.case import HoldKind, Outcome
from domain.decision import Perform, Wait
from domain.event import ChasingStopped, DisputeRaised, HoldReleased, PaidOutside
from domain.installment import Installment
from domain.invoice import Standing
from domain.money import Money
from domain.payment_plan import Accepted, Countered, Declined, PlanState
from domain.plan_keeping import KeptPlan, Offered, PlanWord
from support.by_hand import ByHand
from workflows.contract import REPORT, Said, case_id, plan_id
from workflows.ports import AskPlan, PlanAnswer

PLAN = "plan_1"


class Desk(ByHand):
    """The activities run by hand, with those of payment plans."""

    remembered: KeptPlan | None = None

    def look(self, *said: Said, plan: str = PLAN) -> PlanAnswer:
        self.now += timedelta(seconds=1)
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, started_time=self.now)
        keeping = Plans(self.database, self.ledgers, Assessor(self.policy))
        answer: PlanAnswer = environment.run(keeping.assess_plan, AskPlan(plan, said, self.remembered))
        return answer

    def tell(self, word: PlanWord, plan: str = PLAN) -> PlanAnswer:
        """A person's word, and the look that hears it; whether it was taken stands in the inbox."""
        with self.database.transaction() as connection:
            row, _ = inbox.receive(
                connection, source="person", source_id=new_id("key"), kind=word.kind, body=plans.spell(word), now=self.now, case_id=plan_id(plan), by="Ann"
            )
        answer = self.look(Said(row, REPORT, f'[{{"inbox": "{row}"}}]'), plan=plan)
        with self.database.reading() as connection:
            heard = inbox.load_word(connection, row)
        assert heard is not None and heard.reply is not None
        self.said = heard.reply
        return answer

    def offer(self, *invoices: str, first: int = 7, count: int = 3, every: int = 30, plan: str = PLAN) -> PlanAnswer:
        return self.tell(Offered(invoices, count, self.day(first), every, "Ann", "asked for it"), plan)

    def kept(self, plan: str = PLAN) -> KeptPlan:
        with self.database.transaction() as connection:
            found = plans.load_plan(connection, plan)
        assert found is not None
        return found

    def watched(self, number: str, late: int, balance: str = "1200.00") -> str:
        """An invoice that has been looked at, and written to when its time had come."""
        invoice = self.add(number, late, balance=balance)
        self.work(invoice)
        return invoice

    def go_to(self, day: date) -> None:
        self.now = self.now.replace(year=day.year, month=day.month, day=day.day, hour=11)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def silent(desk: Desk, invoice: str) -> bool:
    """Whether a payment plan is why nothing is said about an invoice."""
    decision = desk.work(invoice)
    return "a payment plan covers it" in decision.why


def agreed(desk: Desk, late: int = 20) -> str:
    invoice = desk.watched("INV-1", late)
    desk.offer(invoice, first=7)
    desk.tell(Accepted("Ann", "in writing"))
    return invoice


def test_a_plan_over_two_invoices_is_offered_accepted_paid_and_kept(desk: Desk) -> None:
    one, two = desk.watched("INV-1", 20, "50000.00"), desk.watched("INV-2", 20, "34200.00")
    answer = desk.offer(one, two, first=10)
    assert desk.said.taken, desk.said.said
    assert [part.amount.amount for part in desk.kept().plan.installments] == [Decimal(28067), Decimal(28067), Decimal(28066)]
    assert sorted(passed.case for passed in answer.passed) == sorted((case_id(one), case_id(two)))
    assert silent(desk, one) and silent(desk, two)
    desk.tell(Accepted("Ann", "in writing"))
    assert silent(desk, one) and silent(desk, two)
    sent = [mail.subject for mail in desk.mailer.accepted if "payment plan" not in mail.subject]
    for due, left in (("2026-03-12", ("21933.00", "34200.00")), ("2026-04-11", ("0.00", "28066.00")), ("2026-05-11", ("0.00", "0.00"))):
        desk.go_to(date.fromisoformat(due))
        assert silent(desk, two)
        desk.ledger.change("INV-1", balance=Decimal(left[0]))
        desk.ledger.change("INV-2", balance=Decimal(left[1]))
        answer = desk.look()
    assert (answer.until, answer.ended) == (None, "kept")
    assert [mail.subject for mail in desk.mailer.accepted if "payment plan" not in mail.subject] == sent, "a customer who kept the plan was chased"
    for invoice in (one, two):
        assert desk.case(invoice).ended is None or desk.case(invoice).ended is Outcome.SETTLED
        assert "the payment plan was kept" in desk.diary(invoice)
        desk.assess(invoice)
        assert desk.case(invoice).ended is Outcome.SETTLED
    assert f"plan/{PLAN}/limit" in desk.tasks()


@pytest.mark.parametrize(
    "owed, parts",
    [
        ("84200.00", ["28,067.00 EUR", "28,067.00 EUR", "28,066.00 EUR"]),
        ("84200.37", ["28,067.00 EUR", "28,067.00 EUR", "28,066.37 EUR"]),
        ("100.00", ["33.34 EUR", "33.33 EUR", "33.33 EUR"]),
    ],
)
def test_what_is_owed_is_split_exactly_and_into_round_sums_where_it_is_large(desk: Desk, owed: str, parts: list[str]) -> None:
    desk.offer(desk.watched("INV-1", 20, owed))
    assert [str(part.amount) for part in desk.kept().plan.installments] == parts


def test_a_missed_installment_is_told_and_the_plan_that_fails_lets_the_invoice_go_on_at_the_exact_step(desk: Desk) -> None:
    invoice = agreed(desk)
    before = desk.fates(invoice)
    desk.go_to(date(2026, 3, 9))
    assert desk.look().kept is not None
    assert silent(desk, invoice)
    desk.go_to(date(2026, 3, 13))
    desk.look()
    assert "installment of 400.00 EUR, due Mon 9 Mar 2026, was missed" in desk.diary(invoice)
    assert f"plan/{PLAN}/missed/2026-03-09" in desk.tasks()
    assert silent(desk, invoice), "one miss does not end a plan"
    desk.go_to(date(2026, 3, 23))
    answer = desk.look()
    assert answer.ended == "defaulted"
    assert "the payment plan has failed: 0.00 EUR of 1,200.00 EUR received: chasing goes on where it stood" in desk.diary(invoice)
    assert [key for key in desk.tasks() if key.startswith("plan/")] == [f"plan/{PLAN}/default"]
    act = desk.due(invoice)
    assert act.step not in before
    desk.work(invoice)
    assert set(before) < set(desk.fates(invoice))
    desk.nothing_unrecorded(invoice)


def test_an_offer_nobody_answers_runs_out_and_the_invoice_goes_on(desk: Desk) -> None:
    invoice = desk.watched("INV-1", 20)
    answer = desk.offer(invoice, first=10)
    assert answer.until is not None and answer.until.date() == desk.day(8)
    desk.go_to(desk.day(8))
    assert desk.look().ended == "expired"
    assert "nobody answered the offer of a payment plan in time: chasing goes on where it stood" in desk.diary(invoice)
    assert [key for key in desk.tasks() if key.startswith("plan/")] == []
    assert isinstance(desk.assess(invoice).decision, Perform)


def test_a_plan_that_is_declined_or_called_off_ends_the_silence_with_its_reason(desk: Desk) -> None:
    invoice = agreed(desk)
    desk.tell(Declined("Ann", "they pay at once instead"))
    assert desk.said.taken
    assert "the payment plan is off: they pay at once instead: chasing goes on where it stood" in desk.diary(invoice)
    assert all(hold.kind is not HoldKind.PLAN for hold in desk.case(invoice).holds)
    desk.tell(Accepted("Ann", "no, after all"))
    assert not desk.said.taken and "has ended" in desk.said.said


def test_a_plan_is_confirmed_in_writing_and_each_installment_reminded_of_once_by_one_invoice_for_all(desk: Desk) -> None:
    one, two = desk.watched("INV-1", 20), desk.watched("INV-2", 20, "600.00")
    desk.offer(one, two, first=7)
    before = len(desk.mailer.accepted)
    desk.tell(Accepted("Ann", "in writing"))
    assert silent(desk, one) and silent(desk, two)
    (confirmed,) = desk.mailer.accepted[before:]
    assert confirmed.subject == "Your payment plan with Brightwater Tools"
    assert "INV-1, INV-2" in confirmed.text and all(day in confirmed.text for day in ("9 Mar 2026", "8 Apr 2026", "8 May 2026")), confirmed.text
    assert "confirmation of the payment plan sent by e-mail" in desk.diary(one)
    desk.go_to(date(2026, 3, 6))
    for _ in range(3):
        desk.look()
        assert silent(desk, one) and silent(desk, two)
    (reminded,) = desk.mailer.accepted[before + 1 :]
    assert reminded.subject == "Your payment plan with Brightwater Tools: the next instalment" and "9 Mar 2026" in reminded.text
    assert "8 Apr 2026" not in reminded.text
    assert not [key for key in desk.tasks() if key.startswith(("plan/", "answer/"))]
    desk.nothing_unrecorded(one, two)


def test_whom_no_message_reaches_a_person_tells_of_plan_and_installment(desk: Desk) -> None:
    desk.offer(invoice := desk.watched("INV-1", 20), first=7)
    desk.tell(Accepted("Ann", "in writing"))
    with desk.database.transaction() as connection:
        connection.execute(contacts.update().values(refused=["email"]))
    silent(desk, invoice)
    desk.go_to(date(2026, 3, 6))
    desk.look()
    silent(desk, invoice)
    titles = [title for (title,) in desk.rows("select title from tasks where closed_at is null order by title")]
    assert titles == ["Confirm the payment plan of Customer C-1 in writing", "Remind Customer C-1 of the next installment"]


def test_paying_early_makes_the_reminder_needless_and_what_was_too_much_is_carried_on(desk: Desk) -> None:
    invoice = agreed(desk)
    desk.ledger.change("INV-1", balance=Decimal("700.00"))
    desk.look()
    assert str(desk.kept().plan.received) == "500.00 EUR"
    desk.go_to(date(2026, 3, 6))
    desk.look()
    assert not [key for key in desk.tasks() if "remind" in key]
    assert silent(desk, invoice)


def test_a_payment_taken_back_is_missing_again(desk: Desk) -> None:
    agreed(desk)
    desk.ledger.change("INV-1", balance=Decimal("700.00"))
    desk.look()
    desk.ledger.change("INV-1", balance=Decimal("1200.00"))
    desk.look()
    assert str(desk.kept().plan.received) == "0.00 EUR"


def test_no_miss_is_declared_while_the_books_cannot_tell(desk: Desk) -> None:
    agreed(desk)
    desk.ledger.posted_through = date(2026, 3, 10)
    desk.go_to(date(2026, 3, 24))
    answer = desk.look()
    assert desk.kept().plan.state is PlanState.ACCEPTED
    assert answer.until is not None and answer.until - desk.now < timedelta(hours=2)
    assert "books/brightwater" in desk.tasks()
    desk.ledger.broken = "it does not answer"
    desk.look()
    assert "ledger/brightwater" in desk.tasks()
    desk.ledger.broken, desk.ledger.posted_through = "", date(2100, 1, 1)
    desk.ledger.change("INV-1", balance=Decimal("800.00"), paid_on=date(2026, 3, 9))
    desk.look()
    assert desk.kept().plan.state is PlanState.ACCEPTED, "money that came in time and was booked late is no miss"
    assert not [key for key in desk.tasks() if key.startswith(("books/", "ledger/"))]


def test_a_plan_is_never_offered_over_what_it_cannot_cover(desk: Desk) -> None:
    one, other = desk.watched("INV-1", 20), desk.add("INV-9", 20, customer="C-9")
    desk.work(other)
    dollars = desk.add("INV-2", 20, currency="USD")
    desk.work(dollars)
    for invoices, said in (((one, other), "one customer"), ((one, dollars), "cannot be reckoned"), ((), "at least one"), (("inv_none",), "not watched")):
        answer = desk.offer(*invoices, plan=new_id("plan"))
        assert (answer.ended, desk.said.taken) == ("refused", False)
        assert said in desk.said.said
    assert desk.offer(one, first=30, plan="plan_late").ended == "refused" and "must fall due between" in desk.said.said
    desk.say(one, DisputeRaised("damaged", by="Ann"))
    desk.assess(one)
    assert desk.offer(one, plan="plan_dispute").ended == "refused" and "in dispute" in desk.said.said
    assert desk.rows("select id from plans") == []
    assert silent(desk, other) is False


def test_an_invoice_stands_in_one_plan_at_a_time(desk: Desk) -> None:
    invoice = agreed(desk)
    assert desk.offer(invoice, plan="plan_2").ended == "refused"
    assert f"payment plan {PLAN} covers one of these invoices already" in desk.said.said
    desk.tell(Declined("Ann", "a better one is coming"))
    assert desk.offer(invoice, plan="plan_2").ended == ""
    assert desk.said.taken


def test_what_happens_to_a_covered_invoice_is_put_before_a_person(desk: Desk) -> None:
    one, two = desk.watched("INV-1", 20), desk.watched("INV-2", 20)
    desk.offer(one, two)
    desk.tell(Accepted("Ann", "in writing"))
    desk.say(one, DisputeRaised("damaged", by="Ann"))
    desk.assess(one)
    desk.ledger.change("INV-2", standing=Standing.VOID)
    for _ in range(2):
        desk.look()
    found = [key.removeprefix(f"plan/{PLAN}/cover/") for key in desk.tasks() if "/cover/" in key]
    assert sorted(found) == sorted((f"{one}/disputed", f"{two}/voided"))
    assert desk.kept().plan.state is PlanState.ACCEPTED


def test_money_vouched_for_by_a_person_counts(desk: Desk) -> None:
    invoice = agreed(desk)
    desk.say(invoice, PaidOutside(by="Ann", why="netted"))
    desk.assess(invoice)
    assert desk.look().ended == "kept"


def test_a_plan_keeps_its_invoice_quiet_when_every_other_hold_is_lifted(desk: Desk) -> None:
    invoice = agreed(desk)
    desk.say(invoice, HoldReleased(by="Ann", why="tidying up"))
    assert silent(desk, invoice)


def test_a_covered_invoice_tells_its_plan_when_money_has_come(desk: Desk) -> None:
    invoice = agreed(desk)
    desk.ledger.change("INV-1", balance=Decimal("900.00"))
    desk.assess(invoice)
    assert desk.rows(f"select kind from inbox where case_id = '{plan_id(PLAN)}' and state = 'new'") == [("changed",)]
    desk.look()
    assert str(desk.kept().plan.received) == "300.00 EUR"
    assert desk.rows(f"select kind from inbox where case_id = '{plan_id(PLAN)}' and state = 'new'") == []


def test_a_look_that_is_made_again_changes_nothing(desk: Desk) -> None:
    invoice = agreed(desk)
    diary, tasks, plan = desk.diary(invoice), desk.tasks(), desk.kept().plan
    for _ in range(3):
        assert desk.look().passed == ()
    assert (desk.diary(invoice), desk.tasks(), desk.kept().plan) == (diary, tasks, plan)


def test_a_plan_the_database_has_forgotten_is_told_it_by_the_run(desk: Desk) -> None:
    invoice = agreed(desk)
    desk.remembered = desk.look().kept
    with desk.database.transaction() as connection:
        connection.exec_driver_sql("delete from plan_invoices")
        connection.exec_driver_sql("delete from plans")
    assert desk.look().ended == ""
    assert desk.kept().plan.state is PlanState.ACCEPTED
    assert silent(desk, invoice)


@pytest.mark.parametrize(
    "said, taken",
    [
        (Said("k", "override", '[{"kind": "accepted", "by": "Bo", "why": "by phone"}]'), True),
        (Said("k", "override", '[{"kind": "countered", "by": "Bo", "why": "x"}]'), False),
        (Said("k", "accepted", "[]"), True),
        (Said("k", "sing", '["la"]'), False),
        (Said("k", "cancel", '["button"]'), True),
        (Said("k", "report", '["nonsense", 3]'), True),
        (Said("k", "override", "[{" * 500), False),
    ],
)
def test_anything_may_be_said_to_a_plan_in_the_temporal_ui(desk: Desk, said: Said, taken: bool) -> None:
    desk.offer(desk.watched("INV-1", 20))
    (reply,) = desk.look(said).replies
    assert reply.taken is taken, reply.said
    assert any(key.startswith("unreadable/") for key in desk.tasks()) is not taken


def test_nothing_a_person_wrote_about_a_plan_stands_in_temporal(desk: Desk) -> None:
    invoice = desk.watched("INV-1", 20)
    for word in (
        Offered((invoice,), 3, desk.day(7), 30, "Ann Lee", "Bea Ling is in hospital"),
        Countered((Installment(desk.day(7), Money(Decimal(1200), "EUR")),), "Ann Lee", "Bea Ling is in hospital"),
        Accepted("Ann Lee", "Bea Ling is back"),
        Declined("Ann Lee", "Bea Ling is in hospital"),
    ):
        (payload,) = asyncio.run(pydantic_data_converter.encode([desk.tell(word)]))
        assert desk.said.taken, desk.said.said
        assert [name for name in (b"Ann Lee", b"Bea Ling", b"customer.example", b"hospital") if name in payload.data] == []
    assert "Bea Ling is in hospital" in desk.diary(invoice)
    desk.say(invoice, ChasingStopped(by="Ann Lee", why="Bea Ling is in hospital"))
    desk.assess(invoice)
    (payload,) = asyncio.run(pydantic_data_converter.encode([desk.offer(invoice, plan="plan_2")]))
    assert "Bea Ling is in hospital" in desk.said.said
    assert [name for name in (b"Ann Lee", b"Bea Ling", b"hospital") if name in payload.data] == []


def test_a_playbook_that_offers_a_plan_names_its_installments(database: Database) -> None:
    playbook = playbooks.load("b2b-three-weeks")
    desk = Desk(database, policy=Policy(playbook, playbooks.resolve(playbook)))
    invoice = desk.add("INV-1", 1, balance="84200.00")
    with database.transaction() as connection:
        connection.execute(customers.update().values(tier="strategic"))
    desk.until(lambda: "plan-offer" in desk.fates(invoice), invoice)
    text = desk.mailer.accepted[-1].text
    assert text.count("28.067,00") == 2 and text.count("28.066,00") == 1


def test_looking_at_a_plan_that_never_was_ends_at_once(desk: Desk) -> None:
    answer = desk.look()
    assert (answer.until, answer.ended) == (None, "refused")
    assert not isinstance(answer, Wait)


def test_a_payment_that_bounces_brings_no_reminder_of_an_invoice_whose_plan_is_being_kept(database: Database) -> None:
    desk = Desk(database)
    one, two = desk.watched("INV-1", 20), desk.watched("INV-2", 19)
    desk.offer(one, two, first=7, count=2)
    desk.tell(Accepted("Ann", "on the phone"))
    desk.work(one), desk.work(two)
    heard = len(desk.heard())
    desk.go_to(desk.day(6))
    desk.ledger.change("INV-1", balance=Decimal(0), paid_on=desk.day())
    desk.assess(one), desk.look()
    assert desk.case(one).ended is Outcome.SETTLED
    desk.go_to(desk.day(3))
    desk.ledger.change("INV-1", balance=Decimal("1200.00"), paid_on=None)
    desk.work(one)  # before the plan itself has heard of it
    assert (desk.case(one).round, desk.kept().plan.state) == (2, PlanState.ACCEPTED)
    assert len(desk.heard()) == heard
    desk.tell(Declined("Ann", "the bank says it will bounce again"))
    desk.until(lambda: len(desk.heard()) > heard, one)


def test_an_invoice_owed_again_after_its_plan_has_ended_is_reminded_of(database: Database) -> None:
    desk = Desk(database)
    one = desk.watched("INV-1", 20)
    desk.offer(one, first=7, count=2)
    desk.tell(Accepted("Ann", "on the phone"))
    desk.work(one)
    heard = len(desk.heard())
    desk.ledger.change("INV-1", balance=Decimal(0), paid_on=desk.day())
    desk.assess(one), desk.look()
    assert desk.kept().plan.has_ended
    desk.go_to(desk.day(9))
    desk.ledger.change("INV-1", balance=Decimal("1200.00"), paid_on=None)
    desk.until(lambda: len(desk.heard()) > heard, one, days=7)
