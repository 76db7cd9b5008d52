"""``dunwell doctor`` asks those who carry messages and bring answers: each fault has its field and its remedy, and no secret is told."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from cli import outside
from cli.findings import Finding
from cli.outside import examine_mailboxes, examine_providers
from db.engine import Database
from settings import SellerSettings, Settings
from support.imap_server import PASSWORD, USER, ImapServer, imap_server
from support.office import SELLER

ACCOUNT, TOKEN, NUMBER, SERVICE = "AC" + "a" * 32, "an-auth-token-of-thirty-two-chars", "+4915112345678", "MG" + "b" * 32
API_KEY = "SG.a-key-that-nobody-may-see"
PUBLIC = "https://pay.brightwater.example"
KEY = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA=="


@dataclass
class Service:
    """Answers each path as told, in place of the provider's API; 404 for all others."""

    url: str
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def service() -> Iterator[Service]:
    told = Service("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            status, said = told.answers.get(urlsplit(self.path).path, (404, {"code": 20404, "message": "not found"}))
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.url = f"http://127.0.0.1:{server.server_address[1]}"
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield told
        server.shutdown()


def said(found: Iterator[Finding]) -> list[tuple[str, str, str]]:
    told = [(one.health.value, one.said, one.remedy) for one in found]
    whole = repr(told)
    assert not any(secret in whole for secret in (TOKEN, API_KEY, PASSWORD)), "a secret is told"
    return told


def faults(found: Iterator[Finding]) -> list[tuple[str, str, str]]:
    return [one for one in said(found) if one[0] != "ok"]


# Twilio

ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"


def numbers(*, sms: bool = True, voice: bool = True, url: str = f"{PUBLIC}/webhooks/twilio/inbound", number: str = NUMBER) -> tuple[int, Any]:
    one = {"sid": "PN1", "phone_number": number, "capabilities": {"sms": sms, "voice": voice, "mms": False}, "sms_url": url}
    return 200, {"incoming_phone_numbers": [one], "page": 0, "page_size": 1, "next_page_uri": None}


def twilio(service: Service, tmp_path: Path, **fields: Any) -> Settings:
    service.answers.setdefault(f"{ROOT}.json", (200, {"sid": ACCOUNT, "status": "active"}))
    service.answers.setdefault(f"{ROOT}/IncomingPhoneNumbers.json", numbers())
    known = {"twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN, "twilio_from": NUMBER, "twilio_api": service.url, "channels": "email,sms,call"}
    return Settings(data_folder=tmp_path, **{"public_url": PUBLIC, "mailer": "smtp", **known, **fields})


def test_an_account_that_is_set_up_well_is_told_so(service: Service, tmp_path: Path) -> None:
    told = said(examine_providers(twilio(service, tmp_path), []))
    assert {health for health, _, _ in told} == {"ok"}
    assert any(f"{NUMBER} is the account's, and can call" in one for _, one, _ in told)


@pytest.mark.parametrize(
    ("answers", "fields", "health", "needed"),
    [
        ({f"{ROOT}.json": (401, {"code": 20003, "message": "Authenticate"})}, {}, "wrong", "DUNWELL_TWILIO_AUTH_TOKEN: Twilio refuses them"),
        ({f"{ROOT}.json": (200, {"sid": ACCOUNT, "status": "suspended"})}, {}, "wrong", "the account is suspended"),
        ({}, {"twilio_account_sid": "AC1"}, "wrong", "DUNWELL_TWILIO_ACCOUNT_SID: write the SID"),
        ({}, {"twilio_auth_token": ""}, "wrong", "DUNWELL_TWILIO_AUTH_TOKEN: is empty"),
        ({f"{ROOT}/IncomingPhoneNumbers.json": numbers(number="+4930999")}, {}, "wrong", f"{NUMBER} is no number of this account"),
        ({f"{ROOT}/IncomingPhoneNumbers.json": numbers(sms=False)}, {}, "wrong", "takes no text messages"),
        ({f"{ROOT}/IncomingPhoneNumbers.json": numbers(voice=False)}, {}, "wrong", "makes no calls, and call is switched on"),
        ({f"{ROOT}/IncomingPhoneNumbers.json": numbers(url="https://user:pw@old.example/sms?key=1")}, {}, "look", "goes to https://old.example/sms"),
        ({f"{ROOT}/IncomingPhoneNumbers.json": numbers(url="")}, {}, "look", "goes to nobody"),
        ({}, {"twilio_from": "", "channels": "email,sms"}, "wrong", "no number is set, and no messaging service"),
        ({}, {"twilio_from": "", "twilio_messaging_service_sid": SERVICE}, "wrong", "has no messaging service"),
        ({}, {"mailer": "capture"}, "look", "what is agreed is confirmed to nobody"),
        ({}, {"twilio_account_sid": ""}, "look", "none leaves"),
    ],
)
def test_what_is_wrong_at_twilio_is_named_with_what_to_do(
    service: Service, tmp_path: Path, answers: dict[str, Any], fields: dict[str, str], health: str, needed: str
) -> None:
    service.answers |= answers
    found = faults(examine_providers(twilio(service, tmp_path, **fields), []))
    assert any(one == health and needed in told for one, told, _ in found), found


def test_a_messaging_service_needs_no_number(service: Service, tmp_path: Path) -> None:
    service.answers[f"/v1/Services/{SERVICE}"] = (200, {"sid": SERVICE, "friendly_name": "Reminders"})
    settings = twilio(service, tmp_path, twilio_from="", twilio_messaging_service_sid=SERVICE, channels="email,sms")
    assert faults(examine_providers(settings, [])) == []


def test_an_address_that_twilio_cannot_reach_is_wrong(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = twilio(service, tmp_path, twilio_api="https://api.twilio.com", public_url="http://127.0.0.1:8401")
    found = said(outside._reachable(settings))
    assert found[0][0] == "wrong" and "DUNWELL_PUBLIC_URL" in found[0][1]


def test_a_service_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "_PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        found = faults(examine_providers(twilio(Service(f"http://127.0.0.1:{silent.getsockname()[1]}"), tmp_path), []))
    assert time.monotonic() - begun < 20
    assert [health for health, _, _ in found] == ["wrong"] and "does not answer" in found[0][1]


# SendGrid


def sendgrid(service: Service, tmp_path: Path, **fields: Any) -> Settings:
    hooks = {"webhooks": [{"enabled": True, "url": f"{PUBLIC}/webhooks/sendgrid/events"}]}
    inbound = {"result": [{"url": f"{PUBLIC}/webhooks/sendgrid/inbound", "hostname": "in.brightwater.example", "send_raw": True}]}
    service.answers.setdefault("/v3/scopes", (200, {"scopes": ["mail.send"]}))
    service.answers.setdefault("/v3/user/webhooks/event/settings/all", (200, hooks))
    service.answers.setdefault("/v3/user/webhooks/parse/settings", (200, inbound))
    known = {"sendgrid_api_key": API_KEY, "sendgrid_host": service.url, "sendgrid_event_keys": KEY, "sendgrid_inbound_keys": KEY}
    return Settings(data_folder=tmp_path, **{"mailer": "sendgrid", "public_url": PUBLIC, **known, **fields})


HERE = [SellerSettings(replace(SELLER, reply_to="ann@in.brightwater.example"))]


def test_a_sendgrid_account_that_is_set_up_well_is_told_so(service: Service, tmp_path: Path) -> None:
    assert faults(examine_providers(sendgrid(service, tmp_path), HERE)) == []


@pytest.mark.parametrize(
    ("answers", "fields", "health", "needed"),
    [
        ({"/v3/scopes": (401, {})}, {}, "wrong", "DUNWELL_SENDGRID_API_KEY: SendGrid refuses it"),
        ({"/v3/scopes": (200, {"scopes": ["stats.read"]})}, {}, "wrong", "DUNWELL_SENDGRID_API_KEY: it may not send mail"),
        ({"/v3/user/webhooks/event/settings/all": (200, {"webhooks": []})}, {}, "wrong", "bounces and complaints are not heard"),
        ({"/v3/user/webhooks/event/settings/all": (403, {})}, {}, "look", "may not look at the event webhook"),
        ({"/v3/user/webhooks/parse/settings": (200, {"result": []})}, {}, "wrong", "answers by mail are not heard"),
        ({"/v3/user/webhooks/parse/settings": (403, {})}, {}, "look", "may not look at inbound parse"),
        ({}, {"sendgrid_event_keys": ""}, "look", "DUNWELL_SENDGRID_EVENT_KEYS: is not set"),
        ({}, {"sendgrid_event_keys": f"{KEY}, nonsense"}, "wrong", "DUNWELL_SENDGRID_EVENT_KEYS: key 2 of 2 is no verification key"),
        ({}, {"sendgrid_inbound_keys": "nonsense"}, "wrong", "DUNWELL_SENDGRID_INBOUND_KEYS: key 1 of 1"),
        ({}, {"sendgrid_host": "http://127.0.0.1:1"}, "wrong", "DUNWELL_SENDGRID_HOST"),
    ],
)
def test_what_is_wrong_at_sendgrid_is_named_with_what_to_do(
    service: Service, tmp_path: Path, answers: dict[str, Any], fields: dict[str, str], health: str, needed: str
) -> None:
    service.answers |= answers
    found = faults(examine_providers(sendgrid(service, tmp_path, **fields), HERE))
    assert any(one == health and needed in told and (remedy or "; " in told) for one, told, remedy in found), found


def test_answers_that_go_where_nobody_takes_them_in_are_pointed_out(service: Service, tmp_path: Path) -> None:
    ((health, told, _),) = faults(examine_providers(sendgrid(service, tmp_path), [SellerSettings(SELLER)]))
    assert health == "look" and "ann.lee@brightwater.example" in told and "in.brightwater.example" in told


# Mailboxes


@pytest.fixture(scope="module")
def server() -> Iterator[ImapServer]:
    with imap_server() as running:
        yield running


def test_doctor_logs_in_to_each_mailbox(server: ImapServer, database: Database, tmp_path: Path) -> None:
    here = [SellerSettings(SELLER, mailbox=server.mailbox())]
    ((health, told, _),) = said(examine_mailboxes(Settings(data_folder=tmp_path), here, database))
    assert health == "ok" and f"{USER}: INBOX can be read, and Sent" in told
    for fields, needed in (({"password": "wrong"}, "the server refused the user name or password"), ({"folder": "Nowhere"}, "127.0.0.1")):
        wrong = [SellerSettings(SELLER, mailbox=server.mailbox(**fields))]
        ((health, told, remedy),) = said(examine_mailboxes(Settings(data_folder=tmp_path), wrong, database))
        assert health == "wrong" and needed in told and "sellers.yaml" in remedy
