"""What a clause is about: what was done, what is to come, or something other than paying. English and German, on plain words."""

from __future__ import annotations

import re

_ABBREVIATED = (
    r"(?<!\bnr)(?<!\bca)(?<!\bbzw)(?<!\binkl)(?<!\bmr)(?<!\bms)(?<!\bmrs)(?<!\bdr)(?<!\bst)(?<!\bno)(?<!\bvs)(?<!\bhr)"
    r"(?<!\bmo)(?<!\bdi)(?<!\bmi)(?<!\bfr)(?<!\bz)(?<!\bd)(?<!\bevtl)(?<!\brs)(?<!\btsd)(?<!\bueberw)(?<!\bbez)(?<!\bsg)(?<!\bvsl)(?<!\bvorauss)(?<!\bggf"
    r")"
)
_MONTHS = r"(?<!\bjan)(?<!\bfeb)(?<!\bmar)(?<!\bapr)(?<!\baug)(?<!\bsep)(?<!\bsept)(?<!\boct)(?<!\bokt)(?<!\bnov)(?<!\bdec)(?<!\bdez)"
_TURN = re.compile(
    r",? (?:so|also) (?=(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|(?:am |bis )?(?:mon|diens|donners|frei|sams|sonn)tag\b|mittwoch\b)|"
    r" - | -- |(?:,? |^)(?:but|however|although|though|aber|jedoch|allerdings|sondern|while|whereas|obwohl|trotzdem)[ ,]"
    r"|(?<!hundred)(?<!thousand),? and (?!will (?:\w+ ){1,7}(?:then|first thing|that day|straight away|right away)\b)(?=(?:\w+ ){0,4}(?:will|shall"
    r"|rest|remainder|remaining|other half|balance|is going|are going)\b)"
    r"|,? so (?=(?:the |your |our )?(?:money|payment|funds|transfer)\b)|,? so (?=(?:\w+ ){0,4}(?:will|is going|are going|goes|gets)\b)|, (?:drum|darum"
    r"|deshalb|daher) "
    r"|,? und (?!(?:freigabe|genehmigung) )(?=(?:\w+ ){0,4}(?:rest\w*|werden|werde|wird|zahlen|zahle|folgt|folgen|ueberweisen|ueberweise|andere)\b)"
    r"|(?<!approval)(?<!sign-off)(?<!signoff)(?<!receipt)(?<!release)(?<!freigabe), (?=(?:the )?(?:rest|remainder|balance)\b"
    r"|der rest\b|den rest\b|rest\b|we will\b|i will\b|ich werde\b|wir werden\b|will pay\b)"
)

