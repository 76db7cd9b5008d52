"""``dunwell token``: who may change things, each by a token of their own."""

from __future__ import annotations

import click

from cli.session import open_database, read_settings
from cli.terminal import as_json, print_json, print_table, say

ROLES = ("viewer", "agent", "admin")  # db.people.Access, which help must not import


@click.group(short_help="Give people tokens, and take them back.")
def token() -> None:
    """Give people tokens, and take them back. A token stands for one person and their role.

    A viewer looks; an agent also changes invoices by hand; an admin also changes the installation. Whoever can open the
    database may issue tokens, so none is needed here.

    \b
    Examples:
      dunwell token issue "Vera Lind" --role agent
      dunwell token list
      dunwell token revoke "Vera Lind"
    """


@token.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What this person may do.")
@as_json
def issue(name: str, role: str, as_json: bool) -> None:
    """Make a token for the person NAME; an earlier one of theirs ends with it. It is shown once.

    \b
    Example:
      dunwell token issue "Vera Lind" --role agent
    """
    from datetime import UTC, datetime

    from db.people import Access, issue_token

    name = " ".join(name.split())
    if not name or not name.isprintable() or len(name) > 200:
        raise click.UsageError("NAME: give the person's name, up to 200 letters; it stands in the diary of what they change")
    with open_database(read_settings()) as database, database.transaction() as connection:
        made = issue_token(connection, name, Access(role), datetime.now(UTC))
    if as_json:
        print_json({"name": name, "role": role, "token": made})
        return
    say(f"Token of {name} ({role}), shown this once:\n\n  {made}\n\nThey set it as DUNWELL_TOKEN, or send it to the API as Authorization: Bearer TOKEN.")


@token.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Take back the token of the person NAME, at once.

    \b
    Example:
      dunwell token revoke "Vera Lind"
    """
    from db.people import revoke_token

    with open_database(read_settings()) as database, database.transaction() as connection:
        if not revoke_token(connection, " ".join(name.split())):
            raise click.ClickException(f"nobody named {name!r} has ever had a token; dunwell token list shows who has")
    say(f"{name} has no token any more.")


@token.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List people, their roles, and whether they hold a token.

    \b
    Example:
      dunwell token list --json
    """
    from db.people import list_people

    with open_database(read_settings()) as database, database.reading() as connection:
        people = list_people(connection)
    if as_json:
        print_json([{"name": person.name, "role": person.role, "has_token": has_token} for person, has_token in people])
    elif people:
        print_table(("Name", "Role", "Token"), [(person.name, person.role, "valid" if has_token else "none") for person, has_token in people])
    else:
        say("Nobody has a token yet; give one by dunwell token issue NAME --role agent")
