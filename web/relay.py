"""A call over a line of its own (Twilio's ConversationRelay), in which a language model takes part.

What follows from what is heard is decided by ``domain.conversation`` alone, as in every call. The model may guess what somebody
meant whom our own rules do not understand, which the customer is then asked to confirm, and may word the next line, which is
spoken only if ``playbooks.phrasing`` lets it pass. When the model, or the line itself, fails, the call goes on without it: Twilio
comes back to ``relayed``, and is told to ask the open question in the ordinary way.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from fastapi import APIRouter, Request, WebSocket
from fastapi.responses import Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from db import calls
from db.calls import Call
from domain.calendar import local_day
from domain.conversation import Act, Meaning, State, answer, ask_on, may_mean
from domain.discretion import describe
from domain.spoken import hear
from integrations.messaging.seals import UnableToTrust
from integrations.messaging.twilio_call import CALL_PATH, RETRY_FRAGMENT
from integrations.reference.holidays import calendar_for
from integrations.speaking import Line, Speaker, UnableToSpeak
from playbooks import dialogue, phrasing
from starter import Door
from web.agreed import tell
from web.genuine import called, verify_signature
from web.refusals import TWILIO
from web.twiml import compose, hang_up, most_keys, opens_line, say_again, socket_address
from web.voice import Asked, Given, carry_out, is_key, note_refusal, sheet_of, take_turn, trust

_LARGEST = 16 * 1024  # letters of a frame
_LONGEST_SPEECH = 1_000
_MOST_FRAMES = 2_000
_SETUP_SECONDS = 10.0
_SEND_SECONDS = 10.0
_NEXT_KEY_SECONDS = 3.0
# So long nobody says anything, after our own words are over, before the question is asked again.
_SILENCE_SECONDS = 8.0
_LETTERS_A_SECOND = 12
# A speaker keeps its own time; this is for one that does not.
_MODEL_SECONDS = 6.0
_LONGEST_SECONDS = 20 * 60.0
_GOODBYE_SECONDS = 5.0
# What stands in place of TwiML while the line is open: it is opened once.
_OPENED = "over a line of its own"

router = APIRouter(prefix=CALL_PATH, include_in_schema=False)
log = structlog.get_logger("web.relay")


class UnableToGoOn(Exception):
    """The line is over, or of no use any more; the message says why, for our own log."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What Twilio told: ``kind`` is setup, prompt or dtmf, or anything else, which is passed over."""

    kind: str
    words: str = ""


@router.post("/{key}/relayed")
async def come_back(request: Request, key: str) -> Response:
    """The line is closed: what is left to be said, or, where it broke, the open question."""
    asked = await trust(request, key)
    return asked if isinstance(asked, Response) else await carry_out(request, lambda connection: _come_back(connection, asked), asked)


@router.websocket("/{key}/relay")
async def relay(websocket: WebSocket, key: str) -> None:
    """The line of one call. A handshake that is not Twilio's own, or comes again, is refused."""
    call = await _admit(websocket, key)
    if call is None:
        await websocket.close()
        return
    await websocket.accept()
    state = websocket.app.state
    await _Talk(websocket, state.door, state.speaker, call).carry_on()


def _come_back(connection: Connection, asked: Asked) -> Given:
    call = calls.load(connection, asked.key)
    if call is None or call.status or call.sid != asked.sid or call.state is None:
        return Given(hang_up())
    if call.said != _OPENED and not opens_line(call.said):
        return Given(say_again(call))
    if asked.fields.get("CallStatus", "in-progress") != "in-progress":
        return Given(hang_up())
    return take_turn(connection, call, asked, ask_on(call.state, call.sheet), "")


async def _admit(websocket: WebSocket, key: str) -> Call | None:
    """The call whose line this is, from now on opened; None: it is refused."""
    state = websocket.app.state
    url = called(websocket, state.settings)
    try:
        # What Twilio signs is the address it was given; some of its documents say that of the page behind it.
        verify_signature(websocket.headers, (socket_address(url), url), {}, state.settings, RETRY_FRAGMENT)
    except UnableToTrust as error:
        await note_refusal(websocket, error)
        return None
    await run_in_threadpool(state.refusals.accept, TWILIO, state.clock())
    if state.speaker is None or not is_key(key):
        return None

    def open_once() -> Call | None:
        with state.door.database.transaction() as connection:
            call = calls.load(connection, key)
            if call is None or call.status or call.state is None or call.step != 1 or not opens_line(call.said):
                return None
            calls.put(connection, call, _OPENED)
            return replace(call, said=_OPENED)

    found: Call | None = await run_in_threadpool(open_once)
    return found