_PAY_DONE = (
    r"paid|transferred|wired|remitted|settled|cleared|sent|made|released|initiated|processed|mailed|posted|executed|actioned|dispatched|submitted|completed"
    r"|credited|debited|done|gone|went|left|issued|cut|arranged|instructed|authorised|authorized|deposited"
)
_GETAN = (
    r"bezahlt|gezahlt|ueberwiesen|angewiesen|beglichen|ausgeglichen|veranlasst|getaetigt|abgebucht|gebucht|erledigt|abgegangen|rausgegangen|raus|weg"
    r"|gesendet|geschickt|versendet"
    r"|verschickt|abgeschickt|eingezahlt|erfolgt|durchgefuehrt|belastet|gutgeschrieben|beauftragt|ausgefuehrt|in auftrag gegeben|freigegeben|transferiert"
    r"|abgesandt"
)
FUTURE = re.compile(
    r"\b(?:(?:will|would|can|could)(?! you)|shall|going to|bis|by (?:the |this |next |end |mon|tue|wed|thu|fri|sat|sun|tomorrow|[0-9])\w*|may|might"
    r"|plan\w*|within|binnen|innerhalb|innert|in (?:\w+ ){1,2}(?:tagen|wochen?|stunden|monat)"
    r"|intend\w*|expect\w*|aim\w*|hop(?:e|ing)|should(?! have)|schedul\w+|set (?:up|to)|set for|due to be|to be paid|promis\w+|commit\w*"
    r"|able to|is being|are being|let me|allow|give (?:me|us)|by the end|goes out|going out|go out|lined up|queued|booked in|earmarked|slated|(?:am|are"
    r"|is) (?:paying|sending|transferring|wiring|making|settling|getting|releasing)"
    r"|on track|pencilled|latest|no later than|need until|for payment on|coming|guarantee\w*"
    r"|werde[nt]?|wird|wollen|will|koennen|kann|koennten|moechte[nt]?|plan(?:en|e|t)|vorgesehen|eingeplant|terminiert|spaetestens|versprech\w+|verspricht"
    r"|zusag\w*|sage? (?:ich|wir)|soll(?:te|ten|en)?|ueberweisen wir|zahlen wir"
    r"|(?:wir|ich) (?:ueberweisen?|zahlen?|bezahlen?|begleichen?|schicken?|senden?|veranlassen?|weisen?)|geht|gehen|folgt|folgen|kommt|kommen|(?:erhalten"
    r"|bekommen) sie|sie (?:erhalten|bekommen)"
    r"|bekommen sie|haben sie|erhaeltst|bekommst|duerfte\w*|zugesagt"
    r"|ueberweist|bezahlt (?:am|bis)|begleicht|anweisen|ist eingeplant|ist fuer|sind fuer|zum \w+ angewiesen|vorgemerkt)\b"
)
_PAST = re.compile(
    rf"\b(?:was|were|has|have|had|having|got|already|just|been|is|are)\b(?: \S+){{0,5}}? (?:{_PAY_DONE})\b"
    r"|\b(?:we|i|they|he|she|it|you|accounting|accounts|bank|finance|colleague|boss|wife|husband|bookkeeper|treasury|office|department|company|payable"
    r"|already|just|payment|money|transfer|wire|funds|check|amount|invoice) (?:already |just |also |have |duly |then |\w+ly )?"
    r"(?:paid|transferred|wired|remitted|settled|sent|made|mailed|posted|cleared|went|left|released|initiated|dropped|deposited|executed|issued|instructed"
    r"|submitted|received|got)\b"
    r"|\b(?:you|(?:direct )?debit|bank) (?:already |just )?(?:took|collected|charged|debited|deducted|withdrew)\b|\b(?:came|went|gone"
    r"|come) out of (?:our|my|the)\b"
    r"|^(?:already |all |just |was )?(?:paid|transferred|wired|remitted|settled|sent|mailed|posted|done)\b"
    r"|\bthis morning\b|\bheute (?:frueh|morgen|vormittag)\b|\bdid (?:it|that|this)\b"
    r"|\bago\b|\byesterday\b|\blast (?:week|month|mon|tues|wednes|thurs|fri|satur|sun|night)\w*|\bearlier (?:today|this)"
    rf"|\b(?:habe|haben|hat|hatte|hatten|hast|wurde|wurden|worden|ist|sind|war|waren|bereits|schon|gerade|soeben|eben"
    rf"|laengst)\b(?: \S+){{0,14}}? (?:{_GETAN})\b"
    rf"|\b(?:{_GETAN}) (?:worden|haben|habe|hat|wurde|wurden|ist)\b|^(?:schon |bereits |laengst |alles |heute |gestern )*(?:{_GETAN})\b"
    r"|\b(?:ueberwies|ueberwiesen wir|bezahlte|bezahlten|zahlte|zahlten|ging|gingen|beglich|beglichen wir|erfolgte)\b"
    r"|\bgestern\b|\bvorgestern\b|\bletzte[nrms]? (?:woche|monat|mo|di|mi|do|fr|sa|so)\w*|\bvor (?:[0-9]+|ein\w*|zwei|drei|vier|fuenf|sechs|zehn|paar"
    r"|einigen|mehreren) (?:tag|woche|monat|stunde)"
)
# "Am Freitag ist alles bezahlt": a state on a day to come.
_WILL_HAVE_BEEN = re.compile(
    r"^(?:spaetestens |dann |bis |und )*(?:(?:am|zum|bis|in|ab|naechste[nrms]?|kommende[nrms]?|anfang|mitte|ende)\b.{2,40}?|morgen|uebermorgen|[a-z]+tag)"
    r" (?:ist|sind) (?:\S+ ){0,6}?(?:bezahlt|beglichen|ausgeglichen|erledigt|ueberwiesen|angewiesen|raus|gutgeschrieben)\b(?! worden)"
    r"|\bdann (?:ist|sind) (?:\S+ ){0,6}?(?:bezahlt|beglichen|ausgeglichen|erledigt|ueberwiesen|raus)\b(?! worden)|\bconsider (?:it|this"
    r"|that) (?:paid|done|settled)"
)
_UNREAL = re.compile(
    r"(?:\b(?:would|could|should|might)|'d) (?:\w+ )?have (?!(?:this|it|that|them|everything|you|the|your|payment) )(?:\w+ )?(?!to\b)(?:had|been|gone|done"
    r"|sent|made|\w+(?:ed|id))\b|\bif (?:we|i) could\b"
    r"|(?:\bwould|'d) (?:\w+ )?(?:love|like|prefer) to (?:be able to )?(?:type|say|write|promise|tell|name|offer)\b|\bhad (?:every|full"
    r"|the best) (?:\w+ )?intention"
    r"|\beigentlich (?:wollten?|sollten?) (?:ich|wir|das|die|es)\b(?! (?:\w+ )?(?:sagen|fragen|schreiben))"
    r"|\b(?:wollte[nt]?|hatte[n]?) (?:(?!nur|bloss|sagen|mitteilen|fragen|wir|ich|das)\w+ ){0,3}(?:vor|ueberweisen|zahlen|bezahlen|begleichen)\b"
    rf"|\b(?:haette[nt]?|waere[nt]?)\b(?: \S+){{0,14}}? (?:{_GETAN}|gehabt|gekonnt|koennen|gekommen|gewesen|sollen|muessen)\b"
)
_WERE_IT_SO = re.compile(r"^(?:koennte|koennten) (?:wir|ich)\b.*\bwuerde|^(?:waere|waeren|haette|haetten)\b.*, (?:waere|waeren|haette|haetten|wuerde)")
_GOES_ON = re.compile(r"\b(?:goes|go|going|comes|now|this one|re-?send\w*|re-?do|re-?try\w*|nochmal\w*|jetzt|heute noch|bleibt|steht)\b")
_CONDITION = re.compile(
    r"(?:^|[,;(-] ?|\b(?:and|und|but|then|also|well|so|uh|um|aehm|ja|ok|hallo|hi|tag) )(?:if|unless|provided|assuming|(?:but )?only if)\b|\b(?:if"
    r"|wenn|falls(?! (?:in|on|under|due|within|to))|sofern"
    r"|vorausgesetzt|unless|provided|assuming)\b|\b(?:as soon as|once|sobald|nachdem)\b"
)
# What is yet to come in the customer's house, from which a stretch of time is counted: "after approval we pay within ten days".
_AFTER_NEWS = re.compile(
    r"\b(?:after|upon|on|of|from|following|subject to|pending|nach|ab|bei|mit|vorbehaltlich)"
    r" (?:(?:the|our|your|his|her|its|their|final|full|internal|written|der|dem|den|des|erfolgter?|unserer?|ihrer?|seiner?|interner?|endgueltiger?|einer"
    r"|positiver?|sachlicher|fachlicher|rechnerischer|pruefung und|pruefung &|review and|receipt and|technical|formal|budget|management|board) )*"
    r"(?:approval|sign-?off|receipt|authori[sz]ation|(?:funds? )?release|completion|acceptance|clearance|certification"
    r"|freigabe|rechnungsfreigabe|genehmigung|wareneingang|(?:waren)?erhalt|eingang|abnahme|klaerung|fertigstellung|unterschrift|zustimmung|bewilligung"
    r"|gegenzeichnung)\b(?! (?:of |ihrer |ihres |der |von |dieser )*(?:your |ihrer |the |this )?(?:reminder|e?-?mail|letter|message|mahnung|zahlungserinnerung"
    r"|erinnerung|schreiben|nachricht|mail)\b)"
)
# Where the condition ends and the rest of the sentence begins.
_THEN = re.compile(
    r":|\bthen\b|\bdann\b|\b(?:we|i|you|it|they)(?: will| shall|'ll)\b|\bis (?:then )?paid\b|\bso (?:i|we|you|it|the)\b|\b(?:pay|zahl\w*"
    r"|ueberweis\w*|payment|zahlung) "
)
_PART = re.compile(r"[,:](?= )|\bso (?=(?:i|we|you|it|the) )|\balso (?=(?:am|bis|ich|wir|erst|morgen|heute|[a-z]+tag|zahl\w*|mach\w*|ueberweis\w*) )")
_OWN_VERB = re.compile(
    r"\b(?:we|i|you|it|wir|ich|sie|es|geld|money|funds|goes|geht|bekomm\w*|kommt|will|wird|werden|is|ist|sind|zahl\w*|pay\w*|ueberw\w*|transfer\w*)\b"
)
# "When I am back on Monday": the day on which it can be done, no condition.
_RETURNS = re.compile(
    r"\b(?:back|return\w*|home|wieder|zurueck|rueckkehr|in the office|im buero|reopen\w*|open again|that (?:is )?(?:ok|okay"
    r"|alright|works|suits)|recht|(?:if|wenn) (?:i|we|ich|wir) (?:do not|have not|nicht)|gehalt|lohn|salary|wages|paycheck|payday|payroll)\b"
)
# After these a day is the day of something else: of a letter, a delivery, a talk, an absence.
_OTHER_DAY = re.compile(
    r"(?:(?<!run )(?<!batch )(?<!cycle )\bdated|\b(?:e-?mail|letter|reminder|message|call|request|order|conversation|voicemail|statement|invoice"
    r"|notice|phone call|email|chat|talk)s? (?:of"
    r"|from|dated)|\b(?:call|conversation|chat|talk|meeting) on"
    r"|\bsince|\bdue(?: on| by| date is| date was| date| for| until| till)?|(?<!lauf )(?<!run )(?<!woche )(?<!der )(?<!den )(?<!dem )\bvom"
    r"|\bseit(?: dem)?|\b(?<!be )(?:received|delivered|ordered"
    r"|shipped|arrived|issued"
    r"|cancelled|canceled|returned)(?: it| them| this)?(?: on)?"
    r"|\b(?:geprueft|genehmigt|geliefert)(?: wird| werden)?(?: am| bis| bis zum)?"
    r"|\bfaellig(?:keit)?(?: ist)?(?: am| seit| zum| bis)?|\bdatiert(?: auf| vom)?|\b(?:schreiben|mail|email|mahnung|rechnung|erinnerung|angebot) vom"
    r"|\b(?:lieferung|bestellung|telefonat|gespraech)(?: vom| am)"
    r"|\b(?:meeting|appointment|call|(?<!, )(?<!^)termin|gespraech|visit)(?: is)?(?: on| am)?"
    r"|\b(?:call|ring|speak|talk|write|meets?|contact|(?:can|will|to) reach(?= (?:me|us|him|her|them))|phone|respond|reply|update|discuss|decide|meet|review"
    r"|looking?|look at|look into"
    r"|(?<!a )(?<!the )(?<!our )(?<!your )check|get back|come back|know more|be back"
    r"|(?<!it )(?<!this )(?<!that )(?<!pushed )(?<!moved )(?<!payment )back|return\w*|let you know|tell you|say more|have news|revert"
    r"|approve|sign)"
    r"(?: to| with)?(?: you| me| us| it| this| him| her| them| again| more| everything| \w+ly)*(?: in(?: the)? office)?"
    r"(?: by| on| before| until| till| from| in)?"
    r"|\b(?:zurueck|wieder (?:da|im buero|im haus|erreichbar)|erreichbar|abwesend|urlaub|geschlossen|ausser haus|(?:am|is|are|be|i'm|office) (?:away|closed"
    r"|out|off)|on leave|vacation|holiday)(?: bis| ab| am| until| till| from| through| on)?(?: einschliesslich| zum)?"
    r"|\b(?:melde?n?|telefonier\w*|sprechen?|rueckmeldung|bescheid|antwort\w*|besprech\w*|pruefen?|pruefung|rufe?n?|schreibe?n?)"
    r"(?: (?!dass)\w+){0,3}(?: am| bis| bis zum| im| in)?)"
    r"(?: the| dem| den| zum| am| on)?(?: (?:mon|tues|wednes|thurs|fri|satur|sun)day,?| \w+tag,?)? ?$"
)
_CALL = re.compile(r"\b(?:call|ring|phone|drop by|come (?:in|by)|stop by|rufe?n?)\b")
_BY_CARD = re.compile(
    r"\b(?:with|mit) (?:(?:the|my|our|a|his|her|der|meiner|unserer|einer) )?(?:\w+ )?(?:card|check|karte|kreditkarte)\b"
    r"|\bby card\b|\bto (?:make a )?pay(?:ment)?\b"
    r"|\b(?:um|and|und) (?:\w+ )?(?:zu )?(?:pay|be?zahle[n]?)\b"
)
_OTHER_ACT = re.compile(
    r"^,? ?(?:(?:wieder|erst wieder|back|again|zurueck) (?:im|in|da|erreichbar|zurueck|at|zur verfuegung)|(?:wieder da|(?:wieder )?zurueck"
    r"|(?:wieder )?erreichbar|melden|telefonieren|sprechen|anrufen|bescheid|pruefen|klaeren|besprechen|dated|delivery)\b"
    r"|(?:noch ?)?(?:einmal |mal )?(?:bei ihnen )?(?:melden|anrufen|klaeren|bescheid geben|rueckmeldung)\b"
    r"|(?:\w+ ){0,2}(?:faellig(?!.*\b(?:bis dahin|dann)\b)"
    r"|nachgehakt|nachgefragt|nachgefasst|angefragt|angerufen|telefoniert|gesprochen|geschrieben|gemailt|gemahnt)\b)"
)


