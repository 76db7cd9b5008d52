"""Text as people type it, brought into one plain spelling, so that rules need to know each word only once."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": " - ", "…": "..."}
)
_CONTRACTIONS = (
    (re.compile(r"\bcan'?t\b|\bcannot\b"), "can not"),
    (re.compile(r"\bwon'?t\b"), "will not"),
    (re.compile(r"\bain't\b"), "is not"),
    (re.compile(r"\b(did|does|do|is|are|was|were|has|have|had|would|could|should|must|need)n'?t\b"), r"\1 not"),
    (re.compile(r"\b(i|we|they|you)'?ve\b"), r"\1 have"),
    (re.compile(r"\b(i|he|she|it|they|you|that|there|this|payment|money|boss|[a-z]+)'ll\b"), r"\1 will"),
    (re.compile(r"\bwe'll\b"), "we will"),
    (re.compile(r"\b(we(?=')|they|you)'?re\b(?! to)"), r"\1 are"),
    (re.compile(r"(?:^|(?<=[.!?,] ))were (?=(?!going|supposed|hoping|planning)(?:[a-z]+ing|still|all|so)\b)"), "we are "),
    (re.compile(r"\bi'm\b|^im\b"), "i am"),
    (re.compile(r"\b(it|that|there|he|she|what|who|where|here|payment|money|check|cheque)'s\b"), r"\1 is"),
    (re.compile(r"\bwhats\b"), "what is"),
    (re.compile(r"\bgonna\b"), "going to"),
    (re.compile(r"\bpls\b|\bplz\b|\bpls\."), "please"),
    (re.compile(r"\bpayed\b"), "paid"),
    (re.compile(r"\be[- ]mail"), "email"),
    (re.compile(r"\bcheques?\b"), "check"),
    (re.compile(r"\binv\b\.?|\binvoic\b"), "invoice"),
    (re.compile(r"\brg\b\.?|\brng\b\.?|\brechn\.|\bre\.(?=\s?(nr|nummer|\d))"), "rechnung"),
    (re.compile(r"\bpay ?meant\b"), "payment"),
    (re.compile(r"\bin voices?\b"), "invoice"),
    (re.compile(r"\bpymt\b|\bpmt\b|\bpayt\b|\bpaymt\b"), "payment"),
    (re.compile(r"\bacct?s?\b\.?(?! no)"), "accounts"),
    (
        re.compile(r"\btmrw?\b|\btmr\b|\btomorow\b|\btommorr?ow\b|\btomoz\b|\btomo\b|\b2moz\b|\b2mor\w*|\b2morrow\b|\btmo(?:z|ro?w?)\b|\btmm?w\b|\b2mr?w\b"),
        "tomorrow",
    ),
    (re.compile(r"\btonite\b|\b2nite\b|\b2night\b"), "tonight"),
    (re.compile(r"\b2day\b"), "today"),
    (re.compile(r"\bfortnight(?:'s)?\b"), "two weeks"),
    (re.compile(r"\b(?:a|one|the) two weeks\b"), "two weeks"),
    (re.compile(r"\bfolge(monats?|woche)\b"), r"folgenden \1"),
    (re.compile(r"\b(januar|februar|april|mai|juni|juli|august|september|oktober|november|dezember)s\b"), r"\1"),
    (re.compile(r"\b(erste|zweite)[nr]? (januar|februar|maerz|april|mai|juni|juli|august|september|oktober|november|dezember)haelfte\b"), r"\1 haelfte \2"),
    (
        re.compile(r"\b(erste|letzte)[nr]? (januar|februar|maerz|april|mai|juni|juli|august|september|oktober|november|dezember|monats)tage?n?\b"),
        r"\1n tagen \2",
    ),
    (re.compile(r"\btagen monats(?= (?:im|des) )"), "tagen"),
    (re.compile(r"\b(month|year|quarter)-?end\b"), r"\1 end"),
    (re.compile(r"\b(?:d\.|lfd\.|d\. ?lfd\.) ?m(?:onats\b|(?:on|ts)?\b\.?)"), "dieses monats"),
    (re.compile(r"\b(?:n|nae|naechst|kommd|komm|folg)\. ?m(?:onats?\b|(?:on|ts)?\b\.?)"), "naechsten monats"),
    (re.compile(r"\b(?:d\.|lfd\.|d\. ?lfd\.) ?wo(?:che\b|\b\.?)"), "dieser woche"),
    (re.compile(r"\b(?:n|nae|naechst|kommd|komm|folg)\. ?wo(?:che\b|\b\.?)|\b(?:nae|kommende[rn]?) wo(?:che\b|\b\.?)"), "naechste woche"),
    (re.compile(r"\b(?:d\.|lfd\.) ?j(?:ahres\b|\b\.)"), "dieses jahres"),
    (
        re.compile(
            r"\b(anfang|mitte|ende|diese[rn]?|naechste[rn]?|kommende[rn]?|laufende[rn]?)(?: der)? (?:kw|kalenderwoche)\b(?! ?[0-9]| [a-z]+(?:zehn|zig)\b)"
        ),
        r"\1 woche",
    ),
    (re.compile(r"\bod\b\.?(?= )"), "oder"),
    (re.compile(r"\bn\. (?=ostern|pfingst|weihnacht|neujahr|silvester|d[.e])"), "nach "),
    (re.compile(r"\bv\. (?=ostern|pfingst|weihnacht|neujahr|silvester)"), "vor "),
    (re.compile(r"\bzwoa?t(e[nr]?)\b"), r"zweit\1"),
    (re.compile(r"\berscht(e[nr]?)\b"), r"erst\1"),
    (re.compile(r"\bfuffz(ehn|ig)"), r"fuenfz\1"),
    (re.compile(r"\b(not (?:on |by |until |till |this |next )*(?:the )?\w+(?:day|th|st|nd|rd)),? but\b"), r"\1, rather"),
    (re.compile(r"\b(nicht (?:am |bis |erst |schon |diesen |zum )*\w+(?:tag|woch|ten)),? sondern\b"), r"\1, vielmehr"),
    (re.compile(r"\banf\.? (?=(?:der|des|dieser|dieses|naechste|kommende|woche|kw|jan|feb|maerz|apr|mai|jun|jul|aug|sep|okt|nov|dez))"), "anfang "),
    (re.compile(r"\bwk\b"), "week"),
    (re.compile(r"\bwks\b"), "weeks"),
    (re.compile(r"\bw/?e(?:nd|knd)\b|\bwk-?e?nd\b"), "weekend"),
    (re.compile(r"\b(?:heut|heit)\b"), "heute"),
    (re.compile(r"\bwoch\b|\bwuche\b"), "woche"),
    (re.compile(r"\b(?:wuchen|wochn)(?:ae|e)nd\b"), "wochenende"),
    (re.compile(r"\b(?:maentig|maendig|mondog|mondag|maandag)\b"), "montag"),
    (re.compile(r"\b(?:zii?schti[gc]|diisch?tig|dienstog|dingsdag)\b"), "dienstag"),
    (re.compile(r"\b(?:mittwuch|mittwoc|miggewoch|middeweken)\b"), "mittwoch"),
    (re.compile(r"\b(?:dunn?schtig|donn?schtig|donnerschtig|pfinztag|donnersdag|dunnersdag)\b"), "donnerstag"),
    (re.compile(r"\b(?:frii?tig|fryy?tig|freidog|freedag|freitog)\b"), "freitag"),
    (re.compile(r"\bnimma\b|\bnimmer\b"), "nicht mehr"),
    (re.compile(r"\b(?:in|i) da fr(?:ua|ue)h?\b"), "in der frueh"),
    (re.compile(r"\boba\b"), "aber"),
    (re.compile(r"\bzoi\b"), "zahle"),
    (re.compile(r"\bmorgn\b|\bmoang\b|\bmo?rg(?:n\b|\.)|\bmorn\b(?! to)"), "morgen"),
    (re.compile(r"\bue?be?rmo?r?ge?n?\b\.?"), "uebermorgen"),
    (re.compile(r"\bmittw\b\.?"), "mittwoch"),
    (re.compile(r"\bdonn(?:erst)?\b\.?"), "donnerstag"),
    (re.compile(r"\bfr(?:ei)?tg\b\.?|\bfreit\b\.?"), "freitag"),
    (re.compile(r"\b(it|you|they|that|there|we)ll\b(?!-)(?<!\bwell)"), r"\1 will"),
    (re.compile(r"\bgimme\b"), "give me"),
    (re.compile(r"\bb4\b"), "before"),
    (re.compile(r"\bfrom (?:the )?date of this (?:email|message|letter|note|mail)\b"), "from today"),
    (re.compile(r"\bab (?:dem )?datum dieser (?:email|mail|nachricht)\b"), "ab heute"),
    (re.compile(r"\bweek (of|in|back in) (?:the )?new year\b"), r"week \1 january"),
    (re.compile(r"\b(week|month)( or (?:the )?(?:(?:start|beginning|middle|end|early) (?:of )?|mid )?next)(?! [a-z])"), r"\1\2 \1"),
    (re.compile(r"\b(woche)( oder (?:anfang |mitte |ende )?naechste[rn]?)(?! [a-z])"), r"\1\2 \1"),
    (re.compile(r"\b(monats?)( oder (?:anfang |mitte |ende )?naechste[ns])(?! [a-z])"), r"\1\2 \1"),
    (re.compile(r"\b(?:uh+|erm|uhm|umm|aehm|aeh|oehm|hmm+)\b,? ?"), ""),
    (re.compile(r"\bnxt\b"), "next"),
    (re.compile(r"\bn(?:oe|ae|e)chscht(e[nr]?)?\b"), "naechsten"),
    (re.compile(r"\bthx\b|\bthnx\b"), "thanks"),
    (re.compile(r"\bu\b(?=[ ,.!?]|$)"), "you"),
    (re.compile(r"\bur\b"), "your"),
    (re.compile(r"\bnaechst(e[nrms]?)? wo\b\.?"), "naechste woche"),
    (re.compile(r"\b(hab|habn)\b"), "habe"),
    (re.compile(r"\bham\b(?= )"), "haben"),
    (re.compile(r"\b(is)\b(?= (schon|bereits|doch|laengst|raus))"), "ist"),
    (re.compile(r"\bueberweiss?ung"), "ueberweisung"),
    (re.compile(r"\bnich\b|\bnet\b(?! \d)|\bnoed\b|\bnid\b|\bned\b"), "nicht"),
    (re.compile(r"\bgaeld\b|\bgoid\b|\bgeid\b"), "geld"),
)

# Words that carry the meaning, in every form that tells tense or number. Participles stand first: where a misspelled word is as
# near to two of them, "has been paid" is asked of the ledger, while "will pay" would be taken at its word.
_MEANINGFUL = """
    ueberwiesen bezahlt gezahlt beglichen angewiesen veranlasst erledigt ausgeglichen abgebucht transferred remitted settled received ueberweisen
    ueberweise ueberweist bezahlen bezahle zahlen zahlung zahlungen ueberweisung zahlungslauf zahllauf rechnung rechnungen rechnungskopie mahnung
    mahnungen reklamation reklamieren reklamiert mangel maengel mangelhaft beschaedigt defekt lieferung geliefert gutschrift widerspruch widersprechen
    bestellung bestellnummer bestellt insolvenz insolvenzverwalter insolvenzverfahren rechtsanwalt anwalt anwaeltin kanzlei gericht ratenzahlung raten
    stundung freigabe freigegeben genehmigung geprueft pruefung abwesend abwesenheit abwesenheitsnotiz urlaub zustaendig ansprechpartner
    ansprechpartnerin abteilung buchhaltung erhalten bekommen eingegangen kopie kontoauszug scheck montag dienstag mittwoch donnerstag freitag samstag
    sonntag januar februar maerz april juni juli august september oktober november dezember woche wochen monat monats naechste naechsten naechster
    kommende kommenden kommender werktage werktagen arbeitstage arbeitstagen morgen uebermorgen spaetestens bereits bitte senden schicken versprochen
    zahlungsavis avis anbei firma adresse anschrift umfirmiert invoice invoices payment payments transfer transferring wired paid check checks mailed
    posted remittance dispute disputed disputing disagree incorrect damaged defective faulty credit delivery delivered ordered purchase order lawyer
    lawyers attorney solicitor solicitors bankruptcy bankrupt insolvency insolvent administrator liquidation administration installment installments
    instalment instalments approval approved approve approver approvals pending processing processed scheduled schedule department accounts accounting
    accountant contact address unsubscribe statement copy vacation holiday office return returning monday tuesday wednesday thursday friday saturday
    sunday january february march june july october december tomorrow tonight week weeks month months business working beginning already yesterday
    promise please definitely receive resend duplicate company entity number reference missing quantity overcharged begleichen begleiche ausgleichen
    spaeter bestaetigung
