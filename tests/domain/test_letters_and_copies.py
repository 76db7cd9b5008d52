"""What was printed has not arrived, and what never arrived proves nothing: told as stories, with the diary as the judge."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest

import playbooks
from domain.case import Case, Fate, HoldKind
from domain.decision import Assessment, Perform, Wait, assess, record_contact
from domain.desk import count
from domain.event import AnswerOwed, CallEnded, HoldReleased, News, OutreachResolved, Replied, ReplyHandled
from domain.facts import Contacted, CountsAs, Envelope, Facts, InFlight, Refused
from domain.owed import AnswerKind
from domain.playbook import taken_again
from domain.task import Task
from support.worlds import MONDAY, a_case, a_customer, facts

THREE_WEEKS = playbooks.load("b2b-three-weeks")
DUE = date(2026, 2, 27)
ADDRESS = ("Hafenstr. 1", "20457 Hamburg", "Germany")
NEVER = AnswerOwed(AnswerKind.COPY_SENT, by="Bea", why="our messages had not arrived (on the phone)")


@dataclass
class Story:
    """One invoice of three weeks' playbook. What is sent gets the fate of its channel, ``email`` and ``letter`` those below."""

    channels: frozenset[str] = frozenset({"email", "task"})
    email: Fate = Fate.DELIVERED
    copies: Fate = Fate.DELIVERED
    case: Case = field(default_factory=lambda: replace(a_case(DUE), playbook=THREE_WEEKS.hash))
    now: datetime = MONDAY
    diary: list[str] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)

    def __post_init__(self) -> None:
        customer = replace(a_customer(), address=ADDRESS)
        self.world: Facts = facts(playbook=THREE_WEEKS, customer=customer, envelope=Envelope(channels=self.channels), deputy="Dora")

    def hear(self, *news: News) -> Assessment:
        heard = assess(self.case, self.case.invoice, news, self.world, self.now)
        self.case = heard.case
        self._write(*(line.what for line in heard.entries))
        self.tasks |= {task.key: task for task in heard.tasks}
        return heard

    def _write(self, *lines: str) -> None:
        self.diary += [f"{self.now:%-d %b} {line}" for line in lines]

    def _carry_out(self, act: Perform) -> None:
        step = self.world.playbook.step(act.step)
        fate = Fate.DONE if act.channel == "task" else Fate.ACCEPTED if act.channel == "letter" else self.copies if step.answers_customer else self.email
        counts_as = count(step, act.channel, self.world, self.now)
        self.case, line = record_contact(self.case, act.step, act.channel, fate, f"o-{act.step}", self.world, self.now)
        self._write(line.what)
        if fate is not Fate.DONE and counts_as is not CountsAs.ANSWER:
            self.world = replace(self.world, contacts=(*self.world.contacts, Contacted(self.now, step.stage, f"o-{act.step}", act.channel, counts_as)))

    def until(self, day: date, *news: News) -> list[str]:
        """Say this now, then let the days pass; the new lines of the diary."""
        before, heard = len(self.diary), self.hear(*news)
        while True:
            while isinstance(act := heard.verdict.decision, Perform):
                self._carry_out(act)
                heard = self.hear()
            wait = heard.verdict.decision
            assert isinstance(wait, Wait) and wait.owner and wait.why
            if wait.until.date() > day:
                self.now = max(self.now, datetime.combine(day, MONDAY.timetz()))
                return [line for line in self.diary[before:] if "left out" not in line]
            self.now = wait.until
            heard = self.hear()

    def rule(self) -> str:
        return self.hear().verdict.rule


def by_post() -> Story:
    """A customer that wants letters: its final demand lies printed since 13 March."""
    story = Story(frozenset({"email", "letter", "task"}))
    story.world = replace(story.world, customer=replace(story.world.customer, preferred_channel="letter"))
    assert any("final demand printed, to be posted by a person of ours" in line for line in story.until(date(2026, 3, 16)))
    return story


def test_a_letter_that_nobody_posted_is_never_presumed_delivered_and_nothing_firm_follows_it() -> None:
    story = by_post()
    told = story.until(date(2026, 6, 30))
    assert not any("handover" in line or "presumed" in line for line in told), told
    assert story.rule() == "undelivered"
    assert story.tasks["post/o-final-demand"].title == "Print and post the final demand to Customer (invoice INV-1)"
    assert not any(key.startswith("review/") for key in story.tasks), "somebody has been asked to post it: that is enough"


