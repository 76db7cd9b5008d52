"""A small accounting system for demonstrations and tests: the rest ledger's API over the invoices of a csv file.

It stands for somebody else's program, so it shares no code with Dunwell. All its days are moved from the example's anchor
to today. What it is told (a payment, a new due date) it passes on as a signed webhook, and every request, answer and webhook
goes into a log that tests take as the truth.
"""

from __future__ import annotations

import asyncio
import csv
import hmac
import io
import json
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import click
import httpx
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from standardwebhooks import Webhook
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ANCHOR = date(2026, 3, 2)
_PAGE_SIZE = 25
_WEBHOOK_TRIES = 15
_LONGEST_PAUSE_SECONDS = 5.0


class UnableToPretend(ValueError):
    """A csv file that is not in the form of examples/ledger.csv."""


class Payment(BaseModel):
    """Money that came in, in the invoice's currency."""

    model_config = ConfigDict(extra="forbid")
    amount: str = Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,3})?$")


class Change(BaseModel):
    """What a bookkeeper changes on an invoice; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    due: date | None = None
    standing: str | None = Field(default=None, pattern="^(open|draft|disputed|void|written_off|closed)$")


class Books(BaseModel):
    """How far the bank statements are booked; None: not told."""

    model_config = ConfigDict(extra="forbid")
    posted_through: date | None


class Log:
    """Every request, change, answer and webhook, one JSON object a line, flushed before the next thing happens.

    ``monotonic`` is the machine's clock since boot in seconds, the same for every process on it.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("a", encoding="utf-8") if path else None

    def write(self, what: str, **more: Any) -> None:
        if self._file:
            line = {"what": what, "monotonic": time.monotonic(), "at": _now().isoformat(), **more}
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()


@dataclass(slots=True)
class Account:
    """The books: invoices by ref as the API shows them, and when each last changed."""

    invoices: dict[str, dict[str, Any]]
    today: date
    opened: date = field(default_factory=lambda: _now().date())
    posted_through: date | None = None
    is_posted_by_hand: bool = False

    def day(self) -> date:
        """Today, as told at the start, moving on while the program runs."""
        return self.today + (_now().date() - self.opened)

    def booked_through(self) -> date | None:
        """The business day before today, unless set by hand."""
        if self.is_posted_by_hand:
            return self.posted_through
        day = self.day() - timedelta(days=1)
        while day.weekday() >= 5:
            day -= timedelta(days=1)
        return day


class Webhooks:
    """Tells one address of changes, in Standard Webhooks form, again and again until it answers 2xx or tries run out."""

    def __init__(self, url: str, secret: str, log: Log) -> None:
        self._url, self._log = url, log
        self._seal = Webhook(secret) if url else None
        self._under_way: set[asyncio.Task[None]] = set()

    def send(self, kind: str, ref: str) -> None:
        if self._seal:
            task = asyncio.get_running_loop().create_task(self._deliver(self._seal, kind, ref))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _deliver(self, seal: Webhook, kind: str, ref: str) -> None:
        delivery = f"msg_{uuid4().hex}"
        body = json.dumps({"type": kind, "timestamp": _now().isoformat(), "data": {"ref": ref}})
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            for attempt in range(_WEBHOOK_TRIES):
                now = _now()
                headers = {
                    "content-type": "application/json",
                    "webhook-id": delivery,
                    "webhook-timestamp": str(int(now.timestamp())),
                    "webhook-signature": seal.sign(delivery, now, body),
                }
                try:
                    status = (await client.post(self._url, content=body, headers=headers)).status_code
                except httpx.HTTPError as error:
                    self._log.write("webhook", id=delivery, type=kind, ref=ref, attempt=attempt + 1, failed=type(error).__name__)
                else:
                    self._log.write("webhook", id=delivery, type=kind, ref=ref, attempt=attempt + 1, status=status)
                    if 200 <= status < 300 or status == 410:
                        return
                await asyncio.sleep(min(0.2 * 2**attempt, _LONGEST_PAUSE_SECONDS))
        self._log.write("webhook given up", id=delivery, type=kind, ref=ref)


class Logged:
    """Writes each request down as it comes, and its answer before it goes."""

    def __init__(self, app: ASGIApp, log: Log) -> None:
        self._app, self._log = app, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = uuid4().hex
        held: list[Message] = []
        self._log.write("request", request=request, method=scope["method"], path=scope["path"], query=scope["query_string"].decode("latin-1"))

        async def hold(message: Message) -> None:
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                body = b"".join(part.get("body", b"") for part in held)
                self._log.write("answer", request=request, status=held[0]["status"], body=_readable(body))
                for part in held:
                    await send(part)

        await self._app(scope, receive, hold)