def clauses(written: str) -> tuple[str, ...]:
    """The sentences of ``written`` (plain words), cut again where they turn: "but", "and the rest"."""
    joined = re.sub(r"(?<=[^\n.!?:,]{45})\n(?=[^\n])|(?<=,)\n(?=[^\n])", " ", written)
    parts: list[str] = []
    for line in joined.split("\n"):
        for sentence in _sentences(line):
            parts += [part.strip(" ,") for part in _TURN.split(sentence)]
    return tuple(part for part in parts if part)


def sentences(written: str) -> tuple[str, ...]:
    """The sentences of ``written`` (plain words), each with the mark that ends it."""
    joined = re.sub(r"(?<=[^\n.!?:,]{45})\n(?=[^\n])|(?<=,)\n(?=[^\n])", " ", written)
    return tuple(sentence for line in joined.split("\n") for sentence in _sentences(line) if sentence.strip())


def _sentences(line: str) -> list[str]:
    found, start = [], 0
    for mark in re.finditer(
        rf"[!?;]+(?=\s|$)|{_MONTHS}{_ABBREVIATED}(?<=[a-z)\"'€$])\.+(?=\s|$)(?! (?:oder|bis|od) )|(?:(?<=20[0-9][0-9])|(?<=/[0-9])|(?<=/[0-9][0-9]))\.(?=\s|$)",
        line,
    ):
        found.append(line[start : mark.end()].strip())
        start = mark.end()
    return [*found, line[start:].strip()] if line[start:].strip() else found


