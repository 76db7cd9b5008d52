"""The socket of a pretend call that goes over a line of its own, framed as Twilio's ConversationRelay frames it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from examples.phone_script import Call

_OPEN_SECONDS = 15.0
_SENT_TO_US = {"text", "play", "sendDigits", "language", "end"}


class UnableToConverse(Exception):
    """The line could not be opened, or what came over it cannot be used; Twilio's code for it."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def converse(url: str, seal: dict[str, str], call: Call, hear: Callable[[str], None], answer: Callable[[], list[dict[str, Any]]]) -> str:
    """Open the line and talk until one side ends it; how it ended. What our customer sends goes to ``hear``, and is answered with
    the frames of ``answer``, the greeting first. Whatever those two raise closes the line."""
    try:
        socket = await connect(url, additional_headers=seal, open_timeout=_OPEN_SECONDS, compression=None, proxy=None)
    except (OSError, TimeoutError, InvalidHandshake):
        raise UnableToConverse(64102) from None
    async with socket:
        setup = {"type": "setup", "sessionId": f"VX{call.sid[2:]}", "callSid": call.sid, "accountSid": call.account, "from": call.sender, "to": call.to}
        try:
            for frame in [setup | {"direction": "outbound-api", "callStatus": "IN-PROGRESS", "customParameters": {}}, *answer()]:
                await socket.send(json.dumps(frame))
            async for raw in socket:
                said = _read(raw)
                if said["type"] == "end":
                    return "ended"
                if said["type"] == "text":
                    hear(str(said["token"]))
                    for frame in answer() if said.get("last", True) else ():
                        await socket.send(json.dumps(frame))
        except ConnectionClosed:
            pass
    raise UnableToConverse(64105)


def _read(raw: str | bytes) -> dict[str, Any]:
    try:
        said = json.loads(raw)
    except ValueError:
        raise UnableToConverse(64107) from None
    if not isinstance(said, dict) or said.get("type") not in _SENT_TO_US or (said["type"] == "text" and not isinstance(said.get("token"), str)):
        raise UnableToConverse(64107)
    return said
