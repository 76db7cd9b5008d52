"""The voice agent's side of a call: what Twilio asks us to say, what it heard, and how the call ended.

Everything is signed, and every step of a dialogue is taken once however often Twilio asks. Before the first word the matter is
looked at again: whatever has changed since the call was placed makes it a short apology.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, HTTPConnection

from db import calls, cases, inbox, installation, invoices, parties
from db.calls import Call
from domain.calendar import local_day
from domain.case import Case
from domain.conversation import Act, Sheet, State, Turn, answer, begin, fail_to_fetch, leave_message
from domain.discretion import describe
from domain.facts import Mode
from domain.invoice import Standing
from domain.law import find_limits, party_of
from domain.spoken import hear
from integrations.messaging.seals import UnableToTrust
from integrations.messaging.twilio_call import CALL_PATH, RETRY_FRAGMENT
from integrations.reference.holidays import calendar_for
from playbooks import dialogue
from settings import Settings
from starter import Door
from web.agreed import tell
from web.genuine import read_genuine
from web.refusals import TWILIO
from web.twiml import compose, compose_relay, hang_up, say_again
from web.webhooks import UnableToAccept, read_body

# The ledger is asked once more while the customer waits for our first word.
_LEDGER_SECONDS = 5.0
# So old a look at the ledger may be when it cannot be asked again.
_FRESH = timedelta(seconds=60)
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OVER = frozenset({"completed", *calls.UNANSWERED})
_UNDER_WAY = frozenset({"sending", "calling", "unknown"})

router = APIRouter(prefix=CALL_PATH, include_in_schema=False)
log = structlog.get_logger("web.voice")
refused: Counter[str] = Counter()


@dataclass(frozen=True, slots=True)
class Asked:
    """A genuine request of Twilio's: about the call with this key, with these fields, at this moment. ``relays``: a language model
    takes part in the calls that begin now."""

    key: str
    fields: dict[str, str]
    now: datetime
    door: Door
    settings: Settings
    relays: bool = False

    @property
    def sid(self) -> str:
        return self.fields.get("CallSid", "")


@dataclass(frozen=True, slots=True)
class Given:
    """What Twilio is to do next, and the inbox rows to pass on."""

    twiml: str
    words: tuple[str, ...] = ()


@router.post("/{key}")
async def begin_call(request: Request, key: str) -> Response:
    """What to say first, once somebody or something has answered."""
    asked = await trust(request, key)
    if isinstance(asked, Response):
        return asked
    changed = await _look_at_ledger(asked)
    return await carry_out(request, lambda connection: _begin(connection, asked, changed), asked)


@router.post("/{key}/status")
async def end_call(request: Request, key: str) -> Response:
    """The call is over; whatever else Twilio tells of it changes nothing."""
    asked = await trust(request, key)
    return asked if isinstance(asked, Response) else await carry_out(request, lambda connection: _end(connection, asked), asked)


@router.post("/{key}/{step}")
async def go_on(request: Request, key: str, step: int) -> Response:
    """What was heard, or keyed in, after what was said in ``step``."""
    asked = await trust(request, key)
    return asked if isinstance(asked, Response) else await carry_out(request, lambda connection: _go_on(connection, asked, step), asked)


@router.post("/{key}/{step}/colleague")
async def come_back(request: Request, key: str, step: int) -> Response:
    """A colleague has spoken with the customer, or did not take the call."""
    asked = await trust(request, key)
    return asked if isinstance(asked, Response) else await carry_out(request, lambda connection: _come_back(connection, asked, step), asked)


async def trust(request: Request, key: str) -> Asked | Response:
    """The request, if it is Twilio's own and well formed; else what it is answered."""
    settings: Settings = request.app.state.settings
    try:
        fields = read_genuine(request, await read_body(request), settings, RETRY_FRAGMENT)
        if not fields.get("CallSid"):
            raise UnableToTrust("it is about no call")
    except UnableToAccept as error:
        return Response(status_code=error.status)
    except UnableToTrust as error:
        await note_refusal(request, error)
        return Response(status_code=403)
    except ClientDisconnect:
        return Response(status_code=400)
    clock: Callable[[], datetime] = request.app.state.clock
    await run_in_threadpool(request.app.state.refusals.accept, TWILIO, clock())
    if not is_key(key):
        return Response(status_code=404)
    return Asked(key, fields, clock(), request.app.state.door, settings, request.app.state.speaker is not None)


