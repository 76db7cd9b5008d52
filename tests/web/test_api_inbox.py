"""The answers of customers by the API: looked at by anybody with a token."""

from __future__ import annotations

from fastapi.testclient import TestClient

from db import incoming
from db.people import Access
from domain.incoming import Enclosed, Incoming
from support.office import Office


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
