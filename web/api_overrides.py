"""The API's changes by hand: each in the name of the person whose token it is, with a reason that stands in the diary."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BeforeValidator, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

import playbooks
from db import invoices, views
from db.people import Person
from db.playbooks import store_version
from db.stories import load_story, said_before
from domain.event import (
    AgencyAuthorized,
    ApprovalGiven,
    ApprovalRefused,
    ChasingStopped,
    DiscountGranted,
    DisputeRaised,
    DisputeResolved,
    Escalated,
    GivenBack,
    HoldPlaced,
    HoldReleased,
    LegalStop,
    News,
    OutreachResolved,
    PaidOutside,
    PaymentReported,
    PlaybookSwapped,
    PromiseMade,
    Reissued,
    Reopened,
    Replied,
    ReplyHandled,
    Spoken,
    StepSkipped,
    WaitAsked,
    WrittenOff,
)
from domain.facts import Books
from domain.migration import plan_move
from playbooks import UnableToLoad
from settings import Settings
from starter import Door
from web.asked import Agent, Amount, Day, Key, Name, Now, Reference, Strict, TheDoor, Why, Word, exact, find
from worker import make_assessor
from workflows.contract import case_id

router = APIRouter()

_Percent = Annotated[Decimal, BeforeValidator(exact), Field(gt=0, max_digits=5, description='Of the total, as a string such as "2.5".')]


class Order(Strict):
    """A change by hand that needs nothing but its reason."""

    why: Why


class HoldOrder(Order):
    until: Day | None = Field(None, description="The day contact may resume; two weeks from now when left out.")


class ReleaseOrder(Order):
    legal: bool = Field(False, description="Lift a legal stop, too.")


class PromiseOrder(Order):
    day: Day
    amount: Amount | None = Field(None, description="All that is open when left out.")
    method: Word = Field("", description="How it will be paid, where that was said.")
    beyond_limits: bool = Field(False, description="You agree to more than customers may promise by themselves.")


class PaidOrder(Order):
    method: Literal["transfer", "check", "abroad"] = Field("transfer", description="Decides how long the ledger has to show it.")


class SkipOrder(Order):
    step: Word = Field("", description="The next step's name; refused when another is next.")


class DisputeOrder(Order):
    about: Word = Field("", description="What is wrong, in a few words.")
    amount: Amount | None = Field(None, description="The part in dispute; all of it when left out.")
    owner: Word = Field("", description="Who of ours clears it up.")
    due: Day | None = Field(None, description="By when; five business days when left out.")
    credit_note: bool = Field(False, description="A credit note has been promised for that part.")


class LegalOrder(Order):
    ground: Literal["insolvency", "lawyer", "deceased", "other"]


class WaitOrder(Order):
    until: Day | None = Field(None, description="A week from now when left out, which is the longest.")


class SpokeOrder(Order):
    reached: bool = Field(True, description="Whether anybody could be reached.")


class EscalateOrder(Order):
    step: Name = Field(description="The step to go to. A severe one needs a delivered reminder, and keeps its notice period and its approval.")


class ApprovalOrder(Order):
    step: Name
    text_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="Of the text that was read: GET the invoice, under approval.")]


class ResolveOrder(Order):
    message: Name = Field(description="Whose fate nobody knew.")
    sent: bool = Field(description="What the mail provider's own log says.")


class DiscountOrder(Order):
    percent: _Percent
    until: Day = Field(description="The last day on which the rest must be paid.")


class SwapOrder(Order):
    playbook: Name = Field(description="The playbook to follow from now on.")


class AgencyOrder(Order):
    agency: Name = Field(description="The name of the agency or lawyer.")
    limit: Amount = Field(description="The most that may be open, in the invoice's currency.")
    until: Day = Field(description="The last day on which it may be placed.")


class ReissueOrder(Order):
    invoice: Name = Field(description="The number or id of the other invoice, of the same customer.")


@router.post("/invoices/{reference:path}/hold")
async def hold(door: TheDoor, person: Agent, reference: Reference, order: HoldOrder, key: Key = None) -> Response:
    """Silence until ``until``."""
    return await _carry_out(door, person, reference, HoldPlaced(order.until, person.name, order.why), key)


@router.post("/invoices/{reference:path}/release")
async def release(door: TheDoor, person: Agent, reference: Reference, order: ReleaseOrder, key: Key = None) -> Response:
    """Lift every hold and every open promise."""
    return await _carry_out(door, person, reference, HoldReleased(person.name, order.why, legal=order.legal), key)


@router.post("/invoices/{reference:path}/promise")
async def promise(door: TheDoor, person: Agent, reference: Reference, order: PromiseOrder, key: Key = None) -> Response:
    """Record that the customer will pay ``amount`` by ``day``."""
    news = PromiseMade(order.day, order.amount, person.name, order.why, method=order.method, decided=order.beyond_limits)
    return await _carry_out(door, person, reference, news, key)


@router.post("/invoices/{reference:path}/paid")
async def paid(door: TheDoor, person: Agent, reference: Reference, order: PaidOrder, key: Key = None) -> Response:
    """Record that the customer says it is paid: quiet until the ledger should show it."""
    return await _carry_out(door, person, reference, PaymentReported(person.name, order.why, method=order.method), key)


@router.post("/invoices/{reference:path}/skip")
async def skip(door: TheDoor, person: Agent, reference: Reference, order: SkipOrder, key: Key = None) -> Response:
    """Leave the next step out for good."""
    return await _carry_out(door, person, reference, StepSkipped(order.step, person.name, order.why), key)


@router.post("/invoices/{reference:path}/stop")
async def stop(door: TheDoor, person: Agent, reference: Reference, order: Order, key: Key = None) -> Response:
    """Send nothing more for this invoice."""
    return await _carry_out(door, person, reference, ChasingStopped(person.name, order.why), key)


@router.post("/invoices/{reference:path}/dispute")
async def dispute(door: TheDoor, person: Agent, reference: Reference, order: DisputeOrder, key: Key = None) -> Response:
    """Record that the customer does not agree: that part is silent, and its owner is reminded."""
    news = DisputeRaised(order.about, order.amount, order.owner, order.due, order.credit_note, person.name, order.why)
    return await _carry_out(door, person, reference, news, key)


@router.post("/invoices/{reference:path}/dispute-resolved")
async def dispute_resolved(door: TheDoor, person: Agent, reference: Reference, order: Order, key: Key = None) -> Response:
    """The dispute is over: reminders go on with what the ledger says."""
    return await _carry_out(door, person, reference, DisputeResolved(person.name, order.why), key)


@router.post("/invoices/{reference:path}/legal-stop")
async def legal_stop(door: TheDoor, person: Agent, reference: Reference, order: LegalOrder, key: Key = None) -> Response:
    """Silence on every channel, until a person lifts it by name."""
    return await _carry_out(door, person, reference, LegalStop(order.ground, person.name, order.why), key)


@router.post("/invoices/{reference:path}/wait")
async def wait(door: TheDoor, person: Agent, reference: Reference, order: WaitOrder, key: Key = None) -> Response:
    """Ask for a pause, as an account manager may: a week at most."""
    return await _carry_out(door, person, reference, WaitAsked(order.until, person.name, order.why), key)


@router.post("/invoices/{reference:path}/replied")
async def replied(door: TheDoor, person: Agent, reference: Reference, order: Order, key: Key = None) -> Response:
    """Record that the customer answered: nothing is sent until somebody has dealt with it."""
    return await _carry_out(door, person, reference, Replied(person.name, order.why), key)


@router.post("/invoices/{reference:path}/handled")
async def handled(door: TheDoor, person: Agent, reference: Reference, order: Order, key: Key = None) -> Response:
    """The customer's answer has been dealt with."""
    return await _carry_out(door, person, reference, ReplyHandled(person.name, order.why), key)


