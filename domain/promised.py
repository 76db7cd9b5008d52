"""What a message promises: a day on which it says money will come, and the figure it names for that day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from domain.calendar import BusinessCalendar
from domain.plain_words import plain
from domain.promise_day import Resolved, resolve_days
from domain.spoken_amounts import find_spoken_amount
from domain.tense import FUTURE, clauses

_PAY = re.compile(
    r"\b(?:pay|pays|paid|paying|payments?|transfer\w*|wire\w*|wiring|settl\w+|remit\w*|money|funds|cash|runs?|batch|cycle"
    r"|reach\w* you|(?:a|the|our|by|via|your) check|bacs|ach|sepa|process\w*|releas\w+|sort\w*"
    r"|take care|taken care|handl\w+|clear\w*|initiat\w*|execut\w*|schedul\w+"
    r"|(?:will|to|should|you will|can) (?:\w+ )?(?:have|get|receive|see) (?:it|the|your|this|everything|that|full)|send(?:ing)? (?:it|you|the (?:money"
    r"|payment|rest|balance|full|amount|remaining|other)|payment|money|over|out|a|(?:about |just |another )?[€$£]?[0-9]+)|in your (?:bank|account)"
    r"|with you|land\w*|hit your|arriv\w+|go(?:es"
    r"|ing)? out|push\w*|put it|due to go|make (?:it|the)|get it (?:done|out|over|to you)|do it|done|cover|rest|remainder|balance|on (?:its|the) way|bill"
    r"|deposit\w*|expect (?:it|the)|will be (?:there|made|done|sent)|direct debit|bank run|submit\w*|honou?r\w*|manage\w*|swing|put (?:it )?through|squared"
    r"|set up|standing order"
    r"|zahl\w*|geld\w*|bezahl\w*|gezahlt|ueberweis\w*|ueberwies\w*|beglei\w+|beglich\w*|ausgleich\w*|ausgeglichen|anweis\w*|angewiesen|weis\w* (?:\w+ ){0,6}an"
    r"|veranlass\w*|geld|betrag|summe|raus|eingeh\w*|eingang|rest\w*|erledig\w*|scheck|abbuch\w*|gebucht|kuemmer\w*|zusagen|zugesagt|zusage"
    r"|auf (?:ihrem|dem|eurem) konto|tilg\w*"
    r"|freigeb\w*|terminier\w*|eingeplant|vorgemerkt|schick\w* (?:\w+ ){0,4}(?:geld|betrag|rest)|konto|lastschrift|nachhol\w*|da sein|in auftrag)\b"
)
_OTHER_BUSINESS = re.compile(
    r"\b(?:if|should) you (?:do not|have not|not|are|can|could|have|want|would)|\b(?:call|ring|phone) (?:you|me|us)\b(?!.*\bpay)|\bget back to you"
    r"|\bcome back to you|\blet you know|\brevert\b|\bmeeting\b|\bpaid (?:us|me)\b|\bpays? (?:us|me)\b"
    r"|\bfalls sie|\bsollten sie|\bmelde[n]? (?:ich |wir )?(?:mich|uns)|\bbescheid\b|\brueckmeldung|\bapproval (?:by|on|until)\b|\bapproved? (?:by|on"
    r"|until)\b|\b(?:freigabe|pruefung|genehmigung) (?:\w+ ){0,3}(?:bis|am|ende)\b|\bwe (?:will )?(?:send|forward|return|ship) (?:back |you )?(?:the |a "
    r"|your )?(?:goods|form|document|contract|list|copy|details|answer|breakdown|po|purchase)|\breturn the goods|\bcan you (?:please )?(?:send|confirm"
    r"|provide)|\bplease (?:send|confirm|provide|resend|call|collect)|\bbitte (?:senden|schicken|bestaetigen|rufen)"
    r"|\b(?:invoice|rechnung|terms?) (?:is|are|was|ist|war) (?:\w+ )?(?:not )?(?:due|faellig|payable)|\b(?:not|noch nicht|erst) (?:\w+ ){0,3}(?:due|faellig)\b"
    r"|\bzahlungsziel|\bpayment terms|\bdue date\b|\bfaelligkeit\b|\bdelivery|\bdeliver\w*|\bliefer\w*|\bservice date|\bcontract (?:ends|runs)"
)
_NOT = re.compile(
    r"\b(?:can not|could not|unable to|not be able to|not able to|not possible to|no way to|will not|not going to|do not (?:expect|plan|intend"
    r"|have)) (?:\w+ ){0,4}?(?:pay|send|transfer|settle|make|manage|be paid|afford|process|money|funds)|\bnot (?:\w+ )?(?:pay|paid|paying)\b"
    r"|\bnicht (?:\w+ ){0,4}?(?:zahlen|bezahlen|ueberweisen|begleichen|bezahlt|moeglich|schaffen|leisten|in der lage|ueberwiesen)|\bkeine (?:zahlung"
    r"|ueberweisung)|\bschaffen (?:wir )?(?:\w+ ){0,4}nicht"
)
_ONLY_THEN = re.compile(r"\b(?:until|till|before|earlier than|prior to|vor|erst|frueher|eher|frueher als)\b")
_ASKS = re.compile(
    r"\b(?:if|wenn|falls) (?:i|we|ich|wir) (?:\w+ ){0,4}?(?:pay|paid|zahl\w*|bezahl\w*|ueberweis\w*)|^(?:is there|what|how"
    r"|why|who|which|where|does|do you|are you|is it|was|wie|warum|wo|wer|was|welche\w*|gibt es|ist (?:das|die)|when (?:is"
    r"|do|does|will|was)|wann|bis wann)\b"
)
_ALLOWED = re.compile(
    r"\b(?:can|could|may|shall|would|ok|okay|alright|fine|possible|koennen|koennte\w*|kann|darf|duerfen|geht|reicht|passt"
    r"|waere|enough|bear|work)\b"
)
_FILLER = re.compile(
    r"kommt|kommen|by|on|at|the|latest|then|ok|okay|yes|yep|sure|will|do|sorry|i|we|it|that|this|would|work|works|for|us|me|promise\w*|please|worries"
    r"|problem|half|other|first|second|haelfte|andere|restliche|thanks|thank|you|definitely|earliest|probably|aiming|are|am"
    r"|hoping|targeting|planning|expecting|looking|hopefully|mid|early|late|should|be|can|make|hi|hello|before"
    r"|until|and|of|end|let|say|how|about|is|fine|not|than|sooner|earlier|no|later|around|maybe|best|regards|give|yours|all|my"
    r"|mach\w*|ich|wir|das|spaetestens|bis|am|um|im|ja|klar|gerne?|hallo|versprochen|sorry|danke|bitte|zum|den|der|die|dem|wird|gemacht|schaff\w*|schon|noch"
    r"|dann|es|ist|frueher|eher|als|klappt|leider|nicht|geht|sagen|vor|nach|dran|ok|also|denke|vielleicht|mfg|lg|gruss|gruesse|viele|mit|freundlichen"
)
VOW = re.compile(
    r"\b(?:you will|you'll) (?:\w+ )?(?:get paid|be paid|(?:have|get|receive|see) (?:the |your |our |it\b|payment|money|funds|full)+(?:\w+ )?)|\b(?:will"
    r"|shall|going to|plan(?:ning)? to|intend to|promise to|we can|i can|able to|expect to|aim to|commit to|would) (?:\w+ ){0,4}?(?:pay|settle|transfer|wire"
    r"|remit|clear|be paid|be settled|be transferred|be wired|sort (?:it|this|that)|make (?:the |a |full )?payment|send (?:the |you )?(?:payment|money"
    r"|a check|the money|funds)|take care of|process (?:the |your )?payment|release (?:the )?payment|get (?:it|this) paid|arrange (?:the |for )?(?:payment"
    r"|transfer))\b"
    r"|\b(?:payment|money|funds|transfer) (?:will|is going to|is coming|is scheduled|has been scheduled|to follow|follows|comes|is set)\b|\b(?:am|are"
    r"|is) (?:paying|sending the (?:money|payment)|transferring|wiring|settling)\b|\bpay (?:you )?(?:soon|shortly|asap|as soon as|immediately|right away"
    r"|when|once)\b|\b(?:has|have) been scheduled for payment"
    r"|\b(?:werde[n]?|wird|wuerden)\b(?: \S+){0,12}? (?:(?:be)?zahl(?:en|t)|ueberweisen|ueberwiesen|begleichen|beglichen|ausgleichen|ausgeglichen|anweisen"
    r"|angewiesen|veranlassen|veranlasst|erledigen|taetigen|kuemmern)\b|\b(?:zahlen|zahle|ueberweise[n]?|bezahle[n]?|begleiche[n]?) (?:wir|ich|das|die|den"
    r"|es|umgehend|sofort|schnellst\w*|zeitnah|gleich|unverzueglich|alles|demnaechst|bald|sie)\b|\b(?:wir|ich) (?:zahlen|zahle|ueberweise[n]?|bezahle[n]?"
    r"|begleiche[n]?)\b|\b(?:zahlung|geld|ueberweisung|betrag) (?:\w+ ){0,3}?(?:folgt|kommt|geht|erfolgt)\b|\bveranlasse[n]? (?:wir |ich )?(?:die |das "
    r"|umgehend |sofort |heute )*(?:zahlung|ueberweisung)"
)
_CURRENCY = r"(?:€|\$|£|eur(?:os?)?|usd|gbp|chf|us\$|dollars?|pounds?|bucks|quid|franken|sfr|fr\.)"
_FIGURE = r"[0-9]{1,3}(?:[., ' ][0-9]{3})+(?:[.,][0-9]{1,2})?(?![0-9])|[0-9]+(?:[.,][0-9]{1,2})?(?![0-9])"
_AMOUNT = re.compile(
    rf"{_CURRENCY} ?(?P<a>{_FIGURE})(?P<ak>k\b)?|(?<![0-9.,])(?P<b>{_FIGURE})(?P<bk> ?k\b| ?t(?=eur))?(?:(?:,-+|\.-+)? ?{_CURRENCY}(?![a-z])|[.,]-(?![0-9]))"
)
_BARE_AMOUNT = re.compile(
    rf"\b(?:pay|paying|send|sending|transfer|transferring|wire|wiring|zahl\w*|bezahl\w*|ueberweis\w*|schick\w*|settle|remit)(?: (?:you|ihnen|wir|ich"
    rf"|about|just|at least|another|erstmal|erst|schon|mal"
    rf"|vorab|zunaechst|noch|a|an|amount|of|sum|rund|ca\.?|etwa|over))* (?P<a>(?:{_FIGURE}))(?P<ak>k\b)?(?! ?(?:%|percent|prozent|days?|weeks?|months?"
    rf"|tage?n?|wochen?|monate?n?|business|working|werktage?n?|raten?|uhr|am\b|pm\b|instal\w+|payments?|parts|stunden|st\b|nd\b|rd\b|th\b|invoices?"
    rf"|rechnungen|kw))(?![./:-]?[0-9])(?!\.? ?(?:[0-9]|jan|feb|m|apr|jun|jul|aug|sep|okt|oct|nov|de[cz]))"
)
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


_NOT_HAD = re.compile(r"\b(?:not|never|keine?|nie|nicht) (?:\w+ )?(?:receiv\w+|got|get|invoice|rechnung|erhalten|bekommen)\b")
_QUOTED = re.compile(r"\b(?:you|he|she|they|we) wrote\b|\bschrieb(?:en|st)?\b")
_REST_OF_IT = re.compile(r"\b(?:rest|remainder|balance|other half|second half|restbetrag|restliche\w*|andere haelfte|zweite haelfte)\b")
_CORRECTED = re.compile(
    r"\b(?:no wait|hang on|wait|scratch that|sorry|i mean|actually|better|rather|make (?:it|that)|nein|quatsch|doch erst|lieber|besser|ach ne\w*|moment"
    r"|ich meine|oder nein|also doch)\b"
)
_DAY_OF_OTHERS = re.compile(
    r"\b(?:(?:clients?|customers?|tenants?|insur\w+|kunden?|auftraggeber\w*|mieter\w*|versicherung) (?:\w+ ){0,3}?(?:pays?|paying|zahlt|zahlen|ueberweist)"
    r"|pays? (?:me|us)|get(?:s|ting)? paid|in funds|every|each|jeden|jeder|jeweils"
    r"|(?:missed|verpasst\w*|too late for|zu spaet fuer)(?: (?:the|your|our|this|den|diesen|unseren))?)(?: (?:us|me|uns|mir))?"
    r"(?: \w+){0,2}(?: (?:on|am|by|bis|erst|of|from|vom))* ?$"
)
_EACH_TIME = re.compile(
    r" ?(?:(?:of|in) (?:each|every)\b|jede[sn] monats?|(?:war(?:en)?|was|were|had|hatten)\b|kommt (?:\w+ )?geld (?:he)?rein|(?:unser|mein"
    r"|selbst) (?:\w+ )?(?:geld )?(?:bekommen|erhalten))"
)
_HABIT = re.compile(
    r"\b(?:every|each|jeden|jede[rs]?|always|usually|immer|normally|normalerweise)\b|\b(?:mon|tues|wednes|thurs|fri)days\b"
    r"|\b(?:(?:mon|diens|donners|frei)tag|mittwoch)s\b"
)
_CONDITION = re.compile(
    r"\b(?:once|as soon as|if|provided|assuming|subject to|after you|when you|when we (?:have|receive|get)|so (?:that )?(?:we|i) can|and then|then we"
    r"|in order|sobald|sofern|wenn|falls|vorausgesetzt|nachdem|damit wir|dann)\b"
)


def find_promise(text: str, language: str, today: date, calendar: BusinessCalendar, *, is_expected: bool = False) -> Promised | None:
    """The payment that ``text`` promises with a day from ``today`` on; None when there is none.

    ``language`` as for ``resolve_days``. The figure is the one in the same clause; a currency is not told apart. With
    ``is_expected`` the text is known to promise something: a day needs no word of paying beside it then.
    """
    parts = clauses(plain(text))
    best: tuple[int, Promised] | None = None
    for position, clause in enumerate(parts):
        clause = clause[:600]
        days = resolve_days(clause, language, today, calendar)
        if not days:
            continue
        is_bare = not _PAY.search(clause) and _is_bare(clause, days)
        speaks = _speaks_of_paying(parts, position, clause, is_bare)
        if not speaks and (not is_expected or _QUOTED.search(clause)):
            continue
        worth = _weigh(clause) + 4 * speaks + 2 * is_bare - 5 * all(_is_for_another(day, clause) for day in days)
        if best is None or worth > best[0]:
            chosen = _choose(days, clause)
            amount = find_amount(clause) or _amount_nearby(parts, position)
            best = worth, Promised(chosen.day, amount, chosen.said, chosen.sure, bool(_CONDITION.search(clause)), is_bare, clause)
    return best[1] if best else None


def _speaks_of_paying(parts: tuple[str, ...], position: int, clause: str, is_bare: bool) -> bool:
    if _OTHER_BUSINESS.search(clause) or (_NOT.search(clause) and not _ONLY_THEN.search(clause)):
        return False
    if _NOT_HAD.search(clause) and not VOW.search(clause):
        return False
    if clause.endswith("?") and (_ASKS.search(clause) or not _ALLOWED.search(clause)):
        return False
    return bool(_PAY.search(clause)) or is_bare or (position > 0 and bool(VOW.search(parts[position - 1]))) or _pays_around(parts, position)


def _weigh(clause: str) -> int:
    """How much like a promise ``clause`` sounds, against others with a day in the same message."""
    return (
        2 * bool(VOW.search(clause))
        + bool(_PAY.search(clause))
        + bool(FUTURE.search(clause))
        + bool(_AMOUNT.search(clause))
        - 3 * bool(_OTHER_BUSINESS.search(clause))
        - 3 * bool(_NOT.search(clause) and not _ONLY_THEN.search(clause))
        - 2 * bool(_REST_OF_IT.search(clause))
        - 2 * bool(_HABIT.search(clause))
        - 2 * clause.endswith("?")
    )


def _amount_nearby(parts: tuple[str, ...], position: int) -> Decimal | None:
    """The figure of a fragment just before ("Half of it: $500. Friday."), or just behind, or of a clause behind that says "then"."""
    if position > 0 and len(parts[position - 1].split()) <= 6 and (amount := find_amount(parts[position - 1])):
        return amount
    behind = parts[position + 1] if position + 1 < len(parts) else ""
    leans = re.search(r"\b(?:then|dann)\b", behind) or len(behind.split()) <= 2
    return find_amount(behind) if leans and not _REST_OF_IT.search(behind) else None


def _is_bare(clause: str, days: tuple[Resolved, ...]) -> bool:
    """Whether ``clause`` says little more than the ``days``."""
    for day in days:
        clause = clause.replace(day.said, " ")
    return all(_FILLER.fullmatch(word) for word in re.findall(r"[a-z]+", clause))


def _choose(days: tuple[Resolved, ...], clause: str) -> Resolved:
    """The day nearest to a word of paying, unless it is corrected, made precise ("next Friday, the 27th") or followed by a latest one."""
    days = tuple(day for day in days if not _is_for_another(day, clause)) or days
    for day in days[1:]:
        if re.search(rf"{re.escape(day.said)},? (?:at the )?(?:very )?latest|(?:spaetestens|at the latest)(?: am| on| by)? {re.escape(day.said)}", clause):
            return day
    first = days[0] if _near_paying(days[0], clause) else next((day for day in days if _near_paying(day, clause)), days[0])
    for day in days[days.index(first) + 1 :]:
        between = clause[clause.find(first.said) + len(first.said) : clause.rfind(day.said)]
        if len(between) <= 40 and _CORRECTED.search(between):
            first = day
    if not re.search("[0-9]", first.said):
        return next((day for day in days[1:] if re.search("[0-9]", day.said) and day.day.weekday() == first.day.weekday()), first)
    return first


def _is_for_another(day: Resolved, clause: str) -> bool:
    """Whether it is the day on which others pay the sender, one that comes every week, or one that was missed."""
    at = clause.find(day.said)
    return bool(_DAY_OF_OTHERS.search(clause[:at]) or _EACH_TIME.match(clause[at + len(day.said) :]))


def _near_paying(day: Resolved, clause: str) -> bool:
    at = clause.find(day.said)
    return bool(_PAY.search(clause[max(0, at - 50) : at + len(day.said) + 30]))


def _pays_around(parts: tuple[str, ...], position: int) -> bool:
    """Whether a short clause with a day ("Friday at the latest") leans on a neighbor that speaks of paying to come."""
    return len(parts[position].split()) <= 7 and any(VOW.search(part) for part in parts[max(0, position - 1) : position + 2])


def find_amount(clause: str) -> Decimal | None:
    """The first amount of money in ``clause`` (plain words), written in either way: 1,500.00 or 1.500,00."""
    found = _AMOUNT.search(clause)
    if not found and (spoken := find_spoken_amount(clause)):
        return spoken
    found = found or _BARE_AMOUNT.search(clause) or _AMOUNT_BEHIND_DAY.search(clause)
    if not found:
        return None
    groups = found.groupdict()
    written, thousands = groups["a"] or groups["b"], groups.get("ak") or groups.get("bk")
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
