"""What nobody should say to a running case, made from a seed, and said past every check of the library."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from uuid import uuid4

from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.enums.v1 import UpdateWorkflowExecutionLifecycleStage
from temporalio.api.query.v1 import WorkflowQuery
from temporalio.api.update.v1 import Input, Meta, Request, WaitPolicy
from temporalio.api.workflowservice.v1 import QueryWorkflowRequest, SignalWorkflowExecutionRequest, UpdateWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

KNOWN = ("report", "paid", "promise", "hold", "release")
# Names nobody listens to; some are the library's own, some stand elsewhere in the product.
STRANGE = (
    "stop it",
    "skip",
    "resolved",
    "override",
    "case",
    "unreadable",
    "__temporal_workflow_metadata",
    "__temporal_x",
    "__stack_trace",
    "__enhanced_stack_trace",
    "x" * 900,
    "a\nb",
    "ホールド",
    "\u202egnol\u202c",
    "'; DROP TABLE inbox; --",
)
DATES = ("0000-00-00", "0001-01-01", "9999-12-31", "2026-02-30", "tomorrow", "-1", "1e9", 10**18, -1, 1e300, True, [], "2026-12-01T25:00:00Z", "۲۰۲۶-۱۲-۰۱")
AMOUNTS = ("NaN", "sNaN", "Infinity", "-Infinity", "1e400", "1e999999999", "1e-999999999", "-5", "0", "1,200.00", "12 EUR", 10**14, -1, 0.1 + 0.2, [], {}, True)
# What the server still lets into a history, and the library still sends back to it with the acceptance of an update.
LARGEST = 2_000_000
SIZES = (*(9_000,) * 6, *(60_000,) * 3, 300_000, 1_900_000)
_PATIENCE, _ASKED_AGAIN = timedelta(seconds=30), 100
_LATER = (RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)
ENCODINGS = (b"binary/plain", b"binary/null", b"json/protobuf", b"binary/protobuf", b"binary/encrypted", b"json/external", b"\xff\xfe", b"", b"x" * 2000)


@dataclass(frozen=True, slots=True)
class Message:
    """One hostile thing. ``way`` is signal, update or query; ``key`` the request or update id, the same for a repetition."""

    way: str
    name: str
    words: tuple[Payload, ...]
    key: str


@dataclass(slots=True)
class Tally:
    """How the messages ended: ``taken`` by the server, ``answered`` with a value, ``refused`` in words."""

    taken: int = 0
    answered: int = 0
    refused: int = 0


def payload(data: bytes, encoding: bytes | None = b"json/plain", **metadata: bytes) -> Payload:
    return Payload(metadata={**({} if encoding is None else {"encoding": encoding}), **metadata}, data=data)


def _bytes(random: Random) -> bytes:
    """JSON that is none, or is one that nobody would write."""
    depth, digits, size = random.choice((50, 199, 500, 20_000)), random.choice((100, 4_301, 20_000)), random.choice(SIZES)
    return random.choice(
        (
            b"",
            b"nul",
            b"{",
            b"\xff\xfe\x00",
            b'"\\ud800"',
            b'"a\\u0000b"',
            b'"\\ud83d"',
            b"\x00",
            b"NaN",
            b"-Infinity",
            b"1e400",
            b"[" * depth + b"]" * depth,
            b'{"a":' * depth + b"1" + b"}" * depth,
            b"9" * digits,
            b'{"until":' + b"9" * digits + b"}",
            b'"' + b"x" * size + b'"',
            b'"' + b"\\\\" * (size // 2) + b'"',
            b'"' + "💶é\u202e".encode() * (size // 10) + b'"',
            b"[" + b"0," * (size // 2) + b"0]",
            random.randbytes(random.choice((1, 40, 5_000))),
        )
    )


def _almost(random: Random) -> object:
    """A word that almost fits."""
    day, amount = random.choice(DATES), random.choice(AMOUNTS)
    return random.choice(
        (
            {"until": day},
            {"until": day, "why": "x" * random.choice((1, 5_000, 50_000)), "by": "\x00\ud7ff"},
            {"until": "2026-12-01", "unexpected": 1},
            {"day": day, "amount": "100.00"},
            {"day": "2026-12-01", "amount": amount},
            {"day": day, "amount": amount, "currency": "XXX"},
            {"kind": "release", "day": day},
            {"by": ["a", {"b": None}], "why": 7},
            {"inbox": random.choice(("word_nobody_wrote", "a\x00b", "\ud7ff", "../../etc", "x" * 9_000, 7, None, ["word_1"]))},
            {"outreach": "out_x", "went_out": "perhaps"},
            day,
            amount,
            [[day]],
            None,
        )
    )


def _override(random: Random) -> object:
    """An update that has the form of one, or nearly: who and why are there."""
    day, amount = random.choice(DATES), random.choice(AMOUNTS)
    word: dict[str, object] = {"by": "Mallory", "why": random.choice(("x", "\x00", "y" * 50_000))}
    word |= random.choice(
        (
            {"kind": "hold", "until": day},
            {"kind": "promise", "day": day, "amount": amount},
            {"kind": "promise"},
            {"kind": "skip", "step": random.choice(("no-such-step", "", 7, None)) or "-"},
            {"kind": "resolved", "outreach": "out_\x00", "went_out": True},
            {"kind": "release", "extra": 1},
            {"kind": "stop", "by": ""},
            {"kind": ["hold"]},
            {"kind": "x" * 100_000},
            {"kind": "unreadable", "text": "x"},
            {"inbox": random.choice(("word_nobody_wrote", "a\x00b", "", "x" * 9_000))},
        )
    )
    return random.choice((*(word,) * 12, [word], {}, None, "hold", 7))


def _words(random: Random, make: Callable[[Random], object], fitting: float = 0.35) -> tuple[Payload, ...]:
    """``fitting`` is the share of those that are at least one JSON value each."""
    kind = random.random()
    if random.random() < fitting:
        return (payload(json.dumps(make(random)).encode()),)
    if kind < 0.4:
        return (payload(_bytes(random)),)
    if kind < 0.7:
        encoding = random.choice((*ENCODINGS, None))
        return (payload(_bytes(random), encoding, messageType=random.choice((b"", b"google.protobuf.Empty", b"no.such.Type", b"\xff")), junk=b"\x00\xff"),)
    if kind < 0.85:
        return ()
    words: list[Payload] = []
    for _ in range(random.choice((2, 3, 40))):
        words.append(payload(_bytes(random) if random.random() < 0.5 else json.dumps(make(random)).encode()))
        if sum(len(word.data) for word in words) > LARGEST:
            words.pop()
    return tuple(words)


def invent(random: Random, earlier: list[Message]) -> Message:
    """The next hostile message: now and then one of the ``earlier`` ones again, under the same key or another."""
    repeated = random.random()
    if earlier and repeated < 0.12:
        again = random.choice(earlier)
        return again if repeated < 0.06 else Message(again.way, again.name, again.words, str(uuid4()))
    key = str(uuid4())
    way = random.choices(("signal", "update", "query"), (0.65, 0.25, 0.1))[0]
    if way == "query":
        return Message(way, random.choice(("case", "case", *STRANGE)), _words(random, _almost), key)
    if way == "update":
        return Message(way, "override" if random.random() < 0.8 else random.choice(STRANGE), _words(random, _override, 0.7), key)
    if random.random() < 0.05:
        return Message(way, "stop", (payload(json.dumps(random.choice(DATES[:5])).encode()),), key)
    return Message(way, random.choice(KNOWN) if random.random() < 0.7 else random.choice(STRANGE), _words(random, _almost), key)


async def say(client: Client, workflow: str, message: Message, tally: Tally) -> None:
    """Send it as it is, without the library's own conversion. Raises what is neither an answer nor a refusal.

    One run takes a few updates and queries at a time, and an update may take long: both are asked for again, as the
    library would, a few times.
    """
    for patience in range(_ASKED_AGAIN, -1, -1):
        try:
            if await _send(client, workflow, message):
                tally.taken += message.way == "signal"
                tally.answered += message.way != "signal"
            else:
                tally.refused += 1
            return
        except RPCError as error:
            if error.status in (RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.NOT_FOUND):
                tally.refused += 1
                return
            if error.status not in _LATER or not patience:
                raise
        await asyncio.sleep(0.2)


async def _send(client: Client, workflow: str, message: Message) -> bool:
    """Whether it was taken, or answered with a value; false when it was refused in words. Raises RPCError."""
    service, execution, words = client.workflow_service, WorkflowExecution(workflow_id=workflow), Payloads(payloads=message.words)
    match message.way:
        case "signal":
            signal = SignalWorkflowExecutionRequest(
                namespace=client.namespace, workflow_execution=execution, signal_name=message.name, input=words, request_id=message.key
            )
            await service.signal_workflow_execution(signal, timeout=_PATIENCE)
        case "query":
            query = WorkflowQuery(query_type=message.name, query_args=words)
            await service.query_workflow(QueryWorkflowRequest(namespace=client.namespace, execution=execution, query=query), timeout=_PATIENCE)
        case _:
            stage = UpdateWorkflowExecutionLifecycleStage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED
            request = Request(meta=Meta(update_id=message.key, identity="mallory"), input=Input(name=message.name, args=words))
            update = UpdateWorkflowExecutionRequest(
                namespace=client.namespace, workflow_execution=execution, request=request, wait_policy=WaitPolicy(lifecycle_stage=stage)
            )
            done = await service.update_workflow_execution(update, timeout=_PATIENCE)
            if not (done.outcome.HasField("success") or done.outcome.HasField("failure")):
                raise RPCError("no answer yet", RPCStatusCode.DEADLINE_EXCEEDED, b"")
            return done.outcome.HasField("success")
    return True
