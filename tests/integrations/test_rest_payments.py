"""A rest ledger may tell single payments: in the agreed form or not at all, and the pretend ledger does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from domain.invoice import Booking, BookingKind
from domain.money import Money
from examples.pretend_ledger import ANCHOR, create_app
from integrations.accounting import LedgerInvoice, UnableToReadLedger
from integrations.accounting.rest import RestLedger, connect

INVOICE: dict[str, Any] = {
    "ref": "A",
    "number": "INV-1",
    "customer": {"number": "7", "name": "Acme"},
    "currency": "EUR",
    "total": "1200.00",
    "balance": "750.00",
    "issued": "2026-11-01",
    "due": "2026-12-01",
}
PAID: dict[str, Any] = {"id": "p-77", "day": "2026-12-03", "amount": "400.00", "method": "transfer", "reference": "Acme  INV-1"}


def answering(answer: Callable[[], dict[str, Any]]) -> RestLedger:
    def reply(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"invoices": [answer()], "next": None, "posted_through": None})

    return connect("https://books.example.com/api/", "token", client=httpx.Client(transport=httpx.MockTransport(reply)))


def told(**changes: Any) -> LedgerInvoice:
    found = answering(lambda: INVOICE | changes).read(("A",)).invoices["A"]
    assert found
    return found


def test_payments_and_credits_are_read_with_day_amount_method_and_reference() -> None:
    found = told(payments=[PAID, {"id": "cn-5", "day": "2026-12-04", "amount": "50.00", "currency": "EUR", "kind": "credit"}])
    assert found.bookings == (
        Booking("p-77", date(2026, 12, 3), Money(Decimal("400.00"), "EUR"), BookingKind.PAYMENT, "transfer", "Acme INV-1"),
        Booking("cn-5", date(2026, 12, 4), Money(Decimal("50.00"), "EUR"), BookingKind.CREDIT),
    )


@pytest.mark.parametrize(("payments", "known"), [({}, None), ({"payments": None}, None), ({"payments": []}, ())])
def test_a_ledger_that_tells_none_is_not_one_that_does_not_tell(payments: dict[str, Any], known: tuple[Booking, ...] | None) -> None:
    assert told(**payments).bookings == known


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"id": ""}, r"invoices\[0\].payments\[1\].id"),
        ({"id": 5}, r"payments\[1\].id"),
        ({"id": "p-77"}, "payment p-77 twice"),
        ({"day": None}, r"payments\[1\].day"),
        ({"day": "2026-02-30"}, r"payments\[1\].day"),
        ({"day": "03.12.2026"}, r"payments\[1\].day: should be a day"),
        ({"day": "2026-12-03T10:00:00Z"}, r"payments\[1\].day: should be a day"),
        ({"amount": 5}, r"payments\[1\].amount: should be a string"),
        ({"amount": "1e3"}, r"payments\[1\].amount: should be a string"),
        ({"amount": "1.005"}, r"unusable payments\[1\].amount: .* more decimal places"),
        ({"amount": "0.00"}, "payment p-2 of nothing"),
        ({"currency": "eur"}, r"payments\[1\].currency"),
        ({"currency": "USD"}, "is in EUR and has payment p-2 in USD"),
        ({"kind": "gift"}, r"payments\[1\].kind"),
        ({"method": "tran\x07sfer"}, r"payments\[1\].method: holds a control character"),
        ({"reference": "x" * 301}, r"payments\[1\].reference"),
    ],
)
def test_a_payment_of_another_form_is_refused_by_its_name(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(UnableToReadLedger, match=named):
        told(payments=[PAID, PAID | {"id": "p-2"} | changed])


def test_more_payments_than_any_invoice_has_are_refused() -> None:
    with pytest.raises(UnableToReadLedger, match=r"invoices\[0\].payments: "):
        told(payments=[PAID | {"id": f"p-{number}"} for number in range(501)])


def test_the_pretend_ledger_tells_what_was_booked_and_what_was_taken_back() -> None:
    head = "invoice number,customer number,customer name,country,time zone,language,contact name,contact role,email,phone,currency,total,balance"
    text = f"{head},issued,due,status,paid on,purchase order,pay link\nI-1,7,Acme,DE,,en,Bo,billing,bo@a.example,,EUR,900.00,800.00,"
    today = ANCHOR + timedelta(days=30)
    app = create_app(f"{text}2026-01-01,2026-02-01,open,2026-02-10,,\n", today=today, token="t")
    with TestClient(app, headers={"Authorization": "Bearer t"}) as books:

        def now() -> LedgerInvoice:
            return next(iter(answering(lambda: dict(books.get("/invoices").json()["invoices"][0])).all_invoices()))

        first = now().bookings
        assert first and [(one.id, one.day, str(one.amount)) for one in first] == [("I-1-1", date(2026, 3, 12), "100.00 EUR")]
        assert books.post("/invoices/I-1/payments", json={"amount": "50.00", "kind": "credit", "reference": "CN-1"}).status_code == 200
        assert books.post("/invoices/I-1/payments", json={"amount": "250.00", "method": "card", "day": "2026-03-20"}).status_code == 200
        three = now()
        assert three.balance == Decimal("500.00") and three.paid_on == date(2026, 3, 20)
        assert [(one.kind.value, one.method) for one in three.bookings or ()] == [("payment", "transfer"), ("credit", ""), ("payment", "card")]
        assert books.delete("/invoices/I-1/payments/I-1-3").json()["balance"] == "750.00"
        assert books.delete("/invoices/I-1/payments/I-1-3").status_code == 404
        two = now()
        assert [one.id for one in two.bookings or ()] == ["I-1-1", "I-1-2"] and two.paid_on == date(2026, 3, 12)
