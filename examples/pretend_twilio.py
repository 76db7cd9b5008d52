"""A provider of text messages and phone calls for tests: Twilio's API, the callbacks it makes, and the phones at the other end.

It stands for somebody else's program, so it shares no code with Dunwell. What it accepted is on disk before anything else
happens, so its log is the truth about what left. Orders, scripts and the rest are described in examples/README.md.
"""

from __future__ import annotations

import base64
import binascii
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # it also runs where nothing is installed

from examples.append_log import Log, present
from examples.faults import Breakable, BrokenOff, Halved, Orders
from examples.misfortunes import LONGEST_DYING_SECONDS, Misfortune, Verdict, carry_out
from examples.phone import Line
from examples.phone_script import Call, Phones, Script
from examples.ports import listen, write_port
from examples.twilio_forms import Message, Refusal, call_json, listed, read_call, read_message, refused
from examples.twilio_posts import Poster, Signing, Teller, Telling

_STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
_START = {"START", "YES", "UNSTOP"}
_HELP = {"HELP", "INFO"}
_OPEN_HOURS = 24


class TwilioMisfortune(Misfortune):
    """``code``: which of Twilio's codes a refusal carries."""

    code: int = 0


class Told(BaseModel):
    """Something more that happens to an accepted message."""

    model_config = ConfigDict(extra="forbid")
    sid: str
    status: str
    error_code: int | None = None
    copies: int = Field(default=1, ge=1, le=100)


