"""Every change by hand, by each way in: taken on a real invoice, and the diary says who and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from temporalio.service import RPCError, RPCStatusCode

import playbooks
from activities.assessor import Policy
from cli import dunwell
from db import approvals, audit, cases, inbox, journal, people
from db.cases import Showing
from db.engine import Database
from db.people import Access
from domain.case import Fate, Rung
from domain.event import ApprovalAsked, ChasingStopped, DisputeRaised, Escalated, HoldPlaced, LegalStop, News, PlaybookSwapped, Replied
from integrations.messaging import Unknown
from settings import SellerSettings, Settings
from starter import Door
from support.by_hand import MONDAY, ByHand
from support.rig import SELLER
from web.app import create_private
from workflows import contract
from workflows.contract import Said, case_id, spell

WHO, WHY = "Vera Lind", "on the phone with Ms. Nair"
HASH = "ab" * 32
# Beside these, a signal has no handler of its own and arrives as text.
WITH_HANDLERS = ("report", "paid", "promise", "hold", "release", "stop")
# What nobody may say under a name that is only written down, or what needs more than a word.
NOT_BY_SIGNAL = {"approved", "refused_approval", "reopen", "swap", "agency"}

Prepare = Callable[[ByHand, str], None]


@dataclass(frozen=True)
class Change:
    """One change by hand: how it is said by each way in. ``before`` brings the invoice to where it makes sense."""

    kind: str
    cli: tuple[str, ...]
    api: str
    fields: dict[str, Any]
    signal: dict[str, Any] | None = None
    before: Prepare = lambda hand, invoice: None


def after(*news: News) -> Prepare:
    def prepare(hand: ByHand, invoice: str) -> None:
        for one in news:
            hand.say(invoice, one)
            hand.assess(invoice)

    return prepare


def asked(hand: ByHand, invoice: str) -> None:
    with hand.database.transaction() as connection:
        approvals.keep(connection, case_id(invoice), 1, "credit-hold", HASH, "Credit hold", "the exact text", hand.now)
    after(ApprovalAsked("credit-hold", HASH, hand.day(3), by="Dunwell"))(hand, invoice)


def in_doubt(hand: ByHand, invoice: str) -> None:
    hand.mailer.script = [Unknown("no answer")]
    hand.until(lambda: doubtful(hand, invoice), invoice)


def handed_over(hand: ByHand, invoice: str) -> None:
    with hand.database.transaction() as connection:
        case = cases.load_case(connection, case_id(invoice))
        assert case
        away = case.with_rung(Rung("agency-referral", Fate.DONE, hand.now, "task"))
        cases.save_case(connection, away, Showing("", "handed-over", "", "", None, ""), hand.now)


def doubtful(hand: ByHand, invoice: str) -> str:
    return next((rung.outreach for rung in hand.case(invoice).rungs if rung.fate == "unknown"), "")


def day(later: int) -> str:
    return str(MONDAY.date() + timedelta(days=later))


CHANGES = (
    Change("hold", ("hold", "--until", day(10)), "hold", {"until": day(10)}),
    Change("release", ("release",), "release", {}, before=after(HoldPlaced(by="Tom", why="x"))),
    Change("release", ("release", "--legal"), "release", {"legal": True}, before=after(LegalStop(by="Tom", why="x"))),
    Change("promise", ("promise", "--day", day(5), "--amount", "700"), "promise", {"day": day(5), "amount": "700"}),
    Change("promise", ("promise", "--day", day(40), "--beyond-limits"), "promise", {"day": day(40), "beyond_limits": True}, {"day": day(40), "decided": True}),
    Change("paid", ("paid", "--method", "check"), "paid", {"method": "check"}),
    Change(
        "dispute",
        ("dispute", "--amount", "300", "--about", "two boxes"),
        "dispute",
        {"amount": "300", "about": "two boxes"},
        {"amount": "300", "reason": "two boxes"},
    ),
    Change("dispute_resolved", ("dispute", "--resolved"), "dispute-resolved", {}, before=after(DisputeRaised("x", by="Tom"))),
    Change("legal", ("legal-stop", "--ground", "insolvency"), "legal-stop", {"ground": "insolvency"}),
    Change("please_wait", ("wait", "--until", day(4)), "wait", {"until": day(4)}),
    Change("replied", ("replied",), "replied", {}),
    Change("reply_handled", ("handled",), "handled", {}, before=after(Replied(by="Tom"))),
    Change("spoke", ("spoke",), "spoke", {}),
    Change("spoke", ("spoke", "--not-reached"), "spoke", {"reached": False}),
    Change("skip", ("skip",), "skip", {}),
    Change("escalate", ("escalate", "--step", "first-overdue"), "escalate", {"step": "first-overdue"}),
    Change("approved", ("approve",), "approve", {"step": "credit-hold", "text_hash": HASH}, before=asked),
    Change("refused_approval", ("approve", "--refuse"), "refuse", {"step": "credit-hold", "text_hash": HASH}, before=asked),
    Change("resolved", ("resolve", "--not-sent"), "resolve", {"message": "", "sent": False}, {"outreach": "", "went_out": False}, before=in_doubt),
    Change(
        "discount",
        ("discount", "--percent", "2", "--until", day(10)),
        "discount",
        {"percent": "2", "until": day(10)},
        {"percent": "2", "last_day": day(10)},
    ),
    Change("swap", ("swap", "--to", "standard"), "swap", {"playbook": "standard"}),
    Change(
        "agency",
        ("authorize-agency", "--agency", "Harbor", "--limit", "5000", "--until", day(90)),
        "authorize-agency",
        {"agency": "Harbor", "limit": "5000", "until": day(90)},
    ),
    Change("given_back", ("given-back",), "given-back", {}, before=handed_over),
    Change("paid_outside", ("paid-outside",), "paid-outside", {}),
    Change("write_off", ("write-off",), "write-off", {}),
    Change("stop", ("stop",), "stop", {}),
    Change("reopen", ("reopen",), "reopen", {}, before=after(ChasingStopped(by="Tom", why="x"))),
)


class Away:
    """A Temporal that is not there: what is said waits in the inbox, and the next look hears it."""

    def get_workflow_handle_for(self, *_: Any) -> Away:
        return self

    async def execute_update(self, *_: Any, **__: Any) -> None:
        raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")

    async def start_workflow(self, *_: Any, **__: Any) -> None:
        raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")


@pytest.fixture
def hand(database: Database) -> ByHand:
    playbook = playbooks.load("issue-to-payment")
    return ByHand(database, policy=Policy(playbook, playbooks.resolve(playbook)))


@pytest.fixture
def token(database: Database) -> str:
    with database.transaction() as connection:
        return people.issue_token(connection, WHO, Access.AGENT, datetime.now(UTC))


def prepared(hand: ByHand, number: int, change: Change) -> str:
    """An invoice of a customer of its own, ten days before its due day, where the change makes sense."""
    hand.now = MONDAY
    invoice = hand.add(f"INV-{number}", late=-10, customer=f"C-{number}")
    hand.assess(invoice)
    change.before(hand, invoice)
    return invoice


def heard(hand: ByHand, invoice: str, change: Change) -> None:
    """The next look takes it, and the diary says who and why."""
    hand.assess(invoice)
    with hand.database.reading() as connection:
        entries = [entry for entry in journal.read(connection, case_id(invoice)) if entry.by.removesuffix(" (Temporal UI)") == WHO]
    assert len(entries) == 1, f"{change.cli}: {hand.diary(invoice)}"
    assert WHY in entries[0].what, f"{change.cli}: the diary does not say why: {entries[0].what}"


def named(fields: dict[str, Any], hand: ByHand, invoice: str) -> dict[str, Any]:
    """The fields, with the message in doubt where one is asked for."""
    return {name: value or doubtful(hand, invoice) if name in ("message", "outreach") else value for name, value in fields.items()}


def all_are_whole(database: Database) -> None:
    with audit.holding_still(database) as connection:
        assert list(audit.check(connection)) == []


def test_the_list_is_complete() -> None:
    by_signal = {change.kind for change in CHANGES} - NOT_BY_SIGNAL
    assert by_signal == set(contract.OVERRIDES)
    assert {*WITH_HANDLERS} - {"report"} <= by_signal


def run_commands(database_url: str, folder: Path, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on ``dunwell`` works on this database, with Temporal away."""

    async def away(*_: Any, **__: Any) -> Away:
        return Away()

    monkeypatch.setattr("starter.connect_temporal", away)
    (folder / "sellers.yaml").write_text(
        f"sellers:\n  - {{id: {SELLER.id}, name: B, legal_name: B Ltd, sender_name: Ann Lee, sender_email: a@b.example, ledger: csv, country: DE, "
        "time_zone: Europe/Berlin}\n"
    )
    for name, value in {"DATA_FOLDER": str(folder), "DATABASE_URL": database_url, "TOKEN": token}.items():
        monkeypatch.setenv(f"DUNWELL_{name}", value)


