"""The API's customers: how each is treated and whom we write to, looked at and changed in the name of the token's person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from db import contacts, customers
from db.contacts import ContactLine, UnableToSetContact
from db.customers import CustomerLine, UnableToTreat, Which
from db.people import Person
from domain.customer import Behavior, Role, Tier
from domain.statute import Technology
from domain.treatment import Treatment, UnableToReadTreatment, read, read_email, read_name, tell_difference
from integrations.accounting.csv_cells import UnableToReadCell
from integrations.accounting.csv_cells import phone as read_phone
from starter import Door
from web.asked import Agent, Now, Strict, TheDoor, Viewer, Why, Word
from web.webhooks import Reports

router = APIRouter(prefix="/customers")
T = TypeVar("T")

_LARGEST_PAGE = 500


def _reports(request: Request) -> Reports:
    reports: Reports = request.app.state.reports
    return reports


_Reports = Annotated[Reports, Depends(_reports)]
_Reference = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]+$", description="The customer's number, or our id of it.")]
_Seller = Annotated[str, Query(max_length=64, description="Whose customer; needed where several sellers use the number.")]


class WantedCustomers(Strict):
    """Which customers to list."""

    tier: list[Tier] = Field(default_factory=list)
    behavior: list[Behavior] = Field(default_factory=list)
    text: Word = Field("", description="Part of the name or number.")
    seller: Word = ""
    suggested: bool = Field(False, description="Only those for whom another tier is suggested.")
    limit: int = Field(100, ge=1, le=_LARGEST_PAGE)
    cursor: str = Field("", max_length=100)


class TreatmentChange(Strict):
    """What to change; what is left out, or null, stays."""

    why: Why
    tier: Tier | None = None
    account_manager: Word | None = None
    account_manager_email: Word | None = None
    pays_through: Word | None = Field(None, description="The number of the customer who is written to in its place; empty for none.")
    preferred_channel: Word | None = None
    region: Word | None = Field(None, description="What follows the hyphen in ISO 3166-2.")
    consents: list[Technology] | None = None
    natural_person: bool | None = None
    guarantor: bool | None = None
    procurement_portal: Word | None = Field(None, description="Where it wants invoices to be uploaded by us, as name or address; empty for nowhere.")


class ContactChange(Strict):
    """The one person who is the contact of a role from now on; what is left out, or null, stays. ``as_ledger`` gives the role back."""

    why: Why
    name: Word | None = None
    email: Word | None = None
    phone: Word | None = Field(None, description="With its country code.")
    agreed: list[Literal["email", "sms", "call"]] = Field([], description="By what they said they may be reached again: lifts an opt-out.")
    as_ledger: bool = False


@router.get("")
def list_customers(door: TheDoor, now: Now, person: Viewer, wanted: Annotated[WantedCustomers, Query()]) -> dict[str, Any]:
    """Customers with what speaks for another tier, a page at a time; ``next`` is the cursor of the page after this one, or null."""
    which = Which(tuple(wanted.tier), tuple(wanted.behavior), wanted.text, wanted.seller, wanted.suggested)
    with door.database.reading() as connection:
        found = customers.list_customers(connection, which, now.date())
    ids = [line.id for line in found]
    if wanted.cursor and wanted.cursor not in ids:
        raise HTTPException(422, "cursor: it did not come from a list like this one. Begin again without it.")
    start = ids.index(wanted.cursor) + 1 if wanted.cursor else 0
    page = found[start : start + wanted.limit]
    return {"customers": [_customer(line) for line in page], "total": len(found), "next": page[-1].id if start + len(page) < len(found) else None}


@router.get("/{reference:path}/contacts")
def list_contacts(door: TheDoor, person: Viewer, reference: _Reference, seller: _Seller = "") -> dict[str, Any]:
    """The people we write to, in the order in which reminders try them."""
    with door.database.reading() as connection:
        found = contacts.list_contacts(connection, _find(connection, reference, seller))
    return {"contacts": [_contact(line) for line in found]}


@router.patch("/{reference:path}/contacts/{role}")
async def change_contact(
    door: TheDoor, now: Now, reports: _Reports, person: Agent, reference: _Reference, role: Role, change: ContactChange, seller: _Seller = ""
) -> dict[str, Any]:
    """Change whom we write to: it outranks the ledger for that role."""
    wanted = contacts.Wanted(_name(change.name), _email(change.email), _phone(change.phone))
    if change.as_ledger == (wanted != contacts.Wanted() or bool(change.agreed)):
        raise HTTPException(422, "Say what to change (name, email, phone, agreed), or as_ledger alone.")

    def store(connection: Connection) -> tuple[tuple[str, ...], tuple[ContactLine, ...]]:
        customer = _find(connection, reference, seller)
        if change.as_ledger:
            words = contacts.follow_ledger(connection, customer, role, by=person.name, why=change.why, now=now)
        else:
            agreed = frozenset[str](change.agreed)
            words = contacts.set_contact(connection, customer, role, wanted, by=person.name, why=change.why, now=now, agreed=agreed)
        return words, contacts.list_contacts(connection, customer)

    words, found = await _store(door, store)
    _pass_on(reports, words)
    return {"contacts": [_contact(line) for line in found], "looking_again": len(words)}


@router.get("/{reference:path}")
def show_customer(door: TheDoor, now: Now, person: Viewer, reference: _Reference, seller: _Seller = "") -> dict[str, Any]:
    """One customer: how it is treated, how it pays, what it owes, whom we write to."""
    with door.database.reading() as connection:
        customer = _find(connection, reference, seller)
        return {**_customer(_line(connection, customer, now)), "contacts": [_contact(line) for line in contacts.list_contacts(connection, customer)]}


@router.patch("/{reference:path}")
async def change_customer(
    door: TheDoor, now: Now, reports: _Reports, person: Agent, reference: _Reference, change: TreatmentChange, seller: _Seller = ""
) -> dict[str, Any]:
    """Set how a customer is treated. Its running invoices are looked at again."""
    values = _read(change)
    if not values:
        raise HTTPException(422, "Say what to change, such as tier.")
    words, said, line = await _store(door, lambda connection: _treat(connection, _find(connection, reference, seller), values, person, change.why, now))
    _pass_on(reports, words)
    return {"customer": _customer(line), "changed": said, "looking_again": len(words)}


def _treat(connection: Connection, customer: str, values: dict[str, Any], person: Person, why: str, now: datetime) -> tuple[tuple[str, ...], str, CustomerLine]:
    before = customers.load_treatments(connection, [customer])[customer]
    wanted = replace(before, **values)
    words = customers.treat(connection, {customer: wanted}, by=person.name, why=why, now=now)
    return words, tell_difference(before, wanted), _line(connection, customer, now)


def _read(change: TreatmentChange) -> dict[str, Any]:
    """The fields that were told, each as a Treatment holds it."""
    told = {name: value for name, value in change.model_dump(exclude={"why"}).items() if value is not None}
    values: dict[str, Any] = {name: value for name, value in told.items() if not isinstance(value, str) or isinstance(value, Tier)}
    if "consents" in values:
        values["consents"] = frozenset(one.value for one in values["consents"])
    for name in told.keys() - values.keys():
        values[name] = _checked(name, partial(read, name, told[name]))
    return values


def _name(text: str | None) -> str | None:
    return None if text is None else _checked("name", lambda: read_name(" ".join(text.split())))


def _email(text: str | None) -> str | None:
    return None if text is None else _checked("email", lambda: read_email(text))


def _phone(text: str | None) -> str | None:
    return None if text is None else text and _checked("phone", lambda: read_phone(text, ""))


def _checked(field: str, look: Callable[[], T]) -> T:
    try:
        return look()
    except (UnableToReadTreatment, UnableToReadCell) as error:
        raise _refusal(field, error.problem, error.remedy) from None


def _refusal(field: str, problem: str, remedy: str) -> RequestValidationError:
    return RequestValidationError([{"type": "value_error", "loc": ("body", field), "msg": f"{problem}; {remedy}" if remedy else problem}])


async def _store(door: Door, change: Callable[[Connection], T]) -> T:
    """Make a change and wait for it; raises what is answered when it cannot be made."""

    def run() -> T:
        with door.database.transaction() as connection:
            return change(connection)

    try:
        return await run_in_threadpool(run)
    except UnableToTreat as error:
        raise _refusal(error.field, error.problem, error.remedy) from None
    except UnableToSetContact as error:
        raise HTTPException(409, str(error)) from None


def _pass_on(reports: Reports, words: Sequence[str]) -> None:
    for word in words:
        reports.begin(word)


def _find(connection: Connection, reference: str, seller: str) -> str:
    """The id of the one customer that ``reference`` names; raises HTTPException 404 or 409."""
    found = customers.find_customers(connection, reference, seller)
    if not found:
        raise HTTPException(404, "No customer has this number or id. GET /api/customers lists them.")
    if len(found) > 1:
        raise HTTPException(409, f"Several sellers have a customer with this number. Add ?seller=, or name one by its id: {', '.join(found)}.")
    return found[0]


def _line(connection: Connection, customer: str, now: datetime) -> CustomerLine:
    (line,) = customers.list_customers(connection, Which(id=customer), now.date())
    return line


def _customer(line: CustomerLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "number": line.number,
        "seller": line.seller,
        "name": line.name,
        "country": line.country,
        **_treatment(line.treatment),
        "tier_set_by": line.tier_set_by or None,
        "suggested": {"tier": line.suggested.tier, "why": line.suggested.why} if line.suggested else None,
        "behavior": line.behavior,
        "usual_days_late": line.usual_days_late,
        "open": [{"amount": str(money.amount), "currency": money.currency} for money in line.open],
    }


def _treatment(treatment: Treatment) -> dict[str, Any]:
    return {
        "tier": treatment.tier,
        "account_manager": treatment.account_manager,
        "account_manager_email": treatment.account_manager_email,
        "pays_through": treatment.pays_through,
        "preferred_channel": treatment.preferred_channel,
        "region": treatment.region,
        "consents": sorted(treatment.consents),
        "natural_person": treatment.natural_person,
        "guarantor": treatment.guarantor,
        "procurement_portal": treatment.procurement_portal,
    }


def _contact(line: ContactLine) -> dict[str, Any]:
    person = line.contact
    told = {"id": person.id, "role": person.role, "name": person.name, "email": person.email, "phone": person.phone}
    return {**told, "refused": sorted(person.refused), "set_by": line.set_by or None}
