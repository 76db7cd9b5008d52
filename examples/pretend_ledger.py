"""A small accounting system for demonstrations and tests: the rest ledger's API over the invoices of a csv file.

It stands for somebody else's program, so it shares no code with Dunwell. All its days are moved from the example's anchor
to today. What it is told (a payment, a new due date) it passes on as a signed webhook, and every request, answer and webhook
goes into a log that tests take as the truth.
"""

from __future__ import annotations

import csv
import hmac
import io
import sys
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import click
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # it also runs where nothing is installed

from examples.append_log import Log, Logged, present
from examples.faults import Breakable, Orders
from examples.ledger_faults import AnswerOrder, Misbehaving
from examples.ledger_pdf import pdf_of
from examples.ledger_webhooks import WebhookOrder, Webhooks
from examples.ports import listen, write_port

ANCHOR = date(2026, 3, 2)
_PAGE_SIZE = 25
_STANDINGS = "^(open|draft|disputed|void|written_off|closed)$"


class UnableToPretend(ValueError):
    """A csv file that is not in the form of examples/ledger.csv."""


class Payment(BaseModel):
    """Money that came in, or a credit note, in the invoice's currency."""

    model_config = ConfigDict(extra="forbid")
    amount: str = Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,3})?$")
    kind: str = Field(default="payment", pattern="^(payment|credit)$")
    method: str = ""
    reference: str = ""
    day: date | None = None


class Booked(Payment):
    """A payment or credit as the API shows it; below zero, it was taken back."""

    id: str = Field(min_length=1)
    amount: str = Field(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,3})?$")
    day: date


class Change(BaseModel):
    """What a bookkeeper changes on an invoice; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    due: date | None = None
    standing: str | None = Field(default=None, pattern=_STANDINGS)


class Contact(BaseModel):
    """Somebody at a customer."""

    model_config = ConfigDict(extra="forbid")
    name: str = ""
    email: str = ""
    phone: str = ""
    role: str = "billing"


class Customer(BaseModel):
    """Who owes."""

    model_config = ConfigDict(extra="forbid")
    number: str
    name: str
    country: str = ""
    language: str = "en"
    time_zone: str = ""
    contacts: list[Contact] = []


class Invoice(BaseModel):
    """An invoice as the API shows it, but for when it last changed; ``ref`` is the number unless given."""

    model_config = ConfigDict(extra="forbid")
    ref: str = ""
    number: str = Field(min_length=1)
    customer: Customer
    currency: str = Field(pattern="^[A-Z]{3}$")
    total: str = Field(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,3})?$")
    balance: str = Field(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,3})?$")
    issued: date
    due: date
    standing: str = Field(default="open", pattern=_STANDINGS)
    pay_url: str = ""
    pdf_url: str = ""
    purchase_order: str = ""
    paid_on: date | None = None
    payments: list[Booked] | None = None


class Receiver(BaseModel):
    """Who is told of changes from now on; empty: nobody."""

    model_config = ConfigDict(extra="forbid")
    url: str


class Books(BaseModel):
    """How far the bank statements are booked; None: not told."""

    model_config = ConfigDict(extra="forbid")
    posted_through: date | None


@dataclass(slots=True)
class Account:
    """The books: invoices by ref as the API shows them, and when each last changed."""

    invoices: dict[str, dict[str, Any]]
    today: date
    opened: date = field(default_factory=lambda: present().date())
    posted_through: date | None = None
    is_posted_by_hand: bool = False

    def day(self) -> date:
        """Today, as told at the start, moving on while the program runs."""
        return self.today + (present().date() - self.opened)

    def booked_through(self) -> date | None:
        """The business day before today, unless set by hand."""
        if self.is_posted_by_hand:
            return self.posted_through
        day = self.day() - timedelta(days=1)
        while day.weekday() >= 5:
            day -= timedelta(days=1)
        return day


def invoices_from(text: str, shift: timedelta) -> dict[str, dict[str, Any]]:
    """The file's invoices as the API shows them, by ref (which is the number), every day moved by ``shift``."""
    found: dict[str, dict[str, Any]] = {}
    contacts: dict[str, list[dict[str, str]]] = {}

    def moved(day: str) -> str | None:
        return (date.fromisoformat(day) + shift).isoformat() if day else None

    try:
        for row in csv.DictReader(io.StringIO(text, newline="")):
            people = contacts.setdefault(row["customer number"], [])
            person = {"name": row["contact name"], "email": row["email"], "phone": row["phone"].replace(" ", ""), "role": row["contact role"]}
            if person not in people:
                people.append(person)
            customer = {
                "number": row["customer number"],
                "name": row["customer name"],
                "country": row["country"],
                "language": row["language"],
                "time_zone": row["time zone"],
                "contacts": people,
            }
            found[row["invoice number"]] = {
                "ref": row["invoice number"],
                "number": row["invoice number"],
                "customer": customer,
                "currency": row["currency"],
                "total": row["total"],
                "balance": row["balance"],
                "issued": moved(row["issued"]),
                "due": moved(row["due"]),
                "standing": "disputed" if row["status"] == "disputed" else "open",
                "pay_url": row["pay link"],
                "pdf_url": "",
                "purchase_order": row["purchase order"],
                "paid_on": moved(row["paid on"]),
                "payments": _paid_at_once(row["invoice number"], Decimal(row["total"]) - Decimal(row["balance"]), moved(row["paid on"])),
                "updated_at": f"{moved(row['paid on'] or row['issued'])}T12:00:00+00:00",
            }
    except (KeyError, ValueError) as error:
        raise UnableToPretend(f"the csv file lacks a column or holds a day unlike 2026-03-02 ({error}); give it the form of examples/ledger.csv") from error
    return found


