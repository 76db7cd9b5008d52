"""The words with which people speak of paying, and of what is not paying: what tells whether a day in a clause is one of payment."""

from __future__ import annotations

import re

from domain.chosen_day import PAY
from domain.promise_day import Resolved
from domain.tense import FUTURE, part_with, stretch_with

OTHER_BUSINESS = re.compile(
    r"\b(?:if|should) you (?:do not|have not|not|are|can|could|have|want|would)|\b(?:call|ring|phone) (?:you|me|us)\b(?!.*\b(?:pay|card))|\bget back to you"
    r"|\bcome back to you|\blet you know|\brevert\b|\bmeeting\b|\bpaid (?:us|me)\b|\bpays? (?:us|me)\b"
    r"|\bfalls sie|\bsollten sie|\bmelde?n? (?:ich |wir )?(?:mich|uns)|\bbescheid\b|\brueckmeldung|\bapproval (?:by|on|until)\b|\bapproved? (?:by|on"
    r"|until)\b|\b(?:freigabe|pruefung|genehmigung) (?:\w+ ){0,3}(?:bis|am|ende)\b|\bwe (?:will )?(?:send|forward|return|ship) (?:back |you )?(?:the |a "
    r"|your )?(?:goods|form|document|contract|list|copy|details|answer|breakdown|po|purchase)|\breturn the goods|\bcan you (?:please )?(?:send|confirm"
    r"|provide)|\bplease (?:send|confirm|provide|resend|call|collect)|\bbitte (?:senden|schicken|bestaetigen|rufen)"
    r"|\b(?:invoice|rechnung|terms?) (?:is|are|was|ist|war) (?:\w+ )?(?:not )?(?:due|faellig|payable)|\b(?:not|noch nicht|erst) (?:\w+ ){0,3}(?:due"
    r"|faellig)\b"
    r"|\b(?:terms|contract|agreement|vertrag|agb) (?:clearly )?(?:says?|said|states?|stated|read|sagt|sagen|gelten|steht)\b"
    r"|\b(?:antwort|stellungnahme|klaerung|entscheidung|beschluss) (?:\w+ ){0,2}(?:bis|am|folgt|kommt)\b"
    r"|\b(?:reply|response|answer|decision|ruling|outcome) (?:(?:is|due|expected|will be|comes) )*(?:by|on|until)\b"
    r"|\bis (?:any|some)(?:body|one) (?:there|in|around|available)\b|\b(?:ist|erreiche ich) (?:da |bei ihnen )?jemand(?:en)?\b"
    r"|\bzahlungsziel|\bpayment terms|\bdue date\b|\bfaelligkeit\b|\bdelivery|\bdeliver\w*|\bliefer\w*|\bservice date|\bcontract (?:ends|runs)"
)
NOT_PAID = re.compile(
    r"\b(?:can not|could not|unable to|not be able to|not able to|not possible to|no way to|will not|not going to|do not (?:expect|plan|intend"
    r"|have)) (?:\w+ ){0,4}?(?:pay|send|transfer|settle|make|manage|be paid|afford|process|money|funds)|\bnot (?:\w+ )?(?:pay|paid|paying)\b"
    r"|\b(?:nothing|no (?:money|payments?)) (?:will|is going to|can) (?:go|be|happen|come|leave)"
    r"|\bnicht (?:\w+ ){0,4}?(?:zahlen|bezahlen|ueberweisen|begleichen|bezahlt|moeglich|schaffen|leisten|in der lage|ueberwiesen)|\bkeine (?:zahlung"
    r"|ueberweisung)|\bschaffen (?:wir )?(?:\w+ ){0,4}nicht"
    r"|\b(?:be)?(?:zahlen|zahle|ueberweisen|ueberweise) (?:wir|ich) (?:\w+ )?nicht\b"
)
_RUN = r"(?:(?:payment |check |pay )?(?:run|batch|cycle|cut-?off)|(?:zahl(?:ungs)?)?lauf)\b"
_MISSED = re.compile(
    r"\b(?:missed|too late for|was too late|(?:has|have|had) (?:already )?(?:gone|closed|run|left)|(?:is|was) (?:already )?(?:closed|full|through|over|done)"
    r"|verpasst\w*|zu spaet|(?:war|ist) (?:\w+ )?(?:durch|zu|weg|gelaufen|geschlossen|voll))\b"
)
_AFTER_ALL = re.compile(
    r"\b(?:(?:i|we|it|you) (?:will|can|could)(?! not)|(?:zahl\w*|mach\w*|ueberweis\w*) (?:ich|wir)(?! (?:\w+ )?nicht)|rather"
    r"|sondern|instead)\b"
)
ONLY_THEN = re.compile(r"\b(?:until|till|before|earlier than|prior to|vor|erst|frueher|eher|frueher als)\b")
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
    r"|angewiesen|veranlassen|veranlasst|erledigen|taetigen|leisten|kuemmern)\b|\b(?:zahlen|zahle|ueberweise[n]?|bezahle[n]?|begleiche[n]?) (?:wir"
    r"|ich|das|die|den"
    r"|es|umgehend|sofort|schnellst\w*|zeitnah|gleich|unverzueglich|alles|demnaechst|bald|sie)\b|\b(?:wir|ich) (?:zahlen|zahle|ueberweise[n]?|bezahle[n]?"
    r"|begleiche[n]?)\b|\b(?:zahlung|geld|ueberweisung|betrag) (?:\w+ ){0,3}?(?:folgt|kommt|geht|erfolgt)\b|\bveranlasse[n]? (?:wir |ich )?(?:die |das "
    r"|umgehend |sofort |heute )*(?:zahlung|ueberweisung)"
)
# "When I can not say": a day named for anything but paying is none of payment then.
UNNAMED = re.compile(
    r"\b(?:can not|could not|can't|will not|would rather not|wish i could|not able to|unable to) (?:\w+ ){0,3}?(?:say|name|promise|commit to|tell you"
    r"|give you"
    r"|guarantee|put)(?: you)? (?:when|which|what|the (?:exact )?(?:day|date)|a (?:\w+ )?(?:day|date)|one\b|an exact|any (?:date|day))"
    r"|\b(?:do not|don't|not) (?:yet )?(?:know|sure)(?: yet)?(?: exactly)? (?:when|which day|what day)|\bno idea when|\bwhich day (?:that|it)"
    r"|\bwhen (?:that|it) (?:can|will)"
    r"|\bbe lying\b|\bwon't give you one|\bno (?:firm |fixed |exact )?date (?:yet|for)|\bwann,? (?:\w+ )?(?:weiss|kann|wissen|koennen) (?:\w+ ){0,6}nicht"
    r"|\b(?:nur )?wann,? (?:das )?kann ich (?:\w+ ){0,8}nicht|\bweiss (?:ich )?(?:\w+ ){0,4}nicht,? wann|\bkein(?:en)? (?:\w+ )?(?:termin|datum)\b"
    r"|\bob [^.,]{3,40} (?:weiss|kann) (?:ich|ich noch) nicht\b"
    r"|\bverlassen (?:\w+ ){0,4}nicht\b|\bnicht (?!genauer|exakter|mehr )(?:\w+ ){0,2}(?:versprechen|sagen|festlegen|verlassen|nennen|angeben)\b"
)
# "They claim that is the 20th": what somebody else has said of when money comes to the sender.
_CLAIMED = re.compile(
    r"\b(?:they|he|she|bank|council|state|er|sie|man|die|der) (?:\w+ )?(?:told|tells?|says?|said|claims?|reckons?|thinks?|thought|promised?|hopes?"
    r"|expects?|meint|meinte|meinen"
    r"|sagt|sagte[n]?|sagen|glaubt|rechnet|rechnen|hofft|verspricht|spricht|sprach)\b[^.]{0,40}$|\b(?:angekuendigt|versprochen|zugesagt|geplant"
    r"|avisiert|in aussicht gestellt)"
    r" (?:war|ist|wurde|sind)\b[^.]{0,40}$|\b(?:supposed|meant|due) to (?:be|come|land|arrive)\b[^.]{0,30}$"
)
HANGS = re.compile(
    r"\b(?:as soon as|once|when|whenever|if|after|only when|the (?:minute|moment|second|day|instant)(?: that)?|sobald|wenn|sowie|falls|bis"
    r"|sowie)\b(?! (?:i|we|ich|wir|you|sie) )"
    r"[^.]{0,90}?\b(?:pays?|paid|releases?|lands?|comes?|arrives?|clears?|lets?|signs?|settles?|transfers?|through|in|sells?|gezahlt|zahlt"
    r"|ueberwiesen|ueberweist|da ist|kommt"
    r"|eingeht|eingegangen|freigibt|laesst|hat|het)\b"
)
HABIT = re.compile(
    r"\b(?:every|each|jeden|jede[rs]?|always|usually|immer|normally|normalerweise)\b|\b(?:mon|tues|wednes|thurs|fri)days\b"
    r"|\b(?:(?:mon|diens|donners|frei)tag|mittwoch)s\b"
)


