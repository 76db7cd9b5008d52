"""What customers write and say to us: kept once, joined to what it is about, understood, and told to the invoices concerned.

Nothing here does more than pause, route, keep a customer quiet, or have a plan proposed that its playbook offers: a promise in an
answer is only understood, and counts once a person has agreed to it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy import Connection, bindparam, select

from db import customers, forwards, inbox, joining, parties, plan_requests, receipts, suppressions, tasks
from db.ids import new_id
from db.joining import Joined, merge
from db.schema import cases, incoming, incoming_cases, incoming_files, outreach
from db.text import storable, storable_all
from db.upsert import insert_once
from domain.calendar import BusinessCalendar, local_day
from domain.customer import spell_reach
from domain.delivery import Fault, Ground, Receipt, Told, silenced_by
from domain.event import HoldPlaced, LegalStop, News, PaymentReported, Replied, Spoken
from domain.facts import CountsAs
from domain.incoming import Bounced, Incoming
from domain.playbook import Stage
from domain.seller import Seller
from domain.task import Task, TaskKind
from domain.understanding import Intent, Understood, understand

CalendarFor = Callable[[tuple[str, ...], date], BusinessCalendar]

LONGEST_TEXT = 200_000
LONGEST_HOLD = timedelta(days=90)
# Somebody who is away and does not say until when.
_AWAY = timedelta(days=7)
# Of these one person speaks for everything the customer owes, whatever the message was an answer to.
_ABOUT_EVERYTHING = (Intent.LEGAL, Intent.STOP, Intent.OUT_OF_OFFICE, Intent.WRONG_CONTACT)
_FILES_KEPT = 20
_CUSTOMER = "the customer"
_UNKNOWN = "messages/unknown"

_UNDERSTOOD = TypeAdapter(Understood)

# Statements are made once: to make one takes longer than to run it.
_KNOWN = select(incoming.c.id).where(incoming.c.source == bindparam("source"), incoming.c.source_id == bindparam("source_id"))
_SAME_MAIL = select(incoming.c.id).where(incoming.c.message_id == bindparam("mail"), incoming.c.reach == bindparam("reach"), incoming.c.message_id != "")
_OURS = select(outreach.c.id).where(outreach.c.message_id == bindparam("mail"), outreach.c.message_id != "")
_RETURNED = select(outreach.c.id, outreach.c.reach).where(outreach.c.message_id == bindparam("mail"), outreach.c.message_id != "")
_STILL_WATCHED = select(cases.c.id).where(cases.c.id.in_(bindparam("cases")), cases.c.ended.is_(None)).order_by(cases.c.id)


@dataclass(frozen=True, slots=True)
class Received:
    """A message that is kept, under ``id``. ``words`` are the inbox rows that tell it to invoices, to be passed on.

    ``id`` is empty for what is not kept: a copy of our own message, and what our people wrote to others than customers.
    """

    id: str
    words: tuple[str, ...]
    is_new: bool


def weekends_only(countries: tuple[str, ...], around: date) -> BusinessCalendar:
    """The calendar of a place whose holidays nobody knows."""
    return BusinessCalendar()


def receive(
    connection: Connection,
    message: Incoming,
    now: datetime,
    calendar_for: CalendarFor = weekends_only,
    *,
    about: Collection[str] = (),
    customer_id: str = "",
    owner: str = "accounts receivable",
) -> Received:
    """Keep a message once, join it to the invoices it is about, and put what it means into their inbox.

    ``about`` are the cases it is known to be about by the way it came, or ``customer_id`` whose it is. ``owner`` is who
    reads what nobody can tell, and posts remittance advice. What belongs to nobody known is kept all the same,
    for people to read.
    """
    reach = spell_reach(message.sender)
    known = connection.scalar(_KNOWN, _key(message)) or connection.scalar(_SAME_MAIL.limit(1), {"mail": message.message_id, "reach": reach})
    if known:
        return Received(known, (), False)
    if message.message_id and connection.scalar(_OURS.limit(1), {"mail": message.message_id}):
        return Received("", (), False)
    if forwards.is_own(connection, message.message_id):
        return Received("", (), False)
    message = joining.mark_ours(connection, message)
    joined = joining.join(connection, message, about, customer_id)
    if message.from_us and not joined.customer:
        return Received("", (), False)
    customer = parties.load_customer(connection, joined.customer) if joined.customer else None
    if customer:
        # Behind this lock no message to the customer can begin to leave before the words are there to stop it.
        customers.lock_customers(connection, {one for owner in joined.owners for one in customers.with_payers(connection, owner)})
    seller = _seller(connection, joined.seller)
    today = local_day(message.received_at, (seller.time_zone,)) if seller else message.received_at.date()
    countries = (seller.country,) if seller else ()
    understood = None
    if not (message.from_us or message.bounced):
        language = customer.language if customer else seller.language if seller else "en"
        understood = understand(replace(message, text=message.own_words or message.text), language, today, calendar_for(countries, today))
        if understood.intent in _ABOUT_EVERYTHING and joined.customer and joined.by != "number":
            joined = replace(joined, cases=merge(joined.cases, joining.running(connection, joined.customer)))
    found = new_id("in")
    if not insert_once(connection, incoming, _row(found, message, reach, joined, understood, now)):
        return Received(connection.execute(_KNOWN, _key(message)).scalar_one(), (), False)
    _keep(connection, found, message, joined.cases)
    _ask_people(connection, found, message, understood, joined, customer.name if customer else "", owner, today, now)
    if understood and understood.intent is Intent.REMITTANCE and joined.by and seller and seller.remittance_to:
        forwards.ask(connection, found, seller.remittance_to, now)
    if message.from_us:
        return Received(found, _note_own(connection, found, message, joined, now), True)
    if understood is None:
        return Received(found, _note_bounces(connection, found, message, now), True)
    if not understood.pauses:
        return Received(found, (), True)
    if understood.intent is Intent.PLAN_REQUEST and understood.sure and joined.by not in ("", "number"):
        why = f"would like to pay in parts ({_where(found)})"
        if asked := plan_requests.propose_as_asked(connection, found, joined.cases, today, by=_CUSTOMER, why=why, now=now):
            return Received(found, asked, True)
    silenced = _silence(connection, found, message, reach, now) if understood.intent is Intent.STOP and joined.by not in ("", "number") else ()
    return Received(found, (*silenced, *_tell(connection, found, joined.cases, [_meant(found, message, understood, joined, today)], now)), True)


def assign(connection: Connection, found: str, about: Sequence[str], now: datetime, *, by: str) -> tuple[str, ...]:
    """Say which watched invoices a message is about that nobody could tell; the inbox rows that tell them."""
    joined = joining.of_cases(connection, about, {}, "person")
    if joined is None:
        return ()
    customers.lock_customers(connection, {one for owner in joined.owners for one in customers.with_payers(connection, owner)})
    for case in joined.cases:
        insert_once(connection, incoming_cases, {"incoming_id": found, "case_id": case})
    connection.execute(incoming.update().where(incoming.c.id == found).values(customer_id=joined.customer, seller_id=joined.seller, joined_by="person"))
    return _tell(connection, found, joined.cases, [Replied(by=by, why=f"a message of theirs was found to be about this invoice ({_where(found)})")], now)


def mark_handled(connection: Connection, found: str, handled_as: str, *, by: str, why: str, now: datetime) -> bool:
    """Note what a person made of a message. False when somebody already had."""
    change = incoming.update().where(incoming.c.id == found, incoming.c.state != "handled")
    values = {"state": "handled", "handled_as": handled_as, "handled_by": storable(by), "handled_why": storable(why), "handled_at": now}
    done = connection.execute(change.values(**values)).rowcount == 1
    _close_tasks(connection, found, by, now)
    return done


def _ask_people(
    connection: Connection, found: str, message: Incoming, understood: Understood | None, joined: Joined, name: str, owner: str, today: date, now: datetime
) -> None:
    """What no invoice would ask for: somebody unknown is to be told apart, a remittance advice is to be posted."""
    if not joined.by and not _is_for_nobody(message, understood, joined):
        remedy = "dunwell inbox list shows who; say which invoice it is about: dunwell inbox resolve MESSAGE --invoice NUMBER --as ..., or --as nothing"
        tasks.open_tasks(connection, [Task(_UNKNOWN, TaskKind.READ_REPLY, "Somebody wrote to us whom nobody knows", remedy, owner, today)], None, now)
    if understood and understood.intent is Intent.REMITTANCE and joined.by:
        remedy = f"Set the payment against its invoices in the books. The advice: dunwell inbox show {found} --save-files FOLDER"
        title = f"{name or 'A customer'} sent a remittance advice"
        tasks.open_tasks(connection, [Task(advice_matter(found), TaskKind.BOOK, title, remedy, owner, today)], None, now)


def advice_matter(found: str) -> str:
    """The matter of the task to post the remittance advice that the message ``found`` is."""
    return f"remittance-advice/{found}"


def _close_tasks(connection: Connection, found: str, by: str, now: datetime) -> None:
    unknown = select(incoming.c.id).where(incoming.c.state == "open", incoming.c.joined_by == "").limit(1)
    matters = [advice_matter(found)] if connection.execute(unknown).first() else [advice_matter(found), _UNKNOWN]
    tasks.close_tasks(connection, matters, f"{by} dealt with it", now)


def _is_for_nobody(message: Incoming, understood: Understood | None, joined: Joined) -> bool:
    """Whether nobody need read it: our own, a machine's answer, or from a stranger what goes to many."""
    told = dict(message.headers)
    to_many = "list-unsubscribe" in told or "list-id" in told or told.get("precedence", "").lower() in ("bulk", "list", "junk")
    automatic = understood is not None and (understood.intent is Intent.OUT_OF_OFFICE or not understood.pauses)
    return message.from_us or automatic or (to_many and not joined.by)


