"""The accountant of a case: gathers the facts, lets the domain decide, and writes down everything it said.

Both activities use it inside their own transaction, so that a case, its diary, its decision record and the answers
given stand or fall together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial

from sqlalchemy import Connection

from activities import calling, forgotten, words
from activities.ledgers import Sight
from activities.plan_hints import hint_plans
from activities.showing import explain, label, show, without_detail, without_private_words
from activities.surroundings import Surroundings, look_around
from activities.top_tenths import TopTenths
from activities.uploading import ask_to_upload
from db import cases, inbox, incoming, installation, invoices, journal, mailboxes, outreach, parties, plans, playbooks, receipts, tasks
from db.inbox import Word
from db.outreach import Claim
from db.voices import approved_tiers
from domain import delivery, law_packs, leave, matters, parking
from domain.case import Approval, Case, Fate, Rung
from domain.catching_up import adopt_memory
from domain.confirming import find_open
from domain.decision import Assessment, Close, Verdict, Wait, assess, record_contact
from domain.diary import Entry
from domain.event import (
    ApprovalGiven,
    ApprovalLapsed,
    ApprovalRefused,
    CallEnded,
    DeliveryReported,
    InvoiceChanged,
    News,
    OutreachResolved,
    ReplyHandled,
    Spoken,
    WordUnreadable,
)
from domain.facts import Books, Envelope, Facts, Mode
from domain.fold import observe
from domain.interest import Rate
from domain.invoice import Invoice, Standing
from domain.ladder import next_step
from domain.money import Tolerance
from domain.person import route
from domain.playbook import Playbook, Step
from domain.task import Task
from domain.timeline import watching_begins
from integrations.reference.holidays import calendar_for
from playbooks import from_resolved
from playbooks.voice import NAME as OWNER_VOICE
from playbooks.voice import Edition, missing
from workflows.contract import Said, case_id
from workflows.ports import Answer, Known, Replied

# A claim this old belongs to a worker that died; its own retry would have come much sooner.
_CLAIM_LIFE = timedelta(minutes=10)
_BREATH = timedelta(minutes=1)
_UNTRUE = "what it says has changed since"
_OnText = ApprovalGiven | ApprovalRefused | ApprovalLapsed
_REMEMBERED = "remembered by the running watch of an invoice it covered"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the installation sets for every case. ``resolved`` is the text of the playbook that new cases pin."""

    playbook: Playbook
    resolved: str
    envelope: Envelope = Envelope()
    tolerance: Tolerance = Tolerance()
    owner: str = "accounts receivable"
    public_url: str = ""  # where links lead; empty: people of ours are asked without any
    private_url: str = ""  # where colleagues open their pages
    clicks: bool = False  # pay links lead through us, and tell us that they were followed
    voices: Mapping[str, Edition] | None = None  # how each seller's owner writes; None: nobody has to agree to it
    rates: tuple[Rate, ...] = ()  # by which statutory interest is reckoned
    leaves_unread: bool = False  # messages really leave, and no program reads what is answered