def is_past(clause: str) -> bool:
    """Whether ``clause`` tells of what was done, and of nothing that is to come."""
    return bool(_PAST.search(clause)) and not FUTURE.search(clause) and not _WILL_HAVE_BEEN.search(clause)


def part_with(clause: str, start: int) -> str:
    """What stands between the commas around that place in ``clause``."""
    begun = max((found.end() for found in _PART.finditer(clause, 0, start)), default=0)
    ended = _PART.search(clause, start)
    return clause[begun : ended.start() if ended else len(clause)]


# Where somebody begins to tell something else: "we will pay my wife had surgery on friday".
_SUBJECT = re.compile(
    r", |\b(?:but|because|since|aber|denn|weil|dass) |\b(?:(?:once|when|after|if) )?(?:i|we|he|she|they|it|(?:my|our|the|your) [a-z]+) (?:am|is|are|was|were"
    r"|will|had|has|have|can|do"
    r"|did|said|told|only|just|[a-z]{3,}s)\b|\b(?:ich|wir|er|der|die|das|mein\w* [a-z]+|unser\w* [a-z]+|ihr\w* [a-z]+)"
    r" (?:bin|ist|sind|war|waren|habe?|haben|hat|hatte\w*|werde\w*|wird|kann|koennen|macht|kommt|muss|kuemmer\w*)\b"
)


