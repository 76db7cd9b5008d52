"""Things a person must do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class TaskKind(StrEnum):
    INCIDENT = "incident"
    REPAIR_CONTACT = "repair_contact"
    RESOLVE_OUTREACH = "resolve_outreach"
    READ_WORD = "read_word"
    REVIEW = "review"
    CALL = "call"
    READ_REPLY = "read_reply"
    DECIDE = "decide"
    APPROVE = "approve"
    CLEAR_DISPUTE = "clear_dispute"
    ALERT = "alert"
    CREDIT_HOLD = "credit_hold"
    HAND_OFF = "hand_off"
    BOOK = "book"
    COMPENSATE = "compensate"
    POST_LETTER = "post_letter"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class Task:
    """What must be done, by whom and by when. ``key`` names the matter: the same key asked for twice is one open task.

    ``once``: whoever has closed it knows, and is not asked again.
    """

    key: str
    kind: TaskKind
    title: str
    remedy: str
    owner: str
    due: date
    once: bool = False