@dataclass(frozen=True, slots=True)
class Assessor:
    """Looks at cases within a transaction of the caller."""

    policy: Policy
    top_tenths: TopTenths = field(default_factory=TopTenths, compare=False)

    def look(
        self,
        connection: Connection,
        invoice: str,
        sight: Sight,
        said: Sequence[Said],
        now: datetime,
        *,
        known: Known | None = None,
        remembered: Case | None = None,
    ) -> Answer:
        """Hear everything unheard about this invoice, decide, and write it all down.

        When the database lacks what the run knows to have been written it was put back to an earlier state: nothing leaves
        any more, nothing is written, and the run is asked for what it ``remembered``.
        """
        stored = sight.invoices.get(invoice) or invoices.load_invoice(connection, invoice)
        if stored is None:
            raise LookupError(f"invoice {invoice} is not in the database")
        parties.lock_customer(connection, stored.customer)
        case, opening = self.find(connection, stored, now)
        if remembered is None and forgotten.has_lost(connection, case, known, self.policy.owner, now):
            return self._ask_what_it_remembers(connection, case, sight.books, now)
        settled = self._tidy(connection, [stored.customer], invoice, now)
        around = look_around(connection, stored.customer, now)
        if stray := [flight.outreach for flight in around.on_the_way if flight.since < now - _CLAIM_LIFE]:
            # It is for others at the same address, who may have no invoice left that anybody looks at.
            settled |= self._tidy(connection, outreach.meant_for(connection, stray), invoice, now)
            around = look_around(connection, stored.customer, now)
        if settled:
            case, _ = self.find(connection, case.invoice, now)
        before = case
        learned: tuple[Entry, ...] = ()
        if remembered is not None:
            case, learned = adopt_memory(case, remembered, self.gather(connection, _bill_to(case, stored.customer), sight.books, now, around=around), now)
        rows = self.receive(connection, case.id, said, now)
        unheard = inbox.unfolded(connection, case.id)
        facts = replace(self.gather(connection, _bill_to(case, stored.customer), sight.books, now, around=around), missing=invoice in sight.missing)
        news = [_news(word) for word in unheard]
        # A look that began before the case ended may tell of a debt that has been paid since.
        seen = None if case.ended and cases.saved_at(connection, case.id) >= sight.begun else sight.invoices.get(invoice)
        heard = assess(case, seen, news, facts, now)
        failed = [told for told in news if isinstance(told, DeliveryReported) and told.fate == "failed"]
        for failure in failed:
            receipts.settle(connection, failure)  # what is decided now must know that this way has failed
        if heard.case.playbook != case.playbook or failed:
            facts = self.gather(connection, heard.case, sight.books, now, around=None if failed else around)
            then = assess(heard.case, None, (), facts, now)
            heard = replace(then, entries=(*heard.entries, *then.entries), tasks=(*heard.tasks, *then.tasks), replies=heard.replies)
        entries = (*((watching_begins(case, facts, now),) if opening else ()), *learned, *heard.entries)
        answer = self.write(connection, replace(heard, tasks=(*ask_to_upload(heard.case, facts, now), *heard.tasks)), entries, facts, now)
        hint_plans(connection, before, answer.case, now)
        if learned:
            self._write_down(connection, before, case, facts.playbook, now)
        if invoice in sight.invoices:
            tasks.close_tasks(connection, [f"missing/{case.id}"], "the ledger knows it", now)
        if opening:
            self._open_siblings(connection, case, sight.books, now)
        if heard.case.went_live > before.went_live:
            self._take_siblings_live(connection, heard.case, sight.books, now)
        for word, told, reply in zip(unheard, news, heard.replies, strict=True):
            inbox.mark_folded(connection, word.id, answer.case.seq, reply, now)
            if reply.taken:
                tasks.close_tasks(connection, matters.answered_by(told, answer.case, facts), reply.said[:200], now)
            if isinstance(told, Spoken) and told.reached and not told.counted and reply.taken:
                outreach.note_talk(connection, stored.customer, stored.seller, case.id, told.by, now)
            if isinstance(told, ReplyHandled) and reply.taken:
                incoming.close_about(connection, case.id, by=told.by, why=told.why, now=now)
            if isinstance(told, OutreachResolved) and reply.taken:
                self._resolve(connection, case.id, told, sight.books, now)
            if isinstance(told, DeliveryReported):
                if told.fate != "failed":
                    receipts.settle(connection, told)
                arrived = [delivery.undelivered(case.id), f"refused/{case.id}"] if told.fate == "delivered" else []
                over = [] if told.fate == "failed" else [f"outreach/{told.outreach}", *arrived]
                tasks.close_tasks(connection, over, f"{told.by} told that it was {told.fate}", now)
            if isinstance(told, CallEnded) and reply.taken:
                calling.end(connection, self, case.id, told, sight.books, now)
            if isinstance(told, (ApprovalGiven, ApprovalRefused)) and reply.taken and (about := heard.case.approval(told.step)):
                self._decide_together(connection, about, told, sight.books, now, decided=(case.id,), asked_by=case.id)
        for about in leave.left_by(before, heard.case, now):
            lapsed = ApprovalLapsed(about.step, by="Dunwell", why=_UNTRUE)
            answer = self._decide_together(connection, about, lapsed, sight.books, now, decided=(), asked_by=case.id) or answer
        return replace(answer, replies=self._replies(connection, case.id, rows))

    def _tidy(self, connection: Connection, customers: Sequence[str], invoice: str, now: datetime) -> bool:
        """Settle what a dead worker left of the messages to these customers; whether that was written into any case."""
        lost = outreach.tidy(connection, customers, now - _CLAIM_LIFE, now)
        for one in lost:
            self.conclude(connection, outreach.load_claim(connection, one), Fate.UNKNOWN, None, now, asked_by=case_id(invoice))
        return bool(lost)

    def _ask_what_it_remembers(self, connection: Connection, case: Case, books: Books, now: datetime) -> Answer:
        facts = self.gather(connection, case, books, now)
        decision = Wait(now + _BREATH, facts.fenced or installation.PUT_BACK, facts.owner)
        return Answer(without_private_words(case), without_detail(decision), label(case, Verdict(decision, "fenced"), facts, now), forgot=True)

    def _write_down(self, connection: Connection, before: Case, after: Case, playbook: Playbook, now: datetime) -> None:
        """Every message that the run remembers, and the database had forgotten."""
        answered = (Rung(one.step, Fate(one.fate), one.at, one.channel, one.outreach) for one in after.answers if one.at and one not in before.answers)
        for rung in (*after.rungs, *answered):
            if rung.is_contact and rung.outreach and rung not in before.rungs:
                forgotten.write_share(connection, after, rung, playbook, now, reason=_REMEMBERED, round_=after.round)

    def _open_siblings(self, connection: Connection, first: Case, books: Books, now: datetime) -> None:
        """What else the customer owes begins in the same breath, so that its first message can cover all of it."""
        around = cache(partial(look_around, connection, now=now))
        for invoice in invoices.load_unwatched(connection, first.invoice.customer):
            case, _ = self.find(connection, invoice, now)
            facts = self.gather(connection, case, books, now, around=around(invoice.customer))
            heard = assess(case, None, (), facts, now)
            self.write(connection, heard, (watching_begins(case, facts, now), *heard.entries), facts, now)

    def _take_siblings_live(self, connection: Connection, first: Case, books: Books, now: datetime) -> None:
        """What else the customer owes begins its new round in the same breath, for the same reason."""
        around = cache(partial(look_around, connection, now=now))
        for case in cases.load_open_cases(connection, [first.invoice.customer]):
            if case.id == first.id or case.mode == first.mode:
                continue
            facts = self.gather(connection, case, books, now, around=around(case.invoice.customer))
            heard = assess(case, None, (), facts, now)
            self.write(connection, heard, heard.entries, facts, now)
            self.tell(connection, case.id, f"live/{heard.case.went_live}", now)

    def conclude(self, connection: Connection, claim: Claim, fate: Fate, sight: Sight | None, now: datetime, *, asked_by: str) -> dict[str, Answer]:
        """Write what became of a message into every case it covered, and let each decide what comes next.

        The run of ``asked_by`` gets its answer; the others are told by way of the inbox to look again.
        """
        answers, others = {}, [part.case for part in claim.parts if part.case != asked_by]
        found, around = cases.load_cases(connection, [part.case for part in claim.parts]), cache(partial(look_around, connection, now=now))
        seen_since = cases.saved_since(connection, others, sight.begun) if sight and others else frozenset()
        for part in claim.parts:
            case = found.get(part.case)
            if case is None or case.round != part.round or _knows(case, claim.id, fate):
                continue
            books = sight.books if sight else Books(case.invoice.seller, now)
            facts = self.gather(connection, case, books, now, around=around(case.invoice.customer))
            # What was seen before the message left may be older than the look that ended the case, or than another's own look meanwhile.
            seen = sight.invoices.get(case.invoice.id) if sight and not case.ended and part.case not in seen_since else None
            case, lines = observe(case, seen, facts, now) if seen else (case, ())
            case, line = record_contact(case, part.rung, part.channel, fate, claim.id, facts, now)
            heard = assess(case, None, (), facts, now)
            answers[part.case] = self.write(connection, heard, (*lines, line, *heard.entries), facts, now)
            if part.case != asked_by:
                self.tell(connection, part.case, f"{claim.id}/{fate.value}", now)
        # What its provider told while it was still being written down was heard by nobody.
        if (known := receipts.find_fate(connection, claim.id)) and known.fate != fate.value:
            receipts.tell_cases(connection, claim.id, now, again=f"/{fate.value}")
        return answers

    def carry_out(
        self, connection: Connection, case: Case, step: Step, channel: str, fate: Fate, wanted: Sequence[Task], facts: Facts, now: datetime
    ) -> Answer:
        """Write down what was done among ourselves, with the task it made, and decide what comes next."""
        after, line = record_contact(case, step.name, channel, fate, "", facts, now)
        heard = assess(after, None, (), facts, now)
        return self.write(connection, replace(heard, tasks=(*wanted, *heard.tasks)), (line, *heard.entries), facts, now)

    def lapse(self, connection: Connection, case: Case, step: Step, facts: Facts, now: datetime, *, asked_by: str) -> None:
        """What people agreed to is not true any more: they will be asked again. The run of ``asked_by`` looks again by itself."""
        news, approval = ApprovalLapsed(step.name, by="Dunwell", why=_UNTRUE), case.approval(step.name)
        heard = assess(case, None, (news,), facts, now)
        self.write(connection, heard, heard.entries, facts, now)
        if case.id != asked_by:
            self.tell(connection, case.id, f"lapsed/{case.seq}", now)
        if approval is not None:
            self._decide_together(connection, approval, news, facts.books, now, decided=(case.id,), asked_by=asked_by)

    def _decide_together(
        self, connection: Connection, about: Approval, told: _OnText, books: Books, now: datetime, *, decided: Sequence[str], asked_by: str
    ) -> Answer | None:
        """What is decided about a text holds for every invoice that stands in it, those in ``decided`` know it. The answer for ``asked_by``."""
        answer = None
        for one in about.covers:
            other = cases.load_case(connection, one) if one not in decided else None
            if other is None or other.ended or (its := leave.undecided(other, about)) is None:
                continue
            facts = self.gather(connection, other, books, now)
            heard = assess(other, None, (replace(told, step=its.step),), facts, now)
            written = self.write(connection, heard, heard.entries, facts, now)
            if isinstance(told, ApprovalLapsed):
                tasks.close_tasks(connection, [leave.key(other, facts.playbook.step(its.step))], told.why, now)
            if one == asked_by:
                answer = written
            else:
                self.tell(connection, one, f"{told.kind}/{other.seq}", now)
        return answer

    def tell(self, connection: Connection, case: str, what: str, now: datetime) -> None:
        """Have a case's own run look again, now that another one has written into it."""
        news = InvoiceChanged(by="message")
        inbox.receive(connection, source="outreach", source_id=f"{case}/{what}", kind=news.kind, body="", now=now, case_id=case, news=news, by=news.by)

    def _resolve(self, connection: Connection, case: str, told: OutreachResolved, books: Books, now: datetime) -> None:
        """What a person found out about a message holds for every invoice it covered."""
        outreach.resolve(connection, told.outreach, told.went_out, told.why, now)
        tasks.close_tasks(connection, [f"outreach/{told.outreach}", f"post/{told.outreach}"], told.why, now)
        for part in outreach.load_claim(connection, told.outreach).parts:
            other = cases.load_case(connection, part.case) if part.case != case else None
            if other is not None and not other.ended:
                facts = self.gather(connection, other, books, now)
                heard = assess(other, None, (told,), facts, now)
                self.write(connection, heard, heard.entries, facts, now)
                self.tell(connection, part.case, f"{told.outreach}/resolved", now)

    def find(self, connection: Connection, invoice: Invoice, now: datetime) -> tuple[Case, bool]:
        """The stored case of an invoice, or a new one that pins today's playbook; whether it is new."""
        case = cases.load_case(connection, case_id(invoice.id))
        if case is not None:
            return case, False
        playbook = self.policy.playbook
        playbooks.store_version(connection, playbook.hash, playbook.name, self.policy.resolved, now)
        return Case(case_id(invoice.id), invoice, playbook.hash, now), True

    def gather(self, connection: Connection, case: Case, books: Books, now: datetime, without: str = "", around: Surroundings | None = None) -> Facts:
        """Everything the decision may look at, as it stands now; ``without`` leaves out one message, the one being sent.

        ``around`` is what was found around its customer earlier in the same transaction, if nothing of it has changed since.
        """
        if around is None or around.customer.id != case.invoice.customer:
            around = look_around(connection, case.invoice.customer, now)
        customer, seller, state, payer = around.customer, around.seller, around.installation, around.reached.payer
        about = outreach.load_about(connection, case.id)
        covering = {flight.outreach for flight in about.in_flight}
        flights = (*about.in_flight, *(flight for flight in around.on_the_way if flight.outreach not in covering))
        elsewhere, today = around.elsewhere, now.date()
        facts = Facts(
            playbook=self.playbook(connection, case.playbook),
            customer=customer,
            books=books,
            seller_zone=seller.time_zone,
            calendar=calendar_for((customer.country, seller.country, *(place[:2] for place in elsewhere)), today),
            bank_calendar=calendar_for((seller.country,), today),
            envelope=self.policy.envelope,
            tolerance=self.policy.tolerance,
            mode=state.mode,
            switched_off=state.switched_off,
            fenced=state.fence.why if state.fence else "",
            contacts=tuple(made for made in around.contacts if made.outreach != without),
            in_flight=tuple(flight for flight in flights if flight.outreach != without),
            owner=self.policy.owner,
            elsewhere=elsewhere,
            quiet=around.quiet,
            payer_waits=cases.holds_of(connection, payer.id, now) if payer else frozenset(),
            open_balances=around.open_balances,
            only_invoice=around.only_invoice,
            top_tenth=self.top_tenths.find(connection, seller.id, case.invoice.balance.currency, now),
            interest_rates=self.policy.rates,
            unread=find_unread(connection, self.policy),
            under_plan=case.ended is not None and bool(plans.covering(connection, [case.invoice.id])),
        )
        facts = self._in_own_voice(connection, facts, seller.id).with_people(around.people, now)
        present = (case.round, next_step(case, facts).name)
        if answer := find_open(case):
            facts = replace(facts, refused_answers=about.refused.get((case.round, answer.step), ()))
        if calls := parking.calls_of(case, facts):
            undone = tasks.open_among(connection, [parking.key(case, rung.step) for rung in calls])
            facts = replace(facts, asked=frozenset(rung.step for rung in calls if parking.key(case, rung.step) in undone))
        return replace(facts, refusals=about.refused.get(present, ()), missed=about.missed.get(present, ()))

    def _in_own_voice(self, connection: Connection, facts: Facts, seller: str) -> Facts:
        """``facts`` with how the owner writes, where the playbook speaks in that voice."""
        found = (self.policy.voices or {}).get(seller)
        if found is None or facts.playbook.name != OWNER_VOICE:
            return facts
        return replace(facts, voice=found.voice, voice_unapproved=missing(approved_tiers(connection, seller, found.hash)))

    def playbook(self, connection: Connection, hash_: str) -> Playbook:
        """The playbook a case has pinned."""
        if hash_ == self.policy.playbook.hash:
            return self.policy.playbook
        return from_resolved(playbooks.load_version(connection, hash_))

    def resolved(self, connection: Connection, hash_: str) -> str:
        """The text of the playbook a case has pinned, with its wording."""
        if hash_ == self.policy.playbook.hash:
            return self.policy.resolved
        return playbooks.load_version(connection, hash_)

    def write(self, connection: Connection, heard: Assessment, entries: Sequence[Entry], facts: Facts, now: datetime) -> Answer:
        """Store the case, its diary, the decision record and the tasks, all under the case's next number."""
        case = replace(heard.case, seq=heard.case.seq + 1)
        verdict = heard.verdict
        cases.save_case(connection, case, show(case, verdict, facts, now), now)
        journal.write(connection, case.id, case.seq, entries)
        decision = verdict.decision
        journal.record_decision(
            connection,
            case.id,
            case.seq,
            now,
            rule=verdict.rule,
            verdict=decision.kind,
            why=explain(decision),
            until=decision.until if isinstance(decision, Wait) else None,
            facts=_summary(case, facts),
        )
        if isinstance(decision, Close):
            outreach.presume_ended(connection, case.id, now)
        tasks.open_tasks(connection, [route(task, facts.people, facts.owner) for task in heard.tasks], case.id, now)
        tasks.close_tasks(connection, _matters_at_rest(case, heard, facts), "came right by itself", now)
        tasks.close_tasks(connection, parking.waiting(case), "not now: nobody is to call while the invoice is silent", now)
        return Answer(without_private_words(case), without_detail(decision), label(case, verdict, facts, now), known=Known(case.seq, now))

    def receive(self, connection: Connection, case: str, said: Sequence[Said], now: datetime) -> dict[str, str]:
        """The inbox row of each word, by its key; a word said to the workflow directly gets its row here.

        Rows are heard in the order of their moments, so words that arrived together get moments in the order they were said.
        """
        rows = {}
        for place, word in enumerate(said):
            row = words.inbox_row(word)
            if not row:
                news, moment = words.read(word), now + timedelta(microseconds=place)
                row, _ = inbox.receive(
                    connection,
                    source="temporal",
                    source_id=words.own_id(word),
                    kind=news.kind,
                    body=word.words,
                    now=moment,
                    case_id=case,
                    news=news,
                    by=news.by,
                )
            rows[word.key] = row
        return rows

    def _replies(self, connection: Connection, case: str, rows: dict[str, str]) -> tuple[Replied, ...]:
        replies = []
        for key, row in rows.items():
            word = inbox.load_word(connection, row)
            if word is None or word.case != case or word.reply is None:
                replies.append(Replied(key, False, "no such word is recorded for this invoice"))
                continue
            # What came through our own door is answered from the inbox row: people's words need not stand in Temporal.
            said = word.reply.said if word.source == "temporal" else ""
            replies.append(Replied(key, word.reply.taken, said, outreach.was_sending_after(connection, case, word.received_at)))
        return tuple(replies)


