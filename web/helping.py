"""HELP by text message is answered at once, by itself: once a day for each number, and never to one that wants no texts.

The answer goes back in the response to Twilio's own request, so it needs no sending of ours: a request that comes twice is
answered alike, and Twilio sends one text. It is no contact with the customer, so it counts for no gap and no cap.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection
from twilio.twiml.messaging_response import MessagingResponse

from db import installation, parties, receipts
from db.replies import load_message
from db.silenced import find_silenced
from domain.facts import Mode
from integrations.messaging import twilio_text
from playbooks.helping import write_help
from settings import Settings

# Those that Twilio answers by itself where it is left to it.
_TWILIOS = ("help", "info")


def answer_help(connection: Connection, settings: Settings, found: str, sid: str, reach: str, asked: str, *, by_twilio: bool, now: datetime) -> str:
    """What Twilio is told to answer the text ``sid`` with, which is kept as the message ``found``; empty: nothing. ``by_twilio``: it
    has answered by itself."""
    word = asked.strip(" .!?").casefold()
    if by_twilio or (settings.sms_help == "twilio" and word in _TWILIOS):
        return ""
    state = installation.load_installation(connection)
    if state.mode is not Mode.LIVE or state.switched_off or state.fence or "sms" in find_silenced(connection, [reach]).get(reach, ()):
        return ""
    known = parties.load_sellers(connection)
    if not known or not receipts.note_help(connection, twilio_text.NAME, sid, reach, asked, now):
        return ""
    line = load_message(connection, found).line
    seller = next((one for one in known if one.id == line.seller), known[0])
    language = parties.load_customer(connection, line.customer).language if line.customer else seller.language
    answer = MessagingResponse()
    answer.message(write_help(seller, asked, language))
    return str(answer)