@router.post("/invoices/{reference:path}/spoke")
async def spoke(door: TheDoor, person: Agent, reference: Reference, order: SpokeOrder, key: Key = None) -> Response:
    """Record that you spoke with the customer: it counts as a contact."""
    return await _carry_out(door, person, reference, Spoken(order.reached, person.name, order.why), key)


@router.post("/invoices/{reference:path}/escalate")
async def escalate(door: TheDoor, person: Agent, reference: Reference, order: EscalateOrder, key: Key = None) -> Response:
    """Go straight to a step; what lies before it is left out. Nobody can jump to severity: a severe step is refused until a
    reminder was delivered, and then waits for its notice period and its approval."""
    return await _carry_out(door, person, reference, Escalated(order.step, person.name, order.why), key)


@router.post("/invoices/{reference:path}/approve")
async def approve(door: TheDoor, person: Agent, reference: Reference, order: ApprovalOrder, key: Key = None) -> Response:
    """Agree to the exact text of a step that waits for it."""
    return await _carry_out(door, person, reference, ApprovalGiven(order.step, order.text_hash, person.name, order.why), key)


@router.post("/invoices/{reference:path}/refuse")
async def refuse(door: TheDoor, person: Agent, reference: Reference, order: ApprovalOrder, key: Key = None) -> Response:
    """Refuse a step that waits for approval: it is left out."""
    return await _carry_out(door, person, reference, ApprovalRefused(order.step, order.text_hash, person.name, order.why), key)


