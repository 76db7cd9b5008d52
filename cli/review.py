"""``dunwell review``: the weekly review of what the owner should see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.session import UnableToChoose, choose_seller, identify, knock, open_database, read_settings, token_option
from cli.terminal import as_json, count, day, print_json, print_table, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.reviews import Kept, ReviewMail
    from domain.review import Shown
    from domain.seller import Seller
    from settings import Settings

_LONGEST_NOTE = 500
seller_option = click.option("--seller", default="", help="Whose reviews, where there are several sellers: an id of sellers.yaml.")


class UnableToReview(Exception):
    """The review cannot be marked as reviewed; the message says why."""


@click.group(short_help="Read and settle the weekly review.")
def review() -> None:
    """Read and settle the weekly review: the overdue invoices that the owner should see, and why.

    Once a week, on Monday morning where nothing else is set, the invoices are gathered that nobody has touched, that are near
    their write-off, whose promise was broken, or whose reminders stay unanswered. The owner gets them by e-mail. A review that
    nobody has settled after three working days is reminded of daily, and after seven its deputy is told as well.

    \b
    Examples:
      dunwell review show
      dunwell review done --by "Hanna Weiss" --note "called Norden, wrote off 12 EUR"
    """


@review.command("list")
@seller_option
@as_json
def list_(seller: str, as_json: bool) -> None:
    """List the latest reviews, who settled them, and what is still open of what they showed.

    \b
    Example:
      dunwell review list --json
    """
    from db import reviews

    settings = read_settings()
    chosen = choose_seller(settings, seller).seller
    with open_database(settings) as database, database.reading() as connection:
        found = reviews.load_latest(connection, chosen.id, 52)
    if as_json:
        print_json([_describe(kept) for kept in found])
        return
    if not found:
        say("There is no review yet; the first is opened by itself, see dunwell review --help.")
        return
    rows = [
        (kept.review.week, count(len(kept.review.digest.items), "invoice"), _sums(kept.review.digest.untouched), _sums(kept.review.at_stake), _standing(kept))
        for kept in found
    ]
    print_table(("Week", "Shown", "Nobody had touched", "Still open of it", "Reviewed"), rows)


@review.command()
@click.argument("week", default="")
@seller_option
@click.option("--mails", is_flag=True, help="The mails about it as well, word for word, and what became of them.")
@as_json
def show(week: str, seller: str, mails: bool, as_json: bool) -> None:
    """Show the review of WEEK, such as 2026-W48; the latest when left out.

    Only what is still open of it is listed, with what is owed today.

    \b
    Examples:
      dunwell review show
      dunwell review show 2026-W48 --mails
    """
    from datetime import UTC, datetime

    from db import reviews
    from domain.calendar import local_day

    settings = read_settings()
    chosen = choose_seller(settings, seller).seller
    with open_database(settings) as database, database.reading() as connection:
        kept = _find(connection, chosen, week)
        lines = reviews.show(connection, kept.review.digest, local_day(datetime.now(UTC), (chosen.time_zone,)))
        written = reviews.load_mails(connection, kept.review.id)
    if as_json:
        print_json({**_describe(kept), "invoices": [_describe_line(line) for line in lines], "mails": [_describe_mail(mail) for mail in written]})
        return
    say(f"Review of {kept.review.week}: {_standing(kept)}.")
    if kept.note:
        say(f"Noted: {kept.note}")
    say(f"Nobody had touched {_sums(kept.review.digest.untouched)}. Still open of what it shows: {_sums(kept.review.at_stake)}.")
    _print_lines(lines)
    if mails:
        for mail in written:
            say(f"\n{mail.level} to {mail.to_address}: {_fate(mail)}\n\n{mail.subject}\n\n{mail.text}")


@review.command()
@click.argument("week", default="")
@click.option("--by", required=True, help="Who has looked through it.")
@click.option("--note", required=True, help="What was decided, in a sentence; it stays with the review.")
@seller_option
@token_option
@as_json
def done(week: str, by: str, note: str, seller: str, token: str, as_json: bool) -> None:
    """Say that the review of WEEK has been looked through (the latest when left out): nobody is reminded of it any more.

    \b
    Example:
      dunwell review done --by "Hanna Weiss" --note "Norden pays on Friday; the rest goes on"
    """
    import asyncio
    from datetime import UTC, datetime

    from db import reviews
    from db.people import Access

    by, note = _one_line("--by", by), _one_line("--note", note)
    settings = read_settings()
    chosen = choose_seller(settings, seller).seller
    with open_database(settings) as database:
        identify(database, settings, token, Access.AGENT)
        with database.transaction() as connection:
            kept = _find(connection, chosen, week)
            if not reviews.note_reviewed(connection, kept.review, by, note, datetime.now(UTC)):
                raise UnableToReview(f"the review of {kept.review.week} was looked through already: {_standing(kept)}")
            kept = _find(connection, chosen, kept.review.week)
    asyncio.run(_tell(settings, kept.review.id))
    if as_json:
        print_json(_describe(kept))
        return
    say(f"The review of {kept.review.week} is settled: {_standing(kept)}.")


async def _tell(settings: Settings, review: str) -> None:
    """Have the run that follows it end now. With Temporal away it notices at its next look; one that is over needs no telling."""
    from contextlib import suppress
    from datetime import timedelta

    from temporalio.service import RPCError

    from workflows.contract import REPORT

    async with knock(settings) as door:
        with suppress(RPCError, RuntimeError):
            await door.client.get_workflow_handle(review).signal(REPORT, rpc_timeout=timedelta(seconds=10))


def _find(connection: Connection, seller: Seller, week: str) -> Kept:
    from db import reviews
    from domain.review import review_id

    if week:
        found = reviews.load(connection, review_id(seller.id, week))
    else:
        found = next(iter(reviews.load_latest(connection, seller.id, 1)), None)
    if found is None:
        known = ", ".join(kept.review.week for kept in reviews.load_latest(connection, seller.id, 5))
        what = f"there is no review of {week!r} for {seller.id}" if week else f"there is no review for {seller.id} yet"
        remedy = f"the latest are {known}" if known else "the first is opened by itself on the day that DUNWELL_REVIEW_DAY names"
        raise UnableToChoose(f"WEEK: {what}; {remedy}")
    return found


def _one_line(option: str, written: str) -> str:
    text = " ".join(written.split())
    if not text or len(text) > _LONGEST_NOTE or not text.isprintable():
        raise click.UsageError(f"{option}: write one line of up to {_LONGEST_NOTE} letters")
    return text


def _print_lines(lines: tuple[Shown, ...]) -> None:
    from cli.listing import lateness
    from domain.review import Reason
    from playbooks.review_mail import HEADINGS

    columns = ("Invoice", "Customer", "Open", "Due", "Unanswered", "Last touched", "Also")
    for reason in Reason:
        under = [line for line in lines if line.reasons[0] is reason]
        if not under:
            continue
        heading, about = HEADINGS[reason]
        say(f"\n{heading}. {about}")
        rows = [
            (
                line.number,
                line.customer,
                str(line.balance),
                lateness(line.days_late),
                str(line.tiers or ""),
                day(line.touched_on) if line.touched_on else "never",
                ", ".join(HEADINGS[also][0].lower() for also in line.reasons[1:]),
            )
            for line in under
        ]
        print_table(columns, rows, right=("Open", "Unanswered"))


def _standing(kept: Kept) -> str:
    if kept.reviewed_at:
        return f"reviewed by {kept.reviewed_by}"
    if not kept.review.digest.items:
        return "nothing to review"
    return f"not reviewed, since {day(kept.review.since)}" + (", replaced by the next one" if kept.review.is_replaced else "")


def _fate(mail: ReviewMail) -> str:
    told = {"shadowed": "kept here, for nothing leaves yet", "unknown": "nobody knows whether it left", "sending": "on its way", "accepted": "sent"}
    return f"{told.get(mail.state.value, mail.state.value)}{f' ({mail.reason})' if mail.reason else ''}"


def _sums(sums: tuple[Any, ...]) -> str:
    from domain.review import write_sums

    return write_sums(sums)


def _describe(kept: Kept) -> dict[str, Any]:
    review = kept.review
    return {
        "id": review.id,
        "seller": review.seller,
        "week": review.week,
        "opened_at": review.opened_at,
        "unread_since": None if kept.reviewed_at else review.since,
        "untouched": [_money(one) for one in review.digest.untouched],
        "at_stake": [_money(one) for one in review.at_stake],
        "shown": len(review.digest.items),
        "replaced": review.is_replaced,
        "reviewed_at": kept.reviewed_at,
        "reviewed_by": kept.reviewed_by,
        "note": kept.note,
    }


def _describe_line(line: Shown) -> dict[str, Any]:
    return {
        "number": line.number,
        "customer": line.customer,
        **_money(line.balance),
        "due": line.due,
        "days_past_due": line.days_late,
        "reasons": [reason.value for reason in line.reasons],
        "unanswered": line.tiers,
        "touched_on": line.touched_on,
    }


def _describe_mail(mail: ReviewMail) -> dict[str, Any]:
    fate = {"level": mail.level, "state": mail.state.value, "at": mail.at, "reason": mail.reason}
    return {**fate, "to": mail.to_address, "subject": mail.subject, "text": mail.text}


def _money(amount: Any) -> dict[str, Any]:
    return {"amount": amount.amount, "currency": amount.currency}
