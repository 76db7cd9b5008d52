"""A playbook in the words of whoever signs it: what happens when, by which way, to whom, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from domain.customer import Role
from domain.facts import Envelope
from domain.interest import STATUTES
from domain.ladder import PRESUMED_AFTER_BUSINESS_DAYS
from domain.matters import WRITE_OFF_WARNINGS
from domain.playbook import CatchUp, Playbook, Step, Verb
from domain.segment import HIGH_RISK_AFTER_DAYS, LOW_RISK_UNTIL_DAYS, Risk, pace
from playbooks.reading import Wording

COLUMNS = ("Step", "Planned", "What happens", "By, in this order", "To", "Stage")
ACTS = {
    Verb.REMIND: "a reminder",
    Verb.CALL: "a phone call",
    Verb.OFFER_DISCOUNT: "a discount for paying early is offered",
    Verb.OFFER_PLAN: "a payment plan is offered",
    Verb.FINAL_DEMAND: "a formal demand",
    Verb.REQUEST_CALL: "a colleague is asked to call",
    Verb.ALERT_ACCOUNT_MANAGER: "the account manager is asked to help",
    Verb.PLACE_CREDIT_HOLD: "new orders on account are stopped",
    Verb.HAND_OFF: "handed to collections with the whole conversation",
    Verb.REFER_TO_AGENCY: "referred to an agency or lawyer with the case file",
    Verb.WRITE_OFF: "written off in our books",
}
CHANNELS = {
    "email": "e-mail",
    "sms": "text message",
    "call": "phone",
    "portal": "customer portal",
    "letter": "letter",
    "task": "task for a colleague",
}
_ROLES = {Role.BILLING: "billing contact", Role.CFO: "CFO", Role.OWNER: "owner", Role.OTHER: "any contact"}
_ANSWERS = {"scheduled": "received and scheduled", "send-again": "send it again", "something-wrong": "something is wrong"}


@dataclass(frozen=True, slots=True)
class Policy:
    """A playbook to be signed. ``rows`` fit ``COLUMNS``; ``conditions`` and ``rules`` are pairs of what they are about and a sentence."""

    title: str
    audience: str
    rows: tuple[tuple[str, ...], ...]
    conditions: tuple[tuple[str, str], ...]
    rules: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Text:
    """What one step says by one channel, written about a sample invoice."""

    step: str
    channel: str
    subject: str
    text: str


def tell(playbook: Playbook) -> Policy:
    rows = tuple(_row(step) for step in playbook.steps)
    conditions = tuple((step.title, said) for step in playbook.steps if (said := "; ".join(_conditions(step))))
    return Policy(playbook.title, playbook.audience, rows, conditions, tuple(_rules(playbook)))


def tell_day(step: Step) -> str:
    """When a step is meant to come, counted from the due date."""
    if step.business_day is not None:
        return f"business day {step.business_day} after the due date"
    days = step.day or 0
    return "on the due date" if days == 0 else f"{_days(abs(days))} {'after' if days > 0 else 'before'} the due date"


def write_texts(playbook: Playbook, wording: dict[str, Wording]) -> tuple[Text, ...]:
    """Every text of ``playbook``, about one sample invoice as late as the step comes. Raises UnableToRender."""
    from playbooks.samples import ONE, line
    from playbooks.wording import render, render_text

    texts = []
    for step in (*playbook.steps, playbook.afterwards.step(1)):
        late = step.day if step.day is not None else step.business_day or 0
        if step == playbook.afterwards.step(1):
            late = (playbook.steps[-1].day or 0) + playbook.afterwards.every_days
        claimed = (line("INV-104", "1240.00", late, order="PO-8812", attached=True),)
        sheet = replace(ONE, claimed=claimed, step_title=step.title)
        for channel in step.by:
            written = (render if channel == "email" else render_text)(wording[f"{step.say}.{channel}"], sheet)
            texts.append(Text(step.title, CHANNELS[channel], written.subject, written.text.rstrip()))
    return tuple(texts)


def _row(step: Step) -> tuple[str, ...]:
    until = f", until {tell_day(replace(step, day=step.until_day, business_day=None))}" if step.until_day is not None else ""
    ways = ", then ".join(CHANNELS[channel] for channel in step.by)
    return (step.title, tell_day(step) + until, ACTS[step.do], ways, _readers(step), step.stage.value)


def _readers(step: Step) -> str:
    if step.do.is_internal:
        return "colleagues only"
    to = _ROLES[step.to] if step.to else _ROLES[Role.BILLING]
    return f"{to}; copy to the account manager" if "account_manager" in step.copy else to


def _conditions(step: Step) -> list[str]:
    said = []
    if step.together:
        said.append("together with the step before it, as one contact, and only when that brought no payment and no promise")
    if step.severe and step.notice_days:
        said.append(f"not before {_days(step.notice_days)} have gone since a notice before it was delivered; without delivery it does not come")
    elif step.severe:
        said.append("only once a notice before it was delivered")
    if step.approve:
        said.append(f"{'one person agrees' if step.approve == 1 else 'two people agree'} to its exact text first; asked anew when nobody answers")
    if step.only_for:
        said.append(f"only for {'; or for '.join(map(str, step.only_for))}")
    if step.not_for:
        said.append(f"not for customers who are {' or '.join(one.value.replace('-', ' ') for one in step.not_for)}")
    if step.not_for_tiers:
        said.append(f"never for {' or '.join(_tier(one.value) for one in step.not_for_tiers)} customers")
    if step.least_amount:
        said.append(f"only from {step.least_amount:,} open")
    if step.least_share:
        said.append(f"only while {_percent(step.least_share)} of the invoice is open")
    if step.do is Verb.REFER_TO_AGENCY and not step.approve:
        said.append("only with leave, standing or for this invoice, that names the agency, a limit and a last day")
    if step.answers:
        said.append(f"answers by one tap: {', '.join(_ANSWERS[one] for one in step.answers)}")
    return said


def _rules(playbook: Playbook) -> list[tuple[str, str]]:
    envelope, promise = Envelope(), playbook.promise
    ways = ", then ".join(CHANNELS[one] for one in playbook.afterwards.by)
    hours = f"{envelope.hours.opens:%H:%M} to {envelope.hours.closes:%H:%M}"
    spoken = f"{envelope.spoken_hours.opens:%H:%M} to {envelope.spoken_hours.closes:%H:%M}"
    rules = [
        (
            "Days and hours",
            "a step comes in the first open hour of its day; one whose day is a weekend or a holiday of the customer or ours comes on the next business day",
        ),
        ("", f"e-mail {hours}, text messages and calls {spoken}, on the clocks of every place the customer may be in; stricter law goes first"),
        ("Gap", f"at least {_days(playbook.gap_days)} between two contacts with one customer, whatever they are about"),
        ("Most", f"{envelope.per_day} contact a day, {envelope.per_week} in 7 days, {envelope.per_month} in 30 days"),
        ("", f"{envelope.calls_per_week} calls in 7 days, and none for {_days(envelope.quiet_after_talk_days)} after a conversation"),
        ("One message", f"what falls due within {_days(playbook.bundle_days)} goes along in one message; the oldest invoice decides the wording"),
        ("Before the due date", f"customers who pay promptly get at most one note in {_days(playbook.courtesy_gap_days)}"),
        ("First seen late", _CATCH_UPS[playbook.catch_up]),
        ("Pace", f"high risk (over {HIGH_RISK_AFTER_DAYS} days late, or in the top tenth of balances): intervals times {pace(Risk.HIGH)}"),
        ("", f"low risk (pays promptly, at most {LOW_RISK_UNTIL_DAYS} days late): intervals times {pace(Risk.LOW)}; never under the gap"),
        ("Small sums", f"under {envelope.least_balance} open, statements only"),
        ("Delivered", f"where nobody tells of delivery, no bounce in {PRESUMED_AFTER_BUSINESS_DAYS} business days counts as delivered"),
        ("Promises", f"taken without asking up to {_days(promise.latest_days)} ahead, for at least {promise.least_percent}% of what is open"),
        ("", f"at most {promise.per_invoice} on one invoice; beyond that a person decides; a broken one goes on at the very step it stopped"),
        ("After the last step", f"a statement every {_days(playbook.afterwards.every_days)}, by {ways}"),
        ("", "and a task for a person to decide; nothing from us while collections, an agency or a lawyer has it"),
        ("Review", f"after {playbook.review_after} unanswered steps the account stands in the owner's weekly review"),
    ]
    if playbook.write_off_days:
        first, second = WRITE_OFF_WARNINGS
        rules.append(("Write-off", f"{_days(playbook.write_off_days)} past due it counts as lost; its owner is warned {first} and {second} days before"))
    if ask := playbook.ask_first:
        tiers = [f"to {_tier(one.value)} customers" for one in ask.tiers]
        whom = [*tiers, *([f"about more than {ask.above:,}"] if ask.above is not None else [])]
        rules.append(("Ask me first", f"messages {' or '.join(whom)} wait for the owner"))
    if law := playbook.interest:
        rules.append(("Interest", f"formal letters and e-mails to businesses name it, and a fixed sum, by {STATUTES[law].source}; neither is asked for"))
    if agency := playbook.agency:
        rules.append(("Agency", f"{agency.name}, up to {agency.limit:,}, through {agency.until}; leave given by {agency.by}"))
    rules.append(("Silence", "payment, dispute, promise, plan, hold, an unanswered reply and a legal stop all go before every step"))
    return rules


_CATCH_UPS = {
    CatchUp.FIT_AGE: "an invoice that is late already enters where its age fits, below the severe steps; never a burst",
    CatchUp.SPACED: "an invoice that is late already begins with the first step after the due date, one step at a time",
}


def _tier(tier: str) -> str:
    return tier.upper() if tier == "vip" else tier


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}%"


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"