def _readable(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return f"{len(body)} bytes"


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  a program of its own, at the edge of the world


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
                "updated_at": f"{moved(row['paid on'] or row['issued'])}T12:00:00+00:00",
            }
    except (KeyError, ValueError) as error:
        raise UnableToPretend(f"the csv file lacks a column or holds a day unlike 2026-03-02 ({error}); give it the form of examples/ledger.csv") from error
    return found


def pdf_of(invoice: dict[str, Any]) -> bytes:
    """One page that says what the invoice is for whom, how much and when."""
    lines = (f"Invoice {invoice['number']}", invoice["customer"]["name"], f"Total {invoice['total']} {invoice['currency']}", f"Due {invoice['due']}")
    shown = b"".join(b"(" + _escaped(line) + b") Tj T*\n" for line in lines)
    content = b"BT /F1 14 Tf 20 TL 72 760 Td\n" + shown + b"ET"
    return _document(
        (
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        )
    )


def _escaped(line: str) -> bytes:
    return line.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _document(objects: Iterable[bytes]) -> bytes:
    pdf, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        offsets.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(offsets) + 1
    return pdf + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, table, size, len(pdf))


def create_app(text: str, *, today: date, token: str, webhook_url: str = "", webhook_secret: str = "", log: Path | None = None) -> FastAPI:
    """The accounting system over ``text``, a csv file in the form of examples/ledger.csv, as if its anchor were ``today``.

    ``webhook_secret`` is "whsec_" and base64. ``log`` is appended to. Raises UnableToPretend when ``text`` has another form.
    """
    journal = Log(log)
    shift = today - ANCHOR
    account = Account(invoices_from(text, shift), today)
    webhooks = Webhooks(webhook_url, webhook_secret, journal)

    def known(request: Request) -> None:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode()):
            raise HTTPException(401, "the Bearer token is missing or wrong")

    def invoice_of(ref: str) -> dict[str, Any]:
        if ref not in account.invoices:
            raise HTTPException(404, f"there is no invoice {ref}")
        return account.invoices[ref]

    def changed(kind: str, invoice: dict[str, Any]) -> dict[str, Any]:
        invoice["updated_at"] = _now().isoformat()
        journal.write("changed", type=kind, ref=invoice["ref"], balance=invoice["balance"], due=invoice["due"], standing=invoice["standing"])
        webhooks.send(kind, invoice["ref"])
        return invoice

    app = FastAPI(title="Pretend ledger", docs_url=None, redoc_url=None, openapi_url=None)
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
        invoice["balance"], invoice["paid_on"] = str(left), account.day().isoformat()
        return changed("invoice.paid" if left <= 0 else "invoice.changed", invoice)

    @app.post("/invoices/{ref}", dependencies=private)
    async def change(ref: str, new: Change) -> dict[str, Any]:
        invoice = invoice_of(ref)
        invoice |= new.model_dump(mode="json", exclude_none=True)
        return changed("invoice.changed", invoice)

    @app.put("/books", dependencies=private)
    async def set_books(books: Books) -> Books:
        account.posted_through, account.is_posted_by_hand = books.posted_through, True
        return books

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
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), default=lambda: _now().date().isoformat(), help="The day the file's anchor is moved to.")
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path), help="Where to append every request, answer and webhook.")
def main(csv_file: Path, port: int, port_file: Path | None, token: str, webhook_url: str, webhook_secret: str, today: datetime, log: Path | None) -> None:
    """Serve a pretend ledger on this machine until told to stop."""
    if webhook_url and not webhook_secret:
        raise click.UsageError("--webhook-url needs --webhook-secret")
    day = today.date()
    app = create_app(csv_file.read_text("utf-8-sig"), today=day, token=token, webhook_url=webhook_url, webhook_secret=webhook_secret, log=log)
    listener = socket.create_server(("127.0.0.1", port))
    port = listener.getsockname()[1]
    print(f"pretend ledger at http://127.0.0.1:{port}, dates of {csv_file.name} {_shift_in_words(day - ANCHOR, day)}", flush=True)
    if port_file:
        part = port_file.with_name(port_file.name + ".part")
        part.write_text(str(port))
        part.replace(port_file)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)).run(sockets=[listener])


if __name__ == "__main__":
    main()
