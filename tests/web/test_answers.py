"""The page behind the one-tap answers of a note before the due date: opened by anybody it changes nothing, each answer counts once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text as sql
from structlog.testing import capture_logs

from db import answer_links, cases, schema
from db.answer_links import LIFE
from db.cases import Showing
from db.engine import Database
from domain.case import Case, Dispute, Outcome
from domain.event import DisputeRaised, News, PromiseMade, Replied
from settings import SellerSettings, Settings
from starter import Answer, Door
from support.office import FakeDoor, Office
from web.answers import LONGEST_WORDS
from web.app import create_public
from web.webhooks import LARGEST_BODY

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ANSWERS = ("scheduled", "again", "wrong")


@dataclass
class Note:
    """A message that has left, about the invoices ``found``, and what stands in its link."""

    office: Office
    message: str
    token: str
    found: list[str]

    @property
    def path(self) -> str:
        return f"/answer/{self.token}"

    def case(self, place: int = 0) -> Case:
        with self.office.database.transaction() as connection:
            found = cases.load_case(connection, f"invoice/{self.found[place]}")
        assert found
        return found

    def save(self, case: Case) -> None:
        with self.office.database.transaction() as connection:
            cases.save_case(connection, replace(case, seq=case.seq + 1), Showing("courtesy", "planned", "", "Ann", None, ""), self.office.now)


def note(office: Office, *numbers: str) -> Note:
    customer = office.customer()
    found = [office.invoice(number, customer, late=-7) for number in numbers]
    message = office.message(found[0], customer)
    with office.database.transaction() as connection:
        for one in found[1:]:
            part = {"outreach_id": message, "case_id": f"invoice/{one}", "round": 1, "rung": "before-due", "channel": "email", "attempt": 1, "leads": True}
            connection.execute(schema.outreach_parts.insert().values(part))
        token = answer_links.make_link(connection, message, office.now)
    return Note(office, message, token, sorted(found))


@pytest.fixture
def one(office: Office) -> Note:
    return note(office, "A-1")


@pytest.fixture
def two(office: Office) -> Note:
    return note(office, "A-1", "A-2")


@pytest.fixture
def alone(database: Database, settings: Settings, sellers: tuple[SellerSettings, ...], office: Office) -> Iterator[TestClient]:
    """The public listener with the real door, while no worker is there: what is said is kept, and heard later."""

    class Nobody:
        async def execute_update(self, *_: Any, **__: Any) -> Any:
            raise TimeoutError

    door = Door(database, SimpleNamespace(get_workflow_handle_for=lambda *_: Nobody()), None)  # type: ignore[arg-type]
    with TestClient(create_public(door, settings, sellers, lambda: office.now), base_url="http://127.0.0.1:8401") as client:
        yield client


def told(door: FakeDoor) -> list[News]:
    return [news for _, news, _, _, _ in door.overrides]


def state(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    tables = ("answer_links", "outreach", "outreach_parts", "inbox", "cases", "tasks", "journal")
    with database.reading() as connection:
        return {table: sorted((tuple(map(str, row)) for row in connection.execute(sql(f"select * from {table}"))), key=str) for table in tables}


def words_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.text).split())


def test_the_page_names_seller_and_invoices_and_nothing_else(outside: TestClient, two: Note) -> None:
    answer = outside.get(two.path)
    page = words_of(answer)
    assert answer.status_code == 200
    for said in ("Brightwater Tools", "A-1", "A-2", "1.200,00 €", "11 March 2026", "Something is wrong", "Each answer counts once"):
        assert said in page, said
    for private in ("Norden", "Billing of", "@", "Customer C-1", "Ann Lee", "Dunwell", "reminder", "waiting", two.found[0]):
        assert private not in answer.text, private
    assert outside.get("/portal/page.css").status_code == 200
    assert answer.headers["Cache-Control"] == "no-store" and "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Referrer-Policy"] == "no-referrer" and "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("chosen", ANSWERS)
def test_each_address_in_the_mail_opens_its_own_answer(outside: TestClient, one: Note, chosen: str) -> None:
    page = outside.get(f"{one.path}?a={chosen}").text
    (opened,) = re.findall(r"<details open>.*?</details>", page, re.DOTALL)
    assert f'action="{one.path}/{chosen}"' in opened
    assert page.count("<details") == 3


def test_opening_it_changes_nothing_however_it_is_opened(outside: TestClient, one: Note, door: FakeDoor, database: Database) -> None:
    before = state(database)
    for query in ("", *(f"?a={answer}" for answer in ANSWERS), "?a=%00", f"?a={'x' * 4000}", "?a=<script>alert(1)</script>&day=2026-03-11&words=x"):
        for headers in ({}, {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender"}):
            answer = outside.get(one.path + query, headers=headers)
            assert answer.status_code == 200 and "<script" not in answer.text
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "POST"):
        assert outside.request(method, one.path).status_code == 405 or method == "HEAD"
    for answered in ANSWERS:
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
            assert outside.request(method, f"{one.path}/{answered}").status_code == 405
    assert outside.post(f"{one.path}/approve", data={"invoice": "0"}).status_code == 400
    assert state(database) == before and door.overrides == []


def test_payment_is_scheduled_for_the_day_that_was_chosen(outside: TestClient, one: Note, door: FakeDoor) -> None:
    day = one.office.today + timedelta(days=7)
    assert f'value="{day}"' in outside.get(one.path).text, "the due day stands there already, so that one tap will do"
    answer = outside.post(f"{one.path}/scheduled", data={"invoice": "0", "day": str(day), "by": "Mallory", "amount": "1", "decided": "true"})
    assert answer.status_code == 200 and "We have noted that you pay on 11 March 2026" in words_of(answer)
    ((case, news, by, why, key),) = door.overrides
    assert (case, by, why) == (one.case().id, "the customer", "by the link in the mail")
    assert news == PromiseMade(day, scheduled=True)
    assert key and one.token not in key


def test_a_day_that_a_person_must_decide_on_is_not_called_agreed(outside: TestClient, one: Note) -> None:
    late = one.office.today + timedelta(days=40)
    page = words_of(outside.post(f"{one.path}/scheduled", data={"invoice": "0", "day": str(late)}))
    assert "A colleague looks at it" in page
    made = one.office.promise("1200.00", in_days=40)
    one.save(replace(one.case(), promises=(made,)))
    page = words_of(outside.post(f"{one.path}/scheduled", data={"invoice": "0", "day": str(late)}))
    assert "We have noted that you pay on" in page and "colleague looks" not in page


def test_a_day_that_is_none_is_asked_for_again(outside: TestClient, one: Note, door: FakeDoor) -> None:
    for day in ("", "soon", "2026-02-30", "2026-03-03", "2026-05-04", "9999-12-31", "0001-01-01", "\x00", "2026-03-11T10:00", "-" * 5000):
        answer = outside.post(f"{one.path}/scheduled", data={"invoice": "0", "day": day})
        assert answer.status_code == 422 and "Please choose" in answer.text and "\x00" not in answer.text, day
    assert door.overrides == []


def test_it_is_sent_again_by_a_person(outside: TestClient, one: Note, door: FakeDoor) -> None:
    answer = outside.post(f"{one.path}/again", data={"invoice": "0"})
    assert "We send it again" in words_of(answer)
    assert told(door) == [Replied(copy=True)]


def test_what_is_wrong_is_told_in_the_customers_words(outside: TestClient, one: Note, door: FakeDoor) -> None:
    written = "order 4711\r\n\x00 is\u202e <b>missing</b> ✓"
    answer = outside.post(f"{one.path}/wrong", data={"invoice": "0", "words": written})
    assert "Thank you for telling us" in words_of(answer)
    assert told(door) == [DisputeRaised("order 4711 is <b>missing</b> ✓")]
    assert "<b>missing" not in answer.text


def test_something_may_be_wrong_without_a_word(outside: TestClient, one: Note, door: FakeDoor) -> None:
    assert outside.post(f"{one.path}/wrong", data={"invoice": "0"}).status_code == 200
    assert told(door) == [DisputeRaised("something is wrong; it does not say what")]


def test_what_people_are_clearing_up_already_is_not_replaced(outside: TestClient, one: Note, door: FakeDoor) -> None:
    case, now = one.case(), one.office.now
    half = replace(case.invoice.balance, amount=case.invoice.balance.amount / 2)
    one.save(replace(case, disputes=(Dispute(half, "broken in transit", "Ann", one.office.today, now, "Bea", is_whole=False),)))
    outside.post(f"{one.path}/wrong", data={"invoice": "0", "words": "and late"})
    ((_, news, _, why, _),) = door.overrides
    assert isinstance(news, Replied) and "and late" in why


def test_too_many_words_are_given_back_and_a_flood_is_refused(outside: TestClient, one: Note, door: FakeDoor) -> None:
    answer = outside.post(f"{one.path}/wrong", data={"invoice": "0", "words": "w" * (LONGEST_WORDS + 1)})
    assert answer.status_code == 422 and "w" * (LONGEST_WORDS + 1) in answer.text
    assert outside.post(f"{one.path}/wrong", data={"invoice": "0", "words": "w" * LARGEST_BODY}).status_code == 413
    assert outside.post(f"{one.path}/wrong", content="&".join(f"a{n}=1" for n in range(1000)), headers=FORM).status_code == 400
    assert outside.post(f"{one.path}/wrong", content=b"").status_code == 400
    assert outside.post(f"{one.path}/wrong", content=b"\xff\xfe\x00&&==;%ff%00&invoice=%f0", headers=FORM).status_code == 422
    assert door.overrides == []
    assert outside.post(f"{one.path}/wrong", data={"invoice": "0", "words": "w" * LONGEST_WORDS}).status_code == 200


def test_what_an_invoice_cannot_take_by_itself_is_read_by_a_person(outside: TestClient, one: Note, door: FakeDoor) -> None:
    door.answer = Answer(False, "day: words have kept this invoice silent for 89 days; agree on a payment plan instead")
    answer = outside.post(f"{one.path}/scheduled", data={"invoice": "0", "day": str(one.office.today + timedelta(days=9))})
    assert answer.status_code == 200 and "A colleague looks at it" in words_of(answer) and "payment plan" not in answer.text
    _, (_, news, _, why, key) = door.overrides
    assert news == Replied() and "will pay on Fri 13 Mar 2026" in why and key and key.endswith("/read")


def test_of_several_invoices_those_that_are_ticked_are_answered_for(outside: TestClient, two: Note, door: FakeDoor) -> None:
    assert outside.get(two.path).text.count('type="checkbox"') == 6
    assert outside.post(f"{two.path}/again", data={"invoice": ["1", "7", "-1", "x"]}).status_code == 200
    assert [case for case, *_ in door.overrides] == [two.case(1).id]
    assert outside.post(f"{two.path}/again", data={"invoice": ["7"]}).status_code == 422
    assert outside.post(f"{two.path}/wrong", data={"invoice": ["0", "1"], "words": "x"}).status_code == 200
    assert {case for case, *_ in door.overrides[1:]} == {two.case(0).id, two.case(1).id}


def test_each_answer_counts_once_and_after_something_wrong_no_other(alone: TestClient, one: Note, database: Database) -> None:
    day = {"invoice": "0", "day": str(one.office.today + timedelta(days=7))}
    assert alone.post(f"{one.path}/scheduled", data=day).status_code == 200
    again = alone.post(f"{one.path}/scheduled", data=day | {"day": str(one.office.today)})
    assert again.status_code == 410 and "You have told us already" in words_of(again)
    page = alone.get(one.path).text
    assert f"{one.path}/scheduled" not in page and "payment is scheduled" in page and f"{one.path}/again" in page
    assert alone.post(f"{one.path}/again", data=day).status_code == 200
    assert alone.post(f"{one.path}/wrong", data=day | {"words": "no order number"}).status_code == 200
    assert "<form" not in alone.get(one.path).text
    for answer in ANSWERS:
        assert alone.post(f"{one.path}/{answer}", data=day).status_code == 410
    with database.reading() as connection:
        kinds = [kind for (kind,) in connection.execute(sql("select kind from inbox order by received_at, id"))]
        kept = str(connection.execute(sql("select * from inbox")).all())
    assert sorted(kinds) == ["dispute", "promise", "replied"]
    assert one.token not in kept and "no order number" in kept


def test_once_something_is_wrong_nothing_is_scheduled(alone: TestClient, one: Note) -> None:
    assert alone.post(f"{one.path}/wrong", data={"invoice": "0"}).status_code == 200
    assert alone.post(f"{one.path}/scheduled", data={"invoice": "0", "day": str(one.office.today)}).status_code == 410


def test_of_two_answers_at_the_same_moment_one_counts(alone: TestClient, one: Note, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """As both requests read that nothing had been answered yet."""
    monkeypatch.setattr("db.answer_links._given", lambda *_: frozenset())
    for days in (1, 2):
        alone.post(f"{one.path}/scheduled", data={"invoice": "0", "day": str(one.office.today + timedelta(days=days))})
    with database.reading() as connection:
        assert connection.execute(sql("select count(*) from inbox")).scalar_one() == 1


def test_what_is_made_up_leads_nowhere(outside: TestClient, one: Note, door: FakeDoor, database: Database) -> None:
    token = one.token
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    with database.reading() as connection:
        digest = bytes(connection.execute(sql("select token_hash from answer_links")).scalar_one())
    assert len(digest) == 32 and token not in str(state(database))
    made_up = ("x" * 43, token[:-1], token + "A", other, token.swapcase(), digest.hex(), "for-the-reader-only", "%00" * 43, "é" * 43)
    for forged in made_up:
        for answer in (outside.get(f"/answer/{forged}"), *(outside.post(f"/answer/{forged}/{one}", data={"invoice": "0"}) for one in ANSWERS)):
            assert answer.status_code == 404 and "A-1" not in answer.text and "Brightwater" not in answer.text, forged
    assert outside.get(f"/approve/{token}").status_code == 404
    assert door.overrides == []


def test_an_expired_link_says_so_and_takes_nothing(outside: TestClient, one: Note, door: FakeDoor) -> None:
    one.office.now += LIFE
    for answer in (outside.get(one.path), outside.post(f"{one.path}/again", data={"invoice": "0"})):
        assert answer.status_code == 410 and "expired" in answer.text and "A-1" not in answer.text
    assert door.overrides == []


def paid(case: Case) -> Case:
    return replace(case, ended=Outcome.SETTLED, ended_why="paid in full, says Ann")


def voided(case: Case) -> Case:
    return replace(case, ended=Outcome.VOIDED, ended_why="voided in the ledger")


def stopped(case: Case) -> Case:
    return replace(case, ended=Outcome.STOPPED, ended_why="stopped by Ann: hopeless")


def owing_again(case: Case) -> Case:
    return replace(case, round=2)


@pytest.mark.parametrize(
    "meanwhile, said", [(paid, "paid, thank you"), (voided, "nothing to pay"), (stopped, "nothing more is asked"), (owing_again, "the mail is out of date")]
)
def test_what_has_changed_meanwhile_is_said_and_not_answered(
    outside: TestClient, two: Note, door: FakeDoor, meanwhile: Callable[[Case], Case], said: str
) -> None:
    two.save(meanwhile(two.case(0)))
    page = outside.get(two.path)
    assert said in words_of(page) and "Ann" not in page.text and page.text.count('type="hidden"') == 3
    outside.post(f"{two.path}/again", data={"invoice": ["0", "1"]})
    assert [case for case, *_ in door.overrides] == [two.case(1).id]
    two.save(meanwhile(two.case(1)))
    assert "<form" not in outside.get(two.path).text
    assert outside.post(f"{two.path}/wrong", data={"invoice": ["0", "1"]}).status_code == 410
    assert len(door.overrides) == 1


def test_an_invoice_that_fell_out_of_the_message_is_not_shown(outside: TestClient, two: Note, database: Database) -> None:
    gone = two.case(1)
    with database.transaction() as connection:
        connection.execute(schema.outreach_parts.update().where(schema.outreach_parts.c.case_id == gone.id).values(dropped=True))
    page = words_of(outside.get(two.path))
    assert two.case(0).invoice.number in page and gone.invoice.number not in page


def test_an_answer_that_was_lost_on_the_way_can_be_given_again_and_no_log_holds_the_link(
    one: Note, door: FakeDoor, settings: Settings, sellers: tuple[SellerSettings, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> Answer:
        raise OSError("the disk is full")

    app = create_public(door, settings, sellers, lambda: one.office.now)
    with TestClient(app, base_url="http://127.0.0.1:8401", raise_server_exceptions=False) as client:
        with monkeypatch.context() as patch, capture_logs() as logs:
            patch.setattr(door, "override", fail)
            assert client.post(f"{one.path}/again", data={"invoice": "0"}).status_code == 500
        assert logs
        assert one.token not in str(logs)
        assert client.post(f"{one.path}/again", data={"invoice": "0"}).status_code == 200


def test_only_the_public_listener_serves_links(inside: TestClient, one: Note) -> None:
    assert inside.get(one.path).status_code == 404