def _paid_at_once(number: str, amount: Decimal, day: str | None) -> list[dict[str, Any]] | None:
    """The file tells only the day of the last payment: all that was paid came then. None: it does not tell."""
    if amount and not day:
        return None
    return [{"id": f"{number}-1", "day": day, "amount": str(amount), "kind": "payment", "method": "transfer", "reference": number}] if amount else []


def create_app(text: str, *, today: date, token: str, webhook_url: str = "", webhook_secret: str = "", log: Path | None = None) -> FastAPI:
    """The accounting system over ``text``, a csv file in the form of examples/ledger.csv, as if its anchor were ``today``.

    ``webhook_secret`` is "whsec_" and base64. ``log`` is appended to. Raises UnableToPretend when ``text`` has another form.
    """
    journal = Log(log)
    shift = today - ANCHOR
    account = Account(invoices_from(text, shift), today)
    webhooks = Webhooks(webhook_url, webhook_secret, journal)
    faults: Orders[AnswerOrder] = Orders()

    def known(request: Request) -> None:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode()):
            raise HTTPException(401, "the Bearer token is missing or wrong")

    def invoice_of(ref: str) -> dict[str, Any]:
        if ref not in account.invoices:
            raise HTTPException(404, f"there is no invoice {ref}")
        return account.invoices[ref]

    def changed(kind: str, invoice: dict[str, Any], *, tell: bool = True) -> dict[str, Any]:
        invoice["updated_at"] = present().isoformat()
        journal.write("changed", type=kind, ref=invoice["ref"], balance=invoice["balance"], due=invoice["due"], standing=invoice["standing"])
        if tell:
            webhooks.send(kind, invoice["ref"])
        return invoice

    app = FastAPI(title="Pretend ledger", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Misbehaving, orders=faults, log=journal, invoices=account.invoices)
    app.add_middleware(Logged, log=journal)
    private = [Depends(known)]

    @app.get("/")
    async def about() -> dict[str, Any]:
        return {"is": "a pretend ledger", "invoices": len(account.invoices), "dates": _shift_in_words(shift, today)}

    @app.get("/invoices", dependencies=private)
    async def list_invoices(
        ref: Annotated[list[str] | None, Query()] = None, cursor: Annotated[int, Query(ge=0)] = 0, updated_since: datetime | None = None
    ) -> dict[str, Any]:
        found = list(account.invoices.values())
        if ref is not None:
            found = [account.invoices[each] for each in dict.fromkeys(ref) if each in account.invoices]
        if updated_since:
            found = [invoice for invoice in found if datetime.fromisoformat(invoice["updated_at"]) >= updated_since]
        end = cursor + _PAGE_SIZE
        return {"invoices": found[cursor:end], "next": str(end) if end < len(found) else None, "posted_through": account.booked_through()}

    @app.get("/invoices/{ref}/pdf", dependencies=private)
    async def show_pdf(ref: str) -> Response:
        return Response(pdf_of(invoice_of(ref)), media_type="application/pdf")

    @app.post("/invoices/{ref}/payments", dependencies=private)
    async def take_payment(ref: str, payment: Payment) -> dict[str, Any]:
        invoice, paid = invoice_of(ref), Decimal(payment.amount)
        left = Decimal(invoice["balance"]) - paid
        if paid == 0 or left.as_tuple().exponent != Decimal(invoice["total"]).as_tuple().exponent:
            raise HTTPException(422, f"amount must be more than zero and in whole cents of {invoice['currency']}")
        told, day = invoice.get("payments") or [], (payment.day or account.day()).isoformat()
        number = 1 + max((int(one["id"].rpartition("-")[2]) for one in told if one["id"].rpartition("-")[2].isdecimal()), default=0)
        line = payment.model_dump() | {"id": f"{ref}-{number}", "day": day}
        invoice |= {"balance": str(left), "payments": [*told, line], "paid_on": day if payment.kind == "payment" else invoice["paid_on"]}
        return changed("invoice.paid" if left <= 0 else "invoice.changed", invoice)

    @app.delete("/invoices/{ref}/payments/{payment}", dependencies=private)
    async def take_back(ref: str, payment: str) -> dict[str, Any]:
        invoice = invoice_of(ref)
        found = next((one for one in invoice.get("payments") or [] if one["id"] == payment), None)
        if found is None:
            raise HTTPException(404, f"invoice {ref} has no payment {payment}")
        left = [one for one in invoice["payments"] if one is not found]
        days = [one["day"] for one in left if one["kind"] == "payment"]
        invoice |= {"balance": str(Decimal(invoice["balance"]) + Decimal(found["amount"])), "payments": left, "paid_on": max(days, default=None)}
        return changed("invoice.changed", invoice)

    @app.post("/invoices", dependencies=private)
    async def store(invoices: list[Invoice], tell: bool = False) -> dict[str, int]:
        new = 0
        for each in invoices:
            invoice = each.model_dump(mode="json") | {"ref": each.ref or each.number}
            is_new = invoice["ref"] not in account.invoices
            new += is_new
            account.invoices[invoice["ref"]] = changed("invoice.created" if is_new else "invoice.changed", invoice, tell=tell)
        return {"created": new, "changed": len(invoices) - new}

    @app.post("/invoices/{ref}", dependencies=private)
    async def change(ref: str, new: Change) -> dict[str, Any]:
        invoice = invoice_of(ref)
        invoice |= new.model_dump(mode="json", exclude_none=True)
        return changed("invoice.changed", invoice)

    @app.put("/books", dependencies=private)
    async def set_books(books: Books) -> Books:
        account.posted_through, account.is_posted_by_hand = books.posted_through, True
        return books

    @app.put("/webhooks", dependencies=private)
    async def redirect(receiver: Receiver) -> Receiver:
        if receiver.url and not webhooks.can_sign:
            raise HTTPException(422, "without a webhook secret nobody can be told; start it with --webhook-secret")
        webhooks.url = receiver.url
        return receiver

    @app.get("/faults", dependencies=private)
    async def show_faults() -> list[dict[str, Any]]:
        return [*faults.remaining(), *webhooks.faults.remaining()]

    @app.put("/faults", dependencies=private)
    async def set_faults(orders: list[Annotated[AnswerOrder | WebhookOrder, Field(discriminator="do")]]) -> list[dict[str, Any]]:
        faults.replace([order for order in orders if isinstance(order, AnswerOrder)])
        webhooks.faults.replace([order for order in orders if isinstance(order, WebhookOrder)])
        return await show_faults()

    @app.delete("/faults", dependencies=private, status_code=204)
    async def end_faults() -> None:
        faults.replace([])
        webhooks.faults.replace([])

    return app


