"""An account manager who is asked to help hears of it at once, with the date for the calendar; the task stands whatever fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from icalendar import Calendar

import playbooks
from db.engine import Database
from db.schema import customers
from integrations.messaging.mime import build
from integrations.messaging.team_chat import TeamChat, UnableToPost
from support.by_hand import ByHand
from support.rig import standard_policy


@dataclass
class Posted:
    """A chat's incoming webhook on this machine: what it was told, and what it answers."""

    url: str = ""
    status: int = 200
    bodies: list[dict[str, object]] = field(default_factory=list)


@pytest.fixture
def chat() -> Iterator[Posted]:
    posted = Posted()

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(posted.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    posted.url = f"http://127.0.0.1:{server.server_port}/services/secret"
    yield posted
    server.shutdown()
    server.server_close()


def strategic(database: Database, chat: Posted) -> tuple[ByHand, str]:
    """An invoice of a strategic customer whose account manager is to be alerted next."""
    playbook = playbooks.load("b2b-three-weeks")
    hand = ByHand(
        database, policy=replace(standard_policy(), playbook=playbook, resolved=playbooks.resolve(playbook), private_url="http://dunwell.internal:8400")
    )
    hand.outreach = replace(hand.outreach, chat=TeamChat(chat.url))
    invoice = hand.add("INV-9", 2)
    with database.transaction() as connection:
        connection.execute(
            customers.update().values(tier="strategic", tier_set_by="Ann", account_manager="Tom Reyes", account_manager_email="tom@seller.example")
        )
    return hand, invoice


def alerted(hand: ByHand) -> bool:
    return bool(hand.rows("select id from tasks where kind = 'alert'"))


def test_the_account_manager_gets_a_mail_with_the_date_and_the_chat_a_line(database: Database, chat: Posted) -> None:
    hand, invoice = strategic(database, chat)
    hand.until(lambda: alerted(hand), invoice)
    (mail,) = [mail for mail in hand.mailer.accepted if mail.to_address == "tom@seller.example"]
    assert mail.to_name == "Tom Reyes" and "INV-9" in mail.text and build(mail)["Auto-Submitted"] == "auto-generated"
    (event,) = Calendar.from_ical(mail.attachments[0].content).walk("VEVENT")
    assert str(event["summary"]) == mail.subject and event["dtend"].dt - event["dtstart"].dt
    ((task,),) = hand.rows("select id from tasks where kind = 'alert'")
    assert str(event["uid"]) == f"{task}@dunwell", "the mail's appointment and the page's would be two"
    (body,) = chat.bodies
    card = json.dumps(body)
    assert "Tom Reyes" in card and "INV-9" in card and "http://dunwell.internal:8400/tasks" in card


@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_chat_that_fails_costs_nothing_but_its_line(database: Database, chat: Posted, status: int) -> None:
    chat.status = status
    hand, invoice = strategic(database, chat)
    hand.until(lambda: alerted(hand), invoice)
    assert len(hand.rows("select id from tasks where kind = 'alert'")) == 1
    with pytest.raises(UnableToPost, match=str(status)) as refusal:
        TeamChat(chat.url).post("title", "text", "http://x.example")
    assert "secret" not in str(refusal.value) and "secret" not in repr(TeamChat(chat.url))


def test_nothing_a_customer_is_called_steers_the_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, object]] = []

    class Client:
        def __init__(self, **_: object) -> None: ...
        def __enter__(self) -> Client:
            return self

        def __exit__(self, *_: object) -> None: ...
        def post(self, _url: str, json: dict[str, object]) -> object:
            sent.append(json)
            return type("Answer", (), {"is_success": True})()

    monkeypatch.setattr("integrations.messaging.team_chat.httpx.Client", Client)
    TeamChat("https://hooks.slack.com/services/x").post("<!channel> Evil & Co", "<https://evil.example|pay here>", "http://dunwell.internal/tasks")
    assert sent[0]["text"] == "&lt;!channel&gt; Evil &amp; Co"
    assert [block["text"]["type"] for block in sent[0]["blocks"]] == ["plain_text", "plain_text", "mrkdwn"]  # type: ignore[attr-defined, index]
