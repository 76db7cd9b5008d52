"""The one door to a running case: open it, tell it news, change it by hand, ask it.

Web, command line and intake all come through here, so the same news twice, late or out of order ends the same way.
Run as a script it shows what stands behind an invoice: ``python starter.py INVOICE``.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

import structlog
from sqlalchemy import Connection
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.ledgers import Ledgers
from activities.waiting_words import keep_for_later, note_failure
from db import cases, inbox, invoices, outreach, parties, plans, reviews
from db.engine import Database
from domain import matters
from domain.case import Case, Outcome
from domain.discretion import describe
from domain.event import News, Reopened
from domain.invoice import Invoice, Standing
from domain.plan_keeping import PlanWord
from integrations.accounting import Ledger, LedgerInvoice, UnableToReadLedger, rest
from settings import SellerSettings, Settings, load_sellers
from workflows import contract
from workflows.contract import Start, StartPlan, case_id, plan_id
from workflows.dunning import InvoiceDunning
from workflows.payloads import data_converter
from workflows.ports import Replied

log = structlog.get_logger()
T = TypeVar("T")

_PATIENCE = timedelta(seconds=10)
# Temporal's lists lag behind its runs by seconds; a case that changed lately is not looked for.
_SETTLING = timedelta(minutes=2)
# The tenth failure comes half a day after the first: a ledger that is away overnight costs no word.
_RETRY = timedelta(seconds=2)
_NOT_WATCHED = "this invoice is not watched any more"
# The one word that an invoice which has ended must hear.
_REOPENED = Reopened().kind


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to a change by hand. ``pending``: recorded, and it will count as soon as a worker is up."""

    taken: bool
    said: str
    in_flight: bool = False
    pending: bool = False


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How many invoices were listed; how many of these were new, changed, or not open (history); how many are gone.

    ``watched`` is how many open ones are watched now, ``waiting`` how many changes wait for Temporal to be up.
    """

    listed: int = 0
    new: int = 0
    changed: int = 0
    history: int = 0
    gone: int = 0
    watched: int = 0
    waiting: int = 0


class UnableToFindCase(LookupError):
    """No invoice, or more than one, goes by that name; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Door:
    """The database and the Temporal client, and the ledgers for invoices not seen before."""

    database: Database
    client: Client
    ledgers: Ledgers

    async def open(self, invoice: str) -> bool:
        """Start watching an invoice, or nudge the run that does. False when Temporal is away."""
        return await self._signal_with_start(invoice, {"by": "ledger"})

    async def report(self, word: str) -> bool:
        """Pass an inbox row on to its case; a hint about an invoice not seen before fetches and opens it.

        False when it could not be passed on now; the row stays and ``pass_on`` tries again.
        """
        row = await self._read(lambda connection: inbox.load_word(connection, word))
        if row is None or row.state != "new":
            return True
        if row.case.startswith(plan_id("")):
            return await self._pass_to_plan(row)
        try:
            invoice = row.case.removeprefix("invoice/") if row.case else await self._find_or_fetch(row.seller, row.ref)
            if not row.case:
                await self._write(lambda connection: inbox.assign(connection, word, case_id(invoice)))
            if row.kind != _REOPENED and (over := await self._is_over(invoice, row.seller, row.ref)):
                await self._write(lambda connection: inbox.mark_ended(connection, word, over))
                return True
            if row.kind in ("changed", _REOPENED):
                passed = await self._signal_with_start(invoice, {"inbox": word})
            else:
                passed = await self._signal(invoice, word)
        except Exception as error:  # whatever is wrong with this row, the next one must have its turn
            problem = str(error) or type(error).__name__
            await self._write(lambda connection: note_failure(connection, word, row.source, problem, datetime.now(UTC)))
            log.warning("inbox.not_passed_on", word=word, error=describe(error))
            return False
        if passed:
            await self._write(lambda connection: inbox.mark_passed_on(connection, word))
        return passed

    async def report_all(self, words: Sequence[str]) -> int:
        """Pass these inbox rows on, in order; how many went through."""
        return sum([await self.report(word) for word in words])

    async def pass_on(self, now: datetime) -> int:
        """Try once more every row that has waited two seconds, three times as long after each failure; how many went through."""
        rows = await self._read(inbox.waiting)
        through = 0
        for row in rows:
            if now - row.received_at >= _RETRY * 3**row.attempts:
                through += await self.report(row.id)
        return through

    async def override(self, case: str, news: News, *, by: str, why: str, key: str | None = None) -> Answer:
        """Change a case by hand and wait for its answer, ten seconds at most. ``key`` makes a repeated request one."""
        told = replace(news, by=by[:200], why=why[:2000])
        source_id = f"{case}/{key or uuid4().hex}"

        def store(connection: Connection) -> tuple[str, bool]:
            stored = invoices.load_invoice(connection, case.removeprefix("invoice/"))
            if stored:
                # Behind this lock no message about the customer can begin to leave before the word is there to stop it.
                parties.lock_customer(connection, stored.customer)
            now = datetime.now(UTC)
            word, _ = inbox.receive(connection, source="person", source_id=source_id, kind=told.kind, body="", now=now, case_id=case, news=told, by=by)
            return word, outreach.is_sending(connection, case)

        word, in_flight = await self._write(store)
        if isinstance(news, Reopened):
            return await self._reopen(case, word)
        handle = self._handle(case)
        try:
            asked = handle.execute_update(contract.OVERRIDE, {"inbox": word}, id=word, result_type=Replied, rpc_timeout=_PATIENCE)
            replied = await asyncio.wait_for(asked, _PATIENCE.total_seconds())
            stored = await self._read(lambda connection: inbox.load_word(connection, word))
            said = stored.reply.said if stored and stored.reply else replied.said
            return Answer(replied.taken, said, replied.in_flight or in_flight)
        except WorkflowUpdateFailedError as error:
            return Answer(False, str(error.cause or error), in_flight)
        except (RPCError, RuntimeError, TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            # Without an answer the row is stored all the same; a worker will hear it.
            if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
                if await self._end_with_its_case(case, word):
                    return Answer(False, _NOT_WATCHED, in_flight)
                await self._signal_with_start(case.removeprefix("invoice/"), {"inbox": word})
            log.warning("override.pending", case=case, error=str(error))
        return Answer(True, "recorded; it counts from now on, and is confirmed as soon as a worker is up", in_flight, pending=True)

    async def _reopen(self, case: str, word: str) -> Answer:
        """An ended invoice has no run to ask: one is started, and its answer is read where it is written."""
        begun = await self._signal_with_start(case.removeprefix("invoice/"), {"inbox": word})
        return await self._await_answer(word, begun, "recorded; it is watched again as soon as a worker is up")

    async def tell_plan(self, plan: str, word: PlanWord, *, by: str, why: str, key: str | None = None) -> Answer:
        """Offer a payment plan, or change one by hand, and wait for its answer, ten seconds at most. ``key`` makes a repeated request one."""
        case, body = plan_id(plan), plans.spell(replace(word, by=by[:200], why=why[:2000]))
        source_id = f"{case}/{key or uuid4().hex}"
        stored, _ = await self._write(
            lambda connection: inbox.receive(
                connection, source="person", source_id=source_id, kind=word.kind, body=body, now=datetime.now(UTC), case_id=case, by=by
            )
        )
        return await self._await_answer(stored, await self._begin_plan(plan, {"inbox": stored}), "recorded; it counts as soon as a worker is up")

    async def _await_answer(self, word: str, begun: bool, otherwise: str) -> Answer:
        """The answer to an inbox row, read where it is written; ``otherwise`` when there is none within ten seconds."""
        deadline = asyncio.get_running_loop().time() + _PATIENCE.total_seconds()
        while begun and asyncio.get_running_loop().time() < deadline:
            stored = await self._read(lambda connection: inbox.load_word(connection, word))
            if stored and stored.reply:
                return Answer(stored.reply.taken, stored.reply.said)
            await asyncio.sleep(0.1)
        return Answer(True, otherwise, pending=True)

    async def ask(self, case: str) -> Case | None:
        """The case as its workflow remembers it. Raises RPCError when Temporal or every worker is away."""
        return await self._handle(case).query(InvoiceDunning.show_case, rpc_timeout=_PATIENCE)

    async def check(self) -> bool:
        """Whether Temporal answers."""
        try:
            return await self.client.service_client.check_health(timeout=_PATIENCE)
        except (RPCError, RuntimeError):
            return False

    async def nudge(self, rules: tuple[str, ...] = ()) -> int:
        """Make running cases look again now: all, or those that wait for one of ``rules``. How many were reached."""
        ids = await self._read(lambda connection: cases.running(connection, rules))
        reached = 0
        for one in ids:
            if not await self._signal_with_start(one.removeprefix("invoice/"), {"by": "nudge"}):
                break  # Temporal is away
            reached += 1
        return reached

    async def revive(self, now: datetime) -> int:
        """Begin anew every watch that has no run in Temporal: open invoices never watched, and runs that were lost.

        Nothing is repeated: a run begins from the stored case. Raises RPCError when Temporal is away.
        """
        unwatched = await self._read(cases.unwatched)
        stored = await self._read(lambda connection: cases.running_since(connection, now - _SETTLING))
        query = f"WorkflowType = '{contract.WORKFLOW}' AND ExecutionStatus = 'Running'"
        there = {run.id async for run in self.client.list_workflows(query, page_size=1000)} if stored else set()
        revived = 0
        for invoice in [*unwatched, *(one.removeprefix("invoice/") for one in stored if one not in there)]:
            try:
                revived += await self._signal_with_start(invoice, {"by": "upkeep"})
            except RPCError as error:  # whatever is wrong with this one, the others must have their turn
                log.warning("upkeep.not_revived", invoice=invoice, error=str(error))
        return revived + await self._revive_plans(now) + await self._revive_reviews()

    async def nudge_plans(self) -> int:
        """Make every payment plan that has not ended look again now. How many were reached."""
        stored = await self._read(lambda connection: plans.open_since(connection, datetime.now(UTC) + _SETTLING))
        return sum([await self._begin_plan(plan, {"by": "nudge"}) for plan in stored])

    async def _revive_plans(self, now: datetime) -> int:
        stored = await self._read(lambda connection: plans.open_since(connection, now - _SETTLING))
        query = f"WorkflowType = '{contract.PLAN}' AND ExecutionStatus = 'Running'"
        there = {run.id async for run in self.client.list_workflows(query, page_size=1000)} if stored else set()
        return sum([await self._begin_plan(plan, {"by": "upkeep"}) for plan in stored if plan_id(plan) not in there])

    async def _revive_reviews(self) -> int:
        """Follow every week's review again that nobody has read and no run follows; one that was stopped by hand stays so."""
        lost = [review for review in await self._read(reviews.unread) if await self._is_lost(review)]
        return sum([await self._begin(contract.REVIEW, review, review, {"review": review}, {"by": "upkeep"}) for review in lost])

    async def _is_lost(self, run: str) -> bool:
        """Whether Temporal knows nothing of a run, or it was terminated, which is no end of ours."""
        try:
            return (await self.client.get_workflow_handle(run).describe(rpc_timeout=_PATIENCE)).status is WorkflowExecutionStatus.TERMINATED
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True
            raise

    async def take_in(
        self,
        seller: str,
        told: Sequence[LedgerInvoice],
        now: datetime,
        *,
        read_at: datetime | None = None,
        gone: Sequence[Invoice] = (),
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> TakenIn:
        """Record in one transaction what a ledger listed as of ``read_at`` (None: now), and watch every open invoice of it.

        ``gone`` are invoices it no longer lists: closed there. ``progress`` hears how many of how many have been opened.
        Raises UnableToReckon when an amount is no money; then nothing is recorded.
        """

        listed = await self._write(lambda connection: self.ledgers.record_listing(connection, seller, told, gone, read_at or now, now))
        stored = listed.invoices
        concerned = [invoice for invoice in stored if await self._concerns(invoice)]
        reached = 0
        for invoice in concerned:
            if not await self.open(invoice.id):
                break  # Temporal is away
            reached += 1
            progress(reached, len(concerned))
        late = concerned[reached:]
        await self._write(lambda connection: keep_for_later(connection, late, now))
        history = sum(not _is_open(invoice) for invoice in stored) - len(gone)
        return TakenIn(len(told), listed.new, listed.changed, history, len(gone), sum(_is_open(invoice) for invoice in concerned[:reached]), len(late))

    async def find(self, name: str) -> Invoice:
        """The invoice with this number or opaque id. Raises UnableToFindCase."""
        found = await self._read(lambda connection: invoices.find_by_number(connection, name))
        if len(found) == 1:
            return found[0]
        if not found:
            raise UnableToFindCase(f"no invoice {name!r} is known; dunwell cases lists them")
        raise UnableToFindCase(f"several invoices have the number {name!r}; name one by its id: {', '.join(invoice.id for invoice in found)}")

    async def _concerns(self, invoice: Invoice) -> bool:
        """Whether an invoice needs watching, or a running case must hear that it no longer does, or one that ended of late money."""
        if not await self._may_run(invoice.id):
            return await self._has_late_money(invoice)
        if _is_open(invoice):
            return True
        return await self._read(lambda connection: cases.is_running(connection, case_id(invoice.id)))

    async def _may_run(self, invoice: str) -> bool:
        """Ends by a person's stop or a write-off are respected until a person reopens."""
        ended = await self._read(lambda connection: cases.ended_as(connection, case_id(invoice)))
        return ended not in (Outcome.STOPPED, Outcome.WRITTEN_OFF)

    async def _has_late_money(self, invoice: Invoice) -> bool:
        """Whether an invoice that was stopped or written off has money now that its case has not seen: then it looks once more."""
        case = await self._read(lambda connection: cases.load_case(connection, case_id(invoice.id)))
        return case is not None and matters.has_late_money(case.ended, case.invoice, invoice)

    async def _is_over(self, invoice: str, seller: str, ref: str) -> str:
        """Why no run may be started for this invoice, or nothing: it runs, it is new, or it owes again."""
        ended = await self._read(lambda connection: cases.ended_as(connection, case_id(invoice)))
        if ended in (Outcome.STOPPED, Outcome.WRITTEN_OFF):
            has_late_money = bool(ref) and await self._has_late_money(await self._fetch(seller, ref))
            return "" if has_late_money else "stopped or written off; a person must reopen it"
        if ended is None or not ref:
            return ""
        now = await self._fetch(seller, ref)
        owes = now.standing in ("open", "disputed") and now.balance.amount > 0
        return "" if owes else "the ledger was read again, and nothing is owed"

    async def _find_or_fetch(self, seller: str, ref: str) -> str:
        known = await self._read(lambda connection: invoices.find_by_ref(connection, seller, ref))
        return known.id if known else (await self._fetch(seller, ref)).id

    async def _fetch(self, seller: str, ref: str) -> Invoice:
        """The invoice as its ledger tells it now. Raises UnableToReadLedger."""
        ledger = self.ledgers.connections.get(seller)
        if ledger is None:
            raise UnableToReadLedger(f"seller {seller} has no connected ledger to look up {ref} in")
        reading = await asyncio.to_thread(ledger.read, (ref,))
        told = reading.invoices.get(ref)
        if told is None:
            raise UnableToReadLedger(f"the ledger does not know the invoice {ref}")
        recorded = await self._write(lambda connection: self.ledgers.record(connection, seller, [told], datetime.now(UTC)))
        return recorded[ref]

    async def _signal_with_start(self, invoice: str, word: dict[str, str]) -> bool:
        number = (await self._read(lambda connection: invoices.number_of(connection, invoice)))[:100]
        return await self._begin(contract.WORKFLOW, Start(invoice), case_id(invoice), {"invoice": number}, word)

    async def _begin_plan(self, plan: str, word: dict[str, str]) -> bool:
        return await self._begin(contract.PLAN, StartPlan(plan), plan_id(plan), {"plan": plan}, word)

    async def _pass_to_plan(self, row: inbox.Word) -> bool:
        passed = await self._begin_plan(row.case.removeprefix(plan_id("")), {"inbox": row.id})
        if passed:
            await self._write(lambda connection: inbox.mark_passed_on(connection, row.id))
        return passed

    async def _begin(self, workflow: str, start: Start | StartPlan | str, name: str, memo: dict[str, str], word: dict[str, str]) -> bool:
        """Start the workflow with the id ``name``, unless it runs, and say ``word`` to it. False when Temporal is away."""
        try:
            await self.client.start_workflow(
                workflow,
                start,
                id=name,
                task_queue=contract.CASES_QUEUE,
                start_signal=contract.REPORT,
                start_signal_args=[word],
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                memo=memo,
                static_summary=" ".join(next(iter(memo.items()))),
                rpc_timeout=_PATIENCE,
            )
            return True
        except (RPCError, RuntimeError) as error:
            if _is_away(error):
                return False
            raise

    async def _signal(self, invoice: str, word: str) -> bool:
        try:
            await self._handle(case_id(invoice)).signal(contract.REPORT, {"inbox": word}, rpc_timeout=_PATIENCE)
            return True
        except (RPCError, RuntimeError) as error:
            if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
                return await self._end_with_its_case(case_id(invoice), word) or await self._signal_with_start(invoice, {"inbox": word})
            if _is_away(error):
                return False
            raise

    async def _end_with_its_case(self, case: str, word: str) -> bool:
        """Close a word that found no run. False when the case has not ended: its run was lost or has yet to begin, and must hear the word."""
        invoice = case.removeprefix("invoice/")
        if await self._read(lambda connection: cases.is_running(connection, case) or cases.is_unwatched(connection, invoice)):
            return False
        await self._write(lambda connection: inbox.mark_ended(connection, word, _NOT_WATCHED))
        return True

    def _handle(self, case: str) -> WorkflowHandle[InvoiceDunning, str]:
        return self.client.get_workflow_handle_for(InvoiceDunning.run, case)

    async def _read(self, look: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self.database.reading() as connection:
                return look(connection)

        return await asyncio.to_thread(run)

    async def _write(self, change: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self.database.transaction() as connection:
                return change(connection)

        return await asyncio.to_thread(run)


def connect_ledgers(database: Database, sellers: tuple[SellerSettings, ...], settings: Settings) -> Ledgers:
    """The ledger of every seller, as configured."""
    connections: dict[str, Ledger] = {one.seller.id: rest.connect(one.rest_url, one.rest_token) for one in sellers if one.seller.ledger == "rest"}
    return Ledgers(database, connections, timedelta(hours=settings.csv_max_age_hours))


def _is_open(invoice: Invoice) -> bool:
    return invoice.balance.amount > 0 and invoice.standing in (Standing.OPEN, Standing.DISPUTED, Standing.DRAFT)


def _is_away(error: Exception) -> bool:
    """Whether Temporal could not be reached; a client that connects at first use says so in an error without a type."""
    if isinstance(error, RPCError):
        # A server that is only just coming up refuses in many ways; none of them is the fault of what was to be said.
        log.warning("temporal.refused", status=error.status.name)
        return error.status is not RPCStatusCode.INVALID_ARGUMENT
    return str(error).startswith("Failed client connect")


async def connect_temporal(settings: Settings, *, lazy: bool = False) -> Client:
    """A client in our namespace. Lazy ones connect at first use, so that the web starts while Temporal is down."""
    return await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace, data_converter=data_converter, lazy=lazy)


@asynccontextmanager
async def open_door(settings: Settings) -> AsyncIterator[Door]:
    """The door as these settings make it; sellers are written to the database on the way. Raises UnableToConfigure."""
    database = Database(settings.database)
    sellers = load_sellers(settings)
    with database.transaction() as connection:
        for one in sellers:
            parties.save_seller(connection, one.seller)
    try:
        yield Door(database, await connect_temporal(settings, lazy=True), connect_ledgers(database, sellers, settings))
    finally:
        database.close()


async def _show(name: str) -> int:
    from pydantic import TypeAdapter

    async with open_door(Settings()) as door:
        try:
            invoice = await door.find(name)
        except UnableToFindCase as error:
            print(error, file=sys.stderr)
            return 1
        case = await door.ask(case_id(invoice.id))
        print(json.dumps(TypeAdapter(Case | None).dump_python(case, mode="json"), indent=2))
        return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python starter.py INVOICE    (its number; shows what its running watch remembers)")
    code = asyncio.run(_show(sys.argv[1]))
    sys.stdout.flush()
    os._exit(code)  # the Temporal core may crash at interpreter exit
