"""What the owner is told about a weekly review, in the look of the mails that customers get."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from babel import Locale
from markupsafe import Markup

from domain.money import Money
from domain.review import UNTOUCHED_DAYS, Reason, Shown, add_up
from domain.seller import Seller
from playbooks.language import phrases
from playbooks.phrases import brand, clean, locale_for, money, short_day, web_address
from playbooks.plain import WIDTH, columns
from playbooks.wording import Rendered, layout

MOST_LISTED = 15

# The heading over the invoices that stand in a review for this reason, and a sentence about them.
HEADINGS = {
    Reason.UNTOUCHED: ("Nobody has touched these", f"No reminder, no task, no hold and no answer for {UNTOUCHED_DAYS} days."),
    Reason.NEAR_WRITE_OFF: ("Soon written off", "Within 30 days of the day on which they count as lost, or past it."),
    Reason.BROKEN_PROMISE: ("Promised and not paid", "The last promise to pay was not kept, or only in part."),
    Reason.FLAGGED: ("Flagged for you", "As many reminders have gone unanswered as their playbook allows before you should look."),
    Reason.UNANSWERED: ("Two reminders or more unanswered", "They were told, and have said nothing."),
}


@dataclass(frozen=True, slots=True)
class ReviewSheet:
    """Everything a mail about a review may say. ``lines`` are what it shows and is still open.

    ``unread_days`` is for how many business days nobody has reviewed it, 0 in the first mail; ``for_deputy`` holds the name of
    the owner in whose place the reader is told.
    """

    seller: Seller
    week: str
    reader: str
    untouched: tuple[Money, ...]
    at_stake: tuple[Money, ...]
    lines: tuple[Shown, ...]
    unread_days: int = 0
    for_deputy: str = ""


def write_review(sheet: ReviewSheet) -> Rendered:
    """The mail, headed by the money: what nobody has touched, or in a reminder what is at stake."""
    locale = locale_for(f"{sheet.seller.language}_{sheet.seller.country}", "en")
    seller = clean(sheet.seller.name)
    subject, opening = _head(sheet, seller, locale)
    greeting = f"Dear {clean(sheet.reader)}," if sheet.reader else "Hello,"
    close = (
        f'When you have decided what to do, say so: dunwell review done {sheet.week} --by "your name" --note "what you decided". '
        f"All of it, whenever you like: dunwell review show {sheet.week}."
        if sheet.lines
        else "There is nothing to do."
    )
    text = [_filled(subject), greeting, _filled(opening)]
    parts = [("prose", Markup("<p><strong>{}</strong></p><p>{}</p><p>{}</p>").format(subject, greeting, opening))]
    tables, totals = {}, {}
    for reason, (heading, about) in HEADINGS.items():
        lines = [line for line in sheet.lines if line.reasons[0] is reason]
        if not lines:
            continue
        more = f"And {len(lines) - MOST_LISTED} more." if len(lines) > MOST_LISTED else ""
        rows = [_row(line, locale) for line in lines[:MOST_LISTED]]
        whole = _sum(add_up(line.balance for line in lines), locale)
        text += [f"{heading}: {whole}\n{_filled(about)}", "\n".join(columns([_cells(row) for row in rows], right=2)), more]
        parts += [("prose", Markup("<p><strong>{}</strong><br />{} {}</p>").format(heading, about, more)), (reason.value, Markup(""))]
        tables[reason.value], totals[reason.value] = rows, whole
    text.append(_filled(close))
    parts.append(("prose", Markup("<p>{}</p>").format(close)))
    color, on_color = brand(sheet.seller.brand_color)
    footer = "This mail stays among ourselves: no customer gets it."
    page = {
        "subject": subject,
        "preview": opening,
        "language": locale.language,
        "seller": seller,
        "logo_url": web_address(sheet.seller.logo_url),
        "color": color,
        "on_color": on_color,
        "tables": tables,
        "totals": totals,
        "button": "",
        "bank": [],
        "payment": "",
        "reach": [footer],
        "imprint": [clean(sheet.seller.legal_name)],
        "words": phrases("en").labels(),
        "portal": ("", ""),
    }
    return Rendered(subject, "\n\n".join([*filter(None, text), f"--\n{footer}"]) + "\n", layout().render(page, parts=parts))


def _head(sheet: ReviewSheet, seller: str, locale: Locale) -> tuple[str, str]:
    count = f"{len(sheet.lines)} {'invoice' if len(sheet.lines) == 1 else 'invoices'}"
    if not sheet.lines:
        return f"Nothing to review: {seller}, {sheet.week}", "Every overdue invoice is being looked after, and none of them needs your word this week."
    if not sheet.unread_days:
        if sheet.untouched:
            return (
                f"Nobody has touched {_sum(sheet.untouched, locale)}: your weekly review, {seller}",
                f"This is your review of {sheet.week}: {count}, {_sum(sheet.at_stake, locale)} in all.",
            )
        return f"Your weekly review, {seller}: {_sum(sheet.at_stake, locale)}", f"This is your review of {sheet.week}: {count}. Somebody is looking after each."
    if sheet.for_deputy:
        return (
            f"{_sum(sheet.at_stake, locale)} at stake: {clean(sheet.for_deputy)} has not reviewed {sheet.week}, {seller}",
            f"The review has waited for {phrases('en').days.of(sheet.unread_days)} of work, so it comes to you as well: {count}.",
        )
    return (
        f"{_sum(sheet.at_stake, locale)} at stake: the review of {sheet.week} still waits, {seller}",
        f"It has waited for {phrases('en').days.of(sheet.unread_days)} of work: {count}. You are reminded on every business day until it is reviewed.",
    )


def _row(line: Shown, locale: Locale) -> dict[str, object]:
    """As the layout's table takes it."""
    return {
        "number": f"{clean(line.number)}, {clean(line.customer)}",
        "due": short_day(line.due, locale),
        "late": phrases("en").lateness(line.days_late),
        "is_late": line.days_late > 0,
        "amount": money(line.balance, locale),
        "order": "",
        "whole": "",
        "view_url": "",
        "booked": (),
        "pay_url": "",
    }


def _filled(prose: str) -> str:
    return textwrap.fill(prose, WIDTH, break_long_words=False, break_on_hyphens=False)


def _cells(row: dict[str, object]) -> tuple[str, ...]:
    return (str(row["number"]), str(row["late"]), str(row["amount"]))


def _sum(sums: Sequence[Money], locale: Locale) -> str:
    return " and ".join(money(one, locale) for one in sums) or "nothing"
