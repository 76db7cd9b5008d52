"""The API's customers and contacts: who may do what, what is told back, and that running invoices hear of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from db import inbox
from db.people import Access
from domain.event import ContactSet, CustomerSet
from support.office import FakeDoor, Office

WHY = {"why": "yearly review"}


@pytest.fixture
def customer(office: Office) -> str:
    made = office.customer("K/1", "Norden Logistics")
    office.customer("K/2", "Hafenbau")
    office.invoice("2026/0412", made, balance="1200.00")
    return made


def bearer(office: Office, role: Access = Access.AGENT) -> dict[str, str]:
    return {"Authorization": f"Bearer {office.token('Mara', role)}"}


LOOKING = ("/api/customers", "/api/customers/K/1", "/api/customers/K/1/contacts")
CHANGING = (("/api/customers/K/1", {"tier": "vip"}), ("/api/customers/K/1/contacts/cfo", {"name": "Ada", "email": "ada@c.example"}))


@pytest.mark.parametrize("role, may_change", [(None, False), (Access.VIEWER, False), (Access.AGENT, True), (Access.ADMIN, True)])
def test_everyone_with_a_token_may_look_and_agents_may_change(inside: TestClient, office: Office, customer: str, role: Access | None, may_change: bool) -> None:
    headers = {} if role is None else bearer(office, role)
    assert {inside.get(path, headers=headers).status_code for path in LOOKING} == {200 if role else 401}
    answers = {inside.patch(path, json={**WHY, **body}, headers=headers).status_code for path, body in CHANGING}
    assert answers == {200 if may_change else 403 if role else 401}


def test_a_customer_is_shown_with_how_it_is_treated_and_what_it_owes(inside: TestClient, office: Office, customer: str) -> None:
    shown = inside.get("/api/customers/K/1", headers=bearer(office)).json()
    assert (shown["id"], shown["tier"], shown["tier_set_by"], shown["behavior"]) == (customer, "standard", None, "new")
    assert shown["open"] == [{"amount": "1200.00", "currency": "EUR"}] and shown["suggested"] is None
    assert [one["email"] for one in shown["contacts"]] == ["billing@k/1.example"]


def test_customers_are_listed_page_by_page(inside: TestClient, office: Office, customer: str) -> None:
    headers = bearer(office)
    first = inside.get("/api/customers", params={"limit": 1}, headers=headers).json()
    second = inside.get("/api/customers", params={"limit": 1, "cursor": first["next"]}, headers=headers).json()
    assert [one["number"] for page in (first, second) for one in page["customers"]] == ["K/1", "K/2"]
    assert (first["total"], second["next"]) == (2, None)
    assert [one["number"] for one in inside.get("/api/customers", params={"text": "hafen"}, headers=headers).json()["customers"]] == ["K/2"]
    assert inside.get("/api/customers", params={"cursor": "cus_x"}, headers=headers).status_code == 422


def test_a_change_is_the_persons_and_reaches_the_running_invoices(inside: TestClient, office: Office, door: FakeDoor, customer: str) -> None:
    body = {**WHY, "tier": "strategic", "account_manager": "Tom  Bell", "consents": ["text"], "pays_through": "K/2", "guarantor": True}
    answer = inside.patch("/api/customers/K/1", json=body, headers=bearer(office)).json()
    shown = answer["customer"]
    assert (shown["tier"], shown["tier_set_by"], shown["account_manager"]) == ("strategic", "Mara", "Tom Bell")
    assert (shown["consents"], shown["pays_through"], shown["guarantor"], answer["looking_again"]) == (["text"], "K/2", True, 1)
    assert answer["changed"].startswith("tier strategic instead of standard, account manager Tom Bell instead of none")
    again = inside.patch("/api/customers/K/1", json=body, headers=bearer(office)).json()
    assert (again["changed"], again["looking_again"]) == ("", 0)
    with office.database.reading() as connection:
        (word,) = inbox.waiting(connection)
    wait_for(lambda: door.reported == [word.id])
    assert word.news == CustomerSet(answer["changed"], "Mara", "yearly review")


def test_a_contact_is_set_and_given_back(inside: TestClient, office: Office, customer: str) -> None:
    headers, path = bearer(office), "/api/customers/K/1/contacts/billing"
    set_ = inside.patch(path, json={**WHY, "email": "ap@c.example", "phone": "+44 20 7946 0123"}, headers=headers).json()
    assert [(one["email"], one["phone"], one["set_by"]) for one in set_["contacts"]] == [("ap@c.example", "+442079460123", "Mara")]
    assert set_["looking_again"] == 1
    back = inside.patch(path, json={**WHY, "as_ledger": True}, headers=headers).json()
    assert [one["set_by"] for one in back["contacts"]] == [None]
    with office.database.reading() as connection:
        assert [word.news for word in inbox.waiting(connection)] == [ContactSet("Mara", "yearly review", role="billing")] * 2


@pytest.mark.parametrize(
    "path, body, status, field",
    [
        ("K/1", {}, 422, ""),
        ("K/1", {"tier": "gold"}, 422, "tier"),
        ("K/1", {"teir": "vip"}, 422, "teir"),
        ("K/1", {"region": "Bavaria"}, 422, "region"),
        ("K/1", {"account_manager_email": "tom"}, 422, "account_manager_email"),
        ("K/1", {"pays_through": "K/9"}, 422, "pays_through"),
        ("K/1", {"pays_through": "K/1"}, 422, "pays_through"),
        ("K/9", {"tier": "vip"}, 404, ""),
        ("K/1/contacts/cfo", {}, 422, ""),
        ("K/1/contacts/cfo", {"name": "Ada"}, 409, ""),
        ("K/1/contacts/cfo", {"email": "ada@"}, 422, "email"),
        ("K/1/contacts/cfo", {"phone": "12"}, 422, "phone"),
        ("K/1/contacts/boss", {"email": "a@b.co"}, 422, "role"),
        ("K/1/contacts/cfo", {"as_ledger": True}, 409, ""),
    ],
)
def test_what_cannot_be_is_refused_with_its_field_and_changes_nothing(
    inside: TestClient, office: Office, customer: str, path: str, body: dict[str, Any], status: int, field: str
) -> None:
    headers = bearer(office)
    before = inside.get("/api/customers/K/1", headers=headers).json()
    answer = inside.patch(f"/api/customers/{path}", json={**WHY, **body}, headers=headers)
    assert answer.status_code == status and answer.json()["error"]
    assert [problem["field"] for problem in answer.json()["problems"]] == ([field] if field else [])
    assert inside.get("/api/customers/K/1", headers=headers).json() == before


def test_a_change_needs_its_reason(inside: TestClient, office: Office, customer: str) -> None:
    answer = inside.patch("/api/customers/K/1", json={"tier": "vip"}, headers=bearer(office))
    assert answer.status_code == 422 and answer.json()["problems"][0]["field"] == "why"


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