def close_about(connection: Connection, case: str, *, by: str, why: str, now: datetime) -> None:
    """Somebody has dealt with the answer at the invoice itself: messages about it and nothing else wait no longer."""
    others = select(incoming_cases.c.incoming_id).where(incoming_cases.c.incoming_id == incoming.c.id, incoming_cases.c.case_id != case)
    about = select(incoming_cases.c.incoming_id).where(incoming_cases.c.incoming_id == incoming.c.id, incoming_cases.c.case_id == case)
    change = incoming.update().where(incoming.c.state == "open", about.exists(), ~others.exists())
    connection.execute(change.values(state="handled", handled_as="by hand", handled_by=storable(by), handled_why=storable(why), handled_at=now))


def _meant(found: str, message: Incoming, understood: Understood, joined: Joined, today: date) -> News:
    """What a message says to the invoices it is about: at most that they wait."""
    why = f"{understood.why} ({_where(found)})"[:2000]
    # Whoever writes from an address nobody knows may name any invoice: a person reads it before anything but a pause follows.
    match Intent.OTHER if joined.by == "number" else understood.intent:
        case Intent.PAID_ALREADY | Intent.REMITTANCE:
            return PaymentReported(by=_CUSTOMER, why=why)
        case Intent.CHECK_SENT:
            return PaymentReported(by=_CUSTOMER, why=why, method="check")
        case Intent.LEGAL:
            return LegalStop(by=_CUSTOMER, why=why)
        case Intent.OUT_OF_OFFICE:
            back = understood.return_day
            until = min(back + timedelta(days=1) if back else today + _AWAY, today + LONGEST_HOLD)
            why = f"out of office{f' until {back}' if back else ''} ({_where(found)})"
            return HoldPlaced(max(until, today + timedelta(days=1)), by="mail", why=why, at_least=True)
        case Intent.COPY_PLEASE | Intent.NEVER_RECEIVED:
            return Replied(by=_CUSTOMER, why=why, copy=True)
        case _:
            return Replied(by=_CUSTOMER, why=why)


