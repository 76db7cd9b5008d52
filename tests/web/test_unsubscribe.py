"""The one-click way out of further e-mail: scanners change nothing by opening it, and nobody need log in to use it."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from db import inbox, schema, suppressions, unsubscribe_links
from domain.event import OptedOut
from support.office import FakeDoor, Office

MAIL = "billing@c-1.example"


@pytest.fixture
def token(office: Office) -> str:
    customer = office.customer()
    message = office.message(office.invoice("A-1", customer), customer)
    office.invoice("A-2", customer)
    with office.database.transaction() as connection:
        connection.execute(schema.outreach.update().values(reach=MAIL))
        return unsubscribe_links.make_link(connection, message)


def silenced(office: Office) -> list[tuple[str, str]]:
    with office.database.reading() as connection:
        return [(one.channel, one.reach) for one in suppressions.list_suppressions(connection)]


def test_opening_the_link_shows_a_button_and_changes_nothing(outside: TestClient, office: Office, token: str) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        for _ in range(3):
            outside.request(method, f"/unsubscribe/{token}")
    page = outside.get(f"/unsubscribe/{token}")
    assert page.status_code == 200
    assert '<form method="post"' in page.text
    assert "Brightwater Tools" in page.text
    assert MAIL not in page.text, "whoever has the link need not learn whose it is"
    assert silenced(office) == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        ('--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n', "multipart/form-data; boundary=b"),
        ("", "application/x-www-form-urlencoded"),
    ],
    ids=["form", "multipart", "the button"],
)
def test_posting_to_it_stops_all_e_mail_to_that_address_without_a_login_or_a_redirect(
    outside: TestClient, office: Office, door: FakeDoor, token: str, body: str, kind: str
) -> None:
    answer = outside.post(f"/unsubscribe/{token}", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "You get no more automatic e-mail" in answer.text
    assert silenced(office) == [("email", MAIL)]
    with office.database.reading() as connection:
        rows = [inbox.load_word(connection, one) for one in connection.scalars(text("select id from inbox"))]
    assert [word.news for word in rows if word] == [OptedOut(("email",), by="the customer", why="unsubscribed by the link in a mail")] * 2


def test_asking_twice_is_asking_once(outside: TestClient, office: Office, token: str) -> None:
    for _ in range(3):
        assert outside.post(f"/unsubscribe/{token}").status_code == 200
    with office.database.reading() as connection:
        assert connection.execute(text("select count(*) from inbox")).scalar_one() == 2


@pytest.mark.parametrize("made_up", ["x", "A" * 43, "A" * 44, "..%2f..", "%00" * 5, "é" * 43])
def test_whatever_is_made_up_leads_nowhere_and_says_the_same(outside: TestClient, office: Office, token: str, made_up: str) -> None:
    answers = [outside.get(f"/unsubscribe/{made_up}"), outside.post(f"/unsubscribe/{made_up}")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert silenced(office) == []


def test_of_a_link_only_a_hash_is_kept(office: Office, token: str) -> None:
    with office.database.reading() as connection:
        (row,) = connection.execute(text("select token_hash, outreach_id from unsubscribe_links")).all()
    assert token.encode() not in bytes(row.token_hash)
    assert len(bytes(row.token_hash)) == 32