class Incoming(BaseModel):
    """A text message that somebody writes to us."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    sender: str = Field(alias="from")
    to: str
    body: str
    copies: int = Field(default=1, ge=1, le=100)


class Addresses(BaseModel):
    """Where text messages to our numbers are brought, nowhere when empty; ``opt_out_type``: with the word the customer chose, as Advanced Opt-Out does."""

    model_config = ConfigDict(extra="forbid")
    sms_url: str = ""
    opt_out_type: bool = False


class Listing(BaseModel):
    """How many seconds after its acceptance a message shows in the list."""

    model_config = ConfigDict(extra="forbid")
    lag_seconds: float = Field(default=0, ge=0)


class Provider:
    """The one who takes messages and calls, and brings answers."""

    def __init__(self, account: str, token: str, log: Log) -> None:
        self.account, self.log = account, log
        self.poster = Poster(token, log)
        self.faults: Orders[TwilioMisfortune] = Orders()
        self.plans: Orders[Telling] = Orders()
        self.phones = Phones()
        self.addresses, self.listing = Addresses(), Listing()
        self.arranged: dict[str, int] = {}
        self.messages: list[Message] = []
        self.calls: list[Call] = []
        self._opted_out: set[tuple[str, str]] = set()
        self._tellers: dict[str, Teller] = {}

    async def take(self, wanted: Message | Call, sender: str) -> tuple[Verdict, int]:
        """Treat it as ordered, ``sender`` as in ``carry_out``; the verdict, and the code of a refusal."""
        about = {"via": "sms" if isinstance(wanted, Message) else "call", "sid": wanted.sid, "to": wanted.to}
        self.log.write("request", **about)
        if isinstance(wanted, Message) and (wanted.sender or wanted.service or "", wanted.to) in self._opted_out:
            self.log.write("answer", **about, answer="no", status=400, code=21610, order=None)
            return Verdict("no", 400), 21610
        order = self.faults.take()
        verdict = await carry_out(order, lambda: self._accept(wanted, sender), sender, self.log)
        done = order.model_dump(exclude_none=True, exclude={"times", "after"}) if order else None
        self.log.write("answer", **about, answer=verdict.answer, status=verdict.status, order=done)
        return verdict, (order.code if order else 0) or {429: 20429, 401: 20003, 404: 20404}.get(verdict.status, 20500)

    def _accept(self, wanted: Message | Call, sender: str) -> None:
        via = "sms" if isinstance(wanted, Message) else "call"
        body = wanted.body if isinstance(wanted, Message) else ""
        self.log.write_to_disk("accepted", via=via, sid=wanted.sid, to=wanted.to, sender=wanted.sender, body=body, asked=wanted.asked, bearer=sender)
        plan = self.plans.take() or Telling()
        teller = Teller(self.poster, wanted.asked.get("StatusCallback", ""), wanted.asked.get("StatusCallbackMethod", "POST"), plan)
        self._tellers[wanted.sid] = teller
        if isinstance(wanted, Message):
            self.messages.append(wanted)
            self._play(wanted, plan, teller)
        else:
            self.calls.append(wanted)
            self.poster.begin(Line(wanted, self.phones.take(wanted.to), self.poster, teller, self.log).run())

    def _play(self, message: Message, plan: Telling, teller: Teller) -> None:
        statuses, code = plan.statuses, plan.error_code
        if number_code := self.arranged.get(message.to):
            statuses, code = ("queued", "sent", "undelivered"), number_code
        elif message.to.startswith("whatsapp:") and "ContentSid" not in message.asked and not self._wrote_lately(message):
            statuses, code = ("queued", "failed"), 63016
        for status in statuses:
            teller.tell(status, message.becomes(status, code))
        teller.end()

    def _wrote_lately(self, message: Message) -> bool:
        since = present() - timedelta(hours=_OPEN_HOURS)
        return any(each.direction == "inbound" and each.sender == message.to and each.created >= since for each in self.messages)

    def happen(self, told: Told) -> int:
        """Make something more happen to a message; how many messages that was."""
        found = [message for message in self.messages if message.sid == told.sid]
        for message in found:
            form = message.becomes(told.status, told.error_code)
            for _ in range(told.copies):
                self._tellers[message.sid].tell(told.status, form)
        return len(found)

    def bring(self, incoming: Incoming) -> Message:
        """Somebody writes to us. A word that stops or starts is obeyed before anybody is told."""
        message = Message(self.account, incoming.to, incoming.sender, incoming.body, {}, direction="inbound", status="received")
        self.messages.append(message)
        self.log.write_to_disk("incoming", sid=message.sid, to=incoming.to, sender=incoming.sender, body=incoming.body)
        word = incoming.body.strip().upper()
        kind = "STOP" if word in _STOP else "START" if word in _START else "HELP" if word in _HELP else ""
        if kind == "STOP":
            self._opted_out.add((incoming.to, incoming.sender))
        elif kind == "START":
            self._opted_out.discard((incoming.to, incoming.sender))
        more = {"OptOutType": kind} if kind and self.addresses.opt_out_type else {}
        if url := self.addresses.sms_url:
            for copy in range(incoming.copies):
                self.poster.begin(self._tell_incoming(url, message, message.inbound(**more), is_first=not copy))
        return message

    async def _tell_incoming(self, url: str, message: Message, form: dict[str, str], *, is_first: bool) -> None:
        answer = await self.poster.post(url, form)
        if not is_first or answer is None or not answer.is_success or not answer.text.strip():
            return
        try:
            said = ["".join(verb.itertext()) for verb in ElementTree.fromstring(answer.text) if verb.tag == "Message"]
        except ElementTree.ParseError:
            self.log.write("not understood", sid=message.sid, code=12100, body=answer.text[:500])
            return
        for body in said:
            reply = Message(self.account, message.sender, message.to, body, {}, direction="outbound-reply")
            if (reply.sender, reply.to) in self._opted_out:
                self.log.write("reply kept back", to=reply.to, body=body, code=21610)
            else:
                self._accept(reply, "")

    def shown(self) -> list[Message]:
        """What the list knows of, newest first."""
        latest = present() - timedelta(seconds=self.listing.lag_seconds)
        return [message for message in reversed(self.messages) if message.created <= latest]


def _credentials(request: Request) -> tuple[str, str]:
    kind, _, written = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(written, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (user, password) if kind.lower() == "basic" else ("", "")


def create_app(provider: Provider) -> FastAPI:
    """Twilio's API over ``provider``, and what is ordered of it."""
    app = FastAPI(title="Pretend Twilio", docs_url=None, redoc_url=None, openapi_url=None)
    root = "/2010-04-01/Accounts/{account}"

    @app.exception_handler(Refusal)
    async def refuse(_: Request, refusal: Refusal) -> JSONResponse:
        return refusal.answer()

    def admit(request: Request, account: str) -> str:
        """The secret it came with. The account or one of its API keys (SK...) with the token, which may end in "." and a process id."""
        user, password = _credentials(request)
        if (user != account and not user.startswith("SK")) or password.partition(".")[0] != provider.poster.token:
            raise Refusal(20003, 401)
        if account != provider.account:
            raise Refusal(20404, 404)
        return password

    async def answer(wanted: Message | Call, sender: str) -> Response:
        verdict, code = await provider.take(wanted, sender)
        if verdict.answer in ("no", "error"):
            return refused(verdict.status, code)
        if verdict.answer in ("nothing", "killed"):
            return BrokenOff(patience=LONGEST_DYING_SECONDS if verdict.answer == "killed" else 0)
        shown = JSONResponse(wanted.json() | {"status": "queued"} if isinstance(wanted, Message) else call_json(wanted) | {"status": "queued"}, 201)
        return Halved(shown.body, 201, dict(shown.headers)) if verdict.answer == "half" else shown

    @app.get("/")
    async def about() -> dict[str, Any]:
        return {"is": "a pretend Twilio", "account": provider.account, "messages": len(provider.messages), "calls": len(provider.calls)}

    @app.post(root + "/Messages.json")
    async def create_message(request: Request, account: str) -> Response:
        sender = admit(request, account)
        return await answer(read_message(account, await request.form(), provider.arranged), sender)

    @app.get(root + "/Messages.json")
    async def list_messages(request: Request, account: str) -> dict[str, Any]:
        admit(request, account)
        return listed("messages", [message.json() for message in provider.shown()], request.query_params, request.url.path)

    @app.get(root + "/Messages/{sid}.json")
    async def show_message(request: Request, account: str, sid: str) -> dict[str, Any]:
        admit(request, account)
        for message in provider.shown():
            if message.sid == sid:
                return message.json()
        raise Refusal(20404, 404)

    @app.post(root + "/Calls.json")
    async def create_call(request: Request, account: str) -> Response:
        sender = admit(request, account)
        return await answer(read_call(account, await request.form(), provider.arranged), sender)

    @app.get(root + "/Calls.json")
    async def list_calls(request: Request, account: str) -> dict[str, Any]:
        admit(request, account)
        return listed("calls", [call_json(call) for call in reversed(provider.calls)], request.query_params, request.url.path)

    def the_call(sid: str) -> Call:
        for call in provider.calls:
            if call.sid == sid:
                return call
        raise Refusal(20404, 404)

    @app.get(root + "/Calls/{sid}.json")
    async def show_call(request: Request, account: str, sid: str) -> dict[str, Any]:
        admit(request, account)
        return call_json(the_call(sid))

    @app.post(root + "/Calls/{sid}.json")
    async def change_call(request: Request, account: str, sid: str) -> dict[str, Any]:
        admit(request, account)
        call, form = the_call(sid), await request.form()
        if call.status not in ("queued", "ringing", "in-progress"):
            raise Refusal(21220)
        if status := form.get("Status"):
            call.status = str(status)
        else:
            call.detour = (str(form.get("Url", "")), str(form.get("Method", "POST")), str(form.get("Twiml", "")))
        return call_json(call)

    @app.get("/calls")
    async def hear_calls() -> list[dict[str, Any]]:
        return [call_json(call) | {"asked": call.asked, "words": call.words, "errors": call.errors} for call in provider.calls]

    @app.get("/phones")
    async def show_scripts() -> list[dict[str, Any]]:
        return provider.phones.remaining()

    @app.put("/phones")
    async def set_scripts(scripts: list[Script]) -> list[dict[str, Any]]:
        provider.phones.replace(scripts)
        return provider.phones.remaining()

    @app.put("/numbers")
    async def arrange(numbers: dict[str, int]) -> dict[str, int]:
        provider.arranged = numbers
        return numbers

    @app.get("/faults")
    async def show_faults() -> list[dict[str, Any]]:
        return provider.faults.remaining()

    @app.put("/faults")
    async def set_faults(orders: list[TwilioMisfortune]) -> list[dict[str, Any]]:
        provider.faults.replace(orders)
        return provider.faults.remaining()

    @app.delete("/faults", status_code=204)
    async def end_faults() -> None:
        provider.faults.replace([])

    @app.get("/events")
    async def show_plans() -> list[dict[str, Any]]:
        return provider.plans.remaining()

    @app.put("/events")
    async def set_plans(plans: list[Telling]) -> list[dict[str, Any]]:
        provider.plans.replace(plans)
        return provider.plans.remaining()

    @app.post("/events")
    async def tell(told: Told) -> dict[str, int]:
        return {"messages": provider.happen(told)}

    @app.post("/incoming")
    async def write_to_us(incoming: Incoming) -> dict[str, str]:
        return {"sid": provider.bring(incoming).sid}

    @app.put("/webhooks")
    async def redirect(addresses: Addresses) -> Addresses:
        provider.addresses = addresses
        return addresses

    @app.put("/signing")
    async def set_signing(signing: Signing) -> Signing:
        provider.poster.signing = signing
        return signing

    @app.put("/listing")
    async def set_listing(listing: Listing) -> Listing:
        provider.listing = listing
        return listing

    return app


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Loopback port of Twilio's API; 0 takes a free one.")
@click.option("--port-file", type=click.Path(dir_okay=False, path_type=Path), help="Where to write that port, once it answers.")
@click.option("--account", default="AC" + "0" * 32, show_default=True, help="The account's id.")
@click.option("--token", required=True, help="Its auth token: what opens the API, and signs what is told. Without a dot.")
@click.option("--sms-url", default="", help="Who is told of text messages that come in.")
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Where to append what comes, is accepted, answered, told and said.")
def main(port: int, port_file: Path | None, account: str, token: str, sms_url: str, log: Path) -> None:
    """Serve a pretend Twilio on this machine until told to stop."""
    if "." in token:
        raise click.UsageError("--token: no dot may stand in it, since what follows one is the sender's process id")
    provider = Provider(account, token, Log(log))
    provider.addresses = Addresses(sms_url=sms_url)
    listener = listen(port)
    port = listener.getsockname()[1]
    print(f"pretend Twilio at http://127.0.0.1:{port}, account {account}", flush=True)
    write_port(port, port_file)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(uvicorn.Config(create_app(provider), http=Breakable, log_level="warning", timeout_graceful_shutdown=2)).run(sockets=[listener])


if __name__ == "__main__":
    main()
