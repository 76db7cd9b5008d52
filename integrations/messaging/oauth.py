"""Access tokens for mailboxes that take no password: Microsoft 365 and Gmail give them out for a refresh token."""

from __future__ import annotations

import base64
import shlex
import subprocess
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_TIMEOUT = httpx.Timeout(20.0, connect=10.0)
_COMMAND_SECONDS = 30
# A token is renewed this long before it ends.
_EARLY_SECONDS = 120


class UnableToGetToken(Exception):
    """No access token could be had; the message tells why and the remedy."""


class Keeper(Protocol):
    """Where the newest refresh token of one mailbox outlives the process, sealed."""

    def load(self) -> str:
        """What was saved last; empty: nothing."""
        ...

    def save(self, sealed: str) -> None: ...


@dataclass(slots=True)
class TokenSource:
    """Where access tokens come from: ``command`` prints one, or else ``url`` gives one for the refresh token; without a refresh
    token, to the application itself. A token is kept until shortly before it ends. A service that hands out a new refresh
    token with each answer is asked with the newest one the next time, also after a restart where there is a ``keeper``.

    What is kept is sealed with ``refresh_token``, the one from the settings: it is of no use to who has nothing but the database, and a
    person who writes another one into the settings has that one used."""

    url: str
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    scope: str = ""
    command: str = ""
    keeper: Keeper | None = field(default=None, repr=False)
    _newest: str = field(default="", init=False, repr=False)
    _to_be_kept: bool = field(default=False, init=False)
    _token: str = field(default="", init=False, repr=False)
    _until: float = field(default=0.0, init=False)

    def get(self) -> str:
        """A valid access token. Raises UnableToGetToken."""
        if self.command:
            return self._run()
        if self._to_be_kept:
            self._keep()
        if not self._token or time.monotonic() >= self._until:
            self._renew()
        return self._token

    def _renew(self) -> None:
        """Asked with the newest refresh token, and when that has ended with what another process may have kept since, or with
        that of the settings."""
        tried: list[str] = []
        while True:
            tried.append(self._find_untried(tried))
            status, told = self._ask(tried[-1])
            token = told.get("access_token") if isinstance(told, dict) else None
            if status == 200 and isinstance(token, str) and token:
                break
            has_ended = isinstance(told, dict) and told.get("error") == "invalid_grant"
            if not has_ended or not self._find_untried(tried):
                raise UnableToGetToken(f"no access token from {self.url}: {_why(status, told)}; renew refresh_token, or check client_id and client_secret")
        self._token = token
        life = told.get("expires_in")
        self._until = time.monotonic() + max(0.0, (float(life) if isinstance(life, (int, float)) else 300.0) - _EARLY_SECONDS)
        if isinstance(newer := told.get("refresh_token"), str) and newer and newer != tried[-1]:
            self._newest = newer
            self._to_be_kept = True
            self._keep()

    def _find_untried(self, tried: list[str]) -> str:
        """The refresh token to ask with; empty: there is none that has not been ``tried``, or none at all."""
        if not self.refresh_token:
            return ""
        kept = self._open(self.keeper.load()) if self.keeper else ""
        return next((one for one in (kept, self._newest, self.refresh_token) if one and one not in tried), "")

    def _keep(self) -> None:
        if self.keeper and self.refresh_token:
            self.keeper.save(self._seal().encrypt(self._newest.encode()).decode())
        self._to_be_kept = False

    def _open(self, sealed: str) -> str:
        try:
            return self._seal().decrypt(sealed.encode()).decode() if sealed else ""
        except (InvalidToken, ValueError):
            return ""  # the one in the settings has been changed since

    def _seal(self) -> Fernet:
        about = f"dunwell refresh token {self.url} {self.client_id}".encode()
        return Fernet(base64.urlsafe_b64encode(HKDF(hashes.SHA256(), 32, None, about).derive(self.refresh_token.encode())))

    def _ask(self, refresh_token: str) -> tuple[int, Any]:
        """The status, and what it says where that is JSON. Raises UnableToGetToken when nobody answers."""
        asked = {"client_id": self.client_id, "client_secret": self.client_secret, "scope": self.scope}
        asked |= {"grant_type": "refresh_token", "refresh_token": refresh_token} if refresh_token else {"grant_type": "client_credentials"}
        try:
            answer = httpx.post(self.url, data={name: value for name, value in asked.items() if value}, timeout=_TIMEOUT)
            return answer.status_code, answer.json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnableToGetToken(f"no access token from {self.url}: {error or type(error).__name__}; check token_url and the network") from None
        except ValueError:
            return answer.status_code, {}

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
