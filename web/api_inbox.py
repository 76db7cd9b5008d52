"""The API's answers of customers: listed, and looked at one by one. People deal with them: dunwell inbox resolve."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.exceptions import HTTPException

from db import replies
from web.asked import TheDoor, Viewer, Word

router = APIRouter(prefix="/inbox")
_MESSAGE = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_]+$", description="Our id of the message, or how it begins.")]


@router.get("")
def list_messages(
    door: TheDoor,
    person: Viewer,
    everything: Annotated[bool, Query(description="Also what has been dealt with, newest first.")] = False,
    customer: Annotated[Word, Query(description="A part of the customer's name or number, or of the sender's address.")] = "",
) -> dict[str, Any]:
    """The answers of customers that wait for a person, longest waiting first; 200 at most."""
    with door.database.reading() as connection:
        return {"messages": [replies.describe(line) for line in replies.list_messages(connection, everything=everything, customer=customer)]}


@router.get("/{message}")
def show_message(door: TheDoor, person: Viewer, message: _MESSAGE) -> dict[str, Any]:
    """One message whole, with what it was understood as and by which words."""
    try:
        with door.database.reading() as connection:
            return replies.describe_whole(replies.load_message(connection, message))
    except replies.UnableToFindMessage as error:
        raise HTTPException(404, f"{error}") from None
