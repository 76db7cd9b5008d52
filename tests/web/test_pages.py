"""The pages: what they show, in whose words, and that nothing on them runs."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from db import installation
from domain.case import Dispute, Fate, Outcome, Rung
from domain.money import Money
from domain.task import TaskKind
from support.office import Office

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}&amp;"
OURS = re.compile(r"\b(cases?|rungs?|desk|overrid\w*|suppress\w*|ladder|dunning|debtors?)\b", re.IGNORECASE)


class Visible(HTMLParser):
    """What a reader sees or is read: text, and the attributes that show."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.text += [value or "" for name, value in attrs if name in ("title", "alt", "placeholder", "aria-label")]


def seen(page: str) -> str:
    reader = Visible()
    reader.feed(page)
    return " ".join(" ".join(reader.text).split()).replace(" ,", ",")


def get(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


@pytest.fixture
def busy(office: Office) -> Office:
    """A bit of everything."""
    customer = office.customer()
    office.invoice("A-1", customer, late=12)
    office.invoice("A-2", customer, late=40, stage="final", rule="books", because="the books are posted through Friday only", next_in=timedelta(hours=1))
    office.invoice("A-3", customer, late=-3, stage="courtesy", rule="promise", promises=(office.promise("700.00"),), because="700.00 EUR promised by Friday")
    office.invoice("A-4", customer, late=95, stage="statement", rule="hold", holds=(office.hold(),), because="on hold until Friday: asked for a copy")
    office.invoice("A-5", customer, balance="0.00", stage="settled", rule="settled", because="paid in full", ended=Outcome.SETTLED, next_in=None)
    return office


def test_an_empty_installation_says_what_to_do_first(inside: TestClient) -> None:
    text = seen(get(inside, "/"))
    assert "No invoices yet" in text and "dunwell import FILE" in text and "Nothing leaves yet" in text


def test_the_list_shows_stage_balance_lateness_next_contact_and_why(inside: TestClient, busy: Office) -> None:
    text = seen(get(inside, "/"))
    for words in ("A-1", "Norden Logistics", "1,200.00 EUR", "12 days late", "reminded", "final notice", "due in 3 days", "700.00 EUR promised by Friday"):
        assert words in text
    assert "A-5" not in text and "A-5" in seen(get(inside, "/?ended=1"))


def test_money_is_added_up_by_currency_and_never_across(inside: TestClient, office: Office) -> None:
    customer = office.customer()
    office.invoice("1", customer, balance="100.10", late=3)
    office.invoice("2", customer, balance="200.20", late=-3)
    office.invoice("3", customer, balance="5000", currency="JPY", late=45)
    text = seen(get(inside, "/"))
    assert "Open 300.30 EUR 5,000 JPY 3 invoices" in text and "Overdue 100.10 EUR 5,000 JPY 2 invoices" in text
    assert "EUR by age 300.30 open" in text and "JPY by age 5,000 open" in text


def test_what_goes_out_today_is_told_apart(inside: TestClient, office: Office) -> None:
    customer = office.customer()
    office.invoice("now", customer, rule="due", next_in=None)
    office.invoice("soon", customer, next_in=timedelta(hours=2))
    office.invoice("just", customer, rule="gap", next_in=timedelta(hours=13, minutes=29))
    office.invoice("held", customer, rule="hold", next_in=timedelta(minutes=1))
    office.invoice("tomorrow", customer, next_in=timedelta(hours=13, minutes=30))  # midnight where the seller is
    page = get(inside, "/?today=1&sort=number")
    assert re.findall(r'href="/invoices/[^"]+">(\w+)<', page) == ["just", "now", "soon"]
    assert "Going out today 3,600.00 EUR 3 invoices" in seen(page) and "today, 12:30 CET" in seen(page)
    assert "tomorrow, 00:00 CET" in seen(get(inside, "/"))


def test_a_moment_is_told_on_the_customers_clock(inside: TestClient, office: Office) -> None:
    office.invoice("A-1", office.customer("C-1", "Sundance Solar", "America/Phoenix"), next_in=timedelta(days=1))
    office.invoice("A-2", office.customer("C-2", "Pokhara Traders", "Asia/Kathmandu"), next_in=timedelta(days=300))
    text = seen(get(inside, "/"))
    assert "tomorrow, 02:30 MST" in text and "Tue 29 Dec, 15:15 UTC+05:45" in text


def test_the_list_is_narrowed_sorted_and_paged_by_its_address(inside: TestClient, office: Office) -> None:
    customers = [office.customer("C-0", "Alpha"), office.customer("C-1", "Beta")]
    for n in range(120):
        office.invoice(f"N-{n:03}", customers[n % 2], late=n)
    page = get(inside, "/?sort=number")
    assert "120 invoices, 100 on this page" in seen(page) and "N-099" in page and "N-100" not in page
    link = re.search(r'href="([^"]*)" rel="next"', page)
    assert link and "N-100" in get(inside, unescape(link[1]))
    assert "60 invoices" in seen(get(inside, "/?q=beta"))
    assert "29 invoices" in seen(get(inside, "/?bucket=90%2B&currency=EUR"))
    assert "119 invoices" in seen(get(inside, "/?overdue=1"))
    assert "No invoice is like that" in seen(get(inside, "/?q=nobody"))


def test_a_place_in_the_list_that_is_gone_leads_to_the_first_page(inside: TestClient, busy: Office) -> None:
    for address in ("/?cursor=x", "/?cursor=W10&sort=next"):
        assert inside.get(address).status_code == 303


def test_an_address_written_by_anyone_shows_a_page(inside: TestClient, busy: Office) -> None:
    for address in ("/?sort=size&desc=x", "/?stage=%3Cscript%3E", "/?bucket=7", "/?q=%00", "/?q=" + "x" * 3000, "/?today=&overdue=0", "/?nonsense=1"):
        assert "<script>" not in get(inside, address)


def test_banners_say_what_is_wrong_and_what_to_do(inside: TestClient, office: Office) -> None:
    text = seen(get(inside, "/"))
    assert "Nothing leaves yet." in text and "All sending is stopped" not in text
    office.go_live()
    office.stop_everything("the new prices are wrong")
    office.task("books/brightwater", TaskKind.INCIDENT, "the books are posted through Tuesday only", "Book Wednesday's bank first")
    text = seen(get(inside, "/"))
    assert "Nothing leaves yet." not in text and "E-mails are kept here and reach nobody." in text
    assert "All sending is stopped. The new prices are wrong." in text
    assert "The books are posted through Tuesday only. Book Wednesday's bank first." in text


def test_every_page_says_that_a_restored_copy_sends_nothing_and_what_to_do(inside: TestClient, office: Office) -> None:
    office.go_live()
    with office.database.transaction() as connection:
        installation.raise_fence(connection, installation.RESTORED, office.now, "Ann", office.now)
    for path in ("/", "/tasks"):
        text = seen(get(inside, path))
        assert f"Nothing goes out: {installation.RESTORED}. Run dunwell reconcile" in text
    with office.database.transaction() as connection:
        installation.lift_fence(connection, "compared", "Ann", office.now)
    assert "Nothing goes out" not in seen(get(inside, "/"))


def test_an_invoice_tells_its_whole_story(inside: TestClient, office: Office) -> None:
    customer = office.customer()
    rungs = (
        Rung("upcoming", Fate.DELIVERED, office.now - timedelta(days=20), "email", "out_1"),
        Rung("due-today", Fate.SKIPPED, office.now - timedelta(days=12), why="spoke today"),
    )
    id_ = office.invoice(
        "A/1",
        customer,
        late=12,
        rungs=rungs,
        holds=(office.hold(),),
        promises=(office.promise("700.00"),),
        disputes=(Dispute(Money(Decimal(300), "EUR"), "two boxes missing", "Tom", office.today, office.now, "Ilse", is_whole=False),),
        rule="hold",
        because="on hold until Friday: asked for a copy",
    )
    office.message(id_, customer, subject="Invoice A/1 is overdue")
    office.decide(id_, "the ledger cannot be read", rule="ledger", times=5)
    office.task("review/1", TaskKind.REVIEW, "Decide what happens to invoice A/1", "Call the customer", id_)
    page = get(inside, f"/invoices/{id_}")
    text = seen(page)
    for words in (
        "Norden Logistics owes 1,200.00 EUR, 12 days late",
        "Waiting because on hold until Friday: asked for a copy",
        "skipped by hand: spoke today",
        "final notice 42 days after due, 7 days after a delivered reminder",
        "watching begins: 1,200.00 EUR open",
        "Invoice A/1 is overdue",
        "700.00 EUR by",
        "300.00 EUR two boxes missing; Tom clears it up by",
        "waited because the ledger cannot be read",
        "5 times",
        "Decide what happens to invoice A/1. Call the customer.",
        "billing@c-1.example",
    ):
        assert words in text, words
    assert f"http://temporal.example:8233/namespaces/dunwell/workflows/invoice%2F{id_}" in page


def test_a_message_is_shown_in_a_frame_where_nothing_can_happen(inside: TestClient, office: Office) -> None:
    customer = office.customer()
    id_ = office.invoice("A-1", customer)
    message = office.message(id_, customer, html=f"<style>p{{color:red}}</style><p>Dear all</p>{HOSTILE}", text=HOSTILE)
    page = get(inside, f"/messages/{message}")
    assert f'<iframe sandbox loading="lazy" title="Invoice 7 is overdue" src="/messages/{message}/body">' in page
    assert "kept here" in seen(page) and "<script>" not in page
    body = inside.get(f"/messages/{message}/body")
    assert body.text.startswith("<style>")
    policy = {part.split()[0]: part.split()[1:] for part in body.headers["content-security-policy"].split("; ")}
    assert policy == {"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "img-src": ["data:"], "sandbox": [], "frame-ancestors": ["'self'"]}
    assert body.headers["x-frame-options"] == "SAMEORIGIN"


def test_names_from_outside_stay_text(inside: TestClient, office: Office) -> None:
    customer = office.customer("C-1", HOSTILE)
    id_ = office.invoice(HOSTILE[:60], customer, because=HOSTILE, holds=(), rule="hold")
    office.message(id_, customer, subject=HOSTILE)
    office.decide(id_, HOSTILE)
    office.task("x", TaskKind.INCIDENT, HOSTILE, HOSTILE)
    office.stop_everything(HOSTILE)
    for path in ("/", f"/invoices/{id_}", "/tasks", "/messages/out_1"):
        page = get(inside, path)
        assert HOSTILE in seen(page), path
        assert "<script" not in page and "<img" not in page, path


def test_tasks_say_what_to_do(inside: TestClient, office: Office) -> None:
    assert "Nothing waits for a person" in seen(get(inside, "/tasks"))
    id_ = office.invoice("A-1", office.customer())
    office.task("review/1", TaskKind.REVIEW, "Decide what happens to invoice A-1", "Call the customer", id_)
    office.task("ledger/x", TaskKind.INCIDENT, "The ledger cannot be read", "See whether it runs", id_)
    page = get(inside, "/tasks")
    text = seen(page)
    assert text.index("The ledger cannot be read. See whether it runs.") < text.index("Decide what happens to invoice A-1. Call the customer.")
    assert page.count(f'href="/invoices/{id_}"') == 1, "an incident is about no single invoice"


def test_only_the_readers_words_stand_on_pages(inside: TestClient, busy: Office) -> None:
    busy.task("review/1", TaskKind.REVIEW, "Decide what happens to invoice A-1", "Call the customer")
    pages = [get(inside, path) for path in ("/", "/?ended=1", "/tasks")]
    ids = {id_ for page in pages for id_ in re.findall(r'href="/invoices/([^"]+)"', page)}
    assert len(ids) == 5
    pages += [get(inside, f"/invoices/{id_}") for id_ in ids] + [get(inside, "/nothing", 404)]
    for page in pages:
        assert not OURS.findall(seen(page))


def test_what_is_not_there_is_a_page_that_leads_back(inside: TestClient) -> None:
    for path in ("/nothing", "/invoices/inv_0", "/invoices/%00", "/messages/out_0", "/messages/out_0/body", "/messages/%00", "/temporal/nothing"):
        page = get(inside, path, 404)
        assert 'href="/"' in page and "detail" not in page, path


def test_no_page_is_cached_framed_or_runs_anything(inside: TestClient, busy: Office) -> None:
    for path in ("/", "/tasks", "/nothing", "/api/invoices", "/healthz", "/static/dunwell.css"):
        answer = inside.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src" not in policy
        assert answer.headers["x-frame-options"] == "DENY" and answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"
        assert " style=" not in answer.text and "<script" not in answer.text and "javascript:" not in answer.text


def filter_of(client: TestClient, view: str) -> str:
    answer = client.get(f"/temporal/{view}")
    assert answer.status_code == 302
    address = urlsplit(answer.headers["location"])
    assert (address.netloc, address.path) == ("temporal.example:8233", "/namespaces/dunwell/workflows")
    return parse_qs(address.query)["query"][0]


def test_saved_links_lead_to_the_temporal_ui_with_the_dates_of_today(inside: TestClient, office: Office) -> None:
    running = ' AND ExecutionStatus = "Running"'
    assert filter_of(inside, "overdue") == f'DueOn <= "{office.today - timedelta(days=1)}T00:00:00Z"{running}'
    for days in (30, 60, 90):
        assert filter_of(inside, f"overdue-{days}") == f'DueOn <= "{office.today - timedelta(days=days)}T00:00:00Z"{running}'
    assert filter_of(inside, "stage/final") == f'Stage = "final"{running}'
    assert filter_of(inside, "stage/settled") == 'Stage = "settled"'
    assert filter_of(inside, "customer/cus_1") == f'Customer = "cus_1"{running}'
    assert filter_of(inside, "waiting/switched-off") == f'Waiting = "switched-off"{running}'
    assert filter_of(inside, "stuck") == f"TemporalReportedProblems IS NOT NULL{running}"
    going_out = filter_of(inside, "going-out-today")
    midnight = re.search(r'NextContact < "([^"]+)"', going_out)
    assert (
        midnight and midnight[1][:10] in (str(office.today), str(office.today + timedelta(days=1))) and '"planned"' in going_out and '"hold"' not in going_out
    )


def test_only_saved_views_lead_there(inside: TestClient) -> None:
    for view in ("", "stage", "stage/", 'stage/x"', "stage/x y", "stage/a/b", "stage/" + "x" * 65, "rule/hold", "overdue-45", "customer/%22%20OR%201=1"):
        assert inside.get(f"/temporal/{view}").status_code == 404, view