def test_from_the_day_it_was_posted_a_letter_has_four_business_days_and_then_its_notice_period_begins() -> None:
    story = by_post()
    story.until(date(2026, 3, 25))
    told = story.until(date(2026, 4, 30), OutreachResolved("o-final-demand", True, by="Ann", why="posted", day=date(2026, 3, 24)))
    assert told[3].startswith("7 Apr handover to collections: given to a person of ours")
    assert told[:3] == [
        "25 Mar final demand posted on Tue 24 Mar 2026, says Ann: posted",
        "30 Mar final demand presumed delivered: posted 4 business days ago",
        "30 Mar text about the final demand: given to a person of ours (planned for day +14: no notice had been delivered)",
    ]


def test_a_day_of_posting_that_cannot_be_is_refused_and_a_letter_that_was_not_posted_is_written_anew() -> None:
    story = by_post()
    for day in (date(2026, 3, 1), date(2026, 3, 17)):
        (reply,) = story.hear(OutreachResolved("o-final-demand", True, by="Ann", day=day)).replies
        assert not reply.taken and reply.said.startswith(f"day: {day} is not between")
    heard = story.hear(OutreachResolved("o-final-demand", False, by="Ann", why="the printer tore it"))
    assert heard.replies[0].said == "final demand was not posted, says Ann: the printer tore it: it is written anew"
    assert heard.verdict.decision == Perform("final-demand", "letter", "final demand by letter")


def test_nobody_without_a_postal_address_gets_a_letter() -> None:
    world = by_post().world
    demand = THREE_WEEKS.step("final-demand")
    assert world.channel_for(demand, MONDAY) == "letter"
    assert replace(world, customer=replace(world.customer, address=())).channel_for(demand, MONDAY) == "email"


def on_the_phone() -> Story:
    """Two reminders by e-mail, then a call on 13 March, two weeks after the due date."""
    story = Story(frozenset({"email", "call", "task"}))
    story.world = replace(
        story.world,
        customer=replace(story.world.customer, contacts=tuple(replace(one, phone="+4915112345678") for one in story.world.customer.contacts)),
    )
    story.until(date(2026, 3, 12))
    story.now = datetime.combine(date(2026, 3, 13), MONDAY.timetz())
    assert [line.partition(" (")[0] for line in story.diary if "by e-mail" in line] == [
        "2 Mar first reminder sent by e-mail",
        "6 Mar second reminder sent by e-mail",
    ]
    story.world = replace(story.world, in_flight=(InFlight("decision-maker-call", "o-call", story.now, round=1, channel="call"),))
    return story


def hang_up(story: Story) -> None:
    story.hear(CallEnded("o-call", "talked"))
    talk = Contacted(story.now, THREE_WEEKS.step("decision-maker-call").stage, channel="talk")
    story.world = replace(story.world, in_flight=(), contacts=(*story.world.contacts, talk))


def test_no_on_the_phone_sends_the_invoice_and_three_business_days_later_the_last_reminder_again_and_nothing_firm_before_its_notice() -> None:
    story = on_the_phone()
    act = story.hear(NEVER).verdict.decision
    story.world = replace(story.world, in_flight=())
    assert isinstance(act, Perform) and act.step == "copy-sent-1", "at once"
    story.world = replace(story.world, in_flight=(InFlight("decision-maker-call", "o-call", story.now, round=1, channel="call"),))
    hang_up(story)
    assert story.until(date(2026, 4, 10)) == [
        "13 Mar copy of the invoice sent by e-mail",
        "18 Mar second reminder once more sent by e-mail",
        "23 Mar final demand sent by e-mail (planned for day +14: 3 days' notice)",
        "23 Mar text about the final demand: given to a person of ours (planned for day +14: with the final demand)",
        "30 Mar handover to collections: given to a person of ours (planned for day +21: 7 days' notice)",
    ]


def test_never_received_in_an_answer_counts_as_it_does_on_the_phone() -> None:
    story = Story()
    story.until(date(2026, 3, 12))
    story.now = datetime.combine(date(2026, 3, 12), MONDAY.timetz())
    told = story.until(date(2026, 4, 10), Replied(copy=True, by="the customer", why="we never got it"))
    sent = [line.partition(" (")[0] for line in told if "sent by" in line]
    assert sent[:2] == ["12 Mar copy of the invoice sent by e-mail", "17 Mar second reminder once more sent by e-mail"]
    demand = next(line for line in told if "final demand" in line)
    assert demand.startswith("23 Mar"), "with a colleague's call before it"


def test_a_copy_presumed_delivered_counts_from_then_on() -> None:
    story = Story(copies=Fate.ACCEPTED)
    story.until(date(2026, 3, 12))
    story.now = datetime.combine(date(2026, 3, 12), MONDAY.timetz())
    told = story.until(date(2026, 4, 10), Replied(copy=True, by="the customer"))
    assert story.case.copy and story.case.copy.arrived == date(2026, 3, 16)
    assert any(line.startswith("19 Mar second reminder once more") for line in told)


