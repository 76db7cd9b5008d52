"""The API: who may do what, how errors read, and that a change by hand is the token's person's."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from db import inbox
from db.people import Access, revoke_token
from domain.event import (
    AgencyAuthorized,
    ApprovalGiven,
    ApprovalRefused,
    ChasingStopped,
    DiscountGranted,
    DisputeRaised,
    DisputeResolved,
    Escalated,
    GivenBack,
    HoldPlaced,
    HoldReleased,
    LegalStop,
    OutreachResolved,
    PaidOutside,
    PaymentReported,
    PlaybookSwapped,
    PromiseMade,
    Reissued,
    Reopened,
    Replied,
    ReplyHandled,
    Spoken,
    StepSkipped,
    WaitAsked,
    WrittenOff,
)
from starter import Answer
from support.office import FakeDoor, Office

ORDERS: dict[str, dict[str, Any]] = {
    "hold": {"why": "asked for a copy", "until": "2026-12-01"},
    "release": {"why": "copy sent"},
    "promise": {"why": "told on the phone", "day": "2026-11-30", "amount": "120.50"},
    "skip": {"why": "spoke today", "step": "second-reminder"},
    "stop": {"why": "written off by the owner"},
    "paid": {"why": "says Ms. Nair", "method": "check"},
    "dispute": {"why": "by phone", "about": "two boxes", "amount": "300.00", "owner": "Tom", "due": "2026-12-09", "credit_note": True},
    "dispute-resolved": {"why": "credit note booked"},
    "legal-stop": {"why": "court letter", "ground": "insolvency"},
    "wait": {"why": "I see them on Thursday", "until": "2026-12-04"},
    "replied": {"why": "asks for a copy"},
    "handled": {"why": "sent the copy"},
    "spoke": {"why": "nobody there", "reached": False},
    "escalate": {"why": "third broken promise", "step": "third-reminder"},
    "approve": {"why": "six weeks of silence", "step": "credit-hold", "text_hash": "ab" * 32},
    "refuse": {"why": "I speak to their owner", "step": "credit-hold", "text_hash": "ab" * 32},
    "resolve": {"why": "not in the log", "message": "out_1", "sent": False},
    "paid-outside": {"why": "netted"},
    "write-off": {"why": "quota zero"},
    "reopen": {"why": "the check bounced"},
    "replaced": {"why": "wrong order number", "invoice": "2026/0499"},
    "replaces": {"why": "wrong order number", "invoice": "2026/0499"},
    "not-replaced": {"why": "it was another one"},
    "discount": {"why": "agreed", "percent": "2.5", "until": "2026-12-04"},
    "authorize-agency": {"why": "agreed", "agency": "Harbor", "limit": "10000.00", "until": "2026-12-31"},
    "given-back": {"why": "found nobody"},
    "swap": {"why": "the owner takes care of them", "playbook": "owner-voice"},
}


@pytest.fixture
def invoice(office: Office) -> str:
    customer = office.customer()
    office.invoice("2026/0499", customer)
    return office.invoice("2026/0412", customer)


def bearer(office: Office, role: Access = Access.AGENT, name: str = "Mara") -> dict[str, str]:
    return {"Authorization": f"Bearer {office.token(name, role)}"}


LOOKING = ("/api/invoices", "/api/invoices/2026/0412")


def test_without_a_valid_token_nothing_is_told_and_nothing_done(inside: TestClient, door: FakeDoor, invoice: str) -> None:
    for header in (None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic bWFyYTpzZWNyZXQ=", "bearer dw_", "Token x", "Bearer \x80\xff"):
        headers = {} if header is None else {"Authorization": header.encode("latin-1")}
        answers = [inside.get(path, headers=headers) for path in LOOKING]
        answers += [inside.post(f"/api/invoices/2026/0412/{order}", json=body, headers=headers) for order, body in ORDERS.items()]
        assert {answer.status_code for answer in answers} == {401}, header
        assert all("WWW-Authenticate" in answer.headers and answer.json()["error"] for answer in answers)
    assert door.overrides == []


@pytest.mark.parametrize("role, may_change", [(Access.VIEWER, False), (Access.AGENT, True), (Access.ADMIN, True)])
def test_everyone_with_a_token_may_look_and_agents_may_change(
    inside: TestClient, door: FakeDoor, office: Office, invoice: str, role: Access, may_change: bool
) -> None:
    headers = bearer(office, role)
    assert {inside.get(path, headers=headers).status_code for path in LOOKING} == {200}
    answers = [inside.post(f"/api/invoices/2026/0412/{order}", json=body, headers=headers) for order, body in ORDERS.items()]
    assert {answer.status_code for answer in answers} == {200 if may_change else 403}
    assert len(door.overrides) == (len(ORDERS) if may_change else 0)


def test_a_token_taken_back_opens_nothing(inside: TestClient, office: Office, invoice: str) -> None:
    headers = bearer(office)
    with office.database.transaction() as connection:
        revoke_token(connection, "Mara")
    assert inside.get("/api/invoices", headers=headers).status_code == 401


def test_a_change_by_hand_is_the_persons_whose_token_it_is(inside: TestClient, door: FakeDoor, office: Office, invoice: str) -> None:
    headers = bearer(office)
    other = inside.get("/api/invoices/2026/0499", headers=headers).json()["id"]
    for order, body in ORDERS.items():
        answer = inside.post(f"/api/invoices/{invoice}/{order}", json=body, headers=headers)
        assert answer.json() == {"taken": True, "said": door.answer.said, "in_flight": False, "pending": False}
    assert [(case, news, by) for case, news, by, _, _ in door.overrides[:-1]] == [
        (f"invoice/{invoice}", news, "Mara")
        for news in (
            HoldPlaced(date(2026, 12, 1), "Mara", "asked for a copy"),
            HoldReleased("Mara", "copy sent"),
            PromiseMade(date(2026, 11, 30), Decimal("120.50"), "Mara", "told on the phone"),
            StepSkipped("second-reminder", "Mara", "spoke today"),
            ChasingStopped("Mara", "written off by the owner"),
            PaymentReported("Mara", "says Ms. Nair", method="check"),
            DisputeRaised("two boxes", Decimal("300.00"), "Tom", date(2026, 12, 9), True, "Mara", "by phone"),
            DisputeResolved("Mara", "credit note booked"),
            LegalStop("insolvency", "Mara", "court letter"),
            WaitAsked(date(2026, 12, 4), "Mara", "I see them on Thursday"),
            Replied("Mara", "asks for a copy"),
            ReplyHandled("Mara", "sent the copy"),
            Spoken(False, "Mara", "nobody there"),
            Escalated("third-reminder", "Mara", "third broken promise"),
            ApprovalGiven("credit-hold", "ab" * 32, "Mara", "six weeks of silence"),
            ApprovalRefused("credit-hold", "ab" * 32, "Mara", "I speak to their owner"),
            OutreachResolved("out_1", False, "Mara", "not in the log"),
            PaidOutside("Mara", "netted"),
            WrittenOff("Mara", "quota zero"),
            Reopened("Mara", "the check bounced"),
            Reissued(other, by="Mara", why="wrong order number"),
            Reissued(predecessor=other, by="Mara", why="wrong order number"),
            Reissued(by="Mara", why="it was another one"),
            DiscountGranted(Decimal("2.5"), date(2026, 12, 4), "Mara", "agreed"),
            AgencyAuthorized("Harbor", Decimal("10000.00"), date(2026, 12, 31), "Mara", "agreed"),
            GivenBack("Mara", "found nobody"),
        )
    ]
    swapped = door.overrides[-1][1]
    assert isinstance(swapped, PlaybookSwapped) and (swapped.name, swapped.by, swapped.why) == ("owner-voice", "Mara", "the owner takes care of them")


def test_what_became_of_a_change_shows_in_the_status_too(inside: TestClient, door: FakeDoor, office: Office, invoice: str) -> None:
    headers = bearer(office)
    for answer, status in (
        (Answer(True, "held"), 200),
        (Answer(True, "held", in_flight=True), 200),
        (Answer(True, "recorded", pending=True), 202),
        (Answer(False, "until: too late"), 409),
    ):
        door.answer = answer
        got = inside.post(f"/api/invoices/{invoice}/hold", json=ORDERS["hold"], headers=headers)
        assert (got.status_code, got.json()) == (status, {"taken": answer.taken, "said": answer.said, "in_flight": answer.in_flight, "pending": answer.pending})


WRONG: dict[str, tuple[str, Any, str]] = {
    "replaced by itself": ("replaced", {"why": "x", "invoice": "2026/0412"}, "invoice"),
    "replaced by nobody's": ("replaced", {"why": "x", "invoice": "2026/9999"}, "invoice"),
    "no reason": ("hold", {"until": "2026-12-01"}, "why"),
    "a blank reason": ("release", {"why": "   "}, "why"),
    "an endless reason": ("release", {"why": "x" * 501}, "why"),
    "a reason with a zero byte": ("release", {"why": "a\x00b"}, "why"),
    "a reason that is no text": ("release", {"why": 7}, "why"),
    "a field we do not know": ("hold", {"why": "x", "untill": "2026-12-01"}, "untill"),
    "somebody else's name": ("hold", {"why": "x", "by": "The Owner"}, "by"),
    "a day in other words": ("hold", {"why": "x", "until": "next Monday"}, "until"),
    "a day that is not one": ("hold", {"why": "x", "until": "2026-02-30"}, "until"),
    "a moment for a day": ("hold", {"why": "x", "until": "2026-12-01T10:30:00"}, "until"),
    "a day as a number": ("hold", {"why": "x", "until": 1796083200}, "until"),
    "a promise without a day": ("promise", {"why": "x"}, "day"),
    "an amount that rounds": ("promise", {"why": "x", "day": "2026-11-30", "amount": 120.5}, "amount"),
    "an amount in words": ("promise", {"why": "x", "day": "2026-11-30", "amount": "all"}, "amount"),
    "an amount with a comma": ("promise", {"why": "x", "day": "2026-11-30", "amount": "120,50"}, "amount"),
    "nothing promised": ("promise", {"why": "x", "day": "2026-11-30", "amount": "0"}, "amount"),
    "less than nothing": ("promise", {"why": "x", "day": "2026-11-30", "amount": "-5"}, "amount"),
    "not a number": ("promise", {"why": "x", "day": "2026-11-30", "amount": "NaN"}, "amount"),
    "endless money": ("promise", {"why": "x", "day": "2026-11-30", "amount": "Infinity"}, "amount"),
    "a payment by pigeon": ("paid", {"why": "x", "method": "pigeon"}, "method"),
    "less than nothing in dispute": ("dispute", {"why": "x", "amount": "-1"}, "amount"),
    "a dispute until some day": ("dispute", {"why": "x", "due": "soon"}, "due"),
    "a legal stop without a ground": ("legal-stop", {"why": "x"}, "ground"),
    "a ground the law has not": ("legal-stop", {"why": "x", "ground": "annoyance"}, "ground"),
    "a wait until a moment": ("wait", {"why": "x", "until": "2026-12-01T10:30:00"}, "until"),
    "a talk that perhaps was": ("spoke", {"why": "x", "reached": "perhaps"}, "reached"),
    "an escalation to nowhere": ("escalate", {"why": "x", "step": " "}, "step"),
    "an approval of no text": ("approve", {"why": "x", "step": "credit-hold"}, "text_hash"),
    "an approval of some text": ("approve", {"why": "x", "step": "credit-hold", "text_hash": "the one I read"}, "text_hash"),
    "a refusal of no step": ("refuse", {"why": "x", "text_hash": "ab" * 32}, "step"),
    "no message in doubt": ("resolve", {"why": "x", "sent": True}, "message"),
    "a fate left open": ("resolve", {"why": "x", "message": "out_1"}, "sent"),
    "a discount that rounds": ("discount", {"why": "x", "percent": 2.5, "until": "2026-12-04"}, "percent"),
    "a discount for ever": ("discount", {"why": "x", "percent": "2"}, "until"),
    "a playbook there is not": ("swap", {"why": "x", "playbook": "no-such"}, "playbook"),
    "a playbook from elsewhere": ("swap", {"why": "x", "playbook": "../standard"}, "playbook"),
    "an agency without a limit": ("authorize-agency", {"why": "x", "agency": "Harbor", "until": "2026-12-31"}, "limit"),
    "a release perhaps": ("release", {"why": "x", "legal": "perhaps"}, "legal"),
    "an end with a step": ("write-off", {"why": "x", "step": "final-notice"}, "step"),
    "a list": ("stop", [1], "body"),
    "nothing": ("stop", None, "body"),
}


def test_a_wrong_field_is_named_with_its_remedy(inside: TestClient, door: FakeDoor, office: Office, invoice: str) -> None:
    headers = bearer(office)
    for name, (order, body, field) in WRONG.items():
        answer = inside.post(f"/api/invoices/{invoice}/{order}", json=body, headers=headers)
        assert answer.status_code == 422, name
        assert [problem["field"] for problem in answer.json()["problems"]] == [field], name
        assert answer.json()["problems"][0]["remedy"], name
    assert door.overrides == []


def test_what_is_not_json_is_refused_without_being_repeated(inside: TestClient, office: Office, invoice: str) -> None:
    headers = {**bearer(office), "Content-Type": "application/json"}
    answer = inside.post(f"/api/invoices/{invoice}/stop", content='{"why": "secret', headers=headers)
    assert answer.status_code == 422 and "secret" not in answer.text and answer.json()["problems"][0]["field"] == "body"


def test_an_invoice_that_is_not_watched_is_not_found(inside: TestClient, door: FakeDoor, office: Office, invoice: str) -> None:
    headers = bearer(office)
    for reference in ("nothing", "2026/0413", "inv_0", "%00", "..%2F..%2Fetc", "x" * 300, "2026%2F0412%20", "'%20OR%201=1"):
        assert inside.get(f"/api/invoices/{reference}", headers=headers).status_code in (404, 422), reference
        assert inside.post(f"/api/invoices/{reference}/stop", json=ORDERS["stop"], headers=headers).status_code in (404, 422), reference
    assert door.overrides == []


def test_a_number_that_two_customers_share_must_be_made_clear(inside: TestClient, office: Office) -> None:
    ids = [office.invoice("7", office.customer(number)) for number in ("C-1", "C-2")]
    headers = bearer(office)
    answer = inside.get("/api/invoices/7", headers=headers)
    assert answer.status_code == 409 and all(id_ in answer.json()["error"] for id_ in ids)
    assert inside.get(f"/api/invoices/{ids[1]}", headers=headers).json()["customer"]["number"] == "C-2"


def test_a_key_reaches_the_door_as_its_persons_own(inside: TestClient, door: FakeDoor, office: Office, invoice: str) -> None:
    for name in ("Mara", "Ilse"):
        answer = inside.post(f"/api/invoices/{invoice}/hold", json=ORDERS["hold"], headers={**bearer(office, name=name), "Idempotency-Key": "k-1"})
        assert answer.status_code == 200
    keys = [key for *_, key in door.overrides]
    assert all(key and key.endswith("/k-1") for key in keys) and len(set(keys)) == 2


def test_a_key_stands_for_one_request_only(inside: TestClient, door: FakeDoor, office: Office, invoice: str) -> None:
    headers = {**bearer(office), "Idempotency-Key": "k-1"}
    assert inside.post(f"/api/invoices/{invoice}/hold", json=ORDERS["hold"], headers=headers).status_code == 200
    case, news, by, _, key = door.overrides[0]
    with office.database.transaction() as connection:
        inbox.receive(connection, source="person", source_id=f"{case}/{key}", kind="hold", body="", now=office.now, case_id=case, news=news, by=by)
    assert inside.post(f"/api/invoices/{invoice}/hold", json=ORDERS["hold"], headers=headers).status_code == 200
    other = inside.post(f"/api/invoices/{invoice}/hold", json={"why": "something else"}, headers=headers)
    assert other.status_code == 409 and "Idempotency-Key" in other.json()["error"]
    assert [key for *_, key in door.overrides] == [key, key]


def test_a_key_must_be_a_plain_word(inside: TestClient, door: FakeDoor, office: Office, invoice: str) -> None:
    headers = bearer(office)
    for key in ("", "k 1", "x" * 101, "é"):
        answer = inside.post(f"/api/invoices/{invoice}/hold", json=ORDERS["hold"], headers={**headers, "Idempotency-Key": key.encode("latin-1")})
        assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "Idempotency-Key"), key
    assert door.overrides == []


def test_amounts_are_exact_strings_and_moments_carry_their_zone(inside: TestClient, office: Office) -> None:
    office.invoice("K-1", office.customer(), balance="1234567890.125", currency="KWD", late=-3)
    (line,) = inside.get("/api/invoices", headers=bearer(office)).json()["invoices"]
    assert (line["balance"], line["currency"], line["days_past_due"]) == ("1234567890.125", "KWD", -3)
    assert line["next_contact"].endswith("Z") and line["due"] == (office.today + timedelta(days=3)).isoformat()


def test_the_list_is_narrowed_by_stage_customer_lateness_and_next_contact(inside: TestClient, office: Office) -> None:
    north, south = office.customer("C-1", "Norden 100% Logistics"), office.customer("C-2", "South_Mills")
    office.invoice("1", north, late=5, stage="reminder")
    office.invoice("2", north, late=40, stage="final", next_in=timedelta(days=30))
    office.invoice("3", south, late=-4, stage="courtesy", rule="hold", next_in=timedelta(hours=1))
    office.invoice("4", south, late=0, stage="due")
    headers = bearer(office)

    def numbers(**wanted: Any) -> list[str]:
        answer = inside.get("/api/invoices", params=wanted, headers=headers)
        assert answer.status_code == 200, answer.text
        return sorted(line["number"] for line in answer.json()["invoices"])

    assert numbers() == ["1", "2", "3", "4"]
    assert numbers(stage=["final", "due"]) == ["2", "4"]
    assert numbers(customer="nORden") == ["1", "2"]
    assert numbers(customer="100%") == ["1", "2"] and numbers(customer="%") == ["1", "2"]
    assert numbers(customer="h_M") == ["3", "4"] and numbers(customer="C-2") == ["3", "4"]
    assert numbers(customer_id=south) == ["3", "4"]
    assert numbers(days_past_due_min=0) == ["1", "2", "4"]
    assert numbers(days_past_due_min=1, days_past_due_max=30) == ["1"]
    assert numbers(days_past_due_max=-1) == ["3"]
    assert numbers(reason="hold") == ["3"]
    assert numbers(next_contact_before=(office.now + timedelta(days=3)).isoformat()) == ["1", "4"], "a held invoice has no next contact"


def test_a_wrong_question_is_refused_by_name(inside: TestClient, office: Office) -> None:
    headers = bearer(office)
    for query, field in (
        ("stages=final", "stages"),
        ("days_past_due_min=many", "days_past_due_min"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("sort=size", "sort"),
        ("next_contact_before=2026-12-01T00:00:00", "next_contact_before"),
        ("customer=%00", "customer"),
    ):
        answer = inside.get(f"/api/invoices?{query}", headers=headers)
        assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, field)


def test_a_made_up_place_in_the_list_is_refused(inside: TestClient, office: Office, invoice: str) -> None:
    headers = bearer(office)
    made_up = ("", None, [], [1, 2], {}, "x", ["2026-11-21", 1], ["2026-11-21"], ["soon", "invoice/x"], ["2026-11-21", "a\x00"], ["2026-11-21", "a", "b"])
    cursors = ["x", "!!", "%F0%9F%92%A9", *(base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=") for place in made_up)]
    assert {cursor: inside.get(f"/api/invoices?cursor={cursor}", headers=headers).status_code for cursor in cursors} == dict.fromkeys(cursors, 422)
    huge = base64.urlsafe_b64encode(json.dumps(["EUR", 10**30, "a"]).encode()).decode().rstrip("=")
    assert inside.get(f"/api/invoices?sort=balance&cursor={huge}", headers=headers).status_code == 422


def test_pages_follow_one_another_without_gap_or_repetition(inside: TestClient, office: Office) -> None:
    customers = [office.customer(f"C-{n}", name) for n, name in enumerate(("alpha", "Beta", "beta"))]
    for n in range(11):
        next_in = None if n % 4 == 0 else timedelta(days=n % 3)
        office.invoice(f"{n:02}", customers[n % 3], late=n % 2, balance=str(100 + n % 2), currency=("EUR", "JPY")[n % 2], next_in=next_in)
    headers = bearer(office)
    for order in ({"sort": sort, "descending": down} for sort in ("number", "customer", "balance", "due", "stage", "next") for down in (False, True)):
        seen, cursor = [], ""
        while True:
            page = inside.get("/api/invoices", params={**order, "limit": 4, "cursor": cursor}, headers=headers).json()
            assert page["total"] == 11
            seen += [line["number"] for line in page["invoices"]]
            if not (cursor := page["next"]):
                break
        whole = inside.get("/api/invoices", params={**order, "limit": 500}, headers=headers).json()
        assert seen == [line["number"] for line in whole["invoices"]] and sorted(seen) == [f"{n:02}" for n in range(11)], order


def test_one_invoice_tells_its_whole_story(inside: TestClient, office: Office) -> None:
    customer = office.customer()
    promise = replace(office.promise("500.00"), by="Ilse")
    id_ = office.invoice("2026-1", customer, holds=(office.hold(),), promises=(promise,))
    office.decide(id_, "the books are posted through Friday only")
    message = office.message(id_, customer)
    story = inside.get("/api/invoices/2026-1", headers=bearer(office, Access.VIEWER)).json()
    assert story["diary"][0]["what"].startswith("watching begins")
    assert story["decisions"][0]["why"] == "the books are posted through Friday only" and story["decisions"][0]["facts"]
    assert story["messages"][0]["id"] == message and story["messages"][0]["covers"][0]["number"] == "2026-1"
    assert story["promises"][0]["amount"] == "500.00" and story["promises"][0]["by"] == "Ilse"
    assert story["holds"][0]["why"] == "asked for a copy"


def test_the_api_describes_itself(inside: TestClient) -> None:
    paths = inside.get("/api/openapi.json").json()["paths"]
    assert {path.rpartition("/")[2] for path in paths if path.startswith("/api/invoices/{reference}/")} == set(ORDERS)