def _silence(connection: Connection, found: str, message: Incoming, reach: str, now: datetime) -> tuple[str, ...]:
    """Nothing more goes to whoever says stop, by the way it was said."""
    why = f"they said stop ({_where(found)})"
    fresh = suppressions.suppress(connection, reach, silenced_by(message.channel), Ground.ASKED, by=_CUSTOMER, reason=why, now=now)
    return suppressions.tell_out(connection, reach, fresh, by=_CUSTOMER, why=why, now=now) if fresh else ()


def _note_bounces(connection: Connection, found: str, message: Incoming, now: datetime) -> tuple[str, ...]:
    """What mail servers report of messages of ours, noted as a provider's own word. What is of no message of ours a person reads."""
    words: tuple[str, ...] = ()
    known = True
    for place, one in enumerate(message.bounced):
        ours = connection.execute(_RETURNED, {"mail": one.message_id}).one_or_none()
        known = known and ours is not None and spell_reach(one.recipient or ours.reach) == ours.reach
        if ours is None or not (one.is_final or one.action == "delivered"):
            continue
        receipt = Receipt(
            source="mail",
            source_id=f"{found}/{place}",
            outreach=ours.id,
            provider_id="",
            channel=message.channel,
            reach=spell_reach(one.recipient or ours.reach),
            told=Told.FAILED if one.is_final else Told.DELIVERED,
            at=message.received_at,
            fault=_fault(one) if one.is_final else None,
            reason=f"{one.status} {one.said}".strip(),
        )
        words += receipts.note(connection, receipt, now).words
    connection.execute(incoming.update().where(incoming.c.id == found).values(state="noted" if known else "open"))
    return words


def _fault(bounced: Bounced) -> Fault:
    """What a status of RFC 3463 means for the address. What has none counts as a failure that may pass."""
    if not bounced.status.startswith("5.") or bounced.status.startswith(("5.2.2", "5.3.", "5.4.")):
        return Fault.LATER
    return Fault.OURS if bounced.status.startswith(("5.6.", "5.7.")) else Fault.DEAD


