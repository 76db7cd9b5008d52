"""Requests that are refused are told of once they are many: a key renewed on one side only must not be a silence that nobody sees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from db import schema
from settings import SellerSettings, Settings
from support.office import FakeDoor, Office
from web.app import create_public
from web.refusals import MANY, WITHIN

PUBLIC = "https://pay.example"
ACCOUNT, TOKEN = "AC" + "a" * 32, "an-auth-token-of-thirty-two-chars"


@pytest.fixture
def outside(door: FakeDoor, settings: Settings, sellers: tuple[SellerSettings, ...], office: Office) -> Iterator[TestClient]:
    settings.public_url, settings.twilio_account_sid, settings.twilio_auth_token, settings.owner = PUBLIC, ACCOUNT, TOKEN, "operations"
    yield from listener(door, settings, sellers, office)


def listener(door: FakeDoor, settings: Settings, sellers: tuple[SellerSettings, ...], office: Office) -> Iterator[TestClient]:
    with TestClient(create_public(door, settings, sellers, lambda: office.now), base_url=PUBLIC, follow_redirects=False) as client:
        yield client


def tell(outside: TestClient, token: str) -> int:
    """A status of a text message, signed with ``token``."""
    path = "/webhooks/twilio/status?outreach=out_1"
    fields = {"AccountSid": ACCOUNT, "MessageSid": "SM1", "MessageStatus": "sent", "To": "+4915112345678"}
    signature = RequestValidator(token).compute_signature(f"{PUBLIC}{path}", fields)
    return outside.post(path, data=fields, headers={"X-Twilio-Signature": signature}).status_code


def alarms(office: Office) -> list[tuple[str, str, str, bool]]:
    """Kind, title, remedy of every task there ever was, and whether it is open."""
    with office.database.reading() as connection:
        rows = connection.execute(select(schema.tasks).order_by(schema.tasks.c.opened_at, schema.tasks.c.id))
        return [(row.kind, row.title, row.remedy, row.closed_at is None) for row in rows]


def test_a_key_renewed_on_one_side_only_is_told_once_with_what_to_do(outside: TestClient, office: Office) -> None:
    for _ in range(MANY - 1):
        assert tell(outside, "the-renewed-one") == 401
    assert alarms(office) == []
    assert tell(outside, "the-renewed-one") == 401
    ((kind, title, remedy, is_open),) = alarms(office)
    assert (kind, is_open) == ("incident", True)
    assert "Twilio" in title and "not heard" in title
    assert "DUNWELL_TWILIO_AUTH_TOKEN" in remedy and "DUNWELL_PUBLIC_URL" in remedy
    assert TOKEN not in title + remedy


def test_whoever_floods_us_with_forged_requests_makes_one_task_and_one_row(outside: TestClient, office: Office) -> None:
    for number in range(6 * MANY):
        assert tell(outside, f"forged-{number}") == 401
        office.now += timedelta(seconds=30)
    assert len(alarms(office)) == 1
    with office.database.transaction() as connection:
        connection.execute(schema.tasks.update().values(open_key=None, closed_at=office.now, result="seen"))
    for number in range(3 * MANY):
        tell(outside, f"forged-{number}")
    assert [is_open for *_, is_open in alarms(office)] == [False], "who closed it knows, and it is the same outbreak"
    with office.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.receipts)) == 0
        assert connection.scalar(select(func.count()).select_from(schema.inbox)) == 0


def test_a_genuine_request_ends_the_alarm_and_the_next_outbreak_is_told_anew(outside: TestClient, office: Office) -> None:
    for _ in range(MANY):
        tell(outside, "renewed")
    office.now += timedelta(minutes=5)
    assert tell(outside, TOKEN) == 204
    assert [is_open for *_, is_open in alarms(office)] == [False]
    for _ in range(2 * MANY):
        tell(outside, "forged")
    assert len(alarms(office)) == 1, "while genuine ones come in, forged ones are nobody's task"
    office.now += WITHIN + timedelta(minutes=1)
    for _ in range(MANY):
        tell(outside, "renewed")
    assert [is_open for *_, is_open in alarms(office)] == [False, True]


def test_few_refusals_over_a_long_time_are_no_alarm(outside: TestClient, office: Office) -> None:
    for _ in range(3 * MANY):
        tell(outside, "forged")
        office.now += WITHIN / (MANY - 2)
    assert alarms(office) == []


def test_a_process_that_was_restarted_ends_the_alarm_of_the_one_before(
    outside: TestClient, door: FakeDoor, settings: Settings, sellers: tuple[SellerSettings, ...], office: Office
) -> None:
    for _ in range(MANY):
        tell(outside, "renewed")
    settings.twilio_auth_token = "renewed"
    for later in listener(door, settings, sellers, office):
        assert tell(later, "renewed") == 204
    assert [is_open for *_, is_open in alarms(office)] == [False]


def test_the_seals_of_mail_and_of_ledgers_are_watched_each_by_itself(outside: TestClient, office: Office) -> None:
    for _ in range(MANY - 1):
        assert outside.post("/webhooks/sendgrid/events", content=b"[]").status_code == 401
        assert outside.post("/webhooks/sendgrid/inbound", content=b"x").status_code == 401
        assert outside.post("/webhooks/rest/brightwater", content=b"{}").status_code == 401
        assert outside.post("/webhooks/rest/nobody", content=b"{}").status_code == 401
    assert alarms(office) == []
    outside.post("/webhooks/sendgrid/events", content=b"[]")
    outside.post("/webhooks/sendgrid/inbound", content=b"x")
    outside.post("/webhooks/rest/brightwater", content=b"{}")
    outside.post("/webhooks/rest/nobody", content=b"{}")
    said = sorted(remedy for _, _, remedy, _ in alarms(office))
    assert len(said) == 3, "a seller whom nobody knows is nobody's"
    for setting in ("DUNWELL_SENDGRID_EVENT_KEYS", "DUNWELL_SENDGRID_INBOUND_KEYS", "webhook_secrets"):
        assert any(setting in one for one in said)
