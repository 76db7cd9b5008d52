"""A provider of e-mail for tests: SendGrid's API and a mail server, which accept, delay, fail, drop answers and kill the sender as ordered.

It stands for somebody else's program, so it shares no code with Dunwell. What it accepted is on disk before anything else
happens, so its log is the truth about what left. Orders, events and the rest are described in examples/README.md.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # it also runs where nothing is installed

from examples.append_log import Log, present
from examples.faults import Breakable, BrokenOff, Halved, Orders
from examples.mail_activity import row, search, whole
from examples.mail_events import Kind, Mail, Plan, Teller, load_key
from examples.mail_replies import Postman, Reply, UnableToReply
from examples.mail_server import serve_mail
from examples.misfortunes import LONGEST_DYING_SECONDS, Misfortune, Verdict, carry_out
from examples.ports import listen, write_port


class Told(BaseModel):
    """Something more that happens to an accepted mail."""

    model_config = ConfigDict(extra="forbid")
    key: str
    event: Kind
    copies: int = Field(default=1, ge=1, le=100)


class Addresses(BaseModel):
    """Where events are told and mails to us are brought; empty: nowhere."""

    model_config = ConfigDict(extra="forbid")
    url: str = ""
    inbound_url: str = ""


class Activity(BaseModel):
    """Whether the Email Activity API was paid for, and how many seconds after its acceptance a mail shows in it."""

    model_config = ConfigDict(extra="forbid")
    bought: bool = True
    lag_seconds: float = Field(default=0, ge=0)


class Provider:
    """The one who takes mails, whichever way they come."""

    def __init__(self, log: Log, teller: Teller) -> None:
        self.log, self.teller, self.postman = log, teller, Postman(teller, log)
        self.faults: Orders[Misfortune] = Orders()
        self.activity = Activity()
        self.accepted: list[Mail] = []

    def shown(self) -> list[Mail]:
        """What the Email Activity API knows of."""
        latest = present() - timedelta(seconds=self.activity.lag_seconds)
        return [mail for mail in self.accepted if mail.via == "sendgrid" and mail.accepted_at and mail.accepted_at <= latest]

    async def take(self, mail: Mail, sender: str) -> Verdict:
        """Treat ``mail`` as ordered; ``sender`` as in ``carry_out``."""
        self.log.write("request", via=mail.via, key=mail.key, to=mail.to)
        order = self.faults.take()
        verdict = await carry_out(order, lambda: self._accept(mail, sender), sender, self.log)
        done = order.model_dump(exclude_none=True, exclude={"times", "after"}) if order else None
        self.log.write("answer", via=mail.via, key=mail.key, answer=verdict.answer, status=verdict.status, order=done)
        return verdict

    def _accept(self, mail: Mail, sender: str) -> None:
        mail.accepted_at = present()
        self.log.write_to_disk(
            "accepted",
            via=mail.via,
            to=mail.to,
            subject=mail.subject,
            key=mail.key,
            custom_args=mail.custom_args,
            message_id=mail.message_id,
            bearer=sender,
            text=mail.text,
        )
        self.accepted.append(mail)
        if mail.via == "sendgrid":
            self.teller.follow(mail)


def _errors(status: int, message: str, field: str | None = None) -> JSONResponse:
    return JSONResponse({"errors": [{"message": message, "field": field, "help": None}]}, status, {"Retry-After": "1"} if status == 429 else {})


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _posted(body: Any) -> Mail | tuple[str, str | None]:
    """The mail in a request to send, or what is wrong with the request and where."""
    if not isinstance(body, dict):
        return "the body must be a JSON object", None
    sender, personal, content = body.get("from"), body.get("personalizations"), body.get("content")
    if not isinstance(sender, dict) or "@" not in str(sender.get("email", "")):
        return "a sender with an email is required", "from.email"
    if not isinstance(personal, list) or len(personal) != 1 or not isinstance(personal[0], dict):
        return "one personalization is required, and no more are pretended", "personalizations"
    to = personal[0].get("to")
    if not isinstance(to, list) or not to or not all(isinstance(each, dict) and "@" in str(each.get("email", "")) for each in to):
        return "a recipient with an email is required", "personalizations.0.to"
    if not isinstance(content, list) or not content or not all(isinstance(part, dict) and part.get("type") and part.get("value") for part in content):
        return "at least one content with type and value is required", "content"
    subject = personal[0].get("subject") or body.get("subject")
    if not isinstance(subject, str) or not subject:
        return "a subject is required", "subject"
    custom_args = {**(body.get("custom_args") or {}), **(personal[0].get("custom_args") or {})}
    if not all(isinstance(value, str) for value in custom_args.values()):
        return "every custom argument must be a string", "custom_args"
    return Mail(
        via="sendgrid",
        key=custom_args.get("dunwell_outreach", ""),
        to=", ".join(each["email"] for each in to),
        sender=sender["email"],
        subject=subject,
        text=next((str(part["value"]) for part in content if part["type"] == "text/plain"), ""),
        origin=str((body.get("headers") or {}).get("Message-ID", "")),
        reply_to=str((body.get("reply_to") or {}).get("email", "")),
        custom_args=custom_args,
    )


def create_app(provider: Provider, smtp: socket.socket | None = None) -> FastAPI:
    """SendGrid's API over ``provider``, the orders to misbehave, and the mail server listening on ``smtp``."""
    teller = provider.teller

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        telling = asyncio.get_running_loop().create_task(teller.run())
        server = await serve_mail(smtp, provider.take) if smtp else None
        yield
        telling.cancel()
        if server:
            server.close()

    app = FastAPI(title="Pretend mail", docs_url=None, redoc_url=None, openapi_url=None, lifespan=running)

    @app.get("/")
    async def about() -> dict[str, Any]:
        return {
            "is": "a pretend mail provider",
            "accepted": len(provider.accepted),
            "smtp_port": smtp.getsockname()[1] if smtp else None,
            "events_public_key": teller.public_key(),
        }

    @app.post("/v3/mail/send")
    async def send(request: Request) -> Response:
        if not (bearer := _bearer(request)):
            return _errors(401, "a Bearer token is required")
        try:
            mail = _posted(json.loads(await request.body()))
        except ValueError:
            mail = ("the body must be JSON", None)
        if isinstance(mail, tuple):
            return _errors(400, *mail)
        verdict = await provider.take(mail, bearer)
        if verdict.answer in ("no", "error"):
            return _errors(verdict.status, "as ordered")
        if verdict.answer in ("nothing", "killed"):
            return BrokenOff(patience=LONGEST_DYING_SECONDS if verdict.answer == "killed" else 0)
        headers = {"Content-Length": "0", "X-Message-Id": mail.message_id}  # half of it ends before the id
        return Halved(None, 202, headers) if verdict.answer == "half" else Response(None, 202, headers)

    def activity_refusal(request: Request) -> Response | None:
        provider.log.write("request", via="activity", path=request.url.path, query=request.url.query)
        if not _bearer(request):
            return _errors(401, "a Bearer token is required")
        return None if provider.activity.bought else _errors(403, "access forbidden")

    @app.get("/v3/messages")
    async def list_messages(request: Request, query: str = "", limit: str = "10") -> Response:
        if refusal := activity_refusal(request):
            return refusal
        if not re.fullmatch("[0-9]{1,4}", limit) or not 1 <= int(limit) <= 1000:
            return _errors(400, "limit must be from 1 to 1000", "limit")
        try:
            found = search(provider.shown(), query)
        except ValueError as error:
            return _errors(400, str(error), "query")
        return JSONResponse({"messages": [row(mail) for mail in found[: int(limit)]]})

    @app.get("/v3/messages/{message}")
    async def show_message(request: Request, message: str) -> Response:
        if refusal := activity_refusal(request):
            return refusal
        found = [mail for mail in provider.shown() if mail.full_id == message]
        return JSONResponse(whole(found[0])) if found else _errors(404, "not found")

    @app.get("/faults")
    async def show_faults() -> list[dict[str, Any]]:
        return provider.faults.remaining()

    @app.put("/faults")
    async def set_faults(orders: list[Misfortune]) -> list[dict[str, Any]]:
        provider.faults.replace(orders)
        return provider.faults.remaining()

    @app.delete("/faults", status_code=204)
    async def end_faults() -> None:
        provider.faults.replace([])

    @app.get("/events")
    async def show_plans() -> list[dict[str, Any]]:
        return teller.plans.remaining()

    @app.put("/events")
    async def set_plans(plans: list[Plan]) -> list[dict[str, Any]]:
        teller.plans.replace(plans)
        return teller.plans.remaining()

    @app.delete("/events", status_code=204)
    async def end_plans() -> None:
        teller.plans.replace([])

    @app.post("/events")
    async def tell(told: Told) -> dict[str, int]:
        found = [mail for mail in provider.accepted if mail.via == "sendgrid" and mail.key == told.key]
        for mail in found:
            teller.happen(mail, told.event, told.copies)
        return {"mails": len(found)}

    @app.put("/webhooks")
    async def redirect(addresses: Addresses) -> Addresses:
        teller.url, provider.postman.url = addresses.url, addresses.inbound_url
        return addresses

    @app.post("/incoming")
    async def write_to_us(reply: Reply) -> Response:
        try:
            return JSONResponse({"message_id": provider.postman.bring(reply, provider.accepted)})
        except UnableToReply as error:
            return _errors(422, str(error))

    @app.put("/activity")
    async def set_activity(activity: Activity) -> Activity:
        provider.activity = activity
        return activity

    return app


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Loopback port of SendGrid's API; 0 takes a free one.")
@click.option("--port-file", type=click.Path(dir_okay=False, path_type=Path), help="Where to write that port, once it answers.")
@click.option("--smtp-port", type=click.IntRange(0, 65535), default=0, help="Loopback port of the mail server; 0 takes a free one.")
@click.option("--smtp-port-file", type=click.Path(dir_okay=False, path_type=Path), help="Where to write that port; without it there is no mail server.")
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Where to append what comes, is accepted and answered.")
@click.option("--events-url", default="", help="Who is told what becomes of each mail.")
@click.option("--inbound-url", default="", help="Where mails to us are brought.")
@click.option("--events-key-file", type=click.Path(dir_okay=False, path_type=Path), help="The P-256 key, in PEM, that signs what is told; made if missing.")
def main(
    port: int, port_file: Path | None, smtp_port: int, smtp_port_file: Path | None, log: Path, events_url: str, inbound_url: str, events_key_file: Path | None
) -> None:
    """Serve a pretend mail provider on this machine until told to stop."""
    if smtp_port_file and not find_spec("aiosmtpd"):
        raise click.UsageError("--smtp-port-file: a mail server needs aiosmtpd; install requirements-dev.txt, or leave the option out")
    try:
        key = load_key(events_key_file) if events_key_file else None
    except ValueError as error:
        raise click.UsageError(f"--events-key-file: {error}") from error
    journal = Log(log)
    provider = Provider(journal, Teller(events_url, key, journal))
    provider.postman.url = inbound_url
    listener = listen(port)
    smtp = listen(smtp_port) if smtp_port_file else None
    app = create_app(provider, smtp)
    port = listener.getsockname()[1]
    print(f"pretend mail provider at http://127.0.0.1:{port}" + (f", mail server at port {smtp.getsockname()[1]}" if smtp else ""), flush=True)
    if smtp:
        write_port(smtp.getsockname()[1], smtp_port_file)
    write_port(port, port_file)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(uvicorn.Config(app, http=Breakable, log_level="warning", timeout_graceful_shutdown=2)).run(sockets=[listener])


if __name__ == "__main__":
    main()
