"""What a call by the voice agent is about, and how it goes: a dialogue as a pure machine.

Whatever is heard, in whatever state, gives the next state, what to say, and what was agreed. The first words say who calls, for
whom, and that no human speaks; not a word about the matter falls before the right person has said to be it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from domain.calendar import local_day
from domain.money import Money

# A question is asked so often before the call ends politely.
MOST_TRIES = 3
# No conversation needs more; whoever asks us to repeat for ever is called back by a person.
MOST_ANSWERS = 30


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything a call may say, worked out before it is placed.

    ``number`` is that of the one invoice, empty for several (``count``); ``owed`` what is asked for, due since ``due``.
    ``latest`` is the last day that may be agreed on, ``least`` the part of ``owed`` that must come by then. A colleague calls
    back by ``call_back_on``; who gets a copy hears from us from ``follow_up_on`` on. Until ``colleague_until`` a colleague can
    take over the line (None: not now). With ``person_decides`` so much was promised before that a person decides on more; with
    ``plan_in_writing`` whoever would like to pay in parts gets a proposal in writing, else a call by a person. Days are those of
    ``zone``; ``places`` are all whose law may hold.
    """

    language: str
    country: str
    seller: str
    phone: str
    customer: str
    contact: str
    number: str
    count: int
    owed: Money
    due: date
    latest: date
    least: Money
    least_percent: int
    call_back_on: date
    follow_up_on: date
    zone: str
    colleague_until: datetime | None = None
    person_decides: bool = False
    places: tuple[str, ...] = ()
    plan_in_writing: bool = False

    @property
    def tongue(self) -> str:
        """The language that is spoken, as a tag such as en-GB."""
        if self.language == "de":
            return "de-AT" if self.country == "AT" else "de-DE"
        return "en-US" if self.country in ("US", "CA") else "en-AU" if self.country in ("AU", "NZ") else "en-GB"


class Ask(StrEnum):
    """The question that is open."""

    PERSON = "person"
    COMPANY = "company"
    NOTICES = "notices"
    CAN_PAY = "can_pay"
    WHEN = "when"
    CONFIRM = "confirm"
    LATEST = "latest"
    PART = "part"
    PLAN = "plan"
    DISPUTE = "dispute"


class Act(StrEnum):
    """What follows once everything has been said."""

    ASK = "ask"
    PUT_THROUGH = "put_through"
    HANG_UP = "hang_up"


class Meaning(StrEnum):
    """What somebody meant on the phone."""

    YES = "yes"
    NO = "no"
    DAY = "day"
    PAY = "pay"
    PAID = "paid"
    PLAN = "plan"
    DISPUTE = "dispute"
    COPY = "copy"
    WRONG_NUMBER = "wrong_number"
    HELP = "help"
    STOP = "stop"
    LEGAL = "legal"
    REPEAT = "repeat"
    SILENCE = "silence"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Heard:
    """``day`` with Meaning.DAY; ``words`` as far as they were words. ``guess``: what unclear words may have meant, as somebody else
    than our own rules thinks; it counts for nothing before it is confirmed."""

    meaning: Meaning
    day: date | None = None
    words: str = ""
    guess: Meaning | None = None


class Agreed(StrEnum):
    """What somebody said that has consequences."""

    PROMISE = "promise"
    COPY = "copy"
    LINK = "link"
    PAID = "paid"
    PLAN = "plan"
    DISPUTE = "dispute"
    CALL_BACK = "call_back"
    COLLEAGUE = "colleague"
    WRONG_NUMBER = "wrong_number"
    STOP = "stop"
    LEGAL = "legal"


@dataclass(frozen=True, slots=True)
class Agreement:
    """``day`` and ``part`` (no more than the least part) belong to a promise, ``words`` to a dispute or a matter for lawyers."""

    kind: Agreed
    day: date | None = None
    part: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """Where a conversation stands: the open question, how often it was asked, how many answers were heard, the day that was
    named and not yet confirmed, whether the right person speaks, what was agreed, and what follows what was last said. ``guessed``:
    what was asked about instead of the open question, to be confirmed."""

    ask: Ask = Ask.PERSON
    tries: int = 1
    answers: int = 0
    day: date | None = None
    reached: bool = False
    agreed: tuple[Agreed, ...] = ()
    act: Act = Act.ASK
    guessed: Heard | None = None

    @property
    def hears_as(self) -> Ask:
        """The question as an answer to which whatever is said next is heard."""
        return Ask.CONFIRM if self.guessed else self.ask


