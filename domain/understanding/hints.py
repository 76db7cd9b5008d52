"""Loose words that only suggest what somebody means. Asked where no sign spoke, and never sure."""

from __future__ import annotations

import re

from domain.understanding.intent import Intent

_HINTS: tuple[tuple[Intent, str], ...] = (
    (
        Intent.LEGAL,
        r"\bwind(?:ing)? up|\bexecutor|\badminister\w*|\bcourts?\b|\bgericht\w*|\blegal\w*|\banwal\w*|\bjuri\w+|\bnotar\w*|\bverwalter|\bmoratorium"
        r"|\bdissol\w+|\bsolvent",
    ),
    (
        Intent.STOP,
        r"\bspam\w*|\bpester\w*|\bnerv\w*|\bin ruhe\b|\bverteiler|\bannoy\w*|\benough\b|\bstop\w*\b(?! by\b)|\baufh(?:oe|o)r\w*|\bwerbung\b|\bnot interested"
        r"|\bdelete me|\babbestell\w*|\bprivacy|\bdatenschutz|\bconsent\b",
    ),
    (
        Intent.DISPUTE,
        r"\bappal+ing|\bterribl\w+|\bawful\w*|\bhorribl\w+|\bdisappoint\w*|\bfault\w*|\bdefect\w*|\bbroke\w*\b|\bterminat\w+|\bcancel\w*|\brejec\w+"
        r"|\brefus\w+|\berrors?\b|\bmistakes?\b|\binvalid|\bnot (?:valid|true|correct|accurate|fair|owed|delivered|complete\w*|working|acceptable)\b"
        r"|\bnothing to pay|\bnot pay\b|\bnot paying\b|\bnever (?:worked|happened|delivered|used|agreed|turned)\b|\bonly (?:received|got|had|have|delivered"
        r"|ordered|agreed|used|worked)\b|\binstead of\b|\bwarranty|\breplacement|\brepair\w*|\bdamage\w*|\bleak\w*|\bquality\b|\bcharged? (?:for|us|me|too)"
        r"|\b(?:billed|invoiced) for\b|\btoo (?:high|much|expensive)|\boverpric\w+|\bhigher\b|\bagreed\b|\bquote[d]?\b|\bdiscount\b|\breturn(?:ed)? (?:it"
        r"|them|goods)|\bmissing\b|\bincomplete|\blate delivery|\bdelay\w*|\bcompensat\w+|\bwrong\b|\bproblems? with|\bissues? with|\bunhappy|\bscam"
        r"|\bfraud\w*|\bfake\b|\brip-?off|\bclaim\b|\bnot (?:as|what|ours)\b|\bsubstitut\w*|\bcomplaint"
        r"|\b(?:waren|war|sind|hatten|haben) (?:\w+ )?nur\b|\bfehl(?:t|en|er\w*|te|ten)\b|\bschaden\b|\bschaeden|\bfalsch\w*|\bgekuendigt|\bkuendigung"
        r"|\bnicht (?:bestellt|geliefert|richtig|korrekt|in ordnung|okay|ok|gut|fertig|zufrieden|einsehen|akzeptabel|rechtens|funktioniert|gemacht"
        r"|brauchbar)\b|\bnie (?:bestellt|geliefert|benutzt|genutzt|gemacht|funktioniert)\b|\blaeuft (?:\w+ ){0,4}nicht|\bfunktionier\w* (?:\w+ ){0,3}nicht"
        r"|\bgeht (?:immer noch |noch )?nicht\b|\bzu (?:teuer|hoch|viel|spaet)\b|\bvereinbart\w*|\babgemacht|\brabatt|\bskonto\b|\bgarantie"
        r"|\bgewaehrleistung|\bersatz\w*|\bumtausch\w*|\breparier\w*|\breparatur|\bqualitaet|\bkeinen cent|\bnichts bestellt|\bbetrug\w*|\babzocke"
        r"|\bungerecht\w*|\bverspaet\w+|\bverzoeger\w*|\baerger\w*|\bstatt\b",
    ),
    (
        Intent.PAID_ALREADY,
        r"\bcross(?:ed|ing)? (?:with|in|over|paths)|\bcrossed\b|\b(?:been|already|was|all|got) (?:sorted|handled|actioned|looked after|cleared|squared"
        r"|completed|processed|finali[sz]ed|closed)\b|\b(?:already|just) (?:did|done|sent|went|gone)\b|\bpaid\b|\btransferred\b|\bwired\b|\bsettled\b"
        r"|\bremitted\b|\bdebited\b|\bcleared\b|\b(?:transaction|confirmation) (?:id|number|no)\b|\bsent (?:it|you|that|the money|funds) (?:already|last|on"
        r"|yesterday|ages)"
        r"|\bbereits (?:erledigt|passiert|getan|geschehen)|\b(?:schon|laengst|alles|bereits|ist) (?:\w+ )?erledigt\b|\bgezahlt\b|\bbezahlt\b|\bueberwiesen\b"
        r"|\bbeglichen\b|\bausgeglichen\b|\bangewiesen\b|\babgebucht\b|\bueberkreuz\w*",
    ),
    (
        Intent.CHECK_SENT,
        r"^check (?:was |already |is |has been )?(?:sent|mailed|posted|in)\b|\bcheck (?:is|was|has been|got) (?:\w+ )?(?:sent|mailed|posted)"
        r"|\bverrechnungsscheck",
    ),
    (
        Intent.NEVER_RECEIVED,
        r"\b(?:not|never|no|nothing) (?:\w+ ){0,4}(?:receiv\w*|invoice|arriv\w*|seen it|got it|get it)\b|\bwhat invoice\b|\bnichts (?:\w+ ){0,4}(?:bekommen"
        r"|erhalten|angekommen|gesehen)|\bnie (?:bekommen|erhalten|gesehen|angekommen)|\bnicht (?:bekommen|erhalten|angekommen|eingegangen|vorliegend)"
        r"|\bkenne (?:ich|wir) (?:\w+ )?nicht\b|\bnot (?:aware|familiar)",
    ),
    (
        Intent.PO_MISSING,
        r"\bp\.?o\.? ?(?:number|nr|no|reference)?\b(?! box)|\bpurchase order|\bbestellnummer|\bbestellnr|\bkostenstelle|\bvendor (?:number|portal)"
        r"|\bcost cent(?:er|re)",
    ),
    (
        Intent.COPY_PLEASE,
        r"\bcop(?:y|ies)\b|\bduplicate|\bpdf\b|\bstatement\b|\bbreakdown\b|\b(?:re)?send\b.{0,30}\binvoice|\binvoice again|\bkopie\w*|\bkontoauszug"
        r"|\bduplikat|\bnochmal\w* (?:\w+ )?(?:schick\w*|send\w*|zu\w*)|\baufstellung|\brechnung (?:\w+ ){0,4}(?:schick\w*|zusend\w*|zukommen|mailen)"
        r"|\bzweitschrift|\bitemi[sz]ed",
    ),
    (
        Intent.PLAN_REQUEST,
        r"\binstal+ments?\b|\bpart[- ]?payments?|\brepay\w*|\bgradual\w*|\bhalf\b|\bmonthly|\bper (?:month|week)|\bmore time"
        r"|\bmanageable|\blost my job|\bunemploy\w*|\barbeitslos\w*|\bkurzarbeit|\ba bit longer|\bextension|\bextend"
        r"|\bdefer\w*|\bpostpon\w*|\bslow\b|\bafford|\bbroke\b|\bno (?:money|cash|funds)|\bcash\b|\brate\b|\braten\w*|\bhaelfte|\bmonatlich\w*|\bstueckweise"
        r"|\bnach und nach|\baufschub|\bverlaenger\w*|\bspaeter zahlen|\bkein geld|\bklamm|\bengpass|\bkeine mittel|\bfrist\b|\bgeduld|\bpatien(?:ce|t)\b"
        r"|\bnach hinten|\bstreck\w+",
    ),
    (
        Intent.WRONG_ENTITY,
        r"\bwrong (?:company|entity|firm|business|address|client|customer)|\bnot our (?:invoice|company|bill|order)|\bbelongs to|\bsubsidiary|\bsister\b"
        r"|\bbill(?:ed)? to|\baddressed|\blegal name|\bnew address|\bname change|\bumgezogen|\bumfirmiert|\bfalsche\w* (?:firma|adresse|anschrift)"
        r"|\badressiert|\banschrift|\btochter\w*|\bschwester\w*|\bmuttergesellschaft|\bgesellschaft\b|\bust-?id|\bvat (?:id|number)",
    ),
    (
        Intent.WRONG_CONTACT,
        r"(?:^|[,.] |please |should |to )ask (?:accounting|accounts|finance|my|our|the)|\bnot me\b|\bwrong (?:person|number|contact|dept|department|guy"
        r"|address)|\bno longer\b|\bcontact (?:\w+ ){0,4}instead|\b(?:handles|deals with|responsible for|takes care of|looks after|in charge of"
        r"|does) (?:the )?(?:books|invoices|payments|this|that|accounts|billing|finances)|\bcolleague\b|\bforward(?:ed)? (?:you|this|your)"
        r"|\bfalsche\w* (?:nummer|person|kontakt|ansprech\w*|adresse)|\bzustaendig\w*|\bansprechpartner\w*|\bkolleg\w+|\bmacht (?:bei uns|die buchhaltung"
        r"|das|mein\w*|unser\w*)|\bnicht mehr (?:da|hier|bei)|\bwenden sie sich|\bverwechs\w+|\bfalsch verbunden|\bkenne ich nicht|\bsteuerberater",
    ),
    (Intent.NEXT_PAYMENT_RUN, r"\b(?:payment|pay|check|next) ?(?:run|cycle|batch)|\bzahl\w*lauf|\blauf\b(?! der)|\bzahltermin\w*|\bzahlungstermin\w*"),
    (
        Intent.IN_APPROVAL,
        r"\bapprov\w+|\bsign(?:s|ed|ing)?[- ]?off|\breview\w*|\bin process\b|\bprocessing\b|\bworkflow|\bbeing (?:checked|verified|looked)|\bvalidat\w+"
        r"|\bsigned\b|\bsignature|\bgreen light|\bgo-?ahead|\bfreigeb\w*|\bfreigabe\w*|\bgenehm\w+|\bgepruef\w*|\bpruef\w*|\bunterschr\w+|\bunterzeich\w*"
        r"|\babgesegnet|\bzustimm\w*|\bbearbeit\w*|\bin klaerung",
    ),
)
_COMPILED = tuple((intent, re.compile(pattern)) for intent, pattern in _HINTS)
_DENIED = re.compile(
    r"\b(?:not|never|yet to|noch nicht|nicht|nie|keine?|unpaid|will|wird|werden|werde|when|wann|how|wie|to be|get|getting"
    r"|can|kann|how much|would)\b"
)


def take_hint(written: str) -> tuple[Intent, str] | None:
    """What the words of ``written`` (plain) suggest, and which; None when they suggest nothing."""
    for intent, pattern in _COMPILED:
        found = pattern.search(written)
        if found and not (intent is Intent.PAID_ALREADY and _DENIED.search(written)):
            return intent, found[0]
    return None
