"""The further changes by hand under ``dunwell case``: disputes, legal stops, answers, approvals, and every other decision."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

import click

from cli.changing import Said, UnableToChange, change, find_invoice, load, said_options, tell
from cli.session import UnableToChoose, open_database, read_settings, token_option
from cli.terminal import DAY, as_json, say


def _amount(written: str | None) -> Decimal | None:
    try:
        return Decimal(written) if written else None
    except InvalidOperation:
        raise click.UsageError(f"--amount: {written!r} is no amount; write it like 1234.50, in the invoice's currency") from None


@click.command()
@click.argument("invoice")
@click.option("--amount", help="The part the customer does not agree with; all of it when left out.")
@click.option("--about", default="", help="What is wrong, in a few words: price, delivery, quality, duplicate...")
@click.option("--owner", default="", help="Who of ours clears it up.")
@click.option("--due", type=DAY, help="By when; five business days when left out.")
@click.option("--credit-note", is_flag=True, help="A credit note has been promised for that part.")
@click.option("--resolved", is_flag=True, help="It is over: chasing goes on with what the ledger says.")
@said_options
@as_json
def dispute(
    invoice: str, amount: str | None, about: str, owner: str, due: datetime | None, credit_note: bool, resolved: bool, said: Said, as_json: bool
) -> None:
    """Record that the customer does not agree, or that the dispute is over.

    Only the part in dispute is silent; the rest is chased on, and its owner is the one who is reminded.

    \b
    Examples:
      dunwell case dispute INV-4711 --amount 300 --about "two boxes missing" --owner Tom --reason "by phone"
      dunwell case dispute INV-4711 --resolved --reason "credit note booked"
    """
    from domain.event import DisputeRaised, DisputeResolved

    if resolved:
        change(invoice, DisputeResolved(), said, as_json)
        return
    change(invoice, DisputeRaised(about, _amount(amount), owner, due.date() if due else None, credit_note), said, as_json)


@click.command("legal-stop")
@click.argument("invoice")
@click.option("--ground", type=click.Choice(["insolvency", "lawyer", "deceased", "other"]), required=True, help="Why the law wants silence.")
@said_options
@as_json
def legal_stop(invoice: str, ground: str, said: Said, as_json: bool) -> None:
    """Silence on every channel, until a person lifts it: dunwell case release --legal.

    \b
    Example:
      dunwell case legal-stop INV-4711 --ground insolvency --reason "court letter of 3 March"
    """
    from typing import Literal, cast

    from domain.event import LegalStop

    change(invoice, LegalStop(cast(Literal["insolvency", "lawyer", "deceased", "other"], ground)), said, as_json)


@click.command()
@click.argument("invoice")
@click.option("--until", type=DAY, help="A week from now when left out, which is the longest.")
@said_options
@as_json
def wait(invoice: str, until: datetime | None, said: Said, as_json: bool) -> None:
    """Ask for a pause, as an account manager may: a week at most.

    \b
    Example:
      dunwell case wait INV-4711 --until 2026-12-04 --reason "I see them on Thursday"
    """
    from domain.event import WaitAsked

    change(invoice, WaitAsked(until.date() if until else None), said, as_json)


@click.command()
@click.argument("invoice")
@said_options
@as_json
def replied(invoice: str, said: Said, as_json: bool) -> None:
    """Record that the customer answered: nothing is sent until somebody has dealt with it.

    \b
    Example:
      dunwell case replied INV-4711 --reason "asks for a copy"
    """
    from domain.event import Replied

    change(invoice, Replied(), said, as_json)


@click.command()
@click.argument("invoice")
@said_options
@as_json
def handled(invoice: str, said: Said, as_json: bool) -> None:
    """Say that the customer's answer has been dealt with.

    \b
    Example:
      dunwell case handled INV-4711 --reason "sent the copy"
    """
    from domain.event import ReplyHandled

    change(invoice, ReplyHandled(), said, as_json)


@click.command()
@click.argument("invoice")
@click.option("--not-reached", is_flag=True, help="Nobody could be reached.")
@said_options
@as_json
def spoke(invoice: str, not_reached: bool, said: Said, as_json: bool) -> None:
    """Record that you spoke with the customer: it counts as a contact.

    \b
    Example:
      dunwell case spoke INV-4711 --reason "approved, in Friday's payment run"
    """
    from domain.event import Spoken

    change(invoice, Spoken(not not_reached), said, as_json)


@click.command()
@click.argument("invoice")
@click.option("--step", required=True, help="The name of the step to go to; dunwell playbook show lists them.")
@said_options
@as_json
def escalate(invoice: str, step: str, said: Said, as_json: bool) -> None:
    """Go straight to a step; what lies before it is left out.

    You cannot jump to severity. A severe step (a credit hold, a formal demand, a referral) is refused until a reminder was
    delivered, waits until its notice period has gone by since, and still needs its approval; dunwell playbook show names all three.

    \b
    Example:
      dunwell case escalate INV-4711 --step final-notice --reason "third broken promise"
    """
    from domain.event import Escalated

    change(invoice, Escalated(step), said, as_json)


@click.command()
@click.argument("invoice")
@click.option("--refuse", is_flag=True, help="Refuse it: the step is left out.")
@click.option("--show", "only_show", is_flag=True, help="Only show the exact text that waits.")
@click.option("--reason", default="approved", help="Why; it stands in the diary under your name.")
@token_option
@as_json
def approve(invoice: str, refuse: bool, only_show: bool, reason: str, token: str, as_json: bool) -> None:
    """Agree to the exact text of a step that waits for it, or refuse it.

    \b
    Examples:
      dunwell case approve INV-4711 --show
      dunwell case approve INV-4711 --reason "they have ignored us for six weeks"
      dunwell case approve INV-4711 --refuse --reason "I speak to their owner tonight"
    """
    from db.approvals import load_latest
    from domain.event import ApprovalGiven, ApprovalRefused
    from workflows.contract import case_id

    with open_database(read_settings()) as database, database.reading() as connection:
        waiting = load_latest(connection, case_id(find_invoice(connection, invoice)))
    if waiting is None:
        raise UnableToChoose(f"nothing about invoice {invoice} has been put up for approval")
    if only_show:
        say(f"{waiting.subject}\n\n{waiting.text}")
        return
    kind = ApprovalRefused if refuse else ApprovalGiven
    change(invoice, kind(waiting.step, waiting.text_hash), Said(reason, "", token), as_json)


@click.command()
@click.argument("invoice")
@click.option("--method", type=click.Choice(["transfer", "check", "abroad"]), default="transfer", show_default=True, help="Decides how long it may take.")
@said_options
@as_json
def paid(invoice: str, method: str, said: Said, as_json: bool) -> None:
    """Record that the customer says it is paid: quiet for 3, 7 or 5 business days, or until the ledger shows it.

    \b
    Example:
      dunwell case paid INV-4711 --method check --reason "posted on Friday, says Ms. Nair"
    """
    from typing import Literal, cast

    from domain.event import PaymentReported

    change(invoice, PaymentReported(method=cast(Literal["transfer", "check", "abroad"], method)), said, as_json)


@click.command("paid-outside")
@click.argument("invoice")
@said_options
@as_json
def paid_outside(invoice: str, said: Said, as_json: bool) -> None:
    """Vouch that the money came by a way the ledger will not show: the watch ends.

    \b
    Example:
      dunwell case paid-outside INV-4711 --reason "netted against their credit, agreed with Ms. Nair"
    """
    from domain.event import PaidOutside

    change(invoice, PaidOutside(), said, as_json)


@click.command("write-off")
@click.argument("invoice")
@said_options
@as_json
def write_off(invoice: str, said: Said, as_json: bool) -> None:
    """Give an invoice up: the watch ends, and a task asks for the booking.

    \b
    Example:
      dunwell case write-off INV-4711 --reason "insolvent, quota zero"
    """
    from domain.event import WrittenOff

    change(invoice, WrittenOff(), said, as_json)


@click.command()
@click.argument("invoice")
@said_options
@as_json
def reopen(invoice: str, said: Said, as_json: bool) -> None:
    """Have an invoice watched again that was stopped, written off or marked as paid.

    \b
    Example:
      dunwell case reopen INV-4711 --reason "the check bounced"
    """
    from domain.event import Reopened

    change(invoice, Reopened(), said, as_json)


@click.command()
@click.argument("invoice")
@click.option("--percent", required=True, help="How much of the total, such as 2 or 2.5; ten at most.")
@click.option("--until", type=DAY, required=True, help="The last day on which the rest must be paid; 30 days from now at most.")
@said_options
@as_json
def discount(invoice: str, percent: str, until: datetime, said: Said, as_json: bool) -> None:
    """Grant a discount for paying early: paid in time less that much, the invoice counts as paid.

    \b
    Example:
      dunwell case discount INV-4711 --percent 2 --until 2026-12-04 --reason "agreed with the owner"
    """
    from domain.event import DiscountGranted

    try:
        part = Decimal(percent)
    except InvalidOperation:
        raise click.UsageError(f"--percent: {percent!r} is no number; write it like 2 or 2.5") from None
    change(invoice, DiscountGranted(part, until.date()), said, as_json)


@click.command()
@click.argument("invoice")
@click.option("--to", "name", required=True, help="The playbook to follow from now on; dunwell playbook show lists them.")
@said_options
@as_json
def swap(invoice: str, name: str, said: Said, as_json: bool) -> None:
    """Have an invoice follow another playbook. No step is repeated, and none is skipped unseen.

    What is as firm as something the customer has heard already counts as behind it.

    \b
    Example:
      dunwell case swap INV-4711 --to owner-voice --reason "the owner takes care of them"
    """
    from datetime import UTC

    import playbooks
    from db.playbooks import store_version
    from domain.facts import Books
    from domain.migration import plan_move
    from worker import make_assessor

    story, settings, now = load(invoice), read_settings(), datetime.now(UTC)
    new = playbooks.load(name, settings.own_playbooks)
    with open_database(settings) as database, database.transaction() as connection:
        facts = make_assessor(settings).gather(connection, story.case, Books(story.case.invoice.seller, now), now)
        move = plan_move(story.case, new, facts, now)
        store_version(connection, new.hash, new.name, playbooks.resolve(new, settings.own_playbooks), now)
    change(invoice, move.news, said, as_json)


@click.command("authorize-agency")
@click.argument("invoice")
@click.option("--agency", required=True, help="The name of the agency or lawyer.")
@click.option("--limit", required=True, help="The most that may be open, in the invoice's currency.")
@click.option("--until", type=DAY, required=True, help="The last day on which it may be placed; a year from now at most.")
@said_options
@as_json
def authorize_agency(invoice: str, agency: str, limit: str, until: datetime, said: Said, as_json: bool) -> None:
    """Allow an invoice to be placed with an agency or a lawyer, when its playbook comes to that.

    A playbook may hold such leave for all its invoices; without either, the placement is left out.

    \b
    Example:
      dunwell case authorize-agency INV-4711 --agency "Harbor Collections" --limit 10000 --until 2026-12-31 --reason "agreed with Ms. Nair"
    """
    from domain.event import AgencyAuthorized

    try:
        most = Decimal(limit)
    except InvalidOperation:
        raise click.UsageError(f"--limit: {limit!r} is no amount; write it like 10000.00") from None
    change(invoice, AgencyAuthorized(agency, most, until.date()), said, as_json)


@click.command("given-back")
@click.argument("invoice")
@said_options
@as_json
def given_back(invoice: str, said: Said, as_json: bool) -> None:
    """Record that collections, the agency or the lawyer gave an invoice back unpaid: it is yours to ask for again.

    What its playbook has next goes on, at the earliest a statement's time from now; a task asks you to decide. Stop it, or write it
    off, when nothing more shall happen.

    \b
    Example:
      dunwell case given-back INV-4711 --reason "the agency found nobody at the address"
    """
    from domain.event import GivenBack

    change(invoice, GivenBack(), said, as_json)


@click.command()
@click.argument("invoice")
@click.option("--by-invoice", "successor", default="", help="The invoice that has taken its place; it carries on the history.")
@click.option("--not-after-all", is_flag=True, help="It was not replaced: it is reminded of again.")
@said_options
@as_json
def replaced(invoice: str, successor: str, not_after_all: bool, said: Said, as_json: bool) -> None:
    """Record that an invoice was voided and issued anew: the new one carries on its history.

    The old one is silent from now on, also while the ledger still shows it open.

    \b
    Examples:
      dunwell case replaced INV-4711 --by-invoice INV-4720 --reason "the order number was missing"
      dunwell case replaced INV-4711 --not-after-all --reason "it was INV-4712"
    """
    from domain.event import Reissued

    if bool(successor) == not_after_all:
        raise click.UsageError("give --by-invoice, or --not-after-all")
    if not_after_all:
        change(invoice, Reissued(), said, as_json)
        return
    old, new = load(invoice, 1), load(successor, 1)
    if old.line.invoice == new.line.invoice or old.customer.id != new.customer.id:
        raise click.UsageError(f"--by-invoice: {successor} must be another invoice of the same customer")
    if not old.line.ended:
        answer = tell(invoice, Reissued(successor=new.line.invoice), said)
        if not answer.taken:
            raise UnableToChange(answer.said)
    change(successor, Reissued(predecessor=old.line.invoice), said, as_json)


COMMANDS = (
    dispute,
    legal_stop,
    wait,
    replied,
    handled,
    spoke,
    escalate,
    approve,
    paid,
    paid_outside,
    write_off,
    reopen,
    replaced,
    discount,
    swap,
    authorize_agency,
    given_back,
)
