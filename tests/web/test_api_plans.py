"""Payment plans by the API: looked at by anybody with a token, offered and answered in the name of the token's person."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient

from db import inbox, plans
from db.people import Access
from domain.installment import Installment, lay_out
from domain.money import Money
from domain.payment_plan import Accepted, Countered, Covered, Declined, offer
from domain.plan_keeping import KeptPlan, Offered
from starter import Answer
from support.office import SELLER, FakeDoor, Office


def as_(office: Office, name: str = "Mara", access: Access = Access.AGENT) -> dict[str, str]:
    return {"Authorization": f"Bearer {office.token(name, access)}"}


def kept(office: Office) -> tuple[str, str]:
    """An offered plan over one invoice; the ids of both."""
    customer = office.customer()
    invoice, owed = office.invoice("INV-1", customer), Money(Decimal("1200.00"), "EUR")
    plan = offer("plan_1", (Covered(invoice, owed),), lay_out(owed, 3, office.today + timedelta(days=5)), office.today, "Ann", "asked for it")
    with office.database.transaction() as connection:
        plans.save_plan(connection, KeptPlan(plan, SELLER.id, customer, office.today), office.now, office.now)
    return plan.id, invoice


def test_a_plan_is_listed_and_shown_with_exact_amounts(inside: TestClient, office: Office) -> None:
    plan, invoice = kept(office)
    seen = as_(office, "Vera", Access.VIEWER)
    shown = inside.get(f"/api/plans/{plan}", headers=seen).json()
    assert (shown["state"], shown["total"], shown["received"]) == ("offered", "1200.00", "0.00")
    assert shown["invoices"] == [{"id": invoice, "number": "INV-1", "amount": "1200.00"}]
    assert [part["amount"] for part in shown["installments"]] == ["400.00", "400.00", "400.00"]
    assert inside.get("/api/plans", params={"invoice": "INV-1"}, headers=seen).json() == {"plans": [shown]}
    assert inside.get("/api/plans/plan_2", headers=seen).status_code == 404
    assert inside.get("/api/plans").status_code == 401


def test_an_offer_and_its_answers_are_the_tokens_persons(inside: TestClient, office: Office, door: FakeDoor) -> None:
    plan, invoice = kept(office)
    mara = as_(office)
    day = office.today + timedelta(days=7)
    made = inside.post("/api/plans", headers=mara, json={"why": "by phone", "invoices": ["INV-1"], "first": day.isoformat(), "installments": 2, "every": 14})
    assert made.status_code == 200 and made.json()["plan"] == door.plans[0][0]
    for act, more in (("accept", {}), ("decline", {}), ("counter", {"installments": [{"due": day.isoformat(), "amount": "1200.00"}]})):
        assert inside.post(f"/api/plans/{plan}/{act}", headers=mara, json={"why": "by phone", **more}).status_code == 200
    assert [told[1] for told in door.plans] == [
        Offered((invoice,), 2, day, 14, "Mara", "by phone"),
        Accepted("Mara", "by phone"),
        Declined("Mara", "by phone"),
        Countered((Installment(day, Money(Decimal("1200.00"), "EUR")),), "Mara", "by phone"),
    ]
    assert {told[2:4] for told in door.plans} == {("Mara", "by phone")}


def test_a_refusal_and_a_plan_that_waits_for_a_worker_read_differently(inside: TestClient, office: Office, door: FakeDoor) -> None:
    plan, _ = kept(office)
    mara = as_(office)
    door.answer = Answer(False, "this plan has ended: plan declined")
    refused = inside.post(f"/api/plans/{plan}/accept", headers=mara, json={"why": "x"})
    assert (refused.status_code, refused.json()["said"]) == (409, "this plan has ended: plan declined")
    door.answer = Answer(True, "recorded", pending=True)
    assert inside.post(f"/api/plans/{plan}/accept", headers=mara, json={"why": "x"}).status_code == 202


@pytest.mark.parametrize(
    "path, order, field",
    [
        ("", {"invoices": ["INV-1"], "first": "2026-03-10"}, "why"),
        ("", {"why": "x", "invoices": [], "first": "2026-03-10"}, "invoices"),
        ("", {"why": "x", "invoices": ["INV-1"], "first": 20260310}, "first"),
        ("", {"why": "x", "invoices": ["INV-1"], "first": "2026-03-10", "instalments": 3}, "instalments"),
        ("/plan_1/counter", {"why": "x", "installments": [{"due": "2026-03-10", "amount": 1200.0}]}, "installments.0.amount"),
        ("/plan_1/counter", {"why": "x", "installments": [{"due": "2026-03-10", "amount": "1.001"}]}, "installments"),
    ],
)
def test_a_field_that_is_wrong_is_named_and_nothing_is_said(
    inside: TestClient, office: Office, door: FakeDoor, path: str, order: dict[str, object], field: str
) -> None:
    kept(office)
    answer = inside.post(f"/api/plans{path}", headers=as_(office), json=order)
    assert answer.status_code == 422, answer.text
    assert answer.json()["problems"][0]["field"] == field
    assert door.plans == []


def test_who_may_only_look_changes_no_plan(inside: TestClient, office: Office, door: FakeDoor) -> None:
    plan, _ = kept(office)
    assert inside.post(f"/api/plans/{plan}/accept", headers=as_(office, "Vera", Access.VIEWER), json={"why": "x"}).status_code == 403
    assert door.plans == []


def test_a_key_used_for_another_request_is_refused(inside: TestClient, office: Office, door: FakeDoor) -> None:
    plan, _ = kept(office)
    headers = as_(office)
    inside.post(f"/api/plans/{plan}/accept", headers={**headers, "Idempotency-Key": "k1"}, json={"why": "x"})
    key = door.plans[0][4]
    with office.database.transaction() as connection:
        body = plans.spell(Accepted("Mara", "x"))
        inbox.receive(connection, source="person", source_id=f"plan/{plan}/{key}", kind="accepted", body=body, now=office.now, case_id=f"plan/{plan}")
    assert inside.post(f"/api/plans/{plan}/accept", headers={**headers, "Idempotency-Key": "k1"}, json={"why": "x"}).status_code == 200
    assert inside.post(f"/api/plans/{plan}/decline", headers={**headers, "Idempotency-Key": "k1"}, json={"why": "x"}).status_code == 409
