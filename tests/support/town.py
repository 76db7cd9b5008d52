"""One customer with three invoices, to whom anything may happen at any time; an independent judge looks at every contact.

The world answers as the edges would: contacts are the customer's, not an invoice's; a message in doubt silences all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import playbooks
from domain import matters, parking
from domain.calendar import local_day, start_of_day, zone
from domain.calling import counts_as
from domain.case import ApprovalStanding, Case, Fate, HoldKind, PromiseStanding
from domain.confirming import SAID_ON_THE_PHONE
from domain.deciding import APPROVAL_BUSINESS_DAYS
from domain.decision import APPROVAL, Assessment, Close, Perform, Wait, assess, record_contact
from domain.desk import count
from domain.event import (
    ApprovalAsked,
    ApprovalGiven,
    CallEnded,
    DeliveryReported,
    DisputeResolved,
    Escalated,
    HoldReleased,
    News,
    OutreachResolved,
    Reopened,
    ReplyHandled,
    Spoken,
)
from domain.facts import Contacted, CountsAs, Facts, InFlight, Mode, Refused
from domain.fold import fold
from domain.invoice import Invoice, Standing
from domain.ladder import is_done, why_spared
from domain.owed import AnswerKind
from domain.plan_news import PlanEnded
from domain.playbook import Playbook, Stage, Step, Verb, taken_again
from support.worlds import an_invoice

PLAYBOOKS = {
    one.hash: one for one in (playbooks.load(name) for name in ("standard", "multi-channel-week", "b2b-three-weeks", "owner-voice", "issue-to-payment"))
}
LEGAL = HoldKind.LEGAL
_OFTEN = 2
_FIRMNESS = list(Stage)
_FIRM = (Stage.FINAL, Stage.HOLD, Stage.DEMAND, Stage.REFERRAL)
_MEASURES = (Verb.PLACE_CREDIT_HOLD, Verb.HAND_OFF, Verb.REFER_TO_AGENCY, Verb.WRITE_OFF)
# Further away than this nothing sleeps: a due date in the future, or the longest word anybody may give.
_LONGEST_SLEEP = timedelta(days=100)


@dataclass(frozen=True, slots=True)
class Sent:
    """A contact that left: which invoice's, in which round, with which step."""

    case: str
    round: int
    step: str
    at: datetime
    outreach: str


