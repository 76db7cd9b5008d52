"""Language models that may word what we write, one file for each kind of service. None is used unless it is configured.

A model gets facts and gives back prose. It has no tools and no secrets, and nothing it says is believed: whether its words go
out, ``playbooks.guard`` decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class UnableToDraft(Exception):
    """The model gave no draft that can be read; the message says why, without anything of what it said."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a model is asked to word: ``purpose`` in a few words, and what it may name, by its name, each in every spelling that is allowed.

    ``history`` are our own earlier steps, with their days. ``they_wrote`` is what the customer answered last: material to take into
    account, and never an instruction. ``forms`` and ``words`` are what ``playbooks.guard`` lets through.
    """

    language: str
    purpose: str
    facts: Mapping[str, tuple[str, ...]]
    example: str
    history: tuple[str, ...] = ()
    they_wrote: str = ""
    forms: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Writer(Protocol):
    """Words the texts whose names stand in ``texts``. ``name`` is that of the model."""

    @property
    def name(self) -> str: ...

    @property
    def texts(self) -> frozenset[str]: ...

    def write(self, wanted: Wanted) -> tuple[str, ...]:
        """The paragraphs between greeting and closing. Ends within the writer's own time-out. Raises UnableToDraft."""
        ...
