"""What commands share: the settings of this installation, its database, the door to running invoices, and who is asking."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from db.engine import Database
    from db.people import Access, Person
    from settings import SellerSettings, Settings
    from starter import Door

TOKEN_FILE = "token"
# Where ``up`` and ``demo`` write what they chose themselves, such as free ports, so that other commands find them.
RUNNING_FILE = "running.env"

token_option = click.option(
    "--token", envvar="DUNWELL_TOKEN", default="", help="Your token; better set DUNWELL_TOKEN. On the machine of dunwell up none is needed."
)


class UnableToIdentify(Exception):
    """Nobody may do this without saying who they are; the message says how."""


class UnableToChoose(Exception):
    """Several things go by that name, or none; the message lists them."""


class UnableToRead(Exception):
    """A setting that cannot be read."""


def read_settings() -> Settings:
    """The settings in the environment, completed by what a running ``dunwell up`` chose. Raises UnableToRead."""
    from pydantic import ValidationError

    from settings import Settings

    try:
        return Settings.model_validate(_chosen(Settings().data_folder))
    except ValidationError as error:
        fault = error.errors()[0]
        name = "_".join(str(part) for part in fault["loc"]).upper()
        raise UnableToRead(f"DUNWELL_{name}: {fault['msg']}; it is now {fault['input']!r}") from None


def _chosen(folder: Path) -> dict[str, str]:
    """What the running copy of this folder chose, by the name of the setting; the environment goes before it."""
    try:
        lines = (folder / RUNNING_FILE).read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=")[::2] for line in lines if "=" in line)
    return {name.removeprefix("DUNWELL_").lower(): value for name, value in pairs if name not in os.environ}


def own_playbooks() -> Path | None:
    """The folder in which this installation keeps playbooks of its own. Raises UnableToRead.

    Settings take time to load, and a preview does without them where there can be no such folder.
    """
    is_set = any(name in os.environ for name in ("DUNWELL_DATA_FOLDER", "DUNWELL_PLAYBOOKS_FOLDER"))
    return read_settings().own_playbooks if is_set or Path(".dunwell/playbooks").is_dir() else None


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    from db.engine import Database

    database = Database(settings.database)
    try:
        yield database
    finally:
        database.close()


@asynccontextmanager
async def knock(settings: Settings) -> AsyncIterator[Door]:
    """The door to running invoices; what libraries would log is left out, since the command says what came of it."""
    import logging

    import structlog

    from starter import open_door

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    async with open_door(settings) as door:
        yield door


def choose_seller(settings: Settings, wanted: str) -> SellerSettings:
    """The seller with the id ``wanted``, or the only one. Raises UnableToChoose, and UnableToConfigure for a faulty file."""
    from settings import load_sellers

    sellers = {one.seller.id: one for one in load_sellers(settings)}
    if wanted in sellers:
        return sellers[wanted]
    if wanted or len(sellers) > 1:
        raise UnableToChoose(f"--seller: {f'{wanted!r} is not in sellers.yaml' if wanted else 'there are several'}; choose from {', '.join(sellers)}")
    return next(iter(sellers.values()))


def identify(database: Database, settings: Settings, token: str, needed: Access) -> Person:
    """The person who is asking, by ``token`` or by the one kept in the data folder for its owner.

    Raises UnableToIdentify when there is none, or when their role does not cover ``needed``.
    """
    from db.people import person_for_token

    kept = settings.data_folder / TOKEN_FILE
    try:
        token = token or kept.read_text(encoding="utf-8").strip()
    except OSError:
        raise UnableToIdentify(
            f"no token: set DUNWELL_TOKEN or pass --token (dunwell up keeps one for its owner in {kept}; others get theirs by dunwell token issue NAME)"
        ) from None
    with database.reading() as connection:
        person = person_for_token(connection, token)
    if person is None:
        raise UnableToIdentify("this token is not valid, or no longer; get a new one by dunwell token issue NAME")
    if not person.role.covers(needed):
        raise UnableToIdentify(
            f"{person.name} has the role {person.role}, and this needs the role {needed}; dunwell token issue '{person.name}' --role {needed} changes that"
        )
    return person
