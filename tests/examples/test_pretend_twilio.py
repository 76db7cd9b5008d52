"""The pretend Twilio and the official client: what the client is told agrees with what was written down, and every callback is genuinely signed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.request_validator import RequestValidator, get_signature_algorithm

from examples import pretend_twilio
from tests.examples.pretend_twilio_world import ACCOUNT, ROOT, TOKEN, TwilioWorld, twilio_world, until

_numbers = count(100)
US = "+15550100123"


def a_number() -> str:
    """One that nobody else writes to."""
    return f"+1555020{next(_numbers):04}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwilioWorld]:
    with twilio_world(tmp_path_factory.mktemp("twilio")) as world:
        yield world


@pytest.fixture
def world(running: TwilioWorld) -> Iterator[TwilioWorld]:
    yield running
    for path in ("/faults", "/events", "/phones"):
        running.put(path, [])
    for path in ("/numbers", "/listing"):
        running.put(path, {})
    running.put("/webhooks", {"sms_url": f"{running.url}/sms"})
    running.pages.clear()
    running.statuses.clear()


def send(world: TwilioWorld, to: str, body: str = "Invoice INV-1 is open", **more: Any) -> Any:
    return world.client().messages.create(to=to, from_=US, body=body, status_callback=f"{world.url}/status?key=o-1", **more)


def test_a_text_message_is_accepted_listed_and_shown_to_the_official_client(world: TwilioWorld) -> None:
    to = a_number()
    begun = datetime.now(UTC) - timedelta(seconds=2)
    message = send(world, to, "Größe " * 20, validity_period=3600)

    assert (message.status, message.to, message.from_, message.direction) == ("queued", to, US, "outbound-api")
    assert message.sid.startswith("SM") and message.num_segments == "2"
    shown = world.client().messages(message.sid).fetch()
    assert (shown.status, shown.body, shown.error_code) == ("delivered", "Größe " * 20, None)
    assert [each.sid for each in world.client().messages.list(to=to, date_sent_after=begun)] == [message.sid]
    assert world.client().messages.list(to=to, date_sent_before=begun) == []
    (accepted,) = world.lines("accepted", message.sid)
    assert (accepted["to"], accepted["body"], accepted["asked"]["ValidityPeriod"]) == (to, "Größe " * 20, "3600")
    moments = [world.lines(what, message.sid)[0]["monotonic"] for what in ("request", "accepted", "answer")]
    assert moments == sorted(moments)


def test_a_list_is_read_page_by_page_and_shows_late_what_it_is_told_to(world: TwilioWorld) -> None:
    to = a_number()
    sids = [send(world, to, f"part {number}").sid for number in range(5)]
    assert [each.sid for each in world.client().messages.list(to=to, page_size=2)] == sids[::-1]
    world.put("/listing", {"lag_seconds": 3600})
    assert world.client().messages.list(to=to) == []


def test_what_becomes_of_a_message_is_told_with_a_signature_that_twilios_own_library_finds_genuine(world: TwilioWorld) -> None:
    message = send(world, a_number())
    told = world.told(message.sid, 3)
    validator = RequestValidator(TOKEN)

    assert [post.form["MessageStatus"] for post in told] == ["queued", "sent", "delivered"]
    assert all(validator.validate(post.url, post.form, post.signature) for post in told)
    assert told[0].url == f"{world.url}/status?key=o-1"
    assert not validator.validate(told[0].url + "1", told[0].form, told[0].signature)
    assert not validator.validate(told[0].url, told[0].form | {"MessageStatus": "failed"}, told[0].signature)
    assert not RequestValidator("another token").validate(told[0].url, told[0].form, told[0].signature)


def test_a_shared_key_signs_by_another_algorithm_that_twilios_own_library_knows(world: TwilioWorld) -> None:
    world.put("/signing", {"key": "webhooks_sharedkey_1", "secret": "another secret"})
    (post, *_) = world.told(send(world, a_number()).sid, 3)
    world.put("/signing", {})
    assert get_signature_algorithm(post.settings) == "HMAC_SHA256"
    assert RequestValidator("another secret").validate(post.url, post.form, post.signature, get_signature_algorithm(post.settings))
    assert not RequestValidator(TOKEN).validate(post.url, post.form, post.signature, "HMAC_SHA256")


def test_statuses_come_twice_reversed_late_or_never_as_planned(world: TwilioWorld) -> None:
    undelivered = ["queued", "sent", "undelivered"]
    world.put("/events", [{"copies": 2}, {"reversed": True}, {"lost": ["sent", "delivered"]}, {"statuses": undelivered, "error_code": 30007}, {"seconds": 0.5}])
    sids = [send(world, a_number()).sid for _ in range(5)]

    statuses = [[post.form["MessageStatus"] for post in world.told(sid, number)] for sid, number in zip(sids, (6, 3, 1, 3, 3), strict=True)]
    assert statuses[0] == ["queued", "queued", "sent", "sent", "delivered", "delivered"]
    assert statuses[1] == ["delivered", "sent", "queued"]
    assert statuses[2] == ["queued"]
    assert statuses[3] == undelivered and world.told(sids[3], 3)[2].form["ErrorCode"] == "30007"
    assert statuses[4] == ["queued", "sent", "delivered"]
    accepted, told = world.lines("accepted", sids[4])[0], [line for line in world.lines("told") if line["form"].get("MessageSid") == sids[4]]
    assert told[0]["monotonic"] - accepted["monotonic"] >= 0.5
    fetched = world.client().messages(sids[3]).fetch()
    assert (fetched.status, fetched.error_code) == ("undelivered", 30007)


def test_a_status_is_told_again_only_as_its_address_asks(world: TwilioWorld) -> None:
    world.put("/events", [{"statuses": ["sent"], "times": 2}])
    world.statuses |= {"/status/once": [503], "/status/again": [503, 503]}
    once = world.client().messages.create(to=a_number(), from_=US, body="b", status_callback=f"{world.url}/status/once")
    again = world.client().messages.create(to=a_number(), from_=US, body="b", status_callback=f"{world.url}/status/again#rc=3&rp=5xx")
    assert len(world.told(again.sid, 3)) == 3
    assert len(world.told(once.sid, 1)) == 1


def test_something_more_can_become_of_a_message_later(world: TwilioWorld) -> None:
    message = send(world, a_number())
    world.told(message.sid, 3)
    assert world.post("/events", {"sid": message.sid, "status": "undelivered", "error_code": 30003, "copies": 2}) == {"messages": 1}
    assert [post.form["MessageStatus"] for post in world.told(message.sid, 5)][3:] == ["undelivered"] * 2


ORDERS = (
    # The order, whether the message is accepted, and what the client meets.
    ({"do": "fail", "status": 429}, False, 20429),
    ({"do": "fail", "status": 400, "code": 21610}, False, 21610),
    ({"do": "fail", "status": 503}, False, 20500),
    ({"do": "accept and fail", "status": 500}, True, 20500),
    ({"do": "drop", "when": "request"}, False, requests.ConnectionError),
    ({"do": "drop", "when": "accepted"}, True, requests.ConnectionError),
    ({"do": "truncate"}, True, requests.RequestException),
    ({"do": "delay", "seconds": 3, "when": "request"}, True, requests.ReadTimeout),
    ({"do": "delay", "seconds": 3, "when": "accepted"}, True, requests.ReadTimeout),
)


@pytest.mark.parametrize("order, is_accepted, meets", ORDERS, ids=["-".join(map(str, order.values())) for order, _, _ in ORDERS])
def test_the_official_client_meets_a_misfortune_that_agrees_with_what_was_accepted(
    world: TwilioWorld, order: dict[str, Any], is_accepted: bool, meets: Any
) -> None:
    world.put("/faults", [order])
    to = a_number()
    with pytest.raises(TwilioRestException if isinstance(meets, int) else meets) as met:
        world.client(timeout=1.5 if order["do"] == "delay" else 60).messages.create(to=to, from_=US, body="b")
    until(lambda: any(line["to"] == to for line in world.lines("answer")))
    assert sum(line["to"] == to for line in world.lines("accepted")) == is_accepted
    assert world.http.get(f"{world.address}/faults").json() == []
    if isinstance(met.value, TwilioRestException):
        assert (met.value.status, met.value.code) == (order.get("status"), meets)


_SENDER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from tests.examples.pretend_twilio_world import ACCOUNT, TOKEN, Elsewhere
from twilio.rest import Client
Client(ACCOUNT, f"{TOKEN}.{os.getpid()}", http_client=Elsewhere(sys.argv[2])).messages.create(to=sys.argv[3], from_="+15550100123", body="b")
print("alive")
"""


