"""An old backup put back repeats nothing: not one message, judged by the log of the provider who took them.

Each trial lives for some weeks, makes a backup shortly before something is due, goes on sending for a while, and is put
back. The runs are as workflows are: they remember their cases, and wake when they said they would.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from activities import forgotten
from activities.outreach import Site
from activities.upkeep import compare_at_start, keep_schedules
from db import installation, journal
from db.engine import Database
from domain.calendar import local_day
from domain.case import Fate
from examples.append_log import read_log
from support.restoring import Living, Rows, a_business, copy, write
from support.rig import Rig, real_server, rig, virtual_server
from workflows.contract import case_id

SOAK = bool(os.environ.get("DUNWELL_SOAK"))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Loss:
    """A business that has lost ``since`` some moment: the database then, and what the provider took meanwhile."""

    hand: Living
    rows: Rows
    since: datetime
    mark: str
    lost: int

    def put_back(self, *, fenced: bool, runs_live: bool) -> None:
        self.hand.put_back(self.rows, fenced=self.since if fenced else None, runs_live=runs_live)

    def nudge_it_for_a_day(self) -> int:
        """How many messages left in a day in which every run was woken again and again."""
        before = len(self.hand.judge.log)
        for _ in range(3):
            self.hand.look_again()
            self.hand.live_until(self.hand.now + 8 * HOUR)
        return len(self.hand.judge.log) - before

    def go_on(self) -> int:
        """How many messages leave in the following days."""
        before = len(self.hand.judge.log)
        self.hand.live_until(self.hand.now + 10 * DAY)
        return len(self.hand.judge.log) - before


def lose(database: Database, random: Random, gap: timedelta) -> Loss:
    """Live, copy the database shortly before something is due, and live on for ``gap``; now and then an invoice comes in."""
    hand = a_business(database, random)
    hand.live_until(min(hand.wakes.values()) - timedelta(minutes=random.randint(1, 50)))
    rows, since, before = copy(database), hand.now, len(hand.judge.log)
    if random.random() < 0.5:
        hand.open("INV-NEW", random.randint(3, 20), "C-0")
    hand.live_until(hand.now + gap)
    with database.reading() as connection:
        mark = journal.last_mark(connection)
    return Loss(hand, rows, since, mark, len(hand.judge.log) - before)


def trials(gap: timedelta, database: Database, many: int = 13) -> list[Random]:
    """A dozen over all tests of a kind, and fifty on each database when there is time."""
    few = 2 if database.is_sqlite else 1
    return [Random(f"{gap} {number}") for number in range(many if SOAK else few)]


@pytest.mark.soak
@pytest.mark.parametrize("runs_live", [True, False], ids=["with live runs", "with runs begun anew"])
@pytest.mark.parametrize("gap", [HOUR, DAY], ids=["an hour ago", "a day ago"])
def test_a_restored_copy_sends_nothing_until_it_was_compared_and_then_repeats_nothing(database: Database, gap: timedelta, runs_live: bool) -> None:
    lost = sent = 0
    for random in trials(gap, database):
        loss = lose(database, random, gap)
        hand = loss.hand
        lost += loss.lost
        loss.put_back(fenced=True, runs_live=runs_live)
        assert loss.nudge_it_for_a_day() == 0, "something left from a copy that nobody has compared"
        compared = hand.reconciler.compare(hand.now)
        assert compared is not None
        assert (compared.problem, compared.unmatched, compared.uncertain) == ("", (), ())
        again = hand.reconciler.compare(hand.now)
        assert again is not None and again.learned == (), "the same comparison twice found something new"
        hand.unfence()
        sent += loss.go_on()
        assert hand.twice() == []
        no_customer_heard_twice_a_day(hand)
        write(database, {})
    assert lost > 0, "nothing was sent in the time that was lost: these trials prove nothing"
    assert sent > 0, "they have fallen silent for good"


def test_without_fence_and_comparison_the_same_trials_repeat_messages(database: Database) -> None:
    repeated = 0
    for random in trials(HOUR, database, 5):
        loss = lose(database, random, HOUR)
        loss.put_back(fenced=False, runs_live=False)
        loss.go_on()
        repeated += len(loss.hand.twice())
        write(database, {})
    assert repeated > 0, "the trials above could not have failed"


@pytest.mark.soak
@pytest.mark.parametrize("gap", [HOUR, DAY], ids=["an hour ago", "a day ago"])
def test_a_database_put_back_by_other_tools_is_noticed_by_the_next_round_of_upkeep_and_repeats_nothing(database: Database, gap: timedelta) -> None:
    for random in trials(gap, database):
        loss = lose(database, random, gap)
        hand = loss.hand
        loss.put_back(fenced=False, runs_live=True)
        assert not hand.is_fenced()
        with database.transaction() as connection:
            assert forgotten.compare(connection, loss.mark, "Ann", hand.now)
        fence = load(database).fence
        assert fence is not None and fence.known_until <= loss.since, "what was sent after the backup would not be looked for"
        assert loss.nudge_it_for_a_day() == 0
        assert hand.reconciler.compare(hand.now) is not None
        hand.unfence()
        with database.transaction() as connection:
            assert forgotten.compare(connection, loss.mark, "Ann", hand.now), "the mark came back by itself"
        assert not hand.is_fenced(), "what has been accounted for raises no second fence"
        loss.go_on()
        assert hand.twice() == []
        write(database, {})


def test_a_run_that_remembers_more_than_the_database_makes_everything_silent_and_tells_what_it_knows(database: Database) -> None:
    hand = Living(database)
    first, second = hand.open("INV-1", 20, "C-1"), hand.open("INV-2", -20, "C-2")
    before, since = copy(database), hand.now
    hand.live_until(hand.now + HOUR)
    (sent,) = hand.judge.log
    hand.judge.mute = True
    hand.put_back(before, fenced=None, runs_live=True)
    hand.wake(first)
    fence = load(database).fence
    assert fence is not None and (fence.why, fence.known_until <= since) == (installation.PUT_BACK, True)
    assert hand.tasks() == ["fence"]
    assert hand.fates(first) == {"second-reminder": "delivered"}, "what the run remembers is not repeated, whatever a log can tell"
    assert hand.states() == ["delivered"]
    assert "remembered by its running watch" in hand.diary(first)
    hand.wake(second)
    assert not hand.fates(second)
    hand.unfence()
    hand.live_until(hand.now + timedelta(days=5))
    assert [one.subject for one in hand.judge.log].count(sent.subject) == 1
    assert hand.twice() == []


def test_a_run_heard_only_after_the_fence_was_lifted_is_heard_all_the_same_and_raises_no_second_fence(database: Database) -> None:
    hand = Living(database)
    invoice = hand.open("INV-1", 20, "C-1")
    before = copy(database)
    hand.live_until(hand.now + HOUR)
    hand.put_back(before, fenced=hand.now - HOUR, runs_live=True)
    with database.transaction() as connection:
        installation.lift_fence(connection, "too early", "Ann", hand.now)
    hand.live_until(hand.now + DAY)
    hand.wake(invoice)
    assert not hand.is_fenced()
    assert hand.twice() == []
    assert hand.fates(invoice)["second-reminder"] == "delivered"


def test_a_message_that_was_on_its_way_when_the_backup_was_made_is_found_by_the_log_and_not_repeated(database: Database) -> None:
    hand = Living(database)
    invoice = hand.open("INV-1", 20, "C-1")
    kept: list[Rows] = []
    act = hand.due(invoice)
    hand.on = {Site.SENDING: lambda: kept.append(copy(database))}
    hand.deliver(invoice, act)
    hand.on = {}
    hand.put_back(kept[0], fenced=hand.now, runs_live=False)
    hand.live_until(hand.now + timedelta(hours=2))
    assert hand.states() == ["unknown"]
    assert hand.tasks() == ["fence", f"outreach/{hand.judge.log[0].key}"]
    compared = hand.reconciler.compare(hand.now)
    assert compared is not None and len(compared.learned) == 1
    assert (hand.states(), hand.tasks()) == (["accepted"], ["fence"])
    hand.unfence()
    hand.live_until(hand.now + timedelta(days=10))
    assert hand.twice() == []


def test_what_no_log_can_tell_is_passed_over_with_one_task_and_the_gap_is_kept(database: Database) -> None:
    hand = Living(database)
    invoices = [hand.open("INV-1", 20, "C-1"), hand.open("INV-2", 24, "C-1"), hand.open("INV-3", -30, "C-2")]
    before, since = copy(database), hand.now
    hand.live_until(hand.now + HOUR)
    assert len(hand.judge.log) == 1
    hand.judge.mute = True
    hand.put_back(before, fenced=since, runs_live=False)
    hand.live_until(hand.now + timedelta(minutes=1))
    compared = hand.reconciler.compare(hand.now)
    assert compared is not None and compared.problem == "it was not bought"
    assert [(one.number, one.step) for one in compared.uncertain] == [("INV-1", "second-reminder"), ("INV-2", "second-reminder")]
    assert [one.number for one in hand.reconciler.presume_sent(hand.now)] == ["INV-1", "INV-2"]
    assert hand.reconciler.presume_sent(hand.now) == (), "a second time there is nothing left to presume"
    assert [key.partition("/")[0] for key in hand.tasks()] == ["fence", "presumed"]
    assert hand.states() == ["presumed"]
    hand.unfence()
    hand.live_until(hand.now + 2 * DAY)
    assert len(hand.judge.log) == 1, "the customer may have heard from us less than three days ago"
    hand.live_until(hand.now + timedelta(days=15))
    assert len(hand.judge.log) > 1
    assert hand.twice() == []
    rung = hand.case(invoices[0]).rung("second-reminder")
    assert rung is not None and rung.fate is Fate.PASSED_OVER


def test_messages_about_invoices_not_known_here_are_told_and_taken_once_the_ledger_lists_them(database: Database) -> None:
    hand = Living(database)
    hand.open("INV-1", -20, "C-1")
    before, since = copy(database), hand.now
    lost = hand.open("INV-2", 20, "C-2")
    hand.live_until(hand.now + HOUR)
    listed = hand.ledger.rows.pop("INV-2")
    hand.wakes.pop(lost)
    hand.put_back(before, fenced=since, runs_live=False)
    compared = hand.reconciler.compare(hand.now)
    assert compared is not None and [one.subject for one in compared.unmatched] == [hand.judge.log[0].subject]
    assert load(database).fence.unmatched == 1  # type: ignore[union-attr]
    hand.ledger.rows["INV-2"] = listed
    assert hand.take_in("INV-2") == lost, "an invoice that is listed again is the same invoice"
    compared = hand.reconciler.compare(hand.now)
    assert compared is not None and compared.unmatched == () and len(compared.learned) == 1
    hand.wakes[lost] = hand.now
    hand.unfence()
    hand.live_until(hand.now + timedelta(days=10))
    assert hand.twice() == []


def no_customer_heard_twice_a_day(hand: Living) -> None:
    days = [(sent.to_address, local_day(sent.at, ("Europe/Berlin",))) for sent in hand.judge.log]
    assert len(set(days)) == len(days)


def test_a_real_run_tells_a_database_put_back_an_hour_what_it_forgot(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            invoice = made.record("INV-1", datetime.now(UTC).date() + timedelta(days=3))
            with environment.with_time_skipping_disabled():
                await made.door.open(invoice)
            await made.until(lambda: bool(made.diary(invoice)))
            rows = copy(database)
            handle = environment.client.get_workflow_handle(case_id(invoice))
            await environment.fast_forward(handle, timedelta(days=12))
            sent = accepted(made)
            assert sent, "nothing was sent in the time that is lost"
            write(database, rows)
            with environment.with_time_skipping_disabled():
                await made.door.nudge()
            await made.until(lambda: any(rung.is_contact for rung in made.case(invoice).rungs))
            assert load(database).fence is not None
            assert [task for task in made.tasks() if task.startswith("Nothing goes out")]
            await environment.fast_forward(handle, timedelta(days=14))
            assert accepted(made) == sent, "something left behind the fence"
            with database.transaction() as connection:
                installation.lift_fence(connection, "compared", "Ann", datetime.now(UTC))
            with environment.with_time_skipping_disabled():
                await made.door.nudge()
            await environment.fast_forward(handle, timedelta(days=14))
            steps = [word for line in accepted(made) for word in line.split()]
            assert len(steps) == len(set(steps)) > len(sent), steps

    asyncio.run(story())


def test_a_round_of_upkeep_and_a_worker_that_starts_notice_what_the_last_round_saw_and_is_gone(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with real_server() as environment, rig(environment.client, database, tmp_path) as made:
            await keep_schedules(environment.client)
            schedule = environment.client.get_schedule_handle("upkeep")

            async def go_round() -> None:
                before = len((await schedule.describe()).info.recent_actions)
                await schedule.trigger()
                for _ in range(200):
                    described = (await schedule.describe()).info
                    if len(described.recent_actions) > before and not described.running_actions:
                        return
                    await asyncio.sleep(0.05)
                raise AssertionError("the round never ended")

            rows = copy(database)
            invoice = made.record("INV-1", datetime.now(UTC).date() + timedelta(days=30))
            await made.door.open(invoice)
            await made.until(lambda: bool(made.diary(invoice)))
            await go_round()
            await compare_at_start(environment.client, database, "Ann", datetime.now(UTC))
            assert load(database).fence is None, "a database that forgot nothing was taken for one that did"
            await go_round()
            assert load(database).fence is None
            write(database, rows)
            await compare_at_start(environment.client, database, "Ann", datetime.now(UTC))
            assert load(database).fence is not None
            write(database, rows)
            await go_round()
            assert load(database).fence is not None

    asyncio.run(story())


def accepted(made: Rig) -> list[str]:
    """What each message covered that the provider took, as its log tells it."""
    return [line["covers"] for line in read_log(made.mail / "accepted.jsonl")]


def load(database: Database) -> installation.Installation:
    with database.reading() as connection:
        return installation.load_installation(connection)