@router.post("/invoices/{reference:path}/resolve")
async def resolve(door: TheDoor, person: Agent, reference: Reference, order: ResolveOrder, key: Key = None) -> Response:
    """Say whether a message went out of which nobody could know it."""
    return await _carry_out(door, person, reference, OutreachResolved(order.message, order.sent, person.name, order.why), key)


@router.post("/invoices/{reference:path}/paid-outside")
async def paid_outside(door: TheDoor, person: Agent, reference: Reference, order: Order, key: Key = None) -> Response:
    """Vouch that the money came by a way the ledger will not show: the watch ends."""
    return await _carry_out(door, person, reference, PaidOutside(person.name, order.why), key)


@router.post("/invoices/{reference:path}/write-off")
async def write_off(door: TheDoor, person: Agent, reference: Reference, order: Order, key: Key = None) -> Response:
    """Give it up: the watch ends, and a task asks for the booking."""
    return await _carry_out(door, person, reference, WrittenOff(person.name, order.why), key)


@router.post("/invoices/{reference:path}/reopen")
async def reopen(door: TheDoor, person: Agent, reference: Reference, order: Order, key: Key = None) -> Response:
    """Have an invoice watched again that was stopped, written off or marked as paid."""
    return await _carry_out(door, person, reference, Reopened(person.name, order.why), key)


@router.post("/invoices/{reference:path}/replaced")
async def replaced(door: TheDoor, person: Agent, reference: Reference, order: ReissueOrder, key: Key = None) -> Response:
    """It was voided and issued anew as the other invoice: it is silent from now on. Tell the other one, too: ``replaces``."""
    other = await run_in_threadpool(_other_invoice, door, reference, order.invoice)
    return await _carry_out(door, person, reference, Reissued(successor=other, by=person.name, why=order.why), key)


@router.post("/invoices/{reference:path}/replaces")
async def replaces(door: TheDoor, person: Agent, reference: Reference, order: ReissueOrder, key: Key = None) -> Response:
    """It was issued in place of the other invoice, whose history it carries on."""
    other = await run_in_threadpool(_other_invoice, door, reference, order.invoice)
    return await _carry_out(door, person, reference, Reissued(predecessor=other, by=person.name, why=order.why), key)


@router.post("/invoices/{reference:path}/not-replaced")
async def not_replaced(door: TheDoor, person: Agent, reference: Reference, order: Order, key: Key = None) -> Response:
    """It was not replaced after all: it is reminded of again."""
    return await _carry_out(door, person, reference, Reissued(by=person.name, why=order.why), key)