def _note_own(connection: Connection, found: str, message: Incoming, joined: Joined, now: datetime) -> tuple[str, ...]:
    """A person's own mail to a customer is a contact as any other, for the gap and the caps, and answers what it replies to."""
    at = min(message.received_at, now)
    if message.references:
        answered = incoming.update().where(incoming.c.message_id.in_(message.references), incoming.c.from_us.is_(False), incoming.c.answered_at.is_(None))
        connection.execute(answered.values(answered_at=at))
    who = storable(message.sender_name or message.sender)
    row = {
        "id": new_id("out"),
        "customer_id": joined.customer,
        "seller_id": joined.seller,
        "contact_id": "",
        "channel": message.channel,
        "step": "",
        "stage": (Stage.CALL if message.channel == "talk" else Stage.REMINDER).value,
        "state": "delivered",
        "token": "",
        "claimed_by": joined.cases[0] if joined.cases else "",
        "to_address": storable(message.to[0]) if message.to else "",
        "reach": spell_reach(message.to[0]) if message.to else "",
        "subject": storable(message.subject)[:500],
        "reason": f"written by {who}",
        "counts_as": CountsAs.CONTACT.value,
        "claimed_at": at,
        "sending_at": at,
        "recorded_at": now,
    }
    connection.execute(outreach.insert().values(**row))
    return _tell(
        connection, found, joined.cases, [Spoken(by=who, why=(message.subject or message.text)[:200], wrote=message.channel != "talk", counted=True)], now
    )


def _where(found: str) -> str:
    return f"dunwell inbox show {found}"


def _tell(connection: Connection, found: str, concerned: Sequence[str], news: Sequence[News], now: datetime) -> tuple[str, ...]:
    """Put it into the inbox of each of these invoices that is still watched."""
    running = connection.scalars(_STILL_WATCHED, {"cases": list(concerned)}).all()
    return tuple(
        inbox.receive(
            connection, source="incoming", source_id=f"{found}/{case}/{one.kind}", kind=one.kind, body="", now=now, case_id=case, news=one, by=one.by
        )[0]
        for case in running
        for one in news
    )


def _key(message: Incoming) -> dict[str, str]:
    return {"source": storable(message.source)[:200], "source_id": storable(message.source_id)[:500]}


def _row(found: str, message: Incoming, reach: str, joined: Joined, understood: Understood | None, now: datetime) -> dict[str, object]:
    intent = "ours" if message.from_us else "bounce" if message.bounced else understood.intent.value if understood else "other"
    text = message.text if len(message.text) <= LONGEST_TEXT else f"{message.text[:LONGEST_TEXT]}\n(cut: it was {len(message.text)} characters long)"
    return storable_all(
        {
            "id": found,
            **_key(message),
            "channel": message.channel,
            "received_at": message.received_at,
            "stored_at": now,
            "sender": message.sender[:500],
            "reach": reach[:500],
            "sender_name": message.sender_name[:200],
            "recipients": [storable(one) for one in message.to[:50]],
            "subject": message.subject[:1000],
            "text": text,
            "message_id": message.message_id[:998],
            "thread": [storable(one) for one in message.references[-50:]],
            "headers": [[storable(name), storable(value)[:1000]] for name, value in message.headers[:50]],
            "from_us": message.from_us,
            "seller_id": joined.seller or None,
            "customer_id": joined.customer or None,
            "joined_by": joined.by,
            "intent": intent,
            "understood": storable_all(_UNDERSTOOD.dump_python(understood, mode="json")) if understood else None,
            "state": "noted" if _is_for_nobody(message, understood, joined) else "open",
        }
    )


def _keep(connection: Connection, found: str, message: Incoming, about: Sequence[str]) -> None:
    if about:
        connection.execute(incoming_cases.insert(), [{"incoming_id": found, "case_id": case} for case in about])
    files = [
        {
            "incoming_id": found,
            "place": place,
            "name": storable(one.name)[:300],
            "media_type": storable(one.media_type)[:200],
            "size": one.size or len(one.content),
            "content": one.content or None,
        }
        for place, one in enumerate(message.enclosed[:_FILES_KEPT])
    ]
    if files:
        connection.execute(incoming_files.insert(), files)


def _seller(connection: Connection, seller: str) -> Seller | None:
    """The seller a message is for; any of ours while nobody knows whose it is."""
    if seller:
        return parties.load_seller(connection, seller)
    known = parties.load_sellers(connection)
    return known[0] if known else None