def stretch_with(clause: str, start: int, end: int) -> str:
    """The words around that place in ``clause`` that have one subject, also where no comma parts them from the next."""
    turns = [found.start() for found in _SUBJECT.finditer(clause)]
    first = max((turn for turn in turns if turn <= start), default=0)
    return clause[first : min((turn for turn in turns if turn >= end), default=len(clause))]


_CORRECTION = re.compile(r"^(?:correction|update|amendment|korrektur|berichtigung|nachtrag)\b[^:]*:")


def is_told_of(clause: str, start: int, said: str) -> bool:
    """Whether the day that is ``said`` there is one on which something was done. Of a clause that runs on, as on the phone, the words
    near to it count; "the last Friday of May" tells nothing."""
    near, part = clause if len(clause) <= 120 else clause[max(0, start - 50) : start + len(said) + 30], part_with(clause, start)
    near = _CORRECTION.sub(" ", near)
    if re.match("last|letzt", said):
        near, part = near.replace(said, " "), part.replace(said, " ")
    return is_past(part) or (is_past(near) and not _GOES_ON.search(part))


def is_unreal(clause: str, start: int) -> bool:
    """Whether what stands there in ``clause`` was not done: "we would have paid on Friday"."""
    return bool(_UNREAL.search(part_with(clause, start)) or _WERE_IT_SO.search(clause))


