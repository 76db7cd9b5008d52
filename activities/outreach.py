"""``deliver`` made real: claim, fence, send, record. At most one message leaves for a step, however often this runs.

Neither mail nor messaging providers take an idempotency key, and a worker may die at any line. So a claim with a
unique key is committed before anything leaves; the last commit before the request says "sending"; and a run that finds
that word never posts again, because nobody can know whether the request got out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import token_hex
from time import sleep

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError
from temporalio import activity

from activities import alerting, answering, asking, calling, drafting, forgotten, linking, posting, unreadable, unsubscribing
from activities.assessor import Assessor
from activities.bundling import bundle_again, bundle_to_ask, bundle_up
from activities.clock import Clock, start_clock
from activities.composing import Letter, attach, text_hash, write_letter, write_script
from activities.ledgers import Ledgers, Sight
from activities.trouble import Doing, watching_for_trouble
from db import cases, drafts, inbox, invoices, letters, outreach, parties, receipts, tasks
from db.engine import Database
from db.ids import new_id
from db.outreach import Claim, Part
from domain import copies, desk, leave
from domain.bundle import Bundle
from domain.case import Case, Fate
from domain.decision import APPROVAL, Perform, Wait
from domain.discretion import describe
from domain.facts import Books, Facts, Mode
from domain.owed import AnswerKind
from domain.playbook import Step, Verb
from domain.task import Task, TaskKind
from integrations.messaging import Accepted, Attachment, Email, Mailer, Measuring, Message, Messenger, Outcome, Refused, Unknown
from integrations.writing import Writer
from workflows.contract import case_id
from workflows.ports import Answer, Delivery

log = structlog.get_logger("outreach")

# From the ledger's answer to the first byte of the request at most.
FENCE_LIFE = timedelta(seconds=5)
# Before a step that could not go out is tried again.
BREATH = timedelta(minutes=5)
# For all documents of a message together.
_DOCUMENTS = timedelta(seconds=15)


TASK = "task"
PRINT = "print"  # the messenger whose letters people of ours post
# What kind of work each act makes; what is not named is a call.
_KINDS = {
    Verb.ALERT_ACCOUNT_MANAGER: TaskKind.ALERT,
    Verb.PLACE_CREDIT_HOLD: TaskKind.CREDIT_HOLD,
    Verb.HAND_OFF: TaskKind.HAND_OFF,
    Verb.REFER_TO_AGENCY: TaskKind.HAND_OFF,
    Verb.WRITE_OFF: TaskKind.BOOK,
}


def _owner(verb: Verb, facts: Facts) -> str:
    """Who of ours carries out a step."""
    return facts.account_manager or facts.owner if verb is Verb.ALERT_ACCOUNT_MANAGER else facts.owner


# In seconds, before it is tried once more to write down what became of a message that has left.
_RECORD_PAUSES = (0.5, 2, 5)
# How often a message that became stale before it could be sent is written anew at once.
_TRIES = 3


class _UnableToKeepUp(Exception):
    """What the message says was true too long ago to be sent now; the claim has been released."""


class Site(StrEnum):
    """The places between decision and record where a test may stop, kill or interfere."""

    DECIDED = "decided"
    CLAIMED = "claimed"
    FENCED = "fenced"
    SENDING = "sending"
    ANSWERED = "answered"
    RECORDED = "recorded"


def pass_by(site: Site) -> None:
    """What production does at every site: nothing."""


@dataclass(frozen=True, slots=True)
class Outreach:
    """Implements ``workflows.ports.Outreach``. ``at`` is called at each site; only tests hand in another."""

    database: Database
    ledgers: Ledgers
    assessor: Assessor
    mailer: Mailer
    at: Callable[[Site], None] = pass_by
    messengers: Mapping[str, Messenger] = field(default_factory=dict)
    chat: alerting.Chat | None = None
    writer: Writer | None = None

    @activity.defn(name="deliver")
    def deliver(self, delivery: Delivery) -> Answer:
        """Raises LookupError when the invoice is not in the database at all."""
        clock = start_clock()
        with watching_for_trouble(self.database, delivery.invoice, Doing.SEND, clock) as over:
            try:
                answer = self._carry_out(delivery, clock)
                over += unreadable.over(Doing.SEND, answer)
                return answer
            except unreadable.UNREADABLE as error:
                return unreadable.wait_for_it(self.database, self.assessor, delivery.invoice, error, clock, known=delivery.known, delivery=delivery)

    def _carry_out(self, delivery: Delivery, clock: Clock) -> Answer:
        for _ in range(_TRIES):
            with suppress(_UnableToKeepUp):
                answer = self._deliver(delivery, clock)
                break
        else:
            answer = self._look(delivery, clock)
        if isinstance(act := answer.decision, Perform) and (act.step, act.channel) == (delivery.step, delivery.channel):
            # Whatever kept this step from going out may not be over in the next instant: never try again without a pause.
            return replace(answer, decision=Wait(clock() + BREATH, f"{act.summary} could not go out just now", ""))
        return answer

    def _deliver(self, delivery: Delivery, clock: Clock) -> Answer:
        self.at(Site.DECIDED)
        if delivery.channel in (TASK, APPROVAL):
            return self._hand_over(delivery, clock)
        claim = self._claim(delivery, clock())
        if claim is None:
            return self._look(delivery, clock)
        ids = tuple(part.case.removeprefix("invoice/") for part in claim.parts)
        attachments = self._attachments(claim, clock)
        self._have_drafted(claim, delivery, clock)
        self.at(Site.CLAIMED)
        sight = self.ledgers.read(ids, clock())
        fenced_at = clock()
        self.at(Site.FENCED)
        letter = self._fence(claim, delivery, sight, attachments, clock())
        if letter is None:
            return self._look(delivery, clock)
        self.at(Site.SENDING)
        if clock() - fenced_at > FENCE_LIFE and not letter.shadow:
            with self.database.transaction() as connection:
                outreach.release(connection, claim.id, claim.token, "too long between looking at the ledger and sending", clock())
            raise _UnableToKeepUp
        outcome = None if letter.shadow else self._send(letter.message)
        self.at(Site.ANSWERED)
        answer = self._surely_record(claim, delivery, outcome, sight, clock)
        self.at(Site.RECORDED)
        return answer or self._look(delivery, clock)

    def _have_drafted(self, claim: Claim, delivery: Delivery, clock: Clock) -> None:
        """Before the fence too, by the ledger as it was last seen; behind it the draft is judged anew."""

        def find(connection: Connection) -> tuple[Bundle, Facts] | None:
            now = clock()
            sight = Sight({}, Books(claim.seller, now, timedelta(minutes=1), now.date()), now)
            return bundle_again(connection, self.assessor, case_id(delivery.invoice), claim, sight, now)

        drafting.prepare(self.database, self.assessor, self.writer, find, clock)

    def _send(self, message: Email | Message) -> Outcome:
        if isinstance(message, Email):
            return self.mailer.send(message)
        messenger = self.messengers.get(message.channel)
        if messenger is None:
            return Refused(f"nothing carries {message.channel} here; see DUNWELL_CHANNELS", try_again=False)
        return messenger.carry(message)

    def _hand_over(self, delivery: Delivery, clock: Clock) -> Answer:
        """What people of ours do, or must agree to: after a last look at the ledger, written down in one transaction."""
        if delivery.channel == APPROVAL:
            drafting.prepare(self.database, self.assessor, self.writer, lambda connection: self._find_to_ask(connection, delivery, clock()), clock)
        sight = self.ledgers.read((delivery.invoice,), clock())
        asked: tuple[Answer, asking.Question] | None = None
        given: tuple[Answer, alerting.Alert | None] | None = None
        with self.database.transaction() as connection:
            now = clock()
            case = self._lock(connection, delivery.invoice)
            lost = case is None or forgotten.has_lost(connection, case, delivery.known, self.assessor.policy.owner, now)
            if case is not None and not lost and not sight.books.problem and not inbox.restrained(connection, [case.id]):
                composed = bundle_to_ask(connection, self.assessor, case, sight, now)
                if composed is not None and composed[0].takes(case.id, delivery.step, delivery.channel):
                    bundle, facts_of = composed
                    if delivery.channel == APPROVAL:
                        asked = asking.ask(connection, self.assessor, case.id, bundle, facts_of, now, writer=self.writer)
                    else:
                        given = self._give_to_a_person(connection, bundle, facts_of[case.id], now)
        if given is not None:
            answer, alert = given
            if alert is not None:
                alerting.send_alert(alert, self.mailer, self.chat, f"{self.assessor.policy.private_url}/tasks")
            return answer
        if asked is None:
            return self._look(delivery, clock)
        answer, question = asked
        asking.post(self.database, self.mailer, question, clock())
        return answer

    def _find_to_ask(self, connection: Connection, delivery: Delivery, now: datetime) -> tuple[Bundle, Facts] | None:
        if (case := self._lock(connection, delivery.invoice)) is None:
            return None
        sight = Sight({}, Books(case.invoice.seller, now, timedelta(minutes=1), now.date()), now)
        composed = bundle_to_ask(connection, self.assessor, case, sight, now)
        if composed is None:
            return None
        bundle, facts_of = composed
        return replace(bundle, channel=facts_of[bundle.carrier.case.id].channel_for(bundle.step, now)), facts_of[bundle.carrier.case.id]

    def _give_to_a_person(self, connection: Connection, bundle: Bundle, facts: Facts, now: datetime) -> tuple[Answer, alerting.Alert | None] | None:
        """None: what people agreed to is not true any more."""
        case = bundle.carrier.case
        if facts.mode is Mode.SHADOW:
            return self.assessor.carry_out(connection, case, bundle.step, bundle.channel, Fate.SHADOWED, (), facts, now), None
        seller = parties.load_seller(connection, case.invoice.seller)
        resolved = self.assessor.resolved(connection, case.playbook)
        script = write_script(bundle, seller, facts.customer, facts, resolved, now)
        if not _is_as_approved(case, bundle.step, text_hash(script.subject, script.text), facts, now):
            self.assessor.lapse(connection, case, bundle.step, facts, now, asked_by=case.id)
            return None
        due = facts.bank_calendar.add(facts.today(now), 1)
        key = f"act/{case.id}/{case.round}/{bundle.step.name}"
        task = Task(key, _KINDS.get(bundle.step.do, TaskKind.CALL), script.subject, script.text, _owner(bundle.step.do, facts), due)
        if bundle.step.answers_customer is AnswerKind.COPY_SENT:
            asked = copies.to_send(case, facts, due)
            task = replace(asked, title=script.subject, remedy=f"{script.text}\n\n{asked.remedy}")
        answer = self.assessor.carry_out(connection, case, bundle.step, bundle.channel, Fate.DONE, (task,), facts, now)
        if bundle.step.do is not Verb.ALERT_ACCOUNT_MANAGER:
            return answer, None
        return answer, alerting.write_alert(task, seller, facts, now, to_do=tasks.find_open(connection, task.key))

    def _look(self, delivery: Delivery, clock: Clock) -> Answer:
        sight = self.ledgers.read((delivery.invoice,), clock())
        with self.database.transaction() as connection:
            answer = self.assessor.look(connection, delivery.invoice, sight, (), now := clock(), known=delivery.known)
            alert = alerting.find_alert(connection, self.assessor, answer.case, now)
        if alert:
            alerting.send_alert(alert, self.mailer, self.chat, f"{self.assessor.policy.private_url}/tasks")
        return answer

    def _claim(self, delivery: Delivery, now: datetime) -> Claim | None:
        """Claim the step for every invoice the message covers. None: it is not ours to send, or not now."""
        try:
            with self.database.transaction() as connection:
                return self._claim_within(connection, delivery, now)
        except IntegrityError:
            return None  # another invoice's message covers this step already

    def _claim_within(self, connection: Connection, delivery: Delivery, now: datetime) -> Claim | None:
        case = self._lock(connection, delivery.invoice)
        if case is None or forgotten.has_lost(connection, case, delivery.known, self.assessor.policy.owner, now):
            return None  # the look that follows says so
        if alive := outreach.find_alive(connection, case.id, case.round, delivery.step, delivery.channel):
            return self._resume(connection, alive, case, now)
        # The ledger is looked at anew behind the fence; here the last look, which made the decision, is enough.
        composed = bundle_up(connection, self.assessor, case, Books(case.invoice.seller, now, timedelta(minutes=1), now.date()), now)
        if composed is None:
            return None
        bundle, facts = composed
        agreed = bundle.carrier.case.approval(bundle.step.name)
        if agreed is not None and inbox.restrained(connection, agreed.covers):
            return None  # what was said about one of them may leave the agreed text as true as it was: that is heard first
        contact = facts.contact_for(bundle.step, bundle.channel, now)
        if contact is None:
            return None
        parts = [
            Part(
                share.case.id,
                share.case.round,
                share.step.name,
                bundle.channel,
                outreach.next_attempt(connection, share.case.id, share.case.round, share.step.name, bundle.channel),
                share.leads,
            )
            for share in bundle.shares
        ]
        row = {
            "id": new_id("out"),
            "customer_id": facts.customer.id,
            "seller_id": case.invoice.seller,
            "contact_id": contact.id,
            "reach": contact.reach_by(bundle.channel),
            "counts_as": desk.count(bundle.step, bundle.channel, facts, now),
            "channel": bundle.channel,
            "step": bundle.step.name,
            "stage": bundle.step.stage.value,
            "token": token_hex(16),
            "claimed_by": case.id,
            "provider": self.mailer.name if bundle.channel == "email" else getattr(self.messengers.get(bundle.channel), "name", ""),
            "claimed_at": now,
        }
        return outreach.claim(connection, row, parts)

    def _resume(self, connection: Connection, alive: Claim, case: Case, now: datetime) -> Claim | None:
        """What an earlier run left behind for this step: a claim is continued, a sending never is, a fate is written down."""
        if alive.state in ("accepted", "delivered"):
            if case.fate_of(case_step(alive, case)) is None:
                self.assessor.conclude(connection, alive, Fate(alive.state), None, now, asked_by=case.id)
            return None
        if alive.claimed_by != case.id:
            return None
        if alive.state == "claimed":
            token = token_hex(16)
            return outreach.load_claim(connection, alive.id) if outreach.take_over(connection, alive.id, alive.token, token) else None
        if alive.state == "sending" and outreach.record(connection, alive.id, alive.token, "unknown", now, reason="its worker died while sending"):
            self.assessor.conclude(connection, alive, Fate.UNKNOWN, None, now, asked_by=case.id)
        return None

    def _over(self, claim: Claim, taken: Accepted) -> list[str]:
        """The matters that are over once a provider has taken a message. Where it tells of delivery, only that proves a message was
        not the matter."""
        channel = claim.parts[0].channel
        provider = self.mailer.name if channel == "email" else getattr(self.messengers.get(channel), "name", "")
        return [f"provider/{provider}", *(f"refused/{part.case}" for part in claim.parts if not taken.receipts)]

    def _measure(self, message: Message) -> str:
        """Why what carries ``message`` would not take one of its length; empty when it would."""
        messenger = self.messengers.get(message.channel)
        return messenger.measure(message) if isinstance(messenger, Measuring) else ""

    def _lock(self, connection: Connection, invoice: str) -> Case | None:
        parties.lock_customer_of(connection, invoice)
        return cases.load_case(connection, case_id(invoice))

    def _attachments(self, claim: Claim, clock: Clock) -> dict[str, Attachment]:
        """Documents are fetched before the fence, so that nothing slow stands between it and the request."""
        leading = [part.case.removeprefix("invoice/") for part in claim.parts if part.leads]
        with self.database.reading() as connection:
            wanted = invoices.load_with_refs(connection, leading)
        deadline = clock() + _DOCUMENTS
        return attach(wanted, lambda ref: self.ledgers.pdf(claim.seller, ref) if clock() < deadline else None)

    def _fence(self, claim: Claim, delivery: Delivery, sight: Sight, attachments: dict[str, Attachment], now: datetime) -> Letter | None:
        """The last look before sending. Whatever has changed drops out or voids the message; None: nothing may leave."""
        with self.database.transaction() as connection:
            parties.lock_customer_of(connection, delivery.invoice)
            mine = [part.case for part in claim.parts]
            refused = "the ledger cannot be read" if sight.books.problem else ""
            if not refused and inbox.restrained(connection, mine):
                refused = "somebody said something meanwhile"
            composed = None if refused else bundle_again(connection, self.assessor, case_id(delivery.invoice), claim, sight, now)
            if composed is None:
                outreach.release(connection, claim.id, claim.token, refused or "no longer to be sent now", now)
                return None
            bundle, facts = composed
            carrier = bundle.carrier.case
            seller = parties.load_seller(connection, carrier.invoice.seller)
            thread = outreach.earlier_message_ids(connection, carrier.id)
            resolved = self.assessor.resolved(connection, carrier.playbook)
            answers = answering.offer(bundle.step, self.assessor.policy.public_url)
            portal_url = linking.offer_portal(self.assessor.policy.public_url)
            draft = drafting.find_draft(connection, self.writer, bundle)
            drafted = draft.paragraphs if draft and draft.verdict == drafts.PASSED else ()
            letter = write_letter(
                claim.id, bundle, seller, facts.customer, facts, resolved, attachments, thread, now, answers=answers, portal_url=portal_url, drafted=drafted
            )
            if letter is None:
                outreach.release(connection, claim.id, claim.token, "nobody can be reached by this channel any more", now)
                return None
            if bundle.step.answers_customer is AnswerKind.COPY_SENT and not carrier.invoice.pdf_url and not letter.has_documents:
                outreach.record(connection, claim.id, claim.token, "refused", now, reason="the ledger has no document of this invoice", try_again=False)
                return None
            if isinstance(letter.message, Message) and (too_long := self._measure(letter.message)):
                # Before anything is sent, so that the step takes its next channel.
                outreach.record(connection, claim.id, claim.token, "refused", now, reason=too_long, try_again=False)
                return None
            if not letter.shadow and not _is_as_approved(carrier, bundle.step, letter.text_hash, facts, now):
                outreach.release(connection, claim.id, claim.token, "what was approved is not true any more", now)
                self.assessor.lapse(connection, carrier, bundle.step, facts, now, asked_by=case_id(delivery.invoice))
                return None
            ours = outreach.move_to_sending(
                connection,
                claim.id,
                claim.token,
                {
                    "step": bundle.step.name,
                    "stage": bundle.step.stage.value,
                    "contact_id": letter.contact,
                    "message_id": letter.message_id,
                    "to_address": letter.message.to_address,
                    "reach": letter.reach,
                    "subject": letter.message.subject,
                    "text": letter.message.text,
                    "html": letter.html,
                    "fence": {
                        share.case.id: {"balance": str(share.case.invoice.balance), "due": share.case.invoice.due.isoformat()} for share in bundle.shares
                    },
                    "fenced_at": now,
                    "sending_at": now,
                },
            )
            if not ours:
                outreach.release(connection, claim.id, claim.token, "nothing may leave", now)
                return None
            if draft:
                drafts.note(connection, draft, claim.id, letter.undrafted)
            # Only now: a run that has been overtaken may not take anything out of the message that is being sent.
            kept = {share.case.id for share in bundle.shares}
            outreach.drop_parts(connection, claim.id, [part for part in mine if part not in kept])
            if letter.shadow:
                outreach.record(connection, claim.id, claim.token, "shadowed", now)
                return letter
            if letter.paper:
                letters.keep(connection, claim.id, letter.paper.content)
            if bundle.channel == "call":
                calling.write_sheet(connection, letter, bundle, seller, facts, now)
            sealed = linking.seal(connection, answering.seal(connection, letter, now), bundle, self.assessor.policy, now)
            return unsubscribing.offer(connection, sealed, self.assessor.policy.public_url)

    def _surely_record(self, claim: Claim, delivery: Delivery, outcome: Accepted | Refused | Unknown | None, sight: Sight, clock: Clock) -> Answer | None:
        """As ``_record``, and again where the database was busy or away for a moment: nobody else knows what the provider answered."""
        for pause in _RECORD_PAUSES:
            try:
                return self._record(claim, delivery, outcome, sight, clock())
            except OperationalError as error:
                log.warning("outreach.not_recorded_yet", outreach=claim.id, error=describe(error))
                sleep(pause)
        return self._record(claim, delivery, outcome, sight, clock())

    def _record(self, claim: Claim, delivery: Delivery, outcome: Accepted | Refused | Unknown | None, sight: Sight, now: datetime) -> Answer | None:
        """What became of it, for every invoice covered, in one commit. None: another run has settled it, or nothing did."""
        with self.database.transaction() as connection:
            self._lock(connection, delivery.invoice)
            match outcome:
                case None:
                    fate = Fate.SHADOWED
                case Accepted(calling=True):
                    # How it ends is told by the provider; until then it is on its way.
                    if outreach.record(connection, claim.id, claim.token, "calling", now, provider_id=outcome.provider_id):
                        tasks.close_tasks(connection, self._over(claim, outcome), "calls are made again", now)
                    return None
                case Accepted():
                    fate = Fate.DELIVERED if outcome.delivered else Fate.ACCEPTED
                    if not outreach.record(connection, claim.id, claim.token, fate.value, now, provider_id=outcome.provider_id):
                        return None
                    tasks.close_tasks(connection, self._over(claim, outcome), "messages go out again", now)
                    if getattr(self.messengers.get(claim.parts[0].channel), "name", "") == PRINT:
                        posting.have_it_posted(connection, self.assessor, claim, outcome.provider_id, now)
                case Refused():
                    # An address that takes nothing is no reason to wait: another one takes the step.
                    state = "bounced" if receipts.note_refusal(connection, claim.id, outcome.fault, outcome.reason, now) else "refused"
                    outreach.record(connection, claim.id, claim.token, state, now, reason=outcome.reason, try_again=outcome.try_again)
                    return None
                case Unknown():
                    fate = Fate.UNKNOWN
                    if not outreach.record(connection, claim.id, claim.token, "unknown", now, reason=outcome.reason):
                        return None
            covering = replace(claim, parts=outreach.load_parts(connection, claim.id))
            answers = self.assessor.conclude(connection, covering, fate, sight, now, asked_by=case_id(delivery.invoice))
            return answers.get(case_id(delivery.invoice))


def _is_as_approved(case: Case, step: Step, text: str, facts: Facts, now: datetime) -> bool:
    """Whether the text with this hash may be used: nobody had to agree to it, or they agreed to exactly this one."""
    approval = case.approval(step.name)
    return not leave.needed(case, step, facts, now) or (approval is not None and approval.text_hash == text)


def case_step(claim: Claim, case: Case) -> str:
    """The step that a message means for this case."""
    return next(part.rung for part in claim.parts if part.case == case.id)
