"""What was agreed on the phone, told to every invoice the call was about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import Literal

from sqlalchemy import Connection

from db import cases, inbox, plan_requests, suppressions
from db.calls import Call
from domain.calendar import local_day
from domain.case import Case
from domain.conversation import Agreed, Agreement
from domain.delivery import Ground, silenced_by
from domain.event import AnswerOwed, DisputeRaised, HoldPlaced, LegalStop, News, PaymentReported, PromiseMade, Replied
from domain.money import minor_unit
from domain.owed import AnswerKind

_WAY = "on the phone"
# By its last digits people know their own number, and nobody else learns it.
_DIGITS = 3


def tell(connection: Connection, call: Call, agreed: Agreement, now: datetime) -> Iterator[str]:
    """Store what follows from ``agreed``; the ids of the inbox rows, to be passed on."""
    by = call.sheet.contact or "the customer"
    if agreed.kind in (Agreed.STOP, Agreed.WRONG_NUMBER):
        yield from _silence(connection, call, agreed.kind, by, now)
        return
    if agreed.kind is Agreed.PLAN and call.sheet.plan_in_writing:
        yield _offer_plan(connection, call, by, now)
    found = cases.load_cases(connection, [case for case, _ in call.about])
    # One speaks for all: whoever was called once is not written to for each invoice.
    watched = [case for case in found.values() if not case.ended]
    numbers = tuple(case.invoice.number for case in watched)
    for case in found.values():
        news = _news(case, call, agreed, by, now, numbers if case in watched[:1] else ())
        word, is_new = inbox.receive(
            connection,
            source="voice",
            source_id=f"{call.key}/{call.step}/{agreed.kind}/{case.id}",
            case_id=case.id,
            kind=news.kind,
            body=agreed.words,
            news=news,
            by=by,
            now=now,
        )
        if is_new:
            yield word


def _news(case: Case, call: Call, agreed: Agreement, by: str, now: datetime, confirmed_for: tuple[str, ...]) -> News:
    match agreed.kind:
        case Agreed.PROMISE if agreed.day:
            return PromiseMade(agreed.day, _amount(case, call, agreed.part), by, _WAY)
        case Agreed.COPY:
            return AnswerOwed(AnswerKind.COPY_SENT, by=by, why=f"our messages had not arrived ({_WAY})")
        case Agreed.LINK:
            return AnswerOwed(AnswerKind.PAY_LINK, by=by, why=f"asked for {_WAY}")
        case Agreed.PAID:
            return PaymentReported(by, _WAY, confirmed_for=confirmed_for)
        case Agreed.DISPUTE if not case.open_dispute:
            reason = agreed.words or "something is wrong; it was not said what"
            return DisputeRaised(reason, by=by, why=_WAY, confirmed_for=confirmed_for)
        case Agreed.LEGAL:
            return LegalStop(_ground(agreed.words), by, f"{agreed.words} ({_WAY})")
        case Agreed.CALL_BACK:
            return Replied(by, _WAY, call_back=True, confirmed_for=confirmed_for, ending=call.reach[-_DIGITS:])
        case Agreed.COLLEAGUE:
            return Replied(by, f"was put through to a colleague {_WAY}")
        case Agreed.PLAN if call.sheet.plan_in_writing:
            until = local_day(now, (call.sheet.zone,)) + plan_requests.WHILE_IT_IS_OFFERED
            return HoldPlaced(until, by, f"would like to pay in parts ({_WAY})", at_least=True)
        case Agreed.PLAN:
            return Replied(by, f"would like to pay in parts ({_WAY})")
        case _:
            return Replied(by, f"something is wrong: {agreed.words} ({_WAY})", confirmed_for=confirmed_for)


def _offer_plan(connection: Connection, call: Call, by: str, now: datetime) -> str:
    """Offer what a playbook offers, over all that the call was about; the inbox row that begins the plan."""
    ids = [case.removeprefix("invoice/") for case, _ in call.about]
    return plan_requests.propose(connection, "voice", call.key, ids, local_day(now, (call.sheet.zone,)), by=by, why=f"asked for {_WAY}", now=now)


def _amount(case: Case, call: Call, part: bool) -> Decimal | None:
    """What was promised for this invoice; None: all of it."""
    if part:
        share = case.chased.amount * Decimal(call.sheet.least_percent) / 100
        return share.quantize(minor_unit(case.chased.currency), ROUND_UP)
    return None if case.chased == case.invoice.balance else case.chased.amount


def _ground(words: str) -> Literal["insolvency", "lawyer", "deceased", "other"]:
    spoken = words.casefold()
    if "insolv" in spoken or "bankrupt" in spoken:
        return "insolvency"
    if any(word in spoken for word in ("lawyer", "attorney", "solicitor", "anwalt", "anwält")):
        return "lawyer"
    return "deceased" if any(word in spoken for word in ("passed away", "deceased", "verstorben")) else "other"


def _silence(connection: Connection, call: Call, kind: Agreed, by: str, now: datetime) -> tuple[str, ...]:
    """The number is not called any more; whoever asked for that gets no text messages there either."""
    if kind is Agreed.WRONG_NUMBER:
        suppressions.suppress(connection, call.reach, ("call",), Ground.DEAD, by=by, reason=f"it is the wrong number ({_WAY})", now=now)
        return ()
    channels = silenced_by("call")
    suppressions.suppress(connection, call.reach, channels, Ground.ASKED, by=by, reason=f"asked for no more calls {_WAY}", now=now)
    return suppressions.tell_out(connection, call.reach, channels, by=by, why=f"asked for no more calls {_WAY}", now=now)