@dataclass(frozen=True, slots=True)
class Turn:
    """``say`` names the texts to be spoken, in order; ``agreements`` are new ones."""

    state: State
    say: tuple[str, ...]
    agreements: tuple[Agreement, ...] = ()


# What each question asks, as the texts are named.
_QUESTION = {ask: f"ask_{ask.value}" for ask in Ask}
# What may be said at any moment once the right person speaks.
_WHENEVER = (Meaning.PAID, Meaning.PLAN, Meaning.DISPUTE, Meaning.COPY, Meaning.PAY)
# What anybody who answers may have meant; asking about it tells nothing of the matter.
_ANYBODY = (Meaning.YES, Meaning.NO, Meaning.WRONG_NUMBER, Meaning.HELP, Meaning.STOP)


def begin(sheet: Sheet) -> Turn:
    """The first words: who calls, for whom, that it is a machine, and whether the right person is there."""
    named = "ask_person" if sheet.contact else "ask_person_unnamed"
    return Turn(State(), ("disclosure", named))


def answer(state: State, heard: Heard, sheet: Sheet, now: datetime) -> Turn:
    """What follows from ``heard``. Total; a conversation that has ended stays so."""
    if state.act is not Act.ASK:
        return Turn(state, ())
    guessed, state = state.guessed, replace(state, answers=state.answers + 1, guessed=None)
    if guessed and heard.meaning is Meaning.YES:
        heard = guessed
    elif guessed and heard.meaning is Meaning.NO:
        return _ask_again(state, Heard(Meaning.UNCLEAR), sheet)
    if heard.meaning is Meaning.STOP:
        return _end(state, sheet, "stopped", agreed=(Agreement(Agreed.STOP),))
    if heard.meaning is Meaning.LEGAL:
        return _end(state, sheet, "legal_noted", agreed=(Agreement(Agreed.LEGAL, words=heard.words),))
    if heard.meaning is Meaning.WRONG_NUMBER and not state.agreed:
        return _end(state, sheet, "wrong_number", agreed=(Agreement(Agreed.WRONG_NUMBER),))
    if heard.meaning is Meaning.HELP:
        return _fetch_colleague(state, sheet, now)
    if state.answers >= MOST_ANSWERS:
        return _give_up(state, sheet)
    if heard.meaning is Meaning.REPEAT:
        return ask_on(state, sheet)
    if state.ask is Ask.DISPUTE:
        return _hear_dispute(state, heard, sheet)
    if state.reached and heard.meaning in _WHENEVER:
        return _hear_whenever(state, heard, sheet)
    return _ANSWERS[state.ask](state, heard, sheet, now)


def may_mean(state: State) -> tuple[Meaning, ...]:
    """What may be guessed of an answer that our own rules do not understand: before the right person speaks, nothing of the matter.
    Whoever is asked what is wrong is understood whatever the answer."""
    if state.act is not Act.ASK or state.ask is Ask.DISPUTE:
        return ()
    return (*_ANYBODY, *_WHENEVER, Meaning.LEGAL) if state.reached else _ANYBODY


def ask_on(state: State, sheet: Sheet) -> Turn:
    """The open question once more: the line broke in between, or whoever is on it asks for that."""
    state = replace(state, guessed=None)
    if state.act is not Act.ASK:
        return Turn(state, ())
    # Somebody else may have come to the phone.
    return Turn(state, (*(() if state.reached else ("disclosure",)), _question(state, sheet)))


def fail_to_fetch(state: State, sheet: Sheet) -> Turn:
    """No colleague took the line over."""
    if Agreed.CALL_BACK in state.agreed or state.act is Act.HANG_UP:
        return Turn(replace(state, act=Act.HANG_UP), ())
    return _end(state, sheet, "no_colleague", "call_back", agreed=(Agreement(Agreed.CALL_BACK),))


def leave_message(sheet: Sheet) -> tuple[str, ...]:
    """What is said to a machine that answers: nothing about the matter."""
    return ("voicemail" if sheet.phone else "voicemail_no_number",)


def _question(state: State, sheet: Sheet) -> str:
    if state.ask is Ask.PERSON and not sheet.contact:
        return "ask_person_unnamed"
    if state.ask is Ask.CONFIRM and state.day is None:
        return _QUESTION[Ask.WHEN]
    if state.ask is Ask.PLAN and sheet.plan_in_writing:
        return "ask_plan_in_writing"
    return _QUESTION[state.ask]


