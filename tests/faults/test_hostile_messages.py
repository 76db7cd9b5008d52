"""Whatever is said to a running case, however often and in whatever form: it goes on, and every damage says what happened."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import select
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.service import RPCError

import worker
from db.engine import Database
from db.schema import inbox as words
from db.schema import outreach_parts, tasks
from support.by_hand import ScriptedMailer
from support.hostile import Message, Tally, invent, payload, say
from support.mistreated import TODAY, Handle, open_all_hours, said_directly, still_listens, stuck, until_heard, watch
from support.rig import Rig, real_server, rig
from workflows.contract import case_id

SOAK = bool(os.environ.get("DUNWELL_SOAK"))
MESSAGES, CASES, AT_ONCE = (1_000 if SOAK else 150), 20, 16


@pytest.mark.soak
@pytest.mark.server
@pytest.mark.timeout(1800 if SOAK else 200)
def test_nothing_that_anybody_says_wedges_a_case_or_goes_unnoticed(database: Database, tmp_path: Path) -> None:
    random = Random(20261122)
    mailer, tally = ScriptedMailer(), Tally()

    async def story() -> None:
        async with real_server() as environment, rig(environment.client, database, tmp_path, policy=open_all_hours(), mailer=mailer, cached=CASES) as made:
            stories = [watch(made, f"INV-{number}") for number in range(CASES)]
            for invoice, _ in stories:
                assert await made.door.open(invoice)
            limit, earlier, meant = asyncio.Semaphore(AT_ONCE), list[Message](), list[tuple[str, Message]]()
            for _ in range(MESSAGES):
                message = invent(random, earlier)
                earlier.append(message)
                meant.append((random.choice(stories)[0], message))

            async def speak(number: int, invoice: str, message: Message) -> None:
                async with limit:
                    await say(environment.client, case_id(invoice), message, tally)
                    if number % 7 == 0:
                        await made.door.report(made.hint(f"INV-{number % CASES}", f"honest-{number}"))

            await asyncio.gather(*(speak(number, *one) for number, one in enumerate(meant)))
            for number in range(0, CASES, 2):  # these are due from now on: their reminders wait for the silence to end
                made.ledger.change(f"INV-{number}", due=TODAY - timedelta(days=20))
                assert await made.door.report(made.hint(f"INV-{number}", f"due-{number}"))
            await until_heard(made)

            async def ask(invoice: str) -> None:
                async with few:
                    await still_listens(made, invoice)

            few = asyncio.Semaphore(5)
            await asyncio.gather(*(ask(invoice) for invoice, _ in stories))
            await made.until(lambda: len(mailer.accepted) >= CASES // 2, 90)
            handles = [handle for _, handle in stories]
            assert await stuck(handles) == []
            assert [one.status.name for one in await asyncio.gather(*(handle.describe() for handle in handles)) if one.status] == ["RUNNING"] * CASES
            reported = [found.id async for found in environment.client.list_workflows("TemporalReportedProblems IS NOT NULL")]
            assert reported == []
            print(f"\nhostile messages, {database.engine.dialect.name}: {await account(made, stories, tally, mailer)}")

    asyncio.run(story())


async def heard_by(made: Rig, handle: Handle) -> Counter[str]:
    """What Temporal's own history says was said to a run and to those it continued: ``direct``, or a ``row`` of the inbox.

    A row that is named among much else, which is cut, may be taken for either.
    """
    found: Counter[str] = Counter()
    run: str | None = None
    while True:
        one, run = made.door.client.get_workflow_handle(handle.id, run_id=run), None
        async for event in one.fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                run = event.workflow_execution_started_event_attributes.continued_execution_run_id
            elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                signal = event.workflow_execution_signaled_event_attributes
                found[_way(signal.signal_name, signal.input.payloads)] += 1
            elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
                asked = event.workflow_execution_update_accepted_event_attributes.accepted_request.input
                found[_way(asked.name, asked.args.payloads)] += 1
        if not run:
            return found


def _way(name: str, given: Sequence[Payload]) -> str:
    try:
        row = json.loads(given[0].data)["inbox"] if given and given[0].metadata.get("encoding") == b"json/plain" else ""
        if name not in ("report", "override") or not re.fullmatch("[a-z0-9_]{1,64}", row):
            return "direct"
        return "row" if len(given) == 1 and len(given[0].data) < 4_000 else "either"
    except (ValueError, KeyError, TypeError, RecursionError):
        return "direct"


async def account(made: Rig, stories: Sequence[tuple[str, Handle]], tally: Tally, mailer: ScriptedMailer) -> str:
    """Every word that reached a run ended in one of three ways, all of them visible; no reminder was accepted twice."""
    with made.database.reading() as connection:
        rows = connection.execute(select(words.c.case_id, words.c.kind, words.c.state, words.c.reply_taken, words.c.reply).where(words.c.source == "temporal"))
        written = rows.all()
        to_read = connection.execute(select(tasks.c.case_id).where(tasks.c.kind == "read_word")).scalars().all()
        keys = connection.execute(select(outreach_parts.c.case_id, outreach_parts.c.round, outreach_parts.c.rung)).all()
    for invoice, handle in stories:
        heard = await heard_by(made, handle)
        count = sum(row.case_id == case_id(invoice) for row in written)
        assert heard["direct"] <= count <= heard["direct"] + heard["either"], f"{handle.id}: {heard}, {count} written down"
    assert {row.state for row in written} <= {"folded"}
    assert all(row.reply for row in written), "a word was neither taken nor refused"
    unreadable = [row for row in written if row.kind == "unreadable"]
    assert {row.case_id for row in unreadable} <= set(to_read)
    assert all(row.reply.startswith("not understood") for row in unreadable)
    addresses = [email.to_address for email in mailer.accepted]
    assert len(addresses) == len(set(addresses)), "a reminder was accepted twice"
    assert len(keys) == len(set(keys))
    taken = sum(row.reply_taken for row in written)
    return (
        f"{tally.taken} signals taken by the server, {tally.answered} updates and queries answered, {tally.refused} refused by form; of {len(written)} words "
        f"{taken} acted on, {len(unreadable)} on the task list ({len(to_read)} tasks), {len(written) - taken - len(unreadable)} refused with a reason; "
        f"0 stuck, {len(addresses)} reminders, 0 twice"
    )


@pytest.mark.soak
@pytest.mark.server
def test_however_much_was_said_while_no_worker_was_up_all_of_it_is_heard(database: Database, tmp_path: Path) -> None:
    """More at once than fits into one message to an activity, which would wedge the run for good."""
    flood = 300

    async def story() -> None:
        async with real_server() as environment, rig(environment.client, database, tmp_path, work=False) as made:
            invoice, handle = watch(made, "INV-1")
            assert await made.door.open(invoice)
            heavy = payload(b'{"why": "' + b'\\"' * 5_000 + b'"}')
            tally, limit = Tally(), asyncio.Semaphore(AT_ONCE)

            async def speak(number: int) -> None:
                async with limit:
                    await say(environment.client, handle.id, Message("signal", f"word {number}", (heavy,), str(uuid4())), tally)

            await asyncio.gather(*(speak(number) for number in range(flood)))
            cases_worker, deliver_worker = worker.make_workers(environment.client, database, made.ledgers, made.policy, made.mailer, cached=0)
            async with cases_worker, deliver_worker:
                await made.until(lambda: said_directly(made, invoice, "unreadable") == flood, 90)
                await until_heard(made)
                assert await stuck([handle]) == []
                if SOAK:
                    # An update goes back with its acceptance or refusal. For one too large for that the library fails the task, again
                    # and again while somebody waits for it; then the run goes on.
                    too_large = payload(json.dumps("x" * 1_500_000).encode())
                    with suppress(RPCError):
                        await say(environment.client, handle.id, Message("update", "override", (too_large, too_large), str(uuid4())), tally)
                await still_listens(made, invoice)

    asyncio.run(story())
