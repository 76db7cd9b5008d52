"""A webhook is believed when its seal is genuine and fresh, and never otherwise."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from integrations.accounting import Hint
from integrations.accounting.rest import UnableToTrust, verify

SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
OTHER_SECRET = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BODY = json.dumps({"type": "invoice.paid", "timestamp": "2026-11-21T12:00:00Z", "data": {"ref": "A"}}).encode()


def sealed(body: bytes = BODY, secret: str = SECRET, at: datetime = NOW, delivery: str = "msg_1") -> dict[str, str]:
    """Headers as the reference library seals them."""
    signature = Webhook(secret).sign(delivery, at, body.decode())
    return {"Webhook-Id": delivery, "Webhook-Timestamp": str(int(at.timestamp())), "Webhook-Signature": signature}


def test_a_genuine_hint_is_believed() -> None:
    assert verify(sealed(), BODY, [SECRET], NOW) == Hint("msg_1", "A", "invoice.paid")


@pytest.mark.parametrize("secrets", [[SECRET], [OTHER_SECRET, SECRET], [SECRET, OTHER_SECRET], [SECRET.rstrip("=")]])
def test_any_of_several_secrets_may_have_sealed_it(secrets: list[str]) -> None:
    assert verify(sealed(), BODY, secrets, NOW).ref == "A"


def test_one_genuine_signature_among_several_is_enough() -> None:
    headers = sealed()
    headers["Webhook-Signature"] = f"v2,AAAA v1,!!! v1a,{'A' * 86} {sealed(secret=OTHER_SECRET)['Webhook-Signature']} {headers['Webhook-Signature']}"
    assert verify(headers, BODY, [SECRET], NOW).ref == "A"


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_five_minutes_either_way_are_near_enough(seconds: int) -> None:
    assert verify(sealed(at=NOW + timedelta(seconds=seconds)), BODY, [SECRET], NOW).ref == "A"


@pytest.mark.parametrize("seconds", [-86400, -301, 301, 86400])
def test_a_stale_or_early_hint_is_not_believed(seconds: int) -> None:
    with pytest.raises(UnableToTrust, match="five minutes"):
        verify(sealed(at=NOW + timedelta(seconds=seconds)), BODY, [SECRET], NOW)


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"Webhook-Id": ""}, "missing or malformed"),
        ({"Webhook-Id": "msg_2"}, "no signature is ours"),
        ({"Webhook-Id": "a\nb"}, "missing or malformed"),
        ({"Webhook-Id": "a" * 201}, "missing or malformed"),
        ({"Webhook-Timestamp": ""}, "not a number of seconds"),
        ({"Webhook-Timestamp": "now"}, "not a number of seconds"),
        ({"Webhook-Timestamp": "NaN"}, "not a number of seconds"),
        ({"Webhook-Timestamp": "1e9"}, "not a number of seconds"),
        ({"Webhook-Timestamp": "-1"}, "not a number of seconds"),
        ({"Webhook-Timestamp": "9" * 400}, "not a number of seconds"),
        ({"Webhook-Timestamp": str(int(NOW.timestamp()) + 1)}, "no signature is ours"),
        ({"Webhook-Signature": ""}, "missing or malformed"),
        ({"Webhook-Signature": "v1,"}, "no signature is ours"),
        ({"Webhook-Signature": "v1"}, "no signature is ours"),
        ({"Webhook-Signature": "v1,a"}, "no signature is ours"),
        ({"Webhook-Signature": "v1,not base64!"}, "no signature is ours"),
        ({"Webhook-Signature": "v1,schlüssel"}, "no signature is ours"),
        ({"Webhook-Signature": sealed()["Webhook-Signature"].replace("v1,", "v2,")}, "no signature is ours"),
        ({"Webhook-Signature": sealed()["Webhook-Signature"][:-4]}, "no signature is ours"),
        ({"Webhook-Signature": sealed(secret=OTHER_SECRET)["Webhook-Signature"]}, "no signature is ours"),
    ],
)
def test_a_forged_or_malformed_seal_is_not_believed(changes: dict[str, str], reason: str) -> None:
    with pytest.raises(UnableToTrust, match=reason):
        verify(sealed() | changes, BODY, [SECRET], NOW)


def test_a_changed_body_is_not_believed() -> None:
    with pytest.raises(UnableToTrust, match="no signature is ours"):
        verify(sealed(), BODY.replace(b'"A"', b'"B"'), [SECRET], NOW)


def test_without_headers_or_secrets_nothing_is_believed() -> None:
    with pytest.raises(UnableToTrust, match="missing"):
        verify({}, BODY, [SECRET], NOW)
    with pytest.raises(UnableToTrust, match="no webhook secret is set"):
        verify(sealed(), BODY, [], NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_" + base64.b64encode(b"short").decode(), SECRET.removeprefix("whsec_"), "whsec_schlüssel"])
def test_a_secret_too_weak_to_seal_anything_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(UnableToTrust, match="unusable") as refused:
        verify(sealed(), BODY, [secret], NOW)
    assert len(secret) < 8 or secret not in str(refused.value)


@pytest.mark.parametrize(
    "body, named",
    [
        (b"not json", "the whole"),
        (b"[]", "the whole"),
        (b'{"type": "invoice.paid"}', "data: Field required"),
        (b'{"type": "invoice.paid", "data": {}}', "data.ref: Field required"),
        (b'{"type": "invoice.paid", "data": {"ref": 7}}', "data.ref"),
        (b'{"type": "invoice.paid", "data": {"ref": "a b"}}', "data.ref"),
        (b'{"data": {"ref": "A"}}', "type: Field required"),
        (b'{"type": "x", "data": {"ref": "A"}, "padding": "' + b"x" * 70_000 + b'"}', "larger than any hint"),
    ],
)
def test_a_sealed_body_of_another_form_is_refused_by_its_field(body: bytes, named: str) -> None:
    with pytest.raises(UnableToTrust, match=named):
        verify(sealed(body), body, [SECRET], NOW)


@given(
    name=st.sampled_from(["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "body"]),
    put=st.one_of(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60), st.integers(-400, 400).map(str)),
    keep=st.booleans(),
)
def test_nothing_is_believed_that_the_reference_library_would_refuse(name: str, put: str, keep: bool) -> None:
    now = datetime.now(UTC)
    headers, body = sealed(at=now), BODY
    if name == "body":
        body = body + put.encode() if keep else put.encode()
    else:
        headers[name] = headers[name] + put if keep else put
    try:
        verify(headers, body, [SECRET], now)
    except UnableToTrust:
        return
    try:
        Webhook(SECRET).verify(body, headers)
    except WebhookVerificationError:
        pytest.fail("the reference library refuses this")