def _go(state: State, ask: Ask, sheet: Sheet, *say: str, agreed: tuple[Agreement, ...] = ()) -> Turn:
    state = _with(replace(state, ask=ask, tries=1), agreed)
    return Turn(state, (*say, _question(state, sheet)), agreed)


def _end(state: State, sheet: Sheet, *say: str, agreed: tuple[Agreement, ...] = ()) -> Turn:
    return Turn(replace(_with(state, agreed), act=Act.HANG_UP), (*say, "good_bye"), agreed)


def _with(state: State, agreed: tuple[Agreement, ...]) -> State:
    return replace(state, agreed=(*state.agreed, *(one.kind for one in agreed)))


def _ask_again(state: State, heard: Heard, sheet: Sheet) -> Turn:
    """Not understood, or nothing heard: the question once more, and in the end a call back by a person."""
    if state.tries >= MOST_TRIES:
        return _give_up(state, sheet)
    state = replace(state, tries=state.tries + 1)
    if heard.guess in may_mean(state):
        return Turn(replace(state, guessed=Heard(heard.guess, words=heard.words)), (f"meant_{heard.guess.value}",))
    return Turn(state, ("not_heard" if heard.meaning is Meaning.SILENCE else "not_understood", _question(state, sheet)))


def _give_up(state: State, sheet: Sheet) -> Turn:
    if not state.reached:
        return _end(state, sheet, "nobody_there")
    if state.agreed:
        return _end(state, sheet)
    return _end(state, sheet, "give_up", "call_back", agreed=(Agreement(Agreed.CALL_BACK),))


def _fetch_colleague(state: State, sheet: Sheet, now: datetime) -> Turn:
    if sheet.colleague_until and now < sheet.colleague_until:
        colleague = Agreement(Agreed.COLLEAGUE)
        return Turn(replace(_with(state, (colleague,)), act=Act.PUT_THROUGH, reached=True), ("put_through",), (colleague,))
    return _end(replace(state, reached=True), sheet, "call_back", agreed=(Agreement(Agreed.CALL_BACK),))


def _hear_whenever(state: State, heard: Heard, sheet: Sheet) -> Turn:
    match heard.meaning:
        case Meaning.PAID:
            return _end(state, sheet, "paid", agreed=(Agreement(Agreed.PAID),))
        case Meaning.PLAN:
            return _note_plan(state, sheet)
        case Meaning.COPY:
            return _end(state, sheet, "copy_sent", agreed=(Agreement(Agreed.COPY),))
        case Meaning.DISPUTE:
            return _go(state, Ask.DISPUTE, sheet)
        case _:
            link = () if Agreed.LINK in state.agreed else (Agreement(Agreed.LINK),)
            return _go(state, Ask.WHEN, sheet, "link_sent", agreed=link)


def _hear_dispute(state: State, heard: Heard, sheet: Sheet) -> Turn:
    if heard.words or state.tries >= MOST_TRIES:
        return _end(state, sheet, "dispute_noted", agreed=(Agreement(Agreed.DISPUTE, words=heard.words),))
    return _ask_again(state, heard, sheet)


def _hear_person(state: State, heard: Heard, sheet: Sheet, now: datetime) -> Turn:
    if heard.meaning is Meaning.YES:
        return _go(replace(state, reached=True), Ask.NOTICES, sheet, "matter" if sheet.number else "matter_several")
    if heard.meaning is Meaning.NO:
        return _go(state, Ask.COMPANY, sheet)
    return _ask_again(state, heard, sheet)


def _hear_company(state: State, heard: Heard, sheet: Sheet, now: datetime) -> Turn:
    if heard.meaning is Meaning.YES:
        return _end(state, sheet, "ask_to_call_back" if sheet.phone else "call_again")
    if heard.meaning is Meaning.NO:
        return _end(state, sheet, "wrong_number", agreed=(Agreement(Agreed.WRONG_NUMBER),))
    return _ask_again(state, heard, sheet)


def _hear_notices(state: State, heard: Heard, sheet: Sheet, now: datetime) -> Turn:
    if heard.meaning is Meaning.YES:
        return _go(state, Ask.CAN_PAY, sheet)
    if heard.meaning is Meaning.NO:
        return _end(state, sheet, "copy_sent", agreed=(Agreement(Agreed.COPY),))
    return _hear_day(state, heard, sheet, now) or _ask_again(state, heard, sheet)


