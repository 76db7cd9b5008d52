"""What screens say for what the database holds: the reader's words, and dates and amounts as people read them."""

from __future__ import annotations

from datetime import date, datetime

from domain.calendar import zone
from domain.case import Fate
from domain.diary import write_day
from domain.money import Money
from domain.playbook import Step, taken_again

STAGES = {
    "upcoming": "nothing sent yet",
    "overdue": "overdue, nothing sent yet",
    "courtesy": "note before due date",
    "due": "due-day note",
    "reminder": "reminded",
    "final": "final notice",
    "statement": "monthly statement",
    "settled": "paid",
    "voided": "voided",
    "written_off": "written off",
    "stopped": "stopped by hand",
}

REASONS = {
    "planned": "the next message has its day",
    "due": "a message is leaving now",
    "covered": "a message is on its way",
    "hours": "it is outside contact hours",
    "gap": "the customer heard from us lately",
    "caps": "the customer heard from us often enough",
    "courtesy": "the customer pays promptly",
    "hold": "it is on hold",
    "promise": "payment is promised",
    "disputed": "it is disputed",
    "draft": "the ledger calls it a draft",
    "fenced": "it is not known yet what was really sent",
    "switched-off": "all sending is stopped",
    "unread": "nobody would read the answer",
    "ledger": "the ledger cannot be read",
    "missing": "the ledger no longer knows it",
    "stale": "the ledger was read too long ago",
    "books": "the bank is not booked yet",
    "refused": "the mail service refused the last message",
    "missed": "nobody answered the last call",
    "unreachable": "nobody there can be written to",
    "undelivered": "an earlier message did not arrive",
    "unknown": "nobody knows whether a message left",
}

STATES = {
    "claimed": "being written",
    "sending": "on its way",
    "calling": "on the phone",
    "missed": "nobody was reached",
    "accepted": "sent",
    "delivered": "delivered",
    "presumed_delivered": "sent, presumed delivered",
    "unknown": "nobody knows whether it left",
    "refused": "refused by the mail service",
    "bounced": "came back",
    "failed": "failed",
    "released": "withdrawn before sending",
    "deferred": "put off",
    "shadowed": "kept here, would have gone out",
    "presumed": "may have been sent before this copy was restored",
}

FATES = {
    Fate.ACCEPTED: "sent",
    Fate.PRESUMED: "sent, presumed delivered",
    Fate.DELIVERED: "delivered",
    Fate.UNKNOWN: "nobody knows whether it left",
    Fate.SHADOWED: "kept here, would have gone out",
    Fate.SKIPPED: "skipped by hand",
    Fate.PASSED_OVER: "left out",
}

TASKS = {
    "incident": "needs repair",
    "repair_contact": "nobody to write to",
    "resolve_outreach": "did it leave?",
    "read_word": "read and decide",
    "review": "decide",
    "call": "call them",
    "read_reply": "read the answer",
    "decide": "decide",
    "approve": "agree or refuse",
    "clear_dispute": "clear up",
    "alert": "account manager",
    "credit_hold": "hold new orders",
    "hand_off": "hand over",
    "book": "book it",
    "compensate": "take it back",
    "post_letter": "print and post",
    "upload": "upload it",
}

BUCKETS = {"current": "not yet due", "1-30": "1–30 days late", "31-60": "31–60 days late", "61-90": "61–90 days late", "90+": "over 90 days late"}

CHANNELS = {"email": "e-mail", "sms": "text message", "voice": "phone call", "call": "phone call", "portal": "web page"}


def plain(name: str, words: dict[str, str]) -> str:
    """The words for ``name``, or the name itself made readable where a newer version has brought one we do not know."""
    return words.get(name, name.replace("_", " ").replace("-", " "))


def fate(state: str, provider: str) -> str:
    """What became of a message. What was kept here has reached nobody, whatever its state."""
    return "kept here" if provider == "capture" and state in ("accepted", "delivered") else plain(state, STATES)


def day(value: date) -> str:
    return " ".join(write_day(value).split())


def moment(value: datetime, zone_name: str) -> str:
    """A moment as the customer's clock shows it, with the zone: ``Mon 23 Nov 2026, 09:14 EST``."""
    local = value.astimezone(zone(zone_name))
    name, offset = local.tzname() or "", f"{local:%z}"
    return f"{day(local.date())}, {local:%H:%M} {name if name.isalpha() else f'UTC{offset[:3]}:{offset[3:5]}'}"


def soon(value: datetime, zone_name: str, now: datetime) -> str:
    """As ``moment``, with today and tomorrow called so and without the year we are in."""
    local, here = value.astimezone(zone(zone_name)), now.astimezone(zone(zone_name))
    said = moment(value, zone_name)
    match (local.date() - here.date()).days:
        case 0:
            return f"today{said[said.index(',') :]}"
        case 1:
            return f"tomorrow{said[said.index(',') :]}"
    return said.replace(f" {here.year},", ",")


def amount(money: Money) -> str:
    return f"{money.amount:,f}"


def lateness(days: int) -> str:
    """How an invoice stands to its due date, in words."""
    if days == 0:
        return "due today"
    count = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
    return f"{count} late" if days > 0 else f"due in {count}"


def step_day(step: Step) -> str:
    """When a step comes, counted from the due date."""
    if step.business_day is not None:
        count, unit = step.business_day, "business day"
    else:
        count, unit = step.day or 0, "day"
    if count == 0:
        return "on the due date"
    when = f"{abs(count)} {unit}{'' if abs(count) == 1 else 's'} {'after' if count > 0 else 'before'} due"
    return f"{when}, {step.notice_days} days after a delivered reminder" if step.notice_days else when


def sentence(text: str) -> str:
    """``text`` as a sentence of its own, whoever wrote it."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".") if text else ""


def step_title(name: str) -> str:
    """A step's name as people read it."""
    if taken_again(name):
        return f"{step_title(name.rpartition('-again-')[0])} once more"
    return f"monthly statement {name.removeprefix('statement-')}" if name.startswith("statement-") else name.replace("-", " ")
