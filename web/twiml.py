"""What Twilio is told to do in a call, as TwiML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from twilio.twiml.voice_response import Connect, Gather, VoiceResponse

from db.calls import Call
from domain.conversation import Act, Ask, State
from integrations.messaging.twilio_call import CALL_PATH, RETRY_FRAGMENT
from settings import Settings

_LISTEN_SECONDS = 6
_RING_COLLEAGUE_SECONDS = 25
_START = "<?xml"


def compose(call: Call, state: State, texts: Sequence[str], settings: Settings) -> str:
    """Say ``texts``, and then listen, put through or hang up, as the conversation stands."""
    spoken, response = call.sheet.tongue, VoiceResponse()
    ours = f"{_address(call, settings)}/{call.step + 1}"
    if state.act is Act.ASK:
        listening = Gather(
            input="dtmf speech",
            action=f"{ours}#{RETRY_FRAGMENT}",
            method="POST",
            language=spoken,
            timeout=_LISTEN_SECONDS,
            speech_timeout="auto",
            action_on_empty_result=True,
            num_digits=most_keys(state),
        )
        _speak(listening, texts, spoken)
        response.append(listening)
        return str(response)
    _speak(response, texts, spoken)
    if state.act is Act.PUT_THROUGH:
        response.dial(settings.call_transfer_to, action=f"{ours}/colleague#{RETRY_FRAGMENT}", method="POST", timeout=_RING_COLLEAGUE_SECONDS)
    else:
        response.hangup()
    return str(response)


def compose_relay(call: Call, texts: Sequence[str], settings: Settings) -> str:
    """Have Twilio say ``texts``, which nothing may cut short, and open a line to us over which the rest is said."""
    ours, response = _address(call, settings), VoiceResponse()
    connect = Connect(action=f"{ours}/relayed#{RETRY_FRAGMENT}", method="POST")
    connect.conversation_relay(
        url=f"{socket_address(ours)}/relay",
        # The one kind of German that Twilio's speech services all know.
        language="de-DE" if call.sheet.language == "de" else call.sheet.tongue,
        welcome_greeting=" ".join(texts),
        welcome_greeting_interruptible="none",
        interruptible="any",
        report_input_during_agent_speech="any",
        dtmf_detection=True,
    )
    response.append(connect)
    return str(response)


def hang_up() -> str:
    response = VoiceResponse()
    response.hangup()
    return str(response)


def say_again(call: Call) -> str:
    """What Twilio was told last, for when it asks again."""
    return call.said if call.said.startswith(_START) else hang_up()


def opens_line(said: str) -> bool:
    """Whether this tells Twilio to open a line to us."""
    return said.startswith(_START) and "<ConversationRelay " in said


def most_keys(state: State) -> int:
    """How many keys make an answer: four for a day, else one."""
    return 4 if state.hears_as is Ask.WHEN else 1


def socket_address(url: str) -> str:
    """A web address as that of a socket: wss for https."""
    return f"ws{url.removeprefix('http')}"


def _address(call: Call, settings: Settings) -> str:
    return f"{settings.public_url.rstrip('/')}{CALL_PATH}/{call.key}"


def _speak(response: VoiceResponse | Gather, texts: Iterable[str], language: str) -> None:
    for text in texts:
        response.say(text, language=language)