@pytest.mark.parametrize("when", ["request", "accepted"])
def test_a_sender_is_killed_before_or_after_its_message_was_accepted(world: TwilioWorld, when: str) -> None:
    world.put("/faults", [{"do": "kill", "when": when}])
    to = a_number()
    sender = subprocess.run([sys.executable, "-c", _SENDER, str(ROOT), world.address, to], stdout=subprocess.PIPE, text=True, timeout=120, check=False)
    assert (sender.returncode, sender.stdout) == (-9, "")
    until(lambda: any(line["to"] == to for line in world.lines("answer")))
    assert sum(line["to"] == to for line in world.lines("accepted")) == (when == "accepted")


WRONG = (
    ({"to": "+1555"}, 400, 21211),
    ({"to": "not a number"}, 400, 21211),
    ({"from_": "!"}, 400, 21212),
    ({"to": US}, 400, 21266),
    ({"body": "x" * 1601}, 400, 21617),
    ({"to": "+15005550009"}, 400, 21614),
    ({"to": "+15005550004"}, 400, 21610),
)


@pytest.mark.parametrize("change, status, code", WRONG, ids=[str(code) for _, _, code in WRONG])
def test_a_message_that_cannot_be_is_refused_with_twilios_code_and_takes_no_order(world: TwilioWorld, change: dict[str, str], status: int, code: int) -> None:
    world.put("/faults", [{"do": "drop"}])
    with pytest.raises(TwilioRestException) as met:
        world.client().messages.create(**({"to": "+15550100999", "from_": US, "body": "b"} | change))
    assert (met.value.status, met.value.code) == (status, code) and met.value.msg
    assert len(world.http.get(f"{world.address}/faults").json()) == 1


