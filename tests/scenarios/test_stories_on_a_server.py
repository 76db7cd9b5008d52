"""The same stories on a real server with a virtual clock: its journal is the diary of the pure timeline, line for line."""

from __future__ import annotations

import asyncio
from itertools import groupby
from pathlib import Path

import pytest
from scenarios import whole_accounts
from scenarios.test_stories import STORIES

from activities.asking import AMONG_US
from db.engine import Database
from support.playing import Message, Performance, a_stage, accepted
from support.telling import Story
from tests.support.databases import fresh_database


def _together() -> dict[str, list[Story]]:
    """The stories that one installation can play: they share their playbook and channels."""
    groups = groupby(sorted(STORIES.values(), key=_stage_of), key=_stage_of)
    return {name: list(stories) for name, stories in groups}


def _stage_of(story: Story) -> str:
    return f"{story.playbook} by {'every channel' if len(story.channels) > 2 else 'e-mail and people'}"


STAGES = _together()


async def perform(database: Database, folder: Path, stories: list[Story]) -> dict[str, Performance]:
    async with a_stage(database, folder, stories) as stage:
        played = await asyncio.gather(*(stage.play(story) for story in stories))
    return {story.name: performance for story, performance in zip(stories, played, strict=True)}


# SQLite for all of them, PostgreSQL for the shortest and for the one in which most happens at once.
_STAGES = [*((stage, "sqlite") for stage in STAGES), ("owner-voice by e-mail and people", "postgres"), ("standard by e-mail and people", "postgres")]


@pytest.mark.server
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("stage", "kind"), _STAGES)
def test_the_server_writes_the_same_diaries(stage: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    stories = STAGES[stage]
    server = request.getfixturevalue("postgres_url") if kind == "postgres" else None
    with fresh_database(kind, tmp_path, server) as url:
        database = Database(url)
        played = asyncio.run(perform(database, tmp_path, stories))
        database.close()
    for story in stories:
        assert played[story.name].diary == story.expected, f"{story.name}:\n{played[story.name].diary}"
        missing = [task for task in story.tasks if not any(made.startswith(task) for made in played[story.name].tasks)]
        assert not missing, f"{story.name}: {missing} was asked of nobody, but {sorted(played[story.name].tasks)}"
    if careful := played.get(whole_accounts.STRATEGIC_ACCOUNT.name):
        nothing_threatening(careful.messages)
    keys = [key for key in accepted(tmp_path / "mail") if not key.startswith(AMONG_US)]  # word to colleagues is none to customers
    assert len(keys) == len(set(keys)) == sum(len(performance.messages) for performance in played.values())


def nothing_threatening(messages: list[Message]) -> None:
    """The strategic account heard three friendly words about all it owes, and a thank-you for each promise: to its CFO by name, its
    account manager in CC."""
    assert {message.to for message in messages} == {"clara@the-strategic-account.example"}
    reminders = [message for message in messages if "is noted" not in message.subject]
    assert len(reminders) == 3 and len(messages) == 6
    assert all("127.400,00" in message.text for message in reminders)
    for message in messages:
        assert message.text.startswith("Hello Clara Vogt,") and message.copied == "sue@us.example"
        words = f"{message.subject} {message.text}".lower()
        threats = ("legal", "lawyer", "agency", "collection", "credit hold", "final", "demand", "immediately", "consequence", "overdue notice", "suspend")
        assert not [threat for threat in threats if threat in words]
    assert "42.467,00" in reminders[-1].text and "42.466,00" in reminders[-1].text
