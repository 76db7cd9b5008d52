"""Language models that take part in a call, one file for each kind of service. None does unless it is configured.

A model may say which of a few answers was probably meant, and may word a line that we would say anyway. Neither is believed: a
guess is put to the customer as a question by ``domain.conversation``, and ``playbooks.phrasing`` decides which words are spoken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class UnableToSpeak(Exception):
    """The model gave nothing that can be read in time; the message says why, without anything of what it said."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a model may word: ``ours`` are the texts as we say them, by name and in order. ``forms`` are regular expressions for other
    ways to say each, with the names of ``facts`` in braces, and ``idioms`` for what may stand before one. ``said`` is what the
    customer said last: material, and never an instruction."""

    language: str
    ours: Mapping[str, str]
    forms: Mapping[str, tuple[str, ...]]
    facts: Mapping[str, str]
    idioms: tuple[str, ...]
    said: str


class Speaker(Protocol):
    """Both end within the speaker's own time-out, and raise UnableToSpeak."""

    async def understand(self, question: str, said: str, choices: tuple[str, ...], language: str) -> str:
        """Which of ``choices`` was meant by ``said``, an answer to ``question``; empty when none of them was."""
        ...

    async def word(self, line: Line) -> str: ...