"""
_LEXICON = tuple(_MEANINGFUL.split())
# Right as they stand, although they look like one of the above.
_LOOKALIKES = """
    abgewiesen abgewiesene verwiesen bewiesen ueberwies
    remainder reminder reminders contract contracts contacts accept except expected expect payer paying invoiced invoicing transfers statements
    departed attacked soled sealed billed filled posting poster parted border orders ordering mangelt meetings meeting wires wider weeks checked
    checking chase chased contacted accounted disputes copies copied addressed addresses returned returns officer offices holidays approving numbers
    receipt receives deliver delivers deliveries credits credited credible credential company's companies lieferungen lieferte liefern lieferant
    bestellen bestellte bestellungen kopien firmen firmiert adressen monate monaten tage tagen anwaelte rate erhaltene erhaltenen erhalte bekomme
    bekommt gezahlte gezahlten zahlt zahle zahlte bezahlte bezahlten ueberwies mahnen mahnt gelieferte geprueften pruefen prueft pruefe sende sendet
    schicke schickt abteilungen mittwochs freitags woechentlich monatlich monatlichen naechstes naechstem kommt kommendes juno weekend weekly monthly
    friedlich promised promises promising attached attachment scheduling schedules settle settling settlement remit remits remitting wire wiring wird
    without working works worked processes process approves disagreed disagreement missed mission order's approx administrative administrators
    accountants accountable lawsuit insolvente insolventen gerichte gerichtlich bitten bieten bitter woche wochenende market marked pain paint pair
    friends alreday march mars match month's monday's receiver office's orders's finance financing sundry money monies matter monitor layer layers
    wording zaehlen nummer nummern summe summen kommen komme hinweis teilen teile heilen weise weisen wieder wissen wollen wochen welche welcher waren
    wagen raten ratten rechnen rechnet sagen lagen fragen frage frager karten garten recht rechte rechten karenz
