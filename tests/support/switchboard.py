"""The phone company by hand: it asks our listener what to say, signs as Twilio signs, and says what the test has somebody say."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from fastapi.testclient import TestClient
from httpx import Response
from starlette.testclient import WebSocketTestSession

from integrations.messaging import Accepted, Message, Outcome

PUBLIC = "https://pay.brightwater.example"
ACCOUNT = "AC" + "0" * 32
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
        form = {"CallSid": self.sid, "AccountSid": ACCOUNT, "CallStatus": "in-progress", **fields}
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


def seal(url: str, token: str = TOKEN) -> dict[str, str]:
    """The header with which Twilio opens a socket at ``url``."""
    return {"X-Twilio-Signature": base64.b64encode(hmac.new(token.encode(), url.encode(), "sha1").digest()).decode()}


@dataclass
class Socket:
    """A call that goes over a line of its own. What is said once the line is closed stands in ``phone.said``, as in other calls."""

    phone: Phone
    socket: WebSocketTestSession | None = None
    greeting: str = ""
    said: list[str] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""

    def pick_up(self, **setup: Any) -> str:
        """Somebody answers, and the line is opened; the greeting."""
        root = ElementTree.fromstring(self.phone.post(f"/voice/{self.phone.key}", AnsweredBy="human").text)
        connect, noun = root.find("Connect"), root.find("Connect/ConversationRelay")
        assert connect is not None and noun is not None
        self.greeting, self.address, self.phone.next = noun.get("welcomeGreeting", ""), noun.get("url", ""), urlsplit(connect.get("action", "")).path
        self.socket = self.open().__enter__()
        self.send({"type": "setup", "sessionId": "VX1", "callSid": self.phone.sid, "direction": "outbound-api", "customParameters": {}, **setup})
        return self.greeting

    def open(self, headers: dict[str, str] | None = None) -> WebSocketTestSession:
        return self.phone.client.websocket_connect(urlsplit(self.address).path, headers=seal(self.address) if headers is None else headers)

    def send(self, frame: Any) -> None:
        assert self.socket is not None
        self.socket.send_text(json.dumps(frame))

    def say(self, *words: str) -> str:
        """Say these one after another; what is said to the last."""
        for one in words:
            self.send({"type": "prompt", "voicePrompt": one, "lang": "en-US", "last": True})
            heard = self.hear()
        return heard

    def press(self, *keys: str) -> str:
        """Press these; several in a row count as one answer."""
        for one in keys:
            for key in one:
                self.send({"type": "dtmf", "digit": key})
            heard = self.hear()
        return heard

    def hear(self) -> str:
        """What comes next; when the line is closed, what is said after that."""
        assert self.socket is not None
        frame = self.socket.receive_json()
        self.frames.append(frame)
        if frame["type"] == "text":
            self.said.append(frame["token"])
            return str(frame["token"])
        assert frame["type"] == "end", frame
        self.close()
        return self.phone.follow(self.phone.post(self.phone.next, SessionStatus="ended", HandoffData=frame["handoffData"]))

    def close(self) -> None:
        assert self.socket is not None
        self.socket.__exit__(None, None, None)
        self.socket = None
