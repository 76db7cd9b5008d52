"""``dunwell people``: who works here, what each answers for, who stands in for whom, and who is away."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from cli.session import UnableToChoose, open_database, read_settings
from cli.terminal import DAY, as_json, count, day, print_json, print_table, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from domain.person import Duty, Person

ROLES = ("viewer", "agent", "admin")  # domain.person.Access, which help must not import
DUTIES = ("owner", "ar", "account_manager", "approver")  # domain.person.Duty
_ADDRESS = re.compile(r"[^@\s,;<>\"()]{1,64}@[^@\s,;<>\"().]+(\.[^@\s,;<>\"().]+)+")
_LONGEST_ABSENCE = timedelta(days=365)

email_option = click.option("--email", help="Where questions and links reach them; empty takes it away.")
duties_option = click.option("--duties", help=f"What they answer for, with commas between: {', '.join(DUTIES)}. Empty takes all away.")
deputy_option = click.option("--deputy", help="The name of whoever stands in while they are away; empty takes it away.")


@click.group(short_help="Who works here, who decides, and who stands in.")
def people() -> None:
    """People, what they answer for, and who stands in for them while they are away.

    Tasks and questions go to whoever is there on the day: to the deputy of somebody away, to the deputy's deputy where that one
    is away too, and to the owner when nobody is left. What somebody may do at all is their role, which their token carries.

    \b
    Examples:
      dunwell people add "Vera Lind" --email vera@brightwater.example --duties approver --deputy "Tom Ray"
      dunwell people away "Vera Lind" --through 2026-12-11
      dunwell people list
    """


@people.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List people with their roles, duties and deputies, who is away, and who acts for them today.

    \b
    Example:
      dunwell people list --json
    """
    from db import people as kept
    from domain.person import stand_in

    with open_database(read_settings()) as database, database.reading() as connection:
        found, today = kept.list_people(connection), _today(connection)
    everybody = tuple(person for person, _ in found)
    acting = {one.name: stand_in(one.name, everybody, today) or "nobody" for one in everybody}
    if as_json:
        print_json([{**_describe(person), "has_token": has_token, "acts_today": acting[person.name]} for person, has_token in found])
    elif found:
        rows = [(one.name, one.role, ", ".join(one.duties), one.email, one.deputy, _absence(one), acting[one.name]) for one in everybody]
        print_table(("Name", "Role", "Answers for", "E-mail", "Deputy", "Away", "Today acts"), rows)
    else:
        say("Nobody is known yet; add people by dunwell people add NAME")


@people.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True, help="What they may do once they have a token.")
@email_option
@duties_option
@deputy_option
@as_json
def add(name: str, role: str, email: str | None, duties: str | None, deputy: str | None, as_json: bool) -> None:
    """Add the person NAME. To change things they need a token besides: dunwell token issue NAME.

    \b
    Example:
      dunwell people add "Vera Lind" --email vera@brightwater.example --duties approver,ar --deputy "Tom Ray"
    """
    from datetime import UTC

    from db import people as kept
    from domain.person import Access, Person

    name = " ".join(name.split())
    if not name or not name.isprintable() or len(name) > 200:
        raise click.UsageError("NAME: give the person's name, up to 200 letters; it stands in the diary of what they change")
    person, settings = _changed(Person("", name, Access(role)), email, duties, deputy), read_settings()
    with open_database(settings) as database, database.transaction() as connection:
        kept.add(connection, person, datetime.now(UTC))
        moved = _hand_on(connection, settings.owner)
    _report(person, f"{name} is added.{moved}", as_json)


@people.command("set")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), help="What they may do; their token keeps working.")
@email_option
@duties_option
@deputy_option
@as_json
def set_(name: str, role: str | None, email: str | None, duties: str | None, deputy: str | None, as_json: bool) -> None:
    """Change what is known of the person NAME. What is left out stays as it is.

    \b
    Example:
      dunwell people set "Vera Lind" --duties approver --deputy "Tom Ray"
    """
    from dataclasses import replace

    from db import people as kept
    from domain.person import Access

    settings = read_settings()
    with open_database(settings) as database, database.transaction() as connection:
        person = _changed(_find(connection, name), email, duties, deputy)
        person = replace(person, role=Access(role)) if role else person
        kept.save(connection, person)
        moved = _hand_on(connection, settings.owner)
    _report(person, f"{person.name} is changed.{moved}", as_json)


