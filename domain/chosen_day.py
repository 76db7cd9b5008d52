"""Which of several days in a clause is the one on which money is promised: not the day of somebody else, nor one taken back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from domain.named_days import ORDINALS
from domain.promise_day import Resolved
from domain.tense import part_with

PAY = re.compile(
    r"\b(?:pay|pays|paid|paying|payments?|transfer\w*|wire\w*|wiring|settl\w+|remit\w*|money|funds|cash|runs?|batch|cycle"
    r"|reach\w* you|(?:a|the|our|by|via|your) check|bacs|ach|sepa|process\w*|releas\w+|sort\w*"
    r"|take care|taken care|handl\w+|clear\w*|initiat\w*|execut\w*|schedul\w+"
    r"|(?:will|to|should|you will|can) (?:\w+ )?(?:have|get|receive|see) (?:it|the|your|this|everything|that|full)|send(?:ing)? (?:it|you|the (?:money"
    r"|payment|rest|balance|full|amount|remaining|other)|payment|money|over|out|a|(?:about |just |another )?[€$£]?[0-9]+)|in your (?:bank|account)"
    r"|with you|land\w*|hit your|arriv\w+|go(?:es"
    r"|ing)? out|push\w*|put it|due to go|make (?:it|the)|get it (?:done|out|over|to you)|do it|done|cover|rest|remainder|balance|on (?:its|the) way|bill"
    r"|deposit\w*"
    r"|disburs\w*|(?:by|with (?:the|my|our|a)(?: \w+)?) card|chunk|tranche|portion|expect (?:it|the)"
    r"|will be (?:there|made|done|sent)|direct debit|bank run|submit\w*"
    r"|honou?r\w*|manage\w*|swing"
    r"|put (?:it )?through|squared"
    r"|set up|standing order|offer\w*|biet\w*|put (?:me|us) down|deal with|leaves?|leaving|mach(?:e|en|s|t)?\b|haben sie|kriegst|bekommen|bekommst|erhalten"
    r"|zahl\w*|geld\w*|bezahl\w*|gezahlt|ueberweis\w*|ueberwies\w*|beglei\w+|beglich\w*|ausgleich\w*|ausgeglichen|anweis\w*|angewiesen"
    r"|weis\w* (?:\w+ ){0,6}an"
    r"|veranlass\w*|geld|betrag|summe|raus|eingeh\w*|eingang|rest\w*|erledig\w*|scheck|abbuch\w*|gebucht|kuemmer\w*|zusagen|zugesagt|zusage"
    r"|auf (?:ihrem|dem|eurem) konto|tilg\w*"
    r"|freigeb\w*|terminier\w*|eingeplant|vorgemerkt|schick\w* (?:\w+ ){0,4}(?:geld|betrag|rest)|konto|lastschrift|nachhol\w*|da sein|in auftrag)\b"
)
REST_OF_IT = re.compile(
    r"\b(?:rest|remainder|balance|other half|second (?:half|one|part|chunk)|die zweite|restbetrag|restliche\w*|andere haelfte|zweite haelfte)\b"
)
CORRECTED = re.compile(
    r"\b(?:no wait|no|nope|hang on|wait|scratch that|sorry|apologies|i mean|meant|actually|better|rather|correction|(?:make|call) (?:it|that)"
    r"|failing that|(?:he|she|they) means?"
    r"|if not|otherwise|worst case|more (?:likely|realistically)|realistically|instead|literally|to be (?:exact|precise)|at the (?:very )?latest|latest"
    r"|(?:let us|let's|call it|make it)(?: (?:say|call it))?|konkret|sagen wir|(?:na|ach|oder) eigentlich"
    r"|nein|nee|warte[nt]?|quatsch|doch erst|lieber|besser|ach ne\w*|ach was|moment|korrektur|ich meine|oder nein|also doch|vielmehr|sonst"
    r"|ansonsten|notfalls|zur not"
    r"|sondern|eher|realistisch\w*|genauer|(?:aller)?spaetestens|stattdessen|ersatzweise)\b"
)
# What makes the day behind it the one that is meant to be relied on.
FIRM = re.compile(
    r"\b(?:count on|rely on|depend on|new (?:payment )?date(?: is)?:?|neuer (?:zahlungs)?termin(?: ist)?:?|i am telling you|put (?:me|us"
    r"|it) down for|konkret|verbindlich"
    r"|definitely|guarantee\w*|garantiert|fest zugesagt|verlassen sie sich auf|rechnen sie mit|on the list for)(?: (?:am|on|for|by|the|den|dem"
    r"|dass?|it|payment))*(?= |$)"
)
# Between a day and what it is: "the last run before Christmas, that is the 17th".
_THAT_IS = re.compile(
    r"(?:'s)?[ ,(-]*(?:(?:\w+ ){0,2}(?:ist|is|waere|means|meaning|so|also|i\.?e\.?|d\.?h\.?|naemlich|und zwar|that'?s|thats"
    r"|falls on)(?: \w+)?)[ ,(-]*"
)
_DAY_OF_OTHERS = re.compile(
    r"\b(?:(?:clients?|customers?|tenants?|buyers?|insur\w+|kunden?|auftraggeber\w*|(?<!ver)kaeufer\w*|mieter\w*|versicherung)"
    r" (?:\w+ ){0,3}?(?:pays?|paying|zahlt|zahlen|ueberweist)"
    r"|pays? (?:me|us)|(?<!you )get(?:s|ting)? paid(?: (?:by|from) (?:the |our |my )?\w+)?|in funds|every|each|jeden|jeder|jeweils"
    r"|(?:missed|verpasst\w*|too late for|zu spaet fuer)(?: (?:the|your|our|this|den|diesen|unseren))?)(?: (?:us|me|uns|mir))?"
    r"(?: \w+){0,2}(?: (?:on|am|by|bis|erst|of|from|vom))* ?$"
)
_PAID_BY_OTHERS = re.compile(
    r"\b(?:pays?|paying|paid|zahlt|zahlen) (?:us|me|uns|mir|mich)\b[^,.]{0,20}$|\b(?:promised|told|gave) (?:you|him|her|them)(?: \w+){0,2} ?$"
    r"|\b(?:happy|schoenen|schoenes|lovely|nice|good) ?$|\bsaid (?:that |it )?(?:could|might|may|would) be(?: by| on)? ?$|(?:^|[,.] )(?:it "
    r"|that )?(?:could|might|may) be(?: by| on)? ?$"
    r"|\b(?:can|could|will|do) not (?:say|promise|guarantee|commit to|confirm)(?: (?:it|that|on|by|for|the))* ?$|^(?:es |das )?koennte(?: es)?(?: am"
    r"| der)? ?$"
)
_ONCE_PROMISED = re.compile(r" ?(?:\w+ ){0,2}(?:zugesagt|versprochen|angekuendigt|geplant|vorgesehen|genannt|gesagt|angepeilt)\b")
# "instead of Friday", "not this Friday", "von Freitag auf Montag": taken back in favor of another.
_TAKEN_BACK = re.compile(
    r"\b(?:instead of|rather than|in place of|not|statt|anstatt|anstelle|nicht)(?: (?:on|by|the|this|am|bis|zum|den|dem|von|vom|erst|schon|mehr))* ?$"
    r"|\b(?:told|promised|gave) (?:you|him|her|them)(?: \w+){0,2} ?$|\b(?:going to|would have|had) (?:say|said)(?: on)? ?$"
    r"|\b(?:wollten?|wanted to|meant to|planned to)(?: (?:ich|wir|pay|das|es|it|am|bis|on|by|the|den))* ?$"
    r"|\b(?:was|were|had been) (?:hoping|aiming|planning|going|supposed)(?: (?:for|on|to|pay|the|by|it|this|that|you|send|settle|be|paid))* ?$"
    r"|\b(?:eigentlich (?:\w+ )?sollten?|(?:was|were|had been) (?:supposed|meant|due)(?: to)?)(?: \w+){0,4}?(?: (?:am|on|by|for|the|zum|bis))* ?$"
    r"|\b(?:can|could|will|do|does) not (?:do|make|manage|pay|send)(?: \w+){0,3} ?$"
)
_MOVED_FROM = re.compile(r"\b(?:from|von|vom)(?: (?:the|dem))? ?$")
_MOVED_TO = re.compile(r" ?(?:to|auf|onto)\b")
_EACH_TIME = re.compile(
    r" ?(?:(?:of|in) (?:each|every)\b|jede[sn] monats?|(?:war(?:en)?|was|were|had|hatten)\b|kommt (?:\w+ )?geld (?:he)?rein|(?:unser|mein"
    r"|selbst) (?:\w+ )?(?:geld )?(?:bekommen|erhalten)|came and went|(?:\w+ ){0,2}(?:zugesagt|versprochen)(?:,| \w+){0,3} (?:nicht|nichts|nix)\b)"
)
# "Today is Tuesday", "Monday is a holiday", "booked today", "closed until Monday": named for what is so on that day.
_STATE_BEFORE = re.compile(
    r"\b(?:today|tomorrow|heute|morgen|heit|it)(?: is| ist| isch)(?: the| der)? ?$|\bholidays?(?: is| on)? ?$|\bfeiertage?s?(?: ist| am| vom)? ?$"
    r"|\b(?:closed|shut|not in|nicht da|ferien|betriebs\w+|urlaub|krank\w*|messe|conference|leave|away|travel\w*|geschlossen|elternzeit|kur|reha"
    r"|montage)\b[^,.]{0,25}?"
    r"\b(?:until|till|to|through|bis|from|on|for|am|vom|ab|over|einschliesslich)(?: \w+){0,2} ?$|\bbin(?: ich)? (?:noch )?bis(?: zum)? ?$"
    r"|\b(?:payroll|taxes|rent|vat|steuern?|loehne|gehaelter|miete)(?: (?:is|are|on|ist|sind|am))? ?$"
    r"|\b(?:money|cash|funds|deposit|grant|geld) (?:\w+ ){0,2}?(?:coming|comes|due|kommt)(?: in\b| to (?:the|our|my)\b| rein\b)(?: \w+){0,3} ?$"
    r"|\b(?:faengt|beginnt|starts?|started|begins)(?: (?:on|am))? ?$|\b(?:intention|vor)(?: of paying| to pay)(?: (?:you|on|by|it))* ?$"
    r"|\b(?:given|signed|approved|received|posted|booked|entered|coded|logged)(?: off)? ?$|\b(?:counting|starting|gerechnet|gezaehlt) (?:from|ab|von) ?$"
    r"|\b(?:spoke|talked|spoken|called|emailed|rang|gesprochen|telefoniert)(?: (?:to|with|mit) \w+)?(?: (?:on|am))? ?$|\bowed (?:money|cash)? ?$"
    r"|\bseit ?$|\bsince ?$|\b(?:kam(?:en)?|came)(?: (?:am|on))? ?$"
    r"|\b(?:pay|paid|paying) (?:us|me)\b[^,.]{0,20}$|\b(?:cut-?off|deadline|stichtag|annahmeschluss|close (?:the|our) books|(?:monats"
    r"|jahres)abschluss|inventur)"
    r"(?: \w+){0,3} ?$"
)
_STATE_BEHIND = re.compile(
    r"(?:'s)?,?(?: da)?(?: is| ist| isch| haben wir| has| are| sind)?(?: (?:a|the|bei|uns|here|hier|ja|leider|public|national|auch|wieder|naemlich"
    r"|doch|of course"
    r"|a (?:bank|public|national|local)|ein|gesetzlicher)| in (?!the |order )\w+)*"
    r" (?:bank holiday|holidays?|feiertag|closed|geschlossen|zu\b(?= |[,.]|$)(?! (?:pay|zahl|ueberw|[0-9]))|frei\b|messe|keiner|niemand|nobody|no one)"
    r"| (?:noch )?(?:auf|in|im|on|at) (?:der |the )?(?:reha|kur|urlaub|ferien|montage|dienstreise|krankenhaus|klinik|spital|lazarett|holiday|vacation|leave"
    r"|hospital|court)\b"
    r"|,? (?:faengt|beginnt|starts|begins) |,? (?:is|ist|isch) (?:ja |doch |actually |already )?(?:(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:der"
    r"|the) (?:[0-9]{1,2}[.snrt]|\w+t[eh]\b))"
    r"| (?:(?:we|i) pay|(?:zahlen?|gehen|geht|laufen) (?:wir|ich)?) ?(?:our |the |die |unsere )?(?:rent|wages|salaries|staff|tax\w*|vat|payroll"
    r"|miete|loehne|gehaelter|steuern?)\b"
    r"| (?:is|ist) (?:our |the |unser |der )?(?:payroll|audit|stocktak\w+|lohnlauf|gehaltslauf)\b"
    r"| (?:krieg|bekomm)\w* (?:ich|wir)\b| (?:bezahlt|gezahlt|ueberwiesen|beglichen|paid|settled) (?:worden|already)\b| (?:monatsabschluss"
    r"|jahresabschluss|inventur|betriebsausflug"
    r"|month-?end close)\b"
    r"| (?:\w+ ){0,2}?(?:kontiert|gebucht|verbucht|erfasst|freigegeben|geprueft|eingegangen|angekommen|posted|booked|entered|coded|signed|approved)\b"
)
NUMBERED = re.compile(r"[0-9]|\b(?:" + "|".join(sorted({*ORDINALS["en"], *ORDINALS["de"]}, key=len, reverse=True)) + r")\b")
_PLURAL = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)days|(?:mon|diens|donners|frei)tags|mittwochs")
_ORDINAL_ALONE = re.compile(r" ?(?:the |der |die )?(?:[0-9]{1,2}(?:st|nd|rd|th|\.)|[a-z]+(?:th|first|second|third))")
WEEKDAY_ALONE = re.compile(r"^[^0-9]*(?:(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|(?:mon|tues|wednes|thurs|fri|satur|sun)day)$")
SO_THEN = re.compile(
    r"\b(?:so|hence|meaning|namely|i\.e\.|und zwar|naemlich|also|das heisst|heisst also)(?: (?:that is|it is|that will be|it will be|on|by|am|bis|zum|the))* ?$"
)
_SO = re.compile(r"\b(?:then|dann|that (?:same )?day|straight after|same day|danach|anschliessend)\b(?! (?:irgendwann|sometime|at some point))")


def choose_day(days: tuple[Resolved, ...], clause: str) -> Resolved:
    """The day nearest to a word of paying, unless it is corrected, made precise ("next Friday, the 27th"), counted on from or followed
    by a latest one. ``days`` are not empty, in the order of ``clause`` (plain words)."""
    days = tuple(day for day in days if not is_for_another(day, clause)) or days
    for day in days:
        if (firm := FIRM.search(clause)) and firm.end() <= clause.find(day.said) + 1 and clause.find(day.said) - firm.end() <= 4:
            return day
    said_twice = [day for day in days if sum(day.day == other.day for other in days) > 1]
    if said_twice and len({day.day for day in said_twice}) < len({day.day for day in days}):
        return said_twice[-1]
    paying = [day for day in days if PAY.search(part_with(clause, max(0, clause.find(day.said))))] or [day for day in days if _near_paying(day, clause)]
    latest = next((day for day in days if _is_latest(day, clause)), None)
    first = _behind(days[0], latest) if latest else paying[0] if paying else days[0]
    for day in days[days.index(latest or first) + 1 :]:
        between = clause[clause.find(first.said) + len(first.said) : clause.rfind(day.said)]
        is_corrected = len(between) <= 40 and CORRECTED.search(between)
        is_precise = (
            bool(NUMBERED.search(day.said)) and not NUMBERED.search(first.said) and day.day <= first.day and (len(between) <= 12 or _THAT_IS.fullmatch(between))
        )
        is_concluded = len(between) <= 60 and SO_THEN.search(between)
        if is_corrected or is_concluded or is_precise or (day.is_counted and not REST_OF_IT.search(between) and not re.search(r"[€$£]|[0-9]{3}", between)):
            first = _behind(first, day)
    if not re.search("[0-9]", first.said):
        return next((day for day in days[1:] if re.search("[0-9]", day.said) and day.day.weekday() == first.day.weekday()), first)
    return first


def _is_latest(day: Resolved, clause: str) -> bool:
    said = re.escape(day.said)
    return bool(re.search(rf"{said},? (?:at the )?(?:very )?latest|(?:spaetestens|at the (?:very )?latest)(?: am| bis| on| by)? {said}", clause))


def _behind(first: Resolved, day: Resolved) -> Resolved:
    """``day``; where it is a weekday, the next one behind ``first``: "on Wednesday 25 November, Thursday at the latest"."""
    if day.day >= first.day or not WEEKDAY_ALONE.search(day.said):
        return day
    return replace(day, day=first.day + timedelta(days=(day.day - first.day).days % 7))


def is_for_another(day: Resolved, clause: str) -> bool:
    """Whether it is the day on which others pay the sender, one that comes every week, one that was missed, one taken back, or one
    named for something else that is so on it."""
    at = clause.find(day.said)
    before, behind = clause[:at], clause[at + len(day.said) :]
    return bool(
        _DAY_OF_OTHERS.search(before)
        or _EACH_TIME.match(behind)
        or (re.match("before|vor ", day.said) and re.search(r"\b(?:nothing|not|nichts?|nix)\b", clause))
        or (_ORDINAL_ALONE.fullmatch(day.said) and re.match(r" (?:will be|is|was|were|are|goes|and|wird|ist)\b", behind))
        or re.match("um (?:ein|zwei|drei|[0-9])", day.said)
        or _PLURAL.fullmatch(day.said.removeprefix("on "))
        or _TAKEN_BACK.search(before)
        or _STATE_BEFORE.search(before)
        or _STATE_BEHIND.match(behind)
        or (_MOVED_FROM.search(before) and _MOVED_TO.match(behind))
    )


def is_only_for_others(day: Resolved, clause: str) -> bool:
    """Whether ``clause`` says of it only that the sender is paid, without "I will pay you then", or that it was promised once."""
    at = clause.find(day.said)
    if _ONCE_PROMISED.match(clause[at + len(day.said) :]) and re.search(r"\b(?:hatten?|war(?:en)?|hat (?:uns|mir)|haben (?:uns|mir))\b", clause[:at]):
        return True
    return bool(_PAID_BY_OTHERS.search(clause[:at])) and not _SO.search(clause[at:]) and not day.is_counted


def _near_paying(day: Resolved, clause: str) -> bool:
    at = clause.find(day.said)
    return bool(PAY.search(clause[max(0, at - 50) : at + len(day.said) + 30]))
