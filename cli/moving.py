"""``dunwell playbook migrate``: moving running invoices to another playbook, after a look at what that means for each."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from cli.changing import by_option, name_both, read_reason
from cli.session import UnableToChoose, knock, open_database, own_playbooks, read_settings, token_option
from cli.terminal import as_json, count, day, print_json, print_table, say
from domain.calendar import local_day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from db.engine import Database
    from db.playbooks import Version
    from domain.case import Case
    from domain.event import PlaybookSwapped
    from domain.facts import Facts
    from domain.ladder import Due
    from domain.playbook import Playbook
    from settings import Settings


@dataclass(frozen=True, slots=True)
class Planned:
    """What the move means for one invoice; ``problem`` says why it cannot be worked out."""

    case: str
    number: str
    stands: str = ""
    step_before: str = ""
    day_before: str = ""
    step_after: str = ""
    day_after: str = ""
    done: tuple[str, ...] = ()
    problem: str = ""


@click.command(short_help="Move running invoices to another playbook, after a preview.")
@click.option("--from", "old", required=True, help="What they follow now: NAME for every edition of it, or NAME@HASH for one.")
@click.option("--to", "new", required=True, help="The playbook to follow from now on, as its files are today.")
@click.option("--yes", is_flag=True, help="Do it. Without, it is only shown what would happen.")
@by_option
@click.option("--reason", default="", help="Why; needed with --yes, it stands in the diary of every invoice under your name.")
@token_option
@as_json
def migrate(old: str, new: str, yes: bool, by: str, reason: str, token: str, as_json: bool) -> None:
    """Show what it means for every running invoice to follow another playbook; with --yes, move them.

    What an invoice has heard is not said again in other words, and what it has not heard still comes. It can be broken off and
    run again: what has moved stays moved, and the rest follows. An invoice about which a message is just going out is left for
    the next run.

    \b
    Examples:
      dunwell playbook migrate --from standard --to b2b-three-weeks
      dunwell playbook migrate --from standard@4afbac --to standard       to today's edition
      dunwell playbook migrate --from standard --to standard --yes --reason "new wording signed off by Ms. Nair"
    """
    import playbooks

    why = read_reason(reason) if yes else ""
    settings = read_settings()
    own = own_playbooks()
    target = playbooks.load(new, own)
    playbooks.check(target, own)
    with open_database(settings) as database:
        cases = _following(database, old, target.hash)
        planned = list(_plan(database, settings, cases, target))
        if not yes:
            _tell(planned, target, as_json)
            return
        from db.playbooks import store_version

        who = name_both(database, settings, token, by)
        with database.transaction() as connection:
            store_version(connection, target.hash, target.name, playbooks.resolve(target, own), datetime.now(UTC))
    _move(settings, [one for one, word in planned], [word for one, word in planned], who, why, as_json)


def find_edition(connection: Connection, name: str, hash_: str) -> Version:
    """The one stored edition whose hash begins so. Raises UnableToChoose when there is none, or more than one."""
    from db.playbooks import find_versions

    found = find_versions(connection, name, hash_)
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"{one.name}@{one.hash[:12]} ({count(one.running, 'running invoice')})" for one in found or find_versions(connection, name))
    told = "several editions begin so" if found else "no such edition is stored"
    raise UnableToChoose(f"{name}@{hash_}: {told}{f'; there are {there}' if there else ', nor any other of that name'}")


def _following(database: Database, old: str, target: str) -> tuple[tuple[str, str], ...]:
    """The running cases that follow ``old`` and not the target yet."""
    from db.playbooks import find_versions, following

    name, at, hash_ = old.partition("@")
    with database.reading() as connection:
        versions = (find_edition(connection, name, hash_),) if at else find_versions(connection, name)
        if not versions:
            raise UnableToChoose(f"--from: no invoice has ever followed a playbook called {name!r}")
        return following(connection, [one.hash for one in versions if one.hash != target])


def _plan(database: Database, settings: Settings, cases: tuple[tuple[str, str], ...], target: Playbook) -> Iterator[tuple[Planned, PlaybookSwapped | None]]:
    from db import cases as stored
    from domain.facts import Books
    from domain.migration import plan_move
    from worker import make_assessor

    assessor = make_assessor(settings)
    for number, (id_, name) in enumerate(cases, 1):
        now = datetime.now(UTC)
        with database.reading() as connection:
            try:
                case = stored.load_case(connection, id_)
                if case is None:
                    continue
                facts = assessor.gather(connection, case, Books(case.invoice.seller, now), now)
                move = plan_move(case, target, facts, now)
            except (ValueError, LookupError) as error:
                yield Planned(id_, name, problem=str(error)), None
                continue
        _count(number, len(cases), "looked at")
        yield _describe(case, name, facts, target, move.before, move.after, move.news.done, now), move.news


def _describe(case: Case, number: str, facts: Facts, target: Playbook, before: Due, after: Due, done: tuple[str, ...], now: datetime) -> Planned:
    last = max((rung for rung in case.rungs if rung.is_contact or rung.fate == "done"), key=lambda rung: rung.at, default=None)
    stands = f"{facts.playbook.step_of(last).title}, {day(facts.today(last.at))}" if last else "nothing yet"
    behind = tuple(target.step(name).title for name in done)
    return Planned(case.id, number, stands, before.step.title, _when(before, facts, now), after.step.title, _when(after, facts, now), behind)


def _when(due: Due, facts: Facts, now: datetime) -> str:
    if due.blocked:
        return due.blocked
    soonest = facts.opening(facts.customer_day(now))  # what is late already waits for the next day that is open
    return day(local_day(max(due.moment, soonest), facts.customer.zones))


def _tell(planned: list[tuple[Planned, PlaybookSwapped | None]], target: Playbook, as_json: bool) -> None:
    rows = [one for one, _ in planned]
    if as_json:
        print_json({"to": target.name, "hash": target.hash, "invoices": [_plain(one) for one in rows]})
        return
    if not rows:
        say(f"No running invoice needs to move: all follow {target.name}, edition {target.hash[:12]}, or nothing follows the other.")
        return
    columns = ("Invoice", "Heard last", "Next today", "On", f"Next by {target.name}", "On", "Counts as done")
    cells = [
        (one.number, one.problem or one.stands, one.step_before, one.day_before, one.step_after, one.day_after, ", ".join(one.done) or "nothing")
        for one in rows
    ]
    print_table(columns, cells)
    say(f"\n{count(len(rows), 'invoice')}; holds, promises, disputes and approvals still go first. To move them: add --yes --reason WHY")


def _plain(one: Planned) -> dict[str, Any]:
    told = asdict(one)
    return {"invoice": told.pop("case").removeprefix("invoice/"), **told}


def _move(settings: Settings, planned: list[Planned], words: list[PlaybookSwapped | None], who: str, why: str, as_json: bool) -> None:
    """Tell each case its own word; one that is not taken keeps no other from moving."""
    import asyncio

    async def tell_all() -> list[tuple[Planned, bool, str]]:
        results = []
        async with knock(settings) as door:
            for number, (one, word) in enumerate(zip(planned, words, strict=True), 1):
                if word is None:
                    results.append((one, False, one.problem))
                    continue
                answer = await door.override(one.case, word, by=who, why=why)
                results.append((one, answer.taken, answer.said))
                _count(number, len(planned), "moved")
        return results

    results = asyncio.run(tell_all())
    moved, left = [one for one, taken, _ in results if taken], [(one, said) for one, taken, said in results if not taken]
    if as_json:
        print_json({"moved": [one.number for one in moved], "left": [{"number": one.number, "said": said} for one, said in left]})
    else:
        say(f"{count(len(moved), 'invoice')} moved.")
        for one, said in left:
            say(f"  {one.number} was left: {said}")
    if left:
        raise UnableToChoose(f"{count(len(left), 'invoice')} of {len(results)} could not be moved now; run it again for the rest")


def _count(done: int, of: int, what: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done} of {of} {what}", err=True, nl=done == of)
