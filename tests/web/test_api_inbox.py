"""The answers of customers by the API: looked at by anybody with a token, and dealt with by those who may."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from fastapi.testclient import TestClient
from sqlalchemy import select

from db import incoming, schema, suppressions
from db.people import Access
from domain.delivery import Ground
from domain.event import PromiseMade, ReplyHandled
from domain.incoming import Enclosed, Incoming
from starter import Answer
from support.office import FakeDoor, Office


def test_answers_are_listed_and_shown_with_what_they_were_understood_as(inside: TestClient, office: Office) -> None:
    office.invoice("INV-1", office.customer())
    files = (Enclosed("note.pdf", "application/pdf", b"%PDF"),)
    mail = Incoming("imap:x", "1", "email", office.now, "billing@c-1.example", ("a@b.example",), "We will pay 50.00 EUR on Friday.", enclosed=files)
    with office.database.transaction() as connection:
        found = incoming.receive(connection, mail, office.now).id
    seen = {"Authorization": f"Bearer {office.token('Vera', Access.VIEWER)}"}
    (line,) = inside.get("/api/inbox", headers=seen).json()["messages"]
    assert (line["id"], line["understood_as"], line["state"], line["customer"]["number"]) == (found, "promise", "open", "C-1")
    assert [about["number"] for about in line["invoices"]] == ["INV-1"]
    whole = inside.get(f"/api/inbox/{found}", headers=seen).json()
    assert whole["text"] == "We will pay 50.00 EUR on Friday." and whole["understood"]["promise_amount"] == "50.00"
    assert [(one["name"], one["size"], one["kept"]) for one in whole["files"]] == [("note.pdf", 4, True)]
    assert inside.get("/api/inbox", params={"customer": "nobody"}, headers=seen).json() == {"messages": []}
    assert inside.get("/api/inbox/in_nothing", headers=seen).status_code == 404
    assert inside.get("/api/inbox").status_code == 401


def arrived(office: Office, text: str, source_id: str = "1", sender: str = "billing@c-1.example") -> str:
    mail = Incoming("imap:x", source_id, "email", office.now, sender, ("a@b.example",), text)
    with office.database.transaction() as connection:
        return incoming.receive(connection, mail, office.now).id


def test_who_wants_to_pay_in_parts_is_sent_the_proposal_of_its_playbook(inside: TestClient, office: Office, door: FakeDoor) -> None:
    invoice = office.invoice("INV-1", office.customer(), late=20, playbook="issue-to-payment")
    found = arrived(office, "Hello")
    agent = {"Authorization": f"Bearer {office.token('Vera Lind', Access.AGENT)}"}
    done = inside.post(f"/api/inbox/{found}/resolve", headers=agent, json={"handled_as": "plan", "why": "as they wrote"})
    assert done.status_code == 200 and "proposed in writing" in done.json()["said"][f"invoice/{invoice}"], done.text
    assert [news for _, news, *_ in door.overrides] == [ReplyHandled()]
    with office.database.reading() as connection:
        assert "offered" in connection.scalars(select(schema.inbox.c.kind)).all()


def test_an_answer_is_dealt_with_by_the_api_in_the_name_of_whose_token_it_is(inside: TestClient, office: Office, door: FakeDoor) -> None:
    invoice = office.invoice("INV-1", office.customer())
    found = arrived(office, "We will pay 50.00 EUR on Friday.")
    agent = {"Authorization": f"Bearer {office.token('Vera Lind', Access.AGENT)}"}
    done = inside.post(f"/api/inbox/{found}/resolve", headers=agent, json={"handled_as": "promise", "why": "as they wrote"})
    assert done.status_code == 200, done.text
    assert done.json() == {"message": found, "handled_as": "promise", "said": {f"invoice/{invoice}": door.answer.said}, "pending": False}
    told = [(case, news, by, why) for case, news, by, why, _ in door.overrides]
    friday = office.today + timedelta(days=2)
    assert told == [
        (f"invoice/{invoice}", PromiseMade(friday, Decimal("50.00")), "Vera Lind", "as they wrote"),
        (f"invoice/{invoice}", ReplyHandled(), "Vera Lind", "as they wrote"),
    ]
    whole = inside.get(f"/api/inbox/{found}", headers=agent).json()
    assert (whole["state"], whole["handled_as"], whole["handled_by"], whole["handled_why"]) == ("handled", "promise", "Vera Lind", "as they wrote")
    again = inside.post(f"/api/inbox/{found}/resolve", headers=agent, json={"handled_as": "nothing", "why": "again"})
    assert again.status_code == 409 and "Vera Lind has dealt with it already" in again.json()["error"]


def test_who_says_stop_is_left_alone_from_then_on_by_the_api_too(inside: TestClient, office: Office, door: FakeDoor) -> None:
    office.invoice("INV-1", office.customer())
    found = arrived(office, "Is this the right invoice?")
    agent = {"Authorization": f"Bearer {office.token('Vera Lind', Access.AGENT)}"}
    assert inside.post(f"/api/inbox/{found}/resolve", headers=agent, json={"handled_as": "stop", "why": "on the phone"}).status_code == 200
    with office.database.reading() as connection:
        (one,) = suppressions.list_suppressions(connection)
    assert (one.channel, one.reach, one.ground, one.by) == ("email", "billing@c-1.example", Ground.ASKED, "Vera Lind")


def test_what_is_missing_or_not_allowed_is_named_and_the_message_stays_open(inside: TestClient, office: Office, door: FakeDoor) -> None:
    customer = office.customer()
    office.invoice("INV-1", customer)
    found = arrived(office, "Is this the right invoice?")
    agent = {"Authorization": f"Bearer {office.token('Vera Lind', Access.AGENT)}"}
    seen = {"Authorization": f"Bearer {office.token('Vic', Access.VIEWER)}"}

    def asked(body: dict[str, object], headers: dict[str, str] = agent, message: str = found) -> tuple[int, str]:
        done = inside.post(f"/api/inbox/{message}/resolve", headers=headers, json={"why": "read it", **body})
        return done.status_code, done.json()["error"]

    assert asked({"handled_as": "nothing"}, seen)[0] == 403
    assert asked({"handled_as": "nothing"}, message="in_nobody")[0] == 404
    assert asked({"handled_as": "nothing", "invoices": ["INV-9"]})[0] == 404
    assert asked({"handled_as": "promise"}) == (422, "day: say when the money is to come; the message names no day")
    status, said = asked({"handled_as": "sing"})
    assert status == 422 and said.startswith("handled_as: ")
    assert asked({"handled_as": "nothing", "why": " "})[0] == 422
    door.answer = Answer(False, "this invoice is not watched any more")
    assert asked({"handled_as": "paid"}) == (409, "this invoice is not watched any more; the message stays open")
    assert inside.get(f"/api/inbox/{found}", headers=agent).json()["state"] == "open"
