"""Slack and Microsoft Teams: a line for colleagues, through an incoming webhook.

Slack takes ``{"text": ...}``; Teams' Workflows take an Adaptive Card in an attachment. Which it is, the address tells.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

_SECONDS = 5.0
_LONGEST = 2_000


class UnableToPost(Exception):
    """The chat did not take a line; the message tells why, and never where to: the address is a secret."""


@dataclass(frozen=True, slots=True)
class TeamChat:
    """Posts to ``url``, which is all a sender needs to know, and so a secret."""

    url: str = field(repr=False)

    def post(self, title: str, text: str, link: str) -> None:
        """Post a line with what it is about and where to do something about it. Raises UnableToPost."""
        shape = _for_slack if _is_slack(self.url) else _for_teams
        try:
            with httpx.Client(timeout=_SECONDS, follow_redirects=False) as client:
                answer = client.post(self.url, json=shape(title[:_LONGEST], text[:_LONGEST], link))
        except httpx.HTTPError as error:
            raise UnableToPost(f"the chat cannot be reached ({type(error).__name__})") from None
        if not answer.is_success:
            raise UnableToPost(f"the chat answered {answer.status_code}; make its incoming webhook anew, and set DUNWELL_TEAM_CHAT_URL")


def _is_slack(url: str) -> bool:
    return (urlsplit(url).hostname or "").endswith("slack.com")


def _for_slack(title: str, text: str, link: str) -> dict[str, Any]:
    # Three characters steer Slack's markup; nothing that customers are called may do so.
    quoted = [part.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for part in (title, text)]
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": part}} for part in (title, text) if part]
    return {"text": quoted[0], "blocks": [*blocks, {"type": "section", "text": {"type": "mrkdwn", "text": f"<{link}|Open in Dunwell>"}}]}


def _for_teams(title: str, text: str, link: str) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "TextBlock", "text": title, "weight": "Bolder", "wrap": True}, {"type": "TextBlock", "text": text, "wrap": True}],
        "actions": [{"type": "Action.OpenUrl", "title": "Open in Dunwell", "url": link}],
    }
    return {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]}
