"""``dunwell inbox``: what customers wrote and said, what it was understood as, and what a person makes of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.changing import find_invoice, read_reason, reason_option
from cli.classify import classify
from cli.session import identify, knock, open_database, read_settings, token_option
from cli.terminal import DAY, as_json, day, moment, print_json, print_table, say
from domain.resolving import Resolution

if TYPE_CHECKING:
    from db.engine import Database
    from db.replies import Line, Whole

_JOINED = {
    "door": "the page it was written on",
    "token": "the address it was sent to",
    "thread": "the mail it answers",
    "sender": "who sent it",
    "number": "an invoice number in it; the sender is not known",
    "person": "a person",
    "": "",
}


@click.group(short_help="What customers answered, and what becomes of it.")
def inbox() -> None:
    """What customers answered by mail, text message, phone or in the portal. Reminders wait until somebody has dealt with it.

    \b
    Examples:
      dunwell inbox list
      dunwell inbox show in_1f2e3d
      dunwell inbox resolve in_1f2e3d --as promise --reason "as they wrote"
    """


inbox.add_command(classify)


@inbox.command("list", short_help="The answers that wait, longest waiting first.")
@click.option("--all", "everything", is_flag=True, help="Also what has been dealt with, newest first.")
@click.option("--customer", default="", help="Only those of customers, or from senders, with this in name, number or address.")
@as_json
def list_(everything: bool, customer: str, as_json: bool) -> None:
    """The answers of customers that nobody has dealt with yet.

    \b
    Examples:
      dunwell inbox list
      dunwell inbox list --all --customer norden --json
    """
    from db.replies import describe, list_messages

    with open_database(read_settings()) as database, database.reading() as connection:
        found = list_messages(connection, everything=everything, customer=customer)
    if as_json:
        print_json([describe(line) for line in found])
        return
    if not found:
        say("No message is like that." if everything or customer else "No answer waits for anybody.")
        return
    print_table(("Message", "Since", "Who", "Invoices", "About", "Understood as"), [_row(line) for line in found])
    say("\nThe whole of one, and what to do about it: dunwell inbox show MESSAGE")


@inbox.command(short_help="One message whole, and why it was understood so.")
@click.argument("message")
@click.option("--save-files", type=click.Path(file_okay=False, path_type=Path), help="Write the files that came with it into this folder.")
@as_json
def show(message: str, save_files: Path | None, as_json: bool) -> None:
    """Show MESSAGE (its id, or how that begins): the text, what it was understood as and why, and what happened since.

    \b
    Examples:
      dunwell inbox show in_1f2e3d
      dunwell inbox show in_1f2e3d --save-files ~/remittances
    """
    from db.replies import describe_whole, load_message

    with open_database(read_settings()) as database:
        with database.reading() as connection:
            found = load_message(connection, message)
        saved = _save(database, found, save_files) if save_files else []
    if as_json:
        print_json({**describe_whole(found), "saved": saved})
        return
    for line in _tell_whole(found):
        say(line)
    for name in saved:
        say(f"Saved: {name}")


@inbox.command(short_help="Say what becomes of a message.")
@click.argument("message")
@click.option("--as", "resolution", type=click.Choice([one.value for one in Resolution]), required=True, help="What it comes to.")
@click.option("--day", "on", type=DAY, help="For promise: when the money is to come; the day in the message when left out. For wait and plan: until when.")
@click.option("--amount", help="The part that is promised or disputed; all of it when left out.")
@click.option("--about", default="", help="What is wrong, for dispute.")
@click.option("--invoice", "numbers", multiple=True, help="Only for this invoice, or for one that the message was not known to be about; may be repeated.")
@reason_option
@token_option
@as_json
def resolve(
    message: str,
    resolution: str,
    on: datetime | None,
    amount: str | None,
    about: str,
    numbers: tuple[str, ...],
    reason: str,
    token: str,
    as_json: bool,
) -> None:
    """Say what becomes of MESSAGE. Its invoices are told, and reminders go on when nothing else speaks against it.

    \b
    promise         the customer pays by a day: quiet until then
    paid            it says it has paid: quiet while the bank may take
    dispute         something is wrong with it
    plan            it wants installments: the playbook's proposal goes out, or else quiet while you make an offer (dunwell plan offer)
    copy            it gets the invoice once more, at once
    wrong-contact   nothing more goes to this address (dunwell contact set names another)
    wait            quiet until a day
    legal           insolvency, a lawyer: silence until a person lifts it
    stop            nothing more goes to this address; people call instead
    nothing         read, and nothing follows

    \b
    Examples:
      dunwell inbox resolve in_1f2e3d --as promise --reason "as they wrote"
      dunwell inbox resolve in_1f2e3d --as promise --day 2026-12-04 --amount 500 --reason "the rest in January"
      dunwell inbox resolve in_1f2e3d --as dispute --about "two boxes missing" --reason "their mail"
      dunwell inbox resolve in_9a8b7c --as nothing --invoice INV-4711 --reason "their bookkeeper, thanked us"
    """
    import asyncio
    from datetime import UTC
    from decimal import Decimal, InvalidOperation

    from db.people import Access
    from db.replies import load_message
    from db.resolving import Decided, Told, carry_out, decide
    from domain.resolving import UnableToResolve
    from playbooks import from_resolved

    why, settings = read_reason(reason), read_settings()
    try:
        part = Decimal(amount) if amount else None
    except InvalidOperation:
        raise click.UsageError(f"--amount: {amount!r} is no amount; write it like 1234.50, in the invoice's currency") from None

    async def tell(decided: Decided) -> Told:
        async with knock(settings) as door:
            return await carry_out(database, door, decided, from_resolved, lambda: datetime.now(UTC))

    with open_database(settings) as database:
        person = identify(database, settings, token, Access.AGENT)
        with database.reading() as connection:
            found = load_message(connection, message)
            wanted = [f"invoice/{find_invoice(connection, number)}" for number in numbers]
        day_ = on.date() if on else None
        try:
            decided = decide(found, Resolution(resolution), day=day_, amount=part, about=about, wanted=wanted, by=person.name, why=why)
        except UnableToResolve as error:
            raise click.UsageError(f"--{error}") from None
        said = asyncio.run(tell(decided)).said
    if as_json:
        print_json({"message": found.line.id, "handled_as": resolution, "said": said})
        return
    numbers_of = {one.case: one.number for one in found.line.about}
    for case, answer in said.items():
        say(f"Invoice {numbers_of.get(case, case)}: {answer}.")
    say("Done." if said else "Done. No watched invoice is concerned.")


def _row(line: Line) -> tuple[str, ...]:
    numbers = ", ".join(one.number for one in line.about[:3]) + (f" and {len(line.about) - 3} more" if len(line.about) > 3 else "")
    understood = line.intent.replace("_", " ")
    state = "" if line.state == "open" else f" ({line.state})"
    unknown = "" if line.joined_by else " - who is this?"
    return (line.id[:12], day(line.received_at.date()), f"{line.who}{unknown}", numbers or "none known", line.subject[:60], f"{understood}{state}")


def _tell_whole(found: Whole) -> list[str]:
    line = found.line
    sender = f"{line.sender_name} <{line.sender}>" if line.sender_name else line.sender or "a sender who is not named"
    told = [f"{line.subject or '(no subject)'}", f"  from {sender} by {line.channel}, {moment(line.received_at, 'UTC')}"]
    told += [f"  to {', '.join(found.to)}"] if found.to else []
    if line.about:
        told.append(f"  about {', '.join(one.number for one in line.about)} of {line.who} (known by {_JOINED.get(line.joined_by, line.joined_by)})")
    elif not line.from_us:
        told.append("  Nobody knows what it is about: say so with dunwell inbox resolve ... --invoice NUMBER")
    told += ["", found.text.rstrip() or "(no text)", ""]
    for one in found.files:
        told.append(f"File: {one.name} ({one.media_type}, {one.size:,} bytes{'' if one.kept else '; too large, not kept: it is in the mailbox'})")
    if read := found.understood:
        told.append(f"Understood as {line.intent.replace('_', ' ')}{'' if read.sure else ', not for sure'}: {read.why}")
        told += [f"  it promises {read.promise_amount or 'all that is open'} by {day(read.promise_day)}"] if read.promise_day else []
        told += [f"  back on {day(read.return_day)}"] if read.return_day else []
    if line.answered_at:
        told.append(f"One of us wrote back on {day(line.answered_at.date())}.")
    if found.handled_at:
        told.append(f"{found.handled_by} dealt with it on {day(found.handled_at.date())}: {found.handled_as} ({found.handled_why})")
    elif line.state == "open":
        told.append(f"To deal with it: dunwell inbox resolve {line.id} --as {'|'.join(Resolution)} --reason ...")
    return told


def _save(database: Database, found: Whole, folder: Path) -> list[str]:
    """Write the files into the folder under names that can do no harm; the names."""
    from db.replies import load_file

    folder.mkdir(parents=True, exist_ok=True)
    saved = []
    for one in found.files:
        if one.kept:
            clean = "".join(letter if letter.isalnum() or letter in "-_. " else "-" for letter in Path(one.name).name).strip(". ")[:100]
            file = folder / f"{found.line.id[:12]}-{one.place + 1}-{clean or 'file'}"
            with database.reading() as connection:
                file.write_bytes(load_file(connection, found.line.id, one.place))
            saved.append(str(file))
    return saved
