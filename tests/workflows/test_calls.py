"""Story B: three weeks with a call by the voice agent, on a real server, through our real listener, to a phone that talks back."""
# The lines of a diary are as long as what they tell.

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import func, select

import playbooks
import worker
from activities.assessor import Assessor, Policy
from db import installation, schema
from db.engine import Database
from domain.event import ReplyHandled
from domain.facts import Envelope, Mode
from examples.ports import listen
from integrations.messaging import Message, Outcome, capture, twilio_call
from integrations.speaking import Line, Speaker, UnableToSpeak
from settings import Settings
from support.playing import Stage, accepted
from support.rig import virtual_server
from support.telling import START, Owed, Story, on
from tests.support.databases import fresh_database
from web.app import create_public

ROOT = Path(__file__).parents[2]
ACCOUNT, TOKEN, OURS = "AC" + "5" * 32, "c0ffee", "+4930111111"
CHANNELS = frozenset({"email", "call", "task"})

NEGOTIATED = Story(
    "the call that negotiates a date",
    "b2b-three-weeks",
    (on(23, balance="0.00"),),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first reminder sent by e-mail
        day   +7  Fri 20 Mar 2037  second reminder sent by e-mail
        day  +14  Fri 27 Mar 2037  word to the account manager left out: only for strategic customers
        day  +14  Fri 27 Mar 2037  offer of a payment plan left out: only for strategic customers
        day  +14  Fri 27 Mar 2037  promise recorded: 6,200.00 EUR by Tue 7 Apr 2037 (told by Bea Ling): on the phone
        day  +14  Fri 27 Mar 2037  call to the decision-maker made by phone: a day was named
        day  +14  Fri 27 Mar 2037  confirmation of the promise sent by e-mail
        day  +23  Sun  5 Apr 2037  6,200.00 EUR paid or credited, 0.00 EUR left
        day  +23  Sun  5 Apr 2037  promise kept: 6,200.00 EUR by Tue 7 Apr 2037
        day  +23  Sun  5 Apr 2037  paid in full""",
    channels=CHANNELS,
    until=datetime(2037, 4, 20, tzinfo=UTC),
)
# Whose first invoice brings nothing, whose second a wish to speak to a person, and whose third is said to be wrong.
FAILED = Story(
    "the call that brings nothing",
    "b2b-three-weeks",
    (
        on(18, balance="0.00"),
        on(45, ReplyHandled(by="Ann", why="called back"), number="INV-2"),
        on(46, balance="0.00", number="INV-2"),
    ),
    """\
        INV-1
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first reminder sent by e-mail
        day   +7  Fri 20 Mar 2037  second reminder sent by e-mail
        day  +14  Fri 27 Mar 2037  word to the account manager left out: only for strategic customers
        day  +14  Fri 27 Mar 2037  offer of a payment plan left out: only for strategic customers
        day  +14  Fri 27 Mar 2037  call to the decision-maker: nobody was reached: the line was busy
        day  +17  Mon 30 Mar 2037  call to the decision-maker made by phone (planned for day +14: nobody was reached by phone): no day was named
        day  +17  Mon 30 Mar 2037  final demand sent by e-mail (planned for day +14: with the call to the decision-maker)
        day  +17  Mon 30 Mar 2037  text about the final demand: given to a person of ours (planned for day +14: with the final demand)
        day  +18  Tue 31 Mar 2037  6,200.00 EUR paid or credited, 0.00 EUR left
        day  +18  Tue 31 Mar 2037  paid in full
        day  +18  Tue 31 Mar 2037  word that it is settled sent by e-mail

        INV-2
        day   -9  Wed  1 Apr 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 13 Apr 2037  first reminder sent by e-mail
        day   +7  Fri 17 Apr 2037  second reminder sent by e-mail
        day  +14  Fri 24 Apr 2037  word to the account manager left out: only for strategic customers
        day  +14  Fri 24 Apr 2037  offer of a payment plan left out: only for strategic customers
        day  +14  Fri 24 Apr 2037  the customer wants to be called by a person: on the phone
        day  +14  Fri 24 Apr 2037  call to the decision-maker made by phone: a call by a person was asked for
        day  +14  Fri 24 Apr 2037  confirmation of the call back sent by e-mail
        day  +17  Mon 27 Apr 2037  the customer's answer was dealt with by Ann: called back
        day  +17  Mon 27 Apr 2037  final demand sent by e-mail (planned for day +14: the customer's answer)
        day  +17  Mon 27 Apr 2037  text about the final demand: given to a person of ours (planned for day +14: with the final demand)
        day  +18  Tue 28 Apr 2037  6,200.00 EUR paid or credited, 0.00 EUR left
        day  +18  Tue 28 Apr 2037  paid in full
        day  +18  Tue 28 Apr 2037  word that it is settled sent by e-mail

        INV-3
        day   -7  Fri  1 May 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 11 May 2037  first reminder sent by e-mail
        day   +7  Fri 15 May 2037  second reminder sent by e-mail
        day  +14  Fri 22 May 2037  word to the account manager left out: only for strategic customers
        day  +14  Fri 22 May 2037  offer of a payment plan left out: only for strategic customers
        day  +14  Fri 22 May 2037  in dispute: all of it (Two boxes were missing); accounts receivable clears it up by Mon 1 Jun 2037: on the phone
        day  +14  Fri 22 May 2037  call to the decision-maker made by phone: something was said to be wrong
        day  +14  Fri 22 May 2037  confirmation of the dispute sent by e-mail""",
    owes=(
        Owed(),
        Owed("INV-2", date(2037, 4, 10), seen=datetime(2037, 4, 1, 9, tzinfo=UTC)),
        Owed("INV-3", date(2037, 5, 8), seen=datetime(2037, 5, 1, 9, tzinfo=UTC)),
    ),
    channels=CHANNELS,
    until=datetime(2037, 5, 26, tzinfo=UTC),
)
PHONES = {
    NEGOTIATED.name: [
        {
            "turns": [
                {"heard": "am I speaking with", "say": "Yes, speaking"},
                {"heard": "did our messages reach you", "say": "Yes, we have them here"},
                {"heard": "can you pay", "say": "Not before the middle of May"},
                {"heard": "the latest day", "say": "No, but on the seventh of April we could"},
                {"heard": "I repeat", "press": "1"},
            ]
        }
    ],
    FAILED.name: [
        {"picked_up_by": "busy"},
        {
            "turns": [
                {"heard": "am I speaking with", "press": "1"},
                {"heard": "did our messages reach you", "press": "1"},
                {"heard": "can you pay", "say": "No, we can't"},
                {"heard": "pay in parts", "say": "no"},
            ]
        },
        {"turns": [{"heard": "am I speaking with", "press": "0"}]},
        {
            "turns": [
                {"heard": "am I speaking with", "press": "1"},
                {"heard": "did our messages reach you", "press": "3"},
                {"heard": "what is wrong", "say": "Two boxes were missing"},
            ]
        },
    ],
}


class Polite:
    """A model that thanks before it asks."""

    async def understand(self, question: str, said: str, choices: tuple[str, ...], language: str) -> str:
        return ""

    async def word(self, line: Line) -> str:
        if "ask_latest" not in line.ours:
            raise UnableToSpeak("at a loss")
        latest, amount = line.facts["latest"], line.facts["amount"]
        return f"{line.ours['too_late']} Thank you. The latest I can note is {latest}. Can you pay {amount} by then?"


@dataclass
class UntilItIsOver:
    """Places calls, and waits until each is over: so a conversation takes no time on the virtual clock."""

    calls: twilio_call.TwilioCalls
    database: Database
    name: str = "twilio"

    def carry(self, message: Message) -> Outcome:
        outcome = self.calls.carry(message)
        over = select(schema.calls.c.status).where(schema.calls.c.outreach_id == message.key)
        for _ in range(600):
            with self.database.reading() as connection:
                if connection.execute(over).scalar_one():
                    return outcome
            time.sleep(0.05)
        raise AssertionError("the call never ended")


@contextmanager
def pretend_twilio(folder: Path) -> Iterator[str]:
    port = folder / "port"
    command = [sys.executable, "examples/pretend_twilio.py", "--port-file", str(port), "--log", str(folder / "twilio.jsonl"), "--account", ACCOUNT]
    process = subprocess.Popen([*command, "--token", TOKEN], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            if port.exists():
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port.read_text()}"
    finally:
        process.terminate()
        process.wait(60)


@asynccontextmanager
async def a_stage_with_a_phone(database: Database, folder: Path, twilio: str, stories: list[Story], speaker: Speaker | None = None) -> AsyncIterator[Stage]:
    listener = listen(0)
    public = f"http://127.0.0.1:{listener.getsockname()[1]}"
    playbook = playbooks.load("b2b-three-weeks")
    policy = Policy(playbook, playbooks.resolve(playbook), Envelope(channels=CHANNELS), public_url=public)
    with database.transaction() as connection:
        installation.set_mode(connection, Mode.LIVE, "test", datetime.now(UTC))
    mailer = capture.connect(folder / "mail")
    messengers = {"call": UntilItIsOver(twilio_call.connect(ACCOUNT, TOKEN, OURS, public_url=public, api=twilio), database)}
    settings = Settings(data_folder=folder, public_url=public, twilio_account_sid=ACCOUNT, twilio_auth_token=TOKEN, channels="email,call", mailer="capture")

    ticks = count()

    def clock() -> datetime:
        """A few seconds after the last message left: the listener and the runs live on the same day."""
        with database.reading() as connection:
            left = connection.execute(select(func.max(schema.outreach.c.sending_at))).scalar_one()
        return (left or START) + timedelta(seconds=5, milliseconds=next(ticks))

    async with virtual_server() as environment:
        stage = Stage(environment, database, Assessor(policy), folder / "mail", [story.name for story in stories])
        app = create_public(stage.door, settings, (), clock)
        app.state.speaker = speaker
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        deciding, sending = worker.make_workers(environment.client, database, stage.ledgers, policy, mailer, messengers=messengers, at=stage.at, cached=100)
        async with deciding, sending:
            yield stage
        server.should_exit = True
        await serving


async def perform(database: Database, folder: Path, twilio: str, story: Story, speaker: Speaker | None) -> tuple[str, list[Any]]:
    number = next(iter(story.reached()))[3]
    async with httpx.AsyncClient(base_url=twilio, trust_env=False) as phone:
        (await phone.put("/phones", json=[{"number": number, **script} for script in PHONES[story.name]])).raise_for_status()
        async with a_stage_with_a_phone(database, folder, twilio, [story], speaker) as stage:
            performance = await stage.play(story)
        calls = (await phone.get("/calls")).json()
    return performance.diary, calls


@pytest.mark.server
@pytest.mark.parametrize(
    ("story", "speaker"),
    [(NEGOTIATED, None), (FAILED, None), (NEGOTIATED, Polite())],
    ids=["negotiated", "failed", "negotiated over a line of its own"],
)
def test_three_weeks_with_a_voice(story: Story, speaker: Speaker | None, tmp_path: Path) -> None:
    with fresh_database("sqlite", tmp_path, None) as url, pretend_twilio(tmp_path) as twilio:
        database = Database(url)
        diary, calls = asyncio.run(perform(database, tmp_path, twilio, story, speaker))
        assert diary == story.expected, diary
        assert len(calls) == len(PHONES[story.name])
        for call in calls:
            assert call["errors"] == []
            said = [words["said"] for words in call["words"] if words["who"] == "voice" and "said" in words]
            assert not said or "automated assistant" in said[0]
            assert not any("INV-1" in words for words in said[: 2 if speaker is None else 1])
        if speaker is not None:
            assert "Thank you. The latest I can note is" in " ".join(said)
        keys = accepted(tmp_path / "mail")
        assert len(keys) == len(set(keys)) == story.expected.count("sent by e-mail")
        database.close()
