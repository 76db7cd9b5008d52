"""Whatever is said becomes news: what is meant, a silence where somebody wanted silence, or a task."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio import workflow

import playbooks
from activities import words
from db.engine import Database
from domain.decision import assess
from domain.event import ChasingStopped, HoldPlaced, InvoiceChanged, News, PromiseMade, WordUnreadable, WrittenOff
from support.by_hand import ByHand
from support.worlds import MONDAY, a_case, facts
from workflows.contract import MOST_AT_ONCE, Said, case_id, find_fault, spell
from workflows.listening import Listening

NAMES = st.sampled_from(["report", "override", "cancel", "hold", "release", "promise", "skip", "stop", "paid", "resolved", "no such word", ""]) | st.text()
ODD_DAYS = st.sampled_from(["0000-00-00", "0001-01-01", "9999-12-31", "tomorrow", -1, 10**18, 1e300, True, [], None])
ODD_AMOUNTS = st.sampled_from(["NaN", "Infinity", "1e400", "1e999999999", "1e-999999999", "-5", "0", 10**14, -1, 0.3, {}, None])
FIELDS = {
    "until": ODD_DAYS,
    "day": ODD_DAYS | st.just("2026-03-09"),
    "amount": ODD_AMOUNTS,
    "inbox": st.text(),
    "by": st.text(),
    "why": st.text(),
    "step": st.text(),
}
ANYTHING = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(NAMES, st.lists(st.fixed_dictionaries({}, optional=FIELDS) | ANYTHING, max_size=3) | ANYTHING)
def test_whatever_is_said_is_heard_and_answered(name: str, said: object) -> None:
    word = Said("run/1", name, spell(said if isinstance(said, list) else [said]))
    news = words.read(word)
    assert words.own_id(word) == words.own_id(replace(word))
    assert len(words.inbox_row(word)) <= 64
    find_fault(said if isinstance(said, list) else [said])
    heard = assess(a_case(date(2026, 3, 20)), None, (news, HoldPlaced(by="Ann", why="after it")), facts(), MONDAY)
    assert heard.replies[0].said
    assert len(heard.replies[0].said) < 10_000
    assert heard.replies[1].taken or isinstance(news, ChasingStopped)


def test_an_amount_of_a_billion_digits_is_refused_without_writing_it_out() -> None:
    news = words.read(Said("run/1", "promise", '[{"day": "2026-03-09", "amount": "1e999999999"}]'))
    assert news == PromiseMade(date(2026, 3, 9), Decimal("1e999999999"), by="Temporal UI")
    heard = assess(a_case(date(2026, 3, 20)), None, (news,), facts(), MONDAY)
    assert heard.replies[0].said == "amount: amount 1e+999999999 is larger than any invoice Dunwell accepts (15 digits)"


def test_a_word_that_nobody_foresaw_is_a_task_and_the_words_after_it_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*words: object) -> object:
        raise OverflowError("date value out of range")

    monkeypatch.setattr("domain.fold._promise", stumble)
    said: tuple[News, ...] = (PromiseMade(date(2026, 3, 9), by="Ann"), HoldPlaced(by="Ann", why="after it"))
    heard = assess(a_case(date(2026, 3, 20)), None, said, facts(), MONDAY)
    assert [reply.taken for reply in heard.replies] == [False, True]
    assert "OverflowError: date value out of range" in heard.tasks[0].remedy


@pytest.mark.parametrize("row", ["a\x00b", "\ud800", "../x", "x" * 65, "", 7, None, ["word_1"]])
def test_only_what_can_be_an_id_of_ours_is_looked_up(row: object) -> None:
    assert words.inbox_row(Said("run/1", "override", json.dumps([{"inbox": row}]))) == ""


def test_an_inbox_row_is_named_by_a_report_or_an_override_and_nothing_else() -> None:
    said = json.dumps([{"inbox": "word_1"}])
    assert [words.inbox_row(Said("run/1", name, said)) for name in ("report", "override", "hold", "paid")] == ["word_1", "word_1", "", ""]
    assert isinstance(words.read(Said("run/1", "hold", said)), HoldPlaced)
    assert isinstance(words.read(Said("run/1", "paid", said)), WordUnreadable)


def test_the_same_number_with_other_words_is_another_word() -> None:
    """After a reset that leaves a word out, the next one has its number."""
    first, second = Said("run/3", "release", "[]"), Said("run/3", "hold", "[]")
    assert words.own_id(first) != words.own_id(second)
    assert words.own_id(first).startswith("run/3/")


def test_a_signal_that_was_understood_and_not_done_is_a_task(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", late=-20)
    far, near = (json.dumps([{"until": str(hand.day(days))}]) for days in (400, 20))
    hand.assess(invoice, Said("run/1", "hold", far), Said("run/2", "release", "[]"), Said("run/3", "override", '[{"kind": "hold"}]'))
    assert hand.tasks() == [f"undone/{case_id(invoice)}/hold"]
    hand.assess(invoice, Said("run/4", "hold", near))
    assert len(hand.case(invoice).holds) == 1


@pytest.mark.parametrize("name", ["hold", "please_wait"])
def test_a_silence_that_is_asked_for_in_vain_is_a_task_whatever_it_is_called(database: Database, name: str) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", late=-20)
    hand.assess(invoice, Said("run/1", name, json.dumps([{"until": str(hand.day(400))}])), Said("run/2", "dispute_resolved", "[]"))
    assert hand.tasks() == [f"undone/{case_id(invoice)}/{name}"]
    ((remedy,),) = hand.rows("select remedy from tasks")
    assert remedy.startswith("until: ")


def test_however_many_words_wait_they_go_out_in_messages_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "info", lambda: SimpleNamespace(first_execution_run_id="run"))
    monkeypatch.setattr(workflow, "cancellation_reason", lambda: None)
    ears, heard, noted = Listening(3), [], []
    for number in range(120):
        ears.hear(f"word {number}", ("\\" * 20_000,))
    assert sum(len(json.dumps(word.words)) for word in ears.next_unread()) < 1_000_000
    while ears.has_unnoted():
        said, ears.noted = ears.next_unnoted()
        assert 0 < len(said) <= MOST_AT_ONCE
        noted += said
    assert noted == ears.unread
    while ears.has_unread():
        said = ears.next_unread()
        heard += said
        del ears.unread[: len(said)]
        ears.hear("one more", ()) if len(heard) == MOST_AT_ONCE else None
    assert [word.name for word in heard] == [*(f"word {number}" for number in range(120)), "one more"]
    assert ears.has_unnoted() is False


def test_a_report_is_a_hint_whatever_comes_with_it() -> None:
    assert words.read(Said("run/1", "report", "{")) == InvoiceChanged(by="Temporal UI")


@pytest.mark.parametrize(
    ("name", "said", "where"),
    [
        ("swap", {"playbook": "standard"}, "dunwell case swap"),
        ("set_contact", {"email": "mara@customer.example"}, "dunwell contact set"),
        ("contact", {"role": "billing"}, "dunwell contact set"),
        ("reopen", {}, "dunwell case reopen"),
        ("agency", {"name": "Inkasso"}, "dunwell case authorize-agency"),
        ("override", {"kind": "swap", "by": "Ann", "why": "x"}, "dunwell case swap"),
    ],
)
def test_what_is_not_taken_in_the_temporal_ui_is_a_task_that_says_where_it_is(name: str, said: dict[str, str], where: str) -> None:
    news = words.read(Said("run/1", name, spell([said])))
    assert isinstance(news, WordUnreadable) and where in news.why
    assert "customer.example" not in news.text, "an address of a person is not handed on"
    (task,) = assess(a_case(date(2026, 3, 20)), None, (news,), facts(), MONDAY).tasks
    assert where in task.remedy


def test_a_name_typed_in_the_temporal_ui_writes_nothing_off_where_an_approver_must() -> None:
    strict = facts(playbook=playbooks.load("issue-to-payment"), approvers=("Ann",))
    for name in ("Ann", "", "Tom"):
        news = words.read(Said("run/1", "write_off", spell([{"by": name}])))
        heard = assess(a_case(date(2026, 1, 5)), None, (news,), strict, MONDAY)
        assert not heard.replies[0].taken and "Ann may" in heard.replies[0].said and heard.case.ended is None
    assert assess(a_case(date(2026, 1, 5)), None, (WrittenOff(by="Ann", why="x"),), strict, MONDAY).case.ended is not None
    assert not assess(a_case(date(2026, 1, 5)), None, (WrittenOff(by="Tom", why="x"),), strict, MONDAY).replies[0].taken
    nobody_asked = assess(a_case(date(2026, 1, 5)), None, (words.read(Said("run/1", "write_off", "[{}]")),), facts(), MONDAY)
    assert nobody_asked.replies[0].taken
