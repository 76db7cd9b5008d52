"""Deliveries are told apart by the sender's id for them, and by nothing else: the same body may well say something new."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from fastapi.testclient import TestClient
from sqlalchemy import select
from standardwebhooks import Webhook

from db import inbox, schema
from domain.answers import Reply
from support.office import SECRET, FakeDoor, Office

# A ledger that sends no timestamp of its own says "invoice R-1 changed" in the same bytes each time it changes.
BODY = json.dumps({"type": "invoice.changed", "data": {"ref": "R-1"}})


def post(client: TestClient, delivery: str, body: str = BODY) -> int:
    now = datetime.now(UTC)
    headers = {
        "webhook-id": delivery,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(delivery, now, body),
    }
    status: int = client.post("/webhooks/rest/brightwater", content=body.encode(), headers=headers).status_code
    return status


def test_the_same_body_in_a_new_delivery_is_heard_again(outside: TestClient, door: FakeDoor, office: Office) -> None:
    assert post(outside, "evt-1") == 202
    with door.database.transaction() as connection:
        (first,) = connection.scalars(select(schema.inbox.c.id))
        inbox.mark_folded(connection, first, 1, Reply(True, "the ledger will be read again"), office.now)
    assert post(outside, "evt-2") == 202
    with door.database.reading() as connection:
        assert sorted(connection.scalars(select(schema.inbox.c.state))) == ["folded", "new"]


def test_one_delivery_is_kept_once_whatever_else_is_in_it(outside: TestClient, door: FakeDoor) -> None:
    assert post(outside, "evt-1") == 202
    assert post(outside, "evt-1", BODY.replace("invoice.changed", "invoice.paid")) == 202
    with door.database.reading() as connection:
        assert len(list(connection.execute(select(schema.inbox.c.id)))) == 1