# What somebody did or what happened: not each way to say it, for most of them speak of paying, too.
_HAPPENED = re.compile(
    r"\b(?:was|were|had|went|came|(?<!have )got|lost|broke|fell|quit|found|took|met|died|bought|sold|saw|heard|began|drove|flew|wrote|forgot|blew"
    r"|stole|crashed|closed"
    r"|happened|called|asked|chased|followed|stopped|resigned|retired|war(?:en)?|hatten?(?! (?:\w+ ){0,4}(?:gesagt|vereinbart|ausgemacht|zugesagt"
    r"|genannt))|lag(?:en)?|kam(?:en)?|fiel(?:en)?|brach)\b"
    r"|\b(?:habe?|haben|hast|bin)\b(?: \S+){0,9}? (?!gesagt|ge(?:plant|buch|nannt))(?:[a-z]{0,8}ge[a-z]{2,}(?:t|en)|gehabt|gewesen|verloren|vergessen)\b"
)


def is_told_aside(day: Resolved, clause: str) -> bool:
    """Whether something other than a payment is told of the day: "lost my wallet Tuesday"."""
    for start in {clause.find(day.said), clause.rfind(day.said)} - {-1}:
        part = min(part_with(clause, start), stretch_with(clause, start, start + len(day.said)), key=len)
        if not _HAPPENED.search(part) or PAY.search(part) or VOW.search(part) or FUTURE.search(part):
            return False
    return True


