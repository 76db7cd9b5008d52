"""``dunwell doctor``: looks at everything an installation stands on, and says what to do about what is wrong."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import click

from cli.findings import Finding, Findings, Health, watch
from cli.ledgers import examine_ledger
from cli.models import examine_models
from cli.outside import examine_mailboxes, examine_providers
from cli.session import open_database, read_settings
from cli.temporal import examine_temporal
from cli.terminal import as_json, count, day, print_json, say, span

if TYPE_CHECKING:
    from db.engine import Database
    from settings import SellerSettings, Settings

_GIGABYTE = 1024**3
_LONGEST_PASSING = timedelta(minutes=2)
_LONGEST_UNREAD = timedelta(days=4)  # two business days, over a weekend


@click.command(short_help="Check everything it stands on, with remedies.")
@as_json
def doctor(as_json: bool) -> None:
    """Check everything this installation stands on, and say what to do about what is wrong. Changes nothing.

    Exits with 1 when anything is wrong.

    \b
    Examples:
      dunwell doctor
      dunwell doctor --json
    """
    found = tuple(examine(read_settings(), datetime.now(UTC)))
    if as_json:
        print_json([asdict(finding) for finding in found])
    else:
        for finding in found:
            say(f"{finding.health:<6} {finding.what:<12} {finding.said}")
            if finding.remedy:
                say(f"{'':<19} -> {finding.remedy}")
    sys.exit(any(finding.health is Health.WRONG for finding in found))


def examine(settings: Settings, now: datetime) -> Findings:
    """Every finding, in the order in which things depend on one another."""
    yield from watch("data folder", partial(_data_folder, settings))
    sellers: list[SellerSettings] = []
    yield from watch("sellers", partial(_sellers, settings, sellers))
    yield from watch("playbook", partial(_playbook, settings))
    yield from watch("mailer", partial(_mailer, settings))
    yield from watch("providers", partial(examine_providers, settings, sellers))
    with open_database(settings) as database:
        known = tuple(watch("database", partial(_database, database)))
        yield from known
        if not any(finding.health is Health.WRONG for finding in known):
            yield from watch("state", partial(_state, database, settings, now))
            yield from watch("law", partial(_law, database, settings, now))
            yield from watch("interest", partial(_interest, database, settings, now))
            yield from examine_models(settings, database, now)
            yield from watch("backup", partial(_backup, database, settings, now))
            yield from watch("replies", partial(_replies, database, settings, sellers, now))
            yield from watch("mailbox", partial(examine_mailboxes, settings, sellers, database))
            for one in sellers:
                yield from watch("ledger", partial(examine_ledger, database, settings, one, now))
    yield from watch("temporal", partial(examine_temporal, settings))


def _data_folder(settings: Settings) -> Findings:
    import os
    import shutil

    folder = settings.data_folder.absolute()
    if not folder.is_dir():
        yield Finding("data folder", Health.WRONG, f"{folder} does not exist", "run dunwell up, or set DUNWELL_DATA_FOLDER to the folder of your installation")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("data folder", Health.WRONG, f"{folder} cannot be written", "give the user that runs Dunwell the right to")
        return
    free = shutil.disk_usage(folder).free / _GIGABYTE
    said = f"{folder}, {free:.1f} GB free"
    if free < 0.2:
        yield Finding("data folder", Health.WRONG, said, "free space: below 0.2 GB the database may stop")
    elif free < 1:
        yield Finding("data folder", Health.LOOK, said, "free space soon")
    else:
        yield Finding("data folder", Health.WELL, said)


def _sellers(settings: Settings, found: list[SellerSettings]) -> Findings:
    from cli.switches import find_example
    from integrations.reference.holidays import calendar_for
    from settings import load_sellers

    found += load_sellers(settings)
    yield Finding("sellers", Health.WELL, f"{count(len(found), 'seller')}: {', '.join(one.seller.name for one in found)}")
    for seller in (one.seller for one in found):
        if example := find_example(seller):
            yield Finding(
                "sellers", Health.LOOK, f"{seller.id}: {example} is an example", "write the address of the person who answers customers, in sellers.yaml"
            )
        if not calendar_for((seller.country,), datetime.now(UTC).date()).holidays:
            yield Finding(
                "sellers",
                Health.WRONG,
                f"{seller.id}: no holidays of country {seller.country!r} are known",
                "write its two-letter ISO code, such as GB, in sellers.yaml",
            )


def _playbook(settings: Settings) -> Findings:
    import playbooks

    policy = playbooks.load(settings.playbook, settings.own_playbooks)
    playbooks.check(policy, settings.own_playbooks)
    yield Finding("playbook", Health.WELL, f"{policy.name}: {count(len(policy.steps), 'step')}, every wording can be written")


def _mailer(settings: Settings) -> Findings:
    if settings.mailer == "capture":
        yield Finding("mailer", Health.LOOK, "capture: every e-mail is kept here and none leaves", "set DUNWELL_MAILER to smtp or sendgrid before dunwell live")
        return
    from worker import connect_mailer

    yield Finding("mailer", Health.WELL, f"{connect_mailer(settings).name} is set up")


def _database(database: Database) -> Findings:
    from sqlalchemy import text

    from db.migrate import is_current

    if not is_current(database):
        yield Finding("database", Health.WRONG, "not up to date", "run: dunwell migrate")
        return
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    with database.reading() as connection:
        if database.is_sqlite:
            asked = {"journal_mode": ("wal",), "synchronous": (2, 3), "foreign_keys": (1,)}
            set_to = {name: connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in asked}
        else:
            asked = {"fsync": ("on",), "synchronous_commit": ("on", "remote_write", "remote_apply", "local"), "full_page_writes": ("on",)}
            set_to = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in asked}
    weak = [f"{name} is {set_to[name]}" for name, wanted in asked.items() if set_to[name] not in wanted]
    if weak:
        yield Finding(
            "database", Health.WRONG, f"{kind} may lose what it has confirmed: {', '.join(weak)}", "set it back: a lost record is a reminder sent twice"
        )
    else:
        yield Finding("database", Health.WELL, f"{kind}, up to date, durable")


def _state(database: Database, settings: Settings, now: datetime) -> Findings:
    from db import inbox, stories
    from db.installation import load_installation

    with database.reading() as connection:
        state = load_installation(connection)
        waited = inbox.oldest_waiting(connection, now)
        tasks = stories.open_tasks(connection)
    if state.fence:
        yield Finding("sending", Health.WRONG, f"nothing goes out: {state.fence.why}", "run: dunwell reconcile, then: dunwell unfence --reason WHY")
    elif state.switched_off:
        yield Finding("sending", Health.WRONG, f"all sending is stopped: {state.switched_off}", "when that is over: dunwell resume")
    elif state.mode == "shadow":
        yield Finding("sending", Health.LOOK, "shadow mode: everything runs and nothing leaves", "when you are content with what you see: dunwell live")
    else:
        held = settings.mailer == "capture"
        yield Finding("sending", Health.LOOK if held else Health.WELL, f"live{', but the mailer is capture' if held else ''}")
    if waited > _LONGEST_PASSING:
        yield Finding(
            "inbox",
            Health.WRONG,
            f"something that arrived {span(waited)} ago has not been passed on",
            "see that Temporal and dunwell web are up; it is tried again by itself",
        )
    else:
        yield Finding("inbox", Health.WELL, "what arrived is being passed on" if waited else "all that arrived has been passed on")
    incidents = [task for task in tasks if task.kind == "incident"]
    for task in incidents:
        yield Finding("to do", Health.WRONG, task.title, task.remedy)
    yield Finding("to do", Health.LOOK if len(tasks) > len(incidents) else Health.WELL, f"{count(len(tasks) - len(incidents), 'task')} for people here")


def _law(database: Database, settings: Settings, now: datetime) -> Findings:
    from db.parties import list_parties
    from domain.law_packs import VERSION
    from domain.lawful import find_unlawful
    from settings import LIMITS

    with database.reading() as connection:
        parties = list_parties(connection)
    excess = find_unlawful(settings.envelope, parties, now.date())
    for one in excess:
        yield Finding("law", Health.WRONG, f"{one.what} ({one.rule})", f"{one.remedy}: {LIMITS}")
    if not excess:
        places = len({place for everywhere, _ in parties for place in everywhere})
        yield Finding("law", Health.WELL, f"the limits on contact stay within the law of {count(places, 'place')} (rules of {VERSION})")


def _interest(database: Database, settings: Settings, now: datetime) -> Findings:
    from cli.interest import find_gaps
    from domain.interest import STATUTES

    laws, gaps = find_gaps(database, settings, now.date())
    for law, since in gaps:
        said = f"{law} has no reference rate for the half-year from {day(since)}: letters whose interest needs it name none"
        yield Finding("interest", Health.LOOK, said, f"add {STATUTES[law].reference} to {settings.own_playbooks / 'interest-rates.csv'}")
    if laws and not gaps:
        yield Finding("interest", Health.WELL, f"formal letters name statutory interest ({', '.join(laws)}), and every rate is there")


def _backup(database: Database, settings: Settings, now: datetime) -> Findings:
    from db.backup import OLD
    from worker import plan_backups

    plan = plan_backups(settings, database)
    newest = next(iter(plan.find()), None)
    if database.is_sqlite and settings.backup_keep:
        remedy = "it is made by itself while dunwell up runs; run dunwell backup to see what is in its way"
    else:
        remedy = "have dunwell backup run daily, or see that the database is backed up by its own tools"
    if newest is None:
        yield Finding("backup", Health.LOOK, f"none in {plan.folder}", remedy)
    elif now - newest[0] > OLD:
        yield Finding("backup", Health.LOOK, f"the newest is {span(now - newest[0])} old: {newest[1]}", remedy)
    else:
        yield Finding("backup", Health.WELL, f"the newest is {span(now - newest[0])} old: {newest[1].name}")


def _replies(database: Database, settings: Settings, sellers: list[SellerSettings], now: datetime) -> Findings:
    from db import mailboxes, replies
    from settings import carries_for_real, connect_mailboxes
    from workflows.ports import READ_MAIL_EVERY

    connected = connect_mailboxes(settings, sellers)
    with database.reading() as connection:
        readings = {(one.source, one.folder): one for one in mailboxes.load_all(connection)}
        reader, (waiting, since) = mailboxes.load_reader(connection), replies.count_open(connection)
    for mailbox in connected:
        one = readings.get((mailbox.source, mailbox.folder))
        what = f"mailbox {mailbox.user}"
        if one is None:
            yield Finding("replies", Health.LOOK, f"{what} has not been read yet", "the worker reads it every two minutes: dunwell up, or dunwell worker")
        elif one.failures:
            last = f"last read {span(now - one.read_at)} ago" if one.read_at else "never read"
            yield Finding("replies", Health.WRONG, f"{what} cannot be read ({last}): {one.problem}", "mend it: answers of customers are not seen")
        elif one.read_at is None or now - one.read_at > 5 * READ_MAIL_EVERY:
            last = f"was last read {span(now - one.read_at)} ago" if one.read_at else "has not been read to its end"
            yield Finding("replies", Health.WRONG, f"{what} {last}", "look whether the worker runs: dunwell up, or dunwell worker")
        else:
            yield Finding("replies", Health.WELL, f"{what} was read {span(now - one.read_at)} ago")
    if settings.sendgrid_inbound_keys:
        yield Finding("replies", Health.WELL, "SendGrid's inbound mail is taken")
    elif not connected:
        said = f"{reader} reads what customers answer" if reader else "no program reads what customers answer"
        if not reader and carries_for_real(settings):
            remedy = 'connect the mailbox (docs/how-to/replies.md), or: dunwell live --replies-are-read-by "NAME"'
            yield Finding("replies", Health.WRONG, f"{said}, so nothing is sent by mail, text or phone", remedy)
        else:
            yield Finding("replies", Health.LOOK, said, "connect the mailbox: docs/how-to/replies.md")
    if waiting and since:
        health = Health.WRONG if now - since > _LONGEST_UNREAD else Health.WELL
        yield Finding("replies", health, f"{count(waiting, 'answer')} of customers to be dealt with, the oldest for {span(now - since)}", "dunwell inbox list")
