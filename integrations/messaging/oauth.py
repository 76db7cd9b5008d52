"""Access tokens for mailboxes that take no password: Microsoft 365 and Gmail give them out for a refresh token."""

from __future__ import annotations

import shlex
import subprocess
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

_TIMEOUT = httpx.Timeout(20.0, connect=10.0)
_COMMAND_SECONDS = 30
# A token is renewed this long before it ends.
_EARLY_SECONDS = 120


class UnableToGetToken(Exception):
    """No access token could be had; the message tells why and the remedy."""


@dataclass(slots=True)
class TokenSource:
    """Where access tokens come from: ``command`` prints one, or else ``url`` gives one for the refresh token; without a refresh
    token, to the application itself. A token is kept until shortly before it ends. A service that hands out a new refresh
    token with each answer has the newest one asked for the next."""

    url: str
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    scope: str = ""
    command: str = ""
    _token: str = field(default="", init=False, repr=False)
    _until: float = field(default=0.0, init=False)

    def get(self) -> str:
        """A valid access token. Raises UnableToGetToken."""
        if self.command:
            return self._run()
        if not self._token or time.monotonic() >= self._until:
            self._renew()
        return self._token

    def _renew(self) -> None:
        asked = {"client_id": self.client_id, "client_secret": self.client_secret, "scope": self.scope}
        asked |= {"grant_type": "refresh_token", "refresh_token": self.refresh_token} if self.refresh_token else {"grant_type": "client_credentials"}
        try:
            answer = httpx.post(self.url, data={name: value for name, value in asked.items() if value}, timeout=_TIMEOUT)
            told = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnableToGetToken(f"no access token from {self.url}: {error or type(error).__name__}; check token_url and the network") from None
        except ValueError:
            told = {}
        token = told.get("access_token") if isinstance(told, dict) else None
        if answer.status_code != 200 or not isinstance(token, str) or not token:
            raise UnableToGetToken(
                f"no access token from {self.url}: {_why(answer.status_code, told)}; renew refresh_token, or check client_id and client_secret"
            )
        self._token = token
        if isinstance(newer := told.get("refresh_token"), str) and newer:
            self.refresh_token = newer
        life = told.get("expires_in")
        self._until = time.monotonic() + max(0.0, (float(life) if isinstance(life, (int, float)) else 300.0) - _EARLY_SECONDS)

    def _run(self) -> str:
        try:
            done = subprocess.run(shlex.split(self.command), capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False)
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise UnableToGetToken(f"token_command could not be run: {type(error).__name__}; check that it prints an access token") from None
        token = done.stdout.strip()
        if done.returncode or not token or "\n" in token:
            raise UnableToGetToken(f"token_command ended with {done.returncode} and printed no token; run it by hand to see why")
        return token


def _why(status: int, told: Any) -> str:
    said = told.get("error_description") or told.get("error") if isinstance(told, dict) else ""
    return f"status {status}{f' ({str(said)[:200]})' if said else ''}"
