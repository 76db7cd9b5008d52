"""Signs that the customer needs something, is the wrong one to ask, is away, asks for time, or asks a question."""

from __future__ import annotations

from domain.understanding.intent import Intent
from domain.understanding.signs import BILL, sign

_PAPER = (
    r"(?:copy|copies|duplicate|pdf|invoices?|statements?|bill|bills|scan|breakdown|back-?up|soa|account statement|documents?|docs|paperwork|timesheets?"
    r"|delivery note|proof of delivery|pod|itemi[sz]ed|original|attachment|document)"
)
_PAPIER = (
    r"(?:rechnungs?kopien?|kopien?|rechnung(?:en)?|pdf|duplikat|zweitschrift|kontoauszug|kontoauszuege|saldenliste|saldenbestaetigung|offene[- ]posten\w*"
    r"|op-?liste|opos\w*|auszug|uebersicht|aufstellung|lieferschein\w*|stundennachweis\w*|leistungsnachweis\w*|belege?|original|unterlagen|dokument\w*"
    r"|anhang|forderungsaufstellung|abrechnung)"
)
_PO = (
    r"(?:(?<!in )\bp[. ]?o\.?\b(?! box)(?:'s|s)?|\bkommission(?:snummer|s-?nr)?\b|\bpo(?:#|nr|no)\w*|\bpurchase order|\border (?:number|no\.?|ref\w*|#)"
    r"|\bcost (?:cent(?:er|re)|code)"
    r"|\bproject (?:number|code)|\bjob number|\bgl code|\bbestell-?(?:nummer|nr|bezug|referenz|nummern|no)\b|\bpo-?nummer|\bauftragsnummer"
    r"|\bbestellung(?:snummer)?\b(?= (?:nr|nummer))|\bkostenstelle|\bprojektnummer|\bbestellreferenz|\b(?:vendor|supplier) (?:number|portal|registration"
    r"|set-?up|form|id|onboarding)|\blieferanten(?:nummer|portal|nr)|\b(?:coupa|ariba|tungsten|basware|jaggaer|sap number)\b|\breference number"
    r"|\breferenznummer|\bleitweg-?id|\bebene|\bunsere referenz|\bbuyer reference)"
)