def _hand_on(connection: Connection, installed: str) -> str:
    """Give what nobody owned so far to whoever answers for it now; how much that was, in a sentence, empty when it was nothing."""
    from db import people as kept
    from db import tasks

    acting = kept.find_acting_owner(connection, installed, _today(connection))
    moved = () if acting == installed or kept.find(connection, installed) else tasks.open_of(connection, installed)
    for one in moved:
        tasks.give(connection, one.id, acting)
    return f" {count(len(moved), 'open task')} that nobody owned {'goes' if len(moved) == 1 else 'go'} to {acting}." if moved else ""


@people.command()
@click.argument("name")
@click.option("--from", "first", type=DAY, help="The first day; today when left out.")
@click.option("--through", "last", type=DAY, required=True, help="The last day.")
@as_json
def away(name: str, first: datetime | None, last: datetime, as_json: bool) -> None:
    """Say that the person NAME is away, and hand their open tasks of these days to whoever stands in.

    \b
    Example:
      dunwell people away "Vera Lind" --from 2026-12-01 --through 2026-12-11
    """
    from dataclasses import replace

    from db import people as kept
    from db import tasks
    from domain.person import find_owner, stand_in

    settings = read_settings()
    with open_database(settings) as database, database.transaction() as connection:
        today = _today(connection)
        begins, ends = first.date() if first else today, last.date()
        if ends < max(begins, today) or ends - today > _LONGEST_ABSENCE:
            raise click.UsageError(f"--through: {ends} must be {max(begins, today)} or later, and within a year from now")
        person = replace(_find(connection, name), away_from=begins, away_through=ends)
        kept.save(connection, person)
        everybody = kept.load_all(connection)
        owner = find_owner(settings.owner, everybody, begins)
        acting = stand_in(person.name, everybody, begins)
        moved = [one for one in tasks.open_of(connection, person.name) if person.is_away(max(one.due, today))]
        for one in moved:
            tasks.give(connection, one.id, stand_in(person.name, everybody, max(one.due, today)) or owner)
    who = acting or f"{owner}, for nobody stands in (dunwell people set '{person.name}' --deputy NAME changes that)"
    if as_json:
        print_json({**_describe(person), "acts": acting or owner, "tasks_handed_over": len(moved)})
        return
    say(f"{person.name} is away from {day(begins)} through {day(ends)}. What is theirs goes to {who}.")
    if moved:
        say(f"{count(len(moved), 'open task is', 'open tasks are')} handed over.")


@people.command()
@click.argument("name")
@as_json
def back(name: str, as_json: bool) -> None:
    """Say that the person NAME is there again. Tasks that were handed over stay with whoever has them.

    \b
    Example:
      dunwell people back "Vera Lind"
    """
    from dataclasses import replace

    from db import people as kept

    with open_database(read_settings()) as database, database.transaction() as connection:
        person = replace(_find(connection, name), away_from=None, away_through=None)
        kept.save(connection, person)
    _report(person, f"{person.name} is there again.", as_json)


def _find(connection: Connection, name: str) -> Person:
    from db import people as kept

    found = kept.find(connection, " ".join(name.split()))
    if found is None:
        raise UnableToChoose(f"nobody is named {name!r}; dunwell people list shows who is, and dunwell people add {name!r} adds them")
    return found


def _changed(person: Person, email: str | None, duties: str | None, deputy: str | None) -> Person:
    from dataclasses import replace

    if email and not _ADDRESS.fullmatch(email):
        raise click.UsageError(f"--email: {email!r} is not an e-mail address; write name@domain")
    return replace(
        person,
        email=person.email if email is None else email,
        duties=person.duties if duties is None else _read_duties(duties),
        deputy=person.deputy if deputy is None else " ".join(deputy.split()),
    )


def _read_duties(written: str) -> tuple[Duty, ...]:
    from domain.person import Duty

    wanted = [word.strip().replace("-", "_") for word in written.split(",") if word.strip()]
    if unknown := [word for word in wanted if word not in DUTIES]:
        raise click.UsageError(f"--duties: {unknown[0]!r} is none; choose from {', '.join(DUTIES)}")
    return tuple(duty for duty in Duty if duty.value in wanted)


def _today(connection: Connection) -> date:
    from datetime import UTC

    from db.parties import load_sellers
    from domain.calendar import local_day

    sellers = load_sellers(connection)
    return local_day(datetime.now(UTC), (sellers[0].time_zone if sellers else "UTC",))


def _absence(person: Person) -> str:
    return f"{day(person.away_from)} through {day(person.away_through)}" if person.away_from and person.away_through else ""


def _describe(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "role": person.role,
        "email": person.email,
        "duties": list(person.duties),
        "deputy": person.deputy,
        "away_from": person.away_from,
        "away_through": person.away_through,
    }


def _report(person: Person, said: str, as_json: bool) -> None:
    if as_json:
        print_json(_describe(person))
    else:
        say(said)