def is_denied(day: Resolved, clause: str) -> bool:
    """Whether all that is said of the day is that nothing is paid on it."""
    part = part_with(clause, max(0, clause.find(day.said)))
    if _MISSED.search(part) and re.search(rf"{re.escape(day.said)}(?:'?s)? (?:\w+ )?{_RUN}|{_RUN} (?:vom|von|am|on|from|of) {re.escape(day.said)}", part):
        return True
    denied = NOT_PAID.search(part)
    return bool(denied) and not (ONLY_THEN.search(part) or _AFTER_ALL.search(part, denied.end() if denied else 0) or clause.endswith("?"))


def is_beside_payment(day: Resolved, clause: str) -> bool:
    """Whether nothing near the day speaks of paying."""
    part = part_with(clause, max(0, clause.find(day.said)))
    return not (VOW.search(part) or re.search(r"[€$£]|\b(?:you will have|at the latest|spaetestens|by the latest)\b", part))


def is_claimed(day: Resolved, clause: str) -> bool:
    """Whether others have named the day."""
    return bool(_CLAIMED.search(clause[: max(0, clause.find(day.said))]))


def is_bare(clause: str, days: tuple[Resolved, ...]) -> bool:
    """Whether ``clause`` says little more than the ``days``."""
    for day in days:
        clause = clause.replace(day.said, " ")
    return all(_FILLER.fullmatch(word) for word in re.findall(r"[a-z]+", clause))
