"""The phone company by hand: it asks our listener what to say, signs as Twilio signs, and says what the test has somebody say."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree import ElementTree

from fastapi.testclient import TestClient
from httpx import Response

from integrations.messaging import Accepted, Message, Outcome

PUBLIC = "https://pay.brightwater.example"
TOKEN = "f" * 32
SID = "CA" + "1" * 32


@dataclass
class Caller:
    """Takes every call, or answers as told; ``placed`` is what it was asked to call."""

    placed: list[Message] = field(default_factory=list)
    answers: list[Outcome] = field(default_factory=list)
    name: str = "twilio"

    def carry(self, message: Message) -> Outcome:
        self.placed.append(message)
        return self.answers.pop(0) if self.answers else Accepted(f"CA{len(self.placed)}", receipts=True, calling=True)


@dataclass
class Phone:
    """One call with the key ``key``. ``said`` is all that our agent has said so far, ``next`` where its answers go."""

    client: TestClient
    key: str
    sid: str = SID
    said: list[str] = field(default_factory=list)
    next: str = ""
    over: bool = False
    dials: str = ""

    def post(self, path: str, **fields: str) -> Response:
        form = {"CallSid": self.sid, "AccountSid": "AC" + "0" * 32, "CallStatus": "in-progress", **fields}
        written = f"{PUBLIC}{path}" + "".join(name + value for name, value in sorted(form.items()))
        seal = base64.b64encode(hmac.new(TOKEN.encode(), written.encode(), "sha1").digest()).decode()
        return self.client.post(path, data=form, headers={"X-Twilio-Signature": seal})

    def pick_up(self, answered_by: str = "human") -> str:
        """Somebody, or something, answers: what is said first."""
        return self.follow(self.post(f"/voice/{self.key}", AnsweredBy=answered_by))

    def say(self, *words: str) -> str:
        """Say these one after another; what is said to the last."""
        return [self.follow(self.post(self.next, SpeechResult=one, Confidence="0.9")) for one in words][-1]

    def press(self, *keys: str) -> str:
        return [self.follow(self.post(self.next, Digits=one)) for one in keys][-1]

    def hang_up(self, status: str = "completed") -> None:
        assert self.post(f"/voice/{self.key}/status", CallStatus=status, CallDuration="40").status_code == 200

    def follow(self, response: Response) -> str:
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/xml")
        root = ElementTree.fromstring(response.text)
        spoken = " ".join(say.text or "" for say in root.iter("Say"))
        if spoken:
            self.said.append(spoken)
        for verb in ("Gather", "Dial"):
            if (found := root.find(f".//{verb}")) is not None:
                self.next = urlsplit(found.get("action", "")).path
        dial = root.find("Dial")
        self.dials, self.over = (dial.text or "") if dial is not None else "", root.find(".//Hangup") is not None
        return spoken