@dataclass
class Town:
    """The customer's invoices and everything around them at ``now``."""

    now: datetime
    facts: Facts
    cases: dict[str, Case] = field(default_factory=dict)
    ledger: dict[str, Invoice] = field(default_factory=dict)
    heard: dict[str, Assessment] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    refusals: dict[str, tuple[Refused, ...]] = field(default_factory=dict)
    refused_answers: dict[str, tuple[Refused, ...]] = field(default_factory=dict)
    missed: dict[str, tuple[datetime, ...]] = field(default_factory=dict)
    confirmed: dict[tuple[str, int], str] = field(default_factory=dict)  # the message about a case's so many promises
    flights: dict[str, tuple[InFlight, ...]] = field(default_factory=dict)
    asked: dict[str, set[str]] = field(default_factory=dict)  # the open tasks of people of ours that speak to the customer
    thanked: dict[str, datetime] = field(default_factory=dict)
    noted: dict[tuple[str, AnswerKind], tuple[datetime, str]] = field(default_factory=dict)
    fate: Fate = Fate.DELIVERED
    messages: int = 0

    def open(self, playbook: Playbook, due: date, balance: str) -> str:
        invoice = an_invoice(due, balance, number=f"INV-{len(self.cases) + 1}")
        case = Case(f"invoice/{invoice.id}", invoice, playbook.hash, self.now)
        self.cases[case.id], self.ledger[case.id] = case, invoice
        self.look(case.id)
        return case.id

    def facts_for(self, case: str) -> Facts:
        books = replace(self.facts.books, read_at=self.now)
        return replace(
            self.facts,
            playbook=PLAYBOOKS[self.cases[case].playbook],
            books=books,
            refusals=self.refusals.get(case, ()),
            refused_answers=self.refused_answers.get(case, ()),
            missed=self.missed.get(case, ()),
            in_flight=self.flights.get(case, ()),
            asked=frozenset(matter.rpartition("/")[2] for matter in self.asked.get(case, ())),
        )

    def look(self, case: str, *news: News) -> Assessment:
        """Look at one invoice, and check what is decided."""
        facts, before = self.facts_for(case), self.cases[case]
        heard = assess(before, self.ledger[case], news, facts, self.now)
        self.cases[case], self.heard[case] = heard.case, heard
        if heard.case.playbook == before.playbook:
            self._close_tasks(case, before, facts)
        if not news:
            self._check(heard, facts)
            return heard
        assert len(heard.replies) == len(news)
        assert all(reply.said for reply in heard.replies), "somebody was answered nothing"
        for word, reply in zip(news, heard.replies, strict=True):
            if reply.taken:
                self._learn(case, word)
        if heard.case.playbook == before.playbook and self.facts_for(case).contacts == facts.contacts:
            self._check(heard, self.facts_for(case))
        else:
            self.look(case)
        return self.heard[case]

    def _close_tasks(self, case: str, before: Case, facts: Facts) -> None:
        """What the edges close once a look is written down: nobody is asked to call while there is nothing to say."""
        one, asked = self.cases[case], self.asked.setdefault(case, set())
        asked -= {*parking.waiting(one), *(matters.moot_at_the_end(one, facts) if one.ended or one.settled_at else ())}
        kinds = {hold.kind for hold in one.holds if hold.until > self.now}
        unclear = one.invoice.standing is not Standing.OPEN or bool(one.successor) or one.ended is not None
        promised = any(promise.standing is PromiseStanding.OPEN for promise in one.promises)
        disputed = any(dispute.is_open and dispute.amount.amount >= one.invoice.balance.amount - 1 for dispute in one.disputes)
        if unclear or promised or disputed or kinds - {HoldKind.PLEASE_WAIT}:
            assert not asked, f"{asked} is asked for while there is nothing to say"
        elif kinds:
            playbook = PLAYBOOKS[one.playbook]
            steps = (playbook.step_of(rung) for rung in one.rungs if parking.key(one, rung.step) in asked)
            assert all(step.do is Verb.ALERT_ACCOUNT_MANAGER for step in steps), "a call is asked for although a colleague asked to wait"
        # Nobody made it: it may be asked for anew, also once it is for this customer again.
        again = {step for step in before.parked if (rung := one.rung(step)) is None or rung.fate is Fate.PASSED_OVER}
        self.sent = [sent for sent in self.sent if (sent.case, sent.round) != (case, before.round) or sent.step not in again]

    def say(self, case: str, news: News) -> None:
        """Something is said about an invoice, and what follows from it is done."""
        self.look(case, news)
        self.work(case)

    def _learn(self, case: str, news: News) -> None:
        """What a word changes outside the case."""
        if isinstance(news, OutreachResolved | DeliveryReported):
            went_out = news.went_out if isinstance(news, OutreachResolved) else news.fate != "failed"
            gone = frozenset() if went_out else frozenset({news.outreach})
            self.sent = [one for one in self.sent if one.outreach not in gone]
            self.confirmed = {promise: outreach for promise, outreach in self.confirmed.items() if outreach not in gone}
            self.noted = {what: (at, outreach) for what, (at, outreach) in self.noted.items() if outreach not in gone}
            self.facts = replace(self.facts, contacts=tuple(one for one in self.facts.contacts if one.outreach not in gone))
            self.flights[case] = tuple(one for one in self.flights.get(case, ()) if one.outreach != news.outreach)
        if isinstance(news, CallEnded):
            if news.result != "talked":
                self.sent = [one for one in self.sent if one.outreach != news.outreach]
                self.missed[case] = (*self.missed.get(case, ()), self.now)
            attempted = counts_as(news)
            contacts = (replace(one, counts_as=attempted) if attempted and one.outreach == news.outreach else one for one in self.facts.contacts)
            self.facts = replace(self.facts, contacts=tuple(contacts))
            self.flights[case] = tuple(one for one in self.flights.get(case, ()) if one.outreach != news.outreach)
        if isinstance(news, Spoken) and news.reached:
            self.facts = replace(self.facts, contacts=(*self.facts.contacts, Contacted(self.now, Stage.CALL, channel="talk")))

    def work(self, *awake: str) -> None:
        """Carry out what is due (for these invoices; none named: all), one act after another, as the workers do."""
        for case in awake or tuple(self.cases):
            for _ in range(20):
                act = self.look(case).verdict.decision
                if not isinstance(act, Perform):
                    break
                self.perform(case, act)
            else:
                raise AssertionError(f"{case} acts without end: {act}")

    def pass_time(self, to: datetime) -> None:
        """Every wake-up up to ``to``, in order."""
        for _ in range(2_000):
            waking = {case: wait.until for case, heard in self.heard.items() if isinstance(wait := heard.verdict.decision, Wait) and wait.until <= to}
            if not waking:
                break
            self.now = max(self.now, min(waking.values()))
            self.work(*(case for case, until in waking.items() if until <= self.now))
        else:
            raise AssertionError("the invoices wake without end")
        self.now = max(self.now, to)
        self.work()

    def perform(self, case: str, act: Perform) -> None:
        facts = self.facts_for(case)
        step = facts.playbook.step(act.step)
        if act.channel == APPROVAL:
            expires = facts.bank_calendar.add(facts.today(self.now), APPROVAL_BUSINESS_DAYS)
            self.cases[case] = fold(self.cases[case], ApprovalAsked(step.name, "text", expires, by="Dunwell"), facts, self.now).case
            return
        judge = self._judge_answer if step.answers_customer else self._judge
        judge(self.cases[case], step, act.channel, facts)
        counts_as = count(step, act.channel, facts, self.now)
        fate, self.fate = self.fate, Fate.DELIVERED
        self.messages += 1
        outreach = f"o{self.messages}"
        if act.channel == "task":
            fate, outreach = Fate.DONE, ""
        elif facts.mode is Mode.SHADOW:
            fate = Fate.SHADOWED
        elif fate is Fate.SKIPPED:  # the provider did not take it
            kept = self.refused_answers if step.answers_customer else self.refusals
            contact = facts.contact_for(step, act.channel, self.now)
            way = {"step": step.name, "channel": act.channel, "reach": contact.reach_by(act.channel) if contact else "", "taken": self.messages % 3 == 0}
            kept[case] = (*kept.get(case, ()), Refused(self.now, "mailbox full", self.messages % 2 == 0, **way))
            return
        (self.refused_answers if step.answers_customer else self.refusals).pop(case, None)
        if not step.answers_customer:
            self.missed.pop(case, None)
        self.cases[case], line = record_contact(self.cases[case], step.name, act.channel, fate, outreach, facts, self.now)
        assert line.what
        if step.answers_customer is AnswerKind.PROMISE_CONFIRMED:
            self.confirmed[case, len(self.cases[case].promises)] = outreach
        if step.answers_customer is AnswerKind.SETTLED:
            self.thanked[case] = self.now
        if step.answers_customer in SAID_ON_THE_PHONE:
            self.noted[case, step.answers_customer] = self.now, outreach
        if act.channel == "task" and facts.mode is Mode.LIVE and not step.answers_customer and step.do not in _MEASURES:
            self.asked.setdefault(case, set()).add(parking.key(self.cases[case], step.name))
        self.sent.append(Sent(case, 0 if step.answers_customer else self.cases[case].round, step.name, self.now, outreach))
        if act.channel != "task":
            made = () if step.answers_customer else (Contacted(self.now, step.stage, outreach, act.channel, counts_as),)
            self.facts = replace(self.facts, contacts=(*self.facts.contacts, *made))
            if fate is Fate.UNKNOWN:
                self.flights[case] = (*self.flights.get(case, ()), InFlight(step.name, outreach, self.now, True, self.cases[case].round, act.channel))

    def _judge_answer(self, case: Case, step: Step, channel: str, facts: Facts) -> None:
        """Everything that must be true at the moment of a message that answers: it may break a silence, and nothing else."""
        ledger, what = self.ledger[case.id], step.answers_customer
        assert case.ended is None, "an answer about an invoice nobody watches"
        if what is AnswerKind.SETTLED:
            self._judge_thanks(case, ledger)
        else:
            assert ledger.balance.amount > 0, "an answer about a paid invoice"
        assert ledger.standing is Standing.OPEN, "an answer about an invoice that is not open"
        kinds = {hold.kind for hold in case.holds if hold.until > self.now}
        assert HoldKind.LEGAL not in kinds, "an answer in spite of a legal stop"
        assert not self.flights.get(case.id), "an answer while a message is in doubt"
        assert not facts.switched_off
        assert not facts.fenced
        assert not facts.books.problem
        assert (case.id, 0, step.name) not in {(one.case, one.round, one.step) for one in self.sent}, "an answer was repeated"
        if what is AnswerKind.PROMISE_CONFIRMED:
            promises = [one for one in case.promises if one.standing is PromiseStanding.OPEN]
            assert len(promises) == 1, "nothing is promised"
            assert (case.id, len(case.promises)) not in self.confirmed, "a promise was confirmed twice"
        if what is AnswerKind.DISCOUNT_GRANTED:
            assert case.discount and case.discount.last_day >= facts.today(self.now), "no discount to speak of"
        if what in (AnswerKind.PLAN_CONFIRMED, AnswerKind.INSTALLMENT_REMINDER, AnswerKind.PLAN_PROPOSED):
            assert HoldKind.PLAN in kinds, "no plan to speak of"
        if what is AnswerKind.DISPUTE_CONFIRMED:
            assert any(one.is_open for one in case.disputes), "no dispute to speak of"
        if what is AnswerKind.PAYMENT_NOTED:
            assert HoldKind.PAYMENT_REPORTED in kinds, "no payment to speak of"
        if what in SAID_ON_THE_PHONE:
            last, _ = self.noted.get((case.id, what), (None, ""))
            assert last is None or facts.customer_day(last) < facts.customer_day(self.now), "the same was confirmed twice on one day"
            owed = case.owed(step.name)
            assert owed and (owed.day is None or owed.day >= facts.today(self.now)), "a day that has gone was named"
        if channel != "task":
            self._judge_hour(channel, facts)

    def _judge_thanks(self, case: Case, ledger: Invoice) -> None:
        """Nobody is thanked for a part of the money, for what they were only reminded of, or twice for the same."""
        net = case.discount and case.discount.off(ledger.total).amount
        assert ledger.balance.amount <= (net or 0) + 1, "thanks for money that is not there"
        steps = ((rung, PLAYBOOKS[case.playbook].step_of(rung)) for rung in case.rungs)
        firm = [rung.at for rung, step in steps if (rung.is_contact and step.stage in _FIRM) or (rung.fate is Fate.DONE and step.do in _MEASURES)]
        firm += [one.made_at for one in case.promises if one.standing in (PromiseStanding.BROKEN, PromiseStanding.PARTLY_KEPT)]
        before = self.thanked.get(case.id)
        assert any(before is None or at > before for at in firm) or (before is None and case.acts), "thanks for nothing"

    def _judge_hour(self, channel: str, facts: Facts) -> None:
        """Whether anybody may be written to or called now."""
        assert any(contact.address(channel) and channel not in contact.refused for contact in facts.customer.contacts), "they refused this channel"
        opens, closes = (9, 17) if channel in ("sms", "call") else (8, 18)
        for name in facts.customer.zones:
            local = self.now.astimezone(zone(name))
            assert opens <= local.hour < closes, f"{local} is no hour for {channel}"
            assert facts.calendar.is_business_day(local.date()), f"{local:%A %d %B} is no business day"

    def _judge(self, case: Case, step: Step, channel: str, facts: Facts) -> None:
        """Everything that must be true at the moment of an act. Written apart from the rules it judges."""
        ledger, now, zones = self.ledger[case.id], self.now, facts.customer.zones
        assert case.ended is None, "an act for an invoice nobody watches"
        assert ledger.balance.amount > 0, "an act for a paid invoice"
        assert ledger.standing is Standing.OPEN, "an act for an invoice that is not open"
        assert not [hold for hold in case.holds if hold.until > now], "an act while held"
        assert not [one for one in case.promises if one.standing is PromiseStanding.OPEN], "an act while promised"
        assert not [one for one in case.disputes if one.is_open and one.amount.amount >= ledger.balance.amount - 1], "an act about what is in dispute"
        assert not self.flights.get(case.id), "an act while a message is in doubt"
        assert not facts.switched_off
        assert not facts.fenced
        assert not facts.books.problem
        assert (case.id, case.round, step.name) not in {(one.case, one.round, one.step) for one in self.sent}, "a step was repeated"
        steps = facts.playbook.steps
        again = taken_again(step.name)
        lies = False
        for before in steps[: steps.index(step)] if step in steps else () if again else steps:
            lies = lies or _is_left_lying(case, before)
            is_to_come = before.planned_day(case.invoice.due, facts.calendar) > local_day(now, zones) - timedelta(days=5)
            waits = lies and not step.severe and (before.severe or _is_left_lying(case, before) or is_to_come)
            assert is_done(case, before.name, facts.mode) or why_spared(before, case, facts) or waits, f"{before.name} was skipped silently"
        taken = [one for one in self.sent if (one.case, one.round) == (case.id, case.round) and case.rung(one.step) and not one.step.startswith("statement-")]
        if step in steps and not step.together and taken and (last := next((one for one in steps if one.name == taken[-1].step), None)):
            planned_together = (last.day, last.business_day) == (step.day, step.business_day)
            assert planned_together or local_day(taken[-1].at, zones) < local_day(now, zones), f"the {step.name} in one burst with the {last.name}"
        if step.approve and facts.mode is Mode.LIVE:
            approval = case.approval(step.name)
            assert approval, "not approved"
            assert approval.standing is ApprovalStanding.GIVEN, "not approved"
            assert len(set(approval.given_by)) >= step.approve, "too few have approved"
            assert approval.expires > now, "the approval has expired"
        # Whoever says that nothing came begins at the soft end again.
        counted = [rung for rung in case.rungs if rung.is_contact and rung.step in {one.name for one in steps} and not (again and case.copy)]
        firmest = [facts.playbook.step(rung.step).stage for rung in counted]
        assert all(_FIRMNESS.index(stage) <= _FIRMNESS.index(step.stage) for stage in firmest), "softer than before"
        if channel == "task" or step.do.is_internal:
            return
        self._judge_hour(channel, facts)
        today = local_day(now, zones)
        heard = [contact for contact in facts.contacts if contact.counts_as is not CountsAs.ATTEMPT]
        days = [local_day(contact.at, zones) for contact in heard]
        if step.together and channel not in {contact.channel for contact in facts.contacts if local_day(contact.at, zones) == today}:
            days = [day for day in days if day != today]  # one contact with the step before it
        assert all((today - day).days >= facts.playbook.gap_days for day in days), "too soon after the last contact"
        for cap, window in ((1, 1), (3, 7), (10, 30)):
            assert len({day for day in days if (today - day).days < window} - {today}) < cap, f"more than {cap} in {window} days"
        if channel == "call":
            calls = [local_day(contact.at, zones) for contact in facts.contacts if contact.channel == "call"]
            assert sum((today - day).days < 7 for day in calls) < 2, "called too often"
            assert all((today - local_day(one.at, zones)).days >= 7 for one in facts.contacts if one.channel == "talk"), "called after a conversation"
        if step.severe:
            notices = [rung for rung in case.rungs if _is_notice(rung.fate, facts.mode) and _is_written(facts.playbook.step_of(rung).stage)]
            assert notices, "severe without a notice"
            newest = max(notices, key=lambda rung: rung.at)
            assert newest.channel != "letter" or newest.fate is not Fate.ACCEPTED or newest.posted, "severe after a letter that nobody posted"
            if copy := case.copy:
                assert copy.arrived, "severe before the copy that was asked for has arrived"
                assert (today - copy.arrived).days >= step.notice_days, "severe before there was time to look at the copy"
            assert (today - local_day(max(rung.at for rung in notices), zones)).days >= step.notice_days, "severe before its notice period has gone"

    def _check(self, heard: Assessment, facts: Facts) -> None:
        """What must be true of every decision, also one that ends in silence."""
        decision = heard.verdict.decision
        assert heard.verdict.rule
        assert all(entry.what for entry in heard.entries)
        assert all(task.title and task.remedy and task.owner for task in heard.tasks), "a task without a remedy or an owner"
        if isinstance(decision, Wait):
            assert decision.why, "a silence without a reason"
            assert decision.owner, "a silence without an owner"
            assert decision.until >= self.now + timedelta(minutes=1), "a silence that ends before it begins"
            latest = max(self.now, start_of_day(heard.case.invoice.due, (facts.seller_zone,)))
            assert decision.until <= latest + _LONGEST_SLEEP, "a silence without an end"
        if isinstance(decision, Close):
            ledger = heard.case.invoice
            assert heard.case.ended is not None
            assert ledger.is_settled(facts.tolerance) or ledger.standing is not Standing.OPEN or heard.case.ended_why
        else:
            assert heard.case.ended is None
        if not heard.replies:
            return
        again = assess(heard.case, self.ledger[heard.case.id], (), facts, self.now)
        assert again.verdict.decision == decision, "deciding twice gives two answers"
        assert again.case == heard.case, "deciding twice gives two cases"
        assert again.entries == (), "deciding twice tells something twice"

    # -- situations ------------------------------------------------------------------------------------------------------------

    def clear(self, case: str) -> None:
        """Take away whatever silences an invoice, as people would, and mend what is broken around it."""
        self.fate = Fate.DELIVERED
        self.facts = replace(self.facts, switched_off="", fenced="", books=replace(self.facts.books, problem=""))
        if self.cases[case].ended:
            self.ledger[case] = replace(self.ledger[case], standing=Standing.OPEN, balance=self.ledger[case].total)
            self.say(case, Reopened(by="Ann"))
        elif self.cases[case].settled_at:
            self.ledger[case] = replace(self.ledger[case], standing=Standing.OPEN, balance=self.ledger[case].total)
        for flight in self.flights.get(case, ()):
            self.say(case, OutreachResolved(flight.outreach, went_out=True, by="Ann"))
            assert flight not in self.flights[case], "a doubtful message that nobody can clear up"
        self.look(case, HoldReleased(by="Ann", legal=True), DisputeResolved(by="Ann"), ReplyHandled(by="Ann"), PlanEnded("p", kept=False, by="Ann"))

    def go_on_until(self, case: str, is_there: Callable[[Case], bool]) -> bool:
        """Let the invoice go up its ladder, its approvals given, until ``is_there`` or for half a year."""
        for _ in range(26):
            if self.cases[case].ended or is_there(self.cases[case]):
                break
            lying = [one.step for one in self.cases[case].approvals if one.lapses >= _OFTEN and self.cases[case].rung(one.step) is None]
            for step in lying:
                self.say(case, Escalated(step, by="Ann"))
            for approval in self.cases[case].approvals:
                if approval.standing is ApprovalStanding.OPEN:
                    for person in ("Ann", "Ben"):
                        self.say(case, ApprovalGiven(approval.step, approval.text_hash, by=person))
            self.pass_time(self.now + timedelta(days=7))
        return is_there(self.cases[case])


def _is_left_lying(case: Case, step: Step) -> bool:
    """Whether nobody has answered often enough whether it may be done."""
    asked = case.approval(step.name)
    return step.approve > 0 and asked is not None and asked.standing is ApprovalStanding.EXPIRED and asked.lapses >= _OFTEN


def _is_notice(fate: Fate, mode: Mode) -> bool:
    return fate in (Fate.DELIVERED, Fate.ACCEPTED, Fate.PRESUMED) or (fate is Fate.SHADOWED and mode is Mode.SHADOW)


def _is_written(stage: Stage) -> bool:
    return stage in (Stage.REMINDER, Stage.FINAL, Stage.HOLD, Stage.DEMAND)
