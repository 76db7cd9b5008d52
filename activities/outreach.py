"""``deliver`` made real: claim, fence, send, record. At most one message leaves for a step, however often this runs.

Neither mail nor messaging providers take an idempotency key, and a worker may die at any line. So a claim with a
unique key is committed before anything leaves; the last commit before the request says "sending"; and a run that finds
that word never posts again, because nobody can know whether the request got out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import token_hex

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from temporalio import activity

from activities.assessor import Assessor
from activities.clock import Clock, start_clock
from activities.composing import Letter, attach, write_letter
from activities.ledgers import Ledgers, Sight
from db import cases, inbox, invoices, outreach, parties, playbooks
from db.engine import Database
from db.ids import new_id
from db.outreach import Claim, Part
from domain.bundle import Bundle, compose
from domain.case import Case, Fate
from domain.decision import assess, record_contact
from domain.facts import Books, Facts
from domain.fold import observe
from integrations.messaging import Accepted, Attachment, Mailer, Refused, Unknown
from workflows.contract import case_id
from workflows.ports import Answer, Delivery

# From the ledger's answer to the first byte of the request at most.
FENCE_LIFE = timedelta(seconds=5)


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

    @activity.defn(name="deliver")
    def deliver(self, delivery: Delivery) -> Answer:
        """Raises LookupError when the invoice is not in the database at all."""
        clock = start_clock()
        seller = self._seller(delivery.invoice)
        self.at(Site.DECIDED)
        claim = self._claim(delivery, clock())
        if claim is None:
            return self._look(delivery.invoice, seller, clock)
        ids = tuple(part.case.removeprefix("invoice/") for part in claim.parts)
        attachments = self._attachments(claim, seller, ids)
        self.at(Site.CLAIMED)
        sight = self.ledgers.read(seller, ids, clock())
        fenced_at = clock()
        self.at(Site.FENCED)
        letter = self._fence(claim, delivery, sight, attachments, clock())
        if letter is None:
            return self._look(delivery.invoice, seller, clock)
        self.at(Site.SENDING)
        if clock() - fenced_at > FENCE_LIFE:
            with self.database.transaction() as connection:
                outreach.release(connection, claim.id, claim.token, "too long between looking at the ledger and sending", clock())
            return self._look(delivery.invoice, seller, clock)
        outcome = None if letter.shadow else self.mailer.send(letter.email)
        self.at(Site.ANSWERED)
        answer = self._record(claim, delivery, letter, outcome, sight, clock())
        self.at(Site.RECORDED)
        return answer or self._look(delivery.invoice, seller, clock)

    def _seller(self, invoice: str) -> str:
        with self.database.reading() as connection:
            stored = invoices.load_invoice(connection, invoice)
        if stored is None:
            raise LookupError(f"invoice {invoice} is not in the database")
        return stored.seller

    def _look(self, invoice: str, seller: str, clock: Clock) -> Answer:
        sight = self.ledgers.read(seller, (invoice,), clock())
        with self.database.transaction() as connection:
            return self.assessor.look(connection, invoice, sight, (), clock())

    def _claim(self, delivery: Delivery, now: datetime) -> Claim | None:
        """Claim the step for every invoice the message covers. None: it is not ours to send, or not now."""
        try:
            with self.database.transaction() as connection:
                return self._claim_within(connection, delivery, now)
        except IntegrityError:
            return None  # another invoice's message covers this step already

    def _claim_within(self, connection: Connection, delivery: Delivery, now: datetime) -> Claim | None:
        case = self._lock(connection, delivery.invoice)
        if case is None:
            return None
        if alive := outreach.find_alive(connection, case.id, case.round, delivery.step, delivery.channel):
            return self._resume(connection, alive, case, now)
        if inbox.has_restraining(connection, [case.id]):
            return None
        # The ledger is looked at anew behind the fence; here the last look, which made the decision, is enough.
        bundle = self._compose(connection, case, Books(case.invoice.seller, now, timedelta(minutes=1), now.date()), now)
        if bundle is None:
            return None
        claim_id, token = new_id("out"), token_hex(16)
        customer = parties.load_customer(connection, case.invoice.customer)
        contact = customer.contact_for(bundle.channel)
        if contact is None:
            return None
        parts = [
            Part(
                share.case.id,
                share.case.round,
                share.step.name,
                bundle.channel,
                self._attempt(connection, share.case, share.step.name, bundle.channel),
                share.leads,
            )
            for share in bundle.shares
        ]
        row = {
            "id": claim_id,
            "customer_id": customer.id,
            "seller_id": case.invoice.seller,
            "contact_id": contact.id,
            "channel": bundle.channel,
            "step": bundle.step.name,
            "stage": bundle.step.stage.value,
            "token": token,
            "claimed_by": case.id,
            "provider": self.mailer.name,
            "claimed_at": now,
        }
        outreach.claim(connection, row, parts)
        return outreach.load_claim(connection, claim_id)

    def _resume(self, connection: Connection, alive: Claim, case: Case, now: datetime) -> Claim | None:
        """What an earlier run of this very step left behind: a claim is continued, a sending never is."""
        if alive.claimed_by != case.id:
            return None
        if alive.state == "claimed":
            token = token_hex(16)
            return outreach.load_claim(connection, alive.id) if outreach.take_over(connection, alive.id, alive.token, token) else None
        if alive.state == "sending" and outreach.record(connection, alive.id, alive.token, "unknown", now, reason="its worker died while sending"):
            self._conclude(connection, alive, Fate.UNKNOWN, None, now)
        return None

    def _attempt(self, connection: Connection, case: Case, rung: str, channel: str) -> int:
        return outreach.next_attempt(connection, case.id, case.round, rung, channel)

    def _lock(self, connection: Connection, invoice: str) -> Case | None:
        stored = invoices.load_invoice(connection, invoice)
        if stored is None:
            return None
        parties.lock_customer(connection, stored.customer)
        return cases.load_case(connection, case_id(invoice))

    def _compose(
        self, connection: Connection, case: Case, books: Books, now: datetime, sight: Sight | None = None, without: str = "", only: Sequence[str] = ()
    ) -> Bundle | None:
        """The message this case would go out in now; ``only`` keeps it to the cases already claimed."""
        open_cases = [one for one in cases.load_open_cases(connection, case.invoice.customer) if not only or one.id in only]
        unheard = {one.id for one in open_cases if one.id != case.id and inbox.has_restraining(connection, [one.id])}
        considered = [(one, self.assessor.gather(connection, one, books, now, without)) for one in open_cases if one.id not in unheard]
        return compose(case.id, considered, sight.invoices if sight else {}, now)

    def _attachments(self, claim: Claim, seller: str, ids: Sequence[str]) -> dict[str, Attachment]:
        """Documents are fetched before the fence, so that nothing slow stands between it and the request."""
        leading = [part.case.removeprefix("invoice/") for part in claim.parts if part.leads]
        with self.database.reading() as connection:
            found = {one: invoices.load_invoice(connection, one) for one in leading}
            refs = invoices.refs_of(connection, leading)
        return attach({one: (invoice, refs[one]) for one, invoice in found.items() if invoice}, lambda ref: self.ledgers.pdf(seller, ref))

    def _fence(self, claim: Claim, delivery: Delivery, sight: Sight, attachments: dict[str, Attachment], now: datetime) -> Letter | None:
        """The last look before sending. Whatever has changed drops out or voids the message; None: nothing may leave."""
        with self.database.transaction() as connection:
            case = self._lock(connection, delivery.invoice)
            mine = [part.case for part in claim.parts]
            refused = "the ledger cannot be read" if sight.books.problem else ""
            if not refused and inbox.has_restraining(connection, mine):
                refused = "somebody said something meanwhile"
            bundle = None if refused or case is None else self._compose(connection, case, sight.books, now, sight, claim.id, mine)
            if case is None or bundle is None or not _is_within(bundle, claim):
                outreach.release(connection, claim.id, claim.token, refused or "no longer to be sent now", now)
                return None
            kept = {share.case.id for share in bundle.shares}
            outreach.drop_parts(connection, claim.id, [part for part in mine if part not in kept])
            seller = parties.load_seller(connection, case.invoice.seller)
            customer = parties.load_customer(connection, case.invoice.customer)
            facts = self.assessor.gather(connection, bundle.shares[0].case, sight.books, now, claim.id)
            thread = outreach.earlier_message_ids(connection, bundle.shares[0].case.id)
            resolved = playbooks.load_version(connection, bundle.shares[0].case.playbook)
            letter = write_letter(claim.id, bundle, seller, customer, facts, resolved, attachments, thread, now)
            if letter is None:
                outreach.release(connection, claim.id, claim.token, "nobody can be reached by this channel any more", now)
                return None
            ours = outreach.move_to_sending(
                connection,
                claim.id,
                claim.token,
                {
                    "step": bundle.step.name,
                    "stage": bundle.step.stage.value,
                    "contact_id": letter.contact,
                    "message_id": letter.email.message_id,
                    "to_address": letter.email.to_address,
                    "subject": letter.email.subject,
                    "text": letter.email.text,
                    "html": letter.email.html,
                    "fence": {
                        share.case.id: {"balance": str(share.case.invoice.balance), "due": share.case.invoice.due.isoformat()} for share in bundle.shares
                    },
                    "fenced_at": now,
                    "sending_at": now,
                },
            )
            return letter if ours else None

    def _record(
        self, claim: Claim, delivery: Delivery, letter: Letter, outcome: Accepted | Refused | Unknown | None, sight: Sight, now: datetime
    ) -> Answer | None:
        """What became of it, for every invoice covered, in one commit. None: another run has settled it."""
        with self.database.transaction() as connection:
            self._lock(connection, delivery.invoice)
            fate: Fate | None
            told: dict[str, str | bool] = {}
            match outcome:
                case None:
                    state, fate = "shadowed", Fate.SHADOWED
                case Accepted():
                    fate = Fate.DELIVERED if outcome.delivered else Fate.ACCEPTED
                    state, told = fate.value, {"provider_id": outcome.provider_id}
                case Refused():
                    state, fate, told = "refused", None, {"reason": outcome.reason, "try_again": outcome.try_again}
                case Unknown():
                    state, fate, told = "unknown", Fate.UNKNOWN, {"reason": outcome.reason}
            if not outreach.record(connection, claim.id, claim.token, state, now, **told) or fate is None:
                return None
            return self._conclude(connection, outreach.load_claim(connection, claim.id), fate, sight, now, delivery)

    def _conclude(
        self, connection: Connection, claim: Claim, fate: Fate, sight: Sight | None, now: datetime, delivery: Delivery | None = None
    ) -> Answer | None:
        """Write the step into every case the message covered, and let each decide what comes next."""
        answer = None
        for part in claim.parts:
            case = cases.load_case(connection, part.case)
            if case is None or case.round != part.round:
                continue
            books = sight.books if sight else Books(case.invoice.seller, now)
            facts: Facts = self.assessor.gather(connection, case, books, now)
            seen = sight.invoices.get(case.invoice.id) if sight else None
            case, lines = observe(case, seen, facts, now) if seen else (case, ())
            case, line = record_contact(case, part.rung, part.channel, fate, claim.id, facts, now)
            heard = assess(case, None, (), facts, now)
            written = self.assessor.write(connection, heard, (*lines, line, *heard.entries), facts, now)
            if delivery and part.case == case_id(delivery.invoice):
                answer = written
        return answer


def _is_within(bundle: Bundle, claim: Claim) -> bool:
    """Whether what would be sent now takes each invoice the same step as was claimed for it."""
    claimed = {(part.case, part.rung) for part in claim.parts}
    return all((share.case.id, share.step.name) in claimed for share in bundle.shares) and bundle.channel == claim.parts[0].channel