def _bill_to(case: Case, customer: str) -> Case:
    """``case`` as of the moment from which its ledger bills ``customer``: nobody else is any more who may hear of it."""
    return case if case.invoice.customer == customer else replace(case, invoice=replace(case.invoice, customer=customer))


def _news(word: Word) -> News:
    return word.news or WordUnreadable(f"inbox row {word.id}", by=word.source, why="its content could not be read")


def _knows(case: Case, message: str, fate: Fate) -> bool:
    """Whether this fate of a message stands in ``case`` already."""
    return any((rung.outreach, rung.fate) == (message, fate) for rung in case.rungs) or any((one.outreach, one.fate) == (message, fate) for one in case.answers)


def find_unread(connection: Connection, policy: Policy) -> bool:
    """Whether messages would really leave here, and nobody would read what is answered: neither a program nor a person who was named."""
    return policy.leaves_unread and installation.load_installation(connection).mode is Mode.LIVE and not mailboxes.load_reader(connection)


def _matters_at_rest(case: Case, heard: Assessment, facts: Facts) -> list[str]:
    """The matters whose open tasks this look shows to be over."""
    over = []
    rule = heard.verdict.rule
    if not facts.books.problem and rule not in ("ledger", "stale"):
        over.append(f"ledger/{facts.books.source}")
    if rule == "due":
        over.append(matters.UNREAD_ANSWERS)
        over += [f"books/{facts.books.source}", f"contact/{facts.customer.id}", f"unapplied/{facts.customer.id}/{case.invoice.balance.currency}"]
    over += leave.over(case)
    over += matters.overtaken(case)
    if case.open_dispute is None and case.invoice.standing is not Standing.DISPUTED:
        over.append(f"dispute/{case.id}")
    if case.ended or case.settled_at:
        over += [f"post/{rung.outreach}" for rung in case.rungs if rung.is_to_be_posted]
        over += [*matters.moot_at_the_end(case, facts), f"refused/{case.id}", f"missing/{case.id}"]
    if isinstance(heard.verdict.decision, Close):
        # Another invoice that the message covered asks again, under its own number.
        over += [f"outreach/{rung.outreach}" for rung in case.rungs if rung.fate is Fate.UNKNOWN]
    return over


def _summary(case: Case, facts: Facts) -> dict[str, object]:
    """The facts behind a decision, without names or addresses."""
    return {
        "balance": str(case.invoice.balance),
        "due": case.invoice.due.isoformat(),
        "standing": case.invoice.standing.value,
        "behavior": facts.customer.behavior.value,
        "tier": facts.customer.tier.value,
        "top_tenth": None if facts.top_tenth is None else str(facts.top_tenth),
        "mode": facts.mode.value,
        "switched_off": facts.switched_off,
        "fenced": facts.fenced,
        "unread": facts.unread,
        "ledger_read_at": facts.books.read_at.isoformat() if facts.books.read_at else None,
        "posted_through": facts.books.posted_through.isoformat() if facts.books.posted_through else None,
        "ledger_problem": facts.books.problem,
        "contacts_30_days": len(facts.contacts),
        "in_flight": len(facts.in_flight),
        "playbook": case.playbook[:12],
        "law": law_packs.VERSION,
        "places": sorted(facts.places),
        "round": case.round,
    }