async def note_refusal(request: HTTPConnection, error: UnableToTrust) -> None:
    refused["twilio"] += 1
    log.warning("call refused", why=str(error), refused_so_far=refused["twilio"])
    await run_in_threadpool(request.app.state.refusals.refuse, TWILIO, request.app.state.clock())


def is_key(written: str) -> bool:
    return _KEY.fullmatch(written) is not None


async def carry_out(request: Request, act: Callable[[Connection], Given], asked: Asked) -> Response:
    def within() -> Given:
        with asked.door.database.transaction() as connection:
            return act(connection)

    given = await run_in_threadpool(within)
    for word in given.words:
        request.app.state.reports.begin(word)
    return Response(given.twiml, media_type="text/xml")


async def _look_at_ledger(asked: Asked) -> str:
    """Why nothing may be said, as far as the ledger tells; empty when it tells nothing new."""
    try:
        return await asyncio.wait_for(run_in_threadpool(_ask_ledger, asked), _LEDGER_SECONDS)
    except Exception as error:  # whatever it is, the look before the call was placed may still be fresh
        log.warning("the ledger did not answer during a call", error=describe(error))
        return _is_stale(asked)


def _ask_ledger(asked: Asked) -> str:
    with asked.door.database.transaction() as connection:
        call = calls.load(connection, asked.key)
    if call is None or call.step:
        return ""
    ids = tuple(case.removeprefix("invoice/") for case, _ in call.about)
    sight = asked.door.ledgers.read(ids, asked.now)
    if sight.books.problem:
        return _is_stale(asked)
    with asked.door.database.reading() as connection:
        known = cases.load_cases(connection, [case for case, _ in call.about])
    for case in known.values():
        seen = sight.invoices.get(case.invoice.id)
        if seen is None or seen.standing is not Standing.OPEN or seen.balance != case.invoice.balance:
            return "the ledger tells something new"
    return ""


def _is_stale(asked: Asked) -> str:
    with asked.door.database.transaction() as connection:
        call = calls.load(connection, asked.key)
    fresh = call is None or call.fenced_at is None or asked.now - call.fenced_at <= _FRESH
    return "" if fresh else "the ledger cannot be read"


def _begin(connection: Connection, asked: Asked, changed: str) -> Given:
    call = calls.load(connection, asked.key)
    if call is None or call.status or (call.sid and call.sid != asked.sid):
        return Given(hang_up())
    if call.step:
        return Given(say_again(call) if call.step == 1 else hang_up())  # asked again; or the link has been used
    why = _why_not(connection, call, asked) or changed
    who = asked.fields.get("AnsweredBy", "")
    if why or who.startswith(("machine", "fax")):
        say = () if who == "fax" or (why and who.startswith("machine")) else ("disclosure", "excused", "good_bye") if why else leave_message(call.sheet)
        calls.answer(connection, call.key, asked.sid, "stopped" if why else "fax" if who == "fax" else "machine", why)
        return take_turn(connection, call, asked, Turn(State(act=Act.HANG_UP), say), "")
    calls.answer(connection, call.key, asked.sid, "human")
    return take_turn(connection, call, asked, begin(call.sheet), "", relayed=asked.relays)