def is_condition(clause: str, start: int, end: int) -> bool:
    """Whether what stands there in ``clause`` is part of what must happen first: "if the grant comes on the 15th"."""
    begun = max(_CONDITION.finditer(clause, 0, start), key=lambda found: found.start(), default=None)
    if begun is None or _RETURNS.search(clause, begun.start(), min(len(clause), end + 30)):
        return False
    part = part_with(clause, start)
    return not (_THEN.search(clause, begun.end(), start) or (part in clause[begun.end() :] and "," in clause[begun.end() : start] and _OWN_VERB.search(part)))


def hangs_on_news(clause: str, start: int, end: int) -> bool:
    """Whether what stands there in ``clause`` begins only once something else has happened: "once approved we pay within two days"."""
    if _AFTER_NEWS.search(clause, 0, start) or _AFTER_NEWS.match(clause[end:].lstrip()):
        return True
    begun = _CONDITION.search(clause, 0, start)
    return begun is not None and not _RETURNS.search(clause, begun.start(), start)


def is_about_another_day(before: str, after: str) -> bool:
    """Whether a day between ``before`` and ``after`` is no day of payment: an invoice's date, a call (unless to pay in it), a return."""
    if _CALL.search(before[-60:]) and (_BY_CARD.search(before[-60:]) or _BY_CARD.search(after[:60])):
        return False
    return bool(_OTHER_DAY.search(before) or _OTHER_ACT.match(after))
