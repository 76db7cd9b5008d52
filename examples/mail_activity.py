"""What SendGrid's Email Activity API tells of mails, and its language to ask for them."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from examples.append_log import present
from examples.mail_events import Mail

_TEXT = r"""("[^"]*"|'[^']*')"""
_CONDITION = re.compile(
    rf"""unique_args\[(?P<arg>"[^"]*"|'[^']*')\]\s*=\s*(?P<value>{_TEXT})"""
    rf"""|last_event_time\s+BETWEEN\s+TIMESTAMP\s+(?P<begin>{_TEXT})\s+AND\s+TIMESTAMP\s+(?P<end>{_TEXT})"""
    rf"""|(?P<name>msg_id|to_email|from_email|subject|status)\s*=\s*(?P<same>{_TEXT})"""
    rf"""|msg_id\s+LIKE\s+(?P<like>{_TEXT})""",
    re.IGNORECASE,
)


def search(mails: list[Mail], query: str) -> list[Mail]:
    """Those of ``mails`` that fit ``query``, newest first. Raises ValueError when the query cannot be understood."""
    fits = list(mails)
    for condition in _CONDITION.finditer(query):
        part = {name: value and value.strip("\"'") for name, value in condition.groupdict().items()}
        if part["arg"] is not None:
            fits = [mail for mail in fits if mail.custom_args.get(part["arg"]) == part["value"]]
        elif part["begin"] is not None:
            begin, end = _moment(part["begin"]), _moment(part["end"])
            fits = [mail for mail in fits if begin <= _last(mail) <= end]
        elif part["name"] is not None:
            fits = [mail for mail in fits if row(mail)[part["name"].lower()] == part["same"]]
        else:
            fits = [mail for mail in fits if mail.full_id.startswith(part["like"].removesuffix("%"))]
    if rest := re.sub(r"\bAND\b|[()\s]", "", _CONDITION.sub("", query), flags=re.IGNORECASE):
        raise ValueError(f"invalid syntax: {rest!r}")
    return sorted(fits, key=_last, reverse=True)


def _moment(written: str) -> datetime:
    moment = datetime.fromisoformat(written)
    if not moment.tzinfo:
        raise ValueError(f"invalid syntax: {written!r} lacks its zone; write 2026-03-02T09:00:00Z")
    return moment


def _last(mail: Mail) -> datetime:
    if mail.events:
        return datetime.fromtimestamp(max(event["timestamp"] for event in mail.events), tz=present().tzinfo)
    assert mail.accepted_at
    return mail.accepted_at.replace(microsecond=0)


def row(mail: Mail) -> dict[str, Any]:
    names = [event["event"] for event in mail.events]
    return {
        "from_email": mail.sender,
        "msg_id": mail.full_id,
        "subject": mail.subject,
        "to_email": mail.to,
        "status": mail.status(),
        "opens_count": names.count("open"),
        "clicks_count": names.count("click"),
        "last_event_time": _iso(_last(mail)),
    }


def whole(mail: Mail) -> dict[str, Any]:
    events = [
        {"event_name": event["event"], "processed": _iso(datetime.fromtimestamp(event["timestamp"], tz=present().tzinfo)), "reason": event.get("reason", "")}
        for event in mail.events
    ]
    known = {name: value for name, value in row(mail).items() if name in ("from_email", "msg_id", "subject", "to_email", "status")}
    more = {"template_id": "", "asm_group_id": 0, "teammate": "", "api_key_id": "pretend", "originating_ip": "127.0.0.1", "categories": []}
    return known | more | {"events": events, "unique_args": json.dumps(mail.custom_args), "outbound_ip": "192.0.2.25", "outbound_ip_type": "shared"}


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
