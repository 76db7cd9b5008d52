"""Our own links to pay lead to the ledger's page and nowhere else, tell people from machines, and ask for nothing that is settled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text as sql

from db import cases, pay_links, schema
from db.cases import Showing
from db.engine import Database
from domain.case import Dispute
from settings import SellerSettings, Settings
from support.office import FakeDoor, Office
from web.app import create_public

LEDGER = "https://books.example/pay/1?t=a&b=c"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"}


@dataclass
class Link:
    office: Office
    token: str
    invoice: str

    @property
    def path(self) -> str:
        return f"/pay/{self.token}"

    def followed(self) -> tuple[datetime | None, datetime | None]:
        """When a person and when a machine first did."""
        with self.office.database.reading() as connection:
            row = connection.execute(schema.pay_links.select()).one()
        return row.opened_at, row.machine_at

    def set(self, query: str) -> None:
        with self.office.database.transaction() as connection:
            connection.execute(sql(query))


@pytest.fixture
def link(office: Office) -> Link:
    customer = office.customer()
    invoice = office.invoice("A-1", customer)
    message = office.message(invoice, customer)
    with office.database.transaction() as connection:
        connection.execute(sql("update invoices set pay_url = :url"), {"url": LEDGER})
        token = pay_links.make_link(connection, message, invoice, office.now)
    office.now += timedelta(hours=1)
    return Link(office, token, invoice)


@pytest.fixture
def counting(door: FakeDoor, settings: Settings, sellers: tuple[SellerSettings, ...], office: Office) -> Iterator[TestClient]:
    """The public listener where links that are followed are counted."""
    public = create_public(door, settings.model_copy(update={"clicks": True}), sellers, lambda: office.now)
    with TestClient(public, base_url="http://127.0.0.1:8401", follow_redirects=False) as client:
        yield client


def test_a_link_leads_to_the_ledgers_page_whatever_else_stands_in_the_address(counting: TestClient, link: Link) -> None:
    for query in ("", "?to=https://evil.example", "?url=//evil.example", "?next=%0d%0aLocation:%20https://evil.example"):
        answer = counting.get(link.path + query, headers={**BROWSER, "Host": "127.0.0.1", "X-Forwarded-Host": "evil.example"})
        assert (answer.status_code, answer.headers["Location"]) == (302, LEDGER), query
        assert "evil" not in str(answer.headers)
    for odd in ("/pay/" + "x" * 43, "/pay/https:%2f%2fevil.example", "/pay/%2f%2fevil.example", f"{link.path}x", "/pay/%00"):
        answer = counting.get(odd, headers=BROWSER)
        assert answer.status_code == 404 and "Location" not in answer.headers, odd


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "", "//evil.example", "https://a b.example", "file:///etc/passwd"])
def test_what_is_no_web_address_is_never_led_to(counting: TestClient, link: Link, address: str) -> None:
    with link.office.database.transaction() as connection:
        connection.execute(sql("update invoices set pay_url = :url"), {"url": address})
    answer = counting.get(link.path, headers=BROWSER)
    assert answer.status_code == 200 and "can no longer be paid online" in answer.text


def test_a_person_counts_once_a_message(counting: TestClient, link: Link) -> None:
    counting.get(link.path, headers=BROWSER)
    first = link.office.now
    link.office.now += timedelta(days=1)
    counting.get(link.path, headers=BROWSER)
    assert link.followed() == (first, None)


@pytest.mark.parametrize(
    ("method", "headers", "after"),
    [
        ("HEAD", BROWSER, timedelta(hours=1)),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; bingbot/2.0)"}, timedelta(hours=1)),
        ("GET", {"User-Agent": "Barracuda Sentinel (EE)"}, timedelta(hours=1)),
        ("GET", {"User-Agent": "python-requests/2.32"}, timedelta(hours=1)),
        ("GET", {"User-Agent": ""}, timedelta(hours=1)),
        ("GET", {**BROWSER, "Sec-Purpose": "prefetch;prerender"}, timedelta(hours=1)),
        ("GET", BROWSER, timedelta(seconds=59)),
    ],
    ids=["HEAD", "bot", "scanner", "program", "nameless", "prefetch", "at once"],
)
def test_a_machine_is_no_person(counting: TestClient, link: Link, method: str, headers: dict[str, str], after: timedelta) -> None:
    link.office.now += after - timedelta(hours=1)
    assert counting.request(method, link.path, headers=headers).status_code == 302
    assert link.followed() == (None, link.office.now)
    link.office.now += timedelta(hours=2)
    counting.get(link.path, headers=BROWSER)
    assert link.followed()[0] == link.office.now, "the person who comes later still counts"


def test_nothing_is_counted_unless_that_is_switched_on_and_the_link_leads_on_all_the_same(outside: TestClient, link: Link) -> None:
    assert outside.get(link.path, headers=BROWSER).headers["Location"] == LEDGER
    assert link.followed() == (None, None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("update invoices set balance_minor = 0", "is settled"),
        ("update invoices set standing = 'void'", "is settled"),
        ("update invoices set standing = 'closed'", "is settled"),
        ("update invoices set standing = 'disputed'", "We are looking into invoice A-1"),
    ],
)
def test_what_is_settled_or_in_dispute_is_not_asked_for(counting: TestClient, link: Link, change: str, said: str) -> None:
    link.set(change)
    answer = counting.get(link.path, headers=BROWSER)
    assert answer.status_code == 200 and said in answer.text and "Location" not in answer.headers
    assert "Brightwater Tools" in answer.text and "1200" not in answer.text and "Norden" not in answer.text


def test_a_dispute_that_only_we_know_of_counts_as_well(counting: TestClient, link: Link) -> None:
    office = link.office
    with office.database.transaction() as connection:
        case = cases.load_case(connection, f"invoice/{link.invoice}")
        assert case
        whole = Dispute(case.invoice.balance, "broken", "Ann", office.today, office.now, "Bea", is_whole=True)
        saved = replace(case, seq=case.seq + 1, disputes=(whole,))
        cases.save_case(connection, saved, Showing("courtesy", "planned", "", "Ann", None, ""), office.now)
    assert "We are looking into" in counting.get(link.path, headers=BROWSER).text


def test_colleagues_see_that_the_link_was_opened(counting: TestClient, inside: TestClient, link: Link, database: Database) -> None:
    assert "the pay link was opened" not in inside.get(f"/invoices/{link.invoice}").text
    counting.get(link.path, headers=BROWSER)
    assert "the pay link was opened Wed 4 Mar 2026, 11:30 CET" in inside.get(f"/invoices/{link.invoice}").text


def test_no_address_and_no_number_stands_in_a_link(link: Link, database: Database) -> None:
    kept: list[Any] = []
    with database.reading() as connection:
        kept = [tuple(row) for row in connection.execute(sql("select * from pay_links"))]
    assert link.token not in str(kept) and len(link.token) == 43 and link.path == f"/pay/{link.token}"