def test_nobody_sends_or_reads_with_a_wrong_token(world: TwilioWorld) -> None:
    for attempt in (
        lambda: world.client("wrong").messages.create(to=US, from_=a_number(), body="b"),
        lambda: world.client("wrong").messages("SM" + "1" * 32).fetch(),
        lambda: world.client("wrong").calls.create(to=US, from_=a_number(), url="http://127.0.0.1:9/"),
    ):
        with pytest.raises(TwilioRestException) as met:
            attempt()
        assert (met.value.status, met.value.code) == (401, 20003)
    with pytest.raises(TwilioException, match="Unable to fetch page"):
        world.client("wrong").messages.list()


def test_a_number_answers_as_arranged(world: TwilioWorld) -> None:
    landline, lost = a_number(), a_number()
    world.put("/numbers", {landline: 21635, lost: 30006})
    with pytest.raises(TwilioRestException) as met:
        send(world, landline)
    assert met.value.code == 21635
    message = send(world, lost)
    assert [post.form["MessageStatus"] for post in world.told(message.sid, 3)] == ["queued", "sent", "undelivered"]
    assert world.told(message.sid, 3)[2].form["ErrorCode"] == "30006"


def test_a_free_text_reaches_whatsapp_only_within_a_day_of_the_customers_own(world: TwilioWorld) -> None:
    number = f"whatsapp:{a_number()}"
    ours = f"whatsapp:{US}"
    create = world.client().messages.create
    assert world.client().messages(create(to=number, from_=ours, body="b").sid).fetch().error_code == 63016
    assert world.client().messages(create(to=number, from_=ours, content_sid="HX" + "1" * 32).sid).fetch().status == "delivered"
    world.post("/incoming", {"from": number, "to": ours, "body": "hello"})
    assert world.client().messages(create(to=number, from_=ours, body="b").sid).fetch().status == "delivered"


# What comes in


def incoming(world: TwilioWorld, sid: str, number: int) -> list[Any]:
    def of_it() -> list[Any]:
        return [post for post in world.posts if post.url.endswith("/sms") and post.form["MessageSid"] == sid]

    until(lambda: len(of_it()) >= number)
    return of_it()


def test_a_text_message_from_a_customer_is_brought_signed_and_twice_if_so_ordered(world: TwilioWorld) -> None:
    customer = a_number()
    sid = world.post("/incoming", {"from": customer, "to": US, "body": "Paid on Friday, grüße & more", "copies": 2})["sid"]
    posts = incoming(world, sid, 2)
    assert len(posts) == 2 and all(RequestValidator(TOKEN).validate(post.url, post.form, post.signature) for post in posts)
    assert (posts[0].form["From"], posts[0].form["To"], posts[0].form["Body"]) == (customer, US, "Paid on Friday, grüße & more")
    assert "OptOutType" not in posts[0].form


def test_who_wrote_stop_is_not_reached_until_start(world: TwilioWorld) -> None:
    customer = a_number()
    world.put("/webhooks", {"sms_url": f"{world.url}/sms", "opt_out_type": True})
    (stop,) = incoming(world, world.post("/incoming", {"from": customer, "to": US, "body": " Stop "})["sid"], 1)
    assert stop.form["OptOutType"] == "STOP"
    with pytest.raises(TwilioRestException) as met:
        send(world, customer)
    assert met.value.code == 21610
    assert not [line for line in world.lines("accepted") if line["to"] == customer]
    world.post("/incoming", {"from": customer, "to": US, "body": "START"})
    assert send(world, customer).status == "queued"


def test_what_the_web_address_answers_to_a_text_message_goes_out(world: TwilioWorld) -> None:
    customer = a_number()
    world.pages["/sms"] = lambda post: "<Response><Message>Thank you &amp; good bye</Message></Response>"
    world.post("/incoming", {"from": customer, "to": US, "body": "hello"})
    until(lambda: any(line["to"] == customer for line in world.lines("accepted")))
    (reply,) = world.client().messages.list(to=customer)
    assert (reply.body, reply.direction) == ("Thank you & good bye", "outbound-reply")


def test_a_token_with_a_dot_is_refused_at_once(tmp_path: Path) -> None:
    result = CliRunner().invoke(pretend_twilio.main, ["--token", "a.b", "--log", str(tmp_path / "log")])
    assert result.exit_code == 2 and "no dot" in result.output


def test_the_first_page_says_what_this_is(world: TwilioWorld) -> None:
    assert world.http.get(world.address).json()["account"] == ACCOUNT