@router.post("/invoices/{reference:path}/discount")
async def discount(door: TheDoor, person: Agent, reference: Reference, order: DiscountOrder, key: Key = None) -> Response:
    """Grant a discount for paying early."""
    return await _carry_out(door, person, reference, DiscountGranted(order.percent, order.until, person.name, order.why), key)


@router.post("/invoices/{reference:path}/authorize-agency")
async def authorize_agency(door: TheDoor, person: Agent, reference: Reference, order: AgencyOrder, key: Key = None) -> Response:
    """Allow that the invoice is placed with an agency or a lawyer."""
    return await _carry_out(door, person, reference, AgencyAuthorized(order.agency, order.limit, order.until, person.name, order.why), key)


@router.post("/invoices/{reference:path}/given-back")
async def take_back(door: TheDoor, person: Agent, reference: Reference, order: Order, key: Key = None) -> Response:
    """Whoever it was handed over to gave it back unpaid: it is ours to ask for again."""
    return await _carry_out(door, person, reference, GivenBack(person.name, order.why), key)


@router.post("/invoices/{reference:path}/swap")
async def swap(request: Request, door: TheDoor, now: Now, person: Agent, reference: Reference, order: SwapOrder, key: Key = None) -> Response:
    """Follow another playbook: no step is repeated, and none is left out unseen."""

    settings: Settings = request.app.state.settings
    own = settings.own_playbooks

    def work_out() -> PlaybookSwapped:
        try:
            new = playbooks.load(order.playbook, own)
        except UnableToLoad:
            raise RequestValidationError([_fault("playbook", f"must be one of {', '.join(playbooks.names(own))}")]) from None
        with door.database.transaction() as connection:
            story = load_story(connection, find(connection, reference), now)
            if story is None:
                raise HTTPException(404, "This invoice is not being watched any more.")
            store_version(connection, new.hash, new.name, playbooks.resolve(new, own), now)
            facts = make_assessor(settings).gather(connection, story.case, Books(story.case.invoice.seller, now), now)
        return replace(plan_move(story.case, new, facts, now).news, by=person.name, why=order.why)

    return await _carry_out(door, person, reference, await run_in_threadpool(work_out), key)


def _fault(field: str, said: str) -> dict[str, Any]:
    return {"type": "value_error", "loc": ("body", field), "msg": said, "input": None}


async def _carry_out(door: Door, person: Person, reference: str, news: News, key: str | None) -> Response:
    """200 when taken, 202 when recorded but not yet confirmed, 409 when refused; ``said`` says what follows."""
    case = await run_in_threadpool(_case_of, door, reference)
    # A key belongs to the person who made it up: nobody gets the answer to somebody else's request.
    own_key = f"{person.id}/{key}" if key else None
    if own_key:
        before = await run_in_threadpool(_said_before, door, case, own_key)
        if before not in (None, news):
            raise HTTPException(409, "This Idempotency-Key was used for another request about this invoice. Use a new one.")
    answer = await door.override(case, news, by=person.name, why=news.why, key=own_key)
    said = {"taken": answer.taken, "said": answer.said, "in_flight": answer.in_flight, "pending": answer.pending}
    return JSONResponse(said, status_code=202 if answer.pending else 200 if answer.taken else 409)


def _other_invoice(door: Door, reference: str, other: str) -> str:
    """Our id of the other invoice. Raises RequestValidationError unless it is another one of the same customer."""
    with door.database.reading() as connection:
        known = views.find(connection, other)
        one, two = (invoices.load_invoice(connection, found) for found in (find(connection, reference), known[0] if len(known) == 1 else ""))
    if one is None or two is None or one.id == two.id or one.customer != two.customer:
        raise RequestValidationError([_fault("invoice", "must be the number or id of another invoice of the same customer")])
    return two.id


def _case_of(door: Door, reference: str) -> str:
    with door.database.reading() as connection:
        return case_id(find(connection, reference))


def _said_before(door: Door, case: str, key: str) -> News | None:
    with door.database.reading() as connection:
        return said_before(connection, case, key)