def _go_on(connection: Connection, asked: Asked, step: int) -> Given:
    call = calls.load(connection, asked.key)
    if call is None or call.status or call.sid != asked.sid or call.state is None:
        return Given(hang_up())
    if step != call.step:
        return Given(say_again(call))  # asked again
    sheet = sheet_of(call, asked.settings)
    today = local_day(asked.now, (sheet.zone,))
    keyed, said = asked.fields.get("Digits", ""), asked.fields.get("SpeechResult", "")[:1000]
    heard = hear(call.state.hears_as, keyed, said, sheet.tongue, today, calendar_for((sheet.country,), today))
    return take_turn(connection, call, asked, answer(call.state, heard, sheet, asked.now), keyed or said)


def _come_back(connection: Connection, asked: Asked, step: int) -> Given:
    call = calls.load(connection, asked.key)
    if call is None or call.status or call.sid != asked.sid or call.state is None:
        return Given(hang_up())
    if step != call.step:
        return Given(say_again(call))
    fate = asked.fields.get("DialCallStatus", "")
    if fate in ("completed", "answered"):
        return take_turn(connection, call, asked, Turn(replace(call.state, act=Act.HANG_UP), ()), "a colleague took over")
    return take_turn(connection, call, asked, fail_to_fetch(call.state, call.sheet), f"no colleague: {fate}")


def _end(connection: Connection, asked: Asked) -> Given:
    call, status = calls.load(connection, asked.key), asked.fields.get("CallStatus", "")
    if call is None or call.status or status not in _OVER or (call.sid and call.sid != asked.sid):
        return Given("")
    return Given("", (calls.end(connection, call, status, asked.now),))


def _why_not(connection: Connection, call: Call, asked: Asked) -> str:
    """Why nothing may be said about the matter any more, for our own eyes; empty when it may."""
    state = installation.load_installation(connection)
    if asked.now >= call.speak_until:
        return "it was answered too late"
    if call.message_state not in _UNDER_WAY:
        return "the call is not wanted any more"
    if state.mode is not Mode.LIVE or state.switched_off or state.fence or "call" not in asked.settings.switched_on:
        return "all calls are stopped"
    customer = parties.load_customer(connection, call.customer)
    contact = next((one for one in customer.contacts if one.id == call.contact), None)
    if contact is None or not contact.is_reachable_by("call") or contact.reach_by("call") != call.reach:
        return "this number may not be called any more"
    party = party_of(customer.natural_person, customer.guarantor, customer.consents)
    if find_limits(frozenset(call.sheet.places), "call", party, local_day(asked.now, customer.zones)).needs_consent:
        return "the consent that a machine needs is gone"
    if inbox.restrained(connection, [case for case, _ in call.about]):
        return "somebody said something meanwhile"
    found = cases.load_cases(connection, [case for case, _ in call.about])
    return next((why for one, round_ in call.about if (why := _has_changed(connection, found.get(one), round_, asked.now))), "")


def _has_changed(connection: Connection, case: Case | None, round_: int, now: datetime) -> str:
    if case is None or case.ended or case.round != round_:
        return "the invoice is not watched any more"
    if case.active_hold(now) or case.open_promise or case.chased.amount <= 0:
        return "the invoice is to be left alone"
    invoice = invoices.load_invoice(connection, case.invoice.id)
    if invoice is None or invoice.standing is not Standing.OPEN or invoice.balance != case.invoice.balance:
        return "the invoice has changed"
    return ""


def sheet_of(call: Call, settings: Settings) -> Sheet:
    """What the call may say; without a number of colleagues nobody is put through."""
    return call.sheet if settings.call_transfer_to else replace(call.sheet, colleague_until=None)


def take_turn(connection: Connection, call: Call, asked: Asked, turn: Turn, heard: str, *, relayed: bool = False) -> Given:
    """Write the turn down together with all that was agreed in it, and put it into words."""
    texts = [dialogue.speak(name, call.sheet, turn.state) for name in turn.say]
    twiml = compose_relay(call, texts, asked.settings) if relayed else compose(call, turn.state, texts, asked.settings)
    calls.take_step(connection, call, turn.state, twiml, heard, texts)
    words = [word for one in turn.agreements for word in tell(connection, call, one, asked.now)]
    return Given(twiml, tuple(words))