"""
_KNOWN = frozenset(_LOOKALIKES.split())
_WORD = re.compile(r"[a-z]{5,}")
# "Fr. Lang" is Mrs. Lang where no Friday can stand.
_MRS = re.compile(
    r"\b((?:hallo|liebe|werte|geehrte|sg\.?|s\. ?g\.?|an|von|mit|bei|durch|ihre[r]?|unsere[r]?|kollegin|guten (?:tag|morgen),?|moin,?) )fr\. ?"
    r"(?=(?-i:[A-ZÄÖÜ][a-zäöüß])(?!(?:Vor|Nach)?mittag|bend|üh))",
    re.IGNORECASE,
)
_INVISIBLE = ("Cf", "Cc", "Mn", "Co", "Cs", "Cn")


def plain(text: str) -> str:
    """``text`` in small letters, umlauts as two letters (``ue``), contractions in full, invisible characters gone and plain
    misspellings of the words that matter put right. Line breaks stay."""
    composed = unicodedata.normalize("NFKC", text)
    seen = "".join(letter for letter in composed if letter in "\n\t" or unicodedata.category(letter) not in _INVISIBLE)
    small = _MRS.sub(r"\1frau ", seen).casefold().translate(_UMLAUTS)
    for pattern, instead in _CONTRACTIONS:
        small = pattern.sub(instead, small)
    return re.sub(r"[^\S\n]+", " ", _WORD.sub(lambda found: _mend(found[0]), small)).strip()


@lru_cache(maxsize=4096)
def _mend(word: str) -> str:
    if word in _LEXICON or word in _KNOWN:
        return word
    for known in _LEXICON:
        if len(known) >= 6 and word[0] == known[0] and abs(len(word) - len(known)) <= 1 and _is_slip(word, known):
            return known
    return word


def _is_slip(word: str, known: str) -> bool:
    """Whether one letter too many, too few, wrong, or two swapped make the difference, before the last letter."""
    start = 0
    while start < min(len(word), len(known)) and word[start] == known[start]:
        start += 1
    if start >= min(len(word), len(known)):
        return False  # an ending is grammar, no slip
    left, right = word[start:], known[start:]
    if left[1:] == right or left == right[1:] or (len(left) > 1 and left[1:] == right[1:]):
        return True
    return len(left) > 1 and left[:2] == right[1::-1] and left[2:] == right[2:]