NEVER_RECEIVED = (
    sign(
        Intent.NEVER_RECEIVED,
        rf"\b(?:never|not|no|nor|neither|haven'?t|hasn'?t|didn'?t|nothing) (?:\w+ ){{0,4}}?(?:receiv\w*|rec'?d|got|get|gotten|seen|see|had|have(?! to)|find"
        rf"|found|locate[d]?|aware of|on file|know of|know about|been sent|sent|given|hold|reached|come across)(?: \w+){{0,4}}? (?:{BILL}|one|anything|copy"
        rf"|it|this|that|them)\b(?! (?:before|wrong|approved|signed|yet approved))",
        rf"\b{BILL}\b(?: \S+){{0,7}}? (?:never|not|did not|was not|has not|have not|n't|nowhere)(?: \w+){{0,3}}? (?:arriv\w*|receiv\w*|reach\w*|came|come"
        rf"|show\w*|got|gotten|here|delivered|on (?:our|my|the)|in (?:our|my|the|any)|with us|to be found|find|found|attached|turned up|made it|been sent"
        rf"|sent|recorded|registered|entered|appear\w*|posted)\b|\b(?:no|without any?) (?:record|trace|sign|evidence|knowledge|such|{BILL}) (?:of |on |in "
        rf"|from |with |for |here)?(?:\w+ ){{0,3}}?(?:{BILL}|it|this|that|file|system|you|number|here|received|found|record)\b|\b(?:can not|could not"
        rf"|unable to|not able to|cannot) (?:find|locate|trace|see|identify|track down) (?:\w+ ){{0,4}}?(?:{BILL}|it|one|anything|this)\b|\b(?:do"
        rf"|does) not have (?:\w+ ){{0,4}}?(?:{BILL}|it|one|this|that)\b|\b(?:{BILL}|it|this|that one) (?:is|seems|appears|must|may|might|went|got"
        rf"|has) (?:\w+ ){{0,4}}?(?:missing|lost|astray|gone missing|spam|junk|not on file)|\bfirst (?:i|we) (?:have |'ve )?(?:hear\w*|seen|know)"
        rf"|\bnot (?:recall|remember) (?:\w+ )?(?:getting|receiving|seeing|having)|\bnever (?:showed|turned|came|arrived|landed|popped)\b.{{0,20}}\b(?:inbox"
        rf"|mailbox|post|mail|here|desk|office)\b|\bfirst time (?:i|we) (?:\w+ )?(?:hear\w*|see\w*)|\bnothing (?:\w+ ){{0,3}}?(?:come|came|arrived|reached"
        rf"|landed|turned up|received)\b|\bno {BILL}\b(?! (?:number|is due|due|without))|\bnever (?:arrived|came|got here|reached (?:me|us)|received)\b"
        rf"|\bnot (?:received|arrived|got) (?:it|yet|anything|by us|here)\b|\bnot on (?:our|the|my) (?:system|ledger|books|account|records|list)"
        rf"|\b(?:did|has|have) not (?:\w+ )?reach(?:ed)? (?:us|me|here)\b|\bnot had (?:that|this|it|one|your)\b.{{0,12}}\bthrough\b"
        rf"|\bmissing (?:this|that|the|your) {BILL}\b|\bnothing (?:\w+ )?(?:from you|received|has arrived|arrived)\b",
        r"\b(?:nie|nicht|niemals|keine?n?|noch nicht|nichts|nirgends|weder) (?:\w+ ){0,6}?(?:rechnung\w*|beleg|davon|original|dokument|unterlagen|exemplar"
        r"|pdf|anhang)\b(?: \S+){0,7}? ?(?:erhalten|bekommen|vor(?:liegen|liegt|liegend)?|gekriegt|gesehen|eingegangen|gefunden|da|angekommen|zugegangen"
        r"|zugestellt|verbucht|finden|sehen|auffindbar|gekommen|im system|in (?:unserem|der|unserer)|$|\.|vor|haben|bei uns|hier)",
        r"\b(?:rechnung\w*|beleg|sie|die|diese|original|pdf|re|es|das|dazu|darueber|davon)\b(?: \S+){0,9}? (?:nie|nicht|niemals|noch nicht|nirgends"
        r"|leider nicht|nichts) (?:\w+ ){0,4}?(?:erhalten|bekommen|angekommen|eingegangen|gekriegt|vor|vorliegen|vorliegt|zugegangen|zugestellt|auffindbar"
        r"|gesehen|gefunden|gekommen|verbucht|erfasst|im system|da|finden|bekannt|hier|zugeschickt|eingetroffen|zu finden)\b|\bfinden? (?:wir "
        r"|ich )?(?:\w+ ){0,5}?(?:nicht|keine)\b|\bkeine? (?:\w+ )?rechnung (?:\w+ ){0,6}?(?:erhalten|bekommen|vor|gekriegt|gesehen|eingegangen|gefunden|da"
        r"|vorliegen|angekommen|haben)\b|\b(?:liegt|liegen) (?:uns|mir|hier|bei uns|leider)\b.{0,50}\b(?:nicht|keine)\b|\bfehlt (?:uns|mir|hier"
        r"|bei uns) (?:\w+ ){0,3}?(?:die |diese |ihre )?rechnung|\brechnung (?:\w+ ){0,3}?fehlt\b|\b(?:rechnung|sie) (?:\w+ ){0,4}?(?:verloren|verschollen"
        r"|im spam|untergegangen|verschwunden)\b|\b(?:kam|kommt|kamen) (?:\w+ ){0,4}?(?:nie|nicht) an\b|\bhoer\w* (?:\w+ ){0,4}?zum ersten mal"
        r"|\bzum ersten mal (?:von|gehoert)|\bnichts (?:\w+ ){0,3}?(?:bekommen|erhalten|angekommen|gekriegt|eingegangen|vorliegen)\b|\brechnung (?:ist "
        r"|war )?(?:uns |mir )?(?:\w+ )?unbekannt|\bkam(?:en)? (?:\w+ ){0,3}(?:nix|nichts|keine)\b",
        unless=(
            r"\b(?:payment|money|credit note|credit|refund|reply|answer|response|goods|delivery|order|shipment|parts|items|products?|po|p o|purchase order"
            r"|approval|training|installation|machine|service|replacement|equipment|gutschrift|ware|lieferung|leistung|antwort|bestellnummer|zahlung|geld"
            r"|rueckmeldung|freigabe|contract|quote|paid)\b(?! (?:number|no))(?!.{0,30}\binvoice\b.{0,20}\b(?:received|copy))|\bnot see (?:why|how"
            r"|the point)|\bnot have (?:it|this|that) (?:approved|signed)"
        ),
    ),
)
COPY = (
    sign(
        Intent.COPY_PLEASE,
        rf"\b(?:please|can|could|would|kindly|may|need\w*|like|want|requir\w*|appreciat\w*|mind|grateful|request\w*|send|resend|forward|email|e-mail|get"
        rf"|provide|have|do you have|share|attach|shoot|ping|fire|drop|asking for|looking for|pls) (?:\S+ ){{0,9}}?(?:send|sent|resend|re-send|re-?sent"
        rf"|forward|email|provide|have|share|supply|attach|issue|mail|give|get|obtain|shoot|ping|fire|drop|this|that|your|another|again|see|copy|need"
        rf"|require|receive|let|upload|post|fax|want|show|a|the|for|request)\b,?(?: \S+){{0,7}}? {_PAPER}\b(?! (?:to (?:our|the|my|accounts|ap|invoices?@"
        rf"|\S+@)|number|address))",
        rf"^(?:\W*(?:hi|hello|dear|ok|thanks|thank you|sure|sorry)[\w ]*,? )?(?:re-?send|forward|email|send|mail)\b (?:\S+ ){{0,5}}?{_PAPER}\b(?! to (?!me"
        rf"|us|this))|\b(?:copy|duplicate|pdf|scan|soa|statement)(?: \S+){{0,6}}? (?:please|pls|needed|required|would be)\b|\b(?:copy|copies|duplicate|pdf"
        rf"|scan) of (?:\S+ ){{0,4}}?(?:{BILL}|statement|it|this|that|document|account|[a-z]*-?[0-9]+)|\b(?:re-?send|send (?:it|this|that|them|me|us"
        rf"|over) (?:\w+ ){{0,3}}(?:again|once more|over|through|across))\b|\bstatement of (?:our |my |the |all )?(?:account|open)|\bre-?send (?:it|this"
        rf"|that|please)|\bcan (?:i|we) (?:see|get|have) (?:it|the|a|that) (?:\w+ )?(?:{_PAPER}|again)|\b(?:{BILL}|copy|pdf) again\b|\bsend (?:it |that "
        rf"|this )?(?:again|once more)\b|\bmissing (?:the )?attachment|\b(?:no|without|forgot\w*) (?:the )?attachment|\b(?:could"
        rf"|can) not open (?:the )?(?:pdf|attachment|file|invoice)",
        rf"\b(?:schick\w*|send(?:en|et|e)|zu(?:senden|schicken|zusenden|kommen lassen|stellen|faxen|mailen)|zukommen|mail(?:en|t)|brauch\w*|braeucht\w*"
        rf"|benoetig\w*|(?:noch)?mals?|nochmal\w*|erneut\w*|bitte um|erbitte\w*|haetten?|weiterleiten|uebermitteln|bekommen|haben|koennt\w*|koennen"
        rf"|bereitstellen|hochladen|anford\w+|stellen)\b,?(?: \S+){{0,10}}? {_PAPIER}\b",
        rf"\b{_PAPIER}\b,?(?: \S+){{0,10}}? (?:schick\w*|send(?:en|et|e)|zu(?:senden|schicken|geschickt|gesendet|mailen|faxen)|zukommen|mailen|nochmal\w*"
        rf"|noch einmal|erneut|benoetig\w*|brauch\w*|weiterleiten|uebermitteln|haben|bekommen|zugesandt|uebersenden|uebersandt|bereitstellen|nachreichen"
        rf"|als pdf)\b|\b(?:schick\w*|send\w*) (?:sie |ihr )?(?:mir|uns|es|sie) (?:\w+ ){{0,6}}?(?:nochmal\w*|noch einmal|erneut|zu)\b"
        rf"|\b(?:e-?mail|send|shoot|ping|mail|text|fax|scan|run) (?:\S+ ){{0,9}}?(?:again|one more time|once more|over again)\b"
        rf"|\b(?:schick|send|mail)\w* (?:\S+ ){{0,9}}?(?:noch ?(?:ein)?mal|nomal|nochmals|erneut)\b|\b(?:lost|spilled|spilt|ruined|threw out"
        rf"|misplaced) (?:\w+ ){{0,6}}?(?:it|copy|one|lot|everything)\b"
        rf"|\bkopie (?:\w+ ){{0,5}}?bitte|\bbitte (?:\w+ ){{0,4}}?(?:kopie|rechnungskopie|kontoauszug|duplikat)\b|\b(?:pdf|anhang"
        rf"|datei)\b.{{0,30}}\b(?:nicht oeffnen|fehlt|leer|defekt)",
        unless=(
            r"\bremittance|\b(?:explain|clarify|means?|why|confirm|what)\b|\b(?:we|i|they|haben|habe|hat|wir) (?:have |had |already |will |'ll |werden "
            r"|bereits |schon )*(?:sent|forwarded|gesendet|geschickt|weitergeleitet) (?:\w+ ){0,4}(?:invoice|rechnung|copy|statement)|\bcredit ?note"
            r"|\bgutschrift|\bsend (?:the |all |your |future )*(?:invoices|statements) (?:to|directly|via)\b|\bcorrected|\brevised|\bkorrigiert\w*"
            r"|\bneue rechnung|\bnew invoice|\b(?:wir|we|i|ich) (?:will |werden? )?(?:send|senden|schicken|schicke) (?:you|ihnen)|\bpay (?:the|this"
            r"|your) (?:invoice|bill)|\brechnung (?:\w+ ){0,4}(?:be)?zahlen|\brechnung (?:\w+ ){0,6}(?:geprueft|freigegeben|begleichen|ueberweisen"
            r"|ausgeglichen)|\b(?:wann|wofuer|warum|wieso)\b"
        ),
    ),
)
PO_MISSING = (
    sign(
        Intent.PO_MISSING,
        rf"(?:\b(?:missing|without|let us know|let me know|tell us|no|not|need\w*|requir\w*|quote|include|add\w*|lack\w*|invalid"
        rf"|wrong|incorrect|closed|blank|valid|correct|must|provide"
        rf"|supply|send|state|show|expired|open|raise[d]?|reject\w*|refer\w*|put|mention\w*|update\w*|used up|exceed\w*|issue[d]?|waiting|register\w*"
        rf"|upload\w*|submit\w*|via|through|mandatory|which|what|whose|fehl\w*|ohne|keine?|benoetig\w*|brauch\w*|angeben|angegeben|ergaenz\w*|nachreich\w*"
        rf"|nicht|falsch\w*|gueltig\w*|bitte|hinterlegt|vermerk\w*|stehen|einreichen|hochladen|um|richtige\w*|mitteilen|nenn\w+|welche"
        rf"|zwingend)\b(?: \S+){{0,10}}? ?{_PO})"
        rf"|{_PO}(?: \S+){{0,8}}? (?:missing|not|needed|required|must|invalid|wrong|incorrect|closed|blank|expired|please|exhausted|mandatory|absent|omitted"
        rf"|mismatch\w*|before we|so (?:that )?we|does not|is|are|has|was|first|fehlt\w*|fehlen|nicht|benoetigt|brauchen|angeben|angegeben|ergaenzen"
        rf"|nachreichen|falsch|noetig|erforderlich|notwendig|ungueltig|drauf|pflicht|mitteilen|stehen|mit auf|hinzufuegen|aufnehmen|geschlossen|abgelaufen)\b",
        rf"^(?:which |what |whose )?{_PO}[ ?]*(?:number)?\?*$|\bmissing (?:\w+ )?{_PO}|\bbestellnummer\b.{{0,40}}\?",
        unless=(
            r"\bnot (?:\w+ )?(?:raise|placed|authori[sz]ed) (?:this|that|any|an)\b|\bpaid\b|\bp\.?o\.? box|\bwill pay\b(?!.{0,40}\bwhen)|\bprice (?:on"
            r"|in) (?:the |our )?po\b|\bmatch (?:our|the) (?:po|purchase order)\b.{0,20}\b(?:price|amount)|\bzahl\w* avis|\bno objection"
        ),
    ),
)
_FIRM = (
    r"(?:company|entity|legal entity|subsidiary|business|organi[sz]ation|firm|corporation|company name|legal name|customer|client|division|branch|affiliate"
    r"|billing entity|name of the company|company details|vat (?:number|id|no)|tax id|billing (?:address|details|name|information)|business name"
    r"|trading name|address|addressee|recipient company|bill-to)"
)
_FIRMA = (
    r"(?:firma|gesellschaft|adresse|anschrift|rechnungsempfaenger\w*|adressat\w*|unternehmen|rechnungsadresse|rechnungsanschrift|firmierung|firmennamen?"
    r"|namen?|ust-?\w*|firmenbezeichnung|rechtsform|tochter\w*|niederlassung|konzerngesellschaft|entitaet|lieferadresse)"
)
_TAX_NUMBER = (
    r"(?:gst(?:in)?\b(?: number| no)?|\b(?:vat|tax|mwst|ust|steuer)[- ]?(?:reg\w*|numbers?|no|nummer|nr|ids?|id-?nummer|identifikations\w*)\b"
    r"|\bvat registration(?: number)?"
    r"|\bumsatzsteuer-?(?:id\w*|identifikations\w*)|\b(?:ust-?)?id-?n(?:umme)?r\b|\buid\b(?:-?nummer|-?nr)?|\babn\b|\bein\b(?= (?:is|number|on))|\btrn\b)"
)
WRONG_ENTITY = (
    sign(
        Intent.WRONG_ENTITY,
        rf"\b(?:wrong|incorrect|different|not the right|not the correct|not our|old|former|outdated|another|other|previous|changed|change|new|update\w*"
        rf"|correct|right|separate|sister|parent|holding|misspell\w*|mis-spelt|full) (?:\w+ )?{_FIRM}\b(?! (?:in|for) (?:vacation|charge))"
        rf"|\b{_FIRM} (?:\w+ ){{0,4}}?(?:wrong|incorrect|changed|not correct|not right|outdated|old|misspel\w+|different|out of date|should be|should read"
        rf"|is now|has been (?:changed|renamed))\b",
        r"\b(?:addressed|made out|billed|issued|invoiced|directed|drawn up|charged|raised) (?:to|against|in the name of|under|on) (?:the )?(?:wrong|our"
        r"|another|a|an old|\w+ (?:ltd|gmbh|inc|llc|ag|bv|limited|uk|us|germany|holding)|someone|somebody|different|old|former|parent|sister)"
        r"|\bin the name of\b|\b(?:should|must|needs? to|has to|have to|ought to|please|can you|could you|kindly) (?:\w+ ){0,4}?(?:be )?(?:addressed|billed"
        r"|made out|invoiced|re-?issued?|re-?bill\w*|re-?address\w*|re-?invoiced?|issued) (?:\w+ ){0,4}?(?:to|with|in|under|for|against|using)\b"
        r"|\bre-?issue\b.{0,60}\b(?:to|name|entity|address|company|ltd|gmbh|limited|inc|llc)\b|\b(?:bill|invoice|address"
        r"|charge) (?:\w+ ){1,4}?(?:rather than|instead of|and not) \w+|\brenamed\b|\bchanged (?:our|its|the) (?:company |legal |business "
        r"|trading )?name|\b(?:name|company) (?:has )?changed\b|\brebrand\w*|\bmerged (?:with|into)|\b(?:acquired|taken over|bought) by\b|\bnot (?:us"
        r"|our company|our invoice|our bill|for us|meant for us|our account|ours|one of ours|addressed to us|a customer of)\b"
        r"|\bbelongs? to (?:\w+ ){0,3}(?:company|ltd|gmbh|limited|inc|llc|sister|another|our|a different)|\b(?:ltd|gmbh|inc|llc|ag|bv|limited|entity"
        r"|subsidiary|branch|affiliate) (?:\w+ )?(?:instead|not)\b|\bsister company|\bdifferent legal\b|\bwe (?:have )?(?:moved|relocated)\b|\b(?:moved"
        r"|relocated) (?:office|offices|premises|to a new)|\b(?:new|our new|old|previous|former) (?:registered |office |postal |billing |company )*address\b"
        r"|\bwe are not (?:\w+ ){1,3}(?:ltd|gmbh|inc|llc|ag|limited|kg)\b|\bnever (?:been )?(?:a )?(?:customer|client) of|\bnot a customer"
        r"|\bno (?:business )?relationship with",
        rf"\b(?:falsche[nrms]?|verkehrte[nrms]?|alte[nrms]?|neue[nrms]?|andere[nrms]?|veraltete[nrms]?|ehemalige[nrms]?|richtige[nrms]?|korrekte[nrms]?"
        rf"|geaenderte[nrms]?|frueheren?|unsere|vollstaendige[nrs]?) (?:\w+ )?{_FIRMA}\b|\b{_FIRMA}\b.{{0,50}}\b(?:falsch|nicht korrekt|nicht richtig"
        rf"|veraltet|stimm(?:t|en)|geaendert|fehlerhaft|muss|lautet|aendern|aktualisier\w+|anpassen|korrigier\w+|unvollstaendig|nicht mehr|berichtigen)\b"
        rf"|\bfalsch adressiert|\b(?:rechnung|sie|diese|bitte|die)\b.{{0,50}}\b(?:auf|an) (?:die |eine |unsere |der |den )?(?:\w+ ){{0,3}}?(?:gmbh|ag|kg|ohg"
        rf"|se|mbh|tochter\w*|mutter\w*|schwester\w*|gesellschaft|holding|niederlassung)\b.{{0,40}}\b(?:aus(?:ge)?stell\w*|umschreib\w*|adressier\w*|richten"
        rf"|lauten|berechn\w*|gestellt|geschrieben|ausgestellt|neu)\b|\bumfirm\w+|\bheiss(?:en|t) (?:\w+ ){{0,5}}?(?:anders|jetzt|nun|inzwischen|nicht)"
        rf"|\brechnung neu (?:aus|er)stell\w*|\bumgezogen|\bumbenannt|\bumzug\b|\bumschreiben|\bauf (?:die |eine |unsere )?(?:\S+ ){{0,3}}(?:gmbh|ag|kg|ohg"
        rf"|se|mbh|holding|tochter\w*|gesellschaft) um\b|\bumgeschrieben|\bausgestellt auf\b|\bauf (?:die )?falsche|\bverschmolzen|\bfusion\w*"
        rf"|\buebernommen (?:von|worden)|\b(?:tochter|schwester|mutter)(?:gesellschaft|firma|unternehmen|konzern)|\bnicht (?:fuer uns|unsere rechnung"
        rf"|an uns (?:gerichtet|adressiert)|unsere firma|wir gemeint|unser unternehmen)|\bbetrifft (?:uns|mich) nicht|\bgehoert (?:nicht zu uns|zu (?:einer"
        rf"|der|unserer))|\bsind (?:wir )?(?:gar )?nicht (?:die|der) (?:kunde|rechnungsempfaenger|richtige firma|auftraggeber)|\brechnungsempfaenger\b"
        rf"|\bkein kunde\b",
        unless=(
            r"\b(?:e-?mail|ip|delivery|shipping|web) address|\bemailadresse|\bmailadresse|\bcontact (?:person|details)|\bansprechpartner|\b(?:items|charges"
            r"|lines|hours|positions|entries) (?:\w+ ){0,4}not ours|\bemail adresse|\bnew (?:contact|person)"
        ),
    ),
    sign(
        Intent.WRONG_ENTITY,
        rf"\b{_TAX_NUMBER}(?: \S+){{0,12}}? (?:wrong|incorrect|old|not (?:ours|our|correct|right|valid)|pertains?|belongs?|is of|is for|of our|invalid"
        rf"|mismatch\w*|missing|nicht (?:unsere|korrekt|richtig)"
        rf"|falsch\w*|gehoert|veraltet\w*|ungueltig\w*|alte?|fehlt)\b|\b(?:wrong|incorrect|old|former|another|different|correct|right|valid|falsche\w*"
        rf"|alte\w*|ungueltige\w*|korrekte\w*|richtige\w*"
        rf"|andere\w*|veraltete\w*)(?: \w+){{0,2}} {_TAX_NUMBER}|\b(?:redo|re-do|revise|amend|reissue|re-issue|resubmit|re-raise)\b.{{0,60}}\b{_TAX_NUMBER}",
        r"\b(?:billed|addressed|made out|issued|invoiced|bill|invoice|resubmit|redo\w*|reissue|re-issue) (?:\w+ ){0,3}?(?:to|in"
        r"|under) (?:the )?(?:\S+ ){1,5}?(?:not|instead|name|ulc|ltd|inc|llc)\b"
        r"|\bbill-?to\b|\blegal entity\b|\brechtsform\b|\blautet (?:noch )?(?:auf|an)\b.{0,60}\b(?:aber|nicht|statt|richtig|sondern|empfaenger|jedoch)\b"
        r"|\bfalsche gesellschaft\b"
        r"|\bwe are the \w+ not the \w+\b",
        unless=r"\b(?:payment|check) (?:\w+ )?(?:made out|to)\b|\b(?:is|was) (?:correct|right|fine)\b(?!.*\bnot\b)|\b(?:stimmt|passt) (?:jetzt|nun|alles)\b",
    ),
)
WRONG_CONTACT = (
    sign(
        Intent.WRONG_CONTACT,
        r"\b(?:no longer|not any ?more|does not|do not|not|stopped|ceased) (?:actually |really |currently |longer |personally |even )?(?:works?|working"
        r"|employed|with (?:the company|this company|them|the firm)|in charge|responsible|handles?|handling|deals?|dealing|part of|the (?:right|correct"
        r"|appropriate) (?:person|contact|address|department|recipient|one)|my (?:department|area|responsibility|job)|our (?:department|area)|look(?:s"
        r"|ing)? after|the contact|a member|involved|work (?:here|there|for|in))\b|\bnot (?:been )?work(?:ed|ing) (?:there|here|for|at) |\bnot with (?:us"
        r"|the company|this company)\b|\btake (?:this|it|that) up with\b|\btry (?:\S+ ){0,2}\S+@|\bno longer (?:with|at|employed|on)\b(?! (?:the system|file"
        r"|record))|\bwrong (?:person|contact|number|e-?mail|recipient|department|mailbox|guy|team|inbox|e-?mail address|address book|phone)|\b(?:left"
        r"|leaving) (?:the|our|this) (?:company|firm|business|organi[sz]ation|team|practice)|\b(?:has|have) (?:since )?left\b(?! (?:our|the) (?:bank"
        r"|account))|\b(?:he|she|i|mr\.? \w+|mrs\.? \w+|ms\.? \w+|\w+ \w+) (?:\w+ )?(?:retired|resigned|moved on|was let go|quit last)\b|\b(?:made redundant"
        r"|on retirement|changed jobs)\b|\bnew (?:contact|accounts? (?:contact|person)|bookkeeper|finance manager|point of contact)",
        r"\b(?:please|pls|kindly|you should be|you should|you need to|you may|better|best|must|try) (?:\w+ ){0,2}?(?:contact"
        r"|e-?mail|write to|reach out to|direct|redirect"
        r"|address|forward|speak(?:ing)? (?:to|with)|talk(?:ing)? to|get in touch with|send|cc|copy in|use|call|ask|refer|liaise with)\b.{0,80}(?:@"
        r"|\b(?:accounts? (?:payable|department|team|dept)|accounting|finance (?:team|department|dept)|bookkeep\w+|head office|shared services?|colleague|mr"
        r"|mrs|ms|payables?|ap team|procurement|my (?:manager|colleague|boss|successor|accountant|wife|husband)|our (?:accountant|bookkeeper|accounts"
        r"|finance|head office|parent))\b)|\b(?:invoices?|billing|payments?|this|that|these|accounts|finance) (?:are|is|should|must|need to|needs to|get"
        r"|gets|has to) (?:\w+ )?(?:be )?(?:now )?(?:handled|dealt with|sent|managed|processed|directed|addressed|done|taken care of|looked after"
        r"|paid) (?:\w+ )?(?:by|to|with|at|through) (?:\S+@|our (?:accountant|head|parent|accounts|finance|bookkeeper|shared)|\w+ (?:in|from|at) |accounts"
        r"|the accounts|head office|finance|mr|mrs|ms|a colleague|someone|my)|\byou (?:have|have got|'ve got|got|reached|are (?:writing|talking) to) (?:the "
        r"|a )?(?:wrong|private|personal)|\bprivate (?:number|person|individual|phone)|\b(?:do not|never) (?:know|heard of|hear of) (?:this|that|any|your"
        r"|the|who|what|you|anyone|them) (?:company|person|is|are|name|this|by that)?|\bi am (?:only|just) (?:the|a|an)\b|\bnobody (?:here )?by that name"
        r"|\bno one (?:here )?(?:by|with|called|of) (?:that|this)|\bnot (?:mr|mrs|ms)\b|\bmistaken me|\bnothing (?:\w+ )?to do with\b|\bwho is this\b",
        r"\b(?:come|got|gotten) through to (?:the )?\w+|\baccounts (?:is|are) (?:on|in) (?:a|an|another|the)\b|\bi am (?:\w+ )?the (?:foreman|receptionist"
        r"|driver|janitor|temp|caretaker)\b"
        r"|\bsie (?:\w+ )?(?:hier |da )?(?:verkehrt|beim falschen|bei der falschen)\b|\b(?:muessen|muesst) (?:sie|ihr|da) (?:\S+ ){0,5}?(?:anrufen|fragen)\b"
        r"|\b(?:bin|mache|ist) (?:\w+ ){0,3}?"
        r"(?:pfoertner\w*|empfang|hausmeister\w*|lehrling|azubi|aushilfe|werkstatt|polier|praktikant\w*|telefonzentrale)\b|\bbuchhaltung (?:sitzt|ist) in\b"
        r"|\brechnungs?(?:fragen|sachen)\b.{0,25}\ban\b",
        r"\bnicht (?:mehr )?(?:\w+ )?(?:zustaendig|verantwortlich|der richtige|die richtige|mein bereich|meine abteilung|mein zustaendigkeits\w*|bei uns"
        r"|im (?:unternehmen|haus|hause|betrieb)|fuer (?:uns|die \w+|diese \w+|das) (?:\w+ )?(?:taetig|zustaendig)|taetig|beschaeftigt|angestellt"
        r"|die richtige adresse|mit der sache)\b|\bfalsche[rnms]? (?:ansprechpartner\w*|kontakt\w*|person|nummer|abteilung|mailadresse|e-?mail\w*"
        r"|telefonnummer|rufnummer|stelle|postfach|email adresse)|\bfalsch verbunden|\bnichts (?:mehr )?(?:\w+ )?(?:zu tun|am hut)\b|\b(?:bei (?:mir|uns)"
        r"|ich bin hier|sie sind hier|hier) (?:\w+ ){0,3}?falsch\b|\bausgeschieden\b|\b(?:hat|haben) (?:das |unser |unsere |die )?(?:unternehmen|firma|haus"
        r"|betrieb)\b.{0,20}\bverlassen|\bverlassen\b|\bnicht mehr (?:bei|in|fuer|hier|im|da)\b|\barbeite\w* (?:\w+ ){0,3}?nicht mehr|\bin (?:rente|pension"
        r"|den ruhestand)|\bruhestand\b|\bzustaendig (?:ist|sind|waere|dafuer|hierfuer|fuer)|\b(?:dafuer|hierfuer|fuer rechnungen|fuer zahlungen) (?:ist"
        r"|sind) (?:\w+ ){0,6}?zustaendig|\b(?:wenden|richten|schreiben|senden|schicken|kontaktieren|melden|mailen) sie\b.{0,60}(?:@|\b(?:buchhaltung"
        r"|kollegin|kollegen|herrn|herr|frau|zentrale|abteilung|hausverwaltung|steuerberater\w*|kreditoren\w*|geschaeftsfuehr\w*|verwaltung|finanz\w*"
        r"|muttergesellschaft)\b)|\bbitte (?:\w+ ){0,4}?an (?:\w+ ){0,3}?\S+@|\bansprechpartner\w*\b.{0,30}\b(?:ist|fuer|hierfuer|dafuer|lautet|jetzt|nun"
        r"|neu)\b|\bneue[rn]? ansprechpartner\w*|\bprivat(?:person|nummer|anschluss)\b|\bkenne (?:ich|wir) (?:\w+ )?(?:nicht|keine[nr]?)|\b(?:gibt es"
        r"|haben wir|arbeitet) (?:\w+ ){0,3}?(?:hier|bei uns) nicht\b|\bnachfolger\w*\b",
        unless=(
            r"\bplease (?:contact|call|email|get in touch with|speak to|write to|ask) (?:me|us)\b(?!.*@)|\b(?:working|working days"
            r"|work on it)\b.{0,10}\bnot (?:working|work)\b|\b(?:machine|software|product|equipment|link|portal|it|unit|device|system|website"
            r"|app) (?:\w+ )?(?:does|do|is|are) not work|\bnot responsible for (?:the )?(?:damage|this charge|this debt)|\bsend (?:me|us)\b|\bnot (?:handle"
            r"|deal) well|\bno longer (?:need|want|require|trading|trade)|\b(?:copy|copies|duplicate)\b"
        ),
    ),
)
AWAY = (
    sign(
        Intent.OUT_OF_OFFICE,
        r"\bout of (?:the |my )?office\b|\booo\b|\bon (?:annual |maternity |parental |paternity |sick |medical |business |extended |family |my |a |an |long "
        r"|unpaid |study |compassionate |bank |our |public )*(?:leave|vacation|holiday|holidays|pto|sabbatical|honeymoon)\b|\bautomat\w* (?:reply|response"
        r"|answer|message|e-?mail|notification)|\bauto[- ]?(?:reply|response|responder|matic reply)|\b(?:am|are|is|be|currently) (?:currently |now "
        r"|presently |away |also )*(?:away|out(?: of (?:the )?(?:office|town|country)| until| till| from| on| today| this| all|$)|traveling|travelling"
        r"|on the road|abroad|off (?:until|till|from|sick|work|today)|unavailable|not available|not in the office|not at my desk|not in today|attending)\b"
        r"|\baway from (?:my |the )?(?:desk|office|e-?mails?|computer)|\b(?:limited|no|intermittent|sporadic|restricted|without) (?:\w+ )?access to (?:my "
        r"|the )?(?:e-?mails?|inbox|mail|messages|internet)|\b(?:will|be) (?:be )?(?:back|returning|return|returned) (?:in|to|at|into|on|from|after) (?:the "
        r"|my |work|office|[a-z]*day|[0-9])|\breturning (?:on|to|in)\b|\b(?:office|offices|we|company|factory|department|business) (?:is|are|will be"
        r"|remains?) (?:\w+ )?closed\b|\bclosed (?:for|from|until|between|over|during|on)\b|\bannual leave|\bvacation\b.{0,30}\b(?:until|till|through|from"
        r"|back)",
        r"\babwesen\w*|\bnicht (?:im (?:buero|haus|hause|dienst|betrieb)|am (?:platz|arbeitsplatz|schreibtisch)|erreichbar|verfuegbar|vor ort)\b|\b(?:bin"
        r"|sind|befinde|befinden|ist|habe|haben|bis|im|in) (?:\w+ ){0,3}?(?:mich |uns )?.{0,40}\b(?:urlaub|abwesend|elternzeit|mutterschutz|dienstreise"
        r"|betriebsferien|betriebsurlaub|weihnachtsurlaub|jahresurlaub|sabbatical|fortbildung|ausser haus|krankgeschrieben|erkrankt|krank|geschaeftsreise)\b"
        r"|\b(?:im|in) (?:\w+ )?urlaub\b|\burlaub bis\b|\bbetriebs(?:ferien|urlaub|ruhe)|\bausser haus\b|\bwieder (?:im (?:buero|haus|dienst|einsatz)"
        r"|erreichbar|da\b|fuer sie da|zurueck|persoenlich|am platz|zur verfuegung)|\bautomatische\w* (?:antwort|nachricht|e-?mail|rueckantwort"
        r"|abwesenheit\w*|eingangs\w*)|\bautomatisch (?:erstellt|generiert|versand\w*)|\bbuero (?:ist |bleibt )?(?:\w+ ){0,5}?geschlossen|\b(?:bleibt"
        r"|bleiben|haben|sind|ist) (?:\w+ ){0,8}?geschlossen\b|\be-?mails? werden (?:\w+ ){0,4}nicht (?:weitergeleitet|gelesen|bearbeitet)"
        r"|\bab (?:dem )?\S+ (?:bin ich|sind wir) (?:\w+ )?(?:wieder|zurueck)",
        unless=(
            r"\b(?:he|she|person|team|buchhaltung|controller|bookkeeping|bank|boss|manager|director|cfo|ceo|accountant|colleague|bookkeeper|owner|approver"
            r"|chef|chefin|geschaeftsfuehrer\w*|kollege|kollegin|buchhalter\w*|leiter\w*|who|der|die) (?:\w+ ){0,3}?(?:is|are|ist|sind|was|will be|bis|noch"
            r"|gerade|derzeit|aktuell) (?:\w+ ){0,6}?(?:on|in|im|away|out|back|travel\w*|abroad|unavailable|ill|sick|off|urlaub|unterwegs|krank|abwesend"
            r"|zurueck)\b|\b(?:invoice|ticket|matter|books?|order|that) (?:\w+ )?(?:is|are|was) (?:\w+ )?closed|\bcase (?:is )?closed|\bclosed (?:this|the"
            r"|our|my) (?:account|order|po|case)|\baccount (?:is|was) closed|\bnot available on the (?:invoice|portal)"
        ),
    ),
)
_EACH = r"(?:a|per|each|every|monthly|weekly|pro|im|jeden|monatlich|woechentlich)"
PLAN = (
    sign(
        Intent.PLAN_REQUEST,
        r"\binstal+ments?\b|\brepay\w*|\bpayment (?:plan|arrangement|schedule (?:over|of)|agreement|terms extension)|\b(?:pay|paying|settle|clear"
        r"|repay)\b(?: \S+){0,6}? (?:in|over|across) (?:\w+ )?(?:parts|stages|chunks|bits|tranches|[0-9]+ (?:payments|months|weeks|instal\w*|parts|tranches)"
        r"|(?:two|three|four|five|six|several|a few|equal|monthly|weekly|smaller|a couple of|partial|the next \w+) (?:equal |monthly |weekly |partial "
        r"|smaller )?(?:payments|months|weeks|instal\w*|parts|tranches|amounts|chunks))|\bin (?:two|three|four|five|six|several|[0-9]+|partial|equal"
        r"|monthly) (?:\w+ )?(?:payments|parts|instal\w*|tranches|rates)\b|\bsplit (?:it|the|this|that|payments?|up|into|our|over|between|these)"
        r"|\bspread (?:it|the|this|that|out|over|payments?|our)|\b(?:half|50 ?%|part|some|a third) now (?:and|,|with)|\b(?:monthly|weekly) (?:payments?"
        r"|rates?|amounts?|sums?)\b|[0-9] ?(?:€|eur|euros?|usd|dollars?|pounds?|gbp|bucks)? (?:a|per|each|every|/) ?(?:month|week)\b|\ba (?:little"
        r"|bit) (?:each|every|per|at a time|by)|\b(?:[0-9]+|two|three|four|five|six) (?:\w+ )?(?:payments|instal\w*|parts) of\b|\b(?:accept|take) (?:it "
        r"|this |the \w+ )?in (?:\w+ )?parts\b|\b(?:push|move|shift|extend|delay|postpone|put) (?:\w+ ){0,4}?(?:due date|deadline|date|back by|back a)\b"
        r"|\bwork (?:something|sth|it) out\b|\b(?:can|could|may|would|possible|ok|okay)\b.{0,40}\bhalf\b.{0,60}\b(?:rest|other|remainder|balance|half)\b"
        r"|\b(?:give|grant|allow) (?:us|me) (?:until|till)\b.*\?|\b(?:bill|now|today|upfront|immediately|straight away) and the (?:rest|balance|remainder"
        r"|other)\b|\bstagger\w*|\bpay (?:it |this |the \w+ )?(?:off )?(?:gradually|bit by bit|monthly|weekly)|\barrangement\b(?=.{0,40}\b(?:pay|month"
        r"|possible|come to|work out|make))|\b(?:come to|work out|agree|set up|make|reach|discuss) (?:\w+ )?(?:some |an |a )?(?:\w+ )?(?:arrangement|plan"
        r"|agreement)\b",
        r"\b[0-9.,]+ (?:every|each|a|per) (?:month|week|payday|paycheck|other week)\b|\bbreak (?:it|this|that|the \w+) (?:up|down)\b|\b(?:now"
        r"|today) and (?:the )?(?:half|rest|balance|remainder|other)\b"
        r"|\bhalf (?:this|now|today|on)\b.{0,40}\b(?:half|rest|other|balance|next)\b|\bover (?:the next )?(?:two|three|four|five|six|[0-9]+|a few|several"
        r"|a couple of) (?:weeks|months|payments)\b"
        r"|\bstueckeln\b|\betappen\w*|\bmonatlich [0-9]|\b[0-9]+ (?:euro|franken|€|chf)? ?(?:im|pro|jeden|je) monat\b",
        r"\b(?:extension|extend (?:the|our|payment|my|this|terms)|defer\w*|postpone|payment holiday|more time|extra time|additional time|bit of time"
        r"|grace period|breathing space|push (?:it|this|the payment|payment) (?:back|out)|longer to pay|later date|delay (?:the |our |this )?payment"
        r"|extended terms)\b|\b(?:few|couple|two|three|four|another|extra|additional|[0-9]+|more) (?:more |extra |additional |of )*(?:weeks?|days"
        r"|months?) (?:more|extra|longer|extension|grace|to (?:pay|settle|sort))\b|\b(?:give|allow|grant|need) (?:us|me)? ?(?:another|an extra|a few more"
        r"|some more|until|till|a bit more|more|[0-9]+ more|\w+ more) (?:\w+ )?(?:weeks?|days|months?|time)\b",
        r"\braten\w*\b|\bratierlich|\bhaelfte (?:jetzt|sofort|heute|gleich|diesen)\b|\b(?:in|auf) (?:\w+ )?(?:[0-9]+ |zwei |drei |vier |fuenf |sechs "
        r"|mehreren |kleinen |gleichen |monatlichen )+(?:teil)?(?:raten|teilen|teilbetraegen?|teilzahlungen|monate\w*|betraegen|schritten|mal|etappen"
        r"|haelften)\b|\bteilzahlung\w*|\bteilbetr\w+|\bstundung\w*|\bgestundet|\b(?:rechnung|betrag|forderung|summe|zahlung)\b.{0,20}\b(?:zu )?stunden\b"
        r"|\b(?:zahlungs)?aufschub|\bzahlungs(?:plan|vereinbarung|erleichterung|pause)|\b(?:zahlungsziel|frist|zahlungsfrist)\w*\b.{0,30}\b(?:verlaenger\w*"
        r"|erstreck\w*|strecken|verschieb\w*|aufschieb\w*)|\bfristverlaengerung|\bverlaengerung\b|\bmonatlich\w*\b.{0,40}\b(?:zahl\w*|ueberweis\w*|rate\w*"
        r"|abzahl\w*|€|eur\w*|tilg\w*)|[0-9] ?(?:€|eur|euro)? ?(?:pro|im|jeden|/) ?(?:monat|woche)\b|\babstotter\w*|\babzahl\w*|\baufteilen|\bsplitten"
        r"|\bnicht auf einmal|\bauf einmal nicht|\bmehr zeit\b|\betwas zeit\b|\b(?:spaeter|nach hinten) (?:zahlen|verschieben|ueberweisen)"
        r"|\bzahlung (?:\w+ ){0,5}?verschieben|\baufschieben",
        unless=(
            r"\b(?:warranty|contract|delivery|lease|licen[sc]e) extension|\bextension [0-9]|\b(?:keine?|no|not) (?:need (?:for |to )?)?(?:\w+ )?(?:ratenzahlung"
            r"|installments|plan|split)|\bratenzahlung (?:\w+ ){0,3}nicht\b|\bdelivery (?:in|was)|\bgeliefert\b"
        ),
    ),
    sign(
        Intent.PLAN_REQUEST,
        r"\bcan not (?:\w+ )?(?:pay|afford|settle|manage)\b(?: \S+){0,6}? ?(?:all|full|everything|whole|at once|one go|right now|now|at the moment|currently"
        r"|this month|on time|lump|currently|yet|immediately|today)?|\bcash[- ]?flow\b|\b(?:tight|struggling|short (?:of|on) (?:cash|money|funds)"
        r"|(?:financial|payment) (?:\w+ )?(?:difficult\w+|trouble|problems|hardship)|hard times|going through a (?:hard|rough|tough|difficult)|afford"
        r"|no money|low on (?:cash|funds)|liquidity|hardship|money is tight|tough (?:month|year|quarter))\b|\bunable to (?:pay|settle)\b"
        r"|\bnot (?:\w+ )?have (?:\w+ ){0,3}?(?:funds|money|cash|means|budget)\b|\bnot (?:\w+ )?(?:able to|in a position to) (?:pay|settle)\b",
        r"\bliquiditaet\w*|\bzahlungsschwierig\w*|\bengpass\w*|\bengpaess\w*|\bfinanziell\w*|\bknapp bei kasse|\bkein geld\b|\bkoennen? (?:wir "
        r"|ich )?(?:\w+ ){0,6}?nicht (?:\w+ ){0,4}?(?:be)?(?:zahlen|gleichen|ueberweisen|aufbringen)\b|\bnicht (?:in der lage|moeglich)\b"
        r"|\bschwierige (?:lage|zeit|situation|phase)|\bauftragslage|\bes (?:ist|wird) (?:\w+ )?(?:eng|knapp)\b",
        firm=False,
    ),
)
QUESTION = (
    # How, where to and by when to pay: whoever asks has nothing else against it.
    sign(
        Intent.QUESTION,
        r"\b(?:do|can|would|does) (?:you|yall|y'all|ya|your \w+) (?:\w+ )?(?:take|accept|do) (?:\w+ )?(?:cards?|credit|debit|amex|visa|cash|zelle|venmo"
        r"|paypal|ach|checks?|apple|bank|direct|stripe|crypto|online)\b"
        r"|\bcan (?:i|we) (?:just )?pay (?:\w+ ){0,4}?(?:with|by|over|online|in|at|using|via) (?:\w+ ){0,2}?(?:card|phone|cash|paypal|zelle|person"
        r"|credit card|amex"
        r"|shop|store|office)\b"
        r"|\b(?:which|what) (?:bank )?(?:account|iban|bank|date|one|due date|rate|currency)\b.{0,40}(?:\?|\b(?:right|correct|should|use|go|valid)\b)"
        r"|\bis the due date\b|\bdue \S+.{0,60}\bwhich\b"
        r"|\bquick (?:one|question)\b|\bconfirm (?:whether|if|which|what|when)\b|\bdoes (?:the|this|that|your)\b.{0,60}\binclude\b",
        r"\bnehm(?:t|en) (?:ihr|sie)\b.{0,20}\b(?:paypal|karten?|kreditkarten?|bargeld|bar|twint|schecks?|ec)\b|\bkann (?:man|ich|mans) (?:\S+ ){0,6}?(?:bar"
        r"|karte|paypal|twint|ueberweisung|online)\b"
        r"|\bwelche[rs]? (?:iban|bankverbindung|konto|betrag|datum|leistungszeitraum)\b|\bwas (?:ist|stimmt) (?:denn )?(?:nun|jetzt) (?:richtig)?"
        r"|\bgilt das (?:noch|so|weiterhin|immer)\b|\bstimmt (?:die|das"
        r"|der)\b[^.]*\?|\bsteht das\b[^.]*\?"
        r"|\b(?:haette|habe|haett) (?:\w+ ){0,3}(?:frage|fragen)\b|\bauf welche[nrms]?\b",
        unless=r"\bbei (?:rueck)?fragen|\bif you have|\b(?:have|got|has) (?:no|already) question",
    ),
    sign(
        Intent.QUESTION,
        r"\?",
        r"\b(?:what is|what are|what was|what does|which|why|when|how (?:much|do|can|come|is|long|many)|who|where|whose)\b.{0,100}\?|\b(?:please|kindly"
        r"|could you|can you|would you|pls) (?:\w+ ){0,3}?(?:explain|clarify|advise|confirm|tell|let (?:me|us) know|call|ring|phone|specify|provide"
        r"|elaborate|break down|send (?:me|us) (?:your|the) (?:bank|payment|iban|account|wire)|get back|check|detail)\b|\b(?:i|we) (?:have|had|got) (?:a "
        r"|some |one |another )?(?:quick |few |couple of )?(?:question|questions|query|queries)\b|\b(?:not sure|unclear|do not understand|not understand"
        r"|wondering|wonder|would like to know|want to know|need to know|can you tell|confused|not clear|puzzled)\b|\b(?:call|ring|phone) (?:me"
        r"|us)(?: back)?\b|\bquery\b|\bneed (?:your|the) (?:bank|iban|account|payment) (?:details|number|information)",
        r"\b(?:warum|wieso|weshalb|wofuer|was ist|was sind|welche\w*|wann|wie (?:hoch|viel|kann|ist|lautet|soll)|wer|wo|wozu|worum)\b.{0,100}\?|\b(?:koennen"
        r"|koennten|wuerden) sie\b.{0,60}\b(?:erklaeren|erlaeutern|sagen|mitteilen|bestaetigen|nennen|anrufen|zurueckrufen|aufschluesseln|melden|pruefen)\b"
        r"|\bbitte (?:\w+ ){0,3}?(?:um (?:\w+ )?(?:erklaerung|rueckruf|info\w*|mitteilung|auskunft|bestaetigung|erlaeuterung|aufklaerung)|rufen|erklaeren"
        r"|erlaeutern|mitteilen|bestaetigen|teilen sie)\b|\b(?:habe|haben|haette|haetten) (?:ich |wir )?(?:da |noch |dazu |eine |einige |ein paar |mal "
        r"|hierzu )*(?:frage|fragen|rueckfrage|rueckfragen)\b|\brueckfrage\w*|\b(?:verstehe|verstehen) (?:ich |wir )?(?:\w+ ){0,4}?nicht\b|\bnicht klar\b"
        r"|\bunklar\b|\brueckruf\b|\brufen sie (?:mich|uns)\b|\bihre (?:iban|bankverbindung|kontonummer|bankdaten)\b",
        unless=r"\bin case (?:you|of)|\bif you have (?:any )?questions|\bbei (?:rueck)?fragen",
        firm=False,
    ),
)
