"""The words that tell what somebody means, one table for each meaning, English and German side by side, in plain spelling.

A sign counts within one sentence, unless something in the same sentence speaks against it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.understanding.intent import Intent


@dataclass(frozen=True, slots=True)
class Sign:
    """``firm`` signs stand on their own; the others give way to anything said more clearly."""

    intent: Intent
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    firm: bool = True


def sign(intent: Intent, *alternatives: str, unless: str = "", firm: bool = True) -> Sign:
    return Sign(intent, re.compile("|".join(alternatives)), re.compile(unless) if unless else None, firm)


BILL = r"(?:invoices?|bill|bills|rechnung(?:en)?|beleg|document)"
_GOODS = (
    r"(?:goods|delivery|deliveries|order|shipment|shipments|parts|products?|items?|services?|materials?|equipment|packages?|parcels?|merchandise|machines?"
    r"|stock|boxes|units|software|licen[sc]es?|pallets?|consignment|pieces|samples"
    r"|ware|waren|lieferung|lieferungen|teile|artikel|stueck|kartons?|paletten?|leistung|leistungen|maschinen?|geraete?|material|bestellung|positionen"
    r"|produkte?|sendung|paket)"
)
_LAWYERS = r"(?:lawyers?|attorneys?|solicitors?|barristers?|legal (?:counsel|team|department|representatives?|advis[eo]rs?|dept)|counsel|law firm|advocate)"
_FIGURE = (
    r"(?:price|prices|amount|quantity|quantities|total|invoice|bill|charge|charges|rate|figure|figures|sum|hours|vat|tax|discount|line items?|unit price"
    r"|balance|numbers)"
)

LEGAL = (
    sign(
        Intent.LEGAL,
        r"\bour client\b.{0,40}\binstruct\w*|\bsolicitors\b|\battorneys?[- ]at[- ]law|"
        r"\binsolven\w+|\bbankrupt\w*|\bchapter (?:7|11|13|seven|eleven|thirteen)\b|\breceivership|\bliquidat(?:ors?|ion|ed|ing)\b|\bwinding[- ]up"
        r"|\bwound up\b|\bunable to pay our debts",
        r"\b(?:in|into|under|entered|enter|entering|voluntary|pre-?pack) (?:\w+ )?administration\b|\badministrators?\b(?= (?:have|has|was|were|is|are"
        r"|appointed|of|will))|\bappointed (?:an? |as )*(?:administrator|receiver|trustee)",
        rf"\b(?:our|my|the|a|an|your|their|his|her|with|to|by|through|via|company'?s?|external|hired|instructed|consult\w*|retained|contact|hear from"
        rf"|call) (?:\w+ ){{0,2}}?{_LAWYERS}\b|\b{_LAWYERS} (?:will|is|are|has|have|says?|told|advise\w*|handles?)\b|^{_LAWYERS}\b|\bas (?:legal )?counsel"
        rf"|\bon behalf of (?:my|our) client",
        r"\blawsuit|\blitigation|\b(?:sue|suing|sued)\b|\blegal (?:action|proceedings|steps|dispute|matter|claim|representation|hold)|\b(?:in|to|before"
        r"|local|district|county|go to|through the|high|the|small claims) court\b|\bcourt (?:order|case|proceed\w+|action|date|hearing|protection|filing)",
        r"\bcease and desist|\btrustee\b|\bcreditors'? (?:meeting|arrangement|protection|committee)|\bvoluntary arrangement\b|\b(?:ceased|stopped) trading"
        r"|\bno longer trading|\bout of business|\bstruck off\b|\bcompany (?:has been |was |is being )?(?:dissolved|wound)",
        r"\bdeceased\b|\bpassed away\b|\b(?<!phone )(?<!laptop )(?<!battery )(?<!computer )(?:has|have|had|who|owner|father|husband|wife|mother|director"
        r"|client|he|she|partner) (?:has |recently |sadly |suddenly )*died\b|\bestate of\b|\bprobate\b|\brepresented by\b|\bdebt (?:counsel\w+|advice"
        r"|charity|relief order)|\bstepchange\b|\biva\b",
        r"\binsolvenz\w*|\bzahlungsunfaehig\w*|\bkonkurs\w*|\bpleite\b|\binsolvenzverwalt\w*|\bliquidation\b|\bin abwicklung|\bglaeubiger\w*"
        r"|\brestschuldbefreiung|\bschuldnerberatung|\bschutzschirm\w*|\beigenverwaltung",
        r"\b(?:rechts|fach)?anwae?lt\w*|\bkanzlei\w*|\brechtsabteilung|\brechtsbeistand|\bjurist\w*|\brechtlich\w* (?:schritte|vertret\w+|pruef\w+|beraten"
        r"|mittel)|\brechtsweg|\brechtsstreit\w*|\bverklag\w+|\bgerichtlich\w*|\b(?:amts|land|verwaltungs|insolvenz)gericht\w*|\b(?:vor|zum|beim"
        r"|ans?) gericht\b|\bklage (?:er|ein)\w+|\bstrafanzeige|\bmandant\w*|\bunser mandat\b",
        r"\bverstorben\w*|\bgestorben\b|\b(?:tod|ableben) (?:von|unseres|meines|des|meiner|unserer|der)\b|\bnachlass(?:gericht|verwalt\w*|pfleg\w*|sache\w*)"
        r"|\berben\b|\berbengemeinschaft\b(?!.{0,120}\b(?:umschreib|ausstell|um\b))|\bgesetzliche[rn]? betreu\w+|\b(?:geschaeftsbetrieb|betrieb|geschaeft"
        r"|geschaeftstaetigkeit"
        r"|taetigkeit)\b.{0,30}\b(?:eingestellt|aufgegeben)\b|\bgewerbe\b.{0,20}abgemeldet|\bfirma\b.{0,25}\b(?:aufgeloest|geloescht|erloschen)\b",
        r"\bautomatic stay\b|\bproofs? of (?:debt|claim)\b|\bpre-?(?:appointment|petition)\b|\bsee you in court\b|\brepresenting (?:me|us)\b"
        r"|\b(?:insolvenz)?verfahren\b.{0,30}\b(?:eroeffnet|eroeffnung)|\b(?:zur|in die) (?:insolvenz)?tabelle\b|\berbe\b.{0,12}\baus\b|\bnachlassstundung"
        r"|\bsachwalter\w*",
        unless=(
            r"\bcounsel (?:has |have |already )*(?:cleared|approved|signed|okayed|released)\b|\bin-?house counsel\b"
            r"|\b(?:our law firm|unsere kanzlei) (?:is|has|are|zieht|ist|hat) (?:\w+ ){0,5}?(?:mov\w+|office|um\w*)\b|\b(?:anwalt"
            r"|anwaelte) (?:\w+ )?sich sparen\b|"
            r"\b(?:no need|no reason|do not (?:need|want|have) to|please do not|avoid|without|rather not|not necessary to|before you"
            r"|not yet) (?:\w+ ){0,5}(?:lawyers?|attorneys?|solicitors?|court|legal)\b|\bnot (?:insolvent|bankrupt)|\b(?:nicht|kein|keinen|ohne"
            r"|keine) (?:\w+ ){0,3}(?:anwalt|anwaelte|gericht|insolvenz|insolvent|kanzlei)\b|\b(?:shipment|goods|tax|customs) (?:passed|cleared)"
            r"|\binvoice (?:of|from) (?:our|the|your) (?:lawyer|solicitor)"
            r"|\b(?:lawyer|attorney) friend\b"
            rf"|\b{_LAWYERS}\b(?:(?!\bnot\b).)*\b(?:cleared|approved|signed off|okayed|happy|released|blessed)\b"
            r"|\b(?:anwa(?:e)?lt\w*|kanzlei|rechtsabteilung|justiziar\w*)\b(?:(?!\bnicht\b).)*\b(?:in ordnung|freigegeben|abgesegnet|zugestimmt"
            r"|gruenes licht)\b"
        ),
    ),
    # Somebody else speaks for the customer from now on, or the law has taken the matter out of everybody's hands.
    sign(
        Intent.LEGAL,
        r"\b(?:we|i|who|now|firm|office|llp) (?:have been |are |am |is )?(?:asked to )?(?:act|acting|acts|represents?|representing) (?:for|on behalf of|mr"
        r"|mrs|ms"
        r"|the|[a-z]+ (?:ltd|limited|inc|llc|corp|gmbh))\b|\boffice represents\b"
        r"|\b(?:have been|has been|are|am|been) (?:instructed|retained|engaged) by\b(?! (?:my|our|the) (?:boss|manager|bank|office|director|cfo|head|finance))"
        r"|\bclients?'?s? (?:has |have )?(?:instruct\w*|den(?:y|ies)|position is)\b|\bdealings with (?:my|our) clients?\b|\bto this firm\b|\baccept service\b"
        r"|\bwill be defended\b|\bwithout prejudice\b|\bcounter-?claim\w*|\bsummons\b|\blegal notice\b|\b(?:llp|solicitors"
        r"|attorneys)\b.{0,60}\bon our behalf\b",
        r"\b(?:mr|mrs|ms|dad|mum|mom|father|mother|husband|wife|owner|he|she|boss|partner)\b(?: \w+){0,3} died\b|\bthe estate (?:is|has|will|can|of)\b"
        r"|\bexecut(?:ors?|rix) (?:of|for|will|is|are)\b|\bexaminer (?:was|has|is|appointed)\b|\bexaminership\b|\bsequestrat(?:ed|ion)\b|\btrust deed\b"
        r"|\bmoratorium\b|\bnclt\b|\bresolution professional\b|\bclaims agent\b|\bbenefit of creditors\b|\breply notice\b",
        r"\bmandatier\w*|\bmandantschaft\b|\b(?:vertreten wir|wir vertreten|ich vertrete|vertrete ich)\b|\bzeigen? (?:\S+ ){0,6}?(?:vertretung"
        r"|an,? dass (?:mich|uns))\b"
        r"|\bvertretung\b.{0,40}\bzeigen? (?:wir|ich)\b|\bwahrnehmung (?:\w+ ){0,4}interessen\b|\bbevollmaechtig(?:ung|t\w*)\b|\bvollmacht (?:liegt|ist"
        r"|anbei|fuegen?|wird)\b"
        r"|\bkorrespond\w+\b.{0,40}\b(?:nur|ausschliesslich)\b|\badvokat\w*|\brechts(?:vertret|verfolg|schutz)\w*|\banwaltlich\w*|\bmahnbescheid\b"
        r"|\bjustiziar\w*",
        r"\bsanierungs(?:verfahren|verwalter\w*|plan)\b|\b(?:handels|bezirks|konkurs|kantons)gericht\w*|\bbetreibungsamt\w*|\bbetreibung\b"
        r"|\bschuldenregulierung\w*"
        r"|\bvorlaeufige\w* (?:\w+ )?verwalt\w*|\bzustimmung des (?:\w+ )?verwalters\b|\bforderung(?:en)? (?:\S+ ){0,6}?anzumelden\b|\bforderungsanmeldung\w*"
        r"|\b(?:zum|als|zur) (?:\w+ )?betreuer(?:in)?\b|\bvermoegenssorge\b|\berwachsenenvertret\w*|\berbe\b.{0,12}\baus(?:geschlagen)?\b|\bstarug\b",
        r"\bsub judice\b|\b(?:in|to|before) (?:the |a )?[a-z]+ court\b|\b(?:am|are|is) an? (?:solicitor|attorney|lawyer|barrister)\b|\bverteidiger\w*"
        r"|\bmasseverwalter\w*",
        unless=(
            r"\burlaub\w*|\bholiday|\bvacation\b|\bleave\b|\belternzeit\b|\bwaehrend\b|\bkrank\w*|\b(?:no|not|keine?|nicht) (?:\w+ ){0,3}(?:anwaltlich\w*"
            r"|rechtsschutz"
            r"|betreibung|legal notice|summons|mahnbescheid)\b|\b(?:phone|laptop|battery|computer|printer|machine) died\b"
        ),
    ),
)

STOP_ALONE = re.compile(
    r"(?:(?:please|bitte|pls|ok|hi|hello|hallo)[ ,]*)?(?:stop|stopp|stop ?all|all stop|stop sms|stop (?:it|this|that|now|texting|please|messages|emails?"
    r"|calls?)|unsubscribe|unsubscribe me|un-subscribe|end|quit|cancel|revoke|opt[ -]?out|remove(?: me)?|arret|abmelden|abmeldung|abbestellen|austragen"
    r"|aufhoeren|schluss|ende|stoppen|halt|storno|loeschen)(?:[ ,]*(?:please|bitte|now|sofort|jetzt|thanks|danke))?"
)
STOP = (
    sign(
        Intent.STOP,
        r"\bunsubscribe\b|\bopt(?:ing|ed)?[ -]?out\b|\b(?:take|remove|delete|drop|erase|get|strike) (?:me|us|my \w+(?: \w+)?|our \w+(?: \w+)?|this (?:number"
        r"|address|e?-?mail)(?: address)?) (?:from|off|out of)\b|\b(?:delete|erase|remove) (?:all )?(?:my|our) (?:personal )?(?:data|number|details"
        r"|information|phone number|email address|email)\b",
        r"\b(?:stop|quit|cease|refrain from|desist from|enough with|enough of) (?:with )?(?:the |all |these |those |this |your |any |further |sending "
        r"|automated |constant )*(?:contact\w*|email\w*|mail|mails|mailing|text\w*|call\w*|phon\w*|ringing|messag\w*|writing|harass\w*|spam\w*|bother\w*"
        r"|pester\w*|bugging|sms|communicat\w*|robocalls?)",
        r"\b(?:do not|never|must not|you may not|are not (?:allowed|permitted) to|should not|(?:no longer|not) (?:want|wish|like|care) to (?:be"
        r"|keep)) (?:ever |please |you |me |to |dare |directly |again |being |getting )*(?:contact\w*|e?-?mail\w* (?:me|us)|e?-?mailed|text(?:ed|s|ing)?\b"
        r"|call(?:ed|ing)? ?(?:me|us|this|again|my|here|any|$)|phone (?:me|us)|messag\w*|write to (?:me|us)|writing|bother\w*|harass\w*"
        r"|pester\w*)(?!\w* me if|\w* (?:me )?before| us if)",
        r"\bnot (?:want|wish|like|care) to (?:receive|get|hear|be sent|see) (?:\w+ ){0,4}?(?:messages|e?-?mails?|texts|calls|reminders|from you|anything"
        r"|communications?|sms|notices)\b|\bno (?:more|further) (?:e?-?mails?|messages|texts|calls|contact|communication|sms|phone calls|spam)\b|\b(?:do not"
        r"|never|stop) (?:call|text|email|phone|contact|message|mail)\w*(?:,| or| and)? (?:or |and )?(?:text|call|email|phone|contact|message|mail)\w*"
        r"|\bcancel (?:all |these |the |my |any )*(?:messages|texts|emails|notifications|reminders|alerts|sms|calls)|\bleave (?:me|us) alone\b"
        r"|\b(?:withdraw\w*|revok\w*|rescind\w*) (?:my |our |any |all )*(?:consent|permission|authori[sz]ation)|\bgdpr\b|\bright to be forgotten"
        r"|\bobject to (?:the |any |your |this )?(?:processing|automated|use of my|further contact|being contacted)|\bdo not (?:want|wish) (?:any )?(?:more "
        r"|further )?(?:e?-?mails?|messages|texts|calls|contact)|\bstop this (?:harassment|spam|nonsense)|\bcease (?:all )?(?:contact|communications?)\b"
        r"|\blose (?:my|this) number|\bmarking (?:this|these) as spam|\bharass(?:ing|ment)\b",
        r"\bkeine? (?:weiteren? |mehr |solchen |automatisch\w+ |automatisiert\w+ )*(?:e-?mails?|mails?|nachrichten?|anrufe|sms|kontakt\w*|werbung|post"
        r"|newsletter|whatsapps?|schreiben)\b(?: mehr)?(?! (?:erhalten|bekommen|gekriegt|gesehen|gefunden|eingegangen|angekommen|von ihnen (?:erhalten"
        r"|bekommen)|dazu|mit|in der|vor))",
        r"\bnicht (?:mehr|weiter|noch einmal|nochmal|wieder|laenger) (?:\w+ )?(?:an(?:rufen|geschrieben|schreiben|mailen)|kontaktier\w+|schreiben|mailen"
        r"|belaestig\w+|kontaktiert|angerufen|behelligen|simsen)|\b(?:hoeren sie|hoert|hoer) (?:\w+ ){0,3}?auf\b|\blass(?:en|t)? (?:sie )?(?:mich"
        r"|uns) (?:\w+ ){0,2}?in ruhe|\bunterlassen sie\b|\bunterlasst\b|\bich moechte (?:das|dies|sie) nicht mehr\b",
        r"\b(?:abmelden|abbestellen|austragen)\b|\b(?:loesch\w+|entfern\w+|nehm\w+|nimm|streich\w+)\b.{0,60}\b(?:verteiler\w*|liste|adresse|nummer|daten"
        r"|mailadresse|rufnummer|raus)\b|\b(?:aus|von|vom) (?:dem|ihrem|eurem|ihrer|der|eurer)? ?(?:verteiler\w*|mailingliste|liste) (?:nehm\w+|entfern\w+"
        r"|streich\w+|loesch\w+|raus)|\bdsgvo\b|\bdatenschutz-?grund|\bwider(?:spreche|sprechen)\b.{0,40}\b(?:nutzung|verarbeitung|kontaktaufnahme"
        r"|speicherung|kontaktierung|werb\w+|anrufen|datenverarbeitung)|\beinwilligung\b.{0,30}\b(?:widerruf\w*|zurueck)"
        r"|\bwiderruf\w*\b.{0,40}\beinwilligung|\bkontaktverbot|\bkontaktieren sie (?:mich|uns) (?:bitte )?(?:nie|nicht)\b|\brufen sie (?:mich|uns"
        r"|hier) (?:bitte )?(?:nie|nicht)\b|\bschreiben sie (?:mir|uns) (?:bitte )?(?:nie|nicht)\b|\b(?:meldet euch|melden sie sich) (?:bitte )?(?:nie"
        r"|nicht mehr)\b|\bbelaestig\w+|\bschluss (?:mit|jetzt)",
        unless=r"\bhesitate|\bzoeger|\bscheuen|\bnot (?:receive|get|hear|any|received) (?:\w+ ){0,3}(?:invoice|bill|copy|reply|answer|it)\b|\bkonto kuendig",
    ),
    sign(
        Intent.STOP,
        r"\bnot (?:ring|call|text|message|dial|phone|write to|contact)\b(?: \w+){1,5} (?:again|any ?more|any (?:further|longer))\b|\bnot to (?:contact|call"
        r"|ring|text"
        r"|phone|message|e-?mail|write to) (?:me|us)\b|\b(?:not|never) consent(?:ed)? to\b|\bcease (?:all|any) (?:\w+ ){0,2}(?:remind|contact|mail|messag"
        r"|call|text)\w*",
        r"\buntersag\w+ (?:ich |wir )?(?:ihnen )?(?:\w+ ){0,3}kontakt\w*|\b(?:schreib\w*|ruf\w*|melde\w*|simst?) (?:mir|mich|uns|hier) (?:\w+ )?nicht mehr\b"
        r"|\b(?:erinnerungen|mails|nachrichten|anrufe)\b(?: \w+){0,4} einstellen\b|\blasst? (?:mich|uns)\b(?: \w+){0,4} in ruhe",
        r"\bdo not call (?:list|registry)\b|\bnot want (?:\w+ ){0,2}(?:calls|texts|messages|e?-?mails|sms)\b|\bblowing up (?:my|our|this)\b|\bdesist\b"
        r"|\b(?:am|will|be|going to) block(?:ing)? (?:you|your|this)\b|\bget lost\b|\bgo away\b|\bleave (?:me|us|my \w+) (?:alone|in peace|be)\b"
        r"|\b(?:not|never) (?:call|text|message|contact|e-?mail|ring) (?:this|my|our) (?:\w+ )?(?:number|phone|mobile|address)\b",
        r"\bverschon\w* (?:sie )?(?:mich|uns)\b|\bnicht mehr (?:\w+ )?(?:angesprochen|angeschrieben|angerufen|angetextet|belaestigt|kontaktiert) werden\b"
        r"|\b(?:loesch|streich|entfern|nehm)\w*\b.{0,50}\w*nummer\b|\bnummer (?:\w+ ){0,4}(?:loeschen|streichen|entfernen|rausnehmen)\b|\bgebt? (?:\w+ )?ruhe\b"
        r"|\bblockier\w* (?:ich |wir )?(?:diese|eure|ihre|sie|euch)\b|\b(?:weitere )?kontaktaufnahme\w*\b.{0,30}\b(?:nicht|unerwuenscht|untersag\w*"
        r"|verbitte\w*)\b",
        r"\b(?:details|name|number|e-?mail|address) (?:taken|removed|deleted|erased) (?:off|from|out of)\b|\bkeep (?:texting|calling|e-?mailing"
        r"|messaging)\b.{0,30}\bno more\b"
        r"|\bvon (?:\w+ ){0,3}kontaktaufnahme\w*\b.{0,40}\bab(?:sehen|zusehen)?\b|\bkeine? (?:weitere\w* )?(?:sms|anrufe?|mails?"
        r"|nachrichten) (?:mehr )?(?:an|auf)\b",
        unless=(
            r"\b(?:will|shall|have|had) not\b|\b(?:bestell|auftrags|rechnungs|ust-?id|uid|steuer|konto|kunden)-?nummer\b|\b(?:need|have|hesitate) (?:not"
            r"|to)\b|\bnot (?:need|have) to\b|\b(?:muessen|brauchen) (?:\w+ )?nicht\b"
        ),
    ),
    sign(
        Intent.STOP,
        r"\b(?:stop|quit|cease) (?:\w+ ){0,4}?(?:remind\w*|chas\w+|dunning|send\w+|notices|demands|letters)\b|\bno (?:more|further) (?:reminders|notices"
        r"|letters|chasers)|\bdo not (?:send|chase|remind) (?:me |us )?(?:any|further|more|again|another|these|reminders)",
        r"\bkeine? (?:weiteren? |mehr )*(?:mahnungen|erinnerungen|zahlungserinnerungen|mahnschreiben|mahnung)\b(?: mehr)?(?! (?:\w+ )?(?:erhalten|bekommen"
        r"|vorher|noetig))|\b(?:mahnungen|erinnerungen|mahnlauf|mahnverfahren) (?:\w+ ){0,3}?(?:einstellen|stoppen|aussetzen|unterlassen)|\bnicht (?:mehr"
        r"|weiter) (?:zu )?(?:mahnen|erinnern)",
        firm=False,
    ),
)

DISPUTE = (
    sign(
        Intent.DISPUTE,
        r"\bdisput\w+|\bdisagree\w*|\bcontest(?:ing|ed)?\b|\bchalleng(?:e|ing) (?:this|the|your)|\bobject\w* to (?:the |this |your "
        r"|that )?(?:\w+ )?(?:invoice|charge|charges|amount|bill|fee|fees|claim)",
        r"\b(?:not|never|nor) (?:\w+ ){0,2}?(?:order(?:ed)?|request(?:ed)?|agreed?(?= )|authori[sz]ed?|sign(?:ed)? (?:up|off on|any|for|a)"
        r"|commission(?:ed)?|ask(?:ed)? for|book(?:ed)?|approved? (?:this|these|the (?:work|order|price))|bought|purchased?|use[d]? (?:this|the|your|it))\b",
        rf"\b(?:not|never|no|yet to|still (?:waiting|missing)|awaiting|waiting for|short|incomplete|without|nothing) (?:\w+ ){{0,4}}?(?:receiv\w+ |got |get "
        rf"|gotten |deliver\w* |seen |see |for |on |of |from )?(?:\w+ ){{0,3}}?{_GOODS}\b(?= (?:has|have|was|were|is|are|never|yet|at all|from|that|we|which"
        rf"|in|on|you|ordered|for|so|to)|$|[,.!])",
        rf"\b{_GOODS}\b(?: \S+){{0,6}}? (?:damaged|defective|faulty|broken|wrong|missing|short|late|incomplete|useless|unusable|rotten|spoiled|scratched"
        rf"|cracked|leaking|not (?:arrived?|delivered|received|working|complete\w*|work|as|what|meet|usable|up to|been (?:delivered|received|completed"
        rf"|performed|shipped|provided|rendered|installed))|never (?:provided|rendered|performed|done|given|arrived|delivered|came|received|showed|turned"
        rf"|worked|shipped|been|completed|happened)|did not (?:arrive|come|work|turn|meet|show|match|happen)|fail\w*|of poor|poor|substandard|unacceptable"
        rf"|unsatisfactory|below|recall\w*)\b",
        r"\b(?:damaged|defective|faulty|broken|substandard|unusable|leaking|cracked|spoiled)\b|\b(?:poor|bad|terrible|inferior|low) (?:quality|service"
        r"|workmanship|work|job)\b|\bquality (?:issue|problem|complaint|of)|\bnot (?:as )?(?:described|agreed|per (?:the )?(?:contract|agreement|quote|order"
        r"|po)|in line with|in accordance|what (?:we|was|i))\b|\bnot (?:happy|satisfied|pleased)\b|\bunhappy\b|\bunsatisf\w+|\bdissatisf\w+|\bcomplain\w*",
        rf"\b(?:wrong|incorrect|inflated|excessive|erroneous|inaccurate|unauthori[sz]ed) (?:\w+ )?(?:{_FIGURE}|goods|items?|products?|rates?|quantit\w+"
        rf"|pricing|currency|terms)\b|\b{_FIGURE}(?: \S+){{0,6}}? (?:wrong|incorrect|not correct|not right|inaccurate|too high|higher than|too much"
        rf"|not match\w*|not agree|not add up|not tally|overstated|excessive|mistake\w*|not in line|differs?|different (?:from|to|than)|off by|not what"
        rf"|more than (?:agreed|quoted|we|the))\b",
        r"\b(?:billed|charged|invoiced) (?:us |me )?for\b.{0,60}\b(?:but|only|instead|although|though|never|not)\b|\bcancel (?:\w+ ){0,2}?(?:invoice|bill)\b"
        r"|\ba duplicate of\b|\b(?:free of charge|no charge|supposed to be free|complimentary|was told|were told)\b|\b(?:technician|engineer|driver"
        r"|installer|team|crew|plumber|nobody|no one|contractor|electrician)s? (?:\w+ )?(?:never|did not|has not) (?:\w+ )?(?:c[ao]me|show\w*|turn\w*"
        r"|arriv\w*|finish\w*)|\byou (?:have )?(?:invoiced|billed|charged) (?:us |me )?(?:for )?(?:only )?[€$£]?[0-9]"
        r"|\b(?:messed|screwed|mucked) (?:up|it)|\bbotched|\bwhy should (?:we|i) pay|\b(?:redone|redo|re-do)\b|\bwaived?\b"
        r"|\bnot (?:in the (?:box|shipment|package|delivery)"
        r"|recogni[sz]e)\b|\bbogus|\bnonsense|\bfraud\w*|\bscam\w*|\brip-?off|\bridiculous|\boutrageous|\bshould not (?:have been|be|have) (?:\w+ )?(?:added"
        r"|charged|billed|invoiced|included|applied|there|to pay)|\bnot (?:have|going|required|obliged|supposed) to (?:have to )?pay\b|\b(?:terminated|ended"
        r"|quit) (?:the|our|this|that) (?:contract|agreement|subscription|service)|\bnothing to pay|\bnot valid\b|\bover-?charg\w+|\bover-?bill\w+"
        r"|\bover-?pric\w+|\bdouble[- ]?(?:billed|charged|invoiced|billing)|\b(?:billed|charged|invoiced) (?:us |me )?(?:twice|double|too much"
        r"|for (?:\w+ ){0,4}(?:more|extra|that|we|which)|incorrectly|wrongly)|\b(?:twice|incorrectly|wrongly) (?:billed|charged|invoiced)"
        r"|\bduplicate (?:invoice|billing|charge|bill)\b(?! copy)|\binvoice is a duplicate|\bcredit ?(?:note|memo)s?\b|\b(?:issue|due|owed|awaiting"
        r"|expect\w*|promised|owe us) (?:us )?(?:a |the |your )?(?:partial |full )?(?:credit|refund|discount)\b|\brefund\b|\brebate\b|\bdiscrepanc\w+"
        r"|\bset[- ]?off\b|\boff-?set\b|\bdeduct\w*|\bwithh(?:o|e)ld\w*|\bchargeback",
        r"\b(?:only|just) (?:received|got|delivered|sent|shipped|supplied|worked)\b.{0,30}\b(?:of|out of|instead of|not|but|half|part)\b"
        r"|\bshort[- ]?(?:shipped|delivered|delivery|shipment)|\bmissing (?:\w+ ){0,2}?(?:items?|parts?|units?|boxes|goods|pieces|pallets?|delivery|hours"
        r"|screws|components?)\b|\brefus\w+ (?:to (?:pay|accept)|payment)|\b(?:will|shall|are|am|is|do|would) not (?:be )?(?:going to |intend(?:ing)? to "
        r"|prepared to |willing to )?(?:pay|paying|accept|accepting)\b(?! (?:late|before|today|until (?:the |mon|tue|wed|thu|fri|next|[0-9]|we (?:receive"
        r"|have|get) (?:the |a |your )?(?:po|invoice|copy))|yet|right away|it today))|\bnot (?:prepared|willing|going) to (?:pay|accept)\b"
        r"|\bnot paying (?:for|this|that|until)|\bno way (?:we|i|am)",
        r"\b(?:do|does|did) not owe\b|\bowe (?:you )?nothing|\bnot (?:liable|our (?:fault|responsibility|debt))\b|\bcancel+ed (?:the |our |this |that "
        r"|my )?(?:order|contract|subscription|service|booking|project|membership|account|in|on|back|long|last)?|\bcancel+ation\b|\b(?:returned|sent back"
        r"|shipped back|sending back|returning) (?:the|these|those|goods|all|it|them|everything|half|some|two|part)\b|\bsent (?:it|them|the \w+"
        r"|everything) back\b|\b(?:work|project|job|installation|repair|service|task|milestone|website"
        r"|training)\b(?: \S+){0,4}? (?:not (?:been )?(?:complete\w*|finish\w*|done|perform\w*|carried|provided|acceptable|good)|unfinished|incomplete"
        r"|poor\w*|never (?:done|finished|completed|happened|took))\b|\bnot (?:been )?(?:rendered|performed)\b",
        r"\b(?:not|does not|do not) (?:match|reflect|correspond)\b|\b(?:agreed|quoted|contract(?:ed|ual)?|promised|negotiated"
        r"|offered) (?:on )?(?:\w+ )?(?:price|rate|amount|discount|fee|sum|terms|a lower|at|us)\b|\b(?:we|i|hereby|formally) reject\w* (?:the |this |your "
        r"|that )?(?:invoice|charge|bill|claim)|\bunjustified|\bnot justified|\bunfounded|\bunfair|\bnot acceptable|\bunacceptable|\b(?:error|mistake|errors"
        r"|mistakes|something wrong|issue|issues|problem|problems) (?:in|on|with) (?:the |this |your |that |our )?(?:\w+ )?(?:invoice|bill|billing|amount"
        r"|order|delivery|calculation|goods|shipment|product|charges?|work|quality|quantity|pricing|installation|machine)|\bput (?:it |this "
        r"|the invoice )?(?:right|on hold)|\b(?:fix|resolve|sort out|rectify|correct|remedy|repair|replace\w*) (?:\w+ ){0,4}?(?:issue|problem|defect|fault"
        r"|error|amount|invoice|price|first|before)",
        unless=(
            r"\b(?:send|provide|forward|email|need|supply|issue) (?:\w+ ){0,4}?duplicate|\b(?:wrong|incorrect|old|different) (?:company|entity|legal entity"
            r"|address|billing address|name|person|recipient|department|customer|e-?mail|contact|number|po)\b|\b(?:no|not|without|nor|do not|are not"
            r"|is not) (?:\w+ )?(?:disput\w+|disagree\w*|contest\w*|complain\w*|discrepanc\w+|objection\w*)|\bhappy with the (?:goods|delivery|work)"
            r"|\bnothing (?:\w+ )?to (?:disput\w*|query|contest)|\b(?:leak|fault|issue|problem|defect)\w*(?: is| are| was)? (?:\w+ ){0,2}(?:fixed|sorted"
            r"|resolved)\b"
            r"|\bno (?:problems?|issues?|complaints?|errors?|mistakes?) (?:with|on|in)|\b(?:dispute|credit|issue|complaint|problem) (?:\w+ ){0,3}(?:is|was"
            r"|has been|now|been) (?:\w+ )?(?:resolved|settled|cleared|fixed|solved)\b|\bcheck (?:was |has been )?(?:returned|cancelled)"
        ),
    ),
    sign(
        Intent.DISPUTE,
        r"\b(?:techniker|monteur|handwerker|fahrer|mitarbeiter|niemand|keiner)\w*\b.{0,30}\b(?:nie|nicht|nie da)\b|\bnur (?:\w+ ){0,4}?(?:geliefert|gekommen"
        r"|angekommen|eingetroffen)\b|\b(?:kostenlos|kostenfrei|gratis|kulanz\w*)\b|\breklam\w+|\bmaengel\w*|\bmangel(?:haft\w*|ruege\w*)?\b"
        r"|\bbeschaedigt\w*|\bdefekt\w*|\bkaputt\w*|\bwidersprech\w*|\bwidersprich\w*|\bwiderspruch\w*|\beinspruch|\bbeanstand\w*|\bbestreit\w*"
        r"|\bnicht einverstanden|\bunberechtigt\w*|\bungerechtfertigt\w*|\bunbegruendet\w*|\bstrittig\w*|\bstreitig\w*",
        r"\b(?:nicht|nie|niemals|noch nicht) (?:\w+ ){0,3}?(?:gerechtfertigt|berechtigt|nachvollzieh\w+|korrekt|richtig|bestellt|beauftragt|vereinbart"
        r"|geliefert|erbracht|vollstaendig|akzept\w+|anerk\w+|abgemacht|ausgefuehrt|fertig\w*|funktion\w+|in auftrag|abgenommen|gebucht|durchgefuehrt"
        r"|unterschrieben|ausgemacht|besprochen|abgesprochen|nachgebessert|behoben)\b",
        r"\bfalsch\w* (?:\w+ )?(?:preis\w*|betrag|menge|mengen|summe|ware|artikel|lieferung|berechn\w+|mwst|steuersatz|rabatt|abgerechnet|position\w*"
        r"|stundensatz|konditionen|geliefert|teile|produkt\w*|groesse|farbe)|\b(?:preise?|betrag|menge|summe|stunden\w*|rechnung|rechnungsbetrag"
        r"|position\w*|rabatt|konditionen|abrechnung|forderung|einzelpreis|betraege|zahlen)\b.{0,50}\b(?:stimm(?:t|en)|pass(?:t|en)|entsprech\w+"
        r"|entspricht)\b.{0,25}\bnicht\b|\b(?:preise?|betrag|menge|summe|rechnung|rechnungsbetrag|position\w*|lieferung|abrechnung|forderung|sie"
        r"|ware)\b.{0,40}\b(?:ist|sind|war|waren|wurde|wurden|scheint)\b.{0,30}\b(?:falsch|fehlerhaft|zu hoch|ueberhoeht|unvollstaendig|hoeher als"
        r"|nicht ok|mangelhaft|verspaetet|zu spaet|zu teuer)\b|\b(?:stimmt|stimmen) (?:so |da |hier |etwas |was |aber |leider |einfach |irgend\w+ )*nicht\b"
        r"|\bda stimmt (?:was|etwas) nicht",
        r"\bfehler (?:in|auf|bei|enthalten)\b|\bfehlerhaft\w*|\bzu ?viel (?:berechnet|abgerechnet|verlangt|fakturiert|in rechnung)|\bdoppelt (?:berechnet"
        r"|abgerechnet|fakturiert|in rechnung|gestellt|geschickt|erhalten)|\bgutschrift\w*|\b(?:kauf|preis|rechnungs)?minderung"
        r"|(?<!mahnung )(?<!mahnungen )(?<!erinnerung )\bstornier\w*|\b(?:hoeher|teurer|mehr) als (?:im |in |das |der |die "
        r"|laut |vereinbart|bestellt|angeboten|abgemacht|verein)|\bstorno\w*"
        r"|\bzurueckgeschickt|\bzurueckgesendet|\bretour\w*|\bruecksend\w+|\brueckgabe|\bfehlmenge|\bfehllieferung|\bfalschlieferung|\bnachbesser\w*"
        r"|\bnachlass\b|\brechnungsdifferenz|\bdifferenz\w*|\babweich\w+|\bunzufrieden\w*|\bmangelnde|\bschlechte\w* (?:qualitaet|leistung|arbeit|ware)"
        r"|\bqualitaet\b|\bunvollstaendig\w*|\b(?:ge)?kuendig\w+|\bwiderruf\w*|\brueckerstatt\w*|\berstattung",
        rf"\b{_GOODS}\b.{{0,60}}\b(?:fehl(?:en|t|te|ten)|nicht (?:\w+ ){{0,2}}?(?:angekommen|da|erhalten|bekommen|geliefert|eingetroffen|erbracht|in ordnung"
        rf"|brauchbar|komplett|verwendbar|gekommen)|nie (?:\w+ ){{0,2}}?(?:angekommen|erhalten|bekommen|geliefert|eingetroffen|erbracht|gekommen)|zerbrochen"
        rf"|verdorben|unbrauchbar|beschaedigt|noch aus)\b|\b(?:nie|nicht|keine?|noch keine|warten (?:\w+ )?auf (?:die|den"
        rf"|das))\b (?:\w+ ){{0,3}}?{_GOODS}\b(?: \w+){{0,3}}? ?(?:erhalten|bekommen|angekommen|gekriegt|geliefert|eingetroffen|da|$)|\bfehl(?:en|t|te"
        rf"|ten)\b (?:\w+ ){{0,4}}?{_GOODS}\b",
        r"\b(?:zahlen?|bezahlen?|begleichen?|akzeptieren?|ueberweisen?) (?:wir |ich )?(?:das |die |diese |den |dies |es |sie |so |rechnung |betrag "
        r"|auf keinen fall |definitiv |sicher |hier |gar )*(?:nicht|nichts|keinen (?:cent|euro))\b(?! (?:vor|bis|heute|diese|mehr vor|sofort|rechtzeitig))"
        r"|\bwerden? (?:wir |ich )?(?:\w+ ){0,5}?(?:nicht|nichts|keinen cent) (?:\w+ )?(?:be)?(?:zahlen|gleichen|zahlt"
        r"|ueberweisen)\b|\bnicht bereit\b|\berkennen? (?:wir |ich )?.{0,30}\bnicht an\b"
        r"|\bsehen? (?:ich |wir )?(?:es |das )?(?:\w+ )?nicht ein\b|\bweiger\w+|\bverweiger\w+|\bzurueckbehalt\w*|\beinbehalt\w*|\bzurueckhalten\b"
        r"|\bzahlung\w* (?:\w+ )?zurueck\b|\bsind (?:wir )?(?:ihnen )?nichts schuldig|\bschulden (?:wir )?(?:ihnen )?nichts|\b(?:abgemacht|vereinbart"
        r"|ausgemacht|zugesagt|angeboten|angebot) (?:war|waren|wurde|wurden|lautete|hatten wir)\b|\b(?:laut|gemaess) (?:angebot|vertrag|vereinbarung"
        r"|auftrag)\b|\banders (?:vereinbart|abgesprochen|bestellt)",
        unless=(
            r"\b(?:keine?|keinerlei|nichts zu|ohne|nicht) (?:\w+ )?(?:reklam\w+|maengel|beanstand\w*|einwaende|widerspruch)|\balles in ordnung"
            r"|\bnichts (?:\w+ )?zu (?:beanstanden|reklamieren|bemaengeln)|\b(?:mangel|maengel|schaden|fehler)\b.{0,20}\b(?:behoben|beseitigt)\b(?! (?:ist"
            r"|sind|wird|werden))"
            r"|\bfalsch (?:abgelegt|einsortiert|abgeheftet|zugeordnet|verbucht|kontiert|weitergeleitet|gebucht|eingescannt|hingelegt)\b"
            r"|\bdatenverarbeitung|\b(?:widerruf\w*|widerspr\w+)\b.{0,40}\b(?:einwilligung|nutzung|kontakt\w*|verarbeitung)|\b(?:gesellschaft|adresse"
            r"|anschrift|firmierung|firmenname|bestellnummer|\w*empfaenger|adressat)\b"
        ),
    ),
    # Payment hangs on what the seller is to take off or put right.
    sign(
        Intent.DISPUTE,
        r"\b(?:only if|once|when|after|as soon as|the (?:minute|moment|second|day)|if|until|till|unless|should) (?:you|somebody|someone"
        r"|your \w+) (?:\w+ ){0,3}?(?:take (?:\w+ )?off"
        r"|takes? (?:\w+ ){1,4}off|remov\w+|fix\w*|finish\w*|replac\w+|repair\w*|credit\w*|refund\w*|deduct\w*|knocks? (?:\w+ ){0,4}?off|redo|redoes"
        r"|complete\w*|waive\w*|drops? the"
        r"|(?:sends? )?(?:\w+ )?(?:an? )?correct\w*)\b|\b(?:fix\w*|finish\w*|replac\w*|repair\w*|redo\w*) (?:\w+ ){1,5}(?:and )?(?:then|first|before)\b"
        r"|\b(?:wenn|sobald|falls|bis|solange) (?:sie|ihr|du|wer|jemand|ihre? \w+) (?:\S+ ){0,6}?(?:raus(?:ge)?nehm\w*|rausnehmt|herausnehm\w*|abzieh\w*"
        r"|streich\w*|korrigier\w*|reparier\w*"
        r"|nachbesser\w*|austausch\w*|fertig\w*|gutschreib\w*|entfern\w*|ersetz\w*|richte\w*|behob\w*|beheb\w*)",
        r"\bstill (?:leak\w*|drip\w*|broken|faulty|not working|does not work|missing)|\bundicht\w*|\btropft\b|\b(?:nur|only)(?: for)? (?:die|das"
        r"|the) (?:stunden|hours|teil|part|items|positionen|boxes"
        r"|artikel|ware|goods)\b|\b(?:sent|shipped|returned|took|gave) (?:both|all|the whole|half|everything) (?:\w+ ){0,2}?(?:back|units?|items|machines"
        r"|boxes|pallets?|of them)\b"
        rf"|\b{_GOODS}\b(?: \S+){{0,3}} (?:ging|gingen)\b.{{0,40}}\bzurueck\b|\bhalbe arbeit\b|\bhalf the (?:money|bill|price|invoice)\b"
        rf"|\bwhere (?:\w+ ){{0,6}}come from\b.{{0,40}}\bquote\b",
        unless=r"\b(?:company|address|billing|entity|firma|anschrift|adresse|po|bestellnummer|vat|ust|name|iban|bank|ueberweisung|lastschrift|reference"
        r"|number)\b",
    ),
    # Nothing is paid before something works, and what is asked for is refused, shortened or not yet due.
    sign(
        Intent.DISPUTE,
        r"\b(?:not|aint|never|nobody is) (?:\w+ ){0,2}?pay(?:in|ing)\b|\b(?:pay\w*|giv\w+|see|seeing|get|getting)\b(?: \w+){0,3} (?:a|one|another"
        r"|single) (?:red |single )?(?:cent|penny|dime|nickel)\b"
        r"|\b(?:til|till|until|when|once|unless|before) (?:\w+ ){1,5}?(?:(?:is|are|gets?|its|been) (?:\w+ )?(?:fixed|repaired|replaced|redone|rectified"
        r"|put right|made good|working)"
        r"|works|closes|opens|runs|drains|shuts|locks|stops leaking)\b|\bfirst (?:and )?then (?:we|i) (?:can |will )?(?:talk|pay|see)\b|\bthen (?:we"
        r"|i) (?:can |will )?talk\b"
        r"|\bforget (?:about )?(?:that|the|your|this) (?:bill|invoice|money|payment)\b|\b(?:your|the) account on (?:stop|hold)\b|\b(?:under|covered by"
        r"|within) (?:the |its )?warranty\b"
        r"|\bdebit note\b|\b(?:found|received|supplied|delivered|came) short\b|\bshort(?:age|ages)\b|\bback-?charg\w*|\b(?:quit|quits) (?:again|working)\b"
        r"|\b(?:packed|packing) (?:in|up)\b"
        r"|\bsent (?:(?:them|it|those|these|the|all|half|both|two|\w+s) ){1,3}back\b|\bnobody (?:\w+ )?(?:come|came|been) back\b|\b(?:past|over|above"
        r"|more than) (?:the|your|our) (?:quote|estimate)\b",
        r"\bnot (?:yet )?(?:due|overdue)(?: yet)?\b(?! (?:to|date))|\bnothing (?:is )?(?:over)?due\b|\b[0-9]+ days?\b.{0,40}\b(?:not|instead of) [0-9]+\b"
        r"|\b(?:do|does|can|will) not accept (?:the|this|that|your|any)\b|\btake (?:them |it |these )?(?:both |all )?off\b(?! (?:my|me|your list|the list))",
        r"\bweisen? (?:\S+ ){0,8}?zurueck\b|\b(?:forderung|mahnung|gebuehr\w*|rechnung|kosten|mahnkosten|zinsen)\b(?: \S+){0,8} zurueck(?:weisen|gewiesen)\b"
        r"|\b(?:noch |gar |derzeit )*nicht faellig\b|\berst (?:am|zum|ab) \S+ (?:\w+ )?faellig\b|\b(?:vereinbart|laut|gemaess|rahmenvertrag\w*"
        r"|konditionen)\b.{0,50}\b[0-9]+ tage\b"
        r"|\bkeinen (?:roten )?(?:cent|rappen|heller|groschen)\b|\bgegenstandslos\b|\brestarbeiten\b|\bgewaehrleistung\w*|\bmangelbehaftet\w*|\bgesprungen\b"
        r"|\b(?:ver|zer)kratzt\w*"
        r"|\bwackel(?:t|n)\b|\bklemmt\b|\b(?:ziehen|ziehe) (?:wir |ich )?(?:\S+ ){0,4}ab\b|\b(?:kuerzen|kuerze) (?:wir|ich)\b|\bhalten? (?:wir "
        r"|ich )?(?:\S+ ){0,5}zurueck\b",
        r"\b(?:erst|bis|sobald|solange|so lange|wenn)\b(?: \S+){1,7}? (?:schliesst|laeuft|funktioniert|dicht|repariert|nachgebessert|behoben)\b"
        r"|\bso ?lange\b.{0,60}\b(?:zahl\w*|kein geld)\b"
        r"|\b(?:waren|sind) es (?:nur )?[0-9]+ (?:und|statt) (?:nicht )?[0-9]+\b|\bskonto\b.{0,40}\b(?:zu recht|berechtigt|gezogen)\b|\bofferiert (?:war"
        r"|waren|wurde|wurden)\b"
        r"|\bmahn(?:gebuehr|kosten|spesen)\w*\b.{0,60}\b(?:nicht an|streichen|zurueck|nicht akzept\w*|verzichten)\b",
        r"\bnot (?:a|one) (?:dime|cent|penny|nickel)\b|\b(?:have|allows?|gives? us|got) [0-9]+ days\b|\bfalls due in\b|\bwithdraw (?:the|your"
        r"|this) (?:reminder|notice|demand|invoice)\b"
        r"|\b(?:material|goods|lot|batch|consignment) (?:was |were )?rejected\b|\brejected (?:by our|lot|material|goods)\b|\braise (?:a |the )?credit\b"
        r"|\bprice (?:variance|mismatch|difference)\b",
        r"\berst [0-9]+ tage nach\b|\babnahme\b.{0,40}\b(?:nicht|keine|fehlt|verweigert)\b|\bpreis(?:abweichung|differenz)\w*|\bnicht (?:uebernehmen|tragen)\b"
        r"|\b(?:verzugszinsen|zinsen|mahnkosten|mahngebuehr\w*|mahnspesen) (?:\w+ ){0,3}?(?:vergessen|sparen|streichen)\b",
        unless=(
            r"\b(?:po (?:number|reference|line)|purchase order|p o|bestellnummer|vat|gst\w*|uid|ust\w*|anschrift|adresse|firma|company|entity)\b"
            r"|\bevery (?:cent|penny)\b|\bportal\b"
            r"|\b(?:link|server|internet|online ?banking|bank|system|laptop|computer)\b.{0,30}\b(?:works?|laeuft|funktioniert|working)\b"
            r"|\bshortage of (?:staff|funds|cash)\b"
        ),
    ),
    sign(
        Intent.DISPUTE,
        r"\bthis is (?:wrong|incorrect|not (?:right|correct|ours))\b|\bincorrect\b|\bwrong (?:invoice|bill)\b|\bnot (?:right"
        r"|correct)\b|\bmistake\b|\breject\w*|\bkann nicht sein|\bnicht korrekt|\birrtum|\bkorrigier\w+|\bkorrektur\w*"
        r"|\brechnungskorrektur",
        firm=False,
    ),
)