def _shift_in_words(shift: timedelta, today: date) -> str:
    return f"moved by {shift.days:+d} days, so that {ANCHOR} in the file is {today}"


@click.command()
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path(__file__).with_name("ledger.csv"),
    show_default="examples/ledger.csv",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Loopback port; 0 takes a free one.")
@click.option("--port-file", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the port, once it answers.")
@click.option("--token", required=True, help="The Bearer token it asks for.")
@click.option("--webhook-url", default="", help="Who is told of changes.")
@click.option("--webhook-secret", default="", help="whsec_ and base64; signs the webhooks.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), default=lambda: present().date().isoformat(), help="The day the file's anchor is moved to.")
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path), help="Where to append every request, answer and webhook.")
def main(csv_file: Path, port: int, port_file: Path | None, token: str, webhook_url: str, webhook_secret: str, today: datetime, log: Path | None) -> None:
    """Serve a pretend ledger on this machine until told to stop."""
    if webhook_url and not webhook_secret:
        raise click.UsageError("--webhook-url needs --webhook-secret")
    day = today.date()
    app = create_app(csv_file.read_text("utf-8-sig"), today=day, token=token, webhook_url=webhook_url, webhook_secret=webhook_secret, log=log)
    listener = listen(port)
    port = listener.getsockname()[1]
    print(f"pretend ledger at http://127.0.0.1:{port}, dates of {csv_file.name} {_shift_in_words(day - ANCHOR, day)}", flush=True)
    write_port(port, port_file)
    uvicorn.Server(uvicorn.Config(app, http=Breakable, log_level="warning", timeout_graceful_shutdown=2)).run(sockets=[listener])


if __name__ == "__main__":
    main()
