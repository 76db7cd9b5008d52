"""A page in the browser that tells of everything that went wrong on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from playwright.sync_api import Page, Request

Scheme = Literal["light", "dark"]

# Tells of what the policy of our pages has refused.
CATCH_REFUSED = "document.addEventListener('securitypolicyviolation', one => console.error(`refused: ${one.violatedDirective} ${one.blockedURI}`))"


@dataclass
class Screen:
    """A browser page, and everything that went wrong on it."""

    page: Page
    troubles: list[str] = field(default_factory=list)

    def watch(self, *origins: str) -> None:
        ours = (*(f"{origin}/" for origin in origins), "data:")
        self.page.on("console", lambda message: self.troubles.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("requestfailed", self._note_failure)
        self.page.on("request", lambda request: None if request.url.startswith(ours) else self.troubles.append(f"foreign: {request.url}"))

    def _note_failure(self, request: Request) -> None:
        # Aborted is what we left behind by going on to the next page.
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"failed: {request.url} {request.failure}")