@dataclass(slots=True)
class _Talk:
    """One conversation over its line. ``call`` is as it stands in the database."""

    websocket: WebSocket
    door: Door
    speaker: Speaker
    call: Call
    frames: asyncio.Queue[Frame | UnableToGoOn] = field(default_factory=asyncio.Queue)
    last: str = ""

    async def carry_on(self) -> None:
        """Talk until the end, and end politely whatever happens."""
        reading = asyncio.create_task(self._read())
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                await self._talk()
        except UnableToGoOn as over:
            log.info("line closed", call=self.call.key, why=str(over))
        except Exception as error:  # whatever it is, the call goes on without the line
            log.error("line broken", call=self.call.key, error=describe(error))
        finally:
            await self._end(reading)

    async def _talk(self) -> None:
        setup = await self._next(_SETUP_SECONDS)
        if setup is None or setup.kind != "setup" or setup.words != self.call.sid:
            raise UnableToGoOn("it did not begin with this call")
        self.last = self.call.lines[-1].removeprefix("Assistant: ")
        patience = _patience(" ".join(self.call.lines))
        while self._state.act is Act.ASK:
            keyed, said = await self._listen(patience)
            names, texts = await self._take(keyed, said)
            if self._state.act is not Act.ASK:
                return  # what is left is said once the line is closed, so that it is heard to its end
            words = await self._word(names, texts, said)
            self._forget_what_came_early()
            await self._send({"type": "text", "token": words, "last": True})
            self.last, patience = texts[-1], _patience(words)

    @property
    def _state(self) -> State:
        assert self.call.state is not None, "a line is opened once its call has begun"
        return self.call.state

    async def _read(self) -> None:
        """Put what comes into ``frames``, until the line is closed or what comes is of no use."""
        try:
            for _ in range(_MOST_FRAMES):
                self.frames.put_nowait(read_frame(await self.websocket.receive()))
            raise UnableToGoOn(f"more than {_MOST_FRAMES:,} frames came")
        except UnableToGoOn as over:
            self.frames.put_nowait(over)

    async def _next(self, seconds: float) -> Frame | None:
        """The next frame; None when none comes in time. Raises UnableToGoOn."""
        try:
            async with asyncio.timeout(seconds):
                frame = await self.frames.get()
        except TimeoutError:
            return None
        if isinstance(frame, UnableToGoOn):
            raise frame
        return frame

    async def _listen(self, seconds: float) -> tuple[str, str]:
        """What was keyed in, and what was said; neither when nothing was. Whatever else comes does not lengthen the wait."""
        loop, keys, most = asyncio.get_running_loop(), "", most_keys(self._state)
        until = loop.time() + seconds
        while (frame := await self._next(max(until - loop.time(), 0))) is not None:
            if frame.kind == "dtmf" and frame.words in "0123456789":
                keys += frame.words
                until = loop.time() + _NEXT_KEY_SECONDS
            if frame.kind == "prompt" and frame.words:
                return keys, frame.words
            if len(keys) >= most:
                break
        return keys, ""

    async def _take(self, keyed: str, said: str) -> tuple[tuple[str, ...], list[str]]:
        """Take one step of the dialogue: the texts that follow, by name and as they are spoken. All that was agreed is written down."""
        state = self.websocket.app.state
        now, sheet, settings = state.clock(), sheet_of(self.call, state.settings), state.settings
        today = local_day(now, (sheet.zone,))
        heard = hear(self._state.hears_as, keyed, said, sheet.tongue, today, calendar_for((sheet.country,), today))
        if heard.meaning is Meaning.UNCLEAR and heard.words:
            heard = replace(heard, guess=await self._guess(heard.words))

        def take() -> tuple[Call, tuple[str, ...], list[str], list[str]]:
            with self.door.database.transaction() as connection:
                call = calls.load(connection, self.call.key)
                if call is None or call.status or call.step != self.call.step or call.said != _OPENED:
                    raise UnableToGoOn("the call is over, or goes on elsewhere")
                turn = answer(self._state, heard, sheet, now)
                texts = [dialogue.speak(name, sheet, turn.state) for name in turn.say]
                then = _OPENED if turn.state.act is Act.ASK else compose(call, turn.state, texts, settings)
                calls.take_step(connection, call, turn.state, then, keyed or said, texts)
                told = [word for one in turn.agreements for word in tell(connection, call, one, now)]
                return replace(call, state=turn.state, step=call.step + 1, said=then), turn.say, texts, told

        self.call, names, texts, told = await run_in_threadpool(take)
        for word in told:
            state.reports.begin(word)
        return names, texts

    async def _guess(self, words: str) -> Meaning | None:
        """What the model thinks was meant; None when it does not know, or may not say that here."""
        choices = may_mean(self._state)
        if not choices:
            return None
        try:
            async with asyncio.timeout(_MODEL_SECONDS):
                meant = await self.speaker.understand(self.last, words, tuple(one.value for one in choices), self.call.sheet.language)
        except Exception as error:  # whatever a model does, the question is asked again
            self._note_failure(error)
            return None
        return next((one for one in choices if one == meant), None)

    async def _word(self, names: Sequence[str], texts: Sequence[str], said: str) -> str:
        """The line to be spoken: in the model's words if they pass, else in our own."""
        ours, sheet, state = " ".join(texts), self.call.sheet, self._state
        if not phrasing.may_word(names, sheet, state):
            return ours
        language, known = sheet.language, dialogue.facts(sheet, state)
        line = Line(language, dict(zip(names, texts, strict=True)), phrasing.forms(names, language), known, phrasing.idioms(language), said)
        try:
            async with asyncio.timeout(_MODEL_SECONDS):
                words = phrasing.flatten(await self.speaker.word(line))
        except Exception as error:  # whatever a model does, our own words are spoken
            self._note_failure(error)
            return ours
        if why := phrasing.judge(words, names, sheet, state):
            log.info("our own words are spoken", call=self.call.key, why=why)
            return ours

        def note() -> None:
            with self.door.database.transaction() as connection:
                calls.reword(connection, self.call.key, texts, words)

        await run_in_threadpool(note)
        return words

    def _note_failure(self, error: Exception) -> None:
        why = str(error) if isinstance(error, UnableToSpeak) else describe(error)
        log.warning("the speaking model is of no help", call=self.call.key, why=why)

    def _forget_what_came_early(self) -> None:
        """What was said before a question was asked is no answer to it."""
        kept = [frame for frame in (self.frames.get_nowait() for _ in range(self.frames.qsize())) if isinstance(frame, UnableToGoOn)]
        for frame in kept:
            self.frames.put_nowait(frame)

    async def _send(self, frame: dict[str, Any]) -> None:
        async with asyncio.timeout(_SEND_SECONDS):
            await self.websocket.send_text(json.dumps(frame, ensure_ascii=False))

    async def _end(self, reading: asyncio.Task[None]) -> None:
        """Tell Twilio that the line is over, which closes it; if it does not, we do."""
        with suppress(Exception):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._send({"type": "end", "handoffData": "{}"})
                await reading
        reading.cancel()
        with suppress(Exception):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self.websocket.close()


def read_frame(message: Any) -> Frame:
    """A message of the socket, as ASGI has it. Raises UnableToGoOn for what is no frame of Twilio's, and at the end of the line."""
    if message["type"] == "websocket.disconnect":
        raise UnableToGoOn("it was hung up")
    text = message.get("text")
    if text is None or len(text) > _LARGEST:
        raise UnableToGoOn("a frame came that is no text, or too long")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise UnableToGoOn("a frame came that is no JSON") from None
    kind = frame.get("type") if isinstance(frame, dict) else None
    if not isinstance(kind, str):
        raise UnableToGoOn("a frame came without a type")
    if kind == "error":
        log.warning("Twilio tells of an error on a line")
    name = {"setup": "callSid", "prompt": "voicePrompt", "dtmf": "digit"}.get(kind, "")
    words = frame.get(name) if name else ""
    if not isinstance(words, str):
        raise UnableToGoOn(f"a frame came without {name}")
    is_partial = kind == "prompt" and frame.get("last", True) is not True
    return Frame("partial" if is_partial else kind, words.strip()[:_LONGEST_SPEECH])


def _patience(spoken: str) -> float:
    return _SILENCE_SECONDS + len(spoken) / _LETTERS_A_SECOND