def _hear_can_pay(state: State, heard: Heard, sheet: Sheet, now: datetime) -> Turn:
    if heard.meaning is Meaning.YES:
        return _go(state, Ask.WHEN, sheet)
    if heard.meaning is Meaning.NO:
        return _go(state, Ask.PLAN, sheet)
    return _hear_day(state, heard, sheet, now) or _ask_again(state, heard, sheet)


def _hear_when(state: State, heard: Heard, sheet: Sheet, now: datetime) -> Turn:
    if heard.meaning is Meaning.NO:
        return _end(state, sheet, "link_stands") if Agreed.LINK in state.agreed else _go(state, Ask.LATEST, sheet)
    return _hear_day(state, heard, sheet, now) or _ask_again(state, heard, sheet)


def _hear_day(state: State, heard: Heard, sheet: Sheet, now: datetime) -> Turn | None:
    """A day that was named: repeated if it may be agreed on, else the latest is offered. None: none was."""
    if heard.meaning is not Meaning.DAY or heard.day is None:
        return None
    if heard.day < local_day(now, (sheet.zone,)):
        return _ask_past(state, sheet)
    if heard.day > sheet.latest:
        return _go(replace(state, day=None), Ask.LATEST, sheet, "too_late")
    return _go(replace(state, day=heard.day), Ask.CONFIRM, sheet)


def _ask_past(state: State, sheet: Sheet) -> Turn:
    if state.tries >= MOST_TRIES:
        return _give_up(state, sheet)
    state = replace(state, ask=Ask.WHEN, tries=state.tries + 1)
    return Turn(state, ("day_gone", _question(state, sheet)))


def _hear_confirm(state: State, heard: Heard, sheet: Sheet, now: datetime) -> Turn:
    if heard.meaning is Meaning.YES and state.day is not None:
        return _promise(state, sheet, state.day)
    if heard.meaning is Meaning.NO:
        return _go(replace(state, day=None), Ask.WHEN, sheet)
    return _hear_day(state, heard, sheet, now) or _ask_again(state, heard, sheet)


def _hear_latest(state: State, heard: Heard, sheet: Sheet, now: datetime) -> Turn:
    if heard.meaning is Meaning.YES:
        return _promise(state, sheet, sheet.latest)
    if heard.meaning is Meaning.NO or (heard.meaning is Meaning.DAY and heard.day is not None and heard.day > sheet.latest):
        return _go(state, Ask.PART, sheet) if sheet.least < sheet.owed else _go(state, Ask.PLAN, sheet)
    return _hear_day(state, heard, sheet, now) or _ask_again(state, heard, sheet)


def _hear_part(state: State, heard: Heard, sheet: Sheet, now: datetime) -> Turn:
    if heard.meaning is Meaning.YES:
        return _promise(state, sheet, sheet.latest, part=True)
    if heard.meaning is Meaning.NO:
        return _go(state, Ask.PLAN, sheet)
    return _hear_day(state, heard, sheet, now) or _ask_again(state, heard, sheet)


def _hear_plan(state: State, heard: Heard, sheet: Sheet, now: datetime) -> Turn:
    if heard.meaning is Meaning.YES:
        return _note_plan(state, sheet)
    if heard.meaning is Meaning.NO:
        return _end(state, sheet, "no_day")
    return _hear_day(state, heard, sheet, now) or _ask_again(state, heard, sheet)


def _note_plan(state: State, sheet: Sheet) -> Turn:
    return _end(state, sheet, "plan_in_writing" if sheet.plan_in_writing else "plan_noted", agreed=(Agreement(Agreed.PLAN),))


def _promise(state: State, sheet: Sheet, day: date, part: bool = False) -> Turn:
    promise = Agreement(Agreed.PROMISE, day, part)
    noted = "day_to_decide" if sheet.person_decides else "part_noted" if part else "day_noted"
    return _end(replace(state, day=day), sheet, noted, agreed=(promise,))


_Hear = Callable[[State, Heard, Sheet, datetime], Turn]
_ANSWERS: dict[Ask, _Hear] = {
    Ask.PERSON: _hear_person,
    Ask.COMPANY: _hear_company,
    Ask.NOTICES: _hear_notices,
    Ask.CAN_PAY: _hear_can_pay,
    Ask.WHEN: _hear_when,
    Ask.CONFIRM: _hear_confirm,
    Ask.LATEST: _hear_latest,
    Ask.PART: _hear_part,
    Ask.PLAN: _hear_plan,
}
