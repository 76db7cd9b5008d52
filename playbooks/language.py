"""What stands around a message in each language: greetings, labels, and how late an invoice is.

A language is there when ``wording/<language>/phrases.yaml`` is. Words in braces are put in by the functions here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

from playbooks.reading import Fault, UnableToLoad, read_yaml

_WORDING = Path(__file__).parent / "wording"
FALLBACK = "en"
Tone = Literal["warm", "firm", "formal"]
TONES: tuple[Tone, ...] = ("warm", "firm", "formal")


@dataclass(frozen=True, slots=True)
class _Greeting:
    named: str
    unnamed: str


@dataclass(frozen=True, slots=True)
class _Greetings:
    warm: _Greeting
    firm: _Greeting
    formal: _Greeting


@dataclass(frozen=True, slots=True)
class _Closings:
    warm: str
    firm: str
    formal: str


@dataclass(frozen=True, slots=True)
class _Counted:
    one: str
    many: str

    def of(self, count: int, **words: str) -> str:
        return (self.one if count == 1 else self.many).format(count=count, **words)


@dataclass(frozen=True, slots=True)
class _Table:
    invoice: str
    due: str
    open: str
    total: str


@dataclass(frozen=True, slots=True)
class _Bank:
    holder: str
    account: str
    iban: str
    bic: str
    bank: str
    amount: str
    reference: str


@dataclass(frozen=True, slots=True)
class _Answers:
    scheduled: str
    again: str
    wrong: str


@dataclass(frozen=True, slots=True)
class _Grounds:
    """On what interest and fixed sum rest, by ``domain.interest.InterestLaw``."""

    eu: str
    de: str
    uk: str


@dataclass(frozen=True, slots=True)
class _Interest:
    principal: str
    accrued: str
    fixed: str
    total: str
    apart: str
    grounds: _Grounds


@dataclass(frozen=True, slots=True)
class _Booked:
    """What came in on an invoice: ``received`` thanks for it, the others are lines of an account; from ``by`` on for colleagues alone."""

    received: _Counted
    payment: str
    credit: str
    taken_back: str
    by: str
    reference: str
    missing: str
    surplus: str


@dataclass(frozen=True, slots=True)
class _Close:
    """What is said otherwise to whoever one is on first names with; empty where it is the same."""

    greeting: str
    closing: str
    order: str = ""
    transfer: str = ""
    pay_here: str = ""
    ask_bank: str = ""
    ask_bank_unnamed: str = ""
    reach: str = ""
    wrong_person: str = ""
    portal: str = ""


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of one language, as its file has them."""

    greeting: _Greetings
    closing: _Closings
    stem: _Counted
    days: _Counted
    overdue: _Counted
    due_in: _Counted
    due_today: str
    table: _Table
    order: str
    whole: str
    remainder: str
    copy: str
    view: str
    pay: str
    pay_online: str
    pay_link: str
    pay_here: str
    transfer: str
    bank: _Bank
    ask_bank: str
    ask_bank_unnamed: str
    reach: str
    wrong_person: str
    answers: _Answers
    booked: _Booked
    interest: _Interest
    this_mail: str  # as e-mails call themselves, and what stands for it on the customer's page
    this_message: str
    familiar: _Close
    portal: str = "All your invoices and messages:"
    colon: str = ":"
    scan: str = "Scan to pay (SEPA)"

    def greet(self, contact: str, tone: str) -> str:
        """How a message begins; ``contact`` may be empty."""
        greeting: _Greeting = getattr(self.greeting, tone)
        return greeting.named.format(contact=contact) if contact else greeting.unnamed

    def close(self, tone: str) -> str:
        """What stands above the signature; the mark that follows it stands in the phrase or in the text, as the language has it."""
        said: str = getattr(self.closing, tone)
        return said

    def to_friends(self) -> Phrases:
        """The same phrases, as whoever one is on first names with reads them."""
        said = asdict(self.familiar)
        greeting, closing = _Greeting(said["greeting"], self.greeting.warm.unnamed), said["closing"]
        others = {name: one for name, one in said.items() if one and name not in ("greeting", "closing")}
        return replace(self, **others, greeting=_Greetings(greeting, greeting, greeting), closing=_Closings(closing, closing, closing))

    def lateness(self, days_late: int) -> str:
        """``due in 3 days``, ``due tomorrow``, ``due today`` or ``18 days overdue``."""
        if days_late > 0:
            return self.overdue.of(days_late)
        return self.due_in.of(-days_late) if days_late else self.due_today

    def labels(self) -> dict[str, object]:
        """What the layout around a mail takes, by name."""
        return {
            **asdict(self.table),
            "order": self.order,
            "whole": self.whole,
            "view": self.view,
            "pay": self.pay,
            "online": self.pay_online,
            "transfer": self.transfer,
        }


def languages() -> tuple[str, ...]:
    """The languages there are, as two letters."""
    return tuple(sorted(path.parent.name for path in _WORDING.glob("*/phrases.yaml")))


@cache
def phrases(language: str) -> Phrases:
    """The phrases of ``language``, or of English where it is not there. Raises UnableToLoad."""
    file = _WORDING / (language if language in languages() else FALLBACK) / "phrases.yaml"
    shown = f"playbooks/wording/{file.parent.name}/{file.name}"
    found = read_yaml(file.read_text("utf-8"), shown).read_as(Phrases)
    try:
        prove(found)
    except (LookupError, ValueError) as error:
        raise UnableToLoad([Fault(shown, 1, f"has braces around what is not put in there ({error}); compare with the English file")]) from None
    return found


def prove(found: Phrases) -> None:
    """Put in everything that is ever put in. Raises LookupError or ValueError where the braces hold something else."""
    _prove(found)
    _prove(found.to_friends())


def _prove(found: Phrases) -> None:
    for tone in TONES:
        found.greet("x", tone)
    for counted in (found.days, found.overdue, found.due_in):
        counted.of(1), counted.of(2)
    found.stem.of(1, number="x", seller="x"), found.stem.of(2, number="x", seller="x")
    found.order.format(order="x"), found.ask_bank.format(sender="x"), found.reach.format(sender="x")
    found.interest.accrued.format(day="x")
    found.booked.received.of(1, amount="x", day="x"), found.booked.received.of(2, amount="x", day="x")
    for line in (found.booked.payment, found.booked.credit, found.booked.taken_back):
        line.format(amount="x", day="x")
    found.booked.by.format(method="x"), found.booked.reference.format(reference="x")
    for amount in (found.whole, found.remainder, found.pay, found.pay_here, found.booked.missing, found.booked.surplus):
        amount.format(amount="x")
