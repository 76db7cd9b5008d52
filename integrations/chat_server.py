"""A server with the chat interface of OpenAI, such as vLLM, Ollama or the llama.cpp server on a machine of one's own, or a hosted one.

A model behind it has no tools and no secrets, and nothing it says is believed: each room that asks one says what becomes of an
answer. Here it is only seen to that asking ends in time, goes nowhere else, and tells nobody what was asked.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Generic, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

_LARGEST = 64 * 1024  # bytes of an answer


class UnableToConnect(ValueError):
    """A setting of a model that cannot be used; the message names it."""


class UnableToAsk(Exception):
    """The model gave no answer that can be read; the message says why, without anything of what was asked or said."""


class Answer(BaseModel):
    """The closed form of an answer: nothing more and nothing else may stand in it."""

    model_config = ConfigDict(extra="forbid", strict=True)


Form = TypeVar("Form", bound=Answer)


@dataclass(frozen=True, slots=True)
class Question(Generic[Form]):
    """``task`` is ours; ``given`` is material, in which others may have written. ``fields`` are the JSON schemas of the fields of
    ``form``, which the server is told to keep to; whether it did, ``form`` decides."""

    name: str
    task: str
    given: str = field(repr=False)
    fields: Mapping[str, object]
    form: type[Form]
    most_tokens: int


@dataclass(frozen=True, slots=True)
class ChatServer:
    """``seconds`` is the time for one answer, from looking up the address to its last byte. Safe to share between threads."""

    url: str = field(repr=False)
    model: str
    seconds: float
    key: str = field(default="", repr=False)

    async def ask(self, question: Question[Form]) -> Form:
        """One request, never repeated and never sent on elsewhere. Raises UnableToAsk."""
        try:
            said = await asyncio.wait_for(self._post(question), self.seconds)
        except (TimeoutError, httpx.TimeoutException):
            raise UnableToAsk(f"the model gave no answer within {self.seconds:g} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise UnableToAsk(f"the model cannot be reached: {type(error).__name__}") from None
        try:
            content = json.loads(said)["choices"][0]["message"]["content"]
            return question.form.model_validate(json.loads(content, object_pairs_hook=_once))
        except (ValueError, LookupError, TypeError, RecursionError, ValidationError):
            raise UnableToAsk("the model's answer is not the JSON it was asked for") from None

    def ask_and_wait(self, question: Question[Form]) -> Form:
        """As ``ask``, from a thread where no loop runs. Raises UnableToAsk."""
        # asyncio.run would go on waiting for a name to be looked up, long after the time is over.
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(self.ask(question))
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    async def _post(self, question: Question[Form]) -> bytes:
        schema = {"type": "object", "properties": dict(question.fields), "required": list(question.fields), "additionalProperties": False}
        body = {
            "model": self.model,
            "temperature": 0,
            "max_tokens": question.most_tokens,
            "messages": [{"role": "system", "content": question.task}, {"role": "user", "content": question.given}],
            "response_format": {"type": "json_schema", "json_schema": {"name": question.name, "strict": True, "schema": schema}},
        }
        # Not packed, since a few bytes unpack to any number of them.
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        async with (
            httpx.AsyncClient(timeout=self.seconds, follow_redirects=False, verify=_authorities()) as client,
            client.stream("POST", f"{self.url}/chat/completions", content=json.dumps(body).encode(), headers=headers) as answer,
        ):
            if answer.status_code != 200:
                raise UnableToAsk(f"the model answered with status {answer.status_code}")
            read = b""
            async for part in answer.aiter_raw():
                read += part
                if len(read) > _LARGEST:
                    raise UnableToAsk(f"the model answered with more than {_LARGEST:,} bytes")
            return read


def connect(settings: str, url: str, model: str, key: str, seconds: float) -> ChatServer:
    """The server behind ``url``, such as http://127.0.0.1:11434/v1. ``settings`` is how the names of its settings begin, such as
    DUNWELL_WRITING_MODEL. No request is made yet. Raises UnableToConnect."""
    try:
        address = httpx.URL(url.strip().rstrip("/"))
    except httpx.InvalidURL:
        address = httpx.URL("")
    if address.scheme not in ("http", "https") or not address.host:
        raise UnableToConnect(f"{settings}_URL: is no web address; write for example http://127.0.0.1:11434/v1")
    if not model.strip():
        raise UnableToConnect(f"{settings}_NAME: needed with {settings}_URL; write the name of the model")
    key = key.strip()
    if not (key.isascii() and key.isprintable()):
        raise UnableToConnect(f"{settings}_KEY: is damaged; copy it again from where it was made")
    # Below this level the client writes addresses to the log, and a password may stand in one.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return ChatServer(str(address), model.strip(), seconds, key)


@cache
def _authorities() -> ssl.SSLContext:
    """Loaded once: it takes long beside the answer that a caller on the phone waits for."""
    return httpx.create_ssl_context()


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object that says nothing twice: of two values nobody knows which was meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found