def test_another_playbook_means_the_same_by_command_and_by_api(
    database: Database, token: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weeks = playbooks.load("b2b-three-weeks")
    hand = ByHand(database, policy=Policy(weeks, playbooks.resolve(weeks)))
    both = [hand.add(f"INV-{number}", late=2, customer=f"C-{number}") for number in (1, 2)]
    for invoice in both:
        hand.now = MONDAY
        hand.until(lambda invoice=invoice: list(hand.fates(invoice)) == ["account-summary", "balance-reminder"], invoice)  # type: ignore[misc]
    run_commands(database_url, tmp_path, token, monkeypatch)
    result = CliRunner().invoke(dunwell, ["case", "swap", "INV-1", "--to", "owner-voice", "--reason", WHY])
    assert result.exit_code == 0, result.output
    door: Any = Door(database, Away(), hand.ledgers)  # type: ignore[arg-type]
    app = create_private(door, Settings(data_folder=tmp_path), (SellerSettings(SELLER),), lambda: hand.now)
    with TestClient(app, base_url="http://127.0.0.1:8400") as client:
        headers = {"Authorization": f"Bearer {token}"}
        assert client.post("/api/invoices/INV-2/swap", json={"playbook": "owner-voice", "why": WHY}, headers=headers).status_code == 202
    with database.reading() as connection:
        words = [inbox.load_word(connection, word) for (word,) in hand.rows("select id from inbox where kind = 'swap'")]
    one, two = (word.news for word in words if word)
    assert one == two and isinstance(one, PlaybookSwapped) and "vip-note" not in one.done, "what is not for this customer was heard by nobody"


def test_by_the_command_line(hand: ByHand, token: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_commands(database_url, tmp_path, token, monkeypatch)
    for number, change in enumerate(CHANGES):
        invoice = prepared(hand, number, change)
        words = ["case", change.cli[0], f"INV-{number}", *change.cli[1:], "--reason", WHY]
        refused = CliRunner().invoke(dunwell, [*words[:-1], " "])
        assert refused.exit_code == 2 and "--reason" in refused.output, f"{words} without a reason: {refused.output}"
        result = CliRunner().invoke(dunwell, words)
        assert result.exit_code == 0, f"{words}: {result.output} {result.exception!r}"
        heard(hand, invoice, change)
    all_are_whole(hand.database)


def test_by_the_api(hand: ByHand, token: str, tmp_path: Path) -> None:
    door: Any = Door(hand.database, Away(), hand.ledgers)  # type: ignore[arg-type]
    app = create_private(door, Settings(data_folder=tmp_path), (SellerSettings(SELLER),), lambda: hand.now)
    with TestClient(app, base_url="http://127.0.0.1:8400") as client:
        for number, change in enumerate(CHANGES):
            invoice = prepared(hand, number, change)
            url, headers = f"/api/invoices/INV-{number}/{change.api}", {"Authorization": f"Bearer {token}"}
            body = named(change.fields, hand, invoice)
            assert client.post(url, json=body | {"why": WHY}).status_code == 401
            for wrong, field in (({}, "why"), ({"why": " "}, "why"), ({"why": WHY, "by": "The Owner"}, "by")):
                answer = client.post(url, json=body | wrong, headers=headers)
                assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, field), url
            answer = client.post(url, json=body | {"why": WHY}, headers=headers)
            assert answer.status_code == 202, f"{url}: {answer.text}"
            heard(hand, invoice, change)
            assert client.get(f"/api/invoices/INV-{number}", headers=headers).status_code == 200
    all_are_whole(hand.database)


def test_by_plain_signal(hand: ByHand) -> None:
    for number, change in enumerate(change for change in CHANGES if change.kind not in NOT_BY_SIGNAL):
        invoice = prepared(hand, number, change)
        fields = named(change.fields if change.signal is None else change.signal, hand, invoice) | {"by": WHO, "why": WHY}
        word = fields if change.kind in WITH_HANDLERS else json.dumps(fields)
        hand.assess(invoice, Said("run/1", change.kind, spell([word])))
        heard(hand, invoice, change)
    all_are_whole(hand.database)


def test_an_escalation_to_a_severe_step_needs_its_notice_and_waits_for_its_days(hand: ByHand) -> None:
    hand.now = MONDAY
    invoice = hand.add("INV-1", late=5)
    wanted = Escalated("credit-hold", by=WHO, why=WHY)
    after(wanted)(hand, invoice)
    assert WHY not in hand.diary(invoice) and "credit-hold" not in hand.fates(invoice)
    assert hand.rows("select reply from inbox where kind = 'escalate'")[0][0].endswith("escalate to a step ahead of it first")
    hand.until(lambda: "delivered" in hand.fates(invoice).values(), invoice)
    told = hand.now
    after(wanted)(hand, invoice)
    assert f"straight to the credit hold, says {WHO}: {WHY}" in hand.diary(invoice)
    hand.until(lambda: hand.case(invoice).approval("credit-hold"), invoice)
    assert hand.now >= told + timedelta(days=7) and "credit-hold" not in hand.fates(invoice)


def test_a_report_has_the_ledger_read_and_changes_nothing_else(hand: ByHand) -> None:
    invoice = prepared(hand, 0, CHANGES[0])
    before = hand.case(invoice)
    hand.ledger.change("INV-0", balance=Decimal("1100.00"))
    hand.assess(invoice, Said("run/1", "report", "[]"))
    assert "1,100.00 EUR left" in hand.diary(invoice)
    assert (hand.case(invoice).holds, hand.case(invoice).ended) == (before.holds, before.ended)


@pytest.mark.parametrize("kind", sorted(NOT_BY_SIGNAL))
def test_what_needs_a_person_who_is_known_is_not_taken_from_a_signal(hand: ByHand, kind: str) -> None:
    change = next(change for change in CHANGES if change.kind == kind)
    invoice = prepared(hand, 0, change)
    before = hand.case(invoice)
    said = json.dumps(change.fields | {"by": WHO, "why": WHY})
    hand.assess(invoice, Said("run/1", kind, spell([said])), Said("run/2", "override", spell([json.loads(said) | {"kind": kind}])))
    after_it = hand.case(invoice)
    assert (after_it.approvals, after_it.playbook, after_it.ended, after_it.agency) == (before.approvals, before.playbook, before.ended, before.agency)
