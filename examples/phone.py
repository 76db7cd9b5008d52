"""The phone at the other end of a pretend call: it follows TwiML, answers by its script, and remembers every word."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

from examples.append_log import Log, present
from examples.phone_relay import UnableToConverse, converse
from examples.phone_script import Call, Script, Turn
from examples.twilio_posts import Poster, Teller, Telling

_LETTERS_A_SECOND = 15
_GREETING_SECONDS = 8.0
_BEEP = "*beep*"
_MOST_PAGES = 200


class _Over(Exception):
    """The connection ends, and with which status."""

    def __init__(self, status: str = "completed") -> None:
        super().__init__(status)
        self.status = status


class _Misunderstood(Exception):
    """What the customer's address answered cannot be used; Twilio's code for it."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Page:
    root: ElementTree.Element
    url: str


class Line:
    """One call from its first ring to its end."""

    def __init__(self, call: Call, script: Script, poster: Poster, teller: Teller, log: Log) -> None:
        self.call, self._script, self._poster, self._teller, self._log = call, script, poster, teller, log
        self._turns = list(script.turns)
        self._since_answer = ""
        self._sentences = 0
        self._number_of_progress = 0
        self._beeps_at: float | None = None

    async def run(self) -> None:
        """Ring, be answered or not, and talk; everything is told as the call asked for it."""
        self._progress("initiated", "initiated")
        await asyncio.sleep(self._script.seconds or 0)
        if self._script.picked_up_by == "failed":
            return self._end("failed")
        if self.call.status in ("canceled", "completed"):
            return self._end("canceled")
        self.call.status = "ringing"
        self._progress("ringing", "ringing")
        if self._script.picked_up_by in ("busy", "nobody"):
            return self._end("busy" if self._script.picked_up_by == "busy" else "no-answer")
        if self.call.status in ("canceled", "completed"):
            return self._end("canceled")
        self.call.status = "in-progress"
        self._progress("answered", "in-progress")
        try:
            await self._talk()
        except _Over as over:
            self._end(over.status)
        except _Misunderstood as error:
            self.call.errors.append(error.code)
            self._note("line", said="We are sorry, an application error has occurred. Goodbye.", error=error.code)
            self._end("completed")
        else:
            self._end("completed")

    def _progress(self, event: str, status: str, **more: str) -> None:
        """Tell of an event, if the call asked for such."""
        if event in self.call.events:
            numbered = {"CallbackSource": "call-progress-events", "SequenceNumber": str(self._number_of_progress), "Timestamp": _rfc2822(present())}
            self._teller.tell(event, self.call.form(**numbered, **more) | {"CallStatus": status})
        self._number_of_progress += 1

    def _end(self, status: str) -> None:
        self.call.status = status
        duration = str(round(self.call.seconds))
        more = {"CallDuration": duration, "Duration": str(-(-round(self.call.seconds) // 60))} if status == "completed" else {"CallDuration": "0"}
        if self.call.answered_by:
            more["AnsweredBy"] = self.call.answered_by
        self._log.write_to_disk("call ended", call=self.call.sid, to=self.call.to, status=status, seconds=duration, errors=self.call.errors)
        self._progress("completed", status, **more)
        self._teller.end()

    async def _talk(self) -> None:
        machine = self._script.picked_up_by == "machine"
        detection = self.call.asked.get("MachineDetection", "")
        if machine:
            self._note("phone", said=self._script.greeting)
            if detection == "DetectMessageEnd":
                self._pass(_GREETING_SECONDS)
                if self._script.beep:
                    self._note("phone", said=_BEEP)
            elif self._script.beep:
                self._beeps_at = _GREETING_SECONDS
        found = self._detected(detection)
        if found and self.call.asked.get("AsyncAmd", "").lower() == "true":
            self._tell_detected(found)
        else:
            self.call.answered_by = found
        if self._script.hangs_up_after == 0:
            self._hang_up()
        page: _Page | None = await self._first()
        for _ in range(_MOST_PAGES):
            if page is None:
                return
            page = await self._follow(page)
        raise _Misunderstood(11200)

    def _detected(self, detection: str) -> str:
        """AnsweredBy, when it was asked for: Enable answers at the greeting's start, DetectMessageEnd at its end."""
        if detection not in ("Enable", "DetectMessageEnd"):
            return ""
        if self._script.picked_up_by != "machine":
            return "fax" if self._script.picked_up_by == "fax" else "human"
        if detection == "Enable":
            return "machine_start"
        return "machine_end_beep" if self._script.beep else "machine_end_silence"

    def _tell_detected(self, found: str) -> None:
        asked = self.call.asked
        if url := asked.get("AsyncAmdStatusCallback"):
            form = {"CallSid": self.call.sid, "AccountSid": self.call.account, "AnsweredBy": found, "MachineDetectionDuration": "3200"}

            async def tell() -> None:
                await self._poster.post(url, form, asked.get("AsyncAmdStatusCallbackMethod", "POST"))

            self._poster.begin(tell())

    async def _first(self) -> _Page:
        asked = self.call.asked
        if "Twiml" in asked:
            return _Page(_read(asked["Twiml"]), "")
        return await self._fetch(asked["Url"], asked.get("Method", "POST"))

    async def _fetch(self, url: str, method: str = "POST", **more: str) -> _Page:
        """The next TwiML. Raises _Misunderstood when there is none."""
        known = {"AnsweredBy": self.call.answered_by} if self.call.answered_by else {}
        answer = await self._poster.post(url, self.call.form(**known, **more), method)
        if answer is None or not answer.is_success:
            raise _Misunderstood(11200)
        if answer.headers.get("content-type", "").partition(";")[0].strip() not in ("text/xml", "application/xml", "text/html"):
            raise _Misunderstood(12300)
        return _Page(_read(answer.text), url)

    async def _follow(self, page: _Page) -> _Page | None:
        """Do what a document says; the next one, or None when it ends here."""
        for verb in page.root:
            if self.call.status == "completed":
                raise _Over
            if self.call.detour:
                url, method, twiml = self.call.detour
                self.call.detour = None
                return _Page(_read(twiml), page.url) if twiml else await self._fetch(url, method)
            if verb.tag == "Hangup":
                self._note("line", hung_up=True)
                raise _Over
            if verb.tag == "Redirect":
                return await self._fetch(urljoin(page.url, (verb.text or "").strip()), verb.get("method", "POST"))
            if verb.tag == "Gather":
                if page_after := await self._gather(verb, page.url):
                    return page_after
            elif verb.tag == "Dial":
                if page_after := await self._dial(verb, page.url):
                    return page_after
            elif verb.tag == "Connect":
                return await self._connect(verb, page.url)
            else:
                self._listen(verb)
        return None

    def _listen(self, verb: ElementTree.Element) -> None:
        if verb.tag == "Pause":
            self._pass(float(verb.get("length", "1")))
        elif verb.tag == "Play":
            self._note("voice", plays=(verb.text or verb.get("digits") or "").strip())
        elif verb.tag == "Say":
            text = " ".join("".join(verb.itertext()).split())
            for _ in range(max(1, int(verb.get("loop", "1")))):
                self._hear(text, **{name: verb.attrib[name] for name in ("language", "voice") if name in verb.attrib})
        else:
            raise _Misunderstood(12200)

    def _hear(self, text: str, **how: str) -> None:
        self._note("voice", said=text, **how)
        self._since_answer += " " + text
        for _ in _sentences(text):
            self._sentences += 1
            if self._sentences == self._script.hangs_up_after:
                self._hang_up()
        self._pass(len(text) / _LETTERS_A_SECOND)

    async def _connect(self, verb: ElementTree.Element, url: str) -> _Page:
        """Talk over a line of its own, as ConversationRelay does; its end is told to the verb's action."""
        noun = verb.find("ConversationRelay")
        if noun is None or not noun.get("url", "").startswith(("ws://", "wss://")) or not verb.get("action"):
            raise _Misunderstood(12200)
        address, language = noun.attrib["url"], {"language": noun.get("language", "en-US")}
        if greeting := noun.get("welcomeGreeting", ""):
            self._hear(greeting, **language)
        try:
            status = await converse(address, self._poster.seal(address), self.call, lambda text: self._hear(text, **language), self._frames)
        except UnableToConverse as error:
            self.call.errors.append(error.code)
            self._note("line", error=error.code)
            status = "failed"
        return await self._fetch(urljoin(url, verb.attrib["action"]), verb.get("method", "POST"), SessionStatus=status, HandoffData="{}")

    def _frames(self) -> list[dict[str, Any]]:
        """What is said or keyed in next, as the frames that tell it."""
        turn = self._next_turn()
        if turn is None or turn.silent:
            self._note("phone", silent=True)
            return []
        if turn.hang_up:
            self._hang_up()
        if turn.press is not None:
            self._note("phone", pressed=turn.press)
            return [{"type": "dtmf", "digit": key} for key in turn.press]
        self._note("phone", said=turn.say)
        return [{"type": "prompt", "voicePrompt": turn.say, "lang": "en-US", "last": True}]

    async def _gather(self, verb: ElementTree.Element, url: str) -> _Page | None:
        for part in verb:
            if part.tag not in ("Say", "Play", "Pause"):
                raise _Misunderstood(12200)
            self._listen(part)
        inputs = verb.get("input", "dtmf").split()
        given = self._answer(inputs, verb.get("finishOnKey", "#"), int(verb.get("numDigits", "0")))
        if given is None:
            self._pass(float(verb.get("timeout", "5")))
            self._note("phone", silent=True)
            if verb.get("actionOnEmptyResult", "false").lower() != "true":
                return None
            given = {"msg": "Gather End"} | ({"Digits": ""} if "dtmf" in inputs else {})
        return await self._fetch(urljoin(url, verb.get("action", "")), verb.get("method", "POST"), **given)

    def _answer(self, inputs: list[str], finish: str, most: int) -> dict[str, str] | None:
        """What is sent on to the Gather's action; None: nothing was given that it listens for."""
        turn = self._next_turn()
        if turn is None or turn.silent:
            return None
        if turn.hang_up:
            self._hang_up()
        if turn.press is not None:
            self._note("phone", pressed=turn.press)
            if "dtmf" not in inputs:
                return None
            keys = turn.press[:most] if most else turn.press
            digits, key, _ = keys.partition(finish) if finish else (keys, "", "")
            return {"Digits": digits} | ({"FinishedOnKey": key} if key else {})
        assert turn.say is not None
        self._note("phone", said=turn.say)
        self._pass(len(turn.say) / _LETTERS_A_SECOND)
        return {"SpeechResult": turn.say, "Confidence": str(turn.confidence)} if "speech" in inputs else None

    def _next_turn(self) -> Turn | None:
        heard, self._since_answer = self._since_answer.casefold(), ""
        if self._script.picked_up_by != "person":
            return None
        turn = next((turn for turn in self._turns if turn.heard.casefold() in heard), None)
        if turn:
            self._turns.remove(turn)
        return turn

    async def _dial(self, verb: ElementTree.Element, url: str) -> _Page | None:
        """Put the call through: a colleague hears the Number's own TwiML first, and both talk once that is over."""
        number = verb.find("Number")
        to = ((number.text if number is not None else verb.text) or "").strip()
        self._note("line", dials=to)
        child = Call(self.call.account, to, verb.get("callerId", self.call.sender), {}, parent=self.call.sid, status="in-progress")
        status = self._script.transfer
        if status == "completed" and number is not None and number.get("url"):
            child.asked = {"Url": urljoin(url, number.attrib["url"]), "Method": number.get("method", "POST")}
            script = Script(turns=self._script.colleague)
            colleague = Line(child, script, self._poster, Teller(self._poster, "", "POST", Telling()), self._log)
            await colleague.run()
            for words in child.words:
                self.call.words.append(words | {"leg": "colleague"})
            if any(words.get("hung_up") for words in child.words):
                status = "no-answer"
        if status == "completed":
            self._note("line", connected=to)
            self._pass(60)
        if not verb.get("action"):
            return None
        result = {"DialCallStatus": status, "DialCallSid": child.sid} | ({"DialCallDuration": "60"} if status == "completed" else {})
        return await self._fetch(urljoin(url, verb.attrib["action"]), verb.get("method", "POST"), **result)

    def _hang_up(self) -> None:
        self._note("phone", hung_up=True)
        raise _Over

    def _pass(self, seconds: float) -> None:
        self.call.seconds += seconds
        if self._beeps_at is not None and self.call.seconds >= self._beeps_at:
            self._beeps_at = None
            self._note("phone", said=_BEEP)
        if self.call.seconds > float(self.call.asked.get("TimeLimit", "14400")):
            raise _Over

    def _note(self, who: str, **what: Any) -> None:
        words = {"who": who, **what}
        self.call.words.append(words)
        self._log.write("words", call=self.call.sid, **words)


def _read(text: str) -> ElementTree.Element:
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        raise _Misunderstood(12100) from None
    if root.tag != "Response":
        raise _Misunderstood(12100)
    return root


def _sentences(text: str) -> Iterator[str]:
    return iter(re.split(r"(?<=[.!?])\s+", text))


def _rfc2822(moment: datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S +0000")
