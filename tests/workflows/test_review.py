"""The weekly review on the real server: opened on the seller's calendar, followed until somebody reviews it, wedged by nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import ActivityEnvironment

from activities.review import Reviews, keep_reviews
from db import reviews, schema
from db.engine import Database
from support.by_hand import ScriptedMailer
from support.rig import SELLER, Rig, rig, virtual_server
from workflows import contract

TODAY = datetime.now(UTC).date()


async def open_review(client: Client) -> WorkflowHandle[object, str]:
    """What the schedule does on Monday morning."""
    review = await client.execute_workflow(contract.WEEKLY_REVIEW, SELLER.id, id="review-monday", task_queue=contract.CASES_QUEUE, result_type=str)
    return client.get_workflow_handle(review, result_type=str)


async def watch_one(made: Rig) -> None:
    """An overdue invoice that waits for its first reminder, as nobody had looked at it for weeks."""
    invoice = made.record("INV-1", TODAY - timedelta(days=20), email="")
    assert await made.door.open(invoice)
    await made.until(lambda: bool(made.diary(invoice)))
    with made.database.transaction() as connection:
        connection.execute(schema.tasks.update().values(opened_at=datetime.now(UTC) - timedelta(days=60), due=TODAY - timedelta(days=50)))


def levels(database: Database) -> list[str]:
    with database.reading() as connection:
        return sorted(level.partition("/")[0] for level in connection.scalars(select(schema.review_mails.c.level)))


def subjects(made: Rig) -> list[str]:
    with made.database.reading() as connection:
        return list(connection.scalars(select(schema.review_mails.c.subject).order_by(schema.review_mails.c.claimed_at)))


def test_a_review_reminds_until_it_is_reviewed_and_then_ends(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            with environment.with_time_skipping_disabled():
                await watch_one(made)
                handle = await open_review(environment.client)
                await made.until(lambda: levels(database) == ["digest"])
            assert handle.id.startswith("review/brightwater/")
            await environment.fast_forward(handle, timedelta(days=8))
            assert levels(database).count("digest") == 1
            # From the third to the fifth working day at least, whatever day and holidays today's run meets.
            assert 1 <= levels(database).count("reminder") <= 4
            assert subjects(made)[0].startswith("Nobody has touched")
            with database.transaction() as connection:
                kept = reviews.load(connection, handle.id)
                assert kept is not None
                assert reviews.note_reviewed(connection, kept.review, "Olga", "called them", datetime.now(UTC))
            await handle.signal(contract.REPORT)
            assert await handle.result() == "reviewed"
            mails = list((tmp_path / "mail").glob("rev_*.eml"))
            assert len(mails) == len(levels(database))

    asyncio.run(story())


def test_nothing_said_to_a_review_wedges_it_and_a_cancel_ends_it_in_order(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            with environment.with_time_skipping_disabled():
                await watch_one(made)
                handle = await open_review(environment.client)
                await made.until(lambda: levels(database) == ["digest"])
                await handle.signal(contract.REPORT, args=[{"by": "x"}, 7, None])
                await handle.signal("no such word", "what")
                await handle.signal(contract.REPORT)
                await handle.cancel()
                assert await handle.result() == "stopped"
            assert levels(database) == ["digest"]

    asyncio.run(story())


def test_a_review_outlasts_a_database_that_is_away(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            with environment.with_time_skipping_disabled():
                await watch_one(made)
                handle = await open_review(environment.client)
                await made.until(lambda: levels(database) == ["digest"])
            with database.transaction() as connection:
                connection.exec_driver_sql("ALTER TABLE review_mails RENAME TO put_away")
            await environment.fast_forward(handle, timedelta(days=4))
            with database.transaction() as connection:
                connection.exec_driver_sql("ALTER TABLE put_away RENAME TO review_mails")
            await environment.fast_forward(handle, timedelta(days=4))
            assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
            assert levels(database).count("digest") == 1
            assert "reminder" in levels(database)

    asyncio.run(story())


def test_a_review_that_temporal_has_forgotten_is_followed_again_and_one_that_was_stopped_is_not(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            with environment.with_time_skipping_disabled():
                await watch_one(made)
                by_hand = ActivityEnvironment()
                by_hand.info = replace(by_hand.info, started_time=datetime.now(UTC))
                review = await asyncio.to_thread(by_hand.run, Reviews(database, ScriptedMailer()).open_review, SELLER.id)
                assert levels(database) == []
                later = datetime.now(UTC) - timedelta(hours=1)
                assert await made.door.revive(later) == 1
                await made.until(lambda: levels(database) == ["digest"])
                assert await made.door.revive(later) == 0, "it is followed"
                handle = environment.client.get_workflow_handle(review, result_type=str)
                await handle.terminate()
                assert await made.door.revive(later) == 1
                await handle.cancel()
                assert await handle.result() == "stopped"
                assert await made.door.revive(later) == 0
                assert levels(database) == ["digest"]

    asyncio.run(story())


def test_opening_a_review_twice_in_a_week_follows_it_once(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            with environment.with_time_skipping_disabled():
                await watch_one(made)
                first, second = await open_review(environment.client), await open_review(environment.client)
                assert first.id == second.id
                await made.until(lambda: levels(database) == ["digest"])

    asyncio.run(story())


def test_the_review_is_on_temporal_s_calendar_at_the_seller_s_hour_and_moves_with_the_setting(tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment:
            for hour in (8, 8, 9):
                await keep_reviews(environment.client, [SELLER], 1, hour)
            told = (await environment.client.get_schedule_handle("review-brightwater").describe()).schedule
            (calendar,) = told.spec.calendars
            assert ([one.start for one in calendar.hour], [one.start for one in calendar.day_of_week]) == ([9], [1])
            assert told.spec.time_zone_name == "Europe/Berlin"

    asyncio.run(story())
