"""The link by which one person answers one question: opened by anybody it changes nothing, and it takes one answer, once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text as sql
from structlog.testing import capture_logs

from db import approvals, cases, people
from db.cases import Showing
from db.engine import Database
from domain.case import Approval, ApprovalStanding, Case, Outcome
from domain.event import ApprovalGiven, ApprovalRefused
from domain.person import Access, Person
from settings import SellerSettings, Settings
from starter import Answer
from support.office import FakeDoor, Office
from web.app import create_public

WORDS = "Dear Bea,\n\nunless the money comes, <b>new orders</b> wait.\n"
HASH = "a" * 64


@dataclass
class Asked:
    """A question that is open: for the first reminder of an invoice, until the end of three days."""

    office: Office
    invoice: str

    @property
    def case(self) -> Case:
        with self.office.database.transaction() as connection:
            found = cases.load_case(connection, f"invoice/{self.invoice}")
        assert found
        return found

    def save(self, case: Case) -> None:
        showing = Showing("reminder", "approval", "it waits for approval", "Ann", None, "")
        with self.office.database.transaction() as connection:
            cases.save_case(connection, replace(case, seq=case.seq + 1), showing, self.office.now)

    def link(self, name: str = "Ann", **fields: Any) -> str:
        """What stands in a new link for this person."""
        now, case = self.office.now, self.case
        with self.office.database.transaction() as connection:
            if people.find(connection, name) is None:
                people.add(connection, Person("", name, Access.VIEWER, f"{name.lower()}@ours.example"), now)
            person = people.find(connection, name)
            assert person
            words = {"step": "first-reminder", "text_hash": HASH, "subject": "Before orders wait", "text": WORDS} | fields
            kept = approvals.keep(connection, case.id, case.round, now=now, channel="email", recipient="Bea Nair", **words)
            return approvals.make_link(connection, kept, person.id, now + timedelta(days=3))


@pytest.fixture
def asked(office: Office) -> Asked:
    made = Asked(office, office.invoice("A-1", office.customer()))
    made.save(replace(made.case, approvals=(Approval("first-reminder", HASH, 1, office.now, office.now + timedelta(days=3)),)))
    return made


def state(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    tables = ("approval_links", "approvals", "inbox", "cases", "people", "tasks", "journal")
    with database.reading() as connection:
        return {table: sorted((tuple(map(str, row)) for row in connection.execute(sql(f"select * from {table}"))), key=str) for table in tables}


def test_the_page_shows_what_would_be_said_to_whom_and_why(outside: TestClient, asked: Asked) -> None:
    answer = outside.get(f"/approve/{asked.link()}")
    assert answer.status_code == 200
    page = " ".join(answer.text.split())
    for said in ("Before orders wait", "unless the money comes", "Bea Nair", "A-1", "1,200.00 EUR", "Ann", "watching begins", "5 days late"):
        assert said in page, said
    assert "&lt;b&gt;new orders&lt;/b&gt;" in page and "<b>new" not in page
    assert "@" not in re.sub(r"<[^>]*>", "", page), "names, and no addresses"
    assert outside.get("/approve/page.css").status_code == 200


def test_no_cache_no_referrer_no_frame_and_no_script_gets_at_it(outside: TestClient, asked: Asked) -> None:
    for path in (f"/approve/{asked.link()}", "/approve/" + "x" * 43):
        headers = outside.get(path).headers
        assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer" and headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"] and "script" not in headers["Content-Security-Policy"]
        assert "noindex" in headers["X-Robots-Tag"]


def test_opening_it_changes_nothing_however_it_is_opened(outside: TestClient, asked: Asked, door: FakeDoor, database: Database) -> None:
    """Mail scanners open, look ahead and look at the headers only; browsers fetch pages before anybody has clicked."""
    token = asked.link()
    before = state(database)
    for _ in range(3):
        outside.get(f"/approve/{token}")
        outside.get(f"/approve/{token}", headers={"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender"})
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"):
        for path in ("", "/agree", "/refuse"):
            outside.request(method, f"/approve/{token}{path}")
    for path in ("agree", "refuse"):
        assert outside.get(f"/approve/{token}/{path}").status_code in (404, 405)
    assert outside.post(f"/approve/{token}").status_code == 405
    assert state(database) == before and door.overrides == []
    assert outside.post(f"/approve/{token}/agree").status_code == 200, "and it still works"


@pytest.mark.parametrize("word, kind", [("agree", ApprovalGiven), ("refuse", ApprovalRefused)])
def test_its_button_answers_in_the_name_of_whoever_it_was_made_for(outside: TestClient, asked: Asked, door: FakeDoor, word: str, kind: type) -> None:
    token = asked.link()
    door.answer = Answer(True, "the first reminder was decided")
    answer = outside.post(f"/approve/{token}/{word}", data={"by": "Mallory", "person": "Mallory", "text_hash": "b" * 64})
    assert answer.status_code == 200 and "Thank you, Ann" in answer.text and "the first reminder was decided" in answer.text
    ((case, news, by, _, key),) = door.overrides
    assert (case, by, type(news), news.step, news.text_hash) == (asked.case.id, "Ann", kind, "first-reminder", HASH)
    assert key and token not in key


def test_it_takes_one_answer_once(outside: TestClient, asked: Asked, door: FakeDoor) -> None:
    token = asked.link()
    assert outside.post(f"/approve/{token}/agree").status_code == 200
    for again in ("agree", "refuse", "agree"):
        answer = outside.post(f"/approve/{token}/{again}")
        assert answer.status_code == 410 and "answered already" in answer.text
    assert outside.get(f"/approve/{token}").status_code == 410
    assert len(door.overrides) == 1


def test_of_two_answers_at_the_same_moment_one_counts(asked: Asked, database: Database) -> None:
    token = asked.link()
    with database.reading() as connection:
        link = approvals.find_link(connection, token)
    assert link
    with database.transaction() as connection:
        assert approvals.use_link(connection, link.id, "approve", asked.office.now)
        assert not approvals.use_link(connection, link.id, "refuse", asked.office.now)


def test_what_is_made_up_leads_nowhere(outside: TestClient, asked: Asked, door: FakeDoor) -> None:
    token = asked.link()
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    for one in ("x" * 43, token[:-1], token + "A", other, token.swapcase(), "page.css.bak", "%00" * 43, "..%2f..%2fetc", "é" * 43):
        for answer in (outside.get(f"/approve/{one}"), outside.post(f"/approve/{one}/agree"), outside.post(f"/approve/{one}/refuse")):
            assert answer.status_code == 404 and "A-1" not in answer.text, one
    assert door.overrides == []


def test_the_hash_in_the_database_opens_nothing(outside: TestClient, asked: Asked, database: Database) -> None:
    token = asked.link()
    assert token not in str(state(database))
    with database.reading() as connection:
        digest = bytes(connection.execute(sql("select token_hash from approval_links")).scalar_one())
    assert len(digest) == 32 and outside.get(f"/approve/{digest.hex()}").status_code == 404


def test_a_link_answers_for_its_own_person_and_question_only(outside: TestClient, asked: Asked, door: FakeDoor) -> None:
    ann, bob = asked.link("Ann"), asked.link("Bob")
    outside.post(f"/approve/{bob}/agree")
    assert [by for _, _, by, _, _ in door.overrides] == ["Bob"]
    assert outside.get(f"/approve/{ann}").status_code == 200, "Ann has not answered"
    other = asked.link("Ann", step="second-reminder")
    assert outside.get(f"/approve/{other}").status_code == 410, "that step is not asked about"


def expired(asked: Asked) -> None:
    asked.office.now += timedelta(days=3)


def changed(asked: Asked) -> None:
    asked.save(replace(asked.case, approvals=(replace(asked.case.approvals[0], text_hash="b" * 64),)))


def new_round(asked: Asked) -> None:
    asked.save(replace(asked.case, round=2))


def decided(asked: Asked) -> None:
    asked.save(replace(asked.case, approvals=(replace(asked.case.approvals[0], standing=ApprovalStanding.GIVEN, given_by=("Bob",)),)))


def ended(asked: Asked) -> None:
    asked.save(replace(asked.case, ended=Outcome.SETTLED, ended_why="paid in full"))


@pytest.mark.parametrize(
    "happens, said",
    [(expired, "has expired"), (changed, "text has changed"), (new_round, "text has changed"), (decided, "decided already"), (ended, "paid in full")],
)
def test_what_no_longer_counts_says_so_and_does_nothing(outside: TestClient, asked: Asked, door: FakeDoor, happens: Callable[[Asked], None], said: str) -> None:
    token = asked.link()
    happens(asked)
    for answer in (outside.get(f"/approve/{token}"), outside.post(f"/approve/{token}/agree"), outside.post(f"/approve/{token}/refuse")):
        assert answer.status_code == 410 and said in answer.text
        assert "unless the money comes" not in answer.text
    assert door.overrides == []


def test_an_answer_that_is_not_taken_says_why(outside: TestClient, asked: Asked, door: FakeDoor) -> None:
    door.answer = Answer(False, "Ann may not decide about the first reminder; Bob may")
    answer = outside.post(f"/approve/{asked.link()}/agree")
    assert answer.status_code == 409 and "Ann may not decide" in answer.text


def test_what_could_not_be_passed_on_can_be_answered_again_and_no_log_holds_the_link(
    asked: Asked, door: FakeDoor, settings: Settings, sellers: tuple[SellerSettings, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = asked.link()

    async def fail(*_: Any, **__: Any) -> Answer:
        raise OSError("the disk is full")

    app = create_public(door, settings, sellers, lambda: asked.office.now)
    with TestClient(app, base_url="http://127.0.0.1:8401", raise_server_exceptions=False) as client:
        with monkeypatch.context() as patch, capture_logs() as logs:
            patch.setattr(door, "override", fail)
            assert client.post(f"/approve/{token}/agree").status_code == 500
        assert logs and token not in str(logs)
        assert client.post(f"/approve/{token}/agree").status_code == 200


def test_only_the_public_listener_serves_links(inside: TestClient, asked: Asked) -> None:
    assert inside.get(f"/approve/{asked.link()}").status_code == 404
