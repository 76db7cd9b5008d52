"""What a message promises: a day on which it says money will come, and the figure it names for that day."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from domain.calendar import BusinessCalendar
from domain.chosen_day import CORRECTED, FIRM, PAY, REST_OF_IT, choose_day, is_for_another, is_only_for_others
from domain.day_weighing import choose, find_candidates, load_weights, mark
from domain.named_days import ORDINALS
from domain.passed_on import part_passed_on
from domain.paying_words import (
    HABIT,
    HANGS,
    NOT_PAID,
    ONLY_THEN,
    OTHER_BUSINESS,
    UNNAMED,
    VOW,
    is_bare,
    is_beside_payment,
    is_claimed,
    is_denied,
    is_told_aside,
)
from domain.plain_words import plain
from domain.promise_day import Resolved, count_from, language_of_days, name_days, resolve_plain, with_order_shown
from domain.spoken_amounts import find_spoken_amount
from domain.tense import FUTURE, clauses, is_past

_DEPENDS = re.compile(r"^(?:it |that |all |das |es )*(?:depends on|kommt (?:ganz )?(?:drauf|darauf) an|haengt (?:davon|an) )")
_ASKS = re.compile(
    r"\b(?:if|wenn|falls) (?:i|we|ich|wir) (?:\w+ ){0,4}?(?:pay|paid|zahl\w*|bezahl\w*|ueberweis\w*)|^(?:is there|what|how"
    r"|why|who|which|where|does|do you|are you|is it|was|wie|warum|wo|wer|was|welche\w*|gibt es|ist (?:das|die)|when (?:is"
    r"|do|does|will|was)|wann|bis wann)\b"
)
_ALLOWED = re.compile(
    r"\b(?:can|could|may|shall|would|ok|okay|alright|fine|possible|koennen|koennte\w*|kann|darf|duerfen|geht|reicht|passt"
    r"|waere|enough|bear|work)\b"
)
_CURRENCY = r"(?:€|\$|£|eur(?:os?)?|usd|gbp|chf|us\$|dollars?|pounds?|bucks|quid|franken|sfr|fr\.|₹|\brs\b\.?|\binr\b)"
_DAY_IN_FIGURES = r"(?!(?:0?[1-9]|[12][0-9]|3[01])\.(?:0?[1-9]|1[0-2])(?:\.|\b(?!,)))"
# Also as Indians group it: 1,84,500.
_FIGURE = (
    r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]{1,2})?(?![0-9])|[0-9]{1,3}(?:[., ' ][0-9]{3})+(?:[.,][0-9]{1,2})?(?![0-9])|[0-9]+(?:[.,][0-9]{1,2})?(?![0-9])"
)
_AMOUNT = re.compile(
    rf"{_CURRENCY} ?(?P<a>{_FIGURE})(?P<ak>k\b)?|(?<![0-9.,])(?P<b>{_FIGURE})(?P<bk> ?k\b| ?t(?=eur|€)| ?tsd\.?| ?tausend)?"
    rf"(?:(?:,-+|\.-+)? ?{_CURRENCY}(?![a-z])|[.,]-(?![0-9]))"
    rf"|(?<![0-9.,])(?P<c>{_FIGURE})(?P<ck> ?(?:grand|teur|t€|riesen)\b)"
)
_BARE_AMOUNT = re.compile(
    rf"\b(?:pay|paying|send|sending|transfer|transferring|wire|wiring|zahl\w*|bezahl\w*|ueberweis\w*|schick\w*|settle|remit)(?: (?:you|ihnen|wir|ich"
    rf"|about|just|at least|another|erstmal|erst|schon|mal"
    rf"|vorab|zunaechst|noch|a|an|amount|of|sum|rund|ca\.?|etwa|over"
    rf"|(?:the |die |den |der )?(?:full|whole|entire|volle[nr]?|ganze[nr]?|gesamte[nr]?|offenen?|outstanding|open)"
    rf"|(?:the|die|den)(?= [0-9.,' ]*[0-9][.,][0-9]{{2,3}}(?![0-9]))))* {_DAY_IN_FIGURES}(?P<a>(?>{_FIGURE}))(?P<ak>k\b)?"
    rf"(?! ?(?:%|percent|prozent|days?|weeks?|months?"
    rf"|tage?n?|wochen?|monate?n?|business|working|werktage?n?|raten?|uhr|am\b(?! (?:\w+tag|mittwoch|[0-9]))|pm\b|instal\w+|payments?|parts"
    rf"|stunden|st\b|nd\b|rd\b|th\b|invoices?"
    rf"|rechnungen|kw))(?![./:-]?[0-9])(?!\.? ?(?:[0-9]|jan|feb|m|apr|jun|jul|aug|sep|okt|oct|nov|de[cz]))"
)
_OWED = re.compile(r"\bow(?:e|es|ed|ing) (?:us|me)\b|\bschulde[nt]? (?:uns|mir)\b")
_TAKEN_OFF = re.compile(rf"(?:{_OWED.pattern}|\b(?:less|minus|net of|abzgl\.|abzueglich))(?: \w+){{0,3}} ?$")
_OTHER_SUM = re.compile(
    rf"{_OWED.pattern}|\b(?:pays?|paid|paying) (?:us|me)\b|\bzahlt (?:uns|mir)|\b(?:less|minus|deduct\w*|discount|skonto"
    r"|abz(?:ue)?g\w*|gutschrift\w*|credit note|fees?|gebuehr\w*|mahnkosten|interest|zinsen|over (?=[€$£])|wegen [€$£0-9])"
)
# A figure with cents, or all of one: money, where the clause speaks of paying.
_CENTS = re.compile(
    r"(?<![0-9.,/-])(?<!invoice )(?<!rechnung )(?<!nr\. )(?P<a>[0-9]{1,3}(?:[., '][0-9]{3})+[.,][0-9]{2}|[0-9]{3,}[.,][0-9]{2}|[0-9]{1,2},[0-9]{2})"
    r"(?![0-9.,/]| ?(?:%|prozent|percent|uhr|h\b|kg|stunden|std|tage|days))"
    r"|\b(?:full|whole|entire|remaining|volle[nr]?|ganze[nr]?|gesamte[nr]?|restliche[nr]?) (?P<b>(?!20[0-9]{2}\b)[0-9]{3,5})(?![0-9.,:/-]*[0-9])(?= [a-z]|$)"
)
_FIGURE_ALONE = re.compile(rf"(?P<a>(?!20[0-9]{{2}}\b)(?:{_FIGURE})) (?:even|flat|all in|in total|glatt|insgesamt|gesamt)[.!]?")
# "Pay Friday 350": behind a day fewer than three figures, or a year, are part of the day.
_AMOUNT_BEHIND_DAY = re.compile(
    r"\b(?:pay|paying|send|sending|get|zahl\w*|ueberweis\w*|schick\w*|bekomm\w*|krieg\w*|erhalte\w*) (?:\w+ )?(?:(?:on|am|this) )?"
    r"(?:\w+day|\w+tag|tomorrow|today|tonight|morgen|uebermorgen|heute) (?:noch |schon |just |about )?(?P<a>(?!20[0-9]{2}\b)[0-9]{3,5})"
    r"(?! ?(?:h|hrs|hours|uhr)\b)(?![.,:/-]?[0-9])"
    r"|\b(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|heute|morgen|uebermorgen) (?:noch |schon |mal )?(?P<b>(?!20[0-9]{2}\b)[0-9]{3,5})"
    r" (?:zahlen|ueberweisen|schicken|senden)\b"
)


@dataclass(frozen=True, slots=True)
class Promised:
    """``said`` are the words that name the day; ``on_condition``: only once something else has happened."""

    day: date
    amount: Decimal | None
    said: str
    sure: bool
    on_condition: bool = False
    is_bare: bool = False
    clause: str = ""


_LEAST_SURE_CHANCE = 0.6
_NOT_HAD = re.compile(r"\b(?:not|never|keine?|nie|nicht) (?:\w+ )?(?:receiv\w+|got|get|invoice|rechnung|erhalten|bekommen)\b")
_QUOTED = re.compile(r"\b(?:you|he|she|they|we) wrote\b|\bschrieb(?:en|st)?\b")
_EXACT = re.compile(rf"[0-9]|day\b|tag\b|mittwoch|tomorrow|morgen|today|heute|\b(?:{'|'.join((*ORDINALS['en'], *ORDINALS['de']))})\b")
_CONDITION = re.compile(
    r"\b(?:once|as soon as|if|provided|assuming|subject to|after you|when you|when we (?:have|receive|get)|so (?:that )?(?:we|i) can|and then|then we"
    r"|in order|sobald|sofern|wenn|falls|vorausgesetzt|nachdem|damit wir|dann)\b"
)


# The day of other bills is not ours: "on the 1st we pay the rent, on the 3rd our suppliers".
_OTHER_BILLS = re.compile(
    r"\b(?:am|zum|on) (?:the )?[0-9]{1,2}(?:\.|st\b|nd\b|rd\b|th\b) ?(?P<pays>(?:(?:we|i|wir|ich|zahlen?|ueberweisen?|begleichen?|gehen|geht|kommen|kommt"
    r"|pay|run|do|raus|for|fuer|die|den|das|der|unsere?|our|the) ){1,5})(?:miete|pacht|loehne?|gehaelter|steuern?|umsatzsteuer|lohnsteuer|finanzamt"
    r"|sozialabgaben|leasingraten?|rent|wages|salaries|payroll|taxes|vat|mortgage)\b,?(?! (?:and|und|sowie|plus)\b)"
)


def find_promise(text: str, language: str, today: date, calendar: BusinessCalendar, *, is_expected: bool = False) -> Promised | None:
    """The payment that ``text`` promises with a day from ``today`` on; None when there is none.

    ``language`` as for ``resolve_days``. The figure is the one in the same clause; a currency is not told apart. With
    ``is_expected`` the text is known to promise something: a day needs no word of paying beside it then. What a colleague promised goes
    before the words of whoever passes it on.
    """
    if passed_on := part_passed_on(text, language, today, calendar):
        text, behind, written_on = passed_on
        found = _find_in(behind, language, written_on, calendar, is_expected)
        if found and found.day >= today:
            return found
    return _find_in(text, language, today, calendar, is_expected)


def _find_in(text: str, language: str, today: date, calendar: BusinessCalendar, is_expected: bool) -> Promised | None:
    """As ``find_promise``, in what one person wrote on one day."""
    written = plain(text)
    language = with_order_shown(language, written)
    if _DEPENDS.search(written):
        return None
    parts = tuple(_OTHER_BILLS.sub(r"\g<pays>", clause[:600]) for clause in clauses(written))
    spoken = language_of_days(written, language, today, calendar)
    is_unnamed = bool(UNNAMED.search(written))
    hangs = any(HANGS.search(part) and (PAY.search(part) or VOW.search(part)) for part in parts)
    best: tuple[int, int, Promised] | None = None
    before: date | None = None
    for position, clause in enumerate(parts):
        days = tuple(
            day
            for day in resolve_plain(clause, language, spoken, today, calendar, before)
            if not is_only_for_others(day, clause)
            and not is_denied(day, clause)
            and not is_told_aside(day, clause)
            and not (is_unnamed and is_beside_payment(day, clause))
            and not (hangs and is_claimed(day, clause))
        )
        before = count_from(name_days(clause, language, spoken, today, calendar, before), before)
        if not days:
            continue
        is_only_day = not PAY.search(clause) and is_bare(clause, days)
        is_next = best is not None and (position == best[1] + 1 or (position == best[1] + 2 and CORRECTED.match(parts[position - 1])))
        if best and is_next and (better := _afterthought(best[2], days, clause, parts[position - 1])):
            best = best[0], position, replace(best[2], day=better.day, said=better.said, sure=better.sure)
            continue
        speaks = _speaks_of_paying(parts, position, clause, is_only_day)
        if not speaks and (not is_expected or _QUOTED.search(clause)):
            continue
        worth = _weigh(clause) + 4 * speaks + 2 * is_only_day - 8 * all(is_for_another(day, clause) for day in days)
        if best is None or worth > best[0]:
            chosen = choose_day(days, clause)
            amount = find_amount(clause) or _amount_nearby(parts, position)
            best = worth, position, Promised(chosen.day, amount, chosen.said, chosen.sure, bool(_CONDITION.search(clause)), is_only_day, clause)
    found = best[2] if best else None
    if is_expected:
        found = _weighed(found, parts, language, spoken, today, calendar)
    return replace(found, amount=_only_amount(parts)) if found and found.amount is None else found


def _weighed(found: Promised | None, parts: tuple[str, ...], language: str, spoken: str, today: date, calendar: BusinessCalendar) -> Promised | None:
    """``found`` by the rules, unless what stands around the days in ``parts`` speaks for another one or for none."""
    pays = any(PAY.search(part) or VOW.search(part) for part in parts)
    candidates = tuple(
        one
        for one in find_candidates(parts, language, spoken, today, calendar)
        if PAY.search(one.clause) or not (_QUOTED.search(one.clause) or (OTHER_BUSINESS.search(one.clause) and not pays))
    )
    if not candidates or (found and not any(one.resolved.day == found.day for one in candidates)):
        return found
    chosen, chance = choose(mark(candidates, parts), load_weights(), found.day if found else None)
    if chosen is None:
        return None
    is_sure = chance >= _LEAST_SURE_CHANCE
    if found and found.day == chosen.resolved.day:
        return replace(found, sure=found.sure and is_sure)
    amount = find_amount(chosen.clause) or _amount_nearby(parts, chosen.position)
    named, on_condition = chosen.resolved, bool(_CONDITION.search(chosen.clause))
    return Promised(named.day, amount, named.said, named.sure and is_sure, on_condition, False, chosen.clause)


def _afterthought(promised: Promised, days: tuple[Resolved, ...], clause: str, front: str) -> Resolved | None:
    """The day to which a short clause just behind ``front`` corrects a promise ("Sorry, Monday"), or makes a stretch of time precise ("In
    December. The 1st."); None when it does neither."""
    chosen = choose_day(days, clause)
    if len(clause.split()) > 8 or REST_OF_IT.search(clause) or OTHER_BUSINESS.search(clause):
        return None
    is_within = not _EXACT.search(promised.said) and bool(_EXACT.search(chosen.said)) and chosen.day <= promised.day and len(clause.split()) <= 5
    return chosen if is_within or CORRECTED.match(clause) or CORRECTED.match(front) or CORRECTED.search(front[-20:]) else None


def _only_amount(parts: tuple[str, ...]) -> Decimal | None:
    """The one sum of money that is named in all of a message, unless it is another's, or what is taken off or left over."""
    sums = {amount for part in parts for found in _AMOUNT.finditer(part) if (amount := _read(found))}
    sums |= {amount for part in parts if not _AMOUNT.search(part) and (amount := find_spoken_amount(part))}
    if len(sums) != 1 or any(_OTHER_SUM.search(part) for part in parts):
        return None
    return sums.pop()


def find_promised_amount(text: str) -> Decimal | None:
    """The figure that ``text`` promises without a day: "we will pay 500 on account in due course"."""
    parts = clauses(plain(text))
    for clause in parts:
        if VOW.search(clause) and not _OTHER_SUM.search(clause) and not is_past(clause) and not NOT_PAID.search(clause) and (amount := find_amount(clause)):
            return amount
    return _only_amount(parts) if any(FUTURE.search(clause) and _AMOUNT.search(clause) for clause in parts) else None


def _speaks_of_paying(parts: tuple[str, ...], position: int, clause: str, is_bare: bool) -> bool:
    if OTHER_BUSINESS.search(clause) or (NOT_PAID.search(clause) and not ONLY_THEN.search(clause)):
        return False
    if _NOT_HAD.search(clause) and not VOW.search(clause):
        return False
    if clause.endswith("?") and (_ASKS.search(clause) or not _ALLOWED.search(clause)):
        return False
    return bool(PAY.search(clause)) or is_bare or (position > 0 and bool(VOW.search(parts[position - 1]))) or _pays_around(parts, position)


def _weigh(clause: str) -> int:
    """How much like a promise ``clause`` sounds, against others with a day in the same message."""
    return (
        2 * bool(VOW.search(clause))
        + 3 * bool(FIRM.search(clause))
        + bool(PAY.search(clause))
        + bool(FUTURE.search(clause))
        + bool(_AMOUNT.search(clause))
        - 3 * bool(OTHER_BUSINESS.search(clause))
        - 3 * bool(NOT_PAID.search(clause) and not ONLY_THEN.search(clause))
        - 2 * bool(REST_OF_IT.search(clause))
        - 2 * bool(HABIT.search(clause))
        - 2 * clause.endswith("?")
    )


def _amount_nearby(parts: tuple[str, ...], position: int) -> Decimal | None:
    """The figure of a fragment just before ("Half of it: $500. Friday."), or just behind, or of a clause behind that says "then"."""
    if position > 0 and len(parts[position - 1].split()) <= 6 and (amount := find_amount(parts[position - 1])):
        return amount
    behind = parts[position + 1] if position + 1 < len(parts) else ""
    leans = re.search(r"\b(?:then|dann|that is when)\b", behind) or len(behind.split()) <= 2
    if figure := _FIGURE_ALONE.fullmatch(behind):
        return _number(figure["a"])
    return find_amount(behind) if leans and not REST_OF_IT.search(behind) else None


def _pays_around(parts: tuple[str, ...], position: int) -> bool:
    """Whether a short clause with a day ("Friday at the latest") leans on a neighbor that speaks of paying to come."""
    return len(parts[position].split()) <= 7 and any(VOW.search(part) for part in parts[max(0, position - 1) : position + 2])


def find_amount(clause: str) -> Decimal | None:
    """The first amount of money in ``clause`` (plain words), written in either way: 1,500.00 or 1.500,00."""
    found = next((one for one in _AMOUNT.finditer(clause) if not _TAKEN_OFF.search(clause, max(0, one.start() - 40), one.start())), None)
    if not found and not _OWED.search(clause) and (spoken := find_spoken_amount(clause)):
        return spoken
    found = found or _BARE_AMOUNT.search(clause) or _AMOUNT_BEHIND_DAY.search(clause) or (_CENTS.search(clause) if PAY.search(clause) else None)
    if not found:
        return find_spoken_amount(clause, is_named=True) if PAY.search(clause) and not _OWED.search(clause) else None
    return _read(found)


def _read(found: re.Match[str]) -> Decimal | None:
    groups = found.groupdict()
    written, thousands = next(groups[name] for name in "abc" if groups.get(name)), groups.get("ak") or groups.get("bk") or groups.get("ck")
    amount = _number(written)
    return amount * 1000 if amount is not None and thousands else amount


def _number(written: str) -> Decimal | None:
    digits = re.sub(r"[ ' ]", "", written)
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0:
        decimals = len(digits) - last - 1
        is_grouping = decimals == 3 and len(set(re.findall(r"[.,]", digits))) == 1
        whole = re.sub(r"[.,]", "", digits if is_grouping else digits[:last])
        digits = whole if is_grouping else f"{whole}.{digits[last + 1 :]}"
    try:
        amount = Decimal(digits)
    except InvalidOperation:
        return None
    return amount if amount > 0 else None
