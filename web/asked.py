"""What the routes of the API are asked with: who is asking, about which invoice, and fields that say exactly what they mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Depends, Header, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from db import people, views
from db.people import Access, Person
from starter import Door

_bearer = HTTPBearer(auto_error=False, description="A token bound to a person, made by: dunwell token issue NAME --role ROLE")


def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


def _now(request: Request) -> datetime:
    now: datetime = request.app.state.clock()
    return now


TheDoor = Annotated[Door, Depends(_door)]
Now = Annotated[datetime, Depends(_now)]


def _needs(role: Access) -> Callable[..., Person]:
    """The person behind the token, who must hold at least ``role``."""

    def identify(door: TheDoor, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Person:
        if given is None:
            raise HTTPException(401, "Send the header Authorization: Bearer TOKEN.", headers={"WWW-Authenticate": "Bearer"})
        with door.database.reading() as connection:
            person = people.person_for_token(connection, given.credentials)
        if person is None:
            raise HTTPException(
                401,
                "This token is not valid, or no longer. An admin makes a new one: dunwell token issue NAME --role ROLE.",
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        if not person.role.covers(role):
            raise HTTPException(
                403, f"{person.name} has the role {person.role}; this needs the role {role}. An admin can raise it: dunwell token issue NAME --role ROLE."
            )
        return person

    return identify


Viewer = Annotated[Person, Depends(_needs(Access.VIEWER))]
Agent = Annotated[Person, Depends(_needs(Access.AGENT))]


def exact(value: object) -> object:
    """``value``, unless it is a number that may have been rounded on its way here."""
    if isinstance(value, (float, bool)):
        raise ValueError('write it as a string such as "120.00"')
    return value


def _calendar_day(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('write a day such as "2026-11-30"')
    return value


Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00]*$"), Field(description="Stands in the diary.")]
Amount = Annotated[Decimal, BeforeValidator(exact), Field(gt=0, max_digits=18)]
Day = Annotated[date, BeforeValidator(_calendar_day)]
Reference = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]+$", description="The invoice's number, or our id of it.")]
Key = Annotated[
    str | None, Header(alias="Idempotency-Key", pattern=r"^[!-~]{1,100}$", description="The same key again gives the same answer and changes nothing.")
]


class Strict(BaseModel):
    """What is asked: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


def find(connection: Connection, reference: str) -> str:
    """The id of the one watched invoice that ``reference`` names; raises HTTPException 404 or 409."""
    found = views.find(connection, reference)
    if not found:
        raise HTTPException(404, "No invoice with this number or id is being watched. GET /api/invoices lists them.")
    if len(found) > 1:
        raise HTTPException(409, f"Several invoices have this number. Name one by its id: {', '.join(found)}.")
    return found[0]