@pytest.mark.parametrize("why", ["the playbook has no words for it", "the ledger has no document of it"])
def test_a_copy_that_a_colleague_must_send_keeps_everything_waiting_until_it_is_done_and_the_deputy_sees_it(why: str) -> None:
    story = Story()
    story.until(date(2026, 3, 12))
    story.now = datetime.combine(date(2026, 3, 12), MONDAY.timetz())
    if "words" in why:
        story.world = replace(story.world, playbook=replace(THREE_WEEKS, says=()))
    else:
        story.world = replace(story.world, refused_answers=(Refused(story.now, why, try_again=False),))
    told = story.until(date(2026, 3, 20), Replied(copy=True, by="the customer"))
    assert told[0] == "12 Mar the customer asks for the invoice once more"
    assert told[1:] in ([], ["12 Mar copy of the invoice: given to a person of ours"])
    assert story.rule() == "copy" and f"copy/{story.case.id}" in story.tasks and f"reply/{story.case.id}/deputy" in story.tasks
    told = story.until(date(2026, 4, 10), ReplyHandled(by="Ann", why="posted it to the new address"))
    assert [line.partition(" (")[0] for line in told] == [
        "20 Mar the customer's answer was dealt with by Ann: posted it to the new address",
        "25 Mar second reminder once more sent by e-mail",
        "30 Mar call to the decision-maker: given to a person of ours",
        "31 Mar final demand sent by e-mail",
        "31 Mar text about the final demand: given to a person of ours",
        "7 Apr handover to collections: given to a person of ours",
    ]


def test_a_copy_that_nobody_sends_ends_its_silence_in_a_reminder_and_never_in_anything_firm() -> None:
    story = Story()
    story.until(date(2026, 3, 12))
    story.now = datetime.combine(date(2026, 3, 12), MONDAY.timetz())
    story.world = replace(story.world, playbook=replace(THREE_WEEKS, says=()))
    told = story.until(date(2026, 7, 1), Replied(copy=True, by="the customer"))
    assert [line.partition(" (")[0] for line in told if "final demand" in line or "handover" in line] == []
    assert any("second reminder once more sent by e-mail" in line for line in told)
    assert story.rule() == "undelivered"
    assert f"copy/{story.case.id}" in {task.key for task in story.hear().tasks}, "whoever closed it unsent is asked again"


def test_letting_the_silence_go_by_hand_lets_the_reminder_go_and_nothing_firm() -> None:
    story = Story(copies=Fate.ACCEPTED)
    story.until(date(2026, 3, 13))
    story.now = datetime.combine(date(2026, 3, 13), MONDAY.timetz())
    story.hear(Replied(copy=True, by="the customer"))
    heard = story.hear(HoldReleased(by="Ann", why="they are sure to have it"))
    assert not any(hold.kind is HoldKind.COPY for hold in heard.case.holds)
    told = story.until(date(2026, 3, 18))
    assert not any("final demand" in line for line in told)


def test_who_was_sent_a_demand_and_says_that_nothing_came_hears_the_reminder_and_then_the_demand_once_more_before_anybody_takes_over() -> None:
    story = Story()
    told = story.until(date(2026, 3, 18))
    assert any("final demand sent" in line for line in told)
    told = story.until(date(2026, 4, 30), Replied(copy=True, by="the customer"))
    sent = [line.partition(" (")[0] for line in told if "sent by" in line or "given to" in line]
    assert [line.split(" ", 2)[2] for line in sent] == [
        "copy of the invoice sent by e-mail",
        "second reminder once more sent by e-mail",
        "final demand once more sent by e-mail",
        "text about the final demand: given to a person of ours",
        "handover to collections: given to a person of ours",
    ]


def test_who_says_it_a_third_time_gets_the_copy_and_does_not_begin_anew() -> None:
    story = Story()
    story.until(date(2026, 3, 10))
    for day in (date(2026, 3, 11), date(2026, 3, 23), date(2026, 4, 7)):
        story.now = datetime.combine(day, MONDAY.timetz())
        story.until(day + timedelta(days=8), Replied(copy=True, by="the customer"))
    assert sum("copy of the invoice sent" in line for line in story.diary) == 3
    assert {taken_again(rung.step) for rung in story.case.rungs} == {0, 1, 2}


def test_nobody_is_reminded_again_of_what_is_not_yet_late() -> None:
    early = replace(a_case(date(2026, 4, 30)), playbook=THREE_WEEKS.hash)
    story = Story(case=early)
    told = story.until(date(2026, 4, 30), Replied(copy=True, by="the customer"))
    assert [line for line in told if "once more sent" in line] == []
